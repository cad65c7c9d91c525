//! How requests prove who sends them. These run on the live transport against a server on loopback, the one place to
//! which it speaks plain HTTP.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use stanch_integrations::{Catalog, Integrations, LiveTransport, Transport};
use stanch_model::{
    config::{CredentialConfig, IntegrationConfig},
    secret::SecretBox,
};
use support::{Answer, Server, call, kind};

/// One integration on the live transport, its credential in a file.
struct Live {
    integrations: Integrations,
    file: PathBuf,
    vault: Arc<support::Vault>,
    _folder: tempfile::TempDir,
}

fn live(platform: &str, url: &str, auth: Option<&str>, credential: &str, settings: &[(&str, &str)]) -> Live {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credential");
    std::fs::write(&file, credential).unwrap();
    let config = IntegrationConfig {
        platform: platform.to_owned(),
        url: Some(url.to_owned()),
        credential: Some(CredentialConfig::Whole(format!("file:{}", file.display()))),
        auth: auth.map(str::to_owned),
        settings: settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..IntegrationConfig::default()
    };
    let configured = BTreeMap::from([("it".to_owned(), config)]);
    let catalog = Arc::new(Catalog::embedded());
    let transport = Transport::Live(LiveTransport::new().unwrap());
    let vault = Arc::new(support::Vault::default());
    let integrations = Integrations::new(catalog, &configured, transport, vault.clone()).unwrap();
    Live { integrations, file, vault, _folder: folder }
}

const CLIENT: &[(&str, &str)] = &[("client_id", "the client")];

#[tokio::test]
async fn a_static_credential_goes_into_its_header() {
    let server = Server::start(|_, _| Answer::json(200, json!({ "id": "0oa1" }))).await;
    let okta = live("okta", &server.url(), None, "abc\n", &[]);
    assert_eq!(
        kind(&okta.integrations.call(call("it", "get_app", json!({ "app": "0oa1" }))).await),
        "done by Us"
    );
    assert_eq!(server.seen()[0].headers["authorization"], "SSWS abc");
    let oauth = live("oauth2", &server.url(), None, "s3:cret", CLIENT);
    drop(
        oauth
            .integrations
            .call(call("it", "introspect_token", json!({ "token": { "$secret": "no" } })))
            .await,
    );
    assert_eq!(server.seen().len(), 1, "a handle that does not open is refused before anything is sent");
}

#[tokio::test]
async fn a_token_is_made_once_for_all_and_kept() {
    let made = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&made);
    let server = Server::start(move |_, request| {
        if request.path != "/services/oauth2/token" {
            return Answer::json(200, json!({ "done": true, "records": [] }));
        }
        assert!(
            request.body.contains("client_secret=hunter22") && request.body.contains("client_id=the+client")
        );
        count.fetch_add(1, Ordering::SeqCst);
        Answer::json(200, json!({ "access_token": "token-1", "token_type": "Bearer" }))
    })
    .await;
    let salesforce = live("salesforce", &server.url(), None, "hunter22", CLIENT);
    let calls = (0..8).map(|_| salesforce.integrations.call(call("it", "list_users", json!({}))));
    for outcome in futures_util::future::join_all(calls).await {
        assert_eq!(kind(&outcome), "done by Us");
    }
    assert_eq!(made.load(Ordering::SeqCst), 1);
    let sent = server.seen();
    let queries = sent.iter().filter(|request| request.path.starts_with("/services/data"));
    assert!(queries.into_iter().all(|request| request.headers["authorization"] == "Bearer token-1"));
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_and_no_more() {
    for (good, expected, made_expected) in [("token-2", "done by Us", 2), ("never", "auth", 2)] {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let server = Server::start(move |_, request| {
            if request.path == "/services/oauth2/token" {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                return Answer::json(200, json!({ "access_token": format!("token-{number}") }));
            }
            if request.headers["authorization"] == format!("Bearer {good}") {
                return Answer::json(200, json!({ "done": true, "records": [] }));
            }
            Answer::json(
                401,
                json!([{ "errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid" }]),
            )
        })
        .await;
        let salesforce = live("salesforce", &server.url(), None, "hunter22", CLIENT);
        let outcome = salesforce.integrations.call(call("it", "list_users", json!({}))).await;
        assert_eq!(kind(&outcome), expected);
        assert_eq!(made.load(Ordering::SeqCst), made_expected);
    }
}

#[tokio::test]
async fn a_rotated_credential_is_read_again_when_the_old_one_is_refused() {
    let server = Server::start(|_, request| match request.headers["authorization"].as_str() {
        "SSWS new" => Answer::json(200, json!({ "id": "0oa1" })),
        _ => Answer::json(401, json!({ "errorCode": "E0000011" })),
    })
    .await;
    let okta = live("okta", &server.url(), None, "old", &[]);
    let read = || okta.integrations.call(call("it", "get_app", json!({ "app": "0oa1" })));
    assert_eq!(kind(&read().await), "auth");
    assert_eq!(server.seen().len(), 1, "the same credential again would be refused again");
    std::fs::write(&okta.file, "new").unwrap();
    assert_eq!(kind(&read().await), "done by Us");
}

#[tokio::test]
async fn an_assertion_is_signed_with_our_key() {
    let key = include_str!("fixtures/rsa-test-key.pem");
    let server = Server::start(|_, request| match request.path.as_str() {
        "/services/oauth2/token" => Answer::json(200, json!({ "access_token": "t" })),
        _ => Answer::json(200, json!({ "done": true, "records": [] })),
    })
    .await;
    let settings = [("client_id", "the client"), ("user", "stanch@acme.example")];
    let salesforce = live("salesforce", &server.url(), Some("jwt"), key, &settings);
    assert_eq!(kind(&salesforce.integrations.call(call("it", "list_users", json!({}))).await), "done by Us");
    let body = server.seen()[0].body.clone();
    let form: BTreeMap<_, _> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let parts: Vec<_> = form["assertion"].split('.').collect();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    assert_eq!(
        (claims["iss"].as_str(), claims["sub"].as_str(), claims["aud"].as_str()),
        (Some("the client"), Some("stanch@acme.example"), Some("https://login.salesforce.com"))
    );
    let der: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(der).unwrap();
    let pair = ring::rsa::KeyPair::from_pkcs8(&der).unwrap();
    let public =
        ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PKCS1_2048_8192_SHA256, pair.public());
    let signature = URL_SAFE_NO_PAD.decode(parts[2]).unwrap();
    public.verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn a_token_endpoint_that_fails_means_that_nothing_was_sent() {
    for (status, body, expected) in [
        (500, json!({}), "not sent"),
        (400, json!({ "error": "invalid_grant", "error_description": "hunter22 is wrong" }), "auth"),
        (429, json!({}), "limited"),
        (200, json!({ "odd": true }), "auth"),
    ] {
        let server = Server::start(move |_, _| Answer::json(status, body.clone())).await;
        let salesforce = live("salesforce", &server.url(), None, "hunter22", CLIENT);
        let outcome =
            salesforce.integrations.call(call("it", "deactivate_user", json!({ "user": "0051" }))).await;
        assert_eq!(kind(&outcome), expected, "{status}");
        assert!(!format!("{outcome:?}").contains("hunter22"), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_leaked_credential_is_reported_by_nobody_in_particular() {
    let server = Server::start(|_, _| Answer::json(202, json!({}))).await;
    let github = live("github", &server.url(), None, "our-own-token", &[("org", "acme")]);
    let token = json!({ "token": { "$secret": github.vault.seal("ghp_leaked").unwrap() } });
    assert_eq!(kind(&github.integrations.call(call("it", "revoke_credential", token)).await), "done by Us");
    let seen = server.seen();
    assert_eq!(
        (seen[0].path.as_str(), seen[0].body.as_str()),
        ("/credentials/revoke", r#"{"credentials":["ghp_leaked"]}"#)
    );
    assert!(!seen[0].headers.contains_key("authorization"), "GitHub refuses whoever says who they are");
}

#[tokio::test]
async fn a_webhook_is_signed_over_its_body_and_its_id_is_the_key() {
    let server = Server::start(|_, _| Answer::Say(204, vec![], String::new())).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let hook = live("webhook", &format!("{}/hooks/stanch", server.url()), None, secret, &[]);
    for _ in 0..2 {
        let sent = hook.integrations.call(call("it", "send", json!({ "text": "Drift is cut off" }))).await;
        assert_eq!(kind(&sent), "done by Us");
    }
    let seen = server.seen();
    assert_eq!(seen[0].path, "/hooks/stanch");
    assert_eq!(seen[0].headers["webhook-id"], "k-0001");
    assert_eq!(seen[1].headers["webhook-id"], "k-0001");
    let signed = format!("k-0001.{}.{}", seen[0].headers["webhook-timestamp"], seen[0].body);
    let key = base64::engine::general_purpose::STANDARD.decode(&secret[6..]).unwrap();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    let given = seen[0].headers["webhook-signature"].strip_prefix("v1,").unwrap();
    let given = base64::engine::general_purpose::STANDARD.decode(given).unwrap();
    ring::hmac::verify(&key, signed.as_bytes(), &given).unwrap();
}

#[tokio::test]
async fn plain_http_is_for_loopback_and_values_are_no_references() {
    let catalog = Arc::new(Catalog::embedded());
    let mistakes = |url: &str, credential: &str| {
        let config = IntegrationConfig {
            platform: "okta".to_owned(),
            url: Some(url.to_owned()),
            credential: Some(CredentialConfig::Whole(credential.to_owned())),
            ..IntegrationConfig::default()
        };
        let transport = Transport::Live(LiveTransport::new().unwrap());
        let vault = Arc::new(support::Vault::default());
        let configured = BTreeMap::from([("it".to_owned(), config)]);
        Integrations::new(Arc::clone(&catalog), &configured, transport, vault).map(drop).unwrap_err()
    };
    for url in [
        "http://acme.okta.com",
        "ftp://acme.okta.com",
        "https://u:p@acme.okta.com",
        "https://acme.okta.com?x=1",
        "acme",
    ] {
        let found = mistakes(url, "env:X");
        assert_eq!(found[0].code, "IN0024", "{url}: {found:?}");
        assert!(!found[0].message.contains(":p@"), "{found:?}");
    }
    let found = mistakes("https://acme.okta.com", "00abcdefghijklm-secret");
    assert!(found[0].code == "IN0025" && !found[0].message.contains("00abc"), "{found:?}");
}
