//! The facilitator's screen: everything is reachable at any size, the plot is changed and grades are overridden by keys.

use stanch_model::api::{DrillDone, DrillOrder, Grade, Graded, Hoped, PlotView, SeatKind};
use stanch_tui::{Look, command, event::Event};

use crate::{
    drill::orders,
    scene::{behind, crowded, hoped, over, seated, tell, view},
    stage::Stage,
};

fn facilitator() -> Stage {
    let mut stage = seated(Look::PLAIN, SeatKind::Facilitator);
    orders(&mut stage);
    stage
}

/// With more of everything than fits.
fn crowd(look: Look) -> Stage {
    let mut stage = seated(look, SeatKind::Facilitator);
    tell(&mut stage, crowded());
    orders(&mut stage);
    stage
}

#[test]
fn a_crowded_drill_is_readable_at_every_size_and_says_what_is_hidden() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        insta::assert_snapshot!(
            format!("crowded_{width}x{height}"),
            crowd(Look::FULL).picture(width, height)
        );
    }
    let mut stage = crowd(Look::PLAIN);
    stage.keys(&["right", "right", "right"]);
    insta::assert_snapshot!("crowded_hopes_80x24", stage.picture(80, 24));
}

#[test]
fn every_row_of_a_crowded_drill_is_reached_by_keys() {
    let mut stage = crowd(Look::PLAIN);
    let mut seen = String::new();
    for _ in 0..70 {
        let picture = stage.picture(80, 24);
        let chosen: Vec<&str> = picture.lines().filter(|line| line.starts_with(" > ")).collect();
        assert_eq!(chosen.len(), 1, "{picture}");
        seen.push_str(chosen[0]);
        stage.keys(&["down"]);
    }
    for nth in 0..16 {
        assert!(seen.contains(&format!("expectation number {nth} ")), "{nth} is never reached: {seen}");
    }
    for words in [
        "mail from person 19",
        "App 4: 4 grants",
        "alert app.token_misuse",
        "gap by fay",
        "FAILS",
        "reads support",
    ] {
        assert!(seen.contains(words), "{words} is never reached: {seen}");
    }
    stage.keys(&["home", "left"]);
    let picture = stage.picture(80, 24);
    assert!(picture.contains(" > T+6:40 gap by fay"), "round to the last part: {picture}");
}

#[test]
fn an_inject_is_changed_before_it_comes() {
    let mut stage = facilitator();
    stage.keys(&["e"]);
    let form = stage.picture(80, 24);
    for words in ["chat from Head of Sales", "Who decided this?", "> what they say", "15m", "it is T+14:20"] {
        assert!(form.contains(words), "{words}\n{form}");
    }
    stage.types(" Now.").keys(&["tab", "ctrl-u"]).types("Ida").keys(&["tab", "backspace", "backspace"]);
    stage.keys(&["backspace"]).types("soon").keys(&["enter"]);
    assert_eq!(orders(&mut stage), [], "that is no time");
    assert!(stage.picture(80, 24).contains("write when as 8m or 1h30m"));
    stage.keys(&["ctrl-u"]).types("16m").keys(&["enter"]);
    let text = Some("Who decided this?\nI have six calls before noon. Now.".to_owned());
    let edit =
        DrillOrder::Edit { entry: "4".to_owned(), text, from: Some("Ida".to_owned()), at_s: Some(960) };
    assert_eq!(orders(&mut stage), [edit]);
    stage.keys(&["e", "enter", "e", "esc"]);
    assert_eq!(orders(&mut stage), [], "what stays as it is is no order");
}

#[test]
fn letters_go_where_the_cursor_stands_and_only_what_changed_is_sent() {
    let mut stage = facilitator();
    stage.keys(&["e", "home"]).types("So: ").keys(&[
        "right",
        "backspace",
        "end",
        "left",
        "backspace",
        "enter",
    ]);
    let text = Some("So: ho decided this?\nI have six calls before noo.".to_owned());
    let edit = DrillOrder::Edit { entry: "4".to_owned(), text, from: None, at_s: None };
    assert_eq!(orders(&mut stage), [edit]);
    // nothing is said and no clock is kept where a fault comes: there is nothing to change
    stage.keys(&["end", "home", "down", "down"]);
    let footer = stage.picture(200, 60);
    assert!(!footer.lines().last().unwrap().contains("e edit"), "{footer}");
    stage.keys(&["e"]);
    assert!(stage.app.overlays.is_empty());
}

#[test]
fn a_changed_inject_is_marked_and_read_in_full() {
    let mut stage = facilitator();
    let mut drill = view(SeatKind::Facilitator);
    let mut plot = behind();
    let edited = |one: PlotView| PlotView { edited_by: (one.entry == 4).then(|| "fay".to_owned()), ..one };
    plot.plot = plot.plot.into_iter().map(edited).collect();
    drill.behind = Some(plot);
    tell(&mut stage, drill);
    assert!(stage.picture(80, 24).contains("edited, at 15m"));
    let whole = stage.keys(&["v"]).picture(80, 24);
    for words in
        ["Chat from Head of Sales", "When: at 15m", "Edited by: fay", "I have six calls before noon."]
    {
        assert!(whole.contains(words), "{words}\n{whole}");
    }
}

#[test]
fn a_grade_is_overridden_with_its_reason_and_shows_what_was_computed() {
    let mut stage = facilitator();
    let numbered = |(nth, one): (usize, Hoped)| Hoped { expectation: nth + 7, ..one };
    let mut drill = view(SeatKind::Facilitator);
    drill.hoped = drill.hoped.map(|hoped| hoped.into_iter().enumerate().map(numbered).collect());
    tell(&mut stage, drill.clone());
    stage.keys(&["left", "left", "enter"]);
    let prompt = stage.picture(80, 24);
    assert!(prompt.contains("every grant of Drift is dead") && prompt.contains("counts as MET"), "{prompt}");
    stage.keys(&["enter", "tab"]).types("seen on the phone").keys(&["enter"]);
    let why = "seen on the phone".to_owned();
    let grade = DrillOrder::Grade { expectation: 7, came: Some(Grade::Late), why: why.clone() };
    assert_eq!(orders(&mut stage), [grade], "a grade without a reason is none");
    stage.keys(&["enter", "tab", "tab", "tab"]).types("as it was").keys(&["enter"]);
    let back = DrillOrder::Grade { expectation: 7, came: None, why: "as it was".to_owned() };
    assert_eq!(orders(&mut stage), [back]);
    let graded = Graded { came: "missed".to_owned(), by: "fay".to_owned(), why, at_s: 800 };
    let hope = hoped("contain", "every grant is dead", "met", None, None);
    drill.hoped = Some(vec![Hoped { graded: Some(graded), tested_first: true, ..hope }]);
    tell(&mut stage, drill);
    let picture = stage.picture(200, 60);
    assert!(picture.contains("(missed as computed; fay: seen on the phone)"), "{picture}");
    let whole = stage.keys(&["v"]).picture(80, 24);
    for words in
        ["Missed as computed; fay changed that at T+13:20", "still open about it", "Goal contain: Drift"]
    {
        assert!(whole.contains(words), "{words}\n{whole}");
    }
    let done = DrillDone { said: "counts as met".to_owned(), by: "fay".to_owned(), at_s: 9 };
    stage.keys(&["esc"]).event(Event::Ordered(Ok(done)));
    assert!(stage.picture(80, 24).contains("Counts as met"));
}

#[test]
fn a_remark_takes_the_goal_of_what_is_looked_at() {
    let mut stage = facilitator();
    stage.keys(&["left", "left", "o"]).types("too late").keys(&["enter"]);
    let given = orders(&mut stage);
    assert!(
        matches!(&given[..], [DrillOrder::Remark { goal: Some(goal), .. }] if goal == "contain"),
        "{given:?}"
    );
}

#[test]
fn a_long_debrief_and_a_long_inbox_are_scrolled_to_their_ends_and_back() {
    let mut stage = over(Look::PLAIN);
    let top = stage.picture(80, 24);
    assert!(top.contains("more below: Down"), "{top}");
    let end = stage.keys(&["end"]).picture(80, 24);
    assert!(end.contains("q leaves, and prints") && end.contains("more above: Up"), "{end}");
    assert_ne!(stage.keys(&["up"]).picture(80, 24), end, "one up from the end is one up");
    assert_eq!(stage.keys(&["home"]).picture(80, 24), top);

    let mut stage = seated(Look::PLAIN, SeatKind::Responder);
    stage.keys(&["I"]);
    let foot = stage.picture(80, 12);
    assert!(foot.contains("Look at who consented") && foot.contains("more above: Up"), "{foot}");
    let up = stage.keys(&["home"]).picture(80, 12);
    assert!(up.contains("INBOX") && up.contains("more below: Down"), "{up}");
    assert_eq!(stage.keys(&["end"]).picture(80, 12), foot);
}

#[test]
fn no_two_commands_share_a_key_in_any_seat() {
    for seat in SeatKind::ALL {
        let mut stage = seated(Look::PLAIN, *seat);
        for keys in [&["1"][..], &["3"], &["I"], &["F"], &["F", "left", "left"], &["1", "enter"]] {
            stage.keys(keys);
            let mut seen = std::collections::BTreeMap::new();
            for row in command::now(&stage.app) {
                for key in row.keys {
                    if let Some(other) = seen.insert(key, row.command) {
                        panic!("{key} means {other:?} and {:?} after {keys:?} as {seat}", row.command);
                    }
                }
            }
            stage.keys(&["esc"]);
        }
    }
}
