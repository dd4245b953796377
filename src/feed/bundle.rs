//! Bundles: entries in one file, for partners between whom no line stands.
//!
//! ```text
//! "corridor bundle\n" · manifest length u32 LE · manifest · section… · end
//! section = feed's number u32 LE · length u32 LE · whole frames     end = FF FF FF FF
//! ```
//!
//! The manifest, signed by the node that made the bundle, names that node, carries its government's card, for whom it is, and of every feed that both
//! may read the newest signed header and from which entry on the bundle carries it. Frames are the same bytes as on
//! disk and on the wire. So a bundle is what a partner would have said over a line: who takes it in checks the same,
//! and learns of heads and receipts as well.
//!
//! The sections need not all be there: what a file that breaks off carries can be taken in, and the rest later.

use std::io::{self, Read};

use super::assembler::Position;
use super::codec::{self, CodecError, Decode, Encode};
use super::frame::{self, Frame, FrameKind};
use super::header::SignedHeader;
use super::id::{FeedId, PublisherId, Seq};
use super::identity::{Card, CardError, Keyring, Purpose};
use crate::crypto::{Context, Network, NodeSigner, PublicKey, Signature};
use crate::model::Millis;

/// How a bundle begins.
pub const MAGIC: &[u8; 16] = b"corridor bundle\n";
/// The most feeds of one bundle: many times what a region of governments has.
pub const MAX_FEEDS: usize = 10_000;
/// The longest manifest, in bytes.
const MAX_MANIFEST: usize = 4 << 20;
/// The most frames of one bundle: some hundred megabytes of entries of one figure each, or terabytes of large ones.
pub const MAX_FRAMES: usize = 20_000_000;
/// What stands in place of a feed's number behind the last section.
const END: u32 = u32::MAX;

/// What a bundle says of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The newest header that the maker holds.
    pub head: SignedHeader,
    /// The first entry that the bundle carries; behind the head if it carries none.
    pub from: Seq,
}

/// Who made a bundle for whom, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    body: Body,
    signature: [u8; 64],
    card: Card,
    feeds: Vec<Carried>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Body {
    /// The maker's card: its keys may have changed since it was last heard of.
    card: Vec<u8>,
    node: [u8; 32],
    recipient: PublisherId,
    made_at: i64,
    /// By feed, each once: the header's bytes and the first entry.
    feeds: Vec<(Vec<u8>, u64)>,
}

#[derive(Encode, Decode)]
struct Signed {
    body: Body,
    signature: [u8; 64],
}

impl Manifest {
    /// Signs what is carried, in the order of feeds, as a node of the maker.
    pub fn sign(
        (card, recipient): (&Card, PublisherId),
        made_at: Millis,
        mut feeds: Vec<Carried>,
        network: &Network,
        signer: &dyn NodeSigner,
    ) -> Self {
        feeds.sort_unstable_by_key(|one| one.head.header().feed);
        feeds.dedup_by_key(|one| one.head.header().feed);
        let body = Body {
            card: card.to_bytes(),
            node: signer.public_key().0,
            recipient,
            made_at: made_at.0,
            feeds: feeds.iter().map(|one| (one.head.to_bytes(), one.from.0)).collect(),
        };
        let signature = signer.sign(Context::Bundle, network, &codec::encode(&body)).0;
        Self { body, signature, card: card.clone(), feeds }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(&Signed { body: self.body.clone(), signature: self.signature })
    }

    /// Reads canonical bytes and checks all signatures, and that the maker has mandated the node that signed: by the
    /// card that is held of it, or by the one in the bundle if that may take its place.
    ///
    /// # Errors
    /// [`BundleFault`] saying what does not hold.
    pub fn verify(bytes: &[u8], network: &Network, keyring: &Keyring) -> Result<Self, BundleFault> {
        let Signed { body, signature } = codec::decode(bytes)?;
        let node = PublicKey(body.node);
        let carried = Card::from_bytes(&body.card)?;
        let held = keyring.get(&carried.publisher()).ok_or(BundleFault::Stranger(carried.publisher()))?;
        let card = match keyring.may_take(&carried) {
            Ok(()) => carried,
            Err(CardError::Older) => held.clone(),
            Err(fault) => return Err(fault.into()),
        };
        let mandated = card.allows(&node, Purpose::Transport, Millis(body.made_at));
        let signed = node.verify(Context::Bundle, network, &codec::encode(&body), &Signature(signature));
        if !mandated || signed.is_err() || card.network() != network {
            return Err(BundleFault::Signature);
        }
        if body.feeds.len() > MAX_FEEDS {
            return Err(BundleFault::Form("it names too many feeds"));
        }
        let mut feeds: Vec<Carried> = Vec::with_capacity(body.feeds.len());
        for (header, from) in &body.feeds {
            let head = SignedHeader::from_bytes(network, header)
                .map_err(|_| BundleFault::Form("a header in it does not verify"))?;
            let feed = head.header().feed;
            let in_order = feeds.last().is_none_or(|last| last.head.header().feed < feed);
            if !in_order || Seq(*from) > head.header().seq.next() {
                return Err(BundleFault::Form("its feeds are not in order, or begin behind their end"));
            }
            feeds.push(Carried { head, from: Seq(*from) });
        }
        Ok(Self { body, signature, card, feeds })
    }

    /// Whose node made it.
    pub fn maker(&self) -> PublisherId {
        self.card.publisher()
    }

    /// The newest card of the maker: the one that is held, or the one in the bundle.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// Which node made it.
    pub fn node(&self) -> PublicKey {
        PublicKey(self.body.node)
    }

    /// For whom it is.
    pub fn recipient(&self) -> PublisherId {
        self.body.recipient
    }

    /// When it was made.
    pub fn made_at(&self) -> Millis {
        Millis(self.body.made_at)
    }

    /// What it says of feeds, in their order.
    pub fn feeds(&self) -> &[Carried] {
        &self.feeds
    }
}

/// The bytes before the first section.
pub fn opening(manifest: &Manifest) -> Vec<u8> {
    let bytes = manifest.to_bytes();
    let length = u32::try_from(bytes.len()).expect("a manifest has at most MAX_FEEDS feeds");
    [&MAGIC[..], &length.to_le_bytes(), &bytes].concat()
}

/// The bytes before the frames of a section: of which feed by its place in the manifest, and how many bytes of frames.
pub fn section(feed: usize, length: usize) -> [u8; 8] {
    let number = |count: usize| u32::try_from(count).expect("sections and feeds are few and short");
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&number(feed).to_le_bytes());
    bytes[4..].copy_from_slice(&number(length).to_le_bytes());
    bytes
}

/// The bytes behind the last section.
pub const fn closing() -> [u8; 4] {
    END.to_le_bytes()
}

/// A frame and where it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which frame of the feed it is.
    pub position: Position,
    /// The place of its first byte in the file.
    pub offset: u64,
    /// How many bytes.
    pub length: u32,
}

/// What a bundle holds and where.
#[derive(Clone, Debug)]
pub struct Index {
    manifest: Manifest,
    /// By feed of the manifest, its frames in order.
    frames: Vec<Vec<Placed>>,
    /// The feed of the last section.
    last: usize,
    /// What is wrong with the file behind the frames that are listed.
    broken: Option<&'static str>,
}

impl Index {
    /// Reads a bundle to its end, or to where it breaks off. Signatures of the manifest are checked; frames only by
    /// their checksums: who takes them in verifies them.
    ///
    /// # Errors
    /// [`BundleFault`] when not even the manifest is there and verifies.
    pub fn read(input: impl Read, network: &Network, keyring: &Keyring) -> Result<Self, BundleFault> {
        let mut input = Counted { input, at: 0 };
        if input.exact(MAGIC.len())?.as_deref() != Some(&MAGIC[..]) {
            return Err(BundleFault::Form("it is no bundle"));
        }
        let length = input.number()?.ok_or(BundleFault::Form("it breaks off in its first line"))? as usize;
        if length > MAX_MANIFEST {
            return Err(BundleFault::Form("its manifest is too long"));
        }
        let manifest = input.exact(length)?.ok_or(BundleFault::Form("it breaks off in its manifest"))?;
        let manifest = Manifest::verify(&manifest, network, keyring)?;
        let frames = vec![Vec::new(); manifest.feeds.len()];
        let mut this = Self { manifest, frames, last: 0, broken: None };
        let mut count = 0;
        while this.broken.is_none() {
            match this.section(&mut input, &mut count)? {
                Ok(true) => {}
                Ok(false) => break,
                Err(what) => this.broken = Some(what),
            }
        }
        Ok(this)
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What is wrong with the file behind what can be taken in.
    pub fn broken(&self) -> Option<&'static str> {
        self.broken
    }

    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.frames.iter().map(Vec::len).sum()
    }

    /// The frames of a feed from a position on, about `limit` bytes of them, and the position after them.
    pub fn from(&self, feed: &FeedId, position: Position, limit: usize) -> (&[Placed], Position) {
        let found = self.manifest.feeds.binary_search_by_key(feed, |one| one.head.header().feed);
        let frames = found.map_or(&[][..], |at| self.frames[at].as_slice());
        let Ok(start) = frames.binary_search_by_key(&position, |one| one.position) else {
            return (&[], position);
        };
        let mut bytes = 0;
        let fits = |one: &&Placed| {
            bytes += one.length as usize;
            bytes <= limit
        };
        let some = frames[start..].iter().take_while(fits).count().max(1);
        let next = match frames.get(start + some) {
            Some(next) => next.position,
            None => self.after(found.unwrap_or(0), &frames[frames.len() - 1]),
        };
        (&frames[start..start + some], next)
    }

    /// The position after the last frame that is here: the next entry, unless the file broke off in the last one.
    fn after(&self, feed: usize, last: &Placed) -> Position {
        let Position { seq, part } = last.position;
        if self.broken.is_none() || feed != self.last {
            Position { seq: seq.next(), part: 0 }
        } else {
            Position { seq, part: part + 1 }
        }
    }

    /// Lists the frames of the next section; `Ok(false)` at the end, the inner error says how the file is broken.
    fn section(
        &mut self,
        input: &mut Counted<impl Read>,
        count: &mut usize,
    ) -> Result<Result<bool, &'static str>, BundleFault> {
        const BREAKS_OFF: &str = "the file breaks off";
        let Some(feed) = input.number()? else { return Ok(Err(BREAKS_OFF)) };
        if feed == END {
            return Ok(Ok(false));
        }
        let Some(frames) = self.frames.get_mut(feed as usize) else {
            return Ok(Err("a section is of no feed of the manifest"));
        };
        self.last = feed as usize;
        let Some(length) = input.number()? else { return Ok(Err(BREAKS_OFF)) };
        let end = input.at + u64::from(length);
        while input.at < end {
            let offset = input.at;
            let Some(bytes) = input.frame()? else { return Ok(Err(BREAKS_OFF)) };
            let Ok(Some(frame)) = Frame::read(&bytes) else { return Ok(Err("a frame is damaged")) };
            let last = frames.last().map(|last: &Placed| last.position);
            let from = self.manifest.feeds[feed as usize].from;
            let position = match (frame.kind, last) {
                (FrameKind::Head, None) => Position { seq: from, part: 0 },
                (FrameKind::Head, Some(last)) => Position { seq: last.seq.next(), part: 0 },
                (FrameKind::Table | FrameKind::Block | FrameKind::Seal | FrameKind::Sealed, Some(last)) => {
                    Position { seq: last.seq, part: last.part + 1 }
                }
                (_, _) => {
                    return Ok(Err("a frame stands where it cannot"));
                }
            };
            *count += 1;
            if *count > MAX_FRAMES || input.at > end {
                return Ok(Err("a section is longer than it says"));
            }
            let length = u32::try_from(bytes.len()).expect("a frame is shorter than 4 GiB");
            frames.push(Placed { position, offset, length });
        }
        Ok(Ok(true))
    }
}

/// Reads and counts.
struct Counted<R> {
    input: R,
    at: u64,
}

impl<R: Read> Counted<R> {
    /// So many bytes; `None` if the input ends before.
    fn exact(&mut self, length: usize) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        let read = (&mut self.input).take(length as u64).read_to_end(&mut bytes)?;
        self.at += read as u64;
        Ok((read == length).then_some(bytes))
    }

    fn number(&mut self) -> io::Result<Option<u32>> {
        let bytes = self.exact(4)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes))
    }

    /// The bytes of a frame, as long as it says that it is.
    fn frame(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(mut bytes) = self.exact(frame::HEADER_LEN)? else { return Ok(None) };
        let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        if length > frame::MAX_BODY {
            return Ok(Some(bytes));
        }
        let Some(body) = self.exact(length)? else { return Ok(None) };
        bytes.extend(body);
        Ok(Some(bytes))
    }
}

/// Why a bundle cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum BundleFault {
    /// Its form is not that of a bundle.
    #[error("the file is no bundle that can be read: {0}")]
    Form(&'static str),
    /// Its bytes are not canonical.
    #[error("the bundle's manifest cannot be read: {0}")]
    Codec(#[from] CodecError),
    /// The card in it is none, or may not take the place of the one that is held.
    #[error("the bundle's card of its maker: {0}")]
    Card(#[from] CardError),
    /// Nobody knows who made it.
    #[error("the bundle was made by {}, who is no partner: `corridor partner add` accepts its card", .0.short())]
    Stranger(PublisherId),
    /// Its maker did not sign it.
    #[error(
        "the bundle's signature does not hold: it was altered, or its maker has not mandated the node that signed it"
    )]
    Signature,
    /// It cannot be read.
    #[error("the bundle cannot be read: {0}")]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests;
