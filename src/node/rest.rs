//! The loop's rest while a crisis lane is open: as long as what can wait has kept it busy, it leaves alone what can wait.
//!
//! A loop that has figures of years to take in keeps a processor and the disk in use, and so do the partners that send
//! them. A bulletin overtakes them in every queue, but then finds both in use. Rests leave it half of either; what can
//! wait takes twice as long for it.

use tokio::time::{Duration, Instant, sleep_until};

/// Work that is worth a rest: timers count milliseconds.
const WORTH: Duration = Duration::from_millis(1);
/// The longest rest: a turn may have waited for a disk, and what can wait is not to wait for ever.
const LONGEST: Duration = Duration::from_millis(20);

/// How long the loop has worked since its last rest, and until when that is.
#[derive(Debug, Default)]
pub(super) struct Rest {
    worked: Duration,
    until: Option<Instant>,
}

impl Rest {
    /// Whether what can wait may be handled.
    pub(super) fn is_over(&self) -> bool {
        self.until.is_none_or(|until| until <= Instant::now())
    }

    /// Waits for that.
    pub(super) async fn over(&self) {
        if let Some(until) = self.until {
            sleep_until(until).await;
        }
    }

    /// What can wait has been worked at since then.
    pub(super) fn worked(&mut self, begun: Instant) {
        self.worked += begun.elapsed();
        if self.worked >= WORTH {
            self.until = Some(Instant::now() + self.worked.min(LONGEST));
            self.worked = Duration::ZERO;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_followed_by_a_rest_that_ends() {
        let mut rest = Rest::default();
        assert!(rest.is_over(), "nothing has been done");
        rest.over().await;
        rest.worked(Instant::now() - WORTH / 4);
        assert!(rest.is_over(), "little has been done");
        let begun = Instant::now();
        rest.worked(begun - Duration::from_secs(3600));
        assert!(!rest.is_over());
        assert!(
            rest.until.is_some_and(|until| until <= Instant::now() + LONGEST),
            "work of an hour is no rest of one"
        );
        rest.over().await;
        assert!(rest.is_over());
        assert!(begun.elapsed() >= LONGEST, "it was a rest");
        assert_eq!(rest.worked, Duration::ZERO);
    }
}
