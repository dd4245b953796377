//! The end of a feed set aside: entries of a line that its publisher has given up, or behind damage.
//!
//! They are copied into a file beside the feeds before they are cut off, so that nothing is lost that could be shown
//! as evidence. A crash leaves the copy and a feed that ends somewhere behind the place; setting aside again ends it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{FeedFile, HeadRef, Segment, Seq, erase, index, sync_up};
use crate::crypto::Network;
use crate::store::StoreError;
use crate::store::layout::SEGMENT_MAGIC;

impl FeedFile {
    /// Copies everything from an entry on into a new file in `dir` and cuts it off the feed; where it is now, if there
    /// was anything. All that was appended must be durable.
    pub(in crate::store) fn set_aside(
        &mut self,
        from: Seq,
        dir: &Path,
        network: &Network,
    ) -> Result<Option<PathBuf>, StoreError> {
        self.rest()?;
        self.cursors.clear();
        let first = self.segments.iter().position(|segment| from < segment.next());
        let Some(first) = first else {
            // No whole entry is there: what has begun to come of one goes without a trace.
            self.drop_tail()?;
            return Ok(None);
        };
        let offset = |segment: &Segment| {
            let at = usize::try_from(from.0.saturating_sub(segment.first.0)).unwrap_or(usize::MAX);
            segment.spans.get(at).map_or(SEGMENT_MAGIC.len() as u64, |span| span.offset)
        };
        let path = free_name(dir, from)?;
        let cut: Vec<(PathBuf, u64)> =
            self.segments[first..].iter().map(|segment| (segment.path.clone(), offset(segment))).collect();
        copy(&path, &cut).map_err(StoreError::io("writing", &path))?;
        sync_up(dir)?;
        while self.segments.len() > first + 1 {
            self.segments.pop().map_or(Ok(()), |segment| remove(&segment))?;
        }
        self.cut_segment(from)?;
        self.tail = None;
        self.unmark(from)?;
        self.forget_keys(&(from..=Seq(u64::MAX)))?;
        self.newest = self.last_seq().map(|seq| self.header(seq, network)).transpose()?;
        self.durable = self.newest.as_ref().map(HeadRef::from);
        Ok(Some(path))
    }

    /// Ends the last segment before an entry.
    fn cut_segment(&mut self, from: Seq) -> Result<(), StoreError> {
        let Some(last) = self.segments.last_mut() else { return Ok(()) };
        if from <= last.first {
            return self.segments.pop().map_or(Ok(()), |segment| remove(&segment));
        }
        last.spans.truncate(usize::try_from(from.0 - last.first.0).unwrap_or(usize::MAX));
        last.end = last.whole();
        let index = index::path_of(&last.path);
        remove_file(&index)?;
        let file = OpenOptions::new().write(true).open(&last.path);
        let cut = file.and_then(|file| file.set_len(last.end).and_then(|()| file.sync_all()));
        cut.map_err(StoreError::io("cutting", &last.path))?;
        index::append(&last.path, &last.spans)
    }

    /// Forgets that entries from a place on were erased: others will stand there.
    fn unmark(&mut self, from: Seq) -> Result<(), StoreError> {
        if self.erased.iter().all(|places| *places.end() < from) {
            return Ok(());
        }
        let before = Seq(from.0.saturating_sub(1));
        let kept = self.erased.iter().filter(|places| *places.start() < from);
        let kept: Vec<erase::Places> =
            kept.map(|places| *places.start()..=(*places.end()).min(before)).collect();
        erase::write_marks(&self.dir, &kept)?;
        self.erased = kept;
        sync_up(&self.dir)
    }
}

/// A name that no file has: the place, and a number.
fn free_name(dir: &Path, from: Seq) -> Result<PathBuf, StoreError> {
    fs::create_dir_all(dir).map_err(StoreError::io("creating", dir))?;
    let mut number = 1_u32;
    loop {
        let path = dir.join(format!("{:012}-{number}.feed", from.0));
        if !path.exists() {
            return Ok(path);
        }
        number += 1;
    }
}

/// Writes the rest of files behind each other into a new one, durably, in the form of a segment.
fn copy(path: &Path, files: &[(PathBuf, u64)]) -> io::Result<()> {
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    out.write_all(SEGMENT_MAGIC)?;
    for (from, offset) in files {
        let mut file = File::open(from)?;
        file.seek(SeekFrom::Start(*offset))?;
        io::copy(&mut file.take(u64::MAX), &mut out)?;
    }
    out.sync_all()
}

fn remove(segment: &Segment) -> Result<(), StoreError> {
    remove_file(&index::path_of(&segment.path))?;
    remove_file(&segment.path)?;
    let dir = segment.path.parent().unwrap_or(&segment.path);
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::io("syncing", dir))
}

fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Io { action: "removing", path: path.to_owned(), source: error })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;
