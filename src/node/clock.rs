//! The node's clock: the only place where the time of day is read.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::model::Millis;

/// What a node goes by: the computer's clock, or in a simulation the one of its world. Clones go alike.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Millis + Send + Sync>);

impl Clock {
    /// The computer's clock.
    pub fn system() -> Self {
        Self::of(now)
    }

    /// A clock that shows what this function returns; it must never go back.
    pub fn of(time: impl Fn() -> Millis + Send + Sync + 'static) -> Self {
        Self(Arc::new(time))
    }

    /// Now, in UTC milliseconds.
    pub fn now(&self) -> Millis {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// Now by the computer's clock, in UTC milliseconds.
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
