//! The facilitator's pen: entries of the plot are changed before they come, and expectations count as somebody saw them.

use serde_json::Value;
use stanch_client::ClientError;
use stanch_drill::record::{self, Line};
use stanch_model::api::{DrillOrder, Grade, Hoped, PlotState, SeatKind};

use crate::hosted::{Hosted, Sitting, stanch};

/// The places of `chat-widget` that are meant.
const MAIL: usize = 1;
const CHAT: usize = 4;
const SOMEBODY_ELSE: usize = 1;

async fn refused(sitting: &Sitting, order: DrillOrder) -> (Option<u16>, String) {
    let error = sitting.seat.order(&order).await.unwrap_err();
    (error.status(), error.to_string())
}

fn edit(entry: &str, text: Option<&str>, at_s: Option<i64>) -> DrillOrder {
    DrillOrder::Edit { entry: entry.to_owned(), text: text.map(str::to_owned), from: None, at_s }
}

fn grade(expectation: usize, came: Option<Grade>, why: &str) -> DrillOrder {
    DrillOrder::Grade { expectation, came, why: why.to_owned() }
}

async fn hoped(sitting: &Sitting, expectation: usize) -> Hoped {
    let hoped = sitting.view().await.hoped.unwrap();
    hoped.into_iter().find(|one| one.expectation == expectation).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_comes_as_it_was_changed_and_no_entry_is_changed_after_it_came() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "chat-widget", &[]);
    let fay = hosted.sit(SeatKind::Facilitator).await;
    let ana = hosted.sit(SeatKind::Responder).await;
    fay.seat.order(&DrillOrder::Pause).await.unwrap();

    let new = "We saw something, and will say nothing.";
    let said = fay.seat.order(&edit("1", Some(new), Some(120))).await.unwrap().said;
    assert_eq!(said, format!("changed: mail from security@drift.example: at 2m, \u{201c}{new}\u{201d}"));
    let told = stanch(home.path(), &["drill", "edit", "4", "--from", "Ida", "--json", "--at"])
        .arg(hosted.code(SeatKind::Facilitator))
        .output()
        .unwrap();
    assert!(told.status.success(), "{told:?}");
    let plot = fay.view().await.behind.unwrap().plot;
    let mail = &plot[MAIL];
    assert_eq!((mail.text.as_deref(), mail.due_s, mail.when.as_str()), (Some(new), Some(120), "at 2m"));
    assert_eq!((mail.edited_by.as_deref(), plot[0].edited_by.as_deref()), (Some("fay"), None));
    assert_eq!((plot[CHAT].from.as_deref(), plot[CHAT].what.as_str()), (Some("Ida"), "chat from Ida"));

    // what cannot be changed so
    for (order, status, words) in [
        (edit("2", Some("hear me"), None), 422, "nobody says anything"),
        (edit("2", None, Some(600)), 422, "does not come by the clock"),
        (edit("1", None, Some(0)), 422, "no time to come at"),
        (edit("1", None, Some(46 * 60)), 422, "no time to come at"),
        (edit("1", Some(new), None), 409, "stands so already"),
        (edit("1", Some("  "), None), 422, "write what"),
        (edit("nobody", Some("x"), None), 404, "no entry"),
    ] {
        let (found, why) = refused(&fay, order).await;
        assert!(found == Some(status) && why.contains(words), "{found:?} {why}");
    }
    assert_eq!(refused(&ana, edit("1", Some("mine"), None)).await.0, Some(403));

    fay.seat.order(&DrillOrder::Jump { by_s: 130 }).await.unwrap();
    let view = ana.until("the mail", |view| view.inbox.iter().any(|one| one.entry == MAIL)).await;
    assert_eq!(view.inbox.iter().find(|one| one.entry == MAIL).unwrap().text, new);
    assert_eq!(fay.view().await.behind.unwrap().plot[MAIL].state, PlotState::Fired);
    assert_eq!(refused(&fay, edit("1", Some("too late"), None)).await.0, Some(409));

    // it is as durable as what it changes
    hosted.kill();
    let hosted = Hosted::start(home.path(), "chat-widget", &[]);
    let fay = hosted.sit(SeatKind::Facilitator).await;
    let plot = fay.view().await.behind.unwrap().plot;
    assert_eq!((plot[MAIL].state, plot[MAIL].text.as_deref()), (PlotState::Fired, Some(new)));
    assert_eq!((plot[CHAT].state, plot[CHAT].from.as_deref()), (PlotState::Waits, Some("Ida")));
    fay.seat.order(&DrillOrder::Stop { why: "enough".to_owned() }).await.unwrap();
    let data = hosted.data.clone();
    drop((fay, ana));
    hosted.end();
    let edits = record::read(&data).unwrap();
    assert_eq!(edits.iter().filter(|line| matches!(line, Line::Edited { .. })).count(), 2);
    let report = report(home.path());
    let moments: Vec<&Value> = report["timeline"].as_array().unwrap().iter().collect();
    let mail = moments.iter().find(|one| one["text"].as_str().unwrap().contains(new)).unwrap();
    assert!(mail["text"].as_str().unwrap().contains("changed by fay"), "{mail}");
    assert_eq!(mail["planned_s"], 360, "the report keeps what was planned");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_counts_and_is_named_beside_what_was_computed() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "chat-widget", &[]);
    let fay = hosted.sit(SeatKind::Facilitator).await;
    let eva = hosted.sit(SeatKind::Evaluator).await;
    assert_eq!(hoped(&eva, SOMEBODY_ELSE).await.points, 0);

    let why = "Ben said yes on the phone, I heard it";
    fay.seat.order(&grade(SOMEBODY_ELSE, Some(Grade::Met), why)).await.unwrap();
    let met = hoped(&eva, SOMEBODY_ELSE).await;
    let graded = met.graded.unwrap();
    assert_eq!((met.came.as_str(), met.points), ("met", 10));
    assert_eq!(
        (graded.came.as_str(), graded.by.as_str(), graded.why.as_str()),
        ("missed", "fay", why),
        "what was computed stands beside it"
    );
    assert_eq!(refused(&eva, grade(0, Some(Grade::Met), "for fun")).await.0, Some(403));
    assert_eq!(
        refused(&fay, grade(0, Some(Grade::Met), " ")).await.0,
        Some(422),
        "no override without a why"
    );
    assert_eq!(refused(&fay, grade(70, None, "x")).await.0, Some(404));

    fay.seat.order(&DrillOrder::Stop { why: "the mail is down".to_owned() }).await.unwrap();
    let ended = eva.until("its end", |view| view.debrief.is_some()).await.debrief.unwrap();
    // people talk about it, and the facilitator thinks again
    fay.seat.order(&grade(SOMEBODY_ELSE, Some(Grade::Late), "late, they say")).await.unwrap();
    let late = eva.view().await.debrief.unwrap();
    assert_eq!(late.score + 5, ended.score, "half of ten points");
    let told = stanch(home.path(), &["drill", "grade", "1", "computed", "--why", "as it was", "--at"])
        .arg(hosted.code(SeatKind::Facilitator))
        .output()
        .unwrap();
    assert!(told.status.success(), "{told:?}");
    assert_eq!(eva.view().await.debrief.unwrap().score + 10, ended.score);
    fay.seat.order(&grade(SOMEBODY_ELSE, Some(Grade::Met), why)).await.unwrap();
    let gone: Result<_, ClientError> = fay.seat.order(&edit("4", Some("x"), None)).await;
    assert_eq!(gone.unwrap_err().status(), Some(409), "the plot is over");

    let score = ended.score;
    drop((fay, eva));
    let (_, last) = hosted.end();
    assert_eq!(last["score"], score, "the exit's score is the last word's");
    let report = report(home.path());
    assert_eq!(report["points"]["got"], score);
    let expectations = report["objectives"].as_array().unwrap().iter();
    let mut expectations = expectations.flat_map(|one| one["expectations"].as_array().unwrap());
    let one = expectations.find(|one| one["say"] == "somebody else than the starter said yes").unwrap();
    assert_eq!((&one["came"], &one["graded"]["computed"]), (&"met".into(), &"missed".into()), "{one}");
    let page = stanch(home.path(), &["report", "data"]).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.contains(&format!("by fay: {why} (missed as computed)")), "{page}");
}

fn report(home: &std::path::Path) -> Value {
    let output = stanch(home, &["report", "data", "--format", "json"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}
