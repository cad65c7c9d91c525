//! Every screen at every size, with and without glyphs and colours.

use stanch_tui::Look;

use crate::stage::Stage;

/// The screens, with the keys that lead there from Now.
const SCREENS: [(&str, &[&str]); 15] = [
    ("now", &[]),
    ("card", &["enter"]),
    ("runs", &["2"]),
    ("run", &["r"]),
    ("run_script", &["r", "s"]),
    ("run_unfolded", &["r", "up", "enter"]),
    ("run_targets", &["t"]),
    ("approvals", &["3"]),
    ("incident", &["5", "enter"]),
    ("vendors", &["6"]),
    ("journal", &["7"]),
    ("playbooks", &["8"]),
    ("playbook", &["8", "down", "enter"]),
    ("integrations", &["9", "down"]),
    ("help", &["?"]),
];

/// Everything that was recorded.
const ALL: usize = usize::MAX;

fn shown(look: Look, keys: &[&str], size: (u16, u16)) -> String {
    Stage::recorded(look, ALL).keys(keys).picture(size.0, size.1)
}

#[test]
fn every_screen_is_whole_at_the_smallest_usual_size() {
    for (name, keys) in SCREENS {
        insta::assert_snapshot!(format!("{name}_80x24"), shown(Look::FULL, keys, (80, 24)));
    }
}

#[test]
fn every_screen_uses_the_room_that_it_has() {
    for (name, keys) in SCREENS {
        insta::assert_snapshot!(format!("{name}_120x40"), shown(Look::FULL, keys, (120, 40)));
    }
    for (name, keys) in SCREENS {
        insta::assert_snapshot!(format!("{name}_200x60"), shown(Look::FULL, keys, (200, 60)));
    }
}

#[test]
fn every_screen_says_the_same_in_ascii_without_colours() {
    for (name, keys) in SCREENS {
        let picture = shown(Look::PLAIN, keys, (80, 24));
        // what people call their things may hold anything; of ours nothing does
        let ours = picture.chars().filter(|c| !c.is_ascii()).collect::<String>();
        assert_eq!(ours, "", "{name}\n{picture}");
        insta::assert_snapshot!(format!("{name}_ascii"), picture);
    }
}

#[test]
fn without_colours_no_cell_has_one() {
    for (name, keys) in SCREENS {
        let mut stage = Stage::recorded(Look { colour: false, ..Look::FULL }, ALL);
        for cell in stage.keys(keys).buffer(120, 40).content() {
            let plain = ratatui::style::Color::Reset;
            assert_eq!((cell.fg, cell.bg), (plain, plain), "{name} {cell:?}");
        }
    }
}

#[test]
fn sixteen_colours_are_enough_for_every_screen() {
    use ratatui::style::Color;
    for (name, keys) in SCREENS {
        for cell in Stage::recorded(Look::FULL, ALL).keys(keys).buffer(120, 40).content() {
            let more = |colour| matches!(colour, Color::Rgb(..) | Color::Indexed(_));
            assert!(!more(cell.fg) && !more(cell.bg), "{name} {cell:?}");
        }
    }
}

#[test]
fn no_size_is_a_crash_and_what_is_too_small_says_so() {
    for (_, keys) in SCREENS {
        let mut stage = Stage::recorded(Look::FULL, ALL);
        stage.keys(keys);
        for (width, height) in
            [(1, 1), (20, 5), (39, 24), (80, 9), (40, 10), (41, 11), (60, 13), (100, 12), (300, 100)]
        {
            let picture = stage.picture(width, height);
            if width < 40 || height < 10 {
                assert!(!picture.contains("DRILL"), "{picture}");
            } else {
                assert!(picture.starts_with(" DRILL "), "{picture}");
            }
        }
    }
    assert!(Stage::empty().picture(30, 8).replace('\n', " ").contains("needs 40 columns and 10 rows"));
}
