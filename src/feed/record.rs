//! Records as canonical bytes: the leaves of an entry's Merkle tree.
//!
//! A record is a variant number and its fields in the order below (see [`super::codec`] for the coding):
//!
//! ```text
//! 0 Series      key: string "A.ESP.ITA.MF_IMM_PREV.…" (14 codes) | attributes: [(id, text)] |
//!               observations: [period: string | value: option (mantissa i128, scale u8) | status u8 |
//!                              conf u8 | revision u32 | attributes: [(id, text)]]
//! 1 Retraction  key: string | periods: [string] | reason: string
//! 2 Document    kind u8 | id | lang | title | media type: strings | part u32 | parts u32 | body: bytes
//! 3 Receipt     publisher 32 | agreement 32 | seq u64 | entry 32 | received at i64
//! ```
//!
//! Lists of attributes are sorted by the bytes of their ids and unique; observations and periods are sorted in time and unique.
//! Status and conf are the SDMX codes' ASCII letters.

use std::borrow::Cow;

use super::codec::{self, BorrowDecode, CodecError, Encode};
use crate::model::{
    Attachment, AttributeId, Attributes, ConfStatus, Decimal, Document, DocumentKind, DocumentLabel, Flags,
    Millis, ModelError, ObsStatus, Observation, Period, Receipt, Record, Retraction, Series, SeriesKey,
};

/// The longest record, in bytes: one must fit into a block.
pub const MAX_RECORD: usize = super::block::MAX_PLAIN;

type Pairs<'a> = Vec<(&'a str, &'a str)>;

#[derive(Encode, BorrowDecode)]
enum RecordBytes<'a> {
    Series(SeriesBytes<'a>),
    Retraction(RetractionBytes<'a>),
    Document(DocumentBytes<'a>),
    Receipt(ReceiptBytes),
}

#[derive(Encode, BorrowDecode)]
struct SeriesBytes<'a> {
    key: &'a str,
    attributes: Pairs<'a>,
    observations: Vec<ObservationBytes<'a>>,
}

#[derive(Encode, BorrowDecode)]
struct ObservationBytes<'a> {
    period: Cow<'a, str>,
    value: Option<(i128, u8)>,
    status: u8,
    conf: u8,
    revision: u32,
    attributes: Pairs<'a>,
}

#[derive(Encode, BorrowDecode)]
struct RetractionBytes<'a> {
    key: &'a str,
    periods: Vec<Cow<'a, str>>,
    reason: &'a str,
}

#[derive(Encode, BorrowDecode)]
struct DocumentBytes<'a> {
    kind: u8,
    id: &'a str,
    lang: &'a str,
    title: &'a str,
    media_type: &'a str,
    part: u32,
    parts: u32,
    body: &'a [u8],
}

#[derive(Encode, BorrowDecode)]
struct ReceiptBytes {
    publisher: [u8; 32],
    agreement: [u8; 32],
    seq: u64,
    entry: [u8; 32],
    received_at: i64,
}

/// Appends a record's canonical bytes.
pub fn encode_into(record: &Record, out: &mut Vec<u8>) {
    codec::encode_into(&RecordBytes::of(record), out);
}

/// A record's canonical bytes.
pub fn encode(record: &Record) -> Vec<u8> {
    codec::encode(&RecordBytes::of(record))
}

/// Reads the record at the front of `bytes`, with the number of bytes that it takes.
///
/// What the bytes mean is made into a record and that one encoded again: so lists out of order, texts that are
/// not NFC or periods written another way are refused with everything else that [`encode`] would not have written.
///
/// # Errors
/// [`CodecError`] for any such bytes.
pub fn decode_prefix(bytes: &[u8]) -> Result<(Record, usize), CodecError> {
    let (raw, used): (RecordBytes<'_>, usize) = codec::decode_prefix_raw(bytes)?;
    let record = raw.into_model()?;
    if codec::is_encoding_of(&RecordBytes::of(&record), &bytes[..used]) {
        Ok((record, used))
    } else {
        Err(CodecError::NotCanonical)
    }
}

/// Reads the record that these bytes, all of them, stand for.
///
/// # Errors
/// As [`decode_prefix`].
pub fn decode(bytes: &[u8]) -> Result<Record, CodecError> {
    let (record, used) = decode_prefix(bytes)?;
    if used == bytes.len() { Ok(record) } else { Err(CodecError::LeftOver { used, given: bytes.len() }) }
}

impl<'a> RecordBytes<'a> {
    fn of(record: &'a Record) -> Self {
        match record {
            Record::Series(series) => Self::Series(SeriesBytes {
                key: series.key().as_str(),
                attributes: pairs(series.attributes()),
                observations: series.observations().iter().map(ObservationBytes::of).collect(),
            }),
            Record::Retraction(retraction) => Self::Retraction(RetractionBytes {
                key: retraction.key().as_str(),
                periods: retraction.periods().iter().map(|period| Cow::Owned(period.to_string())).collect(),
                reason: retraction.reason(),
            }),
            Record::Document(document) => Self::Document(DocumentBytes {
                kind: document.kind().code(),
                id: document.id(),
                lang: document.label().lang(),
                title: document.label().title(),
                media_type: document.label().media_type(),
                part: document.part(),
                parts: document.parts(),
                body: document.body(),
            }),
            Record::Receipt(receipt) => Self::Receipt(ReceiptBytes {
                publisher: receipt.publisher,
                agreement: receipt.agreement,
                seq: receipt.seq,
                entry: receipt.entry,
                received_at: receipt.received_at.0,
            }),
        }
    }

    fn into_model(self) -> Result<Record, CodecError> {
        match self {
            Self::Series(raw) => Ok(Record::Series(raw.into_model()?)),
            Self::Retraction(raw) => {
                let periods: Result<Vec<_>, _> = raw.periods.iter().map(|text| Period::parse(text)).collect();
                let key = SeriesKey::from_canonical(raw.key)?;
                Ok(Record::Retraction(Retraction::new(key, periods?, raw.reason)?))
            }
            Self::Document(raw) => {
                let kind = DocumentKind::from_code(raw.kind)
                    .ok_or_else(|| CodecError::Invalid(format!("document kind {}", raw.kind)))?;
                let label = DocumentLabel::new(kind, raw.id, raw.lang, raw.title, raw.media_type)?;
                Ok(Record::Document(Document::new(label, raw.part, raw.parts, raw.body.to_vec())?))
            }
            Self::Receipt(raw) => Ok(Record::Receipt(Receipt {
                publisher: raw.publisher,
                agreement: raw.agreement,
                seq: raw.seq,
                entry: raw.entry,
                received_at: Millis(raw.received_at),
            })),
        }
    }
}

impl SeriesBytes<'_> {
    fn into_model(self) -> Result<Series, CodecError> {
        let observations: Result<Vec<_>, _> =
            self.observations.into_iter().map(ObservationBytes::into_model).collect();
        let attributes = attributes(Attachment::Series, &self.attributes)?;
        Ok(Series::new(SeriesKey::from_canonical(self.key)?, attributes, observations?)?)
    }
}

impl<'a> ObservationBytes<'a> {
    fn of(observation: &'a Observation) -> Self {
        Self {
            period: Cow::Owned(observation.period().to_string()),
            value: observation.value().map(|value| (value.mantissa(), value.scale())),
            status: observation.status().code() as u8,
            conf: observation.conf().code() as u8,
            revision: observation.revision(),
            attributes: pairs(observation.attributes()),
        }
    }

    fn into_model(self) -> Result<Observation, CodecError> {
        let value = self.value.map(|(mantissa, scale)| Decimal::from_parts(mantissa, scale)).transpose()?;
        let flags = flags(self.status, self.conf, self.revision)?;
        let attributes = attributes(Attachment::Observation, &self.attributes)?;
        Ok(Observation::new(Period::parse(&self.period)?, value, flags, attributes)?)
    }
}

/// The flags of an observation from their code letters.
///
/// # Errors
/// [`CodecError::Invalid`] for letters that are in no list.
pub fn flags(status: u8, conf: u8, revision: u32) -> Result<Flags, CodecError> {
    let status = ObsStatus::from_code(char::from(status));
    let conf = ConfStatus::from_code(char::from(conf));
    match (status, conf) {
        (Some(status), Some(conf)) => Ok(Flags { status, conf, revision }),
        (None, _) | (_, None) => Err(CodecError::Invalid("a status that is in no code list".to_owned())),
    }
}

fn pairs(attributes: &Attributes) -> Pairs<'_> {
    let mut pairs: Pairs<'_> = attributes.iter().map(|(id, text)| (id.id(), text)).collect();
    pairs.sort_unstable_by_key(|(id, _)| *id);
    pairs
}

/// Attributes from their ids and texts.
///
/// # Errors
/// [`CodecError::Invalid`] for unknown ids and texts that the attribute may not have.
pub fn attributes<T: AsRef<str>>(attachment: Attachment, pairs: &[(T, T)]) -> Result<Attributes, CodecError> {
    let known = |id: &T| {
        let id = id.as_ref();
        AttributeId::from_id(id).ok_or_else(|| CodecError::Invalid(format!("attribute {id:?}")))
    };
    let list: Result<Vec<_>, CodecError> = pairs.iter().map(|(id, text)| Ok((known(id)?, text))).collect();
    Ok(Attributes::new(attachment, list?)?)
}

impl From<ModelError> for CodecError {
    fn from(error: ModelError) -> Self {
        Self::Invalid(error.to_string())
    }
}

#[cfg(test)]
mod tests;
