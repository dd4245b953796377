//! One value of a series.

use crate::model::status::Presence;
use crate::model::{Attachment, AttributeId, Attributes, ConfStatus, Decimal, ModelError, ObsStatus, Period};

/// What was found for one period: a value, or the reason why there is none.
///
/// A value stands exactly where the definition of the status lets it stand, see [`ObsStatus::presence`]; an
/// embargo says when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Observation {
    period: Period,
    value: Option<Decimal>,
    flags: Flags,
    attributes: Attributes,
}

/// The mandatory attributes of an observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flags {
    /// What kind of value it is.
    pub status: ObsStatus,
    /// Who may know it.
    pub conf: ConfStatus,
    /// How often the value was revised; the first release has 0.
    pub revision: u32,
}

impl Default for Flags {
    /// A normal value, free for publication, never revised.
    fn default() -> Self {
        Self { status: ObsStatus::Normal, conf: ConfStatus::Free, revision: 0 }
    }
}

impl Observation {
    /// An observation with all that is said about it.
    ///
    /// # Errors
    ///
    /// [`ModelError::Status`] if value and status, or embargo and its time, do not go together;
    /// [`ModelError::Attribute`] for an attribute of series.
    pub fn new(
        period: Period,
        value: Option<Decimal>,
        flags: Flags,
        attributes: Attributes,
    ) -> Result<Self, ModelError> {
        let refuse = |why| Err(ModelError::Status { status: flags.status.code(), why });
        match (flags.status.presence(), value) {
            (Presence::Required, None) => {
                return refuse("there is no value; say why with O, M, L, H or Q");
            }
            (Presence::Absent, Some(_)) => {
                return refuse(
                    "it means that the value is missing; leave the value out or change the status",
                );
            }
            (Presence::Required | Presence::Either, Some(_))
            | (Presence::Absent | Presence::Either, None) => {}
        }
        let embargo = attributes.get(AttributeId::EmbargoTime).is_some();
        if flags.conf == ConfStatus::Embargo && !embargo {
            return refuse("CONF_STATUS E needs EMBARGO_TIME; say when the embargo ends");
        }
        if !attributes.are_of(Attachment::Observation) {
            return Err(ModelError::attribute("observation", "", "an attribute of the series stands here"));
        }
        Ok(Self { period, value, flags, attributes })
    }

    /// A normal value, free for publication.
    #[must_use]
    pub fn reported(period: Period, value: Decimal) -> Self {
        Self { period, value: Some(value), flags: Flags::default(), attributes: Attributes::none() }
    }

    /// The same observation with the value taken out: suppressed, for a stated kind of confidentiality.
    #[must_use]
    pub fn suppressed(&self, conf: ConfStatus) -> Self {
        let flags = Flags { status: ObsStatus::Suppressed, conf, ..self.flags };
        Self { value: None, flags, ..self.clone() }
    }

    /// The time it is about.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// The value, if there is one.
    #[must_use]
    pub const fn value(&self) -> Option<Decimal> {
        self.value
    }

    /// What kind of value it is.
    #[must_use]
    pub const fn status(&self) -> ObsStatus {
        self.flags.status
    }

    /// Who may know it.
    #[must_use]
    pub const fn conf(&self) -> ConfStatus {
        self.flags.conf
    }

    /// How often the value was revised.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.flags.revision
    }

    /// Status, confidentiality and revision together.
    #[must_use]
    pub const fn flags(&self) -> Flags {
        self.flags
    }

    /// What else is said about it.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(value: Option<&str>, status: &str, conf: &str) -> Result<Observation, ModelError> {
        let value = value.map(|v| Decimal::parse(v).unwrap());
        let flags = Flags { status: ObsStatus::parse(status)?, conf: ConfStatus::parse(conf)?, revision: 0 };
        Observation::new(Period::parse("2017").unwrap(), value, flags, Attributes::none())
    }

    #[test]
    fn a_value_stands_where_its_status_lets_it() {
        for status in ObsStatus::ALL {
            let code = status.to_string();
            assert_eq!(observe(Some("1"), &code, "F").is_ok(), !"OMLHQ".contains(&code), "{code} with value");
            assert_eq!(observe(None, &code, "F").is_ok(), "OMLHQKSJ".contains(&code), "{code} without value");
        }
    }

    #[test]
    fn an_embargo_says_when_it_ends() {
        assert!(observe(Some("1"), "A", "E").is_err());
        let until = (AttributeId::EmbargoTime, "2027-01-01T09:00:00Z");
        let attributes = Attributes::new(Attachment::Observation, [until]).unwrap();
        let flags = Flags { conf: ConfStatus::Embargo, ..Flags::default() };
        let period = Period::parse("2026").unwrap();
        assert!(Observation::new(period, Some(Decimal::from(1)), flags, attributes).is_ok());
    }

    #[test]
    fn suppression_takes_the_value_out() {
        let seen = Observation::reported(Period::parse("2017").unwrap(), Decimal::from(3));
        let hidden = seen.suppressed(ConfStatus::Confidential);
        assert_eq!((hidden.value(), hidden.status().code(), hidden.conf().code()), (None, 'Q', 'C'));
    }
}
