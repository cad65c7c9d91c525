//! Alerts through the whole server.

use http::Method;
use serde_json::json;
use stanch_model::{StreamId, api::Role};

use crate::world::{SECRET, World, sign};

fn breach(id: &str) -> serde_json::Value {
    json!({ "id": id, "delivery": id, "kind": "test.breach", "app": "drift", "severity": "high", "title": "Drift is breached" })
}

#[tokio::test]
async fn an_alert_is_durable_before_the_answer_and_starts_its_run() {
    let world = World::new().await;
    let reply = world.alert(&breach("a1")).await;
    assert_eq!(reply.status, 200, "{:?}", reply.body);
    let receipt = reply.json();
    let alert = receipt["alerts"][0]["id"].as_str().unwrap();
    let run = receipt["alerts"][0]["runs"][0].as_str().unwrap();
    // what a kill -9 in this very moment would leave
    let left = world.ground.crashed();
    assert_eq!(left.journal().read(&StreamId::alert(alert), 1, 10).unwrap().len(), 2);
    let client = world.client(Role::Viewer);
    world.until(run, |view| view.deadlines.len() == 1).await;
    let incident = client.incident(receipt["alerts"][0]["incident"].as_str().unwrap()).await.unwrap();
    assert_eq!(
        (incident.summary.title.as_str(), incident.summary.mode.as_str()),
        ("Drift is breached", "drill")
    );
    assert_eq!(incident.alerts, [alert]);
    assert_eq!(
        (incident.deadlines[0].rule.as_str(), incident.deadlines[0].state.as_str()),
        ("contract", "open")
    );
    let alerts = client.alerts(10, None).await.unwrap().items;
    assert_eq!((alerts[0].id.as_str(), alerts[0].runs[0].as_str()), (alert, run));
    assert_eq!(client.deadlines().await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_redelivery_is_answered_like_the_first_and_starts_nothing() {
    let world = World::new().await;
    let first = world.alert(&breach("a1")).await.json();
    let again = world.alert(&breach("a1")).await;
    let again = (again.status, again.json());
    assert_eq!((again.0, &again.1["duplicate"], &first["duplicate"]), (200, &json!(true), &json!(false)));
    assert_eq!(again.1["alerts"][0]["id"], first["alerts"][0]["id"]);
    assert_eq!(again.1["alerts"][0]["runs"], first["alerts"][0]["runs"]);
    let runs = world.client(Role::Viewer).runs(false, 100).await.unwrap().items;
    assert_eq!(runs.len(), 1);
}

#[tokio::test]
async fn a_redelivery_after_a_crash_is_still_one() {
    let world = World::new().await;
    let first = world.alert(&breach("a1")).await.json();
    let world = world.crash().await;
    let again = world.alert(&breach("a1")).await.json();
    let told = (&again["duplicate"], &again["alerts"][0]["id"]);
    assert_eq!(told, (&json!(true), &first["alerts"][0]["id"]), "{again}");
}

#[tokio::test]
async fn a_second_alert_about_the_same_app_joins_the_open_run() {
    let world = World::new().await;
    let first = world.alert(&breach("a1")).await.json();
    let second = world.alert(&breach("a2")).await.json();
    assert_eq!(second["alerts"][0]["runs"], first["alerts"][0]["runs"]);
    assert_ne!(second["alerts"][0]["id"], first["alerts"][0]["id"]);
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_is_acknowledged() {
    let world = World::new().await;
    world.ground.fill().await;
    let reply = world.alert(&breach("a1")).await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "full"));
    assert!(reply.headers.contains_key("retry-after"));
    assert_eq!(world.raw(Method::GET, "/readyz", &[], "").await.status, 503);
    world.ground.make_room().await;
    assert_eq!(world.alert(&breach("a1")).await.json()["duplicate"], json!(false));
    assert_eq!(world.raw(Method::GET, "/readyz", &[], "").await.status, 200);
}

#[tokio::test]
async fn every_format_comes_in_by_its_own_proof() {
    let world = World::new().await;
    let challenge = [("x-okta-verification-challenge", "abc")];
    let reply = world.raw(Method::GET, "/v1/alerts/hook", &challenge, "").await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "verification": "abc" })));
    let event = |uuid| json!({ "uuid": uuid, "eventType": "user.session.start", "severity": "INFO", "actor": { "type": "User", "alternateId": "ana" } });
    let hook = json!({ "data": { "events": [event("u1"), event("u2"), event("u1")] } }).to_string();
    let reply = world.raw(Method::POST, "/v1/alerts/hook", &[("authorization", SECRET)], hook).await;
    let duplicates: Vec<_> =
        reply.json()["alerts"].as_array().unwrap().iter().map(|alert| alert["duplicate"].clone()).collect();
    assert_eq!(duplicates, [json!(false), json!(false), json!(true)]);
    let ping = json!({ "zen": "x" }).to_string();
    let signature = format!("sha256={}", sign(ping.as_bytes()));
    let headers = [("x-hub-signature-256", signature.as_str()), ("x-github-event", "ping")];
    let reply = world.raw(Method::POST, "/v1/alerts/github", &headers, ping).await;
    assert_eq!((reply.status, &reply.json()["ignored"]), (200, &json!("ping")));
}

#[tokio::test]
async fn a_person_hands_an_alert_in_without_a_signature() {
    let world = World::new().await;
    let body = breach("by-hand").to_string();
    let receipt = world
        .client(Role::Responder)
        .hand_in_alert("plain", http::HeaderMap::new(), body.clone().into())
        .await
        .unwrap();
    assert_eq!(receipt.alerts[0].runs.len(), 1);
    let viewer = world.client(Role::Viewer).hand_in_alert("plain", http::HeaderMap::new(), body.into()).await;
    assert_eq!(viewer.unwrap_err().status(), Some(403));
}

/// What the page for authors says that any sender can send.
#[tokio::test]
async fn the_alert_on_the_page_for_authors_is_taken() {
    let page = include_str!("../../../../playbooks/AUTHORING.md");
    let body =
        page.split("`alert.json`\n\n```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert!(page.contains("-H \"X-Signature-256: sha256=$(openssl dgst -sha256 -hmac"));
    let world = World::new().await;
    let send = async |body: &str, signature: String| {
        world.raw(Method::POST, "/v1/alerts/plain", &[("x-signature-256", &signature)], body.to_owned()).await
    };
    let taken = send(body, format!("sha256={}", sign(body.as_bytes()))).await;
    assert_eq!(taken.status, 200, "{:?}", taken.body);
    let alert = world.client(Role::Viewer).alerts(10, None).await.unwrap().items.remove(0).alert;
    assert_eq!(
        (alert.kind.as_str(), alert.user.as_deref()),
        ("account.suspicious", Some("kim@agency.example"))
    );
    assert_eq!((alert.severity, alert.id.as_str()), (stanch_model::Severity::High, "4711"));
    assert_eq!(alert.raw["device"], json!("not ours"));
    assert_eq!(send(body, sign(b"another body")).await.status, 401);
    assert_eq!(send("no JSON", sign(b"no JSON")).await.status, 400);
    assert_eq!(send("{}", sign(b"{}")).await.status, 422);
}
