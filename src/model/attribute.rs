//! What is said about a series or an observation besides its value.

use std::fmt;
use std::sync::Arc;

use crate::model::codelist::{self, CodeList};
use crate::model::{Decimal, Millis, ModelError, text};

/// Writes the attributes once: variant, number in signed bytes, concept id, where it stands.
macro_rules! attributes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $id:literal, $attachment:ident;)+) => {
        /// An attribute of the data structure. The numbers stand in signed bytes and never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum AttributeId { $($(#[$doc])* $variant = $code),+ }

        impl AttributeId {
            /// All attributes in the order of the data structure.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The concept id of the data structure.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            /// Whether it is said of series or of observations.
            #[must_use]
            pub const fn attachment(self) -> Attachment {
                match self { $(Self::$variant => Attachment::$attachment),+ }
            }
        }
    };
}

attributes! {
    /// What kind of value it is; a field of the observation.
    ObsStatus = 0, "OBS_STATUS", Observation;
    /// Who may know it; a field of the observation.
    ConfStatus = 1, "CONF_STATUS", Observation;
    /// When an embargo ends.
    EmbargoTime = 2, "EMBARGO_TIME", Observation;
    /// Power of ten by which values are to be multiplied.
    UnitMult = 3, "UNIT_MULT", Series;
    /// Number of decimals of the values.
    Decimals = 4, "DECIMALS", Series;
    /// Sensitivity class.
    SensClass = 5, "SENS_CLASS", Series;
    /// Disclosure rule.
    DiscRule = 6, "DISC_RULE", Series;
    /// The definition used.
    DefId = 7, "DEF_ID", Series;
    /// Months of stay that make a migrant; 60 means permanent.
    MinStayMonths = 8, "MIN_STAY_MONTHS", Series;
    /// What the reference date stands for.
    RefDateType = 9, "REF_DATE_TYPE", Series;
    /// Level of the source.
    SourceLevel = 10, "SOURCE_LEVEL", Series;
    /// Kind of the source.
    SourceType = 11, "SOURCE_TYPE", Series;
    /// The source in words.
    SourceRef = 12, "SOURCE_REF", Series;
    /// The institution that provided the data.
    DataProvider = 13, "DATA_PROVIDER", Series;
    /// Number of the revision; a field of the observation.
    Revision = 14, "REVISION", Observation;
    /// Why a value was revised.
    RevReason = 15, "REV_REASON", Observation;
    /// The value by the method before a break.
    PreBreakValue = 16, "PRE_BREAK_VALUE", Observation;
    /// National priority.
    NatPriority = 17, "NAT_PRIORITY", Series;
    /// How near a national indicator is to a core one.
    CoreMatch = 18, "CORE_MATCH", Series;
    /// A remark.
    CommentObs = 19, "COMMENT_OBS", Observation;
}

/// What an attribute is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// A whole series.
    Series,
    /// One observation.
    Observation,
}

/// What the text of an attribute may be.
enum Form {
    /// A field of the observation, never an attribute in a list.
    Field,
    List(&'static CodeList),
    Number,
    Time,
    Text(usize),
}

/// Characters of a comment, as the data structure fixes them.
const MAX_COMMENT: usize = 500;
/// Characters of a description of a source: a citation with its address.
const MAX_SOURCE: usize = 500;
/// Characters of an identifier: a hash in hexadecimal with its name before it.
const MAX_ID: usize = 128;
/// The number that stands for permanent settlement.
const PERMANENT_MONTHS: i64 = 60;

impl AttributeId {
    /// The number that stands for the attribute in signed bytes.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The attribute of a number.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The attribute with this concept id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|a| a.id() == id)
    }

    /// Its code list, where it has one.
    #[must_use]
    pub fn codelist(self) -> Option<&'static CodeList> {
        match self {
            Self::ObsStatus => Some(codelist::obs_status()),
            Self::ConfStatus => Some(codelist::conf_status()),
            _ => match self.form() {
                Form::List(list) => Some(list),
                Form::Field | Form::Number | Form::Time | Form::Text(_) => None,
            },
        }
    }

    fn form(self) -> Form {
        match self {
            Self::ObsStatus | Self::ConfStatus | Self::Revision => Form::Field,
            Self::UnitMult => Form::List(codelist::unit_mult()),
            Self::Decimals => Form::List(codelist::decimals()),
            Self::SensClass => Form::List(codelist::sensitivity()),
            Self::DiscRule => Form::List(codelist::disclosure_rule()),
            Self::RefDateType => Form::List(codelist::ref_date_type()),
            Self::SourceLevel => Form::List(codelist::source_level()),
            Self::SourceType => Form::List(codelist::source_type()),
            Self::RevReason => Form::List(codelist::rev_reason()),
            Self::NatPriority => Form::List(codelist::nat_priority()),
            Self::CoreMatch => Form::List(codelist::core_match()),
            Self::MinStayMonths | Self::PreBreakValue => Form::Number,
            Self::EmbargoTime => Form::Time,
            Self::DefId | Self::DataProvider => Form::Text(MAX_ID),
            Self::SourceRef => Form::Text(MAX_SOURCE),
            Self::CommentObs => Form::Text(MAX_COMMENT),
        }
    }

    /// The text in its canonical form, if the attribute may have it.
    fn check(self, value: &str) -> Result<Box<str>, ModelError> {
        let refuse = |why| ModelError::attribute(self.id(), value, why);
        match self.form() {
            Form::Field => Err(refuse("it is a field of the observation; set it there")),
            Form::List(list) if list.contains(value) => Ok(value.into()),
            Form::List(list) => Err(list.unknown(self.id(), value)),
            Form::Number => self.check_number(value),
            Form::Time => Ok(Millis::parse(value)?.to_string().into()),
            Form::Text(_) if value.trim().is_empty() => Err(refuse("it is empty; leave it out")),
            Form::Text(max) => text::checked(value, max).map_err(refuse),
        }
    }

    fn check_number(self, value: &str) -> Result<Box<str>, ModelError> {
        let number = Decimal::parse(value)?;
        let permanent = number.same_value(&Decimal::from(PERMANENT_MONTHS));
        let months = !number.is_negative() && number <= Decimal::from(12);
        if self == Self::MinStayMonths && !months && !permanent {
            return Err(ModelError::attribute(
                self.id(),
                value,
                "months go from 0 to 12, 60 means permanent",
            ));
        }
        Ok(number.to_string().into())
    }
}

impl fmt::Display for AttributeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// Attributes with their texts: sorted, each at most once, each text checked. Eight bytes; most lists are empty,
/// which takes no memory beside them, and the others are shared by those who say the same: comparing those looks
/// at the pointers first, as `Arc` does for types that are `Eq`.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Attributes(Option<Arc<List>>);

type List = Vec<(AttributeId, Box<str>)>;

impl Attributes {
    /// No attributes.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The attributes of a series or of an observation, in any order.
    ///
    /// # Errors
    ///
    /// [`ModelError::Attribute`] or [`ModelError::UnknownCode`] for one that does not belong there, stands
    /// twice, or has a text it may not have.
    pub fn new<T: AsRef<str>>(
        attachment: Attachment,
        given: impl IntoIterator<Item = (AttributeId, T)>,
    ) -> Result<Self, ModelError> {
        let mut list = Vec::new();
        for (id, value) in given {
            let value = value.as_ref();
            if id.attachment() != attachment {
                let why = match attachment {
                    Attachment::Series => "it belongs to an observation",
                    Attachment::Observation => "it belongs to the series",
                };
                return Err(ModelError::attribute(id.id(), value, why));
            }
            list.push((id, id.check(value)?));
        }
        list.sort_by_key(|(id, _)| *id);
        if let Some([(id, value), _]) = list.array_windows().find(|[(a, _), (b, _)]| a == b) {
            return Err(ModelError::attribute(id.id(), value, "it is given twice; keep one"));
        }
        Ok(Self((!list.is_empty()).then(|| Arc::new(list))))
    }

    /// The text of an attribute.
    #[must_use]
    pub fn get(&self, id: AttributeId) -> Option<&str> {
        let list = self.list();
        list.binary_search_by_key(&id, |(id, _)| *id).ok().map(|at| &*list[at].1)
    }

    /// All of them, sorted.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (AttributeId, &str)> {
        self.list().iter().map(|(id, value)| (*id, &**value))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list().len()
    }

    /// Are there none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Do they all belong there?
    pub(crate) fn are_of(&self, attachment: Attachment) -> bool {
        self.list().iter().all(|(id, _)| id.attachment() == attachment)
    }

    fn list(&self) -> &[(AttributeId, Box<str>)] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
