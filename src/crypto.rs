//! Keys, signatures, hashes, the Merkle tree, and sealing.
//!
//! Knows nothing of statistics, feeds or networks, and does no I/O: randomness comes in as bytes.
//!
//! Everything that is signed goes through [`Context::message`], so that a signature made for one purpose, or
//! on one network (`main`, `training/…`), never verifies for another. Start reading at [`key`].

pub mod hash;
pub mod key;
pub mod merkle;
pub mod seal;

pub use hash::{Hash, Hasher};
pub use key::{Context, KeyError, Network, NodeSigner, PublicKey, SecretKey, Signature};
pub use merkle::{InclusionPath, MerkleBuilder, inclusion_path, leaf_hash, root_from_path};
pub use seal::{ContentKey, Drawn, SealError, SealingKey, SealingSecret, Suite};
