//! Charts and maps as SVG: pure functions from plain values to markup, with no knowledge of requests or records.
//!
//! | function | draws |
//! |---|---|
//! | [`map()`] | countries, one chosen, classes of value, flows between them; the world or a region |
//! | [`lines()`] | up to six series over years, gaps shown as gaps |
//! | [`bars()`] | amounts by name, the largest first |
//! | [`columns()`] | counts by day, kinds beside each other |
//! | [`spark()`] | a series in the size of a word |
//! | [`heat()`] | origins by destinations, in classes |
//!
//! All words come in already translated, and numbers are written by a function that is handed in. What comes in may
//! be hostile: text is escaped, characters that XML forbids and marks that turn the direction of text are dropped
//! (`element.rs`), values that are not finite count as missing. Nothing here needs a script or a style attribute:
//! colours are presentation attributes, and `config/portal/picture.css` refines them by class for dark screens, print and
//! telephones.
//! No meaning is carried by colour alone.

mod bars;
mod columns;
mod element;
mod geo;
mod heat;
mod legend;
mod lines;
mod map;
mod outline;
mod palette;
mod project;
mod scale;
mod sheets;
mod spark;
#[cfg(test)]
mod tests;

pub(crate) use bars::{Bar, Bars, bars};
pub(crate) use columns::{Columns, Day, MAX_DAYS, columns};
pub(crate) use element::Caption;
pub(crate) use heat::{Cell, Heat, HeatCell, heat};
pub(crate) use legend::Key;
pub(crate) use lines::{Lines, Point, Series, lines};
pub(crate) use map::{Area, Flow, Map, Shade, View, map};
pub(crate) use palette::STYLE;
pub(crate) use scale::{CLASSES, Classes};
pub(crate) use spark::{Spark, spark};

/// Makes what all maps share, so that the first reader of one does not wait for it. It takes a moment, and blocks.
pub(crate) fn warm() {
    let _world = sheets::whole();
}

#[cfg(test)]
pub(crate) fn is_warm() -> bool {
    sheets::is_warm()
}

/// Writes a number as the reader's language has it.
pub(crate) type Number<'a> = &'a dyn Fn(f64) -> String;
