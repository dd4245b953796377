//! An entry's header: its place, its content's hashes, and the one signature over all of it.

use super::codec::{self, CodecError, Decode, Encode};
use super::id::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use super::identity::Purpose;
use super::seal::Sealing;
use crate::crypto::{Context, Hash, KeyError, Network, NodeSigner, PublicKey, Signature};
use crate::model::Millis;

/// The header version that this code writes and reads.
pub const VERSION: u8 = 1;

/// What an entry's records are about; decides which purpose the node key must be mandated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// Statistics: series, with revisions, and definitions or documents beside them.
    Release,
    /// Released values taken back.
    Retraction,
    /// What this publisher holds of others' feeds.
    Receipt,
    /// Between two partners: proposals and signatures of agreements.
    Correspondence,
    /// The house's own: an act of an operator, with what it decided.
    Act,
    /// The house's own: a ministry's submission, checked, not yet released.
    Submission,
    /// Keys to which others seal for this publisher, and keys of what it has sealed.
    Sealing,
}

impl EntryKind {
    const ALL: [Self; 7] = [
        Self::Release,
        Self::Retraction,
        Self::Receipt,
        Self::Correspondence,
        Self::Act,
        Self::Submission,
        Self::Sealing,
    ];

    /// The code in signed bytes.
    pub fn code(self) -> u8 {
        match self {
            Self::Release => 0,
            Self::Retraction => 1,
            Self::Receipt => 2,
            Self::Correspondence => 3,
            Self::Act => 4,
            Self::Submission => 5,
            Self::Sealing => 6,
        }
    }

    /// The kind of a code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The word for people and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Retraction => "retraction",
            Self::Receipt => "receipt",
            Self::Correspondence => "correspondence",
            Self::Act => "act",
            Self::Submission => "submission",
            Self::Sealing => "sealing",
        }
    }

    /// What the node key that signs it must be mandated for.
    pub fn purpose(self) -> Purpose {
        match self {
            Self::Release | Self::Retraction | Self::Act | Self::Submission => Purpose::Release,
            Self::Receipt => Purpose::Receipt,
            Self::Correspondence => Purpose::Agreement,
            Self::Sealing => Purpose::Sealing,
        }
    }
}

/// The content of an entry as its header commits to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Number of records.
    pub record_count: u64,
    /// RFC 9162 root over the records' canonical bytes.
    pub record_root: Hash,
    /// Sum of the blocks' plain lengths, in bytes.
    pub payload_length: u64,
    /// SHA-256 over the block table ([`super::block`]).
    pub payload_hash: Hash,
}

/// What is signed of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The feed it belongs to.
    pub feed: FeedId,
    /// The node key that signs.
    pub node: PublicKey,
    /// Its place in the feed.
    pub seq: Seq,
    /// The id of the entry before it; [`EntryId::NONE`] for the first.
    pub backlink: EntryId,
    /// When its publisher says it was made, UTC. Order never depends on it.
    pub time: Millis,
    /// What its records are about.
    pub kind: EntryKind,
    /// What it holds.
    pub content: Content,
    /// Whether it may travel sealed too.
    pub sealing: Sealing,
}

/// The canonical form of [`Header`]; the order of fields is part of the format.
#[derive(Encode, Decode)]
struct HeaderBytes {
    version: u8,
    publisher: PublisherId,
    agreement: AgreementId,
    node: [u8; 32],
    seq: u64,
    backlink: EntryId,
    time: i64,
    kind: u8,
    record_count: u64,
    record_root: [u8; 32],
    payload_length: u64,
    payload_hash: [u8; 32],
    sealing: Sealing,
}

impl Header {
    /// When what it holds was there to be read: when it was made, or when its embargo ended.
    pub fn released(&self) -> Millis {
        match self.sealing {
            Sealing::Open => self.time,
            Sealing::Sealed(sealed) => self.time.max(Millis(sealed.opens)),
        }
    }

    /// The canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(&HeaderBytes {
            version: VERSION,
            publisher: self.feed.publisher,
            agreement: self.feed.agreement,
            node: self.node.0,
            seq: self.seq.0,
            backlink: self.backlink,
            time: self.time.0,
            kind: self.kind.code(),
            record_count: self.content.record_count,
            record_root: self.content.record_root.0,
            payload_length: self.content.payload_length,
            payload_hash: self.content.payload_hash.0,
            sealing: self.sealing,
        })
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`CodecError`] for other bytes, another version, an unknown kind or a sealed form that cannot be.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        let raw: HeaderBytes = codec::decode(bytes)?;
        if raw.version != VERSION {
            return Err(CodecError::Invalid(format!("header version {}", raw.version)));
        }
        let kind = EntryKind::from_code(raw.kind)
            .ok_or_else(|| CodecError::Invalid(format!("entry kind {}", raw.kind)))?;
        if let Sealing::Sealed(sealed) = &raw.sealing {
            sealed.check()?;
        }
        Ok(Self {
            feed: FeedId::new(raw.publisher, raw.agreement),
            node: PublicKey(raw.node),
            seq: Seq(raw.seq),
            backlink: raw.backlink,
            time: Millis(raw.time),
            kind,
            content: Content {
                record_count: raw.record_count,
                record_root: Hash(raw.record_root),
                payload_length: raw.payload_length,
                payload_hash: Hash(raw.payload_hash),
            },
            sealing: raw.sealing,
        })
    }

    /// The id of the entry.
    pub fn id(&self, network: &Network) -> EntryId {
        EntryId(Hash::of(&[&Context::Entry.message(network, &self.to_bytes())]).0)
    }

    /// Signs the header.
    pub fn sign(self, network: &Network, signer: &dyn NodeSigner) -> SignedHeader {
        let bytes = self.to_bytes();
        let message = Context::Entry.message(network, &bytes);
        let signature = signer.sign_message(&message);
        let id = EntryId(Hash::of(&[&message]).0);
        SignedHeader { header: self, bytes, signature, id }
    }
}

/// A header with its original bytes, signature and id. Its signature was checked for the key that it names;
/// whether that key may sign is the [`super::Keyring`]'s to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeader {
    header: Header,
    bytes: Vec<u8>,
    signature: Signature,
    id: EntryId,
}

/// How a signed header stands in frames, messages and citations.
#[derive(Encode, Decode)]
struct SignedHeaderBytes {
    header: Vec<u8>,
    signature: [u8; 64],
}

impl SignedHeader {
    /// Checks a header's form and signature.
    ///
    /// # Errors
    /// [`HeaderFault`] naming which of the two failed.
    pub fn verify(network: &Network, bytes: &[u8], signature: Signature) -> Result<Self, HeaderFault> {
        let header = Header::from_bytes(bytes)?;
        let message = Context::Entry.message(network, bytes);
        header.node.verify_message(&message, &signature)?;
        Ok(Self { header, bytes: bytes.to_vec(), signature, id: EntryId(Hash::of(&[&message]).0) })
    }

    /// Reads and verifies what [`SignedHeader::to_bytes`] wrote.
    ///
    /// # Errors
    /// As [`SignedHeader::verify`].
    pub fn from_bytes(network: &Network, bytes: &[u8]) -> Result<Self, HeaderFault> {
        let raw: SignedHeaderBytes = codec::decode(bytes)?;
        Self::verify(network, &raw.header, Signature(raw.signature))
    }

    /// Reads what this node has verified before and kept itself: the signature is not checked again.
    ///
    /// # Errors
    /// [`CodecError`] when the bytes are damaged.
    pub fn from_own_store(network: &Network, bytes: &[u8]) -> Result<Self, CodecError> {
        let raw: SignedHeaderBytes = codec::decode(bytes)?;
        let header = Header::from_bytes(&raw.header)?;
        let message = Context::Entry.message(network, &raw.header);
        let id = EntryId(Hash::of(&[&message]).0);
        Ok(Self { header, bytes: raw.header, signature: Signature(raw.signature), id })
    }

    /// Header and signature as they stand in a frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        codec::encode(&SignedHeaderBytes { header: self.bytes.clone(), signature: self.signature.0 })
    }

    /// What was signed.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The canonical bytes that were signed.
    pub fn signed_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The entry's id.
    pub fn id(&self) -> EntryId {
        self.id
    }
}

/// Why a header is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum HeaderFault {
    /// The bytes are no header.
    #[error("the header is malformed: {0}")]
    Form(#[from] CodecError),
    /// The signature is not this key's over these bytes on this network.
    #[error("the signature of the header does not verify")]
    Signature,
}

impl From<KeyError> for HeaderFault {
    fn from(_: KeyError) -> Self {
        Self::Signature
    }
}
