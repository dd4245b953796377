//! The rules for one peer: what should be, and the next step towards it.
//!
//! ```text
//!   no connection ──due──► dial ──► connection ──due, we open──► stream ──► session
//!        ▲                              ▲    └──they open──► wait ──► stream ──┘ │
//!        └──── hang up, line lost ──────┴───────────── stream ended ◄────────────┘
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId, Stream};
use tokio::sync::{mpsc, oneshot};

use super::board::Queues;
use super::peer::{OpenTalk, Peer, Talk};
use super::session::{self, Ended, Frames, Session, Side, Tag};
use super::swarm::{Done, Driver};
use super::{MAX_ADDRESSES, NetEvent, NodeId, PartnerPeer, admission, clock, id};

impl Driver {
    /// One step for one peer, if one is due. Cheap when nothing is.
    pub(crate) fn reconcile(&mut self, node: NodeId) {
        let Some(peer) = self.peers.get(&node) else { return };
        if peer.is_gone() {
            self.peers.remove(&node);
            self.board.forget(node);
            return;
        }
        let (due, connected) = (peer.backoff.is_due(clock::now()), peer.live().next().is_some());
        let idle = matches!(peer.talk, Talk::None);
        let allowed = peer.partner || self.config.serve_public;
        if due && idle && allowed && connected && self.opens(node) {
            self.open(node);
        } else if due && idle && !connected && peer.partner && peer.dialing.is_none() {
            self.dial(node);
        }
    }

    /// The lower key opens, so that a pair of nodes has one stream, however its connections came about.
    fn opens(&self, node: NodeId) -> bool {
        self.me < node
    }

    fn dial(&mut self, node: NodeId) {
        let round = self.ways_round(node);
        let hole_punching = self.config.hole_punching;
        let Some(peer) = self.peers.get_mut(&node) else { return };
        let mut addresses = peer.addresses.clone();
        addresses.extend(round);
        if addresses.is_empty() {
            return;
        }
        let options = DialOpts::peer_id(peer.id).addresses(addresses).condition(PeerCondition::NotDialing);
        // A port of its own: two nodes dialling each other from their listening ports would meet in one TCP
        // connection of which both think they are the dialler. A relay does not dial who needs it, and is to see the port
        // through which a hole can be punched.
        let options = match hole_punching && peer.is_relay() {
            true => options.build(),
            false => options.allocate_new_port().build(),
        };
        peer.dialing = Some(options.connection_id());
        if let Err(error) = self.swarm.dial(options) {
            peer.dialing = None;
            self.attempt_failed(node, error.to_string());
        }
    }

    fn open(&mut self, node: NodeId) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        let opening = session::open(self.control.clone(), peer.id, self.config.dial_timeout);
        let task = self.tasks.spawn(async move { Done::Opened(node, opening.await) });
        peer.talk = Talk::Opening(task.id());
    }

    /// The stream to a peer was opened, or could not be. In the second case its connections are given up: one
    /// of them may be dead without knowing.
    pub(crate) fn on_opened(&mut self, node: NodeId, opened: Result<Stream, String>) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        peer.talk = Talk::None;
        match opened {
            Ok(stream) if peer.partner || self.config.serve_public => self.start(node, stream, Side::Opener),
            Ok(_) => {}
            Err(reason) => {
                self.attempt_failed(node, reason);
                self.hang_up(node);
            }
        }
        self.reconcile(node);
    }

    /// A peer opened the stream. It opens only when it has none, so one we still hold has ended on its side.
    pub(crate) fn on_stream(&mut self, peer: &PeerId, stream: Stream) {
        let Some(node) = id::node_id(peer) else { return };
        let ours = self.opens(node) || node == self.me;
        let Some(peer) = self.peers.get_mut(&node) else { return };
        if ours || !(peer.partner || self.config.serve_public) {
            tracing::debug!(%node, "a stream was not taken");
            return;
        }
        match &mut peer.talk {
            Talk::Open(open) => {
                open.next = Some(stream);
                self.stop(node, "the peer opened a new session");
            }
            Talk::None | Talk::Opening(_) => self.start(node, stream, Side::Acceptor),
        }
    }

    fn start(&mut self, node: NodeId, stream: Stream, side: Side) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        self.last_session += 1;
        let (first, frames) = mpsc::channel(self.config.outbound_queue);
        let (last, frames_last) = mpsc::channel(self.config.outbound_queue);
        let queues = Queues { first, last };
        let (stop, stopped) = oneshot::channel();
        let session = Session {
            tag: Tag { peer: node, session: self.last_session },
            remote: peer.remote(),
            side,
            frames: Frames { first: frames, last: frames_last },
            stop: stopped,
            events: self.events.clone(),
            traffic: self.board.open(node, self.last_session, queues),
            max_frame: self.config.max_frame,
        };
        let task = self.tasks.spawn(async move { Done::Ended(node, session.run(stream).await) });
        peer.talk = Talk::Open(OpenTalk {
            session: self.last_session,
            task: task.id(),
            since: clock::now(),
            relayed: peer.is_relayed(),
            stop: Some(stop),
            hang_up: false,
            next: None,
        });
    }

    /// A session's task has ended: begin the next one, or make ready for another attempt.
    pub(crate) fn on_ended(&mut self, node: NodeId, ended: &Ended) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        let Talk::Open(open) = std::mem::replace(&mut peer.talk, Talk::None) else { return };
        self.board.close(node);
        let now = clock::now();
        peer.backoff.ended(now.saturating_duration_since(open.since), now, clock::random());
        let hang_up = open.hang_up || matches!(ended, Ended::Fault(_));
        match open.next {
            Some(stream) if !hang_up => self.start(node, stream, Side::Acceptor),
            _ if hang_up => self.hang_up(node),
            _ if open.relayed => self.close_relayed(node),
            _ => {}
        }
        self.reconcile(node);
    }

    /// Ends a session on the node's order, and its connections, one of which may be dead.
    pub(crate) fn close(&mut self, node: NodeId, session: u64, reason: &str) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        if let Talk::Open(open) = &mut peer.talk
            && open.session == session
        {
            open.hang_up = true;
            self.stop(node, reason);
        }
    }

    /// Asks the session's task, if there is one, to end. Nothing more is queued for it from here on.
    pub(crate) fn stop(&mut self, node: NodeId, reason: &str) {
        let Some(Peer { talk: Talk::Open(open), .. }) = self.peers.get_mut(&node) else { return };
        if let Some(stop) = open.stop.take() {
            // A task that has just ended by itself needs no telling.
            let _ = stop.send(reason.to_owned());
        }
        // After the reason, or the writer might end first, for want of a queue.
        self.board.close(node);
    }

    /// Closes every connection with the peer.
    fn hang_up(&mut self, node: NodeId) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        for (connection, state) in &mut peer.connections {
            state.closing = true;
            self.swarm.close_connection(*connection);
        }
    }

    /// Closes the connections with the peer that relays carry, if there is another.
    pub(crate) fn close_relayed(&mut self, node: NodeId) {
        let Some(peer) = self.peers.get_mut(&node).filter(|peer| !peer.is_relayed()) else { return };
        for (connection, state) in peer.connections.iter_mut().filter(|(_, state)| state.relayed) {
            state.closing = true;
            self.swarm.close_connection(*connection);
        }
    }

    /// Notes a failed attempt and tells of it, if it was a partner's.
    pub(crate) fn attempt_failed(&mut self, node: NodeId, reason: String) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        peer.backoff.failed(clock::now(), clock::random());
        if peer.partner {
            self.notice(NetEvent::DialFailed { peer: node, reason });
        }
    }

    /// Makes the list of partners the given one. Our own key is left out of it.
    pub(crate) fn set_partners(&mut self, partners: Vec<PartnerPeer>) {
        let mut wanted: BTreeMap<NodeId, (Vec<String>, bool)> = BTreeMap::new();
        for partner in partners.into_iter().filter(|partner| partner.node != self.me) {
            let (addresses, relay) = wanted.entry(partner.node).or_default();
            addresses.extend(partner.addresses);
            *relay |= partner.relay;
        }
        let partners = self.peers.iter().filter(|(_, peer)| peer.partner);
        let gone: Vec<NodeId> =
            partners.map(|(node, _)| *node).filter(|node| !wanted.contains_key(node)).collect();
        gone.into_iter().for_each(|node| self.remove_partner(node));
        wanted.into_iter().for_each(|(node, (addresses, relay))| self.put_partner(node, &addresses, relay));
        let addresses = self.peers.values().flat_map(|peer| &peer.addresses);
        let known: BTreeSet<IpAddr> = addresses.filter_map(admission::ip_of).collect();
        self.swarm.behaviour_mut().admission.set_known(known);
        self.reserve();
    }

    fn put_partner(&mut self, node: NodeId, addresses: &[String], relay: bool) {
        let Some(peer_id) = id::peer_id(node) else {
            self.notice(NetEvent::DialFailed { peer: node, reason: "the key is not an Ed25519 key".into() });
            return;
        };
        let addresses = self.usable(node, peer_id, addresses);
        let peer = self.peers.entry(node).or_insert_with(|| Peer::new(peer_id, &self.config));
        if !peer.partner || peer.addresses != addresses {
            peer.backoff.hurry();
        }
        (peer.partner, peer.addresses, peer.relay) = (true, addresses, relay);
        let behaviour = self.swarm.behaviour_mut();
        behaviour.limits.bypass_peer_id(&peer_id);
        if let Some(allowed) = behaviour.allowed.as_mut() {
            allowed.allow_peer(peer_id);
        }
        if let Some(relay) = behaviour.relay.as_mut() {
            relay.serve(peer_id);
        }
        self.reconcile(node);
    }

    /// The session goes with its reason; then the allow-list cuts what is left.
    fn remove_partner(&mut self, node: NodeId) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        peer.partner = false;
        peer.addresses.clear();
        let peer_id = peer.id;
        let behaviour = self.swarm.behaviour_mut();
        behaviour.limits.remove_peer_id(&peer_id);
        if let Some(relay) = behaviour.relay.as_mut() {
            relay.refuse(&peer_id);
        }
        if let Talk::Open(open) = &mut peer.talk {
            (open.hang_up, open.next) = (true, None);
            self.stop(node, "no longer a partner");
        } else {
            self.hang_up(node);
        }
        if let Some(allowed) = self.swarm.behaviour_mut().allowed.as_mut() {
            allowed.disallow_peer(peer_id);
        }
        self.reconcile(node);
    }

    /// The addresses that can be dialled; the others are told of.
    fn usable(&mut self, node: NodeId, peer_id: PeerId, addresses: &[String]) -> Vec<Multiaddr> {
        let mut usable = Vec::new();
        for address in addresses {
            match parse(address, peer_id) {
                _ if usable.len() == MAX_ADDRESSES => tracing::warn!(%node, address, "one address too many"),
                Ok(parsed) if usable.contains(&parsed) => {}
                Ok(parsed) => usable.push(parsed),
                Err(reason) => {
                    let reason = format!("address {address}: {reason}");
                    self.notice(NetEvent::DialFailed { peer: node, reason });
                }
            }
        }
        usable
    }
}

/// A partner's address, if this build can dial it and it names no other node.
fn parse(address: &str, peer_id: PeerId) -> Result<Multiaddr, String> {
    let parsed: Multiaddr = address.parse().map_err(|_| "is not a multiaddress".to_owned())?;
    let quic = parsed.iter().any(|part| part == Protocol::QuicV1);
    if quic && !cfg!(feature = "quic") {
        return Err("QUIC is not built in".into());
    }
    match parsed.iter().last() {
        Some(Protocol::P2p(named)) if named != peer_id => Err("names another node".into()),
        Some(_) => Ok(parsed),
        None => Err("is empty".into()),
    }
}
