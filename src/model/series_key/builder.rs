//! Series keys from the few codes that matter.

use super::SeriesKey;
use crate::model::dimension::DIMENSIONS;
use crate::model::{Dimension, ModelError, catalogue};

/// Collects codes; [`SeriesKeyBuilder::build`] fills the rest and checks all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SeriesKeyBuilder {
    codes: [Option<String>; DIMENSIONS],
}

impl SeriesKeyBuilder {
    /// Sets the code of a dimension.
    #[must_use]
    pub fn with(mut self, dimension: Dimension, code: impl Into<String>) -> Self {
        self.codes[dimension.position()] = Some(code.into());
        self
    }

    /// The key.
    ///
    /// # Errors
    ///
    /// [`ModelError::Missing`] without reporter or indicator, or where a national indicator leaves frequency or
    /// unit open; [`ModelError::UnknownCode`] for a wrong code.
    pub fn build(&self) -> Result<SeriesKey, ModelError> {
        let code = |d: Dimension| self.codes[d.position()].as_deref();
        let indicator = code(Dimension::Indicator);
        let core =
            catalogue::get(indicator.ok_or(ModelError::Missing { dimension: Dimension::Indicator.id() })?);
        let mut parts = [""; DIMENSIONS];
        for dimension in Dimension::ALL {
            let usual = match dimension {
                Dimension::RefArea | Dimension::Indicator => None,
                Dimension::Freq => core.map(catalogue::Indicator::freq),
                Dimension::UnitMeasure => core.map(catalogue::Indicator::unit),
                Dimension::Basis => Some("_Z"),
                _ => Some("_T"),
            };
            parts[dimension.position()] =
                code(dimension).or(usual).ok_or(ModelError::Missing { dimension: dimension.id() })?;
        }
        SeriesKey::from_parts(&parts)
    }
}
