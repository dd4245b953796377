//! The event loop: takes what libp2p, the handles and the session tasks report, one at a time.
//!
//! The loop never waits for anything but the next event: not for a peer, not for a reader of events. What a
//! peer's state asks for is decided in one place, `reconcile`, after every event that touches the peer and once
//! a tick for all.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{ConnectionId, DialError, ListenError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Stream, Swarm, ping, relay};
use libp2p_stream::{Control, IncomingStreams};
use tokio::sync::mpsc;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::behaviour::{Behaviour, BehaviourEvent, SYNC};
use super::board::Board;
use super::peer::{Connection, Peer, Talk};
use super::relay::Place;
use super::session::Ended;
use super::{NetCommand, NetConfig, NetError, NetEvent, NodeId, admission, id};

/// The loop's state.
pub(crate) struct Driver {
    pub(crate) me: NodeId,
    pub(crate) swarm: Swarm<Behaviour>,
    pub(crate) config: NetConfig,
    /// Partners, and strangers while they are connected: bounded by `MAX_PARTNERS` and `max_established`.
    pub(crate) peers: BTreeMap<NodeId, Peer>,
    /// Every task of the room but the loop itself.
    pub(crate) tasks: JoinSet<Done>,
    pub(crate) control: Control,
    pub(crate) events: mpsc::Sender<NetEvent>,
    pub(crate) board: Arc<Board>,
    pub(crate) last_session: u64,
    /// Whether somebody has told us where we seem to be, which a hole cannot be punched without.
    pub(crate) observed: bool,
    /// Places at relays, by relay.
    pub(crate) places: BTreeMap<NodeId, Place>,
    notices: VecDeque<NetEvent>,
    listeners: Vec<Listener>,
    inlets: Inlets,
}

/// What comes in besides the swarm's own events.
struct Inlets {
    commands: mpsc::Receiver<NetCommand>,
    streams: mpsc::Receiver<(PeerId, Stream)>,
}

/// An address we are asked to listen on.
struct Listener {
    address: Multiaddr,
    /// `None` while it does not work.
    id: Option<ListenerId>,
}

/// What a task of the room has come to.
pub(crate) enum Done {
    /// The acceptor has no more streams to hand over.
    Accepting,
    /// An attempt to open the stream.
    Opened(NodeId, Result<Stream, String>),
    /// A session.
    Ended(NodeId, Ended),
}

impl Driver {
    /// A loop that does not turn yet.
    pub(crate) fn new(
        (me, config): (NodeId, NetConfig),
        swarm: Swarm<Behaviour>,
        board: Arc<Board>,
        events: mpsc::Sender<NetEvent>,
        commands: mpsc::Receiver<NetCommand>,
    ) -> Result<Self, NetError> {
        let mut control = swarm.behaviour().streams.new_control();
        let incoming = control.accept(SYNC).map_err(|error| NetError::Setup(error.to_string()))?;
        let (sender, streams) = mpsc::channel(STREAMS);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(incoming, sender));
        let listen = |address: &String| match address.parse() {
            Ok(parsed) => Ok(Listener { address: parsed, id: None }),
            Err(error) => Err(NetError::Listen { address: address.clone(), reason: error.to_string() }),
        };
        Ok(Self {
            me,
            listeners: config.listen.iter().map(listen).collect::<Result<_, _>>()?,
            inlets: Inlets { commands, streams },
            notices: VecDeque::new(),
            peers: BTreeMap::new(),
            observed: false,
            places: BTreeMap::new(),
            last_session: 0,
            swarm,
            config,
            tasks,
            control,
            events,
            board,
        })
    }

    /// Fails if another process listens where we shall. libp2p shares ports (`SO_REUSEPORT`), so without this a
    /// second node started by mistake would take half of the connections and nobody would know.
    pub(crate) fn probe(&self) -> Result<(), NetError> {
        for listener in &self.listeners {
            let mut parts = listener.address.iter();
            let ip = admission::ip_of(&listener.address);
            if let (Some(ip), Some(Protocol::Tcp(port))) = (ip, parts.nth(1))
                && let Err(error) = TcpListener::bind((ip, port))
            {
                return Err(NetError::Listen {
                    address: listener.address.to_string(),
                    reason: error.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Listens on every address that is not being listened on.
    pub(crate) fn listen(&mut self) -> Result<(), NetError> {
        for listener in self.listeners.iter_mut().filter(|listener| listener.id.is_none()) {
            let address = &listener.address;
            let opened = self.swarm.listen_on(address.clone());
            let failed =
                |error: &dyn Error| NetError::Listen { address: address.to_string(), reason: story(error) };
            listener.id = Some(opened.map_err(|error| failed(&error))?);
        }
        Ok(())
    }

    /// Turns until it is told to shut down, all handles are gone, or nobody takes the events.
    pub(crate) async fn run(mut self) {
        let mut tick = interval(self.config.reconnect_min.clamp(SHORTEST_TICK, LONGEST_TICK));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_swarm(event),
                Some((peer, stream)) = self.inlets.streams.recv() => self.on_stream(&peer, stream),
                Some(done) = self.tasks.join_next_with_id() => self.on_done(done),
                command = self.inlets.commands.recv() => match command {
                    None | Some(NetCommand::Shutdown) => break,
                    Some(command) => self.on_command(command),
                },
                _ = tick.tick() => self.on_tick(),
                heard = async { self.events.reserve().await.is_ok() }, if !self.notices.is_empty() => {
                    if !heard {
                        break;
                    }
                    self.tell();
                }
            }
        }
        self.wind_down().await;
    }

    /// Ends all sessions and waits for them, with an end to the patience: the swarm must turn meanwhile, or
    /// nothing more is written.
    async fn wind_down(mut self) {
        self.inlets.streams.close();
        let everyone: Vec<NodeId> = self.peers.keys().copied().collect();
        everyone.into_iter().for_each(|node| self.stop(node, "this node is shutting down"));
        let quiet = async {
            // The acceptor is the one task that does not end by itself.
            while self.tasks.len() > 1 {
                tokio::select! {
                    _ = self.swarm.select_next_some() => {}
                    _ = self.tasks.join_next() => {}
                }
            }
        };
        if timeout(WIND_DOWN, quiet).await.is_err() {
            tracing::warn!("network shut down with sessions still open");
        }
    }

    fn on_command(&mut self, command: NetCommand) {
        match command {
            NetCommand::SetPartners(partners) => self.set_partners(partners),
            NetCommand::Close { peer, session, reason } => self.close(peer, session, &reason),
            NetCommand::DialNow { peer } => {
                self.peers.entry(peer).and_modify(|peer| peer.backoff.hurry());
                self.reconcile(peer);
            }
            // The handle puts frames into the session's own queue, and `run` ends at a shutdown.
            NetCommand::Send { .. } | NetCommand::SendLast { .. } | NetCommand::Shutdown => {}
        }
    }

    fn on_tick(&mut self) {
        if let Err(error) = self.listen() {
            tracing::warn!(%error, "not listening");
        }
        let everyone: Vec<NodeId> = self.peers.keys().copied().collect();
        everyone.into_iter().for_each(|node| self.reconcile(node));
        self.reserve();
    }

    fn on_done(&mut self, done: Result<(task::Id, Done), JoinError>) {
        match done {
            Ok((_, Done::Opened(node, opened))) => self.on_opened(node, opened),
            Ok((_, Done::Ended(node, ended))) => self.on_ended(node, &ended),
            // Unreachable while the swarm lives; without it no inbound session could come about.
            Ok((_, Done::Accepting)) => tracing::error!("no more streams are accepted"),
            Err(error) => self.on_panic(&error),
        }
    }

    /// A task failed that must not: the peer's session is over, the node goes on.
    fn on_panic(&mut self, error: &JoinError) {
        tracing::error!(%error, "a task of the network failed");
        let Some((&node, peer)) = self.peers.iter().find(|(_, peer)| peer.runs(error.id())) else { return };
        let reason = "the session's task failed";
        if let Talk::Open(open) = &peer.talk {
            let session = open.session;
            self.notices.push_back(NetEvent::SessionClosed { peer: node, session, reason: reason.into() });
            self.on_ended(node, &Ended::Fault(reason.into()));
        } else {
            self.on_opened(node, Err(reason.into()));
        }
    }

    fn on_swarm(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Ping(ping)) => self.on_ping(&ping),
            SwarmEvent::Behaviour(BehaviourEvent::Circuits(
                relay::client::Event::ReservationReqAccepted { relay_peer_id, .. },
            )) => self.reserved(&relay_peer_id),
            SwarmEvent::NewExternalAddrCandidate { .. } => self.observed = true,
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_connected(&peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, cause, .. } => {
                let cause = cause.map_or_else(|| "closed".into(), |cause| story(&cause));
                self.on_disconnected(&peer_id, connection_id, &cause);
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), connection_id, error } => {
                self.on_dial_failed(&peer, connection_id, &error);
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, peer_id, .. } => {
                self.on_refused(&send_back_addr, &error, peer_id);
            }
            SwarmEvent::NewListenAddr { address, .. } => {
                // A relay tells those who take a place where it can be reached.
                if self.config.relay.is_some() && !is_relayed(&address) {
                    self.swarm.add_external_address(address.clone());
                }
                self.notice(NetEvent::Listening { address: address.to_string() });
            }
            SwarmEvent::ListenerClosed { listener_id, .. } if self.place_lost(listener_id) => {}
            SwarmEvent::ListenerClosed { listener_id, reason, .. } => {
                tracing::warn!(?reason, "an address is no longer listened on");
                let closed = self.listeners.iter_mut().find(|listener| listener.id == Some(listener_id));
                closed.into_iter().for_each(|listener| listener.id = None);
            }
            SwarmEvent::ListenerError { error, .. } => {
                tracing::warn!(%error, "accepting a connection failed")
            }
            _ => {}
        }
    }

    fn on_connected(&mut self, peer: &PeerId, connection: ConnectionId, endpoint: &ConnectedPoint) {
        self.count_connections();
        let Some(node) = id::node_id(peer) else {
            self.swarm.close_connection(connection);
            return;
        };
        let known = self.peers.get(&node).is_some_and(|peer| peer.partner);
        if !known && !self.config.serve_public {
            self.swarm.close_connection(connection);
            return;
        }
        let peer = self.peers.entry(node).or_insert_with(|| Peer::new(*peer, &self.config));
        if peer.dialing == Some(connection) {
            peer.dialing = None;
        }
        // Limits do not bind partners, so that strangers cannot crowd them out; this one does. A line that a relay
        // carries takes no place of a direct one, nor is it of use beside it.
        let relayed = endpoint.is_relayed();
        let alike = peer.live().filter(|other| relayed || !other.relayed).count();
        let closing = alike >= self.config.max_per_peer as usize;
        let state = Connection { remote: remote(endpoint), relayed, missed_pings: 0, closing };
        peer.connections.insert(connection, state);
        if closing {
            self.swarm.close_connection(connection);
        } else if endpoint.is_listener() {
            peer.backoff.hurry();
        }
        if !relayed && !closing {
            self.leave_relays(node);
            self.reserve_at(node);
        }
        self.reconcile(node);
    }

    /// A direct line stands: a session that a relay carries moves to it.
    fn leave_relays(&mut self, node: NodeId) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        if let Talk::Open(open) = &mut peer.talk
            && open.relayed
        {
            // Its connection goes with it, and not before: what is under way arrives.
            self.stop(node, "a direct line stands");
        } else if peer.connections.values().any(|connection| connection.relayed) {
            self.close_relayed(node);
        }
    }

    fn on_disconnected(&mut self, peer: &PeerId, connection: ConnectionId, cause: &str) {
        self.count_connections();
        let Some(node) = id::node_id(peer) else { return };
        let Some(peer) = self.peers.get_mut(&node) else { return };
        let was = peer.connections.remove(&connection);
        let unused = matches!(peer.talk, Talk::None) && peer.live().next().is_none();
        if unused && was.is_some_and(|was| !was.closing) {
            self.attempt_failed(node, format!("the connection ended before a session: {cause}"));
        }
        self.reconcile(node);
    }

    fn on_dial_failed(&mut self, peer: &PeerId, connection: ConnectionId, error: &DialError) {
        let Some(node) = id::node_id(peer) else { return };
        let Some(peer) = self.peers.get_mut(&node) else { return };
        if peer.dialing != Some(connection) {
            return;
        }
        peer.dialing = None;
        // Both dialled and the other's connection is there: no failure.
        if peer.live().next().is_none() {
            self.attempt_failed(node, story(error));
        }
        self.reconcile(node);
    }

    fn on_refused(&mut self, remote: &Multiaddr, error: &ListenError, peer: Option<PeerId>) {
        let reason = match peer.as_ref().and_then(id::node_id) {
            Some(node) => format!("{} (node {node})", story(error)),
            None => story(error),
        };
        self.notice(NetEvent::Refused { remote: remote.to_string(), reason });
    }

    /// A connection that answers no ping is of no use, be there a session on it or not.
    fn on_ping(&mut self, ping: &ping::Event) {
        let Some(peer) = id::node_id(&ping.peer).and_then(|node| self.peers.get_mut(&node)) else { return };
        let Some(connection) = peer.connections.get_mut(&ping.connection) else { return };
        match ping.result {
            Ok(_) | Err(ping::Failure::Unsupported) => connection.missed_pings = 0,
            Err(_) => connection.missed_pings = connection.missed_pings.saturating_add(1),
        }
        if connection.missed_pings >= MISSED_PINGS && !connection.closing {
            connection.closing = true;
            self.swarm.close_connection(ping.connection);
        }
    }

    fn count_connections(&self) {
        self.board.set_connections(self.swarm.network_info().connection_counters().num_established());
    }

    /// Hands one piece of news over, if a session did not take the free place in the meantime.
    fn tell(&mut self) {
        if let (Ok(place), Some(notice)) = (self.events.try_reserve(), self.notices.pop_front()) {
            place.send(notice);
        }
    }

    /// Queues news that no session's order depends on; the oldest gives way if nobody takes them.
    pub(crate) fn notice(&mut self, event: NetEvent) {
        if self.notices.len() >= NOTICES {
            self.notices.pop_front();
        }
        self.notices.push_back(event);
    }
}

/// Waits for inbound streams in a task of its own: libp2p-stream drops them when nobody does.
async fn accept(mut incoming: IncomingStreams, sender: mpsc::Sender<(PeerId, Stream)>) -> Done {
    while let Some(next) = incoming.next().await {
        if sender.send(next).await.is_err() {
            break;
        }
    }
    Done::Accepting
}

/// Where a peer is, for people; of one that came through a relay, which relay.
fn remote(endpoint: &ConnectedPoint) -> Multiaddr {
    match endpoint {
        ConnectedPoint::Listener { local_addr, .. } if endpoint.is_relayed() => local_addr.clone(),
        ConnectedPoint::Dialer { .. } | ConnectedPoint::Listener { .. } => {
            endpoint.get_remote_address().clone()
        }
    }
}

/// Whether a relay carries what comes over this address.
pub(crate) fn is_relayed(address: &Multiaddr) -> bool {
    address.iter().any(|part| part == Protocol::P2pCircuit)
}

/// An error with its causes, in one line.
fn story(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |told, cause| {
        let cause = cause.to_string();
        if told.contains(&cause) { told } else { format!("{told}: {cause}") }
    })
}

/// Inbound streams between the acceptor and the loop.
const STREAMS: usize = 64;

/// News waiting for somebody to take them.
const NOTICES: usize = 256;

/// Desired and actual state are compared this often at least.
const LONGEST_TICK: Duration = Duration::from_secs(1);

/// And not more often than this.
const SHORTEST_TICK: Duration = Duration::from_millis(20);

/// Pings in a row after which a connection counts as dead: 15 s apart, 20 s each.
const MISSED_PINGS: u8 = 3;

/// Longest wait for sessions when the room shuts down; a little over their own grace.
const WIND_DOWN: Duration = Duration::from_secs(3);
