//! The one place that reads the clock.

use std::time::{Duration, Instant, SystemTime};

/// Now.
#[expect(clippy::disallowed_methods, reason = "measuring time is what this program is for")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Seconds since midnight in UTC, to be compared with the times in a log.
#[expect(clippy::disallowed_methods, reason = "measuring time is what this program is for")]
pub(crate) fn time_of_day() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64() % 86_400.0
}

/// Runs something and says how long it took.
pub(crate) fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let start = now();
    let out = what();
    (out, start.elapsed())
}
