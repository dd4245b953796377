//! Tests of the rooms together.

mod agreements;
mod attacker;
mod bundles;
mod crash;
mod daemons;
mod damage;
mod federation;
mod leak;
mod protection;
mod readme;
mod recovery;
mod simulation;
mod story;
mod world;
