//! Names of the data structure as headers and mappings write them.

use crate::model::{AttributeId, Dimension, text};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Concept {
    /// A code of the series key.
    Dimension(Dimension),
    /// The period.
    Period,
    /// The value.
    Value,
    /// An attribute of the series or of the observation.
    Attribute(AttributeId),
}

/// The name of the time dimension.
pub(super) const TIME_PERIOD: &str = "TIME_PERIOD";
/// The name of the measure.
pub(super) const OBS_VALUE: &str = "OBS_VALUE";

/// Edits after which a name is no longer taken for a misspelt one.
const NEAR: usize = 3;

impl Concept {
    /// The concept with this name, in capitals or not.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::all().find(|c| c.id().eq_ignore_ascii_case(name))
    }

    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Dimension(dimension) => dimension.id(),
            Self::Period => TIME_PERIOD,
            Self::Value => OBS_VALUE,
            Self::Attribute(attribute) => attribute.id(),
        }
    }

    /// All of them, in the order of the data structure.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let dimensions = Dimension::ALL.into_iter().map(Self::Dimension);
        let attributes = AttributeId::ALL.iter().copied().map(Self::Attribute);
        dimensions.chain([Self::Period, Self::Value]).chain(attributes)
    }

    /// The name nearest to a misspelt one.
    pub(super) fn suggest(name: &str) -> Option<&'static str> {
        nearest(name, Self::all().map(Self::id))
    }
}

/// The word nearest to a misspelt one.
pub(super) fn nearest<'a>(name: &str, words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = if name.len() > 4 { NEAR } else { 1 };
    let near = words.filter_map(|w| Some((text::distance(w, name, limit)?, w)));
    near.min_by_key(|(edits, _)| *edits).map(|(_, w)| w)
}

/// The end of a sentence about an unknown name.
pub(super) fn hint(near: Option<&str>) -> String {
    near.map_or_else(String::new, |word| format!("; did you mean {word}?"))
}
