//! What a reader over HTTP may see of the views, with names for those who speak in it.
//!
//! A [`Reader`] is made by the node for one [`Scope`] and can ask for nothing else: every question that goes through it
//! is narrowed to the agreements of its scope before it meets the view. So a route, a parameter or a header has no way to
//! widen it. It is asked from any thread, beside the node's loop.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answers;
use super::clock::Clock;
use super::editions::Editions;
use super::engine::{Answer, Engine, NodeError, Rows};
use super::insight::editions::Recomputed;
use super::request::{Caller, GetRequest, Request};
use crate::feed::{AgreementId, Card, EntryId, FeedId, PublisherId, Seq};
use crate::insight::region::Member;
use crate::model::{Millis, SeriesPattern};
use crate::policy::Party;
use crate::store::Derived;
use crate::view::{Moment, Query, SeriesView};

/// Whose eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everybody's: public feeds.
    Public,
    /// This government's: public feeds, and every feed that an agreement opens to it.
    Government,
}

impl Scope {
    /// Everybody's eyes if only what is public is wanted, else ours.
    pub fn of(public: bool) -> Self {
        if public { Self::Public } else { Self::Government }
    }

    /// The agreements under which it may read; empty for all.
    pub(super) fn agreements(self) -> Vec<AgreementId> {
        match self {
            Self::Public => vec![AgreementId::public()],
            Self::Government => Vec::new(),
        }
    }

    /// Whether a feed is for these eyes. What this house keeps for itself is nobody's to read over HTTP.
    pub(super) fn shows(self, feed: &FeedId) -> bool {
        let is_open = self == Self::Government || feed.agreement == AgreementId::public();
        is_open && feed.agreement != AgreementId::house()
    }
}

/// Who publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublisherName {
    /// The country that its card claims.
    pub country: String,
    /// Its name in English, as the card has it.
    pub name: String,
}

/// The newest entry of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedHead {
    /// The feed.
    pub feed: FeedId,
    /// Its agreement's title; `public` for public feeds.
    pub agreement: String,
    /// Where it ends.
    pub seq: Seq,
    /// The newest entry.
    pub entry: EntryId,
    /// When that was signed.
    pub time: Millis,
    /// Observations that stand in it.
    pub observations: u64,
}

/// The views as one scope shows them. Clones share it.
#[derive(Clone)]
pub struct Reader {
    pub(super) derived: Derived,
    scope: Scope,
    shared: Arc<Known>,
}

/// Governments that publish to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Under which agreement.
    pub agreement: AgreementId,
    /// What that is called; `public` for what everybody may read.
    pub title: String,
    /// Who may publish under it.
    pub members: Vec<Member>,
    /// What its members have signed of its profile; none where nobody can.
    pub editions: Option<Editions>,
}

struct Known {
    clock: Clock,
    us: PublisherId,
    country: String,
    is_training: bool,
    publishers: BTreeMap<PublisherId, PublisherName>,
    heads: Vec<FeedHead>,
    groups: Vec<Group>,
    recomputed: Recomputed,
}

impl Reader {
    /// Calls `each` with every series that matches, in the order of view keys, until it says `false`; `publishers` empty
    /// means everybody. Blocks while it reads; the answer is the view of the moment of asking.
    ///
    /// # Errors
    /// [`NodeError`] when the database is broken.
    pub fn query(
        &self,
        pattern: SeriesPattern,
        moment: Moment,
        publishers: Vec<PublisherId>,
        each: &mut dyn FnMut(SeriesView) -> bool,
    ) -> Result<(), NodeError> {
        self.query_from((pattern, moment, publishers), "", each)
    }

    /// As [`Reader::query`], of the series whose view keys are not before `start`.
    ///
    /// # Errors
    /// As [`Reader::query`].
    pub fn query_from(
        &self,
        (pattern, moment, publishers): (SeriesPattern, Moment, Vec<PublisherId>),
        start: &str,
        each: &mut dyn FnMut(SeriesView) -> bool,
    ) -> Result<(), NodeError> {
        let query = Query { pattern, publishers, agreements: self.scope.agreements(), moment, heads: None };
        Ok(self.derived.query_from(&query, start, each)?)
    }

    /// The observations that are asked for, of these publishers; of all if none is named.
    ///
    /// # Errors
    /// [`NodeError`] when the question makes no sense.
    pub fn rows(&self, get: &GetRequest, publishers: Vec<PublisherId>) -> Result<Rows, NodeError> {
        let get = GetRequest { public: self.scope == Scope::Public, ..get.clone() };
        answers::rows(&self.derived, &get, publishers)
    }

    /// Whose eyes these are.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// This node's publisher.
    pub fn us(&self) -> PublisherId {
        self.shared.us
    }

    /// This node's country.
    pub fn country(&self) -> &str {
        &self.shared.country
    }

    /// Whether figures are practice, and whatever shows them must say so.
    pub fn is_training(&self) -> bool {
        self.shared.is_training
    }

    /// Publishers whose cards this node holds, itself among them: to everybody's eyes, of those with a public feed.
    pub fn publishers(&self) -> &BTreeMap<PublisherId, PublisherName> {
        &self.shared.publishers
    }

    /// The groups of this scope: all who publish to everybody, and the parties of each agreement that it shows.
    pub fn groups(&self) -> &[Group] {
        &self.shared.groups
    }

    /// Digests of profiles that were computed again.
    pub(super) fn kept(&self) -> &Recomputed {
        &self.shared.recomputed
    }

    /// The node's time; a reader may be kept as long as nothing moves.
    pub fn now(&self) -> Millis {
        self.shared.clock.now()
    }

    /// The feeds of this scope as of when the reader was made, by publisher and agreement. Two readers with equal heads
    /// give equal answers.
    pub fn heads(&self) -> &[FeedHead] {
        &self.shared.heads
    }
}

impl Engine {
    /// Answers what readers ask for beside plain questions.
    pub(super) fn for_readers(&mut self, request: Request, caller: &Caller) -> Result<Answer, NodeError> {
        match request {
            Request::Reader(scope) => self.reader(scope).map(Answer::Reader),
            Request::Series(get) => self.series(&get).map(Answer::Rows),
            Request::Changes { scope, since, limit } => self.changes(scope, since, limit).map(Answer::Value),
            Request::Insight(asked) => self.insight(asked).map(Answer::Rows),
            Request::Export { public, known } => self.export(Scope::of(public), &known).map(Answer::Rows),
            Request::Site(site) => self.site(site, caller),
            Request::Prove { key, period, from, scope, agreement } => {
                self.prove((&key, &period), &from, (scope, agreement)).map(Answer::Rows)
            }
            other => Err(NodeError::Refused(format!("{other:?} is not a reader's question"))),
        }
    }

    /// A reader of this scope. The view must be folded.
    pub(super) fn reader(&mut self, scope: Scope) -> Result<Reader, NodeError> {
        self.store.fold()?;
        let ids: Vec<FeedId> = self.store.feeds().collect();
        let mut heads = Vec::new();
        for feed in ids {
            if !scope.shows(&feed) {
                continue;
            }
            let Some(head) = self.store.durable(&feed) else { continue };
            heads.push(FeedHead {
                feed,
                agreement: self.agreement_name(&feed.agreement),
                seq: head.seq,
                entry: head.entry,
                time: self.store.header(&feed, head.seq)?.header().time,
                observations: self.store.derived().observations(&feed)?,
            });
        }
        heads.sort_by_key(|head| head.feed);
        let mut groups = self.groups(scope, &heads);
        if scope == Scope::Government {
            self.read_editions()?;
            for group in &mut groups {
                group.editions = self.editions(group.agreement, &group.members);
            }
        }
        let card = self.home.card();
        let known = Known {
            clock: self.clock().clone(),
            us: self.us(),
            country: card.country().to_owned(),
            is_training: card.network().is_training(),
            publishers: self.named(scope, &heads),
            heads,
            groups,
            recomputed: Arc::clone(&self.recomputed),
        };
        Ok(Reader { derived: self.store.derived().clone(), scope, shared: Arc::new(known) })
    }

    /// Who speaks in a scope. Whose cards this government holds beside these is its own affair: a stranger is shown nothing
    /// that depends on it, not even a tag.
    fn named(&self, scope: Scope, heads: &[FeedHead]) -> BTreeMap<PublisherId, PublisherName> {
        let us = self.us();
        let speaks = |card: &&Card| {
            let id = card.publisher();
            scope == Scope::Government || id == us || heads.iter().any(|head| head.feed.publisher == id)
        };
        self.house.partners().chain([self.home.card()]).filter(speaks).map(named).collect()
    }

    /// A publisher by the country that its card claims, or claimed when it was a partner.
    pub(super) fn member(&self, publisher: PublisherId) -> Member {
        let card = self.house.keyring().get(&publisher).or_else(|| self.house.archive().get(&publisher));
        let country = card.map(|card| card.country().to_owned()).filter(|code| !code.is_empty());
        Member { country: country.unwrap_or_else(|| publisher.short()), publisher }
    }

    /// Who may publish to whom, as far as a scope shows it.
    fn groups(&self, scope: Scope, heads: &[FeedHead]) -> Vec<Group> {
        let member = |publisher| self.member(publisher);
        let is_public = |head: &&FeedHead| head.feed.agreement == AgreementId::public();
        let public = heads.iter().filter(is_public).map(|head| member(head.feed.publisher));
        let mut groups = vec![Group {
            agreement: AgreementId::public(),
            title: self.agreement_name(&AgreementId::public()),
            members: public.collect(),
            editions: None,
        }];
        if scope == Scope::Government {
            groups.extend(self.house.book().agreements().map(|agreement| {
                let text = agreement.text();
                let publishes = |party: &&Party| party.role.publishes();
                let members = text.parties.iter().filter(publishes).map(|party| member(party.publisher));
                let (title, members) = (text.title.clone(), members.collect());
                Group { agreement: agreement.id(), title, members, editions: None }
            }));
        }
        groups
    }
}

fn named(card: &Card) -> (PublisherId, PublisherName) {
    (card.publisher(), PublisherName { country: card.country().to_owned(), name: card.name("en").to_owned() })
}
