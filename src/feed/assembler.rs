//! Takes a feed's frames as they come and lets only what verifies pass.
//!
//! ```text
//!            Head ok            Table complete           last Block ok, root ok
//!  Between ─────────▶ InTable ───────────────▶ InBlocks ───────────────────────▶ Between (entry complete)
//!          └▶ InSeals ─▲ Seal frames complete, for an entry that travels sealed too
//! ```
//!
//! Of a sealed entry Table and Block frames may come as Sealed ones. Who has the key opens each and checks what is in
//! it; who has none ([`Seat`]) checks that it is the frame that the header commits to. What is kept is what came.
//!
//! Any frame that does not fit is an [`EntryFault`]; the state before it stays as it was, so the same place can
//! be asked for again, of another peer.

use std::marker::PhantomData;
use std::sync::Arc;

use super::block::{self, BlockInfo, BlockReader, MAX_BLOCKS, Opened};
use super::codec::CodecError;
use super::frame::{Frame, FrameKind};
use super::head::{HeadRef, Place};
use super::header::{EntryKind, HeaderFault, SignedHeader};
use super::id::Seq;
use super::identity::{Keyring, Refusal};
use super::order::SortKey;
use super::seal::{self, SealReader, Sealing, SealingKeys};
use crate::crypto::{ContentKey, Hash, Hasher, MerkleBuilder, Network};

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
    key: Option<ContentKey>,
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

    /// With the frame that makes an entry whole that came sealed: the key that opens it, if it is known.
    pub fn key(&self) -> Option<&ContentKey> {
        self.key.as_ref()
    }
}

/// What an assembler can do with what comes sealed.
#[derive(Clone, Debug)]
pub enum Seat {
    /// Opens what is sealed to one of these keys, and holds the rest closed.
    Reader(Arc<SealingKeys>),
    /// Opens nothing, and takes nothing that is open and could be sealed.
    Courier,
    /// Opens what is sealed under this key: an entry that is held closed, once its key is known.
    Holder(ContentKey),
}

impl Default for Seat {
    fn default() -> Self {
        Self::Reader(Arc::default())
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
    seat: Seat,
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
    seals: Option<SealReader>,
    /// Whether some of its content came sealed.
    came_sealed: bool,
}

impl Assembler {
    /// Starts where the next entry is expected, with no key to what is sealed.
    pub fn new(network: Network, place: Place) -> Self {
        Self { network, place, seat: Seat::default(), pending: None, reader: BlockReader::default() }
    }

    /// The same with this seat.
    #[must_use]
    pub fn seated(mut self, seat: Seat) -> Self {
        self.seat = seat;
        self
    }

    /// Takes another seat, for the entries that begin from now on.
    pub fn reseat(&mut self, seat: Seat) {
        self.seat = seat;
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
        match frame.kind {
            FrameKind::Seal => {
                pending.accept_seal(frame.body, &self.network, &self.seat)?;
                self.keep(frame, false)
            }
            FrameKind::Table | FrameKind::Block => {
                if pending.seals.is_some() && matches!(self.seat, Seat::Courier) {
                    return Err(EntryFault::Content("open content, handed to a courier"));
                }
                if pending.came_sealed && pending.listed == 0 {
                    // Begun closed: what came before could not be looked into.
                    return Err(EntryFault::Closed);
                }
                let completes = self.accept_open(frame)?;
                self.keep(frame, completes)
            }
            FrameKind::Sealed => {
                let completes = self.accept_sealed(frame)?;
                self.keep(frame, completes)
            }
            FrameKind::Head | FrameKind::Erased => Err(EntryFault::OutOfOrder),
        }
    }

    /// Checks a frame of the table or of a block; says whether the entry is whole with it.
    fn accept_open(&mut self, frame: &Frame<'_>) -> Result<bool, EntryFault> {
        let pending = self.pending.as_mut().ok_or(EntryFault::OutOfOrder)?;
        if pending.seals.as_ref().is_some_and(|seals| !seals.is_whole()) {
            return Err(EntryFault::OutOfOrder);
        }
        match (frame.kind, pending.table_is_whole()) {
            (FrameKind::Table, false) => pending.accept_rows(frame.body).map(|()| false),
            (FrameKind::Block, true) => {
                let opened = Opened::of(frame.body, &mut self.reader)?;
                pending.accept_block(opened)
            }
            (_, _) => Err(EntryFault::OutOfOrder),
        }
    }

    /// Checks a frame that is sealed, and what is in it if that can be opened.
    fn accept_sealed(&mut self, frame: &Frame<'_>) -> Result<bool, EntryFault> {
        let pending = self.pending.as_mut().ok_or(EntryFault::OutOfOrder)?;
        let seals = pending.seals.as_mut().ok_or(EntryFault::OutOfOrder)?;
        seals.check(frame)?;
        let (at, of) = seals.next();
        let Some(key) = seals.key.clone() else {
            if pending.listed > 0 {
                // Begun open, and we have no key for the rest: the end could not be checked.
                return Err(EntryFault::Closed);
            }
            pending.came_sealed = true;
            return Ok(at + 1 == of);
        };
        let open = seal::open_frame(&key, (at, of), frame)
            .map_err(|_| EntryFault::Content("a sealed frame that its own key does not open"))?;
        let inner = Frame::read(&open)?.ok_or(EntryFault::OutOfOrder)?;
        let completes = self.accept_open(&inner)?;
        if completes != (at + 1 == of) {
            return Err(EntryFault::Content("another number of sealed frames than the header says"));
        }
        if let Some(pending) = &mut self.pending {
            pending.came_sealed = true;
        }
        Ok(completes)
    }

    /// As [`Assembler::accept`] for the frame of a block that was opened already, on whatever thread: what is left is
    /// to compare it with the table and with the block before it.
    ///
    /// # Errors
    /// [`EntryFault`]; nothing has changed then. [`EntryFault::OutOfOrder`] for another frame than was opened.
    pub fn accept_opened(&mut self, frame: &Frame<'_>, opened: Opened) -> Result<VerifiedFrame, EntryFault> {
        let pending = self.pending.as_mut().ok_or(EntryFault::OutOfOrder)?;
        let is_another = frame.kind != FrameKind::Block || Hash::of(&[frame.body]) != opened.body;
        let sealed = pending.seals.as_ref().is_some_and(|seals| !seals.is_whole());
        if is_another || sealed || !pending.table_is_whole() {
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
        let passed = |pending: &mut Pending| match &pending.seals {
            // Of what was held sealed the table went with the rest.
            Some(seals) => seals.is_whole() && pending.next_block == 0,
            None => pending.table_is_whole() && pending.next_block == 0,
        };
        let pending = self.pending.take_if(passed);
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
        let key = match &self.seat {
            Seat::Holder(key) => Some(key.clone()),
            Seat::Reader(_) | Seat::Courier => None,
        };
        let figures = matches!(entry.header().header().kind, EntryKind::Release | EntryKind::Retraction);
        let is_open = entry.header().header().sealing == Sealing::Open;
        if figures && is_open && matches!(self.seat, Seat::Courier) {
            return Err(EntryFault::Content("figures that cannot travel sealed, handed to a courier"));
        }
        self.pending = Some(Pending::new(entry, key));
        self.keep(frame, false)
    }

    /// Counts a frame that the entry in hand has taken.
    fn keep(&mut self, frame: &Frame<'_>, completes: bool) -> Result<VerifiedFrame, EntryFault> {
        let pending = self.pending.as_mut().ok_or(EntryFault::OutOfOrder)?;
        let entry = pending.entry.clone();
        if let Some(seals) = pending.seals.as_mut().filter(|seals| seals.is_whole()) {
            let content = matches!(frame.kind, FrameKind::Table | FrameKind::Block | FrameKind::Sealed);
            if content && seals.count(frame) != completes {
                return Err(EntryFault::Content("another number of frames than the header says"));
            }
        }
        let key = pending.seals.as_ref().and_then(|seals| seals.key.clone());
        let key = key.filter(|_| completes && pending.came_sealed);
        let (bytes, part) = (frame.bytes.to_vec(), pending.part);
        let verified = VerifiedFrame { bytes, part, completes, entry, key };
        pending.part += 1;
        if completes {
            self.place = Place::after(&HeadRef::from(pending.entry.header()));
            self.pending = None;
        }
        Ok(verified)
    }
}

impl Pending {
    fn new(entry: Entry<Verified>, key: Option<ContentKey>) -> Self {
        let seals = match entry.header().header().sealing {
            Sealing::Open => None,
            Sealing::Sealed(sealed) => Some(SealReader::new(sealed, key)),
        };
        Self {
            seals,
            came_sealed: false,
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

    /// Takes wrapped keys or hashes of sealed frames; after a fault nothing has changed.
    fn accept_seal(&mut self, body: &[u8], network: &Network, seat: &Seat) -> Result<(), EntryFault> {
        let header = self.entry.header().header();
        let (place, content) = ((header.feed, header.seq), header.content.payload_hash);
        let none = SealingKeys::default();
        let keys = match seat {
            Seat::Reader(keys) => keys.as_ref(),
            Seat::Courier | Seat::Holder(_) => &none,
        };
        let seals = self.seals.as_mut().filter(|seals| !seals.is_whole()).ok_or(EntryFault::OutOfOrder)?;
        Ok(seals.take(body, (network, place), &content, keys)?)
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
    /// The rest of it is sealed, and this node has no key to it.
    #[error("the rest of the entry is sealed to keys that this node does not have")]
    Closed,
    /// A frame that cannot come at this point.
    #[error("a frame out of order")]
    OutOfOrder,
    /// The content is not what the header commits to.
    #[error("{0}")]
    Content(&'static str),
}

#[cfg(test)]
mod tests;
