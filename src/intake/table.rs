//! The way of a file: bytes, rows, series, report.

use std::io::Read;

use crate::intake::batch::{BATCH_ROWS, Batch, Row};
use crate::intake::collector::Collector;
use crate::intake::draft::Draft;
use crate::intake::finding::{Findings, Severity};
use crate::intake::plan::{self, Plan};
use crate::intake::rows::{Header, RowSource};
use crate::intake::sdmx_csv;
use crate::intake::sdmx_ml::MlRows;
use crate::intake::source::Source;
use crate::intake::workbook::Workbook;
use crate::intake::{Level, MAX_ROWS, Mapping, Report, Rules, SeriesStream, check};
use crate::model::{Decimal, SeriesKey};

/// Errors after which reading stops: as many as a file may have rows, so that one with many in each row does not keep the
/// node for hours.
const MAX_ERRORS: u64 = MAX_ROWS;

/// What is said of a quotation mark that is never closed: all behind it would be taken for a note.
const OPEN_QUOTE: &str = "a quotation mark is opened in this row, and the rows below stand within it: close it, or write \
                          it twice where it is part of the text";

/// Bytes taken from the file at once.
const BUFFER: usize = 64 * 1024;

/// Rows of a table with the line each begins on.
struct Rows<'a> {
    csv: csv::Reader<Source<'a>>,
    skipped: u64,
    row: csv::ByteRecord,
    is_mapped: bool,
    /// What parts the first field, where it holds several.
    split: Option<u8>,
    header: bool,
    delimiter: u8,
    /// Fields of the header; none before it was read.
    width: usize,
}

/// See [`crate::intake::read`].
pub(super) fn read(
    input: Input<'_>,
    mapping: Option<&Mapping>,
    rules: Rules<'_>,
    (pace, mut findings): (Pace, Findings),
) -> Report {
    let mut report = Report::default();
    let sums = mapping.is_some_and(|mapping| mapping.file.repeats.is_some());
    let into = Into { count: &mut report.rows, findings: &mut findings };
    if let Some(draft) = draft(input, mapping, rules, (pace, into)) {
        (report.taken, report.levels) = series(draft, (sums, pace.good_part), &mut findings);
        report.series = report.taken.len() as u64;
        report.observations = report.taken.observations() as u64;
    }
    report.left_out = findings.left_out();
    (report.findings, report.tally) = findings.finish();
    report
}

/// What rows come from.
pub(super) enum Input<'a> {
    /// A file of text.
    Text(&'a mut (dyn Read + Send)),
    /// A sheet of a workbook.
    Workbook(&'a mut Workbook),
}

/// How rows are handed from the thread that reads to the one that looks at them. The outcome is always the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Rows of a batch. A file with fewer is read without a second thread.
    pub(super) rows: usize,
    /// Whether there is a second thread.
    pub(super) ahead: bool,
    /// Whether rows with errors are left out, and the others taken.
    pub(super) good_part: bool,
    /// Errors after which reading stops.
    pub(super) errors: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { rows: BATCH_ROWS, ahead: true, good_part: false, errors: MAX_ERRORS }
    }
}

/// What is told of a file while it is read.
struct Into<'a> {
    count: &'a mut u64,
    findings: &'a mut Findings,
}

/// Reads all rows; none if the table could not be read at all.
fn draft(
    input: Input<'_>,
    mapping: Option<&Mapping>,
    rules: Rules<'_>,
    (pace, into): (Pace, Into<'_>),
) -> Option<Draft> {
    let Into { count, findings } = into;
    let mut rows = match open(input, mapping) {
        Ok(rows) => rows,
        Err(why) => {
            findings.error(1, None, why);
            return None;
        }
    };
    let header = match rows.header() {
        Ok(Some(header)) => header,
        Ok(None) => {
            findings.error(1, None, "the file is empty: send a header and rows".to_owned());
            return None;
        }
        Err((line, why)) => {
            findings.error(line, None, why);
            return None;
        }
    };
    findings.name_cells(rows.places());
    let plan = plan::plan(&header, mapping, rules, findings)?;
    rows.know(&plan);
    let collector = Collector::new(&plan, rules, findings);
    let mut table = Table { plan: &plan, collector, count, errors: pace.errors };
    table.collector.findings().leave_out(pace.good_part);
    table.take_all(&mut *rows, pace);
    table.collector.findings().leave_out(false);
    Some(table.collector.into_draft())
}

/// A table that is being read.
struct Table<'a> {
    plan: &'a Plan,
    collector: Collector<'a>,
    count: &'a mut u64,
    /// After which reading stops.
    errors: u64,
}

impl Table<'_> {
    /// Takes batch after batch while the next one is read: the order of rows, and so of findings, is that of the
    /// file.
    fn take_all(&mut self, rows: &mut dyn RowSource, pace: Pace) {
        let (mut batch, mut ahead) = (Batch::new(pace.rows), Batch::new(pace.rows));
        rows.fill(&mut batch);
        loop {
            let over = batch.end.take();
            let go_on = std::thread::scope(|scope| {
                match (&over, pace.ahead) {
                    (Some(_), _) => {}
                    (None, true) => drop(scope.spawn(|| rows.fill(&mut ahead))),
                    (None, false) => rows.fill(&mut ahead),
                }
                self.take(&batch)
            });
            match over {
                _ if !go_on => return,
                Some(Err((line, why))) => {
                    self.stop(line, why);
                    return;
                }
                Some(Ok(())) => return,
                None => std::mem::swap(&mut batch, &mut ahead),
            }
        }
    }

    /// Notes what ends the reading: then no part of the file is good.
    fn stop(&mut self, line: u64, why: String) {
        let findings = self.collector.findings();
        findings.leave_out(false);
        findings.stop(line, why);
    }

    /// Takes rows; says whether to go on.
    fn take(&mut self, batch: &Batch) -> bool {
        for note in &batch.notes {
            let (column, message) = (note.column.as_deref(), note.message.clone());
            match note.severity {
                Severity::Error | Severity::LeftOut => {
                    self.collector.findings().error(note.line, column, message)
                }
                Severity::Warning => self.collector.findings().warning(note.line, column, message),
            };
        }
        let most = self.errors;
        for row in batch.rows() {
            *self.count += 1;
            if *self.count > MAX_ROWS {
                self.stop(row.line, format!("more than {MAX_ROWS} rows: split the file"));
                return false;
            }
            if row.len() == self.plan.names.len() {
                self.collector.row(row);
            } else {
                length(row, self.plan, &mut self.collector);
            }
            let findings = self.collector.findings();
            if findings.errors() + findings.left_out() > most {
                self.stop(row.line, format!("more than {most} errors: reading stopped here"));
                return false;
            }
        }
        true
    }
}

/// A row with more or fewer fields than the header.
fn length(row: Row<'_>, plan: &Plan, collector: &mut Collector<'_>) {
    if row.len() == 1 && plan.skips_missing {
        let message = "one field alone: taken for a note and left out".to_owned();
        collector.findings().warning(row.line, None, message);
        return;
    }
    let message = format!(
        "{} fields, but the header has {}: check delimiters and quotation marks",
        row.len(),
        plan.names.len()
    );
    let spans_lines = (0..row.len()).any(|at| row.get(at).contains(&b'\n'));
    let findings = collector.findings();
    if spans_lines {
        // It may have taken in any number of good rows, so it is not one row that could be left out.
        findings.leave_out(false);
    }
    findings.error(row.line, None, message);
}

/// The last checks; no series if anything is wrong.
fn series(
    mut draft: Draft,
    (sums, good_part): (bool, bool),
    findings: &mut Findings,
) -> (SeriesStream, Vec<Level>) {
    let mut ranges = draft.sort();
    if sums {
        ranges = draft.add_up(findings);
    }
    if good_part {
        findings.leave_out(true);
        check::duplicates(&draft, findings);
        findings.leave_out(false);
        ranges = draft.drop_repeats();
    }
    // A series comes up with its first row, and that row may have been left out.
    ranges = draft.drop_empty(ranges);
    check::duplicates(&draft, findings);
    check::totals(&draft, &ranges, findings);
    if draft.figures.is_empty() && findings.errors() == 0 {
        let why = match findings.left_out() {
            0 => "the file has no value to take: check [filter], or add rows".to_owned(),
            left_out => {
                format!("no row is good, and nothing is left to take: all had errors, {left_out} of them")
            }
        };
        findings.error(1, None, why);
    }
    if findings.errors() > 0 {
        return Default::default();
    }
    let levels = levels(&draft);
    let series = SeriesStream::new(draft, findings);
    if findings.errors() > 0 { Default::default() } else { (series, levels) }
}

/// The protection levels of a sorted draft without errors.
fn levels(draft: &Draft) -> Vec<Level> {
    let level = |(series, period, level): &(u32, u32, Decimal)| {
        let parts = draft.series.codes.parts(&draft.series.index.keys()[*series as usize]);
        let key = SeriesKey::from_parts(&parts).expect("every key was checked when its first row was read");
        Level { key, period: draft.periods.get(*period), level: *level }
    };
    draft.levels.iter().map(level).collect()
}

/// The rows of a file, by what it starts with.
fn open<'a>(input: Input<'a>, mapping: Option<&Mapping>) -> Result<Box<dyn RowSource + 'a>, String> {
    let input = match input {
        Input::Text(input) => input,
        Input::Workbook(workbook) => return Ok(Box::new(workbook.rows(mapping)?)),
    };
    let skip = mapping.map_or(0, |m| m.file.skip_lines);
    let source = Source::new(input, skip).map_err(|e| format!("the file cannot be read: {e}"))?;
    if let Some(why) = source.foreign() {
        return Err(why.to_owned());
    }
    if !source.start().starts_with(b"<") {
        return Ok(Box::new(Rows::new(source, skip, mapping)));
    }
    if mapping.is_some() {
        return Err("this is XML: a mapping is for tables; a data message of SDMX needs none".to_owned());
    }
    Ok(Box::new(MlRows::new(source)))
}

impl<'a> Rows<'a> {
    fn new(source: Source<'a>, skip: u32, mapping: Option<&Mapping>) -> Self {
        let given = mapping.map(|m| m.file.delimiter.unwrap_or(','));
        let found = || sdmx_csv::delimiter(source.start()).unwrap_or_else(|| source.delimiter());
        let delimiter = given.and_then(|c| u8::try_from(c).ok()).unwrap_or_else(found);
        let split = mapping.and_then(|m| m.file.split).and_then(|c| u8::try_from(c).ok());
        let csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER)
            .from_reader(source);
        let (row, is_mapped) = (csv::ByteRecord::new(), mapping.is_some());
        Self { csv, skipped: u64::from(skip), row, is_mapped, split, header: true, delimiter, width: 0 }
    }

    /// Reads a row; the line it begins on, or the line and reason of the end.
    fn next(&mut self) -> Result<Option<u64>, (u64, String)> {
        let before = self.csv.position().line();
        let read = self.csv.read_byte_record(&mut self.row);
        self.csv.get_mut().row_done();
        match read {
            Ok(false) => Ok(None),
            Ok(true) => {
                let line = self.skipped + self.first_line(before);
                if self.csv.position().line() > before + 1 && self.holds_rows() {
                    return Err((line, OPEN_QUOTE.to_owned()));
                }
                self.width = if self.width == 0 { self.row.len() } else { self.width };
                if let Some(separator) = self.split {
                    self.row = parted(&self.row, separator, self.header);
                    self.header = false;
                }
                Ok(Some(line))
            }
            Err(error) => Err((self.skipped + before, refusal(error))),
        }
    }

    /// Whether rows of the table stand within a field, lines with as many fields of which one is as in this row: then the
    /// field's quotation mark was never meant to reach so far.
    fn holds_rows(&self) -> bool {
        let holds = |(at, field): (usize, &[u8])| {
            field.split(|byte| *byte == b'\n').skip(1).any(|line| {
                let parts: Vec<&[u8]> = line.split(|byte| *byte == self.delimiter).collect();
                let alike = self.row.iter().take(at).zip(&parts).any(|(a, b)| a == *b && !a.is_empty());
                parts.len() >= self.width && alike
            })
        };
        self.width > 0 && self.row.iter().enumerate().any(holds)
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

impl RowSource for Rows<'_> {
    fn header(&mut self) -> Result<Option<Header>, (u64, String)> {
        let Some(line) = self.next()? else { return Ok(None) };
        // A mapping speaks of the columns as they are written.
        let sdmx = if self.is_mapped { None } else { sdmx_csv::read(&self.row) };
        let (names, roles) =
            sdmx.map_or_else(|| (self.row.clone(), None), |(names, roles)| (names, Some(roles)));
        // Programs write SDMX-CSV, and comments as they were stated.
        let is_sheet = roles.is_none();
        Ok(Some(Header { names, line, roles, is_sheet }))
    }

    fn fill(&mut self, batch: &mut Batch) {
        batch.clear();
        while !batch.is_full() {
            match self.next() {
                Ok(Some(line)) => batch.push(&self.row, line),
                Ok(None) => return batch.end = Some(Ok(())),
                Err(fault) => return batch.end = Some(Err(fault)),
            }
        }
    }
}

/// The row with its first field in parts; the last name in a header has the axis of the columns after a backslash.
fn parted(row: &csv::ByteRecord, separator: u8, header: bool) -> csv::ByteRecord {
    let first = row.get(0).unwrap_or_default();
    let first = match first.iter().rposition(|b| *b == b'\\').filter(|_| header) {
        Some(end) => &first[..end],
        None => first,
    };
    first.split(|b| *b == separator).chain(row.iter().skip(1)).collect()
}

/// The message of the reader below, or of the source.
fn refusal(error: csv::Error) -> String {
    match error.into_kind() {
        csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => error.to_string(),
        csv::ErrorKind::Io(error) => format!("the file cannot be read on: {error}"),
        other => format!("the row cannot be read: {other:?}"),
    }
}
