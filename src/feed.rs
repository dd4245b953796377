//! Signed, hash-linked, single-writer sequences of entries.
//!
//! ```text
//!  records ──sort──▶ blocks ──hash──▶ table ─┐
//!     └──────leaf hashes──▶ record root ─────┴─▶ header ──sign──▶ frames: Head · Table… · Block…
//!                                                                  │
//!  frames of a stranger ──▶ Assembler (checks each before it counts) ┘──▶ verified frames ──▶ store
//! ```
//!
//! One publisher's entries under one agreement form a [`FeedId`]'s feed. An entry's header names its place
//! (`seq`, `backlink`) and carries the RFC 9162 root of its records and the hash of its block table, under one
//! Ed25519 signature of a node key that the publisher's national key has mandated.
//!
//! What goes in: model records and keys. What comes out: bytes that are the same on disk and on the wire, and,
//! the other way, entries whose type says that they were verified. Signed bytes are defined in [`codec`] alone
//! and in the types beside it; golden vectors under `tests/vectors` hold them fixed.
//!
//! Under an agreement that names couriers an entry has a second form, sealed to its readers: [`mod@seal`].
//!
//! [`bundle`] puts frames into one file for who cannot be reached over a line. A publisher that signed two entries for
//! one place is shown by a [`fork_proof`] and says by a [`resolution`] which of them stands.
//!
//! It never reads a clock, a disk or a socket. Start reading at [`header`], then [`body`] and [`assembler`].

pub mod codec;
pub mod seal;
pub mod id;
pub mod identity;
pub mod header;
pub mod record;
pub mod order;
pub mod columns;
pub mod block;
pub mod frame;
pub mod body;
pub mod builder;
pub mod assembler;
pub mod head;
pub mod citation;
pub mod evidence;
pub mod bundle;
pub mod fork_proof;
pub mod resolution;
pub mod site;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use assembler::{Assembler, Entry, EntryFault, Unverified, Verified, VerifiedFrame};
pub use block::Opened;
pub use body::{Body, BodyBuilder};
pub use builder::{BuildError, EntryBuilder, SignedEntry};
pub use codec::CodecError;
pub use fork_proof::ForkProof;
pub use frame::{Frame, FrameKind};
pub use head::{Fork, HeadRef};
pub use header::{EntryKind, Header, SignedHeader};
pub use id::{AgreementId, EntryId, FeedId, PublisherId, Seq};
pub use identity::{
    Card, CardError, Keyring, Mandate, NextCard, Purpose, Reason, Refusal, Revocation, SignedMandate,
    SignedStep, Stand,
};
pub use resolution::Resolution;
pub use seal::{KeyNotice, Opening, Sealer, Sealing, SealingKeys};
pub use site::{SiteFiles, SiteManifest};
