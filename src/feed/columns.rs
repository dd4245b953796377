//! The columns of a block: its series, like beside like, so that compression finds what they share.
//!
//! Neighbours in an entry are series of one table: their keys differ in a code or two, they have the same periods,
//! flags and attributes, and their values move slowly. So a block of nothing but series is laid out as
//!
//! ```text
//! number of records | length of things, keys, shapes | things | keys | shapes | values
//!
//! things   what is stored once and then named by number, in the order of first use:
//!            codes, lists of attributes, lists of periods, forms
//! keys     for each record: which codes differ from the key before (a bit for each dimension), and their numbers
//! shapes   for each record: number of its attributes | of its list of periods | 1 + number of the form of all its
//!            observations, or 0 and a number for each | how values are predicted, 0 to 2
//! values   for each value: its mantissa, less what is predicted of it
//! ```
//!
//! A *form* is all of an observation but period and mantissa: whether it has a value and of which scale, flags,
//! attributes. A value is predicted to be 0, the one before, or as far from that as that was from its own, whichever
//! costs fewest bytes in this series. A number that was not used before is followed, among the things, by what it stands for.
//!
//! Nothing of this is signed: what is read back is put together to canonical bytes and those are hashed. Records
//! are made on the way by the same checks as of any others, so they need not be read a second time.

mod read;
mod write;

pub use read::read;
pub use write::ColumnWriter;

/// How many ways to predict a value there are.
const PREDICTIONS: usize = 3;

/// What is predicted after these two values of a series, the latest last.
const fn predict(way: usize, before: [i64; 2]) -> i64 {
    match way {
        0 => 0,
        1 => before[1],
        2.. => before[1].wrapping_mul(2).wrapping_sub(before[0]),
    }
}

/// Small numbers of either sign as small unsigned ones.
const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

#[cfg(test)]
mod tests;
