//! The derived database: sled, with the care that it needs, behind a few typed calls.
//!
//! It may be deleted at any time. It is opened with explicit flushing; a snapshot file that a kill during
//! recovery left behind (`*.generating`, which makes sled refuse the database) is removed first; a panic or an
//! error while opening leads to a new, empty database.
//!
//! A handle shares beside sled what is folded and not yet written out: `overlay`. Asking is in
//! [`super::ask`], writing out in `write_out`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use super::layout::{COUNT, CURSOR, DERIVED_VERSION, RECEIPT, TREE, VERSION, feed_key};
use super::overlay::{Folded, Overlay};
use super::write_out::Sweep;
use super::{StoreError, packed};
use crate::feed::head::Place;
use crate::feed::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use crate::model::Millis;

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
    overlay: Arc<RwLock<Overlay>>,
    pub(super) sweep: Arc<Mutex<Option<Sweep>>>,
    shows_all: Arc<AtomicBool>,
    path: PathBuf,
    cache: u64,
}

struct Open {
    db: sled::Db,
    tree: sled::Tree,
}

/// Changes that take effect together.
#[derive(Default)]
pub(super) struct Changes(sled::Batch);

impl Derived {
    /// Opens the database; when that fails, begins an empty one and says why.
    pub(super) fn open(path: &Path, cache: u64) -> Result<(Self, Option<String>), StoreError> {
        let ((open, folded), reason) = match open_checked(path, cache) {
            Ok(open) => (open, None),
            Err(reason) => {
                remove(path)?;
                (open_checked(path, cache).map_err(StoreError::Derived)?, Some(reason))
            }
        };
        let this = Self {
            open: Arc::new(RwLock::new(open)),
            overlay: Arc::new(RwLock::new(Overlay::new(folded, 0))),
            sweep: Arc::default(),
            shows_all: Arc::default(),
            path: path.to_owned(),
            cache,
        };
        Ok((this, reason))
    }

    /// Whether the view shows all that has become durable. Any thread may ask; who made something durable may rely on
    /// it before anybody is told.
    pub fn shows_all(&self) -> bool {
        self.shows_all.load(Ordering::Acquire)
    }

    pub(super) fn set_shows_all(&self, all: bool) {
        self.shows_all.store(all, Ordering::Release);
    }

    /// Deletes everything and begins anew.
    pub(super) fn recreate(&self) -> Result<(), StoreError> {
        self.set_shows_all(false);
        let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
        *sweep = None;
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let mut overlay = self.overlay_mut();
        *overlay = Overlay::new(BTreeMap::new(), overlay.era + 1);
        // sled holds a lock on its directory until the last handle is gone: clearing is what can be done inside.
        match open.tree.clear().and_then(|()| open.db.flush()) {
            Ok(_) => {}
            Err(_) => *open = self.replaced()?,
        }
        let version = DERIVED_VERSION.to_le_bytes();
        open.tree.insert(VERSION, &version)?;
        Ok(())
    }

    /// Begins anew in files of its own and removes the old ones: what is in them must not be found any more.
    pub(super) fn begin_elsewhere(&self) -> Result<(), StoreError> {
        let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
        *sweep = None;
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let mut overlay = self.overlay_mut();
        *overlay = Overlay::new(BTreeMap::new(), overlay.era + 1);
        *open = self.replaced()?;
        remove(&self.path.with_extension("broken"))
    }

    /// A database in a directory beside the broken one, which is deleted at the next start.
    fn replaced(&self) -> Result<Open, StoreError> {
        let broken = self.path.with_extension("broken");
        remove(&broken)?;
        fs::rename(&self.path, &broken).map_err(StoreError::io("moving", &self.path))?;
        let (open, _nothing) = open_checked(&self.path, self.cache).map_err(StoreError::Derived)?;
        Ok(open)
    }

    pub(super) fn tree(&self) -> sled::Tree {
        self.open.read().unwrap_or_else(PoisonError::into_inner).tree.clone()
    }

    pub(super) fn overlay(&self) -> RwLockReadGuard<'_, Overlay> {
        self.overlay.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn overlay_mut(&self) -> RwLockWriteGuard<'_, Overlay> {
        self.overlay.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loses what is in memory alone, as a kill does.
    #[cfg(test)]
    pub(super) fn forget_overlay(&self) {
        *self.sweep.lock().unwrap() = None;
        *self.overlay_mut() = Overlay::default();
    }

    /// How far each feed is folded.
    pub(super) fn cursors(&self) -> Vec<Place> {
        self.overlay().all_folded().into_iter().map(|folded| folded.place).collect()
    }

    /// Makes changes, all or none.
    pub(super) fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        Ok(self.tree().apply_batch(changes.0)?)
    }

    /// Writes out everything that is folded, with a real fsync: sled's `flush` on Linux is none.
    ///
    /// # Errors
    /// [`StoreError`] when sled or the disk refuses.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.write_out_all()?;
        self.open.read().unwrap_or_else(PoisonError::into_inner).db.flush()?;
        let file = self.path.join("db");
        File::open(&file).and_then(|file| file.sync_all()).map_err(StoreError::io("syncing", &file))
    }

    /// The newest receipts of every recipient for a feed.
    ///
    /// # Errors
    /// As [`Derived::query`].
    pub fn receipts(&self, feed: &FeedId) -> Result<Vec<ReceiptRow>, StoreError> {
        // What leaves memory is in sled before: so memory is asked first.
        let newer: Vec<ReceiptRow> = self.overlay().receipts_for(feed).copied().collect();
        let mut rows = BTreeMap::new();
        for item in self.tree().scan_prefix(feed_key(RECEIPT, feed)) {
            let (key, value) = item?;
            let row = read_receipt(&key, &value)?;
            rows.insert(row.recipient, row);
        }
        rows.extend(newer.into_iter().map(|row| (row.recipient, row)));
        Ok(rows.into_values().collect())
    }

    /// How many observations of a feed are folded, all versions counted.
    ///
    /// # Errors
    /// As [`Derived::query`].
    pub fn observations(&self, feed: &FeedId) -> Result<u64, StoreError> {
        Ok(self.overlay().folded(*feed).observations)
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.db.size_on_disk().unwrap_or(0)
    }
}

impl Changes {
    pub(super) fn folded(&mut self, folded: &Folded) {
        let place = &folded.place;
        let mut value = place.seq.0.to_le_bytes().to_vec();
        value.extend_from_slice(&place.backlink.0);
        self.0.insert(feed_key(CURSOR, &place.feed), value);
        self.0.insert(feed_key(COUNT, &place.feed), &folded.observations.to_le_bytes());
    }

    pub(super) fn page(&mut self, key: Vec<u8>, plain: &[u8]) -> Result<(), StoreError> {
        self.0.insert(key, packed::pack(plain)?);
        Ok(())
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

type Opened = (Open, BTreeMap<FeedId, Folded>);

fn open_checked(path: &Path, cache: u64) -> Result<Opened, String> {
    clear_unfinished_snapshots(path);
    let opened = std::panic::catch_unwind(|| open(path, cache));
    let open = opened
        .map_err(|_| "sled panicked while opening it".to_owned())?
        .map_err(|error| error.to_string())?;
    let expected = DERIVED_VERSION.to_le_bytes();
    match open.tree.get(VERSION).map_err(|error| error.to_string())? {
        Some(found) if found.as_ref() == expected => {
            let folded = read_folded(&open.tree).map_err(|error| error.to_string())?;
            Ok((open, folded))
        }
        Some(_) => Err("it was written by another version".to_owned()),
        None if open.tree.is_empty() => {
            open.tree.insert(VERSION, &expected).map_err(|error| error.to_string())?;
            Ok((open, BTreeMap::new()))
        }
        None => Err("it has no version".to_owned()),
    }
}

fn open(path: &Path, cache: u64) -> sled::Result<Open> {
    let config = sled::Config::new().path(path).cache_capacity(cache).flush_every_ms(None);
    let mut pauses = 0..UNLOCK_PAUSES;
    let db = loop {
        match config.open() {
            Err(error) if is_locked(&error) && pauses.next().is_some() => std::thread::sleep(UNLOCK_PAUSE),
            opened => break opened?,
        }
    };
    let tree = db.open_tree(TREE)?;
    Ok(Open { db, tree })
}

/// The store's own lock keeps other processes out, so who still locks the database is this process: a thread of sled's
/// lets go of the handle that was dropped last a moment later.
const UNLOCK_PAUSES: u32 = 200;
const UNLOCK_PAUSE: Duration = Duration::from_millis(10);

fn is_locked(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().starts_with("could not acquire lock"))
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

fn read_folded(tree: &sled::Tree) -> Result<BTreeMap<FeedId, Folded>, StoreError> {
    let mut all = BTreeMap::new();
    for item in tree.scan_prefix([CURSOR]) {
        let (key, value) = item?;
        let feed = feed_of(&key)?;
        let count = tree.get(feed_key(COUNT, &feed))?;
        let observations =
            count.and_then(|count| count.as_ref().try_into().ok()).map_or(0, u64::from_le_bytes);
        all.insert(feed, Folded { place: read_cursor(feed, &value)?, observations });
    }
    Ok(all)
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
