//! Published vectors, real samples, and what must be refused.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use ring::hmac as mac;
use serde_json::{Value, json};
use stanch_model::{Alert, Severity, config::AlertSourceConfig};

use super::*;

const NOW: &str = "2026-11-22T12:00:00Z";

fn source(format: &str, secret: &str, more: Value) -> Source {
    let mut config = json!({ "format": format, "secret": "env:X" });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let config: AlertSourceConfig = serde_json::from_value(config).unwrap();
    Source::new("test", config, secret).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| -> (HeaderName, HeaderValue) {
        (name.parse().unwrap(), value.parse().unwrap())
    };
    pairs.iter().map(pair).collect()
}

fn post_at(source: &Source, pairs: &[(&str, &str)], body: &[u8], now: &str) -> Result<Accepted, Refusal> {
    let headers = headers(pairs);
    let request = RawRequest { method: &Method::POST, headers: &headers, body };
    source.accept(request, Trust::Source, now.parse().unwrap())
}

fn post(source: &Source, pairs: &[(&str, &str)], body: &[u8]) -> Result<Accepted, Refusal> {
    post_at(source, pairs, body, NOW)
}

fn by_hand(source: &Source, body: &Value) -> Result<Accepted, Refusal> {
    let body = body.to_string();
    let request = RawRequest { method: &Method::POST, headers: &HeaderMap::new(), body: body.as_bytes() };
    source.accept(request, Trust::Person, NOW.parse().unwrap())
}

fn alerts(accepted: Result<Accepted, Refusal>) -> Vec<Alert> {
    match accepted {
        Ok(Accepted::Alerts(alerts)) => alerts,
        other => panic!("{other:?}"),
    }
}

fn refused(accepted: Result<Accepted, Refusal>) -> (u16, &'static str) {
    let refusal = accepted.unwrap_err();
    assert!(!refusal.message.contains("Secret to"), "{refusal}");
    (refusal.status, refusal.code)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sign(secret: &str, body: &[u8]) -> String {
    hex(mac::sign(&mac::Key::new(mac::HMAC_SHA256, secret.as_bytes()), body).as_ref())
}

const GITHUB: &str = "It's a Secret to Everybody";

fn leak(action: &str, more: Value) -> Value {
    let mut alert =
        json!({ "number": 42, "secret_type": "adafruit_io_key", "created_at": "2026-11-22T11:59:00Z" });
    alert.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "action": action, "alert": alert, "repository": { "full_name": "acme/site" }, "sender": { "login": "github" } })
}

fn github_post(event: &str, body: &Value) -> Result<Accepted, Refusal> {
    let source = source("github", GITHUB, json!({}));
    let body = body.to_string();
    let signature = format!("sha256={}", sign(GITHUB, body.as_bytes()));
    let pairs = [
        ("x-hub-signature-256", signature.as_str()),
        ("x-github-event", event),
        ("x-github-delivery", "d-1"),
    ];
    post(&source, &pairs, body.as_bytes())
}

#[test]
fn the_published_github_vector_is_proven_and_nothing_near_it() {
    let source = source("github", GITHUB, json!({}));
    let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let answer = |signature: &str, body: &[u8]| {
        refused(post(&source, &[("x-hub-signature-256", signature), ("x-github-event", "ping")], body))
    };
    // proven, and only then found not to be JSON
    assert_eq!(answer(right, b"Hello, World!"), (400, "not_json"));
    assert_eq!(answer(right, b"Hello, World?"), (401, "unproven"));
    assert_eq!(answer(&right.replace("sha256=", ""), b"Hello, World!"), (401, "unproven"));
    assert_eq!(answer(&right.replace("sha256", "sha1"), b"Hello, World!"), (401, "unproven"));
    assert_eq!(answer("sha256=", b"Hello, World!"), (401, "unproven"));
    assert_eq!(answer(&right[..right.len() - 1], b"Hello, World!"), (401, "unproven"));
    assert_eq!(refused(post(&source, &[("x-github-event", "ping")], b"{}")), (401, "unproven"));
}

#[test]
fn a_leaked_secret_is_worse_when_it_is_public_or_alive() {
    let severity = |body| alerts(github_post("secret_scanning_alert", &body)).remove(0).severity;
    assert_eq!(severity(leak("created", json!({}))), Severity::High);
    assert_eq!(severity(leak("created", json!({ "validity": "active" }))), Severity::Critical);
    assert_eq!(severity(leak("created", json!({ "publicly_leaked": true }))), Severity::Critical);
    let resolved = github_post("secret_scanning_alert", &leak("resolved", json!({})));
    assert!(matches!(resolved, Ok(Accepted::Ignored(_))));
}

#[test]
fn a_leak_is_normalised_and_its_secret_forgotten() {
    let body = leak("created", json!({ "secret": "hunter2" }));
    let alert = alerts(github_post("secret_scanning_alert", &body)).remove(0);
    assert!(!serde_json::to_string(&alert).unwrap().contains("hunter2"));
    insta::assert_json_snapshot!(alert, { ".raw" => "[as sent]" });
}

#[test]
fn a_ping_is_answered_and_starts_nothing() {
    assert_eq!(github_post("ping", &json!({ "zen": "x" })), Ok(Accepted::Ignored("ping".to_owned())));
}

#[test]
fn a_form_is_read_and_its_signature_is_over_the_form() {
    let source = source("github", GITHUB, json!({}));
    let json = leak("created", json!({})).to_string();
    let body: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", &json).finish();
    let signature = format!("sha256={}", sign(GITHUB, body.as_bytes()));
    let pairs = [
        ("x-hub-signature-256", signature.as_str()),
        ("x-github-event", "secret_scanning_alert"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    assert_eq!(alerts(post(&source, &pairs, body.as_bytes())).remove(0).kind, "credential.leaked");
}

const OKTA: &str = "okta-hook-secret";

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
fn the_okta_challenge_is_echoed_and_bounded() {
    let source = source("okta-event-hook", OKTA, json!({}));
    let get = |pairs: &[(&str, &str)]| {
        let headers = headers(pairs);
        source.accept(
            RawRequest { method: &Method::GET, headers: &headers, body: b"" },
            Trust::Source,
            NOW.parse().unwrap(),
        )
    };
    assert_eq!(
        get(&[("x-okta-verification-challenge", "abc")]),
        Ok(Accepted::Challenge(json!({ "verification": "abc" })))
    );
    assert_eq!(refused(get(&[])), (400, "no_challenge"));
    assert_eq!(refused(get(&[("x-okta-verification-challenge", &"x".repeat(1000))])), (400, "no_challenge"));
}

#[test]
fn the_okta_secret_is_demanded_in_the_configured_header() {
    let body = hook(json!([misuse("u1")])).to_string();
    let usual = source("okta-event-hook", OKTA, json!({}));
    assert_eq!(alerts(post(&usual, &[("authorization", OKTA)], body.as_bytes())).len(), 1);
    for wrong in ["okta-hook-secres", "okta-hook-secret ", "okta-hook-secret2", "", "Bearer okta-hook-secret"]
    {
        let answer = post(&usual, &[("authorization", wrong)], body.as_bytes());
        // HTTP itself trims blanks around a header's value
        assert_eq!(refused(answer), (401, "unproven"), "{wrong:?}");
    }
    assert_eq!(refused(post(&usual, &[], body.as_bytes())), (401, "unproven"));
    assert_eq!(
        refused(post(&usual, &[("authorization", OKTA), ("authorization", OKTA)], body.as_bytes())),
        (401, "unproven")
    );
    let own = source("okta-event-hook", OKTA, json!({ "header": "X-Hook" }));
    assert_eq!(alerts(post(&own, &[("x-hook", OKTA)], body.as_bytes())).len(), 1);
    assert_eq!(refused(post(&own, &[("authorization", OKTA)], body.as_bytes())), (401, "unproven"));
}

#[test]
fn each_event_of_a_delivery_is_an_alert_of_its_own() {
    let source = source("okta-event-hook", OKTA, json!({}));
    let body = hook(json!([misuse("u1"), misuse("u2")]));
    let alerts = alerts(by_hand(&source, &body));
    let deliveries: Vec<&str> = alerts.iter().map(|alert| alert.delivery.as_str()).collect();
    assert_eq!(deliveries, ["u1", "u2"]);
    assert_eq!(alerts[0].fold, alerts[1].fold);
    insta::assert_json_snapshot!(alerts[0], { ".raw" => "[as sent]" });
}

#[test]
fn okta_says_what_an_event_is_and_we_say_what_it_means() {
    let source = source("okta-event-hook", OKTA, json!({}));
    let meaning = |change: Value| {
        let mut event = misuse("u");
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let alert = alerts(by_hand(&source, &hook(json!([event])))).remove(0);
        (alert.kind, alert.severity)
    };
    assert_eq!(meaning(json!({})), ("app.token_misuse".to_owned(), Severity::High));
    let calm = meaning(json!({ "debugContext": {} }));
    assert_eq!(calm, ("okta.app.oauth2.token.grant.refresh_token".to_owned(), Severity::Low));
    let reuse = meaning(json!({ "eventType": "app.oauth2.as.token.detect_reuse", "debugContext": {} }));
    assert_eq!(reuse, ("app.token_misuse".to_owned(), Severity::High));
    let unknown = meaning(json!({ "eventType": "user.session.start", "severity": "WARN" }));
    assert_eq!(unknown, ("okta.user.session.start".to_owned(), Severity::Medium));
}

#[test]
fn a_hook_without_events_is_ignored_and_another_document_refused() {
    let source = source("okta-event-hook", OKTA, json!({}));
    assert!(matches!(by_hand(&source, &hook(json!([]))), Ok(Accepted::Ignored(_))));
    assert_eq!(refused(by_hand(&source, &json!({ "data": 1 }))), (422, "not_a_hook"));
    assert_eq!(refused(by_hand(&source, &hook(Value::Array(vec![json!({}); 1001])))), (413, "too_many"));
}

#[test]
fn a_generic_sender_signs_as_it_is_configured_to() {
    let body = br#"{"kind":"vendor.breach","data":{"who":["drift"]},"severity":"critical"}"#;
    let tag = mac::sign(&mac::Key::new(mac::HMAC_SHA256, b"long-enough"), body);
    let hex = hex(tag.as_ref());
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, tag);
    let map = json!({ "app": "data.who.0" });
    let usual = source("hmac", "long-enough", json!({ "map": map }));
    let alert = alerts(post(&usual, &[("x-signature-256", &format!("sha256={hex}"))], body)).remove(0);
    assert_eq!(
        (alert.kind.as_str(), alert.app.as_deref(), alert.severity),
        ("vendor.breach", Some("drift"), Severity::Critical)
    );
    assert_eq!(alert.time, NOW);
    let own =
        source("hmac", "long-enough", json!({ "header": "X-Sig", "prefix": "v1=", "encoding": "base64" }));
    assert_eq!(alerts(post(&own, &[("x-sig", &format!("v1={base64}"))], body)).len(), 1);
    assert_eq!(refused(post(&own, &[("x-sig", &base64)], body)), (401, "unproven"));
    assert_eq!(refused(post(&own, &[("x-sig", &format!("v1={hex}"))], body)), (401, "unproven"));
}

#[test]
fn an_alert_without_a_kind_is_refused_unless_the_source_gives_one() {
    let plain = source("hmac", "long-enough", json!({}));
    assert_eq!(refused(by_hand(&plain, &json!({ "app": "drift" }))), (422, "no_kind"));
    assert_eq!(refused(by_hand(&plain, &json!({ "kind": "a b" }))), (422, "bad_kind"));
    assert_eq!(refused(by_hand(&plain, &json!([1]))), (422, "no_kind"));
    let named = source("hmac", "long-enough", json!({ "kind": "vendor.breach" }));
    assert_eq!(alerts(by_hand(&named, &json!({ "app": "drift" })))[0].kind, "vendor.breach");
}

#[test]
fn equal_bodies_without_an_id_are_one_delivery() {
    let plain = source("hmac", "long-enough", json!({}));
    let delivery = |body: &Value| alerts(by_hand(&plain, body)).remove(0).delivery;
    let one = json!({ "kind": "vendor.breach", "app": "drift" });
    assert_eq!(delivery(&one), delivery(&one));
    assert_ne!(delivery(&one), delivery(&json!({ "kind": "vendor.breach", "app": "zendesk" })));
}

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn the_published_standard_webhooks_vector_is_proven_in_its_time_only() {
    let source = source("standard-webhooks", WHSEC, json!({ "kind": "vendor.breach" }));
    let body = br#"{"test": 2432232314}"#;
    let send = |time: &str, signature: &str, body: &[u8], now: &str| {
        let pairs = [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", time),
            ("webhook-signature", signature),
        ];
        post_at(&source, &pairs, body, now)
    };
    let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let then = "2021-02-25T15:02:10Z";
    let alert = alerts(send("1614265330", right, body, then)).remove(0);
    assert_eq!(alert.delivery, "msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_eq!(alerts(send("1614265330", &format!("v1,AAAA v1a,x {right}"), body, then)).len(), 1);
    assert_eq!(alerts(send("1614265330", right, body, "2021-02-25T15:07:10Z")).len(), 1);
    assert_eq!(refused(send("1614265330", right, body, "2021-02-25T15:07:11Z")), (401, "stale"));
    assert_eq!(refused(send("1614265330", right, body, "2021-02-25T14:57:09Z")), (401, "stale"));
    assert_eq!(refused(send("1614265331", right, body, then)), (401, "unproven"));
    assert_eq!(refused(send("1614265330", right, b"{}", then)), (401, "unproven"));
    assert_eq!(refused(send("1614265330", "v1,", body, then)), (401, "unproven"));
}

#[test]
fn a_bad_secret_is_refused_when_the_server_starts() {
    let config =
        |format: &str| serde_json::from_value(json!({ "format": format, "secret": "env:X" })).unwrap();
    assert_eq!(Source::new("s", config("hmac"), "short").unwrap_err(), BadSecret::Short.into());
    assert_eq!(
        Source::new("s", config("standard-webhooks"), "whsec_?!").unwrap_err(),
        BadSecret::NotWhsec.into()
    );
    assert!(matches!(Source::new("s", config("fax"), GITHUB), Err(BadSource::Format(_))));
}

#[test]
fn what_is_not_json_or_not_utf8_is_named() {
    let plain = source("hmac", "long-enough", json!({}));
    let send = |body: &[u8]| {
        let signature = sign("long-enough", body);
        post(&plain, &[("x-signature-256", &signature)], body).unwrap_err().message
    };
    insta::assert_snapshot!(send(b"{\"kind\": "), @"the body is not JSON: EOF while parsing a value at line 1 column 9");
    insta::assert_snapshot!(send(b"{\"kind\": \"\xff\"}"), @"the body is not UTF-8 from byte 10 on");
    assert!(send(&vec![b'['; 100_000]).contains("recursion limit"));
    let get = RawRequest { method: &Method::GET, headers: &HeaderMap::new(), body: b"" };
    assert_eq!(refused(plain.accept(get, Trust::Source, NOW.parse().unwrap())), (405, "method"));
}

fn samples(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("STANCH_SAMPLES") else {
        eprintln!("skipped: STANCH_SAMPLES names no folder");
        return None;
    };
    Some(std::fs::read_to_string(std::path::Path::new(&folder).join(name)).unwrap())
}

#[test]
fn every_sample_of_github_is_read() {
    let Some(text) = samples("github-webhooks-examples.json") else { return };
    let events: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut leaks = 0;
    for event in &events {
        let name = event["name"].as_str().unwrap();
        for example in event["examples"].as_array().unwrap() {
            match github_post(name, example).unwrap() {
                Accepted::Alerts(alerts) => leaks += usize::from(alerts[0].kind == "credential.leaked"),
                Accepted::Ignored(_) => assert!(["ping", "secret_scanning_alert"].contains(&name), "{name}"),
                Accepted::Challenge(_) => panic!("{name}"),
            }
        }
    }
    assert!(leaks >= 1);
}

#[test]
fn every_vendor_shaped_sample_of_okta_is_read() {
    let Some(text) = samples("okta-system-log.jsonl") else { return };
    let source = source("okta-event-hook", OKTA, json!({}));
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
