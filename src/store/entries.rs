//! Reads entries back into records, block by block, and keeps what is costly to make between them.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use super::StoreError;
use crate::crypto::{ContentKey, Network};
use crate::feed::block::{self, BlockInfo, BlockReader};
use crate::feed::{FeedId, Frame, FrameKind, Sealing, Seq, SignedHeader, frame, seal};
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
    /// The key of an entry that came sealed.
    pub(super) key: Option<ContentKey>,
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
    sealed: Option<InSealed>,
}

/// Where the reading of an entry that travels sealed too stands.
struct InSealed {
    /// The key, if it came sealed and was opened.
    key: Option<ContentKey>,
    /// The next frame of the content, and how many there are.
    at: u32,
    of: u32,
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
            sealed: None,
        };
        let head = self.frame(&entry)?;
        let header = match head.kind {
            FrameKind::Head => {
                SignedHeader::from_own_store(network, head.body).map_err(|error| error.to_string())
            }
            FrameKind::Table | FrameKind::Block | FrameKind::Erased | FrameKind::Seal | FrameKind::Sealed => {
                Err("no entry begins here".to_owned())
            }
        };
        let length = head.bytes.len() as u64;
        let header = header.map_err(|what| self.damaged(&entry, what))?;
        entry.offset += length;
        if let Sealing::Sealed(sealed) = header.header().sealing {
            entry.sealed = Some(InSealed { key: lies.key.clone(), at: 0, of: sealed.frames });
        }
        while entry.offset < entry.end {
            let frame = self.frame(&entry)?;
            let length = frame.bytes.len() as u64;
            if frame.kind != FrameKind::Seal {
                let Some(rows) = table_rows(&frame, &mut entry.sealed) else { break };
                entry.rows.extend(rows.map_err(|what| self.damaged(&entry, what))?);
            }
            entry.offset += length;
        }
        self.entry = Some(entry);
        Ok(header)
    }

    /// The records of the next block, which is checked against the entry's table; nothing at the end, and nothing of an
    /// entry that was erased or is sealed to others.
    pub(super) fn next_block(&mut self) -> Result<Option<Vec<Record>>, StoreError> {
        let Some(mut entry) = self.entry.take() else { return Ok(None) };
        if entry.offset >= entry.end {
            return Ok(None);
        }
        let kind = self.frame(&entry)?.kind;
        let is_closed =
            kind == FrameKind::Sealed && entry.sealed.as_ref().is_none_or(|one| one.key.is_none());
        if kind == FrameKind::Erased || is_closed {
            return Ok(None);
        }
        let at = usize::try_from(entry.offset - self.start).unwrap_or(usize::MAX);
        let (row, sealed) = (entry.rows.get(entry.next), entry.sealed.as_mut());
        let read = read_block(&self.bytes[at..], row, sealed, &mut self.blocks);
        let (records, length) = read.map_err(|what| self.damaged(&entry, what))?;
        entry.offset += length as u64;
        entry.next += 1;
        self.entry = Some(entry);
        Ok(Some(records))
    }

    /// Whether what comes next is sealed.
    pub(super) fn stands_before_sealed(&mut self) -> Result<bool, StoreError> {
        let Some(entry) = self.entry.take_if(|entry| entry.offset < entry.end) else { return Ok(false) };
        Ok(self.frame(&entry)?.kind == FrameKind::Sealed)
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

/// The rows of a frame of the table, open or opened; nothing when the table is at its end or cannot be read.
fn table_rows(frame: &Frame<'_>, sealed: &mut Option<InSealed>) -> Option<Result<Vec<BlockInfo>, String>> {
    let rows = match (frame.kind, sealed.as_mut()) {
        (FrameKind::Table, _) => block::decode_rows(frame.body).map_err(|error| error.to_string()),
        (FrameKind::Sealed, Some(InSealed { key: Some(key), at, of })) => {
            match seal::open_frame(key, (*at, *of), frame) {
                Ok(open) => match Frame::read(&open) {
                    Ok(Some(open)) if open.kind == FrameKind::Table => {
                        block::decode_rows(open.body).map_err(|error| error.to_string())
                    }
                    Ok(Some(_)) => return None,
                    Ok(None) | Err(_) => Err("a sealed frame with nothing in it".to_owned()),
                },
                Err(error) => Err(error.to_string()),
            }
        }
        (_, _) => return None,
    };
    if let Some(sealed) = sealed {
        sealed.at += 1;
    }
    Some(rows)
}

/// The records of the block at the front of these bytes, and how many bytes its frame is long.
fn read_block(
    bytes: &[u8],
    row: Option<&BlockInfo>,
    sealed: Option<&mut InSealed>,
    blocks: &mut BlockReader,
) -> Result<(Vec<Record>, usize), String> {
    let frame = Frame::read(bytes).map_err(|error| error.to_string())?;
    let frame = frame.ok_or("a frame that ends too early")?;
    if let Some(sealed) = sealed {
        let place = (sealed.at, sealed.of);
        sealed.at += 1;
        if let (FrameKind::Sealed, Some(key)) = (frame.kind, &sealed.key) {
            let open = seal::open_frame(key, place, &frame).map_err(|error| error.to_string())?;
            let (records, _) = read_block(&open, row, None, blocks)?;
            return Ok((records, frame.bytes.len()));
        }
    }
    let row = row.filter(|_| frame.kind == FrameKind::Block).ok_or("a frame that the table does not list")?;
    let (_, records) = blocks.open_records(frame.body, row).map_err(|error| error.to_string())?;
    Ok((records, frame.bytes.len()))
}
