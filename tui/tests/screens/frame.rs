//! The frame around the screens: mode, line, footer, privacy, freezing, coming back.

use stanch_model::api::EntryView;
use stanch_tui::{
    Look,
    event::{Event, Link},
};

use crate::stage::Stage;

fn first(picture: &str) -> &str {
    picture.lines().next().unwrap_or_default()
}

fn last(picture: &str) -> &str {
    picture.lines().last().unwrap_or_default()
}

fn recorded() -> Stage {
    Stage::recorded(Look::FULL, usize::MAX)
}

#[test]
fn the_footer_names_what_the_keys_do_at_any_width() {
    let mut stage = recorded();
    let mut shown = Vec::new();
    let screens = [
        ("now", &["1"][..]),
        ("run", &["r"]),
        ("vendors", &["6"]),
        ("journal", &["7"]),
        ("playbooks", &["8"]),
        ("integrations", &["9"]),
    ];
    for (name, keys) in screens {
        stage.keys(keys);
        for width in [40, 80, 120] {
            shown.push(format!("{name:<13}{width:>4} {}", last(&stage.picture(width, 24))));
        }
        stage.keys(&["esc"]);
    }
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn the_line_is_online_late_or_lost_and_the_word_live_is_the_modes() {
    let mut stage = recorded();
    let badge = |stage: &mut Stage| {
        let picture = stage.picture(80, 24);
        picture.lines().nth(1).unwrap().rsplit('|').next().unwrap().trim().to_owned()
    };
    assert_eq!(badge(stage.event(Event::Link(Link::Beat))), "online");
    assert_eq!(badge(stage.passes(41_000)), "late 41s");
    assert_eq!(badge(stage.event(Event::Link(Link::Lost("connection refused".to_owned())))), "lost 0s");
    assert!(
        last(&stage.picture(80, 24))
            .contains("What you see may be old, the line is tried again (connection refused)")
    );
    stage.passes(90_000).event(Event::Link(Link::Lost("still".to_owned())));
    assert_eq!(badge(&mut stage), "lost 1m");
    assert_eq!(badge(stage.event(Event::Link(Link::Online))), "online");
    assert!(!stage.intents.is_empty(), "after a break everything is asked anew");
    stage.event(Event::Link(Link::Refused("no right".to_owned())));
    assert_eq!(badge(&mut stage), "refused");
}

#[test]
fn a_frozen_picture_stands_while_the_world_goes_on() {
    let mut stage = recorded();
    let before = stage.picture(80, 24);
    stage.keys(&["space"]);
    for version in 1..=7 {
        let (kind, hash, body) =
            ("incident.opened".to_owned(), String::new(), serde_json::json!({ "title": "new" }));
        let (stream, time) = ("incident/X".to_owned(), "2026-11-26T18:00:00Z".to_owned());
        stage.event(Event::Entry(Box::new(EntryView { stream, version, time, kind, body, hash })));
    }
    let frozen = stage.passes(12_000).picture(80, 24);
    assert!(first(&frozen).ends_with("FROZEN 12s, 7 lines behind"), "{frozen}");
    let body = |picture: &str| picture.lines().skip(2).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&before), body(&frozen));
    assert!(!first(&stage.keys(&["space"]).picture(80, 24)).contains("FROZEN"));
}

#[test]
fn privacy_hides_every_name_on_every_screen() {
    let mut stage = recorded();
    stage.keys(&["P"]);
    for keys in [&["1"][..], &["r"], &["t"], &["3"], &["5", "enter"], &["7"]] {
        stage.keys(keys);
        let picture = stage.picture(200, 60);
        for name in ["acme.example", "Drift", "drift", "root", "ben2"] {
            assert!(!picture.contains(name), "{keys:?} {name}\n{picture}");
        }
    }
    assert!(stage.keys(&["1"]).picture(80, 24).contains("token used from an unknown network"));
    assert!(stage.keys(&["P"]).picture(80, 24).contains("Drift"));
}

#[test]
fn whoever_comes_back_is_told_what_happened() {
    let mut stage = recorded();
    stage.keys(&["1"]);
    let (stream, kind, hash) = ("run/X".to_owned(), "run.ended".to_owned(), String::new());
    let body = serde_json::json!({ "ended": "finished", "containment": "contained" });
    let time = "2026-11-26T18:00:00Z".to_owned();
    stage.event(Event::Entry(Box::new(EntryView { stream, version: 9, time, kind, body, hash })));
    let picture = stage.passes(23 * 60_000).keys(&["z"]).picture(80, 24);
    assert!(picture.contains("AWAY   1 ended in 23m"), "{picture}");
}

#[test]
fn texts_of_platforms_cannot_steer_the_terminal() {
    let mut stage = recorded();
    let (kind, hash) = ("incident.noted".to_owned(), String::new());
    let body = serde_json::json!({ "by": "\u{1b}]0;x\u{7}", "text": "a\u{1b}[2Jb\nc\u{202e}d\u{200b}" });
    let (stream, time) = ("incident/X".to_owned(), "2026-11-26T18:00:00Z".to_owned());
    stage.event(Event::Entry(Box::new(EntryView { stream, version: 9, time, kind, body, hash })));
    let picture = stage.keys(&["7"]).picture(120, 40);
    assert!(picture.contains("[2Jb c"), "{picture}");
    assert!(!picture.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}']), "{picture:?}");
}

#[test]
fn an_event_of_any_shape_is_never_a_crash() {
    let mut stage = recorded();
    let bodies = [
        serde_json::Value::Null,
        serde_json::json!([1]),
        serde_json::json!({ "address": 7, "targets": "x" }),
    ];
    let kinds = [
        "run.created",
        "step.intent",
        "step.outcome",
        "target",
        "wait.opened",
        "run.state",
        "run.ended",
        "nonsense",
    ];
    let run = stage.app.foremost_run().unwrap().to_owned();
    let mut version = stage.app.world().run(&run).unwrap().view.version;
    for body in bodies {
        for kind in kinds {
            version += 1;
            let entry = EntryView {
                stream: format!("run/{run}"),
                version,
                time: "never".to_owned(),
                kind: kind.to_owned(),
                body: body.clone(),
                hash: String::new(),
            };
            stage.event(Event::Entry(Box::new(entry)));
        }
    }
    for keys in [&["1"][..], &["r"], &["t"], &["7"]] {
        stage.keys(keys).picture(80, 24);
    }
    assert!(stage.app.world().run(&run).unwrap().view.unknown_entries > 0);
}
