//! Cutting a feed: entries at its end that were never their government's go, so that the feed can go on before them.
//!
//! Files go from the last one on, and a file's index before the file: a crash leaves a feed that is longer than it
//! should be, never one with a gap, and cutting again ends it.

use std::fs::{self, File, OpenOptions};

use super::{FeedFile, Seq, erase, index, sync_up};
use crate::crypto::Network;
use crate::feed::HeadRef;
use crate::store::StoreError;

impl FeedFile {
    /// Cuts off the entry at this place and all behind it. All that was appended must be durable.
    pub(in crate::store) fn cut(&mut self, first: Seq, network: &Network) -> Result<(), StoreError> {
        self.rest()?;
        self.drop_tail()?;
        while let Some(last) =
            self.segments.last_mut().filter(|last| last.first.0 + last.spans.len() as u64 > first.0)
        {
            let index = index::path_of(&last.path);
            match fs::remove_file(&index) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::Io { action: "removing", path: index, source: error });
                }
                Ok(()) | Err(_) => {}
            }
            sync_up(&self.dir)?;
            if last.first >= first {
                fs::remove_file(&last.path).map_err(StoreError::io("removing", &last.path))?;
                sync_up(&self.dir)?;
                self.segments.pop();
                continue;
            }
            let keep = usize::try_from(first.0 - last.first.0).unwrap_or(usize::MAX);
            last.spans.truncate(keep);
            let end = last.whole();
            let file = OpenOptions::new().write(true).open(&last.path);
            let cut = file.and_then(|file| file.set_len(end).and_then(|()| file.sync_all()));
            cut.map_err(StoreError::io("cutting", &last.path))?;
            last.end = end;
            index::append(&last.path, &last.spans)?;
        }
        self.forget_marks(first)?;
        self.cursors.clear();
        self.newest = self.last_seq().map(|seq| self.header(seq, network)).transpose()?;
        self.durable = self.newest.as_ref().map(HeadRef::from);
        Ok(())
    }

    /// What comes in the place of erased entries was not erased.
    fn forget_marks(&mut self, first: Seq) -> Result<(), StoreError> {
        if self.erased.iter().all(|places| *places.end() < first) {
            return Ok(());
        }
        let before = |places: &erase::Places| {
            let last = Seq(first.0.checked_sub(1)?);
            (*places.start() < first).then(|| *places.start()..=(*places.end()).min(last))
        };
        self.erased = self.erased.iter().filter_map(before).collect();
        let path = crate::store::layout::erased(&self.dir);
        let beside = path.with_extension("new");
        let lines: String =
            self.erased.iter().map(|places| format!("{} {}\n", places.start(), places.end())).collect();
        fs::write(&beside, lines).map_err(StoreError::io("writing", &beside))?;
        File::open(&beside).and_then(|file| file.sync_all()).map_err(StoreError::io("syncing", &beside))?;
        fs::rename(&beside, &path).map_err(StoreError::io("moving", &beside))?;
        sync_up(&self.dir)
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use crate::crypto::Network;
    use crate::feed::testing::{Government, KEY, series};
    use crate::feed::{HeadRef, PublisherId, Seq, SignedEntry, head::Place};
    use crate::model::SeriesPattern;
    use crate::store::Store;
    use crate::view::Query;

    fn open(dir: &TempDir) -> Store {
        Store::open(dir.path(), PublisherId([0; 32]), &Network::main(), 1 << 20).unwrap()
    }

    fn values(store: &mut Store) -> usize {
        store.fold().unwrap();
        let mut count = 0;
        let counted = store.derived().query(&Query::current(SeriesPattern::any()), &mut |series| {
            count += series.versions.len();
            true
        });
        counted.unwrap();
        count
    }

    #[test]
    fn a_feed_goes_on_before_what_was_cut_off_and_shows_nothing_of_it() {
        let (dir, phl) = (TempDir::new().unwrap(), Government::new("PHL", 1));
        let mut store = open(&dir);
        let mut place = Place::first(phl.feed());
        let mut entries: Vec<SignedEntry> = Vec::new();
        for year in ["2001", "2002", "2003", "2004"] {
            let entry = phl.release(&place, vec![series(KEY, &[(year, 7)])]);
            place = Place::after(&HeadRef::from(entry.header()));
            store.append_own(&entry).unwrap();
            assert!(!store.cut(phl.feed(), Seq(0)).unwrap(), "what is not committed is not cut");
            store.commit().unwrap();
            entries.push(entry);
        }
        assert_eq!(values(&mut store), 4);
        store.erase(&[(phl.feed(), Seq(2)..=Seq(3))]).unwrap();
        for reopened in [false, true] {
            if reopened {
                drop(store);
                store = open(&dir);
            } else {
                assert!(store.cut(phl.feed(), Seq(2)).unwrap());
            }
            let head = store.durable(&phl.feed()).unwrap();
            assert_eq!((head.seq, head.entry), (Seq(1), entries[1].header().id()));
            assert_eq!((values(&mut store), store.erased(&phl.feed()).len()), (2, 0));
        }
        let other = phl.release(&store.place(phl.feed()), vec![series(KEY, &[("2009", 9)])]);
        store.append_own(&other).unwrap();
        store.commit().unwrap();
        assert_eq!(values(&mut store), 3);
        assert!(store.cut(phl.feed(), Seq(0)).unwrap());
        assert_eq!((store.durable(&phl.feed()), values(&mut store)), (None, 0));
        drop(store);
        let mut store = open(&dir);
        store.append_own(&entries[0]).unwrap();
        store.commit().unwrap();
        assert_eq!(values(&mut store), 1);
    }
}
