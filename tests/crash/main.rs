//! A sample of the crash suite: some of the moments at which `sweep` kills, drawn by a printed seed.
//!
//! `STANCH_CRASH_POINTS=N` draws N of them, `STANCH_CRASH_SEED=N` repeats a draw.

use stanch_tests::crash::{Dice, Marker, Size, Stage, Tally, endure, every_point, sample, seed};

const CHILD: &str = env!("CARGO_BIN_EXE_crash-child");

/// Points that a usual test run draws.
const USUAL: usize = 40;

fn assert_clean(tally: &Tally) {
    assert!(tally.complaints.is_empty(), "{}\n{}", tally.line(), tally.complaints.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_changes_nothing() {
    let seed = seed();
    let count =
        std::env::var("STANCH_CRASH_POINTS").ok().and_then(|count| count.parse().ok()).unwrap_or(USUAL);
    let mut stage = Stage::new(CHILD, Size::SMALL, Marker::Readable).await;
    let calm = stage.live(None).await;
    assert!(calm.report.is_some(), "undisturbed it ends: {}", calm.said);
    let requests = stage.twins.requests().len() as u64;
    println!(
        "STANCH_CRASH_SEED={seed}: undisturbed in {:?}, {requests} requests, {:?}",
        calm.took, calm.report
    );
    let points = sample(every_point(&calm, requests), count, &mut Dice::new(seed));
    let tally = endure(CHILD, Size::SMALL, Marker::Readable, &calm, points).await;
    println!("{}", tally.line());
    assert_clean(&tally);
}
