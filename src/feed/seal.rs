//! Sealed entries: what travels by a courier that cannot read it.
//!
//! ```text
//!  open form      Head Seal… Table…  Block…        at the publisher, and between parties
//!  sealed form    Head Seal… Sealed… Sealed…       at couriers, and at who got it from one
//! ```
//!
//! Both forms are one entry, under one header: it commits to the content by `record_root` and `payload_hash`, and to
//! the sealed form by the hash over the bodies of the Seal frames, which list the recipients' wrapped keys and the hash
//! of every Sealed frame. Each Sealed frame is one Table or Block frame, its kind and body encrypted, so a position in
//! the one form is the same position in the other, and a transfer may go on in another form than it began in.
//!
//! A courier checks each frame by its hash. A recipient finds its wrapped key, opens each frame as it comes, and checks
//! what is in it as if it had come open. Who has no key yet holds the frames closed; an [`Opening`] opens them later.
//!
//! The signed header says how many recipients there are; who they are stands in the Seal frames that it commits to, so
//! that a header stays short however large the group is.

use std::collections::BTreeMap;

use super::block;
use super::codec::{self, CodecError, Decode, Encode};
use super::frame::{self, Frame, FrameKind};
use super::id::{FeedId, Seq};
use crate::crypto::{ContentKey, Drawn, Hash, Hasher, Network, SealError, SealingKey, SealingSecret, Suite};
use crate::model::Millis;

/// The cipher of sealed frames: ChaCha20-Poly1305, the only one so far.
const CIPHER: u16 = 1;
/// The most recipients of one entry.
pub const MAX_RECIPIENTS: usize = 1024;
/// The most frames with sealed content: those of all blocks and of their table.
pub const MAX_SEALED: usize = block::MAX_BLOCKS + block::MAX_BLOCKS / block::TABLE_ROWS_PER_FRAME;
/// How many wrapped keys one Seal frame holds.
const SLOTS_PER_FRAME: usize = 32;
/// How many hashes of sealed frames one Seal frame holds.
const HASHES_PER_FRAME: usize = 1024;

/// Whether the content of an entry may travel sealed, as its header says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Sealing {
    /// Readable to all who may have it.
    Open,
    /// Also sealed.
    Sealed(Sealed),
}

/// What a header commits to of the sealed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sealed {
    cipher: u16,
    /// How many wrapped keys there are.
    pub recipients: u32,
    /// How many frames hold sealed content.
    pub frames: u32,
    /// The sum of the lengths of their bodies.
    pub length: u64,
    /// SHA-256 over the bodies of the Seal frames.
    pub hash: [u8; 32],
    /// Before this time, UTC milliseconds, its publisher opens it to nobody; 0 for one without embargo.
    pub opens: i64,
}

impl Sealed {
    /// Checks the numbers that a stranger has sent.
    ///
    /// # Errors
    /// [`CodecError::Invalid`] for another cipher, no frame, or more of something than may be.
    pub fn check(&self) -> Result<(), CodecError> {
        let fits = (1..=MAX_SEALED).contains(&(self.frames as usize))
            && self.recipients as usize <= MAX_RECIPIENTS
            && self.length <= u64::from(self.frames) * frame::MAX_BODY as u64;
        match (self.cipher, fits) {
            (CIPHER, true) => Ok(()),
            (CIPHER, false) => Err(CodecError::Invalid("a sealed entry of impossible size".to_owned())),
            (other, _) => Err(CodecError::Invalid(format!("sealed by cipher {other}"))),
        }
    }

    /// How many Seal frames there are.
    pub fn seal_frames(&self) -> usize {
        self.slot_frames() + (self.frames as usize).div_ceil(HASHES_PER_FRAME)
    }

    fn slot_frames(&self) -> usize {
        (self.recipients as usize).div_ceil(SLOTS_PER_FRAME)
    }
}

/// A content key, wrapped for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Slot {
    /// The recipient's sealing key ([`SealingKey::id`]).
    key: [u8; 32],
    /// `enc ‖ ct`.
    wrapped: Vec<u8>,
}

/// What one Seal frame holds.
#[derive(Encode, Decode)]
enum SealPart {
    /// Wrapped keys, sorted by key over all frames.
    Slots(Vec<Slot>),
    /// Hashes of the bodies of the Sealed frames, in their order.
    Hashes(Vec<[u8; 32]>),
}

/// What a key is wrapped for: it opens in this place of this feed for this key, and nowhere else.
fn info(network: &Network, (feed, seq): (FeedId, Seq), key: &[u8; 32], content: &Hash) -> Vec<u8> {
    let mut info = b"corridor/seal/1\0".to_vec();
    info.extend_from_slice(network.as_str().as_bytes());
    info.push(0);
    codec::encode_into(&feed, &mut info);
    info.extend_from_slice(&seq.0.to_le_bytes());
    info.extend_from_slice(key);
    info.extend_from_slice(&content.0);
    info
}

/// To whom an entry is sealed, and with what.
pub struct Sealer<'a> {
    /// The recipients' keys.
    pub recipients: &'a [SealingKey],
    /// The publisher's secret, from which content keys follow ([`content_key`]).
    pub secret: &'a zeroize::Zeroizing<[u8; 32]>,
    /// Randomness for wrapping.
    pub drawn: Drawn,
    /// Until when it is under embargo: nobody has a key then, and nothing of it leaves open.
    pub embargo: Option<Millis>,
}

/// The key under which a publisher seals this content in this place.
pub fn content_key(
    secret: &zeroize::Zeroizing<[u8; 32]>,
    (feed, seq): (FeedId, Seq),
    (record_root, payload_hash): (&Hash, &Hash),
) -> ContentKey {
    let seq = seq.0.to_le_bytes();
    ContentKey::derive(secret, &[&feed.publisher.0, &feed.agreement.0, &seq, &record_root.0, &payload_hash.0])
}

/// The sealed form of a body that is about to be signed: what the header says of it, and the Seal frames.
pub(super) fn seal(
    sealer: &mut Sealer<'_>,
    network: &Network,
    place: (FeedId, Seq),
    content: (&Hash, &Hash),
    open: &[&[u8]],
) -> (Sealed, Vec<u8>) {
    let key = content_key(sealer.secret, place, content);
    let mut slots: Vec<Slot> = sealer
        .recipients
        .iter()
        .filter(|_| sealer.embargo.is_none())
        .take(MAX_RECIPIENTS)
        .filter_map(|recipient| {
            let id = recipient.id().0;
            let info = info(network, place, &id, content.1);
            // A key to which nothing can be sealed leaves its owner without a slot.
            let wrapped = recipient.wrap(&info, &key, &mut sealer.drawn).ok()?;
            Some(Slot { key: id, wrapped })
        })
        .collect();
    slots.sort_unstable_by_key(|slot| slot.key);
    slots.dedup_by_key(|slot| slot.key);
    let frames = u32::try_from(open.len()).expect("an entry has at most MAX_SEALED frames");
    let (mut hashes, mut length) = (Vec::with_capacity(open.len()), 0);
    for (at, frame) in (0..).zip(open) {
        let body = seal_body(&key, (at, frames), frame);
        length += body.len() as u64;
        hashes.push(Hash::of(&[&body]).0);
    }
    let (mut hasher, mut bytes) = (Hasher::default(), Vec::new());
    let recipients = u32::try_from(slots.len()).expect("at most MAX_RECIPIENTS");
    let parts = slots.chunks(SLOTS_PER_FRAME).map(|slots| SealPart::Slots(slots.to_vec()));
    let rest = hashes.chunks(HASHES_PER_FRAME).map(|hashes| SealPart::Hashes(hashes.to_vec()));
    for part in parts.chain(rest) {
        let body = codec::encode(&part);
        hasher.update(&body);
        frame::write(FrameKind::Seal, &body, &mut bytes);
    }
    let opens = sealer.embargo.map_or(0, |time| time.0);
    (Sealed { cipher: CIPHER, recipients, frames, length, hash: hasher.finish().0, opens }, bytes)
}

/// Whole frames that lie one behind the other, made here.
pub(super) fn split(mut frames: &[u8]) -> Vec<&[u8]> {
    let mut split = Vec::new();
    while let Ok(Some(frame)) = Frame::read(frames) {
        split.push(frame.bytes);
        frames = &frames[frame.bytes.len()..];
    }
    split
}

/// The body of the Sealed frame for a whole open frame.
fn seal_body(key: &ContentKey, (at, of): (u32, u32), open: &[u8]) -> Vec<u8> {
    key.seal(at, at + 1 == of, &open[frame::HEADER_LEN - 1..])
}

/// The Sealed frames for all frames of the content.
pub(super) fn close(key: &ContentKey, open: &[&[u8]]) -> Vec<u8> {
    let frames = u32::try_from(open.len()).expect("an entry has at most MAX_SEALED frames");
    let mut closed = Vec::new();
    for (at, frame) in (0..).zip(open) {
        frame::write(FrameKind::Sealed, &seal_body(key, (at, frames), frame), &mut closed);
    }
    closed
}

/// Turns a Table or Block frame of a sealed entry into its Sealed frame, and leaves others as they are. `at` counts the
/// frames of the content from 0.
pub fn seal_frame(key: &ContentKey, (at, of): (u32, u32), open: &Frame<'_>, out: &mut Vec<u8>) {
    if matches!(open.kind, FrameKind::Table | FrameKind::Block) {
        frame::write(FrameKind::Sealed, &seal_body(key, (at, of), open.bytes), out);
    } else {
        out.extend_from_slice(open.bytes);
    }
}

/// Whether a Sealed frame is the first that these Seal frames list: whether the key that made it is the entry's own.
pub fn lists_first(seals: &[Frame<'_>], sealed: &Frame<'_>) -> bool {
    let hashes = seals.iter().find_map(|seal| match codec::decode(seal.body) {
        Ok(SealPart::Hashes(hashes)) => Some(hashes),
        Ok(SealPart::Slots(_)) | Err(_) => None,
    });
    hashes.and_then(|hashes| hashes.first().copied()) == Some(Hash::of(&[sealed.body]).0)
}

/// The Table or Block frame that is in a Sealed one.
///
/// # Errors
/// [`SealError::Closed`] when it does not open, or something else is in it.
pub fn open_frame(key: &ContentKey, (at, of): (u32, u32), sealed: &Frame<'_>) -> Result<Vec<u8>, SealError> {
    let plain = key.open(at, at + 1 == of, sealed.body)?;
    let (kind, body) = plain.split_first().ok_or(SealError::Closed)?;
    let kind = [FrameKind::Table, FrameKind::Block].into_iter().find(|one| one.code() == *kind);
    let mut open = Vec::with_capacity(frame::HEADER_LEN + body.len());
    frame::write(kind.ok_or(SealError::Closed)?, body, &mut open);
    Ok(open)
}

/// The secrets of this node to which others seal, by [`SealingKey::id`].
#[derive(Clone, Debug, Default)]
pub struct SealingKeys(BTreeMap<Hash, SealingSecret>);

impl SealingKeys {
    /// These secrets.
    pub fn new(secrets: impl IntoIterator<Item = SealingSecret>) -> Self {
        Self(secrets.into_iter().map(|secret| (secret.public().id(), secret)).collect())
    }

    /// The ids of the keys.
    pub fn ids(&self) -> impl Iterator<Item = &Hash> {
        self.0.keys()
    }

    fn unwrap(
        &self,
        network: &Network,
        place: (FeedId, Seq),
        content: &Hash,
        slots: &[Slot],
    ) -> Option<ContentKey> {
        let ours = slots.iter().filter_map(|slot| Some((slot, self.0.get(&Hash(slot.key))?)));
        ours.filter_map(|(slot, secret)| {
            secret.unwrap(&info(network, place, &slot.key, content), &slot.wrapped).ok()
        })
        .next()
    }
}

/// Takes the Seal frames of an entry, one after the other.
#[derive(Clone, Debug)]
pub(super) struct SealReader {
    sealed: Sealed,
    taken: usize,
    hasher: Hasher,
    last: Option<[u8; 32]>,
    slots: u32,
    hashes: Vec<[u8; 32]>,
    /// The content key, once it is known.
    pub(super) key: Option<ContentKey>,
    /// How many frames of the content were taken, and the length of those that were sealed.
    content: u32,
    length: u64,
}

impl SealReader {
    pub(super) fn new(sealed: Sealed, key: Option<ContentKey>) -> Self {
        Self {
            sealed,
            taken: 0,
            hasher: Hasher::default(),
            last: None,
            slots: 0,
            hashes: Vec::new(),
            key,
            content: 0,
            length: 0,
        }
    }

    /// Whether all Seal frames are here.
    pub(super) fn is_whole(&self) -> bool {
        self.taken == self.sealed.seal_frames()
    }

    /// Takes the next Seal frame; after a fault nothing has changed.
    pub(super) fn take(
        &mut self,
        body: &[u8],
        (network, place): (&Network, (FeedId, Seq)),
        content: &Hash,
        keys: &SealingKeys,
    ) -> Result<(), CodecError> {
        let other = || CodecError::Invalid("a list of wrapped keys that is not as it must be".to_owned());
        let mut next = self.clone();
        next.hasher.update(body);
        match codec::decode(body)? {
            SealPart::Slots(slots) => {
                let left = self.sealed.recipients - self.slots;
                let due = SLOTS_PER_FRAME.min(left as usize);
                let sorted = slots.is_sorted_by(|a, b| a.key < b.key)
                    && slots.first().is_none_or(|first| self.last.is_none_or(|last| last < first.key));
                let short = slots.iter().all(|slot| slot.wrapped.len() <= crate::crypto::seal::MAX_WRAPPED);
                if due == 0 || slots.len() != due || !sorted || !short {
                    return Err(other());
                }
                next.last = slots.last().map(|slot| slot.key);
                next.slots += u32::try_from(due).map_err(|_| CodecError::TooLarge)?;
                next.key = self.key.take().or_else(|| keys.unwrap(network, place, content, &slots));
            }
            SealPart::Hashes(hashes) => {
                let left = self.sealed.frames as usize - self.hashes.len();
                let due = HASHES_PER_FRAME.min(left);
                if self.slots < self.sealed.recipients || due == 0 || hashes.len() != due {
                    return Err(other());
                }
                next.hashes.extend(hashes);
            }
        }
        next.taken += 1;
        if next.is_whole() && next.hasher.clone().finish().0 != self.sealed.hash {
            return Err(CodecError::Invalid(
                "a list of wrapped keys whose hash is not the one in the header".to_owned(),
            ));
        }
        *self = next;
        Ok(())
    }

    /// Which frame of the content comes next, and of how many.
    pub(super) fn next(&self) -> (u32, u32) {
        (self.content, self.sealed.frames)
    }

    /// Checks that a Sealed frame is the one that is listed next.
    pub(super) fn check(&self, sealed: &Frame<'_>) -> Result<(), CodecError> {
        let listed = self.hashes.get(self.content as usize).filter(|_| self.is_whole());
        let is_it = listed.is_some_and(|hash| Hash::of(&[sealed.body]).0 == *hash);
        let fits = self.length + sealed.body.len() as u64 <= self.sealed.length;
        if is_it && fits {
            Ok(())
        } else {
            Err(CodecError::Invalid("a sealed frame that is not the one that is listed".to_owned()))
        }
    }

    /// Counts a frame of the content; says whether it was the last.
    pub(super) fn count(&mut self, frame: &Frame<'_>) -> bool {
        self.content += 1;
        if frame.kind == FrameKind::Sealed {
            self.length += frame.body.len() as u64;
        }
        self.content == self.sealed.frames
    }
}

/// What a publisher says of a key to which others may seal for it: the body of a document in its feed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KeyNotice {
    suite: u16,
    key: Vec<u8>,
    from: i64,
    until: i64,
}

impl KeyNotice {
    /// "Seal to this key from now on, and no longer than until then."
    pub fn new(key: &SealingKey, term: (Millis, Millis)) -> Self {
        Self { suite: key.suite().code(), key: key.bytes().to_vec(), from: term.0.0, until: term.1.0 }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`CodecError`] for other bytes, an unknown suite, or no key of it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let notice: Self = codec::decode(bytes)?;
        notice.parse().ok_or_else(|| CodecError::Invalid("no sealing key of a known suite".to_owned()))?;
        Ok(notice)
    }

    fn parse(&self) -> Option<SealingKey> {
        SealingKey::parse(Suite::from_code(self.suite)?, &self.key).ok()
    }

    /// The key.
    pub fn key(&self) -> SealingKey {
        self.parse().expect("it was parsed when the notice was read or made")
    }

    /// From when until when it is to be used.
    pub fn term(&self) -> (Millis, Millis) {
        (Millis(self.from), Millis(self.until))
    }
}

/// The keys of entries that were sealed before, for recipients that had none of them: the body of a document in the
/// publisher's feed, or handed on by who keeps it for the time when an embargo is over.
///
/// Whoever hands it on is not believed: a key counts when it opens what the entry's signed header commits to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Opening {
    /// For who holds one of these keys; `sealed` is the canonical list under the key that the slots wrap.
    Wrapped {
        /// By recipient.
        slots: Vec<Slot>,
        /// The list of entries and their keys.
        sealed: Vec<u8>,
    },
    /// For everybody who holds the entries: each with its key.
    Plain(Vec<(u64, [u8; 32])>),
}

/// The most entries that one opening opens.
pub const MAX_OPENED: usize = 4096;

impl Opening {
    /// Tells these recipients the keys of these entries of one feed; `at` is the place of the entry that will hold it.
    pub fn new(
        entries: &[(Seq, ContentKey)],
        recipients: &[SealingKey],
        (network, at): (&Network, (FeedId, Seq)),
        (key, drawn): (&ContentKey, &mut Drawn),
    ) -> Self {
        let list: Vec<(u64, [u8; 32])> =
            entries.iter().map(|(seq, key)| (seq.0, **key.bytes())).take(MAX_OPENED).collect();
        let list = zeroize::Zeroizing::new(codec::encode(&list));
        let mut slots: Vec<Slot> = recipients
            .iter()
            .filter_map(|recipient| {
                let id = recipient.id().0;
                let wrapped = recipient.wrap(&info(network, at, &id, &Hash([0; 32])), key, drawn).ok()?;
                Some(Slot { key: id, wrapped })
            })
            .collect();
        slots.sort_unstable_by_key(|slot| slot.key);
        slots.dedup_by_key(|slot| slot.key);
        Self::Wrapped { slots, sealed: key.seal(0, true, &list) }
    }

    /// Tells everybody the keys of these entries.
    pub fn plain(entries: &[(Seq, ContentKey)]) -> Self {
        Self::Plain(entries.iter().map(|(seq, key)| (seq.0, **key.bytes())).collect())
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`CodecError`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode(bytes)
    }

    /// The entries with their keys, if it is for one of these secrets.
    pub fn open(
        &self,
        keys: &SealingKeys,
        network: &Network,
        at: (FeedId, Seq),
    ) -> Option<Vec<(Seq, ContentKey)>> {
        let list = match self {
            Self::Plain(list) => list.clone(),
            Self::Wrapped { slots, sealed } => {
                let key = keys.unwrap(network, at, &Hash([0; 32]), slots)?;
                let plain = zeroize::Zeroizing::new(key.open(0, true, sealed).ok()?);
                codec::decode(&plain).ok()?
            }
        };
        Some(list.into_iter().map(|(seq, key)| (Seq(seq), ContentKey::new(key))).collect())
    }
}

#[cfg(test)]
mod tests;
