//! The end of an incident: what it waits for, what it keeps out, and that it can be taken back.

use http::Method;
use serde_json::{Value, json};
use stanch_client::Client;
use stanch_model::{
    StreamId,
    api::{AnswerBody, BeginBody, MoveBody, Role, StartBody},
};

use crate::world::World;

struct Breach {
    incident: String,
    run: String,
}

/// An incident whose run has started a clock, and asks whether it is done.
async fn breach(world: &World, alert: &str) -> Breach {
    let alert = json!({ "id": alert, "kind": "test.breach", "app": "drift", "title": "Drift is breached" });
    let receipt = world.alert(&alert).await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let run = text(&receipt["alerts"][0]["runs"][0]);
    world.until(&run, |view| view.open_waits().count() == 1).await;
    Breach { incident: text(&receipt["alerts"][0]["incident"]), run }
}

async fn ends(world: &World, run: &str) {
    let done = AnswerBody { answer: "done".to_owned(), note: None };
    world.client(Role::Responder).answer(&format!("{run}:Q1"), &done).await.unwrap();
    world.until(run, |view| view.ended.is_some()).await;
}

/// Nothing of it is open any more. Gives who says so.
async fn over(world: &World, breach: &Breach) -> Client {
    ends(world, &breach.run).await;
    let responder = world.client(Role::Responder);
    responder.deadline_sent(&breach.incident, "contract:Drift", "ticket 1").await.unwrap();
    responder
}

/// One that is closed.
async fn closed(world: &World) -> Breach {
    let breach = breach(world, "a1").await;
    let responder = over(world, &breach).await;
    responder.close_incident(&breach.incident, "Drift turned its tokens").await.unwrap();
    breach
}

/// One more run on the incident, which asks about nothing.
fn more(incident: &str) -> StartBody {
    StartBody {
        playbook: "asker".to_owned(),
        input: json!({ "what": [] }).as_object().cloned().unwrap(),
        incident: Some(incident.to_owned()),
        ..StartBody::default()
    }
}

async fn kinds(world: &World, incident: &str) -> Vec<String> {
    let entries = world.journal.read(&StreamId::incident(incident), 1, 100).unwrap();
    entries.into_iter().map(|entry| entry.header.kind).collect()
}

#[tokio::test]
async fn what_is_open_is_named_with_the_way_out_and_nothing_is_written() {
    let world = World::new().await;
    let Breach { incident, run } = breach(&world, "a1").await;
    let responder = world.client(Role::Responder);
    let refused = responder.close_incident(&incident, "done").await.unwrap_err();
    let (said, help) = (refused.to_string(), refused.help().unwrap().to_owned());
    assert_eq!(refused.status(), Some(409), "{said}");
    let (short_run, short_incident) = (&run[18..], &incident[18..]);
    assert!(said.contains(&format!("incident {short_incident} cannot be closed: ")), "{said}");
    assert!(said.contains(&format!("run {short_run} of clocked is waiting: Q1 Done?")), "{said}");
    assert!(said.contains(&format!("clock {short_incident}:contract:Drift is open, due ")), "{said}");
    assert!(
        help.contains("`stanch cancel RUN`") && help.contains("`stanch deadlines waive CLOCK`"),
        "{help}"
    );
    ends(&world, &run).await;
    let refused = responder.close_incident(&incident, "done").await.unwrap_err();
    let (said, help) = (refused.to_string(), refused.help().unwrap().to_owned());
    assert!(said.contains("contract:Drift is open") && !said.contains("run "), "{said}");
    assert!(!help.contains("cancel"), "{help}");
    assert_eq!(kinds(&world, &incident).await, ["incident.opened"]);
}

#[tokio::test]
async fn a_run_that_is_held_back_is_open_too() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let client = world.client(Role::Admin);
    client.pause_run(&run).await.unwrap();
    let held = world.until(&run, |view| view.state == stanch_model::run::RunState::Paused).await;
    let refused = client.close_incident(&held.incident.unwrap(), "done").await.unwrap_err();
    assert!(refused.to_string().contains("of asker is paused"), "{refused}");
}

#[tokio::test]
async fn what_comes_back_by_itself_is_open_until_it_has() {
    let world = World::new().await;
    let app = json!({ "$target": { "integration": "salesforce", "kind": "app", "id": "Drift" } });
    let body = json!({ "playbook": "cutter", "input": { "what": [app] } });
    let started = world.as_role(Role::Responder, Method::POST, "/v1/runs", &body).await.json();
    let (run, incident) = (started["run"].as_str().unwrap(), started["incident"].as_str().unwrap());
    world.until(run, |view| view.open_waits().count() == 1).await;
    let (responder, done) = (world.client(Role::Responder), "done".to_owned());
    responder.answer(&format!("{run}:M1"), &AnswerBody { answer: done, note: None }).await.unwrap();
    world.until(run, |view| view.ended.is_some()).await;
    let refused = responder.close_incident(incident, "over").await.unwrap_err();
    let said = refused.to_string();
    let by = format!(" of give-back, begun by run {}, is waiting: ", &run[18..]);
    assert!(refused.status() == Some(409) && said.contains(&by), "{said}");
    assert!(refused.help().unwrap().contains("`stanch undo`"), "{refused:?}");
}

#[tokio::test]
async fn it_is_closed_once_by_whom_when_why_and_through_what_also_after_a_crash() {
    let world = World::new().await;
    let incident = closed(&world).await.incident;
    assert_eq!(world.client(Role::Viewer).status().await.unwrap().incidents, 0);
    let again = world.client(Role::Admin).close_incident(&incident, "done").await.unwrap_err();
    assert_eq!(again.status(), Some(409));
    let world = world.crash().await;
    let client = world.client(Role::Admin);
    let view = client.incident(&incident[18..]).await.unwrap();
    let said = view.closed.unwrap();
    assert_eq!((said.by.as_str(), said.text.as_str()), ("responder", "Drift turned its tokens"));
    assert_eq!(view.summary.closed.as_ref(), Some(&said.at));
    let words = again.to_string();
    let at: jiff::Timestamp = said.at.parse().unwrap();
    let at = at.strftime("%Y-%m-%d %H:%M:%SZ");
    assert!(words.contains(&format!("was closed by responder at {at}: Drift turned its tokens")), "{words}");
    assert!(again.help().unwrap().contains("stanch incidents reopen"), "{again:?}");
    let entries = world.journal.read(&StreamId::incident(&incident), 3, 1).unwrap();
    let body: Value = entries[0].decode().unwrap();
    assert_eq!(body, json!({ "by": "responder", "reason": "Drift turned its tokens", "channel": "api" }));
    assert_eq!(client.status().await.unwrap().incidents, 0);
    assert_eq!(client.deadlines().await.unwrap().items, []);
    assert_eq!(client.open_incidents(10).await.unwrap().items, []);
    assert_eq!(client.incidents(10, None).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn an_alert_that_comes_after_it_opens_a_new_one() {
    let world = World::new().await;
    let first = breach(&world, "a1").await;
    let joined =
        world.alert(&json!({ "id": "a2", "kind": "test.breach", "app": "drift", "title": "Again" })).await;
    assert_eq!(joined.json()["alerts"][0]["incident"], first.incident);
    let responder = over(&world, &first).await;
    responder.close_incident(&first.incident, "over").await.unwrap();
    let before = kinds(&world, &first.incident).await;
    let second = breach(&world, "a3").await;
    assert_ne!((&second.incident, &second.run), (&first.incident, &first.run));
    assert_eq!(kinds(&world, &first.incident).await, before);
    let open = responder.open_incidents(10).await.unwrap().items;
    assert_eq!(open.iter().map(|one| &one.id).collect::<Vec<_>>(), [&second.incident]);
    assert_eq!(responder.status().await.unwrap().incidents, 1);
}

#[tokio::test]
async fn what_is_closed_takes_notes_and_nothing_else_until_it_is_opened_again() {
    let world = World::new().await;
    let Breach { incident, run } = closed(&world).await;
    let (responder, approver) = (world.client(Role::Responder), world.client(Role::Approver));
    responder.note(&incident, "They wrote once more").await.unwrap();
    let start = more(&incident);
    let begin = BeginBody { rule: "gdpr-33".to_owned(), ..BeginBody::default() };
    let moved = MoveBody { from: "2026-11-06T20:00:00Z".to_owned(), reason: "the log".to_owned() };
    for refused in [
        responder.start(&start).await.map(|_| ()),
        responder.begin_deadline(&incident, &begin).await.map(|_| ()),
        approver.waive_deadline(&incident, "contract:Drift", "not owed").await.map(|_| ()),
        approver.move_deadline(&incident, "contract:Drift", &moved).await.map(|_| ()),
        approver.undo(&run, Some("false alarm")).await.map(|_| ()),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.status(), Some(409), "{refused}");
        assert!(refused.to_string().contains("was closed by responder"), "{refused}");
    }
    responder.reopen_incident(&incident, "they say it was more").await.unwrap();
    let view = responder.incident(&incident).await.unwrap();
    let said = view.reopened.unwrap();
    assert_eq!((view.closed, view.summary.closed), (None, None));
    assert_eq!((said.by.as_str(), said.text.as_str()), ("responder", "they say it was more"));
    assert_eq!(responder.status().await.unwrap().incidents, 1);
    let again = responder.reopen_incident(&incident, "once more").await.unwrap_err();
    assert!(again.status() == Some(409) && again.to_string().contains("is open"), "{again}");
    let begun = responder.start(&start).await.unwrap();
    assert_eq!(begun.incident.as_ref(), Some(&incident));
    world.until(&begun.run, |view| view.open_waits().count() == 1).await;
    let refused = responder.close_incident(&incident, "over").await.unwrap_err();
    assert!(refused.to_string().contains("of asker is waiting"), "{refused}");
    responder.cancel(&begun.run, Some("not needed")).await.unwrap();
    world.until(&begun.run, |view| view.ended.is_some()).await;
    responder.close_incident(&incident, "over").await.unwrap();
    assert_eq!(
        kinds(&world, &incident).await[2..],
        ["incident.closed", "incident.noted", "incident.reopened", "incident.joined", "incident.closed"]
    );
}

#[tokio::test]
async fn nobody_closes_without_the_right_a_reason_or_an_incident() {
    let world = World::new().await;
    let incident = breach(&world, "a1").await.incident;
    let viewer = world.client(Role::Viewer);
    assert_eq!(viewer.close_incident(&incident, "done").await.unwrap_err().status(), Some(403));
    assert_eq!(viewer.reopen_incident(&incident, "done").await.unwrap_err().status(), Some(403));
    let responder = world.client(Role::Responder);
    for reason in ["", "  \u{7}"] {
        assert_eq!(responder.close_incident(&incident, reason).await.unwrap_err().status(), Some(422));
        assert_eq!(responder.reopen_incident(&incident, reason).await.unwrap_err().status(), Some(422));
    }
    assert_eq!(responder.close_incident("NONE0000", "done").await.unwrap_err().status(), Some(404));
    let path = format!("/v1/incidents/{incident}/close");
    assert_eq!(world.as_role(Role::Responder, Method::POST, &path, &json!({})).await.status, 400);
    assert_eq!(kinds(&world, &incident).await, ["incident.opened"]);
}

#[tokio::test]
async fn whoever_starts_a_run_while_somebody_closes_is_either_refused_or_keeps_it_open() {
    let world = World::new().await;
    let breach = breach(&world, "a1").await;
    let responder = over(&world, &breach).await;
    let start = more(&breach.incident);
    let other = world.client(Role::Admin);
    let (started, closed) =
        tokio::join!(responder.start(&start), other.close_incident(&breach.incident, "over"));
    assert_ne!(started.is_ok(), closed.is_ok(), "{started:?} {closed:?}");
}
