//! Signing in to the operator's pages: links that are used once, and the sessions that come of them.
//!
//! Whoever may use the control socket asks for a link. It carries 256 random bits, holds for a few minutes and opens one
//! session, which is of the account that asked. Links and sessions are kept in memory alone, by their SHA-256: no file
//! holds them, a restart ends them, and nobody reads one out of a log, a backup or the memory of the house. What was done
//! with them is written into the log of acts. A session opens pages that show, and no act.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::acts::ActName;
use super::engine::{Engine, NodeError};
use super::request::Caller;
use crate::crypto::Hash;
use crate::model::Millis;
use crate::store::keys;

/// Links that wait to be used; one more takes the place of the oldest.
pub const MAX_LINKS: usize = 16;
/// Sessions at one time; one more ends the one that was idle longest.
pub const MAX_SESSIONS: usize = 32;
/// How long a link holds, in milliseconds: five minutes.
pub const LINK_TERM: i64 = 300_000;
/// How long a session holds, in milliseconds: twelve hours.
pub const SESSION_TERM: i64 = 43_200_000;
/// After so long without a page a session is over, in milliseconds: half an hour.
pub const IDLE_TERM: i64 = 1_800_000;
/// A clock that was set back by more than this ends everything that it would make longer, in milliseconds: one minute.
const CLOCK_BACK: i64 = 60_000;

/// A request about signing in; in JSON `{"command": "sign_in", "sign_in": "link"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "sign_in", rename_all = "snake_case", deny_unknown_fields)]
pub enum SignInRequest {
    /// Make a link.
    Link,
    /// End all links and sessions.
    End,
    /// Where pages are served. It comes from within the process alone, as those below.
    #[serde(skip)]
    Serves(SocketAddr),
    /// Use the link whose code has this hash.
    #[serde(skip)]
    Enter {
        /// Of the code.
        code: Hash,
        /// From where, for the log of acts.
        address: String,
    },
    /// Whose session has this hash; that it is used.
    #[serde(skip)]
    Session(Hash),
    /// End the session of this hash.
    #[serde(skip)]
    Leave(Hash),
}

/// What was opened, whose it is, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Opened {
    hash: Hash,
    who: String,
    since: Millis,
    seen: Millis,
}

impl Opened {
    fn new(hash: Hash, who: &str, now: Millis) -> Self {
        Self { hash, who: who.to_owned(), since: now, seen: now }
    }

    fn holds(&self, (term, idle): (i64, i64), now: Millis) -> bool {
        let went_back = now.saturating_add(CLOCK_BACK) < self.seen;
        !went_back && now < self.since.saturating_add(term) && now < self.seen.saturating_add(idle)
    }
}

/// Links and sessions, and where they lead.
#[derive(Clone, Debug, Default)]
pub(super) struct SignIns {
    serves: Option<SocketAddr>,
    links: Vec<Opened>,
    sessions: Vec<Opened>,
}

impl SignIns {
    fn add_link(&mut self, hash: Hash, who: &str, now: Millis) {
        add(&mut self.links, Opened::new(hash, who, now), (LINK_TERM, LINK_TERM), MAX_LINKS);
    }

    /// Takes the link of this code away, and says whose it is if it holds. Looks at every link to its end.
    fn use_link(&mut self, code: &Hash, now: Millis) -> Option<String> {
        let same = self.links.iter().enumerate().filter(|(_, link)| code.is_same(&link.hash));
        let at = same.fold(None, |_, (at, _)| Some(at))?;
        let link = self.links.remove(at);
        link.holds((LINK_TERM, LINK_TERM), now).then_some(link.who)
    }

    fn add_session(&mut self, hash: Hash, who: &str, now: Millis) {
        let session = Opened::new(hash, who, now);
        add(&mut self.sessions, session, (SESSION_TERM, IDLE_TERM), MAX_SESSIONS);
    }

    /// The session of this hash, if it holds; it is idle from now on. Looks at every session to its end.
    fn session(&mut self, hash: &Hash, now: Millis) -> Option<&Opened> {
        self.sessions.retain(|session| session.holds((SESSION_TERM, IDLE_TERM), now));
        let same = self.sessions.iter_mut().filter(|session| hash.is_same(&session.hash));
        let session = same.fold(None, |_, session| Some(session))?;
        session.seen = session.seen.max(now);
        Some(session)
    }

    fn leave(&mut self, hash: &Hash, now: Millis) -> Option<String> {
        let who = self.session(hash, now).map(|session| session.who.clone())?;
        self.sessions.retain(|session| !hash.is_same(&session.hash));
        Some(who)
    }
}

/// Adds one; those that hold no longer go, and the one that is idle longest where there are too many.
fn add(all: &mut Vec<Opened>, new: Opened, terms: (i64, i64), most: usize) {
    all.retain(|one| one.holds(terms, new.since));
    while all.len() >= most
        && let Some((at, _)) = all.iter().enumerate().min_by_key(|(_, one)| one.seen)
    {
        all.remove(at);
    }
    all.push(new);
}

/// The hash under which a code or a session is kept; `None` where the text is none.
pub fn hash_of(secret: &str) -> Option<Hash> {
    let is_whole = secret.len() == 64 && secret.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_whole.then(|| Hash::of(&[b"corridor/sign-in/1", secret.as_bytes()]))
}

/// A new code or session, and its hash.
fn secret() -> Result<(String, Hash), NodeError> {
    let text = Hash(*keys::secret()?).to_hex();
    let hash = hash_of(&text).expect("it has 64 digits");
    Ok((text, hash))
}

impl Engine {
    /// Carries out what is asked about signing in.
    pub(super) fn sign_in(&mut self, asked: SignInRequest, caller: &Caller) -> Result<Value, NodeError> {
        let now = self.now();
        match asked {
            SignInRequest::Link => self.sign_in_link(caller),
            SignInRequest::End => {
                let (links, sessions) = (self.sign_ins.links.len(), self.sign_ins.sessions.len());
                (self.sign_ins.links, self.sign_ins.sessions) = (Vec::new(), Vec::new());
                let ended = json!({ "links": links, "sessions": sessions });
                self.note(ActName::SignInEnd, caller, ended.clone())?;
                Ok(json!({ "ended": ended }))
            }
            SignInRequest::Serves(address) => {
                self.sign_ins.serves = Some(address);
                Ok(Value::Null)
            }
            SignInRequest::Enter { code, address } => self.enter(&code, &address),
            SignInRequest::Session(hash) => {
                let session = self.sign_ins.session(&hash, now);
                let session =
                    session.ok_or_else(|| NodeError::Refused("no session that holds".to_owned()))?;
                let ends = session.since.saturating_add(SESSION_TERM);
                Ok(
                    json!({ "who": session.who, "since": session.since.to_string(), "ends_at": ends.to_string() }),
                )
            }
            SignInRequest::Leave(hash) => {
                let Some(who) = self.sign_ins.leave(&hash, now) else { return Ok(Value::Null) };
                self.note(ActName::SignOut, &Caller { who, from: "http".to_owned() }, json!({}))?;
                Ok(Value::Null)
            }
        }
    }

    fn sign_in_link(&mut self, caller: &Caller) -> Result<Value, NodeError> {
        let Some(address) = self.sign_ins.serves else {
            return Err(NodeError::Refused(
                "no daemon serves pages here: set http.listen in the configuration and start `corridor run`"
                    .to_owned(),
            ));
        };
        let (now, (code, hash)) = (self.now(), secret()?);
        let expires = now.saturating_add(LINK_TERM).to_string();
        self.note(ActName::SignInLink, caller, json!({ "expires_at": expires }))?;
        self.sign_ins.add_link(hash, &caller.who, now);
        Ok(
            json!({ "code": code, "address": reached_at(address).to_string(), "expires_at": expires, "who": caller.who }),
        )
    }

    fn enter(&mut self, code: &Hash, address: &str) -> Result<Value, NodeError> {
        let now = self.now();
        let who = self.sign_ins.use_link(code, now);
        let who = who.ok_or_else(|| NodeError::Refused("no link that holds".to_owned()))?;
        let (session, hash) = secret()?;
        let caller = Caller { who: who.clone(), from: "http".to_owned() };
        self.note(ActName::SignIn, &caller, json!({ "address": address }))?;
        self.sign_ins.add_session(hash, &who, now);
        Ok(json!({ "session": session, "who": who, "seconds": SESSION_TERM / 1_000 }))
    }

    /// Writes into the log of acts what was done. A node that may not write its feeds now shows its pages all the same:
    /// then its own log has it.
    fn note(&mut self, act: ActName, caller: &Caller, details: Value) -> Result<(), NodeError> {
        match self.done(act, caller, details, Vec::new()) {
            Ok(_) => Ok(()),
            Err(error) if error.is_fatal() => Err(error),
            Err(error) => {
                let Caller { who, from } = caller;
                tracing::warn!(
                    act = act.as_str(),
                    who,
                    from,
                    code = error.code(),
                    "not written into the log of acts"
                );
                Ok(())
            }
        }
    }
}

/// Where this machine reaches what is listened on: every address means this one too.
fn reached_at(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

#[cfg(test)]
mod tests;
