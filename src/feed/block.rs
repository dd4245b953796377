//! Blocks: runs of records, compressed, each verifiable alone; and the table that lists them.
//!
//! A coding byte stands before a coded block: 0 plain bytes, 1 plain bytes under zstd, 2 columns under zstd
//! ([`super::columns`]); blocks of series have columns, others are coded 1, or 0 where that is shorter.
//!
//! A block's plain bytes are the canonical bytes of its records one after the other. Its place in the table is
//! its record count, plain length and the SHA-256 of the plain bytes, so what is signed does not depend on how
//! a block is coded for disk and wire. One block is the unit of transfer and of resumption.

use std::borrow::Cow;

use super::codec::{self, CodecError, Decode, Encode};
use super::columns::{self, ColumnWriter};
use super::frame::{Frame, FrameKind};
use super::order::SortKey;
use super::record;
use crate::crypto::{Hash, leaf_hash};
use crate::model::{Attributes, Decimal, PeriodText, Record, SeriesKey};

/// The most plain bytes in one block. With a frame's and a message's overhead it stays below 64 KiB.
pub const MAX_PLAIN: usize = 60 << 10;
/// The most blocks of one entry: about 1 GB of plain records.
pub const MAX_BLOCKS: usize = 1 << 14;
/// How many rows of the table one frame holds.
pub const TABLE_ROWS_PER_FRAME: usize = 1024;

/// zstd's default: higher levels gain a few per cent on such records and cost twice the time.
const LEVEL: i32 = 3;
/// The fastest: columns are small already, and level 3 gains less than 1 % on them.
const COLUMN_LEVEL: i32 = 1;
/// From so many plain bytes on a block is compressed. Of one observation or one act zstd would save some hundred
/// bytes, and its memory takes longer to set up than everything else that is done with it.
const WORTH_ZSTD: usize = 1 << 10;
/// From how many records on columns save more than what they say about themselves.
const WORTH_COLUMNS: usize = 8;
const CODING_PLAIN: u8 = 0;
const CODING_ZSTD: u8 = 1;
const CODING_COLUMNS: u8 = 2;

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

/// The records of an open entry whose frames these are and were verified.
///
/// # Errors
/// [`CodecError`] when they are not the frames of one, or its content is sealed.
pub fn records_of(mut frames: &[u8]) -> Result<Vec<Record>, CodecError> {
    let (mut rows, mut at, mut records) = (Vec::new(), 0, Vec::new());
    let mut reader = BlockReader::default();
    while !frames.is_empty() {
        let frame = Frame::read(frames)?.ok_or(CodecError::Short)?;
        frames = &frames[frame.bytes.len()..];
        match frame.kind {
            FrameKind::Head | FrameKind::Seal => {}
            FrameKind::Table => rows.extend(decode_rows(frame.body)?),
            FrameKind::Block => {
                let row = rows.get(at).ok_or(CodecError::Malformed)?;
                records.extend(reader.open_records(frame.body, row)?.1);
                at += 1;
            }
            FrameKind::Erased | FrameKind::Sealed => return Err(CodecError::Malformed),
        }
    }
    Ok(records)
}

/// Records of one block as canonical bytes, and where each ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlainBlock {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl PlainBlock {
    /// The canonical bytes of all records.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The canonical bytes of each record.
    pub fn records(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.ends.iter().enumerate().map(|(at, end)| {
            let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.bytes[start..*end]
        })
    }

    /// The row of the table for it.
    pub fn info(&self) -> BlockInfo {
        BlockInfo::of(&self.bytes, u32::try_from(self.ends.len()).expect("a record has at least a byte"))
    }

    /// The hashes of its records as leaves of their entry's tree.
    pub fn leaves(&self) -> Vec<Hash> {
        self.records().map(leaf_hash).collect()
    }

    /// Bytes so far, with those of a record that has not ended.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Begins a series whose observations follow.
    pub(super) fn begin_series(&mut self, key: &SeriesKey, said: &Attributes, observations: usize) {
        record::begin_series(key, said, observations, &mut self.bytes);
    }

    /// Appends an observation whose flags and attributes are canonical bytes already.
    pub(super) fn put_observation(
        &mut self,
        period: &PeriodText,
        value: Option<Decimal>,
        tail: &[u8],
    ) -> Result<(), CodecError> {
        record::series::put_with_tail(period, value, tail, &mut self.bytes);
        if self.bytes.len() > MAX_PLAIN { Err(CodecError::TooLarge) } else { Ok(()) }
    }

    /// Ends the record.
    pub(super) fn end_record(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

/// A block that takes records until it is full.
#[derive(Clone, Debug, Default)]
pub struct OpenBlock {
    plain: PlainBlock,
    columns: ColumnWriter,
}

impl OpenBlock {
    /// An empty block with memory for as much as one holds.
    pub fn full_size() -> Self {
        let plain = PlainBlock { bytes: Vec::with_capacity(MAX_PLAIN), ends: Vec::new() };
        Self { plain, columns: ColumnWriter::default() }
    }

    /// Appends a record.
    ///
    /// # Errors
    /// The record's length in bytes, when it does not fit; nothing has changed then.
    pub fn push(&mut self, one: &Record) -> Result<(), usize> {
        let start = self.plain.bytes.len();
        record::encode_into(one, &mut self.plain.bytes);
        let end = self.plain.bytes.len();
        if end > MAX_PLAIN {
            self.plain.bytes.truncate(start);
            return Err(end - start);
        }
        self.plain.end_record();
        self.columns.push(one);
        Ok(())
    }

    /// Whether no record is in it.
    pub fn is_empty(&self) -> bool {
        self.plain.ends.is_empty()
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

/// Codes blocks; keeps the compressor's memory between them. A short block needs none.
#[derive(Default)]
pub struct BlockCoder {
    compressor: Option<zstd::bulk::Compressor<'static>>,
}

impl std::fmt::Debug for BlockCoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlockCoder")
    }
}

impl BlockCoder {
    /// Hashes and codes a block.
    pub fn code(&mut self, block: &OpenBlock) -> CodedBlock {
        let plain = &block.plain;
        let body = self.columns(block).unwrap_or_else(|| self.compress(&plain.bytes));
        CodedBlock { row: plain.info(), leaves: plain.leaves(), body }
    }

    /// The block as columns, when it has some and they lead back to the same plain bytes: what is signed now must
    /// be there in decades, whatever mistake this code may have.
    fn columns(&mut self, block: &OpenBlock) -> Option<Vec<u8>> {
        if block.plain.ends.len() < WORTH_COLUMNS {
            return None;
        }
        let columns = block.columns.finish().filter(|columns| columns.len() <= MAX_PLAIN)?;
        let (back, _) = columns::read(&columns).ok()?;
        let coded = self.zstd(COLUMN_LEVEL, &columns)?;
        (back == block.plain).then(|| [&[CODING_COLUMNS], coded.as_slice()].concat())
    }

    fn compress(&mut self, plain: &[u8]) -> Vec<u8> {
        let shorter = if plain.len() < WORTH_ZSTD { None } else { self.zstd(LEVEL, plain) };
        match shorter.filter(|bytes| bytes.len() < plain.len()) {
            Some(bytes) => [&[CODING_ZSTD], bytes.as_slice()].concat(),
            None => [&[CODING_PLAIN], plain].concat(),
        }
    }

    fn zstd(&mut self, level: i32, bytes: &[u8]) -> Option<Vec<u8>> {
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => none.insert(zstd::bulk::Compressor::new(level).ok()?),
        };
        compressor.set_compression_level(level).ok()?;
        compressor.compress(bytes).ok()
    }
}

/// Reads coded blocks; keeps the decompressor's memory between them. A plain block needs none.
#[derive(Default)]
pub struct BlockReader {
    decompressor: Option<zstd::bulk::Decompressor<'static>>,
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
            return Err(other_than_listed());
        }
        Ok(plain)
    }

    /// The records of a coded block with their plain bytes, when they are the ones that its row commits to.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes do not decode, or decode to others.
    pub fn open_records(
        &mut self,
        coded: &[u8],
        row: &BlockInfo,
    ) -> Result<(PlainBlock, Vec<Record>), CodecError> {
        let (plain, records) = self.read(coded)?;
        if plain.bytes.len() != row.length as usize || plain.info() != *row {
            return Err(other_than_listed());
        }
        Ok((plain, records))
    }

    /// The plain bytes of a coded block that this node has verified before.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes do not decode.
    pub fn decode(&mut self, coded: &[u8]) -> Result<Vec<u8>, CodecError> {
        Ok(match self.uncompress(coded)? {
            Uncompressed::Plain(plain) => plain.into_owned(),
            Uncompressed::Columns(columns) => columns::read(&columns)?.0.bytes,
        })
    }

    /// The records of a coded block with their plain bytes. Reads columns straight to records, so it is faster than to
    /// [`BlockReader::decode`] and to read the records after that.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes do not decode to records in canonical form.
    pub fn read(&mut self, coded: &[u8]) -> Result<(PlainBlock, Vec<Record>), CodecError> {
        let bytes = match self.uncompress(coded)? {
            Uncompressed::Plain(plain) => plain.into_owned(),
            Uncompressed::Columns(columns) => return columns::read(&columns),
        };
        let (mut ends, mut records, mut at) = (Vec::new(), Vec::new(), 0);
        let mut decoder = record::Decoder::default();
        while at < bytes.len() {
            let (one, used) = decoder.decode_prefix(&bytes[at..])?;
            at += used;
            ends.push(at);
            records.push(one);
        }
        Ok((PlainBlock { bytes, ends }, records))
    }

    fn uncompress<'a>(&mut self, coded: &'a [u8]) -> Result<Uncompressed<'a>, CodecError> {
        let (coding, bytes) = coded.split_first().ok_or(CodecError::Short)?;
        let mut inflate = || {
            let decompressor = match &mut self.decompressor {
                Some(decompressor) => decompressor,
                none => none.insert(zstd::bulk::Decompressor::new().map_err(|_| CodecError::Malformed)?),
            };
            decompressor.decompress(bytes, MAX_PLAIN).map_err(|_| CodecError::Malformed)
        };
        match *coding {
            CODING_PLAIN if bytes.len() > MAX_PLAIN => Err(CodecError::TooLarge),
            CODING_PLAIN => Ok(Uncompressed::Plain(Cow::Borrowed(bytes))),
            CODING_ZSTD => Ok(Uncompressed::Plain(Cow::Owned(inflate()?))),
            CODING_COLUMNS => Ok(Uncompressed::Columns(inflate()?)),
            other => Err(CodecError::Invalid(format!("block coding {other}"))),
        }
    }
}

/// The fault of a block that is another than the table says.
pub(super) fn other_than_listed() -> CodecError {
    CodecError::Invalid("a block whose hash is not the one in the table".to_owned())
}

/// What lies under a block's compression.
enum Uncompressed<'a> {
    Plain(Cow<'a, [u8]>),
    Columns(Vec<u8>),
}

/// What there is to know of a block without its entry: all that takes long, and that threads can do side by side.
///
/// Its records are in canonical form; that they are the right ones only the entry's table can say, see
/// [`super::Assembler::accept_opened`].
#[derive(Clone, Debug)]
pub struct Opened {
    /// Of the frame's body, so that no other frame can be taken for the one that was opened.
    pub(super) body: Hash,
    pub(super) row: BlockInfo,
    pub(super) leaves: Vec<Hash>,
    pub(super) is_in_order: bool,
    pub(super) first: SortKey,
    pub(super) last: SortKey,
}

impl Opened {
    /// Opens the body of a block's frame.
    ///
    /// # Errors
    /// [`CodecError`] when it holds no records in canonical form.
    pub fn of(body: &[u8], reader: &mut BlockReader) -> Result<Self, CodecError> {
        let (plain, records) = reader.read(body)?;
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Err(CodecError::Invalid("a block without records".to_owned()));
        };
        Ok(Self {
            body: Hash::of(&[body]),
            row: plain.info(),
            leaves: plain.leaves(),
            is_in_order: records.array_windows().all(|[a, b]| a.sort_key() < b.sort_key()),
            first: SortKey::from(first),
            last: SortKey::from(last),
        })
    }
}

#[cfg(test)]
mod tests;
