//! An entry's records one by one, as they are wanted.

use super::StoreError;
use super::feed_file::EntryFrames;
use crate::feed::block::{self, BlockInfo, BlockReader};
use crate::feed::{Frame, FrameKind, record};
use crate::model::Record;

/// Reads the records of an entry in their order and holds one block at a time. Each block is checked against the
/// entry's table. After an error there is nothing more.
#[derive(Debug)]
pub struct Records {
    frames: EntryFrames,
    reader: BlockReader,
    rows: Vec<BlockInfo>,
    /// How many blocks were opened.
    opened: usize,
    /// The block in hand, where it lies, and how far it is read.
    plain: Vec<u8>,
    offset: u64,
    at: usize,
}

impl Records {
    pub(super) fn new(frames: EntryFrames) -> Self {
        let reader = BlockReader::default();
        Self { frames, reader, rows: Vec::new(), opened: 0, plain: Vec::new(), offset: 0, at: 0 }
    }

    /// The next record and its canonical bytes.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or is damaged.
    pub fn read(&mut self) -> Result<Option<(Record, &[u8])>, StoreError> {
        while self.at == self.plain.len() {
            let Some((offset, bytes)) = self.frames.next()? else { return Ok(None) };
            let frame = Frame::read(&bytes).map_err(|error| error.to_string());
            let frame = frame.and_then(|frame| frame.ok_or_else(|| "a frame that ends too early".to_owned()));
            let taken = frame.and_then(|frame| self.take(&frame));
            taken.map_err(|what| self.frames.damaged(offset, what))?;
            self.offset = offset;
        }
        let decoded = record::decode_prefix(&self.plain[self.at..]);
        let (one, used) = decoded.map_err(|error| self.frames.damaged(self.offset, error.to_string()))?;
        let start = self.at;
        self.at += used;
        Ok(Some((one, &self.plain[start..self.at])))
    }

    fn take(&mut self, frame: &Frame<'_>) -> Result<(), String> {
        match frame.kind {
            FrameKind::Head => {}
            FrameKind::Table => {
                self.rows.extend(block::decode_rows(frame.body).map_err(|error| error.to_string())?);
            }
            FrameKind::Block => {
                let row = self.rows.get(self.opened).ok_or("a block that the table does not list")?;
                self.plain = self.reader.open(frame.body, row).map_err(|error| error.to_string())?;
                (self.at, self.opened) = (0, self.opened + 1);
            }
        }
        Ok(())
    }
}

impl Iterator for Records {
    type Item = Result<Record, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read().map(|next| next.map(|(record, _)| record));
        if next.is_err() {
            // Nothing follows an error.
            self.frames.end();
            (self.at, self.plain) = (0, Vec::new());
        }
        next.transpose()
    }
}
