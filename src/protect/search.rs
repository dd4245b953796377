//! Looks for another table of a system in which one cell has a wanted value: quickly, and without a promise.
//!
//! From a known table the cell is shifted by the wanted amount. That puts the sums it stands in out of balance; each
//! is balanced by shifting another of its cells, which may unbalance others, until none is left. Of the cells that
//! can balance a sum the one is taken that settles most other open sums: so in tables that are products of their
//! breakdowns the shifts close to the corners of a block, the *hypercube* of
//! [Repsilber](https://doi.org/10.1007/978-1-4615-4529-1), with totals among its corners where they have room.
//!
//! What a shift costs is the caller's word: nothing within bounds, something where a cell must be closed for it,
//! and it may be impossible. So the audit and the choice of complements share the search.

use std::collections::VecDeque;

use super::system::System;

/// Shifts of one attempt. A block of five breakdowns has 32 corners, more where totals have totals of their own.
const MAX_STEPS: usize = 64;
/// Shifts of an attempt that goes upwards: all totals of a cell, in eight breakdowns or with many levels.
const MAX_UPWARDS: usize = 512;

/// The seed of an attempt that balances every sum by its total. It closes with all totals above the first cell, so
/// it succeeds wherever each of them can be had at some price; but they are the dearest.
pub(super) const UPWARDS: u32 = u32::MAX;

/// A cell and by how much it is shifted.
pub(super) type Shift = (u32, i64);

/// Shifts cells of one known table.
pub(super) struct Search<'a> {
    base: &'a [i64],
    /// By how much each cell is shifted; zero but for those in `touched`.
    shifted: Vec<i64>,
    touched: Vec<u32>,
    /// By how much each sum is out of balance.
    due: Vec<i64>,
    open: VecDeque<u32>,
    path: Vec<Shift>,
    /// By cell, the attempt that moved it last.
    moved: Vec<u32>,
    attempt: u32,
}

impl<'a> Search<'a> {
    /// A search from a table of a system.
    pub(super) fn new(system: &System, base: &'a [i64]) -> Self {
        Self {
            base,
            shifted: vec![0; system.cells()],
            touched: Vec::new(),
            due: vec![0; system.sums()],
            open: VecDeque::new(),
            path: Vec::new(),
            moved: vec![0; system.cells()],
            attempt: 0,
        }
    }

    /// Goes back to the known table.
    pub(super) fn reset(&mut self) {
        for cell in self.touched.drain(..) {
            self.shifted[cell as usize] = 0;
        }
    }

    /// The value of a cell now.
    pub(super) fn value(&self, cell: u32) -> i64 {
        self.base[cell as usize] + self.shifted[cell as usize]
    }

    /// All shifts since the last reset.
    pub(super) fn shifts(&self) -> Vec<Shift> {
        let moved = |cell: &u32| (*cell, self.shifted[*cell as usize]);
        let mut all: Vec<Shift> = self.touched.iter().map(moved).filter(|(_, by)| *by != 0).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// One attempt to shift a cell, with all that follows from it. `price` says what a cell's new value costs, if it
    /// can have it. Returns the cost of all shifts, which then stand; or nothing, and nothing has changed. Another
    /// `seed` prefers other cells.
    pub(super) fn attempt(
        &mut self,
        system: &System,
        (cell, by): Shift,
        seed: u32,
        price: &impl Fn(u32, i64) -> Option<i64>,
    ) -> Option<i64> {
        self.path.clear();
        self.attempt += 1;
        let mut cost = price(cell, self.value(cell) + by)?;
        self.shift(system, (cell, by));
        while let Some(row) = self.open.pop_front() {
            if self.due[row as usize] == 0 {
                continue;
            }
            let most = if seed == UPWARDS { MAX_UPWARDS } else { MAX_STEPS };
            let best = (self.path.len() < most).then(|| self.best(system, row, seed, price)).flatten();
            let Some((shift, more)) = best else {
                self.undo(system);
                return None;
            };
            cost += more;
            self.shift(system, shift);
        }
        Some(cost)
    }

    /// Takes the last attempt back.
    pub(super) fn undo(&mut self, system: &System) {
        for (cell, by) in std::mem::take(&mut self.path) {
            self.shifted[cell as usize] -= by;
            for (row, sign) in system.column(cell) {
                self.due[*row as usize] -= by * i64::from(*sign);
            }
        }
        self.open.clear();
    }

    fn shift(&mut self, system: &System, (cell, by): Shift) {
        self.shifted[cell as usize] += by;
        self.touched.push(cell);
        self.path.push((cell, by));
        self.moved[cell as usize] = self.attempt;
        for (row, sign) in system.column(cell) {
            self.due[*row as usize] += by * i64::from(*sign);
            self.open.push_back(*row);
        }
    }

    /// The best cell to balance a sum with, and what it costs.
    fn best(
        &self,
        system: &System,
        row: u32,
        seed: u32,
        price: &impl Fn(u32, i64) -> Option<i64>,
    ) -> Option<(Shift, i64)> {
        let due = self.due[row as usize];
        let mut best: Option<(i64, Shift, i64)> = None;
        for (cell, sign) in system.row(row) {
            let by = -due * i64::from(*sign);
            if self.moved[*cell as usize] == self.attempt {
                continue;
            }
            let Some(cost) = price(*cell, self.value(*cell) + by) else { continue };
            let preferred = if seed == UPWARDS { i64::from(*sign) * DECIDING } else { jitter(seed, *cell) };
            let score = self.gain(system, (*cell, by)) - cost + preferred;
            if best.is_none_or(|(most, ..)| score > most) {
                best = Some((score, (*cell, by), cost));
            }
        }
        best.map(|(_, shift, cost)| (shift, cost))
    }

    /// How much a shift settles of the sums that the cell stands in.
    fn gain(&self, system: &System, (cell, by): Shift) -> i64 {
        let of_row = |(row, sign): &(u32, i8)| {
            let due = self.due[*row as usize];
            match (due, due + by * i64::from(*sign)) {
                (0, _) => -UNSETTLED,
                (_, 0) => SETTLED,
                _ => 0,
            }
        };
        system.column(cell).iter().map(of_row).sum()
    }
}

/// Weights of a sum that a shift balances, and of one that it puts out of balance; prices are in the same coin.
const SETTLED: i64 = 300;
const UNSETTLED: i64 = 200;

/// More than all prices of one cell.
const DECIDING: i64 = 1 << 40;

/// A small number that differs from seed to seed, none for the first, so that attempts differ.
fn jitter(seed: u32, cell: u32) -> i64 {
    if seed == 0 {
        return 0;
    }
    let mixed = (cell ^ seed.wrapping_mul(0x9E37_79B9)).wrapping_mul(0x85EB_CA6B);
    i64::from((mixed ^ (mixed >> 15)) % 160)
}
