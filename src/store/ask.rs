//! Asking the view: pages and overlay together, as of one moment, from any thread.
//!
//! A query takes what it needs from the overlay first, under one lock with the places up to which each feed may be
//! seen, and reads pages one by one afterwards, while folding and writing out go on. That is one moment's view, and
//! whole:
//!
//! - Entries that were not folded to their end at that moment are left out by their place in the feed, wherever
//!   their versions are.
//! - Rows go from the overlay to pages and never back, and are on the page before they leave the overlay. So what a
//!   query did not find in the overlay is on the pages that it reads later; what it finds twice it counts once.
//! - A page is read before it is asked where the next one begins, and the parts of a page that is cut are written
//!   together. So what leaves a page while a query walks is on a later page; what the query then meets a second
//!   time is passed over, because rows come in order.
//! - When everything is begun anew the query fails, and can be asked again.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::sync::Arc;

use super::derived::Derived;
use super::layout::{page_key, page_prefix, page_row};
use super::overlay::Visible;
use super::{StoreError, packed};
use crate::feed::{FeedId, Seq};
use crate::view::{Look, Page, PageError, Piece, Query, Row, RowId, SeriesView, page};

impl Derived {
    /// Calls `each` with every series that a query matches, in the order of view keys; stops when it says so. The
    /// answer is the view of the moment of asking, however long it takes.
    ///
    /// # Errors
    /// [`StoreError::Derived`] when the database is broken: it must be rebuilt.
    pub fn query(&self, query: &Query, each: &mut dyn FnMut(SeriesView) -> bool) -> Result<(), StoreError> {
        self.query_from(query, "", each)
    }

    /// As [`Derived::query`], of the series whose view keys are not before `start`.
    ///
    /// # Errors
    /// As [`Derived::query`].
    pub fn query_from(
        &self,
        query: &Query,
        start: &str,
        each: &mut dyn FnMut(SeriesView) -> bool,
    ) -> Result<(), StoreError> {
        let mut snapshot = self.overlay().snapshot(query);
        snapshot.rows.retain(|(id, _)| *id.key >= *start);
        let tree = self.tree();
        let era = snapshot.era;
        let mut answer = Answer {
            query,
            visible: snapshot.visible,
            newer: snapshot.rows.into_iter().peekable(),
            at: None,
            piece: Piece::default(),
            target: Some(start.to_owned()),
            next: None,
            wanted: None,
            each,
        };
        let mut found = packed::at(&tree, page_prefix(query.prefix().as_str().max(start)))?;
        while let Some((key, value)) = found {
            let go_on = answer.take(&mut packed::open(&value)?)?;
            if self.overlay().era != era {
                return Err(StoreError::Derived("it was begun anew while it was read".to_owned()));
            }
            found = match (go_on, &answer.target) {
                (Go::Stop, _) => return Ok(()),
                (Go::End, _) => None,
                (Go::On, None) => packed::after(&tree, &key)?,
                (Go::On, Some(target)) => match packed::at(&tree, page_prefix(target))? {
                    Some(farther) if farther.0 > key => Some(farther),
                    Some(_) | None => packed::after(&tree, &key)?,
                },
            };
        }
        answer.finish()
    }

    /// Reads single rows; asked in the order of view keys, it reads each page once.
    pub fn row_reader(&self) -> RowReader {
        RowReader { derived: self.clone(), loaded: None }
    }
}

/// Whether a query goes on.
enum Go {
    /// To the next page.
    On,
    /// No later page has anything for it.
    End,
    /// Nobody wants more.
    Stop,
}

/// A query under way.
struct Answer<'a> {
    query: &'a Query,
    visible: Arc<Visible>,
    newer: Peekable<std::vec::IntoIter<(RowId, Arc<Piece>)>>,
    /// The row that is being put together.
    at: Option<(String, FeedId)>,
    piece: Piece,
    /// View keys before this one are passed over.
    target: Option<String>,
    /// The place up to which the feed that was asked last may be seen.
    next: Option<(FeedId, Seq)>,
    /// Whether the feed that was met last is asked for: rows of one feed mostly lie together.
    wanted: Option<(FeedId, bool)>,
    each: &'a mut dyn FnMut(SeriesView) -> bool,
}

impl Answer<'_> {
    fn take(&mut self, page: &mut Page) -> Result<Go, StoreError> {
        while page.advance()? {
            if self.target.as_ref().is_some_and(|target| page.key() < target.as_str()) {
                continue;
            }
            self.target = None;
            match self.query.look(page.key()) {
                Look::Takes => {}
                Look::Skips(None) => return Ok(Go::End),
                Look::Skips(target) => {
                    self.target = target;
                    continue;
                }
            }
            let feed = page.feed();
            if !self.wants(feed) {
                continue;
            }
            let order = self
                .at
                .as_ref()
                .map_or(Ordering::Greater, |(key, at)| (page.key(), feed).cmp(&(key.as_str(), *at)));
            match order {
                Ordering::Less => continue,
                Ordering::Equal => {}
                Ordering::Greater => {
                    if !self.begin(page.key(), feed)? {
                        return Ok(Go::Stop);
                    }
                }
            }
            let next = self.visible(feed);
            page.read(next, &mut self.piece)?;
        }
        Ok(Go::On)
    }

    /// Ends the row before and begins this one; says whether more are wanted.
    fn begin(&mut self, key: &str, feed: FeedId) -> Result<bool, StoreError> {
        if !self.end()? {
            return Ok(false);
        }
        while let Some((id, piece)) = self.newer.next_if(|(id, _)| (&*id.key, id.feed) < (key, feed)) {
            if !self.hand_on(&id.key, id.feed, Arc::unwrap_or_clone(piece))? {
                return Ok(false);
            }
        }
        let mut text = self.at.take().map(|(text, _)| text).unwrap_or_default();
        text.clear();
        text.push_str(key);
        self.at = Some((text, feed));
        Ok(true)
    }

    /// Ends the row that is being put together.
    fn end(&mut self) -> Result<bool, StoreError> {
        let Some((key, feed)) = self.at.take() else { return Ok(true) };
        let mut piece = std::mem::take(&mut self.piece);
        if let Some((_, newer)) = self.newer.next_if(|(id, _)| *id.key == *key && id.feed == feed) {
            piece.absorb(&newer);
        }
        let go_on = self.hand_on(&key, feed, piece);
        self.at = Some((key, feed));
        go_on
    }

    fn finish(mut self) -> Result<(), StoreError> {
        if !self.end()? {
            return Ok(());
        }
        while let Some((id, piece)) = self.newer.next() {
            if !self.hand_on(&id.key, id.feed, Arc::unwrap_or_clone(piece))? {
                return Ok(());
            }
        }
        Ok(())
    }

    fn hand_on(&mut self, key: &str, feed: FeedId, piece: Piece) -> Result<bool, StoreError> {
        let row = piece.into_row(self.visible(feed));
        let versions = self.query.moment.choose(row.versions);
        if versions.is_empty() {
            return Ok(true);
        }
        let key = page::series_key(key)?;
        Ok((self.each)(SeriesView { key, feed, attributes: row.attributes, versions }))
    }

    fn wants(&mut self, feed: FeedId) -> bool {
        match self.wanted {
            Some((of, wanted)) if of == feed => wanted,
            Some(_) | None => {
                let wanted = self.query.wants(&feed);
                self.wanted = Some((feed, wanted));
                wanted
            }
        }
    }

    fn visible(&mut self, feed: FeedId) -> Seq {
        match self.next {
            Some((of, next)) if of == feed => next,
            Some(_) | None => {
                let next = self.visible.get(&feed).copied().unwrap_or(Seq(0));
                let next = self.query.end(&feed, next);
                self.next = Some((feed, next));
                next
            }
        }
    }
}

/// Reads rows one by one and keeps the page that it read last.
pub struct RowReader {
    derived: Derived,
    loaded: Option<Loaded>,
}

/// A page with the range of places that belong on it.
struct Loaded {
    first: sled::IVec,
    end: Option<sled::IVec>,
    page: Page,
    /// Whether the page stands on a row.
    on_row: bool,
    asked: Option<RowId>,
    /// Era, and number of pages written, when it was read.
    as_of: (u64, u64),
}

impl RowReader {
    /// The row of a series of a feed.
    ///
    /// # Errors
    /// [`StoreError::Derived`] when the database is broken.
    pub fn row(&mut self, view_key: &str, feed: FeedId) -> Result<Option<Row>, StoreError> {
        let next = self.derived.overlay().visible(feed);
        let mut whole = Piece::default();
        self.pieces(&RowId::new(view_key, feed), next, &mut |piece| whole.absorb(piece))?;
        let row = whole.into_row(next);
        Ok((row != Row::default()).then_some(row))
    }

    /// Calls `each` with the pieces of a row, as of the entries before `next` and maybe with later ones, and holds
    /// one at a time.
    pub(super) fn pieces(
        &mut self,
        id: &RowId,
        next: Seq,
        each: &mut dyn FnMut(&Piece),
    ) -> Result<(), StoreError> {
        // The overlay first: what leaves it is on pages before. A page that is kept from before may not have it.
        let (newer, as_of) = {
            let overlay = self.derived.overlay();
            (overlay.row(id), (overlay.era, overlay.written))
        };
        let tree = self.derived.tree();
        let mut place = page_key(id, None);
        let row = page_row(id);
        while let Some(loaded) = self.load(&tree, &place, as_of)? {
            let mut piece = Piece::default();
            loaded.read(id, next, &mut piece)?;
            if !piece.is_empty() {
                each(&piece);
            }
            match &loaded.end {
                Some(end) if end.starts_with(&row) => place = end.to_vec(),
                Some(_) | None => break,
            }
        }
        if let Some(newer) = newer {
            each(&newer);
        }
        Ok(())
    }

    fn load(
        &mut self,
        tree: &sled::Tree,
        place: &[u8],
        as_of: (u64, u64),
    ) -> Result<Option<&mut Loaded>, StoreError> {
        let holds = self.loaded.as_ref().is_some_and(|loaded| {
            loaded.as_of == as_of
                && loaded.first.as_ref() <= place
                && loaded.end.as_deref().is_none_or(|end| place < end)
        });
        if !holds {
            self.loaded = match packed::at(tree, place.to_vec())? {
                Some((first, value)) => {
                    let mut page = packed::open(&value)?;
                    let end = packed::after(tree, &first)?.map(|(end, _)| end);
                    let on_row = page.advance()?;
                    Some(Loaded { first, end, page, on_row, asked: None, as_of })
                }
                None => None,
            };
        }
        Ok(self.loaded.as_mut())
    }
}

impl Loaded {
    /// Reads what is here of a row. The page stands behind the row that was asked before.
    fn read(&mut self, id: &RowId, next: Seq, into: &mut Piece) -> Result<(), PageError> {
        if self.asked.as_ref().is_some_and(|asked| id <= asked) {
            self.page.rewind();
            self.on_row = self.page.advance()?;
        }
        self.asked = Some(id.clone());
        while self.on_row {
            match (self.page.key(), self.page.feed()).cmp(&(&*id.key, id.feed)) {
                Ordering::Less => {}
                Ordering::Equal => self.page.read(next, into)?,
                Ordering::Greater => break,
            }
            self.on_row = self.page.advance()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
