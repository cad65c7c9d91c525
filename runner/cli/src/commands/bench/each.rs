//! A fan-out over many targets, all read back, against a platform with a rate limit: how near to the platform's own pace?

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::json;
use stanch_integrations::twin::{Rate, TwinHost, TwinOptions, World, catalog};
use stanch_model::config::IntegrationConfig;

use super::{
    figure::{Figure, Promise},
    ground::{self, Ground, Plan},
};
use crate::out::Out;

const TARGETS: u32 = 10_000;
const RATE: f64 = 500.0;
const BURST: f64 = 50.0;

/// How the limit is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// `rate:` in the configuration.
    Configured,
    /// The platform tells with every answer how many requests are left.
    Told,
    /// The platform tells nothing but 429.
    Refused,
}

impl Known {
    const ALL: [Self; 3] = [Self::Configured, Self::Told, Self::Refused];

    fn words(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Told => "learned from headers",
            Self::Refused => "learned from 429s",
        }
    }

    fn promise(self) -> Promise {
        match self {
            Self::Configured => Promise::less(1.05, 1.01),
            Self::Told | Self::Refused => Promise::less(1.15, 1.05),
        }
    }

    /// The platform's script, where it is not the catalogue's: the same, silent about its limits.
    fn scripts(self) -> BTreeMap<String, String> {
        let script = catalog::script("okta").filter(|_| self == Self::Refused);
        let silent = |script: &str| {
            let lines = script.lines().filter(|line| !line.contains("\"x-rate-limit-"));
            lines.fold(String::new(), |text, line| text + line + "\n")
        };
        script.map(|script| ("okta".to_owned(), silent(script))).into_iter().collect()
    }
}

/// What a sweep came to.
struct Swept {
    seconds: f64,
    /// That the platform got, reads and refused ones included.
    requests: usize,
    refused: usize,
}

pub(super) async fn measure(ground: &Ground, given: Option<u32>, out: Out) -> anyhow::Result<()> {
    let targets = given.unwrap_or(TARGETS);
    for known in Known::ALL {
        let swept = sweep(ground, targets, known).await?;
        let ideal = ((swept.requests as f64 - BURST) / RATE).max(0.001);
        let ratio = swept.seconds / ideal;
        Figure {
            name: "each",
            what: format!("each over {targets} targets, limit {}", known.words()),
            value: ratio,
            unit: "x",
            promise: given.is_none().then(|| known.promise()),
            note: format!(
                "{:.1} s for {} requests at {RATE}/s, {} of them refused; all read back",
                swept.seconds, swept.requests, swept.refused
            ),
            more: json!({
                "targets": targets, "limit": known.words(), "seconds": swept.seconds,
                "ratio": (ratio * 1_000.0).round() / 1_000.0, "requests": swept.requests,
                "refused": swept.refused, "read_back": targets,
            }),
        }
        .show(out);
    }
    Ok(())
}

async fn sweep(ground: &Ground, targets: u32, known: Known) -> anyhow::Result<Swept> {
    ground.forget("each");
    let journal = ground.journal("each")?;
    let world: World = serde_json::from_value(
        json!({ "people": 100, "apps": [{ "id": "drift", "grants": { "okta": targets } }] }),
    )?;
    let twins = TwinHost::start(TwinOptions {
        integrations: BTreeMap::from([("okta".to_owned(), "okta".to_owned())]),
        rates: BTreeMap::from([("okta".to_owned(), Rate { per_second: RATE, burst: BURST })]),
        scripts: known.scripts(),
        world,
        ..TwinOptions::default()
    })
    .await?;
    let mut okta: IntegrationConfig =
        serde_json::from_value(json!({ "platform": "okta", "url": "https://acme.okta.com" }))?;
    okta.rate = (known == Known::Configured).then_some(RATE);
    let script = "let grants = flat(each(find_app(\"drift\"), |app| app.grants()));\napprove(\"all\", \"all\", grants);\neach(grants, |grant| grant.revoke());\nsettle();";
    let approvals = "approvals:\n  all:\n    ask: nobody\n    within: 1h\n    unanswered: [deny]\n    pre_approved: targets.len() >= 0\n";
    let plan = Plan {
        integrations: BTreeMap::from([("okta".to_owned(), okta)]),
        twins: Some(twins.addr()),
        ..Plan::of(vec![ground::playbook("sweep", script, approvals)?])
    };
    let (engine, _) = ground::counted(&journal, plan)?;
    let started = Instant::now();
    let run = ground::start(&engine, "sweep").await?;
    // It parks and goes on again while the platform asks to wait; only its end ends it.
    while engine.runs(true, 1)?.iter().any(|row| row.id == run) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let view = engine.view(&run)?;
    // Access tokens live on until their end: read back, and residual.
    let read_back = view.tally().get(&stanch_model::TargetState::Residual).copied().unwrap_or(0);
    anyhow::ensure!(
        read_back == targets as usize,
        "only {read_back} of {targets} were read back: {:?} {:?}",
        view.because,
        view.error
    );
    let seen = twins.requests();
    let refused = seen.iter().filter(|request| request.status == 429).count();
    engine.drain().await;
    drop(engine);
    ground::closed(journal).await;
    twins.stop().await?;
    ground.forget("each");
    Ok(Swept { seconds, requests: seen.len(), refused })
}
