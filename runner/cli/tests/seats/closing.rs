//! The incident of a drill is closed and opened again by those who respond, and by nobody who looks on or directs.

use stanch_model::api::{DrillOrder, SeatKind};

use crate::hosted::{Hosted, Sitting};

#[tokio::test(flavor = "multi_thread")]
async fn who_responds_closes_an_incident_and_who_looks_on_or_directs_does_not() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "chat-widget", &["--speed", "10"]);
    let (ana, ben) = (hosted.sit(SeatKind::Responder).await, hosted.sit(SeatKind::Approver).await);
    let fay = hosted.sit(SeatKind::Facilitator).await;
    let others = [fay, hosted.sit(SeatKind::Observer).await, hosted.sit(SeatKind::Evaluator).await];
    let card = ben.card("cut-app").await;
    others[0].seat.order(&DrillOrder::Pause).await.unwrap();
    let incident = card.incident.unwrap();
    let run = card.run;

    nobody_of(&others, &incident).await;
    let early = ana.client.close_incident(&incident, "over").await.unwrap_err();
    assert!(early.status() == Some(409) && early.to_string().contains("cannot be closed"), "{early}");
    ana.client.cancel(&run, Some("a test of our monitoring")).await.unwrap();
    ana.over(&run).await;
    nobody_of(&others, &incident).await;

    let closed = ana.client.close_incident(&incident, "it was a test").await.unwrap();
    assert_eq!(closed.by, "ana");
    let view = others[1].client.incident(&incident).await.unwrap();
    let said = view.closed.unwrap();
    assert_eq!((said.by.as_str(), said.text.as_str()), ("ana", "it was a test"), "who looks on reads it");
    nobody_of(&others, &incident).await;
    let opened = ben.client.reopen_incident(&incident, "it was not").await.unwrap();
    assert_eq!(opened.by, "ben");
    assert!(others[2].client.incident(&incident).await.unwrap().closed.is_none());
    drop((ana, ben, others));
    hosted.kill();
}

/// None of these may close it or open it again.
async fn nobody_of(others: &[Sitting], incident: &str) {
    for other in others {
        for refused in [
            other.client.close_incident(incident, "over").await,
            other.client.reopen_incident(incident, "not over").await,
        ] {
            assert_eq!(refused.unwrap_err().status(), Some(403));
        }
    }
}

impl Sitting {
    /// Looks until the run has ended.
    async fn over(&self, run: &str) {
        for _ in 0..900 {
            if self.client.run(run).await.unwrap().ended.is_some() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("run {run} never ends");
    }
}
