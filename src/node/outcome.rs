//! What a release did, as JSON: its act in the log and its answer share one text, which is written once.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::engine::NodeError;
use super::plan::Plan;
use crate::feed::HeadRef;
use crate::model::{Series, SeriesKey};
use crate::protect::{Outcome, Report};

/// An audience of releases that were carried out together, in words.
pub(super) struct Told {
    /// The agreement's id in hexadecimal digits.
    pub(super) agreement: String,
    /// What the agreement is called.
    pub(super) title: String,
    /// Country codes.
    pub(super) parties: Vec<String>,
    /// The entry that they got, if there is one: its id and its place.
    pub(super) entry: Option<(String, u64)>,
    /// Under an agreement that names couriers: to whom it is sealed, and to whom not yet.
    pub(super) sealed: Option<Value>,
}

impl Told {
    /// Names the entry that the audience got.
    pub(super) fn got(mut self, head: Option<HeadRef>) -> Self {
        self.entry = head.map(|head| (head.entry.to_hex(), head.seq.0));
        self
    }
}

/// What one audience got of one release.
#[derive(Serialize)]
struct Part<'a> {
    agreement: &'a str,
    title: &'a str,
    parties: &'a [String],
    series: u64,
    new: u64,
    revised: u64,
    unchanged: u64,
    withheld: &'a BTreeMap<&'static str, u64>,
    entry: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protection: Option<Protection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observations: Option<Vec<Going<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld_series: Option<Vec<Withheld<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cells: Option<Vec<Cell<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_before: Option<Vec<Open<'a>>>,
}

/// What became of the figures that one audience may have, in numbers of observations.
#[derive(Serialize)]
struct Protection {
    shown: u64,
    zero: u64,
    rounded: u64,
    suppressed: u64,
    complementary: u64,
    missing: u64,
    /// What could be told of closed cells before, and that nothing can be done about any more.
    open_before: u64,
}

impl Protection {
    fn of(report: &Report) -> Self {
        Self {
            shown: report.shown,
            zero: report.zero,
            rounded: report.rounded,
            suppressed: report.primary,
            complementary: report.secondary,
            missing: report.missing,
            open_before: report.open_before.len() as u64,
        }
    }
}

/// An observation as it would leave.
#[derive(Serialize)]
struct Going<'a> {
    key: &'a str,
    time_period: String,
    obs_value: Option<String>,
    obs_status: String,
    conf_status: String,
}

fn going(plan: &Plan) -> Vec<Going<'_>> {
    plan.going.iter().flat_map(going_of).collect()
}

fn going_of(series: &Series) -> impl Iterator<Item = Going<'_>> {
    series.observations().iter().map(|one| Going {
        key: series.key().as_str(),
        time_period: one.period().to_string(),
        obs_value: one.value().map(|value| value.to_string()),
        obs_status: one.status().to_string(),
        conf_status: one.conf().to_string(),
    })
}

/// A series of which something would not leave.
#[derive(Serialize)]
struct Withheld<'a> {
    key: &'a str,
    observations: u64,
    why: &'a str,
}

fn withheld(plan: &Plan) -> Vec<Withheld<'_>> {
    let all = plan.withheld_series.iter();
    all.map(|(key, why, observations)| Withheld { key: key.as_str(), observations: *observations, why })
        .collect()
}

/// One figure that leaves in another form than it was submitted in, for the publisher.
#[derive(Serialize)]
struct Cell<'a> {
    key: &'a str,
    time_period: String,
    rule: &'static str,
    outcome: &'static str,
}

/// A closed cell that the audience could tell before.
#[derive(Serialize)]
struct Open<'a> {
    key: &'a str,
    time_period: String,
}

/// Figures that leave as they are need no line of their own.
fn cells(report: &Report) -> Vec<Cell<'_>> {
    let as_it_is = |outcome| matches!(outcome, Outcome::Shown | Outcome::Zero | Outcome::Missing);
    let changed = report.cells.iter().filter(|cell| !as_it_is(cell.outcome));
    changed
        .map(|cell| Cell {
            key: cell.key.as_str(),
            time_period: cell.period.to_string(),
            rule: cell.rule.id(),
            outcome: cell.outcome.as_str(),
        })
        .collect()
}

fn open_before(report: &Report) -> Vec<Open<'_>> {
    let open = report.open_before.iter();
    open.map(|cell| Open { key: cell.key.as_str(), time_period: cell.period.to_string() }).collect()
}

/// What each audience got or would get of one release.
///
/// # Errors
/// Never in practice: none of the texts can fail to be JSON.
pub(super) fn released(
    audiences: &[Told],
    plans: &[Plan],
    dry_run: bool,
) -> Result<Box<RawValue>, NodeError> {
    let part = |(told, plan): (&'_ Told, &'_ Plan)| {
        let entry = told.entry.as_ref().filter(|_| plan.series > 0);
        raw(&Part {
            agreement: &told.agreement,
            title: &told.title,
            parties: &told.parties,
            series: plan.series,
            new: plan.new,
            revised: plan.revised,
            unchanged: plan.unchanged,
            withheld: &plan.withheld,
            entry: entry.map(|(id, _)| id.as_str()),
            seq: entry.map(|(_, seq)| *seq),
            sealed: told.sealed.as_ref(),
            protection: plan.protection.as_ref().map(Protection::of),
            keys: dry_run.then(|| plan.keys.iter().map(SeriesKey::as_str).collect()),
            observations: dry_run.then(|| going(plan)),
            withheld_series: dry_run.then(|| withheld(plan)),
            cells: plan.protection.as_ref().filter(|_| dry_run).map(cells),
            open_before: plan.protection.as_ref().filter(|_| dry_run).map(open_before),
        })
    };
    let parts = audiences.iter().zip(plans).map(part).collect::<Result<Vec<_>, _>>()?;
    raw(&parts)
}

/// The answer to who asked for a release.
#[derive(Serialize)]
pub(super) struct Answered<'a> {
    /// Which submissions it was of.
    pub(super) submissions: &'a [String],
    /// Whether it was a look ahead.
    pub(super) dry_run: bool,
    /// What [`released`] says.
    pub(super) released: &'a RawValue,
}

/// What the act of a release says beside who, when and from where.
#[derive(Serialize)]
pub(super) struct Details {
    /// Which submissions it was of.
    pub(super) submissions: Vec<String>,
    /// Why released values were changed.
    pub(super) reason: Option<String>,
    /// What [`released`] says.
    pub(super) released: Box<RawValue>,
    /// The indicators of which something needed protection.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) guarded: BTreeSet<String>,
    /// Until when it is under embargo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) opens_at: Option<String>,
}

/// A value as JSON text.
///
/// # Errors
/// When it is no JSON.
pub(super) fn raw(value: &impl Serialize) -> Result<Box<RawValue>, NodeError> {
    serde_json::value::to_raw_value(value).map_err(|error| NodeError::Refused(error.to_string()))
}
