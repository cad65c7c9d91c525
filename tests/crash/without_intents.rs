//! The suite's own test: an engine that writes no intent before an effect must be found out.

use stanch_tests::crash::{Kill, Marker, Moment, Point, Size, endure};

use super::{CHILD, calm};

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_without_intents_is_found_out() {
    let (calm, stage) = calm(Size::SMALL, Marker::Readable).await;
    let requests = stage.twins.requests();
    let told = requests.iter().filter(|request| ["send", "post_message"].contains(&request.action.as_str()));
    let points: Vec<Point> = told
        .map(|request| Point { kills: vec![Kill::AtCall(request.seq, Moment::After)], forget_index: false })
        .collect();
    assert_eq!(points.len(), 2, "a mail and a message are sent");
    let tally = endure(CHILD, Size::SMALL, Marker::Readable, &calm, points).await;
    println!("{}\n{}", tally.line(), tally.complaints.join("\n"));
    assert_eq!(tally.duplicate_effects, 2, "a second mail and a second message are seen: {}", tally.line());
}
