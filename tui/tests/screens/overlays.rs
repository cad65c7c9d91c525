//! What lies over a screen, at the smallest usual size and where nothing whole fits.

use stanch_model::api::SeatKind;
use stanch_tui::{Look, event::Event};

use crate::{
    scene::{seated, tell, view},
    stage::Stage,
};

/// The keys that lead there, and the seat.
const OVERLAYS: [(&str, SeatKind, &[&str]); 11] = [
    ("briefing", SeatKind::Responder, &["B"]),
    ("seats", SeatKind::Facilitator, &["S"]),
    ("observe", SeatKind::Observer, &["esc", "o", "down"]),
    ("hint", SeatKind::Responder, &["h"]),
    ("stop", SeatKind::Approver, &["!"]),
    ("edit", SeatKind::Facilitator, &["e"]),
    ("grade", SeatKind::Facilitator, &["left", "left", "enter"]),
    ("whole", SeatKind::Facilitator, &["v"]),
    ("fault", SeatKind::Facilitator, &["f"]),
    ("palette", SeatKind::Responder, &[":", "d"]),
    ("card_script", SeatKind::Responder, &["enter", "s"]),
];

fn shown(look: Look, seat: SeatKind, keys: &[&str]) -> Stage {
    let mut stage = seated(look, seat);
    stage.keys(keys);
    stage
}

#[test]
fn every_overlay_is_whole_at_the_smallest_usual_size_and_in_ascii() {
    for (name, seat, keys) in OVERLAYS {
        insta::assert_snapshot!(format!("{name}_80x24"), shown(Look::FULL, seat, keys).picture(80, 24));
        let plain = shown(Look::PLAIN, seat, keys).picture(80, 24);
        assert!(plain.is_ascii(), "{name}\n{plain}");
    }
}

#[test]
fn no_size_is_a_crash_under_an_overlay() {
    for (name, seat, keys) in OVERLAYS {
        let mut stage = shown(Look::FULL, seat, keys);
        for (width, height) in [(1, 1), (40, 10), (41, 11), (60, 13), (300, 100)] {
            let picture = stage.picture(width, height);
            assert!(width < 40 || picture.starts_with(" DRILL "), "{name}\n{picture}");
        }
    }
}

#[test]
fn a_terminal_of_twenty_by_five_says_what_it_needs() {
    let picture = Stage::recorded(Look::FULL, usize::MAX).picture(20, 5);
    assert_eq!(
        picture.lines().map(str::trim_end).collect::<Vec<_>>(),
        ["stanch needs 40", "columns and 10 rows;", "this terminal has 20", "and 5. q leaves."]
    );
}

#[test]
fn a_long_text_says_what_is_hidden_and_stops_at_its_end() {
    let mut stage = seated(Look::PLAIN, SeatKind::Responder);
    let mut drill = view(SeatKind::Responder);
    drill.briefing = (1..=60).map(|nth| format!("paragraph {nth}\n\n")).collect();
    tell(&mut stage, drill);
    let top = stage.keys(&["B"]).picture(80, 24);
    assert!(top.contains("more lines below, Down"), "{top}");
    let end = stage.keys(&["end", "down", "down"]).picture(80, 24);
    assert!(end.contains("paragraph 60") && end.contains("lines above, Up"), "{end}");
    assert_ne!(stage.keys(&["up"]).picture(80, 24), end, "one up from the end is one up");
}

#[test]
fn without_colours_no_cell_has_one() {
    let look = Look { colour: false, ..Look::FULL };
    for (_, seat, keys) in OVERLAYS {
        let mut stage = shown(look, seat, keys);
        stage.event(Event::Tick);
        for cell in stage.buffer(120, 40).content() {
            let plain = ratatui::style::Color::Reset;
            assert_eq!((cell.fg, cell.bg), (plain, plain), "{cell:?}");
        }
    }
}

#[test]
fn a_recording_says_what_its_screens_had_not_read_instead_of_waiting_for_it() {
    let mut stage = Stage::recorded(Look::FULL, usize::MAX);
    stage.keys(&["8"]);
    assert!(stage.picture(200, 60).contains("reading the playbook ..."), "a server may still answer");
    stage.app.options.recording = Some("of acme-prod".to_owned());
    let picture = stage.picture(200, 60);
    assert!(picture.contains("The screen that was recorded had not read the playbook by now"), "{picture}");
    assert!(!picture.contains("reading"), "{picture}");
}
