//! Mirror statistics on real corridors and at the edges.

use super::*;

type Side = Vec<(Period, Decimal)>;

fn side(values: &[(&str, &str)]) -> Side {
    values.iter().map(|(p, v)| (Period::parse(p).unwrap(), Decimal::parse(v).unwrap())).collect()
}

fn number(text: &str) -> Option<Decimal> {
    Some(Decimal::parse(text).unwrap())
}

fn philippines_canada() -> (Side, Side) {
    let file = include_str!("../../../config/data/mirror_phl_can_1981_2013.csv");
    let rows = file.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let period = Period::parse(fields[0]).unwrap();
        ((period, Decimal::parse(fields[1]).unwrap()), (period, Decimal::parse(fields[2]).unwrap()))
    });
    rows.unzip()
}

#[test]
fn philippines_to_canada_is_seen_differently_in_30_of_33_years() {
    let (origin, destination) = philippines_canada();
    let mirror = compare("PHL", "CAN", "EF_REGEMI", "MF_PERMSET", &origin, &destination);
    assert_eq!((mirror.summary.pairs, mirror.summary.flagged), (33, 30));
    assert_eq!(mirror.summary.mean_ratio, number("1.416"));
    assert_eq!((mirror.summary.min_ratio, mirror.summary.max_ratio), (number("1.072"), number("1.834")));
    assert_eq!((mirror.only_origin, mirror.only_destination), (0, 0));
    assert_eq!(mirror.pairs[0].ratio, number("1.133"));
    assert_eq!(mirror.pairs[0].asymmetry, number("0.125"));
}

#[test]
fn italy_to_spain_2017_is_counted_nearly_three_times_by_spain() {
    let mirror = compare(
        "ITA",
        "ESP",
        "EF_EMI_NEXT",
        "MF_IMM_PREV",
        &side(&[("2017", "7965")]),
        &side(&[("2017", "22203")]),
    );
    assert_eq!(mirror.pairs[0].ratio, number("2.788"));
    assert_eq!(mirror.pairs[0].asymmetry, number("0.944"));
}

#[test]
fn a_pair_is_flagged_beyond_a_quarter_of_the_smaller_value() {
    for (origin, destination, flagged) in [
        ("100", "125", false),
        ("100", "125.001", true),
        ("125", "100", false),
        ("126", "100", true),
        ("0", "0", false),
        ("0", "1", true),
        ("1", "0", true),
    ] {
        let mirror = compare("A", "B", "X", "Y", &side(&[("2017", origin)]), &side(&[("2017", destination)]));
        assert_eq!(mirror.pairs[0].flagged, flagged, "{origin} {destination}");
    }
}

#[test]
fn zero_at_the_origin_has_no_ratio_and_does_not_enter_the_mean() {
    let origin = side(&[("2016", "0"), ("2017", "10"), ("2018", "0")]);
    let destination = side(&[("2016", "4"), ("2017", "15"), ("2018", "0")]);
    let mirror = compare("A", "B", "X", "Y", &origin, &destination);
    assert_eq!(mirror.pairs.iter().map(|p| p.ratio).collect::<Vec<_>>(), [None, number("1.500"), None]);
    assert_eq!(mirror.pairs[0].asymmetry, number("2.000"));
    assert_eq!(mirror.pairs[2].asymmetry, None);
    assert_eq!(mirror.summary.mean_ratio, number("1.500"));
}

#[test]
fn periods_of_one_side_alone_are_counted() {
    let origin = side(&[("2018", "1"), ("2016", "1"), ("2017", "1")]);
    let destination = side(&[("2017", "1"), ("2019", "1")]);
    let mirror = compare("A", "B", "X", "Y", &origin, &destination);
    assert_eq!((mirror.summary.pairs, mirror.only_origin, mirror.only_destination), (1, 2, 1));
    assert_eq!((mirror.alone.len(), mirror.missing()), (3, None));
    assert!(mirror.alone.is_sorted_by_key(|one| one.period));
    let of = |one: &Alone| one.origin_value.is_some() != one.destination_value.is_some();
    assert!(mirror.alone.iter().all(of), "{:?}", mirror.alone);
    let empty = compare("A", "B", "X", "Y", &[], &destination);
    assert_eq!((empty.summary, empty.only_destination), (Summary::default(), 2));
}

#[test]
fn numbers_of_28_digits_never_panic() {
    let huge = "9999999999999999999999999999";
    let tiny = "0.0000000000000000000000000001";
    for (origin, destination) in [(huge, tiny), (tiny, huge), (huge, huge), (tiny, tiny)] {
        let mirror = compare("A", "B", "X", "Y", &side(&[("2017", origin)]), &side(&[("2017", destination)]));
        assert_eq!(mirror.pairs[0].flagged, origin != destination);
    }
}

#[test]
fn a_trend_compares_the_halves() {
    let years = ["2010", "2011", "2012", "2013", "2014"];
    for (destination, expected) in [
        (["300", "300", "200", "120", "110"], Some(Direction::Narrowing)),
        (["110", "120", "200", "300", "300"], Some(Direction::Widening)),
        (["200", "200", "900", "200", "202"], Some(Direction::Steady)),
    ] {
        let origin: Vec<_> = years.iter().map(|year| (*year, "100")).collect();
        let other: Vec<_> = years.into_iter().zip(destination).collect();
        let mirror = compare("A", "B", "X", "Y", &side(&origin), &side(&other));
        assert_eq!(mirror.trend.map(|trend| trend.direction), expected, "{destination:?}");
    }
    let mirror = compare("A", "B", "X", "Y", &side(&[("2010", "1")]), &side(&[("2010", "2")]));
    assert_eq!(mirror.trend, None);
}

mod definitions {
    use super::super::*;
    use crate::insight::testing::{number, series, with};
    use crate::model::AttributeId;

    const ORIGIN: &str = "A.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T.M_GE12._T.PS";
    const DESTINATION: &str = "A.ESP.ITA.MF_IMM_PREV.RES._T._T._T._T._T._T.M_GE12._T.PS";

    fn matched(origin_stay: &str, destination_stay: &str) -> Matched {
        let (mut ours, mut theirs) = (Side::default(), Side::default());
        let says = |stay| [(AttributeId::DefId, "D"), (AttributeId::MinStayMonths, stay)];
        ours.add(&with(series(1, ORIGIN, &[("2017", "7965")]), &says(origin_stay)));
        theirs.add(&with(series(2, DESTINATION, &[("2017", "22203")]), &says(destination_stay)));
        matching(("ITA", "ESP"), ("EF_EMI_NEXT", "MF_IMM_PREV"), (&ours, &theirs)).unwrap()
    }

    #[test]
    fn a_common_basis_stands_beside_the_reported_values() {
        let matched = matched("60", "3");
        let definitions = (&matched.origin, &matched.destination);
        let differ = differences(definitions.0, definitions.1);
        assert_eq!(differ.len(), 1);
        assert_eq!(
            (differ[0].attribute, differ[0].origin.as_deref()),
            (AttributeId::MinStayMonths, Some("60"))
        );
        let imem = FactorSet::named("imem").unwrap();
        let common = on_common_basis(&matched.mirror.pairs, definitions, imem).unwrap();
        assert_eq!((common.origin_factor, common.destination_factor), (number("2.26"), number("0.63")));
        let pair = &common.pairs[0];
        assert_eq!(
            (pair.origin_value, pair.destination_value),
            (Some(number("18000.900")), Some(number("13987.890")))
        );
        assert_eq!((pair.asymmetry, pair.explained), (Some(number("0.251")), Some(number("0.693"))));
        assert_eq!(matched.mirror.pairs[0].origin_value, number("7965"));
    }

    #[test]
    fn no_factor_is_guessed() {
        for (ours, theirs) in [("12", "12"), ("4", "12"), ("12", "8")] {
            let matched = matched(ours, theirs);
            let definitions = (&matched.origin, &matched.destination);
            for set in &FACTOR_SETS {
                assert_eq!(on_common_basis(&matched.mirror.pairs, definitions, set), None, "{ours} {theirs}");
            }
        }
    }

    #[test]
    fn the_widest_corridors_come_first() {
        let mut corridors = Corridors::default();
        let codes = ("EF_EMI_NEXT", "MF_IMM_PREV");
        for (origin, destination, a, b) in
            [("ITA", "ESP", "100", "300"), ("FRA", "ESP", "100", "110"), ("DEU", "ESP", "1000", "3000")]
        {
            let emigration = ORIGIN.replace("ITA", origin).replace("ESP", destination);
            let immigration = DESTINATION.replace("ITA", origin).replace("ESP", destination);
            corridors.add(&series(1, &emigration, &[("2016", "1"), ("2017", a)]), codes);
            corridors.add(&series(2, &immigration, &[("2017", b)]), codes);
            corridors.add(&series(2, &immigration.replace("RES._T", "RES.F"), &[("2017", "1")]), codes);
        }
        corridors.add(&series(1, &ORIGIN.replace("ESP", "PRT"), &[("2017", "5")]), codes);
        let order: Vec<_> = corridors.widest(codes, 5).iter().map(|one| one.mirror.origin.clone()).collect();
        assert_eq!(order, ["DEU", "ITA", "FRA"]);
        assert_eq!(corridors.widest(codes, 1).len(), 1);
    }

    #[test]
    fn thousands_are_compared_as_thousands() {
        let mut ours = Side::default();
        let attributes = [(AttributeId::UnitMult, "3")];
        ours.add(&with(series(1, ORIGIN, &[("2017", "7.965")]), &attributes));
        let mut theirs = Side::default();
        theirs.add(&series(2, DESTINATION, &[("2017", "22203")]));
        let matched = matching(("ITA", "ESP"), ("EF_EMI_NEXT", "MF_IMM_PREV"), (&ours, &theirs)).unwrap();
        assert_eq!(matched.mirror.pairs[0].ratio, Some(number("2.788")));
    }
}
