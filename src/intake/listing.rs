//! All findings of a file, written out one by one while it is read, and how many there are of each kind.
//!
//! What is written has a bound in bytes, so that a file of rubbish fills no disk; all the same the file is read to its end
//! and everything counted, and the last line says both numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufWriter, Write};

use crate::intake::finding::{Finding, Severity, cell};
use crate::intake::workbook::Places;

/// Bytes of findings that are written out at most: about two million of them.
pub const MAX_LISTING: u64 = 256 << 20;

/// Kinds of findings that are told apart: of a wider table the rest is counted together.
const MAX_KINDS: usize = 1_000;

/// How many findings there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Those that refuse the file.
    pub errors: u64,
    /// Those that left something out.
    pub left_out: u64,
    /// Those that someone should look at.
    pub warnings: u64,
    /// Those that were written out; none if that was not asked for.
    pub listed: u64,
    /// By column, and without one: errors, left out, warnings.
    columns: BTreeMap<Option<String>, [u64; 3]>,
    /// In columns beyond those.
    elsewhere: [u64; 3],
}

impl Tally {
    /// How many in all.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.errors + self.left_out + self.warnings
    }

    pub(super) fn add(&mut self, severity: Severity, column: &Option<String>) {
        let (count, place) = match severity {
            Severity::Error => (&mut self.errors, 0),
            Severity::LeftOut => (&mut self.left_out, 1),
            Severity::Warning => (&mut self.warnings, 2),
        };
        *count += 1;
        if !self.columns.contains_key(column) && self.columns.len() < MAX_KINDS {
            self.columns.insert(column.clone(), [0; 3]);
        }
        let kind = self.columns.get_mut(column).unwrap_or(&mut self.elsewhere);
        kind[place] += 1;
    }

    /// The counts of each kind, one a line, and last how many of all were written out, and why not the others.
    fn summary(&self, written: u64, why: Option<&str>) -> String {
        if self.all() == 0 {
            return "no finding\n".to_owned();
        }
        let mut text = String::from("\n");
        let of = |column: &Option<String>| {
            column.as_ref().map_or("rows".to_owned(), |name| format!("column {name}"))
        };
        let columns = self.columns.iter().map(|(column, counts)| (of(column), counts));
        for (place, counts) in columns.chain([("other columns".to_owned(), &self.elsewhere)]) {
            if counts.iter().any(|count| *count > 0) {
                text += &format!("{place}: {}\n", words(*counts));
            }
        }
        let all = words([self.errors, self.left_out, self.warnings]);
        text + &match why {
            None => format!("in all {all}: each stands above\n"),
            Some(why) => {
                format!("in all {all}: the first {written} of these {} stand above, {why}\n", self.all())
            }
        }
    }
}

/// `3 errors, 1 warning`
fn words([errors, left_out, warnings]: [u64; 3]) -> String {
    let plural = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let said = [
        (errors, plural(errors, "error")),
        (left_out, format!("{left_out} left out")),
        (warnings, plural(warnings, "warning")),
    ];
    let some: Vec<String> =
        said.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect();
    some.join(", ")
}

/// Where all findings are written.
pub struct Listing {
    out: BufWriter<Box<dyn Write + Send>>,
    left: u64,
    written: u64,
    /// Why no more are written.
    ended: Option<String>,
}

impl Listing {
    /// A listing of at most [`MAX_LISTING`] bytes of findings.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self::within(MAX_LISTING, out)
    }

    pub(super) fn within(left: u64, out: impl Write + Send + 'static) -> Self {
        Self { out: BufWriter::new(Box::new(out)), left, written: 0, ended: None }
    }

    pub(super) fn add(&mut self, finding: &Finding, cells: Option<&Places>) {
        if self.ended.is_some() {
            return;
        }
        let named = Finding { cell: cell(finding, cells), ..finding.clone() };
        // A line break in a cell or a name makes no line of its own here.
        let line = format!("{}: {}", named.severity, named).replace(['\n', '\r'], " ");
        let length = line.len() as u64 + 1;
        if length > self.left {
            self.ended = Some("which is as much as is written out: repair these first".to_owned());
            return;
        }
        match writeln!(self.out, "{line}") {
            Ok(()) => {
                self.left -= length;
                self.written += 1;
            }
            Err(error) => self.end(&error),
        }
    }

    fn end(&mut self, error: &io::Error) {
        self.ended = Some(format!("for the others could not be written: {error}"));
    }

    /// Writes the counts; says how many findings stand there.
    pub(super) fn finish(mut self, tally: &Tally) -> u64 {
        let summary = tally.summary(self.written, self.ended.as_deref());
        let written = self.out.write_all(summary.as_bytes()).and_then(|()| self.out.flush());
        if let Err(error) = written {
            self.end(&error);
        }
        self.written
    }
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing")
            .field("left", &self.left)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}
