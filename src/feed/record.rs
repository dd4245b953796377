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
    Attachment, AttributeId, Attributes, ConfStatus, Document, DocumentKind, DocumentLabel, Flags, Millis,
    ModelError, ObsStatus, Period, Receipt, Record, Retraction, SeriesKey,
};

pub(super) mod series;

/// The longest record, in bytes: one must fit into a block.
pub const MAX_RECORD: usize = super::block::MAX_PLAIN;

const SERIES: u8 = 0;
const RETRACTION: u8 = 1;
const DOCUMENT: u8 = 2;
const RECEIPT: u8 = 3;

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
    match record {
        Record::Series(one) => {
            out.push(SERIES);
            series::put(one, out);
        }
        Record::Retraction(retraction) => {
            out.push(RETRACTION);
            codec::encode_into(&RetractionBytes::of(retraction), out);
        }
        Record::Document(document) => {
            out.push(DOCUMENT);
            codec::encode_into(&DocumentBytes::of(document), out);
        }
        Record::Receipt(receipt) => {
            out.push(RECEIPT);
            codec::encode_into(&ReceiptBytes::of(receipt), out);
        }
    }
}

/// Appends the beginning of a series, whose observations follow.
pub(super) fn begin_series(key: &SeriesKey, said: &Attributes, observations: usize, out: &mut Vec<u8>) {
    out.push(SERIES);
    series::put_head(key, said, observations, out);
}

/// A record's canonical bytes.
pub fn encode(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_into(record, &mut bytes);
    bytes
}

/// Reads the record at the front of `bytes`, with the number of bytes that it takes.
///
/// What the bytes mean is made into a record and that one encoded again: so lists out of order, texts that are
/// not NFC or periods written another way are refused with everything else that [`encode`] would not have written.
///
/// # Errors
/// [`CodecError`] for any such bytes.
pub fn decode_prefix(bytes: &[u8]) -> Result<(Record, usize), CodecError> {
    Decoder::default().decode_prefix(bytes)
}

/// Reads the record that these bytes, all of them, stand for.
///
/// # Errors
/// As [`decode_prefix`].
pub fn decode(bytes: &[u8]) -> Result<Record, CodecError> {
    let (record, used) = decode_prefix(bytes)?;
    if used == bytes.len() { Ok(record) } else { Err(CodecError::LeftOver { used, given: bytes.len() }) }
}

/// Reads one record after the other; remembers what was checked of the last, so that what neighbours share is checked once.
#[derive(Debug, Default)]
pub struct Decoder {
    memory: series::Memory,
}

impl Decoder {
    /// As [`decode_prefix`] of this module, with the same answers.
    ///
    /// # Errors
    /// As there.
    pub fn decode_prefix(&mut self, bytes: &[u8]) -> Result<(Record, usize), CodecError> {
        let (variant, rest) = bytes.split_first().ok_or(CodecError::Short)?;
        let (record, used) = match *variant {
            SERIES => series::read(rest, &mut self.memory).map(|(one, used)| (Record::Series(one), used))?,
            RETRACTION => {
                let (raw, used): (RetractionBytes<'_>, usize) = codec::decode_prefix_raw(rest)?;
                let retraction = raw.into_model()?;
                must_be(&RetractionBytes::of(&retraction), &rest[..used])?;
                (Record::Retraction(retraction), used)
            }
            DOCUMENT => {
                let (raw, used): (DocumentBytes<'_>, usize) = codec::decode_prefix_raw(rest)?;
                let document = raw.into_model()?;
                must_be(&DocumentBytes::of(&document), &rest[..used])?;
                (Record::Document(document), used)
            }
            RECEIPT => {
                let (raw, used): (ReceiptBytes, usize) = codec::decode_prefix(rest)?;
                (Record::Receipt(raw.into_model()), used)
            }
            4.. => return Err(CodecError::Malformed),
        };
        Ok((record, 1 + used))
    }
}

fn must_be<T: Encode>(value: &T, bytes: &[u8]) -> Result<(), CodecError> {
    if codec::is_encoding_of(value, bytes) { Ok(()) } else { Err(CodecError::NotCanonical) }
}

impl<'a> RetractionBytes<'a> {
    fn of(retraction: &'a Retraction) -> Self {
        Self {
            key: retraction.key().as_str(),
            periods: retraction.periods().iter().map(|period| Cow::Owned(period.to_string())).collect(),
            reason: retraction.reason(),
        }
    }

    fn into_model(self) -> Result<Retraction, CodecError> {
        let periods: Result<Vec<_>, _> = self.periods.iter().map(|text| Period::parse(text)).collect();
        Ok(Retraction::new(SeriesKey::from_canonical(self.key)?, periods?, self.reason)?)
    }
}

impl<'a> DocumentBytes<'a> {
    fn of(document: &'a Document) -> Self {
        Self {
            kind: document.kind().code(),
            id: document.id(),
            lang: document.label().lang(),
            title: document.label().title(),
            media_type: document.label().media_type(),
            part: document.part(),
            parts: document.parts(),
            body: document.body(),
        }
    }

    fn into_model(self) -> Result<Document, CodecError> {
        let kind = DocumentKind::from_code(self.kind)
            .ok_or_else(|| CodecError::Invalid(format!("document kind {}", self.kind)))?;
        let label = DocumentLabel::new(kind, self.id, self.lang, self.title, self.media_type)?;
        Ok(Document::new(label, self.part, self.parts, self.body.to_vec())?)
    }
}

impl ReceiptBytes {
    fn of(receipt: &Receipt) -> Self {
        Self {
            publisher: receipt.publisher,
            agreement: receipt.agreement,
            seq: receipt.seq,
            entry: receipt.entry,
            received_at: receipt.received_at.0,
        }
    }

    fn into_model(self) -> Receipt {
        Receipt {
            publisher: self.publisher,
            agreement: self.agreement,
            seq: self.seq,
            entry: self.entry,
            received_at: Millis(self.received_at),
        }
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
