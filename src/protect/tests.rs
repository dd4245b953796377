//! Whole releases: what leaves, what stays, and what an attacker makes of it.

use zeroize::Zeroizing;

use super::*;
use crate::model::personal::PersonalData;
use crate::model::{Attachment, AttributeId, Attributes, Dimension, Flags, ObsStatus, Observation};

mod attacker;
mod differences;
mod properties;

/// The total series that the others are cut from.
const WHOLE: &str = "A.ESP.ITA.MS_FBORN.BIR._T._T._T._T._T._T._T._T.PS";

fn secret() -> RoundingKey {
    RoundingKey::new(Zeroizing::new([7; 32]))
}

fn key(codes: &[(Dimension, &str)]) -> SeriesKey {
    codes.iter().fold(SeriesKey::parse(WHOLE).unwrap(), |key, (at, code)| key.with(*at, code).unwrap())
}

fn year(text: &str) -> Period {
    Period::parse(text).unwrap()
}

/// A series of one value in 2020.
fn one(key: &SeriesKey, value: &str, said: &[(AttributeId, &str)]) -> Series {
    let said = Attributes::new(Attachment::Series, said.iter().copied()).unwrap();
    let value = Observation::reported(year("2020"), Decimal::parse(value).unwrap());
    Series::new(key.clone(), said, vec![value]).unwrap()
}

/// Women, men and all in 2020.
fn sexes(values: [&str; 3], said: &[(AttributeId, &str)]) -> Vec<Series> {
    let codes = ["F", "M", "_T"].into_iter().zip(values);
    codes.map(|(sex, value)| one(&key(&[(Dimension::Sex, sex)]), value, said)).collect()
}

fn release(tables: &[Series], rules: &Rules) -> Protected {
    protect(tables, &Held::default(), rules, &secret()).unwrap()
}

/// What leaves of the first observation of each series: the value, or the status.
fn shown(protected: &Protected) -> Vec<String> {
    let first = |series: &Series| {
        let observation = &series.observations()[0];
        observation.value().map_or_else(|| observation.status().to_string(), |value| value.to_string())
    };
    protected.series.iter().map(first).collect()
}

fn under(rule: DisclosureRule) -> Rules {
    Rules { agreement: Some(rule), explain: true, ..Rules::default() }
}

const OPEN: &[(AttributeId, &str)] = &[(AttributeId::DiscRule, "D0"), (AttributeId::SensClass, "S0")];

#[test]
fn each_rule_does_to_a_count_what_it_says() {
    let cases = [
        (DisclosureRule::D5, "0", "0"),
        (DisclosureRule::D5, "1", "Q"),
        (DisclosureRule::D5, "4", "Q"),
        (DisclosureRule::D5, "5", "5"),
        (DisclosureRule::D5, "7965", "7965"),
        (DisclosureRule::D11, "0", "0"),
        (DisclosureRule::D11, "10", "Q"),
        (DisclosureRule::D11, "20", "20"),
        (DisclosureRule::D5, "-3", "Q"),
        (DisclosureRule::D5, "-15", "-15"),
        (DisclosureRule::D5, "4.5", "Q"),
        (DisclosureRule::D5, "0.25", "Q"),
    ];
    for (rule, value, wanted) in cases {
        let table = [one(&key(&[]), value, &[])];
        assert_eq!(shown(&release(&table, &under(rule))), [wanted], "{rule:?} {value}");
    }
    for value in ["11", "12", "13.5", "19", "-17"] {
        let number: f64 = value.parse().unwrap();
        for (rule, base) in [(DisclosureRule::D5, 5.0), (DisclosureRule::D11, 10.0)] {
            let left: f64 = shown(&release(&[one(&key(&[]), value, &[])], &under(rule)))[0].parse().unwrap();
            assert!((left % base).abs() < 1e-9 && (left - number).abs() < base, "{rule:?} {value}: {left}");
        }
    }
}

#[test]
fn open_figures_leave_as_they_are() {
    let protected = release(&sexes(["3", "4", "7"], OPEN), &Rules::default());
    assert_eq!(shown(&protected), ["3", "4", "7"]);
    assert_eq!((protected.report.shown, protected.report.audited), (3, 0));
    // No agreement closes what everybody can read; one may be stricter than a rule that is not of open figures.
    assert_eq!(shown(&release(&sexes(["3", "4", "7"], OPEN), &under(DisclosureRule::D5))), ["3", "4", "7"]);
    let partners = [(AttributeId::SensClass, "S1")];
    let left = release(&sexes(["6", "7", "13"], &partners), &under(DisclosureRule::D11));
    assert_eq!(shown(&left)[..2], ["Q", "Q"]);
}

#[test]
fn thousands_are_persons_too() {
    let thousands = [(AttributeId::UnitMult, "3")];
    let protected = release(&[one(&key(&[]), "0.003", &thousands)], &Rules::default());
    assert_eq!(shown(&protected), ["Q"], "three persons");
    let protected = release(&[one(&key(&[]), "3", &thousands)], &Rules::default());
    assert_eq!(shown(&protected), ["3"], "three thousand persons, rounded to five");
    let left = shown(&release(&[one(&key(&[]), "1.573", &thousands)], &Rules::default()));
    assert!(["1.570", "1.575"].contains(&left[0].as_str()), "{left:?}");
}

#[test]
fn a_rate_needs_a_base_of_thirty() {
    let rate = SeriesKey::parse("A.ESP.ITA.LM_EMPR.CIT.F._T._T._T._T._T._T._T.PC").unwrap();
    let table = [one(&rate, "61.5", &[])];
    for (base, wanted) in [(None, "Q"), (Some(29), "Q"), (Some(30), "61.5")] {
        let place = (rate.clone(), year("2020"));
        let bases = base.map(|base| (place, Decimal::from(base))).into_iter().collect();
        assert_eq!(shown(&release(&table, &Rules { bases, ..Rules::default() })), [wanted], "{base:?}");
    }
    assert_eq!(shown(&release(&[one(&rate, "61.5", OPEN)], &Rules::default())), ["61.5"]);
}

#[test]
fn money_has_no_small_numbers() {
    let money = SeriesKey::parse("Q.PHL.CAN.RE_RECV._Z._T._T._T._T._T._T._T._T.USD").unwrap();
    let value = Observation::reported(year("2020-Q1"), Decimal::parse("3.25").unwrap());
    let series = Series::new(money, Attributes::none(), vec![value]).unwrap();
    assert_eq!(shown(&release(&[series], &under(DisclosureRule::D11))), ["3.25"]);
}

#[test]
fn under_d11_nothing_leaves_below_the_first_level() {
    let place = |code| one(&key(&[(Dimension::Subnat, code)]), "500", &[]);
    let table = [place("ES-MD"), place("ES-M"), place("C:IT-RM")];
    let protected = release(&table, &under(DisclosureRule::D11));
    assert_eq!(protected.series.len(), 1);
    assert_eq!(protected.series[0].key().subnat(), "ES-MD");
    assert_eq!(protected.report.withheld, 2);
    let outcomes = protected.report.cells.iter().map(|cell| cell.outcome);
    assert_eq!(outcomes.filter(|outcome| *outcome == Outcome::Withheld).count(), 2);
    assert_eq!(release(&table, &under(DisclosureRule::D5)).series.len(), 3);
}

/// Women 3 and men 97 make exactly 100: one of the other two has to go with the women.
#[test]
fn a_complement_is_closed_where_the_total_is_exact() {
    let mut table = sexes(["3", "97", "100"], &[]);
    table[1] = one(&key(&[(Dimension::Sex, "M")]), "97", OPEN);
    table[2] = one(&key(&[]), "100", OPEN);
    let protected = release(&table, &Rules::default());
    assert_eq!(shown(&protected), ["Q", "Q", "100"], "a part is closed rather than the total");
    assert_eq!((protected.report.primary, protected.report.secondary), (1, 1));
    attacker::assert_safe(&table, &protected.series);
}

#[test]
fn a_zero_is_no_complement_while_there_is_another() {
    let sexes = ["F", "M", "_U", "_T"].into_iter().zip(["3", "0", "40", "43"]);
    let table: Vec<Series> = sexes
        .map(|(sex, value)| one(&key(&[(Dimension::Sex, sex)]), value, if value == "3" { &[] } else { OPEN }))
        .collect();
    assert_eq!(shown(&release(&table, &Rules::default())), ["Q", "0", "Q", "43"]);
}

#[test]
fn what_is_closed_looks_alike_whatever_it_was_closed_for() {
    let comment = (AttributeId::CommentObs, "only three, mostly nurses");
    let before = (AttributeId::PreBreakValue, "2");
    let said = Attributes::new(Attachment::Observation, [comment, before]).unwrap();
    let flags = Flags { status: ObsStatus::Provisional, conf: ConfStatus::SmallCounts, revision: 0 };
    let small = Observation::new(year("2020"), Some(Decimal::from(3)), flags, said.clone()).unwrap();
    let large = Observation::new(year("2020"), Some(Decimal::from(97)), Flags::default(), said).unwrap();
    let open = Attributes::new(Attachment::Series, OPEN.iter().copied()).unwrap();
    let series = |sex, said, value| Series::new(key(&[(Dimension::Sex, sex)]), said, vec![value]).unwrap();
    let men = series("M", open, large);
    let table = [series("F", Attributes::none(), small), men, one(&key(&[]), "100", OPEN)];
    for conf in [ConfStatus::Confidential, ConfStatus::NotForPublication] {
        let protected = release(&table, &Rules { conf, ..Rules::default() });
        let closed: Vec<&Observation> =
            protected.series.iter().flat_map(Series::observations).filter(|o| o.value().is_none()).collect();
        assert_eq!(closed.len(), 2);
        assert_eq!(closed[0], closed[1]);
        assert_eq!((closed[0].status(), closed[0].conf()), (ObsStatus::Suppressed, conf));
        assert!(closed[0].attributes().is_empty());
    }
}

#[test]
fn what_was_suppressed_or_missing_before_stays_so() {
    let flags = |status, conf| Flags { status, conf, revision: 0 };
    let gone = |period: &str, status, conf| {
        Observation::new(year(period), None, flags(status, conf), Attributes::none()).unwrap()
    };
    let observations = vec![
        gone("2018", ObsStatus::Suppressed, ConfStatus::SecondaryBySender),
        gone("2019", ObsStatus::NotCollected, ConfStatus::Free),
        Observation::reported(year("2020"), Decimal::from(2)),
    ];
    let table = [Series::new(key(&[]), Attributes::none(), observations).unwrap()];
    let left = release(&table, &Rules::default());
    let codes: Vec<String> =
        left.series[0].observations().iter().map(|o| format!("{}{}", o.status(), o.conf())).collect();
    assert_eq!(codes, ["QC", "LF", "QC"]);
}

#[test]
fn a_series_says_under_which_rule_it_left() {
    let left = release(&sexes(["30", "40", "70"], &[]), &under(DisclosureRule::D11));
    for series in &left.series {
        assert_eq!(series.attributes().get(AttributeId::DiscRule), Some("D11"));
    }
}

#[test]
fn what_is_declared_confidential_does_not_leave() {
    let flags = Flags { conf: ConfStatus::Confidential, ..Flags::default() };
    let value = Observation::new(year("2020"), Some(Decimal::from(600)), flags, Attributes::none()).unwrap();
    let women = Series::new(key(&[(Dimension::Sex, "F")]), Attributes::none(), vec![value]).unwrap();
    let men = one(&key(&[(Dimension::Sex, "M")]), "400", OPEN);
    let table = [women, men, one(&key(&[]), "1000", OPEN)];
    let left = shown(&release(&table, &Rules::default()));
    assert_eq!(left, ["Q", "Q", "1000"], "the men would tell the women");
}

/// Remittances by agencies, of which one dominates: the upper bound must reach its level.
#[test]
fn a_total_of_few_contributors_is_protected_upwards() {
    let key = |area| format!("Q.PHL.{area}.RE_RECV._Z._T._T._T._T._T._T._T._T.USD");
    let series = |area, value: i64| {
        let value = Observation::reported(year("2020-Q1"), Decimal::from(value));
        Series::new(SeriesKey::parse(&key(area)).unwrap(), Attributes::none(), vec![value]).unwrap()
    };
    let table = [series("CAN", 330), series("USA", 40), series("ITA", 9000), series("_T", 9370)];
    let rule: primary::Concentration = "n=1,k=85".parse().unwrap();
    let contributed = |parts: &[i64]| {
        let parts: Vec<_> = parts.iter().copied().map(rust_decimal::Decimal::from).collect();
        let level = rule.level(&parts, rust_decimal::Decimal::from(330));
        let place = (table[0].key().clone(), year("2020-Q1"));
        Rules { sensitive: level.map(|level| (place, level)).into_iter().collect(), ..Rules::default() }
    };
    let left = release(&table, &contributed(&[300, 20, 10]));
    assert_eq!(shown(&left), ["Q", "Q", "9000", "9370"], "40 is enough to reach 352.94");
    let safe = release(&table, &contributed(&[100, 90, 80, 60]));
    assert_eq!(shown(&safe), ["330", "40", "9000", "9370"]);
}

#[test]
fn texts_about_persons_do_not_leave() {
    let source = [(AttributeId::SourceRef, "ask maria.cruz@psa.gov.ph")];
    let refused = protect(&sexes(["3", "4", "7"], &source), &Held::default(), &Rules::default(), &secret());
    let found = PersonalData::Email;
    let wanted = |breach: &Breach| matches!(breach, Breach::Personal { attribute: AttributeId::SourceRef, found: f, .. } if *f == found);
    assert!(refused.as_ref().is_err_and(wanted), "{refused:?}");
    assert_eq!(personal_data(&one(&key(&[]), "1", &source)), Some((AttributeId::SourceRef, found)));
}

#[test]
fn the_report_explains_every_figure_to_the_publisher() {
    let left = release(&sexes(["3", "0", "3"], &[]), &Rules { explain: true, ..Rules::default() });
    let outcomes: Vec<Outcome> = left.report.cells.iter().map(|cell| cell.outcome).collect();
    assert_eq!(outcomes, [Outcome::TooSmall, Outcome::Zero, Outcome::TooSmall]);
    assert_eq!((left.report.primary, left.report.zero), (2, 1));
    assert!(release(&sexes(["3", "0", "3"], &[]), &Rules::default()).report.cells.is_empty());
}

#[test]
fn a_count_beyond_all_people_is_refused() {
    let table = [one(&key(&[]), "99999999999999999", &[])];
    let refused = protect(&table, &Held::default(), &Rules::default(), &secret());
    assert!(matches!(refused, Err(Breach::Number { .. })), "{refused:?}");
}
