//! One feed as this node follows it.

use crate::crypto::Network;
use crate::feed::assembler::Position;
use crate::feed::head::Place;
use crate::feed::{Assembler, Fork, Frame, HeadRef, Keyring, Resolution, Seq, SignedHeader};
use crate::sync::io::{FeedState, Seating, SessionId};

/// State of one feed.
#[derive(Debug)]
pub(super) struct Feed {
    /// Where the next entry goes, appended ones counted.
    pub(super) place: Place,
    /// There is one only while an entry is in hand: its decompressor takes more memory than all the rest.
    pub(super) assembler: Option<Box<Assembler>>,
    /// The session whose Head frame began the entry in hand.
    pub(super) begun_by: Option<SessionId>,
    /// A header for the next place that was verified and not taken, or not to its end: should another one come
    /// for that place, the two are a fork.
    pub(super) seen: Option<SignedHeader>,
    /// The header of the newest entry that was shown ahead of those before it: should another one come for that place,
    /// the two are a fork.
    pub(super) ahead: Option<SignedHeader>,
    /// The newest whole entry, appended.
    pub(super) last: Option<SignedHeader>,
    /// The newest whole entry, durable.
    pub(super) durable: Option<HeadRef>,
    /// The session that it is pulled from.
    pub(super) source: Option<SessionId>,
    /// Proof that it is forked: nothing is appended any more.
    pub(super) fork: Option<Box<Fork>>,
    /// What its publisher has resolved, one for a place.
    pub(super) resolutions: Vec<Resolution>,
}

impl Feed {
    /// A feed of which nothing is here.
    pub(super) fn new(place: Place) -> Self {
        Self {
            place,
            assembler: None,
            begun_by: None,
            seen: None,
            ahead: None,
            last: None,
            durable: None,
            source: None,
            fork: None,
            resolutions: Vec::new(),
        }
    }

    /// A feed as it lies on disk. Frames of an unfinished entry that do not verify any more are given up.
    pub(super) fn open(state: FeedState, network: &Network, keyring: &Keyring, seating: &Seating) -> Self {
        let seat = seating.seat(&state.place.feed);
        let mut assembler = Assembler::new(network.clone(), state.place).seated(seat);
        let whole = state.partial.iter().all(|bytes| {
            let frame = Frame::read(bytes).ok().flatten();
            frame.is_some_and(|frame| assembler.accept(keyring, &frame).is_ok())
        });
        let keep = whole && assembler.pending().is_some();
        Self {
            assembler: keep.then(|| Box::new(assembler)),
            durable: state.newest.as_ref().map(HeadRef::from),
            last: state.newest,
            fork: state.fork,
            resolutions: state.resolutions,
            ..Self::new(state.place)
        }
    }

    /// The next frame that is missing.
    pub(super) fn position(&self) -> Position {
        let first = Position { seq: self.place.seq, part: 0 };
        self.assembler.as_ref().map_or(first, |assembler| assembler.position())
    }

    /// Whether frames of the next entry are here.
    pub(super) fn in_entry(&self) -> bool {
        self.pending().is_some()
    }

    /// The header of the entry in hand.
    pub(super) fn pending(&self) -> Option<&SignedHeader> {
        self.assembler.as_ref().and_then(|assembler| assembler.pending())
    }

    /// The header of the next entry, if this is its place and some of it has come.
    pub(super) fn begun(&self, seq: Seq) -> Option<&SignedHeader> {
        let in_hand = self.assembler.as_ref().and_then(|assembler| assembler.pending());
        in_hand.or(self.seen.as_ref()).filter(|header| header.header().seq == seq)
    }

    /// The assembler, for the length of a message at least.
    pub(super) fn assembler(&mut self, network: &Network, seating: &Seating) -> &mut Assembler {
        let place = self.place;
        self.assembler.get_or_insert_with(|| {
            Box::new(Assembler::new(network.clone(), place).seated(seating.seat(&place.feed)))
        })
    }

    /// Gives the assembler back when no entry is in hand.
    pub(super) fn settle(&mut self) {
        if !self.in_entry() {
            self.assembler = None;
            self.begun_by = None;
        }
    }

    /// Gives up the frames of the entry in hand, remembering its header.
    pub(super) fn restart(&mut self) {
        if let Some(pending) = self.assembler.as_ref().and_then(|assembler| assembler.pending()) {
            self.seen = Some(pending.clone());
        }
        self.assembler = None;
        self.begun_by = None;
    }

    /// Whether a header for its place is of a line that the publisher has given up.
    pub(super) fn is_given_up(&self, header: &SignedHeader) -> bool {
        let here = |one: &&Resolution| one.seq() == header.header().seq;
        self.resolutions.iter().find(here).is_some_and(|one| one.kept() != header.id())
    }

    /// Whether the publisher has resolved what these two headers show.
    pub(super) fn is_resolved(&self, one: &SignedHeader, other: &SignedHeader) -> bool {
        self.resolutions.iter().any(|resolution| resolution.covers(one, other))
    }

    /// Goes on behind this entry, which is here.
    pub(super) fn advance(&mut self, newest: &SignedHeader) {
        self.place = Place::after(&HeadRef::from(newest));
        self.last = Some(newest.clone());
        self.seen = None;
        self.ahead.take_if(|ahead| ahead.header().seq <= newest.header().seq);
    }

    /// Another header for this one's place that its publisher has signed too.
    pub(super) fn rival(&self, header: &SignedHeader) -> Option<&SignedHeader> {
        let known = self.seen.iter().chain(&self.ahead);
        let mut rivals =
            known.filter(|one| one.header().seq == header.header().seq && one.id() != header.id());
        rivals.next()
    }
}
