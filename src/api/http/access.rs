//! Whose eyes a request has: everybody's, or this government's if it brings a token that holds.
//!
//! A route that takes an [`Access`] has its [`Scope`], and asks the views through [`Service::reader`]. A request with a
//! token that does not hold, or with any other form of `Authorization`, is refused: whoever believes to be signed in
//! must not be shown less without a word.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::extract::connect_info::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};

use super::guard::Refusal;
use super::listener::Remote;
use super::service::{Service, anonymous};
use crate::api::Node;
use crate::crypto::Hash;
use crate::node::clock::stopwatch;
use crate::node::{Answer, Caller, NodeError, Payload, Request, Scope, tokens};

/// Tokens from one address that may fail in one [`WINDOW`].
pub(super) const MAX_FAILURES: u32 = 10;
/// How long failures are counted together.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses whose failures are counted apart; those beyond share one count.
const MAX_ADDRESSES: usize = 4096;

/// Whose eyes a request has.
#[derive(Clone, Debug)]
pub(super) struct Access {
    /// What it may see.
    pub(super) scope: Scope,
    /// The hash of its token, if it has one.
    pub(super) token: Option<Hash>,
    /// As whom it asks.
    pub(super) caller: Caller,
}

impl<N: Node> FromRequestParts<Service<N>> for Access {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, service: &Service<N>) -> Result<Self, Refusal> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self { scope: Scope::Public, token: None, caller: anonymous() });
        }
        let remote = parts.extensions.get::<ConnectInfo<Remote>>().map(|info| info.0.0.ip());
        let (attempts, now) = (&service.attempts, stopwatch());
        if attempts.are_spent(remote, now) {
            return Err(Refusal::ATTEMPTS);
        }
        let Some(hash) = token(&parts.headers).and_then(tokens::hash_of) else {
            attempts.failed(remote, now);
            return Err(Refusal::TOKEN);
        };
        match service.node.ask(Request::Admit(hash), Payload::none(), anonymous()).await {
            Ok(Answer::Value(token)) => {
                let name = token["name"].as_str().unwrap_or_default();
                let caller = Caller { who: format!("token {name}"), from: "http".to_owned() };
                Ok(Self { scope: Scope::Government, token: Some(hash), caller })
            }
            Err(NodeError::Refused(_)) => {
                attempts.failed(remote, now);
                tracing::warn!(address = remote.map(|ip| ip.to_string()), "a token that does not hold");
                Err(Refusal::TOKEN)
            }
            Ok(_) => Err(Refusal::FAILED),
            Err(error) => {
                tracing::error!(code = error.code(), %error, "tokens cannot be checked");
                Err(Refusal::FAILED)
            }
        }
    }
}

/// The token of the one header `Authorization: Bearer ...`.
fn token(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

/// How many tokens did not hold, by the address that brought them.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<Option<IpAddr>, Failures>>);

/// The failures since a moment.
#[derive(Clone, Copy, Debug)]
struct Failures {
    since: Instant,
    count: u32,
}

impl Attempts {
    pub(super) fn are_spent(&self, remote: Option<IpAddr>, now: Instant) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = all.get(&network(remote)).or_else(|| all.get(&None).filter(|_| is_full(&all)));
        counted.is_some_and(|one| one.count >= MAX_FAILURES && !one.is_over(now))
    }

    pub(super) fn failed(&self, remote: Option<IpAddr>, now: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_full(&all) {
            all.retain(|_, one| !one.is_over(now));
        }
        let known = network(remote);
        let place = if is_full(&all) && !all.contains_key(&known) { None } else { known };
        let one = all.entry(place).or_insert(Failures { since: now, count: 0 });
        if one.is_over(now) {
            *one = Failures { since: now, count: 0 };
        }
        one.count = one.count.saturating_add(1);
    }
}

impl Failures {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= WINDOW
    }
}

/// All that is left of the table is the count of those that have none of their own.
fn is_full(all: &HashMap<Option<IpAddr>, Failures>) -> bool {
    all.len() >= MAX_ADDRESSES
}

/// One who has an IPv6 address has a whole network of 64 bits.
fn network(remote: Option<IpAddr>) -> Option<IpAddr> {
    remote.map(|address| match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_network_and_forgotten_after_a_while() {
        let (attempts, now) = (Attempts::default(), stopwatch());
        let at = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        for _ in 0..MAX_FAILURES {
            assert!(!attempts.are_spent(at("2001:db8::1"), now));
            attempts.failed(at("2001:db8::1"), now);
        }
        assert!(attempts.are_spent(at("2001:db8::2"), now), "the same network");
        assert!(!attempts.are_spent(at("2001:db8:0:1::2"), now) && !attempts.are_spent(at("10.0.0.1"), now));
        assert!(!attempts.are_spent(at("2001:db8::1"), now + WINDOW));
        attempts.failed(at("2001:db8::1"), now + WINDOW);
        assert!(!attempts.are_spent(at("2001:db8::1"), now + WINDOW), "counted anew");
    }

    #[test]
    fn a_crowd_of_addresses_shares_what_is_left() {
        let (attempts, now) = (Attempts::default(), stopwatch());
        for number in 0..MAX_ADDRESSES + 100 {
            let number = u32::try_from(number).unwrap();
            attempts.failed(Some(IpAddr::V4(number.into())), now);
        }
        assert!(attempts.0.lock().unwrap().len() <= MAX_ADDRESSES + 1);
        assert!(attempts.are_spent(Some(IpAddr::V4(u32::MAX.into())), now), "one count for all beyond");
        assert!(!attempts.are_spent(Some(IpAddr::V4(1.into())), now));
    }

    #[test]
    fn only_one_bearer_token_counts() {
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            headers
        };
        assert_eq!(token(&headers(&["bearer  abc "])), Some("abc"));
        for values in [&[] as &[&str], &["Basic abc"], &["Bearer"], &["Bearer a", "Bearer b"]] {
            assert_eq!(token(&headers(values)), None, "{values:?}");
        }
    }
}
