//! The published form: series as they leave, and what can be read from them again.

use std::collections::HashMap;

use super::held::{self, power};
use super::report::{Breach, Explained, Outcome, Report};
use super::rule::Limit;
use super::table::{self, Form, Table};
use super::{RoundingKey, Rules};
use crate::model::catalogue::DisclosureRule;
use crate::model::{Attachment, AttributeId, Attributes, Observation, Series};

/// What was decided for each cell of a table, and what is needed to write it down.
pub(super) struct Press<'a> {
    pub(super) table: &'a Table,
    pub(super) outcomes: &'a [Outcome],
    pub(super) rules: &'a Rules,
    pub(super) key: &'a RoundingKey,
    /// Attributes of series by what they were before and the rule that they state now.
    said: HashMap<(Attributes, DisclosureRule), Attributes>,
}

impl<'a> Press<'a> {
    pub(super) fn new(
        table: &'a Table,
        outcomes: &'a [Outcome],
        rules: &'a Rules,
        key: &'a RoundingKey,
    ) -> Self {
        Self { table, outcomes, rules, key, said: HashMap::new() }
    }

    /// The series as it leaves under its rule.
    pub(super) fn print(
        &mut self,
        series: &Series,
        rule: DisclosureRule,
        report: &mut Report,
    ) -> Result<Series, Breach> {
        let unwritable = |error: crate::model::ModelError| Breach::Unwritable {
            key: series.key().clone(),
            why: error.to_string(),
        };
        let mut printed = Vec::with_capacity(series.observations().len());
        for observation in series.observations() {
            let cell = observation.value().and_then(|_| self.table.find(series.key(), observation.period()));
            let outcome = cell.map_or(Outcome::Missing, |cell| self.outcomes[cell as usize]);
            report.count(outcome);
            if self.rules.explain {
                let (key, period) = (series.key().clone(), observation.period());
                report.cells.push(Explained { key, period, rule, outcome });
            }
            printed.push(
                match (outcome, cell) {
                    (Outcome::Shown | Outcome::Zero, _) => plain(observation, rule),
                    (Outcome::Rounded, Some(cell)) => self.rounded(series, observation, cell),
                    (Outcome::Missing, _) if observation.status() != crate::model::ObsStatus::Suppressed => {
                        Ok(observation.clone())
                    }
                    _ => self.closed(observation),
                }
                .map_err(unwritable)?,
            );
        }
        let said = self.said(series.attributes(), rule).map_err(unwritable)?;
        Series::new(series.key().clone(), said, printed).map_err(unwritable)
    }

    /// What is said of the series, with the rule it left under.
    fn said(
        &mut self,
        attributes: &Attributes,
        rule: DisclosureRule,
    ) -> Result<Attributes, crate::model::ModelError> {
        let place = (attributes.clone(), rule);
        if let Some(known) = self.said.get(&place) {
            return Ok(known.clone());
        }
        let others = attributes.iter().filter(|(id, _)| *id != AttributeId::DiscRule);
        let said = Attributes::new(Attachment::Series, others.chain([(AttributeId::DiscRule, rule.id())]))?;
        self.said.insert(place, said.clone());
        Ok(said)
    }

    /// A multiple of the base, in as many decimals as the value had.
    fn rounded(
        &self,
        series: &Series,
        observation: &Observation,
        cell: u32,
    ) -> Result<Observation, crate::model::ModelError> {
        let shown = form(self.table, self.key, cell, Outcome::Rounded);
        let (Form::Rounded(units, _), Some(before)) = (shown, observation.value()) else {
            return self.closed(observation);
        };
        let exponent = self.table.line(&self.table.cells[cell as usize]).exponent;
        let value = table::value(units, power(series.attributes()), exponent, before.scale());
        let flags = observation.flags();
        match value {
            Some(value) => {
                Observation::new(observation.period(), Some(value), flags, without_old_value(observation)?)
            }
            None => self.closed(observation),
        }
    }

    /// Without value, with one status for all that are closed, and without what else may tell the value.
    fn closed(&self, observation: &Observation) -> Result<Observation, crate::model::ModelError> {
        let telling = [AttributeId::PreBreakValue, AttributeId::CommentObs, AttributeId::EmbargoTime];
        let kept = observation.attributes().iter().filter(|(id, _)| !telling.contains(id));
        let attributes = Attributes::new(Attachment::Observation, kept)?;
        let bare = Observation::new(
            observation.period(),
            None,
            crate::model::Flags {
                status: crate::model::ObsStatus::Suppressed,
                conf: self.rules.conf,
                revision: observation.revision(),
            },
            attributes,
        )?;
        Ok(bare)
    }
}

/// As it is; under a rule for small numbers without the value before a break, which nobody looked at.
fn plain(observation: &Observation, rule: DisclosureRule) -> Result<Observation, crate::model::ModelError> {
    if Limit::of(rule).is_none() || observation.attributes().get(AttributeId::PreBreakValue).is_none() {
        return Ok(observation.clone());
    }
    let attributes = without_old_value(observation)?;
    Observation::new(observation.period(), observation.value(), observation.flags(), attributes)
}

fn without_old_value(observation: &Observation) -> Result<Attributes, crate::model::ModelError> {
    let kept = observation.attributes().iter().filter(|(id, _)| *id != AttributeId::PreBreakValue);
    Attributes::new(Attachment::Observation, kept)
}

/// The form in which a cell leaves with this outcome.
pub(super) fn form(table: &Table, key: &RoundingKey, cell: u32, outcome: Outcome) -> Form {
    let known = &table.cells[cell as usize];
    let (line, truth) = (table.line(known), known.truth.unwrap_or(0));
    match (outcome, line.limit) {
        (Outcome::Shown | Outcome::Zero, _) => Form::Exact(truth),
        (Outcome::Rounded, Some(limit)) => {
            Form::Rounded(key.round(&line.key, known.period, truth, limit.base), limit)
        }
        _ => Form::Closed,
    }
}

/// Reads from series as they were published what form each cell has, without knowing why.
pub(super) fn read_back(table: &Table, published: &[Series]) -> HashMap<u32, Form> {
    let mut forms = HashMap::new();
    for series in published {
        let stated = series.attributes().get(AttributeId::DiscRule).and_then(DisclosureRule::from_id);
        let rule = stated.unwrap_or(DisclosureRule::D0);
        for observation in series.observations() {
            let seen = held::seen(observation.value(), observation.status());
            let (Some(value), Some(cell)) = (seen, table.find(series.key(), observation.period())) else {
                continue;
            };
            let line = table.line(&table.cells[cell as usize]);
            let limit = held::limit(&line.key, rule)
                .map(|limit| Limit { least: limit.least * line.one, base: limit.base * line.one });
            let number = value.and_then(|value| {
                i64::try_from(table::units(value, power(series.attributes()), line.exponent)?).ok()
            });
            forms.insert(cell, Form::of(number, limit));
        }
    }
    forms
}
