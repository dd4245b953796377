//! Contributions to totals: what is wrong with them, and what they leave behind.

use super::*;
use crate::intake::{Level, MAX_CONTRIBUTIONS};

const HEADER: &str =
    "COUNTERPART_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,CONTRIBUTION_1,CONTRIBUTION_2,CONTRIBUTION_3";
const CAN: &str = "Q.PHL.CAN.RE_RECV._Z._T._T._T._T._T._T._T._T.USD";

/// Reads as a node of the Philippines with this rule does; findings, and levels.
fn held_to(rule: &str, text: &str, mapping: Option<&str>) -> (Vec<String>, Vec<Level>) {
    let rules = Rules { country: Some("PHL"), concentration: rule.parse().ok() };
    let mapping = mapping.map(|mapping| Mapping::parse(mapping).unwrap());
    let mut report = crate::intake::read(&mut text.as_bytes(), mapping.as_ref(), &rules);
    let errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    (errors.map(ToString::to_string).collect(), report.take_levels())
}

fn level(key: &str, period: &str, level: &str) -> Level {
    let (key, period) = (SeriesKey::parse(key).unwrap(), Period::parse(period).unwrap());
    Level { key, period, level: number(level).unwrap() }
}

/// A file of one row.
fn row(rest: &str) -> String {
    format!("{HEADER}\nCAN,RE_RECV,2020-Q1,{rest}\n")
}

#[test]
fn every_fault_is_named_with_line_and_column() {
    for (rest, said) in [
        ("330,3x,20,10", "line 2, column CONTRIBUTION_1: number \"3x\" refused"),
        ("330,300,-20,", "line 2, column CONTRIBUTION_2: -20 is below zero: correct it"),
        (
            "330,20,300,10",
            "line 2, column CONTRIBUTION_2: 300 is more than 20 before it: write the largest first",
        ),
        (
            "330,300,20,10.5",
            "line 2, column CONTRIBUTION_3: contributions up to here make more than the value 330",
        ),
        ("330,331,,", "line 2, column CONTRIBUTION_1: contributions up to here make more than the value 330"),
        (
            "-330,0,0,0",
            "line 2, column CONTRIBUTION_1: contributions up to here make more than the value -330",
        ),
        (
            "330,300,,10",
            "line 2, column CONTRIBUTION_2: the cell is empty, but one after it is not: leave no gap",
        ),
        (
            "330,,,10",
            "line 2, column CONTRIBUTION_1: the cell is empty, but one after it is not: leave no gap",
        ),
        ("330,300,,", "line 2, column CONTRIBUTION_2: the cell is empty, but 30 of the value is left"),
        ("330,300,20,", "line 2, column CONTRIBUTION_3: the cell is empty, but 10 of the value is left"),
    ] {
        // What is wrong is wrong whatever the rule is, and where there is none.
        for rule in ["", "p=10", "n=3,k=85"] {
            let (errors, levels) = held_to(rule, &row(rest), None);
            assert!(errors.len() == 1 && errors[0].starts_with(said), "{rest}\n{errors:?}");
            assert_eq!(levels, [], "nothing of a refused file is taken");
        }
    }
    let closed = format!("{HEADER},OBS_STATUS\nCAN,RE_RECV,2020-Q1,,300,20,10,Q\n");
    let said = "line 2, column CONTRIBUTION_1: there is no value that these contribute to";
    assert!(held_to("p=10", &closed, None).0[0].starts_with(said));
}

#[test]
fn what_is_complete_or_not_given_at_all_is_taken() {
    for rest in [
        "330,300,20,10",
        "330,300,20,1",
        "330,300,30,",
        "330,330,,",
        "330,330,0,0",
        "330,,,",
        "0,0,0,0",
        "0,,,",
    ] {
        assert_eq!(held_to("p=10", &row(rest), None).0, Vec::<String>::new(), "{rest}");
    }
}

/// The known answers, each through a file.
#[test]
fn levels_are_those_of_the_rule() {
    for (rule, rest, wanted) in [
        ("n=1,k=90", "100000,50000,49000,1", None),
        ("p=10", "100000,50000,49000,1", Some("4000.000000")),
        ("p=10", "110000,52000,50000,1", None),
        ("n=2,k=90.9", "110000,52000,50000,1", Some("2211.221123")),
        ("n=1,k=85", "330,300,20,10", Some("22.941177")),
        ("p=10,q=50", "330,300,20,10", Some("50")),
        ("n=1,k=85", "330,,,", None),
        ("", "330,300,20,10", None),
    ] {
        let (errors, levels) = held_to(rule, &row(rest), None);
        assert_eq!(errors, Vec::<String>::new());
        let wanted = wanted.map(|wanted| level(CAN, "2020-Q1", wanted));
        let same = |(a, b): (&Level, &Level)| {
            (&a.key, a.period) == (&b.key, b.period) && a.level.same_value(&b.level)
        };
        let all = levels.iter().zip(&wanted).all(same) && levels.len() == wanted.iter().count();
        assert!(all, "{rest}: {levels:?}, {wanted:?}");
    }
}

#[test]
fn levels_find_their_series_and_periods_whatever_the_order_of_rows() {
    let rows = "USA,RE_RECV,2020-Q2,100,100,,\nCAN,RE_RECV,2020-Q2,330,300,20,10\n\
        CAN,RE_RECV,2019-Q4,1000,400,300,200\nUSA,RE_RECV,2020-Q1,50,50,,\nCAN,RE_RECV,2020-Q1,660,600,40,20\n";
    let (errors, levels) = held_to("n=1,k=50", &format!("{HEADER}\n{rows}"), None);
    assert_eq!(errors, Vec::<String>::new());
    let usa = CAN.replace("CAN", "USA");
    let wanted = [
        level(CAN, "2020-Q1", "540"),
        level(CAN, "2020-Q2", "270"),
        level(&usa, "2020-Q1", "50"),
        level(&usa, "2020-Q2", "100"),
    ];
    assert_eq!(levels, wanted);
}

#[test]
fn columns_are_numbered_without_a_gap_and_are_enough_for_the_rule() {
    let header = |columns: &str| format!("COUNTERPART_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,{columns}\n");
    for (columns, said) in [
        ("CONTRIBUTION_2", "line 1, column CONTRIBUTION_2: there is no CONTRIBUTION_1 before it"),
        (
            "CONTRIBUTION_1,CONTRIBUTION_3",
            "line 1, column CONTRIBUTION_3: there is no CONTRIBUTION_2 before it",
        ),
        ("CONTRIBUTION_1,contribution_1", "line 1, column contribution_1: the column stands twice"),
        ("CONTRIBUTION_01", "line 1, column CONTRIBUTION_01: it is not a name of the data structure"),
        ("CONTRIBUTION_", "line 1, column CONTRIBUTION_: it is not a name of the data structure"),
    ] {
        let (errors, _) = held_to("", &header(columns), None);
        assert!(errors[0].starts_with(said), "{columns}\n{errors:?}");
    }
    let many: Vec<String> = (1..=MAX_CONTRIBUTIONS + 1).map(|n| format!("CONTRIBUTION_{n}")).collect();
    let (errors, _) = held_to("", &header(&many.join(",")), None);
    assert!(errors[0].ends_with("more than 20 columns with contributions: keep the largest"), "{errors:?}");

    let two = format!("{}CAN,RE_RECV,2020-Q1,330,20,300\n", header("CONTRIBUTION_2,CONTRIBUTION_1"));
    assert_eq!(held_to("n=2,k=85", &two, None).0, Vec::<String>::new(), "in any order of columns");
    let one = format!("{}CAN,RE_RECV,2020-Q1,330,300\n", header("CONTRIBUTION_1"));
    assert_eq!(held_to("n=1,k=85", &one, None).1, [level(CAN, "2020-Q1", "22.941177")]);
    for (rule, text) in [("p=10", &one), ("p=10,q=50", &one), ("n=2,k=85", &one), ("n=3,k=85", &two)] {
        let (errors, _) = held_to(rule, text, None);
        let said = "the node's rule of concentration looks at more contributions than there are columns";
        assert!(errors.len() == 1 && errors[0].contains(said), "{errors:?}");
        assert!(!errors[0].contains("85") && !errors[0].contains("10"), "the rule is not told");
    }
    let without = "COUNTERPART_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE\nCAN,RE_RECV,2020-Q1,330\n";
    assert_eq!(held_to("n=3,k=85", without, None), (Vec::new(), Vec::new()));
}

const MAPPING: &str = "thousands = ','\nmissing = ['', '..']\n[constants]\nINDICATOR = 'RE_RECV'\n\
    [columns]\nCOUNTERPART_AREA = 'c'\nTIME_PERIOD = 'q'\nOBS_VALUE = 'sent'\n";

#[test]
fn a_mapping_names_the_columns() {
    let mapping = format!("{MAPPING}[contributions]\ncolumns = ['first', 'second']\n");
    let file = "second,c,q,sent,first\n\"20,000\",CAN,2020-Q1,\"330,000\",\"300,000\"\n..,CAN,2020-Q2,5,5\n\
        ..,CAN,2020-Q3,..,..\n";
    let (errors, levels) = held_to("n=1,k=85", file, Some(&mapping));
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(levels, [level(CAN, "2020-Q1", "22941.176471"), level(CAN, "2020-Q2", "0.882353")]);
    let (errors, _) = held_to("", "c,q,sent,first\nCAN,2020-Q1,1,1\n", Some(&mapping));
    assert!(errors[0].starts_with("line 1, column second: the mapping needs this column"), "{errors:?}");
    let wrong = file.replace("\"300,000\"", "\"3,00x\"");
    let (errors, _) = held_to("", &wrong, Some(&mapping));
    assert!(errors[0].starts_with("line 2, column first: number \"300x\" refused"), "{errors:?}");
}

#[test]
fn mappings_with_other_contributions_are_refused() {
    let wide = "[constants]\nINDICATOR = 'RE_RECV'\n[columns]\nCOUNTERPART_AREA = 'c'\n[wide]\n";
    for (mapping, said) in [
        (format!("{MAPPING}[contributions]\n"), "missing field `columns`"),
        (format!("{MAPPING}[contributions]\ncolumns = []\n"), "name a column, or leave [contributions] out"),
        (
            format!("{MAPPING}[contributions]\ncolumns = ['a', 'a']\n"),
            "[contributions], a: the column is named twice",
        ),
        (
            format!("{MAPPING}[contributions]\ncolumns = ['sent']\n"),
            "[contributions], sent: the column is named twice",
        ),
        (format!("{MAPPING}[contributions]\ncolumns = ['a']\nrule = 'p=10'\n"), "unknown field `rule`"),
        (format!("{wide}[contributions]\ncolumns = ['a']\n"), "they contribute to one value of a row"),
    ] {
        let error = Mapping::parse(&mapping).unwrap_err().to_string();
        assert!(error.contains(said), "{mapping}\n{error}");
    }
}

/// Numbers as large as there are do not make it panic.
#[test]
fn the_largest_numbers_are_reckoned_with() {
    let most = "9".repeat(28);
    for (rest, refused) in [(format!("{most},{most},0,0"), false), (format!("{most},{most},{most},0"), true)]
    {
        let (errors, levels) = held_to("p=100", &row(&rest), None);
        assert_eq!((errors.len(), levels.len()), (usize::from(refused), usize::from(!refused)), "{errors:?}");
    }
}
