//! Periods: what is read, what is refused, how they are ordered.

use proptest::prelude::*;

use super::*;
use crate::model::Millis;

#[test]
fn every_form_is_read_and_has_one_canonical_text() {
    for (text, canonical, start, freq) in [
        ("2023", "2023", "2023-01-01", "A"),
        ("2023-A1", "2023", "2023-01-01", "A"),
        ("2023-S1", "2023-S1", "2023-01-01", "S"),
        ("2023-S2", "2023-S2", "2023-07-01", "S"),
        ("2023-T3", "2023-T3", "2023-09-01", "A_3"),
        ("2023-Q2", "2023-Q2", "2023-04-01", "Q"),
        ("2023-05", "2023-05", "2023-05-01", "M"),
        ("2023-M05", "2023-05", "2023-05-01", "M"),
        ("2023-W18", "2023-W18", "2023-05-01", "W"),
        ("2020-W53", "2020-W53", "2020-12-28", "W"),
        ("2021-W01", "2021-W01", "2021-01-04", "W"),
        ("2019-W01", "2019-W01", "2018-12-31", "W"),
        ("2011-03-02", "2011-03-02", "2011-03-02", "D"),
        ("2024-02-29", "2024-02-29", "2024-02-29", "D"),
        ("2023-D061", "2023-03-02", "2023-03-02", "D"),
        ("2024-D366", "2024-12-31", "2024-12-31", "D"),
        ("2011-03-02T14:00:00", "2011-03-02T14:00:00", "2011-03-02T14:00:00Z", "H"),
        ("2011-03-02T14:00:00Z", "2011-03-02T14:00:00", "2011-03-02T14:00:00Z", "H"),
        ("0001", "0001", "0001-01-01", "A"),
        ("9999-12-30T21:59:59", "9999-12-30T21:59:59", "9999-12-30T21:59:59Z", "H"),
        ("9999-W52", "9999-W52", "9999-12-27", "W"),
    ] {
        let period = Period::parse(text).unwrap();
        assert_eq!(period.to_string(), canonical, "{text}");
        assert_eq!(Millis(period.start_millis()), Millis::parse(start).unwrap(), "{text}");
        assert_eq!(period.freq(), freq);
        assert_eq!(period.year(), canonical[..4].parse::<i64>().unwrap());
        assert_eq!(Period::from_ordinal(period.kind(), period.ordinal()).unwrap(), period);
    }
}

#[test]
fn what_no_calendar_has_is_refused() {
    for text in [
        "",
        "23",
        "20233",
        "0000",
        "0000-01",
        "2023-",
        "2023-1",
        "2023-13",
        "2023-00",
        "2023-S3",
        "2023-S0",
        "2023-T4",
        "2023-Q5",
        "2023-Q02",
        "2023-M13",
        "2023-M5",
        "2023-A2",
        "2023-W53",
        "2023-W00",
        "2020-W54",
        "2023-W1",
        "2023-D366",
        "2023-D000",
        "2023-D61",
        "2023-02-29",
        "1900-02-29",
        "2023-04-31",
        "2023-06-00",
        "2023-5-1",
        "2023-05-01T",
        "2023-05-01T24:00:00",
        "2023-05-01T14:60:00",
        "2023-05-01T14:00:60",
        "2023-05-01T14:00",
        "2023-05-01T14:00:00+02:00",
        "2023-05-01T14:00:00.5",
        "2023-05-01 14:00:00",
        "2023/2024",
        "2023-q2",
        "+2023",
        "２０２３",
        " 2023",
        "2023-é1",
    ] {
        assert!(Period::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn periods_are_ordered_by_start_and_then_the_longest_first() {
    let sorted = [
        "2018-W01",
        "2018-01-01T00:00:00",
        "2018-12-31",
        "2019",
        "2019-S1",
        "2019-T1",
        "2019-Q1",
        "2019-01",
        "2019-01-01",
        "2019-01-01T00:00:00",
        "2019-02",
        "2019-Q2",
        "2019-S2",
        "2020",
    ];
    assert!(sorted.map(|t| Period::parse(t).unwrap()).is_sorted_by(|a, b| a < b));
}

#[test]
fn a_period_ends_where_the_next_begins() {
    for text in ["2023", "2023-S2", "2023-T3", "2023-Q4", "2024-02", "2020-W53", "2024-02-28"] {
        let period = Period::parse(text).unwrap();
        let next = Period::from_ordinal(period.kind(), period.ordinal() + 1).unwrap();
        assert_eq!(period.end_millis(), next.start_millis(), "{text}");
    }
    assert_eq!(Period::parse("9999").unwrap().end_millis(), 253_402_300_800_000);
}

#[test]
fn frequencies_take_their_kind_of_period() {
    for (text, fit) in [
        ("2023", &["A", "A2", "A5", "A10"][..]),
        ("2023-S1", &["S"]),
        ("2023-Q1", &["Q"]),
        ("2023-01", &["M"]),
        ("2023-W01", &["W"]),
        ("2023-01-01", &["D"]),
        ("2023-01-01T01:00:00", &["H"]),
    ] {
        let period = Period::parse(text).unwrap();
        for freq in ["A", "A2", "A5", "A10", "S", "Q", "M", "W", "D", "H"] {
            assert_eq!(period.matches_freq(freq), fit.contains(&freq), "{text} {freq}");
        }
        assert!(period.matches_freq("I"));
        assert!(!period.matches_freq("X"));
    }
}

#[test]
fn iso_weeks_agree_with_the_calendar_library() {
    for days in -800_000..800_000_i64 {
        if days % 97 != 0 {
            continue;
        }
        let date = jiff::civil::date(1970, 1, 1)
            .checked_add(jiff::Span::new().days(days))
            .unwrap_or_else(|e| panic!("{e}"));
        let iso = date.iso_week_date();
        assert_eq!(calendar::iso_week(days), (i64::from(iso.year()), i64::from(iso.week())));
        let civil = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
        assert_eq!(calendar::civil_from_days(days), civil);
        assert_eq!(calendar::days_from_civil(civil.0, civil.1, civil.2), days);
    }
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC*") {
        let _ = Period::parse(&text);
    }

    #[test]
    fn period_like_text_is_read_back(text in "[0-9]{4}(-[ASTQMWD]?[0-9]{1,3}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z?)?)?)?") {
        if let Ok(period) = Period::parse(&text) {
            prop_assert_eq!(Period::parse(&period.to_string()).unwrap(), period);
        }
    }

    #[test]
    fn numbers_and_periods_are_the_same(kind in 0_u8..8, ordinal in -70_000_000_000_i64..260_000_000_000) {
        let kind = PeriodKind::from_code(kind).unwrap();
        for ordinal in [ordinal, ordinal % 3_000_000, ordinal % 120_000, ordinal % 10_000] {
            if let Ok(period) = Period::from_ordinal(kind, ordinal) {
                prop_assert_eq!(period.ordinal(), ordinal);
                prop_assert_eq!(Period::parse(&period.to_string()).unwrap(), period);
            }
        }
    }
}

#[test]
fn every_year_is_written_as_it_is_counted() {
    for year in 1..10_000 {
        let period = Period::from_ordinal(PeriodKind::Year, year).unwrap();
        assert_eq!(period.text().as_str(), format!("{year:04}"));
        assert_eq!(calendar::year_from_first_day(calendar::days_from_civil(year, 1, 1)), year);
    }
}
