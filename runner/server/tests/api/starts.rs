//! Runs that a person starts, with an alert in the hand or without.

use http::Method;
use serde_json::{Value, json};
use stanch_model::{api::Role, run::WaitKind};

use crate::world::World;

fn app() -> Value {
    json!({ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": "Drift" } })
}

fn severe() -> Value {
    json!({ "kind": "test.severe", "severity": "critical", "title": "It is severe", "what": [app()] })
}

#[tokio::test]
async fn an_alert_in_our_shape_fills_the_inputs_and_is_seen_by_the_run() {
    let world = World::new().await;
    let alert = json!({ "kind": "test.breach", "app": "drift", "severity": "high", "title": "Drift!" });
    let body = json!({ "playbook": "clocked", "alert": alert });
    let started = world.as_role(Role::Responder, Method::POST, "/v1/runs", &body).await;
    assert_eq!(started.status, 200, "{:?}", started.body);
    let view = world.until(started.json()["run"].as_str().unwrap(), |view| view.deadlines.len() == 1).await;
    assert_eq!((&view.input["app"], view.started_by.as_str()), (&json!("drift"), "responder"));
    assert_eq!((&view.alert["title"], &view.alert["by"]), (&json!("Drift!"), &json!("responder")));
    let incident = started.json()["incident"].as_str().unwrap().to_owned();
    let incident = world.client(Role::Viewer).incident(&incident).await.unwrap();
    assert_eq!(incident.summary.title, "Drift!");
}

#[tokio::test]
async fn a_delivery_of_a_source_is_read_as_that_source_reads_it() {
    let world = World::new().await;
    let leak = json!({
        "action": "created", "alert": { "number": 42, "secret_type": "aws", "html_url": "https://example.com/42", "secret": "AKIA" },
        "repository": { "name": "web", "full_name": "acme/web", "owner": { "login": "acme" } },
    });
    let body = json!({ "playbook": "asker", "input": { "what": [] }, "delivery": { "source": "github", "body": leak } });
    let started = world.as_role(Role::Responder, Method::POST, "/v1/runs", &body).await;
    assert_eq!(started.status, 200, "{:?}", started.body);
    let view = world.until(started.json()["run"].as_str().unwrap(), |_| true).await;
    assert_eq!((&view.alert["kind"], &view.alert["source"]), (&json!("credential.leaked"), &json!("github")));
    assert!(!view.alert.to_string().contains("AKIA"), "{}", view.alert);
}

#[tokio::test]
async fn what_is_no_alert_starts_nothing_and_says_why() {
    let world = World::new().await;
    let event = json!({ "uuid": "1", "eventType": "user.session.start", "severity": "INFO" });
    let hook = json!({ "data": { "events": [event, event] } });
    let alert = json!({ "kind": "test.breach" });
    for (more, status, words) in [
        (json!({ "alert": { "title": "x" } }), 400, "missing field `kind`"),
        (json!({ "alert": { "kind": "two words" } }), 400, "not a kind"),
        (json!({ "alert": { "kind": "x", "time": "yesterday" } }), 400, "not an instant"),
        (json!({ "alert": alert, "delivery": { "source": "plain", "body": {} } }), 400, "not both"),
        (json!({ "delivery": { "source": "plian", "body": {} } }), 404, "plian"),
        (json!({ "delivery": { "source": "plain", "body": {} } }), 422, "has no `kind`"),
        (json!({ "delivery": { "source": "hook", "body": hook } }), 422, "holds 2 alerts"),
        (
            json!({ "delivery": { "source": "github", "body": { "zen": "x", "hook_id": 1 } } }),
            422,
            "no alert",
        ),
        (json!({ "incident": "NONE" }), 404, "there is no incident NONE"),
    ] {
        let mut body = json!({ "playbook": "asker", "input": { "what": [] } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let before = world.journal.durable();
        let reply = world.as_role(Role::Responder, Method::POST, "/v1/runs", &body).await;
        assert_eq!(reply.status, status, "{more}: {:?}", reply.body);
        let said = reply.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(said.contains(words), "{more}: {said}");
        assert_eq!(world.journal.durable(), before, "{more}: something was written");
    }
    let near = json!({ "playbook": "asker", "delivery": { "source": "plian", "body": {} } });
    let reply = world.as_role(Role::Responder, Method::POST, "/v1/runs", &near).await;
    assert_eq!(reply.json()["error"]["help"], "did you mean `plain`?");
}

#[tokio::test]
async fn an_alert_that_its_source_has_proven_may_pre_approve_and_nobody_is_asked() {
    let world = World::new().await;
    let receipt = world.alert(&severe()).await.json();
    let run = receipt["alerts"][0]["runs"][0].as_str().unwrap();
    let view = world.until(run, |view| view.ended.is_some()).await;
    let closed = view.waits[0].closed.clone().unwrap();
    assert_eq!((closed.by.as_str(), view.started_by.as_str()), ("pre_approved", "alert:plain"));
}

#[tokio::test]
async fn an_alert_that_a_person_hands_in_is_no_yes_of_anybody_and_they_may_not_give_it() {
    let world = World::new().await;
    let admin = world.client(Role::Admin);
    let receipt =
        admin.hand_in_alert("plain", http::HeaderMap::new(), severe().to_string().into()).await.unwrap();
    let body = json!({ "playbook": "severe", "delivery": { "source": "plain", "body": severe() } });
    let started = world.as_role(Role::Admin, Method::POST, "/v1/runs", &body).await;
    assert_eq!(started.status, 200, "{:?}", started.body);
    let by_delivery = started.json()["run"].as_str().unwrap().to_owned();
    for run in [receipt.alerts[0].runs[0].clone(), by_delivery] {
        let view = world.until(&run, |view| view.open_waits().count() == 1).await;
        assert_eq!((view.started_by.as_str(), view.waits[0].kind), ("admin", WaitKind::Approval));
        let yes = json!({ "say": "approve" });
        let own = world.as_role(Role::Admin, Method::POST, &format!("/v1/approvals/{run}:A1"), &yes).await;
        assert_eq!((own.status, own.code().as_str()), (403, "not_you"));
    }
}

#[tokio::test]
async fn whoever_starts_one_by_hand_is_shown_what_it_takes_and_which_of_it_is_wrong() {
    let world = World::new().await;
    let playbooks = world.client(Role::Viewer).playbooks().await.unwrap().items;
    let cut = playbooks.iter().find(|one| one.slug == "oauth-app-compromise").unwrap();
    let inputs: Vec<(&str, &str, bool)> =
        cut.input.iter().map(|one| (one.name.as_str(), one.kind.as_str(), one.required)).collect();
    assert_eq!(inputs, [("app", "app", true), ("since", "time", false)]);
    assert_eq!(cut.input[1].default, Some(json!("now")));
    assert_eq!(cut.input[0].help, "a name, a client id or a vendor");
    let body =
        json!({ "playbook": "oauth-app-compromise", "input": { "app": "drift", "since": "yesterday" } });
    let reply = world.as_role(Role::Responder, Method::POST, "/v1/runs", &body).await;
    assert_eq!((reply.status, &reply.json()["error"]["field"]), (422, &json!("since")));
    let missing = json!({ "playbook": "oauth-app-compromise" });
    let reply = world.as_role(Role::Responder, Method::POST, "/v1/runs", &missing).await;
    assert_eq!((reply.status, &reply.json()["error"]["field"]), (422, &json!("app")));
}

#[tokio::test]
async fn the_register_says_what_of_it_somebody_should_look_at() {
    let world = World::new().await;
    let vendors = world.client(Role::Viewer).vendors().await.unwrap().items;
    let about: Vec<&str> = vendors[0].look_at.iter().map(|one| one.about.as_str()).collect();
    assert!(about.contains(&"contact") && about.contains(&"review"), "{:?}", vendors[0].look_at);
    assert!(vendors[0].look_at.is_sorted_by_key(|one| one.weight), "the worst first");
    let page = world.client(Role::Viewer).vendor("drift").await.unwrap();
    assert_eq!(page.vendor, vendors[0], "the same on its page");
}
