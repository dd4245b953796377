//! A node's public key and its two spellings, ours and libp2p's.

use std::fmt;

use libp2p::PeerId;
use libp2p::identity::{PublicKey, ed25519};

/// libp2p identity of a node = its Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub [u8; 32]);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// libp2p's name of a node; `None` if the bytes are no point of the curve, so no node can hold that key.
pub(crate) fn peer_id(node: NodeId) -> Option<PeerId> {
    let key = ed25519::PublicKey::try_from_bytes(&node.0).ok()?;
    Some(PublicKey::from(key).to_peer_id())
}

/// The key inside libp2p's name; `None` for peers whose key is not Ed25519.
pub(crate) fn node_id(peer: &PeerId) -> Option<NodeId> {
    let hash = peer.as_ref();
    if hash.code() != IDENTITY_MULTIHASH {
        return None;
    }
    let key = PublicKey::try_decode_protobuf(hash.digest()).ok()?;
    Some(NodeId(key.try_into_ed25519().ok()?.to_bytes()))
}

/// Multihash code of "no hash at all": short keys stand in a peer id as they are.
const IDENTITY_MULTIHASH: u64 = 0;
