//! Workbooks as offices have them, made by another program's hand; and such as nobody should have.

use std::io::{Cursor, Read, Write};

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::*;
use crate::intake::{Choice, Wishes};

const HEADER: [&str; 4] = ["COUNTERPART_AREA", "INDICATOR", "TIME_PERIOD", "OBS_VALUE"];
const KEY: &str = "A.ESP.FRA.MF_IMM_PREV._Z._T._T._T._T._T._T._T._T.PS";

/// A workbook with one sheet, of a program that leaves the working out to whoever opens it.
fn stale(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    workbook.save_to_buffer().unwrap()
}

/// A workbook with one sheet and every formula worked out.
fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    fresh(&stale(fill))
}

fn fresh(bytes: &[u8]) -> Vec<u8> {
    patched(bytes, "xl/workbook.xml", |text| text.replace(" fullCalcOnLoad=\"1\"", ""))
}

/// The workbook with one part written anew.
fn patched(bytes: &[u8], part: &str, change: impl FnOnce(&str) -> String) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut into = ZipWriter::new(Cursor::new(Vec::new()));
    let mut change = Some(change);
    for at in 0..archive.len() {
        let mut from = archive.by_index(at).unwrap();
        let (name, mut text) = (from.name().unwrap().into_owned(), String::new());
        from.read_to_string(&mut text).unwrap();
        if name == part {
            let changed = change.take().unwrap()(&text);
            assert_ne!(changed, text, "{part} is as it was");
            text = changed;
        }
        into.start_file(name, SimpleFileOptions::default()).unwrap();
        into.write_all(text.as_bytes()).unwrap();
    }
    assert!(change.is_none(), "there is no {part}");
    into.finish().unwrap().into_inner()
}

/// The rows of a table, numbers as numbers.
fn fill(sheet: &mut Worksheet, rows: &[&[&str]]) {
    for (row, fields) in (0..).zip(rows) {
        for (column, field) in (0..).zip(*fields) {
            match field.parse::<f64>() {
                Ok(number) => sheet.write_number(row, column, number).unwrap(),
                Err(_) => sheet.write_string(row, column, *field).unwrap(),
            };
        }
    }
}

fn open(bytes: &[u8], wishes: &Wishes, rules: &Rules<'_>) -> Taken {
    Taken::from(crate::intake::open(&mut &*bytes, wishes, rules, None))
}

fn tidy_sheet(bytes: &[u8]) -> Taken {
    open(bytes, &Wishes::default(), &SPAIN)
}

fn by(mapping: &str) -> Wishes {
    Wishes { choice: Choice::Mapping(Box::new(Mapping::parse(mapping).unwrap())), ..Wishes::default() }
}

fn of(sheet: &str) -> Wishes {
    Wishes { sheet: Some(sheet.to_owned()), ..Wishes::default() }
}

/// What is said of a file, but for the attributes that every table here leaves out.
fn said(report: &Taken) -> Vec<String> {
    lines(report).into_iter().filter(|line| !line.contains(" is missing: add a column")).collect()
}

/// What is said of a file that is refused as a whole.
fn refusal(bytes: &[u8]) -> String {
    let report = tidy_sheet(bytes);
    assert!(!report.is_accepted() && report.series.is_empty());
    let [line] = &*errors(&report) else { panic!("{:?}", lines(&report)) };
    line.strip_prefix("line 1: ").unwrap_or(line).to_owned()
}

#[test]
fn numbers_of_a_sheet_are_as_they_were_written() {
    let report = tidy_sheet(&workbook(|sheet| {
        fill(
            sheet,
            &[&HEADER, &["FRA", "MF_IMM_PREV", "2016", "0.25"], &["FRA", "MF_IMM_PREV", "2017", "22203"]],
        );
        sheet.write_number(3, 3, 0.1 + 0.2).unwrap();
        fill_row(sheet, 3, &["FRA", "MF_IMM_PREV", "2018"]);
    }));
    assert!(report.is_accepted(), "{:?}", lines(&report));
    for (period, wanted) in [("2016", "0.25"), ("2017", "22203"), ("2018", "0.3")] {
        assert_eq!(value(&report, KEY, period), number(wanted), "{period}");
    }
    let [noise] = &*said(&report) else { panic!("{:?}", lines(&report)) };
    assert!(noise.starts_with("line 4, column OBS_VALUE (Sheet1!D4): "), "{noise}");
    assert!(noise.contains("15 digits"), "{noise}");
}

fn fill_row(sheet: &mut Worksheet, row: u32, fields: &[&str]) {
    for (column, field) in (0..).zip(fields) {
        sheet.write_string(row, column, *field).unwrap();
    }
}

#[test]
fn a_finding_names_the_cell_as_the_sheet_does() {
    // The table begins at C3.
    let report = tidy_sheet(&workbook(|sheet| {
        sheet.set_name("Entradas 2017").unwrap();
        for (row, fields) in [
            (2, HEADER),
            (3, ["FRA", "MF_IMM_PREV", "2017", "many"]),
            (6, ["QQQ", "MF_IMM_PREV", "2017", "1"]),
        ] {
            for (column, field) in (2..).zip(fields) {
                sheet.write_string(row, column, field).unwrap();
            }
        }
        sheet.write_number(3, 9, 12.0).unwrap();
    }));
    let found = said(&report);
    assert!(found[0].starts_with("line 4, column OBS_VALUE ('Entradas 2017'!F4): "), "{found:?}");
    assert!(
        found[1].starts_with("line 4: cells stand beside the table") && found[1].contains("(J4)"),
        "{found:?}"
    );
    assert!(found[2].starts_with("line 7, column COUNTERPART_AREA ('Entradas 2017'!C7): "), "{found:?}");
    assert_eq!(found.len(), 3);
}

#[test]
fn dates_booleans_and_errors_are_what_they_show() {
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let report = tidy_sheet(&workbook(|sheet| {
        let header = ["FREQ", "INDICATOR", "TIME_PERIOD", "OBS_VALUE", "COMMENT_OBS"];
        fill(sheet, &[&header, &["D", "MF_IMM_PREV"], &["D", "MF_IMM_PREV"]]);
        let date = ExcelDateTime::from_ymd(2017, 3, 9).unwrap();
        sheet.write_datetime_with_format(1, 2, &date, &day).unwrap();
        sheet.write_number(1, 3, 7.0).unwrap();
        sheet.write_boolean(1, 4, true).unwrap();
        sheet.write_datetime_with_format(2, 2, ExcelDateTime::from_ymd(2017, 3, 10).unwrap(), &day).unwrap();
        sheet.write_formula(2, 3, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    }));
    let found = errors(&report);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("line 3, column OBS_VALUE (Sheet1!D3): \"#DIV/0!\" is the error"),
        "{found:?}"
    );
    let good = Wishes { good_part: true, ..Wishes::default() };
    let report = open(
        &workbook(|sheet| {
            let header = ["FREQ", "INDICATOR", "TIME_PERIOD", "OBS_VALUE", "COMMENT_OBS"];
            fill(sheet, &[&header, &["D", "MF_IMM_PREV"], &["Q", "MF_IMM_PREV", "", "9"]]);
            let date = ExcelDateTime::from_ymd(2017, 3, 9).unwrap();
            sheet.write_datetime_with_format(1, 2, &date, &day).unwrap();
            sheet.write_number(1, 3, 7.0).unwrap();
            sheet.write_boolean(1, 4, true).unwrap();
            sheet.write_datetime_with_format(2, 2, &date, &day).unwrap();
        }),
        &good,
        &SPAIN,
    );
    let observation = &report.series[0].observations()[0];
    assert_eq!(observation.period(), Period::parse("2017-03-09").unwrap());
    assert!(format!("{observation:?}").contains("TRUE"), "{observation:?}");
    // What a sheet made a date of is no quarter: the period is refused, and its cell named.
    assert!(
        lines(&report)
            .iter()
            .any(|line| line.starts_with("line 3, column FREQ (Sheet1!A3): TIME_PERIOD 2017-03-09")),
        "{:?}",
        lines(&report)
    );
}

#[test]
fn a_formula_is_read_by_the_value_kept_with_it() {
    let table = |sheet: &mut Worksheet| {
        fill(sheet, &[&HEADER, &["FRA", "MF_IMM_PREV", "2016"], &["FRA", "MF_IMM_PREV", "2017"]]);
        sheet.write_formula(1, 3, Formula::new("=SUM(F1:F2)").set_result("41")).unwrap();
        sheet.write_formula(2, 3, Formula::new("=SUM(F1:F3)").set_result("42")).unwrap();
    };
    let report = tidy_sheet(&workbook(table));
    assert_eq!(value(&report, KEY, "2017"), number("42"));
    let [kept] = &*said(&report) else { panic!("{:?}", lines(&report)) };
    assert!(
        kept.starts_with("line 2, column OBS_VALUE (Sheet1!D2): formulas stand in this column"),
        "{kept}"
    );
    // No value was kept, or the program that wrote the file says that none was worked out.
    let without = patched(&workbook(table), "xl/worksheets/sheet1.xml", |text| text.replace("<v>42</v>", ""));
    for (bytes, count) in [(without, 1), (stale(table), 2)] {
        let report = tidy_sheet(&bytes);
        let found = errors(&report);
        assert_eq!(found.len(), count, "{found:?}");
        let last = &found[count - 1];
        assert!(
            last.starts_with("line 3, column OBS_VALUE (Sheet1!D3): \"=SUM(F1:F3)\" is a formula"),
            "{last}"
        );
    }
}

#[test]
fn cells_that_were_merged_speak_for_those_below() {
    let mapping = "skip_lines = 1\n[constants]\nINDICATOR = \"MF_IMM_PREV\"\n[columns]\nCOUNTERPART_AREA = \"Country\"\n\
        SEX = \"Sex\"\n[wide]\n[values.SEX]\nmen = \"M\"\nwomen = \"F\"\n";
    let plain = Format::new();
    let table = |sheet: &mut Worksheet| {
        fill(
            sheet,
            &[
                &["", "", "Years"],
                &["", "Sex", "2016", "2017"],
                &["", "men", "1", "2"],
                &["", "women", "3", "4"],
            ],
        );
        sheet.merge_range(0, 0, 1, 0, "Country", &plain).unwrap();
        sheet.merge_range(2, 0, 3, 0, "FRA", &plain).unwrap();
    };
    let report = open(&workbook(table), &by(mapping), &SPAIN);
    assert!(report.is_accepted(), "{:?}", lines(&report));
    assert_eq!((report.series.len(), report.observations), (2, 4));
    let women = "A.ESP.FRA.MF_IMM_PREV._Z.F._T._T._T._T._T._T._T.PS";
    assert_eq!(value(&report, women, "2017"), number("4"));
    // A value that was merged over two rows belongs to neither.
    let report = open(
        &workbook(|sheet| {
            table(sheet);
            sheet.merge_range(2, 3, 3, 3, "", &plain).unwrap();
            sheet.write_number(2, 3, 2.0).unwrap();
        }),
        &by(mapping),
        &SPAIN,
    );
    let found = errors(&report);
    assert!(
        found[0].starts_with("line 4, column 2017 (Sheet1!D4): this cell is a part of several"),
        "{found:?}"
    );
}

#[test]
fn the_first_sheet_that_can_be_seen_and_has_data_is_read_and_the_others_are_named() {
    let mut workbook = Workbook::new();
    let row: &[&str] = &["FRA", "MF_IMM_PREV", "2017", "1"];
    fill(workbook.add_worksheet().set_name("Old").unwrap().set_hidden(true), &[&HEADER, row, row]);
    workbook.add_worksheet().set_name("Empty").unwrap();
    fill(workbook.add_worksheet().set_name("Data").unwrap().set_active(true), &[&HEADER, row]);
    let bytes = workbook.save_to_buffer().unwrap();
    let report = tidy_sheet(&bytes);
    let wanted = "line 1: the sheet \"Data\" is read; not read: \"Old\" (hidden), \"Empty\", which --sheet chooses by name";
    assert_eq!(said(&report), [wanted]);
    assert_eq!(report.observations, 1);
    assert!(errors(&open(&bytes, &of("Old"), &SPAIN))[0].starts_with("line 3"), "its rows stand twice");
    let empty = open(&bytes, &of("Empty"), &SPAIN);
    assert!(errors(&empty)[0].contains("is empty"), "{:?}", lines(&empty));
    let none = open(&bytes, &of("data"), &SPAIN);
    let said = "line 1: the workbook has no sheet \"data\": it has \"Old\" (hidden), \"Empty\", \"Data\"";
    assert_eq!(lines(&none), [said]);
    let text = crate::intake::open(&mut "INDICATOR\n".as_bytes(), &of("Data"), &SPAIN, None);
    assert!(text.findings[0].message.contains("no workbook"), "{:?}", text.findings);
}

/// The file as a sheet: `skip` lines before its header as they are.
fn sheet_of(csv: &str, delimiter: u8) -> Vec<u8> {
    workbook(|sheet| {
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true).delimiter(delimiter);
        let rows: Vec<Vec<String>> = reader
            .from_reader(csv.trim_start_matches('\u{feff}').as_bytes())
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect())
            .collect();
        let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        fill(sheet, &rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
    })
}

#[test]
fn mappings_read_sheets_as_they_read_text() {
    macro_rules! file {
        ($path:literal) => {
            include_str!(concat!("../../../", $path))
        };
    }
    let cases = [
        (
            file!("config/data/mirror_eurostat_flows_2010_2019.csv"),
            file!("config/mappings/eurostat_destination.toml"),
            "ESP",
        ),
        (
            file!("config/data/mirror_phl_can_1981_2013.csv"),
            file!("config/mappings/phl_can_origin.toml"),
            "PHL",
        ),
        (
            file!("tests/data/phl_cfo_emigrant-1981-2020-Age.csv"),
            file!("config/mappings/cfo_age.toml"),
            "PHL",
        ),
        (
            file!("tests/data/phl_cfo_emigrant-1981-2022-MajorCountry.csv"),
            file!("config/mappings/cfo_major_countries.toml"),
            "PHL",
        ),
        (
            file!("tests/data/undesa_ims2019_od_total.csv"),
            file!("config/mappings/undesa_matrix_2019.toml"),
            "ESP",
        ),
    ];
    for (csv, mapping, country) in cases {
        let rules = Rules { country: Some(country), ..Rules::default() };
        let wishes = by(mapping);
        let (text, sheet) =
            (open(csv.as_bytes(), &wishes, &rules), open(&sheet_of(csv, b','), &wishes, &rules));
        assert!(text.is_accepted() && text.observations > 0, "{:?}", lines(&text));
        assert_eq!(errors(&sheet), Vec::<String>::new());
        assert_eq!(sheet.series, text.series);
        let auto = Wishes { choice: Choice::Auto, ..Wishes::default() };
        let auto = [csv.as_bytes(), &sheet_of(csv, b',')].map(|bytes| open(bytes, &auto, &rules));
        assert!(auto[0].series == auto[1].series && errors(&auto[0]) == errors(&auto[1]));
    }
}

#[test]
fn other_kinds_of_office_files_are_told_apart() {
    let mut old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    old.resize(4096, 0);
    assert!(refusal(&old).contains(".xls"), "{}", refusal(&old));
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert!(refusal(&old).contains("encrypted"), "{}", refusal(&old));
    let cases: [(&[&str], &str); 5] = [
        (&["mimetype", "content.xml"], ".ods"),
        (&["[Content_Types].xml", "xl/workbook.bin"], ".xlsb"),
        (&["figures.csv"], "no workbook"),
        (&["[Content_Types].xml", "word/document.xml"], "document"),
        (&["[Content_Types].xml"], "damaged"),
    ];
    for (parts, wanted) in cases {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for part in parts {
            archive.start_file(*part, SimpleFileOptions::default()).unwrap();
            archive.write_all(b"<x/>").unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        assert!(refusal(&bytes).contains(wanted), "{parts:?}: {}", refusal(&bytes));
    }
}

fn small() -> Vec<u8> {
    workbook(|sheet| fill(sheet, &[&HEADER, &["FRA", "MF_IMM_PREV", "2017", "5"]]))
}

#[test]
fn a_workbook_is_not_believed() {
    let sheet = "xl/worksheets/sheet1.xml";
    let dimension = |claimed: &'static str| {
        patched(&small(), sheet, move |text| text.replace("ref=\"A1:D2\"", &format!("ref=\"{claimed}\"")))
    };
    // It claims every cell that a sheet can have, and holds what it holds.
    assert_eq!(value(&tidy_sheet(&dimension("A1:XFD1048576")), KEY, "2017"), number("5"));
    for odd in ["D2:A1", "AAAAAAAAAAAA1", "?"] {
        assert!(refusal(&dimension(odd)).contains("damaged"), "{odd}: {}", refusal(&dimension(odd)));
    }
    let texts = patched(&small(), "xl/sharedStrings.xml", |text| {
        text.replace("uniqueCount=\"6\"", "uniqueCount=\"1152921504606846976\"")
    });
    assert!(refusal(&texts).contains("more texts than it has bytes"), "{}", refusal(&texts));
    let twice = patched(&small(), sheet, |text| text.replace("r=\"D2\"", "r=\"A2\""));
    assert!(refusal(&twice).contains("not in order"), "{}", refusal(&twice));
    let far = patched(&small(), sheet, |text| text.replace("r=\"D2\"", "r=\"XFE2\""));
    assert!(refusal(&far).contains("not in order"), "{}", refusal(&far));
    let shared = patched(&small(), sheet, |text| {
        text.replace(
            "<v>2017</v>",
            "<f t=\"shared\" ref=\"C2:C3\" si=\"18446744073709551614\">A1</f><v>2017</v>",
        )
    });
    assert_eq!(value(&tidy_sheet(&shared), KEY, "2017"), number("5"));
}

#[test]
fn a_workbook_that_was_cut_or_changed_on_the_way_is_refused() {
    let whole = small();
    for end in [4, 30, whole.len() / 2, whole.len() - 1] {
        assert!(refusal(&whole[..end]).contains("damaged"), "{end}: {}", refusal(&whole[..end]));
    }
    let mut accepted = 0;
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        accepted += usize::from(tidy_sheet(&bytes).is_accepted());
    }
    assert!(accepted < whole.len() / 14, "most changes are noticed: {accepted}");
}

/// A workbook whose first sheet unpacks to so many bytes.
fn bomb(bytes: usize) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(small())).unwrap();
    let mut into = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut from = archive.by_index(at).unwrap();
        let name = from.name().unwrap().into_owned();
        into.start_file(&*name, SimpleFileOptions::default().large_file(true)).unwrap();
        std::io::copy(&mut from, &mut into).unwrap();
        if name.ends_with("sheet1.xml") {
            std::io::copy(&mut std::io::repeat(b' ').take(bytes as u64), &mut into).unwrap();
        }
    }
    into.finish().unwrap().into_inner()
}

#[test]
fn a_workbook_that_unpacks_without_end_is_refused() {
    let bytes = bomb(1100 << 20);
    assert!(bytes.len() < 8 << 20, "{}", bytes.len());
    assert!(refusal(&bytes).contains("unpacks to more"), "{}", refusal(&bytes));
    // The same, and the directory says that it is small.
    let size: Vec<u8> = (0..4).map(|at| (small_size(&bytes) >> (8 * at)) as u8).collect();
    let mut lying = bytes.clone();
    let places: Vec<usize> =
        lying.windows(4).enumerate().filter(|(_, w)| *w == size).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        lying[at..at + 4].copy_from_slice(&1000_u32.to_le_bytes());
    }
    let why = refusal(&lying);
    assert!(why.contains("unpacks to more") || why.contains("damaged"), "{why}");
}

/// What the directory says of the sheet's size.
fn small_size(bytes: &[u8]) -> u64 {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    archive.by_name("xl/worksheets/sheet1.xml").unwrap().size()
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(60))]
    /// Whatever stands in a part of a workbook, it is read or refused.
    #[test]
    fn no_part_of_a_workbook_takes_the_reader_down(
        part in 0..4_usize,
        at in 0..3000_usize,
        cut in 0..12_usize,
        with in "[<>/\"=A-Za-z0-9 :&;.-]{0,12}",
    ) {
        let part = ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"][part];
        let bytes = patched(&small(), part, |text| {
            let mut text: Vec<char> = text.chars().collect();
            let start = at % text.len();
            let end = (start + cut).min(text.len());
            text.splice(start..end, with.chars());
            // Never the same, which the helper does not take for a change.
            text.push('\n');
            text.into_iter().collect()
        });
        let report = tidy_sheet(&bytes);
        assert!(report.observations <= 1 && (report.is_accepted() || report.series.is_empty()));
    }
}
