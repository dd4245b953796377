//! Wiring: owns the store, the replication machine, the network's handle and the clock.
//!
//! ```text
//!   corridor CLI ──┐                                   ┌──▶ store (append, one fsync a batch)
//!   HTTP ──────────┼─ Request ─▶ one loop, one thread ─┼──▶ sync (handle(input, now) -> outputs)
//!   net ── frames ─┘   closed enum of events           └──▶ net (send, close)
//! ```
//!
//! Three ways in. [`Engine`] is a node's directory opened: it answers a [`Request`] and changes the store, with or
//! without a network. [`Core`] sets the exchange with partners beside it: it handles events, commits once, and only
//! then acknowledges, announces and sends. [`daemon`] puts one loop around that, which takes all events that wait.
//! So a hundred releases of a burst share one fsync, and one release alone waits for nobody.
//!
//! What was decided by people (partners, agreements, submissions, acts) is written into the house feed and folded
//! back from it by [`house`]; there is no other place for it.
//!
//! Nothing leaves but through [`release`], which asks `policy` for every series and `protect` for the form in which
//! it may go. A failed write stops the node.
//! Start reading at [`request`], then [`engine`], then [`core`](mod@core), then [`daemon`].

pub mod clock;
pub mod request;
pub mod payload;
pub mod home;
pub mod house;
pub mod engine;
pub mod prepared;
mod acts;
mod courier;
mod embargo;
pub mod sealing;
mod cards;
mod key_warnings;
pub mod mandates;
mod standby;
pub mod tokens;
pub mod sign_in;
pub mod site;
mod review;
pub mod partners;
pub mod agreements;
mod erasure;
pub mod crisis;
mod spool;
mod bundle;
pub mod submissions;
mod merge;
mod levels;
mod outcome;
mod truth;
mod plan;
mod protection;
pub mod release;
pub mod rows;
pub mod answers;
pub mod reader;
pub mod insight;
pub mod editions;
pub mod changes;
pub mod export;
pub mod series;
#[cfg(feature = "parquet")]
pub mod columnar;
pub mod evidence;
pub mod forks;
mod fault_kind;
mod node_state;
pub mod faults;
mod recovery;
mod rest;
pub mod restore;
mod health;
pub mod metrics;
mod exchange;
mod inbox;
pub mod notify;
pub mod core;
pub mod daemon;

pub use self::core::Core;
pub use acts::ActName;
pub use daemon::{Daemon, NodeHandle, Pending};
pub use engine::{Answer, Engine, NodeError, Options};
pub use fault_kind::FaultKind;
pub use home::Home;
pub use insight::InsightRequest;
pub use mandates::{KeyState, NextKey};
pub use node_state::NodeState;
pub use payload::Payload;
pub use reader::{FeedHead, Group, PublisherName, Reader, Scope};
pub use request::{Caller, CardAct, GetRequest, RegionSign, Request};
pub use sealing::SealingTerms;
pub use sign_in::SignInRequest;
pub use standby::Role;
