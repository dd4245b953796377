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
