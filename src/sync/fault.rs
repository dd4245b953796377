//! Why a session is closed.

use super::message::{ByeReason, Versions};
use crate::feed::header::HeaderFault;
use crate::feed::{CodecError, EntryFault, FeedId};

/// What a peer did, or did not do, so that its session ends. Never our error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing was said after opening.
    #[error("the peer said no hello in time")]
    HelloTimeout,
    /// The heartbeat was not answered.
    #[error("the peer has not answered {misses} heartbeats")]
    Silent {
        /// How many.
        misses: u32,
    },
    /// No version in common.
    #[error("the peer speaks sync versions {} to {}: one of the two nodes must be updated", theirs.min, theirs.max)]
    Versions {
        /// What it speaks.
        theirs: Versions,
    },
    /// Another network.
    #[error("the peer is on network {theirs:?}")]
    Network {
        /// Its network.
        theirs: String,
    },
    /// The peer ended the session.
    #[error("the peer ended the session: {0:?}")]
    Bye(ByeReason),
    /// The node's key was revoked by its government.
    #[error("the government of the peer has revoked the node key that it speaks with")]
    Revoked,
    /// There are too many sessions here.
    #[error("there are more sessions than this node keeps")]
    Busy,
    /// A message that cannot come at this point, or says what no honest node says.
    #[error("a message against the protocol: {0}")]
    Protocol(&'static str),
    /// More of something than there may be.
    #[error("more {0} than allowed")]
    TooMuch(&'static str),
    /// More bytes than were granted.
    #[error("{sent} bytes were sent where {granted} were granted")]
    Credit {
        /// What came, or what the granting would add up to.
        sent: u64,
        /// What was allowed.
        granted: u64,
    },
    /// Data, or an answer, that nobody asked for.
    #[error("feed {feed}: something came that was not asked for")]
    Unasked {
        /// The feed.
        feed: FeedId,
    },
    /// A question about a feed that this partner may not read.
    #[error("feed {feed}: the peer asked for what it may not read")]
    Audience {
        /// The feed.
        feed: FeedId,
    },
    /// Bytes that are no frames.
    #[error("feed {feed}: {error}")]
    Frames {
        /// The feed.
        feed: FeedId,
        /// What is wrong with them.
        error: CodecError,
    },
    /// A frame that does not verify.
    #[error("feed {feed}: {fault}")]
    Entry {
        /// The feed.
        feed: FeedId,
        /// What does not hold.
        fault: EntryFault,
    },
    /// A header, shown on demand, that does not verify.
    #[error("feed {feed}: {fault}")]
    Header {
        /// The feed.
        feed: FeedId,
        /// What does not hold.
        fault: HeaderFault,
    },
    /// A proof of a fork that proves none.
    #[error("a proof of a fork that proves none")]
    Proof,
    /// Bytes that are no resolution of a fork.
    #[error("a resolution of a fork that is none")]
    Resolution,
}

impl Fault {
    /// Whether no honest node does this: it is recorded against the partner and shown to the operator.
    pub fn is_hostile(&self) -> bool {
        match self {
            Self::HelloTimeout
            | Self::Silent { .. }
            | Self::Versions { .. }
            | Self::Network { .. }
            | Self::Bye(_)
            | Self::Revoked
            | Self::Busy => false,
            Self::Protocol(_)
            | Self::TooMuch(_)
            | Self::Credit { .. }
            | Self::Unasked { .. }
            | Self::Audience { .. }
            | Self::Frames { .. }
            | Self::Entry { .. }
            | Self::Header { .. }
            | Self::Proof
            | Self::Resolution => true,
        }
    }

    /// What the peer is told, if anything.
    pub(super) fn bye(&self) -> Option<ByeReason> {
        match self {
            Self::HelloTimeout | Self::Silent { .. } | Self::Bye(_) | Self::Revoked => None,
            Self::Versions { .. } => Some(ByeReason::Versions),
            Self::Network { .. } => Some(ByeReason::Network),
            Self::Busy => Some(ByeReason::Busy),
            Self::Protocol(_)
            | Self::TooMuch(_)
            | Self::Credit { .. }
            | Self::Unasked { .. }
            | Self::Audience { .. }
            | Self::Frames { .. }
            | Self::Entry { .. }
            | Self::Header { .. }
            | Self::Proof
            | Self::Resolution => Some(ByeReason::Fault),
        }
    }
}
