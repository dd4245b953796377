//! Taking on cards: over time, in the wrong moment, and after a crash.

use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

use super::*;
use crate::crypto::Network;
use crate::feed::{NextCard, Reason};
use crate::net::Nowhere;
use crate::node::clock::Clock;
use crate::node::home::{NewNode, term};
use crate::node::prepared::Prepared;
use crate::node::{Answer, CardAct, Core, Home, Options, Request};
use crate::store::keys::{self, KeyName, Passphrase};
use crate::sync;

const START: i64 = 1_800_000_000_000;
const DAY: i64 = 86_400_000;

/// A node without partners, whose time is the test's.
struct Bench {
    dir: TempDir,
    now: Arc<AtomicI64>,
    passphrase: Passphrase,
}

impl Bench {
    fn new() -> Self {
        let (dir, passphrase) = (TempDir::new().unwrap(), Passphrase::new("a passphrase"));
        let new = NewNode {
            country: "PHL".to_owned(),
            names: vec![("en".to_owned(), "Philippines".to_owned())],
            network: Network::main(),
            addresses: Vec::new(),
        };
        Home::create(dir.path(), new, &passphrase, Millis(START)).unwrap();
        Self { dir, now: Arc::new(AtomicI64::new(START)), passphrase }
    }

    fn home(&self) -> Home {
        Home::open(self.dir.path()).unwrap()
    }

    fn national(&self) -> SecretKey {
        keys::load(self.dir.path(), KeyName::National, &self.passphrase).unwrap()
    }

    fn engine(&self) -> Engine {
        let now = Arc::clone(&self.now);
        let clock = Clock::of(move || Millis(now.load(Ordering::Relaxed)));
        let options = Options::usual(clock);
        let key = self.home().node_key(&self.passphrase).unwrap();
        let (dir, passphrase) = (self.dir.path().to_owned(), self.passphrase.clone());
        let next: NextKey = Arc::new(move || Home::open(&dir)?.next_node_key(&passphrase));
        Engine::open(self.home(), &options, Some(Arc::new(key))).unwrap().with_next_key(Some(next))
    }

    fn core(&self) -> Core {
        let mut core = Core::new(self.engine(), sync::Config::default(), Box::new(Nowhere)).unwrap();
        core.start().unwrap();
        core
    }

    fn pass(&self, core: &mut Core, millis: i64) {
        self.now.fetch_add(millis, Ordering::Relaxed);
        core.tick().unwrap();
        core.settle().unwrap();
    }

    fn ask(&self, core: &mut Core, request: Request) -> Result<Value, NodeError> {
        let prepared = Prepared::new(request, &mut std::io::empty(), (&self.home(), None)).unwrap();
        let caller = Caller { who: "clerk".to_owned(), from: "test".to_owned() };
        match core.ask(prepared, &caller)? {
            Answer::Value(value) => Ok(value),
            Answer::Json(_) | Answer::Rows(_) | Answer::Reader(_) => panic!("a value was asked for"),
        }
    }

    fn in_use(&self, core: &mut Core) -> String {
        let list = self.ask(core, Request::KeyList).unwrap();
        let key = list["keys"].as_array().unwrap().iter().find(|key| key["in_use"] == true).cloned();
        key.unwrap()["node"].as_str().unwrap().to_owned()
    }

    /// A card that revokes the key in use and mandates a new one, from what the node says now.
    fn revoking(&self, core: &mut Core) -> (Card, PublicKey) {
        let home = self.home();
        let old = home.key_in_use(Millis(START)).unwrap();
        let stands = core.engine().stands(old, None).unwrap().into_iter().map(|(stand, _)| stand).collect();
        let revocation = Revocation { node: old.0, at: START, reason: Reason::Compromised, stands };
        home.drop_next_key().unwrap();
        let (next, national) = (home.make_next_key(&self.passphrase).unwrap(), self.national());
        let card = NextCard::after(home.card(), Millis(START)).revoke(revocation);
        (card.mandate(next, term(Millis(START)), &national).sign(&national).unwrap(), next)
    }
}

fn issue(card: &Card, act: CardAct) -> Request {
    Request::CardIssue { card: card.to_text(), act }
}

#[test]
fn a_next_key_that_nobody_restarts_for_takes_over_before_the_old_term_ends() {
    let bench = Bench::new();
    let mut core = bench.core();
    let (home, national) = (bench.home(), bench.national());
    let old = home.key_in_use(Millis(START)).unwrap();
    let next = home.make_next_key(&bench.passphrase).unwrap();
    let card = NextCard::after(home.card(), Millis(START))
        .until(&old, Millis(START + 30 * DAY), &national)
        .mandate(next, term(Millis(START)), &national)
        .sign(&national)
        .unwrap();
    bench.ask(&mut core, issue(&card, CardAct::Rotate)).unwrap();
    assert_eq!((bench.home().card(), bench.in_use(&mut core)), (&card, old.to_hex()));
    bench.pass(&mut core, 29 * DAY);
    assert_eq!(bench.in_use(&mut core), old.to_hex());
    bench.pass(&mut core, DAY - HOUR / 2);
    assert_eq!(bench.in_use(&mut core), next.to_hex());
    let key = bench.home().node_key(&bench.passphrase).unwrap();
    assert_eq!((key.public_key(), bench.home().next_key()), (next, None), "the file of the old key is gone");
    assert_eq!(bench.ask(&mut core, Request::Doctor).unwrap()["healthy"], true);
}

#[test]
fn a_card_that_misses_what_was_signed_meanwhile_or_is_older_is_refused() {
    let bench = Bench::new();
    let mut core = bench.core();
    let first = bench.home().card().clone();
    let (card, next) = bench.revoking(&mut core);
    bench.ask(&mut core, Request::Rebuild).unwrap();
    let moved = bench.ask(&mut core, issue(&card, CardAct::Compromised)).unwrap_err().to_string();
    assert!(moved.contains(MADE_AGAIN), "{moved}");
    assert_ne!(bench.in_use(&mut core), next.to_hex());
    let (card, next) = bench.revoking(&mut core);
    bench.ask(&mut core, issue(&card, CardAct::Compromised)).unwrap();
    assert_eq!(bench.in_use(&mut core), next.to_hex());
    let older = bench.ask(&mut core, issue(&first, CardAct::Addresses)).unwrap_err().to_string();
    assert!(older.contains("newer card"), "{older}");
    assert_eq!(bench.ask(&mut core, Request::Audit { verify: true }).unwrap()["valid"], true);
    assert_eq!(bench.ask(&mut core, Request::Doctor).unwrap()["healthy"], true);
}

#[test]
fn a_crash_between_the_feeds_and_the_key_files_loses_neither_card_nor_key() {
    let bench = Bench::new();
    let mut core = bench.core();
    let (card, next) = bench.revoking(&mut core);
    let names = ["card.txt", "keys/node.age", "keys/node.pub", "keys/node-next.age", "keys/node-next.pub"];
    let path = |name: &str| bench.dir.path().join(name);
    let before = names.map(|name| std::fs::read(path(name)).unwrap());
    bench.ask(&mut core, issue(&card, CardAct::Compromised)).unwrap();
    core.finish().unwrap();
    for (name, bytes) in names.iter().zip(before) {
        std::fs::write(path(name), bytes).unwrap();
    }
    let mut engine = bench.engine();
    assert_eq!(engine.home().card(), &card, "the house feed knows it");
    let refused = engine.append(AgreementId::public(), crate::feed::EntryKind::Act, Vec::new());
    assert!(refused.is_err(), "a revoked key signs nothing");
    assert!(engine.switch_if_due().unwrap());
    drop(engine);
    let key = bench.home().node_key(&bench.passphrase).unwrap();
    assert_eq!((key.public_key(), bench.home().card(), bench.home().next_key()), (next, &card, None));
    let mut core = bench.core();
    assert_eq!(bench.ask(&mut core, Request::Audit { verify: true }).unwrap()["valid"], true);
}
