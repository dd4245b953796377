//! What a clerk may be told of a file, kind by kind: each finding with its line and its column.

use super::*;

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
            "line 3: TIME_PERIOD 2017 of series A.ESP.ITA.MF_IMM_PREV._Z._T._T._T._T._T._T._T._T.PS stands on line 2 and again on line 3",
        ),
        (
            "ITA,MF_IMM_PREV,_T,_T,PS,2017,1,\nFRA,MF_IMM_PREV,_T,_T,PS,2017,3,\nITA,MF_IMM_PREV,_T,_T,PS,2017,2,\n",
            "line 4: TIME_PERIOD 2017 of series A.ESP.ITA.MF_IMM_PREV._Z._T._T._T._T._T._T._T._T.PS stands on line 2 and again on line 4",
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
        let report = super::super::read(&mut file, None, &SPAIN);
        let last = report.findings.iter().chain(&report.more_findings).find(|f| f.message.contains(said));
        assert!(last.is_some(), "{:?}", report.findings);
        assert!(endless.left > 1 << 30, "it was read on: {}", endless.left);
    }
}

#[test]
fn two_hundred_are_shown_and_all_are_kept_for_a_file() {
    let rows: String = (0..900).map(|n| format!("ITA,MF_IMM_PREV,_T,_T,PS,2017,many{n},\n")).collect();
    let report = super::super::read(&mut format!("{HEADER}\n{rows}").as_bytes(), None, &SPAIN);
    assert_eq!(report.findings.len(), MAX_FINDINGS + 1);
    let all: std::collections::HashSet<u64> = report.findings[..MAX_FINDINGS]
        .iter()
        .chain(&report.more_findings)
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.line)
        .collect();
    assert_eq!(all, (2..902).collect());
}

#[test]
fn what_refuses_a_file_is_shown_whatever_else_is_said() {
    // Reading stopped: told on the screen and in the file of findings, which else would seem to be whole.
    let rows: String = (0..20_000).map(|n| format!("ITA,MF_IMM_PREV,_T,_T,PS,2017,many{n},\n")).collect();
    let report = super::super::read(&mut format!("{HEADER}\n{rows}").as_bytes(), None, &SPAIN);
    let shown = &report.findings[..MAX_FINDINGS];
    assert!(shown.iter().any(|f| f.message.contains("reading stopped here")), "{:?}", shown.last());
    assert_eq!(report.more_findings.len(), 10_001 + 1 - MAX_FINDINGS);

    // One error below more warnings than are kept.
    let mut findings = super::super::finding::Findings::default();
    for line in 2..20_000 {
        findings.warning(line, None, format!("look at {line}"));
    }
    findings.error(20_000, Some("SEX"), "wrong".to_owned());
    let (shown, more) = findings.finish();
    assert!(shown.iter().any(|f| f.severity == Severity::Error && f.line == 20_000), "{:?}", shown.last());
    assert!(
        more.last().is_some_and(|f| f.message.contains("9998 more, which are not kept")),
        "{:?}",
        more.last()
    );
}
