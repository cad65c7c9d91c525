//! What people write on an incident, and what they say of its clocks.

use http::Method;
use serde_json::json;
use stanch_model::{StreamId, api::Role};

use crate::world::World;

/// An incident whose run has started a clock.
async fn breach(world: &World) -> String {
    let alert = json!({ "id": "a1", "kind": "test.breach", "app": "drift", "title": "Drift is breached" });
    let receipt = world.alert(&alert).await.json();
    let run = receipt["alerts"][0]["runs"][0].as_str().unwrap();
    world.until(run, |view| view.deadlines.len() == 1).await;
    receipt["alerts"][0]["incident"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_note_is_kept_with_who_wrote_it_and_when_also_after_a_crash() {
    let world = World::new().await;
    let incident = breach(&world).await;
    let responder = world.client(Role::Responder);
    // the end of an id is what people read to each other
    let written =
        responder.note(&incident[incident.len() - 8..], " Called Drift: \u{1b}[31mno answer\n").await;
    assert_eq!((written.as_ref().unwrap().new, written.unwrap().by), (true, "responder".to_owned()));
    assert!(!responder.note(&incident, "Called Drift: [31mno answer").await.unwrap().new, "sent twice");
    world.client(Role::Admin).note(&incident, "They called back").await.unwrap();
    let world = world.crash().await;
    let notes = world.client(Role::Viewer).incident(&incident).await.unwrap().notes;
    let said: Vec<(&str, &str)> = notes.iter().map(|note| (note.by.as_str(), note.text.as_str())).collect();
    assert_eq!(said, [("responder", "Called Drift: [31mno answer"), ("admin", "They called back")]);
    assert!(notes[0].at < notes[1].at && notes[0].at.parse::<jiff::Timestamp>().is_ok(), "{notes:?}");
}

#[tokio::test]
async fn a_note_that_says_nothing_or_too_much_is_refused() {
    let world = World::new().await;
    let incident = breach(&world).await;
    let responder = world.client(Role::Responder);
    for (text, status) in [(" \u{7} ", 422), ("x".repeat(10_001).as_str(), 413)] {
        assert_eq!(responder.note(&incident, text).await.unwrap_err().status(), Some(status));
    }
    assert_eq!(responder.note("NONE0000", "x").await.unwrap_err().status(), Some(404));
    assert_eq!(world.client(Role::Viewer).note(&incident, "x").await.unwrap_err().status(), Some(403));
    assert!(responder.incident(&incident).await.unwrap().notes.is_empty());
}

#[tokio::test]
async fn a_clock_stops_when_its_notice_was_sent_and_the_last_word_counts() {
    let world = World::new().await;
    let incident = breach(&world).await;
    let responder = world.client(Role::Responder);
    let open = responder.deadlines().await.unwrap().items.remove(0);
    assert_eq!((open.id.as_str(), open.state.as_str()), ("contract:Drift", "open"));
    assert!(responder.deadline_sent(&incident, &open.id, "ticket 4711").await.unwrap().new);
    assert!(!responder.deadline_sent(&incident, &open.id, "ticket 4711").await.unwrap().new, "said twice");
    let sent = responder.deadlines().await.unwrap().items.remove(0);
    let settled = sent.settled.unwrap();
    assert_eq!(
        (sent.state.as_str(), settled.by.as_str(), settled.text.as_str()),
        ("sent", "responder", "ticket 4711")
    );
    let approver = world.client(Role::Approver);
    approver.waive_deadline(&incident, &open.id, "the clause does not cover metadata").await.unwrap();
    let world = world.crash().await;
    let waived = world.client(Role::Viewer).incident(&incident).await.unwrap().deadlines.remove(0);
    assert_eq!((waived.state.as_str(), waived.settled.unwrap().by.as_str()), ("waived", "approver"));
    let stream = StreamId::incident(&incident);
    let kinds: Vec<String> =
        world.journal.read(&stream, 1, 10).unwrap().into_iter().map(|e| e.header.kind).collect();
    assert_eq!(kinds, ["incident.opened", "incident.deadline_settled", "incident.deadline_settled"]);
}

#[tokio::test]
async fn nobody_waives_a_clock_without_a_reason_or_one_that_does_not_run() {
    let world = World::new().await;
    let incident = breach(&world).await;
    let approver = world.client(Role::Approver);
    let silent = approver.waive_deadline(&incident, "contract:Drift", "  ").await.unwrap_err();
    assert_eq!((silent.status(), silent.help()), (Some(422), Some("give it a `reason`")));
    let unknown = approver.deadline_sent(&incident, "gdpr-33", "").await.unwrap_err();
    assert_eq!((unknown.status(), unknown.help()), (Some(404), Some("its clocks: contract:Drift")));
    let responder = world.client(Role::Responder);
    assert_eq!(
        responder.waive_deadline(&incident, "contract:Drift", "because").await.unwrap_err().status(),
        Some(403)
    );
    assert_eq!(approver.deadlines().await.unwrap().items[0].state, "open");
}

#[tokio::test]
async fn a_part_of_an_id_that_means_several_names_them() {
    let world = World::new().await;
    let (first, second) = (world.asking(Role::Admin).await, world.asking(Role::Admin).await);
    let common = first.chars().zip(second.chars()).take_while(|(a, b)| a == b).count();
    let client = world.client(Role::Viewer);
    let several = client.run(&first[..common]).await.unwrap_err();
    let text = several.to_string();
    assert_eq!(several.status(), Some(400));
    assert!(text.contains(&first[18..]) && text.contains(&second[18..]), "{text}");
    let incidents = client.incidents(10, None).await.unwrap().items;
    let text = client.incident(&incidents[0].id[..4]).await.unwrap_err().to_string();
    assert!(incidents.iter().all(|one| text.contains(&one.id[18..])), "{text}");
    for short in ["0", "01M"] {
        let reply = world.as_role(Role::Viewer, Method::GET, &format!("/v1/runs/{short}"), &json!({})).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "ambiguous"), "{short}");
    }
}
