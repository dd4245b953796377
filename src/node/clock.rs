//! The node's clock: the only place where the time of day is read.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::Millis;

/// Now, in UTC milliseconds.
#[expect(clippy::disallowed_methods, reason = "the node owns the clock; this is the one place that reads it")]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A point in time for measuring how long something takes.
#[expect(clippy::disallowed_methods, reason = "measuring needs a clock that never goes back")]
pub fn stopwatch() -> Instant {
    Instant::now()
}
