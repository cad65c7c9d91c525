//! The screens of a drill: what a player, the facilitator and everybody after the end see.

use stanch_model::api::{DrillDone, DrillOrder, Remark, SeatKind};
use stanch_tui::{
    Look,
    app::Screen,
    ask::{Intent, Order, Told},
    event::Event,
};

use crate::{
    scene::{over, seated, view},
    stage::Stage,
};

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
fn a_drill_that_is_over_is_not_lost_with_its_server() {
    let gone = || Event::Link(stanch_tui::event::Link::Lost("it ended".to_owned()));
    let mut stage = over(Look::FULL);
    let picture = stage.event(gone()).picture(80, 24);
    assert!(picture.contains("| over") && !picture.contains("may be old"), "{picture}");
    let mut stage = seated(Look::FULL, SeatKind::Responder);
    let picture = stage.event(gone()).picture(80, 24);
    assert!(picture.contains("| lost 0s") && picture.contains("may be old"), "{picture}");
}

#[test]
fn the_footer_of_a_drill_names_what_the_keys_do_at_any_width() {
    let mut lines = Vec::new();
    for name in SCREENS {
        for width in [40, 80, 120] {
            let picture = shown(name, Look::FULL).picture(width, 24);
            lines.push(format!("{name:<13}{width:>4} {}", picture.lines().last().unwrap()));
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn privacy_hides_who_sits_where_and_who_wrote_what() {
    let seated = |seat| seated(Look::FULL, seat);
    for mut stage in [seated(SeatKind::Responder), seated(SeatKind::Facilitator)] {
        stage.keys(&["P"]);
        for keys in [&[][..], &["S"], &["esc", "1"], &["I"], &["7"]] {
            let picture = stage.keys(keys).picture(120, 40);
            let mut words = picture.split(|c: char| !c.is_alphanumeric());
            let name = words.find(|word| ["ana", "ben", "fay", "otto", "eva"].contains(word));
            assert_eq!(name, None, "{keys:?}\n{picture}");
        }
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
pub(crate) fn orders(stage: &mut Stage) -> Vec<DrillOrder> {
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
    stage.keys(&["home", "down", "down", "down", "down", "x"]);
    assert_eq!(orders(&mut stage), [DrillOrder::FaultOff { id: Some(3) }], "after the plot comes what fails");
    stage.keys(&["end", "enter", "x"]);
    assert_eq!(orders(&mut stage), [], "what was written down neither happens nor ends");
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
    let gap = |goal: Option<&str>| {
        let (text, goal) = ("nobody leads".to_owned(), goal.map(str::to_owned));
        DrillOrder::Remark { sort: Remark::Gap, text, goal }
    };
    assert_eq!(orders(&mut stage), [gap(None), DrillOrder::Hint]);
    stage.keys(&["o", "tab", "down", "down"]).types("nobody leads");
    let prompt = stage.picture(80, 24);
    assert!(prompt.contains("about notify: The vendor and our own people"), "{prompt}");
    stage.keys(&["enter"]);
    assert_eq!(orders(&mut stage), [gap(Some("notify"))]);
    stage.keys(&["o", "tab", "up", "down"]).types("nobody leads").keys(&["enter"]);
    assert_eq!(orders(&mut stage), [gap(None)], "beyond the last goal is none");
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
