//! Codes of indicators: those of the core catalogue, and each country's own beside them.

use std::fmt;

use crate::model::{Known, ModelError, catalogue, codelist, text};

/// A code that may stand in the dimension `INDICATOR`.
///
/// Core codes are those of the [`catalogue`]. A national code is written `PHL:NAME`; it may not use the name of
/// a core indicator, so that nobody can take a country's own concept for the common one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndicatorCode(Box<str>);

/// Characters of the name in a national code.
const MAX_NAME: usize = 32;

impl IndicatorCode {
    /// Reads a core or a national code.
    ///
    /// # Errors
    ///
    /// [`ModelError::UnknownCode`] and [`ModelError::Shadows`].
    pub fn parse(code: &str) -> Result<Self, ModelError> {
        check(code)?;
        Ok(Self(code.into()))
    }

    /// The code as it stands in a key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The line of the core catalogue; a national code has none.
    #[must_use]
    pub fn core(&self) -> Option<&'static catalogue::Indicator> {
        catalogue::get(&self.0)
    }

    /// The country whose own code it is.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.0.split_once(':').map(|(country, _)| country)
    }
}

impl fmt::Display for IndicatorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks a code without keeping it.
pub(crate) fn check(code: &str) -> Result<(), ModelError> {
    if catalogue::get(code).is_some() {
        return Ok(());
    }
    let unknown = || ModelError::UnknownCode {
        dimension: "INDICATOR",
        value: text::shorten(code),
        known: Known::Indicators,
    };
    let (country, name) = code.split_once(':').ok_or_else(unknown)?;
    if let Some(core) = catalogue::get(name) {
        return Err(ModelError::Shadows { value: code.to_owned(), core: core.code() });
    }
    let is_country = country.len() == 3
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && codelist::area().contains(country);
    let is_name = name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if is_country && is_name { Ok(()) } else { Err(unknown()) }
}
