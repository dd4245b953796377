//! Frames: what feed files and sync messages are made of, byte for byte the same in both.
//!
//! ```text
//! length u32 LE | crc32 u32 LE | kind u8 | body (length bytes)
//! ```
//!
//! The checksum covers kind and body. It is there to name the place of damage at once; what proves a frame
//! genuine are the hashes and the signature.

use super::codec::CodecError;

/// Bytes before the body.
pub const HEADER_LEN: usize = 9;
/// The longest body: a block that does not compress, with its coding byte.
pub const MAX_BODY: usize = super::block::MAX_PLAIN + 64;

/// What a frame's body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// A signed header: an entry begins.
    Head,
    /// Rows of the block table.
    Table,
    /// A block.
    Block,
    /// Stands on disk where the blocks of an entry were before they were erased. It never travels.
    Erased,
    /// Wrapped keys of a sealed entry, or the hashes of its sealed frames.
    Seal,
    /// A Table or Block frame, sealed.
    Sealed,
}

impl FrameKind {
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Head => 1,
            Self::Table => 2,
            Self::Block => 3,
            Self::Erased => 4,
            Self::Seal => 5,
            Self::Sealed => 6,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        [Self::Head, Self::Table, Self::Block, Self::Erased, Self::Seal, Self::Sealed]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// A frame that lies in somebody's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it holds.
    pub kind: FrameKind,
    /// Its body.
    pub body: &'a [u8],
    /// The whole frame as it stands on disk and travels.
    pub bytes: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the frame at the front of `bytes`; `None` when it is not there to its end.
    ///
    /// # Errors
    /// [`CodecError`] when what is there can be no frame.
    pub fn read(bytes: &'a [u8]) -> Result<Option<Self>, CodecError> {
        let Some((head, rest)) = bytes.split_at_checked(HEADER_LEN) else { return Ok(None) };
        let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if length > MAX_BODY {
            return Err(CodecError::Invalid(format!("a frame of {length} bytes")));
        }
        let kind = FrameKind::from_code(head[8])
            .ok_or_else(|| CodecError::Invalid(format!("frame kind {}", head[8])))?;
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let bytes = &bytes[..HEADER_LEN + length];
        if checksum(kind, body) != u32::from_le_bytes([head[4], head[5], head[6], head[7]]) {
            return Err(CodecError::Invalid("a frame whose checksum does not match".to_owned()));
        }
        Ok(Some(Self { kind, body, bytes }))
    }
}

/// Appends a frame to `out`.
pub fn write(kind: FrameKind, body: &[u8], out: &mut Vec<u8>) {
    let length = u32::try_from(body.len()).expect("a body is at most MAX_BODY long");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&checksum(kind, body).to_le_bytes());
    out.push(kind.code());
    out.extend_from_slice(body);
}

fn checksum(kind: FrameKind, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind.code()]);
    hasher.update(body);
    hasher.finalize()
}
