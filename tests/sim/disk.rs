//! A store in memory that knows what a power cut would leave.

use std::collections::BTreeMap;

use corridor::feed::assembler::Position;
use corridor::feed::head::Place;
use corridor::feed::{FeedId, Fork, HeadRef, PublisherId, Seq, SignedEntry, SignedHeader, VerifiedFrame};
use corridor::sync::FeedState;

use super::random::Random;

/// An entry with its frames.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    pub(crate) header: SignedHeader,
    pub(crate) frames: Vec<Vec<u8>>,
}

#[derive(Clone, Debug, Default)]
struct DiskFeed {
    entries: Vec<Whole>,
    /// How many of the entries are synced.
    synced: usize,
    tail: Option<Whole>,
    /// How many frames of the tail are synced.
    tail_synced: usize,
}

/// All feeds of a node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    feeds: BTreeMap<FeedId, DiskFeed>,
    dirty: bool,
}

impl Disk {
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    pub(crate) fn place(&self, feed: FeedId) -> Place {
        let last = self.feeds.get(&feed).and_then(|feed| feed.entries.last());
        last.map_or(Place::first(feed), |last| Place::after(&HeadRef::from(&last.header)))
    }

    /// Durable entries of a feed.
    pub(crate) fn durable(&self, feed: &FeedId) -> &[Whole] {
        self.feeds.get(feed).map_or(&[], |feed| &feed.entries[..feed.synced])
    }

    pub(crate) fn durable_heads(&self) -> BTreeMap<FeedId, HeadRef> {
        let head =
            |feed: &DiskFeed| feed.entries[..feed.synced].last().map(|last| HeadRef::from(&last.header));
        self.feeds.iter().filter_map(|(id, feed)| Some((*id, head(feed)?))).collect()
    }

    pub(crate) fn append_own(&mut self, entry: &SignedEntry) {
        let feed = entry.header().header().feed;
        assert!(self.place(feed).takes(entry.header().header()), "an own entry out of place");
        let whole = Whole { header: entry.header().clone(), frames: split(entry.frames()) };
        self.feeds.entry(feed).or_default().entries.push(whole);
        self.dirty = true;
    }

    /// Appends a frame as the real store does: refusing what is out of place.
    pub(crate) fn append(&mut self, frame: &VerifiedFrame) {
        let header = frame.entry().header();
        let id = header.header().feed;
        if frame.part() == 0 {
            assert!(self.place(id).takes(header.header()), "an entry out of place in {id}");
        }
        let feed = self.feeds.entry(id).or_default();
        self.dirty = true;
        if frame.part() == 0 {
            feed.tail = Some(Whole { header: header.clone(), frames: Vec::new() });
            feed.tail_synced = 0;
        }
        let tail = feed.tail.as_mut().expect("a frame follows its head");
        assert_eq!(tail.header.id(), header.id(), "a frame of another entry than the one in hand");
        assert_eq!(tail.frames.len(), frame.part() as usize, "a frame out of order");
        tail.frames.push(frame.bytes().to_vec());
        if frame.completes() {
            feed.entries.extend(feed.tail.take());
            feed.tail_synced = 0;
        }
    }

    /// Makes all durable; returns the newest entries of the feeds that moved.
    pub(crate) fn sync(&mut self) -> Vec<SignedHeader> {
        self.dirty = false;
        let mut moved = Vec::new();
        for feed in self.feeds.values_mut() {
            if feed.synced < feed.entries.len() {
                feed.synced = feed.entries.len();
                moved.extend(feed.entries.last().map(|last| last.header.clone()));
            }
            feed.tail_synced = feed.tail.as_ref().map_or(0, |tail| tail.frames.len());
        }
        moved
    }

    /// What a power cut leaves: all that is synced, and of the rest some beginning.
    pub(crate) fn crash(&mut self, random: &mut Random, us: PublisherId) {
        for (id, feed) in &mut self.feeds {
            let lost = feed.entries.split_off(feed.synced);
            let keep = if random.chance(50) { 0 } else { random.below(lost.len() + 1) };
            let whole_tail = keep == lost.len();
            feed.entries.extend(lost[..keep].iter().cloned());
            if whole_tail {
                let synced = feed.tail_synced;
                if let Some(tail) = &mut feed.tail {
                    tail.frames.truncate(synced + random.below(tail.frames.len() - synced + 1));
                }
            } else {
                feed.tail = lost.get(keep).cloned();
                if let Some(tail) = &mut feed.tail {
                    tail.frames.truncate(random.below(tail.frames.len()));
                }
            }
            feed.tail = feed.tail.take().filter(|tail| !tail.frames.is_empty() && id.publisher != us);
            feed.synced = feed.entries.len();
            feed.tail_synced = feed.tail.as_ref().map_or(0, |tail| tail.frames.len());
        }
        self.feeds.retain(|_, feed| !feed.entries.is_empty() || feed.tail.is_some());
        self.dirty = false;
    }

    /// What is durable, as a backup of a running node has it.
    pub(crate) fn durable_copy(&self) -> Self {
        let mut copy = self.clone();
        for feed in copy.feeds.values_mut() {
            if feed.synced < feed.entries.len() {
                feed.tail = None;
            }
            feed.entries.truncate(feed.synced);
            if let Some(tail) = &mut feed.tail {
                tail.frames.truncate(feed.tail_synced);
            }
            feed.tail = feed.tail.take().filter(|tail| !tail.frames.is_empty());
            feed.tail_synced = feed.tail.as_ref().map_or(0, |tail| tail.frames.len());
        }
        copy.feeds.retain(|_, feed| !feed.entries.is_empty() || feed.tail.is_some());
        copy.dirty = false;
        copy
    }

    /// What the replica is opened with.
    pub(crate) fn states(&self, forks: &BTreeMap<FeedId, Box<Fork>>) -> Vec<FeedState> {
        let mut ids: Vec<FeedId> = self.feeds.keys().copied().collect();
        ids.extend(forks.keys().filter(|id| !self.feeds.contains_key(id)));
        let state = |id: FeedId| {
            let feed = self.feeds.get(&id);
            FeedState {
                place: self.place(id),
                partial: feed
                    .and_then(|feed| feed.tail.as_ref())
                    .map_or(Vec::new(), |tail| tail.frames.clone()),
                newest: feed.and_then(|feed| feed.entries.last()).map(|last| last.header.clone()),
                fork: forks.get(&id).cloned(),
                resolutions: Vec::new(),
            }
        };
        ids.into_iter().map(state).collect()
    }

    /// Frames of durable entries from a position on.
    pub(crate) fn read(&self, feed: &FeedId, from: Position, limit: u32) -> (Vec<u8>, Position) {
        let (mut bytes, mut next) = (Vec::new(), from);
        for entry in self.durable(feed).iter().skip(from.seq.0 as usize) {
            for frame in entry.frames.iter().skip(next.part as usize) {
                if bytes.len() + frame.len() > limit as usize {
                    return (bytes, next);
                }
                bytes.extend_from_slice(frame);
                next.part += 1;
            }
            next = Position { seq: next.seq.next(), part: 0 };
        }
        (bytes, next)
    }

    /// The newest durable entry behind this one that fits, and its frames; none where there is none.
    pub(crate) fn latest(&self, feed: &FeedId, next: Seq, limit: u32) -> (Seq, Vec<u8>) {
        let later = self.durable(feed).iter().skip(next.0 as usize + 1);
        let whole = later.map(|entry| (entry.header.header().seq, entry.frames.concat()));
        let fits = |(_, frames): &(Seq, Vec<u8>)| frames.len() <= limit as usize;
        whole.rev().find(fits).unwrap_or((next, Vec::new()))
    }

    pub(crate) fn header(&self, feed: &FeedId, seq: Seq) -> Option<SignedHeader> {
        self.durable(feed).get(seq.0 as usize).map(|whole| whole.header.clone())
    }
}

/// Cuts the bytes of an entry into its frames.
pub(crate) fn split(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = corridor::feed::Frame::read(bytes) {
        frames.push(frame.bytes.to_vec());
        bytes = &bytes[frame.bytes.len()..];
    }
    frames
}
