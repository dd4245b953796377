//! When to try a peer again: exponential back-off with full jitter, reset by health.
//!
//! Pure: time and chance come in. Full jitter after "Exponential Backoff And Jitter" (M. Brooker, AWS
//! Architecture Blog, 2015): a hundred partners that lost the same line do not come back in the same second.

use std::time::{Duration, Instant};

/// The pause between attempts to have a session with one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    /// Failures since the last healthy session.
    failures: u32,
    /// Not before this moment; `None`: now.
    due: Option<Instant>,
}

impl Backoff {
    /// A peer never tried: due at once.
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self { min, max: max.max(min), failures: 0, due: None }
    }

    /// Whether an attempt may be made now.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.due.is_none_or(|due| due <= now)
    }

    /// An attempt failed. A second report of the same failure, while the pause runs, changes nothing.
    pub(crate) fn failed(&mut self, now: Instant, random: u64) {
        if !self.is_due(now) {
            return;
        }
        self.failures = self.failures.saturating_add(1);
        self.due = now.checked_add(self.pause(random));
    }

    /// A session ended after `lived`. A healthy one wipes the failures out, so the next pause is a short one.
    pub(crate) fn ended(&mut self, lived: Duration, now: Instant, random: u64) {
        if lived >= HEALTHY {
            self.failures = 0;
        }
        self.due = None;
        self.failed(now, random);
    }

    /// Contact from outside, or a person's wish: due at once. Failures stay, so a peer that comes and fails in
    /// a circle still slows down.
    pub(crate) fn hurry(&mut self) {
        self.due = None;
    }

    /// Between `min` and `min · 2^failures`, at most `max`.
    fn pause(&self, random: u64) -> Duration {
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        let ceiling = self.min.saturating_mul(factor).min(self.max);
        let spread = ceiling.saturating_sub(self.min).as_millis();
        let jitter = spread.saturating_mul(u128::from(random)) / u128::from(u64::MAX);
        self.min + Duration::from_millis(u64::try_from(jitter).unwrap_or(u64::MAX))
    }
}

/// A session that lived this long was healthy: what ended it is not a reason to stay away.
pub(crate) const HEALTHY: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::clock::now;

    const MIN: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(300);

    /// The longest pauses of a peer that fails `times` times in a row, each attempt made when due.
    fn pauses(times: usize, random: u64) -> Vec<u64> {
        let (mut backoff, mut at) = (Backoff::new(MIN, MAX), now());
        let mut seen = Vec::new();
        for _ in 0..times {
            backoff.failed(at, random);
            let due = backoff.due.expect("a failure sets a pause");
            seen.push((due - at).as_secs());
            at = due;
        }
        seen
    }

    #[test]
    fn ceiling_doubles_up_to_the_longest_pause_and_stays_there() {
        assert_eq!(pauses(10, u64::MAX), [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn jitter_reaches_down_to_the_shortest_pause() {
        assert_eq!(pauses(5, 0), [1, 1, 1, 1, 1]);
    }

    #[test]
    fn never_gives_up_and_never_overflows() {
        assert!(pauses(1_000, u64::MAX).iter().all(|&pause| pause <= 300));
    }

    #[test]
    fn one_failure_reported_twice_counts_once() {
        let (mut backoff, at) = (Backoff::new(MIN, MAX), now());
        backoff.failed(at, 7);
        let once = backoff.clone();
        backoff.failed(at, u64::MAX);
        assert_eq!(backoff, once);
    }

    #[test]
    fn healthy_session_resets_and_a_short_one_does_not() {
        let (mut backoff, at) = (Backoff::new(MIN, MAX), now());
        backoff.ended(Duration::from_secs(1), at, 0);
        backoff.ended(Duration::from_secs(1), at, 0);
        assert_eq!(backoff.failures, 2);
        backoff.ended(HEALTHY, at, u64::MAX);
        assert_eq!(backoff.failures, 1);
        assert!(backoff.is_due(at + 2 * MIN));
    }

    #[test]
    fn hurry_is_due_at_once_and_keeps_the_count() {
        let (mut backoff, at) = (Backoff::new(MIN, MAX), now());
        backoff.failed(at, u64::MAX);
        assert!(!backoff.is_due(at));
        backoff.hurry();
        assert!(backoff.is_due(at));
        assert_eq!(backoff.failures, 1);
    }
}
