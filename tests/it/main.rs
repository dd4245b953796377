//! Tests of the rooms together.

mod readme;
mod simulation;
