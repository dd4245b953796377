//! The transport and the behaviours of the swarm, put together.

use std::time::Duration;

use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{
    StreamProtocol, Swarm, SwarmBuilder, allow_block_list, connection_limits, dcutr, identify,
    memory_connection_limits, noise, ping, relay, tcp, yamux,
};

use super::{NetConfig, NetError, admission};

/// The behaviours, in the order in which they are asked about a connection. Those that refuse come first: the
/// first refusal ends the asking, so a stranger leaves no trace in the others.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    pub(crate) admission: admission::Behaviour,
    pub(crate) limits: connection_limits::Behaviour,
    pub(crate) memory: memory_connection_limits::Behaviour,
    /// Off if the node serves the public.
    pub(crate) allowed: Toggle<allow_block_list::Behaviour<allow_block_list::AllowedPeers>>,
    pub(crate) identify: identify::Behaviour,
    pub(crate) ping: ping::Behaviour,
    pub(crate) streams: libp2p_stream::Behaviour,
    /// The way through others' relays.
    pub(crate) circuits: relay::client::Behaviour,
    /// Our own relay, for partners; off if it is not wanted.
    pub(crate) relay: Toggle<super::relay::Behaviour>,
    /// Makes a relayed connection a direct one where that works; off if it is not wanted.
    pub(crate) punching: Toggle<dcutr::Behaviour>,
}

/// A swarm that neither listens nor dials yet. Must be called inside the runtime.
pub(crate) fn build(key: Keypair, config: &NetConfig) -> Result<Swarm<Behaviour>, NetError> {
    let setup = |error: &dyn std::fmt::Display| NetError::Setup(error.to_string());
    let builder = SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, muxer)
        .map_err(|error| setup(&error))?;
    #[cfg(feature = "quic")]
    let builder = builder.with_quic();
    let swarm = builder
        .with_dns()
        .map_err(|error| setup(&error))?
        .with_relay_client(noise::Config::new, muxer)
        .map_err(|error| setup(&error))?
        .with_behaviour(|key, circuits| behaviour(key, circuits, config))
        .map_err(|error| setup(&error))?
        .with_swarm_config(|swarm| {
            swarm
                .with_idle_connection_timeout(config.idle_timeout)
                .with_substream_upgrade_protocol_override(Version::V1Lazy)
        })
        .with_connection_timeout(config.dial_timeout)
        .build();
    Ok(swarm)
}

fn behaviour(key: &Keypair, circuits: relay::client::Behaviour, config: &NetConfig) -> Behaviour {
    let me = key.public().to_peer_id();
    let limits = connection_limits::ConnectionLimits::default()
        .with_max_pending_outgoing(Some(MAX_PENDING_OUTGOING))
        .with_max_established(Some(config.max_established))
        .with_max_established_per_peer(Some(config.max_per_peer));
    let identity = identify::Config::new("/corridor/id/1".into(), key.public())
        .with_agent_version("corridor".into())
        .with_hide_listen_addrs(true)
        .with_cache_size(0);
    Behaviour {
        admission: admission::Behaviour::new(config.per_ip_attempts_per_minute, config.max_pending_incoming),
        limits: connection_limits::Behaviour::new(limits),
        memory: memory_connection_limits::Behaviour::with_max_percentage(MEMORY_SHARE),
        allowed: Toggle::from((!config.serve_public).then(Default::default)),
        identify: identify::Behaviour::new(identity),
        ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_EVERY)),
        streams: libp2p_stream::Behaviour::new(),
        circuits,
        relay: Toggle::from(config.relay.map(|limits| super::relay::Behaviour::new(me, &limits))),
        punching: Toggle::from(config.hole_punching.then(|| dcutr::Behaviour::new(me))),
    }
}

fn muxer() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(MAX_STREAMS);
    config
}

/// The protocol of the one long-lived stream of a pair of nodes.
pub(crate) const SYNC: StreamProtocol = StreamProtocol::new("/corridor/sync/1");

/// Dials under way at once; partners pass it by, so it bounds only what libp2p does on its own.
const MAX_PENDING_OUTGOING: u32 = 64;

/// New connections are refused while the process uses more than this share of the machine's memory.
const MEMORY_SHARE: f64 = 0.8;

/// Also keeps address translators on the way from forgetting the connection.
const PING_EVERY: Duration = Duration::from_secs(15);

/// Streams per connection: ours, identify, ping, retries of each, and each circuit that a relay carries over it.
const MAX_STREAMS: usize = 256;
