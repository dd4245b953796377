//! Tests of the rooms together.

mod agreements;
mod attacker;
mod crash;
mod daemons;
mod damage;
mod federation;
mod protection;
mod readme;
mod simulation;
mod story;
mod world;
