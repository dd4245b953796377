//! After a crisis: the lane is over, its summary and what was learnt stay, and its detail goes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::declare::{no_person, refused};
use crate::feed::{AgreementId, EntryKind, FeedId};
use crate::insight::crisis::{Basis, Kind};
use crate::model::{DocumentKind, Record};
use crate::node::acts::ActName;
use crate::node::acts::document;
use crate::node::daemon::the_node;
use crate::node::engine::{Engine, NodeError};
use crate::node::request::Caller;
use crate::policy::{Agreement, Consent, Standing};

/// The longest note on what was learnt, in bytes.
const MAX_LESSONS: usize = 4096;

impl Engine {
    pub(super) fn crisis_end(
        &mut self,
        name: &str,
        lessons: Option<&str>,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let lane = self.lane(Some(name))?;
        if lessons.is_some_and(|text| text.is_empty() || text.len() > MAX_LESSONS || text.contains('\0')) {
            return Err(refused("what was learnt is told in 1 to 4096 bytes"));
        }
        no_person("the note on what was learnt", lessons.unwrap_or_default())?;
        let over = matches!(self.house.book().standing(&lane, self.now()), Standing::Over { .. });
        if over && lessons.is_none() {
            return Err(NodeError::Refused(
                "the crisis lane is over already; --lessons adds what was learnt".to_owned(),
            ));
        }
        let mut value = self.describe_lane(&lane);
        if !over {
            if !lane.text().binds(&self.us()) {
                return Err(NodeError::Refused("this government is no member of the crisis lane".to_owned()));
            }
            let said = self.declare(&lane, Consent::Ended, ActName::CrisisEnd, caller)?;
            for field in ["standing", "told", "not_told", "over_since", "erase_at"] {
                value[field] = said[field].clone();
            }
        }
        if let Some(text) = lessons {
            self.tell_lessons(&lane, text, caller)?;
            value["lessons_told"] = json!(true);
        }
        Ok(value)
    }

    /// Tells every member what was learnt, and keeps it.
    fn tell_lessons(&mut self, lane: &Agreement, text: &str, caller: &Caller) -> Result<(), NodeError> {
        let records = lesson_records(lane.id(), text)?;
        let us = self.us();
        let members: Vec<_> = lane.text().bound().filter(|who| *who != us).collect();
        for member in members {
            let feed = AgreementId::correspondence(us, member);
            let known = self.house.keyring().get(&member).is_some();
            if known && self.may_append(&FeedId::new(us, feed)).is_ok() {
                self.append(feed, EntryKind::Correspondence, records.clone())?;
            }
        }
        self.done(ActName::CrisisLessons, caller, json!({ "lane": lane.id().to_hex() }), records).map(|_| ())
    }

    /// Writes down what stays of lanes that are over: sums by publisher and by origin, and nothing finer.
    pub(in crate::node) fn close_lanes(&mut self) -> Result<(), NodeError> {
        let (book, now) = (self.house.book(), self.now());
        let begun = |lane: &&Agreement| lane.in_force_since().is_some() && lane.text().binds(&self.us());
        let due: Vec<Agreement> = book
            .lanes()
            .filter(|lane| matches!(book.standing(lane, now), Standing::Over { .. }))
            .filter(begun)
            .filter(|lane| self.house.crisis.summary(&lane.id()).is_none())
            .cloned()
            .collect();
        if due.is_empty() || self.may_append(&FeedId::new(self.us(), AgreementId::house())).is_err() {
            return Ok(());
        }
        for lane in due {
            let summary = self.summary_of(&lane)?;
            let details = json!({ "lane": lane.id().to_hex(), "summary": summary });
            self.done(ActName::CrisisClosed, &the_node(), details, Vec::new())?;
        }
        Ok(())
    }

    fn summary_of(&mut self, lane: &Agreement) -> Result<Value, NodeError> {
        let now = self.now();
        let tally = self.board(lane.id())?.tally();
        let picture = tally.picture();
        let sums = |counts: &BTreeMap<Kind, Basis>| -> BTreeMap<&str, i64> {
            counts.iter().map(|(kind, basis)| (kind.id(), basis.count)).collect()
        };
        let publishers = picture.publishers.iter().map(|((publisher, kind), basis)| {
            json!({ "publisher": publisher, "kind": kind.id(), "count": basis.count })
        });
        let terms = lane.text().crisis.lane();
        Ok(json!({
            "name": terms.map(|lane| &lane.name),
            "area": terms.map(|lane| &lane.area),
            "drill": terms.is_some_and(|lane| lane.drill),
            "since": lane.in_force_since().map(|since| since.to_string()),
            "over": now.to_string(),
            "bulletins": tally.len(),
            "corrections": tally.newest().map(|report| report.corrections.len()).sum::<usize>(),
            "duplicates": picture.duplicates.len(),
            "totals": sums(&picture.all.counts),
            "publishers": publishers.collect::<Vec<_>>(),
        }))
    }

    /// Who has confirmed, signed, to have erased what of a lane.
    pub(super) fn lane_erasures(&self, lane: AgreementId) -> Value {
        let under = self.house.confirmed_erasures().filter(|(_, erasure)| erasure.agreement == lane);
        let mut by: BTreeMap<String, (u64, String)> = BTreeMap::new();
        for (recipient, erasure) in under {
            let row = by.entry(self.country_of(recipient)).or_default();
            row.0 += 1;
            row.1 = row.1.clone().max(erasure.time().to_string());
        }
        by.into_iter()
            .map(|(country, (feeds, time))| json!({ "country": country, "feeds": feeds, "time": time }))
            .collect()
    }
}

/// What was learnt, as a document.
fn lesson_records(lane: AgreementId, text: &str) -> Result<Vec<Record>, NodeError> {
    document(
        DocumentKind::Crisis,
        &format!("lessons/{}", lane.to_hex()),
        "lessons learned",
        "text/plain",
        text.as_bytes(),
    )
}

/// The lane that a document with this id tells the lessons of.
pub(in crate::node) fn lessons_of(id: &str) -> Option<AgreementId> {
    AgreementId::from_hex(id.strip_prefix("lessons/")?)
}
