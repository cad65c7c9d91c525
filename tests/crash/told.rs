//! Mail and messages: nobody is told twice, and nobody goes untold.

use stanch_integrations::twin::{Answer, Fault};
use stanch_tests::crash::{Kill, Life, Marker, Moment, OwnKill, Point, Size, Stage, endure, judge};

use super::{CHILD, assert_clean, calm};

fn point(kills: Vec<Kill>) -> Point {
    Point { kills, forget_index: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_found_again_asks_nobody() {
    let (calm, _) = calm(Size::SMALL, Marker::Readable).await;
    let points = ["send", "post_message"].map(|action| point(vec![Kill::AtFirst(action, Moment::After)]));
    let tally = endure(CHILD, Size::SMALL, Marker::Readable, &calm, points.into()).await;
    assert_eq!(tally.doubts, 0, "the Message-ID and the message's mark can be read back");
    assert_clean(&tally);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_found_again_waits_for_somebody_who_looks() {
    let (calm, _) = calm(Size::SMALL, Marker::Lost).await;
    let mut points = Vec::new();
    for action in ["send", "post_message"] {
        for moment in [Moment::Before, Moment::After] {
            points.push(point(vec![Kill::AtFirst(action, moment)]));
        }
        // The answer was `retry`: what is done on it may be cut short like anything else.
        for again in 1..=3 {
            points
                .push(point(vec![Kill::AtFirst(action, Moment::Before), Kill::AtCall(again, Moment::After)]));
        }
        for append in [2, 4] {
            let (first, then) = (Kill::AtFirst(action, Moment::Before), Kill::Own(OwnKill::AtAppend(append)));
            points.push(point(vec![first, then]));
            points.push(point(vec![first, then, Kill::AtCall(1, Moment::After)]));
        }
    }
    let count = points.len();
    let tally = endure(CHILD, Size::SMALL, Marker::Lost, &calm, points).await;
    assert!(tally.doubts >= count, "every one of them is asked about: {}", tally.line());
    assert_clean(&tally);
}

/// An answer that never comes, in a life that nobody kills.
async fn unanswered(marker: Marker, action: &str) -> Life {
    let (calm, _) = calm(Size::SMALL, marker).await;
    let mut stage = Stage::new(CHILD, Size::SMALL, marker).await;
    let delay = Some(std::time::Duration::from_secs(2));
    stage.twins.add_fault(Fault { delay, ..Fault::nth(action, 1, Answer::TimeoutAfterEffect) });
    let life = stage.live(None).await;
    // One mail, one message: the script, which would page somebody if the mail had failed, saw that it was sent.
    let tally = judge(&stage, &calm, &point(Vec::new()), std::slice::from_ref(&life));
    assert_clean(&tally);
    life
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_an_answer_is_settled_before_the_script_sees_it() {
    for action in ["smtp.send", "slack.post_message"] {
        assert_eq!(unanswered(Marker::Readable, action).await.doubts, 0, "{action} can be looked up");
        assert_eq!(unanswered(Marker::Lost, action).await.doubts, 1, "{action} is asked about");
    }
}
