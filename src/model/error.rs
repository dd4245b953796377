//! What can be wrong with a value, said so that the one who sent it can repair it.

use thiserror::Error;

use crate::model::{Known, text};

/// Why a value was refused: which part, what stood there, what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ModelError {
    /// The code is not in the list of its dimension or attribute.
    #[error("{dimension}: {}", not_listed(.value, &.known.hint(.dimension, .value)))]
    UnknownCode {
        /// The dimension, attribute or code list asked.
        dimension: &'static str,
        /// What stood there, cut to a readable length.
        value: String,
        /// Where the codes stand; the nearest ones are looked for when the error is written out.
        known: Known,
    },
    /// Not an exact decimal.
    #[error("number \"{value}\" refused: {why}")]
    Decimal {
        /// What stood there, cut to a readable length.
        value: String,
        /// What to do.
        why: &'static str,
    },
    /// Not a time period.
    #[error("TIME_PERIOD \"{value}\" refused: {why}")]
    Period {
        /// What stood there, cut to a readable length.
        value: String,
        /// What to do.
        why: &'static str,
    },
    /// The period is of another kind than the frequency of its series.
    #[error("TIME_PERIOD {period} does not fit FREQ {freq}: change the frequency in the key or the period")]
    Frequency {
        /// The period in canonical text.
        period: String,
        /// The frequency code of the series key.
        freq: String,
    },
    /// Two observations of one series for one period.
    #[error("TIME_PERIOD {period} stands twice in series {key}: keep one observation for each period")]
    DuplicatePeriod {
        /// The series key.
        key: String,
        /// The period in canonical text.
        period: String,
    },
    /// The text is not a series key, or not a key pattern.
    #[error("series key \"{value}\" refused: {why}")]
    Key {
        /// What stood there, cut to a readable length.
        value: String,
        /// What to do.
        why: &'static str,
    },
    /// A dimension without which no key can be built was left out.
    #[error("{dimension}: nothing was given; every series key needs it")]
    Missing {
        /// The dimension.
        dimension: &'static str,
    },
    /// A national code uses the name of a core indicator.
    #[error(
        "INDICATOR: national code \"{value}\" may not use the name of core indicator {core}; choose another name"
    )]
    Shadows {
        /// The national code.
        value: String,
        /// The core indicator.
        core: &'static str,
    },
    /// A value and its status contradict each other.
    #[error("OBS_STATUS {status}: {why}")]
    Status {
        /// The status code.
        status: char,
        /// What to do.
        why: &'static str,
    },
    /// An attribute that may not stand here, or not with this value.
    #[error("attribute {id} = \"{value}\" refused: {why}")]
    Attribute {
        /// The attribute.
        id: &'static str,
        /// What stood there, cut to a readable length.
        value: String,
        /// What to do.
        why: &'static str,
    },
    /// A document or a retraction with a part that cannot be.
    #[error("{part} \"{value}\" refused: {why}")]
    Document {
        /// The part: `id`, `lang`, `title`, ….
        part: &'static str,
        /// What stood there, cut to a readable length.
        value: String,
        /// What to do.
        why: &'static str,
    },
    /// Not a moment in time.
    #[error("time \"{value}\" refused: write it as 2026-01-31T14:00:00Z or 2026-01-31")]
    Time {
        /// What stood there, cut to a readable length.
        value: String,
    },
}

impl ModelError {
    pub(crate) fn decimal(value: &str, why: &'static str) -> Self {
        Self::Decimal { value: text::shorten(value), why }
    }

    pub(crate) fn period(value: &str, why: &'static str) -> Self {
        Self::Period { value: text::shorten(value), why }
    }

    pub(crate) fn key(value: &str, why: &'static str) -> Self {
        Self::Key { value: text::shorten(value), why }
    }

    pub(crate) fn attribute(id: &'static str, value: &str, why: &'static str) -> Self {
        Self::Attribute { id, value: text::shorten(value), why }
    }

    pub(crate) fn document(part: &'static str, value: &str, why: &'static str) -> Self {
        Self::Document { part, value: text::shorten(value), why }
    }
}

/// The sentence about a code that is in no list, and its end, which [`Known`] has.
pub(crate) fn not_listed(value: &str, hint: &str) -> String {
    format!("code \"{value}\" is not in its list{hint}")
}
