//! Statistical disclosure control: in what form figures leave for one audience.
//!
//! A count of three is three people, and whoever knows the corridor knows them. Here are the rules that say which
//! figures are unsafe by themselves: [`rule`] for small counts and rates, [`primary`] for totals of few contributors;
//! and [`RoundingKey`], which rounds the others alike wherever they stand.

pub mod primary;
mod rounding;
pub mod rule;

pub use rounding::RoundingKey;
