//! Takes a feed's frames as they come and lets only what verifies pass.
//!
//! ```text
//!            Head ok            Table complete           last Block ok, root ok
//!  Between ─────────▶ InTable ───────────────▶ InBlocks ───────────────────────▶ Between (entry complete)
//! ```
//!
//! Any frame that does not fit is an [`EntryFault`]; the state before it stays as it was, so the same place can
//! be asked for again, of another peer.

use std::marker::PhantomData;

use super::block::{self, BlockInfo, BlockReader, MAX_BLOCKS};
use super::codec::CodecError;
use super::frame::{Frame, FrameKind};
use super::head::{HeadRef, Place};
use super::header::{HeaderFault, SignedHeader};
use super::id::Seq;
use super::identity::Keyring;
use super::record;
use crate::crypto::{Hasher, MerkleBuilder, Network};
use crate::model::Record;

/// Marks an entry that came from somebody and was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unverified;

/// Marks an entry whose signature, mandate and place were checked, and whose content is bound to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified;

/// An entry as its header stands for it; the type says whether it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<State> {
    header: SignedHeader,
    state: PhantomData<State>,
}

impl Entry<Unverified> {
    /// Reads a Head frame's body. The signature is checked here; mandate and place in [`Entry::verify`].
    ///
    /// # Errors
    /// [`HeaderFault`] when it is malformed or its signature does not verify.
    pub fn read(network: &Network, body: &[u8]) -> Result<Self, HeaderFault> {
        Ok(Self { header: SignedHeader::from_bytes(network, body)?, state: PhantomData })
    }

    /// Checks that the entry goes to this place and that its node key may sign for its publisher.
    ///
    /// # Errors
    /// [`EntryFault`] saying which of it does not hold.
    pub fn verify(self, place: &Place, keyring: &Keyring) -> Result<Entry<Verified>, EntryFault> {
        let header = self.header.header();
        if header.feed != place.feed {
            return Err(EntryFault::OtherFeed);
        }
        if header.seq != place.seq {
            return Err(EntryFault::Gap { expected: place.seq, found: header.seq });
        }
        if !keyring.may_sign(header) {
            return Err(EntryFault::Mandate);
        }
        if header.backlink != place.backlink {
            return Err(EntryFault::Backlink { seq: header.seq });
        }
        Ok(Entry { header: self.header, state: PhantomData })
    }
}

impl<State> Entry<State> {
    /// The signed header.
    pub fn header(&self) -> &SignedHeader {
        &self.header
    }
}

/// A frame that verified, with its place: the only thing that a store appends to another's feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedFrame {
    bytes: Vec<u8>,
    entry: Entry<Verified>,
    part: u32,
    completes: bool,
}

impl VerifiedFrame {
    /// The frame as it stands on disk and travels.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The entry that it is part of.
    pub fn entry(&self) -> &Entry<Verified> {
        &self.entry
    }

    /// Which frame of the entry it is, from 0.
    pub fn part(&self) -> u32 {
        self.part
    }

    /// Whether the entry is whole with it.
    pub fn completes(&self) -> bool {
        self.completes
    }
}

/// How far a feed has come: the entry that is being received, and how many of its frames are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The entry.
    pub seq: Seq,
    /// The next frame of it, from 0.
    pub part: u32,
}

/// Verifies one feed's frames in order.
#[derive(Debug)]
pub struct Assembler {
    network: Network,
    place: Place,
    pending: Option<Pending>,
    reader: BlockReader,
}

/// An entry of which some frames have come.
#[derive(Clone, Debug)]
struct Pending {
    entry: Entry<Verified>,
    part: u32,
    table: Hasher,
    rows: Vec<BlockInfo>,
    listed: u64,
    next_block: usize,
    merkle: MerkleBuilder,
    last: Option<Record>,
}

impl Assembler {
    /// Starts where the next entry is expected.
    pub fn new(network: Network, place: Place) -> Self {
        Self { network, place, pending: None, reader: BlockReader::default() }
    }

    /// Where the next entry goes, once the one in hand is whole.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The next frame that is needed.
    pub fn position(&self) -> Position {
        let part = self.pending.as_ref().map_or(0, |pending| pending.part);
        Position { seq: self.place.seq, part }
    }

    /// The header of the entry in hand.
    pub fn pending(&self) -> Option<&SignedHeader> {
        self.pending.as_ref().map(|pending| pending.entry.header())
    }

    /// Forgets the frames of the entry in hand, so that it begins anew.
    pub fn restart(&mut self) {
        self.pending = None;
    }

    /// Checks the next frame.
    ///
    /// # Errors
    /// [`EntryFault`]; nothing has changed then.
    pub fn accept(&mut self, keyring: &Keyring, frame: &Frame<'_>) -> Result<VerifiedFrame, EntryFault> {
        let Some(mut pending) = self.pending.take() else { return self.begin(keyring, frame) };
        let before = pending.clone_light();
        match pending.accept(frame, &mut self.reader) {
            Ok(completes) => Ok(self.keep(pending, frame, completes)),
            Err(fault) => {
                pending.restore(before);
                self.pending = Some(pending);
                Err(fault)
            }
        }
    }

    fn begin(&mut self, keyring: &Keyring, frame: &Frame<'_>) -> Result<VerifiedFrame, EntryFault> {
        if frame.kind != FrameKind::Head {
            return Err(EntryFault::OutOfOrder);
        }
        let entry = Entry::read(&self.network, frame.body)?.verify(&self.place, keyring)?;
        let content = entry.header().header().content;
        if content.record_count == 0 || content.payload_length == 0 {
            return Err(EntryFault::Content("an entry without records"));
        }
        Ok(self.keep(Pending::new(entry), frame, false))
    }

    fn keep(&mut self, mut pending: Pending, frame: &Frame<'_>, completes: bool) -> VerifiedFrame {
        let entry = pending.entry.clone();
        let verified = VerifiedFrame { bytes: frame.bytes.to_vec(), part: pending.part, completes, entry };
        pending.part += 1;
        if completes {
            self.place = Place::after(&HeadRef::from(pending.entry.header()));
        } else {
            self.pending = Some(pending);
        }
        verified
    }
}

impl Pending {
    fn new(entry: Entry<Verified>) -> Self {
        Self {
            entry,
            part: 0,
            table: Hasher::default(),
            rows: Vec::new(),
            listed: 0,
            next_block: 0,
            merkle: MerkleBuilder::default(),
            last: None,
        }
    }

    /// What a failed frame may have changed. Rows are only ever appended, so their number is enough.
    fn clone_light(&self) -> (Hasher, usize, u64, MerkleBuilder, Option<Record>) {
        (self.table.clone(), self.rows.len(), self.listed, self.merkle.clone(), self.last.clone())
    }

    fn restore(&mut self, before: (Hasher, usize, u64, MerkleBuilder, Option<Record>)) {
        self.rows.truncate(before.1);
        (self.table, self.listed, self.merkle, self.last) = (before.0, before.2, before.3, before.4);
    }

    fn table_is_whole(&self) -> bool {
        self.listed == self.entry.header().header().content.payload_length
    }

    /// Takes a frame after the first; says whether the entry is whole with it.
    fn accept(&mut self, frame: &Frame<'_>, reader: &mut BlockReader) -> Result<bool, EntryFault> {
        match (frame.kind, self.table_is_whole()) {
            (FrameKind::Table, false) => self.accept_rows(frame.body).map(|()| false),
            (FrameKind::Block, true) => self.accept_block(frame.body, reader),
            (FrameKind::Head | FrameKind::Table | FrameKind::Block, _) => Err(EntryFault::OutOfOrder),
        }
    }

    fn accept_rows(&mut self, body: &[u8]) -> Result<(), EntryFault> {
        let content = self.entry.header().header().content;
        let rows = block::decode_rows(body)?;
        let cut_short = rows.len() < block::TABLE_ROWS_PER_FRAME;
        self.table.update(body);
        self.listed += rows.iter().map(|row| u64::from(row.length)).sum::<u64>();
        self.rows.extend(rows);
        if self.listed > content.payload_length || self.rows.len() > MAX_BLOCKS {
            return Err(EntryFault::Content("a block table longer than the header says"));
        }
        if cut_short && self.listed < content.payload_length {
            // One table, one sequence of frames: positions mean the same at every peer, and nobody can fill a disk
            // with frames that add nothing.
            return Err(EntryFault::Content("a block table cut into frames in another way than it must be"));
        }
        if self.listed == content.payload_length && self.table.clone().finish() != content.payload_hash {
            return Err(EntryFault::Content("a block table whose hash is not the one in the header"));
        }
        Ok(())
    }

    fn accept_block(&mut self, body: &[u8], reader: &mut BlockReader) -> Result<bool, EntryFault> {
        let row = self.rows.get(self.next_block).ok_or(EntryFault::OutOfOrder)?;
        let plain = reader.open(body, row)?;
        let records = row.records;
        self.accept_records(&plain, records)?;
        if self.next_block + 1 < self.rows.len() {
            self.next_block += 1;
            return Ok(false);
        }
        let content = self.entry.header().header().content;
        if self.merkle.count() != content.record_count || self.merkle.root() != content.record_root {
            return Err(EntryFault::Content("records whose root is not the one in the header"));
        }
        Ok(true)
    }

    fn accept_records(&mut self, plain: &[u8], count: u32) -> Result<(), EntryFault> {
        let mut rest = plain;
        for _ in 0..count {
            let (one, used) = record::decode_prefix(rest)?;
            if self.last.as_ref().is_some_and(|last| last.sort_key() >= one.sort_key()) {
                return Err(EntryFault::Content("records out of order"));
            }
            self.merkle.push(&rest[..used]);
            self.last = Some(one);
            rest = &rest[used..];
        }
        if rest.is_empty() { Ok(()) } else { Err(EntryFault::Content("a block with more than its records")) }
    }
}

/// Why a frame is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum EntryFault {
    /// The header is malformed or its signature does not verify.
    #[error(transparent)]
    Header(#[from] HeaderFault),
    /// A table, block or record is malformed, or a block is not the one that the table commits to.
    #[error("the content is malformed: {0}")]
    Form(#[from] CodecError),
    /// The entry belongs to another feed than the one asked for.
    #[error("the entry belongs to another feed")]
    OtherFeed,
    /// Another place than the next one.
    #[error("entry {expected} is next but {found} came")]
    Gap {
        /// What was expected.
        expected: Seq,
        /// What came.
        found: Seq,
    },
    /// The key that signed is not mandated for this by the publisher, or was not at that time.
    #[error("the node key that signed it has no mandate of the publisher for this")]
    Mandate,
    /// The entry follows another entry than the one held: one of the two is a fork.
    #[error("entry {seq} follows another entry than the one that is held: the feed is forked")]
    Backlink {
        /// The entry whose backlink differs.
        seq: Seq,
    },
    /// A frame that cannot come at this point.
    #[error("a frame out of order")]
    OutOfOrder,
    /// The content is not what the header commits to.
    #[error("{0}")]
    Content(&'static str),
}

#[cfg(test)]
mod tests;
