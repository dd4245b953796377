//! The direction towards us: what was announced, from whom it is pulled, what of it is kept.

use super::Replica;
use super::feed::Feed;
use crate::feed::assembler::Position;
use crate::feed::head::Place;
use crate::feed::{CodecError, EntryFault, FeedId, Frame, HeadRef, SignedHeader, VerifiedFrame};
use crate::sync::choice::{Candidate, Need, choose};
use crate::sync::config::MAX_HEADS_PER_MESSAGE;
use crate::sync::fault::Fault;
use crate::sync::io::{Event, Output, SessionId};
use crate::sync::message::Message;

/// Whether the rest of a Data message still matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    Matters,
    IsDropped,
}

impl Replica {
    pub(super) fn on_have(
        &mut self,
        id: SessionId,
        mut heads: Vec<HeadRef>,
        last: bool,
    ) -> Result<(), Fault> {
        if heads.len() > MAX_HEADS_PER_MESSAGE {
            return Err(Fault::TooMuch("heads in a message"));
        }
        // What is urgent is asked for first, so that nothing else is on its way before it.
        heads.sort_by_key(|head| !self.is_urgent(&head.feed));
        for head in heads {
            let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
            session.announced.insert(head.feed, head);
            session.pull.slow.remove(&head.feed);
            if session.announced.len() > self.config.max_feeds {
                return Err(Fault::TooMuch("feeds announced"));
            }
            if session.may_give(self.us, &head.feed) {
                self.compare(id, &head);
                self.reconcile(head.feed);
            }
        }
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.whole |= last && !session.list_behind_differs;
        self.look_at_own = true;
        if last && !std::mem::replace(&mut session.listed, true) {
            self.remind(id);
        }
        Ok(())
    }

    /// Looks for a fork, and for a feed of our own that somebody holds more of.
    fn compare(&mut self, id: SessionId, head: &HeadRef) {
        let state = self.feeds.get(&head.feed);
        let next = state.map_or(Place::first(head.feed).seq, |state| state.place.seq);
        let last = state.and_then(|state| state.last.as_ref());
        let fellow = self.recovering.follows && self.is_fellow(id) && head.feed.publisher == self.us;
        let reaches = last.is_some_and(|last| head.seq <= last.header().seq);
        let differs = last.is_some_and(|last| last.header().seq == head.seq && last.id() != head.entry);
        if head.feed.publisher == self.us && head.seq >= next && !self.is_recovering(&head.feed) {
            self.question_own(id, head.feed, head.seq);
        }
        if fellow && reaches {
            self.event(Event::OwnFeedDiffers { feed: head.feed, seq: head.seq, entry: head.entry });
        } else if differs {
            self.dispute(id, head.feed);
        }
    }

    /// Whether the node of a session is one of our own government.
    fn is_fellow(&self, id: SessionId) -> bool {
        self.sessions.get(&id).is_some_and(|session| session.publisher == self.us)
    }

    /// Sees to it that a feed is pulled from the session that suits best.
    pub(super) fn reconcile(&mut self, feed: FeedId) {
        let current = self.source(&feed);
        let best = choose(self.need(&feed), &self.candidates(&feed));
        if best != current {
            if let Some(session) = current {
                self.unsubscribe(session, feed);
            }
            if let Some(session) = best {
                self.subscribe(session, feed);
            }
        }
        self.watch(feed);
    }

    /// Looks at all feeds that a session has announced, or is asked for, and that `which` names.
    pub(super) fn reconcile_announced(&mut self, id: SessionId, which: &dyn Fn(&FeedId) -> bool) {
        let Some(session) = self.sessions.get(&id) else { return };
        let feeds = session.announced.keys().chain(session.pull.asked.keys());
        let mut feeds: Vec<FeedId> = feeds.filter(|feed| which(feed)).copied().collect();
        feeds.sort_by_key(|feed| (!self.is_urgent(feed), *feed));
        feeds.dedup();
        for feed in feeds {
            let Some(session) = self.sessions.get(&id) else { return };
            let head = session.announced.get(&feed).filter(|_| session.may_give(self.us, &feed)).copied();
            if let Some(head) = head {
                self.compare(id, &head);
            }
            self.reconcile(feed);
        }
    }

    fn need(&self, feed: &FeedId) -> Need {
        let state = self.feeds.get(feed);
        Need {
            next: state.map_or(Place::first(*feed).seq, |state| state.place.seq),
            in_entry: state.is_some_and(Feed::in_entry),
            current: state.and_then(|state| state.source),
        }
    }

    /// The sessions from which a feed may be had at all; none while it is frozen, held, ours and whole, or a stranger's.
    fn candidates(&self, feed: &FeedId) -> Vec<Candidate> {
        let known = self.feeds.get(feed);
        let closed = (feed.publisher == self.us && !self.is_recovering(feed))
            || self.keyring.get(&feed.publisher).is_none()
            || self.held.contains_key(feed)
            || self.seating.is_full(feed)
            || known.is_some_and(|state| state.fork.is_some())
            || (known.is_none() && self.feeds.len() >= self.config.max_feeds);
        if closed {
            return Vec::new();
        }
        let open = self.sessions.iter().filter(|(_, session)| {
            session.is_ready() && session.may_give(self.us, feed) && !session.pull.refused.contains(feed)
        });
        let candidate = |(id, session): (&SessionId, &super::session::Session)| {
            Some(Candidate {
                session: *id,
                is_publisher: session.publisher == feed.publisher,
                is_slow: session.pull.slow.contains(feed),
                announced: session.announced.get(feed)?.seq,
            })
        };
        open.filter_map(candidate).collect()
    }

    /// Notes since when others have had more than the source of a feed has delivered.
    fn watch(&mut self, feed: FeedId) {
        let need = self.need(&feed);
        let other = |one: &Candidate| need.current != Some(one.session) && one.announced >= need.next;
        if need.current.is_some() && self.candidates(&feed).iter().any(other) {
            self.lagging.entry(feed).or_insert(self.now);
        } else {
            self.lagging.remove(&feed);
        }
    }

    /// The source of a feed has delivered nothing for too long while others have more: tries another one.
    pub(super) fn give_up_source(&mut self, feed: FeedId) {
        self.lagging.remove(&feed);
        let Some(source) = self.source(&feed) else { return };
        let others: Vec<Candidate> =
            self.candidates(&feed).into_iter().filter(|one| one.session != source).collect();
        if others.iter().all(|one| one.is_slow) {
            for one in &others {
                if let Some(session) = self.sessions.get_mut(&one.session) {
                    session.pull.slow.remove(&feed);
                }
            }
        }
        if let Some(session) = self.sessions.get_mut(&source) {
            session.pull.slow.insert(feed);
        }
        self.reconcile(feed);
    }

    fn subscribe(&mut self, id: SessionId, feed: FeedId) {
        let state = self.feeds.entry(feed).or_insert_with(|| Feed::new(Place::first(feed)));
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let from = state.position();
        state.source = Some(id);
        session.pull.asked.insert(feed, from);
        self.send(id, Message::Want { feed, from });
    }

    pub(super) fn unsubscribe(&mut self, id: SessionId, feed: FeedId) {
        if let Some(state) = self.feeds.get_mut(&feed) {
            state.source = None;
        }
        let window = u64::from(self.config.window);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.pull.asked.remove(&feed).is_some() {
            session.pull.late.insert(feed, window);
            self.send(id, Message::Unwant { feed });
        }
    }

    /// Asks anew for a feed whose position here has changed otherwise than by its source.
    pub(super) fn resubscribe(&mut self, feed: FeedId) {
        if let Some(source) = self.source(&feed) {
            self.unsubscribe(source, feed);
        }
        self.reconcile(feed);
    }

    pub(super) fn on_data(
        &mut self,
        id: SessionId,
        feed: FeedId,
        from: Position,
        frames: &[u8],
    ) -> Result<(), Fault> {
        let bytes = frames.len() as u64;
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(()) };
        session.pull.spend(bytes)?;
        if session.pull.asked.get(&feed) == Some(&from) {
            self.take_frames(id, feed, frames)?;
        } else {
            session.pull.take_late(feed, bytes)?;
        }
        let window = self.config.window;
        let grant = self.sessions.get_mut(&id).and_then(|session| session.pull.handled(bytes, window));
        if let Some(bytes) = grant {
            self.send(id, Message::Credit { bytes });
        }
        Ok(())
    }

    fn take_frames(&mut self, id: SessionId, feed: FeedId, mut rest: &[u8]) -> Result<(), Fault> {
        let fault = |error| Fault::Frames { feed, error };
        loop {
            let frame = Frame::read(rest).map_err(fault)?.ok_or(fault(CodecError::Short))?;
            rest = &rest[frame.bytes.len()..];
            if self.take_frame(id, feed, &frame)? == Rest::IsDropped {
                return Ok(());
            }
            if rest.is_empty() {
                break;
            }
        }
        let Some(state) = self.feeds.get_mut(&feed) else { return Ok(()) };
        state.settle();
        let position = state.position();
        if let Some(session) = self.sessions.get_mut(&id) {
            session.pull.asked.insert(feed, position);
        }
        self.lagging.remove(&feed);
        self.reconcile(feed);
        Ok(())
    }

    fn take_frame(&mut self, id: SessionId, feed: FeedId, frame: &Frame<'_>) -> Result<Rest, Fault> {
        let Some(state) = self.feeds.get_mut(&feed) else { return Ok(Rest::IsDropped) };
        match state.assembler(&self.network, &self.seating).accept(&self.keyring, frame) {
            Ok(verified) if verified.part() == 0 => Ok(self.begin_entry(id, feed, verified)),
            Ok(verified) => {
                self.append(id, feed, verified);
                Ok(Rest::Matters)
            }
            Err(fault) => self.refuse(id, feed, fault),
        }
    }

    /// A verified header for the next place: a fork, something for later, or the beginning of an entry.
    fn begin_entry(&mut self, id: SessionId, feed: FeedId, verified: VerifiedFrame) -> Rest {
        let header = verified.entry().header().clone();
        let Some(state) = self.feeds.get_mut(&feed) else { return Rest::IsDropped };
        if state.is_given_up(&header) {
            // Not remembered as seen: the entry that stands is to follow, and is no fork.
            (state.assembler, state.begun_by) = (None, None);
            self.give_up(id, feed, EntryFault::Backlink { seq: header.header().seq });
            return Rest::IsDropped;
        }
        let rival = state.rival(&header).cloned();
        if rival.is_some_and(|rival| self.freeze(rival, header.clone(), None)) {
            return Rest::IsDropped;
        }
        let until = header.header().time.saturating_add(-self.config.future_tolerance);
        if until > self.now {
            self.hold(id, &header, until);
            return Rest::IsDropped;
        }
        if let Some(state) = self.feeds.get_mut(&feed) {
            state.begun_by = Some(id);
        }
        self.append(id, feed, verified);
        Rest::Matters
    }

    fn hold(&mut self, id: SessionId, header: &SignedHeader, until: crate::model::Millis) {
        let feed = header.header().feed;
        if let Some(state) = self.feeds.get_mut(&feed) {
            state.restart();
        }
        self.held.insert(feed, until);
        self.unsubscribe(id, feed);
        self.lagging.remove(&feed);
        self.event(Event::Held { feed, seq: header.header().seq, until });
    }

    fn append(&mut self, id: SessionId, feed: FeedId, verified: VerifiedFrame) {
        if verified.completes() {
            let header = verified.entry().header();
            let head = HeadRef::from(header);
            if let Some(state) = self.feeds.get_mut(&feed) {
                state.advance(header);
                state.begun_by = None;
            }
            let known = self.sessions.get_mut(&id).and_then(|session| session.announced.get_mut(&feed));
            if let Some(known) = known.filter(|known| known.seq < head.seq) {
                *known = head;
            }
        }
        self.out.push(Output::Append { frame: verified });
    }

    /// A frame did not verify.
    fn refuse(&mut self, id: SessionId, feed: FeedId, fault: EntryFault) -> Result<Rest, Fault> {
        let Some(state) = self.feeds.get_mut(&feed) else { return Ok(Rest::IsDropped) };
        match fault {
            EntryFault::Backlink { .. } if state.last.is_some() => {
                self.give_up(id, feed, fault);
                self.dispute(id, feed);
                Ok(Rest::IsDropped)
            }
            // Who hands it on may not have the card yet that says so.
            EntryFault::Mandate | EntryFault::Revoked { .. } => {
                self.give_up(id, feed, fault);
                Ok(Rest::IsDropped)
            }
            EntryFault::Closed => {
                // What was begun in one form cannot be ended in the other without the key: it begins anew.
                state.restart();
                self.resubscribe(feed);
                Ok(Rest::IsDropped)
            }
            EntryFault::Backlink { .. }
            | EntryFault::Header(_)
            | EntryFault::Form(_)
            | EntryFault::OtherFeed
            | EntryFault::Gap { .. }
            | EntryFault::OutOfOrder
            | EntryFault::Content(_) => {
                if state.in_entry() && state.begun_by != Some(id) {
                    // The entry was begun by another session, so either of the two may be wrong, or the publisher
                    // has signed two entries. Begun anew with this one, its next fault is its own.
                    state.restart();
                    self.unsubscribe(id, feed);
                    self.reconcile(feed);
                    return Ok(Rest::IsDropped);
                }
                state.settle();
                Err(Fault::Entry { feed, fault })
            }
        }
    }

    /// Takes a feed no longer from this session, without blaming it.
    fn give_up(&mut self, id: SessionId, feed: FeedId, fault: EntryFault) {
        if let Some(state) = self.feeds.get_mut(&feed) {
            state.settle();
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.pull.refused.insert(feed);
        }
        self.unsubscribe(id, feed);
        self.event(Event::Refused { session: id, feed, fault });
        self.reconcile(feed);
    }
}
