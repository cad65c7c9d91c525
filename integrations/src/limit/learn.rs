//! Finds a platform's pace from nothing but its refusals.
//!
//! The platform is taken for a token bucket. Its law is that of network calculus: in any span it accepts at most what the
//! bucket held and what came in meanwhile, `n ≤ bucket + rate × t`. So every span gives a lower bound of the rate, and one
//! that began with a full bucket and ended with a refusal gives the rate itself. The first stretch, as fast as the calls
//! come, shows the bucket; the second, climbing, shows the rate; after that we hold it, and grow like CUBIC does: hardly
//! at all near a pace that was refused, faster the longer none is.

use std::time::Duration;

use tokio::time::Instant;

/// Growth per second while the rate is looked for.
const CLIMB: f64 = 64.0;
/// A held pace begins so far below the measured one, and has grown by twice as much when its plateau is over.
const BELOW: f64 = 0.01;
/// How long a held pace stays near the measured one: at first, and when measurements agree.
const PLATEAU: Duration = Duration::from_secs(30);
const LONGEST_PLATEAU: Duration = Duration::from_secs(480);
/// Measurements that differ by less agree.
const AGREE: f64 = 0.05;
/// Between two answers no pace is tried for longer than this.
const LONGEST_STEP: Duration = Duration::from_millis(50);
/// A single refusal slows us down by no more than this: its stretch may have been too short to tell.
const SLOWER: f64 = 0.9;
/// Nothing slower is tried: requests per second.
const SLOWEST_CLIMB: f64 = 0.01;
/// A pace at which we were refused is surely too fast by this.
const TOO_FAST: f64 = 0.99;

#[derive(Debug)]
pub(super) struct Learner {
    /// The last refusal: from then on the platform's bucket fills again.
    since: Instant,
    /// What was accepted since the pause after it.
    stretch: Curve,
    /// The stretch before that, and its length from refusal to refusal.
    last: Option<(Curve, f64)>,
    /// The first stretch: it began with a full bucket.
    first: Option<Curve>,
    pace: Pace,
    /// The pace at which the last refusal came.
    refused: Pace,
    looked_at: Instant,
    /// Refusals that came sooner after the pause than it was long.
    in_a_row: u32,
}

#[derive(Clone, Copy, Debug)]
enum Pace {
    /// As fast as the calls come.
    Open,
    /// From here upwards, for so long so far.
    Climb { from: f64, tried: Duration },
    /// Near the measured pace.
    Hold { measured: f64, plateau: Duration, tried: Duration },
}

impl Pace {
    fn rate(self) -> Option<f64> {
        match self {
            Self::Open => None,
            Self::Climb { from, tried } => Some(from * CLIMB.powf(tried.as_secs_f64())),
            Self::Hold { measured, plateau, tried } => {
                let part = tried.as_secs_f64() / plateau.as_secs_f64();
                Some(measured * (1.0 - BELOW + 2.0 * BELOW * part.powi(3)))
            }
        }
    }
}

impl Learner {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            since: now,
            stretch: Curve::new(now),
            last: None,
            first: None,
            pace: Pace::Open,
            refused: Pace::Open,
            looked_at: now,
            in_a_row: 0,
        }
    }

    /// Requests per second; `None` means as fast as they come.
    pub(super) fn rate(&self) -> Option<f64> {
        self.pace.rate()
    }

    /// What the platform's bucket holds, as far as the first stretch showed it.
    pub(super) fn bucket(&self) -> Option<f64> {
        Some(self.first.as_ref()?.above(self.pace.rate()?))
    }

    /// The platform took a request. A pace is only tried while calls wait for their turns.
    pub(super) fn accepted(&mut self, now: Instant, waiting: bool) {
        if now < self.stretch.from {
            // Sent before the pause.
            return self.accepted_late();
        }
        self.stretch.accepted(now);
        let step = now.saturating_duration_since(self.looked_at).min(LONGEST_STEP);
        self.looked_at = now;
        if let (true, Pace::Climb { tried, .. } | Pace::Hold { tried, .. }) = (waiting, &mut self.pace) {
            *tried += step;
        }
    }

    fn accepted_late(&mut self) {
        match (&mut self.last, &mut self.first) {
            (Some((last, _)), _) => last.total += 1,
            (None, Some(first)) => first.total += 1,
            (None, None) => return,
        }
        self.conclude();
    }

    /// The platform said no, and until when: the first of those that were on their way together.
    pub(super) fn refused(&mut self, now: Instant, until: Instant) {
        let stretch = std::mem::replace(&mut self.stretch, Curve::new(until)).ended(now);
        if stretch.total == 0 && self.first.is_some() {
            // Nothing got through since the pause: the platform is shut, and says nothing of how fast it is.
            (self.since, self.looked_at) = (now, until);
            return;
        }
        let took = now.saturating_duration_since(self.since).as_secs_f64().max(1e-3);
        self.in_a_row = if stretch.end * 2.0 < took { self.in_a_row + 1 } else { 0 };
        (self.since, self.looked_at, self.refused) = (now, until, self.pace);
        match self.first {
            None => self.first = Some(stretch),
            Some(_) => self.last = Some((stretch, took)),
        }
        self.conclude();
    }

    /// What the stretches say.
    fn conclude(&mut self) {
        let Some(first) = &self.first else { return };
        let Some((last, took)) = &self.last else {
            // If the pause fills the bucket again, this is the pace; if not, it lies above.
            let whole = self.stretch.from.saturating_duration_since(first.from).as_secs_f64();
            let from = (f64::from(first.total) / whole.max(1e-3)).max(SLOWEST_CLIMB);
            self.pace = Pace::Climb { from, tried: Duration::ZERO };
            return;
        };
        let mut measured = measure(f64::from(last.total) / took, first, last);
        let mut plateau = PLATEAU;
        if let Pace::Hold { measured: before, plateau: long, .. } = self.refused {
            if let Some(tried) = self.refused.rate() {
                let slower = SLOWER.powi(1 << self.in_a_row.min(5));
                measured = measured.clamp(tried * slower, tried * TOO_FAST);
            }
            if (measured / before - 1.0).abs() < AGREE {
                plateau = (long * 2).min(LONGEST_PLATEAU);
            }
        }
        self.pace = Pace::Hold { measured: measured.max(SLOWEST_CLIMB), plateau, tried: Duration::ZERO };
    }
}

/// The rate by the law above, the bucket being what the first stretch shows at that rate. Grows from bound to bound.
fn measure(lower: f64, first: &Curve, stretch: &Curve) -> f64 {
    let mut rate = lower;
    for _ in 0..64 {
        let next = stretch.steepest(first.above(rate)).max(rate);
        if next <= rate * 1.0001 {
            break;
        }
        rate = next;
    }
    rate
}

/// How many requests were accepted by when.
#[derive(Debug)]
struct Curve {
    /// Where it began.
    from: Instant,
    /// Seconds since, and how many were accepted before.
    points: Vec<(f64, u32)>,
    total: u32,
    /// Seconds between two points.
    spacing: f64,
    end: f64,
}

/// Points of a curve; beyond, every second one is dropped.
const POINTS: usize = 256;
/// Shorter spans say more of our own unevenness than of the platform.
const SHORTEST_SPAN: f64 = 0.05;
/// Answers that came in another order than the platform decided.
const UNEVEN: f64 = 1.0;

impl Curve {
    fn new(from: Instant) -> Self {
        Self { from, points: vec![(0.0, 0)], total: 0, spacing: 0.005, end: 0.0 }
    }

    fn accepted(&mut self, now: Instant) {
        let at = now.saturating_duration_since(self.from).as_secs_f64();
        if self.points.last().is_none_or(|(last, _)| at - last >= self.spacing) {
            if self.points.len() == POINTS {
                let mut nth = 0;
                self.points.retain(|_| {
                    nth += 1;
                    nth % 2 == 1
                });
                self.spacing *= 2.0;
            }
            self.points.push((at, self.total));
        }
        self.total = self.total.saturating_add(1);
        self.end = at;
    }

    fn ended(mut self, now: Instant) -> Self {
        self.end = now.saturating_duration_since(self.from).as_secs_f64();
        self
    }

    /// Every span from a point to the end: how long, and how many were accepted in it.
    fn spans(&self) -> impl Iterator<Item = (f64, f64)> {
        self.points.iter().map(|(at, before)| (self.end - at, f64::from(self.total - before)))
    }

    /// The most that was accepted in a span beyond what came in during it: what the bucket held, at this rate.
    fn above(&self, rate: f64) -> f64 {
        self.spans().map(|(long, many)| many - rate * long).fold(1.0, f64::max)
    }

    /// The rate at which a bucket of this size lets the most demanding span through.
    fn steepest(&self, bucket: f64) -> f64 {
        let spans = self.spans().filter(|(long, _)| *long >= SHORTEST_SPAN);
        spans.map(|(long, many)| (many - bucket - UNEVEN) / long).fold(0.0, f64::max)
    }
}
