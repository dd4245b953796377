//! The newest bulletin of a member, shown ahead of those before it: who comes back sees how things stand at once.
//!
//! Both ends are here: which entry of a feed goes ahead to a member that lacks much of it, and what is done with one that
//! came. It was verified but for what it follows, so it is kept in memory alone, one of each publisher, until its place is
//! reached in the order of its feed. Until then nothing is signed or handed on that rests on it.

use super::{Board, Boards, Content, Entry, begun, with};
use crate::feed::assembler::Position;
use crate::feed::{EntryKind, FeedId, Frame, FrameKind, HeadRef, PublisherId, Seq, SignedHeader, block};
use crate::node::engine::{Engine, NodeError};
use crate::node::erasure::OutOfScope;
use crate::policy::{Agreement, Standing};

/// A bulletin that is shown ahead.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) header: SignedHeader,
    pub(super) bulletin: String,
    /// Its number in the tally.
    at: usize,
}

impl Shown {
    /// Its place in the feed.
    pub(super) fn seq(&self) -> Seq {
        self.header.header().seq
    }
}

impl Boards {
    /// Shows nothing ahead in a feed any longer.
    pub(in crate::node) fn forget_ahead(&mut self, feed: &FeedId) {
        if let Some(board) = self.0.get_mut(&feed.agreement) {
            board.overtake(|publisher, _| publisher == feed.publisher);
        }
    }
}

impl Board {
    /// The bulletins that are shown ahead: whose, which, and how many entries are still to come before it.
    pub(in crate::node) fn ahead(&self) -> impl Iterator<Item = (PublisherId, &str, u64)> {
        self.ahead.iter().map(|(publisher, shown)| {
            let next = self.read.get(publisher).map_or(Seq(0), |reading| reading.next);
            (*publisher, shown.bulletin.as_str(), shown.seq().0.saturating_sub(next.0))
        })
    }

    /// Shows those no longer ahead of which this is so.
    pub(super) fn overtake(&mut self, is_so: impl Fn(PublisherId, &Shown) -> bool) {
        let Self { ahead, tally, .. } = self;
        for (_, shown) in ahead.extract_if(.., |publisher, shown| is_so(*publisher, shown)) {
            tally.remove(shown.at);
        }
    }

    /// The newest entry of a publisher that is a whole bulletin by itself: neither a correction nor corrected.
    fn newest_whole(&self, publisher: PublisherId) -> Option<Seq> {
        let own = self.bulletins.range((publisher, String::new())..);
        let own = own.take_while(|((who, _), _)| *who == publisher);
        let whole = own.filter_map(|(_, posted)| match posted.entries[..] {
            [only] => Some((only, self.tally.report(posted.at)?)),
            _ => None,
        });
        whole.filter(|(_, report)| report.corrections.is_empty()).map(|(seq, _)| seq).max()
    }
}

impl Engine {
    /// The newest bulletin of a lane's feed behind this place, and the frames of its entry; none if it is longer than the
    /// limit, erased, sealed, or no more than a part of what its bulletin says.
    pub(in crate::node) fn latest_frames(
        &mut self,
        feed: &FeedId,
        after: Position,
        limit: usize,
    ) -> Result<(Seq, Vec<u8>), NodeError> {
        let none = (after.seq, Vec::new());
        if self.open_lane(feed).is_none() {
            return Ok(none);
        }
        let newest = self.board(feed.agreement)?.newest_whole(feed.publisher);
        let Some(seq) = newest.filter(|seq| *seq > after.seq) else { return Ok(none) };
        let is_erased = self.store.erased(feed).iter().any(|places| places.contains(&seq));
        if is_erased || self.store.key_of(feed, seq).is_some() {
            return Ok(none);
        }
        let (mut frames, next) = self.store.stored_frames(feed, Position { seq, part: 0 }, limit)?;
        frames.truncate(length_of_first(&frames));
        Ok(if next.seq > seq { (seq, frames) } else { none })
    }

    /// Shows a bulletin ahead of those before it. Returns what is wrong with it, if its agreement does not cover it.
    pub(in crate::node) fn show_ahead(
        &mut self,
        header: &SignedHeader,
        frames: &[u8],
    ) -> Result<Option<OutOfScope>, NodeError> {
        let (head, kind) = (HeadRef::from(header), header.header().kind);
        let feed = head.feed;
        let lane = self.open_lane(&feed).filter(|_| kind == EntryKind::Release).cloned();
        // Of what is closed to us nothing can be shown.
        let (Some(lane), Ok(records)) = (lane, block::records_of(frames)) else { return Ok(None) };
        if let Some(wrong) = self.check_records(&lane, head, &records) {
            return Ok(Some(wrong));
        }
        let mut content = Content::default();
        records.into_iter().for_each(|record| content.take(record));
        let entry = content.of(header.clone());
        let board = self.board(feed.agreement)?;
        let is_held = board.bulletins.contains_key(&(feed.publisher, entry.bulletin.id.clone()))
            || board.read.get(&feed.publisher).is_some_and(|reading| head.seq < reading.next);
        // Of a correction the cells that it leaves alone are not known.
        if !is_held && entry.bulletin.correction.is_none() {
            self.put_ahead(&lane, feed, entry)?;
        }
        Ok(None)
    }

    fn put_ahead(&mut self, lane: &Agreement, feed: FeedId, entry: Entry) -> Result<(), NodeError> {
        let area = lane.text().crisis.lane().map(|lane| lane.area.clone()).unwrap_or_default();
        let (header, bulletin) = (entry.header.clone(), entry.bulletin.id.clone());
        let seq = header.header().seq;
        let before = begun(&entry, &self.country_of(&feed.publisher));
        let mut report = with(before, entry, (&feed, seq), &[seq], (&area, &self.store))?;
        report.ahead = true;
        self.boards.forget_ahead(&feed);
        if let Some(board) = self.boards.0.get_mut(&feed.agreement) {
            let shown = Shown { header, bulletin, at: board.tally.insert(report) };
            board.ahead.insert(feed.publisher, shown);
        }
        Ok(())
    }

    /// The lane of a member's feed, if it is not over.
    fn open_lane(&self, feed: &FeedId) -> Option<&Agreement> {
        let book = self.house.book();
        let lane = book.get(&feed.agreement).filter(|agreement| agreement.is_lane())?;
        let is_over = matches!(book.standing(lane, self.now()), Standing::Over { .. });
        (!is_over && lane.text().binds(&feed.publisher)).then_some(lane)
    }
}

/// How many bytes the first entry of a run of frames takes.
fn length_of_first(frames: &[u8]) -> usize {
    let mut length = 0;
    while let Ok(Some(frame)) = Frame::read(&frames[length..]) {
        if length > 0 && frame.kind == FrameKind::Head {
            break;
        }
        length += frame.bytes.len();
    }
    length
}
