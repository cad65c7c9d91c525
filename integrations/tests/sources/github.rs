//! GitHub: the published signature, leaks by severity, and every sample that GitHub ships.

use serde_json::{Value, json};
use stanch_integrations::source::{Accepted, Refusal};
use stanch_model::Severity;

use crate::support::{Delivery, alerts, by_hand, samples, sign, source};

const SECRET: &str = "It's a Secret to Everybody";

fn leak(action: &str, more: Value) -> Value {
    let mut alert =
        json!({ "number": 42, "secret_type": "adafruit_io_key", "created_at": "2026-11-22T11:59:00Z" });
    alert.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "action": action, "alert": alert, "repository": { "full_name": "acme/site" }, "sender": { "login": "github" } })
}

fn signed(event: &str, body: &str) -> Delivery {
    Delivery::of(body)
        .header("x-hub-signature-256", &format!("sha256={}", sign(SECRET, body.as_bytes())))
        .header("x-github-event", event)
        .header("x-github-delivery", "d-1")
}

fn post(event: &str, body: &Value) -> Result<Accepted, Refusal> {
    signed(event, &body.to_string()).to(&source("github", SECRET, json!({})))
}

#[test]
fn the_published_vector_is_proven_and_nothing_near_it() {
    let source = source("github", SECRET, json!({}));
    let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let answer = |signature: &str, body: &str| {
        let delivery = Delivery::of(body).header("x-hub-signature-256", signature);
        let refusal = delivery.header("x-github-event", "ping").to(&source).unwrap_err();
        assert!(!refusal.message.contains("Secret to"), "{refusal}");
        (refusal.status, refusal.code)
    };
    // proven, and only then found not to be JSON
    assert_eq!(answer(right, "Hello, World!"), (400, "not_json"));
    assert_eq!(answer(right, "Hello, World?"), (401, "unproven"));
    assert_eq!(answer(&right.replace("sha256=", ""), "Hello, World!"), (401, "unproven"));
    assert_eq!(answer(&right.replace("sha256", "sha1"), "Hello, World!"), (401, "unproven"));
    assert_eq!(answer("sha256=", "Hello, World!"), (401, "unproven"));
    assert_eq!(answer(&right[..right.len() - 1], "Hello, World!"), (401, "unproven"));
    assert_eq!(Delivery::of("{}").header("x-github-event", "ping").refused(&source), (401, "unproven"));
}

#[test]
fn a_leaked_secret_is_worse_when_it_is_public_or_alive() {
    let severity = |body| alerts(post("secret_scanning_alert", &body)).remove(0).severity;
    assert_eq!(severity(leak("created", json!({}))), Severity::High);
    assert_eq!(severity(leak("created", json!({ "validity": "active" }))), Severity::Critical);
    assert_eq!(severity(leak("created", json!({ "publicly_leaked": true }))), Severity::Critical);
    assert_eq!(severity(leak("publicly_leaked", json!({}))), Severity::Critical);
    let resolved = post("secret_scanning_alert", &leak("resolved", json!({})));
    assert!(matches!(resolved, Ok(Accepted::Ignored(_))));
}

#[test]
fn a_leak_is_normalised_and_its_secret_forgotten() {
    let body = leak("created", json!({ "secret": "hunter2" }));
    let alert = alerts(post("secret_scanning_alert", &body)).remove(0);
    assert!(!serde_json::to_string(&alert).unwrap().contains("hunter2"));
    insta::assert_json_snapshot!(alert, { ".raw" => "[as sent]" });
}

#[test]
fn a_ping_is_answered_and_starts_nothing() {
    assert_eq!(post("ping", &json!({ "zen": "x" })), Ok(Accepted::Ignored("ping".to_owned())));
}

#[test]
fn a_file_without_headers_shows_what_it_is() {
    let source = source("github", SECRET, json!({}));
    assert_eq!(by_hand(&source, &json!({ "zen": "x" })), Ok(Accepted::Ignored("ping".to_owned())));
    let alert = alerts(by_hand(&source, &leak("created", json!({})))).remove(0);
    assert_eq!((alert.kind.as_str(), alert.delivery.len()), ("credential.leaked", 32));
    let refusal = by_hand(&source, &json!({ "action": "created" })).unwrap_err();
    assert_eq!((refusal.status, refusal.code), (422, "no_type"));
}

#[test]
fn a_form_is_read_and_its_signature_is_over_the_form() {
    let json = leak("created", json!({})).to_string();
    let body: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &json).finish();
    let delivery =
        signed("secret_scanning_alert", &body).header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(delivery.alerts(&source("github", SECRET, json!({}))).remove(0).kind, "credential.leaked");
}

#[test]
fn events_that_weaken_or_expose_have_a_meaning_and_all_others_a_name() {
    let meaning = |event: &str, body: Value| {
        let alert = alerts(post(event, &body)).remove(0);
        (alert.kind, alert.severity.as_str(), alert.fold)
    };
    let at = |body: Value| {
        let mut whole = json!({ "repository": { "full_name": "acme/site" }, "sender": { "login": "mona" } });
        whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        whole
    };
    let fold = |kind: &str| Some(format!("{kind} acme/site"));
    assert_eq!(
        meaning("repository", at(json!({ "action": "publicized" }))),
        ("data.exposed".to_owned(), "high", fold("data.exposed"))
    );
    assert_eq!(meaning("public", at(json!({}))).0, "data.exposed");
    assert_eq!(
        meaning("branch_protection_rule", at(json!({ "action": "deleted" }))),
        ("policy.weakened".to_owned(), "medium", fold("policy.weakened"))
    );
    assert_eq!(
        meaning("brand_new_event", at(json!({}))),
        ("github.brand_new_event".to_owned(), "info", None)
    );
    assert_eq!(meaning("x y", at(json!({ "action": "a/b" }))).0, "github.x_y.a_b");
}

#[test]
fn every_sample_of_github_is_read_without_loss() {
    let Some(text) = samples("github-webhooks-examples.json") else { return };
    let events: Vec<Value> = serde_json::from_str(&text).unwrap();
    let (mut leaks, mut read) = (0, 0);
    for event in &events {
        let name = event["name"].as_str().unwrap();
        for example in event["examples"].as_array().unwrap() {
            match post(name, example).unwrap() {
                Accepted::Alerts(alerts) => {
                    let [alert] = alerts.as_slice() else { panic!("{name}: {} alerts", alerts.len()) };
                    assert_eq!(alert.raw, *example, "{name}: something of it is lost");
                    assert_eq!((alert.delivery.as_str(), alert.id.as_str()), ("d-1", "d-1"));
                    let person = example["sender"]["login"].as_str();
                    let named = alert.kind == "credential.leaked" || alert.user.as_deref() == person;
                    assert!(named || alert.kind == "credential.requested", "{name}: {:?}", alert.user);
                    leaks += usize::from(alert.kind == "credential.leaked");
                    read += 1;
                }
                Accepted::Ignored(_) => assert!(["ping", "secret_scanning_alert"].contains(&name), "{name}"),
                Accepted::Challenge(_) => panic!("{name}"),
            }
        }
    }
    assert!(leaks >= 1 && read >= 10, "{leaks} leaks in {read}");
}
