//! Release: what was submitted goes to everyone who may have it, and to nobody else.
//!
//! For every agreement in force, and for the public one, each series is put to `policy`; what it shares is
//! compared with what was released there before, so that an entry carries only what is new or changed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::clock;
use super::engine::{Engine, NodeError};
use super::request::{Caller, ReleaseRequest};
use crate::feed::{AgreementId, EntryKind, FeedId};
use crate::model::{
    Attachment, AttributeId, Attributes, Flags, Observation, Period, Record, Retraction, Series, SeriesKey,
};
use crate::policy::{Decision, Shape};
use crate::store::RowReader;
use crate::view::{Row, State, Version};

/// What one agreement's parties would get.
#[derive(Default)]
struct Plan {
    series: Vec<Series>,
    new: u64,
    revised: u64,
    unchanged: u64,
    withheld: BTreeMap<&'static str, u64>,
}

impl Engine {
    pub(super) fn release(&mut self, request: &ReleaseRequest, caller: &Caller) -> Result<Value, NodeError> {
        let submissions = self.chosen(request)?;
        self.store.fold()?;
        let mut audiences = vec![AgreementId::public()];
        audiences.extend(self.house.book().in_force(clock::now()).map(crate::policy::Agreement::id));
        let mut series = Vec::new();
        for (_, seq) in &submissions {
            series.extend(self.submitted_series(*seq)?);
        }
        let series = latest_of_each(series);
        let mut released = Vec::new();
        for agreement in audiences {
            let plan = self.plan(agreement, &series, request.reason.as_deref())?;
            released.push(self.carry_out(agreement, plan, request.dry_run)?);
        }
        let ids: Vec<&str> = submissions.iter().map(|(id, _)| id.as_str()).collect();
        let value = json!({ "submissions": ids, "dry_run": request.dry_run, "released": released });
        if !request.dry_run {
            let details = json!({ "submissions": ids, "reason": request.reason, "released": released });
            self.done("release", caller, details, Vec::new())?;
        }
        Ok(value)
    }

    fn chosen(&self, request: &ReleaseRequest) -> Result<Vec<(String, crate::feed::Seq)>, NodeError> {
        let all = || self.house.submissions();
        let chosen: Vec<_> = match &request.submission {
            Some(id) => all().filter(|one| one.id == *id).map(|one| (one.id.clone(), one.seq)).collect(),
            None => all().filter(|one| !one.released).map(|one| (one.id.clone(), one.seq)).collect(),
        };
        match (&request.submission, chosen.is_empty()) {
            (Some(id), true) => Err(NodeError::NotFound(format!(
                "there is no submission {id:?}; `corridor submissions` shows them"
            ))),
            (None, true) => Err(NodeError::Refused(
                "nothing waits for release; name a submission to release it again under new agreements"
                    .to_owned(),
            )),
            (_, false) => Ok(chosen),
        }
    }

    fn plan(
        &self,
        agreement: AgreementId,
        series: &[Series],
        reason: Option<&str>,
    ) -> Result<Plan, NodeError> {
        let feed = FeedId::new(self.us(), agreement);
        let mut before = self.store.newest(&feed).map(|_| self.store.derived().row_reader());
        let (mut plan, now) = (Plan::default(), clock::now());
        for one in series {
            let observations = one.observations().len() as u64;
            match self.house.book().decide(&agreement, one.key(), self.house.keyring(), now) {
                Decision::Withhold(why) => *plan.withheld.entry(why.as_str()).or_default() += observations,
                Decision::Share(Shape::Whole) => {
                    let row = known_row(&mut before, one.key(), feed)?;
                    plan.add(one, row.as_ref(), reason)?;
                }
            }
        }
        Ok(plan)
    }

    fn carry_out(&mut self, agreement: AgreementId, plan: Plan, dry_run: bool) -> Result<Value, NodeError> {
        let series = plan.series.len();
        let mut value = json!({
            "agreement": agreement.to_hex(),
            "title": self.agreement_name(&agreement),
            "parties": self.recipients(&agreement),
            "series": series,
            "new": plan.new,
            "revised": plan.revised,
            "unchanged": plan.unchanged,
            "withheld": plan.withheld,
            "entry": Value::Null,
        });
        if dry_run {
            let keys: Vec<&str> =
                plan.series.iter().map(|series| series.key().as_str()).take(MAX_SHOWN).collect();
            value["keys"] = json!(keys);
        } else if series > 0 {
            let records = plan.series.into_iter().map(Record::Series).collect();
            let head = self.append(agreement, EntryKind::Release, records)?;
            value["entry"] = json!(head.entry.to_hex());
            value["seq"] = json!(head.seq.0);
        }
        Ok(value)
    }

    fn recipients(&self, agreement: &AgreementId) -> Value {
        match self.house.book().get(agreement) {
            Some(known) => {
                json!(known.text().parties.iter().map(|party| self.country_of(party)).collect::<Vec<_>>())
            }
            None => json!(["everyone"]),
        }
    }

    pub(super) fn retract(
        &mut self,
        key: &str,
        periods: &[String],
        reason: &str,
        caller: &Caller,
    ) -> Result<Value, NodeError> {
        let key = SeriesKey::parse(key)?;
        let periods: Vec<Period> =
            periods.iter().map(|text| Period::parse(text)).collect::<Result<_, _>>()?;
        self.store.fold()?;
        let us = self.us();
        let feeds: Vec<FeedId> = self.store.feeds().filter(|feed| feed.publisher == us).collect();
        let mut retracted = Vec::new();
        for feed in feeds {
            let row = self.store.derived().row_reader().row(&key.view_order_key(), feed)?;
            let stated = stated_periods(row.as_ref());
            let wanted: Vec<Period> =
                stated.into_iter().filter(|period| periods.is_empty() || periods.contains(period)).collect();
            if wanted.is_empty() {
                continue;
            }
            let count = wanted.len();
            let retraction = Retraction::new(key.clone(), wanted, reason)?;
            let head =
                self.append(feed.agreement, EntryKind::Retraction, vec![Record::Retraction(retraction)])?;
            let name = self.agreement_name(&feed.agreement);
            retracted.push(json!({ "agreement": name, "periods": count, "entry": head.entry.to_hex(), "seq": head.seq.0 }));
        }
        if retracted.is_empty() {
            return Err(NodeError::NotFound(format!(
                "nothing of {key} for these periods was released by this node"
            )));
        }
        let details = json!({ "key": key.as_str(), "reason": reason, "retracted": retracted });
        self.done("retract", caller, details.clone(), Vec::new())?;
        Ok(details)
    }
}

/// How many keys a dry run names for one agreement.
const MAX_SHOWN: usize = 1000;

/// Of series that several submissions state, the observations of the later one.
fn latest_of_each(series: Vec<Series>) -> Vec<Series> {
    let mut merged: BTreeMap<SeriesKey, Series> = BTreeMap::new();
    for one in series {
        match merged.remove(one.key()) {
            None => {
                merged.insert(one.key().clone(), one);
            }
            Some(earlier) => {
                let (key, attributes, observations) = one.into_parts();
                let (_, _, mut all) = earlier.into_parts();
                all.retain(|old| observations.iter().all(|new| new.period() != old.period()));
                all.extend(observations);
                if let Ok(both) = Series::new(key.clone(), attributes, all) {
                    merged.insert(key, both);
                }
            }
        }
    }
    merged.into_values().collect()
}

fn known_row(
    reader: &mut Option<RowReader>,
    key: &SeriesKey,
    feed: FeedId,
) -> Result<Option<Row>, NodeError> {
    match reader {
        Some(reader) => Ok(reader.row(&key.view_order_key(), feed)?),
        None => Ok(None),
    }
}

fn newest(row: &Row, period: Period) -> Option<&Version> {
    row.versions.iter().rev().find(|version| version.period == period)
}

fn stated_periods(row: Option<&Row>) -> Vec<Period> {
    let Some(row) = row else { return Vec::new() };
    let current = crate::view::Moment::Current.select(row);
    current.iter().map(|version| version.period).collect()
}

impl Plan {
    /// Takes what is new or changed of a series.
    fn add(&mut self, series: &Series, before: Option<&Row>, reason: Option<&str>) -> Result<(), NodeError> {
        let mut changed = Vec::new();
        for observation in series.observations() {
            match before.and_then(|row| newest(row, observation.period())).map(|version| &version.state) {
                None => {
                    self.new += 1;
                    changed.push(observation.clone());
                }
                Some(State::Stated { value, flags, .. }) if same(observation, value.as_ref(), *flags) => {
                    self.unchanged += 1;
                }
                Some(state) => {
                    self.revised += 1;
                    changed.push(revision(observation, state, reason, series.key())?);
                }
            }
        }
        if !changed.is_empty() {
            self.series.push(Series::new(series.key().clone(), series.attributes().clone(), changed)?);
        }
        Ok(())
    }
}

fn same(observation: &Observation, value: Option<&crate::model::Decimal>, flags: Flags) -> bool {
    observation.value().as_ref() == value
        && observation.status() == flags.status
        && observation.conf() == flags.conf
}

/// An observation as the revision of what was stated before.
fn revision(
    observation: &Observation,
    before: &State,
    reason: Option<&str>,
    key: &SeriesKey,
) -> Result<Observation, NodeError> {
    let reason = reason.ok_or_else(|| {
        NodeError::Refused(format!(
            "{key} {}: this changes a released value, so say why: --reason UPDATE, ERROR or METHOD",
            observation.period()
        ))
    })?;
    let revision = match before {
        State::Stated { flags, .. } => flags.revision.max(observation.revision()).saturating_add(1),
        State::Retracted { .. } => observation.revision().saturating_add(1),
    };
    let attributes = observation.attributes().iter().map(|(id, text)| (id, text.to_owned()));
    let others = attributes.filter(|(id, _)| *id != AttributeId::RevReason);
    let all = others.chain([(AttributeId::RevReason, reason.to_ascii_uppercase())]);
    let attributes = Attributes::new(Attachment::Observation, all)?;
    let flags = Flags { revision, ..observation.flags() };
    Ok(Observation::new(observation.period(), observation.value(), flags, attributes)?)
}
