//! The screens of a drill: what a player, the facilitator and everybody after the end see.

use std::collections::BTreeMap;

use stanch_model::{
    api::{
        Behind, Debrief, DrillDone, DrillOrder, DrillSeat, DrillView, FaultView, GoalView, Happened, Hoped,
        Letter, PlotState, PlotView, RealIncident, Remark, Remarked, SeatKind,
    },
    clock::ClockAt,
};
use stanch_tui::{
    Look,
    app::Screen,
    ask::{Intent, Order, Told},
    event::Event,
};

use crate::stage::Stage;

/// The start of the drill on its own clock, Unix ms.
const START: i64 = 1_773_369_600_000;

fn hoped(goal: &str, say: &str, came: &str, first_s: Option<i64>, by_s: Option<i64>) -> Hoped {
    let points = if came == "met" { 20 } else { 0 };
    Hoped {
        expectation: 0,
        goal: goal.to_owned(),
        say: say.to_owned(),
        came: came.to_owned(),
        first_s,
        by_s,
        points,
        of: 20,
        tested_first: false,
        graded: None,
    }
}

fn hopes() -> Vec<Hoped> {
    vec![
        hoped("contain", "every grant of Drift is dead and proven so", "missed", None, Some(1500)),
        hoped("contain", "somebody else than the starter said yes", "met", Some(150), None),
        hoped("preserve", "evidence comes before the first cut", "met", Some(12), None),
        hoped("notify", "Drift was written to", "missed", None, Some(720)),
    ]
}

fn entry(nth: usize, what: &str, when: &str, due_s: Option<i64>, at_s: Option<i64>) -> PlotView {
    PlotView {
        entry: nth,
        by_hand: (when == "by hand").then(|| "press-asks".to_owned()),
        what: what.to_owned(),
        when: when.to_owned(),
        due_s,
        state: if at_s.is_some() { PlotState::Fired } else { PlotState::Waits },
        at_s,
        from: None,
        text: None,
        edited_by: None,
    }
}

fn behind() -> Behind {
    Behind {
        plot: vec![
            entry(0, "alert app.token_misuse about drift", "at 0m", Some(0), Some(0)),
            entry(1, "mail from security@drift.example", "at 6m", Some(360), Some(360)),
            entry(2, "salesforce: 429", "once revoked(\"salesforce\") >= 10", None, Some(610)),
            entry(3, "the runner is killed", "once revoked(\"salesforce\") >= 20", None, None),
            entry(4, "chat from Head of Sales", "at 15m", Some(900), None),
            entry(5, "phone from Head of Legal", "unless told(\"drift\") by 30m", Some(1800), None),
            entry(6, "press from newsdesk@daily.example", "by hand", None, None),
        ],
        faults: vec![FaultView { id: 3, what: "salesforce: 429".to_owned(), until_s: Some(990), fired: 5 }],
        truth: vec![
            "Drift: 23 grants stand, at stake".to_owned(),
            "Zendesk: 200 grants stand".to_owned(),
            "13 on google_workspace of drift, known since: Sales had let Drift read their mail.".to_owned(),
        ],
        page: "Say nothing about Google Workspace.".to_owned(),
        adversary: Vec::new(),
    }
}

/// At T+14:20, as this seat sees it.
fn view(seat: SeatKind) -> DrillView {
    let name = match seat {
        SeatKind::Facilitator => "fay",
        SeatKind::Approver => "ben",
        _ => "ana",
    };
    let letter = |entry, at_s, channel: &str, from: &str, text: &str| Letter {
        entry,
        at_s,
        channel: channel.to_owned(),
        from: from.to_owned(),
        text: text.to_owned(),
    };
    let is_facilitator = seat == SeatKind::Facilitator;
    let gap =
        Remarked { at_s: 400, who: name.to_owned(), sort: Remark::Gap, text: "nobody leads".to_owned() };
    DrillView {
        drill: "chat-widget".to_owned(),
        title: "The chat widget that talked too much".to_owned(),
        briefing: "It is a Friday, 02:40 UTC,\nand you are on call.\n\nNobody at the vendor answers.\n"
            .to_owned(),
        seat,
        name: name.to_owned(),
        start_ms: START,
        length_s: 2700,
        clock: ClockAt { change: 3, wall_ms: 0, scenario_ms: START + 860_000, rate: 0.0 },
        seats: [SeatKind::Facilitator, SeatKind::Responder, SeatKind::Approver]
            .map(|one| DrillSeat {
                seat: one,
                name: one.as_str()[..3].to_owned(),
                taken: one == seat,
                code: is_facilitator.then(|| format!("{one}-code@127.0.0.1:7777")),
            })
            .to_vec(),
        inbox: vec![
            letter(1, 360, "mail", "security@drift.example", "We see nothing unusual on our side."),
            letter(
                4,
                850,
                "chat",
                "Head of Sales",
                "The chat on the website is dead, and demos with it. Who decided this? I have six calls before noon.",
            ),
        ],
        hints: vec!["Look at who consented, not at who is in the vendor register.".to_owned()],
        next_hint: Some(5),
        token_minutes: 412,
        based_on: Some(RealIncident {
            incident: "Salesloft Drift, August 2025".to_owned(),
            took_s: BTreeMap::from([("first_cut".to_owned(), 12 * 86_400), ("told".to_owned(), 15 * 86_400)]),
        }),
        remarks: vec![gap],
        behind: is_facilitator.then(behind),
        hoped: is_facilitator.then(hopes),
        debrief: None,
    }
}

fn debrief() -> Debrief {
    let goal = |goal: &str, text: &str, rating: &str, points| GoalView {
        goal: goal.to_owned(),
        text: text.to_owned(),
        rating: rating.to_owned(),
        means: String::new(),
        points,
        of: 40,
        shown_by: hopes().into_iter().filter(|one| one.goal == goal).collect(),
    };
    let happened = |at_s, text: &str| Happened { at_s, text: text.to_owned() };
    Debrief {
        score: 75,
        of: 100,
        passed: true,
        why: "time".to_owned(),
        took_s: 2700,
        goals: vec![
            goal("contain", "Drift cannot reach our data any more, and that is proven.", "M", 20),
            goal("notify", "The vendor and our own people hear of it in time.", "U", 0),
            goal("preserve", "What Drift could reach is written down first.", "P", 40),
        ],
        took: BTreeMap::from([
            ("acknowledged".to_owned(), 150),
            ("first_cut".to_owned(), 250),
            ("told".to_owned(), 1_900),
        ]),
        hints: 5,
        kills: 1,
        doubled: 0,
        collateral: vec!["zendesk".to_owned()],
        adversary: None,
        timeline: vec![
            happened(0, "alert app.token_misuse about drift"),
            happened(150, "ben says approve to cut-app"),
            happened(700, "the runner was killed"),
        ],
        talk: vec![(
            "What could Drift read that it never needed?".to_owned(),
            "Support cases, with keys that customers had pasted into them.".to_owned(),
        )],
        data: "/tmp/d/data".to_owned(),
    }
}

/// In this seat, in the middle of it.
fn seated(look: Look, seat: SeatKind) -> Stage {
    let mut stage = Stage::recorded(look, usize::MAX);
    stage.sits();
    stage.event(Event::Told(Box::new(Told::Drill(Box::new(view(seat))))));
    if seat.is_played() {
        stage.keys(&["esc"]);
    }
    stage
}

fn over(look: Look) -> Stage {
    let mut stage = seated(look, SeatKind::Responder);
    let ended = DrillView { debrief: Some(Box::new(debrief())), ..view(SeatKind::Responder) };
    stage.event(Event::Told(Box::new(Told::Drill(Box::new(ended)))));
    stage
}

fn shown(name: &str, look: Look) -> Stage {
    match name {
        "facilitator" => seated(look, SeatKind::Facilitator),
        "debrief" => over(look),
        "inbox" => {
            let mut stage = seated(look, SeatKind::Responder);
            stage.keys(&["I"]);
            stage
        }
        _ => seated(look, SeatKind::Responder),
    }
}

const SCREENS: [&str; 4] = ["drill_now", "inbox", "facilitator", "debrief"];

#[test]
fn a_drill_is_whole_at_every_size() {
    for name in SCREENS {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let picture = shown(name, Look::FULL).picture(width, height);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), picture);
        }
    }
}

#[test]
fn a_drill_says_the_same_in_ascii_without_colours() {
    for name in SCREENS {
        let picture = shown(name, Look::PLAIN).picture(80, 24);
        assert!(picture.is_ascii(), "{name}\n{picture}");
        insta::assert_snapshot!(format!("{name}_ascii"), picture);
    }
}

#[test]
fn no_size_is_a_crash_in_a_drill() {
    for name in SCREENS {
        let mut stage = shown(name, Look::FULL);
        for (width, height) in [(1, 1), (40, 10), (41, 11), (60, 13), (116, 12), (300, 100)] {
            let picture = stage.picture(width, height);
            assert!(width < 40 || picture.starts_with(" DRILL "), "{picture}");
        }
    }
}

/// What was ordered at the seat since the last look.
fn orders(stage: &mut Stage) -> Vec<DrillOrder> {
    let intents = std::mem::take(&mut stage.intents);
    let order = |intent| match intent {
        Intent::Order(_, Order::Drill(order)) => Some(order),
        _ => None,
    };
    intents.into_iter().filter_map(order).collect()
}

#[test]
fn the_facilitator_holds_the_clock_and_the_plot_by_keys() {
    let mut stage = seated(Look::PLAIN, SeatKind::Facilitator);
    assert_eq!(stage.app.screen, Screen::Facilitator);
    orders(&mut stage);
    stage.keys(&["p", "s", ">", "enter", "down", "x"]);
    stage.keys(&["t"]).types("10m").keys(&["enter", "f"]).types("okta 429 5m").keys(&["enter"]);
    let fire = |entry: &str| DrillOrder::Fire { entry: entry.to_owned() };
    let want = [
        DrillOrder::Resume,
        DrillOrder::Step,
        DrillOrder::Speed { rate: 1 },
        fire("4"),
        DrillOrder::Skip { entry: "5".to_owned() },
        DrillOrder::Jump { by_s: 600 },
    ];
    let given = orders(&mut stage);
    assert_eq!(&given[..6], &want);
    assert_eq!(given.get(6).cloned(), DrillOrder::fault("okta 429 5m"));
    stage.keys(&["end", "x"]);
    assert_eq!(orders(&mut stage), [DrillOrder::FaultOff { id: Some(3) }], "the last row is a fault");
}

#[test]
fn a_player_writes_down_takes_hints_and_holds_no_clock() {
    let mut stage = seated(Look::PLAIN, SeatKind::Responder);
    orders(&mut stage);
    stage.keys(&["F", "p"]);
    assert_eq!(
        (stage.app.screen, orders(&mut stage)),
        (Screen::Now, vec![]),
        "there is no such screen for them"
    );
    stage.keys(&["o", "tab"]).types("nobody leads").keys(&["enter", "h", "enter"]);
    let gap = DrillOrder::Remark { sort: Remark::Gap, text: "nobody leads".to_owned(), goal: None };
    assert_eq!(orders(&mut stage), [gap, DrillOrder::Hint]);
    stage.keys(&["!", "enter"]);
    assert_eq!(orders(&mut stage), [], "the stop word is said with its reason");
    stage.types("our own mail is down").keys(&["enter"]);
    assert_eq!(orders(&mut stage), [DrillOrder::Stop { why: "our own mail is down".to_owned() }]);
    let done = DrillDone { said: "gap written down".to_owned(), by: "ana".to_owned(), at_s: 9 };
    stage.event(Event::Ordered(Ok(done)));
    assert!(stage.picture(80, 24).contains("Gap written down"));
}

#[test]
fn who_sits_in_a_drill_reads_the_briefing_first_and_sees_letters_once_as_new() {
    let mut stage = Stage::recorded(Look::PLAIN, usize::MAX);
    stage.sits();
    stage.event(Event::Told(Box::new(Told::Drill(Box::new(view(SeatKind::Approver))))));
    let briefing = stage.picture(80, 24);
    assert!(briefing.contains("It is a Friday, 02:40 UTC, and you are on call."), "{briefing}");
    stage.keys(&["esc"]);
    assert!(stage.picture(80, 24).contains("Inbox 2"));
    stage.keys(&["I", "1"]);
    let after = stage.picture(80, 24);
    assert!(after.contains("Inbox ") && !after.contains("Inbox 2") && !after.contains("new  "), "{after}");
    assert!(after.contains("T+14:20 of 45m   clock stands"), "{after}");
}
