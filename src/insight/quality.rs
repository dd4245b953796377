//! The quality of what a publisher reports, and of its reporting: measured from its signed records alone.
//!
//! | measure | is | after |
//! |---|---|---|
//! | accuracy | observations by what their status says; share of normal ones among those that have a value | SDMX `OBS_STATUS` |
//! | disaggregation | breakdowns that are used, of those that have a meaning for the indicator | the catalogue |
//! | timeliness | days from the end of the newest period to its first release | ESS TP1 |
//! | punctuality | days by which that is later than for the period before it: its publisher's own habit, since records state no release calendar | ESS TP3 |
//! | due, overdue | when the period after the newest one ends, and as late after that as the newest one was; whether that is past | ESS TP3 |
//! | relevance | policy sectors that the indicator serves, counterparts, whether it is a national priority | |
//! | comparability | series that state a definition, different definitions, breaks, newest periods without a break among them | ESS CC2 |
//! | revisions | values that were revised, and Σ\|last − first\| / Σ\|last\| over them | ESS A6 |
//! | completeness | core indicators with a value, of all; and for each other one the reason that was given, if any | |
//!
//! A statement that stands under several agreements counts once. Times come in with the question: this room has no clock.

use std::collections::{BTreeMap, BTreeSet};

use super::exact::{Sum, share, share_of};
use crate::model::catalogue::{self, Breakdown};
use crate::model::{AttributeId, Decimal, Dimension, Millis, ObsStatus, Period, SeriesKey};
use crate::view::{SeriesView, State, Version};

mod tally;

use tally::Tally;

/// What is measured of one indicator, or of one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The indicator.
    pub indicator: String,
    /// The series; none for all of the indicator together.
    pub series: Option<SeriesKey>,
    /// Of how many series.
    pub series_count: usize,
    /// Observations that stand, with a value or without.
    pub observations: usize,
    /// The first period.
    pub first_period: Period,
    /// The newest period.
    pub last_period: Period,
    /// What the statuses say.
    pub accuracy: Accuracy,
    /// Breakdowns that are used.
    pub breakdowns: Vec<Breakdown>,
    /// Breakdowns that have a meaning for the indicator.
    pub possible_breakdowns: Vec<Breakdown>,
    /// Days from the end of the newest period to its first release; below zero if it was released before its end.
    pub timeliness_days: i64,
    /// Days by which the newest period came later after its end than the one before it did; none for a first period, or
    /// where both were first released together.
    pub punctuality_days: Option<i64>,
    /// When the next period is due; none where the frequency is irregular.
    pub due: Option<Millis>,
    /// Whether that is past.
    pub is_overdue: bool,
    /// Counterparts that are told apart.
    pub counterparts: usize,
    /// Whether a series of it is marked as a national priority.
    pub is_priority: bool,
    /// By what it can be compared.
    pub comparability: Comparability,
    /// What was revised.
    pub revisions: Revisions,
}

/// Observations by what their status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accuracy {
    /// Normal values, and values at a break.
    pub normal: usize,
    /// Estimated, imputed, forecast or experimental.
    pub estimated: usize,
    /// Provisional.
    pub provisional: usize,
    /// Of low reliability, or not significant.
    pub unreliable: usize,
    /// Not validated.
    pub unvalidated: usize,
    /// The definition differs, or another category is in it.
    pub deviating: usize,
    /// Stated without a value.
    pub withheld: usize,
    /// normal / all with a value.
    pub normal_share: Option<Decimal>,
}

/// By what an indicator can be compared over time and between countries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Comparability {
    /// Series that state by which definition they are counted.
    pub defined: usize,
    /// Different definitions among them.
    pub definitions: usize,
    /// Observations that are marked as a break.
    pub breaks: usize,
    /// Newest periods in a row that begin with the last break, or with the first period.
    pub comparable_periods: usize,
}

/// What was revised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Revisions {
    /// Observations whose value was changed at least once.
    pub revised: usize,
    /// Σ|last − first| / Σ|last| over them.
    pub mean_relative: Option<Decimal>,
}

/// Why there is no figure for a core indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// Nothing is stated.
    NotReported,
    /// It exists and is not collected.
    NotCollected,
    /// It cannot exist.
    CannotExist,
    /// It is suppressed.
    Suppressed,
    /// It is missing for another reason.
    Missing,
}

impl Gap {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotReported => "not_reported",
            Self::NotCollected => "not_collected",
            Self::CannotExist => "cannot_exist",
            Self::Suppressed => "suppressed",
            Self::Missing => "missing",
        }
    }
}

/// All that is measured of one publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was asked for: indicators, or the series of one.
    pub assessments: Vec<Assessment>,
    /// Core indicators with a value.
    pub reported: usize,
    /// Core indicators in all.
    pub core: usize,
    /// reported / core.
    pub coverage: Option<Decimal>,
    /// Core indicators without a value, in the order of the catalogue.
    pub gaps: Vec<(&'static str, Gap)>,
    /// Indicators whose next period is overdue.
    pub overdue: Vec<String>,
    /// Median over indicators of the days from the end of the newest period to now; of an even number the lower.
    pub median_age_days: Option<i64>,
}

/// Takes one publisher's series with their histories, in the order of views, and measures them.
#[derive(Debug)]
pub struct Builder {
    now: Millis,
    /// Only the series of this indicator, each by itself.
    only: Option<String>,
    indicators: BTreeMap<String, Tally>,
    series: Vec<(SeriesKey, Tally)>,
    /// The series that is being taken in: the next may be the same under another agreement.
    open: Option<Open>,
    left_out: usize,
}

/// A series with what all feeds of a publisher say of it.
#[derive(Debug)]
struct Open {
    key: SeriesKey,
    feeds: Vec<SeriesView>,
}

/// The most series that are assessed one by one.
pub const MAX_SERIES: usize = 1000;

impl Builder {
    /// Of all indicators as of now, or of each series of one.
    #[must_use]
    pub fn new(now: Millis, only: Option<&str>) -> Self {
        Self {
            now,
            only: only.map(str::to_owned),
            indicators: BTreeMap::new(),
            series: Vec::new(),
            open: None,
            left_out: 0,
        }
    }

    /// Takes a series with all its versions.
    pub fn add(&mut self, series: SeriesView) {
        match &mut self.open {
            Some(open) if open.key == series.key => open.feeds.push(series),
            Some(_) | None => {
                self.close();
                self.open = Some(Open { key: series.key.clone(), feeds: vec![series] });
            }
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        self.indicators.entry(open.key.indicator().to_owned()).or_default().add(&open);
        if self.only.as_deref() == Some(open.key.indicator()) {
            if self.series.len() < MAX_SERIES {
                let mut tally = Tally::default();
                tally.add(&open);
                self.series.push((open.key, tally));
            } else {
                self.left_out += 1;
            }
        }
    }

    /// The report, and how many series are assessed with their indicator alone, since there are more than
    /// [`MAX_SERIES`].
    #[must_use]
    pub fn finish(mut self) -> (Report, usize) {
        self.close();
        let assess = |(indicator, tally): (&String, &Tally)| tally.assess(indicator, None, self.now);
        let all: Vec<Assessment> = self.indicators.iter().filter_map(assess).collect();
        let mut ages: Vec<i64> =
            all.iter().map(|one| days(Millis(one.last_period.end_millis()), self.now)).collect();
        ages.sort_unstable();
        let gaps: Vec<_> = catalogue::all().iter().filter_map(|one| self.gap(one.code())).collect();
        let core = catalogue::all().len();
        let of_series =
            |(key, tally): &(SeriesKey, Tally)| tally.assess(key.indicator(), Some(key.clone()), self.now);
        let report = Report {
            reported: core - gaps.len(),
            core,
            coverage: share_of(core - gaps.len(), core),
            gaps,
            overdue: all.iter().filter(|one| one.is_overdue).map(|one| one.indicator.clone()).collect(),
            median_age_days: ages.get(ages.len().saturating_sub(1) / 2).copied(),
            assessments: match self.only {
                None => all,
                Some(_) => self.series.iter().filter_map(of_series).collect(),
            },
        };
        (report, self.left_out)
    }

    fn gap(&self, code: &'static str) -> Option<(&'static str, Gap)> {
        let gap = match self.indicators.get(code) {
            None => Some(Gap::NotReported),
            Some(tally) => tally.gap(),
        };
        gap.map(|gap| (code, gap))
    }
}

/// Whole days from one time to another, rounded down.
fn days(from: Millis, to: Millis) -> i64 {
    to.since(from).div_euclid(DAY)
}

const DAY: i64 = 86_400_000;

#[cfg(test)]
mod tests;
