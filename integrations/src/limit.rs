//! The pace of one integration, shared by all runs.
//!
//! Turns are slots on a line of time: whoever comes takes the next one and sleeps until it. Sleeping until an instant,
//! not for a while, keeps the long run exact however late a single wake-up is.

mod learn;

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use learn::Learner;

/// No platform keeps us away longer than this; we look again then.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// Who would have to stand longer than this is told when to come back instead.
pub(crate) const LONGEST_STAND: Duration = Duration::from_secs(30);
/// The first pause for a platform that refuses without a time; doubled while it goes on, up to the second.
const UNTOLD: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(64)];
/// One request an hour: slower is a pause.
const SLOWEST: f64 = 1.0 / 3600.0;
/// Slots not used within this time are lost: what a late wake-up may catch up with.
const CATCH_UP: Duration = Duration::from_millis(100);

/// A window's end is told in whole seconds: the last moments of one are not that short.
const SHORTEST_WINDOW: Duration = Duration::from_millis(200);

/// Where a pace comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The catalogue or the configuration.
    Declared,
    /// The platform's headers.
    Headers,
    /// The platform's refusals alone.
    Refusals,
}

/// The right to make one call now. Dropping it frees its slot.
#[derive(Debug)]
pub struct Permit {
    _in_flight: Option<OwnedSemaphorePermit>,
}

impl Permit {
    /// One that holds nothing: for calls that will be refused before they reach anybody.
    pub(crate) fn free() -> Self {
        Self { _in_flight: None }
    }
}

/// A turn, or when to ask again.
#[derive(Debug)]
pub(crate) enum Turn {
    Now(Permit),
    NotBefore(Instant),
}

/// What a platform lets us do, and what of it is used.
#[derive(Debug)]
pub(crate) struct Limiter {
    in_flight: Arc<Semaphore>,
    most: usize,
    line: Mutex<Line>,
}

#[derive(Debug)]
struct Line {
    /// Requests per second; `None` means as fast as they come.
    rate: Option<f64>,
    /// Where the rate comes from.
    source: Source,
    /// The largest budget that the platform told.
    most_remaining: u64,
    /// Slots that may be used at once after a pause; what a late wake-up needs, unless declared.
    burst: Option<f64>,
    /// The next free slot; none was taken yet, where there is none.
    next: Option<Instant>,
    /// The platform said: not before.
    blocked_until: Option<Instant>,
    /// Refusals without a time in a row.
    untold: u32,
    learner: Learner,
}

impl Limiter {
    /// A pace. Without a rate it is learned from the platform's answers.
    pub(crate) fn new(rate: Option<f64>, burst: Option<u32>, in_flight: usize) -> Self {
        let now = Instant::now();
        Self {
            in_flight: Arc::new(Semaphore::new(in_flight)),
            most: in_flight,
            line: Mutex::new(Line {
                rate,
                source: if rate.is_some() { Source::Declared } else { Source::Refusals },
                most_remaining: 0,
                burst: burst.map(f64::from),
                next: None,
                blocked_until: None,
                untold: 0,
                learner: Learner::new(now),
            }),
        }
    }

    /// Calls at one time.
    pub(crate) fn in_flight(&self) -> usize {
        self.most
    }

    /// Requests per second, if known.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.line.lock().rate
    }

    /// Waits for a turn, at most `patience`.
    pub(crate) async fn turn(&self, patience: Duration) -> Turn {
        let deadline = Instant::now() + patience;
        let free = tokio::time::timeout_at(deadline, Arc::clone(&self.in_flight).acquire_owned()).await;
        let permit = match free {
            Ok(Ok(permit)) => Permit { _in_flight: Some(permit) },
            // Closed never happens; a full house asks again in a moment.
            Ok(Err(_)) | Err(_) => return Turn::NotBefore(Instant::now() + Duration::from_millis(100)),
        };
        match self.slot(deadline).await {
            Ok(()) => Turn::Now(permit),
            Err(at) => Turn::NotBefore(at),
        }
    }

    /// Waits for a slot only: the further pages of a call that holds a permit already.
    pub(crate) async fn slot(&self, deadline: Instant) -> Result<(), Instant> {
        loop {
            let at = self.line.lock().take(Instant::now(), deadline)?;
            tokio::time::sleep_until(at).await;
            // While we slept the platform may have said "not before": then this slot is void.
            if !self.line.lock().is_blocked(Instant::now()) {
                return Ok(());
            }
        }
    }

    /// The platform took a request.
    pub(crate) fn accepted(&self) {
        self.line.lock().accepted(Instant::now());
    }

    /// The platform asked for a pause, of a length that it may not have told.
    pub(crate) fn refused(&self, pause: Option<Duration>) -> Instant {
        let mut line = self.line.lock();
        let pause = pause.unwrap_or_else(|| line.backoff());
        line.refused(Instant::now(), pause.min(LONGEST_PAUSE))
    }

    /// The platform told how many requests are left until its window ends.
    pub(crate) fn told(&self, remaining: u64, window: Duration) {
        self.line.lock().told(Instant::now(), remaining, window.min(LONGEST_PAUSE));
    }
}

impl Line {
    /// Takes the next slot, unless it lies beyond the deadline, or the platform keeps us away for long.
    fn take(&mut self, now: Instant, deadline: Instant) -> Result<Instant, Instant> {
        let from = self.blocked_until.filter(|until| *until > now).unwrap_or(now);
        if from.duration_since(now) > LONGEST_STAND {
            return Err(from);
        }
        let Some(rate) = self.rate else {
            return if from > deadline { Err(from) } else { Ok(from) };
        };
        let interval = Duration::from_secs_f64(1.0 / rate.max(SLOWEST));
        let burst = self.burst.unwrap_or((rate * CATCH_UP.as_secs_f64()).max(1.0));
        let saved = interval.mul_f64((burst - 1.0).max(0.0));
        let earliest = from.checked_sub(saved).unwrap_or(from);
        let slot = self.next.map_or(earliest, |next| next.max(earliest));
        let at = slot.max(from);
        if at > deadline {
            return Err(at);
        }
        self.next = Some(slot + interval);
        Ok(at)
    }

    fn is_blocked(&self, now: Instant) -> bool {
        self.blocked_until.is_some_and(|until| until > now)
    }

    /// Twice as long with every refusal in a row, and a little more, so that not everybody comes back at once.
    fn backoff(&mut self) -> Duration {
        let [first, longest] = UNTOLD;
        let pause = first.saturating_mul(1 << self.untold.min(10)).min(longest);
        self.untold = self.untold.saturating_add(1);
        let mut random = [0];
        // Without a random byte everybody comes back at once, which is no harm worth failing for.
        let _none = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random);
        pause.mul_f64(1.0 + f64::from(random[0]) / 1024.0)
    }

    fn accepted(&mut self, now: Instant) {
        self.untold = 0;
        self.learner.accepted();
        if self.source == Source::Refusals
            && let Some(rate) = self.rate
        {
            self.rate = Some(self.learner.faster(rate, now));
        }
    }

    fn refused(&mut self, now: Instant, pause: Duration) -> Instant {
        let until = now + pause;
        if self.is_blocked(now) {
            // One of several that were on their way together: it says nothing new about the pace.
            return self.block(until);
        }
        if let Some(learned) = self.learner.refused(now, self.rate) {
            match self.source {
                Source::Refusals => self.rate = Some(learned),
                // A declared pace that is refused was too fast all the same.
                Source::Declared => self.rate = self.rate.map(|rate| rate.min(learned)),
                Source::Headers => {}
            }
        }
        self.next = Some(until);
        self.block(until)
    }

    fn block(&mut self, until: Instant) -> Instant {
        let longest = self.blocked_until.map_or(until, |known| known.max(until));
        self.blocked_until = Some(longest);
        longest
    }

    /// Goes on at full speed while more than half of the window's budget is left, then spreads the rest over the window.
    fn told(&mut self, now: Instant, remaining: u64, window: Duration) {
        if remaining == 0 {
            self.block(now + window);
        }
        if self.source == Source::Declared {
            return;
        }
        self.source = Source::Headers;
        self.most_remaining = self.most_remaining.max(remaining);
        let spread = remaining * 2 < self.most_remaining;
        let window = window.max(SHORTEST_WINDOW).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "budgets are far below 2^52")]
        let rate = spread.then(|| (remaining.max(1) as f64) / window);
        self.rate = rate;
    }
}

#[cfg(test)]
mod tests;
