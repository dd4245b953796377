//! A simulator of whole federations: the real machine, the real keys and entries, a virtual clock and network.
//!
//! A seed is a run: how many nodes, who may read what, when each publishes, crashes and is cut off, whether one
//! lies and one forks. Every output of every node is checked when it is made, and the whole at the end.

mod cast;
mod check;
mod disk;
mod liar;
mod link;
pub(crate) mod random;
pub(crate) mod run;
mod world;
