//! Labour supply and demand of a corridor: how many posts the destination offers to workers from abroad (`LM_DEMAND`), and
//! how many workers the origin says are available (`LM_SUPPLY`), by occupation and activity.
//!
//! | figure | is |
//! |---|---|
//! | matched | the smaller of both |
//! | open | demand − supply where demand is larger |
//! | surplus | supply − demand where supply is larger |
//!
//! Only equal codes are matched: an occupation of four digits and the group that it lies in are two rows, since the
//! group may contain it. Where one end says nothing, nothing is assumed: the row has one side.

use std::collections::BTreeMap;

use super::exact::{Sum, in_units};
use crate::model::{Decimal, Dimension, Millis, Period};
use crate::view::{SeriesView, State};

/// What the destination reports.
pub const DEMAND: &str = "LM_DEMAND";
/// What the origin reports.
pub const SUPPLY: &str = "LM_SUPPLY";

/// An occupation in an activity, as both ends see it for one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The period.
    pub period: Period,
    /// ISCO-08, `_T` for all.
    pub occupation: String,
    /// ISIC rev. 4, `_T` for all.
    pub activity: String,
    /// Posts of the destination.
    pub demand: Option<Decimal>,
    /// Persons of the origin.
    pub supply: Option<Decimal>,
    /// The smaller of both.
    pub matched: Option<Decimal>,
    /// Posts that remain.
    pub open: Option<Decimal>,
    /// Persons that remain.
    pub surplus: Option<Decimal>,
}

type Told = Option<(bool, Millis, Decimal)>;

/// Takes the series of both ends.
#[derive(Debug, Default)]
pub struct Builder {
    rows: BTreeMap<(Period, String, String), (Told, Told)>,
}

impl Builder {
    /// Takes a series of an end with its current values. What is said about the other end in particular counts before
    /// what is said about all.
    pub fn add(&mut self, series: &SeriesView) {
        let key = &series.key;
        if !TOTALS.iter().all(|dimension| matches!(key.dimension(*dimension), "_T" | "_Z")) {
            return;
        }
        let is_particular = !key.counterpart_area().starts_with('_');
        for (period, state, entry) in series.stated() {
            let State::Stated { value: Some(value), .. } = state else { continue };
            let Some(value) = in_units(*value, &series.attributes) else { continue };
            let part = |dimension| key.dimension(dimension).to_owned();
            let row = self
                .rows
                .entry((period, part(Dimension::Occupation), part(Dimension::Activity)))
                .or_default();
            let side = if key.indicator() == DEMAND { &mut row.0 } else { &mut row.1 };
            let new = (is_particular, entry.time, value);
            if side.is_none_or(|known| (known.0, known.1) <= (new.0, new.1)) {
                *side = Some(new);
            }
        }
    }

    /// The rows, by period, occupation and activity.
    #[must_use]
    pub fn finish(self) -> Vec<Match> {
        let row = |((period, occupation, activity), (demand, supply)): (_, (Told, Told))| {
            let (demand, supply) = (demand.map(|told| told.2), supply.map(|told| told.2));
            let both = demand.zip(supply);
            let rest = |(more, less): (Decimal, Decimal)| (more > less).then(|| minus(more, less)).flatten();
            Match {
                period,
                occupation,
                activity,
                demand,
                supply,
                matched: both.map(|(a, b)| if b < a { b } else { a }),
                open: both.and_then(rest),
                surplus: both.and_then(|(a, b)| rest((b, a))),
            }
        };
        self.rows.into_iter().map(row).collect()
    }
}

fn minus(more: Decimal, less: Decimal) -> Option<Decimal> {
    let less = Decimal::from_parts(-less.mantissa(), less.scale()).ok()?;
    Sum::from_iter([more, less]).value()
}

/// Dimensions of which only totals are matched.
const TOTALS: [Dimension; 6] = [
    Dimension::Sex,
    Dimension::Age,
    Dimension::EducationLev,
    Dimension::Reason,
    Dimension::Duration,
    Dimension::Subnat,
];

#[cfg(test)]
mod tests;
