//! How an input is changed: as damage, and as somebody who knows the formats would.

use crate::simulation::sim::random::Random;

/// The longest input that is made, in bytes: more than the longest message, and little enough to try thousands.
pub(super) const MAX_INPUT: usize = 160 << 10;
/// Most words of a dictionary.
const MAX_WORDS: usize = 4_096;
/// Numbers at which lengths, counts and times go wrong.
const EDGES: [u64; 20] = [
    0,
    1,
    0x7f,
    0x80,
    0xfa,
    0xfb,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x1_0000,
    60 << 10,
    64 << 10,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 40,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

/// What inputs are made of: examples, and the words that stand in them.
#[derive(Debug, Default)]
pub(super) struct Stock {
    examples: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
}

impl Stock {
    /// The words are those of the examples that are text, and pieces of the others.
    pub(super) fn of(examples: Vec<Vec<u8>>) -> Self {
        let mut words: Vec<Vec<u8>> = Vec::new();
        for example in examples.iter().filter(|example| example.is_ascii()) {
            let is_mark = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'_';
            words.extend(example.split(is_mark).filter(|word| word.len() > 1).map(<[u8]>::to_vec));
            words.extend(example.split(|byte| *byte == b'\n').map(|line| [line, b"\n"].concat()));
        }
        words.sort_unstable();
        words.dedup();
        let every = words.len() / MAX_WORDS + 1;
        Self { examples, words: words.into_iter().step_by(every).collect() }
    }

    /// An example, changed a few times; now and then as it is.
    pub(super) fn input(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = random.pick(&self.examples).clone();
        let times = [0, 1, 1, 1, 2, 2, 3, 4, 6, 12][random.below(10)];
        for _ in 0..times {
            self.change(random, &mut bytes);
        }
        bytes.truncate(MAX_INPUT);
        bytes
    }

    fn change(&self, random: &mut Random, bytes: &mut Vec<u8>) {
        match random.below(16) {
            0..=2 => flip(random, bytes),
            3 => set(random, bytes),
            4 => step(random, bytes),
            5 | 6 => number(random, bytes),
            7 => remove(random, bytes),
            8 => repeat(random, bytes),
            9 => bytes.truncate(random.below(bytes.len() + 1)),
            10 => self.splice(random, bytes),
            11 => self.graft(random, bytes),
            12 | 13 => self.word(random, bytes),
            14 => varint(random, bytes),
            _ => insert(random, bytes),
        }
    }

    /// The front of one example and the end of another.
    fn splice(&self, random: &mut Random, bytes: &mut Vec<u8>) {
        let other = random.pick(&self.examples);
        bytes.truncate(random.below(bytes.len() + 1));
        bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
    }

    /// A piece of another example in the middle of this one, over what is there or beside it.
    fn graft(&self, random: &mut Random, bytes: &mut Vec<u8>) {
        let other = random.pick(&self.examples);
        let piece = part(random, other.len());
        let at = part(random, bytes.len());
        let over = if random.chance(50) { at.start..at.start } else { at };
        bytes.splice(over, other[piece].iter().copied());
    }

    /// A word in place of another one, or beside it.
    fn word(&self, random: &mut Random, bytes: &mut Vec<u8>) {
        if self.words.is_empty() {
            return self.graft(random, bytes);
        }
        let (old, new) = (random.pick(&self.words), random.pick(&self.words));
        let from = random.below(bytes.len() + 1);
        let found = bytes[from..].windows(old.len()).position(|piece| piece == old.as_slice());
        let at = found.map_or(from..from, |found| from + found..from + found + old.len());
        bytes.splice(at, new.iter().copied());
    }
}

fn flip(random: &mut Random, bytes: &mut [u8]) {
    if !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
    }
}

fn set(random: &mut Random, bytes: &mut [u8]) {
    if !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] = random.pick(&EDGES).to_le_bytes()[0];
    }
}

fn step(random: &mut Random, bytes: &mut [u8]) {
    if !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] = bytes[at].wrapping_add([1, 255, 2, 16, 240][random.below(5)]);
    }
}

/// A number of two, four or eight bytes over what is there, as lengths stand in frames and files.
fn number(random: &mut Random, bytes: &mut [u8]) {
    let width = [2, 4, 8][random.below(3)];
    if bytes.len() >= width {
        let at = random.below(bytes.len() - width + 1);
        bytes[at..at + width].copy_from_slice(&random.pick(&EDGES).to_le_bytes()[..width]);
    }
}

/// A small number written at length, or another number in its place: lengths and counts of canonical bytes.
fn varint(random: &mut Random, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let value = if random.chance(30) { u64::from(bytes[at]) } else { *random.pick(&EDGES) };
    let (mark, width) = [(251, 2), (252, 4), (253, 8)][random.below(3)];
    let number = value.to_le_bytes();
    bytes.splice(at..=at, [mark].into_iter().chain(number[..width].iter().copied()));
}

fn remove(random: &mut Random, bytes: &mut Vec<u8>) {
    let gone = part(random, bytes.len());
    bytes.drain(gone);
}

fn repeat(random: &mut Random, bytes: &mut Vec<u8>) {
    let piece = part(random, bytes.len());
    let (end, copy) = (piece.end, bytes[piece].to_vec());
    let times = if random.chance(10) { 1 + random.below(200) } else { 1 };
    let copies = copy.repeat(times.min(MAX_INPUT / copy.len().max(1)));
    bytes.splice(end..end, copies);
}

fn insert(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len() + 1);
    let piece = random.bytes32();
    let length = 1 + random.below(8);
    bytes.splice(at..at, piece[..length].iter().copied());
}

/// A part of so many bytes, more often a short one.
fn part(random: &mut Random, length: usize) -> std::ops::Range<usize> {
    let start = random.below(length + 1);
    let most = if random.chance(70) { 32 } else { length };
    let end = (start + random.below(most + 1)).min(length);
    start..end
}
