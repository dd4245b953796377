//! Who is signed in: the cookie, what a form must bring, and where a request comes from.
//!
//! The cookie holds 256 random bits, of which the node keeps the hash alone. It is for HTTP and this site only
//! (`HttpOnly`, `SameSite=Strict`), travels over TLS only unless the address is one of this machine, and ends with its
//! session. A form brings a value made from the cookie, which other sites cannot read, and is taken only if the browser
//! says that it was sent from here.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, header};

use crate::api::Node;
use crate::api::http::guard::Refusal;
use crate::api::http::service::{Service, anonymous, failed, other_form};
use crate::crypto::Hash;
use crate::node::sign_in::hash_of;
use crate::node::{Answer, Caller, NodeError, Payload, Request, SignInRequest};

/// The cookie over TLS: browsers take this name only with `Secure`, for this host alone.
const SECURE: &str = "__Host-corridor";
/// The cookie on this machine.
const PLAIN: &str = "corridor";

/// Somebody with a session that holds. It does not show itself: it has the secret of the session.
pub(super) struct Signed {
    secret: String,
    who: String,
    ends_at: String,
}

impl Signed {
    /// Who asks; nobody if there is no cookie, or its session is over.
    ///
    /// # Errors
    /// [`Refusal`] when the node cannot say.
    pub(super) async fn of<N: Node>(
        service: &Service<N>,
        headers: &HeaderMap,
    ) -> Result<Option<Self>, Refusal> {
        let Some(secret) = cookie(headers) else { return Ok(None) };
        let Some(hash) = hash_of(&secret) else { return Ok(None) };
        let request = Request::SignIn(SignInRequest::Session(hash));
        match service.node.ask(request, Payload::none(), anonymous()).await {
            Ok(Answer::Value(session)) => {
                let text = |field: &str| session[field].as_str().unwrap_or_default().to_owned();
                Ok(Some(Self { secret, who: text("who"), ends_at: text("ends_at") }))
            }
            Err(NodeError::Refused(_)) => Ok(None),
            Ok(_) => Err(other_form()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// The account that asked for the link.
    pub(super) fn who(&self) -> &str {
        &self.who
    }

    /// When the session is over at the latest.
    pub(super) fn ends_at(&self) -> &str {
        &self.ends_at
    }

    /// As whom the node is asked.
    pub(super) fn caller(&self) -> Caller {
        Caller { who: self.who.clone(), from: "http".to_owned() }
    }

    /// The hash of the session.
    pub(super) fn hash(&self) -> Option<Hash> {
        hash_of(&self.secret)
    }

    /// What a form of this session must bring.
    pub(super) fn form_value(&self) -> String {
        Hash::of(&[b"corridor/form/1", self.secret.as_bytes()]).to_hex()
    }

    /// Whether a form brings it.
    pub(super) fn is_form_value(&self, text: &str) -> bool {
        let meant = Hash::of(&[b"corridor/form/1", self.secret.as_bytes()]);
        Hash::from_hex(text).is_some_and(|hash| hash.is_same(&meant))
    }
}

/// The secret of the one cookie of ours.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs: Vec<(&str, &str)> =
        all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('=')).collect();
    let only = |name: &str| {
        let mut found = pairs.iter().filter(|(one, _)| *one == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some((*value).to_owned()),
            // Two of one name: somebody has put one beside it.
            (_, _) => None,
        }
    };
    only(SECURE).or_else(|| only(PLAIN))
}

/// The header that gives a browser its session, for so many seconds.
pub(super) fn set_cookie(headers: &HeaderMap, secret: &str, seconds: u64) -> Option<HeaderValue> {
    let (name, secure) = if is_plain(headers) { (PLAIN, "") } else { (SECURE, "; Secure") };
    let text = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Whether the browser is on this machine and speaks to this node without a proxy: there is no TLS then, and need be none.
fn is_plain(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let by_proxy = text("x-forwarded-proto").eq_ignore_ascii_case("https");
    !by_proxy && is_loopback(text("host"))
}

/// Whether a host with its port is this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a form was sent from a page of this node. Browsers say so in two ways, and pages cannot lie in either: at least
/// one must be there, and none may say otherwise. Behind a proxy that changes `Host` the newer one is enough.
pub(super) fn is_from_here(headers: &HeaderMap) -> bool {
    let only = |name: &str| {
        let mut all = headers.get_all(name).iter();
        (all.next().and_then(|value| value.to_str().ok()), all.next().is_some())
    };
    let ((site, sites), (origin, origins), (host, hosts)) =
        (only("sec-fetch-site"), only("origin"), only("host"));
    if sites || origins || hosts {
        return false;
    }
    let is_of_host = |origin: &str| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_some() && authority == host
    };
    match (site, origin) {
        (Some("same-origin"), Some(origin)) => origin != "null",
        (Some("same-origin"), None) => true,
        (Some(_), _) | (None, None) => false,
        (None, Some(origin)) => is_of_host(origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_form_comes_from_here_or_is_not_taken() {
        let host = ("host", "127.0.0.1:8080");
        for (lines, taken) in [
            (vec![], false),
            (vec![("origin", "http://127.0.0.1:8080")], true),
            (vec![("origin", "http://127.0.0.1:8081")], false),
            (vec![("origin", "http://127.0.0.1:8080.evil.example")], false),
            (vec![("origin", "null")], false),
            (vec![("origin", "http://127.0.0.1:8080"), ("origin", "http://evil.example")], false),
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-origin"), ("origin", "https://portal.example.gov")], true),
            (vec![("sec-fetch-site", "same-origin"), ("origin", "null")], false),
            (vec![("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:8080")], false),
            (vec![("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8080")], false),
            (vec![("sec-fetch-site", "none")], false),
        ] {
            let all: Vec<_> = lines.iter().copied().chain([host]).collect();
            assert_eq!(is_from_here(&headers(&all)), taken, "{lines:?}");
        }
        assert!(!is_from_here(&headers(&[("origin", "http://")])), "no host");
    }

    #[test]
    fn the_cookie_is_secure_wherever_the_host_is_not_this_machine() {
        for (lines, is_secure) in [
            (vec![("host", "127.0.0.1:8080")], false),
            (vec![("host", "localhost:1")], false),
            (vec![("host", "[::1]:8080")], false),
            (vec![("host", "127.0.0.1.evil.example")], true),
            (vec![("host", "portal.example.gov")], true),
            (vec![("host", "10.0.0.1:8080")], true),
            (vec![("host", "127.0.0.1:8080"), ("x-forwarded-proto", "https")], true),
            (vec![], true),
        ] {
            let value = set_cookie(&headers(&lines), "5a", 60).unwrap();
            let text = value.to_str().unwrap();
            assert_eq!(text.contains("; Secure"), is_secure, "{lines:?}");
            assert_eq!(text.starts_with("__Host-corridor=5a; Path=/; HttpOnly; SameSite=Strict"), is_secure);
            assert!(value.is_sensitive() && !format!("{value:?}").contains("5a"));
        }
    }

    #[test]
    fn one_cookie_of_ours_counts_and_two_of_one_name_do_not() {
        for (value, found) in [
            ("corridor=a", Some("a")),
            ("x=1; corridor=a;y=2", Some("a")),
            ("corridor=a; __Host-corridor=b", Some("b")),
            ("corridor=a; corridor=b", None),
            ("xcorridor=a", None),
            ("", None),
        ] {
            assert_eq!(cookie(&headers(&[("cookie", value)])).as_deref(), found, "{value}");
        }
        assert_eq!(cookie(&headers(&[("cookie", "corridor=a"), ("cookie", "corridor=b")])), None);
    }

    #[test]
    fn a_form_value_is_of_its_session_alone() {
        let signed =
            |secret: &str| Signed { secret: secret.repeat(64), who: String::new(), ends_at: String::new() };
        let value = signed("a").form_value();
        assert!(signed("a").is_form_value(&value) && !signed("b").is_form_value(&value));
        assert!(!signed("a").is_form_value("") && !signed("a").is_form_value(&"a".repeat(64)));
    }
}
