//! An attacker with a seat of its own: what can a reader work out of the figures that it holds?
//!
//! It shares nothing with the product but what `get --history --json` prints at the reader: every cell in every form
//! that it ever had, of every feed. It knows the rule that is public (a number that is shown lies within 4 of the
//! truth, which is at least 5; `Q` is a count, of which nothing is said), and it knows the code lists, and so which
//! cells make up which. It writes that down as a linear program, period by period, and asks for the least and the
//! greatest value of each cell.
//!
//! Releases are looked at together: a cell whose truth did not change between two of them is one unknown with both
//! its forms, and the sums of both releases hold for it. The attacker is told which cells these are; a real one
//! would have to guess.

mod room;
mod simplex;
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use self::simplex::{Program, TOLERANCE};

/// Dimensions along which the attacker knows sums, as `get` names them.
const SUMMED: [&str; 3] = ["sex", "occupation", "activity"];
/// The dimensions that together with those make a series: what is equal in all of them is one table.
const KEPT: [&str; 11] = [
    "ref_area",
    "counterpart_area",
    "indicator",
    "freq",
    "basis",
    "age",
    "education_lev",
    "reason",
    "duration",
    "subnat",
    "unit_measure",
];
/// The code of a total.
const TOTAL: &str = "_T";
/// The smallest count that the rule shows, and to what it rounds.
const LEAST: i64 = 5;

/// A cell: the table that it is of, its period, and its codes in [`SUMMED`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) table: String,
    pub(crate) period: String,
    pub(crate) codes: [String; 3],
}

/// The form in which a cell was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A number is shown.
    Shown(i64),
    /// It is suppressed.
    Closed,
}

/// What a reader holds after a release, and what is true then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edition {
    /// By cell, its newest form in each feed that states it.
    pub(crate) seen: BTreeMap<Cell, Vec<Form>>,
    pub(crate) truth: BTreeMap<Cell, i64>,
}

/// What the attack found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Counts below the minimum that were attacked, once for every value that they had.
    pub(crate) attacked: usize,
    /// Those of them that cannot be everything below the minimum.
    pub(crate) opened: Vec<Opened>,
    /// Cells of which even the truth is not within what was worked out: then the attack itself is wrong.
    pub(crate) absurd: usize,
}

/// A small count of which more is known than that it is small.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    cell: Cell,
    truth: i64,
    low: f64,
    high: f64,
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cell: Cell { table, period, codes }, truth, low, high } = self;
        write!(f, "{truth} at {} in {period} of {table} lies from {low:.3} to {high:.3}", codes.join("."))
    }
}

impl Opened {
    /// Is its value known exactly?
    pub(crate) fn is_recovered(&self) -> bool {
        self.high.floor() - self.low.ceil() < TOLERANCE
    }
}

impl Cell {
    /// The cell of an observation.
    pub(crate) fn of(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        Self { table: KEPT.map(text).join("."), period: text("time_period"), codes: SUMMED.map(text) }
    }

    /// Is it a part of the other one along a dimension?
    fn is_part(&self, total: &Self, dimension: usize) -> bool {
        let others_agree =
            (0..SUMMED.len()).all(|other| other == dimension || self.codes[other] == total.codes[other]);
        others_agree && is_one_of_all(dimension, &self.codes[dimension])
    }
}

/// Is it one of the codes that a total is made up of: women and men, major groups, sections?
fn is_one_of_all(dimension: usize, code: &str) -> bool {
    match dimension {
        0 => matches!(code, "F" | "M"),
        1 => code.len() == 3 && code.starts_with("OC"),
        _ => code.len() == 1 && code.chars().all(|letter| letter.is_ascii_uppercase()),
    }
}

impl Form {
    /// The form of an observation.
    pub(crate) fn of(row: &Value) -> Self {
        let number = row["obs_value"].as_str().and_then(|text| text.parse().ok());
        number.map_or(Self::Closed, Self::Shown)
    }

    /// What the rule says of a cell in this form.
    fn bounds(self) -> (f64, f64) {
        match self {
            Self::Closed => (0.0, f64::INFINITY),
            Self::Shown(value) if value != 0 && value % LEAST == 0 => {
                (((value - LEAST + 1).max(LEAST)) as f64, (value + LEAST - 1) as f64)
            }
            Self::Shown(value) => (value as f64, value as f64),
        }
    }
}

/// What a reader held after each release of a publisher, from its own history: the releases' entries with what was
/// true when they were made, in their order.
pub(crate) fn editions(history: &[Value], releases: &[(String, BTreeMap<Cell, i64>)]) -> Vec<Edition> {
    let mut now: BTreeMap<(Cell, String), Form> = BTreeMap::new();
    let mut all = Vec::new();
    for (entry, truth) in releases {
        for row in history.iter().filter(|row| row["entry"] == entry.as_str()) {
            let feed = row["agreement"].as_str().unwrap_or_default().to_owned();
            now.insert((Cell::of(row), feed), Form::of(row));
        }
        let mut edition = Edition { truth: truth.clone(), ..Edition::default() };
        for ((cell, _), form) in &now {
            edition.seen.entry(cell.clone()).or_default().push(*form);
        }
        all.push(edition);
    }
    all
}

/// Works out what can be worked out of editions that follow each other.
pub(crate) fn attack(editions: &[Edition]) -> Findings {
    let mut groups: BTreeSet<(&str, &str)> = BTreeSet::new();
    for cell in editions.iter().flat_map(|edition| edition.seen.keys()) {
        groups.insert((&cell.table, &cell.period));
    }
    let mut findings = Findings::default();
    groups.into_iter().for_each(|group| attack_one(editions, group, &mut findings));
    findings
}

/// A value that a cell had in one edition or in several.
struct Unknown<'a> {
    cell: &'a Cell,
    truth: i64,
    bounds: (f64, f64),
}

/// One table in one period, in all its editions.
fn attack_one(editions: &[Edition], (table, period): (&str, &str), findings: &mut Findings) {
    let mut unknowns: Vec<Unknown<'_>> = Vec::new();
    let mut newest: BTreeMap<&Cell, usize> = BTreeMap::new();
    let mut sums: BTreeSet<Vec<usize>> = BTreeSet::new();
    for edition in editions {
        let here = |cell: &&Cell| cell.table == table && cell.period == period;
        for cell in edition.seen.keys().filter(here) {
            let truth = edition.truth.get(cell).copied().unwrap_or_default();
            let same = newest.get(cell).copied().filter(|at| unknowns[*at].truth == truth);
            let at = same.unwrap_or(unknowns.len());
            if at == unknowns.len() {
                unknowns.push(Unknown { cell, truth, bounds: (0.0, f64::INFINITY) });
            }
            for (low, high) in edition.seen[cell].iter().map(|form| form.bounds()) {
                let known = &mut unknowns[at].bounds;
                *known = (known.0.max(low), known.1.min(high));
            }
            newest.insert(cell, at);
        }
        sums.extend(sums_of(&newest));
    }
    let mut program = Program::default();
    for unknown in &unknowns {
        program.cell(unknown.bounds.0, unknown.bounds.1);
    }
    sums.iter().for_each(|sum| program.total(sum[0], &sum[1..]));
    judge(&unknowns, program, findings);
}

/// Total and parts of every sum that the code lists tell of.
fn sums_of(cells: &BTreeMap<&Cell, usize>) -> Vec<Vec<usize>> {
    let mut sums = Vec::new();
    for (total, at) in cells {
        for dimension in (0..SUMMED.len()).filter(|dimension| total.codes[*dimension] == TOTAL) {
            let parts = cells.iter().filter(|(cell, _)| cell.is_part(total, dimension)).map(|(_, at)| *at);
            let sum: Vec<usize> = std::iter::once(*at).chain(parts).collect();
            if sum.len() > 1 {
                sums.push(sum);
            }
        }
    }
    sums
}

/// Asks for what every small count can be.
fn judge(unknowns: &[Unknown<'_>], program: Program, findings: &mut Findings) {
    let Some(mut solver) = program.solver() else {
        findings.absurd += unknowns.len();
        return;
    };
    for (at, unknown) in unknowns.iter().enumerate() {
        if !(1..LEAST).contains(&unknown.truth) {
            continue;
        }
        let (low, high) = solver.range(at);
        let truth = unknown.truth as f64;
        findings.attacked += 1;
        findings.absurd += usize::from(truth < low - TOLERANCE || truth > high + TOLERANCE);
        if low > 1.0 + TOLERANCE || high < (LEAST - 1) as f64 - TOLERANCE {
            let (cell, truth) = (unknown.cell.clone(), unknown.truth);
            findings.opened.push(Opened { cell, truth, low, high });
        }
    }
}
