//! What a copy of everything public is made of: where its feeds end, proofs of whole entries, and the signed manifest.
//! The figures themselves come by [`Request::Series`](super::request::Request::Series) of the public scope.
//!
//! There is no scope to choose here: every feed that is looked at is under the public agreement.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::acts::ActName;
use super::engine::{Answer, Engine, NodeError, Rows};
use super::reader::{Reader, Scope};
use super::request::Caller;
use crate::crypto::merkle::{self, MerkleTree};
use crate::crypto::{Hash, NodeSigner};
use crate::feed::citation::Citation;
use crate::feed::site::MAX_SOURCES;
use crate::feed::{
    AgreementId, Card, EntryId, FeedId, HeadRef, PublisherId, Seq, SiteFiles, SiteManifest, record,
};
use crate::model::{Period, Record, SeriesKey, SeriesPattern};
use crate::store::{Derived, Records};
use crate::view::Query;

/// A request for a copy; in JSON `{"command": "site", "site": "head"}` with the fields beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "site", rename_all = "snake_case", deny_unknown_fields)]
pub enum SiteRequest {
    /// A [`SiteHead`].
    Head,
    /// A [`SitePage`] for each page and each file that pages share. Who serves pages makes them.
    Pages,
    /// A [`SiteProof`] of each series of which this entry states what counts now.
    Evidence {
        /// Whose public feed.
        publisher: String,
        /// Which entry.
        seq: u64,
    },
    /// The signed manifest.
    Sign {
        /// SHA-256 of the list of files.
        list: String,
        /// How many there are.
        files: u64,
        /// How long they are together.
        bytes: u64,
        /// What the copy is made of.
        sources: Vec<SiteSource>,
    },
}

impl SiteRequest {
    /// What it is called in the log of acts; `None` for questions.
    pub fn act(&self) -> Option<ActName> {
        match self {
            Self::Sign { .. } => Some(ActName::PublishSite),
            Self::Head | Self::Pages | Self::Evidence { .. } => None,
        }
    }
}

/// Who makes a copy, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteHead {
    /// This node's publisher.
    pub publisher: String,
    /// On which network its records count.
    pub network: String,
    /// The public feeds.
    pub sources: Vec<SiteSource>,
}

/// A public feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSource {
    /// Whose.
    pub publisher: String,
    /// What its publisher is called in a path: its country, or the start of its id.
    pub name: String,
    /// The place of its newest entry.
    pub seq: u64,
    /// Its id.
    pub entry: String,
    /// The publisher's card as a text file.
    pub card: String,
}

/// A file of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SitePage {
    /// Where it lies.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// The proof of a series, as far as one entry states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteProof {
    /// The series.
    pub key: String,
    /// The text of its citation, which is of the last period that counts.
    pub citation: String,
}

/// A code in a path: what is no letter, digit, dot, line or dash is written as its number.
pub fn escaped(code: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("~{byte:02X}") };
    code.bytes().map(one).collect()
}

/// Where the citations of a series lie: what their paths begin with.
pub fn evidence_of(name: &str, indicator: &str, key: &str) -> String {
    format!("evidence/{name}/{}/{}-", escaped(indicator), escaped(key))
}

/// What publishers are called in paths: by their countries, where one alone has that code, else by the start of their ids.
pub fn path_names<'a>(all: impl Iterator<Item = (PublisherId, &'a str)>) -> BTreeMap<PublisherId, String> {
    let all: Vec<(PublisherId, &str)> = all.collect();
    let is_alone =
        |country: &str| !country.is_empty() && all.iter().filter(|(_, one)| *one == country).count() == 1;
    let name = |(id, country): &(PublisherId, &str)| match *country {
        country if is_alone(country) => (*id, country.to_owned()),
        _ => (*id, id.to_hex()[..16].to_owned()),
    };
    all.iter().map(name).collect()
}

impl Reader {
    /// What those who publish to everybody are called in the paths of a copy.
    pub fn path_names(&self) -> BTreeMap<PublisherId, String> {
        let public = self.heads().iter().filter(|head| head.feed.agreement == AgreementId::public());
        let known = public.filter_map(|head| {
            let name = self.publishers().get(&head.feed.publisher)?;
            Some((head.feed.publisher, name.country.as_str()))
        });
        path_names(known)
    }
}

impl Engine {
    /// A reader of everybody's, for who makes pages without a daemon.
    ///
    /// # Errors
    /// [`NodeError`] when the store is broken.
    pub fn public_reader(&mut self) -> Result<Answer, NodeError> {
        self.reader(Scope::Public).map(Answer::Reader)
    }

    /// The answer to [`Request::Status`](super::request::Request::Status), for the same.
    ///
    /// # Errors
    /// As [`Engine::public_reader`].
    pub fn state(&mut self) -> Result<Answer, NodeError> {
        self.status().map(Answer::Value)
    }

    /// Answers what is asked for a copy.
    pub(super) fn site(&mut self, asked: SiteRequest, caller: &Caller) -> Result<Answer, NodeError> {
        match asked {
            SiteRequest::Head => Ok(Answer::Value(json!(self.site_head()))),
            SiteRequest::Pages => {
                Err(NodeError::Refused("pages are made by who serves them, and not by the node".to_owned()))
            }
            SiteRequest::Evidence { publisher, seq } => {
                self.site_evidence(&publisher, Seq(seq)).map(Answer::Rows)
            }
            SiteRequest::Sign { list, files, bytes, sources } => {
                let list = Hash::from_hex(&list).ok_or_else(|| no_id("the list's hash"))?;
                self.site_sign(SiteFiles { files, bytes, list }, &sources, caller).map(Answer::Value)
            }
        }
    }

    fn site_head(&self) -> SiteHead {
        let feeds: Vec<FeedId> = self.store.feeds().filter(|feed| Scope::Public.shows(feed)).collect();
        let found = feeds.iter().filter_map(|feed| {
            let card = self.house.keyring().get(&feed.publisher)?;
            Some((card, self.store.durable(feed)?))
        });
        let found: Vec<(&Card, HeadRef)> = found.take(MAX_SOURCES).collect();
        let names = path_names(found.iter().map(|(card, _)| (card.publisher(), card.country())));
        let source = |(card, head): &(&Card, HeadRef)| SiteSource {
            publisher: card.publisher().to_hex(),
            name: names.get(&card.publisher()).cloned().unwrap_or_default(),
            seq: head.seq.0,
            entry: head.entry.to_hex(),
            card: card.to_text(),
        };
        SiteHead {
            publisher: self.us().to_hex(),
            network: self.network().as_str().to_owned(),
            sources: found.iter().map(source).collect(),
        }
    }

    fn site_evidence(&mut self, publisher: &str, seq: Seq) -> Result<Rows, NodeError> {
        let publisher = PublisherId::from_hex(publisher).ok_or_else(|| no_id("a publisher"))?;
        let card = self.house.keyring().get(&publisher).cloned();
        let card =
            card.ok_or_else(|| NodeError::NotFound("the publisher's card is no longer here".to_owned()))?;
        let feed = FeedId::new(publisher, AgreementId::public());
        let (entry, derived) = (self.store.entry(&feed, seq)?, self.store.derived().clone());
        // Once for the tree, once for what stands in it: an entry need not fit into memory.
        Ok(Rows::new(move |each| {
            prove_all((&feed, seq, &card), (entry.records()?, entry.records()?), &derived, each)
        }))
    }

    fn site_sign(
        &mut self,
        files: SiteFiles,
        sources: &[SiteSource],
        caller: &Caller,
    ) -> Result<serde_json::Value, NodeError> {
        let heads: Vec<HeadRef> =
            sources.iter().map(head_of).collect::<Option<_>>().ok_or_else(|| no_id("a source"))?;
        for head in &heads {
            let held = self.store.header(&head.feed, head.seq).ok().map(|header| header.id());
            if held != Some(head.entry) {
                let text = format!("the copy names an entry {} that is not here: make it anew", head.seq);
                return Err(NodeError::Refused(text));
            }
        }
        self.leads()?;
        let (signer, card, now) = (self.signer()?, self.home.card().clone(), self.now());
        let manifest = signed(card, files, heads, (now, signer.as_ref()))?;
        let details = json!({ "files": files.files, "bytes": files.bytes, "list": files.list.to_hex() });
        self.done(ActName::PublishSite, caller, details, Vec::new())?;
        Ok(json!({ "manifest": manifest.to_text() }))
    }
}

fn signed(
    card: Card,
    files: SiteFiles,
    heads: Vec<HeadRef>,
    (now, signer): (crate::model::Millis, &dyn NodeSigner),
) -> Result<SiteManifest, NodeError> {
    let refused = |error: crate::feed::site::SiteFault| NodeError::Refused(error.to_string());
    SiteManifest::sign(card, files, heads, now, signer).map_err(refused)
}

fn head_of(source: &SiteSource) -> Option<HeadRef> {
    let publisher = PublisherId::from_hex(&source.publisher)?;
    let feed = FeedId::new(publisher, AgreementId::public());
    Some(HeadRef { feed, seq: Seq(source.seq), entry: EntryId::from_hex(&source.entry)? })
}

/// Calls `each` with the proof of every series of an entry of which something counts.
fn prove_all(
    (feed, seq, card): (&FeedId, Seq, &Card),
    (first, second): (Records, Records),
    derived: &Derived,
    each: &mut dyn FnMut(&str) -> bool,
) -> Result<(), NodeError> {
    let header = first.header().clone();
    let leaf = |read: Result<Record, _>| read.map(|one| merkle::leaf_hash(&record::encode(&one)));
    let tree = MerkleTree::new(first.map(leaf).collect::<Result<_, _>>()?);
    for (index, read) in second.enumerate() {
        let Record::Series(series) = read? else { continue };
        let key = series.key().clone();
        let Some(period) = last_that_counts(derived, (feed, seq), &key)? else { continue };
        let bytes = record::encode(&Record::Series(series));
        let path = tree.path(index).ok_or_else(|| NodeError::Refused("an entry became longer".to_owned()))?;
        let citation = Citation::new(card.clone(), header.clone(), bytes, path, period)
            .map_err(|error| NodeError::Refused(format!("{key}: {error}")))?;
        let proof = SiteProof { key: key.as_str().to_owned(), citation: citation.to_text() };
        if !each(&json!(proof).to_string()) {
            break;
        }
    }
    Ok(())
}

/// The last period of a series that this entry of its feed states last.
fn last_that_counts(
    derived: &Derived,
    (feed, seq): (&FeedId, Seq),
    key: &SeriesKey,
) -> Result<Option<Period>, NodeError> {
    let (publishers, agreements) = (vec![feed.publisher], vec![feed.agreement]);
    let query = Query { publishers, agreements, ..Query::current(SeriesPattern::parse(key.as_str())?) };
    let mut last = None;
    derived.query(&query, &mut |series| {
        let stated = series.stated().filter(|(_, _, entry)| entry.seq == seq);
        last = stated.map(|(period, _, _)| period).max();
        true
    })?;
    Ok(last)
}

fn no_id(what: &str) -> NodeError {
    NodeError::Refused(format!("{what} is named by 64 hexadecimal digits"))
}
