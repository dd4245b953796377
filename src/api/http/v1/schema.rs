//! The forms of answers that several routes share.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::summary::Tally;

/// Every error of every route.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::api::http) struct Problem {
    error: ProblemText,
}

/// What is wrong.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::api::http) struct ProblemText {
    /// For programs: `bad_request`, `unauthorized`, `not_found`, `method_not_allowed`, `too_long`,
    /// `too_many_attempts`, `too_many_requests`, `internal` or `busy`.
    code: String,
    /// For people: what was wrong, and what to do.
    message: String,
    /// The number of the request, also in the header `x-request-id` and in the node's log.
    request: String,
}

/// How much there is of something.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Counts {
    /// Series; where a publisher states one under several agreements, each counts.
    series: u64,
    /// Observations that stand now.
    observations: u64,
    /// The first period of them.
    first_period: Option<String>,
    /// The last period.
    last_period: Option<String>,
}

impl Counts {
    pub(super) fn of(tally: Option<&Tally>) -> Self {
        let period = |pick: fn(&Tally) -> Option<crate::model::Period>| {
            tally.and_then(pick).map(|period| period.to_string())
        };
        Self {
            series: tally.map_or(0, |tally| tally.series),
            observations: tally.map_or(0, |tally| tally.observations),
            first_period: period(|tally| tally.first),
            last_period: period(|tally| tally.last),
        }
    }
}

/// Observations, as `corridor get --json` writes them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(in crate::api::http) struct Observations {
    /// In the order of series: by indicator, reporting country, counterpart and so on, then by period.
    observations: Vec<Observation>,
    /// Where the next page begins; only where `limit` was given, and null on the last page.
    #[serde(default)]
    next: Option<String>,
}

impl Observation {
    /// Whether it is of this period.
    pub(super) fn is_of(&self, period: &str) -> bool {
        self.time_period == period
    }
}

/// One observation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api::http) struct Observation {
    /// Who states it: 64 hexadecimal digits.
    publisher: String,
    /// Under which agreement it came: 64 hexadecimal digits.
    agreement: String,
    /// The reporting country.
    ref_area: String,
    /// The country at the other end.
    counterpart_area: String,
    /// What is measured.
    indicator: String,
    freq: String,
    basis: String,
    sex: String,
    age: String,
    education_lev: String,
    occupation: String,
    activity: String,
    reason: String,
    duration: String,
    subnat: String,
    unit_measure: String,
    time_period: String,
    /// The exact decimal; null where it is missing or suppressed.
    obs_value: Option<String>,
    obs_status: Option<String>,
    conf_status: Option<String>,
    revision: Option<u32>,
    /// When its publisher released it.
    released_at: String,
    /// The signed entry that it came with: 64 hexadecimal digits.
    entry: String,
    /// In a history: why it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retracted: Option<String>,
}
