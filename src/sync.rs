//! Replication as a state machine: no clock, randomness, socket or disk.
//!
//! ```text
//!        Input + now ──▶ Replica::handle ──▶ Vec<Output>
//!
//!   Opened, Closed, Received      net      Send, Close
//!   Stored, Abandoned, Reset,    store     Append, Read, ReadHeader,
//!   Read, HeaderRead, LatestRead           ReadLatest
//!   Granted, Carries, Seated,    node      Fork, Resolution, Latest, Event
//!   Cards, Recover, Urgent, Tick
//!
//!   two replicas:  Hello ⇄ Hello,  Digest ⇄ Digest,  unless these are equal Have ⇄ Have,
//!                  then for each feed that one lacks
//!
//!        A ── Want{feed, from} ─────────────────────▶ B
//!        A ◀─ Latest{feed, seq, frames} ────────────── B   the newest of an urgent feed, ahead of its history
//!        A ◀─ Data{feed, from, frames} ─ Data ─ … ──── B   as far as A's credit goes, and on and on:
//!        A ── Credit{bytes} ────────────────────────▶ B   a new entry is pushed when it is durable at B
//! ```
//!
//! What goes in: what the node has heard, read or made durable, each with the time. What comes out: messages to
//! send, verified frames to append, reads to make, and news. Both are plain values, so a run can be printed,
//! compared and replayed.
//!
//! The rules, each in its file:
//!
//! - [`choice`]: a feed is pulled from one session at a time; which one is a pure function of a table.
//! - `pull`: what comes is checked frame by frame ([`crate::feed::Assembler`]) before it is appended; an entry
//!   dated in the future is held; what nobody asked for is a fault.
//! - `serve`: a session hears of and gets what its agreements open to it and nothing else, whatever it asks for;
//!   only entries that are durable here are announced or served.
//! - What is urgent (the node says under which agreements) goes before all else at the next block, and `pace` sees to it
//!   that no more than that block lies before it.
//! - `ahead`: of an urgent feed that is far behind the newest entry goes first, whole and verified alone. It is shown and
//!   never appended: what lies before it follows, and then it comes again in its place.
//! - A courier of an agreement is told of what is sealed for it, that is our own feed, and gives us what it carries; where
//!   we are one ourselves ([`Seating`]), sealed content is all that we take, and all that we have to give.
//! - `forks`: two signed headers for one place freeze the feed, and the proof goes to all who may read it; so does the
//!   publisher's resolution, which thaws it.
//! - `own`: a feed of our own that may lack what we have signed is pulled from those who hold it, until one of them has
//!   shown all that it holds.
//!
//! It never decides who may read what (the node says so with each session), never names a partner's faults to
//! others, never keeps content. Start reading at [`Replica`], then `replica/pull.rs` and `replica/serve.rs`.

pub mod choice;
mod config;
mod fault;
mod io;
mod message;
mod replica;

pub use config::{Config, MAX_DATA, MAX_DISPUTES, MAX_HEADS_PER_MESSAGE, MAX_WINDOW, MIN_WINDOW, VERSIONS};
pub use fault::Fault;
pub use io::{Event, FeedState, Input, Output, Recovering, Seating, SessionId};
pub use message::{
    ByeReason, FEATURE_DIGEST, FEATURE_LATEST, FEATURE_PROMPT, FEATURE_RESOLUTION, Message, Versions,
    heads_digest,
};
pub use replica::{Replica, SessionStatus};
