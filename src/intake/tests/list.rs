//! What a clerk may be told of a file, kind by kind: each finding with its line and its column.

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;
use crate::intake::finding::Findings;
use crate::intake::table::{self, Input, Pace};
use crate::intake::{Listing, MAX_LISTING, Wishes};

const HEADER: &str = "COUNTERPART_AREA,INDICATOR,SEX,AGE,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,COMMENT_OBS";

fn refused(rows: &str, said: &str) {
    let report = tidy(&format!("{HEADER}\n{rows}"));
    let found = errors(&report);
    assert!(found.first().is_some_and(|first| first.starts_with(said)), "{rows}\n{found:?}");
    assert!(report.series.is_empty());
}

#[test]
fn each_kind_of_fault_names_its_line_and_its_column() {
    for (rows, said) in [
        // An unknown code, with the nearest one; a label where a code is due.
        (
            "ITX,MF_IMM_PREV,_T,_T,PS,2017,1,\n",
            "line 2, column COUNTERPART_AREA: code \"ITX\" is not in its list; did you mean IT",
        ),
        (
            "ITA,MF_IMM_PREV,_T,15-19,PS,2017,1,\n",
            "line 2, column AGE: code \"15-19\" is not in its list; did you mean Y15T19 (",
        ),
        (
            "Italie,MF_IMM_PREV,_T,_T,PS,2017,1,\n",
            "line 2, column COUNTERPART_AREA: code \"Italie\" is not in its list; did you mean ITA (Italy)?",
        ),
        // A duplicate key; two values for one cell.
        (
            "ITA,MF_IMM_PREV,_T,_T,PS,2017,1,\nITA,MF_IMM_PREV,_T,_T,PS,2017,1,\n",
            "line 3, column OBS_VALUE: TIME_PERIOD 2017 of series A.ESP.ITA.MF_IMM_PREV._Z._T._T._T._T._T._T._T._T.PS stands on line 2 and again on line 3",
        ),
        (
            "ITA,MF_IMM_PREV,_T,_T,PS,2017,1,\nFRA,MF_IMM_PREV,_T,_T,PS,2017,3,\nITA,MF_IMM_PREV,_T,_T,PS,2017,2,\n",
            "line 4, column OBS_VALUE: TIME_PERIOD 2017 of series A.ESP.ITA.MF_IMM_PREV._Z._T._T._T._T._T._T._T._T.PS stands on line 2 and again on line 4",
        ),
        // Mixed units.
        (
            "ITA,MF_IMM_PREV,_T,_T,PS,2017,1,\nITA,MF_IMM_PREV,_T,_T,USD,2018,1,\n",
            "line 3, column UNIT_MEASURE: ",
        ),
        // A wrong period.
        ("ITA,MF_IMM_PREV,_T,_T,PS,2017-13,1,\n", "line 2, column TIME_PERIOD: \"2017-13\" refused"),
        ("ITA,MF_IMM_PREV,_T,_T,PS,01/02/2017,1,\n", "line 2, column TIME_PERIOD: \"01/02/2017\" refused"),
        // A formula instead of its value, and what one leaves that failed.
        (
            "ITA,MF_IMM_PREV,_T,_T,PS,2017,=SUM(A1),\n",
            "line 2, column OBS_VALUE: \"=SUM(A1)\" is a formula and not its value",
        ),
        (
            "ITA,MF_IMM_PREV,_T,_T,PS,2017,#REF!,\n",
            "line 2, column OBS_VALUE: \"#REF!\" is the error of a formula",
        ),
        (
            "ITA,MF_IMM_PREV,_T,_T,PS,2017,1,=HYPERLINK(A1)\n",
            "line 2, column COMMENT_OBS: \"=HYPERLINK(A1)\" is a formula",
        ),
        (
            "=A1,MF_IMM_PREV,_T,_T,PS,2017,1,\n",
            "line 2, column COUNTERPART_AREA: code \"=A1\" is not in its list",
        ),
    ] {
        refused(rows, said);
    }
}

#[test]
fn a_broken_encoding_is_named_where_it_stands() {
    let mut bytes = format!("{HEADER}\nITA,MF_IMM_PREV,_T,_T,PS,2017,1,ok\n").into_bytes();
    bytes.extend(b"FRA,MF_IMM_PREV,_T,_T,PS,2017,1,Fran\xe7ais\n");
    bytes.extend(b"C\xf4te,MF_IMM_PREV,_T,_T,PS,2017,1,\n");
    let found = errors(&read(&mut &*bytes, None, &SPAIN));
    assert!(found[0].starts_with("line 3, column COMMENT_OBS: ") && found[0].contains("UTF-8"), "{found:?}");
    assert!(
        found[1].starts_with("line 4, column COUNTERPART_AREA: ") && found[1].contains("UTF-8"),
        "{found:?}"
    );
}

#[test]
fn a_byte_order_mark_and_other_line_ends_make_no_difference() {
    let text = format!("{HEADER}\nITA,MF_IMM_PREV,_T,_T,PS,2017,1,\nITA,MF_IMM_PREV,_T,_T,PS,2018,x,\n");
    let plain = tidy(&text);
    assert!(errors(&plain)[0].starts_with("line 3, column OBS_VALUE: "), "{:?}", lines(&plain));
    for other in [format!("\u{feff}{text}"), text.replace('\n', "\r\n"), text.replace('\n', "\r")] {
        assert_eq!(tidy(&other), plain);
    }
}

/// A file of two gigabytes that is made while it is read.
struct Endless {
    left: u64,
    row: &'static [u8],
    at: usize,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        for byte in &mut buffer[..most] {
            *byte = self.row[self.at];
            self.at = (self.at + 1) % self.row.len();
        }
        self.left -= most as u64;
        Ok(most)
    }
}

#[test]
fn a_file_of_two_gigabytes_is_refused_where_reading_stops() {
    // A table of one row again and again, and nothing but zeros as a sparse file has them.
    for (row, said) in [
        (&b"ITA,MF_IMM_PREV,_T,_T,PS,2017,many,\n"[..], "more than 10000 errors"),
        (&b"\0"[..], "longer than 256 KiB"),
    ] {
        let mut endless = Endless { left: 2 << 30, row, at: 0 };
        let mut file = std::io::Cursor::new(format!("{HEADER}\n")).chain(&mut endless);
        let (listing, written) = listing(MAX_LISTING);
        let pace = Pace { errors: 10_000, ..Pace::default() };
        let report =
            table::read(Input::Text(&mut file), None, SPAIN, (pace, Findings::listed(Some(listing))));
        assert!(report.findings.iter().any(|f| f.message.contains(said)), "{:?}", report.findings);
        assert!(written.text().contains(said), "the file of findings says that the rest was not read");
        assert!(endless.left > 1 << 30, "it was read on: {}", endless.left);
    }
}

/// What a listing wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn listing(most: u64) -> (Listing, Written) {
    let written = Written::default();
    (Listing::within(most, written.clone()), written)
}

fn listed(text: &str, most: u64) -> (Report, String) {
    let (listing, written) = listing(most);
    let report = crate::intake::open(&mut text.as_bytes(), &Wishes::default(), &SPAIN, Some(listing));
    (report, written.text())
}

#[test]
fn two_hundred_are_shown_and_all_stand_in_the_file_of_findings() {
    const ROWS: u64 = 50_000;
    // Different texts, and the same one again and again: each has its line.
    let rows: String = (0..ROWS).map(|n| format!("ITA,MF_IMM_PREV,_T,_T,PS,2017,many{},\n", n / 2)).collect();
    let (report, text) = listed(&format!("{HEADER}\n{rows}"), MAX_LISTING);
    assert_eq!((report.findings.len(), report.rows), (MAX_FINDINGS + 1, ROWS));
    assert_eq!((report.tally.errors, report.tally.listed, report.tally.all()), (ROWS, ROWS, ROWS));
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines[..50_000].iter().enumerate() {
        let start = format!("error: line {}, column OBS_VALUE: number \"many{}\" refused", at + 2, at / 2);
        assert!(line.starts_with(&start), "{line}");
    }
    assert_eq!(
        lines[50_000..],
        ["", "column OBS_VALUE: 50000 errors", "in all 50000 errors: each stands above"]
    );
}

#[test]
fn a_file_of_findings_ends_at_its_bound_and_says_so_with_the_counts_of_all() {
    let rows: String = (0..9_000).map(|n| format!("IT{n},MF_IMM_PREV,_T,_T,PS,2017,many{n},\n")).collect();
    let (report, text) = listed(&format!("{HEADER}\n{rows}"), 10_000);
    assert!((10_000..10_500).contains(&text.len()) || text.len() < 10_000, "{}", text.len());
    let last = text.lines().last().unwrap();
    let said = format!("in all 9000 errors: the first {} of these 9000 stand above", report.tally.listed);
    assert!(last.starts_with(&said), "{last}");
    assert_eq!(
        text.lines().filter(|line| line.starts_with("error: line ")).count() as u64,
        report.tally.listed
    );
    assert!(report.tally.listed > 0 && report.rows == 9_000);
}

#[test]
fn a_disk_that_is_full_ends_the_file_of_findings_and_nothing_else() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let rows: String = (0..900).map(|n| format!("ITA,MF_IMM_PREV,_T,_T,PS,2017,many{n},\n")).collect();
    let text = format!("{HEADER}\n{rows}");
    let listing = Some(Listing::new(Full));
    let report = crate::intake::open(&mut text.as_bytes(), &Wishes::default(), &SPAIN, listing);
    assert_eq!((report.findings.len(), report.tally.errors), (MAX_FINDINGS + 1, 900));
    assert!(report.tally.listed < 900, "what is in no file is not said to be there");
}

#[test]
fn what_refuses_a_file_is_shown_whatever_else_is_said() {
    // One error below more warnings than are kept.
    let (listing, written) = listing(MAX_LISTING);
    let mut findings = Findings::listed(Some(listing));
    for line in 2..20_000 {
        findings.warning(line, None, format!("look at {line}"));
    }
    findings.error(20_000, Some("SEX"), "wrong".to_owned());
    let (shown, tally) = findings.finish();
    assert!(shown.iter().any(|f| f.severity == Severity::Error && f.line == 20_000), "{:?}", shown.last());
    assert_eq!((tally.warnings, tally.errors, tally.listed), (19_998, 1, 19_999));
    assert!(written.text().contains("error: line 20000, column SEX: wrong\n"));
}

#[test]
fn the_nearest_codes_of_very_many_wrong_ones_are_looked_for_some_times_only() {
    let rows: String = (0..5_000).map(|n| format!("ESQ{n},MF_IMM_PREV,_T,_T,PS,2017,1,\n")).collect();
    let (_, text) = listed(&format!("{HEADER}\nESQ,MF_IMM_PREV,_T,_T,PS,2017,1,\n{rows}"), MAX_LISTING);
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].contains("did you mean ESH (Western Sahara), ESP (Spain), EST (Estonia)?"),
        "{}",
        lines[0]
    );
    assert!(lines[4_999].ends_with("CL_COUNTERPART_AREA list its codes"), "{}", lines[4_999]);
}
