//! The suite's own test: an engine that writes no intent before an effect must be found out.

use stanch_tests::crash::{Kill, Marker, Moment, Point, Size, endure};

use super::{CHILD, calm};

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_without_intents_is_found_out() {
    let (calm, _) = calm(Size::SMALL, Marker::Readable).await;
    let points = ["send", "post_message"]
        .map(|action| Point { kills: vec![Kill::AtFirst(action, Moment::After)], forget_index: false });
    let tally = endure(CHILD, Size::SMALL, Marker::Readable, &calm, points.into()).await;
    println!("{}\n{}", tally.line(), tally.complaints.join("\n"));
    assert_eq!(tally.duplicate_effects, 2, "a second mail and a second message are seen: {}", tally.line());
}
