//! What goes into the room and what comes out, as plain values.

use super::NodeId;

/// A partner's node and where it may be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerPeer {
    /// The node's key, which the handshake proves.
    pub node: NodeId,
    /// Multiaddresses, any order; names (`/dns/…`) are resolved anew at each dial. May be empty: it dials us.
    pub addresses: Vec<String>,
    /// Whether it carries connections for us: we hold a place at it, and try other partners through it.
    pub relay: bool,
}

/// What happened on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetEvent {
    /// We accept connections at this address.
    Listening {
        /// The multiaddress, with the port the system chose.
        address: String,
    },
    /// Frames may flow with this peer.
    SessionOpened {
        /// The proven key.
        peer: NodeId,
        /// Number of the session, never used twice while the process lives.
        session: u64,
        /// Address the peer is connected from, for people.
        remote: String,
    },
    /// One frame of the peer, in the order it was sent.
    Frame {
        /// The proven key of the sender.
        peer: NodeId,
        /// The session it came in.
        session: u64,
        /// The frame without its length prefix.
        bytes: Vec<u8>,
    },
    /// The session is over; frames not yet written are lost.
    SessionClosed {
        /// The peer.
        peer: NodeId,
        /// The session.
        session: u64,
        /// Why, for people.
        reason: String,
    },
    /// Somebody was not let in.
    Refused {
        /// The address the attempt came from.
        remote: String,
        /// Why, with the peer's key if it was proven.
        reason: String,
    },
    /// A partner could not be reached; it is tried again.
    DialFailed {
        /// The partner.
        peer: NodeId,
        /// Why, for people.
        reason: String,
    },
}

/// What the node asks of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetCommand {
    /// These, and only these, are the partners from now on; sessions with others end.
    SetPartners(Vec<PartnerPeer>),
    /// Write one frame in a session.
    Send {
        /// The peer.
        peer: NodeId,
        /// The session the frame belongs to; if that is over the frame is refused.
        session: u64,
        /// The frame, at most `max_frame` bytes.
        bytes: Vec<u8>,
    },
    /// Write one frame in a session when no other waits: everything that is sent later may overtake it, but for what is
    /// sent this way too.
    SendLast {
        /// The peer.
        peer: NodeId,
        /// As above.
        session: u64,
        /// The frame, at most `max_frame` bytes.
        bytes: Vec<u8>,
    },
    /// End a session and its connections, after what is queued has been written and read (two seconds at most).
    /// Frames of the peer may still come in until `SessionClosed`.
    Close {
        /// The peer.
        peer: NodeId,
        /// The session; if that is over nothing happens.
        session: u64,
        /// Why: comes back in `SessionClosed`.
        reason: String,
    },
    /// Try this partner now, whatever the back-off says.
    DialNow {
        /// The partner.
        peer: NodeId,
    },
    /// End all sessions and stop.
    Shutdown,
}
