//! The judge: does what an audience sees leave every closed cell open enough?
//!
//! A [`Claim`] says that a cell may lie as low as one value and as high as another, as far as the audience can tell.
//! It is proven by two *witnesses*: tables of the audience's own system in which the cell has those values, or
//! goes beyond them. A witness is checked against every bound and every sum in integers, whoever found it, so that
//! neither the search nor the solver of linear programs can make the judge believe what is not so. And as
//! witnesses are whole numbers, an audience that knows that people come in whole numbers is no better off.
//!
//! Where no witness is found there may be one: the judge then says *unproven*, which closes more cells or refuses
//! the release. It never errs to the other side.

use std::collections::{HashMap, HashSet};

use super::program;
use super::reduce::Reduced;
use super::search::{Search, Shift, UPWARDS};
use super::system::System;

pub use super::program::interval;

/// What must not be told from outside: that the cell is above `low`, or below `high`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// The cell.
    pub cell: u32,
    /// As far as the audience knows the cell may be so low.
    pub low: i64,
    /// As far as the audience knows the cell may be so high.
    pub high: i64,
}

/// Attempts of the quick search for one witness.
const ATTEMPTS: u32 = 6;

/// Shifts from the known table that are said to be witnesses, by claim and side. Nobody need believe them.
pub(super) type Witnesses = HashMap<(Claim, Side), Vec<Shift>>;

/// The claims that are not proven, in their order.
///
/// `known` is any table of the system, from which others are looked for: the publisher takes the truth. If it is
/// none, nothing is proven.
#[must_use]
pub fn unproven(system: &System, known: &[i64], claims: &[Claim]) -> Vec<Claim> {
    judge(system, known, claims, &Witnesses::new())
}

/// The claims that are not proven, by one of the given witnesses or by one that is found.
pub(super) fn judge(system: &System, known: &[i64], claims: &[Claim], given: &Witnesses) -> Vec<Claim> {
    if !system.admits(known) {
        return claims.to_vec();
    }
    let is_proven =
        |claim: &Claim, side: Side, shifts: &[Shift]| is_witness(system, known, (claim, side), shifts);
    let held = |claim: &Claim, side: Side| {
        is_proven(claim, side, given.get(&(*claim, side)).map_or(&[], Vec::as_slice))
    };
    let sides = claims.iter().flat_map(|claim| Side::BOTH.map(|side| (claim, side)));
    let missing: Vec<(&Claim, Side)> = sides.filter(|(claim, side)| !held(claim, *side)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let reduced = Reduced::new(system, known, |_| false).with_bounds(system, known);
    let mut search = Search::new(&reduced.system, &reduced.known);
    let mut is_open = |(claim, side): &(&Claim, Side)| {
        let found = find(&reduced, &mut search, (claim, *side, known[claim.cell as usize]));
        !found.is_some_and(|shifts| is_proven(claim, *side, &shifts))
    };
    let mut open: Vec<Claim> = missing.iter().filter(|one| is_open(one)).map(|(claim, _)| **claim).collect();
    open.dedup();
    open
}

/// Which of its bounds a claim is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Low,
    High,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Low, Self::High];

    /// By how much the cell must be shifted from a value for the claim to hold on this side.
    pub(super) fn missing(self, claim: &Claim, value: i64) -> i64 {
        match self {
            Self::Low => (claim.low - value).min(0),
            Self::High => (claim.high - value).max(0),
        }
    }
}

/// Looks for a witness of one side of a claim on a cell with a known value: the shifts from the known table.
pub(super) fn find(
    reduced: &Reduced,
    search: &mut Search<'_>,
    (claim, side, at): (&Claim, Side, i64),
) -> Option<Vec<Shift>> {
    let by = side.missing(claim, at);
    if by == 0 {
        return Some(Vec::new());
    }
    let (system, cell) = (&reduced.system, reduced.cell(claim.cell));
    let within = |cell: u32, value: i64| {
        let (low, high) = system.bounds(cell);
        (low <= value && value <= high).then_some(0)
    };
    search.reset();
    let wanted = search.value(cell) + by;
    if walk(system, search, (cell, wanted), &within) {
        return Some(reduced.expand(&search.shifts()));
    }
    let (low, high) = system.bounds(cell);
    if wanted < low || wanted > high {
        return None;
    }
    let shifts = program::reach(system, &reduced.known, cell, wanted)?;
    let goes_there = shifts.contains(&(cell, by)) && is_table(system, &reduced.known, &shifts);
    goes_there.then(|| reduced.expand(&shifts))
}

/// Do these shifts make a table of the system in which the cell is where the claim wants it on one side?
fn is_witness(system: &System, known: &[i64], (claim, side): (&Claim, Side), shifts: &[Shift]) -> bool {
    let moved = shifts.iter().find(|(cell, _)| *cell == claim.cell).map_or(0, |(_, by)| *by);
    let reached = known[claim.cell as usize].saturating_add(moved);
    side.missing(claim, reached) == 0 && is_table(system, known, shifts)
}

/// Shifts a cell to a value, at once or in steps that get smaller.
fn walk(
    system: &System,
    search: &mut Search<'_>,
    (cell, wanted): (u32, i64),
    price: &impl Fn(u32, i64) -> Option<i64>,
) -> bool {
    let mut step = wanted - search.value(cell);
    while search.value(cell) != wanted {
        let left = wanted - search.value(cell);
        step = if step.abs() > left.abs() { left } else { step };
        let mut seeds = (0..ATTEMPTS).chain([UPWARDS]);
        if seeds.any(|seed| search.attempt(system, (cell, step), seed, price).is_some()) {
            continue;
        }
        if step.abs() <= 1 {
            return false;
        }
        step /= 2;
    }
    true
}

/// Is the known table, so shifted, a table of the system? The known one is, and each cell is shifted once.
fn is_table(system: &System, known: &[i64], shifts: &[Shift]) -> bool {
    let mut due: HashMap<u32, i128> = HashMap::new();
    let mut moved = HashSet::new();
    for (cell, by) in shifts {
        let (low, high) = system.bounds(*cell);
        let value = known[*cell as usize].saturating_add(*by);
        if value < low || value > high || !moved.insert(*cell) {
            return false;
        }
        for (row, sign) in system.column(*cell) {
            *due.entry(*row).or_default() += i128::from(*by) * i128::from(*sign);
        }
    }
    due.values().all(|due| *due == 0)
}

#[cfg(test)]
mod tests;
