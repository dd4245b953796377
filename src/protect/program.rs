//! The same question put to a linear program: which tables of a system are there around a cell?
//!
//! The solver is trusted with nothing. What it finds is rounded to whole numbers and handed to the judge; what it
//! does not find counts as not there, and costs at most a cell that need not have been closed.

use std::collections::HashMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

use super::search::Shift;
use super::system::{OPEN, System};

/// The largest part of a system that one program looks at, in cells: a few milliseconds.
pub(super) const NEAR: usize = 160;
/// The largest system of which bounds are asked, in cells.
const WHOLE: usize = 4_000;
/// A shift beyond this counts as no bound: a program of such numbers would be less exact.
const FAR: i64 = 10_000_000;

/// Looks for shifts from a table that bring a cell to a value, among the cells near it; all others stay.
pub(super) fn reach(system: &System, base: &[i64], cell: u32, wanted: i64) -> Option<Vec<Shift>> {
    let by = wanted - base[cell as usize];
    let near = neighbours(system, cell, NEAR + 1);
    if near.len() > NEAR {
        return None;
    }
    let (program, vars) = program(system, base, &near, (cell, by));
    let found = program.solve().ok()?.into_solution().ok()?;
    let shifts = near.iter().zip(&vars).map(|(cell, var)| (*cell, whole(found.var_value(*var))));
    Some(shifts.filter(|(_, by)| *by != 0).collect())
}

/// The least and the greatest value that a cell has in any table of the system, fractions aside; `None` where there
/// is no bound. Nothing if the system is too large to ask, or the solver gives up.
#[must_use]
pub fn interval(system: &System, base: &[i64], cell: u32) -> Option<(Option<i64>, Option<i64>)> {
    let all = neighbours(system, cell, WHOLE + 1);
    if all.len() > WHOLE {
        return None;
    }
    let at = base[cell as usize];
    let end = |by: i64| {
        let (program, vars) = program(system, base, &all, (cell, by));
        let found = program.solve().ok()?.into_solution().ok()?;
        let place = all.iter().position(|near| *near == cell)?;
        let moved = found.var_value(vars[place]);
        // An audience that thinks in whole numbers rounds inwards.
        let moved = if by < 0 { (moved - TOLERANCE).ceil() } else { (moved + TOLERANCE).floor() };
        Some((moved.abs() < FAR as f64).then(|| at + whole(moved)))
    };
    Some((end(-FAR)?, end(FAR)?))
}

/// How far a solver's number may lie from the one meant.
const TOLERANCE: f64 = 1e-6;

fn whole(number: f64) -> i64 {
    // Bounds keep every variable within FAR.
    number.round() as i64
}

/// The cells near one, itself first, as far as cells can have other values.
fn neighbours(system: &System, cell: u32, most: usize) -> Vec<u32> {
    let mut found = vec![cell];
    let mut seen: std::collections::HashSet<u32> = found.iter().copied().collect();
    let mut next = 0;
    while next < found.len() && found.len() < most {
        for (row, _) in system.column(found[next]) {
            for (other, _) in system.row(*row) {
                if system.is_free(*other) && seen.insert(*other) {
                    found.push(*other);
                }
            }
        }
        next += 1;
    }
    found.truncate(most);
    found
}

/// Shifts of these cells within their bounds that keep every sum, the one cell as far as wanted and no farther.
fn program(system: &System, base: &[i64], cells: &[u32], (wanted, by): Shift) -> (Problem, Vec<Variable>) {
    let direction = if by < 0 { OptimizationDirection::Minimize } else { OptimizationDirection::Maximize };
    let mut program = Problem::new(direction);
    let mut vars = Vec::with_capacity(cells.len());
    for cell in cells {
        let (low, high) = system.bounds(*cell);
        let at = base[*cell as usize];
        let mut low = if low <= -OPEN { -FAR } else { (low - at).max(-FAR) };
        let mut high = if high >= OPEN { FAR } else { (high - at).min(FAR) };
        if *cell == wanted {
            (low, high) = if by < 0 { (low.max(by), high.min(0)) } else { (low.max(0), high.min(by)) };
        }
        let weight = if *cell == wanted { 1.0 } else { 0.0 };
        vars.push(program.add_var(weight, (low as f64, high as f64)));
    }
    let places: HashMap<u32, usize> = cells.iter().enumerate().map(|(at, cell)| (*cell, at)).collect();
    let mut rows: Vec<u32> =
        cells.iter().flat_map(|c| system.column(*c).iter().map(|(row, _)| *row)).collect();
    rows.sort_unstable();
    rows.dedup();
    for row in rows {
        let terms = system
            .row(row)
            .iter()
            .filter_map(|(cell, sign)| places.get(cell).map(|at| (vars[*at], f64::from(*sign))));
        let terms: Vec<(Variable, f64)> = terms.collect();
        program.add_constraint(&terms, ComparisonOp::Eq, 0.0);
    }
    (program, vars)
}
