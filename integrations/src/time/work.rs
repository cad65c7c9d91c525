//! What is under way on a scenario's clock, and whose turn it is.
//!
//! A clock that jumps waits for all that is at work and not aside. While it stands, those at work go one after the other, in
//! the order in which they began, or woke: of two requests that race each other on a platform another one would win on
//! another day, and a drill that is played twice must go the same way twice.
//!
//! Whoever is at work and waits for somebody else at work, or for the clock, must do it [`aside`]: otherwise nobody moves.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Wake, Waker},
};

use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use super::ScenarioClock;

tokio::task_local! {
    static HERE: Here;
}

/// The one at work on this task.
struct Here {
    clock: Arc<ScenarioClock>,
    turn: RefCell<Turn>,
}

#[derive(Default)]
enum Turn {
    /// It waits aside, or nobody keeps an order.
    #[default]
    None,
    InLine(Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>),
    /// Others wait until this is dropped.
    Mine(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit),
}

impl Turn {
    /// A place in the line as of now.
    fn join(clock: &ScenarioClock) -> Self {
        if !clock.stands() {
            return Self::None;
        }
        let turns = Arc::clone(&clock.turns);
        // Closed never happens, and would only mean that there is no order.
        let mut coming = Box::pin(async move { turns.acquire_owned().await.ok() });
        // To be asked once is to stand in the line.
        match coming.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(turn)) => Self::Mine(turn),
            Poll::Ready(None) => Self::None,
            Poll::Pending => Self::InLine(coming),
        }
    }
}

/// Something under way; over when this is dropped.
#[derive(Debug)]
pub struct Work(Option<Arc<ScenarioClock>>);

impl Work {
    /// Where nobody counts.
    pub fn uncounted() -> Self {
        Self(None)
    }

    /// Counted by this clock.
    pub fn counted(clock: &Arc<ScenarioClock>) -> Self {
        clock.at_work.fetch_add(1, Ordering::SeqCst);
        Self(Some(clock.clone()))
    }

    /// Does it when its turn comes: its place in the line is that of this call.
    pub fn during<F: Future>(self, work: F) -> impl Future<Output = F::Output> + use<F> {
        let here = self.0.clone().map(|clock| Here { turn: RefCell::new(Turn::join(&clock)), clock });
        async move {
            let _under_way = self;
            match here {
                None => work.await,
                Some(here) => {
                    let in_turn = async {
                        my_turn().await;
                        work.await
                    };
                    HERE.scope(here, in_turn).await
                }
            }
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(clock) = &self.0 {
            clock.at_work.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Waits for the clock, or for others who are at work. Who is not at work just waits.
pub async fn aside<T>(wait: impl Future<Output = T>) -> T {
    let Ok(clock) = HERE.try_with(|here| Arc::clone(&here.clock)) else { return wait.await };
    let bell = Bell(Arc::new(Ring { clock, state: Mutex::new(State::Looks(Waker::noop().clone())) }));
    let waker = Waker::from(bell.0.clone());
    let (mut wait, mut left) = (pin!(wait), false);
    let out = poll_fn(|context| {
        bell.0.looks(context.waker());
        let out = wait.as_mut().poll(&mut Context::from_waker(&waker));
        if out.is_pending() {
            bell.0.waits();
        }
        // The first look is its own still, so that it stands in whatever line it joins where it came.
        if out.is_pending() && !left {
            left = true;
            leave();
        }
        out
    })
    .await;
    drop(bell);
    line_up();
    my_turn().await;
    out
}

/// Whether this task is at work.
pub(super) fn is_here() -> bool {
    HERE.try_with(|_| ()).is_ok()
}

/// Lets the next one go.
pub(super) fn leave() {
    let _not_at_work = HERE.try_with(|here| here.turn.take());
}

/// Stands in the line again, at its end, unless it does.
pub(super) fn line_up() {
    let _not_at_work = HERE.try_with(|here| {
        let mut turn = here.turn.borrow_mut();
        if matches!(*turn, Turn::None) {
            *turn = Turn::join(&here.clock);
        }
    });
}

/// Goes on when it is its turn.
async fn my_turn() {
    let in_line = HERE.try_with(|here| match here.turn.take() {
        Turn::InLine(coming) => Some(coming),
        turn => {
            here.turn.replace(turn);
            None
        }
    });
    if let Ok(Some(coming)) = in_line
        && let Some(mine) = coming.await
    {
        let _not_at_work = HERE.try_with(|here| here.turn.replace(Turn::Mine(mine)));
    }
}

/// Wakes one that waits aside, and counts it as at work from then on: what it waited for may be its own long before its
/// thread comes to look, and a clock that jumped meanwhile would pass it over.
struct Ring {
    clock: Arc<ScenarioClock>,
    state: Mutex<State>,
}

enum State {
    /// It looks, and is at work.
    Looks(Waker),
    /// It was woken while it looked, and will look again.
    Woken,
    /// It waits for this to be woken.
    Waits(Waker),
}

impl Ring {
    fn looks(&self, waker: &Waker) {
        if let State::Waits(_) = std::mem::replace(&mut *self.state.lock(), State::Looks(waker.clone())) {
            self.clock.at_work.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn waits(&self) {
        let mut state = self.state.lock();
        if let State::Looks(waker) = &*state {
            *state = State::Waits(waker.clone());
            self.clock.at_work.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        let before = std::mem::replace(&mut *self.state.lock(), State::Woken);
        match before {
            State::Woken => {}
            State::Looks(waker) => waker.wake(),
            State::Waits(waker) => {
                self.clock.at_work.fetch_add(1, Ordering::SeqCst);
                waker.wake();
            }
        }
    }
}

/// Whoever has one is at work when it is dropped, also in the middle of a wait.
struct Bell(Arc<Ring>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.looks(Waker::noop());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;

    type Log = Arc<Mutex<Vec<String>>>;

    fn standing() -> Arc<ScenarioClock> {
        Arc::new(ScenarioClock::standing_at(Timestamp::UNIX_EPOCH))
    }

    async fn until_quiet(clock: &ScenarioClock) {
        while !clock.is_quiet() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn those_at_work_go_one_after_the_other_as_they_began() {
        let (clock, log) = (standing(), Log::default());
        let works: Vec<_> = (0..40)
            .map(|n| {
                let log = log.clone();
                tokio::spawn(Work::counted(&clock).during(async move {
                    log.lock().push(format!("{n} in"));
                    tokio::time::sleep(Duration::from_micros(97 * (n * 7 % 5))).await;
                    log.lock().push(format!("{n} out"));
                }))
            })
            .collect();
        for work in works {
            work.await.unwrap();
        }
        let in_order: Vec<String> = (0..40).flat_map(|n| [format!("{n} in"), format!("{n} out")]).collect();
        assert_eq!(*log.lock(), in_order);
        assert!(clock.is_quiet());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn who_sleeps_lets_others_go_and_they_wake_in_order_however_far_the_clock_jumps() {
        let (clock, log) = (standing(), Log::default());
        let works: Vec<_> = (0..40)
            .map(|n| {
                let (log, ours) = (log.clone(), clock.clone());
                tokio::spawn(Work::counted(&clock).during(async move {
                    ours.reach(1_000 - 10 * (n / 2)).await;
                    log.lock().push(format!("{n} in"));
                    tokio::time::sleep(Duration::from_micros(200)).await;
                    log.lock().push(format!("{n} out"));
                }))
            })
            .collect();
        until_quiet(&clock).await;
        assert_eq!((log.lock().len(), clock.next_ms()), (0, Some(810)), "all sleep");
        clock.jump(5_000);
        for work in works {
            work.await.unwrap();
        }
        let woken = (0..20).rev().flat_map(|pair| [2 * pair, 2 * pair + 1]);
        let in_order: Vec<String> = woken.flat_map(|n| [format!("{n} in"), format!("{n} out")]).collect();
        assert_eq!(*log.lock(), in_order, "by time, and of one time as they lay down");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_waits_for_one_that_sleeps_keeps_no_clock_from_jumping() {
        let (clock, lock) = (standing(), Arc::new(tokio::sync::Mutex::new(())));
        let works: Vec<_> = (0..3)
            .map(|_| {
                let (ours, lock) = (clock.clone(), lock.clone());
                tokio::spawn(Work::counted(&clock).during(async move {
                    let _locked = aside(lock.lock()).await;
                    ours.reach(ours.now_ms() + 100).await;
                }))
            })
            .collect();
        for turn in 1..=3 {
            until_quiet(&clock).await;
            clock.jump(100 * turn);
            while clock.next_ms().is_some_and(|next| next <= 100 * turn) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        for work in works {
            work.await.unwrap();
        }
        assert_eq!(clock.now_ms(), 300);
    }

    /// One at work that waits for a lock, and the lock.
    async fn one_waits(
        clock: &Arc<ScenarioClock>,
    ) -> (tokio::sync::OwnedMutexGuard<()>, tokio::task::JoinHandle<()>) {
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        let held = lock.clone().lock_owned().await;
        let works = tokio::spawn(Work::counted(clock).during(async move { drop(aside(lock.lock()).await) }));
        until_quiet(clock).await;
        (held, works)
    }

    /// One thread: nobody runs before the test lets them.
    #[tokio::test]
    async fn who_was_woken_is_at_work_before_it_runs() {
        let clock = standing();
        let (held, works) = one_waits(&clock).await;
        drop(held);
        assert!(!clock.is_quiet(), "the lock is its own, though it has not looked");
        works.await.unwrap();
        assert!(clock.is_quiet());
    }

    #[tokio::test]
    async fn who_gives_up_waiting_is_gone_from_the_count() {
        let clock = standing();
        let (held, works) = one_waits(&clock).await;
        works.abort();
        assert!(works.await.unwrap_err().is_cancelled());
        assert!(clock.is_quiet());
        let _again = Work::counted(&clock);
        assert!(!clock.is_quiet());
        drop(held);
    }

    #[tokio::test]
    async fn while_the_clock_runs_nobody_stands_in_line() {
        let clock = standing();
        clock.run(60.0);
        let (first, second) = (Work::counted(&clock), Work::counted(&clock));
        let (tell, told) = tokio::sync::oneshot::channel();
        let waits = tokio::spawn(first.during(told));
        second.during(async move { tell.send(()).unwrap() }).await;
        assert_eq!(waits.await.unwrap(), Ok(()));
    }
}
