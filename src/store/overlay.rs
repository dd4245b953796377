//! What is folded and not yet on pages: in memory, bounded, shared by all handles of the derived database.
//!
//! A page is rewritten as a whole, so writing each new observation to its page at once would cost a hundred times
//! what it is worth. Here it costs an insertion. Readers put the rows of the pages and these together; how, and why
//! nothing is lost while rows move from here to pages, is said in [`super::ask`].
//!
//! Versions of an entry that is not folded to its end may be here, and on pages, already: readers leave out what
//! is not before [`Overlay::visible`], which moves when an entry is whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::derived::ReceiptRow;
use crate::feed::head::Place;
use crate::feed::{EntryId, FeedId, PublisherId, Seq};
use crate::view::{EntryRef, Look, Piece, Query, RowId};

/// Rows, cursors, counts and receipts as they would be if everything were written out.
#[derive(Default)]
pub(super) struct Overlay {
    rows: BTreeMap<RowId, Arc<Piece>>,
    weight: usize,
    receipts: BTreeMap<(FeedId, PublisherId), ReceiptRow>,
    folded: BTreeMap<FeedId, Folded>,
    visible: Arc<Visible>,
    /// Counts the times that rows were written out: who keeps a page reads it again then.
    pub(super) written: u64,
    /// Counts the times that everything was begun anew: who is in the middle of reading cannot go on.
    pub(super) era: u64,
}

/// Up to which entry each feed may be seen: the next one's place.
pub(super) type Visible = BTreeMap<FeedId, Seq>;

/// Of a feed the entries that are folded to their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Folded {
    /// Where the next one goes.
    pub(super) place: Place,
    /// The observations that they state.
    pub(super) observations: u64,
}

/// What a query takes from here before it reads pages.
pub(super) struct Snapshot {
    pub(super) rows: Vec<(RowId, Arc<Piece>)>,
    pub(super) visible: Arc<Visible>,
    pub(super) era: u64,
}

/// What one entry adds beside rows.
#[derive(Debug, Default)]
pub(super) struct Completed {
    pub(super) observations: u64,
    pub(super) receipts: Vec<ReceiptRow>,
}

/// The most that is here before folding waits for pages to be written, in observations. With everything around
/// them they take about 150 bytes each, so 20 MiB; and pages that are rewritten for so many at once cost little
/// for each.
pub(super) const FULL: usize = 1 << 17;
/// From so many on, idle time is used to write pages. A node that is killed folds as many again when it starts,
/// which takes some tens of milliseconds.
pub(super) const TIDY: usize = 1 << 15;
/// What a row weighs beside its versions, in observations.
const ROW_WEIGHT: usize = 2;
/// What an entry weighs: opening it again at the next start costs as much as folding some observations.
const ENTRY_WEIGHT: usize = 8;

impl Overlay {
    /// Begins with what is on pages.
    pub(super) fn new(folded: BTreeMap<FeedId, Folded>, era: u64) -> Self {
        let visible = folded.iter().map(|(feed, folded)| (*feed, folded.place.seq)).collect();
        Self { folded, visible: Arc::new(visible), era, ..Self::default() }
    }

    /// Changes a row, which is put here if it is not.
    pub(super) fn change(&mut self, id: &RowId, change: impl FnOnce(&mut Piece)) {
        if let Some(row) = self.rows.get_mut(id) {
            let before = row.versions().len();
            // A query that holds the row keeps what it has.
            change(Arc::make_mut(row));
            self.weight += row.versions().len() - before;
            return;
        }
        let mut row = Piece::default();
        change(&mut row);
        self.weight += row.versions().len() + ROW_WEIGHT;
        self.rows.insert(id.clone(), Arc::new(row));
    }

    /// Makes an entry visible that was folded to its end.
    pub(super) fn complete(&mut self, feed: FeedId, entry: &EntryRef, completed: Completed) {
        let before = self.folded.get(&feed).map_or(0, |folded| folded.observations);
        let place = Place { feed, seq: entry.seq.next(), backlink: entry.id };
        let observations = before + completed.observations;
        self.folded.insert(feed, Folded { place, observations });
        Arc::make_mut(&mut self.visible).insert(feed, place.seq);
        self.receive(completed.receipts);
        self.weight += ENTRY_WEIGHT;
    }

    /// Takes receipts.
    pub(super) fn receive(&mut self, receipts: Vec<ReceiptRow>) {
        self.weight += receipts.len();
        self.receipts.extend(receipts.into_iter().map(|row| ((row.feed, row.recipient), row)));
    }

    /// How much is here, in observations.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// How far a feed is folded.
    pub(super) fn folded(&self, feed: FeedId) -> Folded {
        let nothing = Folded { place: Place { feed, seq: Seq(0), backlink: EntryId::NONE }, observations: 0 };
        self.folded.get(&feed).copied().unwrap_or(nothing)
    }

    /// How far all feeds are folded.
    pub(super) fn all_folded(&self) -> Vec<Folded> {
        self.folded.values().copied().collect()
    }

    /// The next place of a feed that may not be seen yet.
    pub(super) fn visible(&self, feed: FeedId) -> Seq {
        self.visible.get(&feed).copied().unwrap_or(Seq(0))
    }

    /// A row.
    pub(super) fn row(&self, id: &RowId) -> Option<Arc<Piece>> {
        self.rows.get(id).cloned()
    }

    /// The receipts for a feed that are not in sled.
    pub(super) fn receipts_for(&self, feed: &FeedId) -> impl Iterator<Item = &ReceiptRow> {
        let least = (*feed, PublisherId([0; 32]));
        self.receipts.range(least..).take_while(|((of, _), _)| *of == *feed).map(|(_, row)| row)
    }

    /// All receipts that are not in sled.
    pub(super) fn receipts(&self) -> Vec<ReceiptRow> {
        self.receipts.values().copied().collect()
    }

    /// What a query needs from here.
    pub(super) fn snapshot(&self, query: &Query) -> Snapshot {
        let mut rows = Vec::new();
        let mut from = Some(query.prefix());
        while let Some(key) = from.take() {
            for (id, row) in self.rows.range(RowId::first(&key)..) {
                match query.look(&id.key) {
                    Look::Takes if query.wants(&id.feed) => rows.push((id.clone(), Arc::clone(row))),
                    Look::Takes => {}
                    Look::Skips(next) => {
                        from = next;
                        break;
                    }
                }
            }
        }
        Snapshot { rows, visible: Arc::clone(&self.visible), era: self.era }
    }

    /// The first row at or after one.
    pub(super) fn first_from(&self, id: &RowId) -> Option<(RowId, Arc<Piece>)> {
        self.rows.range(id.clone()..).next().map(|(id, row)| (id.clone(), Arc::clone(row)))
    }

    /// Rows from one on for as long as they are wanted.
    pub(super) fn rows_from(
        &self,
        id: &RowId,
        mut wanted: impl FnMut(&RowId, &Piece) -> bool,
    ) -> Vec<(RowId, Arc<Piece>)> {
        let rows = self.rows.range(id.clone()..);
        rows.take_while(|(id, row)| wanted(id, row)).map(|(id, row)| (id.clone(), Arc::clone(row))).collect()
    }

    /// Forgets rows that are on pages now; of the last one, `rest` is not. A row that has changed since stays: what
    /// of it is on pages already does no harm here.
    pub(super) fn forget(&mut self, written: &[(RowId, Arc<Piece>)], rest: Option<Piece>) {
        for (id, row) in written {
            if self.rows.get(id).is_some_and(|here| Arc::ptr_eq(here, row)) {
                self.rows.remove(id);
                self.weight = self.weight.saturating_sub(row.versions().len() + ROW_WEIGHT);
                let is_last = written.last().is_some_and(|(last, _)| last == id);
                if let Some(rest) = rest.as_ref().filter(|_| is_last) {
                    self.change(id, |row| row.absorb(rest));
                }
            }
        }
        self.written += 1;
    }

    /// Forgets receipts that are in sled now, and what entries weigh that need not be folded again.
    pub(super) fn settle(&mut self, receipts: &[ReceiptRow]) {
        for row in receipts {
            let key = (row.feed, row.recipient);
            if self.receipts.get(&key) == Some(row) {
                self.receipts.remove(&key);
            }
        }
        let rows = self.rows.values().map(|row| row.versions().len() + ROW_WEIGHT).sum::<usize>();
        self.weight = rows + self.receipts.len();
    }
}
