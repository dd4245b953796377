//! Random rounding with a key: unbiased, and alike for one cell wherever it stands.
//!
//! A count with residue `r` above a multiple of base `b` goes up with probability `r / b` and down else, so that
//! its expectation is the count itself. The draw is no coin but a function of the node's secret key, the series
//! and the period: otherwise an audience that gets a cell twice, in two tables or by asking again, averages the
//! noise away. Zero, and every multiple of the base, stays as it is.

use std::fmt;

use zeroize::Zeroizing;

use crate::crypto::Hash;
use crate::model::{Period, SeriesKey};

/// The secret from which draws are made; wiped when dropped, never shown.
pub struct RoundingKey(Zeroizing<[u8; 32]>);

impl RoundingKey {
    /// The key of 32 random bytes. A node keeps one for good: with a new key every cell is drawn anew.
    #[must_use]
    pub const fn new(secret: Zeroizing<[u8; 32]>) -> Self {
        Self(secret)
    }

    /// Rounds a count to a multiple of `base`; a negative one as its mirror image.
    ///
    /// The count may have a fraction when `count` and `base` are both given in parts of a person.
    #[must_use]
    pub fn round(&self, key: &SeriesKey, period: Period, count: i64, base: i64) -> i64 {
        let size = i128::from(count.unsigned_abs());
        let base = i128::from(base.max(1));
        let residue = size % base;
        let down = size - residue;
        // The draw, a fraction of 2^64, is below residue / base.
        let up = (i128::from(self.draw(key, period)) * base) >> 64 < residue;
        let rounded = if up { down + base } else { down };
        let signed = if count < 0 { -rounded } else { rounded };
        i64::try_from(signed).unwrap_or(count)
    }

    /// The cell's number, uniform over all `u64`. The key has a fixed length and stands first; the digest is cut
    /// and never leaves, so that it cannot be continued.
    fn draw(&self, key: &SeriesKey, period: Period) -> u64 {
        let Hash(digest) = Hash::of(&[
            self.0.as_slice(),
            b"corridor/rounding/1\0",
            key.as_str().as_bytes(),
            b"\0",
            period.text().as_str().as_bytes(),
        ]);
        digest[..8].iter().fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }
}

impl fmt::Debug for RoundingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RoundingKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn secret(byte: u8) -> RoundingKey {
        RoundingKey::new(Zeroizing::new([byte; 32]))
    }

    fn cell(at: i64) -> (SeriesKey, Period) {
        let key = SeriesKey::parse("A.ESP.ITA.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS").unwrap();
        (key, Period::from_ordinal(crate::model::PeriodKind::Year, at).unwrap())
    }

    #[test]
    fn the_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", secret(7)), "RoundingKey");
    }

    /// Over many cells the mean error is near 0 for every residue of the bases 3, 5 and 10.
    #[test]
    fn rounding_is_unbiased_for_every_residue() {
        let secret = secret(1);
        for (base, residue) in [3, 5, 10].into_iter().flat_map(|base| (0..base).map(move |r| (base, r))) {
            let draws = 9_000;
            let ups = (1..=draws).filter(|at| {
                let (key, period) = cell(*at);
                let rounded = secret.round(&key, period, 20 * base + residue, base);
                assert!(rounded == 20 * base || (rounded == 21 * base && residue > 0));
                rounded > 20 * base
            });
            let (share, wanted) = (ups.count() as f64 / draws as f64, residue as f64 / base as f64);
            // Five standard deviations of a fair draw: fails once in a million keys.
            assert!((share - wanted).abs() < 0.027, "base {base}, residue {residue}: {share} of {wanted}");
        }
    }

    #[test]
    fn another_key_draws_otherwise() {
        let differs = |at: &i64| {
            let (key, period) = cell(*at);
            secret(1).round(&key, period, 102, 5) != secret(2).round(&key, period, 102, 5)
        };
        assert!((1..=200).filter(differs).count() > 50);
    }

    proptest! {
        #[test]
        fn a_cell_rounds_alike_and_to_a_neighbour(count in -1_000_000_i64..1_000_000, base in 1_i64..12, at in 1_i64..3000) {
            let (key, period) = cell(at);
            let rounded = secret(3).round(&key, period, count, base);
            prop_assert_eq!(rounded, secret(3).round(&key, period, count, base));
            prop_assert_eq!(rounded, -secret(3).round(&key, period, -count, base));
            prop_assert_eq!(rounded % base, 0);
            prop_assert!((rounded - count).abs() < base);
            if count % base == 0 { prop_assert_eq!(rounded, count); }
        }
    }
}
