//! Makes entries: records in, a signed header and frames out.

use super::block::{self, BlockCoder, BlockInfo, MAX_BLOCKS, MAX_PLAIN};
use super::frame::{self, FrameKind};
use super::head::Place;
use super::header::{Content, EntryKind, Header, SignedHeader};
use super::record::{self, MAX_RECORD};
use crate::crypto::{Hash, Hasher, MerkleBuilder, Network, NodeSigner};
use crate::model::{Millis, Record, Series};

/// An entry that this node has made, ready to be appended.
#[derive(Clone, Debug)]
pub struct SignedEntry {
    header: SignedHeader,
    frames: Vec<u8>,
}

impl SignedEntry {
    /// The signed header.
    pub fn header(&self) -> &SignedHeader {
        &self.header
    }

    /// All frames of the entry as they stand on disk and travel.
    pub fn frames(&self) -> &[u8] {
        &self.frames
    }
}

/// Gathers the records of one entry.
pub struct EntryBuilder {
    kind: EntryKind,
    records: Vec<Record>,
}

impl EntryBuilder {
    /// An entry of this kind.
    pub fn new(kind: EntryKind, records: Vec<Record>) -> Self {
        Self { kind, records }
    }

    /// Sorts the records, cuts them into blocks and signs the header.
    ///
    /// # Errors
    /// [`BuildError`] when there is nothing to say, when two records say something of the same thing, or when
    /// a record or the whole is too large.
    pub fn sign(
        mut self,
        place: &Place,
        time: Millis,
        network: &Network,
        signer: &dyn NodeSigner,
    ) -> Result<SignedEntry, BuildError> {
        self.records.sort_unstable_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        let body = Body::of(&self.records)?;
        let header = Header {
            feed: place.feed,
            node: signer.public_key(),
            seq: place.seq,
            backlink: place.backlink,
            time,
            kind: self.kind,
            content: body.content(),
        };
        let header = header.sign(network, signer);
        Ok(SignedEntry { frames: body.into_frames(&header), header })
    }
}

/// The blocks of an entry while they are being cut.
#[derive(Default)]
struct Body {
    coder: BlockCoder,
    merkle: MerkleBuilder,
    rows: Vec<BlockInfo>,
    coded: Vec<Vec<u8>>,
    plain: Vec<u8>,
    in_block: u32,
}

impl Body {
    fn of(records: &[Record]) -> Result<Self, BuildError> {
        if records.is_empty() {
            return Err(BuildError::Empty);
        }
        if let Some(pair) = records.windows(2).find(|pair| pair[0].sort_key() == pair[1].sort_key()) {
            return Err(BuildError::Duplicate(name(&pair[0])));
        }
        let mut body = Self::default();
        for one in records {
            body.push(one)?;
        }
        body.cut();
        if body.rows.len() > MAX_BLOCKS {
            return Err(BuildError::TooLarge { blocks: body.rows.len() });
        }
        Ok(body)
    }

    fn push(&mut self, one: &Record) -> Result<(), BuildError> {
        let start = self.plain.len();
        record::encode_into(one, &mut self.plain);
        let length = self.plain.len() - start;
        if length > MAX_RECORD {
            self.plain.truncate(start);
            return match halves(one) {
                Some((first, second)) => self.push(&first).and_then(|()| self.push(&second)),
                None => Err(BuildError::RecordTooLong { name: name(one), length }),
            };
        }
        self.merkle.push(&self.plain[start..]);
        if self.plain.len() > MAX_PLAIN {
            let next = self.plain.split_off(start);
            self.cut();
            self.plain = next;
        }
        self.in_block += 1;
        Ok(())
    }

    fn cut(&mut self) {
        if !self.plain.is_empty() {
            self.rows.push(BlockInfo::of(&self.plain, self.in_block));
            self.coded.push(self.coder.code(&self.plain));
            self.plain.clear();
            self.in_block = 0;
        }
    }

    fn content(&self) -> Content {
        let mut table = Hasher::default();
        for rows in self.rows.chunks(block::TABLE_ROWS_PER_FRAME) {
            table.update(&block::encode_rows(rows));
        }
        let payload_hash: Hash = table.finish();
        Content {
            record_count: self.merkle.count(),
            record_root: self.merkle.root(),
            payload_length: self.rows.iter().map(|row| u64::from(row.length)).sum(),
            payload_hash,
        }
    }

    fn into_frames(self, header: &SignedHeader) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.coded.iter().map(Vec::len).sum::<usize>() + 1024);
        frame::write(FrameKind::Head, &header.to_bytes(), &mut out);
        for rows in self.rows.chunks(block::TABLE_ROWS_PER_FRAME) {
            frame::write(FrameKind::Table, &block::encode_rows(rows), &mut out);
        }
        for coded in &self.coded {
            frame::write(FrameKind::Block, coded, &mut out);
        }
        out
    }
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

/// Why an entry cannot be made.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BuildError {
    /// No records.
    #[error("an entry needs at least one record")]
    Empty,
    /// Two records of the same thing.
    #[error("two records say something of {0}: an entry says each thing once")]
    Duplicate(String),
    /// A record does not fit into a block.
    #[error("the record of {name} has {length} bytes; at most {MAX_RECORD} are possible, so split it")]
    RecordTooLong {
        /// What the record is about.
        name: String,
        /// Its canonical length.
        length: usize,
    },
    /// More blocks than one entry may have.
    #[error(
        "the entry would have {blocks} blocks; at most {MAX_BLOCKS} are possible, so release it in parts"
    )]
    TooLarge {
        /// How many it would have.
        blocks: usize,
    },
}
