//! The clock that the twins live by: a scenario's clock in a drill, the wall clock otherwise.

use std::time::{Duration, Instant};

use jiff::{Timestamp, ToSpan as _};
use parking_lot::Mutex;

/// Time as the simulated platforms see it.
pub trait TwinClock: Send + Sync {
    /// The date and time: token life, event times, rate reset headers.
    fn now(&self) -> Timestamp;

    /// Time that never goes back, from any fixed start: rate limits are counted in it.
    fn monotonic(&self) -> Duration;
}

/// The machine's own clock.
#[derive(Debug)]
pub struct WallClock {
    start: Instant,
}

impl Default for WallClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl TwinClock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that stands still until it is told to go on: tests, and scenarios that jump.
#[derive(Debug)]
pub struct ManualClock {
    start: Timestamp,
    passed: Mutex<Duration>,
}

impl ManualClock {
    /// Stands at this time.
    pub fn at(start: Timestamp) -> Self {
        Self { start, passed: Mutex::new(Duration::ZERO) }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        *self.passed.lock() += by;
    }
}

impl TwinClock for ManualClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.passed.lock().as_millis()).unwrap_or(i64::MAX);
        self.start.checked_add(passed.milliseconds()).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        *self.passed.lock()
    }
}
