//! Makes entries: records in, a signed header and frames out.

use super::block::MAX_BLOCKS;
use super::body::Body;
use super::head::Place;
use super::header::{EntryKind, SignedHeader};
use super::record::MAX_RECORD;
use crate::crypto::{Network, NodeSigner};
use crate::model::{Millis, Record};

/// An entry that this node has made, ready to be appended.
#[derive(Clone, Debug)]
pub struct SignedEntry {
    pub(super) header: SignedHeader,
    pub(super) frames: Vec<u8>,
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

/// Makes an entry of records that are all at hand; [`super::BodyBuilder`] takes them one by one.
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
        self,
        place: &Place,
        time: Millis,
        network: &Network,
        signer: &dyn NodeSigner,
    ) -> Result<SignedEntry, BuildError> {
        Ok(Body::of(self.records)?.sign((self.kind, time), place, network, signer))
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
    /// A record after one that must follow it.
    #[error("the record of {0} comes too late: records are given to an entry in the order of their keys")]
    OutOfOrder(String),
    /// A record does not fit into a block.
    #[error("the record of {name} has {length} bytes; at most {MAX_RECORD} are possible, so split it")]
    RecordTooLong {
        /// What the record is about.
        name: String,
        /// Its canonical length.
        length: usize,
    },
    /// More blocks than one entry may have.
    #[error("the entry has more than {MAX_BLOCKS} blocks, which is too large; release it in parts")]
    TooLarge,
}
