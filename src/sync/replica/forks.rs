//! Two entries for one place: how they are found, proved, and told to others.
//!
//! A head that differs from ours, or an entry that follows another one than ours, proves nothing: the peer is
//! asked to show the header that it holds in the place of our newest one. Two headers by mandated keys for one
//! place are the proof. The feed is then frozen here at what was taken already, until its publisher
//! resolves which of the two stands; nothing is deleted.

use super::Replica;
use super::feed::Feed;
use super::serve;
use crate::feed::assembler::Position;
use crate::feed::head::Place;
use crate::feed::{FeedId, Fork, Resolution, Seq, SignedHeader};
use crate::sync::config::MAX_DISPUTES;
use crate::sync::fault::Fault;
use crate::sync::io::{Event, Output, SessionId};
use crate::sync::message::Message;

impl Replica {
    /// Asks a session for the header that it holds in the place of our newest one.
    pub(super) fn dispute(&mut self, id: SessionId, feed: FeedId) {
        let Some(state) = self.feeds.get(&feed).filter(|state| state.fork.is_none()) else { return };
        let Some(ours) = state.last.clone() else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        // A node of ours that comes back after another has taken its place gives up what differs.
        if session.publisher == self.us && feed.publisher == self.us && !self.recovering.follows {
            return;
        }
        let disputes = &mut session.pull.disputes;
        if disputes.len() >= MAX_DISPUTES || disputes.contains_key(&feed) {
            return;
        }
        let seq = ours.header().seq;
        disputes.insert(feed, ours);
        self.send(id, Message::Show { feed, seq });
    }

    /// Asks a session that says it holds more of a feed of ours than we do to show it: a word is no reason to stop, an
    /// entry that one of our own keys has signed is.
    pub(super) fn question_own(&mut self, id: SessionId, feed: FeedId, seq: Seq) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let asked = &mut session.pull.own_ahead;
        if asked.len() >= MAX_DISPUTES || asked.contains_key(&feed) {
            return;
        }
        asked.insert(feed, seq);
        self.send(id, Message::Show { feed, seq });
    }

    /// A publisher has told all its heads, and does not know of an entry of its own whose signed header has come here: it
    /// has lost it, and is reminded.
    pub(super) fn remind(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else { return };
        let lost = self.feeds.iter().filter_map(|(feed, state)| {
            // To ask for what it has not opened to us is a fault.
            let theirs = feed.publisher == session.publisher && session.has_opened(feed);
            let seq = state.begun(state.place.seq).filter(|_| theirs)?.header().seq;
            session.announced.get(feed).is_none_or(|head| head.seq < seq).then_some(*feed)
        });
        let lost: Vec<FeedId> = lost.collect();
        lost.into_iter().for_each(|feed| self.remind_of(id, feed));
    }

    /// The same when it asks for a feed of its own, as one does that has lost some of it.
    pub(super) fn remind_who_asks(&mut self, id: SessionId, feed: FeedId) {
        if self.sessions.get(&id).is_some_and(|session| session.publisher == feed.publisher) {
            self.remind_of(id, feed);
        }
    }

    /// Asks a publisher for the rest of an entry of which the header is here, so that it looks behind it (see
    /// `Replica::look_behind`).
    fn remind_of(&mut self, id: SessionId, feed: FeedId) {
        let state = self.feeds.get(&feed).filter(|state| state.fork.is_none());
        let begun = state.and_then(|state| state.begun(state.place.seq)).map(|begun| begun.header().seq);
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.may_read(self.us, &feed))
        else {
            return;
        };
        let Some(seq) = begun else { return };
        // Should it have the entry after all, some of it may come before it is told what is really wanted.
        session.pull.late.insert(feed, u64::from(self.config.window));
        let asked = session.pull.asked.get(&feed).copied();
        self.send(id, Message::Want { feed, from: Position { seq, part: 1 } });
        let really = asked.map_or(Message::Unwant { feed }, |from| Message::Want { feed, from });
        self.send(id, really);
    }

    /// The answer to [`Replica::question_own`].
    fn own_shown(
        &mut self,
        id: SessionId,
        (feed, seq): (FeedId, Seq),
        bytes: Option<&[u8]>,
    ) -> Result<(), Fault> {
        let Some(bytes) = bytes else { return Ok(()) };
        let header =
            SignedHeader::from_bytes(&self.network, bytes).map_err(|fault| Fault::Header { feed, fault })?;
        if (header.header().feed, header.header().seq) != (feed, seq) {
            return Err(Fault::Protocol("a header for another place than the one asked for"));
        }
        if self.keyring.may_sign(header.header()) {
            let (node, time) = (header.header().node, header.header().time);
            self.note_shown(feed, seq);
            self.event(Event::OwnFeedAhead { feed, seq, node, time, session: id });
        }
        Ok(())
    }

    pub(super) fn on_show(&mut self, id: SessionId, feed: FeedId, seq: Seq) -> Result<(), Fault> {
        let state = self.feeds.get(&feed);
        let durable = state.and_then(|state| state.durable);
        let begun = state.and_then(|state| state.begun(seq)).map(SignedHeader::to_bytes);
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.question(&self.config)?;
        if !session.admits(self.us, &feed)? {
            return Ok(());
        }
        if durable.is_some_and(|durable| seq <= durable.seq) {
            self.out.push(Output::ReadHeader { session: id, feed, seq });
        } else {
            // An entry that is not whole here is nobody's business but its publisher's, who may have lost it.
            let bytes = begun.filter(|_| session.publisher == feed.publisher);
            self.send(id, Message::Header { feed, seq, bytes });
        }
        Ok(())
    }

    pub(super) fn header_read(
        &mut self,
        id: SessionId,
        feed: FeedId,
        seq: Seq,
        header: Option<&SignedHeader>,
    ) {
        if self.is_readable(id, &feed) {
            self.send(id, Message::Header { feed, seq, bytes: header.map(SignedHeader::to_bytes) });
        }
    }

    pub(super) fn on_header(
        &mut self,
        id: SessionId,
        feed: FeedId,
        seq: Seq,
        bytes: Option<&[u8]>,
    ) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        if session.pull.own_ahead.get(&feed) == Some(&seq) {
            session.pull.own_ahead.remove(&feed);
            return self.own_shown(id, (feed, seq), bytes);
        }
        let ours = session.pull.disputes.remove(&feed).ok_or(Fault::Unasked { feed })?;
        let Some(bytes) = bytes else { return Ok(()) };
        let theirs =
            SignedHeader::from_bytes(&self.network, bytes).map_err(|fault| Fault::Header { feed, fault })?;
        let place = (feed, seq);
        if [&ours, &theirs].iter().any(|one| (one.header().feed, one.header().seq) != place) {
            return Err(Fault::Protocol("a header for another place than the one asked for"));
        }
        if self.recovering.follows && session.publisher == self.us && feed.publisher == self.us {
            self.event(Event::OwnFeedDiffers { feed, seq, entry: theirs.id() });
            return Ok(());
        }
        let by_publisher = session.publisher == feed.publisher && feed.publisher != self.us;
        let settled = by_publisher && self.settled(&ours, &theirs);
        if !self.freeze(ours, theirs, None) && settled {
            self.event(Event::Settled { feed, seq });
        }
        Ok(())
    }

    /// Whether the publisher's card says that of these two its own one stands.
    fn settled(&self, ours: &SignedHeader, theirs: &SignedHeader) -> bool {
        let (held, shown) = (ours.header(), theirs.header());
        ours.id() != theirs.id() && self.keyring.settles(held) && self.keyring.may_sign(shown)
    }

    pub(super) fn on_proof(&mut self, id: SessionId, one: &[u8], other: &[u8]) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.question(&self.config)?;
        let read = |bytes| SignedHeader::from_bytes(&self.network, bytes).map_err(|_| Fault::Proof);
        let (one, other) = (read(one)?, read(other)?);
        let place = |header: &SignedHeader| (header.header().feed, header.header().seq);
        if place(&one) != place(&other) || one.id() == other.id() {
            return Err(Fault::Proof);
        }
        if session.may_give(self.us, &one.header().feed) {
            self.freeze(one, other, Some(id));
        }
        Ok(())
    }

    /// A publisher's word on a fork: the node keeps it, and says how the feed stands then.
    pub(super) fn on_resolution(&mut self, id: SessionId, bytes: &[u8]) -> Result<(), Fault> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.question(&self.config)?;
        let resolution = Resolution::from_bytes(bytes).map_err(|_| Fault::Resolution)?;
        let feed = resolution.feed();
        let known = self.feeds.get(&feed).map_or(&[][..], |state| &state.resolutions);
        let known = known.iter().find(|one| one.seq() == resolution.seq());
        let news = known.is_none_or(|known| resolution.replaces(known));
        // One that does not verify may be signed by a key of which we have no card yet: it is passed over.
        if news && session.may_read(self.us, &feed) && resolution.verify(&self.network, &self.keyring) {
            self.out.push(Output::Resolution(Box::new(resolution)));
        }
        Ok(())
    }

    /// Freezes a feed if two headers are a fork, and tells everyone who may read it, but not `teller`. Says whether
    /// they are one.
    pub(super) fn freeze(
        &mut self,
        one: SignedHeader,
        other: SignedHeader,
        teller: Option<SessionId>,
    ) -> bool {
        let feed = one.header().feed;
        if self.feeds.get(&feed).is_some_and(|state| state.is_resolved(&one, &other)) {
            return true;
        }
        let Some(fork) = Fork::of(one, other, &self.keyring).map(Box::new) else { return false };
        let room = self.feeds.len() < self.config.max_feeds || self.feeds.contains_key(&feed);
        let known = self.feeds.get(&feed).is_some_and(|state| state.fork.is_some());
        if known || !room {
            return true;
        }
        let state = self.feeds.entry(feed).or_insert_with(|| Feed::new(Place::first(feed)));
        state.restart();
        state.fork = Some(fork.clone());
        let message = serve::proof(&fork);
        self.held.remove(&feed);
        self.out.push(Output::Fork(fork));
        self.resubscribe(feed);
        for id in self.readers(&feed) {
            if teller != Some(id) {
                self.send(id, message.clone());
            }
        }
        true
    }
}
