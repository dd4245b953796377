//! Erasure: what was received goes when its retention is over, or at once if it should never have come; its publisher is
//! told so, signed.
//!
//! ```text
//! agreement over ──retention──▶ ┐
//!                               ├ payloads erased in the store ──▶ an Erasure record in the house feed,
//! entry out of scope ─────────▶ ┘                                  and in the correspondence with the publisher
//! ```
//!
//! # What arrives is checked when it is durable
//!
//! An entry under a written agreement is put to the agreement's text, and to the rules for small numbers, once more here, after it is durable and before
//! anything of it is folded, shown or receipted. That is one reading of what was just written, for these feeds alone;
//! the way of frames, and the public feeds, know nothing of it. Refusing the frames instead would end the feed: its
//! next entry follows the one that was refused, for ever. So the chain of headers stays, with the proof of what its
//! publisher signed, the figures go, and what comes next is taken.
//!
//! What was erased is folded from the house feed. A node that dies between erasing and saying so erases again at its
//! next start, which changes nothing, and says it then.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::acts::ActName;
use super::acts::document;
use super::daemon::{fault_row, the_node};
use super::engine::{Engine, NodeError};
use super::fault_kind::FaultKind;
use crate::feed::{AgreementId, EntryKind, FeedId, HeadRef, Keyring, PublisherId, Seq};
use crate::model::catalogue::DisclosureRule;
use crate::model::{DocumentKind, Observation, Period, Record, SeriesKey};
use crate::policy::{Agreement, AgreementText, Book, Decision, Erasure, Reason, Shape, Subject, Why};
use crate::protect;

/// An entry that its agreement does not cover, or that shows what its rule closes.
pub(super) struct OutOfScope {
    head: HeadRef,
    key: SeriesKey,
    why: &'static str,
}

/// Why an entry is erased whose figures their publisher has not protected.
const TOO_SMALL: &str = "it shows a count below the minimum of its disclosure rule";

/// To what a publisher's records under an agreement are put.
struct Check<'a> {
    text: &'a AgreementText,
    publisher: PublisherId,
    keyring: &'a Keyring,
    /// Who is a party's country, or the origin's government, can be told of those alone whose cards are known.
    all_known: bool,
    rule: Option<DisclosureRule>,
    lowered: Vec<(String, DisclosureRule)>,
}

impl<'a> Check<'a> {
    fn new(agreement: &'a Agreement, publisher: PublisherId, keyring: &'a Keyring) -> Self {
        let text = agreement.text();
        let lowered = text.crisis.lane().into_iter().flat_map(|lane| lane.terms.lowered());
        Self {
            text,
            publisher,
            keyring,
            all_known: text.readers().iter().all(|reader| keyring.get(reader).is_some()),
            rule: DisclosureRule::from_id(&text.disclosure_rule),
            lowered: lowered.map(|(code, rule)| (code.to_owned(), rule)).collect(),
        }
    }

    /// What of a record is not covered, or breaks the rule, and why.
    fn wrong_with(&self, record: &Record) -> Option<(SeriesKey, &'static str)> {
        let Record::Series(series) = record else { return None };
        let periods: Vec<Period> = series.observations().iter().map(Observation::period).collect();
        let subject = Subject::of(series, &periods);
        let reason = match Book::decide_by_text(self.text, self.publisher, &subject, self.keyring) {
            Decision::Share(Shape::Whole) => {
                let shows = protect::shows_too_small(series, self.rule, &self.lowered);
                return shows.map(|_| (series.key().clone(), TOO_SMALL));
            }
            Decision::Share(Shape::Cut(_)) => Reason::Period,
            Decision::Withhold(reason) => reason,
        };
        let is_sure = self.all_known || !matches!(reason, Reason::Origin | Reason::Counterpart);
        is_sure.then(|| (series.key().clone(), reason.as_str()))
    }
}

impl OutOfScope {
    /// Where it stood.
    pub(super) fn seq(&self) -> Seq {
        self.head.seq
    }

    /// What a log may say of it: which figures are small is not for it.
    pub(super) fn logged(&self) -> String {
        format!("entry {} of feed {} is not covered by its agreement", self.head.seq, self.head.feed)
    }

    /// What is wrong, in words.
    pub(super) fn what(&self) -> String {
        format!("entry {} of feed {}: {}: {}", self.head.seq, self.head.feed, self.key, self.why)
    }
}

impl Engine {
    /// Erases what must not be held any longer and confirms it. Returns the feeds in which an entry had begun to come:
    /// its frames are gone too, and who follows the feed must not go on behind them.
    pub(super) fn erase_due(&mut self) -> Result<Vec<FeedId>, NodeError> {
        let over = self.feeds_not_to_be_held();
        // Of these nothing was ever receipted, so there is nobody to whom it must be confirmed.
        let begun = self.store.abandon(&over)?;
        if !self.may_record() {
            return Ok(begun);
        }
        let newest = over.iter().filter_map(|feed| self.store.durable(feed));
        let due =
            newest.filter(|head| self.house.erased(&head.feed).is_none_or(|seq| seq < head.seq)).collect();
        let due = self.with_figures(due)?;
        let entries: Vec<_> = due.iter().map(|head| (head.feed, Seq(0)..=head.seq)).collect();
        // What is being appended is looked at again at the next tick.
        if due.is_empty() || !self.store.erase(&entries)? {
            return Ok(begun);
        }
        let words = "the agreement is over, and the time for which it could be kept";
        for head in due {
            self.boards.forget(&head.feed);
            self.shelves.forget(&head.feed);
            self.confirm_erasure(Seq(0), head, (Why::Retention, words))?;
        }
        Ok(begun)
    }

    /// Without its record an erasure would be done again and again; of a frozen feed the operator is told elsewhere.
    pub(super) fn may_record(&self) -> bool {
        self.may_append(&FeedId::new(self.us(), AgreementId::house())).is_ok()
    }

    /// Others' feeds under agreements whose retention is over.
    fn feeds_not_to_be_held(&self) -> Vec<FeedId> {
        let (us, now) = (self.us(), self.now());
        let over = |agreement: &&Agreement| {
            let at = self.house.book().erase_at(agreement, us, now);
            at.is_some_and(|at| at <= now)
        };
        let over: Vec<AgreementId> = self.house.book().agreements().filter(over).map(Agreement::id).collect();
        if over.is_empty() {
            return Vec::new();
        }
        self.store.feeds().filter(|feed| feed.publisher != us && over.contains(&feed.agreement)).collect()
    }

    /// Those of the feeds in which there is something else than receipts; the others are remembered.
    fn with_figures(&mut self, due: Vec<HeadRef>) -> Result<Vec<HeadRef>, NodeError> {
        let mut some = Vec::new();
        for head in due {
            let from = match self.without_figures.get(&head.feed) {
                Some(seq) if *seq == head.seq => continue,
                Some(seq) => seq.next(),
                None => Seq(0),
            };
            let mut found = false;
            for seq in from.0..=head.seq.0 {
                found |= self.store.header(&head.feed, Seq(seq))?.header().kind != EntryKind::Receipt;
            }
            if found {
                some.push(head);
            } else {
                self.without_figures.insert(head.feed, head.seq);
            }
        }
        Ok(some)
    }

    /// Puts entries that have just become durable to their agreement, erases those that it does not cover and tells
    /// their publisher. Returns what was wrong.
    pub(super) fn check_received(
        &mut self,
        feed: FeedId,
        places: RangeInclusive<Seq>,
    ) -> Result<Vec<OutOfScope>, NodeError> {
        let Some(agreement) = self.house.book().get(&feed.agreement) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for seq in places.start().0..=places.end().0 {
            found.extend(self.check_entry(agreement, feed, Seq(seq))?);
        }
        for wrong in &found {
            let seq = wrong.head.seq;
            if self.store.erase(&[(feed, seq..=seq)])? && self.may_record() {
                self.confirm_erasure(seq, wrong.head, (Why::OutOfScope, &wrong.what()))?;
            }
        }
        Ok(found)
    }

    /// The first thing in an entry that its agreement does not cover, or whose rule it breaks.
    fn check_entry(
        &self,
        agreement: &Agreement,
        feed: FeedId,
        seq: Seq,
    ) -> Result<Option<OutOfScope>, NodeError> {
        let check = Check::new(agreement, feed.publisher, self.house.archive());
        let mut wrong = None;
        let header = self.store.read_records(&feed, seq, &mut |record| {
            wrong = wrong.take().or_else(|| check.wrong_with(&record));
        })?;
        let head = HeadRef::from(&header);
        Ok(wrong.map(|(key, why)| OutOfScope { head, key, why }))
    }

    /// The same of an entry that is not stored.
    pub(super) fn check_records(
        &self,
        agreement: &Agreement,
        head: HeadRef,
        records: &[Record],
    ) -> Option<OutOfScope> {
        let check = Check::new(agreement, head.feed.publisher, self.house.archive());
        let (key, why) = records.iter().find_map(|record| check.wrong_with(record))?;
        Some(OutOfScope { head, key, why })
    }

    /// Writes what was erased into the house feed, and tells its publisher.
    pub(super) fn confirm_erasure(
        &mut self,
        first: Seq,
        last: HeadRef,
        (why, words): (Why, &str),
    ) -> Result<(), NodeError> {
        let feed = last.feed;
        let erasure = Erasure {
            publisher: feed.publisher,
            agreement: feed.agreement,
            first: first.0,
            last: last.seq.0,
            entry: last.entry,
            why,
            words: words.to_owned(),
            erased_at: self.now().0,
        };
        let records = erasure_records(&erasure)?;
        for concerned in self.concerned_by_erasure(&feed) {
            let correspondence = AgreementId::correspondence(self.us(), concerned);
            let is_partner = self.house.keyring().get(&concerned).is_some();
            if is_partner && self.may_append(&FeedId::new(self.us(), correspondence)).is_ok() {
                self.append(correspondence, EntryKind::Correspondence, records.clone())?;
            }
        }
        let details = json!({
            "publisher": feed.publisher.to_hex(),
            "country": self.country_of(&feed.publisher),
            "agreement": feed.agreement.to_hex(),
            "title": self.agreement_name(&feed.agreement),
            "first": first.0,
            "last": last.seq.0,
            "why": words,
        });
        tracing::info!(%feed, first = first.0, last = last.seq.0, "erased");
        self.done(ActName::Erasure, &the_node(), details, records).map(|_| ())
    }

    /// Who is told of an erasure: the publisher, and who has declared the crisis lane.
    fn concerned_by_erasure(&self, feed: &FeedId) -> BTreeSet<PublisherId> {
        let lane = self.house.book().get(&feed.agreement).filter(|agreement| agreement.is_lane());
        let declared = lane.into_iter().flat_map(|lane| lane.signed().map(|(party, _)| party));
        let mut all: BTreeSet<PublisherId> = declared.chain([feed.publisher]).collect();
        all.remove(&self.us());
        all
    }

    /// What recipients have confirmed that they erased of ours, under one agreement or all.
    pub(super) fn erasures(&self, under: Option<AgreementId>) -> Value {
        let wanted = self
            .house
            .confirmed_erasures()
            .filter(|(_, erasure)| under.is_none_or(|agreement| erasure.agreement == agreement));
        wanted
            .map(|(recipient, erasure)| {
                json!({
                    "country": self.country_of(recipient),
                    "publisher": self.country_of(&erasure.publisher),
                    "agreement": erasure.agreement.to_hex(),
                    "title": self.agreement_name(&erasure.agreement),
                    "first": erasure.first,
                    "last": erasure.last,
                    "why": erasure.words,
                    "code": erasure.why.code(),
                    "time": erasure.time().to_string(),
                })
            })
            .collect()
    }

    /// What recipients found to be out of an agreement's scope, as faults of ours.
    pub(super) fn refused_by_others(&self) -> Vec<Value> {
        let us = self.us();
        let refused = self.house.confirmed_erasures();
        let refused = refused.filter(|(_, one)| one.why == Why::OutOfScope && one.publisher == us);
        refused
            .map(|(recipient, erasure)| {
                let who = self.country_of(recipient);
                let what = format!("{who} has refused and erased what we released to it: {}", erasure.words);
                fault_row(Some(erasure.time()), FaultKind::OutOfScope, &what)
            })
            .collect()
    }
}

fn erasure_records(erasure: &Erasure) -> Result<Vec<Record>, NodeError> {
    let id = format!("{}/{}/{}", erasure.publisher.short(), erasure.agreement.to_hex(), erasure.last);
    document(DocumentKind::Erasure, &id, "erasure", "application/octet-stream", &erasure.to_bytes())
}
