//! Forks: the proof that a publisher signed two entries for one place is kept in the house feed for ever.

use serde_json::json;

use super::daemon::the_node;
use super::engine::{Engine, NodeError};
use crate::feed::{FeedId, Fork};

impl Engine {
    /// Keeps the proof of a fork, once for each feed.
    pub(super) fn record_fork(&mut self, fork: &Fork) -> Result<(), NodeError> {
        if self.house.fork(&fork.feed()).is_some() {
            return Ok(());
        }
        if fork.feed().publisher == self.us() {
            self.freeze(fork.feed());
        }
        let (one, other) = fork.headers();
        let details = json!({
            "publisher": fork.feed().publisher.to_hex(),
            "agreement": fork.feed().agreement.to_hex(),
            "seq": fork.seq().0,
            "one": to_hex(&one.to_bytes()),
            "other": to_hex(&other.to_bytes()),
        });
        self.done("fork", &the_node(), details, Vec::new()).map(|_| ())
    }

    /// Stops appending to an own feed of which a partner holds more than we do.
    pub(super) fn freeze(&mut self, feed: FeedId) {
        self.frozen.insert(feed);
    }
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads hexadecimal digits.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
