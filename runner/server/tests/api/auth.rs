//! Who may do what.

use http::Method;
use serde_json::{Value, json};
use stanch_model::api::{NewToken, Role};

use crate::world::World;

/// Every operation of the description, with a path that can be asked for.
fn operations(description: &Value) -> Vec<(Method, String, Option<Role>)> {
    let mut all = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let text = operation["description"].as_str().unwrap_or_default();
            let least = text.strip_prefix("For ").and_then(|text| Role::parse(text.split(' ').next()?));
            let path = path.replace("{source}", "none").replace("{id}", "none").replace("{deadline}", "none");
            all.push((method.to_uppercase().parse().unwrap(), path, least));
        }
    }
    all
}

#[tokio::test]
async fn the_matrix_of_roles_and_routes_holds() {
    let world = World::new().await;
    let description = world.raw(Method::GET, "/openapi.json", &[], "").await.json();
    let mut checked = 0;
    for (method, path, least) in operations(&description) {
        let Some(least) = least else { continue };
        if path.ends_with("/events") {
            continue;
        }
        let nobody = world.raw(method.clone(), &path, &[("content-type", "application/json")], "{}").await;
        assert_eq!((nobody.status, nobody.code().as_str()), (401, "unauthorised"), "{method} {path}");
        for role in Role::ALL {
            let reply = world.as_role(*role, method.clone(), &path, &json!({})).await;
            let forbidden = reply.status == 403 && reply.code() == "forbidden";
            assert_eq!(forbidden, *role < least, "{method} {path} as {role}: {}", reply.status);
            assert!(
                reply.status != 500 && reply.status != 405,
                "{method} {path} as {role}: {}",
                reply.status
            );
            checked += 1;
        }
    }
    assert!(checked > 80, "{checked}");
}

#[tokio::test]
async fn what_is_not_a_token_is_refused_however_it_is_written() {
    let world = World::new().await;
    let good = format!("Bearer {}", world.token(Role::Viewer));
    for wrong in ["Bearer", "Bearer x", "Basic YTpi", &good[..good.len() - 1], &good[7..]] {
        let reply = world.raw(Method::GET, "/v1/me", &[("authorization", wrong)], "").await;
        assert_eq!(reply.status, 401, "{wrong}");
        assert!(!String::from_utf8_lossy(&reply.body).contains("stanch_"), "{wrong}");
    }
    let twice = [("authorization", good.as_str()), ("authorization", good.as_str())];
    assert_eq!(world.raw(Method::GET, "/v1/me", &twice, "").await.status, 401);
    assert_eq!(world.raw(Method::GET, "/v1/me", &twice[..1], "").await.status, 200);
}

#[tokio::test]
async fn the_machines_user_is_admin_at_the_socket_and_a_token_says_more_precisely_who_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new().await;
    let path = world.folder().join("api.sock");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let me = world.by_socket().me().await.unwrap();
    assert_eq!((me.role, me.through.as_str()), (Role::Admin, "socket"));
    let left: Vec<_> =
        std::fs::read_dir(world.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}

#[tokio::test]
async fn tokens_are_made_used_and_revoked_and_the_journal_knows_by_whom() {
    let world = World::new().await;
    let admin = world.client(Role::Admin);
    let new = NewToken { name: "ben".to_owned(), role: Role::Responder, days: Some(1) };
    let made = admin.make_token(&new).await.unwrap();
    let ben = stanch_client::Client::connect(stanch_client::Location::Url {
        url: world.base.clone(),
        token: Some(made.token.clone()),
    })
    .unwrap();
    assert_eq!(ben.me().await.unwrap().name, "ben");
    admin.revoke_token(&made.info.id).await.unwrap();
    assert_eq!(ben.me().await.unwrap_err().status(), Some(401));
    let stream = stanch_model::StreamId::from_stored("people");
    let entries = world.journal.read(&stream, 1, 10).unwrap();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.header.kind.as_str()).collect();
    assert_eq!(kinds, ["token.made", "token.revoked"]);
    for entry in &entries {
        let body = entry.body.as_deref().unwrap();
        assert!(body.contains("\"by\":\"admin\"") && !body.contains(&made.token), "{body}");
    }
}

#[tokio::test]
async fn one_caller_who_is_too_fast_slows_down_nobody_else() {
    let world = World::with("server: { rate: 1 }\n").await;
    let mut slowed = None;
    for _ in 0..30 {
        let reply = world.as_role(Role::Viewer, Method::GET, "/v1/me", &json!({})).await;
        if reply.status == 429 {
            slowed = Some(reply);
            break;
        }
    }
    let slowed = slowed.unwrap();
    assert_eq!((slowed.code().as_str(), slowed.headers["retry-after"].to_str().unwrap()), ("too_fast", "1"));
    assert_eq!(world.as_role(Role::Admin, Method::GET, "/v1/me", &json!({})).await.status, 200);
}
