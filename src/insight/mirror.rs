//! Mirror statistics: the same movement as the origin and as the destination counted it.
//!
//! The asymmetry coefficient is the one of the SDMX and IMF work on bilateral asymmetries,
//! `|a-b| / ((a+b)/2)`: 0 where both say the same, 2 where one side saw nobody. Values are in the unit itself, not in
//! thousands of it. [`sides`] finds the series that are compared, [`definition`] what is known of why they differ.

use rust_decimal::Decimal as Exact;

use super::exact::rounded;
use crate::model::{Decimal, Period};

pub mod definition;
pub mod sides;

pub use definition::{
    Comparable, ComparablePair, Definition, Difference, FACTOR_SETS, FactorSet, differences, on_common_basis,
};
pub use sides::{Corridors, Matched, Side, matching, pair_of, unmatched};

/// One in so many: two values differ much if the gap is more than a quarter of the smaller one.
const FLAG_PARTS: i64 = 4;

/// A corridor seen from both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// Where people leave.
    pub origin: String,
    /// Where they arrive.
    pub destination: String,
    /// What the origin reports.
    pub indicator: String,
    /// What the destination reports.
    pub mirror_indicator: String,
    /// The periods that both reported, in order.
    pub pairs: Vec<Pair>,
    /// All pairs together.
    pub summary: Summary,
    /// How the asymmetry goes; none for fewer than [`TREND_PAIRS`] pairs that have one.
    pub trend: Option<Trend>,
    /// The periods that one end alone reported, in order.
    pub alone: Vec<Alone>,
    /// Periods that the origin alone reported.
    pub only_origin: usize,
    /// Periods that the destination alone reported.
    pub only_destination: usize,
}

/// What one end reported of a period, and the other did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alone {
    /// The period.
    pub period: Period,
    /// What the origin says, if it is the one.
    pub origin_value: Option<Decimal>,
    /// What the destination says, if it is the one.
    pub destination_value: Option<Decimal>,
}

/// Two statements about one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The period.
    pub period: Period,
    /// What the origin says, as reported.
    pub origin_value: Decimal,
    /// What the destination says, as reported.
    pub destination_value: Decimal,
    /// Destination over origin, with [`super::exact::DECIMALS`]; none where the origin says zero.
    pub ratio: Option<Decimal>,
    /// `|a-b| / ((a+b)/2)`, with [`super::exact::DECIMALS`]; none where both say zero.
    pub asymmetry: Option<Decimal>,
    /// Do they differ by more than 25 % of the smaller value? That is a ratio over 1.25 or under 0.8.
    pub flagged: bool,
}

/// All pairs together. The mean is that of the exact ratios, rounded once; pairs without a ratio do not count
/// in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// How many periods both reported.
    pub pairs: usize,
    /// Arithmetic mean of the ratios.
    pub mean_ratio: Option<Decimal>,
    /// The smallest ratio.
    pub min_ratio: Option<Decimal>,
    /// The largest ratio.
    pub max_ratio: Option<Decimal>,
    /// How many pairs are [`Pair::flagged`].
    pub flagged: usize,
}

/// How the asymmetry of the later periods compares with that of the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trend {
    /// Mean asymmetry of the earlier half of the pairs; of an odd number the middle one is left out.
    pub earlier: Decimal,
    /// Mean asymmetry of the later half.
    pub later: Decimal,
    /// Which way it goes.
    pub direction: Direction,
}

/// Which way an asymmetry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ends come to say more of the same.
    Narrowing,
    /// The means differ by [`STEADY`] at most.
    Steady,
    /// Both ends come to say less of the same.
    Widening,
}

impl Mirror {
    /// The end that reports nothing at all, if one does not.
    #[must_use]
    pub fn missing(&self) -> Option<&'static str> {
        match (self.pairs.is_empty(), self.only_origin, self.only_destination) {
            (true, 0, _) => Some("origin"),
            (true, _, 0) => Some("destination"),
            (_, _, _) => None,
        }
    }
}

impl Direction {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Narrowing => "narrowing",
            Self::Steady => "steady",
            Self::Widening => "widening",
        }
    }
}

/// The fewest pairs that make a trend.
pub const TREND_PAIRS: usize = 4;
/// Means that differ by so much at most, in thousandths, are called steady.
pub const STEADY: i128 = 50;

/// Puts the two sides of a corridor beside each other.
///
/// The sides may come in any order; of two values for one period the last counts.
#[must_use]
#[expect(clippy::too_many_arguments, reason = "two ends with a name, an indicator and values each")]
pub fn compare(
    origin: &str,
    destination: &str,
    indicator: &str,
    mirror_indicator: &str,
    origin_side: &[(Period, Decimal)],
    destination_side: &[(Period, Decimal)],
) -> Mirror {
    let (ours, theirs) = (by_period(origin_side), by_period(destination_side));
    let mut ratios = Vec::new();
    let mut pairs = Vec::new();
    let mut alone = Vec::new();
    for (period, origin_value) in &ours {
        if let Ok(at) = theirs.binary_search_by_key(period, |(p, _)| *p) {
            let destination_value = theirs[at].1;
            let ratio = ratio(*origin_value, destination_value);
            ratios.extend(ratio);
            pairs.push(pair(*period, *origin_value, destination_value, ratio));
        } else {
            let origin_value = Some(*origin_value);
            alone.push(Alone { period: *period, origin_value, destination_value: None });
        }
    }
    let only_theirs =
        theirs.iter().filter(|(period, _)| ours.binary_search_by_key(period, |(p, _)| *p).is_err());
    alone.extend(only_theirs.map(|(period, value)| Alone {
        period: *period,
        origin_value: None,
        destination_value: Some(*value),
    }));
    alone.sort_by_key(|one| one.period);
    Mirror {
        origin: origin.to_owned(),
        destination: destination.to_owned(),
        indicator: indicator.to_owned(),
        mirror_indicator: mirror_indicator.to_owned(),
        summary: summarise(&pairs, &ratios),
        trend: trend(&pairs),
        only_origin: ours.len() - pairs.len(),
        only_destination: theirs.len() - pairs.len(),
        pairs,
        alone,
    }
}

fn by_period(side: &[(Period, Decimal)]) -> Vec<(Period, Decimal)> {
    let sorted: std::collections::BTreeMap<_, _> = side.iter().copied().collect();
    sorted.into_iter().collect()
}

fn pair(period: Period, origin_value: Decimal, destination_value: Decimal, ratio: Option<Exact>) -> Pair {
    Pair {
        period,
        origin_value,
        destination_value,
        ratio: ratio.and_then(rounded),
        asymmetry: asymmetry(origin_value, destination_value).and_then(rounded),
        flagged: differ_much(origin_value, destination_value),
    }
}

fn ratio(origin: Decimal, destination: Decimal) -> Option<Exact> {
    destination.to_rust_decimal().checked_div(origin.to_rust_decimal())
}

fn asymmetry(a: Decimal, b: Decimal) -> Option<Exact> {
    let (a, b) = (a.to_rust_decimal(), b.to_rust_decimal());
    let mean = a.checked_add(b)?.checked_div(Exact::TWO)?;
    a.checked_sub(b)?.abs().checked_div(mean)
}

/// Compares products, so that no division rounds a pair over the line. Numbers whose gap cannot even be written
/// with 28 digits differ much.
fn differ_much(a: Decimal, b: Decimal) -> bool {
    let (a, b) = (a.to_rust_decimal(), b.to_rust_decimal());
    let gap = a.checked_sub(b).and_then(|gap| gap.abs().checked_mul(Exact::from(FLAG_PARTS)));
    gap.is_none_or(|gap| gap > a.abs().min(b.abs()))
}

fn trend(pairs: &[Pair]) -> Option<Trend> {
    let all: Vec<Exact> =
        pairs.iter().filter_map(|pair| asymmetry(pair.origin_value, pair.destination_value)).collect();
    if all.len() < TREND_PAIRS {
        return None;
    }
    let half = all.len() / 2;
    let mean = |part: &[Exact]| {
        let sum = part.iter().try_fold(Exact::ZERO, |sum, one| sum.checked_add(*one))?;
        sum.checked_div(Exact::from(part.len())).and_then(rounded)
    };
    let (earlier, later) = (mean(&all[..half])?, mean(&all[all.len() - half..])?);
    // Both have the same scale.
    let direction = match later.mantissa() - earlier.mantissa() {
        change if change < -STEADY => Direction::Narrowing,
        change if change > STEADY => Direction::Widening,
        _ => Direction::Steady,
    };
    Some(Trend { earlier, later, direction })
}

fn summarise(pairs: &[Pair], ratios: &[Exact]) -> Summary {
    let sum = ratios.iter().try_fold(Exact::ZERO, |sum, ratio| sum.checked_add(*ratio));
    let mean = sum.and_then(|sum| sum.checked_div(Exact::from(ratios.len())));
    Summary {
        pairs: pairs.len(),
        mean_ratio: mean.and_then(rounded),
        min_ratio: ratios.iter().min().copied().and_then(rounded),
        max_ratio: ratios.iter().max().copied().and_then(rounded),
        flagged: pairs.iter().filter(|p| p.flagged).count(),
    }
}

#[cfg(test)]
mod tests;
