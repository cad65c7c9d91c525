//! Simulated Salesforce.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stanch_integrations::twin::{Change, TwinOptions, World};

use crate::support::{Answer, Client, Twins, world};

async fn salesforce(grants: u32, page_size: u32) -> (Twins, Client) {
    let extra = BTreeMap::from([("crm".to_owned(), json!({ "page_size": page_size }))]);
    let world = World { extra, ..world("drift", &[("crm", grants)]) };
    let twins = Twins::with(&[("crm", "salesforce")], TwinOptions { world, ..TwinOptions::default() }).await;
    let client = twins.client("crm");
    (twins, client)
}

async fn soql(client: &Client, query: &str) -> Answer {
    let request = client.request("GET", "/services/data/v62.0/query").query(&[("q", query)]);
    Answer::of(request.send().await.expect("an answer")).await
}

/// All records of a query, page by page.
async fn records(client: &Client, query: &str) -> Vec<Value> {
    let mut page = soql(client, query).await;
    let mut all = Vec::new();
    loop {
        assert_eq!(page.status, 200, "{page:?}");
        all.extend(page.body["records"].as_array().expect("records").iter().cloned());
        let Some(next) = page.body["nextRecordsUrl"].as_str() else { return all };
        assert_eq!(page.body["done"], false);
        page = client.get(next).await;
    }
}

const TOKENS: &str =
    "SELECT AppName, UserId, DeleteToken, LastUsedDate FROM OauthToken WHERE AppName = 'Drift'";

#[tokio::test]
async fn tokens_page_and_are_revoked_by_their_delete_token() {
    let (twins, crm) = salesforce(28, 10).await;
    let tokens = records(&crm, TOKENS).await;
    assert_eq!(tokens.len(), 28);
    assert_eq!(soql(&crm, TOKENS).await.body["totalSize"], 28);
    let secret = tokens[3]["DeleteToken"].as_str().expect("secret");
    let user = tokens[3]["UserId"].as_str().expect("user");
    let mine = format!("{TOKENS} AND UserId = '{user}'");
    assert_eq!(records(&crm, &mine).await.len(), 1);
    let open = crm.clone().token(None);
    assert_eq!(open.form("/services/oauth2/revoke", &[("token", secret)]).await.status, 200);
    assert!(records(&crm, &mine).await.is_empty());
    let again = open.form("/services/oauth2/revoke", &[("token", secret)]).await;
    assert_eq!((again.status, &again.body["error"]), (400, &json!("invalid_token")));
    assert_eq!(open.form("/services/oauth2/revoke", &[]).await.status, 400);
    let ledger = format!("{:?}{:?}", twins.host.effects(), twins.host.requests());
    assert!(!ledger.contains(secret), "a secret is in the ledger");
    assert_eq!(twins.writes("crm.revoke_token"), 1);
    assert_eq!(soql(&crm, "SELECT COUNT() FROM OauthToken").await.body["totalSize"], 27);
}

#[tokio::test]
async fn a_cursor_shows_the_result_as_it_was() {
    let (_twins, crm) = salesforce(28, 10).await;
    let first = soql(&crm, TOKENS).await;
    for token in first.body["records"].as_array().expect("records") {
        let secret = token["DeleteToken"].as_str().expect("secret");
        assert_eq!(crm.form("/services/oauth2/revoke", &[("token", secret)]).await.status, 200);
    }
    let next = first.body["nextRecordsUrl"].as_str().expect("more");
    assert_eq!(crm.get(next).await.body["records"].as_array().map(Vec::len), Some(10));
    assert_eq!(crm.get("/services/data/v62.0/query/01gNobody-10").await.status, 400);
}

#[tokio::test]
async fn sessions_end_and_logins_freeze() {
    let (twins, crm) = salesforce(1, 2000).await;
    let users = records(&crm, "SELECT Id, Username FROM User WHERE Username LIKE 'ana.%'").await;
    let user = users[0]["Id"].as_str().expect("user");
    let sessions = records(&crm, &format!("SELECT Id FROM AuthSession WHERE UsersId = '{user}'")).await;
    let session =
        format!("/services/data/v62.0/sobjects/AuthSession/{}", sessions[0]["Id"].as_str().expect("id"));
    assert_eq!(crm.get(&session).await.status, 200);
    assert_eq!(crm.send("DELETE", &session).await.status, 204);
    let gone = crm.send("DELETE", &session).await;
    assert_eq!((gone.status, &gone.body[0]["errorCode"]), (404, &json!("NOT_FOUND")));
    let query = format!("SELECT Id, IsFrozen FROM UserLogin WHERE UserId = '{user}'");
    let login = records(&crm, &query).await[0]["Id"].as_str().expect("id").to_owned();
    let login = format!("/services/data/v62.0/sobjects/UserLogin/{login}");
    for _ in 0..2 {
        assert_eq!(crm.json("PATCH", &login, json!({ "IsFrozen": true })).await.status, 204);
    }
    assert_eq!(crm.json("PATCH", &login, json!({ "Nonsense": true })).await.status, 400);
    assert_eq!(crm.json("PATCH", &login, json!({ "IsFrozen": false })).await.status, 204);
    assert_eq!(crm.json("PATCH", &login, json!({ "IsFrozen": true })).await.status, 204);
    assert_eq!(twins.writes("crm.unfreeze_user"), 1);
    assert_eq!(records(&crm, &query).await[0]["IsFrozen"], true);
    assert_eq!(twins.writes("crm.freeze_user"), 2);
    let user = format!("/services/data/v62.0/sobjects/User/{user}");
    assert_eq!(crm.json("PATCH", &user, json!({ "IsActive": false })).await.status, 204);
    assert_eq!(crm.get(&user).await.body["IsActive"], false);
    assert_eq!(crm.json("PATCH", &user, json!({ "IsActive": true })).await.status, 204);
    assert_eq!((twins.writes("crm.deactivate_user"), twins.writes("crm.activate_user")), (1, 1));
    assert_eq!(crm.get("/services/data/v62.0/sobjects/OauthToken/x").await.status, 404);
}

#[tokio::test]
async fn tokens_come_from_the_token_endpoint_and_mistakes_have_names() {
    let (_twins, crm) = salesforce(1, 2000).await;
    let open = crm.clone().token(None);
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl";
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    for form in [
        [("grant_type", "client_credentials"), ("client_secret", "twin-crm")],
        [("grant_type", grant), ("assertion", jwt)],
    ] {
        let given = open.form("/services/oauth2/token", &form).await;
        let token = given.body["access_token"].as_str().expect("a token");
        let mine = crm.clone().token(Some(token));
        assert_eq!(mine.get("/services/oauth2/userinfo").await.status, 200);
        assert_eq!(mine.get("/services/data/v62.0/limits").await.status, 200);
        assert_eq!(open.form("/services/oauth2/revoke", &[("token", token)]).await.status, 200);
        assert_eq!(mine.get("/services/data/v62.0/limits").await.status, 401);
    }
    let wrong = open.form("/services/oauth2/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!((wrong.status, &wrong.body["error"]), (400, &json!("invalid_client")));
    let wrong = open.form("/services/oauth2/token", &[("grant_type", "password")]).await;
    assert_eq!(wrong.body["error"], "unsupported_grant_type");
    let wrong = crm.clone().token(Some("nobody")).get("/services/data/v62.0/limits").await;
    assert_eq!((wrong.status, &wrong.body[0]["errorCode"]), (401, &json!("INVALID_SESSION_ID")));
    for (query, code) in [("SELECT Id FROM Nope", "INVALID_TYPE"), ("SELECT", "MALFORMED_QUERY")] {
        let wrong = soql(&crm, query).await;
        assert_eq!((wrong.status, &wrong.body[0]["errorCode"]), (400, &json!(code)));
    }
    assert_eq!(open.get("/services/data").await.status, 200);
    assert_eq!(crm.get("/services/data/v62.0/query").await.status, 400);
}

#[tokio::test]
async fn a_blocked_app_gets_no_new_grants_and_its_access_ends() {
    let (twins, crm) = salesforce(2, 2000).await;
    let state = twins.host.state("crm").expect("state");
    let access = state["OauthToken"][0]["twin_access"].as_str().expect("access").to_owned();
    let theirs = crm.clone().token(Some(&access));
    assert_eq!(theirs.get("/services/oauth2/userinfo").await.status, 200);
    let (integration, app) = ("crm".to_owned(), "drift".to_owned());
    let grant = Change::Grant { integration: integration.clone(), app: app.clone(), count: 3 };
    twins.host.change(&grant).expect("granted");
    assert_eq!(records(&crm, TOKENS).await.len(), 5);
    twins
        .host
        .change(&Change::Block { integration: integration.clone(), app: app.clone() })
        .expect("blocked");
    twins.host.change(&grant).expect("refused quietly");
    assert_eq!(records(&crm, TOKENS).await.len(), 5);
    assert_eq!(theirs.get("/services/oauth2/userinfo").await.status, 401);
    twins.host.change(&Change::Unblock { integration, app }).expect("unblocked");
    assert_eq!(theirs.get("/services/oauth2/userinfo").await.status, 200);
    assert_eq!(twins.host.summary().effects, 0, "changes from outside are nobody's effects");
}

#[tokio::test]
async fn without_the_permission_lists_come_back_empty() {
    let (twins, crm) = salesforce(3, 2000).await;
    let scopes = Some(vec!["api".to_owned()]);
    twins
        .host
        .change(&Change::Scopes { integration: "crm".to_owned(), token: None, scopes })
        .expect("limited");
    let blind = soql(&crm, TOKENS).await;
    assert_eq!((blind.status, &blind.body["totalSize"]), (200, &json!(0)));
    assert_eq!(records(&crm, "SELECT Id FROM User").await.len(), 40);
    let session = "/services/data/v62.0/sobjects/AuthSession/x";
    let refused = crm.send("DELETE", session).await;
    assert_eq!((refused.status, &refused.body[0]["errorCode"]), (403, &json!("INSUFFICIENT_ACCESS")));
}

#[tokio::test]
async fn more_tokens_than_one_query_gives() {
    let (_twins, crm) = salesforce(2600, 2000).await;
    assert_eq!(records(&crm, TOKENS).await.len(), 2500);
    let page = crm.request("GET", "/services/data/v62.0/query").query(&[("q", TOKENS)]);
    let page = page.header("Sforce-Query-Options", "batchSize=200").send().await.expect("an answer");
    assert_eq!(Answer::of(page).await.body["records"].as_array().map(Vec::len), Some(200));
}
