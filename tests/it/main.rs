//! Tests of the rooms together.

mod agreements;
mod attacker;
mod bundles;
mod daemons;
mod damage;
mod faults;
mod federation;
mod leak;
mod ledger;
mod protection;
mod readme;
mod simulation;
mod story;
mod world;
