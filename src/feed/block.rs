//! Blocks: runs of records, compressed, each verifiable alone; and the table that lists them.
//!
//! A block's plain bytes are the canonical bytes of its records one after the other. Its place in the table is
//! its record count, plain length and the SHA-256 of the plain bytes, so what is signed does not depend on how
//! a block is coded for disk and wire. One block is the unit of transfer and of resumption.

use super::codec::{self, CodecError, Decode, Encode};
use super::record;
use crate::crypto::{Hash, leaf_hash};
use crate::model::Record;

/// The most plain bytes in one block. With a frame's and a message's overhead it stays below 64 KiB.
pub const MAX_PLAIN: usize = 60 << 10;
/// The most blocks of one entry: about 1 GB of plain records.
pub const MAX_BLOCKS: usize = 1 << 14;
/// How many rows of the table one frame holds.
pub const TABLE_ROWS_PER_FRAME: usize = 1024;

/// zstd's default: higher levels gain a few per cent on such records and cost twice the time.
const LEVEL: i32 = 3;
const CODING_PLAIN: u8 = 0;
const CODING_ZSTD: u8 = 1;

/// A row of the block table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BlockInfo {
    /// Number of records.
    pub records: u32,
    /// Length of the plain bytes.
    pub length: u32,
    /// SHA-256 of the plain bytes.
    pub hash: [u8; 32],
}

impl BlockInfo {
    /// The row for these plain bytes.
    pub fn of(plain: &[u8], records: u32) -> Self {
        let length = u32::try_from(plain.len()).expect("a block is at most MAX_PLAIN long");
        Self { records, length, hash: Hash::of(&[plain]).0 }
    }
}

/// The bytes of consecutive table rows.
pub fn encode_rows(rows: &[BlockInfo]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len() * 38);
    for row in rows {
        codec::encode_into(row, &mut bytes);
    }
    bytes
}

/// Reads consecutive table rows.
///
/// # Errors
/// [`CodecError`] for malformed rows, empty or overlong blocks.
pub fn decode_rows(mut bytes: &[u8]) -> Result<Vec<BlockInfo>, CodecError> {
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        let (row, used): (BlockInfo, usize) = codec::decode_prefix(bytes)?;
        if row.records == 0 || row.length == 0 || row.length as usize > MAX_PLAIN {
            return Err(CodecError::Invalid(format!("a block of {} bytes", row.length)));
        }
        rows.push(row);
        if rows.len() > TABLE_ROWS_PER_FRAME {
            return Err(CodecError::TooLarge);
        }
        bytes = &bytes[used..];
    }
    Ok(rows)
}

/// Records of one block as canonical bytes, and where each ends.
#[derive(Clone, Debug, Default)]
pub struct PlainBlock {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl PlainBlock {
    /// An empty block with memory for as much as this one holds.
    pub fn another(&self) -> Self {
        Self { bytes: Vec::with_capacity(MAX_PLAIN), ends: Vec::with_capacity(self.ends.len()) }
    }

    /// Appends a record.
    ///
    /// # Errors
    /// The record's length in bytes, when it does not fit; nothing has changed then.
    pub fn push(&mut self, one: &Record) -> Result<(), usize> {
        let start = self.bytes.len();
        record::encode_into(one, &mut self.bytes);
        let end = self.bytes.len();
        if end > MAX_PLAIN {
            self.bytes.truncate(start);
            return Err(end - start);
        }
        self.ends.push(end);
        Ok(())
    }

    /// Whether no record is in it.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The canonical bytes of each record.
    fn records(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

/// A block as an entry takes it: what the table says of it, the leaves of its records, and its coded bytes.
#[derive(Clone, Debug)]
pub struct CodedBlock {
    /// Its row of the table.
    pub row: BlockInfo,
    /// The hashes of its records as leaves of the entry's tree.
    pub leaves: Vec<Hash>,
    /// The body of its frame: a coding byte and the coded bytes.
    pub body: Vec<u8>,
}

/// Codes blocks; keeps the compressor's memory between them.
pub struct BlockCoder {
    compressor: zstd::bulk::Compressor<'static>,
}

impl Default for BlockCoder {
    fn default() -> Self {
        let compressor = zstd::bulk::Compressor::new(LEVEL).expect("the level is one that zstd has");
        Self { compressor }
    }
}

impl std::fmt::Debug for BlockCoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlockCoder")
    }
}

impl BlockCoder {
    /// Hashes and codes a block.
    pub fn code(&mut self, block: &PlainBlock) -> CodedBlock {
        let records = u32::try_from(block.ends.len()).expect("a record has a byte, and a block MAX_PLAIN");
        CodedBlock {
            row: BlockInfo::of(&block.bytes, records),
            leaves: block.records().map(leaf_hash).collect(),
            body: self.compress(&block.bytes),
        }
    }

    fn compress(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut coded = vec![CODING_ZSTD];
        match self.compressor.compress(plain) {
            Ok(bytes) if bytes.len() < plain.len() => coded.extend_from_slice(&bytes),
            Ok(_) | Err(_) => {
                coded[0] = CODING_PLAIN;
                coded.extend_from_slice(plain);
            }
        }
        coded
    }
}

/// Reads coded blocks; keeps the decompressor's memory between them.
pub struct BlockReader {
    decompressor: zstd::bulk::Decompressor<'static>,
}

impl Default for BlockReader {
    fn default() -> Self {
        let decompressor = zstd::bulk::Decompressor::new().expect("zstd gets memory for its tables");
        Self { decompressor }
    }
}

impl std::fmt::Debug for BlockReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlockReader")
    }
}

impl BlockReader {
    /// The plain bytes of a coded block, when they are the ones that its row commits to.
    ///
    /// Never takes more memory than [`MAX_PLAIN`].
    ///
    /// # Errors
    /// [`CodecError`] when the bytes do not decode, or decode to others.
    pub fn open(&mut self, coded: &[u8], row: &BlockInfo) -> Result<Vec<u8>, CodecError> {
        let plain = self.decode(coded)?;
        if plain.len() != row.length as usize || Hash::of(&[&plain]).0 != row.hash {
            return Err(CodecError::Invalid("a block whose hash is not the one in the table".to_owned()));
        }
        Ok(plain)
    }

    /// The plain bytes of a coded block that this node has verified before.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes do not decode.
    pub fn decode(&mut self, coded: &[u8]) -> Result<Vec<u8>, CodecError> {
        match coded.split_first() {
            Some((&CODING_PLAIN, plain)) => Ok(plain.to_vec()),
            Some((&CODING_ZSTD, bytes)) => {
                self.decompressor.decompress(bytes, MAX_PLAIN).map_err(|_| CodecError::Malformed)
            }
            Some((other, _)) => Err(CodecError::Invalid(format!("block coding {other}"))),
            None => Err(CodecError::Short),
        }
    }
}
