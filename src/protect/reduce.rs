//! A system with fewer cells that has the same tables: cells that cannot move are left out, equal ones are one.
//!
//! A region of which one country is listed equals that country, and so does a total whose other parts are shown as
//! zeros; sparse tables are full of such chains. As one cell they are moved at once, and closed at once.

use std::collections::HashSet;

use super::search::Shift;
use super::system::{Sums, System, index};

/// The smaller system, and how its cells stand for those of the other.
pub(super) struct Reduced {
    pub(super) system: System,
    /// By cell of the other system, the one that stands for it.
    cells: Vec<u32>,
    /// By cell of the smaller system, those that it stands for.
    members: Vec<Vec<u32>>,
    /// A table of the smaller system, if the known one is of the other.
    pub(super) known: Vec<i64>,
}

impl Reduced {
    /// Reduces a system. `moves` says of which cells without room it must be reckoned that they may get some.
    pub(super) fn new(full: &System, known: &[i64], moves: impl Fn(u32) -> bool) -> Self {
        let moving: Vec<bool> =
            (0..index(full.cells())).map(|cell| full.is_free(cell) || moves(cell)).collect();
        let free = |row: u32| full.row(row).iter().filter(|(cell, _)| moving[*cell as usize]);
        let mut parents: Vec<u32> = (0..index(full.cells())).collect();
        for row in 0..index(full.sums()) {
            let mut ends = free(row);
            if let (Some((a, x)), Some((b, y)), None) = (ends.next(), ends.next(), ends.next())
                && x != y
            {
                let (a, b) = (root(&mut parents, *a), root(&mut parents, *b));
                parents[a.max(b) as usize] = a.min(b);
            }
        }
        let (mut cells, mut members) = (vec![0; parents.len()], Vec::<Vec<u32>>::new());
        for cell in 0..index(full.cells()) {
            let top = root(&mut parents, cell);
            if top == cell {
                cells[cell as usize] = index(members.len());
                members.push(Vec::new());
            }
            cells[cell as usize] = cells[top as usize];
            members[cells[cell as usize] as usize].push(cell);
        }
        let sums = rows(full, &cells, &moving);
        // Cells of one class move together but may differ by what stands still: the first one's value is the class's.
        let known: Vec<i64> = members.iter().map(|all| known[all[0] as usize]).collect();
        let bounds = vec![(0, 0); members.len()];
        Self { system: System::new(&bounds, &sums), cells, members, known }
    }

    /// Takes over the bounds of all cells that a cell stands for.
    pub(super) fn set_bounds(&mut self, full: &System, truth: &[i64], cell: u32) {
        let first = truth[self.members[cell as usize][0] as usize];
        let shared =
            self.members[cell as usize].iter().fold((i64::MIN / 2, i64::MAX / 2), |shared, member| {
                let ((low, high), aside) = (full.bounds(*member), truth[*member as usize] - first);
                (shared.0.max(low.saturating_sub(aside)), shared.1.min(high.saturating_sub(aside)))
            });
        self.system.set_bounds(cell, shared);
    }

    /// Takes over all bounds.
    pub(super) fn with_bounds(mut self, full: &System, truth: &[i64]) -> Self {
        (0..index(self.members.len())).for_each(|cell| self.set_bounds(full, truth, cell));
        self
    }

    /// The cell that stands for a cell.
    pub(super) fn cell(&self, cell: u32) -> u32 {
        self.cells[cell as usize]
    }

    /// The cells that a cell stands for.
    pub(super) fn members(&self, cell: u32) -> &[u32] {
        &self.members[cell as usize]
    }

    /// Shifts of the other system that shifts of this one stand for.
    pub(super) fn expand(&self, shifts: &[Shift]) -> Vec<Shift> {
        let all = |(cell, by): &Shift| {
            let by = *by;
            self.members(*cell).iter().map(move |member| (*member, by))
        };
        shifts.iter().flat_map(all).collect()
    }
}

/// The sums between classes, each once, without those that hold by themselves.
fn rows(full: &System, cells: &[u32], moving: &[bool]) -> Sums {
    let (mut sums, mut seen) = (Sums::default(), HashSet::new());
    for row in 0..index(full.sums()) {
        let free = full.row(row).iter().filter(|(cell, _)| moving[*cell as usize]);
        let mut entries: Vec<(u32, i8)> = free.map(|(cell, sign)| (cells[*cell as usize], *sign)).collect();
        entries.sort_unstable();
        // A class that stands on both sides of a sum cancels out.
        while let Some(at) = entries.array_windows().position(|[a, b]| a.0 == b.0 && a.1 != b.1) {
            entries.drain(at..at + 2);
        }
        if !entries.is_empty() && seen.insert(entries.clone()) {
            sums.push_signed(&entries);
        }
    }
    sums
}

fn root(parents: &mut [u32], mut cell: u32) -> u32 {
    while parents[cell as usize] != cell {
        parents[cell as usize] = parents[parents[cell as usize] as usize];
        cell = parents[cell as usize];
    }
    cell
}
