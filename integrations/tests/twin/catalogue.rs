//! Every request of the catalogue arrives at the operation of its name.

use std::collections::BTreeSet;

use serde_json::Value;
use stanch_integrations::twin::{World, catalog};

use crate::support::Twins;

/// Actions that share an address with another: the twin names them by the other unless the client says which it means.
const SHARED: &[(&str, &str)] = &[
    ("okta.find_user", "get_user"),
    ("okta.list_client_resources", "list_own_resources"),
    ("github.get_alert_credential", "get_secret_alert"),
    ("github.list_installations", "find_app"),
    ("github.list_owners", "list_members"),
    ("github.reopen_secret_alert", "resolve_secret_alert"),
    ("github.enable_hook", "disable_hook"),
    ("slack.find_workspace_app", "find_app"),
    ("salesforce.end_user_sessions", "end_session"),
    ("salesforce.unfreeze_user", "freeze_user"),
    ("salesforce.activate_user", "deactivate_user"),
    ("salesforce.get_user", "get_record"),
];

/// A template with every hole filled.
fn filled(template: &str) -> String {
    let (mut text, mut rest) = (String::new(), template);
    while let Some((before, hole)) = rest.split_once('{') {
        let (name, after) = hole.split_once('}').expect("a hole ends");
        let value = match name {
            "settings.org" => "acme",
            "settings.version" => "v62.0",
            "settings.revoke_path" => "/revoke",
            "settings.introspect_path" => "/introspect",
            "url" => "",
            _ => "x",
        };
        text.push_str(before);
        text.push_str(value);
        rest = after;
    }
    text + rest
}

fn actions(platform: &str) -> Vec<(String, Value)> {
    let file = format!("{}/catalog/{platform}/integration.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).expect(&file);
    let entry: Value = stanch_model::yaml::read(&file, &text, "TEST").expect("readable");
    let actions = entry["actions"].as_object().expect("actions").clone();
    actions.into_iter().filter(|(_, action)| action["request"]["method"].is_string()).collect()
}

#[tokio::test]
async fn every_action_has_its_operation() {
    let mut checked = 0;
    for platform in catalog::platforms().iter().filter(|name| *name != "smtp") {
        let twins = Twins::start(&[(platform, platform)], World::default()).await;
        let client = twins.client(platform);
        for (name, action) in actions(platform) {
            let request = &action["request"];
            let method = request["method"].as_str().expect("method");
            let path = filled(request["path"].as_str().unwrap_or_default());
            let path = if path.is_empty() { filled(request["url"].as_str().unwrap_or("/")) } else { path };
            client.json(method, &path, Value::Null).await;
            let came = twins.host.requests().pop().expect("it came");
            let full = format!("{platform}.{name}");
            let shared = SHARED.iter().find(|(shared, _)| *shared == full).map(|(_, other)| *other);
            let queried = platform == "salesforce" && path.ends_with("/query");
            let expected = if queried { "query" } else { shared.unwrap_or(&name) };
            assert_eq!(came.action, expected, "{full}: {method} {path}");
            checked += 1;
        }
    }
    assert!(checked > 80, "{checked}");
}

#[test]
fn no_script_names_an_operation_twice() {
    for platform in catalog::platforms() {
        let file = format!("{}/catalog/{platform}/twin.rhai", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).expect(&file);
        let lines = text.lines().filter(|line| line.starts_with("read(") || line.starts_with("write("));
        let mut seen = BTreeSet::new();
        for line in
            lines.filter(|line| !["query", "send"].iter().any(|name| line.contains(&format!("(\"{name}\""))))
        {
            let name = line.split('"').nth(1).expect("a name");
            assert!(seen.insert(name.to_owned()), "{platform}: {name}");
        }
    }
}
