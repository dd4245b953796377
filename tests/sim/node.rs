//! What a node does around its machine: starts, crashes, stores, publishes, and carries outputs out.

use std::collections::BTreeMap;
use std::sync::Arc;

use corridor::feed::{FeedId, HeadRef, Keyring};
use corridor::model::Millis;
use corridor::sync::{Config, Event, Input, MIN_WINDOW, Output, Replica, SessionId};

use super::cast::{self, cast};
use super::disk::{Disk, split};
use super::world::{Happening, Node, World};

/// How long a restored node waits after a partner has told it everything: what was under way has then arrived, questions
/// are answered, and a connection that is dead without anybody being told is known to be.
const ANSWERED: i64 = 75_000;

impl World {
    pub(crate) fn add_node(&mut self, publisher: usize) {
        let index = self.nodes.len();
        let skew = self.some_skew();
        self.nodes.push(Node {
            publisher,
            replica: None,
            disk: Disk::default(),
            forks: BTreeMap::new(),
            grants: BTreeMap::new(),
            cards: self.governments().map(|one| (one, false)).collect(),
            skew,
            signed_until: self.now,
            receipts: BTreeMap::new(),
            backup: None,
            restored: None,
            recovery: Default::default(),
            epoch: 0,
            tick_at: None,
            committing: false,
        });
        self.regrant_all(index);
        self.start(index);
    }

    pub(crate) fn config() -> Config {
        Config { window: MIN_WINDOW + 1_000, ..Config::default() }
    }

    /// The time by a node's own clock.
    pub(crate) fn local(&self, index: usize) -> Millis {
        self.now.saturating_add(self.nodes.get(index).map_or(0, |node| node.skew))
    }

    /// The cards that a node has accepted, its own with them.
    pub(crate) fn keyring(&self, index: usize) -> Arc<Keyring> {
        let node = &self.nodes[index];
        let mut keyring = Keyring::default();
        for (publisher, newest) in &node.cards {
            let newest = *newest || *publisher == node.publisher;
            let later = self.changed.get(publisher).filter(|_| newest);
            keyring.insert(later.unwrap_or(cast().publishers[*publisher].card()).clone());
        }
        Arc::new(keyring)
    }

    pub(crate) fn start(&mut self, index: usize) {
        let keyring = self.keyring(index);
        let node = &mut self.nodes[index];
        let us = cast().publishers[node.publisher].id;
        let states = node.disk.states(&node.forks);
        node.replica = Some(Replica::new(Self::config(), cast().network.clone(), us, keyring, states));
        self.trace(&format!("start {index}"));
    }

    /// Stops a node at once; returns whether it was up.
    pub(crate) fn stop(&mut self, index: usize) -> bool {
        let node = &mut self.nodes[index];
        if node.replica.take().is_none() {
            return false;
        }
        node.epoch += 1;
        node.tick_at = None;
        node.committing = false;
        let conns: Vec<u64> =
            self.conns.iter().filter(|(_, conn)| conn.ends.contains(&index)).map(|(id, _)| *id).collect();
        for conn in conns {
            self.hang_up(conn, index);
        }
        true
    }

    pub(crate) fn crash(&mut self, index: usize) {
        if !self.stop(index) {
            return;
        }
        self.tally.crashes += 1;
        let node = &mut self.nodes[index];
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
        self.check_receipts(index);
        self.trace(&format!("crash {index}"));
        let delay = self.random.between(10, 8_000);
        self.after(delay, Happening::Restart { node: index });
    }

    pub(crate) fn back_up(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        node.backup = Some(node.disk.durable_copy());
        self.trace(&format!("backup {index}"));
    }

    /// The disk is lost; an earlier state of it takes its place.
    pub(crate) fn restore(&mut self, index: usize) {
        let Some(backup) = self.nodes[index].backup.clone() else { return };
        self.stop(index);
        self.tally.restores += 1;
        let node = &mut self.nodes[index];
        node.disk = backup;
        node.forks.clear();
        node.restored = Some(BTreeMap::new());
        // What it said of these feeds it says again when it holds them again.
        let durable = node.disk.durable_heads();
        node.receipts.retain(|feed, head| durable.get(feed).is_some_and(|now| now.seq >= head.seq));
        self.trace(&format!("restore {index}"));
        let delay = self.random.between(10, 8_000);
        self.after(delay, Happening::Restart { node: index });
    }

    pub(crate) fn input(&mut self, index: usize, input: Input) {
        let now = self.local(index);
        let Some(replica) = self.nodes[index].replica.as_mut() else { return };
        let outputs = replica.handle(input, now);
        for output in outputs {
            self.output(index, output);
        }
        self.check_bounds(index);
        self.hear_partners(index);
        self.schedule(index);
    }

    /// A restored node notes who has told it everything, in a session that still stands. Before the peace nobody tells
    /// everything: agreements are withdrawn here and there.
    fn hear_partners(&mut self, index: usize) {
        let (now, healed) = (self.now, self.healed);
        let node = &mut self.nodes[index];
        let (Some(replica), Some(heard), true) = (&node.replica, &mut node.restored, healed) else { return };
        let listed: Vec<_> = replica.sessions().filter(|session| session.listed).collect();
        heard.retain(|_, (id, _)| listed.iter().any(|session| session.session == *id));
        for session in listed {
            heard.entry(session.publisher).or_insert((session.session, now));
        }
    }

    pub(crate) fn schedule(&mut self, index: usize) {
        let now = self.now;
        let node = &mut self.nodes[index];
        let wanted = node.replica.as_ref().and_then(Replica::next_wakeup);
        let wanted = wanted.map(|at| at.saturating_add(-node.skew));
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

    /// What is appended becomes durable, and is acknowledged then.
    pub(crate) fn commit(&mut self, index: usize) {
        self.nodes[index].committing = false;
        let moved = self.nodes[index].disk.sync();
        for newest in moved {
            let head = HeadRef::from(&newest);
            self.trace(&format!("stored {index} {} {}", head.feed, head.seq));
            self.nodes[index].receipts.insert(head.feed, head);
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
                self.check_append(index, &frame);
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
        match event {
            Event::Held { .. } => self.tally.held += 1,
            Event::OwnFeedAhead { feed, .. } => {
                let twin = self.twins.is_some_and(|(one, other)| [one, other].contains(&index));
                let lost = self.nodes[index].restored.is_some();
                assert!(twin || lost, "node {index} is said to have lost what it never had of {feed}");
                self.tally.recoveries += u64::from(self.nodes[index].recovery.insert(*feed));
            }
            // No card here says that a key was stolen.
            Event::Settled { .. }
            | Event::OwnFeedSettled { .. }
            | Event::SessionReady { .. }
            | Event::CaughtUp { .. }
            | Event::FaultRecorded { .. }
            | Event::Refused { .. } => {}
        }
    }

    /// Whether a node may append to a feed of its own. One that was restored first hears from everybody who may read
    /// it, and appends nothing to a feed of which others hold more.
    fn may_append(&self, index: usize, feed: &FeedId) -> bool {
        let node = &self.nodes[index];
        let Some(heard) = &node.restored else { return true };
        let agreement = self.agreements.iter().find(|agreement| agreement.id == feed.agreement);
        let others = agreement.iter().flat_map(|agreement| &agreement.parties);
        let mut others =
            others.filter(|party| **party != node.publisher).map(|party| cast().publishers[*party].id);
        let answered = |(_, at): &(SessionId, Millis)| self.now.since(*at) >= ANSWERED;
        !node.recovery.contains(feed) && others.all(|one| heard.get(&one).is_some_and(answered))
    }

    pub(crate) fn publish(&mut self, index: usize) {
        if self.nodes[index].replica.is_none() {
            return;
        }
        let publisher = self.nodes[index].publisher;
        let feeds = cast::feeds_of(&self.agreements, self.now, publisher);
        let feed = *self.random.pick(&feeds);
        if !self.may_append(index, &feed) {
            return;
        }
        let many = if self.random.chance(10) { 1_300 } else { 1 + self.random.below(3) };
        let ahead = if self.random.chance(3) { 630_000 } else { 0 };
        let signer = cast().publishers[publisher].node(self.changed.contains_key(&publisher));
        for _ in 0..1 + self.random.below(4) {
            let place = self.nodes[index].disk.place(feed);
            let time = self.local(index).saturating_add(ahead);
            self.nodes[index].signed_until = self.nodes[index].signed_until.max(time);
            let entry = cast::entry(&mut self.random, signer, &place, time, many);
            for (part, frame) in split(entry.frames()).into_iter().enumerate() {
                self.genuine.insert((entry.header().id(), part as u32), frame);
            }
            self.nodes[index].disk.append_own(&entry);
        }
        self.trace(&format!("publish {index} {feed}"));
        self.schedule(index);
    }
}
