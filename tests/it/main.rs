//! Tests of the rooms together.

mod agreements;
mod bundles;
mod crash;
mod daemons;
mod damage;
mod federation;
mod leak;
mod protection;
mod readme;
mod simulation;
mod world;
