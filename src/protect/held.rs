//! What an audience holds already: every form in which a cell ever left this node towards it.
//!
//! Earlier releases, revisions, other agreements with the same party and the public feed all count: a signed
//! history is never unread. A figure that was closed then and is open now, or the other way round, tells the
//! audience as much as two tables side by side.

use std::collections::HashMap;

use crate::model::catalogue::{self, DisclosureRule};
use crate::model::{AttributeId, Attributes, Decimal, ObsStatus, Observation, Period, Series, SeriesKey};

use super::rule;

/// Cells that an audience holds, as they were published, and what is known of their truth.
#[derive(Debug, Clone, Default)]
pub struct Held {
    cells: HashMap<SeriesKey, Vec<(Period, Statement)>>,
    truth: HashMap<SeriesKey, Vec<(Period, Decimal, i32)>>,
}

/// One cell as it was published once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Statement {
    /// The value, or nothing where it was suppressed.
    pub(super) value: Option<Decimal>,
    /// The rule that it was released under.
    pub(super) rule: DisclosureRule,
    /// Its power of ten.
    pub(super) power: i32,
}

impl Held {
    /// Takes a series as it was published. Order does not matter; the same statement twice counts once.
    ///
    /// The rule of the release is read from `DISC_RULE`, which every protected series carries; without it the
    /// catalogue's rule is taken.
    pub fn take(&mut self, series: &Series) {
        let usual = catalogue::get(series.key().indicator()).map_or(DisclosureRule::D0, |core| core.rule);
        let rule = stated_rule(series.attributes()).unwrap_or(usual);
        let power = power(series.attributes());
        let known = self.cells.entry(series.key().clone()).or_default();
        for observation in series.observations() {
            let Some(value) = seen(observation) else { continue };
            let one = (observation.period(), Statement { value, rule, power });
            if !known.contains(&one) {
                known.push(one);
            }
        }
    }

    /// Says what is true of cells that the audience holds and that the release may not contain. Without it they
    /// count as what their published form allows, and as adding up with the rest where that is possible.
    pub fn know(&mut self, series: &Series) {
        let power = power(series.attributes());
        let values = series.observations().iter().filter_map(|o| Some((o.period(), o.value()?, power)));
        self.truth.entry(series.key().clone()).or_default().extend(values);
    }

    /// The statements by series.
    pub(super) fn statements(&self) -> impl Iterator<Item = (&SeriesKey, &[(Period, Statement)])> {
        self.cells.iter().map(|(key, cells)| (key, cells.as_slice()))
    }

    /// The true values of a series, with their powers of ten, as far as they are known.
    pub(super) fn truth(&self, key: &SeriesKey) -> &[(Period, Decimal, i32)] {
        self.truth.get(key).map_or(&[], Vec::as_slice)
    }
}

/// What an audience sees of an observation: a value, or that it was suppressed; nothing where it is missing.
pub(super) fn seen(observation: &Observation) -> Option<Option<Decimal>> {
    match (observation.value(), observation.status()) {
        (None, ObsStatus::Suppressed) => Some(None),
        (None, _) => None,
        (value, _) => Some(value),
    }
}

/// The rule that a series says it is released under.
fn stated_rule(attributes: &Attributes) -> Option<DisclosureRule> {
    DisclosureRule::from_id(attributes.get(AttributeId::DiscRule)?)
}

/// The power of ten by which the values of a series are to be multiplied.
pub(super) fn power(attributes: &Attributes) -> i32 {
    attributes.get(AttributeId::UnitMult).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The limit of a rule on values of a series.
pub(super) fn limit(key: &SeriesKey, rule: DisclosureRule) -> Option<rule::Limit> {
    (rule::Measure::of(key) == rule::Measure::Count).then(|| rule::Limit::of(rule)).flatten()
}
