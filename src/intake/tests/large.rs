//! Large files, and the many ways to read one: whatever the pieces, batches and threads, the report is the same.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::intake::finding::Findings;
use crate::intake::table::{self, Pace};
use crate::model::codelist;

/// Bytes that come in pieces of these lengths, again and again.
struct Pieces<'a> {
    bytes: &'a [u8],
    lengths: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.lengths.next().copied().unwrap_or(1);
        let most = buffer.len().min(length);
        self.bytes.read(&mut buffer[..most])
    }
}

const HEADER: &str = "REF_AREA,COUNTERPART_AREA,INDICATOR,SEX,SUBNAT,TIME_PERIOD,OBS_VALUE,OBS_STATUS,REVISION,\
    COMMENT_OBS,SOURCE_TYPE\n";

/// Rows as ministries write them; some have one fault or another.
fn row() -> impl Strategy<Value = String> {
    let area = select(vec!["ITA", "FRA", " FRA", "_T", "DEU", "ITAL"]);
    let sex = select(vec!["F", "M", "_T", "_U", "\"F\"", "F "]);
    let place = select(vec!["_T", "_T", "ES-01", "ES-M", "ES-", "C:IT-25"]);
    let period = select(vec!["2016", "2017", "2017-A1", "2017-03", "2018-Q1", "2018-01-05", "20"]);
    let value = (0_u32..60, select(vec!["", ".5", ".50", "x", "0000000000000000000000"]));
    let status = select(vec!["A", "", "P", "Q", "Z"]);
    let more = select(vec![
        ",,",
        "0,,REGISTER",
        "3,,",
        "99999,,REGISTER",
        ",\"two\nlines, \"\"x\"\"\",",
        ",note,CENSUS",
    ]);
    let row = (area, sex, place, period, value, status, more);
    let row = row.prop_map(|(area, sex, place, period, (number, rest), status, more)| {
        format!("ESP,{area},MF_IMM_PREV,{sex},{place},{period},{number}{rest},{status},{more}\n")
    });
    prop_oneof![60 => row, 1 => Just("\n,,,,\n".to_owned()), 1 => Just("ESP,ITA\n".to_owned())]
}

/// Rows without a fault, but for what stands twice.
fn good_row() -> impl Strategy<Value = String> {
    let codes = (
        select(vec!["ITA", "FRA", "DEU"]),
        select(vec!["F", "M", "_O"]),
        select(vec!["_T", "ES-01", "ES-M"]),
    );
    let row = (codes, 0_u32..2000, 0_u32..60, select(vec!["A,0,,", "A,7,,", "P,0,seen,"]));
    row.prop_map(|((area, sex, place), month, value, more)| {
        let (year, month) = (1900 + month / 12, month % 12 + 1);
        format!("ESP,{area},MF_IMM_PREV,{sex},{place},{year}-{month:02},{value},{more}\n")
    })
}

fn at(pace: Pace, mut input: impl Read + Send) -> Taken {
    Taken::from(table::read(table::Input::Text(&mut input), None, SPAIN, (pace, Findings::default())))
}

proptest! {
    #[test]
    fn pieces_batches_and_threads_make_no_difference(
        rows in prop_oneof![
            proptest::collection::vec(row(), 0..60),
            proptest::collection::vec(good_row(), 1..120),
        ],
        lengths in proptest::collection::vec(1_usize..40, 1..20),
        batch in 1_usize..9,
    ) {
        let text = format!("{HEADER}{}", rows.concat());
        let whole = tidy(&text);
        let pieces = || Pieces { bytes: text.as_bytes(), lengths: lengths.iter().cycle() };
        prop_assert_eq!(&at(Pace { rows: batch, ahead: true, ..Pace::default() }, text.as_bytes()), &whole);
        prop_assert_eq!(&at(Pace { rows: batch, ahead: false, ..Pace::default() }, pieces()), &whole);
        prop_assert_eq!(&at(Pace { rows: batch, ahead: true, ..Pace::default() }, pieces()), &whole);
        prop_assert!(whole.is_accepted() || whole.series.is_empty());
    }

    #[test]
    fn rows_in_any_order_make_the_same_series(
        rows in proptest::collection::vec(good_row(), 1..120),
        turn in 0_usize..120,
    ) {
        let read = |rows: &[String]| tidy(&format!("{HEADER}{}", rows.concat()));
        let mut moved = rows.clone();
        moved.rotate_left(turn % rows.len());
        moved.reverse();
        prop_assert_eq!(read(&rows).series, read(&moved).series);
    }
}

#[test]
fn a_file_may_have_a_series_in_every_row() {
    let (areas, jobs) = (codelist::counterpart().codes(), codelist::occupation().codes());
    let areas: Vec<&str> = areas.iter().map(|c| c.id()).filter(|id| !id.starts_with('_')).take(200).collect();
    let jobs: Vec<&str> = jobs.iter().map(|c| c.id()).filter(|id| !id.starts_with('_')).take(100).collect();
    let count = areas.len() * jobs.len();
    let row = |n: usize| {
        let (area, job) = (areas[n % areas.len()], jobs[n / areas.len()]);
        format!("{area},{job},MF_IMM_PREV,{},{n}\n", 1950 + n % 70)
    };
    let rows: String = (0..count).map(row).collect();
    let report = tidy(&format!("COUNTERPART_AREA,OCCUPATION,INDICATOR,TIME_PERIOD,OBS_VALUE\n{rows}"));
    assert!(report.is_accepted(), "{:?}", lines(&report));
    assert_eq!((report.rows, report.series.len()), (count as u64, count));
    for n in [0, 1, 4095, 4096, count - 1] {
        let (area, job) = (areas[n % areas.len()], jobs[n / areas.len()]);
        let key = format!("A.ESP.{area}.MF_IMM_PREV._Z._T._T._T.{job}._T._T._T._T.PS");
        let year = (1950 + n % 70).to_string();
        assert_eq!(value(&report, &key, &year), number(&n.to_string()), "{key} {year}");
    }
}

#[test]
fn what_only_a_whole_series_shows_refuses_the_file_too() {
    let text =
        "INDICATOR,TIME_PERIOD,OBS_VALUE\nMF_IMM_PREV,2016,1\nMF_IMM_PREV,2017,0.00000000000000000001\n";
    let report = tidy(text);
    assert_eq!(errors(&report).len(), 1, "{:?}", lines(&report));
    assert!(errors(&report)[0].starts_with("line 2: DECIMALS: code \"20\""), "{:?}", lines(&report));
    assert!(report.series.is_empty());
}

#[test]
fn words_that_mean_the_same_code_make_one_series() {
    let text = "COUNTERPART_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE\n\
        ITA,MF_IMM_PREV,2016,1\n ITA,MF_IMM_PREV,2017,2\n\"ITA \",MF_IMM_PREV,2018,3\n";
    let report = tidy(text);
    assert!(report.is_accepted(), "{:?}", lines(&report));
    assert_eq!((report.series.len(), report.series[0].observations().len()), (1, 3));
}

#[test]
fn memory_goes_back_while_series_are_taken() {
    let rows: String = (0..600_000).map(|n| format!("MF_IMM_PREV,{},{n}\n", date(n))).collect();
    let text = format!("INDICATOR,TIME_PERIOD,OBS_VALUE\n{rows}");
    let mut report = super::super::read(&mut text.as_bytes(), None, &SPAIN);
    assert!(report.is_accepted(), "{:?}", report.findings);
    let mut stream = report.take_series();
    let before = stream.capacity();
    let first = stream.next().map(|series| series.observations().len());
    assert_eq!((first, stream.len()), (Some(600_000), 0));
    assert!(before >= 600_000 && stream.capacity() == 0, "{before} {}", stream.capacity());
}

/// A moment for each number, each later than the one before.
fn date(n: usize) -> String {
    format!(
        "20{:02}-{:02}-{:02}T{:02}:{:02}:00",
        n / 483_840 % 100,
        n / 40_320 % 12 + 1,
        n / 1440 % 28 + 1,
        n / 60 % 24,
        n % 60
    )
}
