//! A page: some neighbouring series with all versions of their observations, and its bytes.

use std::collections::BTreeMap;

use crate::feed::codec::{self, CodecError, Decode, Encode};
use crate::feed::{EntryId, FeedId, Seq, record};
use crate::model::{
    Attachment, AttributeId, Attributes, Decimal, Flags, Millis, ModelError, Period, Retraction, Series,
    SeriesKey,
};

/// The entry that a version came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryRef {
    /// Its place.
    pub seq: Seq,
    /// When its publisher says it was released.
    pub time: Millis,
    /// Its id.
    pub id: EntryId,
}

/// What a version says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A value, or that there is none and why.
    Stated {
        /// The value; `None` when missing or suppressed.
        value: Option<Decimal>,
        /// Status, confidentiality and revision number.
        flags: Flags,
        /// Observation attributes.
        attributes: Attributes,
    },
    /// The publisher took the value back.
    Retracted {
        /// Why.
        reason: String,
    },
}

/// One observation as one entry stated it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The period.
    pub period: Period,
    /// Where it was said.
    pub entry: EntryRef,
    /// What was said.
    pub state: State,
}

/// One series of one feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Series attributes as last stated.
    pub attributes: Attributes,
    /// All versions, by period and then by entry.
    pub versions: Vec<Version>,
}

/// Neighbouring series by view key and feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    rows: BTreeMap<(String, FeedId), Row>,
}

/// From which plain length on a page is split in two, in bytes: small enough that one changed value costs little
/// to write, large enough that the store's cost per value is spread over hundreds of observations.
pub const SPLIT_AT: usize = 24 << 10;

impl Page {
    /// Folds a series in.
    pub fn state(&mut self, key: String, feed: FeedId, entry: EntryRef, series: Series) {
        let row = self.rows.entry((key, feed)).or_default();
        let (_, attributes, observations) = series.into_parts();
        if row.versions.iter().all(|version| version.entry.seq <= entry.seq) {
            row.attributes = attributes;
        }
        let stated = observations.into_iter().map(|observation| Version {
            period: observation.period(),
            entry,
            state: State::Stated {
                value: observation.value(),
                flags: observation.flags(),
                attributes: observation.attributes().clone(),
            },
        });
        row.merge(stated.collect());
    }

    /// Folds a retraction in.
    pub fn retract(&mut self, key: String, feed: FeedId, entry: EntryRef, retraction: &Retraction) {
        let row = self.rows.entry((key, feed)).or_default();
        // A retraction without periods is of all that was stated before it; what came later may be here already
        // when an entry is folded a second time.
        let before = row.versions.iter().filter(|version| version.entry.seq < entry.seq);
        let mut all: Vec<Period> = before.map(|version| version.period).collect();
        all.dedup();
        let periods = if retraction.periods().is_empty() { all.as_slice() } else { retraction.periods() };
        let retracted = periods.iter().map(|period| Version {
            period: *period,
            entry,
            state: State::Retracted { reason: retraction.reason().to_owned() },
        });
        row.merge(retracted.collect());
    }

    /// The series on the page, by view key and feed.
    pub fn rows(&self) -> impl Iterator<Item = (&str, FeedId, &Row)> {
        self.rows.iter().map(|((key, feed), row)| (key.as_str(), *feed, row))
    }

    /// The row of a series of a feed.
    pub fn row(&self, view_key: &str, feed: FeedId) -> Option<&Row> {
        self.rows.get(&(view_key.to_owned(), feed))
    }

    /// The rows with view keys that start so.
    pub fn rows_from<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, FeedId, &'a Row)> {
        let least = FeedId::new(crate::feed::PublisherId([0; 32]), crate::feed::AgreementId([0; 32]));
        self.rows
            .range((prefix.to_owned(), least)..)
            .take_while(move |((key, _), _)| key.starts_with(prefix))
            .map(|((key, feed), row)| (key.as_str(), *feed, row))
    }

    /// The first view key on the page.
    pub fn first_key(&self) -> Option<&str> {
        self.rows.keys().next().map(|(key, _)| key.as_str())
    }

    /// Parts that are each short enough, in order, with their first keys. Rows of one key stay together.
    pub fn split(self) -> Vec<Self> {
        let (mut parts, mut part, mut length) = (Vec::new(), Self::default(), 0);
        for ((key, feed), row) in self.rows {
            let same_key = part.rows.keys().next_back().is_some_and(|(last, _)| *last == key);
            if length > SPLIT_AT && !same_key {
                parts.push(std::mem::take(&mut part));
                length = 0;
            }
            length += ROW_COST + key.len() + row.versions.len() * VERSION_COST;
            part.rows.insert((key, feed), row);
        }
        parts.push(part);
        parts
    }
}

/// Roughly the bytes of a row without its key and versions.
const ROW_COST: usize = 6;
/// Roughly the bytes of a version.
const VERSION_COST: usize = 16;

impl Row {
    fn merge(&mut self, added: Vec<Version>) {
        let order = |version: &Version| (version.period, version.entry.seq);
        let in_order = match (self.versions.last(), added.first()) {
            (Some(last), Some(first)) => order(last) < order(first),
            (_, None) => return,
            (None, Some(_)) => true,
        };
        self.versions.extend(added);
        if !in_order {
            self.versions.sort_by_key(order);
            self.versions.dedup_by_key(|version| order(version));
        }
    }
}

/// The bytes of a page before compression: tables first, rows that point into them.
#[derive(Encode, Decode)]
struct PageBytes {
    feeds: Vec<FeedId>,
    entries: Vec<EntryBytes>,
    attributes: Vec<Pairs>,
    rows: Vec<RowBytes>,
}

type Pairs = Vec<(String, String)>;

#[derive(Encode, Decode)]
struct EntryBytes {
    seq: u64,
    time: i64,
    id: EntryId,
}

#[derive(Encode, Decode)]
struct RowBytes {
    key: String,
    feed: u32,
    attributes: u32,
    versions: Vec<VersionBytes>,
}

#[derive(Encode, Decode)]
struct VersionBytes {
    period: String,
    entry: u32,
    state: StateBytes,
}

#[derive(Encode, Decode)]
enum StateBytes {
    Stated { value: Option<(i128, u8)>, status: u8, conf: u8, revision: u32, attributes: u32 },
    Retracted { reason: String },
}

/// Numbers distinct things in the order in which they first come.
struct Table<K> {
    numbers: BTreeMap<K, u32>,
    list: Vec<K>,
}

impl<K: Ord + Clone> Table<K> {
    fn new() -> Self {
        Self { numbers: BTreeMap::new(), list: Vec::new() }
    }

    fn number(&mut self, thing: &K) -> u32 {
        if let Some(number) = self.numbers.get(thing) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).expect("a page has fewer than 2^32 things");
        self.list.push(thing.clone());
        self.numbers.insert(thing.clone(), number);
        number
    }
}

impl Page {
    /// The page's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (mut feeds, mut entries, mut attributes) = (Table::new(), Table::new(), Table::new());
        let rows = self.rows.iter().map(|((key, feed), row)| RowBytes {
            key: key.clone(),
            feed: feeds.number(feed),
            attributes: attributes.number(&pairs(&row.attributes)),
            versions: row
                .versions
                .iter()
                .map(|version| VersionBytes {
                    period: version.period.to_string(),
                    entry: entries.number(&version.entry),
                    state: StateBytes::of(&version.state, &mut attributes),
                })
                .collect(),
        });
        let rows = rows.collect();
        let entries = entries.list.iter().map(|e| EntryBytes { seq: e.seq.0, time: e.time.0, id: e.id });
        codec::encode(&PageBytes {
            feeds: feeds.list,
            entries: entries.collect(),
            attributes: attributes.list,
            rows,
        })
    }

    /// Reads what [`Page::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`PageError`] when the bytes are damaged; the view must then be folded again.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PageError> {
        let raw: PageBytes = codec::decode_own(bytes)?;
        let attributes: Result<Vec<Attributes>, CodecError> =
            raw.attributes.iter().map(attributes_of).collect();
        let tables = Tables { feeds: raw.feeds, entries: raw.entries, attributes: attributes? };
        let mut rows = BTreeMap::new();
        for row in raw.rows {
            let feed = *tables.feeds.get(row.feed as usize).ok_or(PageError::Table)?;
            let attributes = tables.attributes(row.attributes)?;
            let versions: Result<Vec<_>, _> = row.versions.into_iter().map(|v| tables.version(v)).collect();
            rows.insert((row.key, feed), Row { attributes, versions: versions? });
        }
        Ok(Self { rows })
    }
}

struct Tables {
    feeds: Vec<FeedId>,
    entries: Vec<EntryBytes>,
    attributes: Vec<Attributes>,
}

impl Tables {
    fn attributes(&self, number: u32) -> Result<Attributes, PageError> {
        self.attributes.get(number as usize).cloned().ok_or(PageError::Table)
    }

    fn version(&self, raw: VersionBytes) -> Result<Version, PageError> {
        let entry = self.entries.get(raw.entry as usize).ok_or(PageError::Table)?;
        let state = match raw.state {
            StateBytes::Retracted { reason } => State::Retracted { reason },
            StateBytes::Stated { value, status, conf, revision, attributes } => State::Stated {
                value: value.map(|(mantissa, scale)| Decimal::from_parts(mantissa, scale)).transpose()?,
                flags: record::flags(status, conf, revision)?,
                attributes: self.attributes(attributes)?,
            },
        };
        let entry = EntryRef { seq: Seq(entry.seq), time: Millis(entry.time), id: entry.id };
        Ok(Version { period: Period::parse(&raw.period)?, entry, state })
    }
}

impl StateBytes {
    fn of(state: &State, tables: &mut Table<Pairs>) -> Self {
        match state {
            State::Retracted { reason } => Self::Retracted { reason: reason.clone() },
            State::Stated { value, flags, attributes } => Self::Stated {
                value: value.map(|value| (value.mantissa(), value.scale())),
                status: flags.status.code() as u8,
                conf: flags.conf.code() as u8,
                revision: flags.revision,
                attributes: tables.number(&pairs(attributes)),
            },
        }
    }
}

fn pairs(attributes: &Attributes) -> Pairs {
    attributes.iter().map(|(id, text)| (id.id().to_owned(), text.to_owned())).collect()
}

/// A page keeps attributes of series and of observations in one table; which they are shows in the first of them.
fn attributes_of(pairs: &Pairs) -> Result<Attributes, CodecError> {
    let first = pairs.first().and_then(|(id, _)| AttributeId::from_id(id));
    record::attributes(first.map_or(Attachment::Series, AttributeId::attachment), pairs)
}

/// The key of a series from its view key.
///
/// # Errors
/// [`PageError`] when the text is no view key.
pub fn series_key(view_key: &str) -> Result<SeriesKey, PageError> {
    SeriesKey::from_view_order(view_key).map_err(PageError::from)
}

/// Why a page cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PageError {
    /// Its bytes are damaged.
    #[error("a page of the view is damaged: {0}")]
    Form(#[from] CodecError),
    /// Something on it is no value of the model.
    #[error("a page of the view is damaged: {0}")]
    Model(#[from] ModelError),
    /// A row points beside the tables.
    #[error("a page of the view is damaged: a row points to nothing")]
    Table,
}
