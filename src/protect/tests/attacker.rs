//! An attacker of its own: reads published series, knows the code lists, and solves for every closed cell.
//!
//! It shares nothing with the room but the figures: sums are written down again for the dimensions that the tests
//! use, and solved in absolute values.

use std::collections::HashMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem};

use crate::model::{AttributeId, Dimension, Period, Series, SeriesKey};

/// What a published cell can be: from, to.
type Range = (f64, f64);

/// Checks that nothing published is small, and that every closed cell which is small in truth may be anything from 1
/// to the rule's minimum, as far as the attacker can tell.
pub(super) fn assert_safe(truth: &[Series], published: &[Series]) {
    let seen = ranges(published);
    for (key, period, value) in values(truth) {
        let rule = published.iter().find(|s| s.key() == &key).map_or(0.0, rule);
        let Some(range) = seen.get(&(key.clone(), period)) else { continue };
        if value == 0.0 || value.abs() >= rule {
            continue;
        }
        assert_eq!(range.1, f64::INFINITY, "{key} {period} is shown though it is {value}");
        let (low, high) = solve(&seen, truth, &(key.clone(), period));
        assert!(low <= 1.0 + 1e-6 && high >= rule - 1.0 - 1e-6, "{key} {period} lies from {low} to {high}");
    }
}

fn rule(series: &Series) -> f64 {
    match series.attributes().get(AttributeId::DiscRule) {
        Some("D5") => 5.0,
        Some("D11") => 11.0,
        _ => 0.0,
    }
}

fn number(value: crate::model::Decimal) -> f64 {
    value.to_string().parse().unwrap()
}

fn values(series: &[Series]) -> Vec<(SeriesKey, Period, f64)> {
    let of = |s: &Series| {
        let key = s.key().clone();
        s.observations()
            .iter()
            .map(move |o| (key.clone(), o.period(), o.value().map_or(0.0, number)))
            .collect()
    };
    series.iter().flat_map(|s| -> Vec<(SeriesKey, Period, f64)> { of(s) }).collect()
}

/// Every published cell with what it can be by itself.
pub(super) fn ranges(published: &[Series]) -> HashMap<(SeriesKey, Period), Range> {
    let mut ranges = HashMap::new();
    for series in published {
        let least = rule(series);
        let base = if least == 11.0 { 10.0 } else { least };
        for observation in series.observations() {
            let range = match observation.value().map(number) {
                None => (0.0, f64::INFINITY),
                Some(value) if value == 0.0 || base == 0.0 => (value, value),
                Some(value) => ((value - base + 1.0).max(least), value + base - 1.0),
            };
            ranges.insert((series.key().clone(), observation.period()), range);
        }
    }
    ranges
}

/// Sums along sex, occupation by its first digit, activity, and five ages: total and parts that are published, if
/// they make it up in truth.
fn sums(truth: &[Series]) -> Vec<(SeriesKey, Vec<SeriesKey>, Period)> {
    let all: HashMap<(SeriesKey, Period), f64> =
        values(truth).into_iter().map(|(key, period, value)| ((key, period), value)).collect();
    let mut sums = Vec::new();
    for (total, period) in all.keys() {
        for dimension in [Dimension::Sex, Dimension::Occupation, Dimension::Activity, Dimension::Age] {
            if total.dimension(dimension) != "_T" {
                continue;
            }
            let is_part = |other: &&(SeriesKey, Period)| {
                let code = other.0.dimension(dimension);
                code != "_T" && other.1 == *period && other.0.with(dimension, "_T").is_ok_and(|k| k == *total)
            };
            let parts: Vec<SeriesKey> = all.keys().filter(is_part).map(|(key, _)| key.clone()).collect();
            let made: f64 = parts.iter().map(|part| all[&(part.clone(), *period)]).sum();
            if !parts.is_empty() && made == all[&(total.clone(), *period)] {
                sums.push((total.clone(), parts, *period));
            }
        }
    }
    sums
}

/// From and to of one cell over all tables that agree with what is published.
pub(super) fn solve(
    seen: &HashMap<(SeriesKey, Period), Range>,
    truth: &[Series],
    wanted: &(SeriesKey, Period),
) -> Range {
    let end = |direction| {
        let mut program = Problem::new(direction);
        let vars: HashMap<_, _> = seen
            .iter()
            .map(|(cell, (low, high))| {
                let weight = if cell == wanted { 1.0 } else { 0.0 };
                (cell.clone(), program.add_var(weight, (*low, high.min(1e6))))
            })
            .collect();
        for (total, parts, period) in sums(truth) {
            let cells =
                [&total].into_iter().chain(&parts).map(|key| vars.get(&(key.clone(), period)).copied());
            let Some(cells) = cells.collect::<Option<Vec<_>>>() else { continue };
            let signs = std::iter::once(1.0).chain(std::iter::repeat(-1.0));
            let terms: Vec<_> = cells.into_iter().zip(signs).collect();
            program.add_constraint(&terms, ComparisonOp::Eq, 0.0);
        }
        let solved = program.solve().expect("the truth agrees with what is published");
        solved.solution().expect("no limit was set").objective()
    };
    (end(OptimizationDirection::Minimize), end(OptimizationDirection::Maximize))
}
