//! How often something costly may be asked for, by everybody together.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A bucket that holds so many questions and is filled again one by one.
#[derive(Debug)]
pub(in crate::api::http) struct Bucket {
    every: Duration,
    /// How far ahead of its rate it may run.
    ahead: Duration,
    full_at: Mutex<Option<Instant>>,
}

impl Bucket {
    /// One question in each interval, and up to `burst` at once.
    pub(in crate::api::http) fn new(every: Duration, burst: u32) -> Self {
        Self { every, ahead: every.saturating_mul(burst), full_at: Mutex::new(None) }
    }

    /// Whether one more may be asked now; it counts then.
    pub(in crate::api::http) fn take(&self, now: Instant) -> bool {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let next = full_at.map_or(now, |at| at.max(now)) + self.every;
        let is_free = next.saturating_duration_since(now) <= self.ahead;
        if is_free {
            *full_at = Some(next);
        }
        is_free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::clock::stopwatch;

    #[test]
    fn a_burst_is_free_and_then_one_in_each_interval() {
        let (bucket, now) = (Bucket::new(Duration::from_secs(1), 3), stopwatch());
        let taken = |after: u64| bucket.take(now + Duration::from_secs(after));
        assert_eq!([taken(0), taken(0), taken(0), taken(0)], [true, true, true, false]);
        assert_eq!([taken(1), taken(1)], [true, false]);
        assert_eq!([taken(100), taken(100), taken(100), taken(100)], [true, true, true, false]);
    }
}
