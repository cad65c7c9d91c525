//! Simulated Okta.

use serde_json::json;

use crate::support::{Client, Twins, world};

async fn okta() -> (Twins, Client, String) {
    let twins = Twins::start(&[("okta", "okta")], world("drift", &[("okta", 45)])).await;
    let okta = twins.client("okta").scheme("SSWS");
    let apps = okta.get("/api/v1/apps?q=Dri").await;
    assert_eq!(apps.status, 200, "{apps:?}");
    let app = apps.body[0]["id"].as_str().expect("id").to_owned();
    (twins, okta, app)
}

#[tokio::test]
async fn tokens_page_to_the_end_and_die_once() {
    let (twins, okta, app) = okta().await;
    let tokens = okta.pages(&format!("/api/v1/apps/{app}/tokens?limit=20")).await;
    assert_eq!(tokens.len(), 45);
    assert!(tokens.iter().all(|token| token.get("twin_app").is_none() && token["clientId"] == app));
    let one = format!("/api/v1/apps/{app}/tokens/{}", tokens[7]["id"].as_str().expect("id"));
    assert_eq!(okta.get(&one).await.status, 200);
    assert_eq!(okta.send("DELETE", &one).await.status, 204);
    assert_eq!(okta.get(&one).await.status, 404);
    let again = okta.send("DELETE", &one).await;
    assert_eq!((again.status, &again.body["errorCode"]), (404, &json!("E0000007")));
    assert_eq!(okta.pages(&format!("/api/v1/apps/{app}/tokens")).await.len(), 44);
    assert_eq!(okta.send("DELETE", &format!("/api/v1/apps/{app}/tokens")).await.status, 204);
    assert!(okta.pages(&format!("/api/v1/apps/{app}/tokens")).await.is_empty());
    let summary = twins.host.summary();
    assert_eq!((summary.effects, summary.duplicate_effects, summary.repeated_requests), (2, 0, 1));
}

#[tokio::test]
async fn a_list_read_while_it_shrinks_loses_nothing() {
    let (_twins, okta, app) = okta().await;
    let (mut seen, mut next) = (0, Some(format!("/api/v1/apps/{app}/tokens?limit=10")));
    while let Some(path) = next {
        let page = okta.get(&path).await;
        for token in page.body.as_array().expect("a list") {
            seen += 1;
            let path = format!("/api/v1/apps/{app}/tokens/{}", token["id"].as_str().expect("id"));
            assert_eq!(okta.send("DELETE", &path).await.status, 204);
        }
        next = page.next();
    }
    assert_eq!(seen, 45);
}

#[tokio::test]
async fn an_app_is_switched_off_and_on() {
    let (twins, okta, app) = okta().await;
    let path = format!("/api/v1/apps/{app}");
    for (verb, status) in [("deactivate", "INACTIVE"), ("deactivate", "INACTIVE"), ("activate", "ACTIVE")] {
        assert_eq!(okta.send("POST", &format!("{path}/lifecycle/{verb}")).await.status, 200);
        assert_eq!(okta.get(&path).await.body["status"], status);
    }
    assert_eq!(twins.writes("okta.deactivate_app"), 1);
    assert_eq!(okta.get("/api/v1/apps/0oaNobody").await.status, 404);
    assert_eq!(
        okta.get("/api/v1/apps?filter=status eq \"ACTIVE\"").await.body.as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(okta.get("/api/v1/apps?filter=status").await.status, 400);
    assert_eq!(okta.send("PATCH", &path).await.status, 405);
}

#[tokio::test]
async fn consents_and_seats_of_an_app() {
    let (_twins, okta, app) = okta().await;
    let path = format!("/api/v1/apps/{app}/grants");
    let consents = okta.get(&path).await;
    let one = format!("{path}/{}", consents.body[0]["id"].as_str().expect("id"));
    assert_eq!(okta.get(&one).await.status, 200);
    assert_eq!(okta.send("DELETE", &one).await.status, 204);
    assert_eq!(okta.send("DELETE", &one).await.status, 404);
    assert_eq!(okta.json("POST", &path, json!({})).await.status, 400);
    let back = okta.json("POST", &path, json!({ "scopeId": "okta.users.read", "issuer": "x" })).await;
    assert_eq!((back.status, &back.body["scopeId"]), (201, &json!("okta.users.read")));
    let seats = okta.get(&format!("/api/v1/apps/{app}/users")).await;
    assert_eq!(seats.body.as_array().map(Vec::len), Some(40), "45 grants, 40 people");
    let seat = format!("/api/v1/apps/{app}/users/{}", seats.body[0]["id"].as_str().expect("id"));
    assert_eq!(okta.send("DELETE", &seat).await.status, 204);
    assert_eq!(okta.send("DELETE", &seat).await.status, 404);
}

#[tokio::test]
async fn the_last_secret_of_an_app_stays_on() {
    let (twins, okta, app) = okta().await;
    let path = format!("/api/v1/apps/{app}/credentials/secrets");
    let both = okta.get(&path).await.body;
    let [first, second] = [0, 1].map(|at: usize| both[at]["id"].as_str().expect("id").to_owned());
    let off = format!("{path}/{first}/lifecycle/deactivate");
    assert_eq!(okta.send("POST", &format!("{path}/{second}/lifecycle/deactivate")).await.status, 200);
    assert_eq!(okta.send("POST", &off).await.status, 400);
    assert_eq!(okta.json("POST", &path, json!({})).await.status, 400, "two are all that there can be");
    assert_eq!(okta.send("DELETE", &format!("{path}/{first}")).await.status, 400, "it is on");
    assert_eq!(okta.send("DELETE", &format!("{path}/{second}")).await.status, 204);
    assert_eq!(okta.json("POST", &path, json!({})).await.status, 201);
    assert_eq!(okta.send("POST", &off).await.body["status"], "INACTIVE");
    assert_eq!(okta.get(&format!("{path}/{first}")).await.body["status"], "INACTIVE");
    assert_eq!(
        okta.send("POST", &format!("{path}/{first}/lifecycle/activate")).await.body["status"],
        "ACTIVE"
    );
    assert_eq!(okta.get(&format!("{path}/nobody")).await.status, 404);
    assert_eq!(twins.host.summary().duplicate_effects, 0);
}

#[tokio::test]
async fn a_user_goes_through_its_states() {
    let (twins, okta, _) = okta().await;
    let found = okta.get("/api/v1/users?search=profile.email eq \"ana.adler@acme.example\"").await;
    let id = found.body[0]["id"].as_str().expect("id").to_owned();
    let path = format!("/api/v1/users/{id}");
    assert_eq!(okta.get("/api/v1/users/ana.adler@acme.example").await.body["id"], id);
    assert_eq!(okta.get("/api/v1/users/ana.adler").await.body["id"], id);
    for (verb, status, then) in [
        ("suspend", 200, "SUSPENDED"),
        ("suspend", 400, "SUSPENDED"),
        ("unsuspend", 200, "ACTIVE"),
        ("unsuspend", 400, "ACTIVE"),
        ("expire_password", 200, "PASSWORD_EXPIRED"),
        ("expire_password", 200, "PASSWORD_EXPIRED"),
        ("reset_factors", 200, "PASSWORD_EXPIRED"),
        ("deactivate", 200, "DEPROVISIONED"),
        ("deactivate", 400, "DEPROVISIONED"),
    ] {
        let answer = okta.send("POST", &format!("{path}/lifecycle/{verb}?sendEmail=false")).await;
        assert_eq!(answer.status, status, "{verb}: {answer:?}");
        assert_eq!(okta.get(&path).await.body["status"], then);
    }
    assert!(okta.get(&format!("{path}/factors")).await.body.as_array().is_some_and(Vec::is_empty));
    assert_eq!(twins.host.summary().duplicate_effects, 0);
}

#[tokio::test]
async fn sessions_end_and_the_log_tells() {
    let (twins, okta, app) = okta().await;
    let token = okta.get(&format!("/api/v1/apps/{app}/tokens?limit=1")).await.body[0].clone();
    let user = token["userId"].as_str().expect("user").to_owned();
    let mine = format!("/api/v1/users/{user}/clients/{app}/tokens");
    assert!(!okta.pages(&mine).await.is_empty());
    for _ in 0..2 {
        let path = format!("/api/v1/users/{user}/sessions?oauthTokens=true&forgetDevices=true");
        assert_eq!(okta.send("DELETE", &path).await.status, 204);
    }
    assert!(okta.pages(&mine).await.is_empty());
    let filter = format!("eventType eq \"user.session.clear\" and target.id eq \"{user}\"");
    let events = okta.request("GET", "/api/v1/logs").query(&[("filter", filter.as_str()), ("limit", "1")]);
    let events = crate::support::Answer::of(events.send().await.expect("answer")).await;
    assert_eq!(events.body[0]["target"][0]["id"], user);
    assert_eq!(okta.pages(&events.next().expect("the second event")).await.len(), 1);
    assert_eq!(okta.get("/api/v1/logs?filter=(").await.status, 400);
    let none = okta.get("/api/v1/logs?since=2027-01-01T00:00:00Z&until=2028-01-01T00:00:00Z").await;
    assert!(none.body.as_array().is_some_and(Vec::is_empty));
    assert_eq!(twins.writes("okta.end_user_sessions"), 1, "the second call changes nothing");
}

#[tokio::test]
async fn grants_groups_and_api_tokens() {
    let (_twins, okta, app) = okta().await;
    let users = okta.pages("/api/v1/users?limit=15").await;
    assert_eq!(users.len(), 40);
    let user = users[39]["id"].as_str().expect("id");
    for (method, path, status) in [
        ("GET", format!("/api/v1/users/{user}/grants"), 200),
        ("DELETE", format!("/api/v1/users/{user}/grants"), 204),
        ("DELETE", format!("/api/v1/users/{user}/clients/{app}/tokens"), 204),
        ("GET", "/api/v1/users/nobody/grants".to_owned(), 404),
    ] {
        assert_eq!(okta.send(method, &path).await.status, status, "{method} {path}");
    }
    let groups = okta.get("/api/v1/groups?q=Emergency").await;
    let group = groups.body[0]["id"].as_str().expect("id");
    assert_eq!(
        okta.get(&format!("/api/v1/users/{user}/groups")).await.body.as_array().map(Vec::len),
        Some(2)
    );
    let member = format!("/api/v1/groups/{group}/users/{user}");
    assert_eq!(okta.send("DELETE", &member).await.status, 204);
    assert!(
        okta.get(&format!("/api/v1/groups/{group}/users")).await.body.as_array().is_some_and(Vec::is_empty)
    );
    assert_eq!(okta.send("PUT", &member).await.status, 204);
    assert_eq!(okta.get(&format!("/api/v1/groups/{group}/users")).await.body[0]["id"], user);
    let tokens = okta.pages("/api/v1/api-tokens").await;
    let token = format!("/api/v1/api-tokens/{}", tokens[0]["id"].as_str().expect("id"));
    for (method, status) in [("GET", 200), ("DELETE", 204), ("DELETE", 404), ("GET", 404)] {
        assert_eq!(okta.send(method, &token).await.status, status);
    }
}

#[tokio::test]
async fn a_service_app_gets_a_token_that_expires() {
    let (twins, okta, _) = okta().await;
    let form = |secret| [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", secret)];
    let open = okta.clone().token(None);
    assert_eq!(open.form("/oauth2/v1/token", &form("wrong")).await.status, 401);
    assert_eq!(open.form("/oauth2/v1/token", &[("grant_type", "password")]).await.status, 400);
    let given = open.form("/oauth2/v1/token", &form("twin-okta")).await;
    let token = given.body["access_token"].as_str().expect("a token").to_owned();
    let mine = okta.clone().scheme("Bearer").token(Some(&token));
    assert_eq!(mine.get("/api/v1/users").await.status, 200);
    twins.clock.advance(std::time::Duration::from_secs(3601));
    let late = mine.get("/api/v1/users").await;
    assert_eq!((late.status, &late.body["errorCode"]), (401, &json!("E0000011")));
}
