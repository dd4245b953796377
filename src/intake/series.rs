//! The series of a file: their keys as numbers, and what is said of them.

use crate::intake::codes::{Codes, Index, Key};
use crate::intake::resolver::Texts;

/// All series, numbered as they come up, and by their keys once sorted.
#[derive(Debug, Default)]
pub(super) struct SeriesList {
    pub(super) codes: Codes,
    pub(super) index: Index,
    /// By series: the place of its attributes in `texts`.
    pub(super) said: Vec<u32>,
    /// Attributes, as the file gives them; series with the same share them.
    pub(super) texts: Vec<Texts>,
}

impl SeriesList {
    /// Numbers the series by the dotted text of their keys; the new number of each. Series that are compared with
    /// each other come to lie near each other that way, which is what the checks' time depends on.
    pub(super) fn sort(&mut self) -> Vec<u32> {
        let order = self.order();
        let mut moved = vec![0; order.len()];
        for (new, old) in (0..).zip(&order) {
            moved[*old as usize] = new;
        }
        self.said = order.iter().map(|series| self.said[*series as usize]).collect();
        self.index.renumber(&order, &moved);
        moved
    }

    fn order(&self) -> Vec<u32> {
        let keys = self.index.keys();
        let ranks = self.codes.ranks();
        let ranked = |series: u32| -> Key {
            let key = &keys[series as usize];
            std::array::from_fn(|at| ranks[at][usize::from(key[at])])
        };
        // As many bits for each dimension as its ranks need: most keys become one number that way.
        let widths =
            ranks.each_ref().map(|ranks| usize::BITS - ranks.len().saturating_sub(1).leading_zeros());
        let short = |series: u32| {
            let mut left = u64::BITS;
            ranked(series).iter().zip(widths).fold(0_u64, |number, (rank, width)| {
                // What does not fit is left to the comparison of the whole keys.
                let fits = width.min(left);
                left -= fits;
                if fits == 0 { number } else { (number << fits) | (u64::from(*rank) >> (width - fits)) }
            })
        };
        let all = (0..).take(keys.len());
        let mut order: Vec<(u64, u32)> = all.map(|series| (short(series), series)).collect();
        order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| ranked(a.1).cmp(&ranked(b.1))));
        order.into_iter().map(|(_, series)| series).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Dimension;

    /// More codes than 64 bits tell apart, so that whole keys must be compared.
    #[test]
    fn series_are_sorted_as_their_dotted_keys_are() {
        let mut list = SeriesList::default();
        let (mut state, mut written) = (7_u64, Vec::new());
        for series in 0..500 {
            let mut key = Key::default();
            for dimension in Dimension::ALL {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let code = format!("C{}", (state >> 33) % 90 * u64::from(dimension != Dimension::Freq));
                key[dimension.position()] = list.codes.number(dimension, &code).unwrap();
            }
            assert_eq!(list.index.insert(key), Some(series));
            list.said.push(series);
            written.push(list.codes.dotted(&key));
        }
        let moved = list.sort();
        let dotted: Vec<String> = list.index.keys().iter().map(|key| list.codes.dotted(key)).collect();
        assert!(dotted.is_sorted());
        for (old, new) in (0..).zip(moved) {
            assert_eq!(written[old as usize], dotted[new as usize]);
            assert_eq!(list.said[new as usize], old);
            assert_eq!(list.index.find(&list.index.keys()[new as usize]), Some(new));
        }
    }
}
