//! Simulated GitHub.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use stanch_integrations::twin::{Change, TwinOptions, World};

use crate::support::{Client, Twins, world};

async fn github() -> (Twins, Client) {
    let secret =
        json!({ "secrets": [{ "repo": "web", "number": 42, "token": "ghp_leaked", "login": "ben.berg" }] });
    let world =
        World { extra: BTreeMap::from([("github".to_owned(), secret)]), ..world("drift", &[("github", 3)]) };
    let twins = Twins::with(&[("github", "github")], TwinOptions { world, ..TwinOptions::default() }).await;
    let client = twins.client("github");
    (twins, client)
}

const ALERT: &str = "/repos/acme/web/secret-scanning/alerts/42";

#[tokio::test]
async fn a_leaked_credential_dies_a_little_later() {
    let (twins, github) = github().await;
    let alert = github.get(ALERT).await;
    assert_eq!((&alert.body["state"], &alert.body["secret"]), (&json!("open"), &json!("ghp_leaked")));
    assert!(github.get(&format!("{ALERT}?hide_secret=true")).await.body.get("secret").is_none());
    assert_eq!(github.get(&format!("{ALERT}/locations")).await.body[0]["type"], "commit");
    let thief = github.clone().token(Some("ghp_leaked"));
    assert_eq!(thief.get("/user").await.body["login"], "ben.berg");
    let body = json!({ "credentials": ["ghp_leaked", "ghp_unknown"] });
    assert_eq!(github.json("POST", "/credentials/revoke", body.clone()).await.status, 403);
    let open = github.clone().token(None);
    assert_eq!(open.json("POST", "/credentials/revoke", body.clone()).await.status, 202);
    assert_eq!(thief.get("/user").await.status, 200, "202 is a promise");
    twins.clock.advance(Duration::from_secs(2));
    let dead = thief.get("/user").await;
    assert_eq!((dead.status, &dead.body["message"]), (401, &json!("Bad credentials")));
    assert_eq!(open.json("POST", "/credentials/revoke", body).await.status, 202);
    for wrong in [json!({}), json!({ "credentials": [] }), json!({ "credentials": vec!["x"; 1001] })] {
        assert_eq!(open.json("POST", "/credentials/revoke", wrong).await.status, 422);
    }
    assert_eq!(twins.writes("github.revoke_credentials"), 1);
    assert!(!format!("{:?}", twins.host.effects()).contains("ghp_leaked"));
    assert_eq!(github.get("/user").await.body["login"], "stanch-bot");
    assert_eq!(open.get("/user").await.status, 401);
}

#[tokio::test]
async fn an_alert_is_resolved_and_opened_again() {
    let (twins, github) = github().await;
    let resolve = json!({ "state": "resolved", "resolution": "revoked", "resolution_comment": "by stanch" });
    for _ in 0..2 {
        let answer = github.json("PATCH", ALERT, resolve.clone()).await;
        assert_eq!((answer.status, &answer.body["resolution"]), (200, &json!("revoked")));
    }
    assert_eq!(twins.writes("github.resolve_secret_alert"), 1);
    assert!(
        github
            .get("/repos/acme/web/secret-scanning/alerts?state=open")
            .await
            .body
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    assert_eq!(github.get("/orgs/acme/secret-scanning/alerts?state=resolved").await.body[0]["number"], 42);
    assert_eq!(github.json("PATCH", ALERT, json!({ "state": "open" })).await.body["resolution"], Value::Null);
    for wrong in [json!({ "state": "nonsense" }), json!({ "state": "resolved" })] {
        assert_eq!(github.json("PATCH", ALERT, wrong).await.status, 422);
    }
    assert_eq!(github.get("/repos/acme/web/secret-scanning/alerts/43").await.status, 404);
    assert_eq!(github.get("/repos/typo/web/secret-scanning/alerts/42").await.status, 404);
}

#[tokio::test]
async fn members_and_blocks() {
    let (twins, github) = github().await;
    assert_eq!(github.pages("/orgs/acme/members?per_page=15").await.len(), 40);
    let member = "/orgs/acme/members/ben.berg";
    for (method, path, status) in [
        ("GET", member, 204),
        ("DELETE", member, 204),
        ("GET", member, 404),
        ("DELETE", member, 404),
        ("GET", "/orgs/acme/blocks/ben.berg", 404),
        ("PUT", "/orgs/acme/blocks/ben.berg", 204),
        ("PUT", "/orgs/acme/blocks/ben.berg", 422),
        ("GET", "/orgs/acme/blocks/ben.berg", 204),
        ("GET", "/orgs/acme/blocks", 200),
        ("DELETE", "/orgs/acme/blocks/ben.berg", 204),
        ("GET", "/users/ben.berg", 200),
        ("GET", "/users/nobody", 404),
    ] {
        assert_eq!(github.send(method, path).await.status, status, "{method} {path}");
    }
    let back = github.json("PUT", "/orgs/acme/memberships/ben.berg", json!({ "role": "member" })).await;
    assert_eq!((back.status, &back.body["state"]), (200, &json!("pending")));
    let found = github.get("/search/users?q=caro.costa@acme.example in:email").await;
    assert_eq!(
        (&found.body["total_count"], &found.body["items"][0]["login"]),
        (&json!(1), &json!("caro.costa"))
    );
    assert_eq!(twins.host.summary().duplicate_effects, 0);
}

#[tokio::test]
async fn authorizations_and_the_tokens_behind_them() {
    let (twins, github) = github().await;
    let path = "/orgs/acme/credential-authorizations";
    let all = github.pages(path).await;
    assert_eq!((all.len(), &all[0]["application_name"]), (3, &json!("Drift")));
    let one = format!("{path}/{}", all[0]["credential_id"]);
    assert_eq!(github.send("DELETE", &one).await.status, 204);
    assert_eq!(github.send("DELETE", &one).await.status, 404);
    let login = all[1]["login"].as_str().expect("login");
    assert_eq!(github.json("POST", &format!("{path}/{login}/revoke"), json!({})).await.status, 202);
    assert!(github.pages(&format!("{path}?login={login}")).await.is_empty());
    let state = twins.host.state("github").expect("state");
    let token = state["app_tokens"][0]["token"].as_str().expect("token").to_owned();
    let app = |method: &str, path: &str, token: &str| {
        let request =
            github.clone().token(None).request(method, path).basic_auth("Iv1.drift", Some("twin-github"));
        let body = json!({ "access_token": token });
        async move { request.json(&body).send().await.expect("an answer").status().as_u16() }
    };
    assert_eq!(app("POST", "/applications/Iv1.drift/token", &token).await, 200);
    assert_eq!(app("DELETE", "/applications/Iv1.drift/token", &token).await, 204);
    assert_eq!(app("DELETE", "/applications/Iv1.drift/token", &token).await, 404);
    assert_eq!(app("DELETE", "/applications/Iv1.other/grant", &token).await, 401);
    twins
        .host
        .change(&Change::Grant { integration: "github".to_owned(), app: "drift".to_owned(), count: 1 })
        .expect("granted");
    let state = twins.host.state("github").expect("state");
    let token = state["app_tokens"][0]["token"].as_str().expect("token").to_owned();
    assert_eq!(app("DELETE", "/applications/Iv1.drift/grant", &token).await, 204);
    assert_eq!(github.clone().token(Some(&token)).get("/user").await.status, 401);
}

#[tokio::test]
async fn installations_obey_their_own_app_only() {
    let (_twins, github) = github().await;
    let all = github.get("/orgs/acme/installations").await;
    let path = format!("/app/installations/{}", all.body["installations"][0]["id"]);
    let app = github.clone().token(Some("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"));
    assert_eq!(github.clone().token(Some("ghp_leaked")).get(&path).await.status, 401);
    for _ in 0..2 {
        assert_eq!(app.send("PUT", &format!("{path}/suspended")).await.status, 204);
        assert!(app.get(&path).await.body["suspended_at"].is_string());
    }
    assert_eq!(app.send("DELETE", &format!("{path}/suspended")).await.status, 204);
    assert!(app.get(&path).await.body["suspended_at"].is_null());
    assert_eq!(app.get("/app/installations/1").await.status, 404);
}

#[tokio::test]
async fn fine_grained_tokens_keys_and_issues() {
    let (twins, github) = github().await;
    let path = "/orgs/acme/personal-access-tokens";
    let grants = github.pages(&format!("{path}?per_page=100")).await;
    assert_eq!(grants.len(), 40);
    let found = github.get(&format!("{path}?token_id={}", grants[0]["token_id"])).await;
    assert_eq!(found.body[0]["id"], grants[0]["id"]);
    let one = format!("{path}/{}", grants[0]["id"]);
    assert_eq!(github.json("POST", &one, json!({ "action": "revoke" })).await.status, 204);
    assert_eq!(github.json("POST", &one, json!({ "action": "revoke" })).await.status, 404);
    assert_eq!(github.json("POST", &one, json!({ "action": "keep" })).await.status, 422);
    let some = json!({ "action": "revoke", "pat_ids": [grants[1]["id"], grants[2]["id"]] });
    assert_eq!(github.json("POST", path, some).await.status, 202);
    assert_eq!(github.json("POST", path, json!({ "action": "revoke" })).await.status, 422);
    assert_eq!(github.pages(&format!("{path}?per_page=100")).await.len(), 37);
    assert_eq!(github.pages("/repos/acme/web/keys").await.len(), 1);
    let hook = format!("/orgs/acme/hooks/{}", github.pages("/orgs/acme/hooks").await[0]["id"]);
    for active in [false, false, true] {
        assert_eq!(github.json("PATCH", &hook, json!({ "active": active })).await.body["active"], active);
        assert_eq!(github.get(&hook).await.body["active"], active);
    }
    assert_eq!((twins.writes("github.disable_hook"), twins.writes("github.enable_hook")), (1, 1));
    for (method, status) in [("GET", 200), ("DELETE", 204), ("GET", 404), ("DELETE", 404)] {
        assert_eq!(github.send(method, "/repos/acme/web/keys/7001").await.status, status);
    }
    let issue = json!({ "title": "Rotate it", "body": "now" });
    assert_eq!(github.json("POST", "/repos/acme/web/issues", issue.clone()).await.body["number"], 1);
    assert_eq!(github.json("POST", "/repos/acme/web/issues", issue).await.body["number"], 2);
    assert_eq!(github.json("POST", "/repos/acme/web/issues", json!({})).await.status, 422);
    assert_eq!(github.pages("/repos/acme/web/issues").await.len(), 2);
    assert_eq!(twins.host.summary().duplicate_effects, 1, "the same issue twice");
}

#[tokio::test]
async fn a_token_without_the_scope_sees_an_empty_organization() {
    let (twins, github) = github().await;
    let scopes = Some(vec!["repo".to_owned()]);
    twins
        .host
        .change(&Change::Scopes { integration: "github".to_owned(), token: None, scopes })
        .expect("limited");
    let members = github.get("/orgs/acme/members").await;
    assert_eq!((members.status, members.body), (200, json!([])));
    assert_eq!(github.send("DELETE", "/orgs/acme/members/ben.berg").await.status, 403);
    assert_eq!(github.get("/orgs/acme/blocks").await.status, 404);
    assert_eq!(github.get(ALERT).await.status, 200);
    let wrong = github.clone().token(Some("nobody")).get(ALERT).await;
    assert_eq!((wrong.status, &wrong.body["message"]), (401, &json!("Bad credentials")));
}
