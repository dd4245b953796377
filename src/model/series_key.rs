//! What is measured: all dimensions but time.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::model::dimension::DIMENSIONS;
use crate::model::{Dimension, ModelError, catalogue};

mod builder;
mod check;

pub use builder::SeriesKeyBuilder;

/// The 14 codes that name a series: `A.ITA.ESP.EF_EMI_NEXT.RES._T._T._T._T._T._T.M_GE12._T.PS`.
///
/// Every code was looked up in its list. Cloning copies a pointer; equality, order and hash are those of the
/// dotted text.
#[derive(Clone)]
pub struct SeriesKey {
    text: Arc<str>,
    /// Where the dots stand: one before each dimension but the first.
    dots: [u8; DIMENSIONS - 1],
}

/// Bytes of the longest key that is read; the codes of the lists stay far below.
pub const MAX_KEY_BYTES: usize = 256;

/// The dimensions in the order in which views are indexed: a corridor's series of one indicator lie together.
pub(crate) const VIEW_ORDER: [Dimension; DIMENSIONS] = [
    Dimension::Indicator,
    Dimension::RefArea,
    Dimension::CounterpartArea,
    Dimension::Freq,
    Dimension::Basis,
    Dimension::Sex,
    Dimension::Age,
    Dimension::EducationLev,
    Dimension::Occupation,
    Dimension::Activity,
    Dimension::Reason,
    Dimension::Duration,
    Dimension::Subnat,
    Dimension::UnitMeasure,
];

impl SeriesKey {
    /// Reads a key written with dots and looks every code up.
    ///
    /// # Errors
    ///
    /// [`ModelError::Key`] if there are not 14 parts, [`ModelError::UnknownCode`] for the first wrong code.
    pub fn parse(dotted: &str) -> Result<Self, ModelError> {
        Self::from_parts(&split(dotted)?)
    }

    /// Reads a key of signed bytes. Checks as much as [`SeriesKey::parse`], which is all there is to check; the
    /// name says that the bytes may be hostile.
    ///
    /// # Errors
    ///
    /// As [`SeriesKey::parse`].
    pub fn from_canonical(dotted: &str) -> Result<Self, ModelError> {
        Self::parse(dotted)
    }

    /// The key with these codes, in the order of [`Dimension::ALL`]. Nothing is allocated before all are checked.
    ///
    /// # Errors
    ///
    /// [`ModelError::UnknownCode`] or [`ModelError::Shadows`] for the first wrong code.
    pub fn from_parts(parts: &[&str; DIMENSIONS]) -> Result<Self, ModelError> {
        check::all(parts)?;
        Self::join(parts)
    }

    /// The key with these codes, of which those that a known key has are not looked up again. The keys of an
    /// entry are sorted, and each differs from the one before in a code or two.
    ///
    /// # Errors
    ///
    /// As [`SeriesKey::from_parts`].
    pub fn from_parts_beside(known: &Self, parts: &[&str; DIMENSIONS]) -> Result<Self, ModelError> {
        check::beside(&known.parts(), parts)?;
        Self::join(parts)
    }

    /// The codes of a key written with dots, none of them looked up.
    ///
    /// # Errors
    ///
    /// [`ModelError::Key`] if there are not 14.
    pub fn split(dotted: &str) -> Result<[&str; DIMENSIONS], ModelError> {
        split(dotted)
    }

    /// A builder that fills what is not said: `_T`, for the basis `_Z`, and the indicator's usual unit.
    #[must_use]
    pub fn builder() -> SeriesKeyBuilder {
        SeriesKeyBuilder::default()
    }

    /// The dotted text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The code of a dimension.
    #[must_use]
    pub fn dimension(&self, dimension: Dimension) -> &str {
        let at = dimension.position();
        let start = if at == 0 { 0 } else { usize::from(self.dots[at - 1]) + 1 };
        let end = self.dots.get(at).map_or(self.text.len(), |dot| usize::from(*dot));
        &self.text[start..end]
    }

    /// All codes in key order.
    #[must_use]
    pub fn parts(&self) -> [&str; DIMENSIONS] {
        Dimension::ALL.map(|d| self.dimension(d))
    }

    /// The same key with another code in one dimension.
    ///
    /// # Errors
    ///
    /// [`ModelError::UnknownCode`] if the code is not in its list.
    pub fn with(&self, dimension: Dimension, code: &str) -> Result<Self, ModelError> {
        let mut parts = self.parts();
        parts[dimension.position()] = code;
        Self::from_parts_beside(self, &parts)
    }

    /// The key under which the other end of the corridor reports the same movement: areas exchanged, the
    /// indicator replaced by its mirror, the rest kept. `None` if the indicator has no mirror, or one that may
    /// never be compared between two countries, or if the counterpart is no area.
    #[must_use]
    pub fn mirror(&self) -> Option<Self> {
        let indicator = catalogue::get(self.indicator())?.mirror.bilateral()?;
        let place = mirrored_place(self.subnat());
        let mut parts = self.parts();
        parts.swap(Dimension::RefArea.position(), Dimension::CounterpartArea.position());
        parts[Dimension::Indicator.position()] = indicator;
        parts[Dimension::Subnat.position()] = &place;
        Self::from_parts(&parts).ok()
    }

    /// The codes with the indicator and the two areas first: the order in which views are indexed.
    #[must_use]
    pub fn view_order_key(&self) -> String {
        VIEW_ORDER.map(|d| self.dimension(d)).join(".")
    }

    /// Reads what [`SeriesKey::view_order_key`] wrote.
    ///
    /// # Errors
    ///
    /// As [`SeriesKey::parse`].
    pub fn from_view_order(text: &str) -> Result<Self, ModelError> {
        let ordered = split(text)?;
        let mut parts = [""; DIMENSIONS];
        for (dimension, code) in VIEW_ORDER.into_iter().zip(ordered) {
            parts[dimension.position()] = code;
        }
        Self::from_parts(&parts)
    }

    /// Reads what [`SeriesKey::view_order_key`] wrote, of a key that was checked when it came in: no code is looked
    /// up again. For the store's own pages alone, which are written from [`SeriesKey`]s and carry a checksum; what
    /// comes from anywhere else goes through [`SeriesKey::from_view_order`].
    ///
    /// # Errors
    ///
    /// [`ModelError::Key`] if there are not 14 parts.
    pub(crate) fn from_own_view_order(text: &str) -> Result<Self, ModelError> {
        let mut parts = [""; DIMENSIONS];
        for (dimension, code) in VIEW_ORDER.into_iter().zip(split(text)?) {
            parts[dimension.position()] = code;
        }
        Self::join(&parts)
    }

    /// Whether it counts people in need of protection (trafficking, abuse, minors): whom they need it from may be the
    /// reader.
    #[must_use]
    pub fn tells_of_protection(&self) -> bool {
        self.reason() == NEED_OF_PROTECTION
    }

    /// Joins codes that were checked.
    fn join(parts: &[&str; DIMENSIONS]) -> Result<Self, ModelError> {
        let mut dots = [0; DIMENSIONS - 1];
        let mut end = 0;
        for (dot, part) in dots.iter_mut().zip(parts) {
            end += part.len();
            *dot = u8::try_from(end).map_err(|_| ModelError::key(parts[0], TOO_LONG))?;
            end += 1;
        }
        if end + parts[DIMENSIONS - 1].len() > MAX_KEY_BYTES {
            return Err(ModelError::key(parts[0], TOO_LONG));
        }
        let mut bytes = [0_u8; MAX_KEY_BYTES];
        let mut at = 0;
        for part in parts {
            bytes[at..at + part.len()].copy_from_slice(part.as_bytes());
            at += part.len();
            if let Some(dot) = bytes.get_mut(at) {
                *dot = b'.';
            }
            at += 1;
        }
        let text = str::from_utf8(&bytes[..at - 1]).map_err(|_| ModelError::key(parts[0], TOO_LONG))?;
        Ok(Self { text: Arc::from(text), dots })
    }
}

/// Writes the accessors, one for each dimension.
macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident = $dimension:ident;)+) => {
        impl SeriesKey {
            $($(#[$doc])* #[must_use] pub fn $name(&self) -> &str { self.dimension(Dimension::$dimension) })+
        }
    };
}

accessors! {
    /// How often the series is collected.
    freq = Freq;
    /// The reporter.
    ref_area = RefArea;
    /// The other end of the corridor.
    counterpart_area = CounterpartArea;
    /// What is measured.
    indicator = Indicator;
    /// What ties people to the counterpart.
    basis = Basis;
    /// Sex.
    sex = Sex;
    /// Age group.
    age = Age;
    /// Education.
    education_lev = EducationLev;
    /// Occupation.
    occupation = Occupation;
    /// Economic activity.
    activity = Activity;
    /// Reason, status or hazard.
    reason = Reason;
    /// Length of stay or of permit.
    duration = Duration;
    /// Part of a territory.
    subnat = Subnat;
    /// Unit of the values.
    unit_measure = UnitMeasure;
}

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SeriesKey({})", self.text)
    }
}

impl PartialEq for SeriesKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text) || self.text == other.text
    }
}

impl Eq for SeriesKey {}

impl Hash for SeriesKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Ord for SeriesKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl PartialOrd for SeriesKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The need of protection, in the dimension of reasons.
const NEED_OF_PROTECTION: &str = "PROT";
const TOO_LONG: &str = "the key is longer than 256 bytes; shorten its codes";
const NOT_14: &str = "a key has 14 codes with dots between them, from FREQ to UNIT_MEASURE";

fn split(dotted: &str) -> Result<[&str; DIMENSIONS], ModelError> {
    if dotted.len() > MAX_KEY_BYTES {
        return Err(ModelError::key(dotted, TOO_LONG));
    }
    let mut parts = [""; DIMENSIONS];
    let mut pieces = dotted.split('.');
    for part in &mut parts {
        *part = pieces.next().ok_or_else(|| ModelError::key(dotted, NOT_14))?;
    }
    match pieces.next() {
        None => Ok(parts),
        Some(_) => Err(ModelError::key(dotted, NOT_14)),
    }
}

/// The reporter's place seen from the other end is the counterpart's place.
fn mirrored_place(place: &str) -> String {
    match place.strip_prefix("C:") {
        Some(own) => own.to_owned(),
        None if place.starts_with('_') => place.to_owned(),
        None => format!("C:{place}"),
    }
}

#[cfg(test)]
mod tests;
