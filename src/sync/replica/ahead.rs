//! The newest entry of an urgent feed, ahead of its history: who comes back sees how things stand before how they came to
//! be so.
//!
//! Each entry is signed by itself, so one can be verified alone but for what it follows. It is shown as such and nothing
//! else: what is appended comes in its order, this entry again with it. Should another one come in its place, its
//! publisher has signed two.
//!
//! History waits until the other side has taken what goes ahead of it: by then it has asked for all its feeds, and none of
//! them waits behind the history of another one.

use std::collections::BTreeSet;

use super::Replica;
use crate::feed::assembler::Position;
use crate::feed::head::Place;
use crate::feed::{Assembler, CodecError, EntryFault, FeedId, Frame, FrameKind, Seq, SignedHeader};
use crate::sync::config::MAX_DATA;
use crate::sync::fault::Fault;
use crate::sync::io::{Output, SessionId};
use crate::sync::message::Message;

/// What a session is owed ahead of history, and has got; bounded as the feeds that it pulls.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Whether the other side knows Latest.
    pub(super) is_known: bool,
    /// Feeds of which the newest entry is to be read.
    pub(super) due: BTreeSet<FeedId>,
    /// Feeds of which it is being read; each has `MAX_DATA` of the credit reserved.
    pub(super) reading: BTreeSet<FeedId>,
    /// Feeds of which it was owed: it is so once in a session.
    owed: BTreeSet<FeedId>,
    /// Whether one was sent and no credit has come since.
    pub(super) is_untaken: bool,
}

impl Ahead {
    /// Whether history is to wait.
    pub(super) fn is_under_way(&self) -> bool {
        self.is_untaken || !self.due.is_empty() || !self.reading.is_empty()
    }
}

impl Replica {
    /// A session wants an urgent feed: if more than one entry is to come, the newest is owed first. What is sealed to
    /// couriers cannot be read by who gets it, and goes in its order alone.
    pub(super) fn owe_latest(&mut self, id: SessionId, feed: FeedId, from: Position) {
        let durable = self.feeds.get(&feed).and_then(|state| state.durable);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let is_sealed =
            session.carries.contains(&feed.agreement) || session.carried.contains(&feed.agreement);
        let serve = &mut session.serve;
        let is_behind = durable.is_some_and(|durable| from.seq < durable.seq);
        if serve.ahead.is_known
            && serve.is_urgent(&feed)
            && is_behind
            && !is_sealed
            && serve.ahead.owed.insert(feed)
        {
            serve.ahead.due.insert(feed);
        }
    }

    /// Asks the store for what goes ahead, as far as the credit of a session allows.
    pub(super) fn pump_latest(&mut self, id: SessionId) {
        while let Some(session) = self.sessions.get_mut(&id) {
            let (serve, limit) = (&mut session.serve, u64::from(MAX_DATA));
            let first = serve.ahead.due.first().copied().filter(|_| serve.credit >= limit);
            let Some(feed) = first else { return };
            serve.ahead.due.remove(&feed);
            let Some(from) = serve.wanted.get(&feed).copied() else { continue };
            serve.credit -= limit;
            serve.ahead.reading.insert(feed);
            self.out.push(Output::ReadLatest { session: id, feed, from, limit: MAX_DATA });
        }
    }

    /// The store has read: the entry goes out if it is still wanted, allowed and later than what comes next.
    pub(super) fn latest_read(&mut self, id: SessionId, feed: FeedId, seq: Seq, frames: Vec<u8>) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let may_read = session.may_read(self.us, &feed);
        let serve = &mut session.serve;
        if !serve.ahead.reading.remove(&feed) {
            return;
        }
        serve.credit += u64::from(MAX_DATA);
        let is_later = serve.wanted.get(&feed).is_some_and(|next| next.seq < seq);
        if may_read && is_later && !frames.is_empty() && frames.len() <= MAX_DATA as usize {
            serve.sent(frames.len() as u64, now);
            serve.ahead.is_untaken = true;
            self.send(id, Message::Latest { feed, seq, frames });
        }
        self.pump(id);
    }

    pub(super) fn on_latest(
        &mut self,
        id: SessionId,
        feed: FeedId,
        seq: Seq,
        frames: Vec<u8>,
    ) -> Result<(), Fault> {
        let bytes = frames.len() as u64;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.pull.spend(bytes)?;
        if !session.pull.shown.insert(feed) {
            return Err(Fault::Unasked { feed });
        }
        if session.pull.asked.contains_key(&feed) {
            self.take_latest(id, feed, seq, frames)?;
        } else {
            session.pull.take_late(feed, bytes)?;
        }
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.pull.handled += bytes;
        if let Some(bytes) = session.pull.grant() {
            self.send(id, Message::Credit { bytes });
        }
        Ok(())
    }

    /// Verifies an entry that came ahead, and hands it on to be shown if it is news.
    fn take_latest(&mut self, id: SessionId, feed: FeedId, seq: Seq, frames: Vec<u8>) -> Result<(), Fault> {
        let Some(header) = self.verified_alone(feed, seq, &frames)? else { return Ok(()) };
        let is_closed = feed.publisher == self.us || self.seating.carried.contains(&feed.agreement);
        let Some(state) = self.feeds.get_mut(&feed).filter(|_| !is_closed) else { return Ok(()) };
        if state.is_given_up(&header) {
            return Ok(());
        }
        if let Some(rival) = state.rival(&header).cloned() {
            self.freeze(rival, header, None);
            return Ok(());
        }
        let announced = self.sessions.get(&id).and_then(|session| session.announced.get(&feed));
        // What it has not announced yet, or what is no longer ahead, has crossed something.
        let is_ahead = state.place.seq < seq && announced.is_some_and(|head| seq <= head.seq);
        let is_news = state.ahead.as_ref().is_none_or(|known| known.header().seq < seq);
        let is_in_time = header.header().time.saturating_add(-self.config.future_tolerance) <= self.now;
        let is_shown = self.urgent.contains(&feed.agreement) && state.fork.is_none();
        if is_ahead && is_news && is_in_time && is_shown {
            state.ahead = Some(header.clone());
            self.out.push(Output::Latest { header, frames });
        }
        Ok(())
    }

    /// The header of an entry whose frames are these and verify, whatever it follows; nothing if its signer has no mandate
    /// that we know of, or if we have no key to it.
    fn verified_alone(&self, feed: FeedId, seq: Seq, frames: &[u8]) -> Result<Option<SignedHeader>, Fault> {
        let malformed = |error| Fault::Frames { feed, error };
        let wrong = |fault| Fault::Entry { feed, fault };
        let first = Frame::read(frames).map_err(malformed)?.ok_or(malformed(CodecError::Short))?;
        if first.kind != FrameKind::Head {
            return Err(wrong(EntryFault::OutOfOrder));
        }
        let header =
            SignedHeader::from_bytes(&self.network, first.body).map_err(|error| wrong(error.into()))?;
        let place = Place { feed, seq, backlink: header.header().backlink };
        let mut assembler = Assembler::new(self.network.clone(), place).seated(self.seating.seat(&feed));
        let mut rest = frames;
        loop {
            let frame = Frame::read(rest).map_err(malformed)?.ok_or(malformed(CodecError::Short))?;
            rest = &rest[frame.bytes.len()..];
            match assembler.accept(&self.keyring, &frame) {
                Ok(verified) if verified.completes() && rest.is_empty() => return Ok(Some(header)),
                Ok(verified) if verified.completes() => return Err(wrong(EntryFault::OutOfOrder)),
                Ok(_) => {}
                Err(EntryFault::Mandate | EntryFault::Revoked { .. } | EntryFault::Closed) => {
                    return Ok(None);
                }
                Err(fault) => return Err(wrong(fault)),
            }
        }
    }
}
