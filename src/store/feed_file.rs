//! One feed's files: appended in order, made durable, read by entry and frame.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use self::index::Waiting;
use super::StoreError;
use super::entries::Lies;
use super::layout::{SEGMENT_LENGTH, SEGMENT_MAGIC, segment};
use crate::crypto::{ContentKey, Network};
use crate::feed::assembler::Position;
use crate::feed::frame::{self, Frame, FrameKind};
use crate::feed::head::Place;
use crate::feed::{FeedId, HeadRef, Sealing, Seq, SignedHeader, block};

/// Where an entry lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    offset: u64,
    length: u64,
}

/// A file of the feed and the entries in it.
#[derive(Debug)]
struct Segment {
    path: PathBuf,
    first: Seq,
    spans: Vec<Span>,
    /// Where the next frame goes.
    end: u64,
}

impl Segment {
    /// The place behind its last whole entry.
    fn next(&self) -> Seq {
        Seq(self.first.0 + self.spans.len() as u64)
    }

    /// Where its last whole entry ends.
    fn whole(&self) -> u64 {
        self.spans.last().map_or(SEGMENT_MAGIC.len() as u64, |span| span.offset + span.length)
    }
}

/// The entry at the end of a feed of which not all frames are there.
#[derive(Clone, Debug)]
struct Tail {
    header: SignedHeader,
    offset: u64,
    parts: u32,
}

/// A feed on disk.
#[derive(Debug)]
pub(super) struct FeedFile {
    dir: PathBuf,
    feed: FeedId,
    segments: Vec<Segment>,
    newest: Option<SignedHeader>,
    tail: Option<Tail>,
    writer: Option<File>,
    /// Entries up to here are durable; the rest is appended but not yet synced.
    durable: Option<HeadRef>,
    dirty: bool,
    unindexed: Waiting,
    /// Where readers of long entries have come to, newest first.
    cursors: Vec<(Position, u64)>,
    segment_length: u64,
    /// The entries whose payloads are gone.
    erased: Vec<erase::Places>,
    /// Keys of the entries that came sealed.
    opened: BTreeMap<Seq, ContentKey>,
}

impl Drop for FeedFile {
    fn drop(&mut self) {
        // The index is a hint: without it the next opening reads a little more. It never names what is not synced.
        let _written = self.rest();
    }
}

/// How many readers' places in long entries are remembered.
const MAX_CURSORS: usize = 16;

impl FeedFile {
    /// A feed of which nothing is on disk.
    pub(super) fn new(dir: PathBuf, feed: FeedId) -> Self {
        Self {
            dir,
            feed,
            segments: Vec::new(),
            newest: None,
            tail: None,
            writer: None,
            durable: None,
            dirty: false,
            unindexed: Waiting::default(),
            cursors: Vec::new(),
            segment_length: SEGMENT_LENGTH,
            erased: Vec::new(),
            opened: BTreeMap::new(),
        }
    }

    /// Opens a feed's files; cuts a torn tail and says by how many bytes.
    pub(super) fn open(dir: PathBuf, feed: FeedId, network: &Network) -> Result<(Self, u64), StoreError> {
        let mut this = Self::new(dir, feed);
        this.erased = erase::read_marks(&this.dir)?;
        this.opened = opened::read_keys(&this.dir)?;
        let mut cut = 0;
        for first in this.segment_files()? {
            cut += this.open_segment(first, network)?;
        }
        this.newest = this.last_seq().map(|seq| this.header(seq, network)).transpose()?;
        this.durable = this.newest.as_ref().map(HeadRef::from);
        Ok((this, cut))
    }

    fn segment_files(&self) -> Result<Vec<Seq>, StoreError> {
        let mut firsts = Vec::new();
        for item in fs::read_dir(&self.dir).map_err(StoreError::io("reading", &self.dir))? {
            let name = item.map_err(StoreError::io("reading", &self.dir))?.file_name();
            let first =
                name.to_str().and_then(|name| name.strip_suffix(".feed")).and_then(|n| n.parse().ok());
            firsts.extend(first.map(Seq));
        }
        firsts.sort_unstable();
        Ok(firsts)
    }

    fn open_segment(&mut self, first: Seq, network: &Network) -> Result<u64, StoreError> {
        let path = self.dir.join(segment(first));
        let file = File::open(&path).map_err(StoreError::io("opening", &path))?;
        let length = file.metadata().map_err(StoreError::io("reading", &path))?.len();
        let mut found = Segment { spans: index::read(&path, length), path, first, end: 0 };
        found.end = found.whole();
        let indexed = found.spans.len();
        let tail = scan(&file, &mut found, network)?;
        self.tail = tail;
        let blank = found.end == SEGMENT_MAGIC.len() as u64;
        if length >= SEGMENT_MAGIC.len() as u64 && !begins_with_magic(&file, &found.path)? {
            if !blank {
                let (start, what) = (Span { offset: 0, length: 0 }, "the file does not begin as a feed file");
                return Err(self.damaged(first, &found, start, what.to_owned()));
            }
            // Nothing in it was ever whole: a power cut while it was new.
            fs::remove_file(&found.path).map_err(StoreError::io("removing", &found.path))?;
            return Ok(length);
        }
        let cut = length.saturating_sub(found.end);
        if cut > 0 {
            let file = OpenOptions::new().write(true).open(&found.path);
            let file = file.map_err(StoreError::io("opening", &found.path))?;
            file.set_len(found.end).map_err(StoreError::io("cutting", &found.path))?;
            file.sync_all().map_err(StoreError::io("syncing", &found.path))?;
        }
        if length < SEGMENT_MAGIC.len() as u64 {
            fs::remove_file(&found.path).map_err(StoreError::io("removing", &found.path))?;
            return Ok(length);
        }
        index::append(&found.path, &found.spans[indexed..])?;
        self.segments.push(found);
        Ok(cut)
    }

    /// Forgets an entry that is not whole: the rest of a release that was cut off before it was acknowledged.
    pub(super) fn drop_tail(&mut self) -> Result<u64, StoreError> {
        let (Some(tail), Some(last)) = (self.tail.take(), self.segments.last_mut()) else { return Ok(0) };
        let file =
            OpenOptions::new().write(true).open(&last.path).map_err(StoreError::io("opening", &last.path))?;
        file.set_len(tail.offset).map_err(StoreError::io("cutting", &last.path))?;
        file.sync_all().map_err(StoreError::io("syncing", &last.path))?;
        let cut = last.end - tail.offset;
        last.end = tail.offset;
        Ok(cut)
    }

    fn last_seq(&self) -> Option<Seq> {
        self.segments
            .iter()
            .rev()
            .find(|segment| !segment.spans.is_empty())
            .map(|segment| Seq(segment.first.0 + segment.spans.len() as u64 - 1))
    }

    /// Where the next entry goes.
    pub(super) fn place(&self) -> Place {
        self.newest.as_ref().map_or(Place::first(self.feed), |newest| Place::after(&HeadRef::from(newest)))
    }

    /// The header of the newest whole entry.
    pub(super) fn newest(&self) -> Option<&SignedHeader> {
        self.newest.as_ref()
    }

    /// The newest entry that would survive a power cut.
    pub(super) fn durable(&self) -> Option<HeadRef> {
        self.durable
    }

    /// The frames that are kept of an entry that is not whole.
    pub(super) fn partial(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        let (Some(tail), Some(last)) = (&self.tail, self.segments.last()) else { return Ok(Vec::new()) };
        let span = Span { offset: tail.offset, length: last.end - tail.offset };
        let bytes = self.read_span(last, span)?;
        let frames = split_frames(&bytes).map_err(|fault| self.damaged_at(last, span, fault))?;
        Ok(frames.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// Appends a whole entry of our own.
    pub(super) fn append_entry(&mut self, header: &SignedHeader, frames: &[u8]) -> Result<(), StoreError> {
        if !self.place().takes(header.header()) || self.tail.is_some() {
            return Err(StoreError::OutOfPlace { feed: self.feed, seq: header.header().seq });
        }
        let offset = self.begin_entry(header.header().seq)?;
        self.write(frames)?;
        self.complete(header.clone(), offset);
        Ok(())
    }

    /// Appends one verified frame of another's entry.
    pub(super) fn append_frame(
        &mut self,
        header: &SignedHeader,
        part: u32,
        completes: bool,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let out_of_place = StoreError::OutOfPlace { feed: self.feed, seq: header.header().seq };
        if part == 0 {
            if !self.place().takes(header.header()) {
                return Err(out_of_place);
            }
            self.drop_tail()?;
            let offset = self.begin_entry(header.header().seq)?;
            self.tail = Some(Tail { header: header.clone(), offset, parts: 0 });
        }
        let here =
            self.tail.as_ref().is_some_and(|tail| tail.header.id() == header.id() && tail.parts == part);
        if !here {
            return Err(out_of_place);
        }
        self.write(bytes)?;
        if let Some(tail) = &mut self.tail {
            tail.parts += 1;
        }
        if completes && let Some(tail) = self.tail.take() {
            self.complete(tail.header, tail.offset);
        }
        Ok(())
    }

    fn complete(&mut self, header: SignedHeader, offset: u64) {
        if let Some(last) = self.segments.last_mut() {
            let span = Span { offset, length: last.end - offset };
            last.spans.push(span);
            self.unindexed.push(span);
        }
        self.newest = Some(header);
    }

    /// Makes sure that there is a segment for the next entry; returns where in it the entry begins.
    fn begin_entry(&mut self, seq: Seq) -> Result<u64, StoreError> {
        if self.segments.last().is_none_or(|last| last.end >= self.segment_length) {
            self.sync()?;
            self.dirty = false;
            self.rest()?;
            fs::create_dir_all(&self.dir).map_err(StoreError::io("creating", &self.dir))?;
            let path = self.dir.join(segment(seq));
            // Appending always writes at the end of the file, also after an entry that was dropped.
            let file = OpenOptions::new().create(true).read(true).append(true).open(&path);
            let mut file = file.map_err(StoreError::io("creating", &path))?;
            file.set_len(0).map_err(StoreError::io("cutting", &path))?;
            file.write_all(SEGMENT_MAGIC).map_err(StoreError::io("writing", &path))?;
            sync_up(&self.dir)?;
            let end = SEGMENT_MAGIC.len() as u64;
            self.segments.push(Segment { path, first: seq, spans: Vec::new(), end });
            self.writer = Some(file);
            self.dirty = true;
        }
        Ok(self.segments.last().map_or(0, |last| last.end))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let Some(last) = self.segments.last_mut() else {
            return Err(StoreError::OutOfPlace { feed: self.feed, seq: Seq(0) });
        };
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => {
                let file = OpenOptions::new().read(true).append(true).open(&last.path);
                none.insert(file.map_err(StoreError::io("opening", &last.path))?)
            }
        };
        self.dirty = true;
        writer.write_all(bytes).map_err(StoreError::io("writing", &last.path))?;
        last.end += bytes.len() as u64;
        Ok(())
    }

    /// Writes what was appended out to the disk. It counts after [`FeedFile::committed`] alone, whose caller
    /// acknowledges it.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        match (&self.writer, self.segments.last()) {
            (Some(writer), Some(last)) if self.dirty => {
                writer.sync_data().map_err(StoreError::io("syncing", &last.path))
            }
            (_, _) => Ok(()),
        }
    }

    /// The file, for another thread to sync, if something was appended that is not on the disk yet.
    pub(super) fn dirty_file(&self) -> Result<Option<File>, StoreError> {
        match (&self.writer, self.segments.last()) {
            (Some(writer), Some(last)) if self.dirty => {
                writer.try_clone().map(Some).map_err(StoreError::io("opening", &last.path))
            }
            (_, _) => Ok(None),
        }
    }

    /// What came of a sync on another thread.
    pub(super) fn synced(&self, result: std::io::Result<()>) -> Result<(), StoreError> {
        let path = self.segments.last().map_or(&self.dir, |last| &last.path);
        result.map_err(StoreError::io("syncing", path))
    }

    /// Takes note that what was appended is on the disk.
    pub(super) fn committed(&mut self) -> Result<(), StoreError> {
        self.dirty = false;
        self.durable = self.newest.as_ref().map(HeadRef::from);
        match self.segments.last() {
            Some(last) if self.unindexed.are_many() => self.unindexed.write(&last.path),
            Some(_) | None => Ok(()),
        }
    }

    /// The segments that hold durable entries, each with where the last one of them ends.
    pub(super) fn durable_files(&self) -> Vec<(PathBuf, u64)> {
        let Some(durable) = self.durable else { return Vec::new() };
        let known = |segment: &Segment| {
            let count = usize::try_from((durable.seq.0 + 1).checked_sub(segment.first.0)?).ok()?;
            let last = segment.spans[..count.min(segment.spans.len())].last()?;
            Some((segment.path.clone(), last.offset + last.length))
        };
        self.segments.iter().filter_map(known).collect()
    }

    /// Bytes behind the last entry whose payload is gone.
    pub(super) fn bytes_kept(&self) -> u64 {
        let gone = self.erased.iter().map(|places| places.end().0).max();
        let mut bytes = 0;
        for segment in self.segments.iter().rev() {
            bytes += segment.end - segment.whole();
            let last = segment.first.0 + segment.spans.len() as u64;
            for (seq, span) in (segment.first.0..last).rev().zip(segment.spans.iter().rev()) {
                if gone.is_some_and(|gone| seq <= gone) {
                    return bytes;
                }
                bytes += span.length;
            }
        }
        bytes
    }

    /// Bytes of the segments.
    pub(super) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.end).sum()
    }

    /// Writes the rest of the index, and closes the file until the next append.
    pub(super) fn rest(&mut self) -> Result<(), StoreError> {
        if self.dirty {
            return Ok(());
        }
        self.writer = None;
        self.segments.last().map_or(Ok(()), |last| self.unindexed.write(&last.path))
    }

    /// A segment's file: the newest one is open already while it is written to.
    fn open_for_reading(&self, segment: &Segment) -> Result<Handle<'_>, StoreError> {
        let newest = self.segments.last().is_some_and(|last| last.first == segment.first);
        match self.writer.as_ref().filter(|_| newest) {
            Some(writer) => Ok(Handle::Kept(writer)),
            None => {
                let file = File::open(&segment.path).map_err(StoreError::io("opening", &segment.path))?;
                Ok(Handle::Opened(file))
            }
        }
    }

    fn read_span(&self, segment: &Segment, span: Span) -> Result<Vec<u8>, StoreError> {
        let file = self.open_for_reading(segment)?;
        let mut bytes = vec![0; usize::try_from(span.length).unwrap_or(0)];
        file.read_exact_at(&mut bytes, span.offset).map_err(StoreError::io("reading", &segment.path))?;
        Ok(bytes)
    }

    fn locate(&self, seq: Seq) -> Option<(&Segment, Span)> {
        let at = self.segments.partition_point(|segment| segment.first <= seq).checked_sub(1)?;
        let segment = &self.segments[at];
        let span = segment.spans.get(usize::try_from(seq.0 - segment.first.0).ok()?)?;
        Some((segment, *span))
    }

    /// Where an entry lies.
    pub(super) fn lies(&self, seq: Seq) -> Option<Lies> {
        let (segment, span) = self.locate(seq)?;
        let known = segment.spans.last().map_or(0, |last| last.offset + last.length);
        let (offset, end) = (span.offset, span.offset + span.length);
        Some(Lies { path: segment.path.clone(), offset, end, known, key: self.key(seq).cloned() })
    }

    /// The signed header of an entry.
    pub(super) fn header(&self, seq: Seq, network: &Network) -> Result<SignedHeader, StoreError> {
        let missing = StoreError::NoEntry { feed: self.feed, seq };
        let (segment, span) = self.locate(seq).ok_or(missing)?;
        let length = span.length.min((frame::HEADER_LEN + frame::MAX_BODY) as u64).min(1024);
        let bytes = self.read_span(segment, Span { offset: span.offset, length })?;
        let damaged = |what: String| self.damaged(seq, segment, span, what);
        let head = Frame::read(&bytes).map_err(|error| damaged(error.to_string()))?;
        let head = head.filter(|head| head.kind == FrameKind::Head);
        let head = head.ok_or_else(|| damaged("no entry begins here".to_owned()))?;
        let header =
            SignedHeader::from_own_store(network, head.body).map_err(|error| damaged(error.to_string()))?;
        if header.header().seq == seq && header.header().feed == self.feed {
            Ok(header)
        } else {
            Err(damaged("another entry lies here".to_owned()))
        }
    }

    /// Whole frames of durable entries from a position on, at least one if there is any, about `limit` bytes; and
    /// the position after them. Their checksums are checked: what is damaged here is not handed on.
    pub(super) fn frames(&mut self, from: Position, limit: usize) -> Result<(Vec<u8>, Position), StoreError> {
        let Some(durable) = self.durable.filter(|durable| from.seq <= durable.seq) else {
            return Ok((Vec::new(), from));
        };
        let missing = StoreError::NoEntry { feed: self.feed, seq: from.seq };
        let (segment, span) = self.locate(from.seq).ok_or(missing)?;
        if from.part > 0 || span.length > limit as u64 {
            return self.frames_of_one(from, limit);
        }
        // Many small entries: one read of as many whole ones as fit.
        let index = usize::try_from(from.seq.0 - segment.first.0).unwrap_or(usize::MAX);
        let known = usize::try_from(durable.seq.0 + 1 - segment.first.0).unwrap_or(usize::MAX);
        let fits = |span: &&Span| span.offset + span.length - segment.spans[index].offset <= limit as u64;
        let known = known.min(segment.spans.len());
        let count = segment.spans[index..known].iter().take_while(fits).count();
        let last = segment.spans[index + count - 1];
        let whole = Span { offset: span.offset, length: last.offset + last.length - span.offset };
        let bytes = self.read_span(segment, whole)?;
        split_frames(&bytes).map_err(|fault| self.damaged_at(segment, whole, fault))?;
        Ok((bytes, Position { seq: Seq(from.seq.0 + count as u64), part: 0 }))
    }

    /// Frames of one entry that is larger than a message.
    fn frames_of_one(&mut self, from: Position, limit: usize) -> Result<(Vec<u8>, Position), StoreError> {
        let missing = StoreError::NoEntry { feed: self.feed, seq: from.seq };
        let (segment, span) = self.locate(from.seq).ok_or(missing)?;
        let file = self.open_for_reading(segment)?;
        let mut walk = Walk { file: &file, offset: span.offset, end: span.offset + span.length };
        match self.cursors.iter().find(|(position, _)| *position == from) {
            Some((_, offset)) => walk.offset = *offset,
            None => {
                // A partner may ask for a part far behind the last one.
                let mut skipped = 0;
                while skipped < from.part && walk.offset < walk.end {
                    walk.skip().map_err(StoreError::io("reading", &segment.path))?;
                    skipped += 1;
                }
            }
        }
        let (mut bytes, mut part) = (Vec::new(), from.part);
        while walk.offset < walk.end {
            let at = Span { offset: walk.offset, length: 0 };
            let frame = walk.next().map_err(StoreError::io("reading", &segment.path))?;
            split_frames(&frame).map_err(|fault| self.damaged_at(segment, at, fault))?;
            if !bytes.is_empty() && bytes.len() + frame.len() > limit {
                walk.offset = at.offset;
                break;
            }
            bytes.extend_from_slice(&frame);
            part += 1;
        }
        if walk.offset >= walk.end {
            return Ok((bytes, Position { seq: from.seq.next(), part: 0 }));
        }
        let next = Position { seq: from.seq, part };
        let offset = walk.offset;
        self.cursors.truncate(MAX_CURSORS - 1);
        self.cursors.insert(0, (next, offset));
        Ok((bytes, next))
    }

    /// A bad frame somewhere in a stretch of a segment, named by the entry in which it lies.
    fn damaged_at(&self, segment: &Segment, within: Span, (at, what): (u64, String)) -> StoreError {
        let offset = within.offset + at;
        let begun = segment.spans.partition_point(|span| span.offset + span.length <= offset);
        let seq = Seq(segment.first.0 + begun as u64);
        self.damaged(seq, segment, Span { offset, length: 0 }, what)
    }

    fn damaged(&self, seq: Seq, segment: &Segment, span: Span, what: String) -> StoreError {
        StoreError::Damaged { feed: self.feed, seq, path: segment.path.clone(), offset: span.offset, what }
    }
}

/// A file that is open for writing anyway, or one for this read alone.
enum Handle<'a> {
    Kept(&'a File),
    Opened(File),
}

impl std::ops::Deref for Handle<'_> {
    type Target = File;

    fn deref(&self) -> &File {
        match self {
            Self::Kept(file) => file,
            Self::Opened(file) => file,
        }
    }
}

/// Steps from frame to frame in a file.
struct Walk<'a> {
    file: &'a File,
    offset: u64,
    end: u64,
}

impl Walk<'_> {
    fn frame_length(&self) -> std::io::Result<u64> {
        let mut head = [0; 4];
        self.file.read_exact_at(&mut head, self.offset)?;
        let length = frame::HEADER_LEN as u64 + u64::from(u32::from_le_bytes(head));
        // A damaged length must not make us read far beyond: the checksum would fail all the same.
        Ok(length.min(self.end.saturating_sub(self.offset)))
    }

    fn skip(&mut self) -> std::io::Result<()> {
        self.offset += self.frame_length()?.max(1);
        Ok(())
    }

    fn next(&mut self) -> std::io::Result<Vec<u8>> {
        let length = self.frame_length()?;
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, self.offset)?;
        self.offset += length.max(1);
        Ok(bytes)
    }
}

/// Reads frames from the segment's indexed end on; adds whole entries, returns one that is not whole. What comes
/// after the last good frame does not count.
fn scan(file: &File, found: &mut Segment, network: &Network) -> Result<Option<Tail>, StoreError> {
    let length = file.metadata().map_err(StoreError::io("reading", &found.path))?.len();
    let mut walk = Walk { file, offset: found.end, end: length };
    let mut open: Option<(Tail, OpenEntry)> = None;
    while walk.offset < walk.end {
        let offset = walk.offset;
        let Ok(bytes) = walk.next() else { break };
        let Ok(Some(frame)) = Frame::read(&bytes) else { break };
        let (mut tail, mut entry) = match open.take() {
            Some(open) => open,
            None => match SignedHeader::from_own_store(network, frame.body) {
                Ok(header) if frame.kind == FrameKind::Head => {
                    let entry = OpenEntry::of(&header);
                    (Tail { header, offset, parts: 0 }, entry)
                }
                Ok(_) | Err(_) => break,
            },
        };
        tail.parts += 1;
        found.end = walk.offset;
        if entry.ends_with(&frame) {
            found.spans.push(Span { offset: tail.offset, length: found.end - tail.offset });
        } else {
            open = Some((tail, entry));
        }
    }
    Ok(open.map(|(tail, _)| tail))
}

/// What is still missing of an entry.
struct OpenEntry {
    unlisted: u64,
    blocks: usize,
    /// Of an entry that travels sealed too: how many frames of its content, open or sealed.
    content: Option<u32>,
}

impl OpenEntry {
    fn of(header: &SignedHeader) -> Self {
        let content = match header.header().sealing {
            Sealing::Open => None,
            Sealing::Sealed(sealed) => Some(sealed.frames),
        };
        Self { unlisted: header.header().content.payload_length, blocks: 0, content }
    }

    fn ends_with(&mut self, frame: &Frame<'_>) -> bool {
        if let Some(left) = &mut self.content {
            if matches!(frame.kind, FrameKind::Table | FrameKind::Block | FrameKind::Sealed) {
                *left = left.saturating_sub(1);
            }
            return *left == 0 || frame.kind == FrameKind::Erased;
        }
        match frame.kind {
            FrameKind::Head | FrameKind::Seal | FrameKind::Sealed => false,
            FrameKind::Table => {
                let rows = block::decode_rows(frame.body).unwrap_or_default();
                self.blocks += rows.len();
                self.unlisted =
                    self.unlisted.saturating_sub(rows.iter().map(|row| u64::from(row.length)).sum());
                false
            }
            FrameKind::Block => {
                self.blocks = self.blocks.saturating_sub(1);
                self.blocks == 0 && self.unlisted == 0
            }
            FrameKind::Erased => true,
        }
    }
}

/// The frames of these bytes; or where the first bad one begins, and what is wrong.
fn split_frames(bytes: &[u8]) -> Result<Vec<&[u8]>, (u64, String)> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        match Frame::read(&bytes[at..]) {
            Ok(Some(frame)) => {
                frames.push(frame.bytes);
                at += frame.bytes.len();
            }
            Ok(None) => return Err((at as u64, "a frame that ends too early".to_owned())),
            Err(error) => return Err((at as u64, error.to_string())),
        }
    }
    Ok(frames)
}

fn begins_with_magic(file: &File, path: &Path) -> Result<bool, StoreError> {
    let mut magic = [0; SEGMENT_MAGIC.len()];
    file.read_exact_at(&mut magic, 0).map_err(StoreError::io("reading", path))?;
    Ok(magic == *SEGMENT_MAGIC)
}

/// Makes a new file's name durable: its directory and the two above it.
fn sync_up(dir: &Path) -> Result<(), StoreError> {
    for dir in dir.ancestors().take(3) {
        let file = File::open(dir).map_err(StoreError::io("opening", dir))?;
        file.sync_all().map_err(StoreError::io("syncing", dir))?;
    }
    Ok(())
}

mod aside;
pub(super) mod erase;
mod index;
mod opened;
#[cfg(test)]
mod tests;
