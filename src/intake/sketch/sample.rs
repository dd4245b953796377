//! The beginning of a file, and which of its rows is the header.

use std::io::{Cursor, Read};

use crate::intake::MAX_COLUMNS;
use crate::intake::sketch::SAMPLE;
use crate::intake::workbook::Workbook;

/// Rows among which the header is looked for.
const HEADER_ROWS: usize = 60;

/// What parts fields, the usual one last.
const DELIMITERS: [u8; 4] = *b"|\t;,";

/// The beginning of a file.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) delimiter: char,
    /// Lines before the header, and the line it stands on.
    pub(super) skip: u64,
    pub(super) line: u64,
    /// The first field holds several.
    pub(super) is_split: bool,
    pub(super) header: Vec<String>,
    /// The rows after the header, with their lines.
    pub(super) rows: Vec<(u64, Vec<String>)>,
}

impl Sample {
    /// # Errors
    /// Why the file is no table.
    pub(super) fn take(input: &mut (dyn Read + Send), sheet: Option<&str>) -> Result<Self, String> {
        let mut head = Vec::new();
        let most = SAMPLE.1 as u64;
        (&mut *input)
            .take(most)
            .read_to_end(&mut head)
            .map_err(|e| format!("the file cannot be read: {e}"))?;
        if Workbook::is_one(&head) {
            let mut workbook = Workbook::load(&mut Cursor::new(head).chain(input), sheet)?;
            return Self::of(workbook.sample(SAMPLE)?, ',');
        }
        if sheet.is_some() {
            return Err("a sheet was named, and this file is no workbook: leave the sheet out".to_owned());
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
        if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
            return Err("the text is UTF-16: save the file as CSV (UTF-8)".to_owned());
        }
        if text.trim_ascii_start().starts_with(b"<") {
            return Err("this is XML: a mapping is for tables; a data message of SDMX needs none".to_owned());
        }
        // The last line may be cut.
        let is_whole = (head.len() as u64) < most;
        let end = text.iter().rposition(|b| matches!(b, b'\n' | b'\r')).filter(|_| !is_whole);
        let text = &text[..end.unwrap_or(text.len())];
        let tables = DELIMITERS.map(|delimiter| (delimiter, rows(text, delimiter)));
        let best = tables.into_iter().max_by_key(|(_, rows)| width(rows));
        let (delimiter, rows) = best.unwrap_or_default();
        Self::of(rows, char::from(delimiter))
    }

    fn of(mut rows: Vec<(u64, Vec<String>)>, delimiter: char) -> Result<Self, String> {
        let width = width(&rows);
        let wide = |(_, row): &(u64, Vec<String>)| written(row) >= 2 && written(row) * 5 >= width * 3;
        let Some(at) = rows.iter().take(HEADER_ROWS).position(wide) else {
            return Err("no row looks like a header: a table has one, with a name for each column".to_owned());
        };
        let after = rows.split_off(at + 1);
        let (line, mut header) = rows.pop().unwrap_or_default();
        header.truncate(MAX_COLUMNS);
        let is_split = delimiter == '\t' && header.first().is_some_and(|first| first.contains('\\'));
        let mut rows = after;
        if is_split {
            header = parted(&header, true);
            rows = rows.into_iter().map(|(line, row)| (line, parted(&row, false))).collect();
        }
        for name in &mut header {
            *name = name.trim().to_owned();
        }
        Ok(Self { delimiter, skip: line.saturating_sub(1), line, is_split, header, rows })
    }

    /// What stands in a column, without what is empty.
    pub(super) fn column(&self, at: usize) -> impl Iterator<Item = &str> {
        let fields = self.rows.iter().filter_map(move |(_, row)| row.get(at));
        fields.map(|field| field.trim()).filter(|field| !field.is_empty())
    }
}

/// The rows of a text with the line each begins on, or one before it that is empty.
fn rows(text: &[u8], delimiter: u8) -> Vec<(u64, Vec<String>)> {
    let mut csv = csv::ReaderBuilder::new();
    csv.has_headers(false).flexible(true).delimiter(delimiter);
    let read = csv.from_reader(text).into_byte_records().map_while(Result::ok).take(SAMPLE.0);
    read.map(|row| {
        let line = row.position().map_or(1, csv::Position::line);
        let fields = row.iter().take(MAX_COLUMNS).map(|field| String::from_utf8_lossy(field).into_owned());
        (line, fields.collect())
    })
    .collect()
}

fn written(row: &[String]) -> usize {
    row.iter().filter(|field| !field.trim().is_empty()).count()
}

/// How many fields a row in the middle has: half of the rows have as many at least.
fn width(rows: &[(u64, Vec<String>)]) -> usize {
    let mut widths: Vec<usize> = rows.iter().map(|(_, row)| written(row)).collect();
    widths.sort_unstable();
    widths.get(widths.len() / 2).copied().unwrap_or(0)
}

fn parted(row: &[String], is_header: bool) -> Vec<String> {
    let first = row.first().map_or("", String::as_str);
    let first = if is_header { first.rsplit_once('\\').map_or(first, |(names, _)| names) } else { first };
    first.split(',').map(str::to_owned).chain(row.iter().skip(1).cloned()).collect()
}
