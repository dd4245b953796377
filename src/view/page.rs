//! A page: neighbouring rows and their bytes, made to be read where they lie.
//!
//! # Bytes
//!
//! ```text
//! feeds       count | publisher 32, agreement 32
//! entries     count | seq, time signed, id 32
//! attributes  count | count | code u8, text
//! manners     count | 0, entry, status u8, conf u8, revision, attributes          stated without a value
//!                   | 1, entry, status u8, conf u8, revision, attributes, scale   stated with a value
//!                   | 2, entry, reason                                            retracted
//! shapes      count | length | count | period, manner
//! heads       length | shared, rest of the view key, feed, count | seq, attributes | shape, length of values
//! values      to the end: for each cell with a value its mantissa, less the one before it in the row
//! ```
//!
//! Numbers are those of the sub-module `bytes`; what names another thing is its index in the table. A *manner* is
//! all that a version says beside its period and number. A *shape* is a row without its key and numbers: its
//! periods in order, each with its manner. The rows of one table of a ministry have one shape, so a row costs its
//! key and its numbers, and reading it costs little more. A period is its kind in the low three bits and above
//! them its ordinal, less that of the period before it if that has the same kind. View keys are written as what
//! they do not share with the one before.
//!
//! Heads lie together, so that looking for a row passes over some kilobytes and decodes nothing else; tables are
//! read once for a page, shapes when a row first needs them.
//!
//! # Long rows
//!
//! A row with more than [`PIECE`] versions is cut into several, by period, and these may lie on several pages: a
//! decade of daily values with their revisions is some neighbouring pages that one scan reads, and a new value
//! rewrites one or two of them. What was said about the series stands on the first. So no page grows with the history of a series, nor does the cost of a change.

use std::ops::Range;

use super::row::{EntryRef, Piece, RowId, State, Version};
use crate::feed::{AgreementId, CodecError, EntryId, FeedId, PublisherId, Seq, record};
use crate::model::{
    Attachment, AttributeId, Attributes, Decimal, Flags, Millis, ModelError, Period, PeriodKind, SeriesKey,
};

mod bytes;
mod write;

pub use write::{PageWriter, Written};

use bytes::Reader;

/// At which plain length a page is full, in bytes: small enough that one row is read and one changed value written
/// in a fraction of a millisecond, large enough that the store's cost per value is spread over thousands of
/// observations.
pub const SPLIT_AT: usize = 24 << 10;
/// The most versions of one piece of a row. Where each came with an entry of its own, with its 32 bytes of id, so
/// many of them fill a page.
pub const PIECE: usize = 512;

/// A page, and a place among its rows: before the first, then on one after the other.
#[derive(Debug)]
pub struct Page {
    bytes: Vec<u8>,
    feeds: Vec<FeedId>,
    attributes: Vec<Attributes>,
    manners: Vec<Manner>,
    shapes: Vec<Shape>,
    heads: Range<usize>,
    values: usize,
    row: Head,
}

/// What a version says beside its period and number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Manner {
    entry: EntryRef,
    kind: MannerKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum MannerKind {
    /// With the scale of its value, if it has one.
    Stated {
        flags: Flags,
        attributes: Attributes,
        scale: Option<u8>,
    },
    Retracted {
        reason: String,
    },
}

/// The periods of a row with the index of each one's manner.
type Cells = Vec<(Period, u32)>;

/// A shape that was not needed yet, or what it says.
#[derive(Debug)]
enum Shape {
    Unread(Range<usize>),
    Read(Cells),
}

/// The row on which a page stands.
#[derive(Debug, Default)]
struct Head {
    key: String,
    feed: usize,
    said: Range<usize>,
    shape: usize,
    values: Range<usize>,
    /// Where the next head begins.
    next: usize,
}

impl Page {
    /// Reads a page that [`PageWriter`] wrote.
    ///
    /// # Errors
    /// [`PageError`] when the bytes are damaged; the view must then be folded again.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self, PageError> {
        let bytes = bytes.into();
        let mut reader = Reader(&bytes);
        let feeds = list(&mut reader, |reader| {
            Ok(FeedId::new(PublisherId(reader.array()?), AgreementId(reader.array()?)))
        })?;
        let entries = list(&mut reader, |reader| {
            let (seq, time) = (Seq(reader.number()?), reader.signed()?);
            let time = Millis(i64::try_from(time).map_err(|_| PageError::Form)?);
            Ok(EntryRef { seq, time, id: EntryId(reader.array()?) })
        })?;
        let attributes = list(&mut reader, read_attributes)?;
        let manners = list(&mut reader, |reader| read_manner(reader, &entries, &attributes))?;
        let end = |reader: &Reader<'_>| bytes.len() - reader.0.len();
        let shapes = list(&mut reader, |reader| {
            let length = reader.bytes()?.len();
            Ok(Shape::Unread(end(reader) - length..end(reader)))
        })?;
        let length = reader.bytes()?.len();
        let values = end(&reader);
        let heads = values - length..values;
        let row = Head { next: heads.start, values: values..values, ..Head::default() };
        Ok(Self { feeds, attributes, manners, shapes, heads, values, row, bytes })
    }

    /// Stands before the first row again.
    pub fn rewind(&mut self) {
        self.row.key.clear();
        self.row.next = self.heads.start;
        self.row.values = self.values..self.values;
    }

    /// Goes to the next row; says whether there is one.
    ///
    /// # Errors
    /// [`PageError`] when the page is damaged there.
    pub fn advance(&mut self) -> Result<bool, PageError> {
        let mut reader = Reader(&self.bytes[self.row.next..self.heads.end]);
        if reader.0.is_empty() {
            return Ok(false);
        }
        let row = &mut self.row;
        let shared = reader.len()?;
        if shared > row.key.len() || !row.key.is_char_boundary(shared) {
            return Err(PageError::Form);
        }
        row.key.truncate(shared);
        row.key.push_str(reader.text()?);
        row.feed = reader.len()?;
        let said = reader.count()?;
        let start = self.heads.end - reader.0.len();
        for _ in 0..said * 2 {
            reader.number()?;
        }
        row.said = start..self.heads.end - reader.0.len();
        row.shape = reader.len()?;
        let end = row.values.end.checked_add(reader.len()?).filter(|end| *end <= self.bytes.len());
        row.values = row.values.end..end.ok_or(PageError::Short)?;
        row.next = self.heads.end - reader.0.len();
        if row.feed >= self.feeds.len() || row.shape >= self.shapes.len() {
            return Err(PageError::Table);
        }
        Ok(true)
    }

    /// The view key of the row.
    pub fn key(&self) -> &str {
        &self.row.key
    }

    /// The feed of the row.
    ///
    /// # Panics
    /// Before the first row.
    pub fn feed(&self) -> FeedId {
        self.feeds[self.row.feed]
    }

    /// Adds to a piece what the row says here as of the entries before `next`.
    ///
    /// # Errors
    /// [`PageError`] when the page is damaged there.
    pub fn read(&mut self, next: Seq, into: &mut Piece) -> Result<(), PageError> {
        let Self { bytes, attributes, manners, shapes, row, .. } = self;
        let mut said = Reader(&bytes[row.said.clone()]);
        while !said.0.is_empty() {
            let (seq, set) = (Seq(said.number()?), said.len()?);
            let set = attributes.get(set).ok_or(PageError::Table)?;
            if seq < next {
                into.say(seq, set.clone());
            }
        }
        let shape = shapes.get_mut(row.shape).ok_or(PageError::Table)?;
        if let Shape::Unread(at) = shape {
            *shape = Shape::Read(read_shape(&bytes[at.clone()], manners.len())?);
        }
        let Shape::Read(cells) = shape else { return Ok(()) };
        let mut values = Values { reader: Reader(&bytes[row.values.clone()]), last: 0, fault: None };
        into.reserve(cells.len());
        into.put(cells.iter().filter_map(|(period, manner)| {
            let manner = &manners[*manner as usize];
            let state = values.state(&manner.kind)?;
            (manner.entry.seq < next).then_some(Version { period: *period, entry: manner.entry, state })
        }));
        values.fault.map_or(Ok(()), Err)
    }

    /// All rows of the page, each once.
    ///
    /// # Errors
    /// [`PageError`] when the page is damaged.
    pub fn into_rows(mut self) -> Result<Vec<(RowId, Piece)>, PageError> {
        let mut rows: Vec<(RowId, Piece)> = Vec::new();
        self.rewind();
        while self.advance()? {
            let (key, feed) = (self.key(), self.feed());
            if rows.last().is_none_or(|(id, _)| *id.key != *key || id.feed != feed) {
                rows.push((RowId::new(key, feed), Piece::default()));
            }
            if let Some((_, piece)) = rows.last_mut() {
                self.read(Seq(u64::MAX), piece)?;
            }
        }
        Ok(rows)
    }
}

/// Reads the numbers of a row one after the other.
struct Values<'a> {
    reader: Reader<'a>,
    last: i128,
    fault: Option<PageError>,
}

impl Values<'_> {
    /// What the next cell says; nothing after a fault.
    fn state(&mut self, kind: &MannerKind) -> Option<State> {
        match kind {
            MannerKind::Retracted { reason } => Some(State::Retracted { reason: reason.clone() }),
            MannerKind::Stated { flags, attributes, scale } => {
                let value = match scale.map(|scale| self.value(scale)).transpose() {
                    Ok(value) => value,
                    Err(fault) => {
                        self.fault.get_or_insert(fault);
                        return None;
                    }
                };
                Some(State::Stated { value, flags: *flags, attributes: attributes.clone() })
            }
        }
    }

    fn value(&mut self, scale: u8) -> Result<Decimal, PageError> {
        self.last = self.last.wrapping_add(self.reader.signed()?);
        match i64::try_from(self.last) {
            Ok(whole) if scale == 0 => Ok(Decimal::from(whole)),
            Ok(_) | Err(_) => Ok(Decimal::from_parts(self.last, scale)?),
        }
    }
}

fn list<T>(
    reader: &mut Reader<'_>,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T, PageError>,
) -> Result<Vec<T>, PageError> {
    let count = reader.count()?;
    (0..count).map(|_| read(reader)).collect()
}

/// A page keeps attributes of series and of observations in one table; which they are shows in the first of them.
fn read_attributes(reader: &mut Reader<'_>) -> Result<Attributes, PageError> {
    let pairs = list(reader, |reader| {
        let id = AttributeId::from_code(reader.byte()?).ok_or(PageError::Form)?;
        Ok((id, reader.text()?.to_owned()))
    })?;
    let attachment = pairs.first().map_or(Attachment::Series, |(id, _)| id.attachment());
    Ok(Attributes::new(attachment, pairs)?)
}

fn read_manner(
    reader: &mut Reader<'_>,
    entries: &[EntryRef],
    attributes: &[Attributes],
) -> Result<Manner, PageError> {
    let kind = reader.byte()?;
    let entry = *entries.get(reader.len()?).ok_or(PageError::Table)?;
    if kind == RETRACTED {
        let reason = reader.text()?.to_owned();
        return Ok(Manner { entry, kind: MannerKind::Retracted { reason } });
    }
    let (status, conf) = (reader.byte()?, reader.byte()?);
    let revision = u32::try_from(reader.number()?).map_err(|_| PageError::Form)?;
    let flags = record::flags(status, conf, revision)?;
    let attributes = attributes.get(reader.len()?).ok_or(PageError::Table)?.clone();
    let scale = match kind {
        STATED => None,
        STATED_VALUE => Some(reader.byte()?),
        _ => return Err(PageError::Form),
    };
    Ok(Manner { entry, kind: MannerKind::Stated { flags, attributes, scale } })
}

const STATED: u8 = 0;
const STATED_VALUE: u8 = 1;
const RETRACTED: u8 = 2;

/// The bits of a cell that hold the kind of its period.
const KIND_BITS: u32 = 3;

fn read_shape(bytes: &[u8], manners: usize) -> Result<Cells, PageError> {
    let mut reader = Reader(bytes);
    let mut last: Option<(PeriodKind, i64)> = None;
    let cells = list(&mut reader, |reader| {
        let coded = reader.signed()?;
        let kind = u8::try_from(coded & 7).ok().and_then(PeriodKind::from_code).ok_or(PageError::Form)?;
        let ordinal = i64::try_from(coded >> KIND_BITS).map_err(|_| PageError::Form)?;
        let before = last.filter(|(last, _)| *last == kind).map_or(0, |(_, ordinal)| ordinal);
        let ordinal = before.checked_add(ordinal).ok_or(PageError::Form)?;
        last = Some((kind, ordinal));
        let manner = u32::try_from(reader.number()?).map_err(|_| PageError::Form)?;
        if manner as usize >= manners {
            return Err(PageError::Table);
        }
        Ok((Period::from_ordinal(kind, ordinal)?, manner))
    })?;
    // What the writer keeps to bounds what a damaged page can ask for.
    if cells.len() > PIECE { Err(PageError::Form) } else { Ok(cells) }
}

/// The key of a series from the view key of a page's row.
///
/// # Errors
/// [`PageError`] when the text is no view key.
pub fn series_key(view_key: &str) -> Result<SeriesKey, PageError> {
    SeriesKey::from_own_view_order(view_key).map_err(PageError::from)
}

/// Why a page cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PageError {
    /// It ends too early.
    #[error("a page of the view is damaged: it ends too early")]
    Short,
    /// Something on it stands for nothing.
    #[error("a page of the view is damaged: it is malformed")]
    Form,
    /// Something on it is no code of its list.
    #[error("a page of the view is damaged: {0}")]
    Code(#[from] CodecError),
    /// Something on it is no value of the model.
    #[error("a page of the view is damaged: {0}")]
    Model(#[from] ModelError),
    /// A row points beside the tables.
    #[error("a page of the view is damaged: a row points to nothing")]
    Table,
}

#[cfg(test)]
mod tests;
