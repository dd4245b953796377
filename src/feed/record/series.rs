//! A series as canonical bytes, written and read by hand: nearly everything that an entry holds is series, and these
//! functions run for every observation that is released or received.
//!
//! The pieces of a series are put by functions of their own, so that a coding that stores them apart can put them
//! together to the same bytes. The tests compare all of it with the definition as `bincode` derives it.

use super::{attributes, flags};
use crate::feed::codec::{self, CodecError, Compare, Cursor, Sink};
use crate::model::{
    Attachment, AttributeId, Attributes, Decimal, Flags, Observation, Period, PeriodText, Series, SeriesKey,
};

/// The fewest bytes of an observation: a year, no value, three flags, no attributes.
pub(in crate::feed) const LEAST_OBSERVATION: usize = 10;
/// The fewest bytes of an attribute: two empty strings.
const LEAST_ATTRIBUTE: usize = 2;

/// What was checked of the series before: its neighbours share most of it.
#[derive(Debug, Default)]
pub(in crate::feed) struct Memory {
    key: Option<SeriesKey>,
    /// Canonical bytes of the last attributes that were not empty, and what they mean.
    attributes: (Vec<u8>, Attributes),
}

impl Memory {
    /// The key with these codes.
    pub(in crate::feed) fn key(&mut self, codes: &[&str; 14]) -> Result<SeriesKey, CodecError> {
        let key = match &self.key {
            Some(known) => SeriesKey::from_parts_beside(known, codes)?,
            None => SeriesKey::from_parts(codes)?,
        };
        self.key = Some(key.clone());
        Ok(key)
    }
}

/// Puts a series.
pub(super) fn put(series: &Series, sink: &mut impl Sink) {
    put_head(series.key(), series.attributes(), series.observations().len(), sink);
    for one in series.observations() {
        let mut piece = Piece::of(&one.period().text(), one.value());
        put_flags(one.flags(), &mut piece);
        if one.attributes().is_empty() {
            codec::put_uint(0, &mut piece);
            sink.put(piece.bytes());
        } else {
            sink.put(piece.bytes());
            put_attributes(one.attributes(), sink);
        }
    }
}

/// Puts what stands before the observations.
pub(in crate::feed) fn put_head(
    key: &SeriesKey,
    said: &Attributes,
    observations: usize,
    sink: &mut impl Sink,
) {
    codec::put_text(key.as_str().as_bytes(), sink);
    put_attributes(said, sink);
    codec::put_uint(observations as u128, sink);
}

/// Puts a period's text.
fn put_period(text: &PeriodText, sink: &mut impl Sink) {
    codec::put_text(text.as_bytes(), sink);
}

/// Puts a value or its absence.
fn put_value(value: Option<Decimal>, sink: &mut impl Sink) {
    match value {
        Some(value) => {
            sink.put(&[1]);
            codec::put_uint(codec::zigzag(value.mantissa()), sink);
            sink.put(&[value.scale()]);
        }
        None => sink.put(&[0]),
    }
}

/// Puts status, confidentiality and revision.
pub(in crate::feed) fn put_flags(flags: Flags, sink: &mut impl Sink) {
    sink.put(&[flags.status.code() as u8, flags.conf.code() as u8]);
    codec::put_uint(flags.revision.into(), sink);
}

/// Puts a list of attributes, by the bytes of their ids.
pub(in crate::feed) fn put_attributes(attributes: &Attributes, sink: &mut impl Sink) {
    codec::put_uint(attributes.len() as u128, sink);
    if attributes.is_empty() {
        return;
    }
    let mut pairs: Vec<(&str, &str)> = attributes.iter().map(|(id, text)| (id.id(), text)).collect();
    pairs.sort_unstable_by_key(|(id, _)| *id);
    for (id, text) in pairs {
        codec::put_text(id.as_bytes(), sink);
        codec::put_text(text.as_bytes(), sink);
    }
}

/// Reads the series at the front of `bytes`, with the number of bytes that it takes.
pub(super) fn read(bytes: &[u8], memory: &mut Memory) -> Result<(Series, usize), CodecError> {
    let mut cursor = Cursor::new(bytes);
    let key = memory.key(&SeriesKey::split(cursor.text()?)?)?;
    let said = read_series_attributes(&mut cursor, memory)?;
    let count = cursor.count(LEAST_OBSERVATION)?;
    let mut observations = Vec::with_capacity(count);
    for _ in 0..count {
        observations.push(read_observation(&mut cursor)?);
    }
    let series = Series::new(key, said, observations)?;
    let used = bytes.len() - cursor.rest().len();
    let mut compare = Compare::with(&bytes[..used]);
    put(&series, &mut compare);
    if compare.is_all() { Ok((series, used)) } else { Err(CodecError::NotCanonical) }
}

fn read_observation(cursor: &mut Cursor<'_>) -> Result<Observation, CodecError> {
    let period = Period::parse(cursor.text()?)?;
    let value = match cursor.byte()? {
        0 => None,
        1 => Some(Decimal::from_parts(cursor.int()?, cursor.byte()?)?),
        2.. => return Err(CodecError::Malformed),
    };
    let flags = flags(cursor.byte()?, cursor.byte()?, cursor.u32()?)?;
    let said = read_attributes(cursor, Attachment::Observation)?;
    Ok(Observation::new(period, value, flags, said)?)
}

fn read_series_attributes(cursor: &mut Cursor<'_>, memory: &mut Memory) -> Result<Attributes, CodecError> {
    let (known, said) = &memory.attributes;
    // A list says itself where it ends: the same bytes in front are the same list.
    if !known.is_empty() && cursor.rest().starts_with(known) {
        cursor.take(known.len())?;
        return Ok(said.clone());
    }
    let before = cursor.rest();
    let said = read_attributes(cursor, Attachment::Series)?;
    if !said.is_empty() {
        let bytes = &before[..before.len() - cursor.rest().len()];
        memory.attributes = (bytes.to_vec(), said.clone());
    }
    Ok(said)
}

/// Reads a list of attributes.
pub(in crate::feed) fn read_attributes(
    cursor: &mut Cursor<'_>,
    attachment: Attachment,
) -> Result<Attributes, CodecError> {
    let count = cursor.count(LEAST_ATTRIBUTE)?;
    if count == 0 {
        return Ok(Attributes::none());
    }
    if count > AttributeId::ALL.len() {
        return Err(CodecError::Invalid(format!("{count} attributes")));
    }
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        pairs.push((cursor.text()?, cursor.text()?));
    }
    attributes(attachment, &pairs)
}

/// Puts an observation whose flags and attributes are bytes already.
pub(in crate::feed) fn put_with_tail(
    period: &PeriodText,
    value: Option<Decimal>,
    tail: &[u8],
    sink: &mut impl Sink,
) {
    sink.put(Piece::of(period, value).bytes());
    sink.put(tail);
}

/// The bytes of one observation but for its attributes, so that they are put at once.
struct Piece {
    bytes: [u8; MAX_PIECE],
    length: usize,
}

/// A period with its length, a value of 128 bits, and the flags, with a few bytes to spare.
const MAX_PIECE: usize = 64;

impl Piece {
    fn of(period: &PeriodText, value: Option<Decimal>) -> Self {
        let mut piece = Self { bytes: [0; MAX_PIECE], length: 0 };
        put_period(period, &mut piece);
        put_value(value, &mut piece);
        piece
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Sink for Piece {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }
}
