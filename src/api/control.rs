//! The control socket: how the command line reaches the daemon of its directory.
//!
//! A conversation is requests and answers in turn, over a Unix socket that only the daemon's user can open:
//!
//! ```text
//!  client                                     daemon
//!  length, {"request": {…}, "payload": N} ──▶
//!  N bytes ─────────────────────────────────▶
//!                                         ◀── length, {"row": …}      any number of times
//!                                         ◀── length, {"end": value or null}
//!                                     or  ◀── length, {"error": {"code", "message"}}
//! ```
//!
//! A client need not wait for an answer before its next request: answers come in the order of requests, and what
//! waits together is made durable together. Lengths are 32 bits, little-endian. A large payload is read by the node while it comes, no faster than it can be
//! checked, and one at a time; what comes of it is decided when its last byte is there. Long answers stream: the node makes rows no faster than the client reads.
//! Start reading at [`serve`] and [`Client`].

mod client;
mod frame;
mod server;
mod socket;
#[cfg(test)]
mod tests;

pub use client::{Client, ClientError, Payload};
pub use frame::Fault;
pub use server::serve;

/// Longest request in bytes, without its payload.
pub const MAX_REQUEST: u32 = 1 << 20;

/// Longest payload in bytes: the file of a submission.
pub const MAX_PAYLOAD: u64 = 4 << 30;

/// Longest frame of an answer in bytes: one row, or one whole value.
pub const MAX_ANSWER: u32 = 64 << 20;

/// Clients that are connected at one time; one more is told to come again.
pub const MAX_CLIENTS: usize = 32;
