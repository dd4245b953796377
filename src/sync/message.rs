//! What two replicas say to each other; [`crate::wire`] gives it bytes.

use crate::crypto::{Hash, Hasher};
use crate::feed::assembler::Position;
use crate::feed::{FeedId, HeadRef, Seq};

/// The protocol versions that a node speaks, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The oldest.
    pub min: u16,
    /// The newest.
    pub max: u16,
}

impl Versions {
    /// The newest version that both speak.
    pub fn common(self, other: Self) -> Option<u16> {
        let newest = self.max.min(other.max);
        (newest >= self.min.max(other.min)).then_some(newest)
    }
}

/// The bit of Hello's features that says that Digest and Differs are known.
pub const FEATURE_DIGEST: u64 = 1;

/// The bit of Hello's features that says that Resolution is known.
pub const FEATURE_RESOLUTION: u64 = 2;

/// The bit of Hello's features that says that credit is granted again after half a block, so that it shows how fast the
/// line is.
pub const FEATURE_PROMPT: u64 = 4;

/// The bit of Hello's features that says that Latest is known, and that the bytes of one are granted again at once.
pub const FEATURE_LATEST: u64 = 8;

/// The digest of a list of heads, in the order of feeds: SHA-256 over publisher, agreement, seq (u64,
/// little-endian) and entry id of each. Two partners that were in touch before are told apart from two that missed
/// something by these 32 bytes, however many feeds they share.
pub fn heads_digest(heads: &[HeadRef]) -> Hash {
    let mut hasher = Hasher::default();
    for head in heads {
        hasher.update(&head.feed.publisher.0);
        hasher.update(&head.feed.agreement.0);
        hasher.update(&head.seq.0.to_le_bytes());
        hasher.update(&head.entry.0);
    }
    hasher.finish()
}

/// Why a session is ended by the one who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByeReason {
    /// The node stops or restarts.
    Stopping,
    /// No protocol version in common.
    Versions,
    /// The other side is on another network.
    Network,
    /// What came broke the protocol.
    Fault,
    /// There are too many sessions.
    Busy,
}

impl ByeReason {
    /// All reasons.
    pub const ALL: [Self; 5] = [Self::Stopping, Self::Versions, Self::Network, Self::Fault, Self::Busy];

    /// The code in messages.
    pub fn code(self) -> u8 {
        match self {
            Self::Stopping => 0,
            Self::Versions => 1,
            Self::Network => 2,
            Self::Fault => 3,
            Self::Busy => 4,
        }
    }

    /// The reason of a code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// A message of `/corridor/sync/1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The first message of both sides.
    Hello {
        /// The versions that the sender speaks.
        versions: Versions,
        /// Bits for what later versions may agree on; unknown ones do not matter.
        features: u64,
        /// The network's name.
        network: String,
        /// How many bytes of frames may be sent before the sender of this has granted more.
        window: u32,
    },
    /// Newest durable heads of feeds that the receiver may read.
    Have {
        /// The heads.
        heads: Vec<HeadRef>,
        /// Whether the list that this message is part of ends with it.
        last: bool,
    },
    /// In place of the first list, when both sides know this message: the digest of the heads that the receiver may
    /// read. If it is that of the receiver's own, both lists are the same and neither is sent.
    Digest {
        /// See [`heads_digest`].
        digest: Hash,
    },
    /// The answer to a Digest that differs: the sender's list follows, and the receiver's is wanted.
    Differs,
    /// Send this feed from here on, and go on as it grows.
    Want {
        /// The feed.
        feed: FeedId,
        /// The first frame that is wanted.
        from: Position,
    },
    /// Send no more of this feed.
    Unwant {
        /// The feed.
        feed: FeedId,
    },
    /// Whole frames of a feed, in order.
    Data {
        /// The feed.
        feed: FeedId,
        /// The place of the first of them.
        from: Position,
        /// The frames as they lie on disk.
        frames: Vec<u8>,
    },
    /// A newer entry of an urgent feed than the one that is next, whole, to be shown before what lies between. Its frames
    /// come again in their place.
    Latest {
        /// The feed.
        feed: FeedId,
        /// The entry.
        seq: Seq,
        /// Its frames.
        frames: Vec<u8>,
    },
    /// So many more bytes of frames may be sent.
    Credit {
        /// How many.
        bytes: u32,
    },
    /// Are you there?
    Ping {
        /// To be given back.
        nonce: u64,
    },
    /// I am.
    Pong {
        /// The one that came.
        nonce: u64,
    },
    /// Show the signed header of this entry.
    Show {
        /// The feed.
        feed: FeedId,
        /// The entry.
        seq: Seq,
    },
    /// The answer to Show.
    Header {
        /// The feed.
        feed: FeedId,
        /// The entry.
        seq: Seq,
        /// The signed header, if it is held.
        bytes: Option<Vec<u8>>,
    },
    /// Two signed headers for one place.
    Proof {
        /// One of them.
        one: Vec<u8>,
        /// The other.
        other: Vec<u8>,
    },
    /// A publisher's word on which of two entries for one place stands, as [`crate::feed::Resolution`] writes it.
    Resolution {
        /// It.
        bytes: Vec<u8>,
    },
    /// The end of the session, with the reason.
    Bye {
        /// Why.
        reason: ByeReason,
    },
}
