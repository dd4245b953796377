//! The room's settings.

use std::time::Duration;

/// Settings of the room, with limits that hold for a node of an ordinary size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetConfig {
    /// Addresses to listen on, as multiaddresses (`/ip4/0.0.0.0/tcp/4001`). May be empty: such a node only dials.
    pub listen: Vec<String>,
    /// A connection without a session is closed after this long.
    pub idle_timeout: Duration,
    /// One dial, from the first packet to the proven key.
    pub dial_timeout: Duration,
    /// Shortest pause before a partner is tried again.
    pub reconnect_min: Duration,
    /// Longest pause before a partner is tried again.
    pub reconnect_max: Duration,
    /// Inbound connections whose handshake is under way, of all strangers together, and a quarter of it from one network
    /// prefix; as many more from known addresses of partners.
    pub max_pending_incoming: u32,
    /// Open inbound connections of strangers; partners are not counted.
    pub max_established: u32,
    /// Connections with one peer; two, because both ends may dial at once.
    pub max_per_peer: u32,
    /// Inbound attempts per minute of one network prefix (/24, /48). Loopback and partners' known addresses are free.
    pub per_ip_attempts_per_minute: u32,
    /// Frames waiting to be written per session. Should hold what `sync` may have in flight.
    pub outbound_queue: usize,
    /// Longest frame in bytes, both ways, without its length prefix.
    pub max_frame: usize,
    /// Let peers in that are no partners, to read what is public.
    pub serve_public: bool,
    /// Carry connections between partners that cannot reach each other; `None`: no.
    pub relay: Option<RelayLimits>,
    /// Try to turn a connection through a relay into a direct one.
    pub hole_punching: bool,
}

/// What a relay carries for partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayLimits {
    /// Connections that are carried at one time.
    pub circuits: u32,
    /// Of these, how many may begin or end at one partner.
    pub circuits_per_partner: u32,
    /// How long one may live, at most `u32::MAX` seconds; both ends then make it anew.
    pub circuit_time: Duration,
    /// How many bytes one may carry; both ends then make it anew.
    pub circuit_bytes: u64,
}

impl Default for RelayLimits {
    fn default() -> Self {
        Self {
            circuits: 256,
            circuits_per_partner: 64,
            circuit_time: Duration::from_secs(86_400),
            circuit_bytes: 1 << 30,
        }
    }
}

impl Default for NetConfig {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            idle_timeout: Duration::from_secs(3_600),
            dial_timeout: Duration::from_secs(30),
            reconnect_min: Duration::from_secs(1),
            reconnect_max: Duration::from_secs(300),
            max_pending_incoming: 64,
            max_established: 512,
            max_per_peer: 2,
            per_ip_attempts_per_minute: 30,
            outbound_queue: 256,
            // 64 KiB of content and 1 KiB for the message around it.
            max_frame: 65 * 1_024,
            serve_public: false,
            relay: None,
            hole_punching: false,
        }
    }
}
