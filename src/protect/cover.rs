//! Secondary suppression: which cells are closed so that those closed for themselves stay so.
//!
//! For every claim that does not hold, the search looks for shifts that would make it hold if some cells were closed,
//! and takes those that close the least: small cells before large ones, parts before totals, cells that were closed
//! before over new ones. That is the hypercube method, freed from the need that the table be a block. Closing a
//! cell only widens what an audience must think possible, so a claim that holds once holds for good, and one pass
//! over the claims is enough. It is a heuristic: not the fewest cells are closed, and the audit judges it.

use super::audit::{self, Claim, Side, Witnesses};
use super::held::Readers;
use super::reduce::Reduced;
use super::search::{Search, Shift, UPWARDS};
use super::system::System;
use super::table::{Form, Table};

/// Attempts to find a cheap set of complements for one claim.
const ATTEMPTS: u32 = 12;

/// Prices of closing a cell: any, for each doubling of its value, for each total that it is, for a zero.
const CLOSED: i64 = 40;
const DOUBLED: i64 = 12;
const TOTAL: i64 = 40;
const ZERO: i64 = 600;
/// What is saved by closing a cell that the audience knows as closed.
const AGAIN: i64 = 60;

/// The cells of a release while complements are chosen.
pub(super) struct Cover<'a> {
    table: &'a Table,
    full: &'a mut System,
    known: &'a [i64],
    reduced: Reduced,
    /// By cell, whether it is closed.
    closed: &'a mut [bool],
    /// May zeros be closed, too?
    zeros: bool,
    /// Against whom.
    readers: Readers,
}

impl<'a> Cover<'a> {
    /// A cover of a table from what is closed already; `zeros` may be closed only where nothing else helps.
    pub(super) fn new(
        table: &'a Table,
        (full, known): (&'a mut System, &'a [i64]),
        closed: &'a mut [bool],
        (zeros, readers): (bool, Readers),
    ) -> Self {
        let may_move = |cell: u32| {
            let known = known[cell as usize];
            table.cells.get(cell as usize).is_some_and(|cell| cell.released && (known != 0 || zeros))
        };
        let reduced = Reduced::new(full, known, may_move).with_bounds(full, known);
        Self { table, full, known, reduced, closed, zeros, readers }
    }

    /// Closes cells until the claims hold, and says by which tables; some may not, and the audit will say so.
    pub(super) fn close(&mut self, claims: &[Claim], witnesses: &mut Witnesses) {
        let start = self.reduced.known.clone();
        let mut search = Search::new(&self.reduced.system, &start);
        for (claim, side) in claims.iter().flat_map(|claim| Side::BOTH.map(|side| (claim, side))) {
            let at = self.known[claim.cell as usize];
            let found = audit::find(&self.reduced, &mut search, (claim, side, at)).or_else(|| {
                search.reset();
                let shift = (self.reduced.cell(claim.cell), side.missing(claim, at));
                self.close_for(&mut search, shift).then(|| self.reduced.expand(&search.shifts()))
            });
            witnesses.extend(found.map(|shifts| ((*claim, side), shifts)));
        }
    }

    /// Shifts a cell, at once or in smaller steps, and closes what that takes; says whether it went.
    fn close_for(&mut self, search: &mut Search<'_>, (cell, mut left): Shift) -> bool {
        let mut step = left;
        while left != 0 {
            step = if step.abs() > left.abs() { left } else { step };
            if let Some(seed) = self.cheapest(search, (cell, step)) {
                let price = |cell, value| self.price(cell, value);
                search.attempt(&self.reduced.system, (cell, step), seed, &price);
                self.close_shifted(search);
                left -= step;
            } else if step.abs() <= 1 {
                return false;
            } else {
                step /= 2;
            }
        }
        true
    }

    /// The attempt that closes least.
    fn cheapest(&self, search: &mut Search<'_>, shift: Shift) -> Option<u32> {
        let mut best: Option<(i64, u32)> = None;
        for seed in (0..ATTEMPTS).chain([UPWARDS]) {
            let price = |cell, value| self.price(cell, value);
            let Some(cost) = search.attempt(&self.reduced.system, shift, seed, &price) else { continue };
            search.undo(&self.reduced.system);
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, seed));
            }
            if cost == 0 {
                break;
            }
        }
        best.map(|(_, seed)| seed)
    }

    fn close_shifted(&mut self, search: &Search<'_>) {
        for (cell, by) in search.shifts() {
            let (low, high) = self.reduced.system.bounds(cell);
            let value = search.value(cell);
            if low <= value && value <= high {
                continue;
            }
            for member in self.reduced.members(cell).to_vec() {
                if !is_within(self.full.bounds(member), self.known[member as usize] + by) {
                    self.closed[member as usize] = true;
                    let bounds = self.if_closed(member);
                    self.full.set_bounds(member, bounds);
                }
            }
            self.reduced.set_bounds(self.full, self.known, cell);
        }
    }

    fn if_closed(&self, cell: u32) -> (i64, i64) {
        self.table.bounds(&self.table.cells[cell as usize], Some(Form::Closed), self.readers)
    }

    /// What it costs that equal cells may have a value: nothing where their bounds let them, else the price of
    /// closing those that are in the way.
    fn price(&self, cell: u32, value: i64) -> Option<i64> {
        if is_within(self.reduced.system.bounds(cell), value) {
            return Some(0);
        }
        let by = value - self.reduced.known[cell as usize];
        let in_way = |member: &&u32| {
            !is_within(self.full.bounds(**member), self.known[**member as usize].saturating_add(by))
        };
        let members = self.reduced.members(cell).iter().filter(in_way);
        members.map(|member| self.price_of(*member, self.known[*member as usize].saturating_add(by))).sum()
    }

    fn price_of(&self, cell: u32, value: i64) -> Option<i64> {
        let (at, truth) = (cell as usize, self.known[cell as usize]);
        let known = self.table.cells.get(at)?;
        let possible = known.released && !self.closed[at] && (truth != 0 || self.zeros);
        if !possible || !is_within(self.if_closed(cell), value) {
            return None;
        }
        let size = truth.unsigned_abs() / self.table.line(known).one.unsigned_abs() + 1;
        let totals = self.full.column(cell).iter().filter(|(_, sign)| *sign > 0).count();
        let again = if known.held.iter().any(|(form, _)| *form == Form::Closed) { AGAIN } else { 0 };
        let zero = if truth == 0 { ZERO } else { 0 };
        let price = CLOSED + DOUBLED * i64::from(size.ilog2()) + TOTAL * i64::try_from(totals).ok()? + zero;
        Some((price - again).max(1))
    }
}

const fn is_within((low, high): (i64, i64), value: i64) -> bool {
    low <= value && value <= high
}
