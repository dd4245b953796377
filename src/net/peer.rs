//! What the loop knows of one peer.

use std::collections::BTreeMap;
use std::time::Instant;

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

    /// Address of the oldest connection, for people.
    pub(crate) fn remote(&self) -> String {
        self.live().next().map_or_else(String::new, |connection| connection.remote.to_string())
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
