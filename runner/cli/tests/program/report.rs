//! The report of a response that is no drill: on simulated platforms, from its folder and through its server alike.

use std::path::Path;

use serde_json::{Value, json};
use stanch_model::api::StartBody;

use crate::support::{Served, client, company, empty, okta, people, program, stanch, view};

const MANIFEST: &str = "playbook: cut
title: Suspend <script>alert('x')</script> people
owner: me
reviewed: 2026-11-01
tags: [react:RA3601, d3fend:D3-AL, attack:T1528]
input:
  people: { type: list }
uses:
  reversible: [okta.suspend_user]
";

const SCRIPT: &str = r#"phase("contain");
evidence("before", input.people);
each(input.people, |id| okta.suspend_user(#{ user: id }));
settle();
ask("told", "Who was <b>told</b>?", ["nobody", "everybody"]);
"#;

fn said(folder: &Path, args: &[&str]) -> String {
    let output = stanch(folder, args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The same, asked of the server's address.
fn through(folder: &Path, server: &Served, token: &str, id: &str) -> Value {
    let mut report = program(folder, &["report", id, "--json"]);
    let output = report.env("STANCH_URL", server.url()).env("STANCH_TOKEN", token).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_reported_while_it_waits_and_when_it_is_over_from_folder_and_server_alike() {
    let (home, twins) = (empty(), okta().await);
    let folder = home.path();
    company(folder, MANIFEST, SCRIPT);
    let server = Served::on(folder, &twins.addr().to_string());
    let token = said(folder, &["tokens", "new", "ana", "--role", "viewer"]).trim().to_owned();
    let input = json!({ "people": people(&twins, 3) }).as_object().cloned().unwrap();
    let body = StartBody { playbook: "cut".to_owned(), input, ..StartBody::default() };
    let started = client(folder).start(&body).await.unwrap();
    let run = started.run;
    view(folder, &run, |view| view.open_waits().any(|wait| wait.id == "Q1")).await;

    let waits: Value = serde_json::from_str(&said(folder, &["report", &run, "--json"])).unwrap();
    assert_eq!(
        (&waits["about"], &waits["exercise"]),
        (&json!("run"), &json!(true)),
        "its platforms are simulated"
    );
    let rating = |report: &Value, name: &str| {
        let all = report["objectives"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == name).map(|one| one["rating"].clone())
    };
    assert_eq!(rating(&waits, "decide"), Some(Value::Null), "nothing can be said of what is open");
    assert_eq!(rating(&waits, "preserve"), Some(json!("P")));

    assert!(stanch(folder, &["answer", &run, "nobody"]).status.success());
    view(folder, &run, |view| view.ended.is_some()).await;
    assert!(stanch(folder, &["note", &run, "seen </td><script>x</script>"]).status.success());
    let incident = started.incident.unwrap();
    let short = &incident[incident.len() - 8..];
    let whole: Value = serde_json::from_str(&said(folder, &["report", short, "--json"])).unwrap();
    assert_eq!((&whole["about"], &whole["id"]), (&json!("incident"), &json!(incident)));
    let group = &whole["targets"][0];
    let stands = [&group["verb"], &group["state"], &group["count"]];
    assert_eq!(stands, [&json!("okta.suspend_user"), &json!("residual"), &json!(3)], "{group}");
    assert!(group["until"].is_string(), "what lives on says until when: {group}");
    assert_eq!(rating(&whole, "contain"), Some(json!("P")));
    let tags: Vec<&Value> = whole["coverage"].as_array().unwrap().iter().map(|one| &one["tag"]).collect();
    assert_eq!(tags, ["RA3601", "D3-AL", "T1528"]);
    let run_head =
        whole["heads"].as_array().unwrap().iter().find(|head| head["stream"] == format!("run/{run}"));
    assert_eq!(run_head.unwrap()["hash"].as_str().unwrap().len(), 64);

    // Checkpoints are written while we look: everything else must be the same.
    let without = |mut report: Value| {
        report["heads"].as_array_mut().unwrap().retain(|head| head["stream"] != "system");
        report
    };
    assert_eq!(without(through(folder, &server, &token, &incident)), without(whole));

    let html = said(folder, &["report", short, "--format", "html"]);
    assert!(html.contains("EXERCISE"));
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script") && !html.contains("<b>told"));
    let file = folder.join("report.md");
    said(folder, &["report", short, "--out", file.to_str().unwrap()]);
    let markdown = std::fs::read_to_string(file).unwrap();
    assert!(
        markdown.contains("evidence is written down before the first cut") && !markdown.contains("<script")
    );
    let nothing = stanch(folder, &["report", "ZZZZZZZZ"]);
    assert_eq!(nothing.status.code(), Some(3), "{nothing:?}");
}
