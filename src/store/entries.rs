//! Reads entries back into records, block by block, and keeps what is costly to make between them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::StoreError;
use crate::crypto::Network;
use crate::feed::block::{self, BlockInfo, BlockReader};
use crate::feed::{FeedId, Frame, FrameKind, Seq, SignedHeader, frame};
use crate::model::Record;

/// Where an entry lies.
#[derive(Clone, Debug)]
pub(super) struct Lies {
    pub(super) path: PathBuf,
    /// Where its first frame begins.
    pub(super) offset: u64,
    /// Where its last frame ends.
    pub(super) end: u64,
    /// Where the last whole entry of the file ends: up to here bytes stay as they are.
    pub(super) known: u64,
}

/// Reads one entry after the other; may stop between any two blocks.
#[derive(Default)]
pub(super) struct EntryReader {
    file: Option<(PathBuf, File)>,
    /// Bytes of the file from `start` on.
    bytes: Vec<u8>,
    start: u64,
    blocks: BlockReader,
    entry: Option<Reading>,
}

struct Reading {
    feed: FeedId,
    seq: Seq,
    rows: Vec<BlockInfo>,
    next: usize,
    offset: u64,
    end: u64,
    known: u64,
}

/// How much is read of a file at once, in bytes.
const CHUNK: u64 = 256 << 10;

impl EntryReader {
    /// Goes to the first block of an entry and returns its header.
    pub(super) fn begin(
        &mut self,
        (feed, seq): (FeedId, Seq),
        lies: &Lies,
        network: &Network,
    ) -> Result<SignedHeader, StoreError> {
        if self.file.as_ref().is_none_or(|(path, _)| *path != lies.path) {
            let file = File::open(&lies.path).map_err(StoreError::io("opening", &lies.path))?;
            self.file = Some((lies.path.clone(), file));
            self.bytes.clear();
        }
        let mut entry = Reading {
            feed,
            seq,
            rows: Vec::new(),
            next: 0,
            offset: lies.offset,
            end: lies.end,
            known: lies.known,
        };
        let head = self.frame(&entry)?;
        let header = match head.kind {
            FrameKind::Head => {
                SignedHeader::from_own_store(network, head.body).map_err(|error| error.to_string())
            }
            FrameKind::Table | FrameKind::Block | FrameKind::Erased => Err("no entry begins here".to_owned()),
        };
        let length = head.bytes.len() as u64;
        let header = header.map_err(|what| self.damaged(&entry, what))?;
        entry.offset += length;
        while entry.offset < entry.end {
            let table = self.frame(&entry)?;
            if table.kind != FrameKind::Table {
                break;
            }
            let length = table.bytes.len() as u64;
            let rows = block::decode_rows(table.body);
            entry.rows.extend(rows.map_err(|error| self.damaged(&entry, error.to_string()))?);
            entry.offset += length;
        }
        self.entry = Some(entry);
        Ok(header)
    }

    /// The records of the next block, which is checked against the entry's table; nothing at the end, and nothing of an
    /// entry that was erased.
    pub(super) fn next_block(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        let Some(mut entry) = self.entry.take() else { return Ok(None) };
        if entry.offset >= entry.end {
            return Ok(None);
        }
        if self.frame(&entry)?.kind == FrameKind::Erased {
            return Ok(None);
        }
        let at = usize::try_from(entry.offset - self.start).unwrap_or(usize::MAX);
        let read = read_block(&self.bytes[at..], entry.rows.get(entry.next), &mut self.blocks);
        let (records, length) = read.map_err(|what| self.damaged(&entry, what))?;
        entry.offset += length as u64;
        entry.next += 1;
        self.entry = Some(entry);
        Ok(Some(records))
    }

    /// How many bytes of the entry are still to be read.
    pub(super) fn remaining(&self) -> u64 {
        self.entry.as_ref().map_or(0, |entry| entry.end - entry.offset)
    }

    fn frame(&mut self, entry: &Reading) -> Result<Frame<'_>, StoreError> {
        self.fill(entry)?;
        let at = usize::try_from(entry.offset - self.start).unwrap_or(usize::MAX);
        let fault = match Frame::read(&self.bytes[at..]) {
            // Looked at twice, as the borrow of the first look would not let the fault be built.
            Ok(Some(_)) => None,
            Ok(None) => Some("a frame that ends too early".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(what) = fault {
            return Err(self.damaged(entry, what));
        }
        match Frame::read(&self.bytes[at..]) {
            Ok(Some(frame)) => Ok(frame),
            Ok(None) | Err(_) => Err(StoreError::NoEntry { feed: entry.feed, seq: entry.seq }),
        }
    }

    /// Makes sure that the next frame is in memory as far as it is in the file.
    fn fill(&mut self, entry: &Reading) -> Result<(), StoreError> {
        let have = self.start + self.bytes.len() as u64;
        let longest = (frame::HEADER_LEN + frame::MAX_BODY) as u64;
        let needed = entry.end.min(entry.offset + longest);
        if self.start <= entry.offset && needed <= have {
            return Ok(());
        }
        let Some((path, file)) = &self.file else { return Ok(()) };
        let length = entry.known.max(entry.end).saturating_sub(entry.offset).min(CHUNK);
        self.bytes.resize(usize::try_from(length).unwrap_or(0), 0);
        self.start = entry.offset;
        file.read_exact_at(&mut self.bytes, entry.offset).map_err(StoreError::io("reading", path))
    }

    fn damaged(&self, entry: &Reading, what: String) -> StoreError {
        let path = self.file.as_ref().map(|(path, _)| path.clone()).unwrap_or_default();
        StoreError::Damaged { feed: entry.feed, seq: entry.seq, path, offset: entry.offset, what }
    }
}

/// The records of the block at the front of these bytes, and how many bytes its frame is long.
fn read_block(
    bytes: &[u8],
    row: Option<&BlockInfo>,
    blocks: &mut BlockReader,
) -> Result<(Vec<Record>, usize), String> {
    let frame = Frame::read(bytes).map_err(|error| error.to_string())?;
    let frame = frame.ok_or("a frame that ends too early")?;
    let row = row.filter(|_| frame.kind == FrameKind::Block).ok_or("a frame that the table does not list")?;
    let (_, records) = blocks.open_records(frame.body, row).map_err(|error| error.to_string())?;
    Ok((records, frame.bytes.len()))
}
