//! Two players and a facilitator in one drill.

use stanch_client::{ClientError, Seat};
use stanch_drill::record::{self, Line};
use stanch_model::api::{AnswerBody, DecideBody, DrillDone, DrillOrder, PlotState, Remark, Say, SeatKind};

use crate::hosted::{Hosted, Sitting, stanch};

type Answer = Result<DrillDone, ClientError>;

fn status(answer: &Answer) -> Option<u16> {
    answer.as_ref().err().and_then(ClientError::status)
}

async fn order(sitting: &Sitting, order: DrillOrder) -> String {
    sitting.seat.order(&order).await.unwrap().said
}

fn remark(sort: Remark, text: &str) -> DrillOrder {
    DrillOrder::Remark { sort, text: text.to_owned(), goal: Some("contain".to_owned()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_and_does_what_its_seat_may_and_all_of_it_is_written_down() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "chat-widget", &["--speed", "10"]);
    let ana = hosted.sit(SeatKind::Responder).await;
    let ben = hosted.sit(SeatKind::Approver).await;
    let fay = hosted.sit(SeatKind::Facilitator).await;

    // what is hidden is the facilitator's
    let (players, facilitator) = (ana.view().await, fay.view().await);
    let told = serde_json::to_string(&[&players, &ben.view().await]).unwrap();
    for secret in ["google_workspace", "nobody registered it", "press-asks", "Say nothing about"] {
        assert!(!told.contains(secret), "a player is told of {secret}");
        assert!(serde_json::to_string(&facilitator).unwrap().contains(secret), "{secret}");
    }
    assert!(players.behind.is_none() && players.hoped.is_none() && facilitator.behind.is_some());
    assert!(players.seats.iter().all(|seat| seat.code.is_none()), "codes are not the players'");

    // what may be ordered is the seat's
    let paused = ana.seat.order(&DrillOrder::Pause).await;
    assert_eq!((status(&paused), status(&fay.seat.order(&DrillOrder::Hint).await)), (Some(403), Some(403)));
    let place = hosted.code(SeatKind::Observer).split_once('@').unwrap().1.to_owned();
    let stranger = Seat::at(&format!("observer-guess@{place}")).unwrap().view().await;
    assert_eq!(stranger.err().and_then(|error| error.status()), Some(401));

    // the clock
    order(&fay, DrillOrder::Pause).await;
    let stands = fay.view().await.clock;
    assert_eq!((stands.rate, fay.view().await.clock), (0.0, stands));
    let nowhere = fay.seat.order(&DrillOrder::Speed { rate: 601 }).await;
    assert_eq!(status(&nowhere), Some(422));
    order(&fay, DrillOrder::Jump { by_s: 60 }).await;
    assert!(fay.view().await.clock.scenario_ms >= stands.scenario_ms + 60_000);

    // the plot
    order(&fay, DrillOrder::Fire { entry: "press-asks".to_owned() }).await;
    let view = ana.until("the press", |view| view.inbox.iter().any(|one| one.channel == "press")).await;
    assert!(view.inbox.iter().any(|one| one.text.contains("support cases")), "{:?}", view.inbox);
    let again = fay.seat.order(&DrillOrder::Fire { entry: "press-asks".to_owned() }).await;
    assert_eq!(status(&again), Some(409));
    order(&fay, DrillOrder::Skip { entry: "1".to_owned() }).await;
    let plot = fay.view().await.behind.unwrap().plot;
    assert_eq!(plot[1].state, PlotState::Off);

    // faults
    order(&fay, DrillOrder::fault("okta 429 5m").unwrap()).await;
    assert_eq!(fay.view().await.behind.unwrap().faults.len(), 1);
    let elsewhere = fay.seat.order(&DrillOrder::fault("nowhere 429").unwrap()).await;
    assert_eq!(status(&elsewhere), Some(422));
    order(&fay, DrillOrder::FaultOff { id: None }).await;
    assert!(fay.view().await.behind.unwrap().faults.is_empty());

    // remarks, hints
    order(&ben, remark(Remark::Gap, "nobody leads")).await;
    order(&ana, remark(Remark::Strength, "evidence first")).await;
    assert!(order(&ana, DrillOrder::Hint).await.contains("who consented"));
    assert_eq!((ben.view().await.remarks.len(), fay.view().await.remarks.len()), (1, 2));

    // two people: one says yes, the other does by hand what no API does
    order(&fay, DrillOrder::Resume).await;
    let card = ben.card("cut-app").await;
    let yes = DecideBody { say: Say::Approve, reason: Some("genuine".to_owned()) };
    assert_eq!(ben.client.decide(&card.id, &yes).await.unwrap().by, "ben");
    let card = ana.card("app.quarantine").await;
    let did = order(&ana, DrillOrder::ByHand { card: card.id.clone() }).await;
    assert_eq!(did, "ana does by hand: blocks drift");
    let done = AnswerBody { answer: "done".to_owned(), note: None };
    ana.client.answer(&card.id, &done).await.unwrap();

    // something real
    order(&ben, DrillOrder::Stop { why: "our own mail is down".to_owned() }).await;
    ana.until("the end", |view| view.debrief.is_some()).await;
    let late = fay.seat.order(&DrillOrder::Pause).await;
    assert_eq!(status(&late), Some(409), "over is over");
    let data = hosted.data.clone();
    drop((ana, ben, fay));
    let (exit, last) = hosted.end();
    assert_eq!((exit.code(), &last["why"]), (Some(3), &"stopped".into()), "{last}");
    written(&data);
}

/// All of it stands in the drill's journal.
fn written(data: &std::path::Path) {
    let lines = record::read(data).unwrap();
    let any = |so: &dyn Fn(&Line) -> bool| lines.iter().any(so);
    for seat in [SeatKind::Responder, SeatKind::Approver, SeatKind::Facilitator] {
        assert!(any(&|line| matches!(line, Line::Sat { seat: sat, .. } if *sat == seat)), "{seat}");
    }
    assert!(any(&|line| matches!(line, Line::Clock { at, by } if at.rate == 0.0 && by == "fay")));
    assert!(any(&|line| matches!(line, Line::Fired { by, .. } if by == "fay")));
    assert!(any(&|line| matches!(line, Line::Off { entry: 1, by, .. } if by == "fay")));
    assert!(any(&|line| matches!(line, Line::Faulted { by, .. } if by == "fay")));
    assert!(any(&|line| matches!(line, Line::Mended { faults, .. } if faults == "okta: 429")));
    assert!(any(
        &|line| matches!(line, Line::Observed { sort, goal, .. } if sort == "gap" && goal == "contain")
    ));
    assert!(any(&|line| matches!(line, Line::Hinted { who, .. } if who == "ana")));
    assert!(any(&|line| matches!(line, Line::ByHand { who, did, .. } if who == "ana" && !did.is_empty())));
    assert!(any(&|line| matches!(line, Line::Stopped { who, .. } if who == "ben")));
    assert!(!any(&|line| matches!(line, Line::StoodIn { .. })), "nobody stands in where somebody sits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_is_cut_off_goes_on_in_its_seat() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "first-drill", &["--seat", "responder", "--speed", "5"]);
    let ana = hosted.sit(SeatKind::Responder).await;
    ana.card("cut-app").await;
    order(&ana, remark_of("it asked at once")).await;
    let before = ana.until("the coach", |view| !view.inbox.is_empty()).await;
    hosted.kill();
    let hosted = Hosted::start(home.path(), "first-drill", &["--seat", "responder", "--speed", "5"]);
    let ana = hosted.sit(SeatKind::Responder).await;
    let after = ana.view().await;
    assert_eq!(
        (&after.remarks, &after.inbox),
        (&before.remarks, &before.inbox),
        "nothing is lost or said twice"
    );
    assert!(after.clock.scenario_ms >= before.clock.scenario_ms, "time goes on where it stood");
    let card = ana.card("cut-app").await;
    ana.client.decide(&card.id, &DecideBody { say: Say::Approve, reason: None }).await.unwrap();
    let view = ana.until("its end", |view| view.debrief.is_some()).await;
    let debrief = view.debrief.unwrap();
    assert_eq!((debrief.score, debrief.passed, debrief.doubled), (100, true, 0), "{debrief:?}");
    let sat = record::read(&hosted.data).unwrap();
    assert_eq!(
        sat.iter().filter(|line| matches!(line, Line::Sat { .. })).count(),
        1,
        "who comes back sat there"
    );
    assert_eq!(hosted.end().0.code(), Some(0));
}

fn remark_of(text: &str) -> DrillOrder {
    DrillOrder::Remark { sort: Remark::Strength, text: text.to_owned(), goal: None }
}

#[test]
fn what_cannot_be_is_said_with_the_way_out() {
    let home = tempfile::tempdir().unwrap();
    let said = |args: &[&str]| {
        let output = stanch(home.path(), args).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, seat) = said(&["drill", "first-drill", "--seat", "approver"]);
    assert!(code == Some(2) && seat.contains("no seat approver") && seat.contains("facilitator"), "{seat}");
    let (code, place) = said(&["drill", "status", "--at", "responder"]);
    assert!(code == Some(2) && place.contains("CODE@HOST:PORT"), "{place}");
    let (code, nobody) = said(&["drill", "pause", "--at", "facilitator-x@127.0.0.1:1"]);
    assert!(code == Some(1) && nobody.contains("is the drill over?"), "{nobody}");
    let (code, fault) = said(&["drill", "fault", "okta", "--at", "facilitator-x@127.0.0.1:1"]);
    assert!(code == Some(2) && fault.contains("okta 429 5m"), "{fault}");
    let (code, speed) = said(&["drill", "first-drill", "--speed", "700"]);
    assert!(code == Some(2) && speed.contains("1 to 600"), "{speed}");
}
