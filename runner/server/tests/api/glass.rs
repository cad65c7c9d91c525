//! What somebody lets go alone, through what people speak, and answers that meet each other or a full disk.

use http::Method;
use serde_json::json;
use stanch_model::{
    api::{DecideBody, Role, Say},
    run::RunState,
};

use crate::world::{CONFIG, World};

fn yes() -> DecideBody {
    DecideBody { say: Say::Approve, reason: None }
}

#[tokio::test]
async fn the_glass_is_for_those_who_may_and_waits_until_the_others_had_their_time() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let (card, why) = (format!("{run}:A1"), "nobody answers the phone");
    let early = world.client(Role::Admin).break_glass(&card, why).await.unwrap_err();
    assert_eq!(
        (early.status(), early.to_string().contains("can still answer")),
        (Some(409), true),
        "{early}"
    );
    let world = world.crash_into(&format!("{CONFIG}break_glass: {{ after: 0s }}\n")).await;
    let low = world.client(Role::Responder).break_glass(&card, why).await.unwrap_err();
    assert_eq!(low.status(), Some(403));
    let bare = world.client(Role::Admin).break_glass(&card, "  hm  ").await.unwrap_err();
    assert_eq!(
        (bare.status(), bare.to_string().contains("at least 10 characters")),
        (Some(409), true),
        "{bare}"
    );
    let recorded = world.client(Role::Admin).break_glass(&card, why).await.unwrap();
    assert_eq!((recorded.new, recorded.by.as_str()), (true, "admin"));
    let view = world.until(&run, |view| view.waits.len() == 2).await;
    let (wait, said) = view.broken_glass().next().unwrap();
    assert_eq!((wait.id.as_str(), said.reason.as_str()), ("A1", why));
    let late = world.client(Role::Approver).decide(&card, &yes()).await.unwrap_err();
    assert!(late.to_string().contains("answered already: approve by admin"), "{late}");
}

#[tokio::test]
async fn every_word_is_recorded_with_who_said_it_and_through_what() {
    for (headers, channel) in [
        (&[("x-stanch-channel", "cli")][..], "cli"),
        (&[("x-stanch-channel", "slack")][..], "api"),
        (&[][..], "api"),
    ] {
        let world = World::new().await;
        let run = world.asking(Role::Responder).await;
        let bearer = format!("Bearer {}", world.token(Role::Approver));
        let mut all = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        all.extend(headers);
        let path = format!("/v1/approvals/{run}:A1");
        let body = json!({ "say": "approve", "reason": "genuine" }).to_string();
        assert_eq!(world.raw(Method::POST, &path, &all, body).await.status, 200);
        let view = world.until(&run, |view| view.waits[0].closed.is_some()).await;
        let said = &view.waits[0].decisions[0];
        let said = (said.who.as_str(), said.channel.as_str(), said.reason.as_str());
        assert_eq!(
            said,
            ("approver", channel, "genuine"),
            "what only the server can know is not claimed by a header"
        );
    }
}

#[tokio::test]
async fn every_order_is_recorded_with_who_gave_it_and_through_what() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let bearer = format!("Bearer {}", world.token(Role::Responder));
    let order = async |channel: &str, path: &str, body: serde_json::Value| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("x-stanch-channel", channel),
        ];
        let reply = world.raw(Method::POST, path, &headers, body.to_string()).await;
        assert_eq!(reply.status, 200, "{path}: {:?}", reply.body);
    };
    order("tui", &format!("/v1/questions/{run}:A1/remind"), json!({})).await;
    order("cli", &format!("/v1/questions/{run}:A1/ask"), json!({ "name": "dora" })).await;
    order("tui", &format!("/v1/runs/{run}/pause"), json!({})).await;
    let held = world.until(&run, |view| view.state == RunState::Paused).await;
    assert_eq!((held.why.as_str(), held.channel.as_str()), ("paused by responder", "tui"));
    order("slack", &format!("/v1/runs/{run}/resume"), json!({})).await;
    order("cli", "/v1/pause", json!({ "scope": "playbook:asker" })).await;
    order("cli", "/v1/resume", json!({ "scope": "playbook:asker" })).await;
    order("cli", &format!("/v1/runs/{run}/cancel"), json!({ "reason": "enough" })).await;
    let view = world.until(&run, |view| view.ended.is_some()).await;
    let cancel = view.cancel.unwrap();
    assert_eq!((cancel.who.as_str(), cancel.channel.as_str()), ("responder", "cli"));
    let said = |stream: &str| -> Vec<(String, String)> {
        let stream = stanch_model::StreamId::from_stored(stream);
        let entries = world.journal.read(&stream, 1, 1000).unwrap();
        let with = entries.iter().filter_map(|entry| {
            let body: serde_json::Value = entry.decode().ok()?;
            Some((entry.header.kind.clone(), body["channel"].as_str()?.to_owned()))
        });
        with.collect()
    };
    let text = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(kind, channel)| ((*kind).to_owned(), (*channel).to_owned())).collect()
    };
    let expected = [
        ("run.created", "api"),
        ("wait.reminded", "tui"),
        ("wait.escalated", "cli"),
        ("run.state", "tui"),
        // what only the server can know is not claimed by a header
        ("run.state", "api"),
        ("run.cancel", "cli"),
    ];
    assert_eq!(said(&format!("run/{run}")), text(&expected));
    assert_eq!(said("pause/playbook:asker"), text(&[("pause", "cli"), ("resume", "cli")]));
}

#[tokio::test]
async fn two_who_answer_at_once_end_the_wait_once() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let card = format!("{run}:A1");
    let no = DecideBody { say: Say::Deny, reason: Some("not ours".to_owned()) };
    let (one, other) = (world.client(Role::Approver), world.client(Role::Admin));
    let yes = yes();
    let (yes, no) = tokio::join!(one.decide(&card, &yes), other.decide(&card, &no));
    assert!(yes.is_ok() || no.is_ok());
    let view = world.until(&run, |view| view.waits[0].closed.is_some()).await;
    let closed = view.waits[0].closed.clone().unwrap();
    let first = &view.waits[0].decisions[0];
    assert_eq!((closed.say.as_str(), closed.who.as_str()), (first.say.as_str(), first.who.as_str()));
}

#[tokio::test]
async fn a_yes_is_taken_on_a_full_disk_and_nothing_new_is() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    world.ground.fill().await;
    let breach = json!({ "kind": "test.breach", "app": "drift", "severity": "high", "title": "Drift" });
    assert_eq!(world.alert(&breach).await.status, 503);
    // What is kept free is for what runs wait for: the word is taken, and heard at the latest when there is room.
    let recorded = world.client(Role::Approver).decide(&format!("{run}:A1"), &yes()).await.unwrap();
    assert!(recorded.new);
    world.ground.make_room().await;
    world.until(&run, |view| view.waits[0].closed.is_some()).await;
}
