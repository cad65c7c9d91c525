//! Whose time pauses and paces are counted in: the wall's, or that of a scenario.
//!
//! How long a request may take stays on the wall clock: a connection does not hang faster because a drill runs faster. All
//! that is agreed with a platform (Retry-After, the end of a window, a rate) passes on the clock that the platform lives by.

mod patience;
mod sleepers;
mod work;

use std::{
    sync::{Arc, atomic::AtomicUsize, atomic::Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use jiff::Timestamp;
use stanch_model::clock::ClockAt;
use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};

use crate::twin::TwinClock;
pub(crate) use patience::Patience;
use sleepers::Sleepers;
pub use work::{Work, aside};

/// A clock that runs is changed as of a moment that no other clock has reached when it hears of the change: otherwise that
/// one would have to go back, and would be ahead from then on.
const HEARD_MS: i64 = 50;

/// A scenario's clock: it runs at a rate, stands, jumps. All clones of its `Arc` show the same time.
#[derive(Debug)]
pub struct ScenarioClock {
    at: watch::Sender<ClockAt>,
    start_ms: i64,
    origin: Instant,
    /// What is under way and does not only wait for this clock, or for others that do.
    at_work: AtomicUsize,
    /// Whose turn it is, while it stands.
    turns: Arc<Semaphore>,
    sleepers: Sleepers,
}

impl ScenarioClock {
    /// Shows what this says.
    pub fn new(at: ClockAt) -> Self {
        Self {
            start_ms: at.scenario_ms,
            at: watch::Sender::new(at),
            origin: Instant::now(),
            at_work: AtomicUsize::new(0),
            turns: Arc::new(Semaphore::new(1)),
            sleepers: Sleepers::default(),
        }
    }

    /// Stands at this time.
    pub fn standing_at(start: Timestamp) -> Self {
        Self::new(ClockAt { change: 1, wall_ms: wall_ms(), scenario_ms: start.as_millisecond(), rate: 0.0 })
    }

    /// What it goes by now.
    pub fn at(&self) -> ClockAt {
        *self.at.borrow()
    }

    /// Goes by this from now on, unless it would go back.
    pub fn set(&self, at: ClockAt) {
        let (wall_ms, now) = (wall_ms(), self.now_ms());
        let at = match at.shows(wall_ms) < now {
            true => ClockAt { wall_ms: at.wall_ms.max(wall_ms), scenario_ms: now, ..at },
            false => at,
        };
        self.at.send_replace(at);
    }

    /// Runs at another rate from now on; 0 stops it. Gives what it goes by then.
    pub fn run(&self, rate: f64) -> ClockAt {
        let rate = if rate.is_finite() { rate.clamp(0.0, ClockAt::FASTEST) } else { 0.0 };
        self.change(|at| ClockAt { rate, ..at })
    }

    /// Shows this time at once, unless it is past already. Gives what it goes by then.
    pub fn jump(&self, to_ms: i64) -> ClockAt {
        self.change(|at| ClockAt { scenario_ms: at.scenario_ms.max(to_ms), ..at })
    }

    fn change(&self, change: impl FnOnce(ClockAt) -> ClockAt) -> ClockAt {
        let wall_ms = wall_ms();
        let scenario_ms = self.at().shows(wall_ms.saturating_add(HEARD_MS));
        let now = ClockAt { change: self.at().change + 1, wall_ms, scenario_ms, ..self.at() };
        let at = change(now);
        self.set(at);
        at
    }

    /// Unix ms in the scenario.
    pub fn now_ms(&self) -> i64 {
        self.at().shows(wall_ms())
    }

    /// How long on the wall until it shows this, if it runs.
    pub fn until(&self, due_ms: i64) -> Option<Duration> {
        self.at().until(wall_ms(), due_ms).map(Duration::from_millis)
    }

    /// Resolves when it shows this.
    pub async fn reach(&self, due_ms: i64) {
        aside(self.sleep(due_ms)).await;
    }

    /// The same, for those who are aside already. Those at work wake one after the other, in the order in which they were to.
    async fn sleep(&self, due_ms: i64) {
        let mut changes = self.at.subscribe();
        let sleeper = self.sleepers.join(due_ms, &self.at);
        work::leave();
        while self.now_ms() < due_ms || !sleeper.is_first() {
            match self.until(due_ms).filter(|wall| !wall.is_zero()) {
                Some(wall) => {
                    let _either = tokio::time::timeout(wall, changes.changed()).await;
                }
                // it cannot close: we hold the sender
                None => _ = changes.changed().await,
            }
        }
        work::line_up();
    }

    /// When the first of those who sleep by this clock wakes.
    pub fn next_ms(&self) -> Option<i64> {
        self.sleepers.next_ms()
    }

    /// True when all that is under way waits for this clock, for a time that it does not show yet. Whose time has come is about
    /// to wake, and counts as at work.
    pub fn is_quiet(&self) -> bool {
        self.at_work.load(Ordering::SeqCst) == 0 && self.next_ms().is_none_or(|due| due > self.now_ms())
    }

    /// Nobody would see the order in which things happen while it runs.
    fn stands(&self) -> bool {
        self.at().rate == 0.0
    }
}

impl TwinClock for ScenarioClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now_ms() - self.start_ms).unwrap_or(0))
    }
}

/// Whose time it is.
#[derive(Clone, Debug, Default)]
pub(crate) enum Tempo {
    #[default]
    Wall,
    Scenario(Arc<ScenarioClock>),
}

impl Tempo {
    /// True when others may ask the same platform: a scenario's is ours alone, and plays out the same every time.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Wall)
    }

    /// Now, as an instant that paces are counted in.
    pub(crate) fn now(&self) -> Instant {
        match self {
            Self::Wall => Instant::now(),
            Self::Scenario(clock) => clock.origin + clock.monotonic(),
        }
    }

    /// Such an instant as Unix ms, rounded up: to come back a moment early would be refused again.
    pub(crate) fn unix_ms(&self, at: Instant) -> i64 {
        let away = at.saturating_duration_since(self.now());
        let away = i64::try_from(away.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX);
        self.now_ms().saturating_add(away).saturating_add(i64::from(matches!(self, Self::Wall)))
    }

    /// Now, Unix ms.
    pub(crate) fn now_ms(&self) -> i64 {
        match self {
            Self::Wall => wall_ms(),
            Self::Scenario(clock) => clock.now_ms(),
        }
    }

    /// How far away a time is.
    pub(crate) fn away(&self, until_ms: i64) -> Duration {
        Duration::from_millis(u64::try_from(until_ms.saturating_sub(self.now_ms())).unwrap_or(0))
    }

    /// For those who are aside.
    pub(crate) async fn sleep_until(&self, at: Instant) {
        match self {
            Self::Wall => tokio::time::sleep_until(at).await,
            Self::Scenario(clock) => clock.sleep(self.unix_ms(at)).await,
        }
    }

    /// What comes of it before this clock shows the time, for those who are aside.
    pub(crate) async fn before<T>(&self, at: Instant, coming: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            out = coming => Some(out),
            () = self.sleep_until(at) => None,
        }
    }

    /// Resolves when this clock shows the time.
    pub(crate) async fn reach(&self, until_ms: i64) {
        match self {
            Self::Wall => tokio::time::sleep(self.away(until_ms)).await,
            Self::Scenario(clock) => clock.reach(until_ms).await,
        }
    }
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    use super::*;

    fn running(rate: f64) -> ScenarioClock {
        ScenarioClock::new(ClockAt { change: 1, wall_ms: wall_ms(), scenario_ms: 1_000_000, rate })
    }

    #[test]
    fn a_clock_that_hears_the_same_again_shows_the_same() {
        let (ours, theirs) = (running(5.0), running(5.0));
        theirs.set(ours.at());
        let before = theirs.at();
        std::thread::sleep(Duration::from_millis(20));
        theirs.set(ours.at());
        assert_eq!((theirs.at(), theirs.at()), (before, ours.at()), "no time passed twice");
    }

    #[test]
    fn a_change_lies_ahead_of_every_clock_that_has_not_heard_of_it_yet() {
        let ours = running(60.0);
        for rate in [600.0, 1.0, 0.0] {
            let before = ours.at();
            let at = ours.run(rate);
            assert!(at.scenario_ms >= before.shows(at.wall_ms + HEARD_MS), "to {rate}x");
        }
        let before = ours.now_ms();
        ours.set(ClockAt { change: 9, wall_ms: 0, scenario_ms: 0, rate: 0.0 });
        assert!(ours.now_ms() >= before, "it never goes back");
    }

    #[tokio::test]
    async fn whose_time_has_come_is_not_passed_over_until_it_wakes() {
        let clock = ScenarioClock::standing_at(Timestamp::UNIX_EPOCH);
        let (mut early, mut late) = (pin!(clock.reach(100)), pin!(clock.reach(200)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(
            early.as_mut().poll(&mut context).is_pending() && late.as_mut().poll(&mut context).is_pending()
        );
        assert!(clock.is_quiet());
        clock.jump(100);
        assert!(!clock.is_quiet(), "nobody has looked at the clock yet");
        early.await;
        assert_eq!((clock.is_quiet(), clock.next_ms()), (true, Some(200)));
    }
}
