//! Operator tokens: what opens this government's own view over HTTP to a person or program that cannot come by the
//! control socket.
//!
//! A token is 256 random bits. It is shown once, when it is made; the house feed keeps its SHA-256 alone, beside its
//! name and term, so that whoever reads the disk or a backup holds no token. It opens questions and no act. It ends by
//! its term or by an act of an operator, and from then on at the next request.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::acts::ActName;
use super::engine::{Engine, NodeError};
use super::request::{Caller, Request};
use crate::crypto::Hash;
use crate::model::Millis;
use crate::store::keys;

/// What every token begins with, so that people and scanners for leaked secrets know it by sight.
pub const PREFIX: &str = "corridor_token_";
/// For how many days a token holds if nobody says otherwise.
pub const DEFAULT_DAYS: u32 = 90;
/// The longest term in days: three years.
const MAX_DAYS: u32 = 1096;
/// Tokens that hold at one time.
const MAX_TOKENS: usize = 256;
/// Tokens that are remembered with those that hold no longer; the oldest of them are forgotten.
const MAX_REMEMBERED: usize = 1024;
/// Characters of a name.
const MAX_NAME: usize = 64;
/// A day in milliseconds.
const DAY: i64 = 86_400_000;
/// Digits of an id that tell two tokens apart.
const SHORT: usize = 8;

/// A token, as far as it is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    name: String,
    created: Millis,
    created_by: String,
    expires: Millis,
    revoked: Option<Millis>,
}

/// All tokens, by the SHA-256 of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens(BTreeMap<Hash, Token>);

/// What an act says of a token.
#[derive(Deserialize)]
struct Said {
    act: String,
    who: String,
    token: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    expires_at: String,
}

impl Tokens {
    /// Folds an act that was carried out.
    pub(super) fn take(&mut self, act: &[u8], time: Millis) {
        let Ok(said) = serde_json::from_slice::<Said>(act) else { return };
        let Some(hash) = Hash::from_hex(&said.token) else { return };
        if said.act == "token revoke" {
            if let Some(token) = self.0.get_mut(&hash) {
                token.revoked = token.revoked.or(Some(time));
            }
            return;
        }
        // A term that cannot be read has ended.
        let expires = Millis::parse(&said.expires_at).unwrap_or(Millis(0));
        let token = Token { name: said.name, created: time, created_by: said.who, expires, revoked: None };
        self.0.entry(hash).or_insert(token);
        if self.0.len() > MAX_REMEMBERED {
            let ended = self.0.iter().filter(|(_, token)| !token.holds(time));
            if let Some(oldest) = ended.min_by_key(|(_, token)| token.created).map(|(hash, _)| *hash) {
                self.0.remove(&oldest);
            }
        }
    }

    /// The token of this hash, if it holds. Looks at every token to its end: how long it takes says nothing.
    fn holding(&self, hash: &Hash, now: Millis) -> Option<(&Hash, &Token)> {
        let same = self.0.iter().filter(|(known, _)| hash.is_same(known));
        same.fold(None, |_, found| Some(found)).filter(|(_, token)| token.holds(now))
    }

    /// The tokens that hold and go by this name or begin of an id.
    fn named<'a>(&'a self, text: &'a str, now: Millis) -> impl Iterator<Item = (&'a Hash, &'a Token)> {
        let is_id = text.len() >= SHORT;
        self.0.iter().filter(move |(hash, token)| {
            let fits = token.name == text || is_id && hash.to_hex().starts_with(&text.to_ascii_lowercase());
            fits && token.holds(now)
        })
    }
}

impl Token {
    fn holds(&self, now: Millis) -> bool {
        self.revoked.is_none() && now < self.expires
    }

    fn row(&self, hash: &Hash, now: Millis) -> Value {
        let state = match self.revoked {
            Some(_) => "revoked",
            None if self.holds(now) => "holds",
            None => "expired",
        };
        json!({
            "id": hash.short(),
            "name": self.name,
            "state": state,
            "created_at": self.created.to_string(),
            "created_by": self.created_by,
            "expires_at": self.expires.to_string(),
            "revoked_at": self.revoked.map(|time| time.to_string()),
        })
    }
}

/// The hash under which a token is kept; `None` where the text is no token at all.
pub fn hash_of(token: &str) -> Option<Hash> {
    let digits = token.strip_prefix(PREFIX)?;
    let is_whole = digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_whole.then(|| Hash::of(&[token.as_bytes()]))
}

impl Engine {
    /// Carries out what is asked about tokens.
    pub(super) fn tokens(&mut self, request: Request, caller: &Caller) -> Result<Value, NodeError> {
        match request {
            Request::Admit(hash) => self.admit(&hash),
            Request::TokenCreate { name, days } => self.token_create(&name, days, caller),
            Request::TokenList => Ok(self.token_list()),
            Request::TokenRevoke { token } => self.token_revoke(&token, caller),
            other => Err(NodeError::Refused(format!("{other:?} is not about tokens"))),
        }
    }

    fn token_create(&mut self, name: &str, days: u32, caller: &Caller) -> Result<Value, NodeError> {
        let now = self.now();
        check_name(name)?;
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(NodeError::Refused(format!("a token holds for 1 to {MAX_DAYS} days, not {days}")));
        }
        let tokens = &self.house.tokens;
        if tokens.named(name, now).next().is_some() {
            return Err(NodeError::Refused(format!(
                "a token {name:?} holds already: choose another name, or `corridor token revoke {name}` first"
            )));
        }
        if tokens.0.values().filter(|token| token.holds(now)).count() >= MAX_TOKENS {
            return Err(NodeError::Refused(format!(
                "{MAX_TOKENS} tokens hold already: revoke those that nobody needs"
            )));
        }
        let secret = keys::secret()?;
        let text = format!("{PREFIX}{}", Hash(*secret).to_hex());
        let hash = Hash::of(&[text.as_bytes()]);
        let expires = now.saturating_add(i64::from(days).saturating_mul(DAY));
        let details = json!({ "name": name, "token": hash.to_hex(), "expires_at": expires.to_string() });
        self.done(ActName::TokenCreate, caller, details, Vec::new())?;
        Ok(json!({ "name": name, "id": hash.short(), "expires_at": expires.to_string(), "token": text }))
    }

    fn token_list(&self) -> Value {
        let now = self.now();
        let mut tokens: Vec<(&Hash, &Token)> = self.house.tokens.0.iter().collect();
        tokens.sort_by_key(|(hash, token)| (token.created, **hash));
        let rows: Vec<Value> = tokens.into_iter().map(|(hash, token)| token.row(hash, now)).collect();
        json!({ "tokens": rows })
    }

    fn token_revoke(&mut self, text: &str, caller: &Caller) -> Result<Value, NodeError> {
        let now = self.now();
        let tokens = self.house.tokens.clone();
        let mut found = tokens.named(text, now);
        let (hash, name) = match (found.next(), found.next()) {
            (Some((hash, token)), None) => (*hash, token.name.clone()),
            (None, _) => {
                return Err(NodeError::NotFound(format!(
                    "no token that holds has the name or id {text:?}: `corridor token list` shows them"
                )));
            }
            (Some(_), Some(_)) => {
                return Err(NodeError::Refused(format!("{text:?} fits several tokens: give more of the id")));
            }
        };
        let details = json!({ "name": name, "token": hash.to_hex() });
        self.done(ActName::TokenRevoke, caller, details, Vec::new())?;
        Ok(json!({ "revoked": { "id": hash.short(), "name": name } }))
    }

    /// Whose token this is the hash of.
    ///
    /// # Errors
    /// [`NodeError::Refused`] when no token of this hash holds.
    fn admit(&self, hash: &Hash) -> Result<Value, NodeError> {
        let (_, token) = self
            .house
            .tokens
            .holding(hash, self.now())
            .ok_or_else(|| NodeError::Refused("no token that holds".to_owned()))?;
        Ok(json!({ "name": token.name, "expires_at": token.expires.to_string() }))
    }
}

fn check_name(name: &str) -> Result<(), NodeError> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | ' ');
    let count = name.chars().count();
    if name.trim() != name || !(1..=MAX_NAME).contains(&count) || !name.chars().all(is_plain) {
        return Err(NodeError::Refused(format!(
            "{name:?} cannot be a token's name: take up to {MAX_NAME} letters, digits, spaces and -_.@, such as \
             statistics-portal"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
