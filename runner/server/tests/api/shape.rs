//! The description against what is there.

use http::Method;
use serde_json::Value;
use stanch_model::api::Role;

use crate::world::World;

async fn description(world: &World) -> Value {
    world.raw(Method::GET, "/openapi.json", &[], "").await.json()
}

#[tokio::test]
async fn every_operation_that_is_described_exists_and_no_other_method_does() {
    let world = World::new().await;
    let description = description(&world).await;
    for (path, operations) in description["paths"].as_object().unwrap() {
        let there = path.replace("{source}", "none").replace("{id}", "none").replace("{deadline}", "none");
        let there = there.replace("{link}", "none");
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let described = operations.get(method.as_str().to_lowercase()).is_some();
            if described && there.ends_with("/events") {
                continue;
            }
            let reply = world.as_role(Role::Admin, method.clone(), &there, &serde_json::json!({})).await;
            let exists = !(reply.status == 405
                || (reply.status == 404
                    && String::from_utf8_lossy(&reply.body).contains("there is nothing at this address")));
            assert_eq!(exists, described, "{method} {path}: {}", reply.status);
        }
    }
}

#[test]
fn every_method_of_the_client_leads_to_a_route() {
    // the client is written by hand: its paths are compared with the table by asking for each in the other tests;
    // here only that the table names each operation once
    let table = include_str!("../../src/routes/mod.rs");
    let names: Vec<&str> =
        table.split("Route::").skip(1).filter_map(|route| route.split('"').nth(3)).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(names.len(), unique.len());
    assert!(names.len() > 30);
}

#[tokio::test]
async fn every_reference_in_the_description_resolves() {
    let world = World::new().await;
    let description = description(&world).await;
    let mut references = Vec::new();
    collect(&description, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference}"));
        assert!(description.pointer(pointer).is_some(), "{reference}");
    }
    insta::assert_json_snapshot!(description["paths"].as_object().unwrap().keys().collect::<Vec<_>>());
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.push(reference.clone());
            }
            map.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
