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
//! | `corridor/card/1` | [`super::identity::Card`] |
//! | `corridor/agreement/1` | a party's word on an agreement ([`crate::policy::SignedConsent`]); the agreement's id is the SHA-256 of such a message over its text |
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
    struct Compare<'a>(&'a [u8]);
    impl bincode::enc::write::Writer for Compare<'_> {
        fn write(&mut self, written: &[u8]) -> Result<(), bincode::error::EncodeError> {
            let expected = self.0.split_at_checked(written.len());
            match expected {
                Some((same, rest)) if same == written => {
                    self.0 = rest;
                    Ok(())
                }
                Some(_) | None => Err(bincode::error::EncodeError::Other("other bytes")),
            }
        }
    }
    let mut encoder = bincode::enc::EncoderImpl::new(Compare(bytes), bincode::config::standard());
    value.encode(&mut encoder).is_ok() && encoder.into_writer().0.is_empty()
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
