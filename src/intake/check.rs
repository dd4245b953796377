//! Checks of a whole file: one value for each period, and parts that fit into their totals.

use std::collections::HashMap;

use crate::intake::draft::Draft;
use crate::intake::finding::Findings;
use crate::model::{AttributeId, Decimal, Dimension, Observation, Period};

/// The code of a total.
const TOTAL: &str = "_T";

/// Sexes that together make the total.
const SEXES: [&str; 2] = ["F", "M"];

/// Sexes that may be counted beside them.
const OTHER_SEXES: [&str; 3] = ["_U", "_O", "_N"];

/// The dimensions with a total that no part can exceed.
const PARTED: [Dimension; 9] = [
    Dimension::CounterpartArea,
    Dimension::Sex,
    Dimension::Age,
    Dimension::EducationLev,
    Dimension::Occupation,
    Dimension::Activity,
    Dimension::Reason,
    Dimension::Duration,
    Dimension::Subnat,
];

/// Sorts the observations by period and notes two values for one.
pub(super) fn duplicates(drafts: &mut [Draft], findings: &mut Findings) {
    for draft in drafts {
        let observations = &mut draft.observations;
        if observations.is_sorted_by(|(a, _), (b, _)| a.period() < b.period()) {
            continue;
        }
        // Stable: of equal periods the first line stays first.
        observations.sort_by_key(|(o, _)| o.period());
        for [(a, first), (b, second)] in observations.array_windows() {
            if a.period() == b.period() {
                let message = format!(
                    "TIME_PERIOD {} of series {} stands on line {first} and again on line {second}: keep one",
                    a.period(),
                    draft.key
                );
                findings.error(*second, None, message);
            }
        }
    }
}

/// Compares counted parts with their totals. The observations are sorted by period.
pub(super) fn totals(drafts: &[Draft], findings: &mut Findings) {
    let by_key: HashMap<&str, &Draft> = drafts.iter().map(|d| (d.key.as_str(), d)).collect();
    let mut relatives = Relatives { by_key, text: String::new() };
    for draft in drafts.iter().filter(|d| d.counts) {
        for dimension in PARTED {
            if draft.key.dimension(dimension).starts_with('_') {
                continue;
            }
            if let Some(total) = relatives.get(draft, dimension, TOTAL) {
                part(draft, total, dimension, findings);
            }
        }
        if draft.key.sex() == TOTAL {
            sexes(draft, &mut relatives, findings);
        }
    }
}

/// Series found by the key of another one with one code exchanged.
struct Relatives<'a> {
    by_key: HashMap<&'a str, &'a Draft>,
    text: String,
}

impl<'a> Relatives<'a> {
    /// The relative, if its values have the same power of ten.
    fn get(&mut self, draft: &Draft, dimension: Dimension, code: &str) -> Option<&'a Draft> {
        self.text.clear();
        for other in Dimension::ALL {
            if other.position() > 0 {
                self.text.push('.');
            }
            self.text.push_str(if other == dimension { code } else { draft.key.dimension(other) });
        }
        let found = self.by_key.get(self.text.as_str()).copied();
        found.filter(|relative| multiplier(relative) == multiplier(draft))
    }
}

fn multiplier(draft: &Draft) -> Option<&str> {
    draft.attributes.iter().find(|(id, _)| *id == AttributeId::UnitMult).map(|(_, text)| text.as_str())
}

fn part(draft: &Draft, total: &Draft, dimension: Dimension, findings: &mut Findings) {
    for (observation, line) in &draft.observations {
        let (Some(value), Some((whole, at))) = (observation.value(), value_at(total, observation.period()))
        else {
            continue;
        };
        if value.to_rust_decimal() > whole.to_rust_decimal() {
            let message = format!(
                "{value} for {dimension} {} in {} is more than the total {whole} on line {at}: correct one",
                draft.key.dimension(dimension),
                observation.period()
            );
            findings.error(*line, None, message);
        }
    }
}

/// Women and men, and those of other or unknown sex where the file has them, against the total.
fn sexes(total: &Draft, relatives: &mut Relatives<'_>, findings: &mut Findings) {
    let parts: Vec<&Draft> =
        SEXES.iter().filter_map(|code| relatives.get(total, Dimension::Sex, code)).collect();
    if parts.len() < SEXES.len() {
        return;
    }
    let others: Vec<&Draft> =
        OTHER_SEXES.iter().filter_map(|code| relatives.get(total, Dimension::Sex, code)).collect();
    for (observation, line) in &total.observations {
        let period = observation.period();
        // A part that is suppressed, or others that are listed without a value, leave the sum open.
        let stated = others.iter().filter(|d| position(d, period).is_some());
        let values: Option<Vec<_>> =
            parts.iter().chain(stated).map(|d| value_at(d, period).map(|(v, _)| v)).collect();
        let (Some(values), Some(whole)) = (values, observation.value()) else { continue };
        let sum = values
            .iter()
            .try_fold(Decimal::ZERO.to_rust_decimal(), |sum, value| sum.checked_add(value.to_rust_decimal()));
        if let Some(sum) = sum.filter(|sum| *sum != whole.to_rust_decimal()) {
            let message = format!(
                "SEX F and M make {sum} in {period}, the total says {whole}: correct one, or report _U"
            );
            findings.warning(*line, None, message);
        }
    }
}

fn position(draft: &Draft, period: Period) -> Option<usize> {
    draft.observations.binary_search_by_key(&period, |(o, _)| o.period()).ok()
}

fn value_at(draft: &Draft, period: Period) -> Option<(Decimal, u64)> {
    let (observation, line): &(Observation, u64) = &draft.observations[position(draft, period)?];
    observation.value().map(|value| (value, *line))
}
