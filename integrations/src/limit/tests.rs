mod simulated;

use std::cell::RefCell;

use super::*;

/// A platform with a token bucket, on tokio's paused clock.
struct Platform {
    rate: f64,
    burst: f64,
    state: RefCell<(f64, Instant)>,
    refusals: RefCell<u32>,
}

impl Platform {
    fn new(rate: f64, burst: f64) -> Self {
        Self { rate, burst, state: RefCell::new((burst, Instant::now())), refusals: RefCell::new(0) }
    }

    /// How many requests are left after this one, or a no.
    fn ask(&self) -> Result<u64, ()> {
        let mut state = self.state.borrow_mut();
        let now = Instant::now();
        let refilled = state.0 + now.duration_since(state.1).as_secs_f64() * self.rate;
        *state = (refilled.min(self.burst), now);
        if state.0 < 1.0 {
            *self.refusals.borrow_mut() += 1;
            return Err(());
        }
        state.0 -= 1.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a test's numbers")]
        Ok(state.0 as u64)
    }
}

/// Makes `count` requests, several at a time, each taking 2 ms. Gives time taken over ideal time.
async fn run(limiter: &Limiter, platform: &Platform, count: u32, headers: bool, pause: Duration) -> f64 {
    let started = Instant::now();
    let left = RefCell::new(count);
    let worker = || async {
        while *left.borrow() > 0 {
            *left.borrow_mut() -= 1;
            loop {
                let Turn::Now(permit) = limiter.turn(Duration::from_secs(3600)).await else { continue };
                tokio::time::sleep(Duration::from_millis(2)).await;
                let answer = platform.ask();
                drop(permit);
                match answer {
                    Ok(remaining) => {
                        limiter.accepted();
                        if headers {
                            limiter.told(remaining, Duration::from_secs(1));
                        }
                        break;
                    }
                    Err(()) => {
                        limiter.refused(Some(pause));
                    }
                }
            }
        }
    };
    futures_util::future::join_all((0..64).map(|_| worker())).await;
    let ideal = (f64::from(count) - platform.burst) / platform.rate;
    started.elapsed().as_secs_f64() / ideal
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_declared_pace_is_kept_within_one_percent_and_never_refused() {
    let limiter = Limiter::new(Some(500.0), None, 64);
    let platform = Platform::new(500.0, 50.0);
    let ratio = run(&limiter, &platform, 10_000, false, SECOND).await;
    assert!((0.99..1.01).contains(&ratio), "{ratio}");
    assert_eq!(*platform.refusals.borrow(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_pace_is_learned_from_headers_within_five_percent() {
    let limiter = Limiter::new(None, None, 64);
    let platform = Platform::new(500.0, 500.0);
    let ratio = run(&limiter, &platform, 10_000, true, SECOND).await;
    assert!((0.99..1.05).contains(&ratio), "{ratio}");
    assert_eq!(*platform.refusals.borrow(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_pace_is_learned_from_refusals_alone_within_fifteen_percent() {
    for burst in [50.0, 500.0] {
        let limiter = Limiter::new(None, None, 64);
        let platform = Platform::new(500.0, burst);
        let ratio = run(&limiter, &platform, 20_000, false, SECOND).await;
        assert!((0.99..1.15).contains(&ratio), "bucket of {burst}: {ratio}");
        assert!(*platform.refusals.borrow() < 300, "{:?}", platform.refusals);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_everybody_and_is_capped() {
    let limiter = Limiter::new(None, None, 4);
    let until = limiter.refused(Some(Duration::from_secs(365 * 24 * 3600)));
    assert_eq!(until, Instant::now() + LONGEST_PAUSE);
    match limiter.turn(SECOND).await {
        Turn::NotBefore(at) => assert_eq!(at, until),
        Turn::Now(_) => panic!("a turn during a pause"),
    }
    let started = Instant::now();
    let patient = limiter.turn(LONGEST_PAUSE * 2).await;
    assert!(matches!(patient, Turn::NotBefore(at) if at == until), "nobody stands for an hour");
    tokio::time::sleep_until(until).await;
    assert!(matches!(limiter.turn(SECOND).await, Turn::Now(_)));
    assert_eq!(started.elapsed(), LONGEST_PAUSE);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_a_pause_overtakes_is_void() {
    let limiter = Limiter::new(Some(1.0), Some(1), 4);
    assert!(matches!(limiter.turn(SECOND).await, Turn::Now(_)));
    let waiting = limiter.turn(Duration::from_secs(60));
    let interrupt = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        limiter.refused(Some(Duration::from_secs(10)));
    };
    let started = Instant::now();
    let (turn, ()) = tokio::join!(waiting, interrupt);
    assert!(matches!(turn, Turn::Now(_)));
    assert!(started.elapsed() >= Duration::from_millis(10_500), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_burst_may_go_at_once_and_then_no_more() {
    let limiter = Limiter::new(Some(1.0), Some(5), 16);
    let started = Instant::now();
    for _ in 0..5 {
        assert!(matches!(limiter.turn(SECOND).await, Turn::Now(_)));
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert!(matches!(limiter.turn(SECOND * 2).await, Turn::Now(_)));
    assert!(started.elapsed() >= SECOND - Duration::from_millis(1), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_free_turn_is_taken_at_once_and_no_other() {
    let limiter = Limiter::new(Some(1.0), Some(1), 4);
    let first = limiter.turn_now();
    assert!(first.is_some());
    assert!(limiter.turn_now().is_none(), "the next slot is a second away");
    tokio::time::sleep(SECOND).await;
    assert!(limiter.turn_now().is_some(), "what was refused took no slot");
    limiter.refused(Some(SECOND));
    tokio::time::sleep(SECOND / 2).await;
    assert!(limiter.turn_now().is_none(), "a turn during a pause");
}

#[tokio::test(start_paused = true)]
async fn calls_at_one_time_are_capped() {
    let limiter = Limiter::new(None, None, 2);
    let (one, two) = (limiter.turn(SECOND).await, limiter.turn(SECOND).await);
    assert!(matches!(limiter.turn(SECOND).await, Turn::NotBefore(_)));
    drop(one);
    assert!(matches!(limiter.turn(SECOND).await, Turn::Now(_)));
    drop(two);
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_without_a_time_stays_away_twice_as_long_each_time() {
    let limiter = Limiter::new(None, None, 4);
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let until = limiter.refused(None);
        pauses.push(until.duration_since(Instant::now()).as_secs_f64());
        tokio::time::sleep_until(until).await;
    }
    for (pause, least) in pauses.iter().zip([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 64.0, 64.0]) {
        assert!((least..=least * 1.25).contains(pause), "{pauses:?}");
    }
    limiter.accepted();
    let again = limiter.refused(None).duration_since(Instant::now());
    assert!(again < SECOND * 2, "{again:?}: one that was let in begins anew");
}

/// Which of two that stand in the queue runs first when the clock goes on is nobody's business.
#[tokio::test(start_paused = true)]
async fn the_next_slot_is_taken_before_the_answer_however_threads_run() {
    let limiter = Limiter::new(None, None, 4);
    for _ in 0..20 {
        limiter.accepted();
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    let until = limiter.refused(Some(SECOND));
    tokio::time::sleep_until(until).await;
    let first = limiter.turn(SECOND * 60).await;
    assert!(matches!(first, Turn::Now(_)));
    let learned = limiter.rate().unwrap();
    let mut second = Box::pin(limiter.turn(SECOND * 60));
    let mut third = Box::pin(limiter.turn(SECOND * 60));
    let began = Instant::now();
    tokio::select! {
        biased;
        turn = &mut second => assert!(matches!(turn, Turn::Now(_))),
        _ = &mut third => panic!("the third before the second"),
    }
    // the answer to the second is there, and with it a faster pace, before the third has run at all
    for _ in 0..10 {
        limiter.accepted();
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    assert!(limiter.rate().unwrap() > learned);
    assert!(matches!(third.await, Turn::Now(_)));
    let slots = Duration::from_secs_f64(2.0 / learned);
    assert!(began.elapsed().abs_diff(slots) < Duration::from_millis(5), "{:?} {slots:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_slot_left_to_one_who_went_away_is_nobodys() {
    let limiter = Limiter::new(Some(1.0), Some(1), 4);
    let began = Instant::now();
    let mut first = Box::pin(limiter.turn(SECOND * 60));
    let mut second = Box::pin(limiter.turn(SECOND * 60));
    let mut third = Box::pin(limiter.turn(SECOND * 60));
    tokio::select! {
        biased;
        turn = &mut first => assert!(matches!(turn, Turn::Now(_))),
        _ = &mut second => panic!("the second before the first"),
        _ = &mut third => panic!("the third before the first"),
    }
    tokio::select! {
        biased;
        turn = &mut second => assert!(matches!(turn, Turn::Now(_))),
        _ = &mut third => panic!("the third before the second"),
    }
    drop(third);
    assert!(matches!(limiter.turn(SECOND * 60).await, Turn::Now(_)));
    assert!(began.elapsed().abs_diff(SECOND * 2) < Duration::from_millis(5), "{:?}", began.elapsed());
}
