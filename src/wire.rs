//! Sync messages as bytes.
//!
//! A message is a tag (one byte) and the canonical bytes of its fields in the order below, in the coding of
//! [`crate::feed::codec`]; nothing may follow. It carries no length: the transport frames it.
//!
//! ```text
//!  0 Hello   min u16 | max u16 | features u64 | network: string | window u32
//!  1 Have    heads: [publisher 32, agreement 32, seq u64, entry 32] | last: bool
//!  2 Want    feed (publisher 32, agreement 32) | seq u64 | part u32
//!  3 Unwant  feed
//!  4 Data    feed | seq u64 | part u32 | frames: bytes
//!  5 Credit  bytes u32
//!  6 Ping    nonce u64
//!  7 Pong    nonce u64
//!  8 Show    feed | seq u64
//!  9 Header  feed | seq u64 | signed header: option of bytes
//! 10 Proof   signed header: bytes | signed header: bytes
//! 11 Bye     reason u8
//! 12 Digest  SHA-256 of the heads 32 ([`crate::sync::heads_digest`])
//! 13 Differs
//! 14 Resolution  signed resolution: bytes
//! 15 Latest  feed | seq u64 | frames of that entry: bytes
//! ```
//!
//! Hello keeps this form in all versions; the others belong to the version that both Hellos agree on. Bytes are
//! bounded by [`MAX_MESSAGE`] before anything is decoded.

use crate::crypto::Hash;
use crate::feed::assembler::Position;
use crate::feed::codec::{self, BorrowDecode, Encode};
use crate::feed::frame::{Frame, FrameKind};
use crate::feed::resolution::MAX_RESOLUTION;
use crate::feed::{AgreementId, CodecError, FeedId, HeadRef, PublisherId, Seq};
use crate::sync::{ByeReason, MAX_DATA, MAX_HEADS_PER_MESSAGE, Message, Versions};

/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 64 << 10;
/// The longest network name and the longest signed header, in bytes.
const MAX_NETWORK: usize = 64;
const MAX_HEADER: usize = 4 << 10;
/// The tags of Data and Bye.
const DATA: u8 = 4;
const BYE: u8 = 11;

/// The form in which a message travels; the order of variants and fields is the format.
#[derive(Encode, BorrowDecode)]
enum Bytes<'a> {
    Hello { min: u16, max: u16, features: u64, network: &'a str, window: u32 },
    Have { heads: Vec<HeadRef>, last: bool },
    Want { feed: FeedId, seq: u64, part: u32 },
    Unwant { feed: FeedId },
    Data { feed: FeedId, seq: u64, part: u32, frames: &'a [u8] },
    Credit { bytes: u32 },
    Ping { nonce: u64 },
    Pong { nonce: u64 },
    Show { feed: FeedId, seq: u64 },
    Header { feed: FeedId, seq: u64, bytes: Option<&'a [u8]> },
    Proof { one: &'a [u8], other: &'a [u8] },
    Bye { reason: u8 },
    Digest { digest: [u8; 32] },
    Differs,
    Resolution { bytes: &'a [u8] },
    Latest { feed: FeedId, seq: u64, frames: &'a [u8] },
}

/// The bytes of a message.
///
/// # Errors
/// [`WireError`] when it is longer than a message may be; a [`crate::sync::Replica`] makes no such one.
pub fn encode(message: &Message) -> Result<Vec<u8>, WireError> {
    let bytes = codec::encode(&Bytes::of(message));
    if bytes.len() > MAX_MESSAGE { Err(WireError::TooLong(bytes.len())) } else { Ok(bytes) }
}

/// The message that bytes stand for.
///
/// # Errors
/// [`WireError`] for all that [`encode`] does not write.
pub fn decode(bytes: &[u8]) -> Result<Message, WireError> {
    if bytes.len() > MAX_MESSAGE {
        return Err(WireError::TooLong(bytes.len()));
    }
    codec::decode::<Bytes<'_>>(bytes)?.into_message()
}

/// The feed whose frames a message brings, if it brings any: where it is to wait is decided before it is decoded.
pub fn feed_of(bytes: &[u8]) -> Option<FeedId> {
    let (tag, rest) = bytes.split_first()?;
    let (publisher, rest) = rest.split_first_chunk::<32>()?;
    let (agreement, _) = rest.split_first_chunk::<32>()?;
    (*tag == DATA).then(|| FeedId::new(PublisherId(*publisher), AgreementId(*agreement)))
}

/// Whether a message ends its session.
pub fn is_bye(bytes: &[u8]) -> bool {
    bytes.first() == Some(&BYE)
}

/// The frames of a message each in a message of its own, in their order; `None` if it brings no more than one, or
/// something that is no run of frames. Who takes the parts one after the other comes to where the whole leads.
pub fn apart(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let Bytes::Data { feed, mut seq, mut part, frames: mut rest } = codec::decode(bytes).ok()? else {
        return None;
    };
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let frame = Frame::read(rest).ok()??;
        if !parts.is_empty() && frame.kind == FrameKind::Head {
            (seq, part) = (seq.checked_add(1)?, 0);
        }
        parts.push(codec::encode(&Bytes::Data { feed, seq, part, frames: frame.bytes }));
        part = part.checked_add(1)?;
        rest = &rest[frame.bytes.len()..];
    }
    (parts.len() > 1).then_some(parts)
}

impl<'a> Bytes<'a> {
    fn of(message: &'a Message) -> Self {
        match message {
            Message::Hello { versions, features, network, window } => Self::Hello {
                min: versions.min,
                max: versions.max,
                features: *features,
                network,
                window: *window,
            },
            Message::Have { heads, last } => Self::Have { heads: heads.clone(), last: *last },
            Message::Want { feed, from } => Self::Want { feed: *feed, seq: from.seq.0, part: from.part },
            Message::Unwant { feed } => Self::Unwant { feed: *feed },
            Message::Data { feed, from, frames } => {
                Self::Data { feed: *feed, seq: from.seq.0, part: from.part, frames }
            }
            Message::Credit { bytes } => Self::Credit { bytes: *bytes },
            Message::Ping { nonce } => Self::Ping { nonce: *nonce },
            Message::Pong { nonce } => Self::Pong { nonce: *nonce },
            Message::Show { feed, seq } => Self::Show { feed: *feed, seq: seq.0 },
            Message::Header { feed, seq, bytes } => {
                Self::Header { feed: *feed, seq: seq.0, bytes: bytes.as_deref() }
            }
            Message::Proof { one, other } => Self::Proof { one, other },
            Message::Bye { reason } => Self::Bye { reason: reason.code() },
            Message::Digest { digest } => Self::Digest { digest: digest.0 },
            Message::Differs => Self::Differs,
            Message::Resolution { bytes } => Self::Resolution { bytes },
            Message::Latest { feed, seq, frames } => Self::Latest { feed: *feed, seq: seq.0, frames },
        }
    }

    fn into_message(self) -> Result<Message, WireError> {
        let position = |seq, part| Position { seq: Seq(seq), part };
        Ok(match self {
            Self::Hello { min, max, features, network, window } => {
                let network =
                    bounded("network name", network.as_bytes(), MAX_NETWORK).map(|_| network.to_owned())?;
                Message::Hello { versions: Versions { min, max }, features, network, window }
            }
            Self::Have { heads, last } => {
                bounded("list of heads", &heads, MAX_HEADS_PER_MESSAGE)?;
                Message::Have { heads, last }
            }
            Self::Want { feed, seq, part } => Message::Want { feed, from: position(seq, part) },
            Self::Unwant { feed } => Message::Unwant { feed },
            Self::Data { feed, seq, part, frames } => {
                Message::Data { feed, from: position(seq, part), frames: run(frames)? }
            }
            Self::Credit { bytes } => Message::Credit { bytes },
            Self::Ping { nonce } => Message::Ping { nonce },
            Self::Pong { nonce } => Message::Pong { nonce },
            Self::Show { feed, seq } => Message::Show { feed, seq: Seq(seq) },
            Self::Header { feed, seq, bytes } => {
                let bytes = bytes.map(header).transpose()?;
                Message::Header { feed, seq: Seq(seq), bytes }
            }
            Self::Proof { one, other } => Message::Proof { one: header(one)?, other: header(other)? },
            Self::Bye { reason } => {
                Message::Bye { reason: ByeReason::from_code(reason).ok_or(WireError::Reason(reason))? }
            }
            Self::Digest { digest } => Message::Digest { digest: Hash(digest) },
            Self::Differs => Message::Differs,
            Self::Resolution { bytes } => {
                Message::Resolution { bytes: bounded("resolution", bytes, MAX_RESOLUTION)?.to_vec() }
            }
            Self::Latest { feed, seq, frames } => {
                Message::Latest { feed, seq: Seq(seq), frames: run(frames)? }
            }
        })
    }
}

fn header(bytes: &[u8]) -> Result<Vec<u8>, WireError> {
    bounded("signed header", bytes, MAX_HEADER).map(<[u8]>::to_vec)
}

fn run(frames: &[u8]) -> Result<Vec<u8>, WireError> {
    bounded("run of frames", frames, MAX_DATA as usize).map(<[u8]>::to_vec)
}

fn bounded<'a, T>(what: &'static str, list: &'a [T], max: usize) -> Result<&'a [T], WireError> {
    if list.len() > max { Err(WireError::TooMany { what, found: list.len(), max }) } else { Ok(list) }
}

/// Why bytes are no message, or a message has no bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Longer than a message may be.
    #[error("a message of {0} bytes; at most {MAX_MESSAGE} are possible")]
    TooLong(usize),
    /// Not the canonical bytes of a message.
    #[error("the bytes are no message: {0}")]
    Form(#[from] CodecError),
    /// Something in it is longer than it may be.
    #[error("a {what} of {found}; at most {max} are possible")]
    TooMany {
        /// What.
        what: &'static str,
        /// How long it is.
        found: usize,
        /// How long it may be.
        max: usize,
    },
    /// A reason that this version does not know.
    #[error("no reason to part has the code {0}")]
    Reason(u8),
}

#[cfg(test)]
mod tests;
