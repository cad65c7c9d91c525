//! An incident is closed and opened again on its screen: said first, sent only after a yes, and what is open is named.

use serde_json::json;
use stanch_model::api::{Me, Recorded, Role};
use stanch_tui::{
    Look,
    ask::{Intent, Order, Told, Trouble},
    event::Event,
};

use crate::{
    register::{joined, read, tell},
    stage::Stage,
};

const OVER: &str = "01JD8Q2W3E4R5T6Y7U8I9O0INC";
const OPEN: &str = "01JD8Q2W3E4R5T6Y7U8I9O0NEW";

/// At the incidents: the newer one is open, the other is closed.
fn incidents() -> Stage {
    let mut stage = joined(Look::FULL, "live");
    let one = |id: &str, title: &str, closed: Option<&str>| {
        json!({
            "id": id, "title": title, "severity": "high", "opened": "2026-11-25T02:40:00Z", "closed": closed,
            "runs": [], "mode": "live"
        })
    };
    let closed = one(OVER, "Drift: token used from an unknown network", Some("2026-11-26T09:00:00Z"));
    let open = one(OPEN, "Zendesk: a session that nobody knows", None);
    tell(&mut stage, Told::Incidents(read(json!([open, closed]))));
    for (summary, closed) in [
        (open, json!(null)),
        (closed, json!({ "at": "2026-11-26T09:00:00Z", "by": "ana", "text": "Drift turned its tokens" })),
    ] {
        let view =
            json!({ "summary": summary, "alerts": [], "deadlines": [], "notes": [], "closed": closed });
        tell(&mut stage, Told::Incident(read(view)));
    }
    stage.keys(&["5"]);
    stage.intents.clear();
    stage
}

fn ordered(stage: &mut Stage) -> Vec<(u64, Order)> {
    let orders = stage.intents.drain(..).filter_map(|intent| match intent {
        Intent::Order(number, order) => Some((number, order)),
        Intent::Ask(_) => None,
    });
    orders.collect()
}

#[test]
fn what_is_closed_is_shown_as_closed_in_the_list_and_in_full() {
    insta::assert_snapshot!("list_80x24", incidents().picture(80, 24));
    insta::assert_snapshot!("closed_80x24", incidents().keys(&["down", "enter"]).picture(80, 24));
    insta::assert_snapshot!("sheet_80x24", incidents().keys(&["c"]).picture(80, 24));
}

#[test]
fn it_is_closed_with_a_reason_and_a_yes_and_a_no_of_the_server_keeps_what_was_written() {
    let mut stage = incidents();
    stage.keys(&["c", "enter"]);
    assert!(stage.picture(80, 24).contains("it is needed"), "{}", stage.picture(80, 24));
    stage.types("they ended it").keys(&["enter"]);
    assert_eq!(ordered(&mut stage), [], "Enter alone closes nothing");
    stage.keys(&["y"]);
    let (number, order) = ordered(&mut stage).remove(0);
    assert_eq!(order, Order::Close(OPEN.to_owned(), "they ended it".to_owned()));
    let why = "incident 8I9O0NEW cannot be closed: run 8I9O0P1A of cut is waiting".to_owned();
    let help = Some("its runs end by an answer".to_owned());
    stage.event(Event::Done(number, Err(Trouble { why, help, refused: true, ..Trouble::default() })));
    let picture = stage.picture(80, 24);
    assert!(picture.contains("run 8I9O0P1A of cut is"), "{picture}");
    assert!(picture.contains("its runs end by an answer") && picture.contains("they ended it"), "{picture}");
    stage.keys(&["enter", "y"]);
    let (number, _) = ordered(&mut stage).remove(0);
    let recorded = Recorded { new: true, by: "ben".to_owned(), position: 7 };
    stage.event(Event::Done(number, Ok(recorded)));
    assert!(stage.app.overlays.is_empty());
    assert!(stage.picture(80, 24).contains("recorded"), "{}", stage.picture(80, 24));
}

#[test]
fn the_same_key_opens_a_closed_one_again_and_the_palette_knows_both() {
    let mut stage = incidents();
    stage.keys(&["down", "c"]);
    assert!(stage.picture(80, 24).contains("Open incident"), "{}", stage.picture(80, 24));
    stage.types("it was more").keys(&["enter", "y"]);
    let order = Order::Reopen(OVER.to_owned(), "it was more".to_owned());
    assert_eq!(ordered(&mut stage), [(1, order)]);
    let mut stage = incidents();
    stage.keys(&[":"]).types("incident is over");
    assert!(
        stage.picture(80, 24).contains("> c         say that the incident is over"),
        "{}",
        stage.picture(80, 24)
    );
    stage.keys(&["enter"]);
    assert!(stage.picture(80, 24).contains("Close incident"), "{}", stage.picture(80, 24));
}

#[test]
fn privacy_hides_who_closed_it() {
    let mut stage = incidents();
    stage.keys(&["down", "enter"]);
    assert!(stage.picture(120, 40).contains("ana"));
    let hidden = stage.keys(&["P"]).picture(120, 40);
    assert!(!hidden.contains("ana") && hidden.contains("closed"), "{hidden}");
}

#[test]
fn whoever_only_looks_closes_nothing() {
    let mut stage = incidents();
    let (name, through) = ("vic".to_owned(), "socket".to_owned());
    tell(&mut stage, Told::Me(Me { name, role: Role::Viewer, through, until: None }));
    stage.keys(&["c"]);
    assert!(stage.app.overlays.is_empty());
    assert!(!stage.picture(120, 40).contains("c close"), "{}", stage.picture(120, 40));
}

#[test]
fn now_tells_of_what_is_open_before_what_is_closed() {
    let mut stage = incidents();
    stage.keys(&["1"]);
    let picture = stage.picture(80, 24);
    assert!(picture.contains("Zendesk: a session") && !picture.contains("CLOSED"), "{picture}");
    let over = stage.app.live.incidents.iter().filter(|one| one.id == OVER).cloned().collect();
    tell(&mut stage, Told::Incidents(over));
    let picture = stage.picture(80, 24);
    assert!(
        picture.contains("Drift: token used") && picture.contains("CLOSED. No run is on it."),
        "{picture}"
    );
}
