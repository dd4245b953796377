//! Quality measured on small, named histories.

use super::*;
use crate::feed::{AgreementId, FeedId};
use crate::insight::testing::{number, period, publisher, series, version, versions, with};

const KEY: &str = "A.PHL.CAN.MF_IMM_PREV.RES._T._T._T._T._T._T.M_GE12._T.PS";

/// As of the first of March 2026.
fn report(all: Vec<SeriesView>, only: Option<&str>) -> Report {
    let mut builder = Builder::new(Millis::parse("2026-03-01").unwrap(), only);
    all.into_iter().for_each(|series| builder.add(series));
    builder.finish().0
}

#[test]
fn statuses_are_counted_by_what_they_say() {
    let values =
        [("2015", "1"), ("2016", "B2"), ("2017", "E3"), ("2018", "P4"), ("2019", "U5"), ("2020", "Q")];
    let one = &report(vec![series(1, KEY, &values)], None).assessments[0];
    assert_eq!(
        one.accuracy,
        Accuracy {
            normal: 2,
            estimated: 1,
            provisional: 1,
            unreliable: 1,
            withheld: 1,
            normal_share: Some(number("0.400")),
            ..Accuracy::default()
        }
    );
    assert_eq!((one.observations, one.first_period, one.last_period), (6, period("2015"), period("2020")));
    assert_eq!((one.comparability.breaks, one.comparability.comparable_periods), (1, 5));
}

#[test]
fn lateness_is_measured_against_the_publishers_own_habit() {
    // The year ends on 1 January; 2024 came 369 days after its end, 2025 came 40.
    let all = vec![versions(1, KEY, vec![version("2024", "5", 4), version("2025", "6", 40)])];
    let one = &report(all, None).assessments[0];
    assert_eq!((one.timeliness_days, one.punctuality_days), (40, Some(40 - 369)));
    assert_eq!(one.due, Some(Millis::parse("2027-02-10").unwrap()));
    assert!(!one.is_overdue);
    let old = &report(vec![series(1, KEY, &[("2023", "5")])], None);
    // It came 731 - 365 days after its end, so 2024 was not due before January 2027.
    assert_eq!((old.assessments[0].timeliness_days, old.overdue.len()), (731, 0));
    let monthly = "M.PHL.CAN.LM_DEPLOY.CIT._T._T._T._T._T._T._T._T.PS";
    let late = report(vec![series(1, monthly, &[("2025-11", "5"), ("2025-12", "6")])], None);
    assert_eq!(late.overdue, ["LM_DEPLOY"]);
    assert_eq!(late.assessments[0].punctuality_days, None, "both came together");
    assert_eq!(late.median_age_days, Some(59));
}

#[test]
fn revisions_are_measured_within_a_feed_and_statements_counted_once() {
    let mine =
        versions(1, KEY, vec![version("2024", "100", 1), version("2024", "110", 2), version("2025", "7", 1)]);
    let mut rounded = versions(1, KEY, vec![version("2024", "112", 1), version("2025", "7", 3)]);
    rounded.feed = FeedId::new(publisher(1), AgreementId([9; 32]));
    let one = &report(vec![mine, rounded], None).assessments[0];
    assert_eq!((one.series_count, one.observations), (1, 2));
    assert_eq!(one.revisions, Revisions { revised: 1, mean_relative: Some(number("0.091")) });
}

#[test]
fn gaps_say_why_as_far_as_their_publisher_does() {
    let all = vec![
        series(1, KEY, &[("2020", "5")]),
        series(1, "A.PHL._Z.DV_LEXP._Z._T._T._T._T._T._T._T._T.YR", &[("2020", "L")]),
        series(1, "A.PHL._Z.DV_GDPPC._Z._T._T._T._T._T._T._T._T.USD", &[("2020", "L"), ("2021", "O")]),
    ];
    let report = report(all, None);
    assert_eq!((report.reported, report.core), (1, catalogue::all().len()));
    let gap = |code: &str| report.gaps.iter().find(|(one, _)| *one == code).map(|(_, gap)| *gap);
    assert_eq!(gap("MF_IMM_PREV"), None);
    assert_eq!(gap("DV_LEXP"), Some(Gap::NotCollected));
    assert_eq!(gap("DV_GDPPC"), Some(Gap::Missing), "the newest word counts");
    assert_eq!(gap("NF_NET"), Some(Gap::NotReported));
}

#[test]
fn each_series_of_an_indicator_can_be_looked_at() {
    let by_sex = KEY.replace("RES._T", "RES.F");
    let described = [(AttributeId::DefId, "X"), (AttributeId::NatPriority, "1")];
    let all = vec![
        series(1, &by_sex, &[("2020", "2")]),
        with(series(1, KEY, &[("2020", "5")]), &described[..1]),
        series(1, "A.PHL._Z.DV_POP._Z._T._T._T._T._T._T._T._T.PS", &[("2020", "5")]),
    ];
    let each = report(all.clone(), Some("MF_IMM_PREV"));
    assert_eq!(each.assessments.iter().map(|one| one.breakdowns.len()).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(each.reported, 2);
    let whole = report(all, None);
    let one = whole.assessments.iter().find(|one| one.indicator == "MF_IMM_PREV").unwrap();
    assert_eq!((one.series_count, one.counterparts, one.comparability.defined), (2, 1, 1));
    assert!(one.breakdowns.contains(&Breakdown::Sex) && one.breakdowns.contains(&Breakdown::Counterpart));
}
