//! What a node does around its machine: starts, crashes, stores, publishes, and carries outputs out.

use std::collections::BTreeMap;
use std::sync::Arc;

use corridor::feed::{AgreementId, FeedId, Fork, HeadRef, Keyring, Seq, SignedEntry};
use corridor::model::Millis;
use corridor::sync::{Config, Event, Input, MIN_WINDOW, Output, Recovering, Replica, SessionId};

use super::cast::{self, cast};
use super::courier;
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
            recovering: Recovering::default(),
            recovery_is_news: false,
            carries: BTreeMap::new(),
            full: Default::default(),
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
        let known = (self.keyring(index), self.seating(index));
        let node = &mut self.nodes[index];
        let us = cast().publishers[node.publisher].id;
        let states = node.disk.states(&node.forks);
        node.replica = Some(Replica::seated(Self::config(), cast().network.clone(), us, known, states));
        node.recovery_is_news = node.recovering.any();
        self.trace(&format!("start {index}"));
        let agreements = self.urgent.clone();
        self.input(index, Input::Urgent { agreements });
        self.tell_carries(index);
        self.tell_recovery(index);
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
        node.recovering = Recovering { all: true, ..Recovering::default() };
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
        self.tell_recovery(index);
    }

    /// Tells the machine which of its own feeds are in recovery, if that is news.
    fn tell_recovery(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        if std::mem::take(&mut node.recovery_is_news) {
            let recovering = node.recovering.clone();
            self.input(index, Input::Recover { recovering });
        }
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
            // A courier acknowledges nothing of what it carries.
            if !self.is_carried_by(index, &head.feed) {
                self.nodes[index].receipts.insert(head.feed, head);
            }
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
                self.count_append(index, &frame);
            }
            Output::Read { session, feed, from, limit } => {
                let (frames, next) = self.read(index, session, (&feed, from), limit);
                let input = Input::Read { session, feed, from, next, frames };
                let delay = if self.random.chance(20) { self.random.between(0, 400) } else { 0 };
                self.after(delay, Happening::Answer { node: index, epoch, input });
            }
            Output::ReadHeader { session, feed, seq } => {
                let header = self.nodes[index].disk.header(&feed, seq);
                let input = Input::HeaderRead { session, feed, seq, header };
                self.after(1, Happening::Answer { node: index, epoch, input });
            }
            Output::ReadLatest { session, feed, from, limit } => {
                let (seq, frames) = self.nodes[index].disk.latest(&feed, from.seq, limit);
                let input = Input::LatestRead { session, feed, seq, frames };
                let delay = if self.random.chance(20) { self.random.between(0, 400) } else { 0 };
                self.after(delay, Happening::Answer { node: index, epoch, input });
            }
            Output::Latest { header, frames } => {
                self.check_latest(index, &header, &frames);
                self.tally.shown += 1;
            }
            Output::Fork(fork) => {
                self.trace(&format!("fork {index} {} {}", fork.feed(), fork.seq()));
                let forker = self.twins.map(|(one, _)| cast().publishers[self.nodes[one].publisher].id);
                if Some(fork.feed().publisher) != forker {
                    self.note_signed_twice(&fork);
                }
                self.nodes[index].forks.insert(fork.feed(), fork);
            }
            Output::Resolution(_) => unreachable!("nobody here resolves a fork"),
            Output::Event(event) => self.on_event(index, &event),
        }
    }

    /// A restored publisher has signed another first entry of a feed that is not public: see the front page.
    fn note_signed_twice(&mut self, fork: &Fork) {
        let (feed, first) = (fork.feed(), fork.seq() == Seq(0));
        let restored = self
            .nodes
            .iter()
            .any(|node| node.restored.is_some() && cast().publishers[node.publisher].id == feed.publisher);
        let known = restored && first && feed.agreement != AgreementId::public();
        assert!(known, "an honest publisher is said to have forked {feed} at {}", fork.seq());
        self.tally.signed_twice += u64::from(self.signed_twice.insert(feed));
    }

    fn on_event(&mut self, index: usize, event: &Event) {
        self.trace(&format!("event {index} {event:?}"));
        match event {
            Event::Held { .. } => self.tally.held += 1,
            Event::OwnFeedAhead { feed, .. } => {
                let twin = self.twins.is_some_and(|(one, other)| [one, other].contains(&index));
                let node = &mut self.nodes[index];
                let lost = node.restored.is_some();
                assert!(twin || lost, "node {index} is said to have lost what it never had of {feed}");
                if !twin && !node.recovering.includes(feed) {
                    self.tally.doubts += 1;
                    node.recovering.settled.remove(feed);
                    node.recovery_is_news = node.recovering.doubted.insert(*feed);
                }
            }
            Event::OwnFeedSettled { feed, .. } => self.nodes[index].recovering.settle(*feed),
            // No card here says that a key was stolen.
            Event::Settled { .. }
            | Event::OwnFeedDiffers { .. }
            | Event::SessionReady { .. }
            | Event::CaughtUp { .. }
            | Event::FaultRecorded { .. }
            | Event::Refused { .. } => {}
        }
    }

    /// Whether a node may append to a feed of its own. One that was restored appends nothing before the feed is settled;
    /// its operator moreover waits for everybody who may read the feed.
    fn may_append(&self, index: usize, feed: &FeedId) -> bool {
        let node = &self.nodes[index];
        let Some(heard) = &node.restored else { return true };
        let agreement = self.agreements.iter().find(|agreement| agreement.id == feed.agreement);
        let others = agreement.iter().flat_map(|agreement| &agreement.parties);
        let others = others.chain(agreement.iter().flat_map(|agreement| &agreement.courier));
        let others = others.filter(|one| **one != node.publisher && !self.never_meet(index, **one));
        let mut others = others.map(|one| cast().publishers[*one].id);
        let answered = |(_, at): &(SessionId, Millis)| self.now.since(*at) >= ANSWERED;
        !node.recovering.includes(feed) && others.all(|one| heard.get(&one).is_some_and(answered))
    }

    fn note_signed(&mut self, publisher: usize, entry: &SignedEntry) {
        let (id, frames) = (entry.header().id(), split(entry.frames()));
        let sealed = courier::sealed_form(publisher, entry.header(), &frames);
        for (part, (frame, sealed)) in (0..).zip(frames.into_iter().zip(sealed)) {
            if frame != sealed {
                self.sealed.insert((id, part), sealed);
            }
            self.genuine.insert((id, part), frame);
        }
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
            let entry = match self.recipients(publisher, &feed) {
                Some(recipients) if self.random.chance(75) => {
                    let to = (publisher, recipients.as_slice());
                    cast::sealed_entry(&mut self.random, to, signer, &place, (time, many))
                }
                Some(_) | None => cast::entry(&mut self.random, signer, &place, time, many),
            };
            self.note_signed(publisher, &entry);
            self.nodes[index].disk.append_own(&entry);
        }
        self.trace(&format!("publish {index} {feed}"));
        self.schedule(index);
    }
}
