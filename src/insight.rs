//! Pure analysis over views: what the figures of governments say together.
//!
//! What goes in: series as a view holds them, and the time where it matters. What comes out: numbers, computed exactly
//! and rounded once, at the end. What this room never does: ask the time, read a store, decide who may see a result,
//! make up a value that nobody stated.
//!
//! | room | answers |
//! |---|---|
//! | [`mirror`] | the same movement as its two ends count it; where they lie furthest apart; what is known of why |
//! | [`region`] | what the members of an agreement say together; who is missing; a digest that members compare |
//! | [`quality`] | how good, how early and how complete a publisher's figures are |
//! | [`labour`] | posts of the destination beside workers of the origin |
//! | [`diaspora`] | citizens on consular registers beside citizens that hosts count |
//! | [`crisis`] | what many say about one crisis: known, present, crossed, home, and who is unaccounted for |
//! | [`exact`] | sums and shares that are exact or not given |
//!
//! Start reading at [`mirror::compare`] and [`region::Builder`].

pub mod crisis;
pub mod exact;
pub mod mirror;
pub mod region;
pub mod quality;
pub mod labour;
pub mod diaspora;

pub use mirror::{Mirror, Pair, Summary};

#[cfg(test)]
mod testing;
