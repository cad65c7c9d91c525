//! Cards: the safe answer first, a name for what is permanent, the answer in its place.

use stanch_model::{
    Effect, Target,
    api::{Card, CardAct, CardBreak, CardGuard, CardProtected, Me, OwnerTold, Recorded, Role, Say, Verdict},
    run::{Reminder, WaitKind, WaitView, wait::DecisionView},
};
use stanch_tui::{
    ask::{Intent, Order, Told, Trouble},
    event::Event,
};

use crate::stage::Stage;

pub(crate) fn card(kind: WaitKind, options: &[&str]) -> Card {
    let target = |number: u32| Target {
        integration: "hubspot".to_owned(),
        kind: if number == 0 { "app" } else { "token" }.to_owned(),
        id: format!("t{number}"),
        label: if number == 0 { "Drift".to_owned() } else { format!("token {number}") },
        attrs: Default::default(),
    };
    Card {
        id: "01JD8Q2W3E4R5T6Y7U8I9O0P1A:A2".to_owned(),
        run: "01JD8Q2W3E4R5T6Y7U8I9O0P1A".to_owned(),
        playbook: "oauth-app-compromise".to_owned(),
        title: "Cut a compromised app off and prove it".to_owned(),
        mode: "live".to_owned(),
        incident: None,
        asked: vec!["ben".to_owned(), "caro".to_owned()],
        may: Vec::new(),
        next: vec!["dora".to_owned()],
        breaks: Vec::new(),
        protected: None,
        told: Vec::new(),
        stopped: None,
        wait: WaitView {
            id: "A2".to_owned(),
            kind,
            address: stanch_model::Address::from_stored("9"),
            name: "cut-app".to_owned(),
            text: "Revoke 14 more grants of Drift".to_owned(),
            options: options.iter().map(|word| (*word).to_owned()).collect(),
            targets: (0..15).map(target).collect(),
            ask: vec!["incident-lead".to_owned()],
            ladder: vec!["security-manager".to_owned(), "deny".to_owned()],
            of: 1,
            within_ms: 900_000,
            due_ms: Some(1_795_714_782_000),
            card: true,
            since: "2026-11-26T17:24:22Z".to_owned(),
            decisions: Vec::new(),
            reminded: Vec::new(),
            closed: None,
        },
    }
}

/// The same with everything that the server knows of it.
pub(crate) fn told_all() -> Card {
    let act = |integration: &str, kind: &str, verb: &str, effect, count, request: &str| CardAct {
        integration: integration.to_owned(),
        verb: verb.to_owned(),
        effect,
        kind: kind.to_owned(),
        count,
        manual: request.is_empty(),
        action: verb.replace('.', "_"),
        request: request.to_owned(),
    };
    let (what, owner) = ("contact sync to HubSpot".to_owned(), Some("Sales Ops".to_owned()));
    let told = OwnerTold::At("2026-11-26T17:25:10Z".to_owned());
    let mut card = card(WaitKind::Approval, &[]);
    card.wait.reminded = vec![Reminder { who: "ana".to_owned(), at_ms: 1_795_713_990_000 }];
    Card {
        may: vec![
            act(
                "hubspot",
                "token",
                "grant.revoke",
                Effect::Permanent,
                14,
                "DELETE /oauth/v1/refresh-tokens/{token}",
            ),
            act("hubspot", "app", "app.quarantine", Effect::Reversible, 1, ""),
        ],
        breaks: vec![CardBreak { vendor: "Drift".to_owned(), what, owner, told }],
        protected: Some(CardProtected { of: 15, met: Vec::new(), unread: Vec::new() }),
        ..card
    }
}

fn opened(card: Card) -> Stage {
    let mut stage = waits(card, "ben");
    stage.keys(&["3", "enter"]);
    stage.intents.clear();
    stage
}

/// The card waits, and this person looks on.
fn waits(card: Card, name: &str) -> Stage {
    let mut stage = Stage::empty();
    let me = Me { name: name.to_owned(), role: Role::Approver, through: "socket".to_owned(), until: None };
    stage.online().event(Event::Told(Box::new(Told::Me(me))));
    let told = if card.wait.kind == WaitKind::Approval {
        Told::Approvals(vec![card])
    } else {
        Told::Questions(vec![card])
    };
    stage.event(Event::Told(Box::new(told)));
    stage.intents.clear();
    stage
}

fn orders(stage: &mut Stage) -> Vec<(u64, Order)> {
    let orders = stage.intents.drain(..).filter_map(|intent| match intent {
        Intent::Order(number, order) => Some((number, order)),
        Intent::Ask(_) => None,
    });
    orders.collect()
}

#[test]
fn the_safe_answer_has_the_focus_and_does_nothing() {
    let mut stage = opened(card(WaitKind::Approval, &[]));
    insta::assert_snapshot!(stage.picture(80, 24));
    stage.keys(&["enter"]);
    assert_eq!(orders(&mut stage), []);
    assert!(stage.app.overlays.is_empty());
}

#[test]
fn a_yes_to_something_permanent_is_dead_until_the_name_is_typed() {
    let mut stage = opened(card(WaitKind::Approval, &[]));
    stage.keys(&["tab", "tab"]).types("drif").keys(&["enter"]);
    assert_eq!(orders(&mut stage), []);
    stage.types("t").keys(&["enter"]);
    let orders = orders(&mut stage);
    let [(number, Order::Decide(id, Say::Approve, None))] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!(id, "01JD8Q2W3E4R5T6Y7U8I9O0P1A:A2");
    assert!(stage.picture(80, 24).contains("sending"));
    // Enter again sends nothing twice
    stage.keys(&["enter", "enter"]);
    let recorded = Recorded { new: true, by: "ben".to_owned(), position: 412 };
    stage.event(Event::Done(*number, Ok(recorded)));
    let picture = stage.picture(80, 24);
    assert!(picture.contains("recorded 17:26:40, position 412, as ben"), "{picture}");
    assert!(!picture.contains("Enter choose") && !picture.contains("Tab move"), "{picture}");
    stage.keys(&["tab", "tab"]);
    assert!(stage.picture(80, 24).contains("recorded 17:26:40"), "what is durable is not chosen anew");
    stage.keys(&["enter"]);
    assert!(stage.app.overlays.is_empty());
}

#[test]
fn a_refusal_says_its_reason_in_its_place_and_another_answer_can_be_chosen() {
    let mut stage = opened(card(WaitKind::Approval, &[]));
    stage.keys(&["tab", "tab", "enter"]).types("DRIFT").keys(&["enter"]);
    let (number, _) = orders(&mut stage).remove(0);
    let (why, help) = ("you started this run".to_owned(), Some("ask ben or caro".to_owned()));
    stage.event(Event::Done(number, Err(Trouble { why, help, refused: true, ..Trouble::default() })));
    let picture = stage.picture(80, 24);
    assert!(picture.contains("not recorded: you started this run"), "{picture}");
    assert!(picture.contains("ask ben or caro"), "{picture}");
    stage.keys(&["enter"]);
    assert!(stage.picture(80, 24).contains("[ Not now ]"));
}

#[test]
fn a_no_needs_its_reason() {
    let mut stage = opened(card(WaitKind::Approval, &[]));
    stage.keys(&["tab", "enter", "enter"]);
    assert_eq!(orders(&mut stage), []);
    stage.types("what was written for one answer is not said by another").keys(&["tab", "enter", "backtab"]);
    stage.types("too many").keys(&["enter"]);
    let why = Some("too many".to_owned());
    let id = "01JD8Q2W3E4R5T6Y7U8I9O0P1A:A2".to_owned();
    assert_eq!(orders(&mut stage), [(1, Order::Decide(id, Say::Deny, why))]);
}

#[test]
fn keys_of_the_screen_do_not_answer_a_card_and_letters_go_into_its_field() {
    let mut stage = opened(card(WaitKind::Approval, &[]));
    stage.keys(&["y", "a", "p", "q", "7", "space"]);
    assert_eq!(orders(&mut stage), []);
    assert_eq!(stage.app.overlays.len(), 1);
    stage.keys(&["tab", "enter"]).types("l?:q").keys(&["space"]).types("x").keys(&["enter"]);
    let (_, order) = orders(&mut stage).remove(0);
    assert!(matches!(order, Order::Decide(_, Say::Deny, Some(why)) if why == "l?:q x"));
}

#[test]
fn questions_and_steps_by_hand_and_in_doubt_are_answered_by_their_words() {
    let press = |card: Card, tabs: usize| {
        let mut stage = opened(card);
        (0..tabs).for_each(|_| _ = stage.keys(&["tab"]));
        stage.keys(&["enter"]);
        orders(&mut stage)
    };
    let id = || "01JD8Q2W3E4R5T6Y7U8I9O0P1A:A2".to_owned();
    let answer = |word: &str| vec![(1, Order::Answer(id(), word.to_owned()))];
    assert_eq!(press(card(WaitKind::Question, &["yes", "no"]), 2), answer("no"));
    assert_eq!(press(card(WaitKind::Manual, &[]), 1), answer("done"));
    assert_eq!(press(card(WaitKind::Guard, &["go_on", "skip"]), 1), answer("go_on"));
    let run = "01JD8Q2W3E4R5T6Y7U8I9O0P1A".to_owned();
    let resolve = vec![(1, Order::Resolve(run, "A2".to_owned(), Verdict::Retry))];
    assert_eq!(press(card(WaitKind::InDoubt, &[]), 2), resolve);
    let mut stage = opened(card(WaitKind::Question, &[]));
    stage.keys(&["tab", "enter"]).types("Only the mail").keys(&["enter"]);
    assert_eq!(orders(&mut stage), answer("Only the mail"));
}

#[test]
fn what_the_card_covers_can_be_read_one_by_one() {
    let mut stage = opened(card(WaitKind::Approval, &[]));
    let picture = stage.keys(&["l", "down", "down"]).picture(80, 24);
    assert!(picture.contains("token 3") && picture.contains("more: Down"), "{picture}");
    assert!(picture.contains("[ Not now ]"), "{picture}");
}

#[test]
fn a_card_says_what_breaks_who_is_protected_and_who_was_reminded() {
    let mut stage = opened(told_all());
    insta::assert_snapshot!(stage.picture(80, 24));
    for (met, unread, words) in [
        (&["break-glass-1"][..], &[][..], "1 of the 15: break-glass-1 (user b@acme.example)"),
        (&[], &["group okta/Emergency-Admins"], "none by name; group okta/Emergency-Admins is read"),
        (&["a", "b"], &["tag payroll"], "2 of the 15: a (user b@acme.example) and b"),
    ] {
        let guard =
            |name: &&str| CardGuard { target: (*name).to_owned(), rule: "user b@acme.example".to_owned() };
        let unread = unread.iter().map(|rule: &&str| (*rule).to_owned()).collect();
        let protected = CardProtected { of: 15, met: met.iter().map(guard).collect(), unread };
        let picture = opened(Card { protected: Some(protected), ..told_all() }).picture(120, 40);
        assert!(picture.contains(words), "{words}\n{picture}");
    }
    let silent = opened(card(WaitKind::Approval, &[])).picture(80, 24);
    assert!(!silent.contains("Will break") && !silent.contains("Protected"), "{silent}");
}

#[test]
fn what_a_yes_would_send_is_read_before_it_is_given() {
    let mut stage = opened(told_all());
    let picture = stage.keys(&["r"]).picture(80, 24);
    for words in [
        "hubspot.grant_revoke, permanent, for 14 tokens",
        "DELETE /oauth/v1/refresh-tokens/{token}",
        "a person does it",
    ] {
        assert!(picture.contains(words), "{words}\n{picture}");
    }
    stage.keys(&["esc"]);
    assert!(stage.picture(80, 24).contains("[ Not now ]"), "the card is still there");
}

#[test]
fn who_is_asked_hears_of_it_once_more_and_the_next_is_asked_now() {
    let id = || "01JD8Q2W3E4R5T6Y7U8I9O0P1A:A2".to_owned();
    let mut stage = waits(told_all(), "ana");
    let now = stage.picture(80, 24);
    assert!(now.contains("Enter  read the card     n  remind them    e  ask Dora now"), "{now}");
    stage.keys(&["n", "e", "3", "n", "enter", "e"]);
    let (remind, ask) = (Order::Remind(id()), Order::AskSomeone(id(), "dora".to_owned()));
    let given: Vec<Order> = orders(&mut stage).into_iter().map(|(_, order)| order).collect();
    assert_eq!(given, [remind.clone(), ask.clone(), remind, ask], "on Now, in the list, on the card");
    assert!(stage.picture(80, 24).contains("[ Not now ]"), "the card still waits for its answer");
    let recorded = Recorded { new: true, by: "ana".to_owned(), position: 412 };
    stage.event(Event::Done(1, Ok(recorded)));
    assert!(stage.picture(80, 24).contains("recorded 17:26:40, position 412, as ana"));

    // nobody else is asked, and nobody comes after them
    let alone = Card { asked: vec!["ana".to_owned()], next: Vec::new(), ..told_all() };
    let mut stage = waits(alone, "ana");
    let now = stage.picture(80, 24);
    assert!(!now.contains("remind them") && !now.contains("ask Dora"), "{now}");
    stage.keys(&["n", "e"]);
    assert_eq!(orders(&mut stage), []);
}

#[test]
fn a_card_says_whether_the_owner_of_what_breaks_knows() {
    let shown = |told: OwnerTold| {
        let mut card = told_all();
        card.breaks[0].told = told;
        opened(card).picture(120, 30)
    };
    assert!(shown(OwnerTold::Unknown).contains("contact sync to HubSpot; owner Sales Ops  "));
    assert!(shown(OwnerTold::NotYet).contains("owner Sales Ops, not told yet"));
    assert!(
        shown(OwnerTold::At("2026-11-26T17:25:10Z".to_owned())).contains("owner Sales Ops, told at 17:25")
    );
}

#[test]
fn the_page_of_keys_over_a_card_is_of_the_card() {
    let mut stage = opened(told_all());
    stage.keys(&["?"]);
    let picture = stage.picture(80, 24);
    assert!(picture.contains("let it go alone; everybody is told"), "{picture}");
    assert!(!picture.contains("to the next screen"), "{picture}");
    stage.keys(&["esc"]);
    assert!(stage.picture(80, 24).contains("Yes needs the name typed"), "the card is still there");
}

#[test]
fn who_started_a_run_is_not_told_to_say_yes_to_it() {
    let asked = told_all();
    let created = serde_json::json!({
        "run": asked.run, "playbook": asked.playbook, "title": asked.title, "mode": "live", "input": {}, "alert": null,
        "started_by": "ben",
        "pins": { "playbook": null, "actions": {}, "integrations": {}, "rhai": "1", "host_api": 1 }
    });
    let entry = serde_json::json!({
        "stream": format!("run/{}", asked.run), "version": 1, "time": "2026-11-26T17:20:00Z", "kind": "run.created",
        "body": created, "hash": ""
    });
    let mut stage = waits(asked.clone(), "ben");
    stage.keys(&["1"]);
    assert!(stage.picture(80, 24).contains("You must say yes or no"), "{}", stage.picture(80, 24));
    let page = serde_json::json!({ "items": [entry] });
    let page = serde_json::from_value(page).unwrap();
    stage.event(Event::Told(Box::new(Told::Entries(asked.run, 0, page))));
    let picture = stage.picture(80, 24);
    assert!(picture.contains("Caro must say yes or no"), "{picture}");
}

#[test]
fn who_only_looks_on_is_not_told_to_do_it() {
    let mut manual = card(WaitKind::Manual, &[]);
    manual.asked.clear();
    manual.wait.ask.clear();
    let mut stage = waits(manual, "otto");
    stage.keys(&["1"]);
    assert!(stage.picture(80, 24).contains("You must do it by hand"));
    let me = Me { name: "otto".to_owned(), role: Role::Viewer, through: "socket".to_owned(), until: None };
    stage.event(Event::Told(Box::new(Told::Me(me))));
    assert!(stage.picture(80, 24).contains("Somebody must do it by hand"));
}

#[test]
fn a_card_that_somebody_answers_meanwhile_says_so_in_its_place() {
    let mut stage = opened(told_all());
    stage.keys(&["tab"]).types("too ma");
    stage.event(Event::Told(Box::new(Told::Approvals(vec![told_all()]))));
    assert!(stage.picture(80, 24).contains("Why:  too ma_"), "what is being written stays");
    stage.event(Event::Told(Box::new(Told::Approvals(Vec::new()))));
    let picture = stage.picture(80, 24);
    assert!(picture.contains("not recorded: it waits no more"), "{picture}");
    stage.keys(&["enter", "esc"]);
    assert_eq!(orders(&mut stage), []);
}

#[test]
fn a_card_with_more_than_fits_is_scrolled_and_keeps_its_buttons() {
    let mut stage = opened(told_all());
    let small = stage.picture(60, 16);
    assert!(small.contains("more: Down") && small.contains("[ Not now ]"), "{small}");
    let end = stage.keys(&["down"; 12]).picture(60, 16);
    assert!(end.contains("above: Up") && end.contains("If silent") && end.contains("[ Not now ]"), "{end}");
}

#[test]
fn a_card_says_who_answered_before_being_asked_and_through_what() {
    let mut card = told_all();
    card.wait.of = 2;
    card.wait.decisions = vec![DecisionView {
        who: "dora".to_owned(),
        say: "approve".to_owned(),
        channel: "slack".to_owned(),
        reason: String::new(),
        at_ms: 1_795_713_990_000,
        break_glass: false,
        early: true,
    }];
    let picture = opened(card).picture(120, 40);
    assert!(picture.contains("dora approve at 17:26:30, through slack, before being asked"), "{picture}");
}
