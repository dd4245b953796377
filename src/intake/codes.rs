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

/// The keys of a file's series, numbered as they come up, and found again by a table of numbers: a third of the
/// memory of a map from keys, and mostly one place of memory to look at.
#[derive(Debug)]
pub(super) struct Index {
    keys: Vec<Key>,
    /// Open addressing, at most half full; the length is a power of two.
    slots: Vec<Slot>,
    /// Drawn for each file, so that no file can be written to make its keys collide.
    secrets: [u64; 4],
}

/// A series and part of its key's hash, which tells most other keys from it without looking at them.
#[derive(Debug, Clone, Copy)]
struct Slot {
    series: u32,
    hash: u32,
}

/// A slot without a series.
const FREE: Slot = Slot { series: u32::MAX, hash: 0 };

impl Default for Index {
    fn default() -> Self {
        let random = RandomState::new();
        let secrets = [1_u64, 2, 3, 4].map(|n| random.hash_one(n));
        Self { keys: Vec::new(), slots: Vec::new(), secrets }
    }
}

impl Index {
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    pub(super) fn into_keys(self) -> Vec<Key> {
        self.keys
    }

    /// The number of a key's series.
    pub(super) fn find(&self, key: &Key) -> Option<u32> {
        let last = self.slots.len().checked_sub(1)?;
        let hash = self.hash(key);
        let mut at = hash as usize & last;
        loop {
            let slot = self.slots[at];
            if slot.series == FREE.series {
                return None;
            }
            if slot.hash == hash && self.keys[slot.series as usize] == *key {
                return Some(slot.series);
            }
            at = (at + 1) & last;
        }
    }

    /// Numbers a key that is not there; none when numbers run out.
    pub(super) fn insert(&mut self, key: Key) -> Option<u32> {
        let series = u32::try_from(self.keys.len()).ok().filter(|s| *s < FREE.series)?;
        self.keys.push(key);
        if self.keys.len() * 2 > self.slots.len() {
            let slots = vec![FREE; (self.keys.len() * 2).next_power_of_two()];
            for slot in std::mem::replace(&mut self.slots, slots) {
                if slot.series != FREE.series {
                    self.put(slot);
                }
            }
        }
        self.put(Slot { series, hash: self.hash(&key) });
        Some(series)
    }

    /// Numbers the keys anew: `order` has the old numbers in their new order, `moved` the new number of each.
    pub(super) fn renumber(&mut self, order: &[u32], moved: &[u32]) {
        self.keys = order.iter().map(|series| self.keys[*series as usize]).collect();
        for slot in self.slots.iter_mut().filter(|slot| slot.series != FREE.series) {
            slot.series = moved[slot.series as usize];
        }
    }

    fn put(&mut self, slot: Slot) {
        let last = self.slots.len() - 1;
        let mut at = slot.hash as usize & last;
        while self.slots[at].series != FREE.series {
            at = (at + 1) & last;
        }
        self.slots[at] = slot;
    }

    /// Multiplies pairs of the key's words, each made unknown by a secret, and folds the products.
    fn hash(&self, key: &Key) -> u32 {
        let word = |at: usize| {
            let codes = [0, 1, 2, 3].map(|n| u64::from(key.get(at * 4 + n).copied().unwrap_or(0)));
            let joined = codes.into_iter().rev().fold(0, |word, code| (word << 16) | code);
            joined ^ self.secrets[at]
        };
        let fold = |a: u64, b: u64| {
            let product = u128::from(a) * u128::from(b);
            (product as u64) ^ ((product >> 64) as u64)
        };
        let hash = fold(fold(word(0), word(1)) ^ self.secrets[2], fold(word(2), word(3)) ^ self.secrets[0]);
        (hash ^ (hash >> 32)) as u32
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
        let reversed: Vec<u32> = (0..5000).rev().collect();
        index.renumber(&reversed, &reversed);
        assert!((0..5000).all(|n| index.find(&key(n)) == Some(4999 - n)));
        assert_eq!(index.find(&key(5000)), None);
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
