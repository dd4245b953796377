//! Bad networks between real daemons: each row says how long it took until both sides held the same again.

use std::path::Path;
use std::time::{Duration, Instant};

use corridor::cli::demo::government::{Government, wait};
use corridor::node::clock;

use super::proxy::{Flow, Line, Proxy};
use super::row::{Row, seconds};
use crate::ledger::{Ledger, figures};
use crate::world::{BINARY, World, ask, eventually, release, text, values};

/// An address of a network that is set aside for documentation: nobody is there (RFC 5737).
const NOBODY: &str = "/ip4/192.0.2.1/tcp/4001";
/// Long enough for the worst line.
const PATIENCE: Duration = Duration::from_secs(120);

/// Two governments with a proxy before each, and what was released.
pub(super) struct Wan {
    pub(super) world: World,
    /// The way to PHL, and the way to CAN.
    proxies: [Proxy; 2],
    ledger: Ledger,
    next: u64,
}

impl Wan {
    pub(super) fn new(row: &mut Row, heartbeat: &str) -> Self {
        let mut proxies = Vec::new();
        let seeds = [row.random.below(u64::MAX), row.random.below(u64::MAX)];
        let world = World::prepared(|phl, can| {
            for (node, seed) in [phl, can].into_iter().zip(seeds) {
                let proxy = Proxy::to(node.listen(), seed);
                node.announce(&[&proxy.address()]).expect("a card");
                proxies.push(proxy);
                node.start_by(
                    &[],
                    &[("CORRIDOR_SYNC_HEARTBEAT", heartbeat), ("CORRIDOR_NET_RECONNECT_MAX", "2s")],
                );
            }
        });
        let proxies = proxies.try_into().unwrap_or_else(|_| unreachable!("there are two"));
        Self { world, proxies, ledger: Ledger::default(), next: 0 }
    }

    pub(super) fn set(&self, line: Line) {
        self.proxies.iter().for_each(|proxy| proxy.set(line));
    }

    pub(super) fn reset(&self) {
        self.proxies.iter().for_each(Proxy::reset);
    }

    /// Nothing that PHL sends arrives, or nothing that CAN sends, whoever has dialled.
    fn silence(&self, is_phl: bool) {
        let [to_phl, to_can] = &self.proxies;
        let (dialler, dialled) = if is_phl { (to_can, to_phl) } else { (to_phl, to_can) };
        dialler.set(Line { there: Flow::Held, ..Line::good() });
        dialled.set(Line { back: Flow::Held, ..Line::good() });
    }

    /// Waits until both have a session.
    pub(super) fn is_connected(&mut self) {
        let nodes = [&self.world.phl, &self.world.can];
        let stands =
            wait(PATIENCE, || nodes.iter().all(|node| node.connected().is_ok_and(|sessions| sessions == 1)));
        self.ledger.holds("a session stands", stands, || "none does".to_owned());
    }

    pub(super) fn release(&mut self, rows: u64) {
        let round = self.next;
        self.next += 1;
        let file = figures(&self.world.path(&format!("round-{round}.csv")), round, rows);
        ask(&self.world.phl, &["submit", &file]);
        let answer = ask(&self.world.phl, &["release"]);
        self.ledger.acknowledge(round, rows, &answer);
    }

    /// How long it takes from `begun` until CAN has everything and PHL knows it.
    pub(super) fn converge(&mut self, row: &mut Row, begun: Instant) {
        self.ledger.is_delivered(&self.world);
        row.recovered(begun.elapsed());
    }

    /// The end of a try.
    pub(super) fn tried(&mut self, row: &mut Row, what: &str) {
        self.ledger.is_kept(&self.world, true);
        self.ledger.is_of_one_mind(&self.world);
        row.tried(what, &mut self.ledger);
    }
}

/// A bad satellite line: also the handshake goes over it.
pub(super) fn slow(row: &mut Row) {
    let mut wan = Wan::new(row, "15s");
    let bad = Line {
        delay: Duration::from_millis(400),
        jitter: Duration::from_millis(100),
        bandwidth: 64_000,
        loss: 10,
        ..Line::good()
    };
    for number in 0..row.count(1, 5) {
        wan.set(bad);
        wan.reset();
        let begun = clock::stopwatch();
        wan.is_connected();
        row.note(format!("session after {}", seconds(begun.elapsed())));
        let rows = if number % 2 == 0 { 30 } else { 1_500 };
        let begun = clock::stopwatch();
        wan.release(rows);
        wan.converge(row, begun);
        wan.set(Line::good());
        wan.tried(row, &format!("{rows} figures"));
    }
}

/// One direction is dead for longer than the heartbeat waits, then the other.
pub(super) fn one_way(row: &mut Row) {
    let mut wan = Wan::new(row, "1s");
    for number in 0..row.count(2, 10) {
        let is_phl = number % 2 == 0;
        wan.silence(is_phl);
        wan.release(20);
        std::thread::sleep(Duration::from_millis(1_000 + row.random.below(8_000)));
        wan.set(Line::good());
        let begun = clock::stopwatch();
        wan.converge(row, begun);
        wan.tried(row, if is_phl { "PHL was not heard" } else { "CAN was not heard" });
    }
}

/// The connections are there and carry nothing, and nobody is told.
pub(super) fn half_open(row: &mut Row) {
    let heartbeats: &[&str] = if row.quick { &["1s"] } else { &["1s", "15s"] };
    for heartbeat in heartbeats {
        let mut wan = Wan::new(row, heartbeat);
        let mut longest = Duration::ZERO;
        for _ in 0..row.count(1, if *heartbeat == "1s" { 6 } else { 1 }) {
            wan.is_connected();
            let lost: usize = wan.proxies.iter().map(Proxy::forget_connections).sum();
            wan.ledger.holds("there was a connection", lost > 0, || "none".to_owned());
            let begun = clock::stopwatch();
            wan.release(20);
            wan.converge(row, begun);
            longest = longest.max(begun.elapsed());
            wan.reset();
            wan.tried(row, &format!("heartbeat {heartbeat}"));
        }
        row.note(format!("heartbeat {heartbeat}: at most {}", seconds(longest)));
    }
}

/// The line goes and comes every few seconds.
pub(super) fn flapping(row: &mut Row) {
    let mut wan = Wan::new(row, "1s");
    for _ in 0..row.count(1, 5) {
        let mut begun = clock::stopwatch();
        for _ in 0..4 {
            std::thread::sleep(Duration::from_millis(500 + row.random.below(2_500)));
            wan.set(Line { open: false, ..Line::good() });
            wan.reset();
            wan.release(20);
            std::thread::sleep(Duration::from_millis(500 + row.random.below(1_500)));
            wan.set(Line::good());
            begun = clock::stopwatch();
            wan.release(200);
        }
        wan.converge(row, begun);
        wan.tried(row, "four times up and down, eight releases");
    }
}

/// Connections are reset in the middle of a long transfer over a line that is not fast.
pub(super) fn resets(row: &mut Row) {
    let mut wan = Wan::new(row, "5s");
    for _ in 0..row.count(2, 10) {
        wan.set(Line { delay: Duration::from_millis(20), bandwidth: 1_000_000, ..Line::good() });
        wan.release(1_500);
        let resets = 1 + row.random.below(4);
        let begun = clock::stopwatch();
        for _ in 0..resets {
            std::thread::sleep(Duration::from_millis(row.random.below(300)));
            wan.reset();
        }
        wan.converge(row, begun);
        wan.tried(row, &format!("{resets} resets"));
    }
}

/// One side cannot be reached: its card names an address where nobody is, or it listens nowhere.
pub(super) fn behind_nat(row: &mut Row) {
    for number in 0..row.count(2, 8) {
        let (hidden_is_phl, listens) = (number % 2 == 0, number % 4 >= 2);
        let world = World::prepared(|phl, can| {
            let hidden = if hidden_is_phl { phl } else { can };
            hidden.announce(&[NOBODY]).expect("a card");
            let nowhere: &[(&str, &str)] = if listens { &[] } else { &[("CORRIDOR_NET_LISTEN", "[]")] };
            hidden.start_by(&[], nowhere);
        });
        let proxies = [Proxy::to(world.phl.listen(), 1), Proxy::to(world.can.listen(), 2)];
        let mut wan = Wan { world, proxies, ledger: Ledger::default(), next: 0 };
        let begun = clock::stopwatch();
        wan.release(20);
        wan.converge(row, begun);
        let hidden = if hidden_is_phl { &mut wan.world.phl } else { &mut wan.world.can };
        hidden.kill();
        let begun = clock::stopwatch();
        hidden.start().expect("it starts again");
        wan.release(20);
        wan.converge(row, begun);
        let who = if hidden_is_phl { "PHL" } else { "CAN" };
        let what = if listens { "whose address is wrong" } else { "that listens nowhere" };
        wan.tried(row, &format!("{who}, {what}"));
    }
}

/// Both dial at the same moment over a line on which the calls cross.
pub(super) fn crossed_dials(row: &mut Row) {
    let mut wan = Wan::new(row, "2s");
    for _ in 0..row.count(2, 12) {
        wan.set(Line { delay: Duration::from_millis(50 + row.random.below(100)), ..Line::good() });
        let before: usize = wan.proxies.iter().map(Proxy::dialled).sum();
        wan.reset();
        for _ in 0..2 {
            ask(&wan.world.phl, &["partner", "ping", "CAN"]);
            ask(&wan.world.can, &["partner", "ping", "PHL"]);
        }
        let begun = clock::stopwatch();
        wan.release(20);
        wan.converge(row, begun);
        let dials: usize = wan.proxies.iter().map(Proxy::dialled).sum::<usize>() - before;
        for node in [&wan.world.phl, &wan.world.can] {
            let peers = ask(node, &["peers"]);
            let count = peers["peers"].as_array().map_or(0, Vec::len);
            wan.ledger.holds("there is one session", count == 1, || peers.to_string());
        }
        wan.set(Line::good());
        wan.tried(row, &format!("{dials} dials"));
    }
}

/// Four governments, split in two halves, and joined again.
pub(super) fn halves(row: &mut Row) {
    const COUNTRIES: [&str; 4] = ["AUS", "CAN", "ITA", "PHL"];
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let init = |code: &&str| Government::init(Path::new(BINARY), dir.path(), code, code).expect("init");
    let mut nodes: Vec<Government> = COUNTRIES.iter().map(init).collect();
    // A way of its own for each pair and direction, on a card of its own.
    let mut across = Vec::new();
    let mut cards = Vec::new();
    for (to, node) in nodes.iter().enumerate() {
        for from in (0..nodes.len()).filter(|from| *from != to) {
            let proxy = Proxy::to(node.listen(), row.random.below(u64::MAX));
            node.announce(&[&proxy.address()]).expect("a card");
            let card = dir.path().join(format!("{to}-for-{from}.txt"));
            std::fs::copy(node.card(), &card).expect("a card");
            cards.push((from, card));
            across.push((from / 2 != to / 2, proxy));
        }
    }
    for node in &mut nodes {
        node.start_by(&[], &[("CORRIDOR_SYNC_HEARTBEAT", "1s"), ("CORRIDOR_NET_RECONNECT_MAX", "2s")]);
        node.start().expect("it starts");
    }
    for (from, card) in &cards {
        ask(&nodes[*from], &["partner", "add", "--yes", &text(card)]);
    }
    let all_hold = |expected: &[String]| {
        nodes.iter().all(|node| {
            COUNTRIES.iter().all(|publisher| values(node, &["MS_FBORN", "--from", publisher]) == expected)
        })
    };
    let publish = |year: u64| {
        for (node, code) in nodes.iter().zip(COUNTRIES) {
            let year = (1950 + year).to_string();
            release(node, &dir.path().join("f.csv"), &[[code, "ESP", "MS_FBORN", &year, &year]]);
        }
    };
    let mut expected = vec!["1950".to_owned()];
    publish(0);
    eventually("all hold the first figures", || all_hold(&expected));
    let line = |state: Line| {
        across.iter().filter(|(is_across, _)| *is_across).for_each(|(_, proxy)| proxy.set(state))
    };
    for round in 0..row.count(1, 8) {
        line(Line::cut());
        publish(round + 1);
        let year = (1951 + round).to_string();
        let inside = |one: usize, other: usize| {
            values(&nodes[one], &["MS_FBORN", "--from", COUNTRIES[other]]).contains(&year)
        };
        let halves = wait(PATIENCE, || inside(0, 1) && inside(1, 0) && inside(2, 3) && inside(3, 2));
        row.holds("each half goes on by itself", halves, || year.clone());
        row.holds("nothing crosses", !inside(0, 2) && !inside(3, 1), || "something did".to_owned());
        std::thread::sleep(Duration::from_millis(row.random.below(6_000)));
        line(Line::good());
        let begun = clock::stopwatch();
        expected.push(year);
        let healed = wait(PATIENCE, || all_hold(&expected));
        row.holds("all hold the same", healed, || format!("they do not hold {expected:?}"));
        row.recovered(begun.elapsed());
        let mut ledger = Ledger::default();
        for node in &nodes {
            let (status, value) = node.try_ask(&["doctor"]).expect("doctor runs");
            ledger.holds("it is healthy", status == 0, || value.to_string());
        }
        row.tried("four nodes in two halves", &mut ledger);
    }
}
