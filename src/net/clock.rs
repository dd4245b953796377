//! The two things this room asks of the machine: time and chance.

use std::time::Instant;

/// The present moment of the monotonic clock.
#[expect(
    clippy::disallowed_methods,
    reason = "timeouts and back-off of sockets follow the machine's own clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A random number for jitter. Without a working source the middle is taken: jitter is a courtesy to the
/// network, not a secret.
pub(crate) fn random() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX / 2)
}
