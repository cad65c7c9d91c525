//! Who hears that a person is needed, through every medium; and who hears that the server is alive.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use stanch_integrations::twin::{TwinHost, TwinOptions};
use stanch_model::api::Role;

use crate::world::{CONFIG, World};

/// The ways that there are, each by its integration.
const WAYS: [(&str, &str); 6] = [
    ("slack", "slack"),
    ("mail", "smtp"),
    ("soc", "webhook"),
    ("ops", "pagerduty"),
    ("teams", "teams"),
    ("watch", "healthchecks"),
];

fn config() -> String {
    let integrations = r#"integrations:
  slack: { platform: slack }
  mail:  { platform: smtp, url: "smtp://mail.acme.example:587", settings: { sender: stanch@acme.example } }
  soc:   { platform: webhook, url: "https://soc.acme.example/hooks/stanch" }
  ops:   { platform: pagerduty }
  teams: { platform: teams }
  watch: { platform: healthchecks }
"#;
    let rest = r##"
tell:
  approval: ["slack:#incidents", "mail:soc@acme.example", "webhook:soc", "pagerduty:ops", "teams:incidents"]
heartbeat: { to: "healthchecks:watch", every: 10s }
break_glass: { after: 0s }
"##;
    format!("{}{rest}", CONFIG.replace("integrations:\n", integrations))
}

async fn twins() -> TwinHost {
    let integrations = WAYS.iter().map(|(name, platform)| ((*name).to_owned(), (*platform).to_owned()));
    let world = serde_json::from_value(json!({ "people": 1 })).unwrap();
    let options = TwinOptions { integrations: integrations.collect(), world, ..TwinOptions::default() };
    TwinHost::start(options).await.unwrap()
}

/// How often each integration was told something that it took.
fn told(twins: &TwinHost) -> Vec<usize> {
    let effects: Vec<Value> =
        twins.effects().iter().map(|effect| serde_json::to_value(effect).unwrap()).collect();
    let of = |name: &str| effects.iter().filter(|effect| effect["integration"] == name).count();
    WAYS.iter().map(|(name, _)| of(name)).collect()
}

async fn until(twins: &TwinHost, what: impl Fn(&[usize]) -> bool) {
    for _ in 0..6_000 {
        if what(&told(twins)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to that: {:?}", told(twins));
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_hears_through_every_medium_and_somebody_that_the_server_lives() {
    let twins = twins().await;
    let world = World::on(&config(), &twins).await;
    let run = world.asking(Role::Responder).await;
    until(&twins, |told| told.iter().all(|count| *count >= 1)).await;
    let reminded = world.client(Role::Responder).remind(&format!("{run}:A1")).await.unwrap();
    assert!(reminded.new);
    until(&twins, |told| told[..5].iter().all(|count| *count >= 2)).await;
    // Who goes on alone is told of to everybody.
    world.client(Role::Admin).break_glass(&format!("{run}:A1"), "nobody answers the phone").await.unwrap();
    until(&twins, |told| told[..5].iter().all(|count| *count >= 3)).await;
    let status = world.client(Role::Viewer).status().await.unwrap();
    let beat = status.heartbeat.unwrap();
    assert_eq!((beat.to.as_str(), beat.last.is_some(), beat.failing), ("healthchecks:watch", true, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_sign_of_life_comes_from_a_server_that_can_write_nothing() {
    let twins = twins().await;
    let world = World::on(&config(), &twins).await;
    until(&twins, |told| told[5] == 1).await;
    world.ground.fill().await;
    let well = async || {
        let status = world.as_role(Role::Viewer, Method::GET, "/v1/status", &json!({})).await.json();
        status["heartbeat"]["failing"].as_str().map(str::to_owned)
    };
    for _ in 0..3_000 {
        if let Some(why) = well().await {
            assert_eq!(why, "the disk of the journal is full");
            assert_eq!(told(&twins)[5], 1, "whoever waits for it hears nothing, and that is the alarm");
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a full disk is called well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_longer_than_it_should_says_so() {
    let twins = twins().await;
    let tell = "tell:\n  stuck: [\"slack:#incidents\"]\nattention: { too_long: 1s, again: 60s }\n";
    let config = config();
    let (start, _) = config.split_once("\ntell:").unwrap();
    let world = World::live_on(&format!("{start}\n{tell}"), &twins).await;
    let run = world.asking(Role::Responder).await;
    let said = || twins.state("slack").unwrap()["messages"].to_string();
    for _ in 0..6_000 {
        if said().contains("Waits too long") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let said = said();
    assert!(said.contains("Waits too long"), "{said}");
    assert!(said.contains(&format!("stanch remind {}:A1", stanch_model::shortened::short(&run))), "{said}");
}
