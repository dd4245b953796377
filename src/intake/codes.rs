//! Codes as small numbers: what a file says again and again is kept once.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::intake::plan::Column;
use crate::model::Dimension;
use crate::model::dimension::DIMENSIONS;

/// Different words of one column: more than any list has codes, each written in several ways.
pub(super) const MAX_WORDS: usize = u16::MAX as usize;

/// The codes of a series key, each by its place in [`Codes`].
pub(super) type Key = [u16; DIMENSIONS];

/// The codes of a file by dimension, numbered as they come up.
#[derive(Debug, Default)]
pub(super) struct Codes([List; DIMENSIONS]);

#[derive(Debug, Default)]
struct List {
    texts: Vec<Box<str>>,
    /// Bytes of the longest text.
    longest: usize,
    places: HashMap<Box<str>, u16>,
    /// Words of the file's column, blanks around them taken off.
    words: HashMap<Box<[u8]>, u16>,
}

impl Codes {
    /// The number of a code; none if there are too many.
    pub(super) fn number(&mut self, dimension: Dimension, code: &str) -> Option<u16> {
        let list = &mut self.0[dimension.position()];
        if let Some(place) = list.places.get(code) {
            return Some(*place);
        }
        let place = u16::try_from(list.texts.len()).ok().filter(|p| usize::from(*p) < MAX_WORDS)?;
        list.longest = list.longest.max(code.len());
        list.texts.push(code.into());
        list.places.insert(code.into(), place);
        Some(place)
    }

    /// The number of the code that a word of a column stands for; none if it is not UTF-8, or there are too many.
    pub(super) fn read(&mut self, dimension: Dimension, column: &Column, field: &[u8]) -> Option<u16> {
        let word = field.trim_ascii();
        let words = &self.0[dimension.position()].words;
        if let Some(place) = words.get(word) {
            return Some(*place);
        }
        if words.len() >= MAX_WORDS {
            return None;
        }
        let place = self.number(dimension, column.code(str::from_utf8(word).ok()?))?;
        self.0[dimension.position()].words.insert(word.into(), place);
        Some(place)
    }

    /// The number of a code that came up before.
    pub(super) fn find(&self, dimension: Dimension, code: &str) -> Option<u16> {
        self.0[dimension.position()].places.get(code).copied()
    }

    /// The codes of a dimension, by number.
    pub(super) fn texts(&self, dimension: Dimension) -> &[Box<str>] {
        &self.0[dimension.position()].texts
    }

    pub(super) fn text(&self, dimension: Dimension, key: &Key) -> &str {
        let at = dimension.position();
        &self.0[at].texts[usize::from(key[at])]
    }

    /// The codes of a key.
    pub(super) fn parts(&self, key: &Key) -> [&str; DIMENSIONS] {
        Dimension::ALL.map(|d| self.text(d, key))
    }

    /// The key with dots, as people read it.
    pub(super) fn dotted(&self, key: &Key) -> String {
        self.parts(key).join(".")
    }

    /// Bytes of the longest key that these codes can make.
    pub(super) fn longest_key(&self) -> usize {
        self.0.iter().map(|list| list.longest).sum::<usize>() + DIMENSIONS - 1
    }

    /// The place of each code when keys are sorted by their dotted text, by dimension and number.
    pub(super) fn ranks(&self) -> [Vec<u16>; DIMENSIONS] {
        Dimension::ALL.map(|dimension| {
            let texts = self.texts(dimension);
            // The dot after a code sorts too: before letters, but after a hyphen.
            let dot = (dimension.position() + 1 < DIMENSIONS).then_some(b'.');
            let mut order: Vec<u16> = (0..=u16::MAX).take(texts.len()).collect();
            order.sort_by(|a, b| {
                let [a, b] = [a, b].map(|n| texts[usize::from(*n)].bytes().chain(dot));
                a.cmp(b)
            });
            let mut ranks = vec![0; texts.len()];
            for (rank, number) in (0..=u16::MAX).zip(order) {
                ranks[usize::from(number)] = rank;
            }
            ranks
        })
    }
}

/// The keys of a file's series, numbered as they come up, and found again by a table of numbers alone: a tenth of
/// the memory of a map from keys.
#[derive(Debug, Default)]
pub(super) struct Index {
    keys: Vec<Key>,
    /// Open addressing, at most half full; the length is a power of two.
    slots: Vec<u32>,
    hasher: RandomState,
}

/// A slot without a series.
const FREE: u32 = u32::MAX;

impl Index {
    /// Keys that are all different, numbered as they stand.
    pub(super) fn new(keys: Vec<Key>) -> Self {
        let mut index = Self { keys, ..Self::default() };
        index.fill();
        index
    }

    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    pub(super) fn into_keys(self) -> Vec<Key> {
        self.keys
    }

    /// The number of a key's series.
    pub(super) fn find(&self, key: &Key) -> Option<u32> {
        let mut at = self.first_slot(key)?;
        loop {
            match self.slots[at] {
                FREE => return None,
                series if self.keys[series as usize] == *key => return Some(series),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }

    /// Numbers a key that is not there; none when numbers run out.
    pub(super) fn insert(&mut self, key: Key) -> Option<u32> {
        let series = u32::try_from(self.keys.len()).ok().filter(|s| *s < FREE)?;
        self.keys.push(key);
        if self.keys.len() * 2 > self.slots.len() {
            self.fill();
        } else {
            self.put(series);
        }
        Some(series)
    }

    /// Makes the table anew, with room for as many again.
    fn fill(&mut self) {
        self.slots = vec![FREE; (self.keys.len() * 2 + 1).next_power_of_two()];
        for series in (0..).take(self.keys.len()) {
            self.put(series);
        }
    }

    fn put(&mut self, series: u32) {
        let Some(mut at) = self.first_slot(&self.keys[series as usize]) else { return };
        while self.slots[at] != FREE {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = series;
    }

    fn first_slot(&self, key: &Key) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        // The hash is cut to the machine's word; its low bits are as good as any.
        Some(self.hasher.hash_one(key) as usize & mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_found_by_their_keys() {
        let mut index = Index::default();
        let key = |n: u32| {
            let mut key = Key::default();
            (key[1], key[13]) = ((n % 300) as u16, (n / 300) as u16);
            key
        };
        for n in 0..5000 {
            assert_eq!(index.find(&key(n)), None);
            assert_eq!(index.insert(key(n)), Some(n));
        }
        assert!((0..5000).all(|n| index.find(&key(n)) == Some(n)));
        assert_eq!(index.slots.len(), 16_384);
        let again = Index::new(index.keys.clone());
        assert!((0..5000).all(|n| again.find(&key(n)) == Some(n)) && again.find(&key(5000)).is_none());
    }

    #[test]
    fn codes_rank_as_they_stand_in_dotted_keys() {
        let mut codes = Codes::default();
        let words = ["B", "A-1", "A", "A1", "_T", "AB"];
        for word in words {
            codes.number(Dimension::Subnat, word);
            codes.number(Dimension::UnitMeasure, word);
        }
        let ranks = codes.ranks();
        for (dimension, after) in [(Dimension::Subnat, ".PS"), (Dimension::UnitMeasure, "")] {
            let mut sorted = words.map(|w| format!("{w}{after}"));
            sorted.sort();
            for (number, word) in words.iter().enumerate() {
                let place = sorted.iter().position(|s| *s == format!("{word}{after}")).unwrap();
                assert_eq!(usize::from(ranks[dimension.position()][number]), place, "{word}");
            }
        }
    }
}
