//! What one audience would get of a release, compared with what it has.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::engine::NodeError;
use super::house::House;
use crate::feed::FeedId;
use crate::model::{
    Attachment, AttributeId, Attributes, Flags, Millis, Observation, Period, Series, SeriesKey,
};
use crate::policy::{Decision, Reason, Shape, Subject};
use crate::protect::{Outcome, Report};
use crate::store::RowReader;
use crate::view::{Row, State, Version};

/// How many keys are named for one audience.
const MAX_KEYS: usize = 1000;
/// How many observations a look ahead shows for one audience; counts go on.
const MAX_SHOWN: usize = 10_000;

/// What one agreement's parties would get, in numbers.
#[derive(Default)]
pub(super) struct Plan {
    /// Series of which something is new or changed.
    pub(super) series: u64,
    /// The keys of the first of them.
    pub(super) keys: Vec<SeriesKey>,
    pub(super) new: u64,
    pub(super) revised: u64,
    pub(super) unchanged: u64,
    /// Observations that are withheld, by reason.
    pub(super) withheld: BTreeMap<&'static str, u64>,
    /// The first series of which something is withheld, with how much and why.
    pub(super) withheld_series: Vec<(SeriesKey, &'static str, u64)>,
    /// What would go, in the form in which it would, of a look ahead.
    pub(super) going: Vec<Series>,
    /// Observations of these.
    shown: usize,
    /// What became of the figures that were shared, where some of them needed protection.
    pub(super) protection: Option<Report>,
}

/// What goes to an audience of a series.
pub(super) enum Changed {
    /// It has all of it already, or may not have it.
    Nothing,
    /// All as it is.
    All,
    /// These observations of it.
    Part(Series),
}

/// An audience, to compare series with what was released to it before.
pub(super) struct Audience<'a> {
    pub(super) house: &'a House,
    pub(super) feed: FeedId,
    /// Reads what it has; nothing when it has nothing.
    pub(super) before: Option<RowReader>,
    pub(super) now: Millis,
}

impl Audience<'_> {
    /// Decides what of a series goes there in the form in which it is, and counts it.
    pub(super) fn compare(
        &mut self,
        series: &Series,
        plan: &mut Plan,
        reason: Option<&str>,
    ) -> Result<Changed, NodeError> {
        match self.share(series, plan)? {
            None => Ok(Changed::Nothing),
            Some(Cow::Borrowed(whole)) => self.change(whole, plan, reason),
            Some(Cow::Owned(part)) => Ok(match self.change(&part, plan, reason)? {
                Changed::All => Changed::Part(part),
                other => other,
            }),
        }
    }

    /// What of a series the agreement covers; counts what it does not.
    pub(super) fn share<'s>(
        &self,
        series: &'s Series,
        plan: &mut Plan,
    ) -> Result<Option<Cow<'s, Series>>, NodeError> {
        let periods: Vec<Period> = series.observations().iter().map(Observation::period).collect();
        let subject = Subject::of(series, &periods);
        let agreement = self.feed.agreement;
        match self.house.book().decide(&agreement, &subject, self.house.keyring(), self.now) {
            Decision::Withhold(why) => {
                plan.withhold(series.key(), why.as_str(), periods.len() as u64);
                Ok(None)
            }
            Decision::Share(Shape::Whole) => Ok(Some(Cow::Borrowed(series))),
            Decision::Share(Shape::Cut(kept)) => {
                plan.withhold(series.key(), Reason::Period.as_str(), (periods.len() - kept.len()) as u64);
                cut(series, &kept).map(|part| Some(Cow::Owned(part)))
            }
        }
    }

    /// What of a series, as it may leave, is new there or changed.
    pub(super) fn change(
        &mut self,
        series: &Series,
        plan: &mut Plan,
        reason: Option<&str>,
    ) -> Result<Changed, NodeError> {
        let row = match &mut self.before {
            Some(before) => before.row(&series.key().view_order_key(), self.feed)?,
            None => None,
        };
        plan.add(series, row.as_ref(), reason)
    }
}

/// A series with these of its periods alone.
fn cut(series: &Series, kept: &[Period]) -> Result<Series, NodeError> {
    // A series' periods are sorted, and so are those that are kept of them.
    let within = |one: &&Observation| kept.binary_search(&one.period()).is_ok();
    let observations = series.observations().iter().filter(within).cloned().collect();
    Ok(Series::new(series.key().clone(), series.attributes().clone(), observations)?)
}

impl Plan {
    fn withhold(&mut self, key: &SeriesKey, why: &'static str, observations: u64) {
        *self.withheld.entry(why).or_default() += observations;
        if self.withheld_series.len() < MAX_KEYS {
            self.withheld_series.push((key.clone(), why, observations));
        }
    }

    /// Counts what protection withholds.
    pub(super) fn protect(&mut self, report: Report) {
        if report.withheld > 0 {
            *self.withheld.entry(Outcome::Withheld.as_str()).or_default() += report.withheld;
        }
        self.protection = Some(report);
    }

    /// Shows what would go of a series, as far as there is room.
    pub(super) fn show(&mut self, series: &Series) {
        if self.shown < MAX_SHOWN {
            self.shown += series.observations().len();
            self.going.push(series.clone());
        }
    }

    /// Counts what is new or changed of a series.
    fn add(
        &mut self,
        series: &Series,
        before: Option<&Row>,
        reason: Option<&str>,
    ) -> Result<Changed, NodeError> {
        let Some(before) = before else {
            self.new += series.observations().len() as u64;
            self.count(series.key());
            return Ok(Changed::All);
        };
        let mut changed = Vec::new();
        for observation in series.observations() {
            match newest(before, observation.period()).map(|version| &version.state) {
                None => {
                    self.new += 1;
                    changed.push(observation.clone());
                }
                Some(State::Stated { value, flags, attributes })
                    if same(observation, value.as_ref(), *flags) =>
                {
                    if remark(observation.attributes()).is_none_or(|said| remark(attributes) == Some(said)) {
                        self.unchanged += 1;
                    } else {
                        self.revised += 1;
                        changed.push(remarked(observation, *flags)?);
                    }
                }
                Some(state) => {
                    self.revised += 1;
                    changed.push(revision(observation, state, reason, series.key())?);
                }
            }
        }
        if changed.is_empty() {
            return Ok(Changed::Nothing);
        }
        self.count(series.key());
        let (key, attributes) = (series.key().clone(), series.attributes().clone());
        Ok(Changed::Part(Series::new(key, attributes, changed)?))
    }

    fn count(&mut self, key: &SeriesKey) {
        self.series += 1;
        if self.keys.len() < MAX_KEYS {
            self.keys.push(key.clone());
        }
    }
}

fn same(observation: &Observation, value: Option<&crate::model::Decimal>, flags: Flags) -> bool {
    observation.value().as_ref() == value
        && observation.status() == flags.status
        && observation.conf() == flags.conf
}

/// What is remarked on an observation. A file that says nothing takes no earlier remark back.
fn remark(attributes: &Attributes) -> Option<&str> {
    attributes.get(AttributeId::CommentObs)
}

/// A released value with a new remark on it: the value is not revised, so its number and reason stay.
fn remarked(observation: &Observation, before: Flags) -> Result<Observation, NodeError> {
    let flags = Flags { revision: before.revision, ..observation.flags() };
    let attributes = observation.attributes().clone();
    Ok(Observation::new(observation.period(), observation.value(), flags, attributes)?)
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

/// The newest version of a period; versions are sorted by period and then by entry.
fn newest(row: &Row, period: Period) -> Option<&Version> {
    let end = row.versions.partition_point(|version| version.period <= period);
    row.versions[..end].last().filter(|version| version.period == period)
}
