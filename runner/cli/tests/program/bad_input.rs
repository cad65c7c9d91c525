//! Bad input, as somebody meets it in the night: the message names the place, the cause and the way out, and nothing is
//! lost or half done.

use std::{path::Path, process::Stdio};

use stanch_integrations::twin::{Answer, Fault};

use crate::support::{Served, book, empty, okta, program, stanch, told, transcript};

/// A manifest that may read from Okta and nothing else.
const MANIFEST: &str = "title: A book\nowner: me\nreviewed: 2026-11-01\nuses:\n  read: [okta.get_user]\n";

const CONFIG: &str = "integrations:\n  okta: { platform: okta, url: \"https://acme.okta.com\" }\n";

fn configure(folder: &Path, books: &[&str]) {
    let text = format!("{CONFIG}playbooks: [{}]\n", books.join(", "));
    std::fs::write(folder.join("stanch.yaml"), text).unwrap();
}

const SERVE: [&str; 6] = ["serve", "--leash", "--twins", "127.0.0.1:9", "--listen", "127.0.0.1:0"];

/// A server whose leash is let go at once: it stops as soon as it is up.
fn served(folder: &Path) -> std::process::Output {
    program(folder, &SERVE).stdin(Stdio::null()).output().unwrap()
}

fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
}

#[test]
fn mistakes_in_files_are_shown_with_their_line_before_anything_is_made() {
    let bomb = (1..12).fold("a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned(), |text, n| {
        let last = format!("*a{}", n - 1);
        format!("{text}a{n}: &a{n} [{}]\n", [last.as_str(); 9].join(", "))
    });
    let cases: [(&str, &str, &str, &[&str]); 6] = [
        (
            "broken YAML",
            "uses: [find_app\ntitle: x\n",
            "note(\"x\");",
            &["playbook.yaml:3:6", "close the list"],
        ),
        ("an alias bomb", &bomb, "note(\"x\");", &["playbook.yaml:7:10", "aliases and anchors multiply"]),
        (
            "an unknown action",
            MANIFEST,
            "okta.get_usr(#{ user: \"x\" });",
            &["main.rhai:1:6", "get_usr", "did you mean `get_user`?"],
        ),
        (
            "a wrong argument type",
            MANIFEST,
            "note(\"x\");\nokta.get_user(#{ user: 5 });",
            &["main.rhai:2:", "user"],
        ),
        ("a missing argument", MANIFEST, "okta.get_user(#{ });", &["main.rhai:1:6", "it takes user"]),
        ("broken Rhai", MANIFEST, "let x = ;\n", &["main.rhai:1:9", "unexpected"]),
    ];
    for (what, manifest, script, parts) in cases {
        let home = empty();
        book(home.path(), "bad", manifest, script);
        configure(home.path(), &["bad"]);
        let checked = transcript(home.path(), &["check", "bad"]);
        assert!(checked.ends_with("exit 3\n"), "{what}: {checked}");
        assert_says(&checked, parts);
        let served = told(&SERVE, &served(home.path()));
        assert_says(&served, parts);
        // What cannot be read at all keeps the server from coming up; what would fail in a run does not.
        if what.starts_with("broken") || what == "an alias bomb" {
            assert!(served.ends_with("exit 3\n"), "{what}: {served}");
            assert!(!home.path().join("data").exists(), "{what}: something was made");
        } else {
            assert_says(&served, &["WARNING: 1 mistake in your playbooks", "exit 0\n"]);
        }
    }
}

#[test]
fn scripts_without_end_or_measure_fail_alone_and_say_where() {
    let home = empty();
    let uses = "title: A book\nowner: me\nreviewed: 2026-11-01\nuses: {}\n";
    let cases = [
        ("endless", "let x = 0;\nloop { x += 1; }\n", "too_long"),
        ("deep", "fn down(n) { down(n + 1) }\ndown(0);\n", "too_deep"),
        ("deep-map", "fn down(n) { [n].map(|x| down(x + 1)) }\ndown(0);\n", "too_deep"),
        ("huge", "let s = \"xxxxxxxxxx\";\nloop { s += s; }\n", "too_large"),
    ];
    let names = cases.map(|(name, ..)| name);
    for (name, script, _) in cases {
        book(home.path(), name, uses, script);
    }
    configure(home.path(), &names);
    let _server = Served::start(home.path());
    for (name, _, kind) in cases {
        let text = transcript(home.path(), &["run", name, "--watch"]);
        assert!(text.ends_with("exit 3\n"), "{name}: {text}");
        assert_says(&text, &["failed", kind, "line "]);
    }
    assert!(stanch(home.path(), &["status"]).status.success(), "the server is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_answers_nonsense_is_told_from_one_that_answers() {
    let (home, twins) = (empty(), okta().await);
    configure(home.path(), &[]);
    let addr = twins.addr().to_string();
    let cases: [(Answer, &[&str]); 8] = [
        (Answer::Html, &["okta.find_app", "an HTML page", "is `url` the address of this platform?"]),
        (Answer::Redirect, &["okta.find_app", "pointed elsewhere", "is `url` the address of this platform?"]),
        (Answer::Garbage, &["okta.find_app", "no JSON", "is `url` the address of this platform?"]),
        (Answer::HalfJson, &["okta.find_app", "no JSON", "is `url` the address of this platform?"]),
        (Answer::Empty, &["okta.find_app", "empty", "is `url` the address of this platform?"]),
        (Answer::Reset, &["okta.find_app", "does the network let this machine through?"]),
        (Answer::TimeoutBeforeEffect, &["okta.find_app", "does the network let this machine through?"]),
        (Answer::Status(401), &["okta.find_app", "401", "make a new one"]),
    ];
    for (answer, parts) in cases {
        // Whoever says nothing at all hangs up after a while.
        let delay = Some(std::time::Duration::from_millis(100));
        let fault = twins.add_fault(Fault { delay, ..Fault::always(answer) });
        let output = program(home.path(), &["doctor"]).env("STANCH_TWINS", &addr).output().unwrap();
        let text = told(&["doctor"], &output);
        assert!(text.ends_with("exit 3\n"), "{answer}: {text}");
        assert_says(&text, parts);
        twins.remove_fault(Some(fault));
    }
    let output = program(home.path(), &["doctor"]).env("STANCH_TWINS", &addr).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn two_servers_on_one_folder_and_a_folder_that_cannot_be_written() {
    let home = empty();
    let server = Served::start(home.path());
    let args = ["serve", "--twins", "127.0.0.1:9", "--listen", "127.0.0.1:0"];
    let second = transcript(home.path(), &args);
    assert_says(&second, &["in use by process", "help: stop process", "exit 1\n"]);
    drop(server);
    // Root may write everywhere: a file where a folder should be stops everybody.
    std::fs::write(home.path().join("file"), "mine").unwrap();
    let args = ["serve", "--twins", "127.0.0.1:9", "--listen", "127.0.0.1:0", "--data", "file/data"];
    let unwritable = transcript(home.path(), &args);
    assert_says(&unwritable, &["file/data", "help: ", "exit 1\n"]);
    assert_eq!(std::fs::read_to_string(home.path().join("file")).unwrap(), "mine");
}

#[test]
fn a_source_without_its_secret_stops_the_server_before_it_takes_anything() {
    let home = empty();
    let config = "alerts:\n  casb: { format: hmac, secret: \"env:NO_SUCH_SECRET\" }\n";
    std::fs::write(home.path().join("stanch.yaml"), config).unwrap();
    let args = ["serve", "--twins", "127.0.0.1:9", "--listen", "127.0.0.1:0"];
    let output =
        program(home.path(), &args).stdin(Stdio::null()).env_remove("NO_SUCH_SECRET").output().unwrap();
    let text = told(&args, &output);
    assert_says(&text, &["casb", "NO_SUCH_SECRET", "exit 1\n"]);
}

#[test]
fn an_input_whose_default_says_nothing_may_say_nothing_and_any_other_may_not() {
    let home = empty();
    let manifest = |default: &str| {
        format!(
            "title: A book\nowner: me\nreviewed: 2026-11-01\nuses: {{}}\ninput:\n  why: {{ type: string{default} }}\n"
        )
    };
    book(home.path(), "free", &manifest(", default: \"\""), "note(`because ${input.why}.`);\n");
    book(home.path(), "strict", &manifest(""), "note(input.why);\n");
    configure(home.path(), &["free", "strict"]);
    let checked = transcript(home.path(), &["check", "free"]);
    assert!(checked.ends_with("exit 0\n"), "{checked}");
    let _server = Served::start(home.path());
    for args in [&["run", "free", "--watch"][..], &["run", "free", "--watch", "--input", "why="]] {
        let text = transcript(home.path(), args);
        assert!(text.ends_with("exit 0\n"), "{text}");
    }
    let shown = transcript(home.path(), &["runs"]);
    assert!(shown.contains("finished"), "{shown}");
    let refused = transcript(home.path(), &["run", "strict", "--input", "why="]);
    assert_says(&refused, &["input why: it is empty", "exit 3\n"]);
    // A name is never empty.
    let app = manifest(", default: \"\"").replace("type: string", "type: app");
    book(home.path(), "app", &app, "note(input.why);\n");
    let checked = transcript(home.path(), &["check", "app"]);
    assert_says(&checked, &["PB0007", "a name is never empty", "exit 3\n"]);
}
