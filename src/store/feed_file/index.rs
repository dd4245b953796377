//! The sidecar of a segment: where its entries lie, so that opening need not read them.
//!
//! It is a hint. What it leaves out is found by reading the segment, so it is written behind the feed, a few rows at
//! a time, and never synced.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::Span;
use crate::store::StoreError;
use crate::store::layout::{INDEX_ROW, SEGMENT_MAGIC};

/// Rows that are gathered before they are written, so that a single release does not pay for them.
const MAX_WAITING: usize = 64;
/// Bytes of entries that are gathered before: what opening after a crash reads again.
const MAX_WAITING_BYTES: u64 = 4 << 20;

/// Rows that wait to be written.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    spans: Vec<Span>,
    bytes: u64,
}

impl Waiting {
    /// Takes the span of an entry that is whole.
    pub(super) fn push(&mut self, span: Span) {
        self.spans.push(span);
        self.bytes += span.length;
    }

    /// Whether it is time to write them.
    pub(super) fn are_many(&self) -> bool {
        self.spans.len() >= MAX_WAITING || self.bytes >= MAX_WAITING_BYTES
    }

    /// Writes them behind those that are there.
    pub(super) fn write(&mut self, segment: &Path) -> Result<(), StoreError> {
        self.bytes = 0;
        append(segment, &std::mem::take(&mut self.spans))
    }
}

pub(super) fn path_of(segment: &Path) -> PathBuf {
    segment.with_extension("index")
}

/// The rows that check, from the front. They are a hint: what they leave out is found by reading the segment.
pub(super) fn read(segment: &Path, length: u64) -> Vec<Span> {
    let mut bytes = Vec::new();
    if File::open(path_of(segment)).and_then(|mut file| file.read_to_end(&mut bytes)).is_err() {
        return Vec::new();
    }
    let mut spans: Vec<Span> = Vec::with_capacity(bytes.len() / INDEX_ROW);
    let mut end = SEGMENT_MAGIC.len() as u64;
    for row in bytes.chunks_exact(INDEX_ROW) {
        let number = |at: usize| row[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
        let span = Span { offset: number(0), length: number(8) };
        let sum = row[16..20].try_into().map_or(0, u32::from_le_bytes);
        let fits = span.offset == end && span.length > 0 && end.saturating_add(span.length) <= length;
        if !fits || crc32fast::hash(&row[..16]) != sum {
            break;
        }
        end += span.length;
        spans.push(span);
    }
    // Rows after a bad one would be found by nobody: begin the file anew.
    if spans.len() * INDEX_ROW != bytes.len() {
        let keep = (spans.len() * INDEX_ROW) as u64;
        let _shorter =
            OpenOptions::new().write(true).open(path_of(segment)).and_then(|file| file.set_len(keep));
    }
    spans
}

pub(super) fn append(segment: &Path, spans: &[Span]) -> Result<(), StoreError> {
    if spans.is_empty() {
        return Ok(());
    }
    let mut bytes = Vec::with_capacity(spans.len() * INDEX_ROW);
    for span in spans {
        let start = bytes.len();
        bytes.extend_from_slice(&span.offset.to_le_bytes());
        bytes.extend_from_slice(&span.length.to_le_bytes());
        let sum = crc32fast::hash(&bytes[start..]);
        bytes.extend_from_slice(&sum.to_le_bytes());
    }
    let path = path_of(segment);
    let mut file =
        OpenOptions::new().create(true).append(true).open(&path).map_err(StoreError::io("opening", &path))?;
    file.write_all(&bytes).map_err(StoreError::io("writing", &path))
}
