//! The board on the wall between the loop and the handles: who has a session, and how many bytes went by.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::NodeId;

/// Bytes exchanged with one peer in sessions since it became known, frames with their length prefixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerTraffic {
    /// Received.
    pub bytes_in: u64,
    /// Sent.
    pub bytes_out: u64,
}

/// A look at the room's counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetStats {
    /// Traffic of every partner, and of strangers while they are connected.
    pub peers: BTreeMap<NodeId, PeerTraffic>,
    /// Open connections, both directions.
    pub connections: u32,
    /// Open sessions.
    pub sessions: u32,
}

/// Counters of one peer, written by its session.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) bytes_in: AtomicU64,
    pub(crate) bytes_out: AtomicU64,
}

/// The ways into a session.
#[derive(Clone, Debug)]
pub(crate) struct Queues {
    /// Written first.
    pub(crate) first: mpsc::Sender<Vec<u8>>,
    /// Written frame by frame while nothing waits in the other.
    pub(crate) last: mpsc::Sender<Vec<u8>>,
}

/// Sessions and counters, shared by the loop (which writes) and the handles (which read). One entry per peer the
/// loop knows; the loop removes it when it forgets the peer.
#[derive(Debug, Default)]
pub(crate) struct Board {
    ports: Mutex<BTreeMap<NodeId, Port>>,
    connections: AtomicU32,
}

#[derive(Debug, Default)]
struct Port {
    traffic: Arc<Traffic>,
    open: Option<(u64, Queues)>,
}

impl Board {
    /// The queues of a session, if it is the one open now.
    pub(crate) fn queues(&self, peer: NodeId, session: u64) -> Option<Queues> {
        let ports = self.ports();
        let (number, queues) = ports.get(&peer)?.open.as_ref()?;
        (*number == session).then(|| queues.clone())
    }

    /// Puts a new session up in place of the last one.
    pub(crate) fn open(&self, peer: NodeId, session: u64, queues: Queues) -> Arc<Traffic> {
        let mut ports = self.ports();
        let port = ports.entry(peer).or_default();
        port.open = Some((session, queues));
        Arc::clone(&port.traffic)
    }

    /// Takes the peer's session down, so that nothing more is queued for it; the counters stay.
    pub(crate) fn close(&self, peer: NodeId) {
        if let Some(port) = self.ports().get_mut(&peer) {
            port.open = None;
        }
    }

    /// Forgets a peer with its counters.
    pub(crate) fn forget(&self, peer: NodeId) {
        self.ports().remove(&peer);
    }

    /// Notes how many connections are open.
    pub(crate) fn set_connections(&self, count: u32) {
        self.connections.store(count, Ordering::Relaxed);
    }

    /// A copy of the counters.
    pub(crate) fn stats(&self) -> NetStats {
        let ports = self.ports();
        let read = |port: &Port| PeerTraffic {
            bytes_in: port.traffic.bytes_in.load(Ordering::Relaxed),
            bytes_out: port.traffic.bytes_out.load(Ordering::Relaxed),
        };
        let open = ports.values().filter(|port| port.open.is_some()).count();
        NetStats {
            peers: ports.iter().map(|(peer, port)| (*peer, read(port))).collect(),
            connections: self.connections.load(Ordering::Relaxed),
            sessions: u32::try_from(open).unwrap_or(u32::MAX),
        }
    }

    /// A panic while the lock was held cannot leave the map half changed, so a poisoned lock is used on.
    fn ports(&self) -> MutexGuard<'_, BTreeMap<NodeId, Port>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
