//! Simulated Slack: 200 to everything, `ok` tells.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stanch_integrations::twin::{Change, TwinOptions, World};

use crate::support::{Client, Twins, world};

async fn slack() -> (Twins, Client) {
    let twins = Twins::start(&[("slack", "slack")], world("drift", &[("slack", 2)])).await;
    let client = twins.client("slack");
    (twins, client)
}

/// Calls a method. Slack answers 200, whatever it says.
async fn call(client: &Client, method: &str, arguments: Value) -> Value {
    let answer = client.json("POST", &format!("/api/{method}"), arguments).await;
    assert_eq!(answer.status, 200, "{method}: {answer:?}");
    answer.body
}

async fn fails(client: &Client, method: &str, arguments: Value) -> String {
    let body = call(client, method, arguments).await;
    assert_eq!(body["ok"], false, "{method}: {body}");
    body["error"].as_str().unwrap_or_default().to_owned()
}

async fn works(client: &Client, method: &str, arguments: Value) -> Value {
    let body = call(client, method, arguments).await;
    assert_eq!(body["ok"], true, "{method}: {body}");
    body
}

#[tokio::test]
async fn a_post_can_be_found_by_its_marker() {
    let (twins, slack) = slack().await;
    let post = |key: &str| {
        json!({ "channel": "#incidents", "text": "Drift is cut off",
                "metadata": { "event_type": "stanch", "event_payload": { "key": key } } })
    };
    let sent = works(&slack, "chat.postMessage", post("a")).await;
    let channel = sent["channel"].clone();
    works(&slack, "chat.postMessage", post("b")).await;
    assert_eq!(twins.host.summary().duplicate_effects, 0);
    works(&slack, "chat.postMessage", post("a")).await;
    assert_eq!(twins.host.summary().duplicate_effects, 1);
    let history = json!({ "channel": channel, "include_all_metadata": true, "limit": 2 });
    let newest = works(&slack, "conversations.history", history).await;
    let keys: Vec<&Value> = newest["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| &message["metadata"]["event_payload"]["key"])
        .collect();
    assert_eq!((keys, &newest["has_more"]), (vec![&json!("a"), &json!("b")], &json!(true)));
    let cursor = &newest["response_metadata"]["next_cursor"];
    let rest =
        works(&slack, "conversations.history", json!({ "channel": channel, "limit": 2, "cursor": cursor }))
            .await;
    assert_eq!(rest["messages"].as_array().map(Vec::len), Some(1));
    assert!(rest["messages"][0].get("metadata").is_none(), "metadata only when asked for");
    let newer =
        works(&slack, "conversations.history", json!({ "channel": channel, "oldest": sent["ts"] })).await;
    assert_eq!(newer["messages"].as_array().map(Vec::len), Some(2));
    works(&slack, "chat.delete", json!({ "channel": channel, "ts": sent["ts"] })).await;
    assert_eq!(
        fails(&slack, "chat.delete", json!({ "channel": channel, "ts": sent["ts"] })).await,
        "message_not_found"
    );
    assert_eq!(
        fails(&slack, "chat.postMessage", json!({ "channel": "nowhere", "text": "x" })).await,
        "channel_not_found"
    );
    assert_eq!(fails(&slack, "chat.postMessage", json!({ "channel": "incidents" })).await, "no_text");
    let form = [
        ("channel", "vendors"),
        ("text", "x"),
        ("metadata", r#"{"event_type":"s","event_payload":{"key":"f"}}"#),
    ];
    assert_eq!(
        slack.form("/api/chat.postMessage", &form).await.body["message"]["metadata"]["event_type"],
        "s"
    );
}

#[tokio::test]
async fn channels_are_made_filled_and_archived() {
    let (twins, slack) = slack().await;
    let room = works(&slack, "conversations.create", json!({ "name": "inc-1", "is_private": true })).await;
    let id = &room["channel"]["id"];
    assert_eq!(fails(&slack, "conversations.create", json!({ "name": "inc-1" })).await, "name_taken");
    assert_eq!(fails(&slack, "conversations.create", json!({})).await, "invalid_name_required");
    let user = works(&slack, "users.lookupByEmail", json!({ "email": "ana.adler@acme.example" })).await;
    let invite = json!({ "channel": id, "users": user["user"]["id"] });
    works(&slack, "conversations.invite", invite.clone()).await;
    assert_eq!(fails(&slack, "conversations.invite", invite).await, "already_in_channel");
    works(&slack, "conversations.archive", json!({ "channel": id })).await;
    assert_eq!(fails(&slack, "conversations.archive", json!({ "channel": id })).await, "already_archived");
    assert_eq!(fails(&slack, "chat.postMessage", json!({ "channel": id, "text": "x" })).await, "is_archived");
    assert_eq!(
        works(&slack, "conversations.info", json!({ "channel": id })).await["channel"]["is_archived"],
        true
    );
    let list = works(&slack, "conversations.list", json!({ "limit": 3 })).await;
    let next = works(
        &slack,
        "conversations.list",
        json!({ "limit": 3, "cursor": list["response_metadata"]["next_cursor"] }),
    )
    .await;
    assert_eq!(
        (next["channels"].as_array().map(Vec::len), &next["response_metadata"]["next_cursor"]),
        (Some(2), &json!(""))
    );
    assert_eq!(twins.host.summary().duplicate_effects, 0);
    assert_eq!(twins.host.effects().len(), 3, "what was refused is no effect");
}

#[tokio::test]
async fn people_and_their_sessions() {
    let (twins, slack) = slack().await;
    let list = slack.get("/api/users.list?limit=30").await.body;
    let rest = slack
        .get(&format!(
            "/api/users.list?cursor={}",
            list["response_metadata"]["next_cursor"].as_str().expect("more")
        ))
        .await;
    assert_eq!(rest.body["members"].as_array().map(Vec::len), Some(10));
    let ids: Vec<&str> =
        list["members"].as_array().expect("members").iter().filter_map(|user| user["id"].as_str()).collect();
    assert_eq!(works(&slack, "users.info", json!({ "user": ids[0] })).await["user"]["id"], ids[0]);
    assert_eq!(fails(&slack, "users.info", json!({ "user": "U0" })).await, "user_not_found");
    assert_eq!(fails(&slack, "users.lookupByEmail", json!({ "email": "x" })).await, "users_not_found");
    let of = |id: &str| json!({ "user_id": id });
    let here = |id: &str| json!({ "user_id": id, "team_id": "T0TWIN" });
    let everybody = works(&slack, "admin.users.session.list", json!({})).await;
    assert!(everybody["active_sessions"].as_array().map(Vec::len) > Some(1));
    assert_eq!(fails(&slack, "admin.users.session.list", of(ids[0])).await, "missing_team");
    let sessions = works(&slack, "admin.users.session.list", here(ids[0])).await;
    let session = &sessions["active_sessions"][0]["session_id"];
    let one = json!({ "session_id": session, "user_id": ids[0] });
    assert_eq!(
        fails(&slack, "admin.users.session.invalidate", json!({ "session_id": session })).await,
        "invalid_arguments"
    );
    works(&slack, "admin.users.session.invalidate", one.clone()).await;
    assert_eq!(fails(&slack, "admin.users.session.invalidate", one).await, "session_not_found");
    assert_eq!(fails(&slack, "admin.users.session.list", here(ids[0])).await, "no_active_sessions");
    for _ in 0..2 {
        works(&slack, "admin.users.session.reset", of(ids[1])).await;
    }
    works(&slack, "admin.users.session.resetBulk", json!({ "user_ids": [ids[2], ids[3]] })).await;
    assert_eq!(fails(&slack, "admin.users.session.list", here(ids[3])).await, "no_active_sessions");
    works(&slack, "admin.users.remove", of(ids[4])).await;
    assert_eq!(fails(&slack, "admin.users.remove", of(ids[4])).await, "user_already_deleted");
    assert_eq!(twins.writes("slack.end_user_sessions"), 1);
    assert_eq!(twins.host.summary().duplicate_effects, 0);
}

#[tokio::test]
async fn an_app_is_restricted_cleared_and_uninstalled() {
    let (twins, slack) = slack().await;
    let approved = works(&slack, "admin.apps.approved.list", json!({})).await;
    let app = &approved["approved_apps"][0]["app"]["id"];
    works(&slack, "admin.apps.restrict", json!({ "app_id": app, "team_id": "T0TWIN" })).await;
    let restricted = works(&slack, "admin.apps.restricted.list", json!({ "enterprise_id": "E0TWIN" })).await;
    assert_eq!(restricted["restricted_apps"], json!([]), "a workspace's list is not the organization's");
    let restricted = works(&slack, "admin.apps.restricted.list", json!({ "team_id": "T0TWIN" })).await;
    assert_eq!(&restricted["restricted_apps"][0]["app"]["id"], app);
    works(&slack, "admin.apps.clearResolution", json!({ "app_id": app })).await;
    assert_eq!(
        fails(&slack, "admin.apps.clearResolution", json!({ "app_id": app })).await,
        "no_resolution_found"
    );
    works(&slack, "admin.apps.approve", json!({ "app_id": app })).await;
    assert_eq!(fails(&slack, "admin.apps.restrict", json!({ "app_id": "A0" })).await, "app_not_found");
    let nowhere = json!({ "app_id": app });
    assert_eq!(fails(&slack, "admin.apps.uninstall", nowhere).await, "specify_enterprise_or_teams");
    for _ in 0..2 {
        works(&slack, "admin.apps.uninstall", json!({ "app_id": app, "team_ids": "T0TWIN" })).await;
        let logs = works(&slack, "team.integrationLogs", json!({ "app_id": app, "team_id": "T0TWIN" })).await;
        assert_eq!(
            (logs["logs"].as_array().map(Vec::len), &logs["logs"][0]["change_type"]),
            (Some(1), &json!("removed"))
        );
    }
    twins
        .host
        .change(&Change::Block { integration: "slack".to_owned(), app: "drift".to_owned() })
        .expect("blocked");
    let restricted = works(&slack, "admin.apps.restricted.list", json!({ "enterprise_id": "E0TWIN" })).await;
    assert_eq!(restricted["restricted_apps"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_leaked_token_works_until_it_is_revoked() {
    let extra = BTreeMap::from([(
        "slack".to_owned(),
        json!({ "tokens": ["xoxb-leaked"], "channels": ["war-room"] }),
    )]);
    let world = World { extra, ..World::default() };
    let twins = Twins::with(&[("slack", "slack")], TwinOptions { world, ..TwinOptions::default() }).await;
    let leaked = twins.client("slack").token(Some("xoxb-leaked"));
    works(&leaked, "auth.test", json!({})).await;
    assert_eq!(works(&leaked, "auth.revoke", json!({})).await["revoked"], true);
    assert_eq!(fails(&leaked, "auth.test", json!({})).await, "invalid_auth");
    assert_eq!(fails(&leaked, "auth.revoke", json!({})).await, "invalid_auth");
    assert_eq!(twins.writes("slack.revoke_token"), 1);
    assert!(!format!("{:?}", twins.host.requests()).contains("xoxb"));
    works(&twins.client("slack"), "chat.postMessage", json!({ "channel": "#war-room", "text": "x" })).await;
}

#[tokio::test]
async fn tokens_are_refused_in_slacks_words() {
    let (twins, slack) = slack().await;
    assert_eq!(fails(&slack.clone().token(None), "auth.test", json!({})).await, "not_authed");
    assert_eq!(fails(&slack.clone().token(Some("x")), "auth.test", json!({})).await, "invalid_auth");
    assert_eq!(fails(&slack, "no.such.method", json!({})).await, "unknown_method");
    let scopes = Some(vec!["chat:write".to_owned()]);
    twins
        .host
        .change(&Change::Scopes { integration: "slack".to_owned(), token: None, scopes })
        .expect("limited");
    let refused = call(&slack, "users.list", json!({})).await;
    assert_eq!((&refused["error"], &refused["needed"]), (&json!("missing_scope"), &json!("users:read")));
    works(&slack, "auth.revoke", json!({ "test": true })).await;
    works(&slack, "auth.test", json!({})).await;
    works(&slack, "auth.revoke", json!({})).await;
    assert_eq!(fails(&slack, "auth.test", json!({})).await, "invalid_auth");
}
