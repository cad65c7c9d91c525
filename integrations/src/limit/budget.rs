//! Finds a platform's pace from what it tells with every answer: how many requests are left, and until when.
//!
//! Some budgets are filled up at the end of a window, some all the time. What comes in while we count what goes out tells
//! which: `told now - told before + answers between`. Where something does come in, we go at that rate, and a little faster
//! or slower as more or less than a quarter is left. Where nothing does, we use the first half at once and spread the rest
//! over the window; and all of it, once a window was too small for us.

use std::time::Duration;

use tokio::time::Instant;

/// What came in is counted over at least this long and so many answers, or over the longer time.
const SPAN: Duration = Duration::from_millis(200);
const LONG_SPAN: Duration = Duration::from_secs(2);
const ANSWERS: f64 = 20.0;
/// Too much or too little left is made up for in this time.
const HORIZON: f64 = 0.25;
/// Less than this part of a budget, or twice that of the answers, is no refill.
const PART: f64 = 0.1;
/// Answers that came in another order than the platform decided.
const UNEVEN: f64 = 4.0;
/// A window's end is told in whole seconds: the last moments of one are not that short.
const SHORTEST_WINDOW: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub(super) struct Budget {
    /// The largest that was told.
    most: f64,
    left: f64,
    /// Until the window ends, seconds; and when that is.
    window: f64,
    ends: Option<Instant>,
    /// When the window last began anew.
    began: Option<Instant>,
    counted: Option<Counted>,
    /// Requests per second that come in, once known.
    refill: Option<f64>,
    /// Nothing was left once: there is more to do than one window allows.
    ran_dry: bool,
}

/// What was told at the start of a span, and what happened since.
#[derive(Debug)]
struct Counted {
    at: Instant,
    left: f64,
    answers: f64,
    /// The budget was full: what came in then was lost.
    full: bool,
}

impl Budget {
    pub(super) fn is_told(&self) -> bool {
        self.most > 0.0
    }

    /// True when what is left comes back before the window ends.
    pub(super) fn refills(&self) -> bool {
        self.refill.is_some_and(|refill| refill * self.window >= (self.most * PART).max(1.0))
    }

    pub(super) fn told(&mut self, now: Instant, remaining: u64, window: Duration) {
        let left = remaining as f64;
        let window = window.max(SHORTEST_WINDOW);
        let is_new = self.is_new_window(now, left, window);
        self.most = self.most.max(left);
        self.ran_dry |= remaining == 0;
        (self.left, self.window, self.ends) = (left, window.as_secs_f64(), Some(now + window));
        let Some(counted) = self.counted.as_mut().filter(|_| !is_new) else {
            self.counted = Some(Counted { at: now, left, answers: 0.0, full: false });
            return;
        };
        counted.answers += 1.0;
        counted.full |= left + 1.0 >= self.most;
        let long = now.saturating_duration_since(counted.at);
        if long < SPAN || (counted.answers < ANSWERS && long < LONG_SPAN) {
            return;
        }
        let came_in = left - counted.left + counted.answers;
        // Answers overtake each other: a little that seems to have come in did not.
        let is_sure = came_in > counted.answers * PART * 2.0 + UNEVEN;
        let refill = if is_sure { came_in / long.as_secs_f64() } else { 0.0 };
        self.refill = Some(match self.refill {
            Some(known) if counted.full => known.max(refill),
            Some(known) => known.midpoint(refill),
            None => refill,
        });
        self.counted = Some(Counted { at: now, left, answers: 0.0, full: false });
    }

    /// A window that began anew fills the budget at once, which says nothing about a rate. No window ends twice in half
    /// of its time: then it is filled up all the time.
    fn is_new_window(&mut self, now: Instant, left: f64, window: Duration) -> bool {
        let jumped = left > self.left + self.most / 2.0 && !self.refills();
        let is_new = jumped && self.began.is_none_or(|began| now >= began + window / 2);
        if is_new {
            self.began = Some(now);
        }
        is_new
    }

    /// When the budget is full again, if nobody asks.
    pub(super) fn full_at(&self) -> Option<Instant> {
        self.ends
    }

    /// Requests that are left, and how many it may hold, as far as that was told.
    pub(super) fn left(&self) -> Option<(u64, u64)> {
        self.is_told().then_some((self.left as u64, self.most as u64))
    }

    /// How many requests it may hold, as far as that was told.
    pub(super) fn bucket(&self) -> Option<f64> {
        self.is_told().then_some(self.most)
    }

    /// Requests per second; `None` means as fast as they come.
    pub(super) fn rate(&self) -> Option<f64> {
        match self.refill {
            Some(refill) if self.refills() => {
                let reserve = (self.most / 4.0).min(refill / 10.0 + 8.0);
                Some((refill + (self.left - reserve) / HORIZON).max(refill / 4.0))
            }
            _ if self.left * 2.0 >= self.most && !self.ran_dry => None,
            _ if !self.is_told() => None,
            _ => Some(self.left.max(1.0) / self.window),
        }
    }
}
