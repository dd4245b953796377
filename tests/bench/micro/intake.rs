//! Reading and checking files: what a statistical office sends, what is hardest, and what is smallest.

use corridor::intake::{self, Rules};
use corridor::model::codelist;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

const HEADER: &str = "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,AGE,EDUCATION_LEV,OCCUPATION,ACTIVITY,\
    REASON,DURATION,SUBNAT,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS\n";
const ORIGINS: [&str; 10] = ["ITA", "FRA", "DEU", "MAR", "PHL", "COL", "ECU", "ROU", "GBR", "USA"];
const SEXES: [(&str, u64); 3] = [("_T", 2), ("F", 1), ("M", 1)];
/// Age groups with weights of which none exceeds the total's.
const AGES: [(&str, u64); 6] =
    [("_T", 40), ("Y0T4", 3), ("Y5T9", 4), ("Y10T14", 5), ("Y15T19", 6), ("Y20T24", 9)];
const STAY: [(&str, u64); 5] = [("_T", 40), ("Y_LT1", 3), ("Y1T4", 8), ("Y5T9", 9), ("Y_GE10", 15)];
/// Years of a series: a census in five, then a register every year.
const YEARS: u64 = 15;

/// A tidy file with so many observations, each series `years` long and in one piece.
fn file(observations: usize, years: u64) -> String {
    let mut text = HEADER.to_owned();
    let rows = codelist::occupation().codes().iter().flat_map(|occupation| {
        let series = STAY.into_iter().flat_map(|stay| AGES.into_iter().map(move |age| (stay, age)));
        let series = series.flat_map(|cell| ORIGINS.into_iter().map(move |origin| (cell, origin)));
        let series = series.flat_map(|cell| SEXES.into_iter().map(move |sex| (cell, sex)));
        series.flat_map(move |((((stay, s), (age, a)), origin), (sex, x))| {
            let occupation = occupation.id();
            (0..years).map(move |year| {
                let (year, value) = (1900 + year, (s * a + year) * x);
                format!(
                    "A,ESP,{origin},MS_FBORN,BIR,{sex},{age},_T,{occupation},_T,_T,{stay},_T,PS,{year},{value},A\n"
                )
            })
        })
    });
    text.extend(rows.take(observations));
    text
}

fn measure(bencher: Bencher<'_, '_>, text: &str) {
    let rules = Rules { country: Some("ESP"), ..Rules::default() };
    let rows = text.lines().count() - 1;
    bencher.counter(ItemsCount::new(rows)).counter(BytesCount::new(text.len())).bench_local(|| {
        let mut report = intake::read(&mut text.as_bytes(), None, &rules);
        assert!(report.is_accepted(), "{:?}", report.findings);
        report.take_series().count()
    });
}

/// Series of some length, one after the other.
#[divan::bench(args = [1_000, 100_000], sample_count = 20)]
fn by_series(bencher: Bencher<'_, '_>, rows: usize) {
    measure(bencher, &file(rows, YEARS));
}

/// The rows of [`by_series`] as SDMX-CSV 2.0.
#[divan::bench(args = [100_000], sample_count = 20)]
fn sdmx_csv(bencher: Bencher<'_, '_>, rows: usize) {
    let text = file(rows, YEARS);
    let (header, rows) = text.split_once('\n').unwrap_or_default();
    let rows: String = rows.lines().map(|row| format!("dataflow,ESP:MIG(1.0),I,{row}\n")).collect();
    measure(bencher, &format!("STRUCTURE,STRUCTURE_ID,ACTION,{header}\n{rows}"));
}

/// The same rows year by year, so that each belongs to another series than the one before.
#[divan::bench(args = [100_000], sample_count = 20)]
fn by_period(bencher: Bencher<'_, '_>, rows: usize) {
    let text = file(rows, YEARS);
    let (header, rows) = text.split_once('\n').unwrap_or_default();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_by_key(|row| row.split(',').nth(14));
    measure(bencher, &format!("{header}\n{}\n", rows.join("\n")));
}

/// Every row is a series of its own.
#[divan::bench(args = [1_000, 100_000], sample_count = 20)]
fn one_value_each(bencher: Bencher<'_, '_>, rows: usize) {
    measure(bencher, &file(rows, 1));
}

/// One figure, as an office sends it that publishes as it counts.
#[divan::bench]
fn one_row(bencher: Bencher<'_, '_>) {
    measure(bencher, &file(1, 1));
}
