//! `stanch test --record`: what a run met becomes a case, and the case holds.

use std::{fs, path::Path};

use serde_json::{Value, json};
use stanch_integrations::twin::{TwinHost, TwinOptions};
use stanch_model::{
    Ended,
    api::{Say, StartBody},
};

use crate::support::{Served, client, empty, stanch, transcript, view};

/// A simulated Okta in which Drift has four grants.
async fn okta() -> TwinHost {
    let integrations = [("okta".to_owned(), "okta".to_owned())].into();
    let world = json!({ "people": 40, "apps": [{ "id": "drift", "grants": { "okta": 4 }, "held_by": 4 }] });
    let world = serde_json::from_value(world).unwrap();
    TwinHost::start(TwinOptions { integrations, world, ..TwinOptions::default() }).await.unwrap()
}

/// A playbook as `stanch new` begins it, in a company with Okta.
fn company(folder: &Path) {
    let config = "people: { groups: { incident-lead: [ben-approve, ben-deny] } }
integrations: { okta: { platform: okta, url: \"https://acme.okta.com\" } }
playbooks: [cut]
";
    fs::write(folder.join("stanch.yaml"), config.replace("playbooks: [cut]\n", "")).unwrap();
    assert!(stanch(folder, &["new", "cut"]).status.success());
    fs::remove_dir_all(folder.join("cut/cases")).unwrap();
    fs::write(folder.join("stanch.yaml"), config).unwrap();
}

/// A run of it on simulated platforms, at its end; one person says this to its card.
async fn played(folder: &Path, say: Say) -> String {
    let twins = okta().await;
    let server = Served::on(folder, &twins.addr().to_string());
    let input = json!({ "app": "drift" }).as_object().cloned().unwrap();
    let body = StartBody { playbook: "cut".to_owned(), input, ..StartBody::default() };
    let run = client(folder).start(&body).await.unwrap().run;
    view(folder, &run, |view| view.open_waits().any(|wait| wait.id == "A1")).await;
    answer(folder, &server.url(), &run, say);
    let over = view(folder, &run, |view| view.ended.is_some()).await;
    let wanted = if say == Say::Approve { Ended::Finished } else { Ended::Failed };
    assert_eq!(over.ended, Some(wanted), "{:?}", over.error);
    run
}

/// As ben: who started the run cannot say yes.
fn answer(folder: &Path, url: &str, run: &str, say: Say) {
    let verb = if say == Say::Approve { "approve" } else { "deny" };
    let made = stanch(folder, &["tokens", "new", &format!("ben-{verb}"), "--role", "approver"]);
    let token = String::from_utf8(made.stdout).unwrap();
    let card = format!("{run}:A1");
    let args = [verb, &card, "--url", url, "--token", token.trim(), "--reason", "as the test says"];
    let output = stanch(folder, &args);
    assert!(output.status.success(), "{output:?}");
}

fn recorded(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join("cut/cases").join(name)).unwrap()
}

fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_becomes_a_case_that_holds_and_that_notices_a_change() {
    let home = empty();
    company(home.path());
    for (say, name, parts) in [
        (
            Say::Approve,
            "a-yes",
            ["cut: approve", "okta.revoke_app_token: 4", "residual: { app: 1, grant: 4 }"],
        ),
        (Say::Deny, "a-no", ["cut: deny", "writes: {}", "ended: failed"]),
    ] {
        let run = played(home.path(), say).await;
        let short = &run[run.len() - 8..];
        let made = transcript(home.path(), &["test", "--record", short, "cut", "--name", name]);
        assert!(made.ends_with("exit 0\n"), "{made}");
        assert_says(&made, &[&format!("stanch test cut/cases/{name}.yaml")]);
        let text = recorded(home.path(), &format!("{name}.yaml"));
        assert_says(&text, &["input: { app: drift }", "grants: { okta: 4 }, held_by: "]);
        if say == Say::Approve {
            assert_says(&text, &parts);
        } else {
            // What was never cut is not in the journal: its author says what the platforms held.
            assert_says(&text, &parts[..2]);
        }
        let again = transcript(home.path(), &["test", "--record", short, "cut", "--name", name]);
        assert!(again.contains("exit 1\n"), "a case is its author's once it is there: {again}");
    }
    let tested = transcript(home.path(), &["test", "cut"]);
    assert!(tested.ends_with("exit 0\n"), "{tested}");
    let script = home.path().join("cut/main.rhai");
    let changed = fs::read_to_string(&script).unwrap().replace("grant.revoke()", "grant");
    fs::write(&script, changed).unwrap();
    let tested = transcript(home.path(), &["test", "cut/cases/a-yes.yaml"]);
    assert!(tested.ends_with("exit 3\n"), "a playbook that no longer revokes anything: {tested}");
}

#[test]
fn a_run_of_a_drill_becomes_a_case_with_the_drills_own_world() {
    let home = empty();
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/library/oauth-app-compromise");
    copy(&library, &home.path().join("oauth-app-compromise"));
    let played = stanch(home.path(), &["drill", "first-drill", "--auto", "--json", "--data", "drilled"]);
    assert!(played.status.success(), "{played:?}");
    let said = String::from_utf8(played.stdout).unwrap();
    let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let card = lines.filter_map(|line| Some(line["line"]["card"].as_str()?.to_owned())).next();
    let run =
        card.and_then(|card| Some(card.split_once(':')?.0.to_owned())).unwrap_or_else(|| panic!("{said}"));
    let args = ["test", "--record", &run, "--data", "drilled", "--name", "as-drilled"];
    let made = transcript(home.path(), &args);
    assert!(made.ends_with("exit 0\n"), "{made}");
    let case = "oauth-app-compromise/cases/as-drilled.yaml";
    let text = fs::read_to_string(home.path().join(case)).unwrap();
    // The world is the drill's, also what nobody touched in it.
    assert_says(&text, &["alert: {", "kind: app.token_misuse", "id: zoom", "people: 60", "cut-app: approve"]);
    let tested = transcript(home.path(), &["test", case]);
    assert!(tested.ends_with("exit 0\n"), "{tested}\n{text}");
}

#[test]
fn what_cannot_be_recorded_is_said_and_nothing_is_written() {
    let home = empty();
    company(home.path());
    drop(Served::start(home.path()));
    let nobody = transcript(home.path(), &["test", "--record", "01ZZZZZZZZZZZZZZZZZZZZZZZZ", "cut"]);
    assert!(nobody.ends_with("exit 3\n") && nobody.contains("`stanch runs` lists them"), "{nobody}");
    assert!(!home.path().join("cut/cases").exists());
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &to) } else { _ = fs::copy(&path, &to).unwrap() }
    }
}
