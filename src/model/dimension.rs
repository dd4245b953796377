//! The 14 dimensions of a series key, in the order of the data structure `CORRIDOR:MIGPROFILE(1.0)`.

use std::fmt;

use crate::model::codelist::{self, CodeList};

/// How many dimensions a series key has.
pub const DIMENSIONS: usize = 14;

/// A dimension of the series key. `TIME_PERIOD`, the fifteenth, belongs to the observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Dimension {
    /// How often the series is collected.
    Freq,
    /// The reporter, always.
    RefArea,
    /// The other end of the corridor.
    CounterpartArea,
    /// What is measured.
    Indicator,
    /// What ties people to the counterpart: citizenship, birth, residence.
    Basis,
    /// Sex.
    Sex,
    /// Age group.
    Age,
    /// Education, ISCED 2011.
    EducationLev,
    /// Occupation, ISCO-08.
    Occupation,
    /// Economic activity, ISIC rev. 4 section.
    Activity,
    /// Reason, status or hazard.
    Reason,
    /// Length of stay or of permit.
    Duration,
    /// Part of the reporter's, or with `C:` of the counterpart's, territory.
    Subnat,
    /// Unit of the values.
    UnitMeasure,
}

impl Dimension {
    /// All dimensions in key order.
    pub const ALL: [Self; DIMENSIONS] = [
        Self::Freq,
        Self::RefArea,
        Self::CounterpartArea,
        Self::Indicator,
        Self::Basis,
        Self::Sex,
        Self::Age,
        Self::EducationLev,
        Self::Occupation,
        Self::Activity,
        Self::Reason,
        Self::Duration,
        Self::Subnat,
        Self::UnitMeasure,
    ];

    /// Those along which parts make up a total, which no part can exceed.
    pub const ADDITIVE: [Self; 9] = [
        Self::CounterpartArea,
        Self::Sex,
        Self::Age,
        Self::EducationLev,
        Self::Occupation,
        Self::Activity,
        Self::Reason,
        Self::Duration,
        Self::Subnat,
    ];

    /// The concept id of the data structure.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Freq => "FREQ",
            Self::RefArea => "REF_AREA",
            Self::CounterpartArea => "COUNTERPART_AREA",
            Self::Indicator => "INDICATOR",
            Self::Basis => "BASIS",
            Self::Sex => "SEX",
            Self::Age => "AGE",
            Self::EducationLev => "EDUCATION_LEV",
            Self::Occupation => "OCCUPATION",
            Self::Activity => "ACTIVITY",
            Self::Reason => "REASON",
            Self::Duration => "DURATION",
            Self::Subnat => "SUBNAT",
            Self::UnitMeasure => "UNIT_MEASURE",
        }
    }

    /// The dimension with this concept id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.id() == id)
    }

    /// Its place in the key, from 0.
    #[must_use]
    pub const fn position(self) -> usize {
        self as usize
    }

    /// Its code list; `INDICATOR` has the catalogue and `SUBNAT` a form instead.
    #[must_use]
    pub fn codelist(self) -> Option<&'static CodeList> {
        match self {
            Self::Freq => Some(codelist::freq_used()),
            Self::RefArea => Some(codelist::area()),
            Self::CounterpartArea => Some(codelist::counterpart()),
            Self::Indicator | Self::Subnat => None,
            Self::Basis => Some(codelist::basis()),
            Self::Sex => Some(codelist::sex()),
            Self::Age => Some(codelist::age()),
            Self::EducationLev => Some(codelist::education()),
            Self::Occupation => Some(codelist::occupation()),
            Self::Activity => Some(codelist::activity()),
            Self::Reason => Some(codelist::reason()),
            Self::Duration => Some(codelist::duration()),
            Self::UnitMeasure => Some(codelist::unit()),
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
