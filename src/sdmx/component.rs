//! The components of the data structure with their English names: dimensions, time, measure, attributes.

use crate::model::codelist::{CodeList, Language};
use crate::model::{AttributeId, Dimension, catalogue};

/// The agency that maintains the data structure.
pub const AGENCY: &str = "CORRIDOR";
/// The data structure's id.
pub const STRUCTURE: &str = "MIGPROFILE";
/// Its version.
pub const VERSION: &str = "1.0";
/// Its English name.
pub const NAME: &str = "Migration Profile";

/// A component of the data structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// One of the 14 dimensions of a series key.
    Dimension(Dimension),
    /// `TIME_PERIOD`.
    Time,
    /// `OBS_VALUE`.
    Value,
    /// An attribute.
    Attribute(AttributeId),
}

impl Component {
    /// All of them in the order of the data structure.
    pub fn all() -> impl Iterator<Item = Self> {
        let dimensions = Dimension::ALL.into_iter().map(Self::Dimension);
        let attributes = AttributeId::ALL.iter().copied().map(Self::Attribute);
        dimensions.chain([Self::Time, Self::Value]).chain(attributes)
    }

    /// The concept id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Dimension(dimension) => dimension.id(),
            Self::Time => "TIME_PERIOD",
            Self::Value => "OBS_VALUE",
            Self::Attribute(attribute) => attribute.id(),
        }
    }

    /// The English name of the concept.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dimension(dimension) => dimension_name(dimension),
            Self::Time => "Time period",
            Self::Value => "Observation value",
            Self::Attribute(attribute) => attribute_name(attribute),
        }
    }

    /// The code list of its values, where it has one.
    #[must_use]
    pub fn codelist(self) -> Option<&'static CodeList> {
        match self {
            Self::Dimension(dimension) => dimension.codelist(),
            Self::Attribute(attribute) => attribute.codelist(),
            Self::Time | Self::Value => None,
        }
    }

    /// Whether its values are codes, which have names.
    #[must_use]
    pub fn is_coded(self) -> bool {
        matches!(self, Self::Dimension(_)) || self.codelist().is_some()
    }

    /// The English name of a code; none where nobody has given it one, as for national indicators.
    #[must_use]
    pub fn code_name(self, code: &str) -> Option<&'static str> {
        if self == Self::Dimension(Dimension::Indicator) {
            return catalogue::get(code).map(|core| core.name(Language::En));
        }
        if self == Self::Dimension(Dimension::Subnat) {
            let name = match code {
                "_T" => "Total",
                "_U" => "Unknown",
                "_Z" => "Not applicable",
                _ => return None,
            };
            return Some(name);
        }
        let name = self.codelist()?.get(code)?.name();
        (!name.is_empty()).then_some(name)
    }
}

const fn dimension_name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Freq => "Frequency",
        Dimension::RefArea => "Reporting area",
        Dimension::CounterpartArea => "Counterpart area",
        Dimension::Indicator => "Indicator",
        Dimension::Basis => "Basis of the tie to the counterpart",
        Dimension::Sex => "Sex",
        Dimension::Age => "Age",
        Dimension::EducationLev => "Education level",
        Dimension::Occupation => "Occupation",
        Dimension::Activity => "Economic activity",
        Dimension::Reason => "Reason",
        Dimension::Duration => "Duration",
        Dimension::Subnat => "Subnational area",
        Dimension::UnitMeasure => "Unit of measure",
    }
}

const fn attribute_name(attribute: AttributeId) -> &'static str {
    match attribute {
        AttributeId::ObsStatus => "Observation status",
        AttributeId::ConfStatus => "Confidentiality status",
        AttributeId::EmbargoTime => "Embargo time",
        AttributeId::UnitMult => "Unit multiplier",
        AttributeId::Decimals => "Decimals",
        AttributeId::SensClass => "Sensitivity class",
        AttributeId::DiscRule => "Disclosure rule",
        AttributeId::DefId => "Definition",
        AttributeId::MinStayMonths => "Minimum stay in months",
        AttributeId::RefDateType => "Type of reference date",
        AttributeId::SourceLevel => "Level of the source",
        AttributeId::SourceType => "Type of the source",
        AttributeId::SourceRef => "Source",
        AttributeId::DataProvider => "Data provider",
        AttributeId::Revision => "Revision",
        AttributeId::RevReason => "Reason for the revision",
        AttributeId::PreBreakValue => "Value before the break",
        AttributeId::NatPriority => "National priority",
        AttributeId::CoreMatch => "Match with the core indicator",
        AttributeId::CommentObs => "Comment",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_has_a_list_has_a_name() {
        assert_eq!(Component::all().count(), 36);
        for component in Component::all() {
            assert!(!component.name().is_empty());
            for code in component.codelist().into_iter().flat_map(CodeList::codes) {
                assert!(component.code_name(code.id()).is_some(), "{} {}", component.id(), code.id());
            }
        }
        let indicator = Component::Dimension(Dimension::Indicator);
        assert!(indicator.code_name("MF_IMM_PREV").is_some());
        assert_eq!(indicator.code_name("PHL:OWN"), None);
    }
}
