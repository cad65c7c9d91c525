//! Logging in by a code that is typed elsewhere, and the token that comes of it.

use http::Method;
use serde_json::{Value, json};
use stanch_client::{Client, Location};
use stanch_model::api::{BegunLogin, LoginState, LoginWay, Role};

use crate::{
    login::{Browser, people, who},
    provider::{Provider, config},
    world::{Reply, World},
};

fn client(world: &World, token: Option<&str>) -> Client {
    let token = token.map(str::to_owned);
    Client::connect(Location::Url { url: world.base.clone(), token }).unwrap()
}

async fn poll(world: &World, begun: &BegunLogin) -> Reply {
    let body = json!({ "login": begun.login }).to_string();
    world.raw(Method::POST, "/v1/login/token", &[("content-type", "application/json")], body).await
}

#[tokio::test]
async fn a_code_that_is_typed_elsewhere_becomes_a_token_with_role_end_and_last_use() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    provider.inside.lock().device = vec!["authorization_pending", "slow_down"];
    let begun = client(&world, None).begin_login().await.unwrap();
    assert_eq!((begun.user_code.as_str(), begun.interval, begun.expires_in), ("WDJB-MJHT", 1, 600));
    assert_eq!(begun.verification_uri, format!("{}/activate", provider.base));
    assert!(!begun.login.contains("nobody-shall-see"));
    let polled = client(&world, None).poll_login(&begun.login).await.unwrap();
    assert_eq!((polled.state, polled.token), (LoginState::Pending, None));
    assert_eq!(poll(&world, &begun).await.json(), json!({ "state": "slow_down" }));
    let done = poll(&world, &begun).await.json();
    assert_eq!(done["state"], "done");
    let token = done["token"]["token"].as_str().unwrap();

    let ben = client(&world, Some(token));
    let me = ben.me().await.unwrap();
    assert_eq!((me.name.as_str(), me.role, me.until.is_some()), ("ben", Role::Approver, true));
    let listed = world.client(Role::Admin).tokens().await.unwrap().items.pop().unwrap();
    assert_eq!((listed.name.as_str(), listed.login), ("ben", Some(LoginWay::Device)));
    let end: jiff::Timestamp = listed.expires.unwrap().parse().unwrap();
    let lasts = end.duration_since(jiff::Timestamp::now()).as_mins();
    assert!((11 * 60..=12 * 60).contains(&lasts), "{lasts}");
    assert!(listed.used.is_some(), "the last use is known");
    let kept = std::fs::read_to_string(world.folder().join("tokens.json")).unwrap();
    assert!(!kept.contains(token.rsplit('_').next().unwrap()), "only its hash is kept");

    assert_eq!(ben.log_out().await.unwrap().by, "ben");
    assert_eq!(ben.me().await.unwrap_err().status(), Some(401));
    let kinds: Vec<(String, Value)> = people(&world);
    let told: Vec<(&str, &Value)> =
        kinds.iter().map(|(kind, body)| (kind.as_str(), &body["through"])).collect();
    assert_eq!(told, [("login.made", &json!("device")), ("login.ended", &json!("device"))]);
    let own = world.client(Role::Viewer).log_out().await.unwrap_err();
    assert_eq!(own.status(), Some(409), "a token that somebody made is not a login: {own}");
}

#[tokio::test]
async fn a_login_that_is_denied_over_or_not_ours_is_said_to_be() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    let begun = client(&world, None).begin_login().await.unwrap();
    for (word, status, code) in [
        ("access_denied", 403, "denied"),
        ("expired_token", 410, "expired"),
        ("invalid_grant", 502, "provider"),
    ] {
        provider.inside.lock().device = vec![word];
        let reply = poll(&world, &begun).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{word}");
    }
    let foreign = BegunLogin { login: format!("{}x", begun.login), ..begun.clone() };
    assert_eq!(poll(&world, &foreign).await.status, 400);
    let told = people(&world);
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|(kind, _)| kind == "login.refused"));
    let crashed = world.crash_into(&config(&provider.base)).await;
    let reply = poll(&crashed, &begun).await;
    assert_eq!((reply.status, reply.json()["error"]["help"].as_str()), (400, Some("begin again")));
}

#[tokio::test]
async fn the_session_of_a_browser_is_no_token_and_whoever_is_taken_out_is_out() {
    let provider = Provider::start().await;
    let world = World::with(&config(&provider.base)).await;
    let mut browser = Browser::default();
    browser.log_in(&world, &provider, who("ben", "leads")).await;
    let session = browser.session().unwrap().clone();
    let shown = client(&world, Some(&session)).me().await.unwrap_err();
    assert_eq!((shown.status(), shown.to_string().contains("session of a browser")), (Some(401), true));
    let begun = client(&world, None).begin_login().await.unwrap();
    let token = client(&world, None).poll_login(&begun.login).await.unwrap().token.unwrap().token;
    assert_eq!(client(&world, Some(&token)).me().await.unwrap().name, "ben");
    browser.cookies.insert("__Host-stanch".to_owned(), token.clone());
    assert_eq!(browser.get(&world, "/cards").await.0, 401, "nor is a token a session");
    browser.cookies.insert("__Host-stanch".to_owned(), session);
    let world = world.crash_into(&config(&provider.base)).await;
    assert_eq!(browser.get(&world, "/cards").await.0, 200, "both outlive the server");
    assert_eq!(client(&world, Some(&token)).me().await.unwrap().name, "ben");
    let without = config(&provider.base).replace("ben: { login: ben@acme.example }, ", "");
    let world = world.crash_into(&without).await;
    assert_eq!(browser.get(&world, "/cards").await.0, 401);
    let out = client(&world, Some(&token)).me().await.unwrap_err();
    assert_eq!((out.status(), out.to_string().contains("not known here any longer")), (Some(401), true));
}

#[tokio::test]
async fn a_token_in_an_address_is_refused_and_the_way_out_is_said() {
    let world = World::new().await;
    let token = world.token(Role::Viewer).to_owned();
    let bearer = format!("Bearer {token}");
    for path in [
        format!("/v1/me?access_token={token}"),
        format!("/v1/runs?limit={token}"),
        "/v1/me?token=x".to_owned(),
    ] {
        let reply = world.raw(Method::GET, &path, &[("authorization", &bearer)], "").await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "token_in_url"), "{path}");
        let said = String::from_utf8_lossy(&reply.body).into_owned();
        assert!(said.contains("stanch tokens revoke") && !said.contains(&token), "{said}");
    }
}
