//! Derived state folded from entries: current values, values as of a past moment, every revision.
//!
//! A view holds nothing of its own. It can be deleted and folded again from the feeds, and folding an entry a
//! second time changes nothing. What goes in: an entry's place and time with its records. What comes out:
//! [`SeriesView`]s with all versions of their observations, of which [`Moment`] selects.
//!
//! Series lie in [`page::Page`]s in the order of [`crate::model::SeriesKey::view_order_key`] (indicator, area,
//! counterpart, the rest), so that a series' whole history, or all partners' view of one corridor, is one read.
//! This room does not store pages; `store` does.

pub mod page;
pub mod query;

pub use page::{EntryRef, Page, PageError, Row, State, Version};
pub use query::{Moment, Query, SeriesView};
