//! Erasure: the payload of entries goes for good, their headers and block tables stay.
//!
//! ```text
//! before   Head Table Block Block Block │ Head Table Block
//! after    Head Table Erased            │ Head Table Erased
//! ```
//!
//! Of an entry that came sealed, its table goes with its blocks, and the key to it. So the chain of signed headers still verifies, with the hash of what was there, and everybody sees that something
//! was. A segment is written anew beside the old one and takes its place in one step; a crash leaves either of the
//! two, and erasing again changes nothing. The mark that says whose payloads are gone is written first, so that nothing
//! of them is handed on from then on.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::ops::RangeInclusive;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::{FeedFile, Frame, FrameKind, Segment, Seq, Span, Walk, index, sync_up};
use crate::crypto::Network;
use crate::feed::{EntryKind, SignedHeader, frame};
use crate::store::StoreError;
use crate::store::layout::{self, SEGMENT_MAGIC};

/// Places of a feed, both ends among them.
pub(in crate::store) type Places = RangeInclusive<Seq>;

impl FeedFile {
    /// The entries whose payloads are gone.
    pub(in crate::store) fn erased(&self) -> &[Places] {
        &self.erased
    }

    /// Erases the payload of these entries, but for receipts. All that was appended must be durable.
    pub(in crate::store) fn erase(&mut self, places: &Places, network: &Network) -> Result<(), StoreError> {
        self.rest()?;
        self.mark(places)?;
        self.forget_keys(places)?;
        for segment in &mut self.segments {
            let last = Seq(segment.first.0 + segment.spans.len() as u64);
            if segment.first <= *places.end() && *places.start() < last {
                let (spans, end) = rewrite(segment, places, network)?;
                take_place(segment, spans, end)?;
            }
        }
        if let (Some(tail), Some(last)) = (&mut self.tail, self.segments.last()) {
            tail.offset = last.whole();
        }
        self.cursors.clear();
        Ok(())
    }

    fn mark(&mut self, places: &Places) -> Result<(), StoreError> {
        if self.erased.contains(places) {
            return Ok(());
        }
        let path = layout::erased(&self.dir);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let written = file.and_then(|mut file| {
            writeln!(file, "{} {}", places.start(), places.end())?;
            file.sync_all()
        });
        written.map_err(StoreError::io("writing", &path))?;
        self.erased.push(places.clone());
        sync_up(&self.dir)
    }
}

/// The entries of a feed whose payloads are gone, as its marks say. A last line without its end was never acted upon.
pub(super) fn read_marks(dir: &Path) -> Result<Vec<Places>, StoreError> {
    let path = layout::erased(dir);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StoreError::Io { action: "reading", path, source }),
    };
    let line = |line: &str| {
        let (first, last) = line.split_once(' ')?;
        Some(Seq(first.parse().ok()?)..=Seq(last.parse().ok()?))
    };
    let whole = text.split_inclusive('\n').filter_map(|one| one.strip_suffix('\n'));
    let marks: Option<Vec<Places>> = whole.map(line).collect();
    marks.ok_or_else(|| StoreError::File { path, what: "does not say which entries were erased".to_owned() })
}

/// Writes marks in place of those that are there, in one step.
pub(super) fn write_marks(dir: &Path, marks: &[Places]) -> Result<(), StoreError> {
    let path = layout::erased(dir);
    let fresh = path.with_extension("new");
    let text: String = marks.iter().map(|one| format!("{} {}\n", one.start(), one.end())).collect();
    let written = File::create(&fresh).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(StoreError::io("writing", &fresh))?;
    fs::rename(&fresh, &path).map_err(StoreError::io("renaming", &fresh))
}

/// Writes what stays of a segment beside it, durably; returns where its entries lie then, and where it ends.
fn rewrite(segment: &Segment, places: &Places, network: &Network) -> Result<(Vec<Span>, u64), StoreError> {
    let beside = segment.path.with_extension("erasing");
    let old = File::open(&segment.path).map_err(StoreError::io("opening", &segment.path))?;
    let new = File::create(&beside).map_err(StoreError::io("creating", &beside))?;
    let mut out = BufWriter::new(new);
    out.write_all(SEGMENT_MAGIC).map_err(StoreError::io("writing", &beside))?;
    let (mut spans, mut offset) = (Vec::with_capacity(segment.spans.len()), SEGMENT_MAGIC.len() as u64);
    for (seq, span) in (segment.first.0..).zip(&segment.spans) {
        let mut walk = Walk { file: &old, offset: span.offset, end: span.offset + span.length };
        let bytes = kept(&mut walk, places.contains(&Seq(seq)), network)
            .map_err(StoreError::io("reading", &segment.path))?;
        out.write_all(&bytes).map_err(StoreError::io("writing", &beside))?;
        spans.push(Span { offset, length: bytes.len() as u64 });
        offset += bytes.len() as u64;
    }
    let begun = Span { offset: segment.whole(), length: segment.end - segment.whole() };
    let mut bytes = vec![0; usize::try_from(begun.length).unwrap_or(0)];
    old.read_exact_at(&mut bytes, begun.offset).map_err(StoreError::io("reading", &segment.path))?;
    out.write_all(&bytes).map_err(StoreError::io("writing", &beside))?;
    let new = out.into_inner().map_err(std::io::IntoInnerError::into_error);
    new.and_then(|file| file.sync_all()).map_err(StoreError::io("syncing", &beside))?;
    Ok((spans, offset + begun.length))
}

/// The frames of an entry that stay.
fn kept(walk: &mut Walk<'_>, erase: bool, network: &Network) -> std::io::Result<Vec<u8>> {
    let (mut bytes, mut gone, mut is_receipt) = (Vec::new(), false, false);
    while walk.offset < walk.end {
        let one = walk.next()?;
        let frame = Frame::read(&one).map_err(std::io::Error::other)?;
        let frame = frame.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        if frame.kind == FrameKind::Head {
            let header = SignedHeader::from_own_store(network, frame.body).map_err(std::io::Error::other)?;
            is_receipt = header.header().kind == EntryKind::Receipt;
        }
        let payload = matches!(frame.kind, FrameKind::Block | FrameKind::Sealed | FrameKind::Erased);
        if erase && !is_receipt && payload {
            gone = true;
        } else {
            bytes.extend_from_slice(&one);
        }
    }
    if gone {
        frame::write(FrameKind::Erased, &[], &mut bytes);
    }
    Ok(bytes)
}

/// Puts the file that was written beside a segment in its place. The index goes before: it is of the old one.
fn take_place(segment: &mut Segment, spans: Vec<Span>, end: u64) -> Result<(), StoreError> {
    let (beside, index) = (segment.path.with_extension("erasing"), index::path_of(&segment.path));
    match fs::remove_file(&index) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(StoreError::Io { action: "removing", path: index, source: error });
        }
        Ok(()) | Err(_) => {}
    }
    let dir = segment.path.parent().unwrap_or(&segment.path);
    let sync = || File::open(dir).and_then(|dir| dir.sync_all()).map_err(StoreError::io("syncing", dir));
    sync()?;
    fs::rename(&beside, &segment.path).map_err(StoreError::io("moving", &beside))?;
    sync()?;
    index::append(&segment.path, &spans)?;
    (segment.spans, segment.end) = (spans, end);
    Ok(())
}

#[cfg(test)]
mod tests;
