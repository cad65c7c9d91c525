//! `stanch plan` and `stanch run --plan`, end to end: the program, a server, simulated platforms.

use std::{path::Path, process::Stdio};

use serde_json::{Value, json};
use stanch_integrations::twin::{Change, TwinHost, TwinOptions};
use stanch_model::run::WaitKind;

use crate::support::{Served, client, empty, program, stanch, transcript, view};

const CONFIG: &str = "people:
  groups: { incident-lead: [ben, caro], security-manager: [dora] }
integrations:
  okta: { platform: okta, url: \"https://acme.okta.com\" }
  salesforce: { platform: salesforce, url: \"https://acme.my.salesforce.com\" }
  slack: { platform: slack }
  smtp: { platform: smtp, url: \"smtps://mail.acme.example\", settings: { sender: stanch@acme.example } }
tell:
  team: [\"slack:#incidents\"]
  approval: [\"slack:#incidents\"]
  stuck: [\"slack:#incidents\"]
vendors: vendors.yaml
";

const VENDORS: &str = "drift:
  name: Drift
  apps: [drift]
  contacts: [{ name: Security, mail: security@drift.example }]
  breach: { notify_within: 24h }
  owner: Operations
";

async fn company(folder: &Path) -> TwinHost {
    std::fs::write(folder.join("stanch.yaml"), CONFIG).unwrap();
    std::fs::write(folder.join("vendors.yaml"), VENDORS).unwrap();
    let integrations = ["okta", "salesforce", "slack", "smtp"];
    let integrations = integrations.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
    let apps =
        json!([{ "id": "drift", "vendor": "drift", "grants": { "okta": 3, "salesforce": 2 }, "held_by": 3 }]);
    let world = serde_json::from_value(json!({ "people": 40, "apps": apps })).unwrap();
    TwinHost::start(TwinOptions { integrations, world, ..TwinOptions::default() }).await.unwrap()
}

fn serve(folder: &Path, twins: &TwinHost) -> Served {
    Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string())
}

fn json_of(folder: &Path, args: &[&str]) -> Vec<Value> {
    let output = stanch(folder, args);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const PLAN: [&str; 5] = ["plan", "oauth-app-compromise", "--input", "app=drift", "--json"];

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_read_executed_and_refused_when_the_world_has_changed() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let _server = serve(folder, &twins);
    let told = transcript(folder, &PLAN[..4]);
    for part in [
        "Cut a compromised app off and prove it (oauth-app-compromise)",
        "Nothing was written",
        "contain  deactivate_app",
        "contain  revoke_app_token",
        "Asked first",
        "ben or caro (incident-lead) within 15m; then security-manager; then deny",
        "Cannot be undone",
        "Stays alive",
        "Not known",
        "okta.apps.manage",
        "stanch run oauth-app-compromise --plan ",
    ] {
        assert!(told.contains(part), "`{part}` is missing in\n{told}");
    }
    assert!(told.ends_with("exit 0\n"), "{told}");
    assert!(twins.effects().is_empty(), "{:#?}", twins.effects());

    let lines = json_of(folder, &PLAN);
    let last = lines.last().unwrap();
    assert_eq!(last["acts"]["okta.revoke_app_token"], 3, "{last:#}");
    let again = json_of(folder, &PLAN);
    assert_eq!(again.last().unwrap()["plan"], last["plan"], "the world is the same");
    let run = last["run"].as_str().unwrap();
    let shown = transcript(folder, &["show", run]);
    assert!(shown.contains("Nothing was written") && shown.ends_with("exit 0\n"), "{shown}");
    assert!(transcript(folder, &["report", run]).contains("is a plan: nothing was done"));
    assert!(transcript(folder, &["runs"]).contains("  plan, finished  "), "no word of containment");
    assert!(client(folder).incidents(10, None).await.unwrap().items.is_empty(), "a plan is no incident");
    assert!(client(folder).approvals().await.unwrap().items.is_empty(), "nobody is asked");

    let hash = &last["plan"].as_str().unwrap()[..16];
    let grant = |count| Change::Grant { integration: "okta".to_owned(), app: "drift".to_owned(), count };
    twins.change(&grant(1)).unwrap();
    let refused = transcript(folder, &["run", "oauth-app-compromise", "--plan", hash]);
    assert!(
        refused.contains("is not what would be done now: ") && refused.contains(" new: okta."),
        "{refused}"
    );
    assert!(refused.contains("nothing was done") && refused.ends_with("exit 3\n"), "{refused}");
    assert!(twins.effects().is_empty() && client(folder).incidents(10, None).await.unwrap().items.is_empty());

    let lines = json_of(folder, &PLAN);
    let hash = &lines.last().unwrap()["plan"].as_str().unwrap()[..16];
    let begun = json_of(folder, &["run", "oauth-app-compromise", "--plan", hash, "--json"]);
    let run = begun.last().unwrap()["run"].as_str().unwrap_or_else(|| panic!("{begun:#?}")).to_owned();
    let waits =
        view(folder, &run, |view| view.open_waits().any(|wait| wait.kind == WaitKind::Approval)).await;
    assert!(waits.targets.is_empty() && waits.input["app"] == "drift", "the plan's input: {}", waits.input);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_names_the_notice_that_would_reach_nobody() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let told = |vendors: &str| {
        std::fs::write(folder.join("vendors.yaml"), vendors).unwrap();
        let _server = serve(folder, &twins);
        transcript(folder, &PLAN[..4])
    };
    let known = told(VENDORS);
    assert!(!known.contains("Nobody to tell"), "{known}");
    let unknown = told(&VENDORS.replace("drift", "acme").replace("Drift", "Acme"));
    let (_, nobody) = unknown.split_once("Nobody to tell").unwrap_or_else(|| panic!("{unknown}"));
    assert!(nobody.contains(" notify: nobody is known to write to at "), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_cannot_be_had_says_why() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let _server = serve(folder, &twins);
    for (args, words, exit) in [
        (&["plan", "oauth-app-comprmise"][..], "did you mean `oauth-app-compromise`?", 3),
        (&["plan", "oauth-app-compromise"], "input app: it is required", 3),
        (
            &["run", "oauth-app-compromise", "--plan", "0123456789abcdef"],
            "there is no plan 0123456789abcdef",
            3,
        ),
        (&["plan", "oauth-app-compromise", "--plan", "x"], "unexpected argument", 2),
    ] {
        let told = transcript(folder, args);
        assert!(told.contains(words) && told.ends_with(&format!("exit {exit}\n")), "{told}");
    }
    assert!(twins.requests().is_empty(), "nothing was even read");
    assert!(stanch(folder, &["pause", "--all"]).status.success());
    let told = transcript(folder, &PLAN[..4]);
    assert!(told.contains("the plan is paused: all is paused") && told.ends_with("exit 4\n"), "{told}");
    assert!(stanch(folder, &["resume", "--all"]).status.success());
    let runs = json_of(folder, &["runs", "--json"]);
    let run = runs[0]["id"].as_str().unwrap();
    view(folder, run, |view| view.ended.is_some()).await;
    assert!(transcript(folder, &["show", run]).contains("stanch run oauth-app-compromise --plan "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_goes_on_over_the_death_of_its_server_and_nothing_is_written() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let (addr, mail) = (twins.addr().to_string(), twins.mail_addr().to_string());
    let dying = Served::dies_at(folder, &addr, &mail, "40");
    let asked = program(folder, &PLAN).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    dying.killed();
    let _server = serve(folder, &twins);
    let told = asked.wait_with_output().unwrap();
    let words = String::from_utf8(told.stderr).unwrap();
    assert!(told.status.success() && words.contains("lost the server"), "{words}");
    let runs = json_of(folder, &["runs", "--json"]);
    let run = runs[0]["id"].as_str().unwrap().to_owned();
    let ended = view(folder, &run, |view| view.ended.is_some()).await;
    assert_eq!((ended.revived, runs[0]["mode"].as_str()), (1, Some("plan")));
    let resumed = json_of(folder, &["show", &run, "--json"]);
    let fresh = json_of(folder, &PLAN);
    let hash = &fresh.last().unwrap()["plan"];
    assert!(hash.is_string() && *hash == resumed.last().unwrap()["plan"], "{resumed:#?}");
    assert!(twins.effects().is_empty(), "{:#?}", twins.effects());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_can_be_asked_for_another_branch_of_a_question() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let _server = serve(folder, &twins);
    let plan = |more: &[&str]| {
        let args = ["plan", "reversible-quarantine", "--input", "app=drift"];
        transcript(folder, &[&args[..], more].concat())
    };
    let silent = plan(&[]);
    assert!(
        silent.contains("next: the plan goes on with") && !silent.contains("revoke_app_token"),
        "{silent}"
    );
    let cut = plan(&["--answer", "next=cut it off"]);
    for part in [
        "This is the plan for the answer `cut it off` to next.",
        "next: this plan is for the answer \"cut it off\"",
        "revoke_app_token",
    ] {
        assert!(cut.contains(part), "`{part}` is missing in\n{cut}");
    }
    let hash =
        |text: &str| text.split("--plan ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert_ne!(hash(&silent), hash(&cut));
    let wrong = plan(&["--answer", "next=panic"]);
    assert!(
        wrong.contains("`panic` is no answer to next: it takes ") && wrong.ends_with("exit 3\n"),
        "{wrong}"
    );
    let idle = plan(&["--answer", "nxet=cut it off"]);
    assert!(idle.contains("Nothing asks nxet"), "{idle}");
    assert!(twins.effects().is_empty(), "{:#?}", twins.effects());
}
