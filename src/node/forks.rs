//! Forks: the proof that a publisher signed two entries for one place is kept in the house feed for ever, and so is the
//! publisher's word on which of them stands.
//!
//! What that word asks for is done once it is durable, and again at every start, because doing it twice changes nothing:
//! who holds another entry than the one that stands sets it aside with all that follows it, and takes the line that
//! stands from whoever holds it.

use serde_json::{Value, json};

use super::acts::ActName;
use super::acts::document;
use super::daemon::the_node;
use super::engine::{Engine, NodeError};
use super::house::House;
use super::request::Caller;
use super::truth::Truths;
use crate::feed::{AgreementId, Card, EntryKind, FeedId, Fork, ForkProof, Resolution};
use crate::model::{DocumentKind, Record};

/// How many resolutions of one feed are kept: a government that has forked a feed so often has another problem.
const MAX_RESOLUTIONS: u32 = 256;

impl Engine {
    /// Keeps the proof of a fork, once for each place.
    pub(super) fn record_fork(&mut self, fork: &Fork) -> Result<(), NodeError> {
        if self.house.forks().any(|known| (known.feed(), known.seq()) == (fork.feed(), fork.seq())) {
            return Ok(());
        }
        if fork.feed().publisher == self.us() {
            self.freeze(fork.feed());
        }
        self.boards.forget_ahead(&fork.feed());
        if !self.may_record() {
            // The machine keeps the proof meanwhile, and finds it again after a restart.
            return Ok(());
        }
        let (one, other) = fork.headers();
        let details = json!({
            "publisher": fork.feed().publisher.to_hex(),
            "agreement": fork.feed().agreement.to_hex(),
            "seq": fork.seq().0,
            "one": to_hex(&one.to_bytes()),
            "other": to_hex(&other.to_bytes()),
        });
        self.done(ActName::Fork, &the_node(), details, Vec::new()).map(|_| ())
    }

    /// Stops appending to an own feed that is forked, or that another node of ours has continued.
    pub(super) fn freeze(&mut self, feed: FeedId) {
        self.frozen.insert(feed);
    }

    /// Keeps a publisher's resolution, once, if it is about an entry that was seen here. A publisher who resolves without end
    /// is not listened to for ever: each is written into our house feed.
    pub(super) fn record_resolution(&mut self, resolution: &Resolution) -> Result<(), NodeError> {
        if self.house.resolution(&resolution.feed(), resolution.seq()) == Some(resolution) {
            return Ok(());
        }
        let (feed, seq) = (resolution.feed(), resolution.seq());
        let forked = self.house.forks().any(|fork| (fork.feed(), fork.seq()) == (feed, seq));
        let known = forked || self.store.newest(&feed).is_some_and(|newest| newest.header().seq >= seq);
        if !known || self.house.resolved_times(&feed) >= MAX_RESOLUTIONS || !self.may_record() {
            return Ok(());
        }
        let (details, records) = (self.describe_resolution(resolution), resolution_records(resolution)?);
        self.done(ActName::ForkResolution, &the_node(), details, records).map(|_| ())
    }

    fn describe_resolution(&self, resolution: &Resolution) -> Value {
        json!({
            "publisher": resolution.feed().publisher.to_hex(),
            "country": self.country_of(&resolution.feed().publisher),
            "agreement": resolution.feed().agreement.to_hex(),
            "title": self.agreement_name(&resolution.feed().agreement),
            "seq": resolution.seq().0,
            "kept": resolution.kept().to_hex(),
            "given_up": resolution.other().to_hex(),
            "reason": resolution.reason(),
            "resolved_at": resolution.time().to_string(),
        })
    }

    /// Our own resolution: written into the house feed and to every partner to whom anything can be written. Those who
    /// read the feed hear of it in their sessions as well.
    pub(super) fn fork_resolve(&mut self, coded: &str, caller: &Caller) -> Result<Value, NodeError> {
        let refused = |what: &str| NodeError::Refused(what.to_owned());
        let bytes = from_hex(coded).ok_or_else(|| refused("the resolution is not in hexadecimal digits"))?;
        let resolution = Resolution::from_bytes(&bytes).map_err(|error| refused(&error.to_string()))?;
        if resolution.feed().publisher != self.us() {
            return Err(refused("only its publisher resolves a fork, and this feed is another's"));
        }
        if !resolution.verify(self.network(), self.house.keyring()) {
            return Err(refused("the resolution is not signed by this government's national key"));
        }
        let place = (resolution.feed(), resolution.seq());
        let fork = self.house.forks().find(|fork| (fork.feed(), fork.seq()) == place);
        let fork =
            fork.ok_or_else(|| refused("no fork is known here in that place: `corridor feeds` shows them"))?;
        let (one, other) = fork.headers();
        if ![one, other].iter().any(|header| header.id() == resolution.kept()) {
            return Err(refused("the entry to be kept is none of the two that were signed"));
        }
        let records = resolution_records(&resolution)?;
        let partners: Vec<_> = self.house.partners().map(Card::publisher).collect();
        let mut told = Vec::new();
        for partner in partners {
            let agreement = AgreementId::correspondence(self.us(), partner);
            if self.may_append(&FeedId::new(self.us(), agreement)).is_ok() {
                self.append(agreement, EntryKind::Correspondence, records.clone())?;
                told.push(self.country_of(&partner));
            }
        }
        let mut details = self.describe_resolution(&resolution);
        self.done(ActName::ForkResolve, caller, details.clone(), records)?;
        details["told"] = json!(told);
        Ok(details)
    }

    /// Does what resolutions ask for that is not done yet; returns the feeds that stand otherwise now. Nothing may wait
    /// for a commit.
    pub(super) fn apply_resolutions(&mut self) -> Result<Vec<FeedId>, NodeError> {
        let new = |one: &&Resolution| self.applied.get(&(one.feed(), one.seq())) != Some(&one.kept());
        let due: Vec<Resolution> = self.house.resolutions().filter(new).cloned().collect();
        let mut letters = false;
        for resolution in &due {
            let (feed, seq) = (resolution.feed(), resolution.seq());
            self.applied.insert((feed, seq), resolution.kept());
            let here = self.store.header(&feed, seq).ok().map(|header| header.id());
            if here.is_some_and(|id| id != resolution.kept()) {
                let file = self.store.set_aside(&feed, seq)?;
                let file = file.map(|file| file.display().to_string()).unwrap_or_default();
                tracing::warn!(%feed, seq = seq.0, file, "entries of a line that was given up are set aside");
                letters |= self.is_correspondence(&feed);
                if feed.publisher == self.us() {
                    self.doubt(feed)?;
                }
            }
            if self.house.fork(&feed).is_none() {
                self.frozen.remove(&feed);
            }
        }
        if letters {
            // What was folded of the line that was given up must not count.
            self.house = House::new(self.home.card(), self.public.clone());
            self.house.catch_up(&self.store)?;
        }
        if !due.is_empty() {
            self.truths = Truths::default();
        }
        Ok(due.iter().map(Resolution::feed).collect())
    }

    fn is_correspondence(&self, feed: &FeedId) -> bool {
        let us = self.us();
        self.house.partners().any(|card| AgreementId::correspondence(us, card.publisher()) == feed.agreement)
    }

    /// All forks that were ever proven, and what their publishers have resolved.
    pub(super) fn describe_forks(&self) -> Value {
        let row = |fork: &Fork| {
            let (feed, (one, other)) = (fork.feed(), fork.headers());
            let resolution = self.house.resolution(&feed, fork.seq());
            json!({
                "publisher": feed.publisher.to_hex(),
                "country": self.country_of(&feed.publisher),
                "agreement": feed.agreement.to_hex(),
                "agreement_name": self.agreement_name(&feed.agreement),
                "with": self.correspondent(&feed.agreement),
                "seq": fork.seq().0,
                "one": one.id().to_hex(),
                "other": other.id().to_hex(),
                "kept": resolution.map(|one| one.kept().to_hex()),
                "reason": resolution.map(Resolution::reason),
                "resolved_at": resolution.map(|one| one.time().to_string()),
            })
        };
        self.house.forks().map(row).collect()
    }

    /// The proof of a fork, named by its feed or its publisher.
    pub(super) fn cite_fork(&self, name: &str) -> Result<Value, NodeError> {
        let named = |fork: &&Fork| {
            let feed = fork.feed();
            let (publisher, agreement) = (feed.publisher.to_hex(), feed.agreement.to_hex());
            let starts = |id: &str| name.len() >= 8 && id.starts_with(&name.to_ascii_lowercase());
            self.country_of(&feed.publisher).eq_ignore_ascii_case(name)
                || starts(&publisher)
                || starts(&agreement)
                || starts(&format!("{publisher}/{agreement}"))
                || feed.to_string() == name
                || self.agreement_name(&feed.agreement) == name
        };
        let mut found: Vec<&Fork> = self.house.forks().filter(named).collect();
        if found.is_empty() {
            return Err(NodeError::NotFound(format!(
                "no fork of {name:?} is known here; `corridor feeds` shows frozen feeds"
            )));
        }
        if found.iter().any(|fork| fork.feed() != found[0].feed()) {
            let feeds: Vec<String> = found
                .iter()
                .map(|fork| format!("{}/{}", fork.feed().publisher.to_hex(), fork.feed().agreement.to_hex()))
                .collect();
            return Err(NodeError::Refused(format!(
                "{name:?} fits several forked feeds: {}",
                feeds.join(", ")
            )));
        }
        // Of several forks of a feed the one that still waits for its publisher, or else the last one.
        found.sort_by_key(|fork| (self.house.resolution(&fork.feed(), fork.seq()).is_none(), fork.seq()));
        let fork = found[found.len() - 1];
        let card = self.house.archive().get(&fork.feed().publisher).cloned();
        let card =
            card.ok_or_else(|| NodeError::NotFound("the publisher's card is no longer here".to_owned()))?;
        let (one, other) = fork.headers();
        let resolution = self.house.resolution(&fork.feed(), fork.seq()).cloned();
        let proof = ForkProof::new(card, (one.clone(), other.clone()), resolution)
            .map_err(|error| NodeError::Refused(error.to_string()))?;
        Ok(json!({ "claim": proof.claim(), "proof": proof.to_text() }))
    }
}

fn resolution_records(resolution: &Resolution) -> Result<Vec<Record>, NodeError> {
    let feed = resolution.feed();
    let id = format!("{}/{}/{}", feed.publisher.short(), feed.agreement.to_hex(), resolution.seq());
    let bytes = resolution.to_bytes();
    document(DocumentKind::ForkResolution, &id, "fork resolution", "application/octet-stream", &bytes)
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads hexadecimal digits.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
