//! What the loop knows of one peer.

use std::collections::BTreeMap;
use std::time::Instant;

use libp2p::multiaddr::Protocol;
use libp2p::swarm::ConnectionId;
use libp2p::{Multiaddr, PeerId, Stream};
use tokio::sync::oneshot;
use tokio::task;

use super::NetConfig;
use super::reconnect::Backoff;

/// A partner, or a stranger while it is connected.
pub(crate) struct Peer {
    /// libp2p's name of it.
    pub(crate) id: PeerId,
    /// Whether it is to be dialled and let in.
    pub(crate) partner: bool,
    /// Whether a place is wanted at it, and others are tried through it.
    pub(crate) relay: bool,
    pub(crate) addresses: Vec<Multiaddr>,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    /// The dial under way.
    pub(crate) dialing: Option<ConnectionId>,
    pub(crate) backoff: Backoff,
    pub(crate) talk: Talk,
}

/// One open connection.
pub(crate) struct Connection {
    pub(crate) remote: Multiaddr,
    /// Whether a relay carries it.
    pub(crate) relayed: bool,
    /// Pings in a row without an answer.
    pub(crate) missed_pings: u8,
    /// We asked for its end. It may take minutes to go on a dead line and is of no use meanwhile.
    pub(crate) closing: bool,
}

/// How far the one stream with this peer has come.
pub(crate) enum Talk {
    /// No stream.
    None,
    /// We are opening it, in this task.
    Opening(task::Id),
    /// A session lives on it.
    Open(OpenTalk),
}

/// A session from the loop's side.
pub(crate) struct OpenTalk {
    pub(crate) session: u64,
    pub(crate) task: task::Id,
    pub(crate) since: Instant,
    /// Whether a relay carries it, as far as we know.
    pub(crate) relayed: bool,
    /// Ends the session with a reason; taken by the first who does.
    pub(crate) stop: Option<oneshot::Sender<String>>,
    /// Close the connections too when it has ended.
    pub(crate) hang_up: bool,
    /// A stream the peer opened while this one still ends.
    pub(crate) next: Option<Stream>,
}

impl Peer {
    pub(crate) fn new(id: PeerId, config: &NetConfig) -> Self {
        Self {
            id,
            partner: false,
            relay: false,
            addresses: Vec::new(),
            connections: BTreeMap::new(),
            dialing: None,
            backoff: Backoff::new(config.reconnect_min, config.reconnect_max),
            talk: Talk::None,
        }
    }

    /// The connections of use, oldest first.
    pub(crate) fn live(&self) -> impl Iterator<Item = &Connection> {
        self.connections.values().filter(|connection| !connection.closing)
    }

    /// Whether it is a relay for us, and a partner still.
    pub(crate) fn is_relay(&self) -> bool {
        self.partner && self.relay
    }

    /// Where a relay that we have a line to, carried by nobody else, takes circuits.
    pub(crate) fn circuit(&self) -> Option<Multiaddr> {
        let connection = self.live().find(|connection| !connection.relayed)?;
        let bare = |part: &Protocol<'_>| !matches!(part, Protocol::P2p(_));
        let address: Multiaddr = connection.remote.iter().filter(bare).collect();
        Some(address.with(Protocol::P2p(self.id)).with(Protocol::P2pCircuit))
    }

    /// Address of the oldest connection, for people.
    pub(crate) fn remote(&self) -> String {
        self.live().next().map_or_else(String::new, |connection| connection.remote.to_string())
    }

    /// Whether no line but through relays is there.
    pub(crate) fn is_relayed(&self) -> bool {
        self.live().all(|connection| connection.relayed)
    }

    /// Nothing left to keep a record for.
    pub(crate) fn is_gone(&self) -> bool {
        !self.partner
            && self.connections.is_empty()
            && self.dialing.is_none()
            && matches!(self.talk, Talk::None)
    }

    /// Whether this task speaks or opens for the peer.
    pub(crate) fn runs(&self, task: task::Id) -> bool {
        match &self.talk {
            Talk::None => false,
            Talk::Opening(opening) => *opening == task,
            Talk::Open(open) => open.task == task,
        }
    }
}
