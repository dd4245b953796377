//! The keys as they are written, section by section, with their defaults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::quantity::{Size, Span};
use crate::net::{NetConfig, RelayLimits};
use crate::node::SealingTerms;
use crate::node::notify::NotifyTerms;

/// A whole file of settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sections {
    pub(super) net: Net,
    pub(super) relay: Relay,
    pub(super) sync: Sync,
    pub(super) store: Store,
    pub(super) http: Http,
    pub(super) release: Release,
    pub(super) protection: Protection,
    pub(super) sealing: Sealing,
    pub(super) courier: Courier,
    pub(super) crisis: Crisis,
    pub(super) notify: Notify,
    pub(super) log: Log,
}

/// Connections with other governments' nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Net {
    pub(super) listen: Vec<String>,
    pub(super) idle_timeout: Span,
    pub(super) dial_timeout: Span,
    pub(super) reconnect_min: Span,
    pub(super) reconnect_max: Span,
    pub(super) max_pending_incoming: u32,
    pub(super) max_established: u32,
    pub(super) per_ip_attempts_per_minute: u32,
    pub(super) outbound_queue: usize,
    pub(super) serve_public: bool,
    pub(super) relays: Vec<String>,
    pub(super) hole_punching: bool,
}

/// What this node carries between partners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Relay {
    pub(super) serve: bool,
    pub(super) circuits: u32,
    pub(super) circuits_per_partner: u32,
    pub(super) circuit_time: Span,
    pub(super) circuit_bytes: Size,
}

/// How feeds are kept equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sync {
    pub(super) heartbeat: Span,
    pub(super) window: Size,
    pub(super) future_tolerance: Span,
}

/// The database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Store {
    pub(super) cache: Size,
}

/// Web pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Http {
    pub(super) listen: String,
    pub(super) empty_result: u16,
    pub(super) language: String,
}

/// What a release opens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Release {
    pub(super) public: Vec<String>,
}

/// In what form figures leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Protection {
    pub(super) suppressed_as: String,
    pub(super) concentration: String,
    pub(super) below_first_level: Vec<String>,
}

/// Keys to which others seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sealing {
    pub(super) rotate: Span,
    pub(super) keep: Span,
}

/// What is carried for others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Courier {
    pub(super) quota: Size,
    pub(super) tidy: Span,
}

/// What happens in a crisis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Crisis {
    pub(super) duty: Vec<String>,
    pub(super) places: Vec<String>,
}

/// What is run to tell people of a crisis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Notify {
    pub(super) command: Vec<String>,
    pub(super) timeout: Span,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Log {
    pub(super) format: String,
    pub(super) level: String,
}

impl Default for Net {
    fn default() -> Self {
        let net = NetConfig::default();
        Self {
            listen: vec!["/ip4/0.0.0.0/tcp/4001".to_owned()],
            idle_timeout: Span(net.idle_timeout),
            dial_timeout: Span(net.dial_timeout),
            reconnect_min: Span(net.reconnect_min),
            reconnect_max: Span(net.reconnect_max),
            max_pending_incoming: net.max_pending_incoming,
            max_established: net.max_established,
            per_ip_attempts_per_minute: net.per_ip_attempts_per_minute,
            outbound_queue: net.outbound_queue,
            serve_public: net.serve_public,
            relays: Vec::new(),
            hole_punching: net.hole_punching,
        }
    }
}

impl Default for Relay {
    fn default() -> Self {
        let limits = RelayLimits::default();
        Self {
            serve: false,
            circuits: limits.circuits,
            circuits_per_partner: limits.circuits_per_partner,
            circuit_time: Span(limits.circuit_time),
            circuit_bytes: Size(limits.circuit_bytes),
        }
    }
}

impl Default for Sync {
    fn default() -> Self {
        Self {
            heartbeat: Span(Duration::from_secs(15)),
            window: Size(1 << 20),
            future_tolerance: Span(Duration::from_secs(600)),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { cache: Size(64 << 20) }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8080".to_owned(), empty_result: 200, language: "en".to_owned() }
    }
}

impl Default for Protection {
    fn default() -> Self {
        Self { suppressed_as: "C".to_owned(), concentration: String::new(), below_first_level: Vec::new() }
    }
}

impl Default for Sealing {
    fn default() -> Self {
        let terms = SealingTerms::default();
        let span = |millis: i64| Span(Duration::from_millis(millis.unsigned_abs()));
        Self { rotate: span(terms.rotate), keep: span(terms.keep) }
    }
}

impl Default for Courier {
    fn default() -> Self {
        let terms = SealingTerms::default();
        Self { quota: Size(terms.quota), tidy: Span(Duration::from_millis(terms.tidy.unsigned_abs())) }
    }
}

impl Default for Notify {
    fn default() -> Self {
        let terms = NotifyTerms::default();
        Self { command: terms.command, timeout: Span(terms.timeout) }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: "text".to_owned(), level: "info".to_owned() }
    }
}
