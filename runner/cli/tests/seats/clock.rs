//! The facilitator's clock: it stands, and goes from one thing to the next.

use stanch_model::api::{DrillOrder, DrillView, PlotState, SeatKind};

use crate::hosted::Hosted;

const MINUTE: i64 = 60_000;

/// Which entries of the plot have happened.
fn fired(view: &DrillView) -> Vec<usize> {
    let plot = &view.behind.as_ref().unwrap().plot;
    plot.iter().filter(|one| one.state == PlotState::Fired).map(|one| one.entry).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_goes_to_the_next_thing_and_the_clock_stands_again() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "sign-desk", &["--seat", "facilitator"]);
    let fay = hosted.sit(SeatKind::Facilitator).await;
    // whoever sits there answers for themselves: nobody's answer comes between
    let (_ana, _ben) = (hosted.sit(SeatKind::Responder).await, hosted.sit(SeatKind::Approver).await);
    fay.seat.order(&DrillOrder::Pause).await.unwrap();
    let start = fay.until("its beginning", |view| fired(view) == [0]).await;
    assert_eq!(start.clock.rate, 0.0);

    // a colleague starts the playbook; the vendor falls silent; a chat; by then clocks were to run; a call
    let mut known = vec![0];
    for (entry, minutes) in [(Some(1), 10), (Some(3), 60), (Some(4), 120), (None, 240), (Some(6), 540)] {
        let said = fay.seat.order(&DrillOrder::Step).await.unwrap().said;
        assert_eq!(said, format!("it is T+{minutes}:00"));
        known.extend(entry);
        let view = fay.until(&said, |view| known.iter().all(|one| fired(view).contains(one))).await;
        assert_eq!((view.clock.rate, view.clock.scenario_ms), (0.0, start.start_ms + minutes * MINUTE));
        // what waits for something to happen may have; nothing else that comes by the clock has
        let by_clock: Vec<usize> = fired(&view).into_iter().filter(|one| ![2, 5].contains(one)).collect();
        assert_eq!(by_clock, known, "{said}");
        if let Some(entry) = entry {
            let happened = view.behind.as_ref().unwrap().plot[entry].at_s;
            assert_eq!(happened, Some(minutes * 60), "it happened at its own time");
        }
        assert_eq!(fay.view().await.clock, view.clock, "and time does not pass");
    }
    fay.seat.order(&DrillOrder::Resume).await.unwrap();
    assert!(fay.view().await.clock.rate > 0.0, "it goes on as it did");
    drop((fay, _ana, _ben));
    hosted.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_falls_silent_and_speaks_again_as_the_facilitator_says() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "sign-desk", &["--seat", "facilitator"]);
    let fay = hosted.sit(SeatKind::Facilitator).await;
    fay.seat.order(&DrillOrder::Pause).await.unwrap();
    let faults = |view: &DrillView| -> Vec<String> {
        view.behind.as_ref().unwrap().faults.iter().map(|fault| fault.what.clone()).collect()
    };
    let said =
        fay.seat.order(&DrillOrder::fault("dropbox-sign vendor_silent 2h").unwrap()).await.unwrap().said;
    assert_eq!(said, "dropbox-sign: vendor_silent");
    let view = fay.view().await;
    assert_eq!(faults(&view), ["dropbox-sign: vendor_silent"]);
    assert!(view.behind.unwrap().faults[0].until_s.is_some_and(|until| until >= 7_200));
    for (words, part) in [
        ("dropbox-sgn vendor_silent", "did you mean `dropbox-sign`?"),
        ("docs vendor_silent", "nobody at `docs` answers anyway"),
        ("dropbox-sign vendor_silnt", "did you mean `vendor_silent`?"),
    ] {
        let no = fay.seat.order(&DrillOrder::fault(words).unwrap()).await.unwrap_err();
        assert_eq!(no.status(), Some(422), "{words}");
        assert!(format!("{no:?}").contains(part), "{words}: {no:?}");
    }
    let off = fay.seat.order(&DrillOrder::FaultOff { id: None }).await.unwrap().said;
    assert_eq!(off, "off: dropbox-sign: vendor_silent");
    assert_eq!(faults(&fay.view().await), Vec::<String>::new());
    drop(fay);
    hosted.kill();
}
