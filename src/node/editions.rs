//! Editions of regional profiles: what members have signed, read from their feeds as it comes, and our own word.
//!
//! ```text
//!  region --sign 1 ──▶ the profile computed here ──▶ `insight::region::Edition` ──▶ our feed under the agreement ──▶ members
//!  region ◀── who signed which digest, and is it the one that this node computes ◀── the members' feeds
//! ```
//!
//! A statement is an entry with one document and no figures. What is counted is in `insight::region::adoption`; how a
//! profile is computed again as of the heads that somebody signed, in `insight`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::crypto::Hash;
use crate::feed::{AgreementId, EntryId, EntryKind, FeedId, HeadRef, PublisherId, Seq, SignedHeader};
use crate::insight::region::{Basis, Edition, EditionHead, Member, Rule, Statement};
use crate::model::document::MAX_BODY;
use crate::model::{Document, DocumentKind, Millis, Record};
use crate::node::engine::{Engine, NodeError};
use crate::policy::Agreement;
use crate::store::{Store, StoreError};

mod sign;

pub(super) use sign::Drafted;

/// Records of a statement: its bytes fit into two parts of a document.
const MAX_RECORDS: u64 = 2;
/// The most statements of one party that are kept, the newest: an edition a month for twenty years.
const MAX_STATEMENTS: usize = 256;

/// What was read of members' feeds.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    by_feed: BTreeMap<FeedId, Shelf>,
    /// Entries of which it was seen that they stand in their place.
    held: BTreeSet<(FeedId, Seq, EntryId)>,
}

/// What was read of a member's feed under an agreement.
#[derive(Debug, Default)]
struct Shelf {
    /// Up to where.
    last: Option<HeadRef>,
    /// Entries that are closed to us so far.
    closed: BTreeSet<Seq>,
    /// The newest entry with figures that are open to us.
    figures: Option<HeadRef>,
    statements: Vec<Said>,
}

/// A statement as it stands in a feed.
#[derive(Clone, Debug)]
struct Said {
    seq: Seq,
    entry: EntryId,
    time: Millis,
    edition: Arc<Edition>,
    basis: Hash,
}

/// What of the editions of a group's profile is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editions {
    /// Who may sign, and how many it takes.
    pub rule: Rule,
    /// What was signed.
    pub statements: Vec<Statement>,
    /// Up to where the members' figures are open to us: what an edition of now is of.
    pub heads: Vec<EditionHead>,
}

impl Shelves {
    /// Forgets what was read of a feed, because something of it is erased.
    pub(super) fn forget(&mut self, feed: &FeedId) {
        self.by_feed.remove(feed);
    }

    /// Reads what has come of a feed; all of it again where another entry than the last one read stands there now.
    fn read_on(&mut self, feed: FeedId, store: &Store) -> Result<(), NodeError> {
        let Some(head) = store.durable(&feed) else {
            self.forget(&feed);
            return Ok(());
        };
        let known = self.by_feed.get(&feed).and_then(|shelf| shelf.last);
        if let Some(last) = known
            && (last.seq > head.seq || store.header(&feed, last.seq)?.id() != last.entry)
        {
            self.forget(&feed);
            self.held.retain(|(of, ..)| *of != feed);
        }
        let shelf = self.by_feed.entry(feed).or_default();
        let next = shelf.last.map_or(Seq(0), |last| last.seq.next());
        let places: Vec<Seq> = shelf.closed.iter().copied().chain((next.0..=head.seq.0).map(Seq)).collect();
        for seq in places {
            shelf.read(feed, seq, store)?;
        }
        shelf.last = Some(head);
        Ok(())
    }

    /// Whether the profile of an edition can be computed again here.
    fn basis(&mut self, edition: &Edition, members: &[Member], store: &Store) -> Basis {
        let counted: BTreeSet<PublisherId> = edition.members().map(|member| member.publisher).collect();
        if counted != counted_of(members) {
            return Basis::OtherMembers;
        }
        if edition.heads().iter().any(|head| head.closed > 0) {
            return Basis::ClosedThere;
        }
        let each = edition.heads().iter().map(|head| self.stands(head, edition.agreement(), store));
        each.into_iter().find(|basis| *basis != Basis::Held).unwrap_or(Basis::Held)
    }

    /// Whether all of a member's entries up to one are here, and open.
    fn stands(&mut self, head: &EditionHead, agreement: AgreementId, store: &Store) -> Basis {
        let (feed, seq) = (head.feed(agreement), head.seq());
        let place = (feed, seq, head.entry);
        if store.durable(&feed).is_none_or(|newest| newest.seq < seq) {
            return Basis::NotHeld;
        }
        if !self.held.contains(&place) {
            if store.header(&feed, seq).ok().map(|header| header.id()) != Some(head.entry) {
                return Basis::NotHeld;
            }
            self.held.insert(place);
        }
        if store.erased(&feed).iter().any(|places| *places.start() <= seq) {
            return Basis::Erased;
        }
        let closed = self.by_feed.get(&feed).map(|shelf| shelf.closed.range(..=seq).count());
        if closed.unwrap_or(0) > 0 { Basis::Closed } else { Basis::Held }
    }
}

impl Shelf {
    fn read(&mut self, feed: FeedId, seq: Seq, store: &Store) -> Result<(), NodeError> {
        let header = store.header(&feed, seq)?;
        if !matches!(header.header().kind, EntryKind::Release | EntryKind::Retraction) {
            return Ok(());
        }
        if store.is_closed(&feed, seq)? {
            self.closed.insert(seq);
            return Ok(());
        }
        self.closed.remove(&seq);
        if let Some(said) = read_statement(feed, &header, store)? {
            self.statements.push(said);
            if self.statements.len() > MAX_STATEMENTS {
                self.statements.remove(0);
            }
        } else if self.figures.is_none_or(|newest| newest.seq < seq) {
            self.figures = Some(HeadRef::from(&header));
        }
        Ok(())
    }
}

/// The statement that an entry is; nothing for one with figures, or that is erased.
fn read_statement(feed: FeedId, header: &SignedHeader, store: &Store) -> Result<Option<Said>, NodeError> {
    let content = header.header().content;
    // A document's cover takes less than a quarter of its part.
    if content.record_count > MAX_RECORDS || content.payload_length > MAX_RECORDS * MAX_BODY as u64 * 5 / 4 {
        return Ok(None);
    }
    let (mut parts, mut only): (Vec<Document>, bool) = (Vec::new(), true);
    let seq = header.header().seq;
    let read = store.read_records(&feed, seq, &mut |record| match record {
        Record::Document(part) if part.kind() == DocumentKind::Profile && Edition::is_id(part.id()) => {
            parts.push(part);
        }
        Record::Document(_) | Record::Series(_) | Record::Retraction(_) | Record::Receipt(_) => only = false,
    });
    match read {
        Ok(_) => {}
        Err(StoreError::Erased { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let body = Document::join(&parts).filter(|_| only);
    let edition = body.and_then(|body| Edition::from_bytes(&body).ok());
    let Some(edition) = edition.filter(|edition| parts[0].id() == edition.document_id()) else {
        return Ok(None);
    };
    let (entry, time, basis) = (header.id(), header.header().time, edition.basis());
    Ok(Some(Said { seq, entry, time, edition: Arc::new(edition), basis }))
}

impl Engine {
    /// Reads what has come of the feeds in which editions may stand.
    pub(super) fn read_editions(&mut self) -> Result<(), NodeError> {
        let feeds: Vec<FeedId> =
            self.house.book().agreements().filter(has_editions).flat_map(feeds).collect();
        feeds.into_iter().try_for_each(|feed| self.shelves.read_on(feed, &self.store))
    }

    /// What is known of the editions under an agreement whose profile these members have; they must be read.
    pub(super) fn editions(&mut self, agreement: AgreementId, members: &[Member]) -> Option<Editions> {
        let id = agreement;
        let agreement = self.house.book().get(&id).filter(has_editions)?;
        let rule = self.edition_rule(agreement);
        let feeds: Vec<FeedId> = feeds(agreement).collect();
        // Those who signed the same heads are looked at once.
        let mut known: BTreeMap<Hash, Basis> = BTreeMap::new();
        let mut statements = Vec::new();
        for feed in feeds {
            let said = self.shelves.by_feed.get(&feed).map(|shelf| shelf.statements.clone());
            for Said { seq, entry, time, edition, basis } in said.unwrap_or_default() {
                let basis =
                    *known.entry(basis).or_insert_with(|| self.shelves.basis(&edition, members, &self.store));
                statements.push(Statement { by: feed.publisher, seq, entry, time, edition, basis });
            }
        }
        Some(Editions { rule, statements, heads: self.edition_heads(id, members) })
    }

    fn edition_rule(&self, agreement: &Agreement) -> Rule {
        let text = agreement.text();
        let mut parties: Vec<Member> = text.bound().map(|party| self.member(party)).collect();
        parties.sort();
        let left: BTreeMap<PublisherId, Millis> = agreement.left().collect();
        let bound = agreement.signed().map(|(party, _)| (party, left.get(&party).copied())).collect();
        Rule { agreement: agreement.id(), needed: text.quorum as usize, parties, bound }
    }

    /// Up to where the members' figures are open to us, and how many entries before are not.
    fn edition_heads(&self, agreement: AgreementId, members: &[Member]) -> Vec<EditionHead> {
        let head = |member: &Member| {
            let feed = FeedId::new(member.publisher, agreement);
            let newest = self.shelves.by_feed.get(&feed)?.figures?;
            Some(self.edition_head(newest))
        };
        members.iter().filter_map(head).collect()
    }

    /// A place up to which figures are in an edition, with how many entries before are not open to us.
    fn edition_head(&self, newest: HeadRef) -> EditionHead {
        let HeadRef { feed, seq, entry } = newest;
        let closed = self.shelves.by_feed.get(&feed).map_or(0, |shelf| shelf.closed.range(..=seq).count());
        let erased: u64 = self.store.erased(&feed).iter().map(|places| erased_before(places, seq)).sum();
        EditionHead { publisher: feed.publisher, seq: seq.0, entry, closed: closed as u64 + erased }
    }

    /// Whether all that an edition is of is here as it says: of every feed these entries, as many of them open.
    fn still_holds(&mut self, edition: &Edition) -> bool {
        edition.heads().iter().all(|head| {
            let agreement = edition.agreement();
            let place = HeadRef { feed: head.feed(agreement), seq: head.seq(), entry: head.entry };
            self.shelves.stands(head, agreement, &self.store) != Basis::NotHeld
                && self.edition_head(place) == *head
        })
    }
}

/// The members whose figures a profile counts: of one country the first.
fn counted_of(members: &[Member]) -> BTreeSet<PublisherId> {
    let mut members: Vec<&Member> = members.iter().collect();
    members.sort();
    members.dedup_by(|later, first| later.country == first.country);
    members.into_iter().map(|member| member.publisher).collect()
}

/// How many of these places are not behind another.
fn erased_before(places: &RangeInclusive<Seq>, last: Seq) -> u64 {
    (places.end().0.min(last.0) + 1).saturating_sub(places.start().0)
}

/// The profile of a crisis lane is the common picture: nobody signs editions of it.
fn has_editions(agreement: &&Agreement) -> bool {
    !agreement.is_lane()
}

fn feeds(agreement: &Agreement) -> impl Iterator<Item = FeedId> {
    agreement.text().bound().map(|party| FeedId::new(party, agreement.id()))
}

#[cfg(test)]
mod tests;
