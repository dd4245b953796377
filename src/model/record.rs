//! The statement: what a publisher says in an entry.

use crate::model::{
    Attachment, AttributeId, Attributes, Document, Millis, ModelError, Observation, Period, PeriodKind,
    SeriesKey, text,
};

/// The smallest thing a government says. Records of an entry are sorted by [`Record::sort_key`] and unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Record {
    /// Values.
    Series(Series),
    /// Values taken back.
    Retraction(Retraction),
    /// A part of a document.
    Document(Document),
    /// "I hold this entry."
    Receipt(Receipt),
}

/// Observations of one series with what is said about all of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Series {
    key: SeriesKey,
    attributes: Attributes,
    observations: Vec<Observation>,
}

/// A publisher takes observations back; the history stays.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Retraction {
    key: SeriesKey,
    periods: Vec<Period>,
    reason: Box<str>,
}

/// A recipient's statement that it holds an entry, verified and durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receipt {
    /// Whose feed the entry stands in.
    pub publisher: [u8; 32],
    /// Under which agreement.
    pub agreement: [u8; 32],
    /// The entry's place.
    pub seq: u64,
    /// The entry's id.
    pub entry: [u8; 32],
    /// When it was durable here.
    pub received_at: Millis,
}

/// The place of a record in its entry; equal for two records that may not stand in one entry together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey<'a> {
    /// [`Record::class`].
    pub class: u8,
    /// Of a document its kind, else 0.
    pub kind: u8,
    /// Series key, document id, or publisher of a receipt.
    pub text: &'a [u8],
    /// Language of a document, agreement of a receipt.
    pub more: &'a [u8],
    /// First period, part, or seq.
    pub number: i128,
}

/// Characters of the reason of a retraction, as many as of a comment.
const MAX_REASON: usize = 500;

impl Record {
    /// The class by which records are sorted first; the numbers stand in signed bytes and never change.
    #[must_use]
    pub const fn class(&self) -> u8 {
        match self {
            Self::Series(_) => 1,
            Self::Retraction(_) => 2,
            Self::Document(_) => 3,
            Self::Receipt(_) => 4,
        }
    }

    /// By what records are sorted: class, then key or id, then first period or part.
    #[must_use]
    pub fn sort_key(&self) -> RecordKey<'_> {
        let class = self.class();
        match self {
            Self::Series(s) => {
                RecordKey::new(class, s.key.as_str(), s.observations.first().map(Observation::period))
            }
            Self::Retraction(r) => RecordKey::new(class, r.key.as_str(), r.periods.first().copied()),
            Self::Document(d) => RecordKey {
                class,
                kind: d.kind().code(),
                text: d.id().as_bytes(),
                more: d.label().lang().as_bytes(),
                number: i128::from(d.part()),
            },
            Self::Receipt(r) => RecordKey {
                class,
                kind: 0,
                text: &r.publisher,
                more: &r.agreement,
                number: i128::from(r.seq),
            },
        }
    }

    /// How many observations it states.
    #[must_use]
    pub const fn observations(&self) -> usize {
        match self {
            Self::Series(series) => series.observations.len(),
            Self::Retraction(_) | Self::Document(_) | Self::Receipt(_) => 0,
        }
    }
}

impl<'a> RecordKey<'a> {
    /// A series or a retraction; one without periods stands before all others of its key.
    fn new(class: u8, key: &'a str, first: Option<Period>) -> Self {
        // Kind and start together name a period, and sort as periods do.
        let number =
            first.map_or(i128::MIN, |p| i128::from(p.start_millis()) * 8 + i128::from(p.kind().code()));
        Self { class, kind: 0, text: key.as_bytes(), more: &[], number }
    }
}

impl Series {
    /// A series; the observations may come in any order.
    ///
    /// # Errors
    ///
    /// [`ModelError::DuplicatePeriod`], [`ModelError::Frequency`] if a period does not fit the key, and
    /// [`ModelError::Attribute`] for an attribute of observations.
    pub fn new(
        key: SeriesKey,
        attributes: Attributes,
        mut observations: Vec<Observation>,
    ) -> Result<Self, ModelError> {
        if !attributes.are_of(Attachment::Series) {
            return Err(ModelError::attribute("series", "", "an attribute of observations stands here"));
        }
        let kind = PeriodKind::of_freq(key.freq());
        let fits =
            |o: &&Observation| kind.is_some_and(|wanted| wanted.is_none_or(|k| k == o.period().kind()));
        if let Some(odd) = observations.iter().find(|o| !fits(o)) {
            let (period, freq) = (odd.period().to_string(), key.freq().to_owned());
            return Err(ModelError::Frequency { period, freq });
        }
        if !observations.is_sorted_by_key(Observation::period) {
            observations.sort_by_key(Observation::period);
        }
        if let Some([twice, _]) = observations.array_windows().find(|[a, b]| a.period() == b.period()) {
            let period = twice.period().to_string();
            return Err(ModelError::DuplicatePeriod { key: key.to_string(), period });
        }
        Ok(Self { key, attributes, observations })
    }

    /// What is measured.
    #[must_use]
    pub const fn key(&self) -> &SeriesKey {
        &self.key
    }

    /// What is said about all observations.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// The observations by period, each period once.
    #[must_use]
    pub fn observations(&self) -> &[Observation] {
        &self.observations
    }

    /// The parts, to be put together anew.
    #[must_use]
    pub fn into_parts(self) -> (SeriesKey, Attributes, Vec<Observation>) {
        (self.key, self.attributes, self.observations)
    }

    /// Mandatory attributes of the data structure that are not given: for the check before a release, not a
    /// condition for the series to exist.
    #[must_use]
    pub fn missing_attributes(&self) -> Vec<AttributeId> {
        let always = [
            AttributeId::UnitMult,
            AttributeId::Decimals,
            AttributeId::SensClass,
            AttributeId::DiscRule,
            AttributeId::DefId,
            AttributeId::SourceLevel,
            AttributeId::SourceType,
            AttributeId::DataProvider,
        ];
        let flow = crate::model::catalogue::get(self.key.indicator())
            .is_some_and(|i| i.kind == crate::model::catalogue::Kind::Flow && i.unit() == "PS");
        let stay = flow.then_some(AttributeId::MinStayMonths);
        always.into_iter().chain(stay).filter(|id| self.attributes.get(*id).is_none()).collect()
    }
}

impl Retraction {
    /// Takes back the observations of these periods, in any order; of the whole series if there are none.
    ///
    /// # Errors
    ///
    /// [`ModelError::Document`] without a reason, [`ModelError::DuplicatePeriod`].
    pub fn new(key: SeriesKey, mut periods: Vec<Period>, reason: &str) -> Result<Self, ModelError> {
        periods.sort_unstable();
        if let Some([twice, _]) = periods.array_windows().find(|[a, b]| a == b) {
            let period = twice.to_string();
            return Err(ModelError::DuplicatePeriod { key: key.to_string(), period });
        }
        if reason.trim().is_empty() {
            return Err(ModelError::document("reason", reason, "say why the values are taken back"));
        }
        let reason =
            text::checked(reason, MAX_REASON).map_err(|why| ModelError::document("reason", reason, why))?;
        Ok(Self { key, periods, reason })
    }

    /// The series.
    #[must_use]
    pub const fn key(&self) -> &SeriesKey {
        &self.key
    }

    /// The periods, sorted; none means the whole series.
    #[must_use]
    pub fn periods(&self) -> &[Period] {
        &self.periods
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

#[cfg(test)]
mod tests;
