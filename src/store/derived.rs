//! The derived database: sled, with the care that it needs, behind a few typed calls.
//!
//! It may be deleted at any time. It is opened with explicit flushing; a snapshot file that a kill during
//! recovery left behind (`*.generating`, which makes sled refuse the database) is removed first; a panic or an
//! error while opening leads to a new, empty database.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::StoreError;
use super::layout::{COUNT, CURSOR, DERIVED_VERSION, PAGE, RECEIPT, TREE, VERSION, feed_key, page_key};
use crate::feed::head::Place;
use crate::feed::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use crate::model::Millis;
use crate::view::{Page, Query, Row, SeriesView, page};

/// A recipient's newest receipt for a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Whose entries were received.
    pub feed: FeedId,
    /// Who holds them.
    pub recipient: PublisherId,
    /// Up to which entry.
    pub seq: Seq,
    /// The id of that entry.
    pub entry: EntryId,
    /// When it says it received it.
    pub received_at: Millis,
}

/// A handle to the derived database; clones share it.
#[derive(Clone)]
pub struct Derived {
    open: Arc<RwLock<Open>>,
    path: PathBuf,
    cache: u64,
}

struct Open {
    db: sled::Db,
    tree: sled::Tree,
}

/// Reads rows one by one and keeps the page that it read last.
pub struct RowReader {
    derived: Derived,
    page: Option<Loaded>,
}

/// A page with the range of view keys that belong on it.
struct Loaded {
    first: String,
    end: Option<String>,
    page: Page,
}

impl RowReader {
    /// The row of a series of a feed.
    ///
    /// # Errors
    /// [`StoreError::Derived`] when the database is broken.
    pub fn row(&mut self, view_key: &str, feed: FeedId) -> Result<Option<Row>, StoreError> {
        let holds = |loaded: &Loaded| {
            loaded.first.as_str() <= view_key && loaded.end.as_deref().is_none_or(|end| view_key < end)
        };
        if !self.page.as_ref().is_some_and(holds) {
            self.page = self.load(view_key)?;
        }
        Ok(self.page.as_ref().and_then(|loaded| loaded.page.row(view_key, feed)).cloned())
    }

    fn load(&self, view_key: &str) -> Result<Option<Loaded>, StoreError> {
        let Some((key, page)) = self.derived.page_for(view_key)? else { return Ok(None) };
        let first = String::from_utf8_lossy(&key[1..]).into_owned();
        Ok(Some(Loaded { first, end: self.derived.next_page_key(view_key)?, page }))
    }
}

/// Changes that take effect together.
#[derive(Default)]
pub(super) struct Changes(sled::Batch);

/// The most plain bytes of a page: far above what splitting leaves, and little enough for a damaged one.
const MAX_PAGE: usize = 8 << 20;
/// Pages are rewritten often: the fastest level of zstd gives most of the gain.
const LEVEL: i32 = 1;

impl Derived {
    /// Opens the database; when that fails, begins an empty one and says why.
    pub(super) fn open(path: &Path, cache: u64) -> Result<(Self, Option<String>), StoreError> {
        let (open, reason) = match open_checked(path, cache) {
            Ok(open) => (open, None),
            Err(reason) => {
                remove(path)?;
                let open = open_checked(path, cache).map_err(StoreError::Derived)?;
                (open, Some(reason))
            }
        };
        let this = Self { open: Arc::new(RwLock::new(open)), path: path.to_owned(), cache };
        Ok((this, reason))
    }

    /// Deletes everything and begins anew.
    pub(super) fn recreate(&self) -> Result<(), StoreError> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        // sled holds a lock on its directory until the last handle is gone: clearing is what can be done inside.
        match open.tree.clear().and_then(|()| open.db.flush()) {
            Ok(_) => {}
            Err(_) => *open = self.replaced()?,
        }
        let version = DERIVED_VERSION.to_le_bytes();
        open.tree.insert(VERSION, &version)?;
        Ok(())
    }

    /// A database in a directory beside the broken one, which is deleted at the next start.
    fn replaced(&self) -> Result<Open, StoreError> {
        let broken = self.path.with_extension("broken");
        remove(&broken)?;
        fs::rename(&self.path, &broken).map_err(StoreError::io("moving", &self.path))?;
        open_checked(&self.path, self.cache).map_err(StoreError::Derived)
    }

    fn tree(&self) -> sled::Tree {
        self.open.read().unwrap_or_else(PoisonError::into_inner).tree.clone()
    }

    /// How far each feed is folded.
    pub(super) fn cursors(&self) -> Result<Vec<(FeedId, Place)>, StoreError> {
        let mut cursors = Vec::new();
        for item in self.tree().scan_prefix([CURSOR]) {
            let (key, value) = item?;
            let feed = feed_of(&key)?;
            cursors.push((feed, read_cursor(feed, &value)?));
        }
        Ok(cursors)
    }

    /// How far a feed is folded.
    pub(super) fn cursor(&self, feed: FeedId) -> Result<Place, StoreError> {
        let value = self.tree().get(feed_key(CURSOR, &feed))?;
        value.map_or(Ok(Place::first(feed)), |value| read_cursor(feed, &value))
    }

    /// The page on which a view key belongs, with its key in the database.
    pub(super) fn page_for(&self, view_key: &str) -> Result<Option<(Vec<u8>, Page)>, StoreError> {
        match self.tree().get_lt(successor(page_key(view_key)))? {
            Some((key, value)) if key.first() == Some(&PAGE) => Ok(Some((key.to_vec(), read_page(&value)?))),
            Some(_) | None => Ok(None),
        }
    }

    /// The first view key of the page after the one for this key.
    pub(super) fn next_page_key(&self, view_key: &str) -> Result<Option<String>, StoreError> {
        match self.tree().get_gt(page_key(view_key))? {
            Some((key, _)) if key.first() == Some(&PAGE) => {
                Ok(Some(String::from_utf8_lossy(&key[1..]).into_owned()))
            }
            Some(_) | None => Ok(None),
        }
    }

    /// Makes changes, all or none.
    pub(super) fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        Ok(self.tree().apply_batch(changes.0)?)
    }

    /// Writes out what sled holds in memory, with a real fsync: `flush` on Linux is none.
    ///
    /// # Errors
    /// [`StoreError`] when sled or the disk refuses.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).db.flush()?;
        let file = self.path.join("db");
        File::open(&file).and_then(|file| file.sync_all()).map_err(StoreError::io("syncing", &file))
    }

    /// Calls `each` with every series that a query matches, in the order of view keys; stops when it says so.
    ///
    /// # Errors
    /// [`StoreError::Derived`] when the database is broken: it must be rebuilt.
    pub fn query(&self, query: &Query, each: &mut dyn FnMut(SeriesView) -> bool) -> Result<(), StoreError> {
        let (tree, prefix) = (self.tree(), query.prefix());
        let first = tree.get_lt(successor(page_key(&prefix)))?.map(|(key, _)| key.to_vec());
        let start = first.filter(|key| key.first() == Some(&PAGE)).unwrap_or_else(|| page_key(&prefix));
        for item in tree.range(start..vec![PAGE + 1]) {
            let (key, value) = item?;
            let beyond = key[1..] > *prefix.as_bytes() && !key[1..].starts_with(prefix.as_bytes());
            if beyond || !matching(&read_page(&value)?, query, &prefix, each)? {
                break;
            }
        }
        Ok(())
    }

    /// Reads single rows; asked in the order of view keys, it reads each page once.
    pub fn row_reader(&self) -> RowReader {
        RowReader { derived: self.clone(), page: None }
    }

    /// The newest receipts of every recipient for a feed.
    ///
    /// # Errors
    /// As [`Derived::query`].
    pub fn receipts(&self, feed: &FeedId) -> Result<Vec<ReceiptRow>, StoreError> {
        let mut rows = Vec::new();
        for item in self.tree().scan_prefix(feed_key(RECEIPT, feed)) {
            let (key, value) = item?;
            rows.push(read_receipt(&key, &value)?);
        }
        Ok(rows)
    }

    /// How many observations of a feed are folded, all versions counted.
    ///
    /// # Errors
    /// As [`Derived::query`].
    pub fn observations(&self, feed: &FeedId) -> Result<u64, StoreError> {
        let value = self.tree().get(feed_key(COUNT, feed))?;
        Ok(value.and_then(|value| value.as_ref().try_into().ok()).map_or(0, u64::from_le_bytes))
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.db.size_on_disk().unwrap_or(0)
    }
}

impl Changes {
    pub(super) fn cursor(&mut self, place: &Place) {
        let mut value = place.seq.0.to_le_bytes().to_vec();
        value.extend_from_slice(&place.backlink.0);
        self.0.insert(feed_key(CURSOR, &place.feed), value);
    }

    pub(super) fn page(&mut self, key: &str, plain: &[u8]) -> Result<(), StoreError> {
        let packed =
            zstd::bulk::compress(plain, LEVEL).map_err(|error| StoreError::Derived(error.to_string()))?;
        self.0.insert(page_key(key), packed);
        Ok(())
    }

    pub(super) fn observations(&mut self, feed: &FeedId, count: u64) {
        self.0.insert(feed_key(COUNT, feed), &count.to_le_bytes());
    }

    pub(super) fn receipt(&mut self, row: &ReceiptRow) {
        let mut key = feed_key(RECEIPT, &row.feed);
        key.extend_from_slice(&row.recipient.0);
        let mut value = row.seq.0.to_le_bytes().to_vec();
        value.extend_from_slice(&row.entry.0);
        value.extend_from_slice(&row.received_at.0.to_le_bytes());
        self.0.insert(key, value);
    }
}

/// Hands on the rows of a page that match; says whether more are wanted.
fn matching(
    page: &Page,
    query: &Query,
    prefix: &str,
    each: &mut dyn FnMut(SeriesView) -> bool,
) -> Result<bool, StoreError> {
    for (view_key, feed, row) in page.rows_from(prefix) {
        if !query.wants(&feed) {
            continue;
        }
        let key = page::series_key(view_key).map_err(|error| StoreError::Derived(error.to_string()))?;
        if !query.pattern.matches(&key) {
            continue;
        }
        let versions = query.moment.select(row);
        let series = SeriesView { key, feed, attributes: row.attributes.clone(), versions };
        if !series.versions.is_empty() && !each(series) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn open_checked(path: &Path, cache: u64) -> Result<Open, String> {
    clear_unfinished_snapshots(path);
    let opened = std::panic::catch_unwind(|| open(path, cache));
    let open = opened
        .map_err(|_| "sled panicked while opening it".to_owned())?
        .map_err(|error| error.to_string())?;
    let expected = DERIVED_VERSION.to_le_bytes();
    match open.tree.get(VERSION).map_err(|error| error.to_string())? {
        Some(found) if found.as_ref() == expected => Ok(open),
        Some(_) => Err("it was written by another version".to_owned()),
        None if open.tree.is_empty() => {
            open.tree.insert(VERSION, &expected).map_err(|error| error.to_string())?;
            Ok(open)
        }
        None => Err("it has no version".to_owned()),
    }
}

fn open(path: &Path, cache: u64) -> sled::Result<Open> {
    let config = sled::Config::new().path(path).cache_capacity(cache).flush_every_ms(None);
    let db = config.open()?;
    let tree = db.open_tree(TREE)?;
    Ok(Open { db, tree })
}

fn clear_unfinished_snapshots(path: &Path) {
    let Ok(files) = fs::read_dir(path) else { return };
    for file in files.flatten() {
        if file.path().extension().is_some_and(|extension| extension == "generating") {
            let _gone = fs::remove_file(file.path());
        }
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            // Something else than a directory may lie there.
            fs::remove_file(path).map_err(StoreError::io("removing", path))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The least key above this one.
fn successor(mut key: Vec<u8>) -> Vec<u8> {
    key.push(0);
    key
}

fn read_page(value: &[u8]) -> Result<Page, StoreError> {
    let plain =
        zstd::bulk::decompress(value, MAX_PAGE).map_err(|error| StoreError::Derived(error.to_string()))?;
    Page::from_bytes(&plain).map_err(|error| StoreError::Derived(error.to_string()))
}

fn feed_of(key: &[u8]) -> Result<FeedId, StoreError> {
    let part = |at: usize| key.get(at..at + 32).and_then(|bytes| bytes.try_into().ok());
    let ids = part(1).zip(part(33));
    let (publisher, agreement) = ids.ok_or_else(|| StoreError::Derived("a key is too short".to_owned()))?;
    Ok(FeedId::new(PublisherId(publisher), AgreementId(agreement)))
}

fn read_cursor(feed: FeedId, value: &[u8]) -> Result<Place, StoreError> {
    let seq = value.get(..8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    let backlink = value.get(8..40).and_then(|bytes| bytes.try_into().ok()).map(EntryId);
    let (seq, backlink) =
        seq.zip(backlink).ok_or_else(|| StoreError::Derived("a cursor is too short".to_owned()))?;
    Ok(Place { feed, seq: Seq(seq), backlink })
}

fn read_receipt(key: &[u8], value: &[u8]) -> Result<ReceiptRow, StoreError> {
    let short = || StoreError::Derived("a receipt is too short".to_owned());
    let recipient = key.get(65..97).and_then(|bytes| bytes.try_into().ok()).map(PublisherId);
    let entry = value.get(8..40).and_then(|bytes| bytes.try_into().ok()).map(EntryId);
    let number =
        |at: usize| value.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
    Ok(ReceiptRow {
        feed: feed_of(key)?,
        recipient: recipient.ok_or_else(short)?,
        seq: Seq(number(0).ok_or_else(short)?),
        entry: entry.ok_or_else(short)?,
        received_at: Millis(number(40).ok_or_else(short)?.cast_signed()),
    })
}
