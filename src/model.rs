//! The field's words as values that cannot be built wrong.
//!
//! A value of one of these types was checked when it was made: its codes are in their lists, its calendar
//! exists, its number is exact. So the rooms above never ask again whether a key or a period is any good.
//!
//! What goes in: text and numbers from files, from the wire, from people. What comes out: a value, or a
//! [`ModelError`] that names the dimension, the value and what to do. Parsers meet hostile bytes and never
//! panic.
//!
//! What this room never does: read files, ask the time, know how a value is written on disk or on the wire.
//! The code lists and the catalogue come from `config/` and are compiled in.
//!
//! Start reading at [`SeriesKey`] (what is measured), [`Observation`] (what was found) and [`Record`] (what a
//! publisher says). [`catalogue`] explains the indicators, [`codelist`] holds all lists.

pub mod attribute;
pub mod catalogue;
pub mod codelist;
pub mod decimal;
pub mod dimension;
pub mod document;
pub mod error;
pub mod indicator;
pub mod nearest;
pub mod observation;
pub mod pattern;
pub mod period;
pub mod personal;
pub mod record;
pub mod series_key;
pub mod status;
pub(crate) mod text;
pub mod time;

pub use attribute::{Attachment, AttributeId, Attributes};
pub use decimal::Decimal;
pub use dimension::Dimension;
pub use document::{Document, DocumentKind, DocumentLabel};
pub use error::ModelError;
pub use indicator::IndicatorCode;
pub use nearest::Known;
pub use observation::{Flags, Observation};
pub use pattern::SeriesPattern;
pub use period::{Period, PeriodKind, PeriodText};
pub use record::{Receipt, Record, RecordKey, Retraction, Series};
pub use series_key::SeriesKey;
pub use status::{ConfStatus, ObsStatus};
pub use time::Millis;
