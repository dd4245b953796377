//! Figures in another order than the one in which they are stored: held in memory, within a bound, and sorted there.

use super::select::{Pass, Plan};
use crate::node::{NodeError, Reader};
use crate::sdmx::query::{Fault, Sort};
use crate::view::{SeriesView, Version};

/// Observations of all flows of a question, or series where those alone are told, that are sorted at most: about 10 MB, for
/// each of the questions that are answered at once.
pub(super) const MAX_SORTED: usize = 50_000;

/// What is told of a series, or of an observation; it says whether more is wanted.
pub(super) type Tell<'a> = dyn FnMut(&SeriesView, Vec<Version>) -> bool + 'a;

/// What one walk tells, sorted.
pub(super) struct Sorted {
    /// Without their versions.
    series: Vec<SeriesView>,
    /// Each with the place of its series.
    rows: Vec<(usize, Vec<Version>)>,
}

impl Sorted {
    /// Reads what a pass tells and sorts it: observations where they stand for themselves, else series. `left` is how many
    /// observations there may be yet.
    pub(super) fn new(
        reader: &Reader,
        (plan, pass): (&Plan, Pass),
        (sort, is_flat): (&Sort, bool),
        left: &mut usize,
    ) -> Result<Result<Self, Fault>, NodeError> {
        let (mut series, mut rows, mut is_too_much) = (Vec::new(), Vec::new(), false);
        plan.walk(reader, &mut |mut one| {
            let versions = plan.versions(&one, pass);
            if versions.is_empty() {
                return true;
            }
            is_too_much = versions.len() > *left;
            *left = left.saturating_sub(versions.len());
            one.versions = Vec::new();
            if is_flat {
                rows.extend(versions.into_iter().map(|version| (series.len(), vec![version])));
            } else {
                rows.push((series.len(), versions));
            }
            series.push(one);
            !is_too_much
        })?;
        if is_too_much {
            return Ok(Err(Fault::too_large(format!(
                "more than {MAX_SORTED} observations are not sorted here: narrow the key or the time, leave `sort` out, \
                 or sort them where they arrive"
            ))));
        }
        let place = |row: &(usize, Vec<Version>)| {
            let period = row.1.first().filter(|_| is_flat).map(|version| version.period);
            (&series[row.0].key, period)
        };
        // Rows that are equal in it keep the order of keys.
        rows.sort_by(|one, other| sort.compare(place(one), place(other)));
        Ok(Ok(Self { series, rows }))
    }

    /// Calls `tell` with each row, until it says `false`.
    pub(super) fn walk(&self, tell: &mut Tell<'_>) {
        for (at, versions) in &self.rows {
            if !tell(&self.series[*at], versions.clone()) {
                return;
            }
        }
    }
}
