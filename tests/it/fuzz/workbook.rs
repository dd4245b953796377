//! Workbooks: the parts of a zip archive, changed before they are packed, so that no checksum hides what lies behind it.

use std::io::{Cursor, Read, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::written::{read_sheets_slowly, taken_of_sheets};

type Examples = Vec<(String, Vec<u8>)>;

/// What stands before the name of a part, which ends with its line; the text of the part is behind it.
const PART: &[u8] = b"\n=== ";
/// Parts of one input at most: more are no other case.
const MAX_PARTS: usize = 64;

/// A workbook, as an archive or as its parts. What is taken of it is the same however it arrives.
pub(super) fn workbook(bytes: &[u8]) -> bool {
    let packed = if bytes.starts_with(b"PK") { bytes.to_vec() } else { pack(bytes) };
    let whole = taken_of_sheets(&mut packed.as_slice());
    assert_eq!(whole, read_sheets_slowly(&packed), "a workbook that comes in small pieces is another one");
    !whole.0.is_empty()
}

/// The archive of the parts; without those that no archive can have.
fn pack(bytes: &[u8]) -> Vec<u8> {
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut into = ZipWriter::new(Cursor::new(Vec::new()));
    let mut rest = bytes;
    for _ in 0..MAX_PARTS {
        let Some(start) = find(rest, PART) else { break };
        let part = &rest[start + PART.len()..];
        let end = find(part, PART).unwrap_or(part.len());
        let (own, behind) = part.split_at(end);
        rest = behind;
        let line = own.iter().position(|byte| *byte == b'\n').unwrap_or(own.len());
        let name = String::from_utf8_lossy(&own[..line]).into_owned();
        if into.start_file(name, stored).is_ok() {
            into.write_all(own.get(line + 1..).unwrap_or_default()).expect("memory can be written");
        }
    }
    into.finish().expect("memory can be written").into_inner()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|piece| piece == wanted)
}

/// The parts of an archive, as an input has them.
fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(packed)).expect("an archive");
    let mut text = Vec::new();
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).expect("a part");
        let name = part.name().expect("a name").into_owned();
        text.extend_from_slice(PART);
        text.extend_from_slice(name.as_bytes());
        text.push(b'\n');
        part.read_to_end(&mut text).expect("it can be unpacked");
    }
    text
}

/// Workbooks as an office's program writes them: a plain one, one with dates, merged cells and formulas, one whose figures
/// stand on the second sheet, one that is packed.
pub(super) fn examples() -> Examples {
    let plain = written(&[&|sheet| fill(sheet, 0)]);
    let rich = written(&[&rich]);
    let second = written(&[&|_| {}, &|sheet| fill(sheet, 0)]);
    vec![
        ("plain".to_owned(), unpack(&plain)),
        ("rich".to_owned(), unpack(&rich)),
        ("second-sheet".to_owned(), unpack(&second)),
        ("packed".to_owned(), plain),
    ]
}

fn written(sheets: &[&dyn Fn(&mut Worksheet)]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    sheets.iter().for_each(|fill| fill(workbook.add_worksheet()));
    let bytes = workbook.save_to_buffer().expect("a workbook");
    // The program leaves working out to whoever opens it; an office has opened it.
    let text = unpack(&bytes);
    let mark = b" fullCalcOnLoad=\"1\"";
    match find(&text, mark) {
        Some(at) => pack(&[&text[..at], &text[at + mark.len()..]].concat()),
        None => bytes,
    }
}

/// A tidy table that begins in this row.
fn fill(sheet: &mut Worksheet, first: u32) {
    const ROWS: [[&str; 6]; 4] = [
        ["REF_AREA", "COUNTERPART_AREA", "INDICATOR", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS"],
        ["ESP", "ITA", "MF_IMM_PREV", "2017", "22203", "A"],
        ["ESP", "ITA", "MF_IMM_PREV", "2018", "12.5", "P"],
        ["ESP", "PHL", "MF_IMM_PREV", "2018", "0", "E"],
    ];
    for (row, fields) in (first..).zip(ROWS) {
        for (column, field) in (0..).zip(fields) {
            match field.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number),
                Err(_) => sheet.write_string(row, column, field),
            }
            .expect("a cell");
        }
    }
}

fn rich(sheet: &mut Worksheet) {
    fill(sheet, 0);
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let date = ExcelDateTime::parse_from_str("2019-12-31").expect("a day");
    for (row, area) in [(4, "FRA"), (5, "DEU")] {
        for (column, field) in [(0, "ESP"), (1, area), (2, "MF_IMM_PREV"), (5, "A")] {
            sheet.write_string(row, column, field).expect("a cell");
        }
        sheet.write_datetime_with_format(row, 3, &date, &day).expect("a cell");
    }
    sheet.write_formula(4, 4, Formula::new("=SUM(E2:E3)").set_result("22215.5")).expect("a cell");
    sheet.write_formula(5, 4, Formula::new("=3+4").set_result("7")).expect("a cell");
    sheet.merge_range(8, 0, 8, 5, "A remark below the table", &Format::new()).expect("cells");
}
