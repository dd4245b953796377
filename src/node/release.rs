//! Release: what was submitted goes to everyone who may have it, and to nobody else.
//!
//! For every agreement in force, and for the public one, each series is put to `policy`; what it shares is
//! compared with what was released there before, so that an entry carries only what is new or changed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::clock;
use super::engine::{Engine, NodeError};
use super::plan::Plan;
use super::request::{Caller, ReleaseRequest};
use crate::feed::{AgreementId, EntryKind, FeedId, HeadRef};
use crate::model::{Period, Record, Retraction, Series, SeriesKey};
use crate::policy::{Decision, Shape};
use crate::view::Row;

/// Releases that are carried out together say at most so much, in observations: what is more goes alone.
const MAX_TOGETHER: u64 = 20_000;

/// A release that somebody asked for.
pub(super) type Wanted = (ReleaseRequest, Caller);

/// A release on its way: what was asked, what it has to say, and what becomes of it.
struct Draft {
    request: ReleaseRequest,
    caller: Caller,
    submissions: Vec<String>,
    series: Vec<Series>,
    /// One plan for each audience.
    plans: Vec<Plan>,
    refused: Option<NodeError>,
}

impl Engine {
    /// Carries out one release.
    pub(super) fn release(&mut self, request: &ReleaseRequest, caller: &Caller) -> Result<Value, NodeError> {
        let mut wanted = VecDeque::from([(request.clone(), caller.clone())]);
        self.release_next(&mut wanted).and_then(|mut outcomes| outcomes.remove(0))
    }

    /// Carries out the releases at the front that can share one entry for each audience, so that a burst of small
    /// ones shares signatures and syncs; returns what became of each, at least one. Those that are left state
    /// something of the same series, and are compared with what is released now: commit before they come.
    ///
    /// # Errors
    /// [`NodeError`] when none of them could be carried out.
    pub(super) fn release_next(
        &mut self,
        wanted: &mut VecDeque<Wanted>,
    ) -> Result<Vec<Result<Value, NodeError>>, NodeError> {
        if wanted.iter().any(|(request, _)| !request.dry_run) {
            self.signer()?;
            self.may_append(&FeedId::new(self.us(), AgreementId::house()))?;
        }
        self.store.fold()?;
        let mut drafts = self.draft_next(wanted);
        let mut audiences = vec![AgreementId::public()];
        audiences.extend(self.house.book().in_force(clock::now()).map(crate::policy::Agreement::id));
        for agreement in &audiences {
            self.plan(*agreement, &mut drafts)?;
        }
        let heads = self.append_planned(&audiences, &mut drafts)?;
        let audiences: Vec<(AgreementId, Option<HeadRef>)> = audiences.into_iter().zip(heads).collect();
        let (mut outcomes, mut acts) = (Vec::new(), Vec::new());
        for draft in drafts {
            if let Some(error) = draft.refused {
                outcomes.push(Err(error));
                continue;
            }
            let value = self.describe_release(&draft, &audiences);
            if !draft.request.dry_run {
                let details = json!({
                    "submissions": draft.submissions,
                    "reason": draft.request.reason,
                    "released": value["released"],
                });
                acts.push((draft.caller, details));
            }
            outcomes.push(Ok(value));
        }
        self.done_together("release", acts)?;
        Ok(outcomes)
    }

    /// Takes releases from the front as long as no two say something of the same series.
    fn draft_next(&mut self, wanted: &mut VecDeque<Wanted>) -> Vec<Draft> {
        let (mut drafts, mut keys, mut observations) = (Vec::<Draft>::new(), BTreeSet::new(), 0);
        while let Some((request, caller)) = wanted.pop_front() {
            // What waits, a look ahead, and what is large are for themselves.
            let alone = request.submission.is_none() || request.dry_run;
            if alone && !drafts.is_empty() {
                wanted.push_front((request, caller));
                break;
            }
            let draft = self.draft(request, caller);
            let size: u64 = draft.series.iter().map(|series| series.observations().len() as u64).sum();
            observations += size;
            let mut new = draft.series.iter().map(|series| series.key().clone()).peekable();
            let collides = new.peek().is_some() && new.any(|key| !keys.insert(key));
            if !drafts.is_empty() && (collides || observations > MAX_TOGETHER) {
                wanted.push_front((draft.request, draft.caller));
                break;
            }
            drafts.push(draft);
            if alone || observations > MAX_TOGETHER {
                break;
            }
        }
        drafts
    }

    fn draft(&self, request: ReleaseRequest, caller: Caller) -> Draft {
        let read = || -> Result<(Vec<String>, Vec<Series>), NodeError> {
            let (mut ids, mut series) = (Vec::new(), Vec::new());
            for (id, seq) in self.chosen(&request)? {
                series.extend(self.submitted_series(seq)?);
                ids.push(id);
            }
            Ok((ids, latest_of_each(series)))
        };
        let (submissions, series, refused) = match read() {
            Ok((ids, series)) => (ids, series, None),
            Err(error) => (Vec::new(), Vec::new(), Some(error)),
        };
        Draft { request, caller, submissions, series, plans: Vec::new(), refused }
    }

    fn chosen(&self, request: &ReleaseRequest) -> Result<Vec<(String, crate::feed::Seq)>, NodeError> {
        let Some(id) = &request.submission else {
            let waiting = self.house.submissions().filter(|one| !one.released);
            let waiting: Vec<_> = waiting.map(|one| (one.id.clone(), one.seq)).collect();
            if waiting.is_empty() {
                return Err(NodeError::Refused(
                    "nothing waits for release; name a submission to release it again under new agreements"
                        .to_owned(),
                ));
            }
            return Ok(waiting);
        };
        let one = self.house.submission(id).ok_or_else(|| {
            NodeError::NotFound(format!("there is no submission {id:?}; `corridor submissions` shows them"))
        })?;
        Ok(vec![(one.id.clone(), one.seq)])
    }

    /// Adds to every draft its plan for one audience. Series are looked at in the order of the view, whichever
    /// release they are of, so that each of its pages is read once.
    fn plan(&self, agreement: AgreementId, drafts: &mut [Draft]) -> Result<(), NodeError> {
        let feed = FeedId::new(self.us(), agreement);
        let mut before = self.store.newest(&feed).map(|_| self.store.derived().row_reader());
        let now = clock::now();
        let mut order = Vec::new();
        for (number, draft) in drafts.iter_mut().enumerate() {
            draft.plans.push(Plan::default());
            let keys = draft.series.iter().enumerate();
            order.extend(keys.map(|(at, series)| (series.key().view_order_key(), number, at)));
        }
        order.sort_unstable();
        for (view_key, number, at) in order {
            let draft = &mut drafts[number];
            let (Some(plan), None) = (draft.plans.last_mut(), &draft.refused) else { continue };
            let series = &draft.series[at];
            match self.house.book().decide(&agreement, series.key(), self.house.keyring(), now) {
                Decision::Withhold(why) => {
                    *plan.withheld.entry(why.as_str()).or_default() += series.observations().len() as u64;
                }
                Decision::Share(Shape::Whole) => {
                    let row = match &mut before {
                        Some(reader) => reader.row(&view_key, feed)?,
                        None => None,
                    };
                    draft.refused = plan.add(series, row.as_ref(), draft.request.reason.as_deref()).err();
                }
            }
        }
        Ok(())
    }

    /// Appends what is planned: one entry for each audience that gets something.
    fn append_planned(
        &mut self,
        audiences: &[AgreementId],
        drafts: &mut [Draft],
    ) -> Result<Vec<Option<HeadRef>>, NodeError> {
        let going = |draft: &&mut Draft| draft.refused.is_none() && !draft.request.dry_run;
        let mut entries: Vec<Vec<Record>> = vec![Vec::new(); audiences.len()];
        for draft in drafts.iter_mut().filter(going) {
            for (records, plan) in entries.iter_mut().zip(&mut draft.plans) {
                records.extend(std::mem::take(&mut plan.changed).into_iter().map(Record::Series));
            }
        }
        // Before the first is appended, it is known that none of the others will be refused.
        for (agreement, records) in audiences.iter().zip(&entries) {
            if !records.is_empty() {
                self.may_append(&FeedId::new(self.us(), *agreement))?;
            }
        }
        let mut heads = Vec::new();
        for (agreement, records) in audiences.iter().zip(entries) {
            let some = !records.is_empty();
            heads.push(some.then(|| self.append(*agreement, EntryKind::Release, records)).transpose()?);
        }
        Ok(heads)
    }

    fn describe_release(&self, draft: &Draft, audiences: &[(AgreementId, Option<HeadRef>)]) -> Value {
        let released: Vec<Value> = audiences
            .iter()
            .zip(&draft.plans)
            .map(|((agreement, head), plan)| {
                let head = head.filter(|_| plan.series > 0);
                let mut value = json!({
                    "agreement": agreement.to_hex(),
                    "title": self.agreement_name(agreement),
                    "parties": self.recipients(agreement),
                    "series": plan.series,
                    "new": plan.new,
                    "revised": plan.revised,
                    "unchanged": plan.unchanged,
                    "withheld": plan.withheld,
                    "entry": head.map(|head| head.entry.to_hex()),
                });
                if let Some(head) = head {
                    value["seq"] = json!(head.seq.0);
                }
                if draft.request.dry_run {
                    let keys = plan.changed.iter().map(|series| series.key().as_str()).take(MAX_SHOWN);
                    value["keys"] = json!(keys.collect::<Vec<_>>());
                }
                value
            })
            .collect();
        json!({ "submissions": draft.submissions, "dry_run": draft.request.dry_run, "released": released })
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

fn stated_periods(row: Option<&Row>) -> Vec<Period> {
    let Some(row) = row else { return Vec::new() };
    let current = crate::view::Moment::Current.select(row);
    current.iter().map(|version| version.period).collect()
}
