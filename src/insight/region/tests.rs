//! Regional profiles: the sixteen members of a real region, gaps, and what must never be summed.

use super::*;
use crate::insight::testing::{AGREEMENT, number, period, publisher, series, with};
use crate::model::AttributeId;

const MEMBERS: [&str; 16] = [
    "AGO", "BWA", "COD", "COM", "LSO", "MDG", "MOZ", "MUS", "MWI", "NAM", "SWZ", "SYC", "TZA", "ZAF", "ZMB",
    "ZWE",
];

fn member(at: usize, country: &str) -> Member {
    Member { country: country.to_owned(), publisher: publisher(u8::try_from(at).unwrap() + 1) }
}

fn members(countries: &[&str]) -> Vec<Member> {
    countries.iter().enumerate().map(|(at, country)| member(at, country)).collect()
}

/// The UN DESA matrix of 2024 between the sixteen.
fn southern_africa() -> Vec<SeriesView> {
    let file = include_str!("../../../tests/data/undesa_ims2024_stock_od_sex.csv");
    let mut all: BTreeMap<(usize, String), Vec<(&str, &str)>> = BTreeMap::new();
    for row in file.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let (destination, origin) = (fields[0], fields[1]);
        let Some(at) = MEMBERS.iter().position(|country| *country == destination) else { continue };
        if MEMBERS.contains(&origin) {
            let sex = if fields[3] == "female" { "F" } else { "M" };
            let key = format!("A.{destination}.{origin}.MS_FBORN.BIR.{sex}._T._T._T._T._T._T._T.PS");
            all.entry((at, key)).or_default().push((fields[2], fields[4]));
        }
    }
    all.iter().map(|((at, key), values)| series(u8::try_from(*at).unwrap() + 1, key, values)).collect()
}

fn profile(countries: &[&str], all: &[SeriesView]) -> Profile {
    let mut builder = Builder::new(AGREEMENT, members(countries));
    all.iter().for_each(|series| builder.add(series));
    builder.finish()
}

fn at<'a>(profile: &'a Profile, text: &str) -> &'a Total {
    profile.totals.iter().find(|total| total.period == period(text)).unwrap()
}

fn sums(total: &Total) -> [Option<String>; 3] {
    [total.sum.total, total.sum.female, total.sum.male].map(|value| value.map(|value| value.to_string()))
}

fn some(values: [&str; 3]) -> [Option<String>; 3] {
    values.map(|value| Some(value.to_owned()))
}

#[test]
fn sixteen_members_sum_to_what_un_desa_published() {
    let all = southern_africa();
    assert_eq!(all.iter().map(|series| series.versions.len()).sum::<usize>(), 1840);
    let whole = profile(&MEMBERS, &all);
    let newest = at(&whole, "2024");
    assert_eq!(sums(newest), some(["3606655", "1650927", "1955728"]));
    assert_eq!((newest.cells, newest.withheld, newest.reporting.len()), (115, 0, 16));
    assert_eq!(newest.is_representative, Some(true));
    assert_eq!(at(&whole, "1990").sum.total, Some(number("3362478")));
    assert_eq!((whole.reporting.len(), whole.missing.len()), (16, 0));
    let measure = &newest.measure;
    let matrix = whole.matrix(measure, period("2024")).unwrap();
    let largest = matrix.largest(2);
    let named: Vec<_> = largest.iter().map(|f| (&*f.origin, &*f.destination, f.value.total)).collect();
    assert_eq!(named, [("ZWE", "ZAF", Some(number("1072620"))), ("MOZ", "ZAF", Some(number("412058")))]);
    assert_eq!(matrix.flows.len(), 115);
}

#[test]
fn missing_members_are_named_and_nothing_is_put_in_their_place() {
    let mut all = southern_africa();
    all.retain(|series| !["COD", "COM", "SYC"].contains(&series.key.ref_area()));
    let part = profile(&MEMBERS, &all);
    assert_eq!(part.missing, ["COD", "COM", "SYC"]);
    assert_eq!(part.reporting.len(), 13);
    assert_eq!(at(&part, "2024").sum.total, Some(number("3393688")));
    // Nothing was ever known of them, so nobody can say how much is missing.
    assert_eq!((at(&part, "2024").known_share, at(&part, "2024").is_representative), (None, None));
}

#[test]
fn a_sum_without_the_largest_member_does_not_stand_for_the_region() {
    let mut all = southern_africa();
    for series in all.iter_mut().filter(|series| series.key.ref_area() == "ZAF") {
        series.versions.retain(|version| version.period != period("2024"));
    }
    let profile = profile(&MEMBERS, &all);
    let newest = at(&profile, "2024");
    assert_eq!(newest.sum.total, Some(number("1516488")));
    assert_eq!(newest.is_representative, Some(false));
    assert!(newest.known_share.is_some_and(|share| share < number("0.5")), "{newest:?}");
    assert!(profile.missing.is_empty(), "it reports other years");
}

#[test]
fn sums_over_other_members_are_no_part_of_the_course() {
    let comparable = |profile: &Profile| -> Vec<String> {
        let of_it = profile.totals.iter().filter(|total| total.is_comparable);
        of_it.map(|total| total.period.to_string()).collect()
    };
    let mut all = southern_africa();
    let years = ["1990", "1995", "2000", "2005", "2010", "2015", "2020", "2024"];
    assert_eq!(comparable(&profile(&MEMBERS, &all)), years);
    for series in all.iter_mut().filter(|series| series.key.ref_area() == "ZAF") {
        series.versions.retain(|version| !["1995", "2024"].map(period).contains(&version.period));
    }
    let without: Vec<&str> = years.into_iter().filter(|year| !["1995", "2024"].contains(year)).collect();
    assert_eq!(comparable(&profile(&MEMBERS, &all)), without);

    let key = |from: &str, to: &str| format!("A.{from}.{to}.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS");
    let two = |canada: &str| {
        let all = [
            series(2, &key("PHL", "CAN"), &[("2020", "10"), ("2021", "11")]),
            series(1, &key("CAN", "PHL"), &[("2021", canada)]),
        ];
        comparable(&profile(&["CAN", "PHL"], &all))
    };
    assert_eq!(two("5"), ["2021"], "of equally many the newest");
    assert_eq!(two("Q"), ["2020", "2021"], "a value that is withheld is in no sum");
}

#[test]
fn the_digest_depends_on_the_figures_and_not_on_their_order() {
    let mut all = southern_africa();
    let whole = profile(&MEMBERS, &all).digest;
    all.reverse();
    assert_eq!(profile(&MEMBERS, &all).digest, whole);
    let last = all.pop().unwrap();
    assert_ne!(profile(&MEMBERS, &all).digest, whole);
    assert_ne!(profile(&MEMBERS[..15], &all).digest, profile(&MEMBERS, &all).digest);
    all.push(last);
    assert_eq!(profile(&MEMBERS, &all).digest, whole);
}

/// Pins the canonical form: members compare this text's hash across versions of the program.
#[test]
fn the_canonical_form_is_what_it_says() {
    let key = "A.AAA.BBB.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS".replace("AAA", "PHL").replace("BBB", "CAN");
    let profile = profile(&["CAN", "PHL"], &[series(2, &key, &[("2020", "12")])]);
    let mut text = format!("corridor/region/1 {}\n", "07".repeat(32));
    text += &format!("member CAN {} missing\nmember PHL {} reporting\n", "01".repeat(32), "02".repeat(32));
    for one in catalogue::all() {
        text += &format!("coverage {} {} 2\n", one.code(), u8::from(one.code() == "MS_FBORN"));
    }
    text += "total MS_FBORN A BIR _T PS 2020 12 - - 1 0\n";
    text += "flow MS_FBORN A BIR _T PS 2020 CAN PHL 12 - -\n";
    assert_eq!(profile.digest, Hash::of(&[text.as_bytes()]));
}

#[test]
fn what_must_not_be_summed_is_not() {
    let key = |change: (&str, &str)| {
        "A.PHL.CAN.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS".replace(change.0, change.1)
    };
    let rate = "A.PHL._Z.DV_LEXP._Z._T._T._T._T._T._T._T._T.YR";
    let all = [
        series(2, &key(("", "")), &[("2020", "10")]),
        // Of somebody else, of no member, of the country itself, of an age group, and a mean.
        series(1, &key(("", "")), &[("2020", "1000")]),
        series(2, &key(("CAN", "ITA")), &[("2020", "100")]),
        series(2, &key((".CAN.", "._T.")), &[("2020", "100")]),
        series(2, &key(("BIR._T._T", "BIR._T.Y0T4")), &[("2020", "3")]),
        series(2, rate, &[("2020", "71.5")]),
    ];
    let profile = profile(&["CAN", "PHL"], &all);
    assert_eq!(profile.totals.len(), 1);
    assert_eq!(profile.totals[0].sum.total, Some(number("10")));
    assert_eq!(profile.reporting, ["PHL"]);
    // It is reported all the same.
    let coverage = profile.coverage.iter().find(|one| one.indicator == "DV_LEXP").unwrap();
    assert_eq!(coverage.reporting, ["PHL"]);
}

#[test]
fn a_withheld_total_is_not_made_of_its_parts() {
    let key = |sex: &str| format!("A.PHL.CAN.MS_FBORN.BIR.{sex}._T._T._T._T._T._T._T.PS");
    let all = [
        series(2, &key("_T"), &[("2020", "Q"), ("2021", "50")]),
        series(2, &key("F"), &[("2020", "20"), ("2021", "Q")]),
        series(2, &key("M"), &[("2020", "15"), ("2021", "30")]),
    ];
    let whole = profile(&["CAN", "PHL"], &all);
    assert_eq!(sums(at(&whole, "2020")), [None, Some("20".to_owned()), Some("15".to_owned())]);
    assert_eq!((at(&whole, "2020").cells, at(&whole, "2020").withheld), (0, 1));
    assert_eq!(sums(at(&whole, "2021")), [Some("50".to_owned()), None, Some("30".to_owned())]);
    let without = [series(2, &key("F"), &[("2020", "20")]), series(2, &key("M"), &[("2020", "Q")])];
    assert_eq!(sums(&profile(&["CAN", "PHL"], &without).totals[0])[0], None);
}

#[test]
fn thousands_are_added_as_thousands() {
    let key = |from: &str, to: &str| format!("A.{from}.{to}.RE_PAID._Z._T._T._T._T._T._T._T._T.USD");
    let all = [
        with(series(2, &key("PHL", "CAN"), &[("2020", "1.5")]), &[(AttributeId::UnitMult, "3")]),
        series(1, &key("CAN", "PHL"), &[("2020", "250.25")]),
    ];
    let profile = profile(&["CAN", "PHL"], &all);
    assert_eq!(profile.totals[0].sum.total, Some(number("1750.25")));
}
