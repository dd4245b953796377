//! What can be set, and the limits that cannot.

use super::message::Versions;

/// The protocol versions that this code speaks.
pub const VERSIONS: Versions = Versions { min: 1, max: 1 };
/// The most bytes of frames in one Data message: the longest frame fits, and the message stays below 64 KiB.
pub const MAX_DATA: u32 = (64 << 10) - 256;
/// The most heads in one Have message, which then stays below 64 KiB.
pub const MAX_HEADS_PER_MESSAGE: usize = 600;
/// After so many bytes of frames credit is granted again: half a block.
pub(super) const PROMPT: u32 = MAX_DATA / 2;
/// The smallest window, in bytes. Credit is granted again by quarters, so a sender that waits for room for a
/// whole message never waits for ever.
pub const MIN_WINDOW: u32 = 2 * MAX_DATA;
/// The largest window, in bytes: so much can wait in the memory of a node whose partner reads slowly.
pub const MAX_WINDOW: u32 = 64 << 20;
/// How many headers may be asked of one session at a time to settle whether a feed is forked.
pub const MAX_DISPUTES: usize = 64;
/// How much of our work a partner's messages may ask for at once, in units of about a microsecond: enough for lists of
/// as many feeds as there may be, each asked for again.
pub(super) const MAX_ALLOWANCE: u64 = 200_000;
/// And how much in the long run: a tenth of one processor.
pub(super) const ALLOWANCE_PER_MILLISECOND: u64 = 100;

/// Settings of replication. Times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How often a session is asked whether it still lives.
    pub heartbeat: i64,
    /// After how many unanswered questions it is closed.
    pub misses: u32,
    /// How many bytes of frames a partner may send ahead of our handling them; between [`MIN_WINDOW`] and
    /// [`MAX_WINDOW`].
    pub window: u32,
    /// How long an opened session may take to say Hello.
    pub hello_timeout: i64,
    /// Entries dated further ahead than this are held until they are due.
    pub future_tolerance: i64,
    /// How long the session that a feed is pulled from may deliver nothing while another one has announced more.
    pub stall_after: i64,
    /// How many feeds one partner may announce or ask for, and how many this node follows.
    pub max_feeds: usize,
    /// How many sessions there may be at once.
    pub max_sessions: usize,
    /// How many messages that need an answer (Ping, Show) a partner may send in one heartbeat interval.
    pub max_questions: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            heartbeat: 15_000,
            misses: 3,
            window: 1 << 20,
            hello_timeout: 30_000,
            future_tolerance: 600_000,
            stall_after: 10_000,
            max_feeds: 10_000,
            max_sessions: 1_024,
            max_questions: 256,
        }
    }
}
