//! Two promises over a whole world: what `contained` needs, and that a replay does nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::json;
use stanch_integrations::twin::{Answer, Fault};
use stanch_model::{Containment, RunId, run::RunView, target::TargetState};
use stanch_tests::inside::Inside;

async fn world(grants: serde_json::Value) -> Inside {
    Inside::new(json!({
        "people": 20,
        "apps": [{ "id": "drift", "vendor": "drift", "grants": grants }],
    }))
    .await
}

/// Cuts the app off; every approval is given, and nothing that is to be done by hand succeeds.
async fn cut(inside: &Inside) -> (RunId, RunView) {
    let run = inside.start("oauth-app-compromise", json!({ "app": "drift" })).await;
    let view = inside.play(&run, |kind, _| Some(if kind == "approval" { "approve" } else { "failed" })).await;
    (run, view)
}

/// The word for an app with three grants on the simulated Okta, under this fault.
async fn word(fault: Option<Fault>) -> (&'static str, RunView) {
    let inside = world(json!({ "okta": 3 })).await;
    if let Some(fault) = fault {
        inside.twins.add_fault(fault);
    }
    let (_, view) = cut(&inside).await;
    (view.containment.expect("the run ended").as_str(), view)
}

#[tokio::test(flavor = "multi_thread")]
async fn contained_is_said_of_what_was_read_back_and_of_nothing_else() {
    let (said, view) = word(None).await;
    assert_eq!(said, "contained_with_residual", "{:?}", view.because);
    let all = |view: &RunView, wanted: TargetState| {
        let states: Vec<TargetState> = view.targets.values().map(|target| target.state).collect();
        assert!(states.len() >= 4 && states.iter().all(|state| *state == wanted), "{states:?}");
    };
    all(&view, TargetState::Residual);

    // Where access tokens end at once, the look after that is the proof.
    let mut inside = world(json!({ "okta": 3 })).await;
    inside.set("okta", "access_token_life", "300ms");
    let (run, _) = cut(&inside).await;
    let contained = |view: &RunView| view.containment == Some(Containment::Contained);
    all(&inside.play_until(&run, |_, _| None, contained).await, TargetState::Verified);

    let refused = Fault::nth("okta.revoke_app_token", 2, Answer::Status(403));
    let (said, view) = word(Some(refused)).await;
    assert_eq!(said, "partly_contained", "one cut is refused, the others are made: {:?}", view.because);
    let failed = view.targets.values().filter(|target| target.state == TargetState::Failed).count();
    assert_eq!(failed, 1);

    // The scope is read at the beginning, after the cuts, and by the engine at the end: only that last time it fails.
    let unread = Fault { count: Some(1_000), ..Fault::nth("okta.find_app", 3, Answer::Status(403)) };
    let (said, view) = word(Some(unread)).await;
    assert_eq!(said, "partly_contained", "{:?}", view.because);
    assert!(view.because.iter().any(|why| why.starts_with("not read again")), "{:?}", view.because);
    all(&view, TargetState::Residual);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_a_finished_run_does_nothing_and_ends_in_the_same_state() {
    let mut inside = world(json!({ "okta": 2, "salesforce": 2 })).await;
    let (run, view) = cut(&inside).await;
    let seen = |inside: &Inside| (inside.twins.requests().len(), inside.twins.effects().len());
    let before = seen(&inside);
    for life in ["in the life that ran it", "in the next"] {
        let steps =
            inside.engine.replay(std::slice::from_ref(&run)).unwrap_or_else(|why| panic!("{life}: {why}"));
        assert!(steps > 10, "{life}: {steps} steps");
        let again = inside.engine.view(&run).expect("a view");
        assert_eq!(format!("{again:?}"), format!("{view:?}"), "{life}");
        assert_eq!(seen(&inside), before, "{life}");
        inside.crash();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_team_hears_in_every_way_that_is_configured() {
    let inside = world(json!({ "okta": 1 })).await;
    let (_, view) = cut(&inside).await;
    assert_eq!(
        view.containment.map(|word| word.as_str()),
        Some("contained_with_residual"),
        "{:?}",
        view.because
    );
    let told = inside.twins.effects().into_iter().filter(|effect| effect.transition);
    let mut told: Vec<String> = told
        .filter(|effect| ["slack", "teams", "pagerduty", "webhook"].contains(&effect.integration.as_str()))
        .map(|effect| format!("{}.{}", effect.integration, effect.action))
        .collect();
    told.sort();
    assert_eq!(told, ["pagerduty.trigger_event", "slack.post_message", "teams.post_message", "webhook.send"]);
}
