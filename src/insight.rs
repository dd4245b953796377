//! Pure analysis over views: what the figures of two governments say about one corridor, and
//! what many say about one crisis.
//!
//! What goes in: plain series of values that a view holds. What comes out: numbers, computed exactly and rounded
//! once, at the end. What this room never does: ask the time, read a store, decide who may see a result.
//!
//! Start reading at [`mirror::compare`] and [`crisis::picture`].

pub mod crisis;
pub mod mirror;

pub use mirror::{Mirror, Pair, Summary};
