//! Status of an observation: what kind of value it is, and who may know it.

use std::fmt;

use crate::model::{ModelError, codelist};

/// Writes an enum of one-letter codes once: variant, code, meaning.
macro_rules! letter_codes {
    ($(#[$doc:meta])* $name:ident, $dimension:literal, $list:path, { $($(#[$vdoc:meta])* $variant:ident = $letter:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// All codes in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The code of the SDMX list.
            #[must_use]
            pub const fn code(self) -> char {
                match self { $(Self::$variant => $letter),+ }
            }

            /// The status with this code, if there is one.
            #[must_use]
            pub const fn from_code(code: char) -> Option<Self> {
                match code { $($letter => Some(Self::$variant),)+ _ => None }
            }

            /// Reads a one-letter code.
            ///
            /// # Errors
            ///
            /// [`ModelError::UnknownCode`] if the list has no such code.
            pub fn parse(text: &str) -> Result<Self, ModelError> {
                let mut letters = text.chars();
                match (letters.next().and_then(Self::from_code), letters.next()) {
                    (Some(status), None) => Ok(status),
                    _ => Err($list().unknown($dimension, text)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.code())
            }
        }
    };
}

letter_codes! {
    /// What kind of value it is: `SDMX:CL_OBS_STATUS(2.2)`.
    ObsStatus, "OBS_STATUS", codelist::obs_status, {
        /// Normal value.
        Normal = 'A',
        /// Break in the time series.
        Break = 'B',
        /// Definition differs.
        DefinitionDiffers = 'D',
        /// Estimated value.
        Estimated = 'E',
        /// Forecast value.
        Forecast = 'F',
        /// Experimental value.
        Experimental = 'G',
        /// Value imputed by a receiving agency.
        Imputed = 'I',
        /// Data included in another category.
        IncludedElsewhere = 'K',
        /// Includes data from another category.
        IncludesOther = 'W',
        /// Missing value, for reasons not told apart.
        Missing = 'O',
        /// Missing value; data cannot exist.
        CannotExist = 'M',
        /// Provisional value.
        Provisional = 'P',
        /// Strike and other special events.
        SpecialEvent = 'S',
        /// Missing value; data exist but were not collected.
        NotCollected = 'L',
        /// Missing value; holiday or weekend.
        Holiday = 'H',
        /// Missing value; suppressed.
        Suppressed = 'Q',
        /// Derogation.
        Derogation = 'J',
        /// Not significant: not a real zero.
        NotSignificant = 'N',
        /// Low reliability.
        LowReliability = 'U',
        /// Unvalidated value.
        Unvalidated = 'V',
    }
}

letter_codes! {
    /// Who may know it: `SDMX:CL_CONF_STATUS(1.3)`.
    ConfStatus, "CONF_STATUS", codelist::conf_status, {
        /// Free for publication.
        Free = 'F',
        /// Not for publication, internal use only.
        NotForPublication = 'N',
        /// Confidential statistical information.
        Confidential = 'C',
        /// Secondary confidentiality set by the sender.
        SecondaryBySender = 'D',
        /// Secondary confidentiality set by the receiver.
        SecondaryByReceiver = 'S',
        /// Primary confidentiality due to small counts.
        SmallCounts = 'A',
        /// Primary confidentiality, dominance by one unit.
        DominanceOne = 'O',
        /// Primary confidentiality, dominance by two units.
        DominanceTwo = 'T',
        /// Primary confidentiality, dominance by one or two units.
        DominanceOneOrTwo = 'G',
        /// Primary confidentiality, another measure of concentration.
        Concentration = 'M',
        /// As `N` until the embargo time, then as `F`.
        Embargo = 'E',
    }
}

/// Whether an observation with a status has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// There is a value.
    Required,
    /// There is none: the status says why it is missing.
    Absent,
    /// There may be one: the status speaks of circumstances that "may cause a missing value".
    Either,
}

impl ObsStatus {
    /// Whether the definition of the code lets a value stand.
    ///
    /// `O`, `M`, `L`, `H`, `Q` are defined as "missing value". `K` is "used when data for a given category are
    /// missing and are included in another", `S` and `J` "affecting the observation or causing a missing
    /// value": there both occur. All others describe a value that is there.
    #[must_use]
    pub const fn presence(self) -> Presence {
        match self {
            Self::Missing | Self::CannotExist | Self::NotCollected | Self::Holiday | Self::Suppressed => {
                Presence::Absent
            }
            Self::IncludedElsewhere | Self::SpecialEvent | Self::Derogation => Presence::Either,
            Self::Normal
            | Self::Break
            | Self::DefinitionDiffers
            | Self::Estimated
            | Self::Forecast
            | Self::Experimental
            | Self::Imputed
            | Self::IncludesOther
            | Self::Provisional
            | Self::NotSignificant
            | Self::LowReliability
            | Self::Unvalidated => Presence::Required,
        }
    }
}
