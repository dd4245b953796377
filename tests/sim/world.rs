//! The world of a run: nodes, a virtual clock, and a queue of what happens next.

use std::collections::{BTreeMap, BTreeSet};

use corridor::feed::{AgreementId, EntryId, FeedId, Fork, PublisherId};
use corridor::model::Millis;
use corridor::sync::{Config, Event, Input, MIN_WINDOW, Output, Replica};

use super::cast::{self, Agreement, START, cast};
use super::disk::{Disk, split};
use super::liar::Liar;
use super::link::Connection;
use super::random::Random;

/// How long things go wrong, and how long the nodes then have to agree.
pub(crate) const TROUBLE: i64 = 90_000;
pub(crate) const PEACE: i64 = 180_000;

/// What happens at some time.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a run has a few thousand of them")]
pub(crate) enum Happening {
    Deliver { conn: u64, to: usize, bytes: Vec<u8> },
    Gone { conn: u64, at: usize },
    Answer { node: usize, epoch: u32, input: Input },
    Tick { node: usize, epoch: u32 },
    Commit { node: usize, epoch: u32 },
    Publish { node: usize },
    Crash { node: usize },
    Restart { node: usize },
    Split,
    Regrant,
    Connect,
    Heal,
    Lie { conn: u64 },
}

/// An honest node, or a twin of a forking publisher: it runs the real machine either way.
pub(crate) struct Node {
    pub(crate) publisher: usize,
    pub(crate) replica: Option<Replica>,
    pub(crate) disk: Disk,
    pub(crate) forks: BTreeMap<FeedId, Box<Fork>>,
    pub(crate) grants: BTreeMap<PublisherId, BTreeSet<AgreementId>>,
    epoch: u32,
    tick_at: Option<Millis>,
    committing: bool,
}

pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) now: Millis,
    pub(crate) queue: BTreeMap<(Millis, u64), Happening>,
    pub(crate) next_event: u64,
    pub(crate) next_conn: u64,
    pub(crate) agreements: Vec<Agreement>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) liar: Option<Liar>,
    pub(crate) twins: Option<(usize, usize)>,
    pub(crate) conns: BTreeMap<u64, Connection>,
    pub(crate) blocked: BTreeSet<(usize, usize)>,
    pub(crate) healed: bool,
    /// Every frame that a publisher has really signed.
    pub(crate) genuine: BTreeMap<(EntryId, u32), Vec<u8>>,
    pub(crate) hash: u64,
    pub(crate) print: bool,
    pub(crate) events: u64,
}

impl World {
    pub(crate) fn new(seed: u64, print: bool) -> Self {
        let mut random = Random::new(seed);
        let publishers = 2 + random.below(4);
        let twins = (publishers >= 3 && random.chance(30)).then_some((publishers - 1, publishers));
        let liar = random.chance(40).then(|| Liar::new(cast::MAX_PUBLISHERS - 1));
        let agreements = cast::agreements(&mut random, publishers);
        let mut world = Self {
            random,
            now: START,
            queue: BTreeMap::new(),
            next_event: 0,
            next_conn: 0,
            agreements,
            nodes: Vec::new(),
            liar,
            twins,
            conns: BTreeMap::new(),
            blocked: BTreeSet::new(),
            healed: false,
            genuine: BTreeMap::new(),
            hash: 0xcbf2_9ce4_8422_2325,
            print,
            events: 0,
        };
        for publisher in 0..publishers {
            world.add_node(publisher);
        }
        if twins.is_some() {
            world.add_node(publishers - 1);
        }
        world.plan();
        world
    }

    fn add_node(&mut self, publisher: usize) {
        let index = self.nodes.len();
        let disk = Disk::default();
        self.nodes.push(Node {
            publisher,
            replica: None,
            disk,
            forks: BTreeMap::new(),
            grants: BTreeMap::new(),
            epoch: 0,
            tick_at: None,
            committing: false,
        });
        self.regrant_all(index);
        self.start(index);
    }

    /// Chance decides beforehand what goes wrong when.
    fn plan(&mut self) {
        self.after(0, Happening::Connect);
        self.after(TROUBLE, Happening::Heal);
        for node in 0..self.nodes.len() {
            for _ in 0..3 + self.random.below(10) {
                let at = self.random.between(0, TROUBLE + 5_000);
                self.after(at, Happening::Publish { node });
            }
            for _ in 0..self.random.below(3) {
                let at = self.random.between(1_000, TROUBLE - 1);
                self.after(at, Happening::Crash { node });
            }
        }
        for _ in 0..self.random.below(5) {
            let at = self.random.between(1_000, TROUBLE - 1);
            self.after(at, Happening::Split);
        }
        for _ in 0..self.random.below(40) {
            let at = self.random.between(1_000, TROUBLE - 1);
            self.after(at, Happening::Regrant);
        }
    }

    /// Runs to the end of the peace.
    pub(crate) fn run(&mut self) {
        while let Some(((at, _), happening)) = self.queue.pop_first() {
            if at > START.saturating_add(TROUBLE + PEACE) {
                break;
            }
            self.now = at;
            self.events += 1;
            self.happen(happening);
        }
    }

    pub(crate) fn after(&mut self, delay: i64, happening: Happening) {
        self.next_event += 1;
        self.queue.insert((self.now.saturating_add(delay), self.next_event), happening);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Deliver { conn, to, bytes } => self.deliver(conn, to, &bytes),
            Happening::Gone { conn, at } => self.gone(conn, at),
            Happening::Answer { node, epoch, input } if self.nodes[node].epoch == epoch => {
                self.input(node, input)
            }
            Happening::Tick { node, epoch } if self.nodes[node].epoch == epoch => {
                if self.nodes[node].tick_at.is_some_and(|at| at <= self.now) {
                    self.nodes[node].tick_at = None;
                    self.input(node, Input::Tick);
                }
            }
            Happening::Commit { node, epoch } if self.nodes[node].epoch == epoch => self.commit(node),
            Happening::Answer { .. } | Happening::Tick { .. } | Happening::Commit { .. } => {}
            Happening::Publish { node } => self.publish(node),
            Happening::Crash { node } => self.crash(node),
            Happening::Restart { node } => {
                if self.nodes[node].replica.is_none() {
                    self.start(node);
                }
            }
            Happening::Split => self.split_network(),
            Happening::Regrant => self.regrant(),
            Happening::Connect => self.connect_all(),
            Happening::Heal => self.heal(),
            Happening::Lie { conn } => self.lie(conn),
        }
    }

    // -- nodes

    pub(crate) fn config() -> Config {
        Config { window: MIN_WINDOW + 1_000, ..Config::default() }
    }

    fn start(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        let us = cast().publishers[node.publisher].id;
        let states = node.disk.states(&node.forks);
        let keyring = cast().keyring.clone();
        node.replica = Some(Replica::new(Self::config(), cast().network.clone(), us, keyring, states));
        self.trace(&format!("start {index}"));
    }

    fn crash(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        if node.replica.take().is_none() {
            return;
        }
        let before = node.disk.durable_heads();
        let us = cast().publishers[node.publisher].id;
        node.disk.crash(&mut self.random, us);
        let after = node.disk.durable_heads();
        for (feed, head) in before {
            assert!(
                after.get(&feed).is_some_and(|now| now.seq >= head.seq),
                "{feed}: a durable entry is lost"
            );
        }
        node.epoch += 1;
        node.tick_at = None;
        node.committing = false;
        self.trace(&format!("crash {index}"));
        let conns: Vec<u64> =
            self.conns.iter().filter(|(_, conn)| conn.ends.contains(&index)).map(|(id, _)| *id).collect();
        for conn in conns {
            self.hang_up(conn, index);
        }
        let delay = self.random.between(10, 8_000);
        self.after(delay, Happening::Restart { node: index });
    }

    pub(crate) fn input(&mut self, index: usize, input: Input) {
        let now = self.now;
        let Some(replica) = self.nodes[index].replica.as_mut() else { return };
        let outputs = replica.handle(input, now);
        for output in outputs {
            self.output(index, output);
        }
        self.schedule(index);
    }

    fn schedule(&mut self, index: usize) {
        let now = self.now;
        let node = &mut self.nodes[index];
        let wanted = node.replica.as_ref().and_then(Replica::next_wakeup);
        if let Some(at) = wanted.filter(|at| node.tick_at.is_none_or(|planned| *at < planned)) {
            node.tick_at = Some(at.max(now));
            let epoch = node.epoch;
            self.after(at.since(now).max(0), Happening::Tick { node: index, epoch });
        }
        let node = &mut self.nodes[index];
        if node.disk.is_dirty() && !node.committing {
            node.committing = true;
            let epoch = node.epoch;
            let delay = self.random.between(1, 40);
            self.after(delay, Happening::Commit { node: index, epoch });
        }
    }

    fn commit(&mut self, index: usize) {
        self.nodes[index].committing = false;
        let moved = self.nodes[index].disk.sync();
        for newest in moved {
            self.trace(&format!("stored {index} {} {}", newest.header().feed, newest.header().seq));
            self.input(index, Input::Stored { newest });
        }
    }

    fn output(&mut self, index: usize, output: Output) {
        let epoch = self.nodes[index].epoch;
        match output {
            Output::Send { session, message } => {
                self.check_send(index, session.0, &message);
                self.send(index, session.0, &message);
            }
            Output::Close { session, fault } => {
                self.trace(&format!("close {index} {session:?} {fault}"));
                self.check_fault(index, session.0, &fault);
                self.hang_up(session.0, index);
            }
            Output::Append { frame } => {
                let key = (frame.entry().header().id(), frame.part());
                let genuine = self.genuine.get(&key).map(Vec::as_slice);
                assert_eq!(genuine, Some(frame.bytes()), "node {index} appends what nobody has signed");
                let feed = frame.entry().header().header().feed;
                assert!(
                    !self.nodes[index].forks.contains_key(&feed),
                    "node {index} appends to a frozen feed"
                );
                self.nodes[index].disk.append(&frame);
            }
            Output::Read { session, feed, from, limit } => {
                let (frames, next) = self.nodes[index].disk.read(&feed, from, limit);
                let input = Input::Read { session, feed, from, next, frames };
                let delay = if self.random.chance(20) { self.random.between(0, 400) } else { 0 };
                self.after(delay, Happening::Answer { node: index, epoch, input });
            }
            Output::ReadHeader { session, feed, seq } => {
                let header = self.nodes[index].disk.header(&feed, seq);
                let input = Input::HeaderRead { session, feed, seq, header };
                self.after(1, Happening::Answer { node: index, epoch, input });
            }
            Output::Fork(fork) => {
                self.trace(&format!("fork {index} {} {}", fork.feed(), fork.seq()));
                let forker = self.twins.map(|(one, _)| cast().publishers[self.nodes[one].publisher].id);
                assert_eq!(Some(fork.feed().publisher), forker, "an honest publisher is said to have forked");
                self.nodes[index].forks.insert(fork.feed(), fork);
            }
            Output::Resolution(_) => unreachable!("nobody here resolves a fork"),
            Output::Event(event) => self.on_event(index, &event),
        }
    }

    fn on_event(&mut self, index: usize, event: &Event) {
        self.trace(&format!("event {index} {event:?}"));
    }

    fn publish(&mut self, index: usize) {
        if self.nodes[index].replica.is_none() {
            return;
        }
        let publisher = self.nodes[index].publisher;
        let feeds = cast::feeds_of(&self.agreements, publisher);
        let feed = *self.random.pick(&feeds);
        let many = if self.random.chance(10) { 1_300 } else { 1 + self.random.below(3) };
        let ahead = if self.random.chance(3) { 630_000 } else { 0 };
        for _ in 0..1 + self.random.below(4) {
            let place = self.nodes[index].disk.place(feed);
            let time = self.now.saturating_add(ahead);
            let entry = cast::entry(&mut self.random, publisher, &place, time, many);
            for (part, frame) in split(entry.frames()).into_iter().enumerate() {
                self.genuine.insert((entry.header().id(), part as u32), frame);
            }
            self.nodes[index].disk.append_own(&entry);
        }
        self.trace(&format!("publish {index} {feed}"));
        self.schedule(index);
    }

    // -- grants

    fn regrant_all(&mut self, index: usize) {
        let one = self.nodes[index].publisher;
        for other in 0..cast::MAX_PUBLISHERS {
            let grants = cast::grants(&self.agreements, one, other);
            let public = BTreeSet::from([AgreementId::public()]);
            let grants = if grants.len() > 1 { grants } else { public };
            self.nodes[index].grants.insert(cast().publishers[other].id, grants);
        }
    }

    /// Some node withdraws or gives back some agreement to some partner.
    fn regrant(&mut self) {
        let index = self.random.below(self.nodes.len());
        let (one, other) = (self.nodes[index].publisher, self.random.below(cast::MAX_PUBLISHERS));
        let mut agreements = cast::grants(&self.agreements, one, other);
        let list: Vec<AgreementId> = agreements.iter().copied().collect();
        agreements.remove(self.random.pick(&list));
        let publisher = cast().publishers[other].id;
        self.grant(index, publisher, agreements);
    }

    pub(crate) fn grant(&mut self, index: usize, publisher: PublisherId, agreements: BTreeSet<AgreementId>) {
        self.nodes[index].grants.insert(publisher, agreements.clone());
        self.trace(&format!("grant {index} {publisher:?} {agreements:?}"));
        self.input(index, Input::Granted { publisher, agreements });
    }

    fn heal(&mut self) {
        self.trace("heal");
        self.healed = true;
        self.blocked.clear();
        for index in 0..self.nodes.len() {
            self.regrant_all(index);
            if self.nodes[index].replica.is_none() {
                self.start(index);
            }
            for (publisher, agreements) in self.nodes[index].grants.clone() {
                self.input(index, Input::Granted { publisher, agreements });
            }
        }
    }

    pub(crate) fn trace(&mut self, line: &str) {
        for byte in line.bytes().chain(self.now.0.to_le_bytes()) {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        if self.print {
            println!("{:>7} {line}", self.now.since(START));
        }
    }
}
