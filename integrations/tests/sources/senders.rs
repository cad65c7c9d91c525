//! One sender for every source of the catalogue: what it sends, and how it proves itself.

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    keys::{CERTIFICATE, Signer, key_set, sign_sns},
    support::{Delivery, NOW, Web, hex},
};

/// How a sender seals what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seal {
    Right,
    /// As somebody would who does not have the secret or key.
    Forged,
}

/// What an old delivery meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Old {
    /// The time is signed: it is refused.
    Refused,
    /// No time is signed: its delivery id is known, and starts nothing.
    Known,
}

pub(crate) struct Sender {
    pub(crate) format: &'static str,
    pub(crate) secret: Option<&'static str>,
    /// More of its configuration.
    pub(crate) more: Value,
    /// What it usually sends.
    pub(crate) body: String,
    /// The kind of alert that this is.
    pub(crate) kind: &'static str,
    pub(crate) old: Old,
    /// Puts a proof around a body, at this moment.
    pub(crate) seal: fn(&Sender, &[u8], Seal, Timestamp) -> Delivery,
}

pub(crate) const SECRET: &str = "a-secret-of-sixteen-letters";
const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const KEYS: &str = "https://transmitter.example/keys";
const GOOGLE: &str = "https://www.googleapis.com/oauth2/v3/certs";
const AMAZON: &str = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem";
pub(crate) const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:findings";

static TRANSMITTER: LazyLock<Signer> = LazyLock::new(|| Signer::p256("k1"));
static STRANGER: LazyLock<Signer> = LazyLock::new(|| Signer::p256("k1"));

fn mac(sender: &Sender, seal: Seal, parts: &[&[u8]]) -> Vec<u8> {
    let secret = sender.secret.unwrap();
    let mut key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).unwrap(),
        None => secret.as_bytes().to_vec(),
    };
    if seal == Seal::Forged {
        key.push(b'x');
    }
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    ring::hmac::sign(&key, &parts.concat()).as_ref().to_vec()
}

fn in_header(sender: &Sender, body: &[u8], seal: Seal, _: Timestamp) -> Delivery {
    let secret = sender.secret.unwrap();
    let wrong = format!("{secret}x");
    Delivery::of(body).header("authorization", if seal == Seal::Right { secret } else { &wrong })
}

fn in_path(sender: &Sender, body: &[u8], seal: Seal, _: Timestamp) -> Delivery {
    let secret = sender.secret.unwrap();
    Delivery::of(body).secret(if seal == Seal::Right { secret } else { &secret[1..] })
}

fn in_events(sender: &Sender, body: &[u8], seal: Seal, _: Timestamp) -> Delivery {
    let Ok(mut document) = serde_json::from_slice::<Value>(body) else { return Delivery::of(body) };
    if let Some(event) = document.pointer_mut("/value/0") {
        event["clientState"] = if seal == Seal::Right { sender.secret.unwrap().into() } else { "x".into() };
    }
    Delivery::of(document.to_string())
}

fn github(sender: &Sender, body: &[u8], seal: Seal, _: Timestamp) -> Delivery {
    Delivery::of(body)
        .header("x-hub-signature-256", &format!("sha256={}", hex(&mac(sender, seal, &[body]))))
        .header("x-github-event", "secret_scanning_alert")
        .header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
}

fn plain_hmac(sender: &Sender, body: &[u8], seal: Seal, _: Timestamp) -> Delivery {
    Delivery::of(body).header("x-signature-256", &hex(&mac(sender, seal, &[body])))
}

fn standard(sender: &Sender, body: &[u8], seal: Seal, now: Timestamp) -> Delivery {
    let time = now.as_second().to_string();
    let signature = mac(sender, seal, &[b"msg_1.", time.as_bytes(), b".", body]);
    Delivery::of(body)
        .header("webhook-id", "msg_1")
        .header("webhook-timestamp", &time)
        .header("webhook-signature", &format!("v1,{}", STANDARD.encode(signature)))
}

fn slack(sender: &Sender, body: &[u8], seal: Seal, now: Timestamp) -> Delivery {
    let time = now.as_second().to_string();
    let signature = mac(sender, seal, &[b"v0:", time.as_bytes(), b":", body]);
    Delivery::of(body)
        .header("x-slack-request-timestamp", &time)
        .header("x-slack-signature", &format!("v0={}", hex(&signature)))
}

fn pagerduty(sender: &Sender, body: &[u8], seal: Seal, _: Timestamp) -> Delivery {
    let old = "0".repeat(64);
    let signature = hex(&mac(sender, seal, &[body]));
    Delivery::of(body).header("x-pagerduty-signature", &format!("v1={old},v1={signature}"))
}

fn sns(_: &Sender, body: &[u8], seal: Seal, now: Timestamp) -> Delivery {
    let web = Web::default();
    web.put(AMAZON, CERTIFICATE);
    let mut message = json!({
        "Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": TOPIC,
        "Subject": "a finding", "Message": String::from_utf8_lossy(body), "Timestamp": now.to_string(),
        "SignatureVersion": "2", "SigningCertURL": AMAZON,
        "UnsubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe",
    });
    sign_sns(&mut message);
    if seal == Seal::Forged {
        message["Subject"] = "another finding".into();
    }
    // garbage is garbage outside too: half a message
    let whole = message.to_string();
    let half = &whole[..whole.len() / 2];
    Delivery::of(if serde_json::from_slice::<Value>(body).is_ok() { &whole } else { half }).over(&web)
}

fn google(_: &Sender, body: &[u8], seal: Seal, now: Timestamp) -> Delivery {
    let web = Web::default();
    let rsa = Signer::rsa("g1");
    web.put(GOOGLE, key_set(&[&rsa]));
    let claims = json!({
        "iss": "https://accounts.google.com", "aud": "stanch", "email": "push@acme.iam.gserviceaccount.com",
        "email_verified": true, "iat": now.as_second(), "exp": now.as_second() + 3600,
    });
    let signer = if seal == Seal::Right { &rsa } else { &Signer::p256("g1") };
    let head = json!({ "alg": "RS256", "kid": "g1", "typ": "JWT" });
    Delivery::of(body)
        .header("authorization", &format!("Bearer {}", signer.token_with(&head, &claims)))
        .over(&web)
}

fn set(_: &Sender, body: &[u8], seal: Seal, now: Timestamp) -> Delivery {
    let web = Web::default();
    web.put(KEYS, key_set(&[&TRANSMITTER]));
    let Ok(mut claims) = serde_json::from_slice::<Value>(body) else { return Delivery::of(body).over(&web) };
    if claims.is_object() {
        claims["iat"] = now.as_second().into();
    }
    let signer = if seal == Seal::Right { &TRANSMITTER } else { &STRANGER };
    Delivery::of(signer.token("secevent+jwt", &claims)).over(&web)
}

fn sender(format: &'static str, kind: &'static str, body: Value) -> Sender {
    Sender {
        format,
        secret: Some(SECRET),
        more: json!({}),
        body: body.to_string(),
        kind,
        old: Old::Known,
        seal: in_header,
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Sender> {
    [signed(), keyed(), bearing()].into_iter().flatten().collect()
}

fn signed() -> Vec<Sender> {
    let leak = json!({ "action": "created", "alert": { "number": 1, "secret_type": "slack_api_token" }, "repository": { "full_name": "acme/site" } });
    let breach = json!({ "kind": "vendor.breach", "type": "vendor.breach", "app": "drift" });
    let uninstalled = json!({
        "type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": "Ev1", "event_time": 1_795_348_800,
        "token": "an-old-verification-token", "event": { "type": "app_uninstalled" },
    });
    let triggered = json!({ "event": {
        "id": "01BZ", "event_type": "incident.triggered", "resource_type": "incident", "occurred_at": "2026-11-22T11:59:00Z",
        "agent": { "type": "user_reference", "summary": "Ana" },
        "data": { "id": "PGR0VU2", "type": "incident", "title": "A token is used from two places", "urgency": "high", "priority": { "summary": "P1" } },
    } });
    vec![
        Sender { seal: github, ..sender("github", "credential.leaked", leak) },
        Sender { seal: plain_hmac, ..sender("hmac", "vendor.breach", breach.clone()) },
        Sender {
            seal: standard,
            secret: Some(WHSEC),
            old: Old::Refused,
            ..sender("standard-webhooks", "vendor.breach", breach)
        },
        Sender { seal: slack, old: Old::Refused, ..sender("slack-events", "app.removed", uninstalled) },
        Sender { seal: pagerduty, ..sender("pagerduty", "incident.opened", triggered) },
    ]
}

fn guard_duty() -> Value {
    json!({
        "id": "c8c4daa7", "detail-type": "GuardDuty Finding", "source": "aws.guardduty", "account": "123456789012", "time": "2026-11-22T11:58:00Z",
        "detail": {
            "id": "16afba5c", "type": "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS", "severity": 8.0,
            "title": "Credentials for an instance role are used from outside", "updatedAt": "2026-11-22T11:57:30.123Z",
            "resource": { "accessKeyDetails": { "accessKeyId": "ASIA0000", "userName": "deployer" } },
            "service": { "action": { "awsApiCallAction": { "remoteIpDetails": { "ipAddressV4": "198.51.100.7" } } } },
        },
    })
}

fn keyed() -> Vec<Sender> {
    let alert = json!({
        "customerId": "C0", "alertId": "a-1", "createTime": "2026-11-22T11:58:30Z", "type": "Leaked password", "source": "Google identity",
        "data": { "@type": "type.googleapis.com/google.apps.alertcenter.type.AccountWarning", "email": "ana@acme.example", "loginDetails": { "ipAddress": "198.51.100.9" } },
        "metadata": { "severity": "HIGH", "status": "NOT_STARTED" },
    });
    let pushed = json!({
        "message": { "data": STANDARD.encode(alert.to_string()), "messageId": "2070443601311540", "publishTime": NOW },
        "subscription": "projects/acme/subscriptions/alerts",
    });
    let revoked = json!({
        "iss": "https://transmitter.example", "aud": ["https://stanch.acme.example"], "jti": "756E69717565", "iat": 0,
        "sub_id": { "format": "email", "email": "ana@acme.example" },
        "events": { "https://schemas.openid.net/secevent/caep/event-type/session-revoked": { "event_timestamp": 1_795_348_700, "initiating_entity": "policy" } },
    });
    let caep = json!({ "settings": { "issuer": "https://transmitter.example", "audience": "https://stanch.acme.example", "keys": KEYS } });
    let google_settings =
        json!({ "settings": { "account": "push@acme.iam.gserviceaccount.com", "audience": "stanch" } });
    let none = |sender: Sender, more: Value| Sender { secret: None, more, old: Old::Refused, ..sender };
    vec![
        Sender {
            seal: sns,
            ..none(
                sender("aws-sns", "credential.misuse", guard_duty()),
                json!({ "settings": { "topic": TOPIC } }),
            )
        },
        Sender {
            seal: google,
            ..none(sender("google-alert-center", "credential.leaked", pushed), google_settings)
        },
        Sender { seal: set, ..none(sender("security-events", "account.session_revoked", revoked), caep) },
    ]
}

fn bearing() -> Vec<Sender> {
    let hook = json!({ "data": { "events": [{
        "uuid": "u-1", "published": "2026-11-22T11:58:00Z", "eventType": "app.oauth2.as.token.detect_reuse", "severity": "WARN",
        "actor": { "type": "User", "alternateId": "ana@acme.example" }, "target": [{ "type": "AppInstance", "displayName": "Drift" }],
    }] } });
    let splunk = json!({
        "sid": "scheduler_1", "search_name": "Token from two places", "owner": "admin", "app": "search", "results_link": "https://splunk.example",
        "result": { "kind": "app.token_misuse", "app": "drift", "user": "ana", "src_ip": "198.51.100.3", "severity": "high", "_time": "1795348700" },
    });
    let graph = json!({ "value": [{
        "subscriptionId": "s-1", "clientState": "", "changeType": "created", "resource": "security/alerts/a-1", "tenantId": "t",
        "resourceData": { "@odata.type": "#Microsoft.Graph.alert", "id": "a-1" },
    }] });
    let elastic = json!({ "id": "a-1", "rule": "Token from two places", "kind": "app.token_misuse", "severity": "high", "time": "2026-11-22T11:58:00Z", "app": "drift", "state": "default" });
    let datadog = json!({ "id": "1", "signal": "s-1", "title": "Impossible travel", "severity": "high", "type": "error", "transition": "Triggered", "time": "1795348700000", "key": "k" });
    let defender = json!({
        "id": "da1", "incidentId": "7", "severity": "high", "status": "new", "serviceSource": "microsoftAppGovernance", "title": "Unusual app activity",
        "createdDateTime": "2026-11-22T11:58:00Z", "lastUpdateDateTime": "2026-11-22T11:59:00Z",
        "evidence": [
            { "@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": "198.51.100.4" },
            { "@odata.type": "#microsoft.graph.security.oauthApplicationEvidence", "displayName": "Drift", "appId": "x" },
            { "@odata.type": "#microsoft.graph.security.userEvidence", "userAccount": { "userPrincipalName": "ana@acme.example" } },
        ],
    });
    let sentinel = json!({ "object": { "name": "i-1", "properties": {
        "title": "Token theft", "severity": "High", "status": "New", "createdTimeUtc": "2026-11-22T11:58:00Z",
        "relatedEntities": [{ "kind": "Ip", "properties": { "address": "198.51.100.5" } }, { "kind": "Account", "properties": { "friendlyName": "ana" } }],
    } } });
    let finding = json!({
        "class_uid": 2004, "category_uid": 2, "activity_id": 1, "severity_id": 4, "time": 1_795_348_700_000_i64,
        "finding_info": { "uid": "f-1", "title": "Token from two places" }, "metadata": { "version": "1.3.0" },
        "observables": [{ "type_id": 2, "value": "198.51.100.6" }, { "type_id": 5, "value": "ana@acme.example" }],
    });
    let netskope = json!({ "_id": "n-1", "alert_type": "Compromised Credential", "alert_name": "Breached", "severity": "medium", "user": "ana@acme.example", "timestamp": 1_795_348_700 });
    let breach = json!({ "kind": "vendor.breach", "app": "drift" });
    vec![
        sender("okta-event-hook", "app.token_misuse", hook),
        Sender { seal: in_path, ..sender("splunk", "app.token_misuse", splunk) },
        Sender { seal: in_events, ..sender("microsoft-graph", "threat.detected", graph) },
        sender("elastic", "app.token_misuse", elastic),
        sender("datadog", "datadog.alert", datadog),
        sender("defender", "app.suspicious", defender),
        sender("sentinel", "threat.detected", sentinel),
        sender("ocsf", "threat.detected", finding),
        sender("netskope", "credential.leaked", netskope),
        sender("shared-secret", "vendor.breach", breach),
        sender("aws-eventbridge", "credential.misuse", guard_duty()),
    ]
}
