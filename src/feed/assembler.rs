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

use super::block::{self, BlockInfo, BlockReader, MAX_BLOCKS, Opened};
use super::codec::CodecError;
use super::frame::{Frame, FrameKind};
use super::head::{HeadRef, Place};
use super::header::{HeaderFault, SignedHeader};
use super::id::Seq;
use super::identity::{Keyring, Refusal};
use super::order::SortKey;
use crate::crypto::{Hash, Hasher, MerkleBuilder, Network};

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
        keyring.judge(header).map_err(|refusal| match refusal {
            Refusal::Mandate => EntryFault::Mandate,
            Refusal::Revoked => EntryFault::Revoked { seq: header.seq },
        })?;
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
    last: Option<SortKey>,
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
        let Some(pending) = &mut self.pending else { return self.begin(keyring, frame) };
        match (frame.kind, pending.table_is_whole()) {
            (FrameKind::Table, false) => {
                pending.accept_rows(frame.body)?;
                self.keep(frame, false)
            }
            (FrameKind::Block, true) => {
                let opened = Opened::of(frame.body, &mut self.reader)?;
                self.accept_opened(frame, opened)
            }
            (FrameKind::Head | FrameKind::Table | FrameKind::Block | FrameKind::Erased, _) => {
                Err(EntryFault::OutOfOrder)
            }
        }
    }

    /// As [`Assembler::accept`] for the frame of a block that was opened already, on whatever thread: what is left is
    /// to compare it with the table and with the block before it.
    ///
    /// # Errors
    /// [`EntryFault`]; nothing has changed then. [`EntryFault::OutOfOrder`] for another frame than was opened.
    pub fn accept_opened(&mut self, frame: &Frame<'_>, opened: Opened) -> Result<VerifiedFrame, EntryFault> {
        let pending = self.pending.as_mut().ok_or(EntryFault::OutOfOrder)?;
        let is_another = frame.kind != FrameKind::Block || Hash::of(&[frame.body]) != opened.body;
        if is_another || !pending.table_is_whole() {
            return Err(EntryFault::OutOfOrder);
        }
        let completes = pending.accept_block(opened)?;
        self.keep(frame, completes)
    }

    /// Passes over the content of the entry in hand, which was erased here: its header was verified, and its table is the
    /// one that the header commits to. For what is stored already; nothing is taken from others in this way.
    ///
    /// # Errors
    /// [`EntryFault::OutOfOrder`] when the table is not whole.
    pub fn pass_erased(&mut self) -> Result<(), EntryFault> {
        let pending = self.pending.take_if(|pending| pending.table_is_whole() && pending.next_block == 0);
        let pending = pending.ok_or(EntryFault::OutOfOrder)?;
        self.place = Place::after(&HeadRef::from(pending.entry.header()));
        Ok(())
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
        self.pending = Some(Pending::new(entry));
        self.keep(frame, false)
    }

    /// Counts a frame that the entry in hand has taken.
    fn keep(&mut self, frame: &Frame<'_>, completes: bool) -> Result<VerifiedFrame, EntryFault> {
        let pending = self.pending.as_mut().ok_or(EntryFault::OutOfOrder)?;
        let entry = pending.entry.clone();
        let verified = VerifiedFrame { bytes: frame.bytes.to_vec(), part: pending.part, completes, entry };
        pending.part += 1;
        if completes {
            self.place = Place::after(&HeadRef::from(pending.entry.header()));
            self.pending = None;
        }
        Ok(verified)
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

    fn table_is_whole(&self) -> bool {
        self.listed == self.entry.header().header().content.payload_length
    }

    /// Takes rows of the table; after a fault nothing has changed.
    fn accept_rows(&mut self, body: &[u8]) -> Result<(), EntryFault> {
        let content = self.entry.header().header().content;
        let rows = block::decode_rows(body)?;
        let cut_short = rows.len() < block::TABLE_ROWS_PER_FRAME;
        let listed = self.listed + rows.iter().map(|row| u64::from(row.length)).sum::<u64>();
        if listed > content.payload_length || self.rows.len() + rows.len() > MAX_BLOCKS {
            return Err(EntryFault::Content("a block table longer than the header says"));
        }
        if cut_short && listed < content.payload_length {
            // One table, one sequence of frames: positions mean the same at every peer, and nobody can fill a disk
            // with frames that add nothing.
            return Err(EntryFault::Content("a block table cut into frames in another way than it must be"));
        }
        let mut table = self.table.clone();
        table.update(body);
        if listed == content.payload_length && table.clone().finish() != content.payload_hash {
            return Err(EntryFault::Content("a block table whose hash is not the one in the header"));
        }
        (self.table, self.listed) = (table, listed);
        self.rows.extend(rows);
        Ok(())
    }

    /// Takes the next block and says whether the entry is whole with it; after a fault nothing has changed.
    fn accept_block(&mut self, opened: Opened) -> Result<bool, EntryFault> {
        let row = self.rows.get(self.next_block).ok_or(EntryFault::OutOfOrder)?;
        if (opened.row.length, opened.row.hash) != (row.length, row.hash) {
            return Err(block::other_than_listed().into());
        }
        if opened.row.records != row.records {
            return Err(EntryFault::Content("a block with another number of records than the table says"));
        }
        let follows = self.last.as_ref().is_none_or(|last| last.as_key() < opened.first.as_key());
        if !opened.is_in_order || !follows {
            return Err(EntryFault::Content("records out of order"));
        }
        let mut merkle = self.merkle.clone();
        opened.leaves.iter().for_each(|leaf| merkle.push_hash(*leaf));
        let completes = self.next_block + 1 == self.rows.len();
        let content = self.entry.header().header().content;
        if completes && (merkle.count(), merkle.root()) != (content.record_count, content.record_root) {
            return Err(EntryFault::Content("records whose root is not the one in the header"));
        }
        self.merkle = merkle;
        self.last = Some(opened.last);
        self.next_block += 1;
        Ok(completes)
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
    /// The key that signed was revoked by its government, and the entry is behind what stands of it.
    #[error(
        "entry {seq} is signed by a node key that its government has revoked, behind the last entry of it that stands"
    )]
    Revoked {
        /// The entry.
        seq: Seq,
    },
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
