//! Sheets: what is started, let go, taken back or extended is said first, and sent only after a yes of its own.

use serde_json::json;
use stanch_model::{
    api::{Card, Recorded, UndoPlan},
    run::WaitKind,
};
use stanch_tui::{
    Look,
    app::Screen,
    ask::{Ask, Begin, Begun, Intent, Order, Told, Trouble},
    event::Event,
};

use crate::{
    cards,
    register::{RUN, joined, tell},
    stage::Stage,
};

fn orders(stage: &mut Stage) -> Vec<(u64, Order)> {
    let orders = stage.intents.drain(..).filter_map(|intent| match intent {
        Intent::Order(number, order) => Some((number, order)),
        Intent::Ask(_) => None,
    });
    orders.collect()
}

/// At the playbook's form.
fn starting(mode: &str) -> Stage {
    let mut stage = joined(Look::FULL, mode);
    stage.keys(&["8", "s"]);
    stage
}

/// At the form of break-glass over this card.
fn breaking(card: Card) -> Stage {
    let mut stage = joined(Look::FULL, "live");
    tell(&mut stage, Told::Approvals(vec![card]));
    stage.keys(&["3", "enter", "g"]);
    stage
}

/// A run of the recording whose cut is held, opened; with this plan of its undo.
fn undoing(plan: serde_json::Value) -> Stage {
    let mut stage = Stage::recorded(Look::FULL, usize::MAX);
    stage.keys(&["r"]);
    let run = stage.app.opened_run().unwrap().to_owned();
    stage.intents.clear();
    stage.keys(&["U"]);
    assert!(stage.intents.contains(&Intent::Ask(Ask::UndoPlan(run.clone()))), "{:?}", stage.intents);
    assert!(stage.picture(80, 24).contains("reading what it would come to"));
    let mut plan = plan;
    plan["run"] = json!(run);
    let plan: UndoPlan = serde_json::from_value(plan).unwrap();
    tell(&mut stage, Told::UndoPlan(plan));
    stage
}

fn plan() -> serde_json::Value {
    let item = |nth: usize, how: &str, by: &str, why: &str| {
        json!({ "target": format!("okta:grant:{nth}"), "label": format!("grant {nth}"), "property": "grant.revoke",
            "how": how, "by": by, "why": why })
    };
    let mut items: Vec<serde_json::Value> =
        (1..=30).map(|nth| item(nth, "gives_back", "okta.grant_again", "")).collect();
    items.push(item(31, "stays", "", "run 8I9O0P1A holds it too"));
    json!({ "items": items, "needs": { "approval": "undo", "ask": ["incident-lead"], "of": 2, "why": "it restores" } })
}

#[test]
fn every_sheet_is_whole_at_every_size_and_in_ascii() {
    type Open = fn() -> Stage;
    let all: [(&str, Open); 5] = [
        ("start_live", || starting("live")),
        ("start_drill", || starting("drill")),
        ("break_glass", || breaking(cards::told_all())),
        ("undo", || undoing(plan())),
        ("extend", extending),
    ];
    for (name, open) in all {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), open().picture(width, height));
        }
        let mut stage = open();
        stage.app.options.look = Look::PLAIN;
        let plain = stage.picture(80, 24);
        assert!(plain.is_ascii(), "{name}\n{plain}");
        insta::assert_snapshot!(format!("{name}_ascii"), plain);
        for (width, height) in [(1, 1), (20, 5), (40, 10), (41, 11), (60, 13), (300, 100)] {
            stage.picture(width, height);
        }
    }
}

#[test]
fn a_playbook_is_started_with_what_was_written_and_one_goes_to_its_run() {
    let mut stage = starting("live");
    stage.types("drift").keys(&["tab", "ctrl-u"]).types("10").keys(&["tab", "space", "enter"]);
    let sure = stage.picture(80, 24);
    assert!(sure.contains("y  start oauth-app-compromise LIVE"), "{sure}");
    assert_eq!(orders(&mut stage), [], "Enter alone starts nothing");
    stage.keys(&["enter"]);
    assert_eq!(orders(&mut stage), [], "nor does it twice");
    stage.keys(&["enter", "y"]);
    let input = json!({ "app": "drift", "batch": 10, "lock": true }).as_object().cloned().unwrap();
    let start = Begin::Start { playbook: "oauth-app-compromise".to_owned(), input, incident: None };
    let given = orders(&mut stage);
    assert_eq!(given, [(1, Order::Begin(start))], "what is usual is left to the server");
    stage.event(Event::Begun(1, Ok(Begun { run: RUN.to_owned() })));
    assert!(stage.app.overlays.is_empty());
    assert_eq!((stage.app.screen, stage.app.opened_run()), (Screen::Runs, Some(RUN)));
    assert!(stage.intents.contains(&Intent::Ask(Ask::Entries(RUN.to_owned(), 0))), "{:?}", stage.intents);
}

#[test]
fn what_is_wrong_stands_at_its_field_whoever_finds_it() {
    let mut stage = starting("live");
    stage.keys(&["tab"]).types("x").keys(&["enter"]);
    let picture = stage.picture(80, 24);
    assert!(picture.contains("it is needed") && picture.contains("50x is no whole number"), "{picture}");
    assert!(picture.contains("> app"), "the first that is wrong is gone to\n{picture}");
    stage.types("drift").keys(&["tab", "backspace", "enter", "y"]);
    let (number, _) = orders(&mut stage).remove(0);
    let why = "input since: there is no such day".to_owned();
    let refused = Trouble { why, field: Some("since".to_owned()), refused: true, ..Trouble::default() };
    stage.event(Event::Begun(number, Err(refused)));
    let picture = stage.picture(80, 24);
    assert!(picture.contains("> since") && picture.contains("there is no such day"), "{picture}");
    // what names no field stands at the foot, with the way out
    stage.keys(&["enter", "y"]);
    let (number, _) = orders(&mut stage).remove(0);
    let (why, help) = ("the server is about to stop".to_owned(), Some("try again in a minute".to_owned()));
    stage.event(Event::Begun(number, Err(Trouble { why, help, refused: true, ..Trouble::default() })));
    let picture = stage.picture(80, 24);
    assert!(picture.contains("not done: the server is about to stop"), "{picture}");
    assert!(picture.contains("try again in a minute"), "{picture}");
    assert_eq!(stage.keys(&["esc"]).app.overlays.len(), 0);
}

#[test]
fn whoever_only_looks_on_starts_nothing_and_breaks_nothing() {
    let mut stage = starting("live");
    stage.keys(&["esc"]);
    let me = stanch_model::api::Me {
        name: "vi".to_owned(),
        role: stanch_model::api::Role::Viewer,
        through: "socket".to_owned(),
        until: None,
    };
    tell(&mut stage, Told::Me(me));
    assert!(stage.keys(&["s"]).app.overlays.is_empty());
    tell(&mut stage, Told::Approvals(vec![cards::told_all()]));
    stage.keys(&["3", "enter", "g"]);
    assert!(!stage.picture(80, 24).contains("Break-glass"));
}

#[test]
fn a_card_is_let_go_alone_for_a_reason_and_says_so_afterwards() {
    let mut stage = breaking(cards::told_all());
    let picture = stage.picture(80, 24);
    for words in ["Everybody whom `tell:` names hears at once", "in the report", "PERMANENT", "ben or caro"] {
        assert!(picture.replace("  |\n  |", " ").contains(words), "{words}\n{picture}");
    }
    stage.types("hm").keys(&["enter"]);
    assert!(stage.picture(80, 24).contains("at least 10 letters"));
    stage.types(", nobody answers").keys(&["tab"]).types("drift").keys(&["enter", "y"]);
    let why = "hm, nobody answers".to_owned();
    assert_eq!(orders(&mut stage), [(1, Order::BreakGlass(cards::told_all().id, why.clone()))]);
    let early = "ben, caro can still answer; break-glass is there in 120 s".to_owned();
    stage.event(Event::Done(1, Err(Trouble { why: early, refused: true, ..Trouble::default() })));
    assert!(stage.picture(80, 24).contains("break-glass is there in 120 s"));
    stage.keys(&["enter", "y"]);
    let recorded = Recorded { new: true, by: "ben".to_owned(), position: 412 };
    stage.event(Event::Done(2, Ok(recorded)));
    // the card does not wait any more: it stays, and says how it went
    tell(&mut stage, Told::Approvals(Vec::new()));
    let picture = stage.picture(80, 24);
    assert!(picture.contains("BREAK-GLASS recorded 17:26:40, position 412, as ben"), "{picture}");
    assert!(picture.contains(&why) && picture.contains("everybody is told"), "{picture}");
    stage.keys(&["esc"]);
    assert!(stage.app.overlays.is_empty());
}

#[test]
fn only_approvals_and_guards_can_be_let_go_alone_and_a_guard_needs_no_name() {
    let mut stage = joined(Look::FULL, "live");
    tell(&mut stage, Told::Questions(vec![cards::card(WaitKind::Question, &["yes", "no"])]));
    stage.keys(&["3", "enter", "g"]);
    assert!(!stage.picture(80, 24).contains("Break-glass"));
    let mut stage = joined(Look::FULL, "live");
    tell(&mut stage, Told::Questions(vec![cards::card(WaitKind::Guard, &["go_on", "skip"])]));
    stage.keys(&["3", "enter", "g"]).types("the cap is too low").keys(&["enter", "y"]);
    assert!(matches!(&orders(&mut stage)[..], [(_, Order::BreakGlass(..))]));
}

#[test]
fn an_undo_says_what_it_comes_to_and_one_goes_to_the_run_that_does_it() {
    let mut stage = undoing(plan());
    let picture = stage.picture(80, 24);
    for words in ["Gives back 30, stays cut 1", "gives back: grant.revoke grant 1", "more lines below: PgDn"]
    {
        assert!(picture.contains(words), "{words}\n{picture}");
    }
    let end = stage.keys(&["pagedown"; 12]).picture(80, 24);
    assert!(end.contains("2 different people of incident-lead first"), "{end}");
    let run = stage.app.opened_run().unwrap().to_owned();
    stage.types("a false alarm").keys(&["enter", "y"]);
    let undo = Order::Begin(Begin::Undo(run, "a false alarm".to_owned()));
    assert_eq!(orders(&mut stage), [(1, undo)]);
    stage.event(Event::Begun(1, Ok(Begun { run: RUN.to_owned() })));
    assert_eq!(stage.app.opened_run(), Some(RUN));
}

#[test]
fn what_cannot_be_undone_says_why_and_is_not_sent() {
    let mut refused = plan();
    refused["refused"] = json!("it is at work");
    let mut stage = undoing(refused);
    assert!(stage.picture(80, 24).contains("it cannot be undone now: it is at work"));
    stage.types("please").keys(&["enter", "y"]);
    assert_eq!(orders(&mut stage), []);
    stage.keys(&["esc"]);
    assert!(stage.app.overlays.is_empty());
    stage.keys(&["U"]);
    let run = stage.app.opened_run().unwrap().to_owned();
    let untold = Trouble { why: "no answer".to_owned(), ..Trouble::default() };
    stage.event(Event::Untold(Ask::UndoPlan(run), untold));
    assert!(stage.picture(80, 24).contains("no answer"));
}

/// At the form of a cut that is given back in three hours.
fn extending() -> Stage {
    let mut stage = Stage::recorded(Look::FULL, usize::MAX);
    stage.keys(&["r", "E"]);
    assert!(stage.app.overlays.is_empty(), "nothing ends by itself");
    let run = stage.app.opened_run().unwrap().to_owned();
    let version = stage.app.world().run(&run).unwrap().view.version + 1;
    let due = stage.app.server_ms() + 3 * 3_600_000;
    let body = json!({
        "target": "okta:app:0oa1", "label": "Drift", "property": "app.quarantine", "taken": true, "address": "2",
        "back": { "at_ms": due, "run": "01JD8Q2W3E4R5T6Y7U8I9O0BCK" }
    });
    let entry = json!({
        "stream": format!("run/{run}"), "version": version, "time": "2026-11-26T18:00:00Z", "kind": "hold",
        "body": body, "hash": ""
    });
    stage.event(Event::Entry(Box::new(serde_json::from_value(entry).unwrap())));
    stage.keys(&["E"]);
    stage
}

#[test]
fn a_cut_that_ends_by_itself_is_let_last_longer() {
    let mut stage = extending();
    let run = stage.app.opened_run().unwrap().to_owned();
    let picture = stage.picture(80, 24);
    assert!(
        picture.contains("app.quarantine Drift is given back at") && picture.contains("in 3h"),
        "{picture}"
    );
    stage.types("soon").keys(&["enter"]);
    assert!(stage.picture(80, 24).contains("soon is no length of time"));
    stage.keys(&["ctrl-u"]).types("2h").keys(&["enter", "y"]);
    let (target, by) = ("Drift".to_owned(), "2h".to_owned());
    assert_eq!(orders(&mut stage), [(1, Order::Extend { run, target, by, why: None })]);
}
