//! Random tables against the attacker, and against one that counts every table there is.

use proptest::prelude::*;

use super::*;

const OCCUPATIONS: [&str; 4] = ["_T", "OC1", "OC2", "OC3"];
const ACTIVITIES: [&str; 3] = ["_T", "A", "F"];
const SEXES: [&str; 3] = ["_T", "F", "M"];

/// A full table by occupation, activity and sex from its inner cells; each series open or not.
fn cube(inner: &[i64], open: &[bool]) -> Vec<Series> {
    let span = |at: usize, all: usize| if at == 0 { 1..=all - 1 } else { at..=at };
    let (mut series, mut next) = (Vec::new(), 0);
    for (o, occupation) in OCCUPATIONS.iter().enumerate() {
        for (a, activity) in ACTIVITIES.iter().enumerate() {
            for (s, sex) in SEXES.iter().enumerate() {
                let cells = span(o, 4).flat_map(|o| span(a, 3).map(move |a| (o, a)));
                let cells = cells.flat_map(|(o, a)| span(s, 3).map(move |s| (o, a, s)));
                let value: i64 = cells.map(|(o, a, s)| inner[(o - 1) * 4 + (a - 1) * 2 + s - 1]).sum();
                let key = key(&[
                    (Dimension::Occupation, occupation),
                    (Dimension::Activity, activity),
                    (Dimension::Sex, sex),
                ]);
                series.push(one(&key, &value.to_string(), if open[next % open.len()] { OPEN } else { &[] }));
                next += 1;
            }
        }
    }
    series
}

/// Small numbers, zeros and some larger ones.
fn inner(cells: usize) -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::vec(prop_oneof![3 => 0_i64..6, 1 => Just(0_i64), 2 => 5_i64..40], cells)
}

/// Women and men by two occupations, with all totals: nine series of which four make up the others.
fn square(inner: &[i64]) -> Vec<Series> {
    let at = |o: usize, s: usize| inner[o * 2 + s];
    let mut series = Vec::new();
    for (o, occupation) in ["OC1", "OC2", "_T"].iter().enumerate() {
        for (s, sex) in ["F", "M", "_T"].iter().enumerate() {
            let rows = if o == 2 { 0..2 } else { o..o + 1 };
            let cells = rows.flat_map(|o| (if s == 2 { 0..2 } else { s..s + 1 }).map(move |s| (o, s)));
            let value: i64 = cells.map(|(o, s)| at(o, s)).sum();
            let key = key(&[(Dimension::Occupation, occupation), (Dimension::Sex, sex)]);
            series.push(one(&key, &value.to_string(), &[]));
        }
    }
    series
}

/// All squares that agree with what is published, cell by cell: the least and the greatest of each of the nine.
fn count_all(published: &[Series]) -> Vec<(i64, i64)> {
    const MOST: i64 = 24;
    let ranges = attacker::ranges(published);
    let range = |series: &Series| {
        let (low, high) = ranges[&(series.key().clone(), year("2020"))];
        (low as i64, (high.min(1e6)) as i64)
    };
    let all: Vec<(i64, i64)> = published.iter().map(range).collect();
    let mut found = vec![(i64::MAX, i64::MIN); 9];
    let within = |at: usize, value: i64| all[at].0 <= value && value <= all[at].1;
    let inner = |at: usize| all[at].0..=all[at].1.min(MOST);
    for a in inner(0) {
        for b in inner(1).filter(|b| within(2, a + b)) {
            for c in inner(3).filter(|c| within(6, a + c)) {
                for d in inner(4).filter(|d| within(5, c + d) && within(7, b + d) && within(8, a + b + c + d))
                {
                    let table = [a, b, a + b, c, d, c + d, a + c, b + d, a + b + c + d];
                    for ((low, high), value) in found.iter_mut().zip(table) {
                        (*low, *high) = ((*low).min(value), (*high).max(value));
                    }
                }
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_small_cell_of_a_cube_can_be_worked_out(values in inner(12), open in proptest::collection::vec(proptest::bool::weighted(0.3), 36)) {
        let table = cube(&values, &open);
        match protect(&table, &Held::default(), &Rules::default(), &secret()) {
            Ok(left) => attacker::assert_safe(&table, &left.series),
            // Some tables of open figures cannot be protected; those of one rule always can.
            Err(Breach::Open(cells)) => prop_assert!(open.contains(&true), "{cells:?}"),
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn every_rule_alone_can_be_kept(values in inner(12), strict in any::<bool>()) {
        let table = cube(&values, &[false]);
        let rules = under(if strict { DisclosureRule::D11 } else { DisclosureRule::D5 });
        let left = protect(&table, &Held::default(), &rules, &secret()).unwrap();
        attacker::assert_safe(&table, &left.series);
        let closed = left.series.iter().flat_map(Series::observations).filter(|o| o.value().is_none());
        prop_assert_eq!(closed.count() as u64, left.report.primary + left.report.secondary);
        let statuses: HashSet<_> = left.series.iter().flat_map(Series::observations)
            .filter(|o| o.value().is_none()).map(|o| (o.status(), o.conf(), o.revision())).collect();
        prop_assert!(statuses.len() <= 1, "{:?}", statuses);
    }

    #[test]
    fn who_counts_all_tables_learns_nothing_more(values in proptest::collection::vec(0_i64..9, 4)) {
        let table = square(&values);
        let left = protect(&table, &Held::default(), &Rules::default(), &secret()).unwrap();
        for (series, (low, high)) in table.iter().zip(count_all(&left.series)) {
            let truth = series.observations()[0].value().unwrap().mantissa();
            if (1..5).contains(&truth) {
                prop_assert!(low <= 1 && high >= 4, "{}: {} lies from {} to {}", series.key(), truth, low, high);
            }
        }
    }

    #[test]
    fn a_cell_leaves_alike_in_every_table(values in inner(12), keep in proptest::collection::vec(any::<bool>(), 36)) {
        let table = cube(&values, &[false]);
        let part: Vec<Series> = table.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(s, _)| s.clone()).collect();
        let (whole, part) = (release(&table, &Rules::default()), release(&part, &Rules::default()));
        for series in &part.series {
            let other = whole.series.iter().find(|s| s.key() == series.key()).unwrap();
            let values = [series, other].map(|s| s.observations()[0].value());
            prop_assert!(values[0] == values[1] || values.contains(&None), "{}: {:?}", series.key(), values);
        }
    }
}
