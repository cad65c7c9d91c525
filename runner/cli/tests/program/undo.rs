//! `stanch undo`: what a run cut is given back once, when nobody else holds it, and no screen says after that that it is cut.

use std::path::Path;

use serde_json::{Value, json};
use stanch_integrations::twin::TwinHost;
use stanch_model::api::StartBody;

use crate::support::{Served, client, company, empty, okta, people, stanch, transcript, view};

const MANIFEST: &str = "playbook: cut
title: Suspend people
owner: me
reviewed: 2026-11-01
input:
  people: { type: list }
uses:
  reversible: [okta.suspend_user]
";

const SCRIPT: &str = "each(input.people, |id| okta.suspend_user(#{ user: id }));
settle();
";

/// A run that suspends these people, at its end.
async fn cut(folder: &Path, people: &[String]) -> String {
    let input = json!({ "people": people }).as_object().cloned().unwrap();
    let body = StartBody { playbook: "cut".to_owned(), input, ..StartBody::default() };
    let run = client(folder).start(&body).await.unwrap().run;
    let ended = view(folder, &run, |view| view.ended.is_some()).await;
    assert!(ended.containment.unwrap().is_whole(), "{:?} {:#?}", ended.because, ended.targets);
    run
}

/// The run once all that it held was released.
async fn released(folder: &Path, run: &str) {
    view(folder, run, |view| view.holds.iter().all(|hold| hold.given_back.is_some())).await;
}

/// How often people came back.
fn back(twins: &TwinHost) -> usize {
    twins.effects().iter().filter(|effect| effect.action == "unsuspend_user" && effect.transition).count()
}

fn json_of(folder: &Path, args: &[&str]) -> Vec<Value> {
    let output = stanch(folder, args);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn undo_gives_back_once_what_no_other_run_holds_and_says_so_everywhere() {
    let (home, twins) = (empty(), okta().await);
    let folder = home.path();
    company(folder, MANIFEST, SCRIPT);
    let _server = Served::on(folder, &twins.addr().to_string());
    let people = people(&twins, 3);
    let first = cut(folder, &people).await;
    let second = cut(folder, &people[..1]).await;
    let before = transcript(folder, &["show", &first]);
    assert!(before.contains("3 targets: 3 residual") && before.ends_with("exit 0\n"), "{before}");

    let undone = transcript(folder, &["undo", &first, "--reason", "false alarm"]);
    assert!(undone.contains("as far as no other run holds it, recorded as "), "{undone}");
    assert!(undone.ends_with("exit 0\n"), "{undone}");
    released(folder, &first).await;
    assert_eq!(back(&twins), 2, "the other run holds the third");
    let shown = transcript(folder, &["show", &first]);
    for part in [
        "finished, contained with residual",
        "contained with residual was said at its end; given back since: 2 of 3 targets",
        "3 targets: 2 given back, 1 released",
        &format!("it stays cut: run {second} claims it too"),
    ] {
        assert!(shown.contains(part), "`{part}` is missing in\n{shown}");
    }
    assert!(!shown.contains("proven") && !shown.contains(" until "), "{shown}");
    let lines = json_of(folder, &["show", &first, "--json"]);
    assert_eq!(lines[1]["targets"], json!({ "given_back": 2, "released": 1 }), "{lines:#?}");
    let runs = json_of(folder, &["runs", "--json"]);
    assert!(transcript(folder, &["runs"]).contains("finished, contained with residual, since given back"));
    let row = runs.iter().find(|run| run["id"] == json!(first)).unwrap();
    assert_eq!(row["targets"], json!({ "given_back": 2, "released": 1 }), "{row}");

    assert!(shown.contains(", asked for by ") && shown.contains(", through cli"), "{shown}");

    // What gave back has nothing to give back itself, and neither has what that run let do the work.
    let undone = view(folder, &first, |view| !view.undos.is_empty()).await;
    let by = undone.undos[0].run.to_string();
    let works = undone.holds.iter().filter_map(|hold| Some(hold.back.as_ref()?.run.to_string()));
    view(folder, &by, |view| view.ended.is_some()).await;
    for run in works.chain([by]) {
        let twice = transcript(folder, &["undo", &run, "--reason", "it was one"]);
        assert!(twice.contains("to cut that again, start the playbook again"), "{twice}");
        assert!(twice.ends_with("exit 3\n"), "{twice}");
    }
    assert_eq!((back(&twins), twins.summary().duplicate_effects), (2, 0), "nothing is done twice");
    let again = transcript(folder, &["undo", &first]);
    assert!(again.contains("it holds nothing that can be taken back"), "{again}");
    assert!(again.ends_with("exit 3\n"), "{again}");
    assert!(stanch(folder, &["undo", &second]).status.success());
    released(folder, &second).await;
    assert_eq!(back(&twins), 3, "the last hold is gone");
    let shown = transcript(folder, &["show", &second]);
    assert!(shown.contains("1 target: 1 given back"), "{shown}");
    let nobody = transcript(folder, &["undo", "01ZZZZZZZZZZZZZZZZZZZZZZZZ"]);
    assert!(!nobody.ends_with("exit 0\n"), "{nobody}");
    assert_eq!(twins.summary().duplicate_effects, 0);
}
