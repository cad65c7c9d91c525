//! Plans over the API: who may have one made, what it says, and what a run that is held to one is refused for.

use http::Method;
use serde_json::{Value, json};
use stanch_model::{
    api::{PlanBody, Role, StartBody},
    run::{Plan, RunState},
};

use crate::world::World;

fn asker() -> PlanBody {
    let input = json!({ "what": [] }).as_object().cloned().unwrap();
    PlanBody { playbook: "asker".to_owned(), input, ..PlanBody::default() }
}

async fn planned(world: &World) -> Plan {
    let client = world.client(Role::Responder);
    let run = client.plan(&asker()).await.unwrap().run;
    world.until(&run, |view| view.ended.is_some()).await;
    world.client(Role::Viewer).planned(&run).await.unwrap()
}

#[tokio::test]
async fn a_plan_is_for_responders_to_make_and_for_everybody_to_read() {
    let world = World::new().await;
    let body = serde_json::to_value(asker()).unwrap();
    let refused = world.as_role(Role::Viewer, Method::POST, "/v1/plans", &body).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "forbidden"),
        "reads cost the platforms' patience"
    );
    let made = world.as_role(Role::Responder, Method::POST, "/v1/plans", &body).await;
    assert_eq!((made.status, &made.json()["incident"]), (200, &Value::Null), "{:?}", made.body);
    let plan = planned(&world).await;
    assert_eq!((plan.playbook.as_str(), plan.state), ("asker", RunState::Ended));
    let hash = plan.hash.unwrap().to_string();
    let by_hash = world.as_role(Role::Viewer, Method::GET, &format!("/v1/plans/{hash}"), &Value::Null).await;
    assert_eq!(by_hash.json()["hash"], json!(hash));
    let runs = world.client(Role::Viewer).runs(false, 10).await.unwrap().items;
    assert!(runs.iter().all(|run| run.mode == "plan" && run.incident.is_none()), "{runs:#?}");
    let cards = world.client(Role::Viewer).approvals().await.unwrap().items;
    assert!(cards.is_empty(), "nobody is asked: {cards:#?}");
}

#[tokio::test]
async fn a_run_is_held_to_a_plan_that_is_there_and_of_its_playbook() {
    let world = World::new().await;
    let plan = planned(&world).await;
    let hash = plan.hash.unwrap().to_string();
    for (playbook, plan, status, code) in [
        ("asker", "0123456789abcdef", 404, "no_plan"),
        ("clocked", hash.as_str(), 409, "plan_changed"),
        ("asker", &hash[..16], 200, ""),
    ] {
        let start =
            StartBody { playbook: playbook.to_owned(), plan: Some(plan.to_owned()), ..StartBody::default() };
        let body = serde_json::to_value(start).unwrap();
        let reply = world.as_role(Role::Responder, Method::POST, "/v1/runs", &body).await;
        assert_eq!(reply.status, status, "{playbook} {plan}: {:?}", reply.body);
        assert!(status == 200 || reply.code() == code, "{:?}", reply.body);
    }
    let run = world.asking(Role::Responder).await;
    let none = world.as_role(Role::Viewer, Method::GET, &format!("/v1/plans/{run}"), &Value::Null).await;
    assert_eq!((none.status, none.code().as_str()), (409, "state"), "it is no plan");
}
