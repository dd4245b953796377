//! Carries messages between peers: the only room that names libp2p.
//!
//! What for: two nodes that know each other's key exchange *frames*, byte strings of bounded length whose
//! meaning this room does not know. It finds the way to every partner and keeps it open for ever.
//!
//! ```text
//!  NetCommand ──────────────► event loop (swarm.rs) ──dial, accept──► libp2p: TCP, Noise, Yamux
//!  SetPartners, Close, DialNow      │ reconciles "desired vs actual"         (QUIC where built in)
//!                                   ▼
//!  NetHandle::send(Send) ──► queue ─► session task (session.rs) ◄──one stream per pair of nodes──►
//!  NetEvent ◄── SessionOpened, Frame…, SessionClosed ┘
//! ```
//!
//! What goes in: [`NetCommand`], through a [`NetHandle`] that any thread may hold. What comes out: [`NetEvent`],
//! through the bounded channel given to [`spawn`]. A session's events come in order, `SessionOpened`, then its
//! frames, then `SessionClosed`, and the next session with the same peer opens only after that. The channel ends
//! when the room has shut down.
//!
//! How the way is kept open. Both ends dial. However the connections came about, the node with the *lower*
//! [`NodeId`] opens the one stream of the pair (protocol `/corridor/sync/1`), so there is never a second
//! session to choose from; a second connection (both dialled at once) is tolerated. When the stream ends the
//! opener opens it again or dials, with exponential back-off and full jitter, for ever. Once a second the loop
//! compares what should be with what is, so a lost event costs a second and not the partner.
//!
//! Who gets in. Before any cryptography a token bucket per network prefix and the connection limits; after the
//! handshake, which proves the peer's key, the list of partners (unless [`NetConfig::serve_public`]).
//!
//! Who cannot be called. A partner that is reachable may carry connections between two that are not (`relay.rs`): they hold
//! a place at it and try each other through it; when a direct line stands, the session moves there.
//!
//! Back-pressure. A session's reader waits for room in the event channel and stops reading meanwhile, which the
//! peer feels through TCP. Outbound, each session has a queue of [`NetConfig::outbound_queue`] frames; when it is
//! full, [`NetHandle::send`] says so and nothing is dropped silently.
//!
//! What it never does: look into a frame, keep one for a peer that is away, decide what a partner may have, or
//! notice that a peer has gone silent while its connection looks open: that is the heartbeat of `sync`, which
//! answers with [`NetCommand::Close`].
//!
//! Start reading at [`NetEvent`] and [`NetCommand`], then `swarm.rs` (the loop), `reconcile.rs` (the rules for one
//! peer) and `session.rs` (the bytes).

mod admission;
mod behaviour;
mod board;
mod clock;
mod config;
mod handle;
mod id;
mod message;
mod peer;
mod reconcile;
mod reconnect;
mod relay;
mod session;
mod swarm;
#[cfg(test)]
mod tests;

pub use board::{NetStats, PeerTraffic};
pub use config::{NetConfig, RelayLimits};
pub use handle::{Carrier, NetError, NetHandle, Nowhere, spawn};
pub use id::NodeId;
pub use message::{NetCommand, NetEvent, PartnerPeer};

/// Partners one node may have; a federation of all governments has 200, each with a standby.
pub const MAX_PARTNERS: usize = 1_024;

/// Addresses of one partner that are tried; more are left out, with a warning.
pub const MAX_ADDRESSES: usize = 16;
