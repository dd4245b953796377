//! Derived state folded from entries: current values, values as of a past moment, every revision.
//!
//! A view holds nothing of its own. It can be deleted and folded again from the feeds, and folding an entry a
//! second time changes nothing. What goes in: an entry's place and time with its records. What comes out:
//! [`SeriesView`]s with all versions of their observations, of which [`Moment`] selects.
//!
//! A series of a feed is a [`Row`]. Rows lie on [`page::Page`]s in the order of
//! [`crate::model::SeriesKey::view_order_key`] (indicator, area, counterpart, the rest), so that a series' whole
//! history, or all partners' view of one corridor, is one read; what came last is in memory, as [`row::Piece`]s of
//! the same rows. This room does not store pages; `store` does.

pub mod row;
pub mod page;
pub mod query;

pub use page::{Page, PageError, PageWriter, Written};
pub use query::{Look, Moment, Query, SeriesView};
pub use row::{EntryRef, Piece, Row, RowId, State, Version};
