//! No data about single persons leave in the texts beside the figures.

use super::report::Breach;
use crate::model::personal::{PersonalData, in_text};
use crate::model::{AttributeId, Attributes, Observation, Series};

/// The first text of a series, or of one of its observations, that tells of a person.
#[must_use]
pub fn personal_data(series: &Series) -> Option<(AttributeId, PersonalData)> {
    let said = [series.attributes()].into_iter();
    said.chain(series.observations().iter().map(Observation::attributes)).find_map(of_attributes)
}

fn of_attributes(attributes: &Attributes) -> Option<(AttributeId, PersonalData)> {
    let free = |id: AttributeId| {
        matches!(
            id,
            AttributeId::DefId | AttributeId::SourceRef | AttributeId::DataProvider | AttributeId::CommentObs
        )
    };
    attributes.iter().filter(|(id, _)| free(*id)).find_map(|(id, text)| Some((id, in_text(text)?)))
}

/// Refuses a series with such a text.
///
/// # Errors
/// [`Breach::Personal`].
pub fn check(series: &Series) -> Result<(), Breach> {
    match personal_data(series) {
        None => Ok(()),
        Some((attribute, found)) => Err(Breach::Personal { key: series.key().clone(), attribute, found }),
    }
}
