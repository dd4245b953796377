//! Findings: what a clerk has to repair.

use std::fmt;

use crate::model::ModelError;

/// Findings that a report keeps: as many as a person reads before sending the file back.
pub const MAX_FINDINGS: usize = 200;

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

/// Something in a file that should not be as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The line in the file, from 1.
    pub line: u64,
    /// The column, by its name in the file.
    pub column: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = &self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Findings as they come in: the same one on many lines is kept once and counted.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: Vec<(Finding, u64)>,
    errors: u64,
    dropped: u64,
    dropped_errors: u64,
    left_out: u64,
    leaving_out: bool,
}

/// A finding that was noted, to count it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Noted(Option<usize>, Severity);

impl Findings {
    pub(super) fn error(&mut self, line: u64, column: Option<&str>, message: String) -> Noted {
        let severity = if self.leaving_out { Severity::LeftOut } else { Severity::Error };
        self.note(Finding { severity, line, column: column.map(str::to_owned), message })
    }

    pub(super) fn warning(&mut self, line: u64, column: Option<&str>, message: String) -> Noted {
        self.note(Finding { severity: Severity::Warning, line, column: column.map(str::to_owned), message })
    }

    fn note(&mut self, finding: Finding) -> Noted {
        let severity = finding.severity;
        let same = |f: &Finding| {
            f.severity == severity && f.column == finding.column && f.message == finding.message
        };
        let place = self.kept.iter().position(|(f, _)| same(f));
        if let Some(place) = place {
            let noted = Noted(Some(place), severity);
            self.again(noted);
            return noted;
        }
        self.count(severity);
        if self.kept.len() < MAX_FINDINGS {
            self.kept.push((finding, 0));
            return Noted(Some(self.kept.len() - 1), severity);
        }
        let noted = Noted(None, severity);
        self.drop_one(noted);
        noted
    }

    /// The same thing on another line.
    pub(super) fn again(&mut self, noted: Noted) {
        self.count(noted.1);
        match noted.0.and_then(|place| self.kept.get_mut(place)) {
            Some((_, more)) => *more += 1,
            None => self.drop_one(noted),
        }
    }

    fn count(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::LeftOut => self.left_out += 1,
            Severity::Warning => {}
        }
    }

    /// From here on, does what is wrong with a row leave it out, or refuse the file?
    pub(super) const fn leave_out(&mut self, asked: bool) {
        self.leaving_out = asked;
    }

    /// How many errors left something out.
    pub(super) const fn left_out(&self) -> u64 {
        self.left_out
    }

    fn drop_one(&mut self, noted: Noted) {
        self.dropped += 1;
        self.dropped_errors += u64::from(noted.1 == Severity::Error);
    }

    /// How many errors there were, kept or not.
    pub(super) const fn errors(&self) -> u64 {
        self.errors
    }

    /// All of them by line, the last one says how many are not listed.
    pub(super) fn finish(self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.kept.into_iter().map(counted).collect();
        findings.sort_by_key(|f| (f.line, f.severity));
        if self.dropped > 0 {
            let last = findings.last().map_or(1, |f| f.line);
            let severity = if self.dropped_errors > 0 { Severity::Error } else { Severity::Warning };
            let message = format!("… and {} more: repair these first", self.dropped);
            findings.push(Finding { severity, line: last, column: None, message });
        }
        findings
    }
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
pub(super) fn explain(error: &ModelError, column: Option<&str>) -> String {
    let text = error.to_string();
    match column.and_then(|c| text.strip_prefix(c)?.strip_prefix(": ")) {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}
