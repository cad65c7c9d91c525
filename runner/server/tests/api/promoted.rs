//! In mode live a trigger starts only what was promoted; anything else stands before its first step.

use http::Method;
use serde_json::{Value, json};
use stanch_model::{
    api::{JudgeBody, Role, Stage, Standing},
    run::{RunState, RunView},
};
use stanch_playbooks::{Bundle, bundle};

use crate::world::{CONFIG, World, playbook_named};

async fn breach(world: &World, app: &str) -> String {
    let sent = world.alert(&json!({ "kind": "test.breach", "app": app, "title": "Drift!" })).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    sent.json()["alerts"][0]["runs"][0].as_str().unwrap().to_owned()
}

fn began(view: &RunView) -> bool {
    view.deadlines.len() == 1
}

fn stands(view: &RunView) -> bool {
    view.state == RunState::Limited
}

async fn judge(world: &World, role: Role, what: &str, body: &Value) -> (u16, String) {
    let reply = world.as_role(role, Method::POST, &format!("/v1/playbooks/clocked/{what}"), body).await;
    let said = reply.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
    (reply.status, said)
}

async fn standing(world: &World) -> Standing {
    let all = world.client(Role::Viewer).playbooks().await.unwrap().items;
    all.into_iter().find(|playbook| playbook.slug == "clocked").unwrap().standing.unwrap()
}

#[tokio::test]
async fn what_nobody_promoted_stands_until_a_person_lets_it_go() {
    let world = World::live(CONFIG).await;
    let run = breach(&world, "drift").await;
    let view = world.until(&run, stands).await;
    assert!(view.why.contains("of clocked, which nobody has promoted"), "{}", view.why);
    assert!(view.deadlines.is_empty());
    assert_eq!(breach(&world, "drift").await, run, "a second alert joins the run that stands");
    let world = world.crash().await;
    assert!(world.until(&run, |_| true).await.deadlines.is_empty(), "a restart lets nothing go");
    world.client(Role::Responder).resume_run(&run).await.unwrap();
    world.until(&run, began).await;
    // by hand a draft starts at once
    let body = json!({ "playbook": "clocked", "input": { "app": "drift" } });
    let started = world.as_role(Role::Responder, Method::POST, "/v1/runs", &body).await;
    world.until(started.json()["run"].as_str().unwrap(), began).await;
}

#[tokio::test]
async fn two_people_promote_and_the_promotion_outlives_a_crash_until_it_is_withdrawn() {
    let world = World::live(CONFIG).await;
    assert_eq!(judge(&world, Role::Approver, "promote", &json!({})).await.0, 409, "nobody has reviewed it");
    assert_eq!(judge(&world, Role::Responder, "review", &json!({})).await.0, 200);
    assert_eq!(standing(&world).await.stage, Stage::Reviewed);
    assert_eq!(judge(&world, Role::Responder, "promote", &json!({})).await.0, 403);
    assert_eq!(judge(&world, Role::Approver, "promote", &json!({})).await.0, 200);
    let world = world.crash().await;
    let told = standing(&world).await;
    let by = (told.reviewed_by.join(", "), told.promoted_by.as_deref());
    assert_eq!((told.stage, by), (Stage::Promoted, ("responder".to_owned(), Some("approver"))));
    assert_eq!(told.alone, "");
    let run = breach(&world, "drift").await;
    world.until(&run, began).await;
    assert_eq!(judge(&world, Role::Responder, "withdraw", &json!({})).await.0, 200);
    let run = breach(&world, "other").await;
    world.until(&run, stands).await;
}

#[tokio::test]
async fn one_person_alone_says_why_and_the_reason_stays() {
    let world = World::live(CONFIG).await;
    assert_eq!(judge(&world, Role::Approver, "review", &json!({})).await.0, 200);
    let (status, said) = judge(&world, Role::Approver, "promote", &json!({})).await;
    assert_eq!(status, 409);
    assert!(said.contains("approver reviewed it, and somebody else must promote it"), "{said}");
    assert_eq!(judge(&world, Role::Approver, "promote", &json!({ "alone": " " })).await.0, 409);
    let alone = json!({ "alone": "nobody else is awake" });
    assert_eq!(judge(&world, Role::Approver, "promote", &alone).await.0, 200);
    assert_eq!(standing(&world).await.alone, "nobody else is awake");
}

#[tokio::test]
async fn a_second_reviewer_hides_nobody_and_a_reason_that_was_not_needed_is_not_kept() {
    let world = World::live(CONFIG).await;
    for role in [Role::Responder, Role::Approver] {
        assert_eq!(judge(&world, role, "review", &json!({})).await.0, 200);
    }
    // the approver has reviewed it too, but is not alone
    assert_eq!(judge(&world, Role::Approver, "promote", &json!({ "alone": "in a hurry" })).await.0, 200);
    let told = standing(&world).await;
    assert_eq!((told.reviewed_by, told.alone.as_str()), (vec!["responder".into(), "approver".into()], ""));
}

#[tokio::test]
async fn another_version_than_the_one_here_is_refused() {
    let world = World::live(CONFIG).await;
    for (version, words) in [("0123456789", "the version here is"), ("01", "is too short")] {
        let (status, said) = judge(&world, Role::Responder, "review", &json!({ "version": version })).await;
        assert_eq!(status, 409);
        assert!(said.contains(words), "{said}");
    }
    let reply =
        world.as_role(Role::Responder, Method::POST, "/v1/playbooks/clokced/review", &json!({})).await;
    assert_eq!(reply.status, 404);
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("did you mean clocked?"));
}

#[tokio::test]
async fn a_signature_of_a_trusted_key_stands_for_the_review() {
    let private = bundle::new_key().unwrap();
    let public = bundle::public_key(&private).unwrap();
    let config = format!("{CONFIG}\npromote:\n  keys:\n    release: {public}\n");
    let world = World::live(&config).await;
    let playbook = playbook_named("clocked");
    let signed = |private: &str| {
        let bundle = Bundle::sign(&playbook, private).unwrap();
        JudgeBody { signature: Some(bundle.signature), ..JudgeBody::default() }
    };
    let stranger = serde_json::to_value(signed(&bundle::new_key().unwrap())).unwrap();
    let (status, said) = judge(&world, Role::Approver, "promote", &stranger).await;
    assert_eq!(status, 422);
    assert!(said.contains("none of the trusted keys"), "{said}");
    let mut forged = signed(&private);
    forged.version = Some("f".repeat(64));
    let (status, said) = judge(&world, Role::Approver, "promote", &json!(forged)).await;
    assert_eq!(status, 422);
    assert!(said.contains("does not fit"), "{said}");
    assert_eq!(judge(&world, Role::Approver, "promote", &json!(signed(&private))).await.0, 200);
    assert_eq!(standing(&world).await.reviewed_by, ["key release"]);
    let run = breach(&world, "drift").await;
    world.until(&run, began).await;
}
