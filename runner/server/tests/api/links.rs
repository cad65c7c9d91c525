//! A card on a phone, and buttons in Slack.

use http::Method;
use serde_json::json;
use stanch_model::api::{LinkBody, Role};

use crate::world::{CONFIG, Reply, SECRET, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// With an address, a Slack app whose presses come here, and people who are known there.
async fn public() -> World {
    let slack = format!("slack: {{ integration: slack, secret: \"exec:/bin/echo {SECRET}\" }}, rate: 1000");
    let config = CONFIG
        .replace("rate: 1000", &slack)
        .replace("integrations:\n", "integrations:\n  slack: { platform: slack }\n")
        .replace("  groups:", "  known: { approver: { slack: U0BEN }, dora: { slack: U0DORA }, zoe: { slack: U0ZOE } }\n  groups:");
    World::with(&config).await
}

/// The path of a link for this person, made by an admin.
async fn link(world: &World, card: &str, who: &str) -> String {
    let body = LinkBody { card: card.to_owned(), r#for: Some(who.to_owned()) };
    let made = world.client(Role::Admin).make_link(&body).await.unwrap();
    made.url.strip_prefix("https://stanch.acme.example").unwrap().to_owned()
}

async fn look(world: &World, path: &str) -> (u16, String) {
    text(world.unchecked(Method::GET, path, &[], "").await)
}

async fn send(world: &World, path: &str, form: &str) -> (u16, String) {
    text(world.unchecked(Method::POST, path, &[FORM], form.to_owned()).await)
}

fn text(reply: Reply) -> (u16, String) {
    (reply.status, String::from_utf8(reply.body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_person_answers_by_link_once_and_looking_changes_nothing() {
    let world = public().await;
    let run = world.asking(Role::Responder).await;
    let path = link(&world, &format!("{run}:A1"), "approver").await;
    for method in [Method::GET, Method::HEAD, Method::GET] {
        assert_eq!(world.unchecked(method, &path, &[], "").await.status, 200, "a scanner of mail looks");
    }
    let (_, shown) = look(&world, &path).await;
    for words in
        ["Shall we go?", "asked of approver", "DRILL", "Drift", "type <b>drift</b>", "chat on the website"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(!shown.contains("<script") && !shown.contains("http"), "nothing is fetched: {shown}");
    let (status, again) = send(&world, &path, "say=approve&why=seen").await;
    assert_eq!((status, again.contains("a yes needs drift to be typed")), (422, true), "{again}");
    assert!(world.client(Role::Viewer).card(&format!("{run}:A1")).await.unwrap().wait.decisions.is_empty());
    assert_eq!(send(&world, &path, "say=approve&why=seen&typed=Drift").await.0, 303);
    let view = world.until(&run, |view| view.waits.len() == 2).await;
    let said = &view.waits[0].decisions[0];
    assert_eq!((said.who.as_str(), said.channel.as_str(), said.reason.as_str()), ("approver", "web", "seen"));
    let (status, spent) = send(&world, &path, "say=deny").await;
    assert_eq!((status, spent.contains("You said approve at"), spent.contains("<form")), (409, true, false));
    assert_eq!(view.waits[0].closed.as_ref().unwrap().say, "approve");
}

#[tokio::test]
async fn a_question_is_answered_by_link_with_one_of_its_words() {
    let world = public().await;
    let run = world.asking(Role::Responder).await;
    let card = |id: &str| format!("{run}:{id}");
    let go = link(&world, &card("A1"), "approver").await;
    assert_eq!(send(&world, &go, "say=approve&typed=drift").await.0, 303);
    world.until(&run, |view| view.waits.len() == 2).await;
    let way = link(&world, &card("Q1"), "approver").await;
    assert!(look(&world, &way).await.1.contains("value=\"left\""));
    assert_eq!(send(&world, &way, "").await.0, 422);
    assert_eq!(send(&world, &way, "say=up").await.0, 422);
    assert_eq!(send(&world, &way, "say=left").await.0, 303);
    assert_eq!(world.until(&run, |view| view.ended.is_some()).await.notes[0].1, "left");
}

#[tokio::test]
async fn a_link_is_not_refitted_and_its_person_must_be_asked() {
    let world = public().await;
    let run = world.asking(Role::Responder).await;
    let card = format!("{run}:A1");
    let stranger = link(&world, &card, "zoe").await;
    let (status, why) = send(&world, &stranger, "say=approve&typed=drift").await;
    assert_eq!((status, why.contains("Not taken")), (403, true), "{why}");
    let own = link(&world, &card, "approver").await;
    let spoiled = format!("{}x", &own[..own.len() - 1]);
    let (status, why) = send(&world, &spoiled, "say=approve&typed=drift").await;
    assert_eq!((status, why.contains("This link opens nothing")), (404, true), "{why}");
    assert!(world.client(Role::Viewer).card(&card).await.unwrap().wait.decisions.is_empty());
    let crashed = own.clone();
    let world = world.crash().await;
    assert_eq!(look(&world, &crashed).await.0, 200, "links outlive the server");
}

#[tokio::test]
async fn only_an_admin_makes_links_for_others_and_only_where_they_lead_somewhere() {
    let nowhere = CONFIG.replace(", public: \"https://stanch.acme.example\"", "");
    let world = World::with(&nowhere).await;
    let run = world.asking(Role::Responder).await;
    let body = |whom: Option<&str>| LinkBody { card: format!("{run}:A1"), r#for: whom.map(str::to_owned) };
    let other = world.client(Role::Responder).make_link(&body(Some("approver"))).await.unwrap_err();
    assert_eq!(other.status(), Some(403));
    let nowhere = world.client(Role::Responder).make_link(&body(None)).await.unwrap_err();
    assert_eq!((nowhere.status(), nowhere.to_string().contains("under which address")), (Some(409), true));
}

#[tokio::test]
async fn a_page_is_neither_kept_nor_framed_nor_scripted_and_text_stays_text() {
    let world = public().await;
    let evil = json!({ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": "<img src=x onerror=alert(1)>" } });
    let body = json!({ "playbook": "asker", "input": { "what": [evil] } });
    let started = world.as_role(Role::Responder, Method::POST, "/v1/runs", &body).await.json();
    let run = started["run"].as_str().unwrap().to_owned();
    world.until(&run, |view| view.open_waits().count() == 1).await;
    let path = link(&world, &format!("{run}:A1"), "approver").await;
    let reply = world.unchecked(Method::GET, &path, &[], "").await;
    let header = |name: &str| reply.headers[name].to_str().unwrap().to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
    assert_eq!(
        (header("cache-control"), header("referrer-policy")),
        ("no-store".into(), "no-referrer".into())
    );
    let shown = text(reply).1;
    assert!(!shown.contains("<img") && shown.contains("&lt;img src=x"), "{shown}");
}

/// A press as Slack posts it, signed a number of seconds ago.
async fn press(world: &World, user: &str, say: &str, card: &str, secret: &str, ago: i64) -> u16 {
    let payload = json!({
        "type": "block_actions", "user": { "id": user },
        "container": { "type": "message", "channel_id": "C0INC", "message_ts": "1700000000.000001" },
        "message": { "text": "Must be approved" },
        "actions": [{ "action_id": format!("stanch:{say}"), "value": card, "type": "button" }],
    });
    let encoded: String = payload.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    let body = format!("payload={encoded}");
    let at = (jiff::Timestamp::now().as_second() - ago).to_string();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let mark = ring::hmac::sign(&key, format!("v0:{at}:{body}").as_bytes());
    let mark: String = mark.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mark = format!("v0={mark}");
    let headers = [FORM, ("x-slack-request-timestamp", at.as_str()), ("x-slack-signature", mark.as_str())];
    world.unchecked(Method::POST, "/v1/slack", &headers, body).await.status
}

#[tokio::test]
async fn a_press_counts_for_the_person_whom_the_configuration_names() {
    let world = public().await;
    let run = world.asking(Role::Responder).await;
    let card = format!("{run}:A1");
    let said = async || world.client(Role::Viewer).card(&card).await.unwrap().wait.decisions.len();
    assert_eq!(press(&world, "U0BEN", "approve", &card, "another secret", 0).await, 401, "forged");
    assert_eq!(press(&world, "U0BEN", "approve", &card, SECRET, 600).await, 401, "a replay");
    // Slack hears that it came; nothing is said by it
    assert_eq!(press(&world, "U0EVE", "approve", &card, SECRET, 0).await, 200);
    assert_eq!(press(&world, "U0ZOE", "approve", &card, SECRET, 0).await, 200, "she is on no rung");
    assert_eq!(press(&world, "U0BEN", "go_on", &card, SECRET, 0).await, 200, "no word of this card");
    assert_eq!(said().await, 0);
    assert_eq!(press(&world, "U0BEN", "approve", &card, SECRET, 0).await, 200);
    let view = world.until(&run, |view| view.waits.len() == 2).await;
    let decision = &view.waits[0].decisions[0];
    assert_eq!((decision.who.as_str(), decision.channel.as_str()), ("approver", "slack"));
    assert_eq!(press(&world, "U0BEN", "deny", &card, SECRET, 0).await, 200, "too late, and told so");
    assert_eq!(said().await, 1);
}

#[tokio::test]
async fn a_press_of_who_comes_next_on_the_ladder_counts_before_being_asked() {
    let world = public().await;
    let run = world.asking(Role::Responder).await;
    assert_eq!(press(&world, "U0DORA", "approve", &format!("{run}:A1"), SECRET, 0).await, 200);
    let view = world.until(&run, |view| view.waits.len() == 2).await;
    let said = &view.waits[0].decisions[0];
    assert_eq!((said.who.as_str(), said.channel.as_str(), said.early), ("dora", "slack", true));
}

#[tokio::test]
async fn nobody_answers_through_slack_where_it_is_not_configured() {
    let world = World::new().await;
    assert_eq!(press(&world, "U0BEN", "approve", "x:A1", SECRET, 0).await, 404);
}
