//! Records: their inner order, and their order in an entry.

use super::*;
use crate::model::{Decimal, DocumentKind, DocumentLabel};

const KEY: &str = "A.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T.M_GE12._T.PS";

fn observations(years: &[&str]) -> Vec<Observation> {
    years.iter().map(|y| Observation::reported(Period::parse(y).unwrap(), Decimal::from(1))).collect()
}

fn series(key: &str, years: &[&str]) -> Result<Series, ModelError> {
    Series::new(SeriesKey::parse(key).unwrap(), Attributes::none(), observations(years))
}

#[test]
fn a_series_is_sorted_by_period_and_has_each_once() {
    let sorted = series(KEY, &["2019", "2017", "2018"]).unwrap();
    let periods: Vec<String> = sorted.observations().iter().map(|o| o.period().to_string()).collect();
    assert_eq!(periods, ["2017", "2018", "2019"]);
    assert!(matches!(series(KEY, &["2017", "2017-A1"]), Err(ModelError::DuplicatePeriod { .. })));
    assert!(matches!(series(KEY, &["2017-05"]), Err(ModelError::Frequency { .. })));
}

#[test]
fn a_series_says_which_mandatory_attributes_it_lacks() {
    let given = [(AttributeId::UnitMult, "0"), (AttributeId::Decimals, "0")];
    let attributes = Attributes::new(Attachment::Series, given).unwrap();
    let series = Series::new(SeriesKey::parse(KEY).unwrap(), attributes, Vec::new()).unwrap();
    let missing: Vec<&str> = series.missing_attributes().iter().map(|a| a.id()).collect();
    let expected = [
        "SENS_CLASS",
        "DISC_RULE",
        "DEF_ID",
        "SOURCE_LEVEL",
        "SOURCE_TYPE",
        "DATA_PROVIDER",
        "MIN_STAY_MONTHS",
    ];
    assert_eq!(missing, expected);
}

#[test]
fn a_retraction_needs_a_reason() {
    let key = SeriesKey::parse(KEY).unwrap();
    let year = Period::parse("2017").unwrap();
    assert!(Retraction::new(key.clone(), vec![year], " ").is_err());
    assert!(Retraction::new(key.clone(), vec![year, year], "wrong file").is_err());
    assert!(Retraction::new(key, vec![year], "wrong file").is_ok());
}

#[test]
fn records_are_ordered_by_class_then_key_then_period() {
    let document = |id: &str, lang: &str, part| {
        let label = DocumentLabel::new(DocumentKind::Definition, id, lang, "t", "text/plain").unwrap();
        Record::Document(Document::new(label, part, 2, vec![]).unwrap())
    };
    let receipt = |seq| {
        let (publisher, agreement, entry) = ([1; 32], [2; 32], [3; 32]);
        Record::Receipt(Receipt { publisher, agreement, seq, entry, received_at: Millis(0) })
    };
    let key = SeriesKey::parse(KEY).unwrap();
    let sorted = [
        Record::Series(series("A.ESP.ITA.MF_IMM_PREV.RES._T._T._T._T._T._T._T._T.PS", &["2017"]).unwrap()),
        Record::Series(series(KEY, &[]).unwrap()),
        Record::Series(series(KEY, &["1965"]).unwrap()),
        Record::Series(series(KEY, &["2017", "2018"]).unwrap()),
        Record::Series(series(KEY, &["2019"]).unwrap()),
        Record::Retraction(Retraction::new(key, vec![], "all wrong").unwrap()),
        document("a", "en", 0),
        document("a", "en", 1),
        document("a", "fr", 0),
        document("b", "", 0),
        receipt(9),
        receipt(10),
    ];
    assert!(sorted.is_sorted_by(|a, b| a.sort_key() < b.sort_key()));
    assert_eq!(sorted[3].sort_key(), Record::Series(series(KEY, &["2017"]).unwrap()).sort_key());
    assert_eq!(sorted[3].observations(), 2);
}
