//! Many governments: real daemons around one publisher, some of them linked with each other too.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use corridor::cli::demo::government::Government;
use corridor::crypto::{Network, PublicKey};
use corridor::feed::{AgreementId, Keyring, PublisherId};
use corridor::model::Millis;
use corridor::sync::{ByeReason, Config, Fault, Input, Message, Output, Replica, SessionId};
use tempfile::TempDir;

use crate::world::{BINARY, Figure, ask, eventually, release, text, values};

/// The publisher and its partners.
const COUNTRIES: [&str; 12] =
    ["AUS", "CAN", "CHE", "ESP", "FRA", "GBR", "IND", "ITA", "MEX", "PHL", "PRT", "TUN"];
/// Nodes that are made at one time: opening keys takes 64 MiB each.
const PARALLEL: usize = 4;

/// A star of governments with the first one in the middle, and a chain of links between the others. The last one
/// knows the publisher's card, but the publisher does not know it: what it has came from its neighbour.
struct Federation {
    nodes: Vec<Government>,
    dir: TempDir,
}

impl Federation {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let nodes = created(dir.path());
        let (last, hub) = (nodes.len() - 1, &nodes[0]);
        std::thread::scope(|scope| {
            scope.spawn(|| nodes[1..last].iter().for_each(|node| accept(hub, node)));
            for (at, node) in nodes.iter().enumerate().skip(1) {
                accept(node, hub);
                // Two links out of three: the chain has gaps, the star has none.
                for other in [at - 1, at + 1].into_iter().filter(|other| linked(at, *other)) {
                    accept(node, &nodes[other]);
                }
            }
        });
        Self { nodes, dir }
    }

    fn release(&self, name: &str, row: Figure<'_>) {
        release(&self.nodes[0], &self.dir.path().join(name), &[row]);
    }

    /// Waits until nodes hold these values and no others.
    fn hold<'a>(&self, nodes: impl IntoIterator<Item = &'a Government>, expected: &[&str]) {
        for node in nodes {
            let what = format!("{} holds {expected:?}", node.country());
            eventually(&what, || values(node, &["MS_FBORN"]) == expected);
        }
    }
}

fn created(dir: &Path) -> Vec<Government> {
    let create = |code: &str| Government::create(Path::new(BINARY), dir, code, code).expect("it starts");
    let mut nodes = Vec::new();
    for some in COUNTRIES.chunks(PARALLEL) {
        std::thread::scope(|scope| {
            let made: Vec<_> = some.iter().map(|code| scope.spawn(move || create(code))).collect();
            nodes.extend(made.into_iter().map(|one| one.join().expect("no panic")));
        });
    }
    nodes
}

fn accept(node: &Government, other: &Government) {
    ask(node, &["partner", "add", "--yes", &text(&other.card())]);
}

/// Whether two neighbours in the list, of which none is the publisher, are partners.
fn linked(one: usize, other: usize) -> bool {
    let (low, high) = (one.min(other), one.max(other));
    low > 0 && high < COUNTRIES.len() && (low % 3 != 1 || high == COUNTRIES.len() - 1)
}

#[test]
fn a_public_edition_reaches_all_and_who_was_away_catches_up_without_the_publisher() {
    let mut all = Federation::new();
    all.release("1.csv", ["AUS", "GBR", "MS_FBORN", "2019", "1"]);
    all.hold(&all.nodes, &["1"]);

    let away = COUNTRIES.len() - 2;
    all.nodes[away].kill();
    all.release("2.csv", ["AUS", "GBR", "MS_FBORN", "2020", "2"]);
    // Behind the one that is away, and not known to the publisher: the last one gets nothing now.
    all.hold(&all.nodes[..away], &["1", "2"]);
    all.hold(&all.nodes[away + 1..], &["1"]);

    // Nobody is in the middle: a neighbour hands on what the publisher has signed.
    all.nodes[0].kill();
    all.nodes[away].start().expect("it starts again");
    all.hold(&all.nodes[away..], &["1", "2"]);

    all.nodes[0].start().expect("it starts again");
    all.release("3.csv", ["AUS", "GBR", "MS_FBORN", "2021", "3"]);
    all.hold(&all.nodes, &["1", "2", "3"]);
}

#[test]
fn one_session_too_many_is_told_so_and_the_others_stay() {
    const SESSIONS: u64 = 3;
    let config = Config { max_sessions: SESSIONS as usize, ..Config::default() };
    let us = PublisherId([7; 32]);
    let mut replica = Replica::new(config, Network::main(), us, Arc::new(Keyring::default()), Vec::new());
    let mut open = |number: u64| {
        let (node, publisher) = (PublicKey([number as u8; 32]), PublisherId([number as u8; 32]));
        let agreements = BTreeSet::from([AgreementId::public()]);
        replica.handle(Input::Opened { session: SessionId(number), node, publisher, agreements }, Millis(0))
    };
    for number in 0..SESSIONS {
        let out = open(number);
        assert!(matches!(&out[..], [Output::Send { message: Message::Hello { .. }, .. }]), "{out:?}");
    }
    let session = SessionId(SESSIONS);
    let bye = Output::Send { session, message: Message::Bye { reason: ByeReason::Busy } };
    assert_eq!(open(SESSIONS), [bye, Output::Close { session, fault: Fault::Busy }]);
    assert!(open(0).iter().all(|out| !matches!(out, Output::Close { .. })), "a known one may come again");
    replica.handle(Input::Closed { session: SessionId(1) }, Millis(0));
    let out = replica.handle(
        Input::Opened {
            session,
            node: PublicKey([9; 32]),
            publisher: PublisherId([9; 32]),
            agreements: BTreeSet::new(),
        },
        Millis(0),
    );
    assert!(
        matches!(&out[..], [Output::Send { message: Message::Hello { .. }, .. }]),
        "there is room: {out:?}"
    );
}
