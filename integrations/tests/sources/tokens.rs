//! Signed tokens: OpenID Connect in a header, security event tokens as the body. Keys are fetched, kept, renewed and missed.

use serde_json::{Value, json};
use stanch_integrations::source::{Accepted, AnswerBody, Source};

use crate::{
    keys::{Signer, key_set},
    support::{Delivery, NOW, Web, bind},
};

const KEYS: &str = "https://transmitter.example/keys";
const ISSUED: i64 = 1_795_348_800;

fn source() -> Source {
    let settings = json!({ "issuer": "https://transmitter.example", "audience": "us", "keys": KEYS });
    bind("security-events", None, json!({ "settings": settings })).unwrap()
}

fn web(signers: &[&Signer]) -> Web {
    let web = Web::default();
    web.put(KEYS, key_set(signers));
    web
}

fn claims(change: Value) -> Value {
    let mut claims = json!({
        "iss": "https://transmitter.example", "aud": "us", "jti": "j-1", "iat": ISSUED,
        "sub_id": { "format": "complex", "user": { "format": "email", "email": "ana@acme.example" } },
        "events": { "https://schemas.openid.net/secevent/caep/event-type/credential-change": { "credential_type": "password", "change_type": "create" } },
    });
    claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    claims
}

fn send(signer: &Signer, claims: &Value, web: &Web) -> Delivery {
    Delivery::of(signer.token("secevent+jwt", claims)).over(web)
}

#[test]
fn every_allowed_kind_of_key_signs() {
    for signer in [Signer::rsa("a"), Signer::p256("b"), Signer::ed25519("c")] {
        let web = web(&[&signer]);
        let alert = send(&signer, &claims(json!({})), &web).alerts(&source()).remove(0);
        assert_eq!(
            (alert.kind.as_str(), alert.user.as_deref(), alert.id.as_str()),
            ("credential.created", Some("ana@acme.example"), "j-1")
        );
    }
}

/// What is refused, and what RFC 8935 calls it.
#[test]
fn a_token_that_is_not_for_us_is_refused_in_the_words_of_the_standard() {
    let signer = Signer::p256("k");
    let web = web(&[&signer]);
    let head = |alg: &str, typ: &str| json!({ "alg": alg, "kid": "k", "typ": typ });
    let good = claims(json!({}));
    let as_head = |head: Value| Delivery::of(signer.token_with(&head, &good)).over(&web);
    let saying = |change: Value| send(&signer, &claims(change), &web);
    let mut tampered = send(&signer, &good, &web);
    tampered.body[60] ^= 1;
    for (delivery, err) in [
        (saying(json!({ "iss": "https://evil.example" })), "invalid_issuer"),
        (saying(json!({ "aud": ["them"] })), "invalid_audience"),
        (saying(json!({ "aud": null })), "invalid_audience"),
        (as_head(head("none", "secevent+jwt")), "invalid_key"),
        (as_head(head("HS256", "secevent+jwt")), "invalid_key"),
        (as_head(head("RS256", "secevent+jwt")), "authentication_failed"),
        (as_head(head("ES256", "JWT")), "invalid_request"),
        (as_head(json!({ "alg": "ES256", "kid": "k" })), "invalid_request"),
        (
            as_head(json!({ "alg": "ES256", "kid": "k", "typ": "secevent+jwt", "crit": ["x"] })),
            "invalid_request",
        ),
        (send(&Signer::p256("k"), &good, &web), "authentication_failed"),
        (saying(json!({ "iat": ISSUED - 31 * 86_400 })), "invalid_request"),
        (saying(json!({ "iat": ISSUED + 3600 })), "invalid_request"),
        (saying(json!({ "iat": null })), "invalid_request"),
        (saying(json!({ "events": [1] })), "invalid_request"),
        (saying(json!({ "events": null })), "invalid_request"),
        (Delivery::of("a.b").over(&web), "invalid_request"),
        (Delivery::of("{}").over(&web), "invalid_request"),
    ] {
        let source = source();
        let refusal = delivery.to(&source).map(|taken| panic!("{err}: {taken:?}")).unwrap_err();
        let document = source.no(&refusal).unwrap_or_else(|| panic!("{refusal:?}"));
        assert_eq!(document["err"], err, "{document}");
        assert!(!document["description"].as_str().unwrap().is_empty());
    }
    assert_eq!(source().yes(), (202, AnswerBody::Empty));
}

#[test]
fn a_type_may_be_written_as_a_media_type() {
    let signer = Signer::p256("k");
    let head = json!({ "alg": "ES256", "kid": "k", "typ": "application/SecEvent+JWT" });
    let token = signer.token_with(&head, &claims(json!({})));
    assert_eq!(Delivery::of(token).over(&web(&[&signer])).alerts(&source()).len(), 1);
}

#[test]
fn a_verification_is_answered_and_starts_nothing_and_two_events_are_two_alerts() {
    let signer = Signer::p256("k");
    let web = web(&[&signer]);
    let caep = "https://schemas.openid.net/secevent/caep/event-type";
    let verification = json!({ "events": { "https://schemas.openid.net/secevent/ssf/event-type/verification": { "state": "x" } } });
    let answer = send(&signer, &claims(verification), &web).to(&source());
    assert!(matches!(answer, Ok(Accepted::Ignored(_))));
    let two = json!({ "events": {
        format!("{caep}/session-revoked"): {},
        format!("{caep}/risk-level-change"): { "current_level": "HIGH", "principal": "USER" },
        format!("{caep}/device-compliance-change"): { "current_status": "compliant" },
    } });
    let alerts = send(&signer, &claims(two), &web).alerts(&source());
    let kinds: Vec<&str> = alerts.iter().map(|alert| alert.kind.as_str()).collect();
    assert_eq!(kinds, ["account.suspicious", "account.session_revoked"]);
    assert_ne!(alerts[0].delivery, alerts[1].delivery);
    assert!(alerts.iter().all(|alert| alert.delivery.starts_with("j-1 ")));
}

#[test]
fn keys_are_fetched_once_an_hour_and_at_once_for_a_new_one() {
    let (old, new) = (Signer::p256("old"), Signer::p256("new"));
    let (source, web) = (source(), web(&[&old]));
    for _ in 0..3 {
        assert_eq!(send(&old, &claims(json!({})), &web).alerts(&source).len(), 1);
    }
    assert_eq!(web.asked().len(), 1);
    // a forged key name makes us ask nobody: the last answer is seconds old
    assert_eq!(send(&Signer::p256("x"), &claims(json!({})), &web).refused(&source), (401, "bad_key"));
    assert_eq!(web.asked().len(), 0);
    // the transmitter changes its key
    web.put(KEYS, key_set(&[&new]));
    let later = "2026-11-22T12:02:00Z";
    assert_eq!(send(&new, &claims(json!({})), &web).at(later).alerts(&source).len(), 1);
    assert_eq!(web.asked().len(), 1);
    assert_eq!(send(&old, &claims(json!({})), &web).at(later).refused(&source), (401, "bad_key"));
}

#[test]
fn known_keys_go_on_for_a_day_without_their_issuer_and_unknown_ones_ask_for_patience() {
    let signer = Signer::p256("k");
    let (source, web) = (source(), web(&[&signer]));
    assert_eq!(send(&signer, &claims(json!({})), &web).alerts(&source).len(), 1);
    web.cut(KEYS);
    let tonight = "2026-11-22T23:00:00Z";
    assert_eq!(send(&signer, &claims(json!({})), &web).at(tonight).alerts(&source).len(), 1);
    let day_after = "2026-11-23T13:00:00Z";
    let refusal = send(&signer, &claims(json!({})), &web).at(day_after).to(&source).unwrap_err();
    assert_eq!((refusal.status, refusal.code, refusal.retry_after), (503, "keys_unreachable", Some(60)));
    assert!(refusal.message.contains("no connection"), "{refusal}");
    assert_eq!(source.no(&refusal), None, "not the transmitter's mistake");
}

#[test]
fn what_is_no_set_of_keys_is_said() {
    let signer = Signer::p256("k");
    for page in ["<html>", "{}", "{\"keys\": 1}"] {
        let web = Web::default();
        web.put(KEYS, page);
        let refusal = send(&signer, &claims(json!({})), &web).to(&source()).unwrap_err();
        assert_eq!(refusal.code, "keys_unreachable", "{page}");
    }
}

const GOOGLE: &str = "https://www.googleapis.com/oauth2/v3/certs";

#[test]
fn a_push_of_another_account_or_past_its_hour_is_refused() {
    let settings = json!({ "account": "push@acme.iam.gserviceaccount.com", "audience": "us" });
    let source = bind("google-alert-center", None, json!({ "settings": settings })).unwrap();
    let signer = Signer::rsa("g");
    let web = Web::default();
    web.put(GOOGLE, key_set(&[&signer]));
    let send = |change: Value| {
        let mut claims = json!({
            "iss": "accounts.google.com", "aud": "us", "email": "push@acme.iam.gserviceaccount.com", "email_verified": true,
            "iat": ISSUED, "exp": ISSUED + 3600,
        });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let token = signer.token("JWT", &claims);
        let body = json!({ "message": { "data": "eyJhbGVydElkIjoiYSIsInR5cGUiOiJ4In0=", "messageId": "1" } });
        Delivery::of(body.to_string())
            .header("authorization", &format!("bearer {token}"))
            .over(&web)
            .to(&source)
    };
    assert!(matches!(send(json!({})), Ok(Accepted::Alerts(_))));
    for (change, code) in [
        (json!({ "email": "other@acme.iam.gserviceaccount.com" }), "unproven"),
        (json!({ "email_verified": false }), "unproven"),
        (json!({ "aud": "them" }), "bad_audience"),
        (json!({ "iss": "https://evil.example" }), "bad_issuer"),
        (json!({ "exp": ISSUED - 600 }), "stale"),
        (json!({ "exp": null }), "not_a_token"),
        (json!({ "nbf": ISSUED + 600 }), "stale"),
    ] {
        assert_eq!(send(change.clone()).unwrap_err().code, code, "{change}");
    }
    let bare = Delivery::of("{}").header("authorization", "Basic eDp5").over(&web);
    assert_eq!(bare.refused(&source), (401, "unproven"));
}

#[test]
fn a_source_without_its_settings_says_which() {
    let missing = bind("security-events", None, json!({ "settings": { "issuer": "x", "audience": "y" } }));
    assert_eq!(missing.unwrap_err().to_string(), "it needs the setting `keys`");
    let plain = json!({ "settings": { "issuer": "x", "audience": "y", "keys": "http://keys.example" } });
    let plain = bind("security-events", None, plain).unwrap_err().to_string();
    assert_eq!(plain, "`http://keys.example` is no https address");
    assert!(NOW.starts_with("2026"));
}
