//! Keys: the table, the palette, moving about, keeping one's place.

use stanch_tui::{
    Look,
    app::Screen,
    ask::Told,
    command::{self, TABLE},
    event::Event,
    overlays::Overlay,
};

use crate::{cards, register::joined, stage::Stage};

fn recorded() -> Stage {
    Stage::recorded(Look::FULL, usize::MAX)
}

#[test]
fn every_command_has_a_key_and_a_sentence_and_what_it_orders_is_a_command_of_the_program_too() {
    for row in TABLE {
        assert!(!row.keys.is_empty() && !row.help.is_empty(), "{row:?}");
        assert!(!(row.command.is_order() && row.cli.is_empty()), "{row:?}");
        // the help page is read at 80 columns, too
        assert!(row.cli.is_empty() || row.help.len() + row.cli.len() <= 62, "{row:?}");
    }
}

#[test]
fn no_two_commands_share_a_key_at_one_time() {
    let mut stage = recorded();
    for keys in
        [&["1"][..], &["2"], &["r"], &["3"], &["4"], &["5"], &["6"], &["7"], &["8"], &["9"], &["1", "enter"]]
    {
        stage.keys(keys);
        each_key_means_one_thing(&stage, keys);
    }
    for keys in [
        &["6"][..],
        &["6", "enter"],
        &["6", "down", "down", "down"],
        &["6", "end", "up", "up", "enter"],
        &["8"],
        &["8", "enter"],
        &["3", "enter"],
    ] {
        let mut stage = joined(Look::FULL, "live");
        stage.event(Event::Told(Box::new(Told::Approvals(vec![cards::told_all()]))));
        stage.keys(keys);
        each_key_means_one_thing(&stage, keys);
    }
}

fn each_key_means_one_thing(stage: &Stage, after: &[&str]) {
    let mut seen = std::collections::BTreeMap::new();
    for row in command::now(&stage.app) {
        for key in row.keys {
            let other = seen.insert(key, row.command);
            assert_eq!(other, None, "{key} means {:?}, too, after {after:?}", row.command);
        }
    }
}

#[test]
fn the_palette_finds_by_words_and_does_what_is_chosen() {
    let mut stage = recorded();
    stage.keys(&[":"]).types("vendors and");
    let picture = stage.picture(80, 24);
    assert!(picture.contains("> 6"), "{picture}");
    stage.keys(&["enter"]);
    assert_eq!(stage.app.screen, Screen::Vendors);
    stage.keys(&[":"]).types("no such thing").keys(&["enter"]);
    assert!(stage.app.overlays.is_empty());
}

#[test]
fn the_palette_says_where_a_command_can_be_had_that_is_none_of_this_screen() {
    let mut stage = recorded();
    stage.keys(&["2", ":"]).types("cancel");
    let picture = stage.picture(80, 24);
    assert!(picture.contains("X         in a run: end the run at its next step, for good"), "{picture}");
    assert!(!picture.contains("nothing is called so"), "{picture}");
    // it is named and not done
    stage.keys(&["enter"]);
    assert!(stage.app.overlays.is_empty() && stage.app.screen == Screen::Runs);
    stage.keys(&["enter", ":"]).types("cancel");
    let picture = stage.picture(80, 24);
    assert!(picture.contains("> X         end the run at its next step, for good"), "{picture}");
}

#[test]
fn tab_goes_round_all_screens_and_back() {
    let mut stage = recorded();
    for screen in Screen::ALWAYS.iter().skip(1).chain([&Screen::Now]) {
        stage.keys(&["tab"]);
        assert_eq!(stage.app.screen, *screen);
        let picture = stage.picture(80, 24);
        assert!(picture.lines().nth(1).unwrap().contains(screen.word()), "{picture}");
    }
    stage.keys(&["backtab"]);
    assert_eq!(stage.app.screen, Screen::Integrations);
}

#[test]
fn a_list_keeps_its_place_while_one_is_elsewhere() {
    let mut stage = recorded();
    stage.keys(&["8", "down", "down"]);
    let chosen = stage.app.chosen();
    stage.keys(&["1", "7", "8"]);
    assert_eq!(stage.app.chosen(), chosen);
    stage.keys(&["home"]);
    assert_ne!(stage.app.chosen(), chosen);
}

#[test]
fn a_run_can_be_looked_at_as_it_was_and_followed_again() {
    let mut stage = recorded();
    stage.keys(&["r", "<", "<", "<"]);
    let then = stage.picture(120, 40);
    assert!(then.contains("AS IT WAS at"), "{then}");
    assert!(then.contains('^'), "{then}");
    let earlier = stage.keys(&["left"]).picture(120, 40);
    assert_ne!(then, earlier);
    assert_eq!(stage.keys(&["right"]).picture(120, 40), then);
    assert!(!stage.keys(&["f"]).picture(120, 40).contains("AS IT WAS"));
}

#[test]
fn the_journal_is_searched_and_its_lines_can_be_read_whole() {
    let mut stage = recorded();
    stage.keys(&["7", "/"]).types("revoke");
    stage.keys(&["enter"]);
    let picture = stage.picture(80, 24);
    assert!(picture.contains("JOURNAL with revoke"), "{picture}");
    assert!(picture.lines().skip(4).take(10).all(|line| line.contains("revoke")), "{picture}");
    stage.keys(&["up", "enter"]);
    assert!(matches!(stage.app.overlays.last(), Some(Overlay::Text(_))));
    assert!(stage.picture(80, 24).contains("\"stream\": \"run/"));
}

#[test]
fn leaving_is_one_key_from_everywhere() {
    for keys in [&["1"][..], &["?"], &[":"], &["1", "enter"], &["7", "/"]] {
        let mut stage = recorded();
        stage.keys(keys).keys(&["ctrl-c"]);
        assert!(stage.app.quit, "{keys:?}");
    }
}
