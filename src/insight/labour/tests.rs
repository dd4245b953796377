//! Posts and workers of one corridor.

use super::*;
use crate::insight::testing::{number, series};

fn key(from: &str, to: &str, indicator: &str, occupation: &str, unit: &str) -> String {
    format!("Q.{from}.{to}.{indicator}._Z._T._T._T.{occupation}._T._T._T._T.{unit}")
}

#[test]
fn posts_and_workers_meet_by_occupation() {
    let quarter = "2026-Q3";
    let mut builder = Builder::default();
    for (reporter, other, indicator, occupation, unit, value) in [
        ("XAB", "XAA", DEMAND, "OC2221", "POSTS", "1840"),
        ("XAB", "_X", DEMAND, "OC2221", "POSTS", "9000"),
        ("XAB", "XAA", DEMAND, "OC71", "POSTS", "6300"),
        ("XAA", "_Z", SUPPLY, "OC2221", "PS", "1215"),
        ("XAA", "_Z", SUPPLY, "OC72", "PS", "400"),
    ] {
        builder.add(&series(1, &key(reporter, other, indicator, occupation, unit), &[(quarter, value)]));
    }
    let rows = builder.finish();
    let seen: Vec<_> =
        rows.iter().map(|row| (&*row.occupation, row.demand, row.supply, row.matched, row.open)).collect();
    let some = |text: &str| Some(number(text));
    assert_eq!(
        seen,
        [
            // What is offered to this origin in particular counts before what is offered to all.
            ("OC2221", some("1840"), some("1215"), some("1215"), some("625")),
            ("OC71", some("6300"), None, None, None),
            ("OC72", None, some("400"), None, None),
        ]
    );
    assert!(rows.iter().all(|row| row.surplus.is_none()));
}

#[test]
fn parts_by_sex_are_not_rows_of_their_own() {
    let mut builder = Builder::default();
    let women = key("XAA", "_Z", SUPPLY, "OC72", "PS").replace("_Z._T", "_Z.F");
    builder.add(&series(1, &women, &[("2026-Q3", "10")]));
    assert_eq!(builder.finish(), []);
}
