//! Okta event hooks.

use serde_json::{Value, json};
use stanch_integrations::source::{Accepted, Reply};
use stanch_model::Severity;

use crate::support::{Delivery, NOW, alerts, by_hand, refused, samples, source};

const SECRET: &str = "okta-hook-secret";

fn hook(events: Value) -> Value {
    json!({ "eventType": "com.okta.event_hook", "eventId": "e", "source": "https://acme.okta.com", "data": { "events": events } })
}

fn misuse(uuid: &str) -> Value {
    json!({
        "uuid": uuid, "published": "2026-11-22T11:58:00.000Z", "eventType": "app.oauth2.token.grant.refresh_token",
        "severity": "INFO", "displayMessage": "OAuth2 refresh token grant",
        "actor": { "id": "0oa1", "type": "PublicClientApp", "alternateId": "0oa1", "displayName": "Drift" },
        "client": { "ipAddress": "198.51.100.23" },
        "debugContext": { "debugData": { "behaviors": "{New Geo-Location=NEGATIVE, New IP=POSITIVE}" } },
        "target": [{ "id": "00u1", "type": "User", "alternateId": "ana@acme.example" }]
    })
}

#[test]
fn the_challenge_is_echoed_and_bounded() {
    let source = source("okta-event-hook", SECRET, json!({}));
    let header = "x-okta-verification-challenge";
    let echo = Reply { media: "application/json", body: r#"{"verification":"abc"}"#.to_owned() };
    assert_eq!(Delivery::get().header(header, "abc").to(&source), Ok(Accepted::Challenge(echo)));
    assert_eq!(Delivery::get().refused(&source), (400, "no_challenge"));
    assert_eq!(Delivery::get().header(header, &"x".repeat(3000)).refused(&source), (400, "no_challenge"));
}

#[test]
fn the_secret_is_demanded_in_the_configured_header() {
    let delivery = Delivery::of(hook(json!([misuse("u1")])).to_string());
    let usual = source("okta-event-hook", SECRET, json!({}));
    assert_eq!(delivery.clone().header("authorization", SECRET).alerts(&usual).len(), 1);
    for wrong in ["okta-hook-secres", "okta-hook-secret ", "okta-hook-secret2", "", "Bearer okta-hook-secret"]
    {
        // HTTP itself trims blanks around a header's value
        let answer = delivery.clone().header("authorization", wrong).refused(&usual);
        assert_eq!(answer, (401, "unproven"), "{wrong:?}");
    }
    assert_eq!(delivery.refused(&usual), (401, "unproven"));
    let twice = delivery.clone().header("authorization", SECRET).header("authorization", SECRET);
    assert_eq!(twice.refused(&usual), (401, "unproven"));
    let own = source("okta-event-hook", SECRET, json!({ "header": "X-Hook" }));
    assert_eq!(delivery.clone().header("x-hook", SECRET).alerts(&own).len(), 1);
    assert_eq!(delivery.header("authorization", SECRET).refused(&own), (401, "unproven"));
}

#[test]
fn each_event_of_a_delivery_is_an_alert_of_its_own() {
    let source = source("okta-event-hook", SECRET, json!({}));
    let alerts = alerts(by_hand(&source, &hook(json!([misuse("u1"), misuse("u2")]))));
    let deliveries: Vec<&str> = alerts.iter().map(|alert| alert.delivery.as_str()).collect();
    assert_eq!(deliveries, ["u1", "u2"]);
    assert_eq!(alerts[0].fold, alerts[1].fold);
    insta::assert_json_snapshot!(alerts[0], { ".raw" => "[as sent]" });
}

#[test]
fn okta_says_what_an_event_is_and_we_say_what_it_means() {
    let source = source("okta-event-hook", SECRET, json!({}));
    let meaning = |change: Value| {
        let mut event = misuse("u");
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let alert = alerts(by_hand(&source, &hook(json!([event])))).remove(0);
        (alert.kind, alert.severity)
    };
    assert_eq!(meaning(json!({})), ("app.token_misuse".to_owned(), Severity::High));
    let calm = meaning(json!({ "debugContext": {} }));
    assert_eq!(calm, ("okta.app.oauth2.token.grant.refresh_token".to_owned(), Severity::Low));
    let proxied = meaning(json!({ "debugContext": {}, "securityContext": { "isProxy": true } }));
    assert_eq!(proxied, ("app.token_misuse".to_owned(), Severity::High));
    let reuse = meaning(json!({ "eventType": "app.oauth2.as.token.detect_reuse", "debugContext": {} }));
    assert_eq!(reuse, ("app.token_misuse".to_owned(), Severity::High));
    let unknown = meaning(json!({ "eventType": "user.session.start", "severity": "WARN" }));
    assert_eq!(unknown, ("okta.user.session.start".to_owned(), Severity::Medium));
}

#[test]
fn a_hook_without_events_is_ignored_and_another_document_refused() {
    let source = source("okta-event-hook", SECRET, json!({}));
    assert!(matches!(by_hand(&source, &hook(json!([]))), Ok(Accepted::Ignored(_))));
    assert_eq!(refused(by_hand(&source, &json!({ "data": 1 }))), (422, "no_events"));
    assert_eq!(refused(by_hand(&source, &hook(Value::Array(vec![json!({}); 1001])))), (413, "too_many"));
}

#[test]
fn every_vendor_shaped_sample_is_read() {
    let Some(text) = samples("okta-system-log.jsonl") else { return };
    let source = source("okta-event-hook", SECRET, json!({}));
    let mut kinds = std::collections::BTreeMap::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let event = &row["log"];
        if event["eventType"].is_null()
            || event["actor"]["type"].is_null()
            || event["published"] == "redacted"
        {
            continue;
        }
        let alert = alerts(by_hand(&source, &hook(json!([event])))).remove(0);
        assert!(alert.user.is_some() || alert.app.is_some(), "{event}");
        assert_eq!(alert.time == NOW, event["published"].is_null(), "{event}");
        *kinds.entry(alert.kind).or_insert(0) += 1;
    }
    insta::assert_json_snapshot!(kinds);
}
