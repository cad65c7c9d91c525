//! The generic platforms: an OAuth 2.0 server and a receiver of webhooks.

use std::collections::BTreeMap;

use serde_json::json;
use stanch_integrations::twin::{TwinOptions, World};

use crate::support::{Answer, Twins, world};

#[tokio::test]
async fn tokens_are_revoked_and_introspected() {
    let extra = BTreeMap::from([("idp".to_owned(), json!({ "tokens": ["leaked-1"] }))]);
    let world = World { extra, ..world("drift", &[("idp", 2)]) };
    let twins = Twins::with(&[("idp", "oauth2")], TwinOptions { world, ..TwinOptions::default() }).await;
    let idp = twins.client("idp").token(None);
    let mine = [("client_id", "stanch"), ("client_secret", "twin-idp")];
    let form = |more: &[(&'static str, &'static str)]| mine.iter().chain(more).copied().collect::<Vec<_>>();
    let active =
        async || idp.form("/introspect", &form(&[("token", "leaked-1")])).await.body["active"].clone();
    assert_eq!(active().await, json!(true));
    for _ in 0..2 {
        assert_eq!(idp.form("/revoke", &form(&[("token", "leaked-1")])).await.status, 200);
        assert_eq!(active().await, json!(false));
    }
    assert_eq!(idp.form("/revoke", &form(&[("token", "never seen")])).await.status, 200);
    let summary = twins.host.summary();
    assert_eq!((summary.effects, summary.duplicate_effects, summary.repeated_requests), (1, 0, 1));
    assert_eq!(idp.form("/revoke", &form(&[])).await.body["error"], "invalid_request");
    let odd = form(&[("token", "x"), ("token_type_hint", "saml")]);
    assert_eq!(idp.form("/revoke", &odd).await.body["error"], "unsupported_token_type");
    for path in ["/revoke", "/introspect", "/token"] {
        let stranger = idp.form(path, &[("token", "x")]).await;
        assert_eq!((stranger.status, &stranger.body["error"]), (401, &json!("invalid_client")), "{path}");
    }
    let basic =
        idp.request("POST", "/introspect").basic_auth("stanch", Some("twin-idp")).form(&[("token", "x")]);
    assert_eq!(Answer::of(basic.send().await.expect("answer")).await.body["active"], false);
    let token = idp.form("/token", &form(&[("grant_type", "client_credentials")])).await;
    assert_eq!(token.body["expires_in"], 3600);
    assert_eq!(idp.form("/token", &form(&[("grant_type", "password")])).await.status, 400);
    let metadata = idp.get("/.well-known/oauth-authorization-server").await;
    assert!(metadata.body["revocation_endpoint"].as_str().is_some_and(|url| url.ends_with("/revoke")));
    assert_eq!(idp.get("/nowhere").await.status, 404);
}

#[tokio::test]
async fn a_webhook_is_taken_once_per_id() {
    let twins = Twins::start(&[("hook", "webhook")], World::default()).await;
    let hook = twins.client("hook").token(None);
    let post = async |path: &str, id: Option<&str>, body: &str| {
        let request =
            hook.request("POST", path).body(body.to_owned()).header("content-type", "application/json");
        let request = id.into_iter().fold(request, |request, id| request.header("webhook-id", id));
        request.send().await.expect("an answer").status().as_u16()
    };
    for (path, id) in [("/", "a"), ("/in", "b"), ("/in/soc", "c"), ("/in/soc/x", "d"), ("/in", "b")] {
        assert_eq!(post(path, Some(id), r#"{"a":1}"#).await, 200);
    }
    assert_eq!(post("/in", None, "{}").await, 200);
    let state = twins.host.state("hook").expect("state");
    assert_eq!(state["deliveries"].as_array().map(Vec::len), Some(5));
    assert_eq!(state["deliveries"][0]["body"]["a"], 1);
    let effects = twins.host.effects();
    assert_eq!((effects[4].key.as_deref(), effects[4].transition), (Some("b"), false));
    assert_eq!(twins.host.summary().repeated_requests, 1);
}

#[tokio::test]
async fn a_webhook_can_be_gone() {
    let world =
        World { extra: BTreeMap::from([("hook".to_owned(), json!({ "refuse": true }))]), ..World::default() };
    let twins = Twins::with(&[("hook", "webhook")], TwinOptions { world, ..TwinOptions::default() }).await;
    assert_eq!(twins.client("hook").json("POST", "/", json!({})).await.status, 410);
    assert!(twins.host.effects().is_empty());
}

/// Where RFC 7009 wants 200, some servers say that they do not know the token.
#[tokio::test]
async fn a_strict_server_knows_no_token_that_is_gone() {
    let extra = BTreeMap::from([("idp".to_owned(), json!({ "tokens": ["leaked-1"], "strict": true }))]);
    let world = World { extra, ..world("drift", &[("idp", 1)]) };
    let twins = Twins::with(&[("idp", "oauth2")], TwinOptions { world, ..TwinOptions::default() }).await;
    let idp = twins.client("idp").token(None);
    let form = [("client_id", "stanch"), ("client_secret", "twin-idp"), ("token", "leaked-1")];
    assert_eq!(idp.form("/revoke", &form).await.status, 200);
    let again = idp.form("/revoke", &form).await;
    assert_eq!((again.status, &again.body["error"]), (400, &json!("invalid_token")));
}

/// Three dialects of one change, each refused by services that speak another.
#[tokio::test]
async fn a_scim_service_takes_its_own_dialect() {
    let said = |dialect: &str| match dialect {
        "value" => json!([{ "op": "replace", "value": { "active": false } }]),
        "entra" => json!([{ "op": "Replace", "path": "active", "value": "False" }]),
        _ => json!([{ "op": "replace", "path": "active", "value": false }]),
    };
    for spoken in ["path", "value", "entra"] {
        let extra = BTreeMap::from([("hr".to_owned(), json!({ "dialect": spoken }))]);
        let world = World { people: 1, extra, ..World::default() };
        let twins = Twins::with(&[("hr", "scim")], TwinOptions { world, ..TwinOptions::default() }).await;
        let hr = twins.client("hr");
        let users = hr.get("/scim/v2/Users").await;
        let user = format!("/scim/v2/Users/{}", users.body["Resources"][0]["id"].as_str().expect("id"));
        for heard in ["path", "value", "entra"].into_iter().filter(|heard| *heard != spoken) {
            let refused = hr.json("PATCH", &user, json!({ "Operations": said(heard) })).await;
            assert_eq!(refused.status, 400, "{heard} to one that speaks {spoken}");
        }
        let done = hr.json("PATCH", &user, json!({ "Operations": said(spoken) })).await;
        assert_eq!((done.status, &done.body["active"]), (200, &json!(false)), "{spoken}");
    }
}
