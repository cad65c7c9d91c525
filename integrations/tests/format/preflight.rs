//! Is this account ready?

use std::time::SystemTime;

use serde_json::json;
use stanch_integrations::State;

use crate::{
    shop::Shop,
    support::{Answer, Server},
};

const HEAD: &str = r#"
auth: [{ name: token, type: bearer }]
granted: x-oauth-scopes
self: { action: whoami, is: { user: "{out.id}" } }"#;

const ACTIONS: &str = r#"
  whoami:
    title: Ask who we are
    effect: read
    request: { method: GET, path: /me }
    output: { id: id }
    evidence: none
    docs: https://shop.example/docs
  list_keys:
    title: List keys
    effect: read
    request: { method: GET, path: /keys }
    scopes: [keys.read]
    evidence: none
    docs: https://shop.example/docs
  suspend:
    title: Suspend
    effect: permanent
    target: { kind: user, id: "{user}" }
    input: { user: { type: string } }
    request: { method: POST, path: "/users/{user}/suspend" }
    verify: { none: a test }
    in_doubt: ask
    scopes: [users.write]
    evidence: none
    docs: https://shop.example/docs
"#;

/// What is found, as `what state`, where `/me` and `/keys` answer so and the platform's clock is so far from ours.
async fn found(me: u16, keys: u16, granted: Option<&'static str>, hours: i64) -> Vec<String> {
    let date = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    let date = httpdate::fmt_http_date(SystemTime::from(date));
    let server = Server::start(move |_, request| {
        assert_eq!(request.method, "GET", "it only reads");
        let status = if request.path == "/me" { me } else { keys };
        let mut headers = vec![("date", date.clone())];
        headers.extend(granted.map(|granted| ("x-oauth-scopes", granted.to_owned())));
        Answer::Say(status, headers, json!({ "id": "u-1" }).to_string())
    })
    .await;
    let live = Shop::new(HEAD, ACTIONS).at(&server.url()).credential("hunter22").build();
    let found = live.integrations.preflight("it").await.unwrap();
    assert!(!format!("{found:?}").contains("hunter22"));
    found.iter().map(|one| format!("{} {:?}", one.what, one.state)).collect()
}

#[tokio::test]
async fn what_is_ready_is_said_to_be() {
    let ready = ["address Fine", "clock Fine", "credential Fine", "scopes Fine", "identity Fine"];
    assert_eq!(found(200, 200, None, 0).await, ready);
    assert_eq!(found(200, 200, Some("keys.read, users.write"), 0).await, ready);
}

#[tokio::test]
async fn what_will_not_do_is_named() {
    let at = |found: Vec<String>, what: &str| found.into_iter().find(|one| one.starts_with(what)).unwrap();
    assert_eq!(at(found(200, 200, None, 3).await, "clock"), "clock Wrong");
    assert_eq!(at(found(401, 200, None, 0).await, "credential"), "credential Wrong");
    assert_eq!(at(found(200, 403, None, 0).await, "scopes"), "scopes Wrong");
    assert_eq!(at(found(200, 200, Some("keys.read"), 0).await, "scopes"), "scopes Wrong");
    let nobody = Shop::new(HEAD, ACTIONS).at("http://127.0.0.1:9").credential("hunter22").build();
    let found = nobody.integrations.preflight("it").await.unwrap();
    assert_eq!((found[0].what, found[0].state, found.len()), ("address", State::Wrong, 1));
    assert!(nobody.integrations.preflight("other").await.is_none());
}
