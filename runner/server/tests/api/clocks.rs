//! Clocks that people start and move, that begin one after the other, and that calendars subscribe to.

use http::Method;
use serde_json::json;
use stanch_model::api::{BeginBody, MoveBody, Role};

use crate::world::World;

async fn breach(world: &World) -> String {
    let alert = json!({ "id": "a1", "kind": "test.breach", "app": "drift", "title": "Drift is breached" });
    let receipt = world.alert(&alert).await.json();
    let run = receipt["alerts"][0]["runs"][0].as_str().unwrap();
    world.until(run, |view| view.deadlines.len() == 1).await;
    receipt["alerts"][0]["incident"].as_str().unwrap().to_owned()
}

fn rule(rule: &str, from: &str) -> BeginBody {
    BeginBody { rule: rule.to_owned(), from: Some(from.to_owned()), ..BeginBody::default() }
}

#[tokio::test]
async fn the_final_report_begins_when_the_notification_is_sent() {
    let world = World::new().await;
    let incident = breach(&world).await;
    let responder = world.client(Role::Responder);
    responder.begin_deadline(&incident, &rule("nis2-notification", "2026-11-06T20:00:00Z")).await.unwrap();
    let again = responder.begin_deadline(&incident, &rule("nis2-notification", "2026-11-07T20:00:00Z")).await;
    assert_eq!(again.unwrap_err().status(), Some(409));
    responder.deadline_sent(&incident, "nis2-notification", "ticket 1").await.unwrap();
    let world = world.crash().await;
    let responder = world.client(Role::Responder);
    let clocks = responder.deadlines().await.unwrap().items;
    let last = clocks.iter().find(|clock| clock.id == "nis2-final").unwrap();
    assert_eq!(last.state, "open");
    // a second word about the notification begins nothing a second time
    responder.deadline_sent(&incident, "nis2-notification", "ticket 2").await.unwrap();
    let ids: Vec<String> =
        responder.deadlines().await.unwrap().items.into_iter().map(|clock| clock.id).collect();
    assert_eq!(ids.iter().filter(|id| *id == "nis2-final").count(), 1, "{ids:?}");
    assert!(clocks.windows(2).all(|two| two[0].due <= two[1].due), "the nearest first");
}

#[tokio::test]
async fn what_cannot_be_started_is_refused_with_the_way_out() {
    let world = World::new().await;
    let incident = breach(&world).await;
    let responder = world.client(Role::Responder);
    for (body, words) in [
        (rule("gdpr-333", "2026-11-06T20:00:00Z"), "did you mean `gdpr-33`?"),
        (rule("gdpr-33", "yesterday"), "is not a moment"),
        (rule("contract-from-vendor", "2026-11-06T20:00:00Z"), "names no clause"),
    ] {
        let refused = responder.begin_deadline(&incident, &body).await.unwrap_err();
        assert!(refused.status() == Some(422) && refused.to_string().contains(words), "{refused}");
    }
    assert_eq!(responder.deadlines().await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_clock_is_counted_from_another_moment_for_a_reason_only() {
    let world = World::new().await;
    let incident = breach(&world).await;
    let approver = world.client(Role::Approver);
    let moved =
        |reason: &str| MoveBody { from: "2026-11-06T20:00:00Z".to_owned(), reason: reason.to_owned() };
    let silent = approver.move_deadline(&incident, "contract:Drift", &moved(" ")).await.unwrap_err();
    assert_eq!(silent.status(), Some(422));
    let responder = world.client(Role::Responder);
    let forbidden = responder.move_deadline(&incident, "contract:Drift", &moved("x")).await.unwrap_err();
    assert_eq!(forbidden.status(), Some(403));
    assert!(
        approver.move_deadline(&incident, "contract:Drift", &moved("the log shows it")).await.unwrap().new
    );
    assert!(
        !approver.move_deadline(&incident, "contract:Drift", &moved("the log shows it")).await.unwrap().new
    );
    let world = world.crash().await;
    let clock = world.client(Role::Viewer).deadlines().await.unwrap().items.remove(0);
    assert_eq!((clock.anchor.as_str(), clock.due.as_str()), ("2026-11-06T20:00:00Z", "2026-11-07T20:00:00Z"));
}

#[tokio::test]
async fn a_calendar_subscribes_with_a_token_in_the_header_and_never_in_the_address() {
    let world = World::new().await;
    breach(&world).await;
    let reply = world.as_role(Role::Viewer, Method::GET, "/v1/deadlines.ics", &json!({})).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/calendar; charset=utf-8");
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.contains("contract:Drift@stanch"), "{text}");
    assert!(text.split_inclusive('\n').all(|line| line.ends_with("\r\n") && line.len() <= 77), "{text}");
    let token = world.token(Role::Viewer).to_owned();
    for name in ["token", "access_token", "authorization"] {
        let path = format!("/v1/deadlines.ics?{name}={token}");
        let refused = world.raw(Method::GET, &path, &[], "").await;
        assert_eq!((refused.status, refused.code().as_str()), (400, "token_in_url"), "{name}");
        assert!(!String::from_utf8_lossy(&refused.body).contains(&token));
    }
}
