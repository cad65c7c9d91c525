//! The pace of one integration, shared by all runs.
//!
//! Turns are slots on a line of time: whoever is first in the queue takes the next one and sleeps until it. Sleeping until
//! an instant, not for a while, keeps the long run exact however late a single wake-up is; and since only the first holds
//! a slot, everybody behind goes at the pace that is known by then.

mod budget;
mod learn;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use budget::Budget;
use learn::Learner;

use crate::time::{Tempo, aside};

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
/// And no more than this part of what the platform takes at once.
const CATCH_UP_PART: f64 = 0.25;

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
    /// Held by the first in the queue; the lock is fair.
    head: tokio::sync::Mutex<()>,
    /// How many stand in the queue.
    queued: AtomicU32,
    tempo: Tempo,
}

#[derive(Debug)]
struct Line {
    /// Requests per second that the catalogue or the configuration declares: never more.
    declared: Option<f64>,
    /// Slots that may be used at once after a pause; what a late wake-up needs, unless declared.
    burst: Option<f64>,
    /// The slot that was taken last. The next one follows at the pace that is known when it is taken.
    last: Option<Instant>,
    /// What the first in the queue left to the one behind it.
    left: Option<Left>,
    /// The platform said: not before.
    blocked_until: Option<Instant>,
    /// Refusals without a time in a row.
    untold: u32,
    /// Refusals until then are of one kind with the one that said so.
    refused_until: Option<Instant>,
    budget: Budget,
    learner: Learner,
}

/// A slot taken for the next in the queue by the one who leaves it. Were it taken by the next itself, it would come before
/// or after the answer to the request that is about to go out, and what is learned from that answer, as threads happen to
/// run; on a clock that stands both are the same moment, and a drill would not go the same way twice.
#[derive(Debug)]
struct Left {
    /// When it may go.
    at: Instant,
    /// The slots that were taken last, without it and with it.
    before: Option<Instant>,
    slot: Option<Instant>,
}

impl Limiter {
    /// A pace on the wall clock.
    #[cfg(test)]
    pub(crate) fn new(rate: Option<f64>, burst: Option<u32>, in_flight: usize) -> Self {
        Self::on(Tempo::Wall, rate, burst, in_flight)
    }

    /// A pace, counted on this clock. Without a rate it is learned from the platform's answers.
    pub(crate) fn on(tempo: Tempo, rate: Option<f64>, burst: Option<u32>, in_flight: usize) -> Self {
        Self {
            in_flight: Arc::new(Semaphore::new(in_flight)),
            most: in_flight,
            line: Mutex::new(Line::new(rate, burst, tempo.now())),
            head: tokio::sync::Mutex::new(()),
            queued: AtomicU32::new(0),
            tempo,
        }
    }

    /// Calls at one time.
    pub(crate) fn in_flight(&self) -> usize {
        self.most
    }

    /// Requests per second, if known.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.line.lock().rate()
    }

    /// Calls that are out now.
    pub(crate) fn out(&self) -> usize {
        self.most.saturating_sub(self.in_flight.available_permits())
    }

    /// What the platform told: requests left of how many, and until when it wants to be left alone.
    pub(crate) fn told_of(&self) -> (Option<(u64, u64)>, Option<Instant>) {
        let (now, line) = (self.tempo.now(), self.line.lock());
        (line.budget.left(), line.blocked_until.filter(|until| *until > now))
    }

    /// Waits for a turn, at most `patience`.
    pub(crate) async fn turn(&self, patience: Duration) -> Turn {
        let until = self.tempo.now() + patience;
        let free = aside(self.tempo.before(until, Arc::clone(&self.in_flight).acquire_owned())).await;
        // Closed never happens; a full house asks again in a moment.
        let Some(Ok(permit)) = free else {
            return Turn::NotBefore(self.tempo.now() + Duration::from_millis(100));
        };
        let permit = Permit { _in_flight: Some(permit) };
        match self.slot(until).await {
            Ok(()) => Turn::Now(permit),
            Err(at) => Turn::NotBefore(at),
        }
    }

    /// The turn that is free now, if one is: for callers that have better things to do than to wait.
    pub(crate) fn turn_now(&self) -> Option<Permit> {
        let permit = Arc::clone(&self.in_flight).try_acquire_owned().ok()?;
        let _first = self.head.try_lock().ok()?;
        let (now, mut line) = (self.tempo.now(), self.line.lock());
        line.give_back();
        line.take(now, now).ok()?;
        Some(Permit { _in_flight: Some(permit) })
    }

    /// Waits for a slot only, no longer than until then: the further pages of a call that holds a permit already. What is
    /// given instead of a slot is when to come again.
    pub(crate) async fn slot(&self, until: Instant) -> Result<(), Instant> {
        aside(self.stand(until)).await
    }

    async fn stand(&self, until: Instant) -> Result<(), Instant> {
        let ahead = Queued::join(&self.queued);
        if ahead.before == 0 {
            self.line.lock().give_back();
        }
        let at = self.line.lock().expected(self.tempo.now(), ahead.before);
        if at > until {
            return Err(at);
        }
        let Some(_first) = self.tempo.before(until, self.head.lock()).await else {
            // It went slower than was expected.
            return Err(self.line.lock().expected(self.tempo.now(), ahead.before));
        };
        loop {
            let at = self.line.lock().take(self.tempo.now(), until)?;
            self.tempo.sleep_until(at).await;
            // While we slept the platform may have said "not before": then this slot is void.
            let (now, mut line) = (self.tempo.now(), self.line.lock());
            if !line.is_blocked(now) {
                if self.queued.load(Ordering::Relaxed) > 1 {
                    line.leave(now);
                }
                return Ok(());
            }
        }
    }

    /// The platform took a request.
    pub(crate) fn accepted(&self) {
        self.line.lock().accepted(self.tempo.now());
    }

    /// The platform asked for a pause, of a length that it may not have told.
    pub(crate) fn refused(&self, pause: Option<Duration>) -> Instant {
        let (now, mut line) = (self.tempo.now(), self.line.lock());
        let pause = pause.unwrap_or_else(|| line.backoff(now, self.tempo.is_shared()));
        line.refused(now, pause.min(LONGEST_PAUSE))
    }

    /// The platform took a request and told how many are left until its window ends.
    pub(crate) fn told(&self, remaining: u64, window: Duration) {
        self.line.lock().told(self.tempo.now(), remaining, window.min(LONGEST_PAUSE));
    }

    /// A time that this gave, as Unix ms on the platform's clock.
    pub(crate) fn unix_ms(&self, at: Instant) -> i64 {
        self.tempo.unix_ms(at)
    }
}

/// A place in the queue.
struct Queued<'a> {
    queued: &'a AtomicU32,
    /// How many stood before it.
    before: u32,
}

impl<'a> Queued<'a> {
    fn join(queued: &'a AtomicU32) -> Self {
        Self { queued, before: queued.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Line {
    fn new(declared: Option<f64>, burst: Option<u32>, now: Instant) -> Self {
        Self {
            declared,
            burst: burst.map(f64::from),
            last: None,
            left: None,
            blocked_until: None,
            untold: 0,
            refused_until: None,
            budget: Budget::default(),
            learner: Learner::new(now),
        }
    }

    /// Requests per second; `None` means as fast as they come. A platform that refuses what was declared, or what it told
    /// us itself, knows better.
    fn rate(&self) -> Option<f64> {
        let told = if self.declared.is_none() { self.budget.rate() } else { None };
        [self.declared, told, self.learner.rate()].into_iter().flatten().reduce(f64::min)
    }

    /// From when on anything may go out, and the distance between two slots.
    fn pace(&self, now: Instant) -> (Instant, Option<f64>) {
        (self.blocked_until.filter(|until| *until > now).unwrap_or(now), self.rate())
    }

    /// When a slot will be free with so many in the queue before it, at the present pace.
    fn expected(&self, now: Instant, before: u32) -> Instant {
        let (from, rate) = self.pace(now);
        let Some(rate) = rate else { return from };
        let next = self.last.map_or(from, |last| from.max(last + interval(rate)));
        next + interval(rate).saturating_mul(before)
    }

    /// Takes the slot that was left, or the next one, unless it lies beyond the deadline, or the platform keeps us away for
    /// long.
    fn take(&mut self, now: Instant, deadline: Instant) -> Result<Instant, Instant> {
        match self.left.take() {
            Some(left) if left.at <= deadline => Ok(left.at),
            Some(left) => {
                let at = left.at;
                self.left = Some(left);
                Err(at)
            }
            None => self.next(now, deadline),
        }
    }

    /// Takes the next slot for whoever stands behind, if there is one soon.
    fn leave(&mut self, now: Instant) {
        let before = self.last;
        let at = self.next(now, now + LONGEST_STAND);
        self.left = at.ok().map(|at| Left { at, before, slot: self.last });
    }

    /// Nobody stood behind after all.
    fn give_back(&mut self) {
        if let Some(left) = self.left.take()
            && self.last == left.slot
        {
            self.last = left.before;
        }
    }

    fn next(&mut self, now: Instant, deadline: Instant) -> Result<Instant, Instant> {
        let (from, rate) = self.pace(now);
        if from.duration_since(now) > LONGEST_STAND {
            return Err(from);
        }
        let Some(rate) = rate else {
            return if from > deadline { Err(from) } else { Ok(from) };
        };
        let interval = interval(rate);
        let saved = interval.mul_f64((self.at_once(rate) - 1.0).max(0.0));
        let earliest = from.checked_sub(saved).unwrap_or(from);
        let mut slot = self.last.map_or(earliest, |last| earliest.max(last + interval));
        if self.declared.is_none()
            && let Some(full) = self.budget.full_at().filter(|full| *full > now)
        {
            // A slot far off in a meagre window must not sleep through the next one.
            slot = slot.min(full);
        }
        let at = slot.max(from);
        if at > deadline {
            return Err(at);
        }
        self.last = Some(slot);
        Ok(at)
    }

    /// Slots that may be used at once.
    fn at_once(&self, rate: f64) -> f64 {
        let catch_up = || {
            let known = [self.learner.bucket(), self.budget.bucket()].into_iter().flatten();
            known.map(|bucket| bucket * CATCH_UP_PART).fold(rate * CATCH_UP.as_secs_f64(), f64::min).max(1.0)
        };
        self.burst.unwrap_or_else(catch_up)
    }

    fn is_blocked(&self, now: Instant) -> bool {
        self.blocked_until.is_some_and(|until| until > now)
    }

    /// Twice as long with every refusal in a row, and on a platform that others use too a little more, so that not
    /// everybody comes back at once.
    fn backoff(&mut self, now: Instant, shared: bool) -> Duration {
        if let Some(until) = self.refused_until.filter(|until| *until > now) {
            // One of several that were on their way together.
            return until - now;
        }
        let [first, longest] = UNTOLD;
        let pause = first.saturating_mul(1 << self.untold.min(10)).min(longest);
        self.untold = self.untold.saturating_add(1);
        if !shared {
            return pause;
        }
        let mut random = [0];
        // Without a random byte everybody comes back at once, which is no harm worth failing for.
        let _none = ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random);
        pause.mul_f64(1.0 + f64::from(random[0]) / 1024.0)
    }

    fn accepted(&mut self, now: Instant) {
        self.untold = 0;
        let waiting = self.rate().zip(self.last).is_some_and(|(rate, last)| last + interval(rate) > now);
        self.learner.accepted(now, waiting);
    }

    fn refused(&mut self, now: Instant, pause: Duration) -> Instant {
        let until = now + pause;
        // Of several that were on their way together only the first says something about the pace.
        if self.refused_until.is_none_or(|until| until <= now) {
            self.refused_until = Some(until);
            self.learner.refused(now, until);
            // The first after the pause goes at once, and the others at their pace.
            self.last = self.rate().and_then(|rate| until.checked_sub(interval(rate)));
        }
        self.block(until)
    }

    fn block(&mut self, until: Instant) -> Instant {
        let longest = self.blocked_until.map_or(until, |known| known.max(until));
        self.blocked_until = Some(longest);
        longest
    }

    fn told(&mut self, now: Instant, remaining: u64, window: Duration) {
        self.budget.told(now, remaining, window);
        if remaining == 0 && !self.budget.refills() {
            self.block(now + window);
        }
    }
}

fn interval(rate: f64) -> Duration {
    Duration::from_secs_f64(1.0 / rate.max(SLOWEST))
}

#[cfg(test)]
mod tests;
