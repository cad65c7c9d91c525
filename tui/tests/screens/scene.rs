//! A drill in its middle and at its end, as its seats see it.

use std::collections::BTreeMap;

use stanch_model::{
    api::{
        Behind, Debrief, DrillSeat, DrillView, FaultView, GoalView, Got, Happened, Hoped, Letter, MoveState,
        MoveView, PlotState, PlotView, RealIncident, Remark, Remarked, SeatKind,
    },
    clock::ClockAt,
};
use stanch_tui::{Look, ask::Told, event::Event};

use crate::stage::Stage;

/// The start of the drill on its own clock, Unix ms.
const START: i64 = 1_773_369_600_000;

pub(crate) fn hoped(goal: &str, say: &str, came: &str, first_s: Option<i64>, by_s: Option<i64>) -> Hoped {
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

pub(crate) fn entry(nth: usize, what: &str, when: &str, due_s: Option<i64>, at_s: Option<i64>) -> PlotView {
    PlotView {
        entry: nth,
        by_hand: (when == "by hand").then(|| "press-asks".to_owned()),
        what: what.to_owned(),
        when: when.to_owned(),
        due_s,
        state: if at_s.is_some() { PlotState::Fired } else { PlotState::Waits },
        at_s,
        from: what.split_once(" from ").map(|(_, from)| from.to_owned()),
        text: what.contains(" from ").then(|| "Who decided this?\nI have six calls before noon.".to_owned()),
        edited_by: None,
    }
}

fn moves() -> Vec<MoveView> {
    vec![MoveView {
        number: 0,
        what: "reads support cases through Drift on salesforce, every 2m".to_owned(),
        when: "once minutes >= 3".to_owned(),
        state: MoveState::Works,
        at_s: Some(780),
        got: 6,
        why: String::new(),
    }]
}

pub(crate) fn behind() -> Behind {
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
        adversary: moves(),
    }
}

/// At T+14:20, as this seat sees it.
pub(crate) fn view(seat: SeatKind) -> DrillView {
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
    let (who, goal, text) = (name.to_owned(), Some("contain".to_owned()), "nobody leads".to_owned());
    let gap = Remarked { at_s: 400, who, sort: Remark::Gap, goal, text };
    let goals = [
        ("contain", "Drift cannot reach our data any more, and that is proven."),
        ("notify", "The vendor and our own people hear of it in time."),
        ("preserve", "What Drift could reach is written down first."),
    ];
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
        goals: goals.map(|(goal, text)| (goal.to_owned(), text.to_owned())).into(),
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
        adversary: Some(Got { reads: 12, after_first_cut: 3, made: 1, failed: 2 }),
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
pub(crate) fn seated(look: Look, seat: SeatKind) -> Stage {
    let mut stage = Stage::recorded(look, usize::MAX);
    stage.sits();
    stage.event(Event::Told(Box::new(Told::Drill(Box::new(view(seat))))));
    if seat.is_played() {
        stage.keys(&["esc"]);
    }
    stage
}

pub(crate) fn over(look: Look) -> Stage {
    let mut stage = seated(look, SeatKind::Responder);
    let ended = DrillView { debrief: Some(Box::new(debrief())), ..view(SeatKind::Responder) };
    stage.event(Event::Told(Box::new(Told::Drill(Box::new(ended)))));
    stage
}

/// This drill is told of.
pub(crate) fn tell(stage: &mut Stage, drill: DrillView) {
    stage.event(Event::Told(Box::new(Told::Drill(Box::new(drill)))));
}

/// A drill with more of everything than fits a small terminal.
pub(crate) fn crowded() -> DrillView {
    let mut drill = view(SeatKind::Facilitator);
    let mut behind = behind();
    behind.plot.extend(
        (7..20).map(|nth| entry(nth, &format!("mail from person {nth}"), "at 20m", Some(1200), None)),
    );
    behind.truth.extend((0..5).map(|nth| format!("App {nth}: 4 grants stand")));
    drill.behind = Some(behind);
    let say = |nth: usize| hoped("contain", &format!("expectation number {nth}"), "missed", None, Some(1500));
    drill.hoped = Some((0..16).map(|nth| Hoped { expectation: nth, ..say(nth) }).collect());
    drill
}
