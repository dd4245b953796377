//! Mirror statistics: the same movement as the origin and as the destination counted it.
//!
//! The asymmetry coefficient is the one of the SDMX and IMF work on bilateral asymmetries,
//! `|a-b| / ((a+b)/2)`: 0 where both say the same, 2 where one side saw nobody.

use rust_decimal::Decimal as Exact;

use crate::model::{Decimal, Period};

/// Decimals of every ratio, mean and asymmetry; the fourth is rounded away, halves away from zero.
pub const DECIMALS: u32 = 3;

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
    /// Periods that the origin alone reported.
    pub only_origin: usize,
    /// Periods that the destination alone reported.
    pub only_destination: usize,
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
    /// Destination over origin, with [`DECIMALS`]; none where the origin says zero.
    pub ratio: Option<Decimal>,
    /// `|a-b| / ((a+b)/2)`, with [`DECIMALS`]; none where both say zero.
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
    for (period, origin_value) in &ours {
        if let Ok(at) = theirs.binary_search_by_key(period, |(p, _)| *p) {
            let destination_value = theirs[at].1;
            let ratio = ratio(*origin_value, destination_value);
            ratios.extend(ratio);
            pairs.push(pair(*period, *origin_value, destination_value, ratio));
        }
    }
    Mirror {
        origin: origin.to_owned(),
        destination: destination.to_owned(),
        indicator: indicator.to_owned(),
        mirror_indicator: mirror_indicator.to_owned(),
        summary: summarise(&pairs, &ratios),
        only_origin: ours.len() - pairs.len(),
        only_destination: theirs.len() - pairs.len(),
        pairs,
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

/// With exactly [`DECIMALS`], so that 1.5 is written 1.500 beside 1.416.
fn rounded(number: Exact) -> Option<Decimal> {
    let strategy = rust_decimal::RoundingStrategy::MidpointAwayFromZero;
    let mut number = number.round_dp_with_strategy(DECIMALS, strategy);
    number.rescale(DECIMALS);
    Decimal::from_rust_decimal(number).ok()
}

#[cfg(test)]
mod tests;
