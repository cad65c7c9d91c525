//! Senders that nobody knows in advance: signed, with a shared secret, or by the Standard Webhooks.

use serde_json::{Value, json};
use stanch_integrations::source::{BadSecret, BadSource};
use stanch_model::Severity;

use crate::support::{Delivery, NOW, alerts, bind, by_hand, hex, refused, sign, source};

#[test]
fn a_generic_sender_signs_as_it_is_configured_to() {
    let body = br#"{"kind":"vendor.breach","data":{"who":["drift"]},"severity":"critical"}"#;
    let hex = sign("long-enough", body);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"long-enough");
    let base64 =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, ring::hmac::sign(&key, body));
    let send = |header: &str, value: &str| Delivery::of(body).header(header, value);
    let usual = source("hmac", "long-enough", json!({ "map": { "app": "data.who.0" } }));
    let alert = send("x-signature-256", &format!("sha256={hex}")).alerts(&usual).remove(0);
    assert_eq!(
        (alert.kind.as_str(), alert.app.as_deref(), alert.severity),
        ("vendor.breach", Some("drift"), Severity::Critical)
    );
    assert_eq!(alert.time, NOW);
    assert_eq!(send("x-signature-256", &hex).alerts(&usual).len(), 1);
    let own =
        source("hmac", "long-enough", json!({ "header": "X-Sig", "prefix": "v1=", "encoding": "base64" }));
    assert_eq!(send("x-sig", &format!("v1={base64}")).alerts(&own).len(), 1);
    assert_eq!(send("x-sig", &base64).refused(&own), (401, "unproven"));
    assert_eq!(send("x-sig", &format!("v1={hex}")).refused(&own), (401, "unproven"));
}

#[test]
fn an_alert_without_a_kind_is_refused_unless_the_source_gives_one() {
    let plain = source("hmac", "long-enough", json!({}));
    assert_eq!(refused(by_hand(&plain, &json!({ "app": "drift" }))), (422, "no_kind"));
    assert_eq!(refused(by_hand(&plain, &json!({ "kind": "a b" }))), (422, "bad_kind"));
    assert_eq!(refused(by_hand(&plain, &json!([1]))), (422, "no_events"));
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

#[test]
fn a_shared_secret_is_the_whole_value_of_its_header() {
    let body = json!({ "kind": "vendor.breach", "app": "drift" }).to_string();
    let source = source("shared-secret", "Bearer long-enough", json!({ "header": "X-Token" }));
    let delivery = Delivery::of(body);
    assert_eq!(delivery.clone().header("x-token", "Bearer long-enough").alerts(&source).len(), 1);
    assert_eq!(delivery.clone().header("x-token", "long-enough").refused(&source), (401, "unproven"));
    assert_eq!(delivery.header("authorization", "Bearer long-enough").refused(&source), (401, "unproven"));
}

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn the_published_standard_webhooks_vector_is_proven_in_its_time_only() {
    let source = source("standard-webhooks", WHSEC, json!({ "kind": "vendor.breach" }));
    let body = r#"{"test": 2432232314}"#;
    let send = |time: &str, signature: &str, body: &str, now: &str| {
        Delivery::of(body)
            .header("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
            .header("webhook-timestamp", time)
            .header("webhook-signature", signature)
            .at(now)
    };
    let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    let then = "2021-02-25T15:02:10Z";
    let alert = send("1614265330", right, body, then).alerts(&source).remove(0);
    assert_eq!(alert.delivery, "msg_p5jXN8AQM9LWM0D4loKWxJek");
    assert_eq!(send("1614265330", &format!("v1,AAAA v1a,x {right}"), body, then).alerts(&source).len(), 1);
    assert_eq!(send("1614265330", right, body, "2021-02-25T15:07:10Z").alerts(&source).len(), 1);
    for (time, signature, body, now, code) in [
        ("1614265330", right, body, "2021-02-25T15:07:11Z", "stale"),
        ("1614265330", right, body, "2021-02-25T14:57:09Z", "stale"),
        ("1614265331", right, body, then, "unproven"),
        ("1614265330", right, "{}", then, "unproven"),
        ("1614265330", "v1,", body, then, "unproven"),
    ] {
        assert_eq!(send(time, signature, body, now).refused(&source), (401, code));
    }
}

#[test]
fn a_bad_secret_is_refused_when_the_server_starts() {
    let refused = |format: &str, secret: Option<&str>| bind(format, secret, json!({})).unwrap_err();
    assert_eq!(refused("hmac", Some("short")), BadSecret::Short.into());
    assert_eq!(refused("hmac", None), BadSource::NoSecret);
    assert_eq!(refused("standard-webhooks", Some("whsec_?!")), BadSecret::NotWhsec.into());
    assert!(matches!(refused("fax", Some("long-enough")), BadSource::Format(_)));
    let map = bind("hmac", Some("long-enough"), json!({ "map": { "app": "a..b" } })).unwrap_err();
    assert!(map.to_string().contains("map.app"), "{map}");
}

#[test]
fn what_is_not_json_or_not_utf8_is_named() {
    let plain = source("hmac", "long-enough", json!({}));
    let send = |body: &[u8]| {
        let delivery = Delivery::of(body).header("x-signature-256", &sign("long-enough", body));
        delivery.to(&plain).unwrap_err().message
    };
    insta::assert_snapshot!(send(b"{\"kind\": "), @"the body is not JSON: EOF while parsing a value at line 1 column 9");
    insta::assert_snapshot!(send(b"{\"kind\": \"\xff\"}"), @"the body is not UTF-8 from byte 10 on");
    assert!(send(&vec![b'['; 100_000]).contains("recursion limit"));
    assert_eq!(Delivery::get().refused(&plain), (405, "method"));
}

#[test]
fn a_text_is_cleaned_wherever_it_stands() {
    let plain = source("hmac", "long-enough", json!({}));
    let body =
        json!({ "kind": "vendor.breach", "app": " x\u{1b}[2Jy ", "title": "a\r\nb\u{202e}c", "user": "" });
    let alert = alerts(by_hand(&plain, &body)).remove(0);
    assert_eq!((alert.app.as_deref(), alert.title.as_str(), alert.user), (Some("x[2Jy"), "a bc", None));
    assert_eq!(hex(b"\x0f"), "0f");
}
