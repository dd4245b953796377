//! Folds durable entries into the derived database, from where each feed's cursor stands.
//!
//! Series are gathered over many entries and written page by page in the order of view keys, so that a burst of
//! small releases rewrites each page once.

use std::collections::BTreeMap;

use super::StoreError;
use super::derived::{Changes, ReceiptRow};
use super::feeds::Store;
use crate::feed::head::Place;
use crate::feed::{AgreementId, EntryId, FeedId, HeadRef, PublisherId, Seq, SignedHeader};
use crate::model::{Receipt, Record, Retraction, Series};
use crate::view::{EntryRef, Page};

/// How many observations are gathered before pages are written: bounds the memory of folding.
const BATCH: usize = 100_000;

/// What one record says of a series.
enum Said {
    Stated(Series),
    Retracted(Retraction),
}

/// What was gathered and not yet written.
#[derive(Default)]
struct Gathered {
    said: BTreeMap<(String, FeedId), Vec<(EntryRef, Said)>>,
    receipts: Vec<ReceiptRow>,
    observations: usize,
    counts: BTreeMap<FeedId, u64>,
    cursors: BTreeMap<FeedId, Place>,
}

impl Store {
    /// Whether there are durable entries that are not yet folded.
    ///
    /// # Errors
    /// [`StoreError::Derived`] when the database is broken: see [`Store::rebuild`].
    pub fn is_folded(&self) -> Result<bool, StoreError> {
        for (feed, head) in self.folded_feeds() {
            if self.derived().cursor(feed)?.seq <= head.seq {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Folds all durable entries; afterwards the view shows everything that is durable. Rebuilds the database
    /// once when it turns out to be broken.
    ///
    /// # Errors
    /// [`StoreError`] when feed files cannot be read or the database cannot be written.
    pub fn fold(&mut self) -> Result<(), StoreError> {
        match self.fold_once() {
            Err(StoreError::Derived(reason)) => {
                self.rebuild(&reason)?;
                self.fold_once()
            }
            other => other,
        }
    }

    fn fold_once(&self) -> Result<(), StoreError> {
        let mut gathered = Gathered::default();
        let feeds: Vec<(FeedId, HeadRef)> = self.folded_feeds().collect();
        for (feed, head) in feeds {
            let mut seq = self.derived().cursor(feed)?.seq;
            while seq <= head.seq {
                self.gather_entry(feed, seq, &mut gathered)?;
                seq = seq.next();
            }
        }
        self.write(&mut gathered)
    }

    /// Gathers one entry; writes what was gathered whenever it is much, with the cursor still before the entry.
    fn gather_entry(&self, feed: FeedId, seq: Seq, gathered: &mut Gathered) -> Result<(), StoreError> {
        let header = self.header(&feed, seq)?;
        let (mut failed, mut count) = (Ok(()), 0);
        self.read_records(&feed, seq, &mut |record, _| {
            count += gathered.take(&header, record);
            if gathered.observations >= BATCH && failed.is_ok() {
                failed = self.write(gathered);
            }
        })?;
        failed?;
        *gathered.counts.entry(feed).or_default() += count;
        gathered.cursors.insert(feed, Place::after(&HeadRef::from(&header)));
        Ok(())
    }

    fn write(&self, gathered: &mut Gathered) -> Result<(), StoreError> {
        let taken = std::mem::take(gathered);
        let mut changes = Changes::default();
        self.write_pages(taken.said, &mut changes)?;
        for row in &taken.receipts {
            changes.receipt(row);
        }
        for (feed, count) in taken.counts {
            changes.observations(&feed, self.derived().observations(&feed)? + count);
        }
        for place in taken.cursors.values() {
            changes.cursor(place);
        }
        self.derived().apply(changes)
    }

    fn write_pages(
        &self,
        said: BTreeMap<(String, FeedId), Vec<(EntryRef, Said)>>,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        let mut said = said.into_iter().peekable();
        while let Some(((first, _), _)) = said.peek() {
            let first = first.clone();
            let (key, mut page) = match self.derived().page_for(&first)? {
                Some((key, page)) => (Some(key), page),
                None => (None, Page::default()),
            };
            let end = self.derived().next_page_key(&first)?;
            let mut load = 0;
            while let Some(((view_key, feed), list)) =
                said.next_if(|((next, _), _)| load < BATCH && end.as_ref().is_none_or(|end| next < end))
            {
                load += list.len();
                fold_into(&mut page, &view_key, feed, list);
            }
            let old = key.map(|key| String::from_utf8_lossy(&key[1..]).into_owned());
            write_parts(page, old, changes)?;
            let more_here = |((next, _), _): &((String, FeedId), Vec<(EntryRef, Said)>)| {
                end.as_ref().is_none_or(|end| next < end)
            };
            if said.peek().is_some_and(more_here) {
                // The next keys belong on or behind the pages that were just cut, so these must be there first.
                self.derived().apply(std::mem::take(changes))?;
            }
        }
        Ok(())
    }
}

/// Writes a page in parts. The first part keeps the old key, so that no key lies before its page.
fn write_parts(page: Page, old: Option<String>, changes: &mut Changes) -> Result<(), StoreError> {
    for (number, part) in page.split().into_iter().enumerate() {
        let key = if number == 0 { old.as_deref() } else { part.first_key() };
        changes.page(key.unwrap_or_default(), &part.to_bytes())?;
    }
    Ok(())
}

fn fold_into(page: &mut Page, view_key: &str, feed: FeedId, list: Vec<(EntryRef, Said)>) {
    for (entry, said) in list {
        match said {
            Said::Stated(series) => page.state(view_key.to_owned(), feed, entry, series),
            Said::Retracted(retraction) => page.retract(view_key.to_owned(), feed, entry, &retraction),
        }
    }
}

impl Gathered {
    /// Takes a record; returns how many observations it states.
    fn take(&mut self, header: &SignedHeader, record: Record) -> u64 {
        let feed = header.header().feed;
        let entry = EntryRef { seq: header.header().seq, time: header.header().time, id: header.id() };
        match record {
            Record::Series(series) => {
                let count = series.observations().len();
                self.observations += count;
                let key = (series.key().view_order_key(), feed);
                self.said.entry(key).or_default().push((entry, Said::Stated(series)));
                return count as u64;
            }
            Record::Retraction(retraction) => {
                self.observations += retraction.periods().len();
                let key = (retraction.key().view_order_key(), feed);
                self.said.entry(key).or_default().push((entry, Said::Retracted(retraction)));
            }
            Record::Receipt(receipt) => self.receipts.push(receipt_row(feed.publisher, &receipt)),
            Record::Document(_) => {}
        }
        0
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
