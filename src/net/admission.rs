//! Who may begin a handshake: a token bucket per network prefix, and so many handshakes at one time, asked before
//! anything is known of the peer.
//!
//! A Noise handshake costs us a signature check and a place among those under way. The prefix (/24 for IPv4, /48 for
//! IPv6) is what one household or one rack cannot change at will. Who begins handshakes and lets them hang takes
//! the places of its own prefix, then those of strangers: known addresses of partners have places of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use super::clock;
use super::swarm::is_relayed;

/// The behaviour that asks the buckets.
#[derive(Debug)]
pub(crate) struct Behaviour {
    buckets: Buckets,
    /// Addresses that partners told us; free of the bucket.
    known: BTreeSet<IpAddr>,
    /// Handshakes under way, with the address they come from.
    pending: BTreeMap<ConnectionId, IpAddr>,
    /// How many there may be from strangers, and as many from known addresses.
    max_pending: usize,
}

impl Behaviour {
    /// Lets every prefix try `per_minute` times a minute, and strangers have `max_pending` handshakes under way.
    pub(crate) fn new(per_minute: u32, max_pending: u32) -> Self {
        Self {
            buckets: Buckets::new(per_minute, clock::now()),
            known: BTreeSet::new(),
            pending: BTreeMap::new(),
            max_pending: max_pending as usize,
        }
    }

    /// Whether there is a place for one more handshake from here.
    fn has_place(&self, ip: IpAddr) -> bool {
        let is_known = self.known.contains(&ip);
        let mut alike = 0;
        let mut neighbours = 0;
        for other in self.pending.values() {
            alike += usize::from(self.known.contains(other) == is_known);
            neighbours += usize::from(prefix(*other) == prefix(ip));
        }
        let of_prefix = (self.max_pending / PREFIX_SHARE).max(1);
        alike < self.max_pending && (is_known || neighbours < of_prefix)
    }

    /// From now on these addresses, and no others, are free of the bucket.
    pub(crate) fn set_known(&mut self, known: BTreeSet<IpAddr>) {
        self.known = known;
    }

    fn admits(&mut self, remote: &Multiaddr) -> bool {
        let Some(ip) = ip_of(remote) else { return true };
        if is_relayed(remote) {
            return ip.is_loopback() || self.buckets.take(ip, clock::now());
        }
        ip.is_loopback() || self.known.contains(&ip) || self.buckets.take(ip, clock::now())
    }
}

/// The literal address at the head of a multiaddress.
pub(crate) fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    match address.iter().next()? {
        Protocol::Ip4(ip) => Some(ip.into()),
        Protocol::Ip6(ip) => Some(IpAddr::from(ip).to_canonical()),
        _ => None,
    }
}

/// The prefix has no attempt left this minute.
#[derive(Debug, thiserror::Error)]
#[error("too many attempts from this network; wait a minute")]
pub(crate) struct TooManyAttempts;

/// Of this network, or of all strangers, so many handshakes are under way that no more begin.
#[derive(Debug, thiserror::Error)]
#[error("too many handshakes are under way")]
pub(crate) struct TooManyHandshakes;

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        // Who comes through a relay has no address but the relay's.
        let remote = if is_relayed(local) { local } else { remote };
        if !self.admits(remote) {
            return Err(ConnectionDenied::new(TooManyAttempts));
        }
        let Some(ip) = ip_of(remote) else { return Ok(()) };
        if !self.has_place(ip) {
            return Err(ConnectionDenied::new(TooManyHandshakes));
        }
        self.pending.insert(connection, ip);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    /// A handshake has come to its end, whichever.
    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                self.pending.remove(&established.connection_id);
            }
            FromSwarm::ListenFailure(failure) => {
                self.pending.remove(&failure.connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: THandlerOutEvent<Self>) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// Token buckets in a map that cannot grow: prefixes that find no place share one bucket.
#[derive(Debug)]
struct Buckets {
    per_minute: u32,
    prefixes: BTreeMap<IpAddr, Bucket>,
    overflow: Bucket,
    swept: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Buckets {
    fn new(per_minute: u32, now: Instant) -> Self {
        let overflow = Bucket { tokens: f64::from(per_minute), at: now };
        Self { per_minute, prefixes: BTreeMap::new(), overflow, swept: now }
    }

    /// Takes a token of the address's prefix, if there is one.
    fn take(&mut self, ip: IpAddr, now: Instant) -> bool {
        let (prefix, per_minute) = (prefix(ip), f64::from(self.per_minute));
        if !self.prefixes.contains_key(&prefix) {
            self.make_room(now);
            if self.prefixes.len() >= MAX_PREFIXES {
                return self.overflow.take(per_minute, now);
            }
        }
        self.prefixes.entry(prefix).or_insert(Bucket { tokens: per_minute, at: now }).take(per_minute, now)
    }

    /// Drops full buckets, which say nothing, when the map is full; at most once a second, as it walks the map.
    fn make_room(&mut self, now: Instant) {
        let rested = now.saturating_duration_since(self.swept) >= SWEEP;
        if self.prefixes.len() < MAX_PREFIXES || !rested {
            return;
        }
        self.swept = now;
        let per_minute = f64::from(self.per_minute);
        self.prefixes.retain(|_, bucket| bucket.refilled(per_minute, now) < per_minute);
    }
}

impl Bucket {
    fn refilled(&self, per_minute: f64, now: Instant) -> f64 {
        let minutes = now.saturating_duration_since(self.at).as_secs_f64() / 60.0;
        (self.tokens + minutes * per_minute).min(per_minute)
    }

    fn take(&mut self, per_minute: f64, now: Instant) -> bool {
        let tokens = self.refilled(per_minute, now);
        let admitted = tokens >= 1.0;
        *self = Self { tokens: if admitted { tokens - 1.0 } else { tokens }, at: now };
        admitted
    }
}

/// The network an address belongs to: /24 or /48.
fn prefix(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => IpAddr::from((ip.to_bits() & !0xff).to_be_bytes()),
        IpAddr::V6(ip) => IpAddr::from((ip.to_bits() >> 80 << 80).to_be_bytes()),
    }
}

/// One prefix may have this part of the strangers' handshakes under way.
const PREFIX_SHARE: usize = 4;

/// Prefixes remembered at once; about 300 KiB.
const MAX_PREFIXES: usize = 4_096;

/// Shortest time between two walks through the map.
const SWEEP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_has_so_many_attempts_a_minute_and_gets_them_back() {
        let start = clock::now();
        let mut buckets = Buckets::new(3, start);
        let neighbours = ["203.0.113.1", "203.0.113.9", "203.0.113.200", "203.0.113.7"];
        let admitted = neighbours.map(|one| buckets.take(ip(one), start));
        assert_eq!(admitted, [true, true, true, false]);
        assert!(buckets.take(ip("203.0.114.1"), start), "another network has its own");
        assert!(buckets.take(ip("203.0.113.1"), start + Duration::from_secs(20)));
        assert!(!buckets.take(ip("203.0.113.1"), start + Duration::from_secs(20)));
    }

    #[test]
    fn one_site_of_ipv6_is_one_network() {
        assert_eq!(prefix(ip("2001:db8:1:2::3")), prefix(ip("2001:db8:1:ffff::9")));
        assert_ne!(prefix(ip("2001:db8:1::1")), prefix(ip("2001:db8:2::1")));
        assert_eq!(prefix(ip("::ffff:192.0.2.7")), ip("192.0.2.0"));
    }

    #[test]
    fn the_map_does_not_grow_past_its_bound() {
        let start = clock::now();
        let mut buckets = Buckets::new(2, start);
        let from = |n: u32| IpAddr::from((n << 8).to_be_bytes());
        let admitted = (0..10_000).filter(|&n| buckets.take(from(n), start)).count();
        assert_eq!((admitted, buckets.prefixes.len()), (MAX_PREFIXES + 2, MAX_PREFIXES));
        assert!(!buckets.take(from(20_000), start), "latecomers share one bucket, empty by now");
        assert!(buckets.take(from(20_000), start + Duration::from_secs(90)), "rested prefixes make room");
        assert!(buckets.prefixes.len() < 10);
    }

    #[test]
    fn loopback_and_known_addresses_are_free() {
        let mut behaviour = Behaviour::new(0, 8);
        let address = |text: &str| text.parse::<Multiaddr>().unwrap();
        assert!(behaviour.admits(&address("/ip4/127.0.0.1/tcp/1")));
        assert!(!behaviour.admits(&address("/ip4/198.51.100.4/tcp/1")));
        behaviour.set_known(BTreeSet::from([ip("198.51.100.4")]));
        assert!(behaviour.admits(&address("/ip4/198.51.100.4/tcp/1")));
    }

    #[test]
    fn who_lets_handshakes_hang_takes_no_place_of_others() {
        let mut behaviour = Behaviour::new(1_000, 8);
        behaviour.set_known(BTreeSet::from([ip("198.51.100.4")]));
        let here = "/ip4/0.0.0.0/tcp/1".parse::<Multiaddr>().unwrap();
        let mut number = 0;
        let mut begin = |behaviour: &mut Behaviour, from: &str| {
            number += 1;
            let (id, remote) = (ConnectionId::new_unchecked(number), format!("/ip4/{from}/tcp/9"));
            let begun = behaviour.handle_pending_inbound_connection(id, &here, &remote.parse().unwrap());
            begun.is_ok().then_some(id)
        };
        let admitted: Vec<bool> = (0..4).map(|_| begin(&mut behaviour, "203.0.113.1").is_some()).collect();
        assert_eq!(admitted, [true, true, false, false], "a prefix has a quarter");
        for prefix in 1..=3 {
            let from = format!("203.0.{prefix}.1");
            assert!(begin(&mut behaviour, &from).is_some() && begin(&mut behaviour, &from).is_some());
        }
        assert!(begin(&mut behaviour, "203.0.9.1").is_none(), "strangers have no more");
        let partner = begin(&mut behaviour, "198.51.100.4").expect("a partner's address has its own places");
        for _ in 1..8 {
            assert!(begin(&mut behaviour, "198.51.100.4").is_some());
        }
        assert!(begin(&mut behaviour, "198.51.100.4").is_none());
        behaviour.pending.remove(&partner);
        assert!(begin(&mut behaviour, "198.51.100.4").is_some());
    }
}
