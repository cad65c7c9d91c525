//! Some of all moments.

use stanch_tests::crash::{Dice, Marker, Size, endure, every_point, sample, seed};

use super::{CHILD, assert_clean, calm};

/// Points that a usual test run draws.
const USUAL: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_moment_changes_nothing() {
    let seed = seed();
    let count = std::env::var("STANCH_CRASH_POINTS").ok().and_then(|count| count.parse().ok());
    let (calm, stage) = calm(Size::SMALL, Marker::Readable).await;
    let requests = stage.twins.requests().len() as u64;
    println!("STANCH_CRASH_SEED={seed}: undisturbed in {:?} with {requests} requests", calm.took);
    let points = sample(every_point(&calm, requests), count.unwrap_or(USUAL), &mut Dice::new(seed));
    assert_clean(&endure(CHILD, Size::SMALL, Marker::Readable, &calm, points).await);
}
