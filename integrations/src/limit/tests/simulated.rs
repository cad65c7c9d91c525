//! The line against simulated platforms, event by event: no clock runs, so that hours cost milliseconds.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
};

use proptest::prelude::*;

use super::*;

/// What a platform answers to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    /// Yes; and, where it tells, how many are left and for how long, in microseconds.
    Yes(Option<(u64, u64)>),
    /// Not for so many microseconds.
    No(u64),
}

/// A way to limit requests.
trait Limit {
    fn ask(&mut self, now_us: u64) -> Said;
    /// The shortest time that so many requests can take, in seconds.
    fn ideal(&self, requests: f64) -> f64;
}

/// Filled up all the time; tells pauses and windows in whole seconds, as real ones do.
struct TokenBucket {
    rate: f64,
    burst: f64,
    left: f64,
    at_us: u64,
    tells: bool,
}

impl TokenBucket {
    fn new(rate: f64, burst: f64, tells: bool) -> Self {
        Self { rate, burst, left: burst, at_us: 0, tells }
    }
}

impl Limit for TokenBucket {
    fn ask(&mut self, now_us: u64) -> Said {
        let passed = (now_us - self.at_us) as f64 / 1e6;
        (self.left, self.at_us) = (passed.mul_add(self.rate, self.left).min(self.burst), now_us);
        if self.left < 1.0 {
            return Said::No(((1.0 - self.left) / self.rate).ceil().max(1.0) as u64 * 1_000_000);
        }
        self.left -= 1.0;
        let full = (self.burst - self.left) / self.rate;
        Said::Yes(self.tells.then_some((self.left as u64, (full.floor() + 1.0) as u64 * 1_000_000)))
    }

    fn ideal(&self, requests: f64) -> f64 {
        (requests - self.burst) / self.rate
    }
}

/// Filled up at the end of every window.
struct Window {
    most: u64,
    long_us: u64,
    used: u64,
    nth: u64,
    tells: bool,
}

impl Limit for Window {
    fn ask(&mut self, now_us: u64) -> Said {
        if now_us / self.long_us != self.nth {
            (self.nth, self.used) = (now_us / self.long_us, 0);
        }
        let ends = (self.long_us - now_us % self.long_us).div_ceil(1_000_000) * 1_000_000;
        if self.used == self.most {
            return Said::No(ends);
        }
        self.used += 1;
        Said::Yes(self.tells.then_some((self.most - self.used, ends)))
    }

    fn ideal(&self, requests: f64) -> f64 {
        let (whole, rest) = ((requests / self.most as f64).floor(), requests % self.most as f64);
        let windows = if rest == 0.0 { whole - 1.0 } else { whole };
        windows * self.long_us as f64 / 1e6
    }
}

/// Who calls.
#[derive(Clone, Copy, Debug)]
struct Callers {
    at_once: u64,
    calls: u64,
    latency_us: u64,
    /// Of every wake-up and every answer, at most.
    jitter_us: u64,
    seed: u64,
}

#[derive(Debug)]
struct Played {
    seconds: f64,
    /// Requests that the platform got, refused ones included.
    requests: u64,
    refusals: u64,
    /// Requests that were sent while the platform had said "not before".
    early: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Slot,
    Arrival,
    Answer(Said),
}

struct Play<'a> {
    line: Line,
    platform: &'a mut dyn Limit,
    callers: Callers,
    base: Instant,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    random: u64,
    blocked_us: u64,
    played: Played,
}

impl Play<'_> {
    fn instant(&self, us: u64) -> Instant {
        self.base + Duration::from_micros(us)
    }

    fn jitter(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        if self.callers.jitter_us == 0 { 0 } else { self.random % self.callers.jitter_us }
    }

    fn push(&mut self, at_us: u64, caller: u64, event: Event) {
        self.events.push(Reverse((at_us, caller, event)));
    }

    fn take(&mut self, now_us: u64, caller: u64) {
        let far = self.base + Duration::from_secs(1 << 30);
        let mut now = self.instant(now_us);
        let at = loop {
            match self.line.take(now, far) {
                Ok(at) => break at,
                // Who is sent away for long comes back when the platform said.
                Err(until) => now = until,
            }
        };
        let at = u64::try_from(at.duration_since(self.base).as_micros()).expect("near enough");
        self.push(at.max(now_us), caller, Event::Slot);
    }

    fn answer(&mut self, now_us: u64, said: Said) -> bool {
        let now = self.instant(now_us);
        match said {
            Said::Yes(told) => {
                self.line.accepted(now);
                if let Some((left, window_us)) = told {
                    self.line.told(now, left, Duration::from_micros(window_us));
                }
                true
            }
            Said::No(pause_us) => {
                self.played.refusals += 1;
                self.blocked_us = self.blocked_us.max(now_us + pause_us);
                self.line.refused(now, Duration::from_micros(pause_us));
                false
            }
        }
    }

    /// Only the first of the queue holds a slot, as in [`Limiter::slot`].
    fn run(mut self) -> Played {
        let mut queue: VecDeque<u64> = (0..self.callers.at_once).collect();
        let (mut is_taken, mut now, mut done) = (false, 0, 0);
        while done < self.callers.calls {
            if !is_taken && let Some(caller) = queue.pop_front() {
                is_taken = true;
                self.take(now, caller);
            }
            let Some(Reverse((at, caller, event))) = self.events.pop() else { break };
            now = at;
            match event {
                Event::Slot if self.line.is_blocked(self.instant(now)) => self.take(now, caller),
                Event::Slot => {
                    is_taken = false;
                    self.played.early += u64::from(now < self.blocked_us);
                    let wake = self.jitter();
                    self.push(now + wake + self.callers.latency_us / 2, caller, Event::Arrival);
                }
                Event::Arrival => {
                    self.played.requests += 1;
                    let said = self.platform.ask(now);
                    let late = self.jitter();
                    self.push(now + late + self.callers.latency_us / 2, caller, Event::Answer(said));
                }
                Event::Answer(said) => {
                    done += u64::from(self.answer(now, said));
                    queue.push_back(caller);
                }
            }
        }
        self.played.seconds = now as f64 / 1e6;
        self.played
    }
}

/// Makes all the calls; gives the time taken over the platform's own, and what happened.
fn play(declared: Option<f64>, platform: &mut dyn Limit, callers: Callers) -> (f64, Played) {
    let base = Instant::now();
    let play = Play {
        line: Line::new(declared, None, base),
        platform,
        callers,
        base,
        events: BinaryHeap::new(),
        random: callers.seed | 1,
        blocked_us: 0,
        played: Played { seconds: 0.0, requests: 0, refusals: 0, early: 0 },
    };
    let played = play.run();
    (played.seconds / platform.ideal(played.requests as f64), played)
}

fn callers() -> impl Strategy<Value = Callers> {
    (4..=64_u64, 1_000..=10_000_u64, 0..=2_000_u64, any::<u64>()).prop_map(
        |(at_once, latency_us, jitter_us, seed)| Callers { at_once, calls: 0, latency_us, jitter_us, seed },
    )
}

/// Requests a second, and seconds of them that the bucket holds.
fn buckets() -> impl Strategy<Value = (f64, f64)> {
    (50.0..400.0_f64, 0.1..2.0_f64)
}

fn for_seconds(callers: Callers, rate: f64, burst: f64, seconds: f64) -> Callers {
    Callers { calls: (rate * seconds + burst) as u64, ..callers }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn refusals_alone_teach_the_pace_of_any_bucket((rate, long) in buckets(), callers in callers()) {
        let burst = (rate * long).max(8.0);
        let callers = for_seconds(callers, rate, burst, 60.0);
        let (ratio, played) = play(None, &mut TokenBucket::new(rate, burst, false), callers);
        prop_assert!(ratio < 1.2, "{ratio} {played:?}");
        prop_assert_eq!(played.early, 0);
        prop_assert!(played.refusals < 8 * callers.at_once, "{:?}", played);
    }

    #[test]
    fn what_the_platform_tells_teaches_it_sooner((rate, long) in buckets(), callers in callers()) {
        let burst = (rate * long).max(2.0 * callers.at_once as f64);
        let callers = for_seconds(callers, rate, burst, 60.0);
        let (ratio, played) = play(None, &mut TokenBucket::new(rate, burst, true), callers);
        prop_assert!(ratio < 1.2, "{ratio} {played:?}");
        prop_assert_eq!(played.early, 0);
    }

    #[test]
    fn a_declared_pace_is_kept_and_never_refused((rate, long) in buckets(), callers in callers()) {
        // We catch up what a tenth of a second holds: a bucket of just that has no room for the call on its way.
        let burst = (rate * long).max(callers.at_once as f64) + 1.0;
        let callers = for_seconds(callers, rate, burst, 60.0);
        let (ratio, played) = play(Some(rate), &mut TokenBucket::new(rate, burst, false), callers);
        prop_assert!(ratio < 1.06, "{ratio} {played:?}");
        prop_assert_eq!(played.refusals, 0);
    }

    /// Told or not, a window's budget is used up and no more is asked for than its end allows.
    #[test]
    fn a_window_is_used_up(most in 200..2_000_u64, long in 5..60_u64, tells: bool, callers in callers()) {
        let callers = Callers { calls: most * 4 + most / 2, ..callers };
        let mut window = Window { most, long_us: long * 1_000_000, used: 0, nth: 0, tells };
        let (_, played) = play(None, &mut window, callers);
        let windows = played.seconds / long as f64;
        prop_assert!(windows < 7.0, "{windows} windows for four and a half: {played:?}");
        prop_assert_eq!(played.early, 0);
        prop_assert!(played.refusals < 8 * callers.at_once, "{:?}", played);
    }
}

#[test]
fn a_pace_that_fell_is_found_again() {
    /// Half the rate after a while.
    struct Slower(TokenBucket, u64);
    impl Limit for Slower {
        fn ask(&mut self, now_us: u64) -> Said {
            if now_us > self.1 {
                self.0.rate = 100.0;
            }
            self.0.ask(now_us)
        }

        fn ideal(&self, requests: f64) -> f64 {
            let first = self.1 as f64 / 1e6;
            first + (requests - self.0.burst - first * 200.0) / 100.0
        }
    }
    let callers = Callers { at_once: 16, calls: 14_000, latency_us: 2_000, jitter_us: 1_000, seed: 7 };
    let mut platform = Slower(TokenBucket::new(200.0, 40.0, false), 40_000_000);
    let (ratio, played) = play(None, &mut platform, callers);
    assert!(ratio < 1.25, "{ratio} {played:?}");
}
