//! The content of an entry while it grows: records in, coded blocks with their hashes out.
//!
//! ```text
//!  push ──▶ the open block ──cut──▶ waiting blocks ──a batch, on two threads──▶ rows · leaves · coded frames
//! ```
//!
//! Records come in sort order, so nothing is held but what is coded already (two to three bytes an
//! observation), the open block and at most `BATCH` waiting ones. Hashing and compression take most of the time;
//! a full batch is spread over `THREADS` threads that end before `push` returns. An entry with fewer blocks
//! than a batch starts a thread only when there are enough of them to be worth it, so a single observation pays nothing.

use std::cmp::Ordering;

use super::block::{self, BlockCoder, BlockInfo, CodedBlock, MAX_BLOCKS, OpenBlock};
use super::builder::{BuildError, SignedEntry};
use super::frame::{self, FrameKind};
use super::head::Place;
use super::header::{Content, EntryKind, Header};
use super::order::Order;
use super::record::MAX_RECORD;
use super::seal::{self, Sealer, Sealing};
use crate::crypto::{Hasher, MerkleBuilder, Network, NodeSigner};
use crate::model::{Millis, Record, Series};

/// How many threads code a batch: as many as the smallest machine that a node is made for has cores.
const THREADS: usize = 2;
/// How many plain blocks wait at most: 2 MB, and far more work than starting a thread.
const BATCH: usize = 32;
/// From how many blocks on a last batch is spread over threads.
const WORTH_A_THREAD: usize = 4;

/// The content of an entry while it grows; records come in sort order.
#[derive(Debug, Default)]
pub struct BodyBuilder {
    order: Order,
    open: OpenBlock,
    waiting: Vec<OpenBlock>,
    coders: Vec<BlockCoder>,
    rows: Vec<BlockInfo>,
    merkle: MerkleBuilder,
    frames: Vec<u8>,
}

/// All of an entry but its place and signature: blocks coded, their table, the root over the records.
#[derive(Clone, Debug)]
pub struct Body {
    content: Content,
    rows: Vec<BlockInfo>,
    /// The frames of the blocks, one after the other.
    frames: Vec<u8>,
}

impl BodyBuilder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next record. After an error the content is of no use.
    ///
    /// A series that is longer than a block becomes several records of the same key, the earlier periods first.
    ///
    /// # Errors
    /// [`BuildError::Duplicate`] and [`BuildError::OutOfOrder`] for a record that does not come after the one before,
    /// [`BuildError::RecordTooLong`] for one that fits into no block and cannot be split, and
    /// [`BuildError::TooLarge`] for one too many.
    pub fn push(&mut self, one: &Record) -> Result<(), BuildError> {
        if let Err(length) = self.open.push(one) {
            if length > MAX_RECORD {
                let whole = || BuildError::RecordTooLong { name: name(one), length };
                let (first, second) = halves(one).ok_or_else(whole)?;
                self.push(&first)?;
                return self.push(&second);
            }
            self.cut()?;
            return self.push(one);
        }
        match self.order.take(one) {
            Ordering::Greater => Ok(()),
            Ordering::Equal => Err(BuildError::Duplicate(name(one))),
            Ordering::Less => Err(BuildError::OutOfOrder(name(one))),
        }
    }

    /// The content, once all records are there.
    ///
    /// # Errors
    /// [`BuildError::Empty`] without records, [`BuildError::TooLarge`] for one too many.
    pub fn finish(mut self) -> Result<Body, BuildError> {
        if !self.open.is_empty() {
            self.cut()?;
        }
        self.code_waiting();
        if self.rows.is_empty() {
            return Err(BuildError::Empty);
        }
        let mut table = Hasher::default();
        for rows in self.rows.chunks(block::TABLE_ROWS_PER_FRAME) {
            table.update(&block::encode_rows(rows));
        }
        let content = Content {
            record_count: self.merkle.count(),
            record_root: self.merkle.root(),
            payload_length: self.rows.iter().map(|row| u64::from(row.length)).sum(),
            payload_hash: table.finish(),
        };
        Ok(Body { content, rows: self.rows, frames: self.frames })
    }

    fn cut(&mut self) -> Result<(), BuildError> {
        if self.rows.len() + self.waiting.len() == MAX_BLOCKS {
            return Err(BuildError::TooLarge);
        }
        self.waiting.push(std::mem::replace(&mut self.open, OpenBlock::full_size()));
        if self.waiting.len() == BATCH {
            self.code_waiting();
        }
        Ok(())
    }

    fn code_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let threads = if waiting.len() < WORTH_A_THREAD { 1 } else { THREADS };
        self.coders.resize_with(threads.max(self.coders.len()), BlockCoder::default);
        let shares = waiting.chunks(waiting.len().div_ceil(threads).max(1));
        for coded in code(shares.zip(&mut self.coders)) {
            self.take(coded);
        }
    }

    fn take(&mut self, coded: CodedBlock) {
        self.rows.push(coded.row);
        for leaf in coded.leaves {
            self.merkle.push_hash(leaf);
        }
        frame::write(FrameKind::Block, &coded.body, &mut self.frames);
    }
}

/// Codes each share of blocks on a thread of its own, the first on this one, and puts them one after the other.
fn code<'a>(mut shares: impl Iterator<Item = (&'a [OpenBlock], &'a mut BlockCoder)>) -> Vec<CodedBlock> {
    let work = |(blocks, coder): (&[OpenBlock], &mut BlockCoder)| -> Vec<CodedBlock> {
        blocks.iter().map(|block| coder.code(block)).collect()
    };
    std::thread::scope(|scope| {
        let first = shares.next();
        let others: Vec<_> = shares.map(|share| scope.spawn(move || work(share))).collect();
        let mut coded = first.map(work).unwrap_or_default();
        for other in others {
            coded.extend(other.join().expect("coding a block does not panic"));
        }
        coded
    })
}

impl Body {
    /// The content of these records, in any order.
    ///
    /// # Errors
    /// [`BuildError`] when there is nothing to say, when two records say something of the same thing, or when
    /// a record or the whole is too large.
    pub fn of(mut records: Vec<Record>) -> Result<Self, BuildError> {
        records.sort_unstable_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        let mut builder = BodyBuilder::new();
        for one in &records {
            builder.push(one)?;
        }
        builder.finish()
    }

    /// How many records it has.
    pub fn records(&self) -> u64 {
        self.content.record_count
    }

    /// Signs the header of an entry of this kind and time, with this content, at this place.
    pub fn sign(
        self,
        dated: (EntryKind, Millis),
        place: &Place,
        network: &Network,
        signer: &dyn NodeSigner,
    ) -> SignedEntry {
        self.sign_as((Sealing::Open, &[]), dated, place, (network, signer))
    }

    /// As [`Body::sign`], of an entry that travels sealed to these recipients too. What it returns is the open form, or
    /// the sealed one if it is under embargo: then it is closed to its publisher's own readers as well.
    pub fn sign_sealed(
        self,
        mut sealer: Sealer<'_>,
        dated: (EntryKind, Millis),
        place: &Place,
        (network, signer): (&Network, &dyn NodeSigner),
    ) -> SignedEntry {
        let table = self.table_frames();
        let mut open = seal::split(&table);
        open.extend(seal::split(&self.frames));
        let content = (&self.content.record_root, &self.content.payload_hash);
        let (sealed, frames) = seal::seal(&mut sealer, network, (place.feed, place.seq), content, &open);
        let closed = sealer.embargo.is_some().then(|| {
            let place = (place.feed, place.seq);
            let key = seal::content_key(sealer.secret, place, content);
            seal::close(&key, &open)
        });
        let mut entry = self.sign_as((Sealing::Sealed(sealed), &frames), dated, place, (network, signer));
        if let Some(closed) = closed {
            let head = entry.frames.len() - open_length(&entry.frames);
            entry.frames.truncate(head);
            entry.frames.extend_from_slice(&closed);
        }
        entry
    }

    fn table_frames(&self) -> Vec<u8> {
        let mut frames = Vec::new();
        for rows in self.rows.chunks(block::TABLE_ROWS_PER_FRAME) {
            frame::write(FrameKind::Table, &block::encode_rows(rows), &mut frames);
        }
        frames
    }

    fn sign_as(
        self,
        (sealing, seals): (Sealing, &[u8]),
        (kind, time): (EntryKind, Millis),
        place: &Place,
        (network, signer): (&Network, &dyn NodeSigner),
    ) -> SignedEntry {
        let header = Header {
            feed: place.feed,
            node: signer.public_key(),
            seq: place.seq,
            backlink: place.backlink,
            time,
            kind,
            content: self.content,
            sealing,
        };
        let header = header.sign(network, signer);
        let mut head = Vec::new();
        frame::write(FrameKind::Head, &header.to_bytes(), &mut head);
        head.extend_from_slice(seals);
        head.extend_from_slice(&self.table_frames());
        // The blocks move over in their own memory: a large entry is never there twice.
        let mut frames = self.frames;
        frames.splice(..0, head);
        SignedEntry { header, frames }
    }
}

/// How many bytes the Table and Block frames take at the end of an entry.
fn open_length(frames: &[u8]) -> usize {
    let is_content = |bytes: &&[u8]| {
        let kind = frame::Frame::read(bytes).ok().flatten().map(|frame| frame.kind);
        matches!(kind, Some(FrameKind::Table | FrameKind::Block))
    };
    seal::split(frames).into_iter().filter(is_content).map(<[u8]>::len).sum()
}

/// A long series as two records of the same key, the earlier periods first.
fn halves(record: &Record) -> Option<(Record, Record)> {
    let Record::Series(series) = record else { return None };
    let (key, attributes, mut observations) = series.clone().into_parts();
    let later = observations.split_off(observations.len() / 2);
    if observations.is_empty() {
        return None;
    }
    let part = |list| Series::new(key.clone(), attributes.clone(), list).ok().map(Record::Series);
    Some((part(observations)?, part(later)?))
}

/// What a record is about, for messages.
fn name(record: &Record) -> String {
    match record {
        Record::Series(series) => series.key().to_string(),
        Record::Retraction(retraction) => retraction.key().to_string(),
        Record::Document(document) => format!("document {}", document.id()),
        Record::Receipt(receipt) => format!("the receipt of entry {}", receipt.seq),
    }
}

#[cfg(test)]
mod tests;
