//! Writes the overlay out to pages, in the order of the view, in steps.
//!
//! ```text
//! overlay   a   c d      k   m n o          one sweep goes over all rows once; each page that has news is
//!           │   │ │      │   │ │ │          read, merged, cut where it grew too long and written, all parts
//! pages    [a b c d][f g][i k][m n o …      of it together; then the rows leave the overlay
//! ```
//!
//! When a sweep is over, all is on pages that was folded when it began. Only then do sled's cursors move to there:
//! what comes later, or half of an entry that is still being folded, is folded again after a crash, which changes
//! nothing on pages where it is already.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

use super::derived::{Changes, Derived};
use super::layout::{PAGE, page_key, page_row, period_order};
use super::overlay::{self, Folded};
use super::{StoreError, packed};
use crate::model::Period;
use crate::view::page::SPLIT_AT;
use crate::view::{PageWriter, Piece, RowId, Written};

/// A pass over the overlay.
pub(super) struct Sweep {
    /// Rows before this one are written.
    next: RowId,
    /// What was folded when it began.
    folded: Vec<Folded>,
}

/// The most observations that go to one page's place at once: bounds the memory of one step, whatever its budget.
const MAX_LOAD: usize = 1 << 15;
/// As many go there in the smallest step, or its page would be read and written too often.
const MIN_LOAD: usize = 1 << 11;
/// What writing a page costs beside the versions on it, in observations.
const PAGE_WORK: usize = 256;

/// Rows of the overlay that belong on one page.
struct Load {
    rows: Vec<(RowId, Arc<Piece>)>,
    /// What of the last row belongs on a later page.
    rest: Option<Piece>,
    /// The last row without that.
    last: Option<Piece>,
}

impl Derived {
    /// Whether enough waits to be written out that idle time should go into it.
    pub(super) fn needs_tidying(&self) -> bool {
        let under_way = self.sweep.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        under_way || self.overlay().weight() >= overlay::TIDY
    }

    /// Writes about so many observations to pages; says whether the sweep is over.
    pub(super) fn write_out(&self, budget: usize) -> Result<bool, StoreError> {
        let mut sweep = self.sweep.lock().unwrap_or_else(PoisonError::into_inner);
        if sweep.is_none() {
            let overlay = self.overlay();
            if overlay.weight() == 0 {
                return Ok(true);
            }
            *sweep = Some(Sweep { next: RowId::first(""), folded: overlay.all_folded() });
        }
        let mut done = 0;
        while let Some(under_way) = &mut *sweep {
            match self.write_page(under_way, budget.clamp(MIN_LOAD, MAX_LOAD))? {
                Some(work) => done += work,
                None => {
                    self.move_cursors(&under_way.folded)?;
                    *sweep = None;
                    return Ok(true);
                }
            }
            if done >= budget {
                break;
            }
        }
        Ok(false)
    }

    /// Writes everything out.
    pub(super) fn write_out_all(&self) -> Result<(), StoreError> {
        while !(self.write_out(usize::MAX)? && self.overlay().weight() == 0) {}
        Ok(())
    }

    fn move_cursors(&self, folded: &[Folded]) -> Result<(), StoreError> {
        let mut changes = Changes::default();
        let receipts = self.overlay().receipts();
        receipts.iter().for_each(|row| changes.receipt(row));
        folded.iter().for_each(|folded| changes.folded(folded));
        self.apply(changes)?;
        self.overlay_mut().settle(&receipts);
        Ok(())
    }

    /// Writes the next page that has news, about so many observations of them; returns how much work it was, or
    /// nothing when there is none.
    fn write_page(&self, sweep: &mut Sweep, most: usize) -> Result<Option<usize>, StoreError> {
        let Some((id, row)) = self.overlay().first_from(&sweep.next) else { return Ok(None) };
        let tree = self.tree();
        let (key, old) = match packed::at(&tree, page_key(&id, first_period(&row)))? {
            Some((key, value)) => (key, packed::open(&value)?.into_rows().map_err(StoreError::from)?),
            None => (sled::IVec::from(&[PAGE]), Vec::new()),
        };
        let end = packed::after(&tree, &key)?.map(|(end, _)| end);
        let load = self.load(&id, end.as_deref(), most);
        let parts = cut(&load.merged(old));
        let mut changes = Changes::default();
        let mut work = 0;
        for (number, part) in parts.into_iter().enumerate() {
            // The first part keeps the key, so that no place lies before its page.
            let key = if number == 0 { key.to_vec() } else { page_key(&part.first, part.from) };
            changes.page(key, &part.bytes)?;
            work += PAGE_WORK + part.versions;
        }
        self.apply(changes)?;
        if let Some((last, _)) = load.rows.last() {
            sweep.next = last.clone();
        }
        self.overlay_mut().forget(&load.rows, load.rest);
        Ok(Some(work))
    }

    /// The rows from this one on that belong before the page's end, with about so many observations at most.
    fn load(&self, id: &RowId, end: Option<&[u8]>, most: usize) -> Load {
        let mut load = 0;
        let rows = self.overlay().rows_from(id, |id, row| {
            let fits = load < most && end.is_none_or(|end| page_key(id, first_period(row)).as_slice() < end);
            load += row.versions().len();
            fits
        });
        let Some((last, row)) = rows.last() else { return Load { rows, rest: None, last: None } };
        let within = end.and_then(|end| end.strip_prefix(page_row(last).as_slice()));
        let Some(end) = within.and_then(|order| order.try_into().ok()).map(u64::from_be_bytes) else {
            return Load { rows, rest: None, last: None };
        };
        let mut row = Piece::clone(row);
        let rest = row.split_off(|period| period_order(period) >= end);
        if rest.is_empty() {
            return Load { rows, rest: None, last: None };
        }
        Load { rows, rest: Some(rest), last: Some(row) }
    }
}

impl Load {
    /// These rows and those of the page, in order.
    fn merged(&self, old: Vec<(RowId, Piece)>) -> Vec<(RowId, Cow<'_, Piece>)> {
        let mut merged: Vec<(RowId, Cow<'_, Piece>)> = Vec::with_capacity(old.len() + self.rows.len());
        let mut old = old.into_iter().peekable();
        for (number, (id, row)) in self.rows.iter().enumerate() {
            let is_last = number + 1 == self.rows.len();
            let row = self.last.as_ref().filter(|_| is_last).unwrap_or(row);
            while let Some((before, piece)) = old.next_if(|(old, _)| old < id) {
                merged.push((before, Cow::Owned(piece)));
            }
            match old.next_if(|(old, _)| old == id) {
                Some((id, mut both)) => {
                    both.absorb(row);
                    merged.push((id, Cow::Owned(both)));
                }
                None => merged.push((id.clone(), Cow::Borrowed(row))),
            }
        }
        merged.extend(old.map(|(id, piece)| (id, Cow::Owned(piece))));
        merged
    }
}

/// Pages of these rows. A page that grew a little too long is cut in the middle: a short rest would soon make the
/// first part too long again, and another short rest.
fn cut(rows: &[(RowId, Cow<'_, Piece>)]) -> Vec<Written> {
    let parts = written(rows, SPLIT_AT);
    match parts.as_slice() {
        [full, rest] if rest.bytes.len() < SPLIT_AT / 2 => {
            written(rows, (full.bytes.len() + rest.bytes.len()) / 2)
        }
        _ => parts,
    }
}

fn written(rows: &[(RowId, Cow<'_, Piece>)], limit: usize) -> Vec<Written> {
    let mut writer = PageWriter::new(limit);
    rows.iter().for_each(|(id, piece)| writer.add(id, piece));
    writer.finish()
}

/// Where a row goes first: to the page of its first version; with something said about the series, to the page where
/// the row begins.
fn first_period(row: &Piece) -> Option<Period> {
    row.versions().first().map(|version| version.period).filter(|_| row.said().is_empty())
}

#[cfg(test)]
mod tests;
