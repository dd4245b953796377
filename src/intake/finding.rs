//! Findings: what a clerk has to repair.

use std::collections::HashMap;
use std::fmt;

use crate::intake::listing::{Listing, Tally};
use crate::intake::workbook::Places;
use crate::model::error::not_listed;
use crate::model::{Known, ModelError};

/// Findings that a report keeps: as many as a person reads before sending the file back.
pub const MAX_FINDINGS: usize = 200;

/// Different findings that are kept to choose those from, and lines that they are also on.
const MAX_KEPT: usize = 10_000;

/// Wrong codes of a file for which the nearest ones are looked for, a walk over a list each: ten times as many as a
/// person reads.
const MAX_HINTS: usize = 2_000;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The row or the cell is left out, and the rest of the file taken, as was asked.
    LeftOut,
    /// Someone should look; the file is taken.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::LeftOut => "left out",
            Self::Warning => "warning",
        })
    }
}

/// Something in a file that should not be as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The line in the file, from 1.
    pub line: u64,
    /// The column, by its name in the file.
    pub column: Option<String>,
    /// The cell of a sheet, by the name it has there.
    pub cell: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
    /// Other lines that it is on; not all, where they are very many.
    pub also: Vec<u64>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        if let Some(cell) = &self.cell {
            write!(f, " ({cell})")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Findings as they come in: the same one on many lines is kept once and counted.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<(Finding, u64)>,
    places: HashMap<(Severity, Option<String>, String), usize>,
    /// How many of each severity.
    kept_of: [usize; 3],
    /// Why reading stopped: it is always shown.
    stopped: Option<Finding>,
    also: usize,
    tally: Tally,
    listing: Option<Listing>,
    dropped: u64,
    dropped_errors: u64,
    leaving_out: bool,
    cells: Option<Places>,
    hints: Hints,
}

/// A finding that was noted, to count it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Noted(Option<usize>, Severity);

impl Findings {
    pub(super) fn error(&mut self, line: u64, column: Option<&str>, message: String) -> Noted {
        let severity = if self.leaving_out { Severity::LeftOut } else { Severity::Error };
        self.note(finding((severity, line), column, message))
    }

    pub(super) fn warning(&mut self, line: u64, column: Option<&str>, message: String) -> Noted {
        self.note(finding((Severity::Warning, line), column, message))
    }

    /// The model's words without the name of the column, which stands before them already.
    pub(super) fn explain(&mut self, error: &ModelError, column: Option<&str>) -> String {
        let text = match error {
            ModelError::UnknownCode { dimension, value, known } => {
                format!("{dimension}: {}", not_listed(value, self.hint(*known, dimension, value)))
            }
            other => other.to_string(),
        };
        without(column, text)
    }

    /// What may be meant by a wrong code.
    pub(super) fn hint(&mut self, known: Known, dimension: &'static str, value: &str) -> &str {
        self.hints.of(known, dimension, value)
    }

    fn note(&mut self, finding: Finding) -> Noted {
        self.tally.add(finding.severity, &finding.column);
        if let Some(listing) = &mut self.listing {
            listing.add(&finding, self.cells.as_ref());
        }
        let severity = finding.severity;
        let same = (severity, finding.column.clone(), finding.message.clone());
        if let Some(place) = self.places.get(&same) {
            let noted = Noted(Some(*place), severity);
            self.keep_line(noted, finding.line);
            return noted;
        }
        // However many there are of one kind, they take no place of another.
        let kept = &mut self.kept_of[severity as usize];
        if *kept < MAX_KEPT {
            *kept += 1;
            self.places.insert(same, self.kept.len());
            self.kept.push((finding, 0));
            return Noted(Some(self.kept.len() - 1), severity);
        }
        let noted = Noted(None, severity);
        self.drop_one(noted);
        noted
    }

    /// Nothing after this line was read, which refuses the file.
    pub(super) fn stop(&mut self, line: u64, message: String) {
        let finding = finding((Severity::Error, line), None, message);
        self.tally.add(finding.severity, &finding.column);
        if let Some(listing) = &mut self.listing {
            listing.add(&finding, None);
        }
        self.stopped.get_or_insert(finding);
    }

    /// The same thing on another line.
    pub(super) fn again(&mut self, noted: Noted, line: u64) {
        let Some((same, _)) = noted.0.and_then(|place| self.kept.get(place)) else {
            self.tally.add(noted.1, &None);
            self.drop_one(noted);
            return;
        };
        self.tally.add(same.severity, &same.column);
        if let Some(listing) = &mut self.listing {
            listing.add(&Finding { line, also: Vec::new(), ..same.clone() }, self.cells.as_ref());
        }
        self.keep_line(noted, line);
    }

    fn keep_line(&mut self, noted: Noted, line: u64) {
        let Some((finding, more)) = noted.0.and_then(|place| self.kept.get_mut(place)) else { return };
        *more += 1;
        if self.also < MAX_KEPT {
            self.also += 1;
            finding.also.push(line);
        }
    }

    /// Findings that are written out, too, every one of them.
    pub(super) fn listed(listing: Option<Listing>) -> Self {
        Self { listing, ..Self::default() }
    }

    /// From here on, does what is wrong with a row leave it out, or refuse the file?
    pub(super) const fn leave_out(&mut self, asked: bool) {
        self.leaving_out = asked;
    }

    /// The file has cells with names.
    pub(super) fn name_cells(&mut self, cells: Option<Places>) {
        self.cells = cells;
    }

    /// How many errors left something out.
    pub(super) const fn left_out(&self) -> u64 {
        self.tally.left_out
    }

    fn drop_one(&mut self, noted: Noted) {
        self.dropped += 1;
        self.dropped_errors += u64::from(noted.1 == Severity::Error);
    }

    /// How many errors there were, kept or not.
    pub(super) const fn errors(&self) -> u64 {
        self.tally.errors
    }

    /// Those that a person reads, errors before all else, by line, the last one says how many more there are; and how many
    /// there were of each kind.
    pub(super) fn finish(mut self) -> (Vec<Finding>, Tally) {
        self.kept.sort_by_key(|(f, _)| (f.severity, f.line));
        let places = MAX_FINDINGS - usize::from(self.stopped.is_some());
        let rest = self.kept.split_off(self.kept.len().min(places));
        self.kept.extend(self.stopped.take().map(|finding| (finding, 0)));
        self.kept.sort_by_key(|(f, _)| (f.line, f.severity));
        let more = self.dropped + rest.iter().map(|(_, more)| more + 1).sum::<u64>();
        let dropped = (self.dropped_errors > 0).then_some(Severity::Error);
        let severity = rest.iter().map(|(f, _)| f.severity).chain(dropped).min();
        let mut findings: Vec<Finding> = self.kept.into_iter().map(counted).collect();
        for finding in &mut findings {
            finding.cell = cell(finding, self.cells.as_ref());
        }
        if more > 0 {
            let line = findings.last().map_or(1, |f| f.line);
            let message = format!("… and {more} more: repair these first");
            findings.push(finding((severity.unwrap_or(Severity::Warning), line), None, message));
        }
        if let Some(listing) = self.listing {
            self.tally.listed = listing.finish(&self.tally);
        }
        (findings, self.tally)
    }
}

/// The name of a finding's cell.
pub(super) fn cell(finding: &Finding, cells: Option<&Places>) -> Option<String> {
    cells.zip(finding.column.as_deref()).and_then(|(all, column)| all.cell(column, finding.line))
}

/// What was found near wrong codes: each is looked for once, and of very many the first ones.
#[derive(Debug, Default)]
struct Hints {
    found: HashMap<(&'static str, String), String>,
    last: String,
}

impl Hints {
    fn of(&mut self, known: Known, dimension: &'static str, value: &str) -> &str {
        // The places depend on the area too, and nothing is looked for there.
        if let Known::Places(_) = known {
            self.last = known.listed(dimension);
            return &self.last;
        }
        let asked = (dimension, value.to_owned());
        if !self.found.contains_key(&asked) && self.found.len() == MAX_HINTS {
            self.last = known.listed(dimension);
            return &self.last;
        }
        self.found.entry(asked).or_insert_with(|| known.hint(dimension, value))
    }
}

fn finding((severity, line): (Severity, u64), column: Option<&str>, message: String) -> Finding {
    Finding { severity, line, column: column.map(str::to_owned), cell: None, message, also: Vec::new() }
}

fn counted((mut finding, more): (Finding, u64)) -> Finding {
    match more {
        0 => {}
        1 => finding.message.push_str(" (and on 1 more line)"),
        n => finding.message.push_str(&format!(" (and on {n} more lines)")),
    }
    finding
}

/// The model's words without the name of the column, which stands before them already.
fn without(column: Option<&str>, text: String) -> String {
    match column.and_then(|c| text.strip_prefix(c)?.strip_prefix(": ")) {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}
