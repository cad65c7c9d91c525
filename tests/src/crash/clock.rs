//! The time of a crash world: the wall clock, and ahead of it by what its lives would have waited for the dead.
//!
//! A life that begins while the requests of the one before may still take effect has to wait until they cannot. Here the
//! parent sees to it that they are over, and time leaps, for the child and for the platforms alike.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use stanch_engine::{Clock, WallClock};
use stanch_integrations::twin::TwinClock;

/// How long a platform may take to answer.
pub(crate) const CALL: Duration = Duration::from_secs(5);

/// How long after that a request may still take effect.
pub(crate) const SETTLE: Duration = Duration::from_millis(100);

/// The clock of one world.
#[derive(Default)]
pub(crate) struct Ahead {
    by_ms: AtomicI64,
    ticks: stanch_integrations::twin::WallClock,
}

impl Ahead {
    /// So far ahead of the wall clock.
    pub(crate) fn by(ms: i64) -> Self {
        Self { by_ms: AtomicI64::new(ms), ..Self::default() }
    }

    /// How far it is ahead, in milliseconds.
    pub(crate) fn ms(&self) -> i64 {
        self.by_ms.load(Ordering::SeqCst)
    }

    /// A life is over: the next one begins when nothing of it can happen any more.
    pub(crate) fn leap(&self) {
        let by = i64::try_from((CALL + SETTLE).as_millis()).unwrap_or(0);
        self.by_ms.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for Ahead {
    fn now_ms(&self) -> i64 {
        WallClock.now_ms() + self.ms()
    }

    fn until(&self, due_ms: i64) -> Duration {
        WallClock.until(due_ms - self.ms())
    }
}

impl TwinClock for Ahead {
    fn now(&self) -> jiff::Timestamp {
        self.ticks.now() + jiff::SignedDuration::from_millis(self.ms())
    }

    fn monotonic(&self) -> Duration {
        self.ticks.monotonic()
    }
}
