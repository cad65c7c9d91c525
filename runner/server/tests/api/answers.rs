//! Every answer against the description that the server gives of itself.

use http::Method;
use serde_json::{Value, json};
use stanch_model::api::Role;

use crate::world::World;

/// `World::raw` compares each answer with its schema.
#[tokio::test]
async fn every_answer_is_as_it_is_described() {
    let world = World::new().await;
    let ask = async |method: Method, path: String, body: Value| {
        let reply = world.as_role(Role::Admin, method.clone(), &path, &body).await;
        assert_eq!(reply.status, 200, "{method} {path}: {:?}", reply.body);
        reply.json()
    };
    let breach =
        json!({ "kind": "test.breach", "app": "drift", "severity": "high", "title": "Drift is breached" });
    let receipt = world.alert(&breach).await.json();
    let incident = receipt["alerts"][0]["incident"].as_str().unwrap();
    let started = receipt["alerts"][0]["runs"][0].as_str().unwrap();
    world.until(started, |view| view.deadlines.len() == 1).await;
    let waiting = world.asking(Role::Responder).await;
    for path in
        ["alerts", "runs", "incidents", "deadlines", "approvals", "questions", "tokens", "me", "status"]
    {
        ask(Method::GET, format!("/v1/{path}"), json!({})).await;
    }
    for path in ["playbooks", "integrations"] {
        ask(Method::GET, format!("/v1/{path}"), json!({})).await;
    }
    for path in [
        format!("/v1/runs/{waiting}"),
        format!("/v1/runs/{waiting}/entries"),
        format!("/v1/incidents/{incident}"),
        format!("/v1/approvals/{waiting}:A1"),
        format!("/v1/questions/{started}:Q1"),
    ] {
        ask(Method::GET, path, json!({})).await;
    }
    let approve = json!({ "say": "approve" });
    let card = format!("/v1/approvals/{waiting}:A1");
    let decided = world.as_role(Role::Approver, Method::POST, &card, &approve).await;
    assert_eq!(decided.status, 200);
    let pause = json!({ "scope": "playbook:asker" });
    for (path, body) in [
        ("alerts/plain/by-hand".to_owned(), breach.clone()),
        ("runs".to_owned(), json!({ "playbook": "asker", "input": { "what": [] } })),
        (format!("incidents/{incident}/notes"), json!({ "text": "Called them" })),
        (format!("incidents/{incident}/deadlines/contract:Drift/sent"), json!({ "reason": "ticket 1" })),
        (format!("incidents/{incident}/deadlines/contract:Drift/waive"), json!({ "reason": "not owed" })),
        (format!("questions/{started}:Q1"), json!({ "answer": "done" })),
        (format!("runs/{waiting}/pause"), json!({})),
        (format!("runs/{waiting}/resume"), json!({})),
        (format!("runs/{waiting}/cancel"), json!({ "reason": "enough" })),
        ("pause".to_owned(), pause.clone()),
        ("resume".to_owned(), pause),
    ] {
        ask(Method::POST, format!("/v1/{path}"), body).await;
    }
    let made = ask(Method::POST, "/v1/tokens".to_owned(), json!({ "name": "x", "role": "viewer" })).await;
    let id = made["info"]["id"].as_str().unwrap();
    ask(Method::DELETE, format!("/v1/tokens/{id}"), json!({})).await;
    let challenge = [("x-okta-verification-challenge", "abc")];
    assert_eq!(world.raw(Method::GET, "/v1/alerts/hook", &challenge, "").await.status, 200);
    assert_eq!(world.raw(Method::GET, "/openapi.json", &[], "").await.status, 200);
    let (described, given) = world.description.given();
    let left: Vec<&String> = described.difference(&given).collect();
    // These need a sender without headers, a script that changed, a platform that fell silent, a cut that stands; they give
    // what `sendAlert` and `answer` give.
    assert_eq!(left, ["repinRun", "resolve", "sendAlertWithSecret", "undoRun"]);
}
