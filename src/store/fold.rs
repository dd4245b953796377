//! Folds durable entries into the derived view, from where each feed's cursor stands, in steps.
//!
//! ```text
//! feed files ──read──▶ records ──▶ overlay ──when full, or in idle time──▶ pages
//!                                     └ an entry may be seen when its last record is here
//! ```
//!
//! A step may end in the middle of an entry: whoever calls can do other things between two steps, however much
//! came at once, and the memory of folding is that of a full overlay.

use std::sync::mpsc;

use super::StoreError;
use super::derived::ReceiptRow;
use super::entries::EntryReader;
use super::feeds::Store;
use super::overlay::{Completed, FULL};
use crate::feed::{AgreementId, EntryId, FeedId, PublisherId, Seq};
use crate::model::{Period, Receipt, Record, Retraction};
use crate::view::{EntryRef, RowId};

/// What folding keeps between two steps.
#[derive(Default)]
pub(super) struct Folding {
    reader: EntryReader,
    entry: Option<InHand>,
    /// The overlay was full, and is written out to its end before more is folded.
    draining: bool,
    /// The database was begun anew since everything was folded last: a second time in a row would not help.
    rebuilt: bool,
}

/// The entry that is being folded.
struct InHand {
    feed: FeedId,
    entry: EntryRef,
    completed: Completed,
}

/// How many observations [`Store::fold`] folds in one step.
const WHOLE: usize = 1 << 20;
/// From which budget on, in observations, another thread reads ahead.
const AHEAD_FROM: usize = 1 << 16;
/// And from how many bytes of an entry on.
const AHEAD_BYTES: u64 = 128 << 10;
/// How many blocks are read ahead: some megabytes of records.
const MAX_AHEAD: usize = 8;
/// How many receipts of one entry wait for its end: no honest entry has more.
const MAX_RECEIPTS: usize = 4096;
/// How many retracted periods go to the overlay at once.
const MAX_RETRACTED: usize = 1 << 14;

impl Store {
    /// Whether everything that is durable can be seen in the view. Reads nothing from disk.
    pub fn is_folded(&self) -> bool {
        self.unfolded().is_none()
    }

    /// Folds all durable entries; afterwards the view shows everything that is durable. Rebuilds the database
    /// once when it turns out to be broken.
    ///
    /// # Errors
    /// [`StoreError`] when feed files cannot be read or the database cannot be written.
    pub fn fold(&mut self) -> Result<(), StoreError> {
        while !self.fold_step(WHOLE)? {}
        Ok(())
    }

    /// Does the work of about `budget` observations towards showing everything that is durable, and says whether
    /// all of it can be seen now. An entry of which a part is folded is not seen at all.
    ///
    /// # Errors
    /// As [`Store::fold`].
    pub fn fold_step(&mut self, budget: usize) -> Result<bool, StoreError> {
        match self.step(budget) {
            Err(StoreError::Derived(reason)) if !self.folding.rebuilt => {
                self.rebuild(&reason)?;
                self.folding.rebuilt = true;
                Ok(false)
            }
            Err(error) => {
                // The entry in hand begins anew at the next try.
                self.folding.entry = None;
                Err(error)
            }
            Ok(all) => {
                self.derived().set_shows_all(all);
                self.folding.rebuilt &= !all;
                Ok(all)
            }
        }
    }

    /// Whether so much waits in memory to be written to the database that idle time should go into it.
    pub fn needs_tidying(&self) -> bool {
        self.derived().needs_tidying()
    }

    /// Writes about `budget` observations from memory to the database; says whether none wait any more.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be written.
    pub fn tidy_step(&mut self, budget: usize) -> Result<bool, StoreError> {
        match self.derived().write_out(budget) {
            Err(StoreError::Derived(reason)) if !self.folding.rebuilt => {
                self.rebuild(&reason)?;
                self.folding.rebuilt = true;
                Ok(true)
            }
            other => other,
        }
    }

    fn step(&mut self, budget: usize) -> Result<bool, StoreError> {
        let mut left = budget.max(1);
        while left > 0 {
            if self.folding.entry.is_none() && !self.begin_entry()? {
                self.folding.draining = false;
                return Ok(true);
            }
            let full = self.derived().overlay().weight() >= FULL;
            if full || self.folding.draining {
                self.folding.draining = !self.derived().write_out(left)?;
                return Ok(false);
            }
            let work = if left >= AHEAD_FROM && self.folding.reader.remaining() >= AHEAD_BYTES {
                self.take_ahead(left)?
            } else {
                self.take_block()?
            };
            left = left.saturating_sub(work);
        }
        Ok(self.folding.entry.is_none() && self.is_folded())
    }

    /// Opens the next entry that is to be folded, if there is one.
    fn begin_entry(&mut self) -> Result<bool, StoreError> {
        let Some((feed, seq)) = self.unfolded() else { return Ok(false) };
        let Some(lies) = self.lies(&feed, seq) else { return Err(StoreError::NoEntry { feed, seq }) };
        let header = self.folding.reader.begin((feed, seq), &lies, &self.network)?;
        let (seq, time) = (header.header().seq, header.header().released());
        let entry = EntryRef { seq, time, id: header.id() };
        self.folding.entry = Some(InHand { feed, entry, completed: Completed::default() });
        Ok(true)
    }

    /// The next entry to be folded.
    fn unfolded(&self) -> Option<(FeedId, Seq)> {
        let overlay = self.derived().overlay();
        self.folded_feeds().find_map(|(feed, head)| {
            let next = overlay.folded(feed).place.seq;
            (next <= head.seq).then_some((feed, next))
        })
    }

    /// Whether anything of a feed from an entry on may be in the database: it is folded, or the entry in hand is of
    /// that feed.
    pub(super) fn may_be_folded(&self, feed: &FeedId, from: Seq) -> bool {
        let in_hand = self.folding.entry.as_ref().is_some_and(|hand| hand.feed == *feed);
        in_hand || self.derived().overlay().folded(*feed).place.seq > from
    }

    fn take_block(&mut self) -> Result<usize, StoreError> {
        match self.folding.reader.next_block()? {
            Some(records) => self.take_all(records),
            None => Ok(self.complete()),
        }
    }

    /// Takes up to so many observations of the entry in hand, which another thread reads meanwhile: reading and
    /// checking blocks takes as long as all that comes after.
    fn take_ahead(&mut self, budget: usize) -> Result<usize, StoreError> {
        let mut reader = std::mem::take(&mut self.folding.reader);
        let taken = std::thread::scope(|scope| {
            let (sender, blocks) = mpsc::sync_channel(MAX_AHEAD);
            let reader = &mut reader;
            scope.spawn(move || {
                let mut left = budget;
                while left > 0 {
                    let block = reader.next_block();
                    let count =
                        |records: &Vec<Record>| records.iter().map(Record::observations).sum::<usize>();
                    // After the end or a fault nothing more comes.
                    left = match &block {
                        Ok(Some(records)) => left.saturating_sub(count(records).max(1)),
                        Ok(None) | Err(_) => 0,
                    };
                    if sender.send(block).is_err() {
                        break;
                    }
                }
            });
            let mut work = 0;
            for block in blocks {
                work += match block? {
                    Some(records) => self.take_all(records)?,
                    None => self.complete(),
                };
                if self.derived().overlay().weight() >= FULL {
                    self.derived().write_out_all()?;
                }
            }
            Ok(work)
        });
        self.folding.reader = reader;
        taken
    }

    fn complete(&mut self) -> usize {
        if let Some(InHand { feed, entry, completed }) = self.folding.entry.take() {
            self.derived().overlay_mut().complete(feed, &entry, completed);
        }
        1
    }

    /// Takes records of the entry in hand; returns how much work they were.
    fn take_all(&mut self, records: Vec<Record>) -> Result<usize, StoreError> {
        let Some(mut hand) = self.folding.entry.take() else { return Ok(0) };
        let mut work = 0;
        for record in records {
            work += 1 + self.take(&mut hand, record)?;
        }
        self.folding.entry = Some(hand);
        Ok(work)
    }

    fn take(&self, hand: &mut InHand, record: Record) -> Result<usize, StoreError> {
        match record {
            Record::Series(series) => {
                let count = series.observations().len();
                hand.completed.observations += count as u64;
                let id = RowId::new(&series.key().view_order_key(), hand.feed);
                self.derived().overlay_mut().change(&id, |row| row.state(hand.entry, series));
                Ok(count)
            }
            Record::Retraction(retraction) => self.retract(hand, &retraction),
            Record::Receipt(receipt) => {
                let receipts = &mut hand.completed.receipts;
                receipts.push(receipt_row(hand.feed.publisher, &receipt));
                if receipts.len() >= MAX_RECEIPTS {
                    self.derived().overlay_mut().receive(std::mem::take(receipts));
                }
                Ok(1)
            }
            Record::Document(_) => Ok(0),
        }
    }

    fn retract(&self, hand: &InHand, retraction: &Retraction) -> Result<usize, StoreError> {
        let id = RowId::new(&retraction.key().view_order_key(), hand.feed);
        let all;
        let periods = match retraction.periods() {
            [] => {
                all = self.periods_before(&id, hand.entry.seq)?;
                all.as_slice()
            }
            some => some,
        };
        for some in periods.chunks(MAX_RETRACTED) {
            self.derived()
                .overlay_mut()
                .change(&id, |row| row.retract(hand.entry, some, retraction.reason()));
            if self.derived().overlay().weight() >= 2 * FULL {
                self.derived().write_out_all()?;
            }
        }
        Ok(periods.len())
    }

    /// The periods of a row of which entries before this one speak: a retraction without periods is of all that was
    /// stated before it. What came later may be here already when an entry is folded a second time.
    fn periods_before(&self, id: &RowId, seq: Seq) -> Result<Vec<Period>, StoreError> {
        let mut periods = Vec::new();
        self.derived().row_reader().pieces(id, seq, &mut |piece| {
            let before = piece.versions().iter().filter(|version| version.entry.seq < seq);
            periods.extend(before.map(|version| version.period));
        })?;
        periods.sort_unstable();
        periods.dedup();
        Ok(periods)
    }
}

fn receipt_row(recipient: PublisherId, receipt: &Receipt) -> ReceiptRow {
    ReceiptRow {
        feed: FeedId::new(PublisherId(receipt.publisher), AgreementId(receipt.agreement)),
        recipient,
        seq: Seq(receipt.seq),
        entry: EntryId(receipt.entry),
        received_at: receipt.received_at,
    }
}

#[cfg(test)]
mod tests;
