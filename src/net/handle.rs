//! How other rooms speak to this one: start it, send commands, read counters.

use std::sync::Arc;

use libp2p::identity::Keypair;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use zeroize::Zeroizing;

use super::board::Board;
use super::swarm::Driver;
use super::{MAX_PARTNERS, NetCommand, NetConfig, NetEvent, NetStats, NodeId, behaviour, id};

/// What can go wrong when the network is started or spoken to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The swarm could not be put together.
    #[error("the network could not be set up: {0}")]
    Setup(String),
    /// A setting is out of its range.
    #[error("setting {name} of the network: {reason}")]
    Config {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// An address to listen on is wrong or taken.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// As configured.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// The queue is full: the command was not taken; try again after the peer has read.
    #[error("the queue of {0} commands or frames is full; try again later")]
    QueueFull(usize),
    /// The session is over, or never was.
    #[error("session {session} with node {peer} is over")]
    NoSession {
        /// The peer.
        peer: NodeId,
        /// The session.
        session: u64,
    },
    /// The frame is longer than peers accept.
    #[error("frame of {length} bytes for node {peer}, the limit is {limit}")]
    FrameTooLong {
        /// The peer.
        peer: NodeId,
        /// Its length.
        length: usize,
        /// The longest one.
        limit: usize,
    },
    /// More partners than a node may have.
    #[error("{0} partners, the limit is {MAX_PARTNERS}")]
    TooManyPartners(usize),
    /// The room has shut down.
    #[error("the network was shut down")]
    ShutDown,
}

/// The way into the room; cheap to clone, usable from any thread. When the last one is dropped the room shuts down.
#[derive(Clone, Debug)]
pub struct NetHandle {
    node: NodeId,
    max_frame: usize,
    commands: mpsc::Sender<NetCommand>,
    board: Arc<Board>,
}

/// Listens on the configured addresses and starts the room's loop on `runtime`. The key is the node's identity.
///
/// # Errors
/// If a setting is out of range, an address cannot be listened on, or the system's resolver is not configured.
pub fn spawn(
    secret_ed25519_seed: Zeroizing<[u8; 32]>,
    config: NetConfig,
    events: mpsc::Sender<NetEvent>,
    runtime: &Handle,
) -> Result<NetHandle, NetError> {
    check(&config)?;
    let key = Keypair::ed25519_from_bytes(secret_ed25519_seed)
        .map_err(|error| NetError::Setup(error.to_string()))?;
    let node =
        id::node_id(&key.public().to_peer_id()).expect("a key made from an Ed25519 seed is an Ed25519 key");
    // libp2p's transports and resolver register with the runtime as they are made.
    let _inside = runtime.enter();
    let swarm = behaviour::build(key, &config)?;
    let (sender, commands) = mpsc::channel(COMMANDS);
    let handle =
        NetHandle { node, max_frame: config.max_frame, commands: sender, board: Arc::new(Board::default()) };
    let mut driver = Driver::new((node, config), swarm, Arc::clone(&handle.board), events, commands)?;
    driver.probe()?;
    driver.listen()?;
    runtime.spawn(driver.run());
    Ok(handle)
}

impl NetHandle {
    /// Our own node's key.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Hands a command over without waiting. A frame goes straight into its session's queue.
    ///
    /// # Errors
    /// `QueueFull` if there is no room at the moment, `NoSession` if the frame's session is over, `ShutDown`.
    pub fn send(&self, command: NetCommand) -> Result<(), NetError> {
        match self.route(command)? {
            Route::Frame(tag, queue, bytes) => queue.try_send(bytes).map_err(|error| match error {
                TrySendError::Full(_) => NetError::QueueFull(queue.max_capacity()),
                TrySendError::Closed(_) => no_session(tag),
            }),
            Route::Command(command) => self.commands.try_send(command).map_err(|error| match error {
                TrySendError::Full(_) => NetError::QueueFull(COMMANDS),
                TrySendError::Closed(_) => NetError::ShutDown,
            }),
        }
    }

    /// Hands a command over and waits for room as long as it takes. While it waits somebody else must take the
    /// events, or both ends may wait for each other.
    ///
    /// # Errors
    /// `NoSession` if the frame's session is over or ends meanwhile, `ShutDown`.
    ///
    /// # Panics
    /// If called from a task of an async runtime.
    pub fn send_blocking(&self, command: NetCommand) -> Result<(), NetError> {
        match self.route(command)? {
            Route::Frame(tag, queue, bytes) => queue.blocking_send(bytes).map_err(|_| no_session(tag)),
            Route::Command(command) => self.commands.blocking_send(command).map_err(|_| NetError::ShutDown),
        }
    }

    /// Frames that may be queued in a session at this moment; `None` if it is over.
    #[must_use]
    pub fn room(&self, peer: NodeId, session: u64) -> Option<usize> {
        Some(self.board.queues(peer, session)?.first.capacity())
    }

    /// The counters.
    #[must_use]
    pub fn stats(&self) -> NetStats {
        self.board.stats()
    }

    fn route(&self, command: NetCommand) -> Result<Route, NetError> {
        match command {
            NetCommand::Send { peer, bytes, .. } | NetCommand::SendLast { peer, bytes, .. }
                if bytes.len() > self.max_frame =>
            {
                Err(NetError::FrameTooLong { peer, length: bytes.len(), limit: self.max_frame })
            }
            NetCommand::Send { peer, session, bytes } => {
                let queues = self.board.queues(peer, session).ok_or_else(|| no_session((peer, session)))?;
                Ok(Route::Frame((peer, session), queues.first, bytes))
            }
            NetCommand::SendLast { peer, session, bytes } => {
                let queues = self.board.queues(peer, session).ok_or_else(|| no_session((peer, session)))?;
                Ok(Route::Frame((peer, session), queues.last, bytes))
            }
            NetCommand::SetPartners(partners) if partners.len() > MAX_PARTNERS => {
                Err(NetError::TooManyPartners(partners.len()))
            }
            other => Ok(Route::Command(other)),
        }
    }
}

/// What takes a node's commands to the network: the room's handle, or in a simulation what stands in for it.
pub trait Carrier: Send {
    /// Hands a command over without waiting.
    ///
    /// # Errors
    /// As [`NetHandle::send`].
    fn send(&self, command: NetCommand) -> Result<(), NetError>;

    /// The counters.
    fn stats(&self) -> NetStats;
}

/// No network: a node that only opens its store for a moment speaks to nobody.
#[derive(Debug, Clone, Copy)]
pub struct Nowhere;

impl Carrier for Nowhere {
    fn send(&self, _command: NetCommand) -> Result<(), NetError> {
        Ok(())
    }

    fn stats(&self) -> NetStats {
        NetStats::default()
    }
}

impl Carrier for NetHandle {
    fn send(&self, command: NetCommand) -> Result<(), NetError> {
        Self::send(self, command)
    }

    fn stats(&self) -> NetStats {
        Self::stats(self)
    }
}

/// Where a command goes.
enum Route {
    Frame((NodeId, u64), mpsc::Sender<Vec<u8>>, Vec<u8>),
    Command(NetCommand),
}

fn no_session((peer, session): (NodeId, u64)) -> NetError {
    NetError::NoSession { peer, session }
}

fn check(config: &NetConfig) -> Result<(), NetError> {
    let wrong = |name, reason: &str| Err(NetError::Config { name, reason: reason.into() });
    if config.outbound_queue == 0 {
        return wrong("outbound_queue", "a session needs room for one frame at least");
    }
    if config.max_frame == 0 || config.max_frame > LONGEST_FRAME {
        return wrong("max_frame", "must lie between 1 byte and 1 MiB");
    }
    if config.max_per_peer < 2 {
        return wrong(
            "max_per_peer",
            "must be 2 at least, or two nodes that dial at once cut each other off",
        );
    }
    if config.reconnect_min.is_zero() || config.reconnect_max < config.reconnect_min {
        return wrong("reconnect_min", "must be more than nothing and at most reconnect_max");
    }
    Ok(())
}

/// Commands waiting for the loop, which never waits for anybody while it takes them.
const COMMANDS: usize = 1_024;

/// Above this a frame is a mistake in the settings; one peer could hold too much of our memory.
const LONGEST_FRAME: usize = 1 << 20;
