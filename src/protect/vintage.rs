//! What releases of before tell of now: the sums that held then, among values that were revised since and others that
//! were not.
//!
//! A reader that keeps every edition knows of each that its parts made up its totals. A value that was revised is two
//! unknowns, one of then and one of now; one that was not is the same in both, and so what was said of its neighbours
//! then bounds it still. A *past* is a value of before with the forms in which it left; for every release after which
//! something was revised, the sums are written once more with what was true then.

use std::collections::{HashMap, HashSet};

use super::held::Readers;
use super::relation::{Relations, Rest};
use super::system::{OPEN, index};
use super::table::{Form, Table};
use crate::model::Period;

/// A value that a cell had, from one release until before another, and how it left.
#[derive(Debug, Clone)]
pub(super) struct Past {
    /// The cell.
    pub(super) of: u32,
    /// The value.
    pub(super) truth: i64,
    /// The number of the release with which it came.
    pub(super) from: usize,
    /// The number of the release with which another one took its place.
    pub(super) to: usize,
    /// Its forms, and who holds them.
    pub(super) held: Vec<(Form, Readers)>,
}

/// What stands for a value of before, behind the cells and rests of a system.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ghost {
    /// A past, by its place among those of the table.
    Past(usize),
    /// What parts left of a total then.
    Rest {
        /// Its value.
        truth: i64,
        /// The cell of which it was left.
        of: u32,
    },
}

/// Releases that are looked back upon for one period: older ones tell less, and there are seldom so many.
const MAX_VINTAGES: usize = 24;

/// Adds the sums of before to those of now; returns what stands for the values in them.
pub(super) fn relate(table: &Table, relations: &mut Relations) -> Vec<Ghost> {
    if table.pasts.is_empty() {
        return Vec::new();
    }
    let first = table.cells.len() + relations.rests.len();
    let mut then = Then {
        table,
        rests: &relations.rests,
        of_cell: HashMap::new(),
        vintages: HashMap::new(),
        first,
        ghosts: (0..table.pasts.len()).map(Ghost::Past).collect(),
        of_rest: HashMap::new(),
    };
    for (at, past) in table.pasts.iter().enumerate() {
        then.of_cell.entry(past.of).or_default().push(at);
        then.vintages.entry(table.cells[past.of as usize].period).or_default().push(past.from);
    }
    for vintages in then.vintages.values_mut() {
        vintages.sort_unstable();
        vintages.dedup();
        vintages.drain(..vintages.len().saturating_sub(MAX_VINTAGES));
    }
    let (mut seen, mut added) = (HashSet::new(), Vec::new());
    for row in relations.sums.rows() {
        let Some((cell, _)) = row.iter().find(|(cell, _)| (*cell as usize) < table.cells.len()) else {
            continue;
        };
        let vintages = then.vintages.get(&table.cells[*cell as usize].period).cloned().unwrap_or_default();
        for vintage in vintages {
            if let Some(row) = then.row(row, vintage)
                && seen.insert(row.clone())
            {
                added.push(row);
            }
        }
    }
    let ghosts = then.ghosts;
    added.iter().for_each(|row| relations.sums.push_signed(row));
    ghosts
}

/// Sums are rewritten with what was true at a release.
struct Then<'a> {
    table: &'a Table,
    rests: &'a [Rest],
    of_cell: HashMap<u32, Vec<usize>>,
    /// By period, the releases with which values came that were revised since.
    vintages: HashMap<Period, Vec<usize>>,
    /// The number of the first ghost.
    first: usize,
    ghosts: Vec<Ghost>,
    of_rest: HashMap<(u32, usize), u32>,
}

impl Then<'_> {
    /// A sum as it was after a release, if something in it was revised since, and as far as it is known to have held.
    fn row(&mut self, row: &[(u32, i8)], vintage: usize) -> Option<Vec<(u32, i8)>> {
        let (mut then, mut sum, mut rest, mut is_other) =
            (Vec::with_capacity(row.len()), 0_i128, None, false);
        for (cell, sign) in row {
            if *cell as usize >= self.table.cells.len() {
                if rest.replace((*cell, *sign)).is_some() {
                    return None;
                }
                continue;
            }
            let (place, truth) = self.at(*cell, vintage)?;
            is_other |= place != *cell;
            sum += i128::from(truth) * i128::from(*sign);
            then.push((place, *sign));
        }
        if !is_other {
            return None;
        }
        match rest {
            Some((rest, sign)) => then.push((self.rest(rest, vintage, -sum * i128::from(sign))?, sign)),
            None if sum != 0 => return None,
            None => {}
        }
        Some(then)
    }

    /// What stood in a cell after a release, and its value. Nothing where it had none that is known.
    fn at(&self, cell: u32, vintage: usize) -> Option<(u32, i64)> {
        let pasts = self.of_cell.get(&cell).map_or(&[][..], Vec::as_slice);
        let was = |at: &&usize| (self.table.pasts[**at].from..self.table.pasts[**at].to).contains(&vintage);
        if let Some(at) = pasts.iter().find(was) {
            return Some((index(self.first + at), self.table.pasts[*at].truth));
        }
        let is_now = pasts.iter().all(|at| self.table.pasts[*at].to <= vintage);
        let truth = self.table.cells[cell as usize].truth?;
        is_now.then_some((cell, truth))
    }

    /// What was left then, which is as much as the sum lacks.
    fn rest(&mut self, rest: u32, vintage: usize, truth: i128) -> Option<u32> {
        let of = self.rests[rest as usize - self.table.cells.len()].of;
        let signed = self.table.line(&self.table.cells[of as usize]).signed;
        let truth = i64::try_from(truth).ok().filter(|truth| signed || *truth >= 0)?;
        if let Some(known) = self.of_rest.get(&(rest, vintage)) {
            let same = matches!(self.ghosts[*known as usize - self.first], Ghost::Rest { truth: was, .. } if was == truth);
            return same.then_some(*known);
        }
        let number = index(self.first + self.ghosts.len());
        self.ghosts.push(Ghost::Rest { truth, of });
        self.of_rest.insert((rest, vintage), number);
        Some(number)
    }
}

impl Ghost {
    /// Its value.
    pub(super) fn truth(self, table: &Table) -> i64 {
        match self {
            Self::Past(at) => table.pasts[at].truth,
            Self::Rest { truth, .. } => truth,
        }
    }

    /// The cell that it was in, or that it was left of.
    pub(super) fn of(self, table: &Table) -> u32 {
        match self {
            Self::Past(at) => table.pasts[at].of,
            Self::Rest { of, .. } => of,
        }
    }

    /// What these readers know of it by itself.
    pub(super) fn bounds(self, table: &Table, readers: Readers) -> (i64, i64) {
        let signed = table.line(&table.cells[self.of(table) as usize]).signed;
        let open = (if signed { -OPEN } else { 0 }, OPEN);
        let Self::Past(at) = self else { return if self.truth(table) == 0 { (0, 0) } else { open } };
        let past = &table.pasts[at];
        let held = past.held.iter().filter(|(_, by)| by.meets(readers)).map(|(form, _)| form.bounds(signed));
        let holds = held.filter(|(low, high)| (*low..=*high).contains(&past.truth));
        holds.fold(open, |(low, high), (least, most)| (low.max(least), high.min(most)))
    }
}
