//! What goes into the machine and what comes out.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fault::Fault;
use super::message::Message;
use crate::crypto::PublicKey;
use crate::feed::assembler::Position;
use crate::feed::assembler::Seat;
use crate::feed::head::Place;
use crate::feed::{
    AgreementId, EntryFault, EntryId, FeedId, Fork, HeadRef, Keyring, PublisherId, Resolution, SealingKeys,
    Seq, SignedHeader, VerifiedFrame,
};
use crate::model::Millis;

/// One conversation with one peer; the node gives the number and never gives it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// How a feed stands on disk when the node starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// Where its next entry goes.
    pub place: Place,
    /// The frames that are kept of an entry that is not whole.
    pub partial: Vec<Vec<u8>>,
    /// The header of its newest whole entry.
    pub newest: Option<SignedHeader>,
    /// The proof that it is forked, if there is one that its publisher has not resolved.
    pub fork: Option<Box<Fork>>,
    /// What its publisher has resolved, one for a place.
    pub resolutions: Vec<Resolution>,
}

/// Which of our own feeds may lack entries that we have signed: the node's directory was lost, or is an old backup's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovering {
    /// All but those that are settled.
    pub all: bool,
    /// Feeds of which a partner has shown all that it holds, and we hold that.
    pub settled: BTreeSet<FeedId>,
    /// Feeds of which more is known to be elsewhere, whatever else is said here.
    pub doubted: BTreeSet<FeedId>,
    /// Another node of ours writes our feeds, or may: all of them are followed, also the house feed, and none is settled.
    pub follows: bool,
}

impl Recovering {
    /// Whether a feed of ours may lack entries.
    pub fn includes(&self, feed: &FeedId) -> bool {
        // The house feed has no readers but other nodes of ours: nobody else could hold more of it.
        self.follows
            || feed.agreement != AgreementId::house()
                && (self.doubted.contains(feed) || self.all && !self.settled.contains(feed))
    }

    /// Whether any feed may.
    pub fn any(&self) -> bool {
        self.all || self.follows || !self.doubted.is_empty()
    }

    /// Takes note that a feed has all that there is of it.
    pub fn settle(&mut self, feed: FeedId) {
        self.doubted.remove(&feed);
        if self.all {
            self.settled.insert(feed);
        }
    }
}

/// What this node can do with what travels sealed.
#[derive(Clone, Debug, Default)]
pub struct Seating {
    /// The secrets to which others seal for it.
    pub keys: Arc<SealingKeys>,
    /// The agreements of which it is a courier.
    pub carried: Arc<BTreeSet<AgreementId>>,
    /// The publishers of whom it carries as much as it will.
    pub full: BTreeSet<PublisherId>,
}

impl Seating {
    /// How a feed is taken.
    pub(super) fn seat(&self, feed: &FeedId) -> Seat {
        match self.carried.contains(&feed.agreement) {
            true => Seat::Courier,
            false => Seat::Reader(Arc::clone(&self.keys)),
        }
    }

    /// Whether nothing more of a feed is carried now.
    pub(super) fn is_full(&self, feed: &FeedId) -> bool {
        self.carried.contains(&feed.agreement) && self.full.contains(&feed.publisher)
    }
}

impl PartialEq for Seating {
    /// Secrets are the same when their names are.
    fn eq(&self, other: &Self) -> bool {
        self.keys.ids().eq(other.keys.ids()) && self.carried == other.carried && self.full == other.full
    }
}

/// What the machine is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A stream to a partner's node is open; `net` has authenticated the node.
    Opened {
        /// The session's number.
        session: SessionId,
        /// The node at the other end.
        node: PublicKey,
        /// For whom it speaks.
        publisher: PublisherId,
        /// Under which agreements that partner may read feeds here.
        agreements: BTreeSet<AgreementId>,
    },
    /// The stream is gone.
    Closed {
        /// Which.
        session: SessionId,
    },
    /// A message came.
    Received {
        /// From where.
        session: SessionId,
        /// What.
        message: Message,
    },
    /// A partner's agreements are now these.
    Granted {
        /// The partner.
        publisher: PublisherId,
        /// All that it may read from now on.
        agreements: BTreeSet<AgreementId>,
    },
    /// A partner is a courier of these agreements.
    Carries {
        /// The partner.
        publisher: PublisherId,
        /// All of which it is one from now on.
        agreements: BTreeSet<AgreementId>,
    },
    /// What this node can do with what travels sealed.
    Seated {
        /// All of it.
        seating: Seating,
    },
    /// What goes before all else.
    Urgent {
        /// The agreements whose feeds do, all of them.
        agreements: BTreeSet<AgreementId>,
    },
    /// The accepted cards are now these.
    Cards {
        /// All of them, and our own.
        keyring: Arc<Keyring>,
    },
    /// The feed is durable up to this entry: one of our own, or one whose frames we asked to append.
    Stored {
        /// Its newest durable entry.
        newest: SignedHeader,
    },
    /// The frames that were kept of an entry that is not whole are gone: it begins anew.
    Abandoned {
        /// The feed.
        feed: FeedId,
    },
    /// The feed stands otherwise on disk than the machine knows: its end was cut off, or its fork was resolved.
    Reset {
        /// How it stands now.
        state: Box<FeedState>,
    },
    /// Which of our own feeds are in recovery from now on.
    Recover {
        /// These.
        recovering: Recovering,
    },
    /// The answer to [`Output::Read`].
    Read {
        /// As asked.
        session: SessionId,
        /// As asked.
        feed: FeedId,
        /// As asked.
        from: Position,
        /// The position after the frames.
        next: Position,
        /// Whole frames of durable entries; empty when there are none (yet).
        frames: Vec<u8>,
    },
    /// The answer to [`Output::ReadHeader`].
    HeaderRead {
        /// As asked.
        session: SessionId,
        /// As asked.
        feed: FeedId,
        /// As asked.
        seq: Seq,
        /// The header, if the entry is here.
        header: Option<SignedHeader>,
    },
    /// The answer to [`Output::ReadLatest`].
    LatestRead {
        /// As asked.
        session: SessionId,
        /// As asked.
        feed: FeedId,
        /// Which entry it is.
        seq: Seq,
        /// All its frames; none where no entry is to be shown ahead.
        frames: Vec<u8>,
    },
    /// Time has passed.
    Tick,
}

/// What the machine wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a message.
    Send {
        /// Where to.
        session: SessionId,
        /// What.
        message: Message,
    },
    /// End a session; it is forgotten here already.
    Close {
        /// Which.
        session: SessionId,
        /// Why.
        fault: Fault,
    },
    /// Append a frame to its feed: the only way by which foreign bytes reach the store.
    Append {
        /// The frame.
        frame: VerifiedFrame,
    },
    /// Read whole frames of durable entries and answer with [`Input::Read`].
    Read {
        /// For whom.
        session: SessionId,
        /// Of which feed.
        feed: FeedId,
        /// From where.
        from: Position,
        /// At most so many bytes.
        limit: u32,
    },
    /// Read an entry's header and answer with [`Input::HeaderRead`].
    ReadHeader {
        /// For whom.
        session: SessionId,
        /// Of which feed.
        feed: FeedId,
        /// Which entry.
        seq: Seq,
    },
    /// Read the newest durable entry that can be shown without those before it, all its frames, and answer with
    /// [`Input::LatestRead`].
    ReadLatest {
        /// For whom.
        session: SessionId,
        /// Of which feed.
        feed: FeedId,
        /// What comes next in the feed's order: it is to be a later entry.
        from: Position,
        /// At most so many bytes.
        limit: u32,
    },
    /// A newer entry than the next one of a feed, verified but for what it follows. To be shown as such, and to be forgotten
    /// when its place is reached; never to be stored, handed on or acknowledged.
    Latest {
        /// Its header.
        header: SignedHeader,
        /// Its frames.
        frames: Vec<u8>,
    },
    /// A publisher signed two entries for one place. To be kept for ever and to alarm the operator.
    Fork(Box<Fork>),
    /// A publisher has resolved a fork. To be kept for ever; the feed goes on with the next [`Input::Reset`].
    Resolution(Box<Resolution>),
    /// News.
    Event(Event),
}

/// News for status, logs and metrics; nothing depends on them being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Both sides have said Hello.
    SessionReady {
        /// The session.
        session: SessionId,
        /// The node at the other end.
        node: PublicKey,
        /// For whom it speaks.
        publisher: PublisherId,
    },
    /// Nobody who is connected has announced more of this feed than is durable here.
    CaughtUp {
        /// Where the feed stands.
        head: HeadRef,
    },
    /// A peer did what no honest node does.
    FaultRecorded {
        /// The node.
        node: PublicKey,
        /// For whom it speaks.
        publisher: PublisherId,
        /// What it did.
        what: Fault,
    },
    /// An entry cannot be taken from this session, and that need not be its fault: a mandate that we do not know,
    /// or a feed that may be forked.
    Refused {
        /// The session.
        session: SessionId,
        /// The feed.
        feed: FeedId,
        /// Why.
        fault: EntryFault,
    },
    /// An entry is dated in the future; it is asked for again when it is due.
    Held {
        /// The feed.
        feed: FeedId,
        /// The entry.
        seq: Seq,
        /// When it is asked for again.
        until: Millis,
    },
    /// Its publisher has shown another entry for a place than is here, and its card says that a thief may have signed ours:
    /// what is here from there on is to be given up, and comes anew.
    Settled {
        /// The feed.
        feed: FeedId,
        /// The place.
        seq: Seq,
    },
    /// A partner holds more of our own feed than we do: this node was restored from an old backup, or another of
    /// our nodes has written. Nothing may be appended to the feed before that is settled.
    OwnFeedAhead {
        /// The feed.
        feed: FeedId,
        /// What the partner holds.
        seq: Seq,
        /// The node key that signed it.
        node: PublicKey,
        /// When it says that it was signed.
        time: Millis,
        /// Who said so.
        session: SessionId,
    },
    /// Another node of ours holds, in a place of a feed of ours that we follow, an entry that may be another one than is here:
    /// then ours, with what comes behind it, reached nobody.
    OwnFeedDiffers {
        /// The feed.
        feed: FeedId,
        /// The place.
        seq: Seq,
        /// What that node holds there.
        entry: EntryId,
    },
    /// A feed of our own that was in recovery has all that its readers who are connected hold of it.
    OwnFeedSettled {
        /// The feed.
        feed: FeedId,
        /// A session whose partner has shown what it holds.
        session: SessionId,
    },
}
