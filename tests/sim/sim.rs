//! A simulator of whole federations: the real machine, the real keys and entries, a virtual clock and network.
//!
//! A seed is a run: how many nodes, who may read what and from when, when each publishes, crashes, is cut off, loses its
//! disk and comes back with an old backup, changes its keys, removes a partner, how wrong its clock is, whether one lies
//! and one forks. Every output of every node is checked when it is made, and the whole at the end.
//!
//! | file | holds |
//! |---|---|
//! | `cast` | governments, keys, cards, agreements, entries |
//! | `world` | the clock and the queue |
//! | `node` | what a node does around its machine |
//! | `trouble` | what goes wrong |
//! | `link`, `disk` | connections that break, and disks that forget what was not synced |
//! | `courier` | who carries what it cannot read, between parties that never meet |
//! | `liar` | a partner with bad manners |
//! | `check`, `run` | what must hold at each step, and at the end |
//!
//! A node of another kind is told what it may have in `World::regrant_all`, appends in `World::check_append`, and is
//! among the readers of a feed in `run::readers`.

mod cast;
mod check;
mod courier;
mod disk;
mod liar;
mod link;
mod node;
pub(crate) mod random;
pub(crate) mod run;
mod trouble;
mod world;
