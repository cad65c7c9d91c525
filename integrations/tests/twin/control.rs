//! The control API, the rate limits and the counts.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use stanch_integrations::twin::{HiddenGrants, Rate, TwinOptions, World};

use crate::support::{Twins, world};

async fn twins() -> Twins {
    let hidden = HiddenGrants {
        app: "drift".to_owned(),
        grants: BTreeMap::from([("crm".to_owned(), 5), ("hubspot".to_owned(), 13)]),
        ..HiddenGrants::default()
    };
    let world = World { hidden: vec![hidden], ..world("drift", &[("okta", 3)]) };
    let names =
        [("okta", "okta"), ("crm", "salesforce"), ("git", "github"), ("idp", "oauth2"), ("chat", "slack")];
    Twins::with(&names, TwinOptions { world, ..TwinOptions::default() }).await
}

#[tokio::test]
async fn everything_that_happened_can_be_read() {
    let twins = twins().await;
    let okta = twins.client("okta").scheme("SSWS");
    let app = okta.get("/api/v1/apps").await.body[0]["id"].as_str().expect("id").to_owned();
    let tokens = okta.pages(&format!("/api/v1/apps/{app}/tokens")).await;
    let id = tokens[0]["id"].as_str().expect("id");
    let path = format!("/api/v1/apps/{app}/tokens/{id}");
    for _ in 0..3 {
        okta.request("DELETE", &path).header("Idempotency-Key", "k1").send().await.expect("an answer");
    }
    let effects = twins.control("GET", "effects", Value::Null).await.body;
    assert_eq!(effects.as_array().map(Vec::len), Some(1), "a 404 is no effect");
    let effect = &effects[0];
    assert_eq!(
        (&effect["action"], &effect["key"], &effect["target"]),
        (&json!("revoke_app_token"), &json!("k1"), &json!(id))
    );
    assert_eq!(effect["transition"], true);
    let requests =
        twins.control("GET", "requests?integration=okta&action=revoke_app_token", Value::Null).await.body;
    let statuses: Vec<&Value> =
        requests.as_array().expect("list").iter().map(|request| &request["status"]).collect();
    assert_eq!(statuses, [204, 404, 404]);
    let later = format!("requests?after={}", requests[1]["seq"]);
    assert_eq!(twins.control("GET", &later, Value::Null).await.body.as_array().map(Vec::len), Some(1));
    let summary = twins.control("GET", "summary", Value::Null).await.body;
    assert_eq!((&summary["duplicate_effects"], &summary["repeated_requests"]), (&json!(0), &json!(2)));
    assert_eq!(summary["rows"][0]["transitions"], 1);
    let state = twins.control("GET", "state/okta", Value::Null).await.body;
    assert_eq!(state["tokens"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn the_world_changes_from_outside() {
    let twins = twins().await;
    let count = || twins.host.state("crm").expect("state")["OauthToken"].as_array().map_or(0, Vec::len);
    assert_eq!(count(), 0);
    assert_eq!(twins.control("POST", "world", json!({ "reveal": 0 })).await.status, 200);
    assert_eq!(count(), 5, "and HubSpot is not simulated here");
    let changes = json!([
        { "grant": { "integration": "crm", "app": "drift" } },
        { "block": { "integration": "crm", "app": "drift" } },
        { "set": { "integration": "okta", "table": "users", "id": "00uX", "fields": { "id": "00uX", "status": "ACTIVE" } } },
        { "remove": { "integration": "okta", "table": "users", "id": "00uX" } },
    ]);
    assert_eq!(twins.control("POST", "world", changes).await.body["changed"], 4);
    assert_eq!(count(), 6);
    for (wrong, says) in [
        (json!({ "reveal": 7 }), "hides no entry"),
        (json!({ "grant": { "integration": "nobody", "app": "drift" } }), "no integration"),
        (json!({ "grant": { "integration": "okta", "app": "nobody" } }), "no app"),
        (json!({ "block": { "integration": "idp", "app": "drift" } }), "no `block_app`"),
        (json!({ "remove": { "integration": "okta", "table": "users", "id": "x" } }), "no `x`"),
        (json!({ "set": { "integration": "okta", "table": "x", "id": "x", "fields": {} } }), "no table"),
        (json!({ "scopes": { "integration": "okta", "token": "x", "scopes": null } }), "no such token"),
        (json!({ "nonsense": 1 }), "unknown variant"),
    ] {
        let answer = twins.control("POST", "world", wrong).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body["error"].as_str().is_some_and(|error| error.contains(says)), "{answer:?}");
    }
}

#[tokio::test]
async fn issued_tokens_can_be_ended_and_scoped() {
    let twins = twins().await;
    let form = [("grant_type", "client_credentials"), ("client_secret", "twin-okta")];
    let token =
        twins.client("okta").token(None).form("/oauth2/v1/token", &form).await.body["access_token"].clone();
    let mine = twins.client("okta").token(token.as_str());
    let limit = json!({ "scopes": { "integration": "okta", "token": token, "scopes": ["okta.users.read"] } });
    assert_eq!(twins.control("POST", "world", limit).await.status, 200);
    assert_eq!(mine.get("/api/v1/users").await.status, 200);
    assert_eq!(mine.get("/api/v1/apps").await.status, 403);
    let lift = json!({ "scopes": { "integration": "okta", "token": token, "scopes": null } });
    assert_eq!(twins.control("POST", "world", lift).await.status, 200);
    assert_eq!(mine.get("/api/v1/apps").await.status, 200);
    assert_eq!(
        twins.control("POST", "world", json!({ "expire_tokens": { "integration": "okta" } })).await.status,
        200
    );
    assert_eq!(mine.get("/api/v1/users").await.status, 401);
    assert_eq!(twins.client("okta").get("/api/v1/users").await.status, 200);
}

#[tokio::test]
async fn our_credential_is_limited_and_revoked_with_all_that_was_issued_for_it() {
    let twins = twins().await;
    let form = [("grant_type", "client_credentials"), ("client_secret", "twin-okta")];
    let issue = || async { twins.client("okta").token(None).form("/oauth2/v1/token", &form).await };
    let token = issue().await.body["access_token"].as_str().expect("a token").to_owned();
    let limit = json!({ "scopes": { "integration": "okta", "scopes": ["okta.users.read"] } });
    assert_eq!(twins.control("POST", "world", limit).await.status, 200);
    let later = issue().await.body["access_token"].as_str().expect("a token").to_owned();
    for token in ["twin-okta", &token, &later] {
        let mine = twins.client("okta").token(Some(token));
        assert_eq!(
            (mine.get("/api/v1/users").await.status, mine.get("/api/v1/apps").await.status),
            (200, 403)
        );
    }
    assert_eq!(
        twins.control("POST", "world", json!({ "disown": { "integration": "okta" } })).await.status,
        200
    );
    for token in ["twin-okta", &token, &later] {
        let mine = twins.client("okta").token(Some(token));
        assert_eq!(mine.get("/api/v1/users").await.status, 401);
    }
    assert_eq!(issue().await.status, 401);
}

#[tokio::test]
async fn faults_are_switched_on_and_off() {
    let twins = twins().await;
    let okta = twins.client("okta");
    let ids = twins
        .control("POST", "faults", json!([{ "answer": 503 }, { "platform": "slack", "answer": "reset" }]))
        .await;
    assert_eq!(ids.body["ids"], json!([1, 2]));
    assert_eq!(okta.get("/api/v1/apps").await.status, 503);
    let list = twins.control("GET", "faults", Value::Null).await.body;
    assert_eq!((&list[0]["fired"], &list[1]["fault"]["answer"]), (&json!(1), &json!("reset")));
    assert_eq!(twins.control("DELETE", "faults/1", Value::Null).await.body["removed"], 1);
    assert_eq!(okta.get("/api/v1/apps").await.status, 200);
    assert_eq!(twins.control("DELETE", "faults", Value::Null).await.body["removed"], 1);
    let wrong = twins.control("POST", "faults", json!({ "answer": "rest" })).await;
    assert!(
        wrong.status == 400 && wrong.body["error"].as_str().is_some_and(|error| error.contains("`reset`")),
        "{wrong:?}"
    );
    assert_eq!(twins.control("GET", "nonsense", Value::Null).await.status, 404);
}

#[tokio::test]
async fn each_platform_limits_in_its_own_way() {
    let twins = twins().await;
    for (name, path, status, words) in [
        ("okta", "/api/v1/users", 429, "E0000047"),
        ("crm", "/services/data/v62.0/limits", 403, "REQUEST_LIMIT_EXCEEDED"),
        ("git", "/orgs/acme/members", 403, "rate limit"),
        ("chat", "/api/users.list", 429, "ratelimited"),
    ] {
        let rate = json!({ "integration": name, "rate": { "per_second": 0.5, "burst": 2.0 } });
        assert_eq!(twins.control("POST", "rates", rate).await.status, 200);
        let client = twins.client(name);
        assert_eq!(client.get(path).await.status, 200);
        let second = client.get(path).await;
        assert_eq!(second.status, 200);
        let third = client.get(path).await;
        assert_eq!(third.status, status, "{name}: {third:?}");
        assert!(third.text.contains(words), "{name}: {third:?}");
        let now = "2026-03-13T02:40:00Z".parse::<jiff::Timestamp>().expect("time").as_second();
        match name {
            "okta" => {
                assert_eq!(
                    (second.header("x-rate-limit-limit"), second.header("x-rate-limit-remaining")),
                    ("2", "0")
                );
                assert!(
                    third
                        .header("x-rate-limit-reset")
                        .parse::<i64>()
                        .is_ok_and(|reset| (now + 2..now + 4).contains(&reset))
                );
            }
            "git" => assert_eq!((second.header("x-ratelimit-used"), third.header("retry-after")), ("2", "2")),
            "crm" => assert_eq!(second.header("sforce-limit-info"), "api-usage=2/2"),
            _ => assert_eq!(third.header("retry-after"), "2"),
        }
    }
    twins.clock.advance(Duration::from_secs(2));
    for (name, path) in [("okta", "/api/v1/users"), ("git", "/orgs/acme/members")] {
        assert_eq!(twins.client(name).get(path).await.status, 200);
    }
    twins.host.set_rate("okta", Some(Rate { per_second: 1.0, burst: 1.0 })).expect("set");
    twins.host.set_rate("okta", None).expect("lifted");
    for _ in 0..5 {
        assert_eq!(twins.client("okta").get("/api/v1/users").await.status, 200);
    }
    assert_eq!(twins.control("POST", "rates", json!({ "integration": "x", "rate": null })).await.status, 400);
}
