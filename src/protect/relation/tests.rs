//! Which sums are found between series, written out.

use super::*;
use crate::model::catalogue::DisclosureRule;
use crate::model::{Attributes, Decimal, Observation, Series, SeriesKey};
use crate::protect::Held;

/// The sums among series that differ from a total in one dimension: total = parts, with what is left in brackets.
fn sums(dimension: Dimension, values: &[(&str, i64)]) -> (Vec<String>, u64) {
    let whole = SeriesKey::parse("A.ESP.ITA.MS_MIGWORK.BIR._T._T._T._T._T._T._T._T.PS").unwrap();
    let period = Period::parse("2020").unwrap();
    let series = |(code, value): &(&str, i64)| {
        let observed = Observation::reported(period, Decimal::from(*value));
        Series::new(whole.with(dimension, code).unwrap(), Attributes::none(), vec![observed]).unwrap()
    };
    let series: Vec<Series> = values.iter().map(series).collect();
    let leaving: Vec<(&Series, DisclosureRule)> =
        series.iter().map(|one| (one, DisclosureRule::D5)).collect();
    let mut table = Table::new(&leaving, &Held::default()).unwrap();
    let places = Places::new([("ES-M".to_owned(), "ES-MD".to_owned())]);
    let found = relate(&mut table, &places);
    let name = |cell: u32| match (cell as usize).checked_sub(table.cells.len()) {
        Some(rest) => format!("[{}]", found.rests[rest].truth),
        None => table.line(&table.cells[cell as usize]).key.dimension(dimension).to_owned(),
    };
    let bounds = vec![(0, OPEN); table.cells.len() + found.rests.len()];
    let system = crate::protect::system::System::new(&bounds, &found.sums);
    let text = |row: u32| {
        let cells: Vec<String> = system.row(row).iter().map(|(cell, _)| name(*cell)).collect();
        let mut parts = cells[1..].to_vec();
        parts.sort();
        format!("{} = {}", cells[0], parts.join(" "))
    };
    let mut all: Vec<String> = (0..index(found.sums.len())).map(text).collect();
    all.sort();
    (all, found.inconsistent)
}

/// Name, dimension, series with their values, sums.
type Case<'a> = (&'a str, Dimension, &'a [(&'a str, i64)], &'a [&'a str]);

#[test]
fn sums_follow_from_the_code_lists() {
    let cases: &[Case<'_>] = &[
        ("complete", Dimension::Sex, &[("_T", 7), ("F", 3), ("M", 4)], &["_T = F M"]),
        ("incomplete", Dimension::Sex, &[("_T", 7), ("F", 3)], &["_T = F [4]"]),
        ("unknown sex", Dimension::Sex, &[("_T", 9), ("F", 3), ("M", 4), ("_U", 2)], &["_T = F M _U"]),
        ("no total", Dimension::Sex, &[("F", 3), ("M", 4)], &[]),
        (
            "levels",
            Dimension::Occupation,
            &[("_T", 20), ("OC1", 12), ("OC2", 8), ("OC11", 7), ("OC1112", 5)],
            &["OC1 = OC11 [5]", "OC11 = OC1112 [2]", "_T = OC1 OC2"],
        ),
        (
            "a level left out",
            Dimension::Occupation,
            &[("_T", 20), ("OC11", 7), ("OC2", 8)],
            &["_T = OC11 OC2 [5]"],
        ),
        ("activities", Dimension::Activity, &[("_T", 20), ("A", 12), ("F", 8)], &["_T = A F"]),
        (
            "reasons",
            Dimension::Reason,
            &[("_T", 9), ("REM", 6), ("REM_SEAS", 6), ("FAM", 3)],
            &["REM = REM_SEAS", "_T = FAM REM"],
        ),
        (
            "world",
            Dimension::CounterpartArea,
            &[("_T", 30), ("150", 20), ("ITA", 12), ("FRA", 8), ("KEN", 10)],
            &["150 = FRA ITA", "_T = 150 KEN", "_T = FRA ITA KEN"],
        ),
        ("foreign", Dimension::CounterpartArea, &[("_X", 20), ("ITA", 12), ("KEN", 8)], &["_X = ITA KEN"]),
        (
            "provinces",
            Dimension::Subnat,
            &[("_T", 9), ("ES-MD", 4), ("ES-M", 4), ("ES-AN", 5)],
            &["ES-MD = ES-M", "_T = ES-AN ES-MD"],
        ),
        (
            "both sides",
            Dimension::Subnat,
            &[("_T", 9), ("ES-MD", 9), ("C:IT-62", 8)],
            &["_T = C:IT-62 [1]", "_T = ES-MD"],
        ),
    ];
    for (name, dimension, values, wanted) in cases {
        let (found, inconsistent) = sums(*dimension, values);
        let mut wanted: Vec<String> = wanted.iter().map(|text| ordered(text)).collect();
        wanted.sort();
        assert_eq!((found, inconsistent), (wanted, 0), "{name}");
    }
}

/// The parts of a sum in the order in which the tests write them.
fn ordered(sum: &str) -> String {
    let (total, parts) = sum.split_once(" = ").unwrap();
    let mut parts: Vec<&str> = parts.split(' ').collect();
    parts.sort_unstable();
    format!("{total} = {}", parts.join(" "))
}

#[test]
fn spans_are_sums_of_pieces() {
    let cases: &[Case<'_>] = &[
        (
            "bands",
            Dimension::Age,
            &[("Y0T14", 12), ("Y0T4", 3), ("Y5T9", 4), ("Y10T14", 5)],
            &["Y0T14 = Y0T4 Y10T14 Y5T9"],
        ),
        (
            "overlap",
            Dimension::Age,
            &[("_T", 100), ("Y0T14", 20), ("Y0T17", 23), ("Y15T64", 70), ("Y_GE65", 10)],
            // 15 to 17 and 18 to 64 are pieces that nobody stated.
            &["Y0T17 = Y0T14 [3]", "Y15T64 = [3] [67]", "_T = Y0T14 Y_GE65 [3] [67]"],
        ),
        (
            "unknown age",
            Dimension::Age,
            &[("_T", 10), ("Y0T14", 4), ("Y_GE15", 5), ("_U", 1)],
            &["_T = Y0T14 Y_GE15 _U"],
        ),
        ("apart", Dimension::Age, &[("_T", 10), ("Y15T64", 7)], &["[10] = Y15T64 [3]", "_T = [10]"]),
        (
            "levels",
            Dimension::EducationLev,
            &[("ISCED11_0T2", 9), ("ISCED11_0", 2), ("ISCED11_1", 3), ("ISCED11_2", 4)],
            &["ISCED11_0T2 = ISCED11_0 ISCED11_1 ISCED11_2"],
        ),
        (
            "stay",
            Dimension::Duration,
            &[("Y_LT1", 6), ("M_LT3", 1), ("M3T5", 2), ("M6T11", 3)],
            &["Y_LT1 = M3T5 M6T11 M_LT3"],
        ),
    ];
    for (name, dimension, values, wanted) in cases {
        let (found, inconsistent) = sums(*dimension, values);
        let mut wanted: Vec<String> = wanted.iter().map(|text| ordered(text)).collect();
        wanted.sort();
        assert_eq!((found, inconsistent), (wanted, 0), "{name}");
    }
}

#[test]
fn sums_that_the_truth_does_not_keep_are_none() {
    let (found, inconsistent) = sums(Dimension::Sex, &[("_T", 6), ("F", 3), ("M", 4)]);
    assert_eq!((found, inconsistent), (vec![], 1));
    let ages = [("Y0T14", 11), ("Y0T4", 3), ("Y5T9", 4), ("Y10T14", 5)];
    let (found, inconsistent) = sums(Dimension::Age, &ages);
    assert_eq!((found, inconsistent), (vec![], 1));
}
