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
//! A node that was restored from an old backup recovers as the daemon does: its own feeds are taken back from partners, and
//! it signs nothing in a feed before the machine has settled it, or again after it was doubted. Its operator moreover waits
//! until everybody who may read the feed has told all that it holds: to be settled by one partner is not to be told by all,
//! and what only another one holds would be signed a second time.
//!
//! What is known not to hold, and is counted: a partner can keep a restored node's feed in recovery with its bare word that
//! it holds more, as the liar does, and so can an entry of which a partner has seen the signed header and nobody holds the
//! whole. The operator would override that; nobody here does. And a restored publisher can fork a feed that is not public
//! by signing its first entry again, if partners hold no more of that than its header, and it has announced nothing under
//! that agreement: they do not ask for what it may not have opened to them.
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
