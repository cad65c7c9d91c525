//! Every playbook of the library that needs nothing but a company: what its plan names is what its run touches.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stanch_engine::StartRun;
use stanch_model::{
    RunId,
    run::{Plan, RunView},
};
use stanch_tests::inside::Inside;

async fn company() -> Inside {
    let apps = json!([
        { "id": "drift", "vendor": "drift", "grants": { "okta": 3, "salesforce": 2 }, "held_by": 3 },
    ]);
    Inside::new(json!({ "people": 20, "apps": apps })).await
}

async fn plan(inside: &Inside, playbook: &str, input: &Value) -> Plan {
    let start = StartRun {
        playbook: playbook.to_owned(),
        input: input.as_object().cloned().unwrap_or_default().into_iter().collect(),
        alert: None,
        incident: None,
        started_by: "ana".to_owned(),
        channel: String::new(),
    };
    let run = inside.engine.plan(start, None).await.unwrap();
    inside.play(&run, |_, _| None).await;
    inside.engine.planned(&run).unwrap()
}

/// Says yes, and to questions what the plan went on with.
fn yes(plan: &Plan) -> impl Fn(&str, &str) -> Option<&'static str> {
    let answers: Vec<(String, &'static str)> = plan
        .waits
        .iter()
        .filter_map(|wait| {
            let say = wait.wait.closed.as_ref()?.say.clone();
            Some((wait.wait.name.clone(), &*Box::leak(say.into_boxed_str())))
        })
        .collect();
    move |kind, name| match kind {
        "approval" => Some("approve"),
        "manual" => Some("done"),
        "question" => answers.iter().find(|(known, _)| known == name).map(|(_, say)| *say),
        _ => None,
    }
}

fn touched(view: &RunView) -> BTreeSet<String> {
    view.targets.values().map(|view| view.target.key()).collect()
}

fn planned(plan: &Plan) -> BTreeSet<String> {
    plan.acts.iter().filter(|act| act.is_cut()).filter_map(|act| Some(act.target.as_ref()?.key())).collect()
}

async fn plan_is_what_the_run_touches(playbook: &str, input: Value) {
    let inside = company().await;
    let plan = plan(&inside, playbook, &input).await;
    assert!(inside.twins.effects().is_empty(), "{playbook}: {:#?}", inside.twins.effects());
    assert!(plan.hash.is_some() && plan.error.is_none(), "{playbook}: {plan:#?}");
    assert!(plan.unread.is_empty(), "{playbook}: {:?}", plan.unread);
    let again = self::plan(&inside, playbook, &input).await;
    assert_eq!(plan.hash, again.hash, "{playbook}: {:#?} {:#?}", plan.lines(), again.lines());
    let start = StartRun {
        playbook: playbook.to_owned(),
        input: [].into(),
        alert: None,
        incident: None,
        started_by: "ana".to_owned(),
        channel: String::new(),
    };
    let hash = plan.hash.unwrap().to_string();
    let (run, _): (RunId, String) = inside.engine.execute(start, &hash).await.unwrap();
    let answer = yes(&plan);
    let below = |view: &RunView| -> Vec<RunId> {
        let children = view.waits.iter().filter(|wait| wait.kind == stanch_model::run::WaitKind::Child);
        children.map(|wait| RunId(wait.text.clone())).collect()
    };
    let view = inside.play_until(&run, &answer, |view| view.ended.is_some() || !below(view).is_empty()).await;
    for child in below(&view) {
        inside.play(&child, &answer).await;
    }
    let view = inside.play(&run, &answer).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{playbook}: {:?}", view.error);
    assert_eq!(touched(&view), planned(&plan), "{playbook}");
    assert!(!inside.twins.effects().is_empty(), "{playbook}");
}

#[tokio::test(flavor = "multi_thread")]
async fn oauth_app_compromise() {
    plan_is_what_the_run_touches("oauth-app-compromise", json!({ "app": "drift" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mass_rotation() {
    plan_is_what_the_run_touches("mass-rotation", json!({ "app": "drift" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn vendor_breach_intake() {
    plan_is_what_the_run_touches(
        "vendor-breach-intake",
        json!({ "vendor": "drift", "notice": "We were breached.", "source": "by mail", "aware": "2026-11-26T02:41:00Z" }),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leaked_credential() {
    plan_is_what_the_run_touches(
        "leaked-credential",
        json!({ "owner": "acme", "repo": "web", "number": 42, "link": "https://github.com/acme/web/42" }),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn downstream_secret_sweep() {
    let input = json!({ "app": "drift", "owners": ["ana.adler"] });
    plan_is_what_the_run_touches("downstream-secret-sweep", input).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn service_principal_backdoor() {
    plan_is_what_the_run_touches("service-principal-backdoor", json!({ "app": "drift" })).await;
}

/// Their runs wait for minutes and hours; a plan does not.
#[tokio::test(flavor = "multi_thread")]
async fn playbooks_that_wait_are_planned_over_their_waits() {
    for (playbook, input) in [
        ("illicit-consent", json!({ "app": "drift" })),
        ("reversible-quarantine", json!({ "app": "drift" })),
        ("session-theft", json!({ "user": "ana.adler" })),
        (
            "notify-matrix",
            json!({ "what": "An app read our cases", "vendor": "drift", "authority": "a@dpa.example" }),
        ),
        ("reconnect", json!({ "app": "drift" })),
    ] {
        let inside = company().await;
        let first = plan(&inside, playbook, &input).await;
        let second = plan(&inside, playbook, &input).await;
        assert!(first.error.is_none(), "{playbook}: {:?}", first.error);
        assert!(first.hash.is_some() && first.hash == second.hash, "{playbook}: {first:#?}");
        assert!(!first.marks.is_empty() && !first.acts.is_empty(), "{playbook}: {first:#?}");
        assert!(inside.twins.effects().is_empty(), "{playbook}: {:#?}", inside.twins.effects());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_playbook_of_the_library_is_planned_here() {
    let inside = company().await;
    let here = include_str!("plans.rs");
    for playbook in inside.engine.library().all() {
        assert!(here.contains(&format!("\"{}\"", playbook.slug)), "{} is not planned here", playbook.slug);
    }
}
