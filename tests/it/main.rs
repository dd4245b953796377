//! Tests of the rooms together.

mod simulation;
