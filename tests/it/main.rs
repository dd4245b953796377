//! Tests of the rooms together.

mod agreements;
mod api;
mod attacker;
mod bundles;
mod columns;
mod couriers;
mod daemons;
mod damage;
mod faults;
mod federation;
mod fuzz;
mod imports;
mod insight;
mod keys;
mod leak;
mod ledger;
mod portal;
mod protection;
mod quiet;
mod readme;
mod recovery;
mod sdmx;
mod simulation;
mod standby;
mod story;
mod world;
