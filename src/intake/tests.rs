//! Files as they come: good ones, real ones, bad ones, hostile ones.

use super::{Finding, MAX_FINDINGS, MAX_ROW_BYTES, Mapping, Report, Rules, Severity};
use crate::model::codelist;
use crate::model::{Decimal, ObsStatus, Period, Series, SeriesKey};
use std::io::Read;

mod bad;
mod contributions;
mod hostile;
mod large;
mod list;
mod mapped;
mod sdmx;
mod sheets;

const SPAIN: Rules<'_> = Rules { country: Some("ESP"), concentration: None };

/// A report with its series taken out.
#[derive(Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) series: Vec<Series>,
    pub(super) findings: Vec<Finding>,
    pub(super) rows: u64,
    pub(super) observations: u64,
}

impl Taken {
    fn from(mut report: Report) -> Self {
        let stream = report.take_series();
        assert_eq!((stream.len() as u64, stream.is_empty()), (report.series, report.series == 0));
        let series: Vec<Series> = stream.collect();
        assert!(series.is_sorted_by(|a, b| a.key() < b.key()), "sorted by key");
        let observations: usize = series.iter().map(|s| s.observations().len()).sum();
        assert_eq!(observations as u64, report.observations);
        assert!(report.take_series().is_empty(), "they are given once");
        let Report { findings, rows, observations, .. } = report;
        Self { series, findings, rows, observations }
    }

    fn is_accepted(&self) -> bool {
        self.findings.iter().all(|f| f.severity != Severity::Error)
    }
}

/// Reads a file as the node does.
pub(super) fn read(input: &mut (dyn Read + Send), mapping: Option<&Mapping>, rules: &Rules<'_>) -> Taken {
    let report = super::read(input, mapping, rules);
    let accepted = report.is_accepted();
    let taken = Taken::from(report);
    assert_eq!(accepted, taken.is_accepted());
    taken
}

pub(super) fn tidy(text: &str) -> Taken {
    read(&mut text.as_bytes(), None, &SPAIN)
}

pub(super) fn lines(report: &Taken) -> Vec<String> {
    report.findings.iter().map(ToString::to_string).collect()
}

pub(super) fn errors(report: &Taken) -> Vec<String> {
    let errors = report.findings.iter().filter(|f| f.severity == Severity::Error);
    errors.map(ToString::to_string).collect()
}

pub(super) fn value(report: &Taken, key: &str, period: &str) -> Option<Decimal> {
    let series = report.series.iter().find(|s| s.key().as_str() == key)?;
    let period = Period::parse(period).unwrap();
    series.observations().iter().find(|o| o.period() == period)?.value()
}

pub(super) fn number(text: &str) -> Option<Decimal> {
    Some(Decimal::parse(text).unwrap())
}

const KEY: &str = "A.ESP.ITA.MF_IMM_PREV.RES._T._T._T._T._T._T.M_GE12._T.PS";
const TIDY: &str = "REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,DURATION,TIME_PERIOD,OBS_VALUE\n\
    ESP,ITA,MF_IMM_PREV,RES,M_GE12,2017,22203\n\
    ESP,ITA,MF_IMM_PREV,RES,M_GE12,2018,22002\n";

#[test]
fn a_tidy_file_becomes_series_with_usual_codes() {
    let report = tidy(TIDY);
    assert!(report.is_accepted(), "{:?}", lines(&report));
    assert_eq!((report.rows, report.observations, report.series.len()), (2, 2, 1));
    assert_eq!(report.series[0].key(), &SeriesKey::parse(KEY).unwrap());
    assert_eq!(value(&report, KEY, "2017"), number("22203"));
    let observation = &report.series[0].observations()[0];
    assert_eq!((observation.status(), observation.revision()), (ObsStatus::Normal, 0));
    let attributes: Vec<(&str, &str)> =
        report.series[0].attributes().iter().map(|(id, text)| (id.id(), text)).collect();
    let usual = [("UNIT_MULT", "0"), ("DECIMALS", "0"), ("SENS_CLASS", "S0"), ("DISC_RULE", "D5")];
    assert_eq!(attributes, usual);
}

#[test]
fn missing_mandatory_attributes_are_said_once_each() {
    let report = tidy(TIDY);
    assert_eq!(report.findings.len(), 5);
    let text = "line 1: SOURCE_TYPE is missing: add a column or an [attributes] line";
    assert!(lines(&report).contains(&text.to_owned()), "{:?}", lines(&report));
}

#[test]
fn byte_order_mark_line_ends_delimiters_and_quotes_make_no_difference() {
    let plain = tidy(TIDY);
    for text in [
        format!("\u{feff}{TIDY}"),
        TIDY.replace('\n', "\r\n"),
        TIDY.replace('\n', "\r"),
        TIDY.replace(',', ";"),
        TIDY.replace(',', "\t"),
        TIDY.replace("ESP,", "\"ESP\", "),
        TIDY.trim_end().to_owned(),
        TIDY.replace("\nESP", "\n\n,,,,,,\nESP"),
        TIDY.replace("REF_AREA", "ref_area"),
        TIDY.replace("REF_AREA,", "").replace("ESP,", ""),
    ] {
        assert_eq!(tidy(&text).series, plain.series, "{text:?} {:?}", lines(&tidy(&text)));
    }
}

#[test]
fn attributes_and_statuses_come_as_columns() {
    let text = "INDICATOR,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,CONF_STATUS,REVISION,COMMENT_OBS,SOURCE_TYPE\n\
        MF_IMM_PREV,F,2017,1.50,P,N,2,\"break, later\",REGISTER\n\
        MF_IMM_PREV,F,2018,,Q,C,,,REGISTER\n\
        MF_IMM_PREV,F,2019,7,,,,,REGISTER\n";
    let report = tidy(text);
    assert!(report.is_accepted(), "{:?}", lines(&report));
    let [first, second, third] = report.series[0].observations() else { panic!("three values") };
    assert_eq!(
        (first.status(), first.revision(), first.value()),
        (ObsStatus::Provisional, 2, number("1.50"))
    );
    assert_eq!(first.attributes().iter().map(|(_, t)| t).collect::<Vec<_>>(), ["break, later"]);
    assert_eq!((second.status(), second.value()), (ObsStatus::Suppressed, None));
    assert_eq!(third.status(), ObsStatus::Normal);
    let decimals = report.series[0].attributes().get(crate::model::AttributeId::Decimals);
    assert_eq!(decimals, Some("2"));
}

#[test]
fn frequency_follows_the_kind_of_period_when_the_file_is_silent() {
    let text =
        "INDICATOR,TIME_PERIOD,OBS_VALUE\nMF_IMM_PREV,2017,1\nMF_IMM_PREV,2017-03,2\nMF_IMM_PREV,2018,3\n";
    let report = tidy(text);
    let keys: Vec<&str> = report.series.iter().map(|s| s.key().freq()).collect();
    assert_eq!(keys, ["A", "M"]);
    assert_eq!(report.series[0].observations().len(), 2);
}

#[test]
#[ignore = "measures; run it alone with --release --nocapture"]
fn speed_of_tidy_rows() {
    let areas = ["ITA", "FRA", "DEU", "MAR", "PHL", "COL", "ECU", "ROU", "GBR", "USA"];
    let mut rows = Vec::new();
    for basis in ["CIT", "BIR", "RES", "LAS", "REG"] {
        for area in areas {
            for reason in ["FAM", "EDU", "_T"] {
                for sex in ["F", "M"] {
                    for month in 0..3600 {
                        let (year, month) = (1800 + month / 12, month % 12 + 1);
                        rows.push(format!(
                            "M,ESP,{area},MF_IMM_PREV,{basis},{sex},_T,_T,_T,_T,{reason},_T,_T,PS,{year}-{month:02},{},A,F\n",
                            rows.len()
                        ));
                    }
                }
            }
        }
    }
    measure("by series", &rows);
    rows.sort_by_key(|row| row.split(',').nth(14).map(str::to_owned));
    measure("by period", &rows);
    let days = |n: usize| format!("{:04}-{:02}-{:02}", 1900 + n % 100, n / 100 % 12 + 1, n / 1200 % 28 + 1);
    let places = codelist::occupation().codes();
    let single = (0..300_000).map(|n| {
        let (place, reason) = (places[n % 600].id(), ["FAM", "EDU", "_T"][n / 600 % 3]);
        let sex = ["F", "M", "_U"][n / 1800 % 3];
        let area = codelist::area().codes()[n / 5400 % 200].id();
        format!("D,ESP,{area},MF_IMM_PREV,RES,{sex},_T,_T,{place},_T,{reason},_T,_T,PS,{},{n},A,F\n", days(n))
    });
    measure("one value a series", &single.collect::<Vec<_>>());
}

#[expect(clippy::disallowed_methods, reason = "the room has no clock, its measurement does")]
fn measure(order: &str, rows: &[String]) {
    let text = format!(
        "FREQ,REF_AREA,COUNTERPART_AREA,INDICATOR,BASIS,SEX,AGE,EDUCATION_LEV,OCCUPATION,ACTIVITY,REASON,\
         DURATION,SUBNAT,UNIT_MEASURE,TIME_PERIOD,OBS_VALUE,OBS_STATUS,CONF_STATUS\n{}",
        rows.concat()
    );
    let started = std::time::Instant::now();
    let mut report = super::read(&mut text.as_bytes(), None, &SPAIN);
    let read = started.elapsed().as_secs_f64();
    assert!(report.rows == rows.len() as u64 && report.is_accepted(), "{:?}", report.findings);
    let series = report.take_series().count();
    let taken = started.elapsed().as_secs_f64() - read;
    let rate = rows.len() as f64 / read;
    println!(
        "{order}: {} rows, {series} series, {rate:.0} rows/s, then {taken:.3} s for the series",
        rows.len()
    );
}
