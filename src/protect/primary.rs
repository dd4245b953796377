//! Primary rules: is a cell unsafe by itself, and how far must its value stay from reach?
//!
//! After the [Handbook on Statistical Disclosure Control](https://doi.org/10.1002/9781118348239), chapter 4.
//! Contributions are those of respondents, agencies or employers to one total. The parameters of a concentration rule
//! are the publisher's secret: whoever knows them narrows the interval down again.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::model;

/// A count between zero and `least` may not be shown; a group of none identifies nobody.
#[must_use]
pub fn below_minimum(count: Decimal, least: i64) -> bool {
    !count.is_zero() && count.abs() < Decimal::from(least)
}

/// A rule on how a total is spread over those who contribute to it.
///
/// Written `n=2,k=85`, `p=10` or `p=10,q=50`. It is never shown again, nor is what of it was not understood.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Concentration {
    /// `(n, k)`: unsafe if the `n` largest make more than `k` per cent of the total.
    Dominance {
        /// How many of the largest.
        n: usize,
        /// Per cent of the total.
        k: Decimal,
    },
    /// `p %`: unsafe if the second largest can find out the largest to within `p` per cent.
    Percent {
        /// Per cent of the largest contribution.
        p: Decimal,
    },
    /// `(p, q)`: as `p %`, where everybody knew everybody to within `q` per cent before.
    PriorPosterior {
        /// Per cent afterwards.
        p: Decimal,
        /// Per cent before.
        q: Decimal,
    },
}

impl Concentration {
    /// How many of the largest contributions it looks at; fewer do only where they are all there are.
    #[must_use]
    pub const fn needed(&self) -> usize {
        match self {
            Self::Dominance { n, .. } => *n,
            Self::Percent { .. } | Self::PriorPosterior { .. } => 2,
        }
    }

    /// The upper protection level of an unsafe total, rounded up; none for a safe one.
    #[must_use]
    pub fn level(&self, largest: &[Decimal], total: Decimal) -> Option<model::Decimal> {
        let level = self.upper_level(largest, total);
        if level <= Decimal::ZERO {
            return None;
        }
        let level = level.round_dp_with_strategy(LEVEL_DECIMALS, RoundingStrategy::ToPositiveInfinity);
        // A level of more digits than a value has is beyond every bound that is reckoned with.
        let level = model::Decimal::from_rust_decimal(level);
        Some(level.unwrap_or_else(|_| model::Decimal::from(i64::MAX)))
    }

    /// How far above a total an audience's upper bound must reach. Zero or less for a safe total.
    ///
    /// Of the contributions the largest are given, in any order, and at least as many as are [needed](Self::needed);
    /// what they leave of the total comes from others.
    #[must_use]
    pub fn upper_level(&self, largest: &[Decimal], total: Decimal) -> Decimal {
        let mut sorted = largest.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let of = |some: usize| {
            let sum = sorted.iter().take(some).try_fold(Decimal::ZERO, |sum, one| sum.checked_add(*one));
            sum.unwrap_or(Decimal::MAX)
        };
        let (wanted, before) = match *self {
            Self::Dominance { n, k } => (part(of(n), HUNDRED, k), total),
            Self::Percent { p } => (part(of(1), p, HUNDRED), total.saturating_sub(of(2))),
            Self::PriorPosterior { p, q } => (part(of(1), p, q), total.saturating_sub(of(2))),
        };
        wanted.saturating_sub(before)
    }
}

/// `value` times `over`, divided by `under`; the largest number where there is none.
fn part(value: Decimal, over: Decimal, under: Decimal) -> Decimal {
    let exact = value.checked_mul(over).and_then(|product| product.checked_div(under));
    let large = || value.checked_div(under).and_then(|part| part.checked_mul(over));
    exact.or_else(large).unwrap_or(Decimal::MAX)
}

/// Nobody reads the parameters in a message or a log.
impl fmt::Debug for Concentration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Concentration(secret)")
    }
}

/// A text that is no rule of concentration. It does not say what stood there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write n=…,k=… (n a whole number from 1 to {MAX_N}, k from 1 and below 100), p=… (above 0, up to 100), or \
     p=…,q=… (p below q, q up to 100)"
)]
pub struct NoRule;

impl FromStr for Concentration {
    type Err = NoRule;

    fn from_str(text: &str) -> Result<Self, NoRule> {
        let mut said = Vec::new();
        for one in text.split(',') {
            let (name, number) = one.split_once('=').ok_or(NoRule)?;
            let number = model::Decimal::parse(number.trim()).map_err(|_| NoRule)?;
            said.push((name.trim(), number.to_rust_decimal()));
        }
        let rule = match *said.as_slice() {
            [("n", n), ("k", k)] | [("k", k), ("n", n)] => {
                let n = usize::try_from(n).ok().filter(|whole| Decimal::from(*whole) == n).ok_or(NoRule)?;
                let kept = (1..=MAX_N).contains(&n) && k >= Decimal::ONE && k < HUNDRED;
                kept.then_some(Self::Dominance { n, k })
            }
            [("p", p)] => (p > Decimal::ZERO && p <= HUNDRED).then_some(Self::Percent { p }),
            [("p", p), ("q", q)] | [("q", q), ("p", p)] => {
                (p > Decimal::ZERO && p < q && q <= HUNDRED).then_some(Self::PriorPosterior { p, q })
            }
            _ => None,
        };
        rule.ok_or(NoRule)
    }
}

/// The most contributions that a rule may look at: more are no concentration.
pub const MAX_N: usize = 20;

/// Decimals of a protection level: as many as a table of the audit keeps apart.
const LEVEL_DECIMALS: u32 = 6;

/// The `k` for which `(2, k)` is as strict as `p %` where there are two contributors.
#[must_use]
pub fn dominance_of_percent(p: Decimal) -> Decimal {
    HUNDRED * HUNDRED / (HUNDRED + p)
}

const HUNDRED: Decimal = Decimal::ONE_HUNDRED;

#[cfg(test)]
mod tests {
    use super::*;

    fn d(number: &str) -> Decimal {
        number.parse().unwrap()
    }

    fn all(numbers: &[i64]) -> Vec<Decimal> {
        numbers.iter().copied().map(Decimal::from).collect()
    }

    #[test]
    fn small_counts_are_unsafe_and_zero_is_not() {
        for (count, unsafe_at_5) in [(0, false), (1, true), (4, true), (5, false), (-3, true), (-5, false)] {
            assert_eq!(below_minimum(Decimal::from(count), 5), unsafe_at_5, "{count}");
        }
        assert!(below_minimum(d("4.5"), 5) && below_minimum(d("0.2"), 5));
    }

    /// 100 000 from 50 000, 49 000 and others: one does not dominate, yet the second knows the first within 2 per cent.
    #[test]
    fn dominance_of_one_is_inadequate() {
        let (parts, total) = (all(&[49_000, 50_000]), d("100000"));
        assert_eq!(Concentration::Dominance { n: 1, k: d("90") }.level(&parts, total), None);
        let estimate = total - d("49000");
        assert_eq!((estimate - d("50000")) / d("50000") * HUNDRED, d("2"));
        let level = Concentration::Percent { p: d("10") }.level(&parts, total);
        assert_eq!(level, Some(model::Decimal::from(4_000)));
    }

    /// 110 000 from 52 000, 50 000 and others: the second overestimates the first by 15.4 per cent.
    #[test]
    fn the_percent_rule_lets_pass_what_dominance_of_two_refuses() {
        let (parts, total) = (all(&[52_000, 50_000]), d("110000"));
        assert_eq!(Concentration::Percent { p: d("10") }.level(&parts, total), None);
        assert!(Concentration::Dominance { n: 2, k: d("90.9") }.level(&parts, total).is_some());
        let over = (total - d("50000") - d("52000")) / d("52000") * HUNDRED;
        assert_eq!(over.round_dp(1), d("15.4"));
    }

    /// 330 from 300, 20 and 10: the upper bound must reach 352.94.
    #[test]
    fn the_upper_level_of_dominance_says_how_far_the_bound_must_reach() {
        let (rule, total) = (Concentration::Dominance { n: 1, k: d("85") }, d("330"));
        for parts in [all(&[300, 20, 10]), all(&[300])] {
            assert_eq!((total + rule.upper_level(&parts, total)).round_dp(2), d("352.94"));
            let level = rule.level(&parts, total).unwrap().to_rust_decimal();
            assert_eq!(level, d("22.941177"), "rounded up");
        }
    }

    #[test]
    fn percent_and_dominance_translate_into_each_other() {
        assert_eq!(dominance_of_percent(d("25")), d("80"));
        assert_eq!(dominance_of_percent(d("5.26")).round_dp(1), d("95.0"));
    }

    #[test]
    fn upper_levels_follow_their_formulas() {
        let total = d("940");
        for parts in [all(&[600, 300, 30, 10]), all(&[300, 600])] {
            for (rule, wanted) in [
                (Concentration::Percent { p: d("10") }, "20"),
                (Concentration::PriorPosterior { p: d("10"), q: d("100") }, "20"),
                (Concentration::PriorPosterior { p: d("10"), q: d("50") }, "80"),
                (Concentration::Dominance { n: 2, k: d("90") }, "60"),
            ] {
                assert_eq!(rule.upper_level(&parts, total), d(wanted));
            }
        }
    }

    #[test]
    fn a_single_contributor_is_always_unsafe_and_nobody_never() {
        for rule in [Concentration::Percent { p: d("1") }, Concentration::Dominance { n: 1, k: d("99") }] {
            assert!(rule.level(&all(&[7]), d("7")).is_some());
            assert_eq!(rule.level(&[], Decimal::ZERO), None);
        }
    }

    #[test]
    fn the_largest_values_are_reckoned_with() {
        let huge = d(&"9".repeat(28));
        for rule in ["p=100", "p=0.001", "n=1,k=1", "n=2,k=99.999", "p=0.001,q=0.002"] {
            let rule: Concentration = rule.parse().unwrap();
            assert!(rule.level(&[huge], huge).is_some());
            assert!(rule.level(&[huge, huge], huge).is_some());
        }
        let rule = Concentration::Percent { p: d("10") };
        assert_eq!(rule.level(&[huge, Decimal::ONE], Decimal::MAX), None, "most comes from others");
    }

    #[test]
    fn rules_are_read_as_they_are_written() {
        for (text, rule) in [
            ("n=2,k=85", Concentration::Dominance { n: 2, k: d("85") }),
            (" k = 90.5 , n = 1 ", Concentration::Dominance { n: 1, k: d("90.5") }),
            ("p=10", Concentration::Percent { p: d("10") }),
            ("p=10,q=50", Concentration::PriorPosterior { p: d("10"), q: d("50") }),
        ] {
            assert_eq!(text.parse(), Ok(rule), "{text}");
        }
        let wrong = "|p|p=|p=0|p=-1|p=101|p=x|q=5|p=50,q=50|p=5,q=101|n=0,k=85|n=21,k=85|n=1.5,k=85|n=2|k=85|\
            n=2,k=100|n=2,k=0.5|n=2,k=85,p=10|p=1,p=2|n=99999999999999999999,k=85";
        for text in wrong.split('|') {
            assert_eq!(text.parse::<Concentration>(), Err(NoRule), "{text}");
        }
    }

    #[test]
    fn a_rule_is_never_shown() {
        let rule: Concentration = "n=13,k=71".parse().unwrap();
        assert_eq!(format!("{rule:?}"), "Concentration(secret)");
    }
}
