//! Finds a platform's pace from nothing but its refusals.
//!
//! Between two refusals the platform's bucket went from empty to empty, so what it accepted meanwhile, divided by the
//! time, is its pace; or less, if the bucket ran over while we paused. So we go a little faster than that, and grow.

use std::time::Duration;

use tokio::time::Instant;

/// What we add to a measured pace, to use up what a pause has saved.
const ABOVE: f64 = 1.05;
/// Growth per second: fast until the first refusal of a paced run shows the ceiling, then slow.
const GROWTH_FAST: f64 = 4.0;
const GROWTH_SLOW: f64 = 1.03;
/// How much of the pace at which we were refused is surely fine: growth overshoots by what the bucket held.
const KEEP_FAST: f64 = 0.6;
const KEEP_SLOW: f64 = 0.9;
/// A pause is no time in which a pace was tried.
const LONGEST_STEP: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Learner {
    /// The last refusal, or the start.
    since: Instant,
    accepted: u32,
    refusals: u32,
    grown_at: Instant,
}

impl Learner {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, accepted: 0, refusals: 0, grown_at: now }
    }

    pub(super) fn accepted(&mut self) {
        self.accepted = self.accepted.saturating_add(1);
    }

    /// The pace after a while without refusals.
    pub(super) fn faster(&mut self, rate: f64, now: Instant) -> f64 {
        let step = now.duration_since(self.grown_at).min(LONGEST_STEP);
        self.grown_at = now;
        let growth = if self.refusals <= 2 { GROWTH_FAST } else { GROWTH_SLOW };
        rate * growth.powf(step.as_secs_f64())
    }

    /// A refusal, at the pace that was tried (`None`: as fast as they came). Gives the pace to try next; the first refusal
    /// gives none, because the platform's bucket was full when we began.
    pub(super) fn refused(&mut self, now: Instant, tried: Option<f64>) -> Option<f64> {
        let took = now.duration_since(self.since).as_secs_f64();
        let accepted = f64::from(self.accepted);
        self.refusals = self.refusals.saturating_add(1);
        (self.since, self.accepted, self.grown_at) = (now, 0, now);
        if self.refusals == 1 || took <= 0.0 {
            return None;
        }
        let keep = if self.refusals <= 3 { KEEP_FAST } else { KEEP_SLOW };
        let floor = tried.map_or(0.1, |rate| rate * keep);
        Some((accepted / took * ABOVE).max(floor))
    }
}
