//! The adversary: what it gets while access is there, that it ends with the cut, and who sees it.

use stanch_drill::record::{self, Line};
use stanch_model::api::{DecideBody, DrillOrder, MoveState, Say, SeatKind};

use crate::hosted::Hosted;

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_until_the_cut_and_what_it_tries_afterwards_fails() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "consent-lure", &[]);
    let fay = hosted.sit(SeatKind::Facilitator).await;
    let ben = hosted.sit(SeatKind::Approver).await;
    assert!(ben.view().await.behind.is_none(), "the moves are the facilitator's");
    fay.until("a read", |view| view.behind.as_ref().is_some_and(|behind| behind.adversary[0].got == 1)).await;
    fay.seat.order(&DrillOrder::Pause).await.unwrap();
    fay.seat.order(&DrillOrder::Jump { by_s: 60 }).await.unwrap();
    let view = fay
        .until("more", |view| view.behind.as_ref().is_some_and(|behind| behind.adversary[0].got == 2))
        .await;
    let moves = view.behind.unwrap().adversary;
    assert_eq!((moves[0].state, moves[1].state), (MoveState::Works, MoveState::Waits));
    assert!(moves[0].what.starts_with("reads the mail of sales through Data Loader Helper on entra"));

    // the card comes with the first look of the playbook; then nothing is left to read through
    let card = ben.card("take-back").await;
    let yes = DecideBody { say: Say::Approve, reason: None };
    ben.client.decide(&card.id, &yes).await.unwrap();
    fay.until("the cut", |view| {
        let behind = view.behind.as_ref().unwrap();
        behind.adversary[1].state == MoveState::Failed
    })
    .await;
    fay.seat.order(&DrillOrder::Jump { by_s: 90 }).await.unwrap();
    let view = fay
        .until("its end", |view| {
            view.behind.as_ref().is_some_and(|it| it.adversary[0].state == MoveState::Failed)
        })
        .await;
    let moves = view.behind.unwrap().adversary;
    assert!(moves[0].why.starts_with("Data Loader Helper is blocked on entra"), "{}", moves[0].why);
    assert_eq!((moves[0].got, moves[1].got), (2, 0), "nothing was read after the cut, nobody let it in");

    fay.seat.order(&DrillOrder::Stop { why: "enough".to_owned() }).await.unwrap();
    let debrief = ben.until("the debrief", |view| view.debrief.is_some()).await.debrief.unwrap();
    let got = debrief.adversary.unwrap();
    assert_eq!((got.reads, got.after_first_cut, got.made, got.failed), (2, 0, 0, 2));
    let moved = record::read(&hosted.data).unwrap();
    let moved = moved.iter().filter(|line| matches!(line, Line::Moved { .. })).count();
    assert_eq!(moved, 4);
    drop((fay, ben));
    let (_, last) = hosted.end();
    assert_eq!(last["measured"]["adversary"]["failed"], 2);
    let report = crate::hosted::stanch(home.path(), &["report", "data"]).output().unwrap();
    let report = String::from_utf8(report.stdout).unwrap();
    for said in [
        "times that the adversary read",
        "moves of the adversary that failed because of a cut",
        "reads the mail of sales through Data Loader Helper on entra",
        "because Data Loader Helper is blocked",
    ] {
        assert!(report.contains(said), "{said} is missing in\n{report}");
    }
}
