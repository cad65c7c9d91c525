//! Requests that are made of what was read a moment before.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stanch_integrations::{By, Integrations, Outcome};

use crate::{
    shop::Shop,
    support::{Answer, Server, call, kind},
};

const ACTIONS: &str = r#"
  list_keys:
    title: List an app's keys
    effect: read
    input: { app: { type: string } }
    request: { method: GET, path: "/apps/{app}" }
    output: { keys: keys }
    evidence: none
    docs: https://shop.example/docs
  get_key:
    title: Read one key
    effect: read
    input: { app: { type: string }, key: { type: string } }
    request: { method: GET, path: "/apps/{app}" }
    yields: { each: keys, attrs: { keyId: keyId, usage: usage }, only: item.keyId == input.key }
    evidence: none
    docs: https://shop.example/docs
  remove_key:
    title: Take a key away
    verb: key.disable
    effect: reversible
    target: { kind: key, id: "{app}/{key}" }
    input: { app: { type: string }, key: { type: string } }
    capture: { action: get_key, with: { app: "{app}", key: "{key}" } }
    read:
      action: list_keys
      with: { app: "{app}" }
      already: "!read.keys.some(|one| one.keyId == input.key)"
    let: { kept: "read.keys.filter(|one| one.keyId != input.key)" }
    request: { method: PATCH, path: "/apps/{app}", json: { keys: "{kept}" } }
    success: { status: [204] }
    verify: { action: list_keys, with: { app: "{app}" }, until: "!out.keys.some(|one| one.keyId == input.key)" }
    undo: { action: add_key, with: { app: "{app}", key: "{before.0}" } }
    in_doubt: probe
    evidence: none
    docs: https://shop.example/docs
  add_key:
    title: Give a key back
    effect: restore
    input: { app: { type: string }, key: { type: map } }
    read: { action: list_keys, with: { app: "{app}" }, already: "read.keys.some(|one| one.keyId == input.key.keyId)" }
    let: { all: "read.keys + [input.key]" }
    request: { method: PATCH, path: "/apps/{app}", json: { keys: "{all}" } }
    success: { status: [204] }
    verify: { action: list_keys, with: { app: "{app}" }, until: "out.keys.some(|one| one.keyId == input.key.keyId)" }
    in_doubt: probe
    evidence: none
    docs: https://shop.example/docs
"#;

/// A platform that knows nothing but "here are an app's keys" and "these are its keys now".
async fn platform() -> (Server, Arc<Mutex<Value>>) {
    let keys = Arc::new(Mutex::new(json!([
        { "keyId": "a", "usage": "Sign" }, { "keyId": "b", "usage": "Verify" }, { "keyId": "c", "usage": "Verify" }
    ])));
    let state = Arc::clone(&keys);
    let server = Server::start(move |_, request| {
        let mut keys = state.lock().unwrap();
        match request.method.as_str() {
            "GET" => Answer::json(200, json!({ "keys": *keys })),
            _ => {
                *keys = serde_json::from_str::<Value>(&request.body).unwrap()["keys"].clone();
                Answer::Say(204, Vec::new(), String::new())
            }
        }
    })
    .await;
    (server, keys)
}

fn ids(keys: &Mutex<Value>) -> String {
    let keys = keys.lock().unwrap();
    let mut ids: Vec<_> = keys.as_array().unwrap().iter().map(|key| key["keyId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.concat()
}

async fn remove(integrations: &Integrations, key: &str) -> Outcome {
    integrations.call(call("it", "remove_key", json!({ "app": "x", "key": key }))).await
}

#[tokio::test]
async fn one_key_goes_the_others_stay_and_undo_puts_it_into_what_is_there_then() {
    let (server, keys) = platform().await;
    let live = Shop::open(ACTIONS).at(&server.url()).build();
    let it = &live.integrations;
    let input = json!({ "app": "x", "key": "b" });
    let capture = it.capture("it", "remove_key", None, &input).unwrap();
    let Outcome::Done { value: before, .. } = it.call(call("it", &capture.action, capture.input)).await
    else {
        panic!("captured")
    };
    assert_eq!(kind(&remove(it, "b").await), "done by Us");
    assert_eq!(ids(&keys), "ac");
    // Meanwhile somebody else takes another one away, which stays away.
    assert_eq!(kind(&remove(it, "a").await), "done by Us");
    let undo = it.undo_of("it", "remove_key", None, &input, &before).unwrap();
    assert_eq!(undo.input["key"], json!({ "keyId": "b", "usage": "Verify" }));
    assert_eq!(kind(&it.call(call("it", &undo.action, undo.input.clone())).await), "done by Us");
    assert_eq!(ids(&keys), "bc");
    assert_eq!(kind(&it.call(call("it", &undo.action, undo.input)).await), "done by Other", "undone twice");
}

#[tokio::test]
async fn what_is_gone_already_is_not_written_again() {
    let (server, _) = platform().await;
    let live = Shop::open(ACTIONS).at(&server.url()).build();
    assert_eq!(kind(&remove(&live.integrations, "gone").await), "done by Other");
    assert!(server.seen().iter().all(|request| request.method == "GET"));
    let mut second = call("it", "remove_key", json!({ "app": "x", "key": "gone" }));
    second.attempt = 2;
    let Outcome::Done { by, .. } = live.integrations.call(second).await else { panic!("done") };
    assert_eq!(by, By::Unknown, "it may be what our first attempt did");
}

#[tokio::test]
async fn two_at_once_do_not_undo_each_other() {
    for _ in 0..8 {
        let (server, keys) = platform().await;
        let live = Shop::open(ACTIONS).at(&server.url()).build();
        let (one, two) = tokio::join!(remove(&live.integrations, "a"), remove(&live.integrations, "b"));
        assert_eq!((kind(&one), kind(&two)), ("done by Us".to_owned(), "done by Us".to_owned()));
        assert_eq!(ids(&keys), "c");
    }
}

#[tokio::test]
async fn what_could_not_be_read_is_not_written() {
    for (status, body, expected) in [
        (404, json!({}), "not_found"),
        (503, json!({}), "not sent"),
        (200, json!({ "keys": null }), "garbled"),
    ] {
        let server = Server::start(move |_, _| Answer::json(status, body.clone())).await;
        let live = Shop::open(ACTIONS).at(&server.url()).build();
        let outcome = remove(&live.integrations, "b").await;
        assert_eq!(kind(&outcome), expected, "{outcome:?}");
        assert!(server.seen().iter().all(|request| request.method == "GET"), "nothing was written");
    }
}
