//! Primary rules: is a cell unsafe by itself, and how far must its value stay from reach?
//!
//! After the [Handbook on Statistical Disclosure Control](https://doi.org/10.1002/9781118348239), chapter 4.
//! Contributions are those of respondents, agencies or employers to one total, in any order. The parameters of a
//! concentration rule are the publisher's secret: whoever knows them narrows the interval down again.

use rust_decimal::Decimal;

/// A count between zero and `least` may not be shown; a group of none identifies nobody.
#[must_use]
pub fn below_minimum(count: Decimal, least: i64) -> bool {
    !count.is_zero() && count.abs() < Decimal::from(least)
}

/// A rule on how a total is spread over those who contribute to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// Is a total of these contributions unsafe?
    #[must_use]
    pub fn is_unsafe(&self, contributions: &[Decimal]) -> bool {
        self.upper_level(contributions) > Decimal::ZERO
    }

    /// The upper protection level: how far above the total an audience's upper bound must reach. Zero or less for
    /// a safe total.
    #[must_use]
    pub fn upper_level(&self, contributions: &[Decimal]) -> Decimal {
        let mut sorted = contributions.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        let total: Decimal = sorted.iter().sum();
        let largest = sorted.first().copied().unwrap_or_default();
        let others: Decimal = sorted.iter().skip(2).sum();
        match *self {
            Self::Dominance { n, k } => {
                let few: Decimal = sorted.iter().take(n).sum();
                // Where k is 0 nothing is safe: there is no upper bound far enough.
                few.checked_mul(HUNDRED).and_then(|few| few.checked_div(k)).unwrap_or(Decimal::MAX) - total
            }
            Self::Percent { p } => largest * p / HUNDRED - others,
            Self::PriorPosterior { p, q } => {
                largest.checked_mul(p).and_then(|x| x.checked_div(q)).unwrap_or(Decimal::MAX) - others
            }
        }
    }
}

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

    /// 100 000 from 50 000 and 49 000: one does not dominate, yet the second knows the first within 2 per cent.
    #[test]
    fn dominance_of_one_is_inadequate() {
        let mut parts = all(&[49_000, 50_000]);
        parts.extend(all(&[1; 1_000]));
        assert_eq!(parts.iter().sum::<Decimal>(), d("100000"));
        assert!(!Concentration::Dominance { n: 1, k: d("90") }.is_unsafe(&parts));
        let estimate = d("100000") - d("49000");
        assert_eq!((estimate - d("50000")) / d("50000") * HUNDRED, d("2"));
        assert!(Concentration::Percent { p: d("10") }.is_unsafe(&parts));
    }

    /// 110 000 from 52 000 and 50 000: the second overestimates the first by 15.4 per cent.
    #[test]
    fn the_percent_rule_lets_pass_what_dominance_of_two_refuses() {
        let parts = all(&[52_000, 50_000, 8_000]);
        assert!(!Concentration::Percent { p: d("10") }.is_unsafe(&parts));
        assert!(Concentration::Dominance { n: 2, k: d("90.9") }.is_unsafe(&parts));
        let over = (d("110000") - d("50000") - d("52000")) / d("52000") * HUNDRED;
        assert_eq!(over.round_dp(1), d("15.4"));
    }

    /// 330 from 300, 20 and 10: the upper bound must reach 352.94.
    #[test]
    fn the_upper_level_of_dominance_says_how_far_the_bound_must_reach() {
        let (rule, parts) = (Concentration::Dominance { n: 1, k: d("85") }, all(&[300, 20, 10]));
        assert!(rule.is_unsafe(&parts));
        assert_eq!((d("330") + rule.upper_level(&parts)).round_dp(2), d("352.94"));
    }

    #[test]
    fn percent_and_dominance_translate_into_each_other() {
        assert_eq!(dominance_of_percent(d("25")), d("80"));
        assert_eq!(dominance_of_percent(d("5.26")).round_dp(1), d("95.0"));
    }

    #[test]
    fn upper_levels_follow_their_formulas() {
        let parts = all(&[600, 300, 30, 10]);
        assert_eq!(Concentration::Percent { p: d("10") }.upper_level(&parts), d("20"));
        assert_eq!(Concentration::PriorPosterior { p: d("10"), q: d("100") }.upper_level(&parts), d("20"));
        assert_eq!(Concentration::PriorPosterior { p: d("10"), q: d("50") }.upper_level(&parts), d("80"));
        assert_eq!(Concentration::Dominance { n: 2, k: d("90") }.upper_level(&parts), d("60"));
    }

    #[test]
    fn a_single_contributor_is_always_unsafe_and_nobody_never() {
        for rule in [Concentration::Percent { p: d("1") }, Concentration::Dominance { n: 1, k: d("99") }] {
            assert!(rule.is_unsafe(&all(&[7])));
            assert!(!rule.is_unsafe(&[]));
        }
    }
}
