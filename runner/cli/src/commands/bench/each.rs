//! A fan-out over many targets, all proven, against a platform with a rate limit: how near to the platform's own pace?

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::json;
use stanch_integrations::twin::{Rate, TwinHost, TwinOptions, World};
use stanch_model::config::IntegrationConfig;

use super::ground::{self, Ground, Plan};
use crate::out::Out;

const TARGETS: u32 = 10_000;
const RATE: f64 = 500.0;
const BURST: f64 = 50.0;

pub(super) async fn measure(ground: &Ground, targets: Option<u32>, out: Out) -> anyhow::Result<()> {
    let targets = targets.unwrap_or(TARGETS);
    for (way, configured) in [("configured", true), ("learned from 429s", false)] {
        let (took, requests, verified) = once(ground, targets, configured).await?;
        let ideal = ((requests as f64 - BURST) / RATE).max(0.001);
        let ratio = took / ideal;
        out.text(&format!(
            "each over {targets} targets, limit {way:<18} {took:.1} s, {ratio:.3} x the platform's own pace ({requests} requests, {verified} proven)"
        ));
        out.line(&json!({
            "figure": "each", "targets": targets, "limit": way, "seconds": took, "ratio": (ratio * 1000.0).round() / 1000.0,
            "requests": requests, "verified": verified,
        }));
    }
    Ok(())
}

async fn once(ground: &Ground, targets: u32, configured: bool) -> anyhow::Result<(f64, usize, usize)> {
    ground.forget("each");
    let journal = ground.journal("each")?;
    let world: World = serde_json::from_value(
        json!({ "people": 100, "apps": [{ "id": "drift", "grants": { "okta": targets } }] }),
    )?;
    let twins = TwinHost::start(TwinOptions {
        integrations: BTreeMap::from([("okta".to_owned(), "okta".to_owned())]),
        rates: BTreeMap::from([("okta".to_owned(), Rate { per_second: RATE, burst: BURST })]),
        world,
        ..TwinOptions::default()
    })
    .await?;
    let mut okta: IntegrationConfig =
        serde_json::from_value(json!({ "platform": "okta", "url": "https://acme.okta.com" }))?;
    okta.rate = configured.then_some(RATE);
    let script = "let grants = flat(each(find_app(\"drift\"), |app| app.grants()));\napprove(\"all\", \"all\", grants);\neach(grants, |grant| grant.revoke());\nsettle();";
    let approvals = "approvals:\n  all:\n    ask: nobody\n    within: 1h\n    unanswered: [deny]\n    pre_approved: targets.len() >= 0\n";
    let plan = Plan {
        integrations: BTreeMap::from([("okta".to_owned(), okta)]),
        twins: Some(twins.addr()),
        ..Plan::of(vec![ground::playbook("sweep", script, approvals)?])
    };
    let (engine, _) = ground::engine(&journal, plan)?;
    let started = Instant::now();
    let run = ground::start(&engine, "sweep").await?;
    ground::until(&engine, Duration::from_millis(20), |engine| Ok(engine.runs(true, 1)?.is_empty())).await?;
    let took = started.elapsed().as_secs_f64();
    let view = engine.view(&run)?;
    let verified = view.tally().get(&stanch_model::TargetState::Verified).copied().unwrap_or(0);
    anyhow::ensure!(
        verified == targets as usize,
        "only {verified} of {targets} were proven: {:?} {:?}",
        view.because,
        view.error
    );
    let requests = twins.requests().len();
    engine.drain().await;
    twins.stop().await?;
    Ok((took, requests, verified))
}
