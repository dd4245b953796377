//! Two governments that cannot reach each other, and a third that carries their connection.

use std::path::Path;
use std::time::{Duration, Instant};

use corridor::cli::demo::government::{Government, wait};
use corridor::node::clock;
use tempfile::TempDir;

use super::row::{Row, seconds};
use crate::ledger::{Ledger, figures};
use crate::world::{BINARY, World, ask, text};

/// An address of a network that is set aside for documentation: nobody is there (RFC 5737).
const NOBODY: &str = "/ip4/192.0.2.1/tcp/4001";
/// How long a session may take to come about on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Two that listen nowhere, and their relay.
struct Hidden {
    world: World,
    relay: Government,
    ledger: Ledger,
    next: u64,
    _dir: TempDir,
}

impl Hidden {
    fn new(limits: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let mut relay = Government::init(Path::new(BINARY), dir.path(), "ITA", "Italy").expect("init");
        relay.start_by(&[], &[&[("CORRIDOR_RELAY_SERVE", "true")], limits].concat());
        relay.start().expect("the relay starts");
        let card = text(&relay.card());
        let world = World::prepared(|phl, can| {
            for node in [phl, can] {
                node.announce(&[NOBODY]).expect("a card");
                let settings = [
                    ("CORRIDOR_NET_LISTEN", "[]"),
                    ("CORRIDOR_NET_RELAYS", "[\"ITA\"]"),
                    ("CORRIDOR_NET_RECONNECT_MAX", "2s"),
                    ("CORRIDOR_NET_DIAL_TIMEOUT", "5s"),
                ];
                node.start_by(&[], &settings);
                ask(node, &["partner", "add", "--yes", &card]);
                ask(&relay, &["partner", "add", "--yes", &text(&node.card())]);
            }
        });
        Self { world, relay, ledger: Ledger::default(), next: 0, _dir: dir }
    }

    /// Releases figures, and says how long it takes until CAN has everything and PHL knows it.
    fn deliver(&mut self, rows: u64) -> Duration {
        let round = self.next;
        self.next += 1;
        let file = figures(&self.world.path(&format!("round-{round}.csv")), round, rows);
        ask(&self.world.phl, &["submit", &file]);
        let answer = ask(&self.world.phl, &["release"]);
        self.ledger.acknowledge(round, rows, &answer);
        self.converged(clock::stopwatch())
    }

    fn converged(&mut self, begun: Instant) -> Duration {
        self.ledger.is_delivered(&self.world);
        begun.elapsed()
    }

    /// The session of the two is one that the relay carries.
    fn is_relayed(&mut self) {
        let can = &self.world.can;
        let carried = wait(PATIENCE, || {
            let peers = can.ask(&["peers"]).unwrap_or_default();
            let mut peers = peers["peers"].as_array().into_iter().flatten();
            peers.any(|peer| peer["country"] == "PHL" && peer["relayed"] == true)
        });
        self.ledger.holds("the relay carries their session", carried, || "there is none".to_owned());
    }

    /// The number of the session of the two, at CAN.
    fn session(&self) -> u64 {
        let mut number = None;
        wait(PATIENCE, || {
            let peers = self.world.can.ask(&["peers"]).unwrap_or_default();
            let mut peers = peers["peers"].as_array().into_iter().flatten();
            number = peers.find(|peer| peer["country"] == "PHL").and_then(|peer| peer["session"].as_u64());
            number.is_some()
        });
        number.unwrap_or_default()
    }

    fn tried(&mut self, row: &mut Row, what: &str) {
        let relay = ask(&self.relay, &["status"]);
        let feeds = relay["feeds"].as_array().into_iter().flatten();
        let own = |feed: &&serde_json::Value| feed["publisher"] == relay["publisher_id"];
        let others = feeds.filter(|feed| !own(feed) && feed["observations"] != 0).count();
        self.ledger.holds("the relay holds nothing of what it carried", others == 0, || relay.to_string());
        self.ledger.is_kept(&self.world, true);
        self.ledger.is_of_one_mind(&self.world);
        row.tried(what, &mut self.ledger);
    }
}

/// Neither listens anywhere. The relay is killed and comes back; one of the two is; a circuit carries all that it may.
pub(super) fn relayed(row: &mut Row) {
    let mut two = Hidden::new(&[]);
    two.is_relayed();
    let quiet = two.deliver(20);
    row.note(format!("20 figures through the relay in {}", seconds(quiet)));
    two.tried(row, "neither can be reached");
    for number in 0..row.count(2, 8) {
        let is_relay = number % 2 == 0;
        let killed = if is_relay { &mut two.relay } else { &mut two.world.can };
        killed.kill();
        killed.start().expect("it starts again");
        let begun = clock::stopwatch();
        two.deliver(20);
        row.recovered(two.converged(begun));
        two.is_relayed();
        two.tried(row, if is_relay { "the relay was killed" } else { "CAN was killed" });
    }
    drop(two);
    let mut two = Hidden::new(&[("CORRIDOR_RELAY_CIRCUIT_BYTES", "24 KiB")]);
    two.is_relayed();
    let before = two.session();
    let times: Vec<Duration> = (0..4).map(|_| two.deliver(1_500)).collect();
    let (all, circuits) = (times.iter().sum(), two.session() - before);
    two.ledger.holds("circuits ended", circuits > 0, || "none did".to_owned());
    row.note(format!("6 000 figures through {} circuits of 24 KiB in {}", circuits + 1, seconds(all)));
    two.tried(row, "circuits that end in the middle");
}
