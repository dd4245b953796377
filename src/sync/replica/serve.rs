//! The direction from us: what is announced, and what is sent to those who asked for it.

use super::Replica;
use crate::crypto::Hash;
use crate::feed::assembler::Position;
use crate::feed::head::Place;
use crate::feed::{AgreementId, FeedId, Fork, HeadRef, Seq};
use crate::sync::config::{MAX_DATA, MAX_HEADS_PER_MESSAGE};
use crate::sync::fault::Fault;
use crate::sync::io::{Output, SessionId};
use crate::sync::message::{Message, heads_digest};

impl Replica {
    /// Tells a session that is ready all that it may know: the digest of it first, if the other side can tell by
    /// that that it knows it already.
    pub(super) fn introduce(&mut self, id: SessionId) {
        if self.sessions.get(&id).is_some_and(|session| session.digests) {
            let digest = heads_digest(&self.readable_heads(id, &|_| true));
            self.send(id, Message::Digest { digest });
            self.announce_proofs(id, &|_| true);
        } else {
            self.list(id);
            self.announce_proofs(id, &|_| true);
        }
    }

    /// Sends the whole list of heads.
    fn list(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.told = true;
        let heads = self.readable_heads(id, &|_| true);
        if heads.is_empty() {
            self.send(id, Message::Have { heads, last: true });
        } else {
            self.announce(id, &heads);
        }
    }

    /// The other side's heads, by their digest: the same as ours, or to be compared one by one.
    pub(super) fn on_digest(&mut self, id: SessionId, digest: Hash) -> Result<(), Fault> {
        let mut heads = self.readable_heads(id, &|_| true);
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        if session.listed || !session.digests {
            return Err(Fault::Protocol("a digest after the list of heads"));
        }
        if heads_digest(&heads) != digest {
            session.digests = false;
            session.differs_sent = Some(session.pulse.nonce);
            self.send(id, Message::Differs);
            if self.sessions.get(&id).is_some_and(|session| !session.told) {
                self.list(id);
            }
            return Ok(());
        }
        (session.listed, session.whole) = (true, true);
        self.look_at_own = true;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.announced.extend(heads.iter().map(|head| (head.feed, *head)));
        heads.sort_by_key(|head| !self.is_urgent(&head.feed));
        heads.iter().for_each(|head| self.reconcile(head.feed));
        self.remind(id);
        Ok(())
    }

    /// The other side found that our digest is not that of its heads.
    pub(super) fn on_differs(&mut self, id: SessionId) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.question(&self.config)?;
        session.list_behind_differs = false;
        if !session.told {
            self.list(id);
        }
        Ok(())
    }

    /// The heads that the partner of a session may read and `which` names, in the order of feeds.
    fn readable_heads(&self, id: SessionId, which: &dyn Fn(&FeedId) -> bool) -> Vec<HeadRef> {
        self.heads().filter(|head| which(&head.feed) && self.is_readable(id, &head.feed)).collect()
    }

    /// Announces the readable feeds that `which` names, and the proofs of those that are frozen.
    pub(super) fn announce_all(&mut self, id: SessionId, which: &dyn Fn(&FeedId) -> bool) {
        let heads = self.readable_heads(id, which);
        self.announce(id, &heads);
        self.announce_proofs(id, which);
    }

    fn announce_proofs(&mut self, id: SessionId, which: &dyn Fn(&FeedId) -> bool) {
        let named = |feed: &FeedId| which(feed) && self.is_readable(id, feed);
        let proofs: Vec<Message> = self.frozen().filter(|fork| named(&fork.feed())).map(proof).collect();
        proofs.into_iter().for_each(|message| self.send(id, message));
        self.announce_resolutions(id, which);
    }

    /// Tells a session what publishers have resolved of the readable feeds that `which` names.
    pub(super) fn announce_resolutions(&mut self, id: SessionId, which: &dyn Fn(&FeedId) -> bool) {
        if !self.sessions.get(&id).is_some_and(|session| session.resolutions) {
            return;
        }
        let named = self.feeds.iter().filter(|(feed, _)| which(feed) && self.is_readable(id, feed));
        let all = named.flat_map(|(_, state)| &state.resolutions);
        let messages: Vec<Message> = all.map(|one| Message::Resolution { bytes: one.to_bytes() }).collect();
        messages.into_iter().for_each(|message| self.send(id, message));
    }

    /// Tells heads, the urgent ones first: in their order the other side asks for what it lacks.
    fn announce(&mut self, id: SessionId, heads: &[HeadRef]) {
        let mut heads = heads.to_vec();
        heads.sort_by_key(|head| !self.is_urgent(&head.feed));
        let mut chunks = heads.chunks(MAX_HEADS_PER_MESSAGE).peekable();
        while let Some(chunk) = chunks.next() {
            let last = chunks.peek().is_none();
            self.send(id, Message::Have { heads: chunk.to_vec(), last });
        }
    }

    /// Whether the partner of a session that is ready may read a feed.
    pub(super) fn is_readable(&self, id: SessionId, feed: &FeedId) -> bool {
        self.sessions.get(&id).is_some_and(|session| session.is_ready() && session.may_read(self.us, feed))
    }

    /// The sessions whose partners may read a feed.
    pub(super) fn readers(&self, feed: &FeedId) -> Vec<SessionId> {
        self.sessions.keys().copied().filter(|id| self.is_readable(*id, feed)).collect()
    }

    /// A feed has become longer: those who pull it get the entries, the others hear of them, except the source.
    pub(super) fn spread(&mut self, head: HeadRef) {
        // Who writes our feeds in our place is told how far we hold them: it tells its people that all is well by that.
        let echo = self.recovering.follows && head.feed.publisher == self.us;
        let source = self.source(&head.feed).filter(|_| !echo);
        for id in self.readers(&head.feed) {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            if session.serve.wanted.contains_key(&head.feed) {
                session.serve.mark(head.feed, Some(head.seq));
                self.pump(id);
            } else if source != Some(id) {
                self.send(id, Message::Have { heads: vec![head], last: true });
            }
        }
    }

    pub(super) fn on_want(&mut self, id: SessionId, feed: FeedId, from: Position) -> Result<(), Fault> {
        let durable = self.durable(&feed);
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        let readable = session.admits(self.us, &feed)?;
        session.serve.wanted.insert(feed, from);
        if session.serve.wanted.len() > self.config.max_feeds {
            return Err(Fault::TooMuch("feeds asked for"));
        }
        if readable {
            session.serve.mark(feed, durable);
            self.owe_latest(id, feed, from);
            self.pump(id);
            self.look_behind(id, feed, from);
            self.remind_who_asks(id, feed);
        }
        Ok(())
    }

    /// Who wants the rest of an entry of ours that is not here has the beginning of it: we have lost it, and may not sign
    /// another one in its place.
    fn look_behind(&mut self, id: SessionId, feed: FeedId, from: Position) {
        let next = self.feeds.get(&feed).map_or(Place::first(feed).seq, |state| state.place.seq);
        if feed.publisher == self.us && from.part > 0 && from.seq >= next {
            self.question_own(id, feed, from.seq);
        }
    }

    pub(super) fn on_unwant(&mut self, id: SessionId, feed: FeedId) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.admits(self.us, &feed)?;
        session.serve.forget(&feed);
        Ok(())
    }

    pub(super) fn on_credit(&mut self, id: SessionId, bytes: u32) -> Result<(), Fault> {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.serve.add_credit(bytes, now)?;
        self.pump(id);
        Ok(())
    }

    /// Stops sending feeds of agreements that the partner may no longer read, and goes on with those that it may
    /// read again. What it asked for stands all the while: it cannot know when to ask anew.
    pub(super) fn change_serving(&mut self, id: SessionId, added: &[AgreementId], gone: &[AgreementId]) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.serve.drop_due(gone);
        let again: Vec<FeedId> =
            session.serve.wanted.keys().filter(|feed| added.contains(&feed.agreement)).copied().collect();
        for feed in again {
            let durable = self.feeds.get(&feed).and_then(|state| state.durable).map(|head| head.seq);
            if session.may_read(self.us, &feed) {
                session.serve.mark(feed, durable);
            }
        }
        self.pump(id);
    }

    /// Asks the store for as much as the credit of a session allows.
    pub(super) fn pump(&mut self, id: SessionId) {
        self.pump_latest(id);
        while let Some(session) = self.sessions.get_mut(&id) {
            let Some((feed, from)) = session.serve.next_read() else { return };
            let durable = self.feeds.get(&feed).and_then(|state| state.durable);
            let Some(durable) = durable else { continue };
            session.serve.begin_read(feed, from, durable.seq);
            self.out.push(Output::Read { session: id, feed, from, limit: MAX_DATA });
        }
    }

    /// The store has read: the frames go out if they are still wanted and still allowed.
    pub(super) fn read(
        &mut self,
        id: SessionId,
        feed: FeedId,
        (from, next): (Position, Position),
        frames: Vec<u8>,
    ) {
        let (durable, now) = (self.durable(&feed), self.now);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Some(durable_then) = session.serve.end_read(feed, from) else { return };
        let readable = session.may_read(self.us, &feed);
        let wanted = readable && session.serve.wanted.get(&feed) == Some(&from);
        let fits = !frames.is_empty() && frames.len() <= MAX_DATA as usize;
        if wanted && fits {
            session.serve.sent(frames.len() as u64, now);
            session.serve.wanted.insert(feed, next);
        }
        // A store that had nothing is not asked again before there is more.
        if readable && (fits || !wanted || durable.is_some_and(|durable| durable > durable_then)) {
            session.serve.mark(feed, durable);
        }
        if wanted && fits {
            self.send(id, Message::Data { feed, from, frames });
        }
        self.pump(id);
    }

    /// Whether a feed goes before all others that are not.
    pub(super) fn is_urgent(&self, feed: &FeedId) -> bool {
        self.urgent.contains(&feed.agreement)
    }

    fn durable(&self, feed: &FeedId) -> Option<Seq> {
        self.feeds.get(feed).and_then(|state| state.durable).map(|head| head.seq)
    }
}

/// The message that proves a fork.
pub(super) fn proof(fork: &Fork) -> Message {
    let (one, other) = fork.headers();
    Message::Proof { one: one.to_bytes(), other: other.to_bytes() }
}
