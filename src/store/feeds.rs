//! The store: all feeds of a directory, and the derived database over them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::derived::Derived;
use super::entries::{EntryReader, Lies};
use super::feed_file::FeedFile;
use super::fold::Folding;
use super::records::{Records, StoredEntry};
use super::recovery::{RecoveryCause, RecoveryMark};
use super::syncs::{self, Syncs};
use super::{StoreError, layout};
use crate::crypto::{ContentKey, Network};
use crate::feed::assembler::Position;
use crate::feed::head::Place;
use crate::feed::{
    AgreementId, FeedId, HeadRef, PublisherId, Sealing, Seq, SignedEntry, SignedHeader, VerifiedFrame,
};
use crate::model::{Millis, Record};

/// What opening had to mend; every one is told to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Bytes after the last good frame were cut off: a write that a crash interrupted.
    TornTail {
        /// The feed.
        feed: FeedId,
        /// How many bytes.
        bytes: u64,
    },
    /// An own entry that was never whole was cut off.
    UnfinishedEntry {
        /// The feed.
        feed: FeedId,
        /// How many bytes.
        bytes: u64,
    },
    /// The derived database was deleted and is folded again from the feed files.
    Rebuilt {
        /// Why.
        reason: String,
    },
}

impl std::fmt::Display for Repair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TornTail { feed, bytes } => {
                write!(f, "feed {feed}: cut {bytes} bytes of an interrupted write")
            }
            Self::UnfinishedEntry { feed, bytes } => {
                write!(f, "feed {feed}: cut {bytes} bytes of a release that was never finished")
            }
            Self::Rebuilt { reason } => {
                write!(f, "the derived database is folded again from the feed files: {reason}")
            }
        }
    }
}

/// What this node holds, on disk.
pub struct Store {
    dir: PathBuf,
    pub(super) network: Network,
    feeds: BTreeMap<FeedId, FeedFile>,
    derived: Derived,
    repairs: Vec<Repair>,
    /// Feeds that were appended to since the last commit.
    touched: BTreeSet<FeedId>,
    syncs: Syncs,
    /// Feeds whose files are open for writing.
    open: BTreeSet<FeedId>,
    stopped: bool,
    pub(super) folding: Folding,
    _lock: File,
}

/// How many feed files stay open for writing between commits.
const MAX_OPEN: usize = 64;

impl Store {
    /// Opens or creates the store of a directory. `us` names the publisher whose unfinished entries are cut off;
    /// of others' the verified frames are kept, and the transfer goes on behind them.
    ///
    /// # Errors
    /// [`StoreError`]: the directory is in use, of a newer format, or the operating system refuses.
    pub fn open(dir: &Path, us: PublisherId, network: &Network, cache: u64) -> Result<Self, StoreError> {
        fs::create_dir_all(layout::feeds(dir)).map_err(StoreError::io("creating", dir))?;
        let lock = lock(dir)?;
        check_format(dir)?;
        let (feeds, mut repairs) = open_feeds(dir, us, network)?;
        let (derived, rebuilt) = Derived::open(&layout::db(dir), cache)?;
        repairs.extend(rebuilt.map(|reason| Repair::Rebuilt { reason }));
        let mut store = Self {
            dir: dir.to_owned(),
            network: network.clone(),
            feeds,
            derived,
            repairs,
            touched: BTreeSet::new(),
            syncs: Syncs::default(),
            open: BTreeSet::new(),
            stopped: false,
            folding: Folding::default(),
            _lock: lock,
        };
        if let Some(reason) = store.disagreement()? {
            store.rebuild(&reason)?;
        }
        Ok(store)
    }

    /// What opening mended.
    pub fn repairs(&self) -> &[Repair] {
        &self.repairs
    }

    /// The derived database, to query from any thread.
    pub fn derived(&self) -> &Derived {
        &self.derived
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The feeds that are here.
    pub fn feeds(&self) -> impl Iterator<Item = FeedId> {
        self.feeds.keys().copied()
    }

    /// Where a feed's next entry goes.
    pub fn place(&self, feed: FeedId) -> Place {
        self.feeds.get(&feed).map_or(Place::first(feed), FeedFile::place)
    }

    /// The newest entry of a feed that is whole.
    pub fn newest(&self, feed: &FeedId) -> Option<&SignedHeader> {
        self.feeds.get(feed).and_then(FeedFile::newest)
    }

    /// The header of the newest entry of a feed that is durable.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be read.
    pub fn durable_header(&self, feed: &FeedId) -> Result<Option<SignedHeader>, StoreError> {
        let durable = self.durable(feed);
        durable.map(|head| self.header(feed, head.seq)).transpose()
    }

    /// The newest entry of a feed that is durable.
    pub fn durable(&self, feed: &FeedId) -> Option<HeadRef> {
        self.feeds.get(feed).and_then(FeedFile::durable)
    }

    /// The verified frames of an entry that is not yet whole.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub fn partial(&self, feed: &FeedId) -> Result<Vec<Vec<u8>>, StoreError> {
        self.feeds.get(feed).map_or(Ok(Vec::new()), FeedFile::partial)
    }

    /// Appends an entry that this node has made. It counts after the next [`Store::commit`].
    ///
    /// # Errors
    /// [`StoreError`]; after a failed write the store takes nothing more.
    pub fn append_own(&mut self, entry: &SignedEntry) -> Result<(), StoreError> {
        self.appending(entry.header().header().feed, |file| file.append_entry(entry.header(), entry.frames()))
    }

    /// Appends a verified frame of another's entry. An entry counts when it is whole and committed.
    ///
    /// # Errors
    /// As [`Store::append_own`].
    pub fn append_frame(&mut self, frame: &VerifiedFrame) -> Result<(), StoreError> {
        let header = frame.entry().header();
        self.appending(header.header().feed, |file| {
            if let Some(key) = frame.key() {
                file.keep_key(header.header().seq, key)?;
            }
            file.append_frame(header, frame.part(), frame.completes(), frame.bytes())
        })
    }

    /// Whether an entry came sealed and is closed to this node.
    ///
    /// # Errors
    /// [`StoreError`] when it is not here or cannot be read.
    pub fn is_closed(&self, feed: &FeedId, seq: Seq) -> Result<bool, StoreError> {
        let missing = StoreError::NoEntry { feed: *feed, seq };
        let file = self.feeds.get(feed).ok_or(missing)?;
        if file.header(seq, &self.network)?.header().sealing == Sealing::Open || file.key(seq).is_some() {
            return Ok(false);
        }
        let lies = file.lies(seq).ok_or(StoreError::NoEntry { feed: *feed, seq })?;
        let mut reader = EntryReader::default();
        reader.begin((*feed, seq), &lies, &self.network)?;
        reader.stands_before_sealed()
    }

    /// The key of an entry that came sealed and was opened.
    pub fn key_of(&self, feed: &FeedId, seq: Seq) -> Option<&ContentKey> {
        self.feeds.get(feed).and_then(|file| file.key(seq))
    }

    /// Opens an entry that came sealed: with this key it can be read from now on. The caller has verified what is in it.
    ///
    /// # Errors
    /// [`StoreError`]; after a failed write the store takes nothing more.
    pub fn open_sealed(&mut self, feed: &FeedId, seq: Seq, key: &ContentKey) -> Result<(), StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        if self.may_be_folded(feed, seq) {
            self.derived.begin_elsewhere()?;
        }
        self.folding = Folding::default();
        let kept = self.feeds.get_mut(feed).map_or(Ok(()), |file| file.keep_key(seq, key));
        self.stopped |= kept.is_err();
        kept
    }

    fn appending(
        &mut self,
        feed: FeedId,
        append: impl FnOnce(&mut FeedFile) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        let dir = layout::feed(&self.dir, &feed);
        let file = self.feeds.entry(feed).or_insert_with(|| FeedFile::new(dir, feed));
        self.touched.insert(feed);
        let result = append(file);
        self.stopped |= matches!(result, Err(StoreError::Io { .. }));
        result
    }

    /// Makes all that was appended durable; returns the newest durable entry of each feed that moved.
    ///
    /// # Errors
    /// [`StoreError`] when a sync fails; the store takes nothing more then.
    pub fn commit(&mut self) -> Result<Vec<SignedHeader>, StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        let touched = std::mem::take(&mut self.touched);
        let result = self.commit_touched(touched);
        self.stopped |= result.is_err();
        result
    }

    /// The same of the feeds of wanted agreements alone; what was appended to others stays as it is until the next
    /// [`Store::commit`].
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn commit_of(
        &mut self,
        wanted: impl Fn(&AgreementId) -> bool,
    ) -> Result<Vec<SignedHeader>, StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        let touched = std::mem::take(&mut self.touched);
        let (touched, others) = touched.into_iter().partition(|feed| wanted(&feed.agreement));
        self.touched = others;
        let result = self.commit_touched(touched);
        self.stopped |= result.is_err();
        result
    }

    fn commit_touched(&mut self, touched: BTreeSet<FeedId>) -> Result<Vec<SignedHeader>, StoreError> {
        let files: Vec<&FeedFile> = touched.iter().filter_map(|feed| self.feeds.get(feed)).collect();
        files.chunks(syncs::AT_ONCE).try_for_each(|some| self.syncs.sync(some))?;
        let mut moved = Vec::new();
        if !touched.is_empty() {
            self.derived.set_shows_all(false);
        }
        for feed in touched {
            let Some(file) = self.feeds.get_mut(&feed) else { continue };
            let before = file.durable();
            file.committed()?;
            if file.durable() != before {
                moved.extend(file.newest().cloned());
            }
            self.open.insert(feed);
        }
        if self.open.len() > MAX_OPEN {
            for feed in std::mem::take(&mut self.open) {
                self.feeds.get_mut(&feed).map_or(Ok(()), FeedFile::rest)?;
            }
        }
        Ok(moved)
    }

    /// Frames of durable entries from a position on, to be handed to others: about `limit` bytes, and the position after
    /// them.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read, are damaged or erased.
    pub fn read_frames(
        &mut self,
        feed: &FeedId,
        from: Position,
        limit: usize,
    ) -> Result<(Vec<u8>, Position), StoreError> {
        let erased = self.feeds.get(feed).map(FeedFile::erased).unwrap_or_default();
        if erased.iter().any(|places| places.contains(&from.seq)) {
            return Err(StoreError::Erased { feed: *feed, seq: from.seq });
        }
        // Before an erased entry frames go one by one, so that none of it is among them.
        let is_before = erased.iter().any(|places| from.seq < *places.start());
        self.stored_frames(feed, from, if is_before { 1 } else { limit })
    }

    /// The same as they stand on disk, also of entries that were erased.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read or are damaged.
    pub fn stored_frames(
        &mut self,
        feed: &FeedId,
        from: Position,
        limit: usize,
    ) -> Result<(Vec<u8>, Position), StoreError> {
        self.feeds.get_mut(feed).map_or(Ok((Vec::new(), from)), |file| file.frames(from, limit))
    }

    /// The signed header of an entry.
    ///
    /// # Errors
    /// [`StoreError::NoEntry`] or what keeps it from being read.
    pub fn header(&self, feed: &FeedId, seq: Seq) -> Result<SignedHeader, StoreError> {
        let file = self.feeds.get(feed).ok_or(StoreError::NoEntry { feed: *feed, seq })?;
        file.header(seq, &self.network)
    }

    /// Calls `each` with every record of an entry, in order, holding one block at a time.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn read_records(
        &self,
        feed: &FeedId,
        seq: Seq,
        each: &mut dyn FnMut(Record),
    ) -> Result<SignedHeader, StoreError> {
        let records = self.records(feed, seq)?;
        let header = records.header().clone();
        for record in records {
            each(record?);
        }
        Ok(header)
    }

    /// The records of an entry, to be taken one by one. Each block is checked against the entry's table.
    ///
    /// # Errors
    /// [`StoreError`] when the entry is not here or is damaged.
    pub fn records(&self, feed: &FeedId, seq: Seq) -> Result<Records, StoreError> {
        self.entry(feed, seq)?.records()
    }

    /// Where the records of an entry are, to be read more than once.
    ///
    /// # Errors
    /// [`StoreError`] when the entry is not here.
    pub fn entry(&self, feed: &FeedId, seq: Seq) -> Result<StoredEntry, StoreError> {
        let lies = self.lies(feed, seq).ok_or(StoreError::NoEntry { feed: *feed, seq })?;
        Ok(StoredEntry { entry: (*feed, seq), lies, network: self.network.clone() })
    }

    /// Deletes the derived database and begins to fold it again.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be deleted or created.
    pub fn rebuild(&mut self, reason: &str) -> Result<(), StoreError> {
        self.folding = Folding::default();
        self.derived.recreate()?;
        self.repairs.push(Repair::Rebuilt { reason: reason.to_owned() });
        Ok(())
    }

    /// Erases the payload of these entries, but for receipts, for good: from the feed files, and from the derived
    /// database, which is begun anew if anything of them may be in it. Headers and tables stay, and so does an entry after
    /// them of which not all frames are here: see [`Store::abandon`]. `false` when something of these feeds is appended
    /// and not yet committed: nothing is done then.
    ///
    /// # Errors
    /// [`StoreError`]; after a failed write the store takes nothing more. To be repeated after a crash: erasing what is
    /// erased changes nothing.
    pub fn erase(&mut self, entries: &[(FeedId, RangeInclusive<Seq>)]) -> Result<bool, StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        if entries.iter().any(|(feed, _)| self.touched.contains(feed)) {
            return Ok(false);
        }
        let result = self.erase_entries(entries);
        self.stopped |= result.is_err();
        result.map(|()| true)
    }

    /// The database first: should the rest not come about, it holds nothing that is not in the files, and erasing is
    /// asked for again.
    fn erase_entries(&mut self, entries: &[(FeedId, RangeInclusive<Seq>)]) -> Result<(), StoreError> {
        if entries.iter().any(|(feed, places)| self.may_be_folded(feed, *places.start())) {
            self.derived.begin_elsewhere()?;
        }
        // Its reader keeps what it has read of files that are no more.
        self.folding = Folding::default();
        for (feed, places) in entries {
            if let Some(file) = self.feeds.get_mut(feed) {
                file.erase(places, &self.network)?;
            }
            self.open.remove(feed);
        }
        Ok(())
    }

    /// Cuts off the entry of a feed at this place and all behind it, which were signed by a key that was not allowed to;
    /// they are set aside. `false` when something of the feed is appended and not yet committed: nothing is done then.
    ///
    /// # Errors
    /// [`StoreError`]; after a failed write the store takes nothing more. Cutting what is cut changes nothing.
    pub fn cut(&mut self, feed: FeedId, first: Seq) -> Result<bool, StoreError> {
        if self.touched.contains(&feed) {
            return Ok(false);
        }
        self.set_aside(&feed, first).map(|_| true)
    }

    /// Gives up the entry at the end of each of these feeds of which not all frames are here, and returns the feeds in
    /// which there was one. One that is appended to is passed over until that is committed.
    ///
    /// # Errors
    /// [`StoreError`]; after a failed write the store takes nothing more.
    pub fn abandon(&mut self, feeds: &[FeedId]) -> Result<Vec<FeedId>, StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        let mut begun = Vec::new();
        for feed in feeds.iter().filter(|feed| !self.touched.contains(feed)) {
            let cut = self.feeds.get_mut(feed).map_or(Ok(0), FeedFile::drop_tail);
            self.stopped |= cut.is_err();
            if cut? > 0 {
                begun.push(*feed);
            }
        }
        Ok(begun)
    }

    /// Moves the entries of a feed from a place on out of it, into a file beside the feeds, and folds the database again if
    /// it may know of them. Says where they are now; nothing if there were none. Nothing of the feed may wait for a commit.
    ///
    /// # Errors
    /// [`StoreError`]; after a failed write the store takes nothing more.
    pub fn set_aside(&mut self, feed: &FeedId, from: Seq) -> Result<Option<PathBuf>, StoreError> {
        if self.stopped {
            return Err(StoreError::Stopped);
        }
        if self.touched.contains(feed) {
            return Err(StoreError::OutOfPlace { feed: *feed, seq: from });
        }
        if self.may_be_folded(feed, from) {
            self.rebuild(&format!("entries of feed {feed} from {from} on were set aside"))?;
        }
        self.folding = Folding::default();
        self.open.remove(feed);
        let (dir, network) = (layout::aside(&self.dir, feed), &self.network);
        let moved = self.feeds.get_mut(feed).map_or(Ok(None), |file| file.set_aside(from, &dir, network));
        self.stopped |= matches!(moved, Err(StoreError::Io { .. }));
        moved
    }

    /// The files of a feed, each with how much of it is durable.
    pub(super) fn durable_files(&self, feed: &FeedId) -> Vec<(PathBuf, u64)> {
        self.feeds.get(feed).map_or(Vec::new(), FeedFile::durable_files)
    }

    /// The entries of a feed whose payloads are gone.
    pub fn erased(&self, feed: &FeedId) -> &[RangeInclusive<Seq>] {
        self.feeds.get(feed).map(FeedFile::erased).unwrap_or_default()
    }

    /// What in the derived database cannot come from the feed files, if anything.
    fn disagreement(&self) -> Result<Option<String>, StoreError> {
        for cursor in self.derived.cursors() {
            let Some(head) = cursor.head() else { continue };
            let feed = head.feed;
            let here = self.header(&feed, head.seq).map(|header| header.id());
            if here.ok() != Some(head.entry) {
                return Ok(Some(format!(
                    "it has folded entry {} of feed {feed}, which is not here",
                    head.seq
                )));
            }
        }
        Ok(None)
    }

    /// Feeds that are folded into the view: all but the house's own.
    pub(super) fn folded_feeds(&self) -> impl Iterator<Item = (FeedId, HeadRef)> {
        self.feeds
            .iter()
            .filter(|(feed, _)| feed.agreement != AgreementId::house())
            .filter_map(|(feed, file)| Some((*feed, file.durable()?)))
    }

    /// Where an entry lies.
    pub(super) fn lies(&self, feed: &FeedId, seq: Seq) -> Option<Lies> {
        self.feeds.get(feed)?.lies(seq)
    }

    /// Bytes of a feed behind the last entry whose payload was erased: of those before, headers are left.
    pub fn bytes_kept(&self, feed: &FeedId) -> u64 {
        self.feeds.get(feed).map_or(0, FeedFile::bytes_kept)
    }

    /// Bytes of all feed files on disk.
    pub fn feed_bytes(&self) -> u64 {
        self.feeds.values().map(FeedFile::bytes).sum()
    }
}

impl Drop for Store {
    /// What waits in memory is written out, so that a command that opens the store for a moment does not leave all
    /// folding to the next one. What cannot be written is folded again.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _folded_again = self.derived.write_out_all();
        }
    }
}

/// Moves every feed whose files do not open out of the way, as a whole, but for the house feed; says which and where to.
/// A feed of our own is marked to be in recovery before. No other process may have the directory.
///
/// # Errors
/// [`StoreError`]: the directory is in use, the house feed is damaged, or the operating system refuses.
pub fn quarantine(
    dir: &Path,
    us: PublisherId,
    network: &Network,
) -> Result<Vec<(FeedId, PathBuf)>, StoreError> {
    let _lock = lock(dir)?;
    let mut moved = Vec::new();
    for (publisher, path) in hex_directories(&layout::feeds(dir))? {
        for (agreement, path) in hex_directories(&path)? {
            let feed = FeedId::new(PublisherId(publisher), AgreementId(agreement));
            let fault = match FeedFile::open(path.clone(), feed, network) {
                Ok(_) => continue,
                Err(fault @ (StoreError::Damaged { .. } | StoreError::File { .. })) => fault,
                Err(error) => return Err(error),
            };
            if feed.agreement == AgreementId::house() {
                return Err(fault);
            }
            if feed.publisher == us {
                let now = RecoveryMark::load(dir)?;
                let mut mark = now.unwrap_or_else(|| RecoveryMark::new(RecoveryCause::Behind, Millis(0)));
                mark.doubted.insert(feed.agreement);
                mark.settled.remove(&feed.agreement);
                (mark.begun, mark.ended) = (false, false);
                mark.save(dir)?;
            }
            moved.push((feed, move_aside(&path, &layout::aside(dir, &feed))?));
        }
    }
    Ok(moved)
}

/// Gives a directory a free name below another one.
fn move_aside(from: &Path, aside: &Path) -> Result<PathBuf, StoreError> {
    fs::create_dir_all(aside).map_err(StoreError::io("creating", aside))?;
    let free = (1_u32..).map(|number| aside.join(format!("whole-{number}"))).find(|path| !path.exists());
    let to = free.unwrap_or_else(|| aside.join("whole"));
    fs::rename(from, &to).map_err(StoreError::io("moving", from))?;
    Ok(to)
}

type OpenFeeds = (BTreeMap<FeedId, FeedFile>, Vec<Repair>);

fn open_feeds(dir: &Path, us: PublisherId, network: &Network) -> Result<OpenFeeds, StoreError> {
    let (mut feeds, mut repairs) = (BTreeMap::new(), Vec::new());
    for (publisher, path) in hex_directories(&layout::feeds(dir))? {
        for (agreement, path) in hex_directories(&path)? {
            let feed = FeedId::new(PublisherId(publisher), AgreementId(agreement));
            let (mut file, bytes) = FeedFile::open(path, feed, network)?;
            if bytes > 0 {
                repairs.push(Repair::TornTail { feed, bytes });
            }
            if feed.publisher == us {
                let bytes = file.drop_tail()?;
                repairs.extend((bytes > 0).then_some(Repair::UnfinishedEntry { feed, bytes }));
            }
            feeds.insert(feed, file);
        }
    }
    Ok((feeds, repairs))
}

fn hex_directories(dir: &Path) -> Result<Vec<([u8; 32], PathBuf)>, StoreError> {
    let mut found = Vec::new();
    for item in fs::read_dir(dir).map_err(StoreError::io("reading", dir))? {
        let item = item.map_err(StoreError::io("reading", dir))?;
        let id = item.file_name().to_str().and_then(crate::crypto::Hash::from_hex);
        found.extend(id.map(|hash| (hash.0, item.path())));
    }
    Ok(found)
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(StoreError::io("creating", &path))?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(fs::TryLockError::Error(source)) => {
                return Err(StoreError::Io { action: "locking", path, source });
            }
        }
    }
    Err(StoreError::InUse(dir.to_owned()))
}

/// A command that opens the store by itself has it for a moment: a daemon that starts then waits, two seconds at
/// most.
const LOCK_TRIES: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

fn check_format(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join("format");
    let known = layout::FORMAT;
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(found) if found == known => Ok(()),
            Ok(found) => Err(StoreError::Format { found, known }),
            Err(_) => Err(StoreError::File { path, what: "holds no format number".to_owned() }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::write(&path, format!("{known}\n")).map_err(StoreError::io("writing", &path))
        }
        Err(source) => Err(StoreError::Io { action: "reading", path, source }),
    }
}
