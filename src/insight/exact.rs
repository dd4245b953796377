//! Sums and shares that are exact, or are not given at all.
//!
//! `rust_decimal` rounds a sum that needs more than 28 digits. A sum of governments' figures must not be rounded
//! silently, so it is made here with whole numbers at one scale.

use rust_decimal::{Decimal as Exact, RoundingStrategy};

use crate::model::catalogue::{self, Kind};
use crate::model::{AttributeId, Attributes, Decimal, SeriesKey};

/// Decimals of every ratio, share, mean and asymmetry; the fourth is rounded away, halves away from zero.
pub const DECIMALS: u32 = 3;

/// A sum that grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    mantissa: i128,
    scale: u8,
    /// It needs more digits than a [`Decimal`] has.
    is_lost: bool,
}

impl Sum {
    /// Adds a value.
    pub fn add(&mut self, value: Decimal) {
        let scale = self.scale.max(value.scale());
        let sum = aligned(self.mantissa, self.scale, scale)
            .zip(aligned(value.mantissa(), value.scale(), scale))
            .and_then(|(a, b)| a.checked_add(b));
        match sum {
            Some(mantissa) => (self.mantissa, self.scale) = (mantissa, scale),
            None => self.is_lost = true,
        }
    }

    /// The sum, with as many decimals as the finest value; none where it is too long to be exact.
    #[must_use]
    pub fn value(&self) -> Option<Decimal> {
        if self.is_lost {
            return None;
        }
        Decimal::from_parts(self.mantissa, self.scale).ok()
    }
}

impl FromIterator<Decimal> for Sum {
    fn from_iter<I: IntoIterator<Item = Decimal>>(values: I) -> Self {
        let mut sum = Self::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    }
}

/// Whether values of a series may be added at all: those of stocks, flows and lists, not of rates and states, nor of an
/// indicator of which the kind is not known.
#[must_use]
pub fn has_sum(key: &SeriesKey) -> bool {
    catalogue::get(key.indicator()).is_some_and(|one| match one.kind {
        Kind::Stock | Kind::Flow | Kind::List => true,
        Kind::Rate | Kind::Status => false,
    })
}

/// A value in the unit itself: what `UNIT_MULT` says it is to be multiplied by is done, exactly. None where that
/// needs more than 28 digits.
#[must_use]
pub fn in_units(value: Decimal, attributes: &Attributes) -> Option<Decimal> {
    let power: i32 = attributes.get(AttributeId::UnitMult).map_or(Some(0), |power| power.parse().ok())?;
    if power == 0 {
        return Some(value);
    }
    let scale = i32::from(value.scale()).checked_sub(power)?;
    match u8::try_from(scale) {
        Ok(scale) => Decimal::from_parts(value.mantissa(), scale).ok(),
        Err(_) => {
            let zeros = u8::try_from(scale.unsigned_abs()).ok()?;
            Decimal::from_parts(aligned(value.mantissa(), 0, zeros)?, 0).ok()
        }
    }
}

fn aligned(mantissa: i128, from: u8, to: u8) -> Option<i128> {
    // Nearly all: whole numbers of people.
    if from == to {
        return Some(mantissa);
    }
    mantissa.checked_mul(10_i128.checked_pow(u32::from(to.checked_sub(from)?))?)
}

/// One value over another, with [`DECIMALS`]; none over zero.
#[must_use]
pub fn share(part: Decimal, whole: Decimal) -> Option<Decimal> {
    part.to_rust_decimal().checked_div(whole.to_rust_decimal()).and_then(rounded)
}

/// One number of things over another, with [`DECIMALS`]; none over zero.
#[must_use]
pub fn share_of(part: usize, whole: usize) -> Option<Decimal> {
    Exact::from(part).checked_div(Exact::from(whole)).and_then(rounded)
}

/// With exactly [`DECIMALS`], so that 1.5 is written 1.500 beside 1.416.
pub(super) fn rounded(number: Exact) -> Option<Decimal> {
    let mut number = number.round_dp_with_strategy(DECIMALS, RoundingStrategy::MidpointAwayFromZero);
    number.rescale(DECIMALS);
    Decimal::from_rust_decimal(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Attachment;

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn a_sum_keeps_every_digit_or_is_not_given() {
        let huge = "9999999999999999999999999999";
        for (values, expected) in [
            (&["1", "2.50", "0.5"][..], Some("4.00")),
            (&[], Some("0")),
            (&[huge, "-1"], Some("9999999999999999999999999998")),
            (&[huge, "1"], None),
            // It would take 29 digits; a rounded sum would be 9999999999999999999999999999.
            (&[huge, "0.1"], None),
            (&[huge, huge, huge], None),
        ] {
            let sum: Sum = values.iter().map(|value| number(value)).collect();
            assert_eq!(sum.value(), expected.map(number), "{values:?}");
        }
    }

    #[test]
    fn thousands_and_millions_are_written_out_exactly() {
        for (value, power, expected) in [
            ("1570.0", "3", Some("1570000")),
            ("1570.25", "1", Some("15702.5")),
            ("1570", "0", Some("1570")),
            ("1570", "-2", Some("15.70")),
            ("0", "6", Some("0")),
            ("9999999999999999999999999999", "3", None),
        ] {
            let attributes = Attributes::new(Attachment::Series, [(AttributeId::UnitMult, power)]).unwrap();
            let found = in_units(number(value), &attributes);
            assert_eq!(found, expected.map(number), "{value} {power}");
        }
        assert_eq!(in_units(number("7"), &Attributes::none()), Some(number("7")));
    }

    #[test]
    fn shares_have_three_decimals() {
        assert_eq!(share_of(2, 3), Some(number("0.667")));
        assert_eq!(share_of(0, 0), None);
        assert_eq!(share(number("1"), number("2")), Some(number("0.500")));
    }
}
