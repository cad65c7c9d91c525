//! Every moment of a small world, and random kills in a large one: minutes, in a release build.
//!
//! `cargo test --release -p stanch-tests --test sweep -- --nocapture`; `STANCH_CRASH_SEED=N` repeats the random part,
//! `STANCH_CRASH_KILLS=N` makes it longer.

use stanch_tests::crash::{
    Dice, Kill, Life, Marker, Moment, OwnKill, Point, Size, Stage, Tally, endure, every_point, random_points,
    seed,
};

const CHILD: &str = env!("CARGO_BIN_EXE_crash-child");

/// Kills of the random part.
const KILLS: usize = 200;

async fn calm(size: Size, marker: Marker) -> (Life, u64) {
    let mut stage = Stage::new(CHILD, size, marker).await;
    let calm = stage.live(None).await;
    assert!(calm.report.is_some(), "undisturbed it ends: {}", calm.said);
    (calm, stage.twins.requests().len() as u64)
}

fn assert_clean(what: &str, tally: &Tally) {
    println!("{what}: {}", tally.line());
    assert!(tally.complaints.is_empty(), "{what}: {}\n{}", tally.line(), tally.complaints.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_moment_of_a_small_world() {
    for marker in [Marker::Readable, Marker::Lost] {
        let (calm, requests) = calm(Size::SMALL, marker).await;
        let points = every_point(&calm, requests);
        assert_clean("4 grants", &endure(CHILD, Size::SMALL, marker, &calm, points).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_and_every_call_of_a_large_world() {
    let (calm, requests) = calm(Size::LARGE, Marker::Readable).await;
    let entries = calm.report.as_ref().map_or(0, |report| report.entries);
    let at_entry = (1..=entries).map(|n| Kill::Own(OwnKill::AtEntry(n)));
    let at_call =
        (1..=requests).flat_map(|n| [Kill::AtCall(n, Moment::Before), Kill::AtCall(n, Moment::After)]);
    let points =
        at_entry.chain(at_call).map(|kill| Point { kills: vec![kill], forget_index: false }).collect();
    assert_clean("40 grants", &endure(CHILD, Size::LARGE, Marker::Readable, &calm, points).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn random_kills_of_a_large_world() {
    let seed = seed();
    let kills =
        std::env::var("STANCH_CRASH_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    println!("STANCH_CRASH_SEED={seed}");
    let (calm, requests) = calm(Size::LARGE, Marker::Readable).await;
    let mut dice = Dice::new(seed);
    let mut tally = Tally::default();
    while tally.kills < kills {
        let points = random_points(12, &calm, requests, &mut dice);
        tally.add(endure(CHILD, Size::LARGE, Marker::Readable, &calm, points).await);
    }
    assert_clean("random", &tally);
}
