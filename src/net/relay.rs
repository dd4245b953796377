//! Relaying: a partner that both ends can reach carries their connection, and sees nothing but its ciphertext.
//!
//! ```text
//!  origin, behind NAT ──reserves a place──► relay ◄──asks for a circuit── destination, behind NAT
//!         └────────── Noise and Yamux of the two, inside the circuit ──────────┘
//! ```
//!
//! Circuit relay v2 of libp2p. We reserve at partners alone, and serve partners alone: the behaviours that refuse come
//! before, and who is let in to read what is public gets a handler that speaks no relaying. What comes through a circuit
//! is a connection as any other: it proves its key, and the list of partners holds for it too.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::{ListenerId, PortUse};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{Multiaddr, PeerId, relay};

use super::peer::Peer;
use super::reconnect::Backoff;
use super::swarm::Driver;
use super::{MAX_PARTNERS, NodeId, RelayLimits, clock};

/// The relay for partners: libp2p's, with an allow-list of its own.
pub(crate) struct Behaviour {
    inner: relay::Behaviour,
    partners: BTreeSet<PeerId>,
}

impl Behaviour {
    /// Serves nobody yet.
    pub(crate) fn new(me: PeerId, limits: &RelayLimits) -> Self {
        let config = relay::Config {
            max_reservations: MAX_PARTNERS,
            max_reservations_per_peer: RESERVATIONS_OF_ONE,
            reservation_duration: RESERVED,
            reservation_rate_limiters: Vec::new(),
            max_circuits: limits.circuits as usize,
            max_circuits_per_peer: limits.circuits_per_partner as usize,
            max_circuit_duration: limits.circuit_time,
            max_circuit_bytes: limits.circuit_bytes,
            circuit_src_rate_limiters: Vec::new(),
        };
        let config =
            config.reservation_rate_per_peer(BURST, ONE_EVERY).circuit_src_per_peer(BURST, ONE_EVERY);
        let mut inner = relay::Behaviour::new(me, config);
        // Whether we can be reached is for those to find who chose us.
        inner.set_status(Some(relay::Status::Enable));
        Self { inner, partners: BTreeSet::new() }
    }

    /// From its next connection on, this peer is served.
    pub(crate) fn serve(&mut self, partner: PeerId) {
        self.partners.insert(partner);
    }

    /// This peer is served no more; its connections are closed by whoever says so.
    pub(crate) fn refuse(&mut self, peer: &PeerId) {
        self.partners.remove(peer);
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = <relay::Behaviour as NetworkBehaviour>::ConnectionHandler;
    type ToSwarm = relay::Event;

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        if !self.partners.contains(&peer) {
            // libp2p's relay speaks no relaying over what is relayed itself.
            let closed = local.clone().with(Protocol::P2pCircuit);
            return self.inner.handle_established_inbound_connection(connection, peer, &closed, remote);
        }
        self.inner.handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_outbound_connection(connection, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.inner.on_connection_handler_event(peer, connection, event);
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.inner.poll(context)
    }
}

/// A place that we want at a relay.
pub(crate) struct Place {
    /// While it is asked for or held.
    listener: Option<ListenerId>,
    /// When it was granted.
    granted: Option<Instant>,
    backoff: Backoff,
}

impl Driver {
    /// Asks for the places that are missing at relays with which we have a connection of our own.
    pub(crate) fn reserve(&mut self) {
        if !self.may_relay() {
            return;
        }
        let now = clock::now();
        let wanted: Vec<NodeId> =
            self.peers.iter().filter(|(_, peer)| peer.is_relay()).map(|(node, _)| *node).collect();
        for node in wanted {
            let place = self.places.entry(node).or_insert_with(|| Place::new(&self.config));
            if place.listener.is_some() || !place.backoff.is_due(now) {
                continue;
            }
            let Some(address) = self.peers.get(&node).and_then(Peer::circuit) else { continue };
            match self.swarm.listen_on(address) {
                Ok(listener) => place.listener = Some(listener),
                Err(error) => {
                    place.backoff.failed(now, clock::random());
                    tracing::warn!(relay = %node, %error, "no place at the relay can be asked for");
                }
            }
        }
        let swarm = &mut self.swarm;
        let peers = &self.peers;
        self.places.retain(|node, place| {
            let kept = peers.get(node).is_some_and(Peer::is_relay);
            if let Some(listener) = place.listener.filter(|_| !kept) {
                swarm.remove_listener(listener);
            }
            kept
        });
    }

    /// A line to this peer stands: if it is a relay, a place is asked for at once.
    pub(crate) fn reserve_at(&mut self, node: NodeId) {
        if self.peers.get(&node).is_some_and(Peer::is_relay) {
            self.places.entry(node).and_modify(|place| place.backoff.hurry());
            self.reserve();
        }
    }

    /// A relay has granted a place, or granted it again. Who was out of reach may be within it now.
    pub(crate) fn reserved(&mut self, relay: &PeerId) {
        let Some((node, place)) =
            super::id::node_id(relay).and_then(|node| Some((node, self.places.get_mut(&node)?)))
        else {
            return;
        };
        if place.granted.is_none() {
            place.granted = Some(clock::now());
            tracing::info!(relay = %node, "partners can reach this node through a relay");
            let away = self.peers.iter_mut().filter(|(_, peer)| peer.partner && peer.live().next().is_none());
            let away: Vec<NodeId> = away.map(|(node, peer)| (peer.backoff.hurry(), *node).1).collect();
            away.into_iter().for_each(|node| self.reconcile(node));
        }
    }

    /// A listener has ended; whether it was a place at a relay.
    pub(crate) fn place_lost(&mut self, listener: ListenerId) -> bool {
        let Some((node, place)) = self.places.iter_mut().find(|(_, place)| place.listener == Some(listener))
        else {
            return false;
        };
        let now = clock::now();
        place.listener = None;
        match place.granted.take() {
            Some(granted) => {
                tracing::info!(relay = %node, "the place at the relay is lost; asking again");
                place.backoff.ended(now.saturating_duration_since(granted), now, clock::random());
            }
            None => place.backoff.failed(now, clock::random()),
        }
        true
    }

    /// A hole is punched as soon as a relay carries a connection, or never: what it takes is known first.
    fn may_relay(&self) -> bool {
        self.observed || !self.config.hole_punching
    }

    /// The ways to a peer through our relays.
    pub(crate) fn ways_round(&self, to: NodeId) -> Vec<Multiaddr> {
        if !self.may_relay() {
            return Vec::new();
        }
        let relays = self.peers.iter().filter(|(node, peer)| **node != to && peer.is_relay());
        relays.filter_map(|(_, peer)| peer.circuit()).take(MAX_RELAYS).collect()
    }
}

impl Place {
    fn new(config: &super::NetConfig) -> Self {
        let backoff = Backoff::new(config.reconnect_min, config.reconnect_max);
        Self { listener: None, granted: None, backoff }
    }
}

/// Relays through which one partner is tried.
const MAX_RELAYS: usize = 4;

/// Places that one partner may hold: it may come back before its old connection is known to be dead.
const RESERVATIONS_OF_ONE: usize = 4;

/// How long a place holds before it is asked for again, which libp2p does by itself.
const RESERVED: Duration = Duration::from_secs(3_600);

/// Requests of one partner at once, after which it gets one more each [`ONE_EVERY`].
const BURST: NonZeroU32 = NonZeroU32::new(32).expect("more than none");

/// See [`BURST`].
const ONE_EVERY: Duration = Duration::from_secs(2);
