//! Vendors, notices and clocks: the lists, the pages, what is recorded of them.

use stanch_tui::{
    Look,
    ask::{Ask, Intent, Order, Told},
    event::Event,
};

use crate::{
    register::{RUN, drift, joined, read, tell},
    stage::Stage,
};

/// The screens, with the keys that lead there.
const SHOWN: [(&str, &[&str]); 7] = [
    ("list", &["6"]),
    ("clock", &["6", "enter"]),
    ("notice", &["6", "down", "down", "down", "enter"]),
    ("vendor", &["6", "end", "up", "up", "enter"]),
    ("ended", &["6", "end", "up", "enter"]),
    ("answered", &["6", "down", "down", "down", "a"]),
    ("bounced", &["6", "down", "down", "down", "b"]),
];

fn orders(stage: &mut Stage) -> Vec<Order> {
    let orders = stage.intents.drain(..).filter_map(|intent| match intent {
        Intent::Order(_, order) => Some(order),
        Intent::Ask(_) => None,
    });
    orders.collect()
}

#[test]
fn the_register_its_clocks_and_its_notices_are_whole_at_every_size() {
    for (name, keys) in SHOWN {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            let picture = joined(Look::FULL, "live").keys(keys).picture(width, height);
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), picture);
        }
    }
}

#[test]
fn they_say_the_same_in_ascii_without_colours_and_no_size_is_a_crash() {
    for (name, keys) in SHOWN {
        let mut stage = joined(Look::PLAIN, "live");
        let picture = stage.keys(keys).picture(80, 24);
        assert!(picture.is_ascii(), "{name}\n{picture}");
        for cell in stage.buffer(120, 40).content() {
            let plain = ratatui::style::Color::Reset;
            assert_eq!((cell.fg, cell.bg), (plain, plain), "{name} {cell:?}");
        }
        for (width, height) in [(1, 1), (40, 10), (41, 11), (60, 13), (140, 10), (300, 100)] {
            let picture = stage.picture(width, height);
            assert!(width < 40 || picture.starts_with(" LIVE "), "{name}\n{picture}");
        }
    }
}

#[test]
fn the_clock_that_is_nearest_stands_first_and_what_is_settled_last() {
    let picture = joined(Look::PLAIN, "live").keys(&["6"]).picture(80, 24);
    let at = |words: &str| picture.find(words).unwrap_or_else(|| panic!("{words}\n{picture}"));
    assert!(at("Contract clause") < at("GDPR art. 33"), "{picture}");
    assert!(at("GDPR art. 33") < at("NIS2 early"), "{picture}");
}

#[test]
fn a_clock_is_stopped_from_its_row_from_its_page_and_from_its_vendors_page() {
    let incident = || "01JD8Q2W3E4R5T6Y7U8I9O0INC".to_owned();
    let clock = || "contract:Drift".to_owned();
    for keys in [&["6"][..], &["6", "enter"], &["6", "end", "up", "up", "enter"]] {
        let mut stage = joined(Look::FULL, "live");
        stage.keys(keys).keys(&["d"]).types("mailed 4711").keys(&["enter"]);
        assert_eq!(
            orders(&mut stage),
            [Order::Sent(incident(), clock(), "mailed 4711".to_owned())],
            "{keys:?}"
        );
        stage.keys(&["w"]).types("no data of theirs").keys(&["enter"]);
        let waived = Order::Waive(incident(), clock(), "no data of theirs".to_owned());
        assert_eq!(orders(&mut stage), [waived], "{keys:?}");
    }
    // where nothing is owed the keys are not there
    let mut stage = joined(Look::FULL, "live");
    let picture = stage.keys(&["6", "end"]).picture(120, 40);
    assert!(!picture.contains("d sent"), "{picture}");
    stage.keys(&["d", "w", "a", "b"]);
    assert!(stage.app.overlays.is_empty());
}

#[test]
fn that_a_vendor_answered_is_recorded_after_a_yes_of_its_own() {
    let mut stage = joined(Look::FULL, "live");
    stage.keys(&["6", "down", "down", "down", "a", "enter"]);
    assert!(stage.picture(80, 24).contains("it is needed"), "who answered must be said");
    stage.types("Kim by phone").keys(&["enter"]);
    assert!(stage.picture(80, 24).contains("y  record that they answered"));
    stage.keys(&["n"]);
    assert_eq!(orders(&mut stage), [], "any other key goes back");
    stage.keys(&["enter", "y"]);
    let answered = Order::Acknowledged(format!("{RUN}:N1"), "Kim by phone".to_owned());
    assert_eq!(orders(&mut stage), [answered]);
    assert!(stage.picture(80, 24).contains("sending"));
}

#[test]
fn that_a_mail_came_back_names_whom_it_goes_to_next() {
    let mut stage = joined(Look::FULL, "live");
    stage.keys(&["6", "end", "up", "up", "enter", "b"]);
    let picture = stage.picture(80, 24);
    assert!(picture.contains("Kim Novak, kim@drift.example, is written to at once"), "{picture}");
    stage.keys(&["tab"]).types("550 no such user").keys(&["enter", "y"]);
    let to = Some("security@drift.example".to_owned());
    let bounced = Order::Bounced(format!("{RUN}:N1"), to, "550 no such user".to_owned());
    assert_eq!(orders(&mut stage), [bounced]);
}

#[test]
fn what_happened_around_a_vendor_is_asked_for_when_it_is_looked_at() {
    let mut stage = joined(Look::FULL, "live");
    let zendesk = Intent::Ask(Ask::Vendor("zendesk".to_owned()));
    stage.keys(&["6", "end"]);
    assert!(!stage.intents.contains(&zendesk));
    stage.keys(&["enter"]);
    assert!(stage.intents.contains(&zendesk), "{:?}", stage.intents);
    let (_, mut wide) = (stage, joined(Look::FULL, "live"));
    wide.picture(200, 50);
    wide.keys(&["6", "end"]);
    assert!(wide.intents.contains(&zendesk), "beside the list it is looked at, too");
    // a notice that moves is asked for again
    let entry = serde_json::json!({
        "stream": "notices", "version": 9, "time": "2026-11-26T18:00:00Z", "kind": "notice.rung", "body": {}, "hash": ""
    });
    wide.passes(1_000).event(Event::Entry(Box::new(serde_json::from_value(entry).unwrap())));
    assert!(wide.intents.contains(&Intent::Ask(Ask::Notices)));
}

#[test]
fn privacy_hides_whom_the_register_and_the_notices_name() {
    for (_, keys) in SHOWN {
        let mut stage = joined(Look::FULL, "live");
        let picture = stage.keys(&["P"]).keys(keys).picture(200, 60);
        for name in
            ["Drift", "drift", "Kim", "Novak", "kim@", "security@", "0199", "ana@", "Zendesk", "Legacy"]
        {
            assert!(!picture.contains(name), "{name} after {keys:?}\n{picture}");
        }
        assert!(
            !keys.contains(&"up") || picture.contains("active") || picture.contains("ENDED"),
            "{picture}"
        );
    }
}

#[test]
fn texts_of_vendors_cannot_steer_the_terminal() {
    let mut vendor = drift();
    let wild = "a\u{1b}[2Jb\u{7}\nc\u{202e}d\u{200b}";
    vendor.notes = Some(wild.to_owned());
    vendor.contacts[0] = wild.to_owned();
    vendor.entry["status"] = serde_json::json!(wild);
    vendor.entry["dependants"] = serde_json::json!([wild]);
    for keys in [&["6"][..], &["6", "end", "enter"]] {
        let mut stage = joined(Look::FULL, "live");
        tell(&mut stage, Told::Vendors(vec![vendor.clone()]));
        let picture = stage.keys(keys).picture(200, 60);
        assert!(picture.contains("[2Jb"), "{picture}");
        assert!(!picture.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}']), "{picture:?}");
    }
}

#[test]
fn a_server_that_shows_less_of_its_register_still_shows_that() {
    let mut stage = joined(Look::FULL, "live");
    let mut vendor = drift();
    (vendor.entry, vendor.look_at) = (serde_json::Value::Null, Vec::new());
    tell(&mut stage, Told::Vendors(vec![vendor]));
    tell(&mut stage, Told::Notices(Vec::new()));
    let picture = stage.keys(&["6", "end", "enter"]).picture(80, 24);
    for words in ["Security, security@drift.example", "24h (DPA 7.2)", "Sales Operations"] {
        assert!(picture.contains(words), "{words}\n{picture}");
    }
    assert!(!picture.contains("NEVER CHECKED"), "{picture}");
}

/// Whoever looks at Now knows whom of us a mail did not reach.
#[test]
fn now_names_whom_a_mail_of_ours_did_not_reach() {
    let mut stage = joined(Look::FULL, "live");
    assert!(!stage.keys(&["1"]).picture(120, 40).contains("UNTOLD"));
    let status = read(serde_json::json!({
        "version": concat!("stanch ", env!("CARGO_PKG_VERSION")), "mode": "live", "paused": [], "runs": {}, "cards": 0,
        "incidents": 1, "cursor": "", "now": "2026-11-26T17:26:40Z", "returned": [{
            "way": "mail:ben@acme.example", "who": "ben", "card": "01JD8Q2W3E4R5T6Y7U8I9O0P1A:A1",
            "at": "2026-11-26T17:25:00Z", "said": "550 no such user"
        }]
    }));
    tell(&mut stage, Told::Status(status));
    let words = "UNTOLD ben by mail:ben@acme.example: the mail came back at 17:25:00: 550 no such user";
    for width in [80, 120] {
        let picture = stage.picture(width, 40);
        let seen = words.chars().take(usize::from(width) - 10).collect::<String>();
        assert!(picture.contains(&seen), "{picture}");
    }
}
