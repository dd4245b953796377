//! Files as ministries send them, turned into series that were checked.
//!
//! What goes in: bytes of a file, a [`Mapping`] where its columns are not those of the data structure, and
//! the [`Rules`] of the node. What comes out: a [`Report`] with the series, or with [`Finding`]s that a clerk
//! can act on: line, column, what is wrong, what to do. One error and nothing of the file is taken, unless the good part
//! alone was asked for.
//!
//! Several kinds of files are read; what a file begins with tells which it is. A *tidy* file has the names of the data
//! structure in its header: the 14 dimensions, `TIME_PERIOD`, `OBS_VALUE` and any attribute; a dimension left out takes its usual code. The columns
//! `CONTRIBUTION_1`, `CONTRIBUTION_2` … hold the largest contributions to a row's total, see `contributions`. Any
//! other table, with one value in a row or several, is read through a mapping; `config/mappings/` holds some, which
//! come with the program and are recognised by a file's header (`shipped`). Two more need no mapping: SDMX-CSV 1.0 and
//! 2.x, which is a tidy table with columns before it (`sdmx_csv`), and SDMX-ML 2.1 data, generic or structure-specific (`sdmx_ml`).
//! A sheet of a workbook (`workbook`, XLSX) is a table too, tidy or read through a mapping. Whatever the kind, a file is a header and rows as long as the header to all
//! that comes behind: the seam is `rows::RowSource`, and a further kind of file needs one of its own and a line in
//! `table::open`.
//!
//! ```text
//!  bytes ─▶ source ─▶ CSV or XML ─▶ batches of rows ─┐            the other ┌─▶ keys: which series is it?
//!           plain line ends     on one thread        └─▶ collector ────────┤
//!                                                                          └─▶ draft: 24 bytes an observation
//!  series, one by one ◀─ stream ◀─ sorted by key ◀─ check: duplicates, totals ◀─────┘
//! ```
//!
//! Memory follows what is said, not how it is written: an observation takes 24 bytes until it is given out, a series
//! about 64, at most [`MAX_OBSERVATIONS`] of each; remarks, long numbers and the texts of series take their length.
//! Beside that there are two batches of at most 1.3 MiB, and what the reader below keeps of one row,
//! [`MAX_ROW_BYTES`]; of a workbook, the file itself and its texts, at most 64 and 128 MiB. So 10 million observations of 700 thousand series need 290 MB, which shrinks while the series
//! are taken.
//!
//! A [`Listing`] gets every finding while the file is read, and the report the first ones and how many there are.
//!
//! What this room never does: open a file, ask the time, keep a file's rows, take data about single persons, or
//! change a number, unless a mapping says that rows are parts of one figure (`repeats = "sum"`); of contributions to a total it keeps what they need of protection, and that it does not tell: who
//! asks often enough would find the rule out. Bytes may be hostile; no input makes it panic, and every buffer has a bound.
//!
//! Start reading at [`read`], then `table`, which drives the rest; [`mapping`] explains mapping files.

use std::io::Read;

use crate::model::{Decimal, Period, SeriesKey};
use crate::protect::primary::Concentration;

mod arrival;
mod batch;
mod check;
mod codes;
mod collector;
mod concept;
mod contributions;
mod draft;
mod figure;
mod finding;
mod flags;
mod listing;
mod keys;
pub mod mapping;
mod number;
mod plan;
mod resolver;
mod rows;
mod sdmx_csv;
mod sdmx_ml;
mod series;
pub mod shipped;
mod sketch;
mod source;
mod stream;
mod table;
mod workbook;

pub use arrival::{Choice, Wishes, open};
pub use contributions::MAX_CONTRIBUTIONS;
pub use finding::{Finding, MAX_FINDINGS, Severity};
pub use listing::{Listing, MAX_LISTING, Tally};
pub use mapping::{IntakeError, Mapping};
pub use sketch::{BLANK, Sketch, sketch};
pub use stream::SeriesStream;

/// Rows of the largest file: some hundred times a country's yearly data, and still memory of one machine.
pub const MAX_ROWS: u64 = 50_000_000;

/// Observations of the largest file; each takes 24 bytes until the file was read.
pub const MAX_OBSERVATIONS: usize = 50_000_000;

/// Bytes of the longest row, and a buffer more. A quotation mark that is never closed makes a row of the rest
/// of the file.
pub const MAX_ROW_BYTES: usize = 256 * 1024;

/// Columns of the widest table: more than areas exist, each as a column.
pub const MAX_COLUMNS: usize = 4096;

/// What the node asks of every file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules<'a> {
    /// The own country: `REF_AREA` must be it. It also fills a missing `REF_AREA` and `$COUNTRY` in mappings.
    pub country: Option<&'a str>,
    /// What the contributions to a total are held to. It never stands in a finding.
    pub concentration: Option<Concentration>,
}

/// The protection level of a total that is sensitive by its contributors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The series.
    pub key: SeriesKey,
    /// The period.
    pub period: Period,
    /// How far above the total an audience's upper bound must reach, in the unit and power of ten of the total.
    pub level: Decimal,
}

/// What became of a file.
#[derive(Debug, Default)]
pub struct Report {
    /// What is wrong, in the order of lines; at most [`MAX_FINDINGS`], then one that says how many more.
    pub findings: Vec<Finding>,
    /// How many there are in all.
    pub tally: Tally,
    /// Rows read, without the header.
    pub rows: u64,
    /// Series of the file; none if it was refused.
    pub series: u64,
    /// Observations in the series.
    pub observations: u64,
    /// The mapping that the header was found to fit, and why.
    pub recognised: Option<(&'static str, String)>,
    /// Errors whose rows or cells were left out, when the good part alone was asked for.
    pub left_out: u64,
    taken: SeriesStream,
    levels: Vec<Level>,
}

impl Report {
    /// Was the file accepted? Warnings do not refuse it.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.findings.iter().all(|f| f.severity != Severity::Error)
    }

    /// The series, sorted by key, made one by one; none if the file was refused, or if they were taken before.
    #[must_use]
    pub fn take_series(&mut self) -> SeriesStream {
        std::mem::take(&mut self.taken)
    }

    /// The protection levels of its sensitive totals, in the order of series and periods; none if the file was
    /// refused, or if they were taken before.
    #[must_use]
    pub fn take_levels(&mut self) -> Vec<Level> {
        std::mem::take(&mut self.levels)
    }
}

/// Reads a file and checks it. All or nothing: with one error there are no series.
///
/// Without a mapping the header must be tidy; the delimiter may then be a comma, a semicolon or a tab.
pub fn read(input: &mut (dyn Read + Send), mapping: Option<&Mapping>, rules: &Rules<'_>) -> Report {
    let pace = table::Pace::default();
    table::read(table::Input::Text(input), mapping, *rules, (pace, finding::Findings::default()))
}

#[cfg(test)]
mod tests;
