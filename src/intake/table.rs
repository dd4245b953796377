//! The way of a file: bytes, rows, series, report.

use std::collections::BTreeSet;
use std::io::Read;

use crate::intake::collector::Collector;
use crate::intake::draft::Draft;
use crate::intake::finding::Findings;
use crate::intake::plan::{self, Plan};
use crate::intake::source::Source;
use crate::intake::{MAX_ROWS, Mapping, Report, Rules, check};
use crate::model::Series;

/// Errors after which reading stops: the file goes back anyway.
const MAX_ERRORS: u64 = 10_000;

/// Bytes taken from the file at once.
const BUFFER: usize = 64 * 1024;

/// Rows of a table with the line each begins on.
struct Rows<'a> {
    csv: csv::Reader<Source<'a>>,
    skipped: u64,
    row: csv::ByteRecord,
}

/// See [`crate::intake::read`].
pub(super) fn read(input: &mut (dyn Read + Send), mapping: Option<&Mapping>, rules: Rules<'_>) -> Report {
    let mut findings = Findings::default();
    let mut report = Report::default();
    if let Some(drafts) = drafts(input, mapping, rules, (&mut report.rows, &mut findings)) {
        report.series = series(drafts, &mut findings);
        report.observations = report.series.iter().map(|s| s.observations().len() as u64).sum();
    }
    report.findings = findings.finish();
    report
}

/// Reads all rows; none if the table could not be read at all.
fn drafts(
    input: &mut (dyn Read + Send),
    mapping: Option<&Mapping>,
    rules: Rules<'_>,
    (count, findings): (&mut u64, &mut Findings),
) -> Option<Vec<Draft>> {
    let mut rows = match Rows::open(input, mapping) {
        Ok(rows) => rows,
        Err(why) => {
            findings.error(1, None, why);
            return None;
        }
    };
    let header = match rows.next() {
        Ok(Some(line)) => line,
        Ok(None) => {
            findings.error(1, None, "the file is empty: send a header and rows".to_owned());
            return None;
        }
        Err((line, why)) => {
            findings.error(line, None, why);
            return None;
        }
    };
    let plan = plan::plan(&rows.row, header, mapping, rules, findings)?;
    let mut collector = Collector::new(&plan, rules, findings);
    *count = collect(&mut rows, &plan, &mut collector);
    Some(collector.into_drafts())
}

fn collect(rows: &mut Rows<'_>, plan: &Plan, collector: &mut Collector<'_>) -> u64 {
    let mut count = 0;
    loop {
        let line = match rows.next() {
            Ok(None) => return count,
            Ok(Some(line)) => line,
            Err((line, why)) => {
                collector.findings().error(line, None, why);
                return count;
            }
        };
        if rows.row.iter().all(<[u8]>::is_empty) {
            continue;
        }
        count += 1;
        if count > MAX_ROWS {
            let message = format!("more than {MAX_ROWS} rows: split the file");
            collector.findings().error(line, None, message);
            return count;
        }
        if rows.row.len() == plan.names.len() {
            collector.row(&rows.row, line);
        } else {
            length(rows.row.len(), line, plan, collector);
        }
        if collector.findings().errors() > MAX_ERRORS {
            let message = format!("more than {MAX_ERRORS} errors: reading stopped here");
            collector.findings().error(line, None, message);
            return count;
        }
    }
}

/// A row with more or fewer fields than the header.
fn length(fields: usize, line: u64, plan: &Plan, collector: &mut Collector<'_>) {
    if fields == 1 && plan.skips_missing {
        let message = "one field alone: taken for a note and left out".to_owned();
        collector.findings().warning(line, None, message);
        return;
    }
    let message = format!(
        "{fields} fields, but the header has {}: check delimiters and quotation marks",
        plan.names.len()
    );
    collector.findings().error(line, None, message);
}

/// The last checks; no series if anything is wrong.
fn series(mut drafts: Vec<Draft>, findings: &mut Findings) -> Vec<Series> {
    check::duplicates(&mut drafts, findings);
    check::totals(&drafts, findings);
    drafts.retain(|d| !d.observations.is_empty());
    if drafts.is_empty() && findings.errors() == 0 {
        findings.error(1, None, "the file has no value to take: check [filter], or add rows".to_owned());
    }
    if findings.errors() > 0 {
        return Vec::new();
    }
    drafts.sort_by(|a, b| a.key.cmp(&b.key));
    let mut missing = BTreeSet::new();
    let mut all = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let line = draft.observations.first().map_or(1, |(_, line)| *line);
        match draft.into_series() {
            Ok(series) => {
                missing.extend(series.missing_attributes());
                all.push(series);
            }
            Err(error) => {
                findings.error(line, None, error.to_string());
            }
        }
    }
    if findings.errors() > 0 {
        return Vec::new();
    }
    for id in missing {
        let message = format!("{id} is missing: add a column or an [attributes] line");
        findings.warning(1, None, message);
    }
    all
}

impl<'a> Rows<'a> {
    fn open(input: &'a mut (dyn Read + Send), mapping: Option<&Mapping>) -> Result<Self, String> {
        let skip = mapping.map_or(0, |m| m.file.skip_lines);
        let source = Source::new(input, skip).map_err(|e| format!("the file cannot be read: {e}"))?;
        if let Some(why) = source.foreign() {
            return Err(why.to_owned());
        }
        let given = mapping.map(|m| m.file.delimiter.unwrap_or(','));
        let delimiter = given.and_then(|c| u8::try_from(c).ok()).unwrap_or_else(|| source.delimiter());
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER)
            .from_reader(source);
        Ok(Self { csv, skipped: u64::from(skip), row: csv::ByteRecord::new() })
    }

    /// Reads a row; the line it begins on, or the line and reason of the end.
    fn next(&mut self) -> Result<Option<u64>, (u64, String)> {
        let before = self.csv.position().line();
        let read = self.csv.read_byte_record(&mut self.row);
        self.csv.get_mut().row_done();
        match read {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some(self.skipped + self.first_line(before))),
            Err(error) => Err((self.skipped + before, refusal(error))),
        }
    }

    /// Empty lines before a row are not rows, and a quoted field may span lines.
    fn first_line(&self, before: u64) -> u64 {
        let after = self.csv.position().line();
        if after <= before + 1 {
            return before;
        }
        let within = self.row.as_slice().iter().filter(|b| **b == b'\n').count() as u64;
        after.saturating_sub(within + 1).max(before)
    }
}

/// The message of the reader below, or of the source.
fn refusal(error: csv::Error) -> String {
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => error.to_string(),
        csv::ErrorKind::Io(error) => format!("the file cannot be read on: {error}"),
        other => format!("the row cannot be read: {other:?}"),
    }
}
