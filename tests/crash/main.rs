//! A sample of the crash suite: some of the moments at which `sweep` kills, drawn by a printed seed; and the moments that
//! are about mail, messages and secrets.
//!
//! `STANCH_CRASH_POINTS=N` draws N of them, `STANCH_CRASH_SEED=N` repeats a draw. With the feature `without-intents` the
//! engine forgets to write intents down before their effects, and the suite must notice.

#[cfg(not(feature = "without-intents"))]
mod sampled;
#[cfg(not(feature = "without-intents"))]
mod secrets;
#[cfg(not(feature = "without-intents"))]
mod told;
#[cfg(feature = "without-intents")]
mod without_intents;

use stanch_tests::crash::{Life, Marker, Size, Stage};

const CHILD: &str = env!("CARGO_BIN_EXE_crash-child");

/// What nobody disturbs: its end, and how many requests it took.
async fn calm(size: Size, marker: Marker) -> (Life, Stage) {
    let mut stage = Stage::new(CHILD, size, marker).await;
    let calm = stage.live(None).await;
    assert!(calm.report.is_some(), "undisturbed it ends: {}", calm.said);
    (calm, stage)
}

#[cfg(not(feature = "without-intents"))]
fn assert_clean(tally: &stanch_tests::crash::Tally) {
    println!("{}", tally.line());
    assert!(tally.complaints.is_empty(), "{}\n{}", tally.line(), tally.complaints.join("\n"));
}
