//! What one audience would get of a release, compared with what it has.

use std::collections::BTreeMap;

use super::engine::NodeError;
use crate::model::{Attachment, AttributeId, Attributes, Flags, Observation, Period, Series, SeriesKey};
use crate::view::{Row, State, Version};

/// What one agreement's parties would get.
#[derive(Default)]
pub(super) struct Plan {
    /// The series with what is new or changed of them.
    pub(super) changed: Vec<Series>,
    /// How many series those are, also when they are on their way.
    pub(super) series: u64,
    pub(super) new: u64,
    pub(super) revised: u64,
    pub(super) unchanged: u64,
    /// Observations that are withheld, by reason.
    pub(super) withheld: BTreeMap<&'static str, u64>,
}

impl Plan {
    /// Takes what is new or changed of a series.
    pub(super) fn add(
        &mut self,
        series: &Series,
        before: Option<&Row>,
        reason: Option<&str>,
    ) -> Result<(), NodeError> {
        let mut changed = Vec::new();
        for observation in series.observations() {
            match before.and_then(|row| newest(row, observation.period())).map(|version| &version.state) {
                None => {
                    self.new += 1;
                    changed.push(observation.clone());
                }
                Some(State::Stated { value, flags, .. }) if same(observation, value.as_ref(), *flags) => {
                    self.unchanged += 1;
                }
                Some(state) => {
                    self.revised += 1;
                    changed.push(revision(observation, state, reason, series.key())?);
                }
            }
        }
        if !changed.is_empty() {
            self.series += 1;
            self.changed.push(Series::new(series.key().clone(), series.attributes().clone(), changed)?);
        }
        Ok(())
    }
}

fn same(observation: &Observation, value: Option<&crate::model::Decimal>, flags: Flags) -> bool {
    observation.value().as_ref() == value
        && observation.status() == flags.status
        && observation.conf() == flags.conf
}

/// An observation as the revision of what was stated before.
fn revision(
    observation: &Observation,
    before: &State,
    reason: Option<&str>,
    key: &SeriesKey,
) -> Result<Observation, NodeError> {
    let reason = reason.ok_or_else(|| {
        NodeError::Refused(format!(
            "{key} {}: this changes a released value, so say why: --reason UPDATE, ERROR or METHOD",
            observation.period()
        ))
    })?;
    let revision = match before {
        State::Stated { flags, .. } => flags.revision.max(observation.revision()).saturating_add(1),
        State::Retracted { .. } => observation.revision().saturating_add(1),
    };
    let attributes = observation.attributes().iter().map(|(id, text)| (id, text.to_owned()));
    let others = attributes.filter(|(id, _)| *id != AttributeId::RevReason);
    let all = others.chain([(AttributeId::RevReason, reason.to_ascii_uppercase())]);
    let attributes = Attributes::new(Attachment::Observation, all)?;
    let flags = Flags { revision, ..observation.flags() };
    Ok(Observation::new(observation.period(), observation.value(), flags, attributes)?)
}

fn newest(row: &Row, period: Period) -> Option<&Version> {
    row.versions.iter().rev().find(|version| version.period == period)
}
