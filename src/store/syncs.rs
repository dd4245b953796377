//! Syncing several files at once: the file system writes them out together, so two take hardly longer than one.
//!
//! The threads are kept, because to start one takes a good part of the time of a sync.

use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::StoreError;
use super::feed_file::FeedFile;

/// How many files are synced at one time.
pub(super) const AT_ONCE: usize = 8;

/// The threads that sync all files but the first. They end with the store.
#[derive(Default)]
pub(super) struct Syncs(Vec<Helper>);

struct Helper {
    files: SyncSender<File>,
    done: Receiver<std::io::Result<()>>,
}

impl Syncs {
    /// Writes out what was appended to these files, at most [`AT_ONCE`]. When it returns, none is being synced.
    ///
    /// # Errors
    /// [`StoreError`] when one of them cannot be synced.
    pub(super) fn sync(&mut self, files: &[&FeedFile]) -> Result<(), StoreError> {
        let Some((first, others)) = files.split_first() else { return Ok(()) };
        let mut asked = Vec::new();
        for (number, file) in others.iter().enumerate() {
            if let Some(dirty) = file.dirty_file()? {
                if self.0.len() <= number {
                    self.0.resize_with(number + 1, Helper::start);
                }
                // A helper that is gone says so where its answer is taken.
                let _gone = self.0[number].files.send(dirty);
                asked.push((number, file));
            }
        }
        let mut result = first.sync();
        for (number, file) in asked {
            let synced = self.0[number].done.recv().map_err(|_| StoreError::Stopped);
            result = result.and(synced.and_then(|synced| file.synced(synced)));
        }
        result
    }
}

impl Helper {
    fn start() -> Self {
        let (files, inbox) = sync_channel::<File>(1);
        let (outbox, done) = sync_channel(1);
        thread::spawn(move || {
            for file in inbox {
                if outbox.send(file.sync_data()).is_err() {
                    return;
                }
            }
        });
        Self { files, done }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::testing::{Government, numbered_series};
    use crate::feed::{AgreementId, FeedId, HeadRef};

    fn append_to_all(files: &mut [FeedFile], phl: &Government, round: usize) {
        for (number, file) in files.iter_mut().enumerate() {
            let entry = phl.release(&file.place(), vec![numbered_series(number + 10 * round)]);
            file.append_entry(entry.header(), entry.frames()).unwrap();
        }
    }

    #[test]
    fn many_files_are_synced_again_and_again_and_a_failure_is_told() {
        let (phl, dir) = (Government::new("PHL", 1), tempfile::tempdir().unwrap());
        let of = |number: u8| {
            let feed = FeedId::new(phl.publisher(), AgreementId([number; 32]));
            FeedFile::new(dir.path().join(number.to_string()).join("feed"), feed)
        };
        let mut files: Vec<FeedFile> = (0..8).map(of).collect();
        let mut syncs = Syncs::default();
        for round in 0..3 {
            append_to_all(&mut files, &phl, round);
            syncs.sync(&files.iter().collect::<Vec<_>>()).unwrap();
            for file in &mut files {
                file.committed().unwrap();
                assert_eq!(file.durable(), file.newest().map(HeadRef::from));
            }
        }
        // A helper that has ended is a failure, not a success that nobody saw.
        syncs.0[0] = Helper { files: sync_channel(1).0, done: sync_channel(1).1 };
        append_to_all(&mut files, &phl, 3);
        assert!(matches!(syncs.sync(&files.iter().collect::<Vec<_>>()), Err(StoreError::Stopped)));
    }
}
