//! Rows of a table, many at a time, so that one thread can read on while another looks at what was read.

use crate::intake::finding::Severity;

/// Rows that are taken in one batch: enough that handing a batch over costs nothing, few enough for the cache.
pub(super) const BATCH_ROWS: usize = 4096;

/// Bytes and fields of a full batch; its last row may go beyond by [`crate::intake::MAX_ROW_BYTES`].
const MAX_BATCH: usize = 1024 * 1024;

/// Rows in flat buffers, which are used again for the next batch.
#[derive(Debug)]
pub(super) struct Batch {
    most: usize,
    bytes: Vec<u8>,
    /// Where each field ends, counted from the first byte of its row.
    ends: Vec<u32>,
    rows: Vec<Place>,
    /// What was found while it was read.
    pub(super) notes: Vec<Note>,
    /// Set by the last batch of a file: its end, or line and reason of a row that cannot be read.
    pub(super) end: Option<Result<(), (u64, String)>>,
}

/// Something that the reader of a file found.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) severity: Severity,
    pub(super) line: u64,
    pub(super) column: Option<String>,
    pub(super) message: String,
}

/// Where a row lies in the buffers.
#[derive(Debug, Clone, Copy)]
struct Place {
    line: u64,
    byte: usize,
    field: usize,
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    bytes: &'a [u8],
    ends: &'a [u32],
    /// The line it begins on.
    pub(super) line: u64,
}

impl Batch {
    /// Room for so many rows.
    pub(super) const fn new(most: usize) -> Self {
        Self { most, bytes: Vec::new(), ends: Vec::new(), rows: Vec::new(), notes: Vec::new(), end: None }
    }

    /// Makes room for the next rows.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.rows.clear();
        self.notes.clear();
        self.end = None;
    }

    pub(super) const fn is_full(&self) -> bool {
        self.rows.len() >= self.most || self.bytes.len() + self.ends.len() >= MAX_BATCH
    }

    /// Takes a row; one in which nothing is written is not one.
    pub(super) fn push(&mut self, row: &csv::ByteRecord, line: u64) {
        if row.as_slice().is_empty() {
            return;
        }
        self.rows.push(Place { line, byte: self.bytes.len(), field: self.ends.len() });
        self.bytes.extend_from_slice(row.as_slice());
        self.ends.reserve(row.len());
        let mut end = 0;
        for field in row {
            // A row is far shorter than what 32 bits count.
            end += field.len() as u32;
            self.ends.push(end);
        }
    }

    /// Takes a row of these fields.
    pub(super) fn push_fields<'f>(&mut self, fields: impl Iterator<Item = &'f str>, line: u64) {
        let start = self.bytes.len();
        self.rows.push(Place { line, byte: start, field: self.ends.len() });
        for field in fields {
            self.bytes.extend_from_slice(field.as_bytes());
            // A row is far shorter than what 32 bits count.
            self.ends.push((self.bytes.len() - start) as u32);
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().enumerate().map(|(at, place)| {
            let next = self.rows.get(at + 1);
            let (byte, field) = next.map_or((self.bytes.len(), self.ends.len()), |n| (n.byte, n.field));
            Row {
                bytes: &self.bytes[place.byte..byte],
                ends: &self.ends[place.field..field],
                line: place.line,
            }
        })
    }
}

impl<'a> Row<'a> {
    /// A field; empty where the row is too short.
    pub(super) fn get(self, at: usize) -> &'a [u8] {
        let Some(end) = self.ends.get(at) else { return &[] };
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start as usize..*end as usize]
    }

    /// How many fields it has.
    pub(super) const fn len(self) -> usize {
        self.ends.len()
    }
}
