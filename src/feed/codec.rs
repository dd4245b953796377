//! Canonical bytes: the one room in the house that names `bincode`.
//!
//! # Rules
//!
//! - bincode 2.0.1, little-endian, integers as bincode varints (one byte up to 250; 251, 252, 253 and 254 are
//!   followed by 2, 4, 8 and 16 bytes; signed integers are zigzag-coded first), enum variants as varint `u32`,
//!   byte arrays as they are, strings and lists with a varint length in front.
//! - No maps, no floats, no optional trailing fields; lists are sorted and unique where order has no meaning;
//!   strings are NFC.
//! - One value has one byte form: what is decoded is encoded again and must give the same bytes, and no byte
//!   may be left over.
//!
//! # Signed messages
//!
//! Every signature is Ed25519 over `context · 00 · network · 00 · body`, where the context is for example
//! `corridor/entry/1` ([`crate::crypto::Context`]), the network `main` or `training/…`, and the body the
//! canonical bytes of one of these:
//!
//! | context | body |
//! |---|---|
//! | `corridor/entry/1` | [`super::header::Header`] |
//! | `corridor/mandate/1` | [`super::identity::Mandate`] |
//! | `corridor/card/2` | [`super::identity::CardBody`]: country, names, line of national keys, mandates, revocations, addresses, time of issue; the revocations ([`super::identity::Revocation`]) are signed with it |
//! | `corridor/succession/1` | a step in the line of national keys: SHA-256 of the signed message of the step before (zeros for the first), key, SHA-256 of the next key, since when ([`super::identity::SignedStep`]) |
//! | `corridor/agreement/1` | a party's word on an agreement ([`crate::policy::SignedConsent`]); the agreement's id is the SHA-256 of such a message over its text |
//! | `corridor/bundle/2` | what a bundle says of itself ([`super::bundle::Manifest`]) |
//! | `corridor/site/1` | what a copy of public pages and figures says of itself ([`super::site`]): publisher, time, number of files, their bytes, SHA-256 of the list, newest entries of the feeds it is made of |
//!
//! An entry that travels sealed too says so in its header, after the hash of its block table: variant 1, then cipher (1 is
//! ChaCha20-Poly1305), number of recipients, number of sealed frames, the sum of their lengths, SHA-256 over the Seal
//! frames, and the time before which nobody is told its key (0: at once). The rest is in [`super::seal`].
//!
//! The id of an entry is the SHA-256 of its signed message. The leaf of a record in the Merkle tree is
//! `SHA-256(00 · record bytes)`, the record bytes being those of [`super::record`].
//!
//! `bincode` is no longer maintained; what keeps it safe here is that it is named once, that its
//! configuration is fixed, that every decode is bounded by [`MAX_DECODED`], and the golden vectors.

use bincode::config::{Configuration, Limit};
use bincode::error::DecodeError;
pub use bincode::{BorrowDecode, Decode, Encode};

/// The most memory that decoding one value may claim, in bytes: many times the largest record, and little
/// enough that a hostile length costs nothing.
pub const MAX_DECODED: usize = 4 << 20;

type Bounded = Configuration<bincode::config::LittleEndian, bincode::config::Varint, Limit<MAX_DECODED>>;

const fn bounded() -> Bounded {
    bincode::config::standard().with_limit::<MAX_DECODED>()
}

/// The canonical bytes of a value.
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_into(value, &mut bytes);
    bytes
}

/// Appends the canonical bytes of a value.
pub fn encode_into<T: Encode>(value: &T, bytes: &mut Vec<u8>) {
    bincode::encode_into_std_write(value, bytes, bincode::config::standard())
        .expect("encoding plain values into memory does not fail");
}

/// Reads the value that these bytes, all of them and in this form alone, stand for.
///
/// # Errors
/// [`CodecError`] for bytes that stand for nothing, for something larger than [`MAX_DECODED`], for more than
/// one value, or for a value in another than its canonical form.
pub fn decode<'a, T: BorrowDecode<'a, ()> + Encode>(bytes: &'a [u8]) -> Result<T, CodecError> {
    let (value, used) = decode_prefix(bytes)?;
    if used == bytes.len() { Ok(value) } else { Err(CodecError::LeftOver { used, given: bytes.len() }) }
}

/// Reads one value from the front of `bytes`; returns it with the number of bytes that it takes.
///
/// # Errors
/// As [`decode`], but bytes after the value are the caller's.
pub fn decode_prefix<'a, T: BorrowDecode<'a, ()> + Encode>(
    bytes: &'a [u8],
) -> Result<(T, usize), CodecError> {
    let (value, used): (T, usize) =
        bincode::borrow_decode_from_slice(bytes, bounded()).map_err(CodecError::from_bincode)?;
    if is_encoding_of(&value, &bytes[..used]) { Ok((value, used)) } else { Err(CodecError::NotCanonical) }
}

/// Reads a value that this node encoded for itself: nothing but the form is checked, so it is for derived data
/// alone, never for what is signed or was received.
///
/// # Errors
/// As [`decode`].
pub fn decode_own<T: Decode<()>>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, used) = bincode::decode_from_slice(bytes, bounded()).map_err(CodecError::from_bincode)?;
    if used == bytes.len() { Ok(value) } else { Err(CodecError::LeftOver { used, given: bytes.len() }) }
}

/// Reads one value from the front of `bytes` without asking whether that is its canonical form: the caller does,
/// with [`is_encoding_of`], for what it makes of the value.
///
/// # Errors
/// As [`decode`].
pub(super) fn decode_prefix_raw<'a, T: BorrowDecode<'a, ()>>(
    bytes: &'a [u8],
) -> Result<(T, usize), CodecError> {
    bincode::borrow_decode_from_slice(bytes, bounded()).map_err(CodecError::from_bincode)
}

/// Whether `bytes` are what `value` encodes to, found without allocating.
pub(super) fn is_encoding_of<T: Encode>(value: &T, bytes: &[u8]) -> bool {
    let mut encoder = bincode::enc::EncoderImpl::new(Compare::with(bytes), bincode::config::standard());
    value.encode(&mut encoder).is_ok() && encoder.into_writer().is_all()
}

/// Where canonical bytes are put that are written by hand, for speed: into memory, or beside bytes that should be them.
pub(super) trait Sink {
    /// Puts the next bytes.
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Compares what is put with what was given.
pub(super) struct Compare<'a> {
    rest: &'a [u8],
    same: bool,
}

impl<'a> Compare<'a> {
    pub(super) fn with(given: &'a [u8]) -> Self {
        Self { rest: given, same: true }
    }

    /// Whether what was put is all that was given.
    pub(super) fn is_all(&self) -> bool {
        self.same && self.rest.is_empty()
    }
}

impl Sink for Compare<'_> {
    fn put(&mut self, bytes: &[u8]) {
        match self.rest.split_at_checked(bytes.len()) {
            Some((same, rest)) if same == bytes => self.rest = rest,
            Some(_) | None => self.same = false,
        }
    }
}

impl bincode::enc::write::Writer for Compare<'_> {
    fn write(&mut self, written: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.put(written);
        if self.same { Ok(()) } else { Err(bincode::error::EncodeError::Other("other bytes")) }
    }
}

/// Puts an unsigned integer of any width but a single byte's.
pub(super) fn put_uint(value: u128, sink: &mut impl Sink) {
    match u64::try_from(value) {
        Ok(small @ 0..=250) => sink.put(&[small.to_le_bytes()[0]]),
        Ok(value) => {
            let bytes = value.to_le_bytes();
            let (mark, length) = match value {
                0..=0xffff => (251, 2),
                0x1_0000..=0xffff_ffff => (252, 4),
                0x1_0000_0000.. => (253, 8),
            };
            sink.put(&[mark]);
            sink.put(&bytes[..length]);
        }
        Err(_) => {
            sink.put(&[254]);
            sink.put(&value.to_le_bytes());
        }
    }
}

/// Puts a string.
pub(super) fn put_text(text: &[u8], sink: &mut impl Sink) {
    put_uint(text.len() as u128, sink);
    sink.put(text);
}

/// Small numbers of either sign as small unsigned ones.
pub(super) fn zigzag(value: i128) -> u128 {
    ((value << 1) ^ (value >> 127)).cast_unsigned()
}

fn unzigzag(value: u128) -> i128 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Reads canonical bytes by hand. What it reads may be written longer than it must be, as in [`decode_prefix_raw`].
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is not read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next bytes, so many.
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CodecError::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, CodecError> {
        let (byte, rest) = self.rest.split_first().ok_or(CodecError::Short)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// An unsigned integer of any width but a single byte's.
    pub(super) fn uint(&mut self) -> Result<u128, CodecError> {
        let length = match self.byte()? {
            small @ 0..=250 => return Ok(u128::from(small)),
            251 => 2,
            252 => 4,
            253 => 8,
            254 => 16,
            255 => return Err(CodecError::Malformed),
        };
        let mut bytes = [0; 16];
        bytes[..length].copy_from_slice(self.take(length)?);
        Ok(u128::from_le_bytes(bytes))
    }

    /// A signed integer.
    pub(super) fn int(&mut self) -> Result<i128, CodecError> {
        self.uint().map(unzigzag)
    }

    /// An unsigned integer of at most 32 bits.
    pub(super) fn u32(&mut self) -> Result<u32, CodecError> {
        u32::try_from(self.uint()?).map_err(|_| CodecError::Malformed)
    }

    /// The length of a list whose elements take so many bytes at least.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, CodecError> {
        let count = usize::try_from(self.uint()?).map_err(|_| CodecError::TooLarge)?;
        if count > self.rest.len() / least { Err(CodecError::Short) } else { Ok(count) }
    }

    /// A string.
    pub(super) fn text(&mut self) -> Result<&'a str, CodecError> {
        let length = self.count(1)?;
        str::from_utf8(self.take(length)?).map_err(|_| CodecError::Malformed)
    }
}

/// Why bytes are not the canonical form of a value.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum CodecError {
    /// The bytes end before the value does.
    #[error("the bytes end too early")]
    Short,
    /// The value would take more memory than any honest one.
    #[error("the value is larger than {MAX_DECODED} bytes")]
    TooLarge,
    /// The bytes stand for nothing.
    #[error("the bytes are malformed")]
    Malformed,
    /// Bytes follow after the value.
    #[error("{used} bytes hold the value but {given} were given")]
    LeftOver {
        /// Bytes of the value.
        used: usize,
        /// Bytes that were there.
        given: usize,
    },
    /// The value is readable but written in another than its one form.
    #[error("the bytes are not in canonical form")]
    NotCanonical,
    /// The value breaks a rule of its own type.
    #[error("the value is not allowed: {0}")]
    Invalid(String),
}

impl CodecError {
    fn from_bincode(error: DecodeError) -> Self {
        match error {
            DecodeError::UnexpectedEnd { .. } => Self::Short,
            DecodeError::LimitExceeded => Self::TooLarge,
            // The library's other cases all mean bytes that no encoder of ours wrote.
            _ => Self::Malformed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_length_is_refused_before_memory_is_taken() {
        let mut bytes = vec![253];
        bytes.extend_from_slice(&(1_u64 << 40).to_le_bytes());
        assert_eq!(decode::<Vec<u64>>(&bytes), Err(CodecError::TooLarge));
    }

    #[test]
    fn a_longer_varint_than_needed_is_refused() {
        assert_eq!(decode::<u64>(&[7]), Ok(7));
        assert_eq!(decode::<u64>(&[251, 7, 0]), Err(CodecError::NotCanonical));
    }

    #[test]
    fn bytes_after_the_value_are_refused() {
        assert_eq!(decode::<u64>(&[7, 0]), Err(CodecError::LeftOver { used: 1, given: 2 }));
        assert_eq!(decode::<u64>(&[]), Err(CodecError::Short));
        assert_eq!(decode::<Vec<bool>>(&[1, 7]), Err(CodecError::Malformed));
    }
}
