//! Our requests against the platforms' own descriptions, which are not part of this project: STANCH_SPECS names their folder.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::Value;
use stanch_integrations::{Integrations, Preview};
use stanch_model::catalog::{ActionIndex, ActionInfo};

fn specs() -> Option<PathBuf> {
    let folder = std::env::var_os("STANCH_SPECS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: STANCH_SPECS names no folder with the platforms' descriptions");
    }
    folder
}

/// An OpenAPI description, as far as it is looked at.
struct Description {
    root: Value,
}

impl Description {
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(path) => self.resolve(self.root.pointer(path.trim_start_matches('#')).unwrap()),
            None => value,
        }
    }

    /// The path item with the most literal segments that fits.
    fn path(&self, path: &str) -> Option<(&str, &Value)> {
        let parts: Vec<_> = path.split('/').collect();
        let fits = |template: &&String| {
            let wanted: Vec<_> = template.split('/').collect();
            wanted.len() == parts.len()
                && wanted.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
        };
        let paths = self.root["paths"].as_object()?;
        let best = paths.keys().filter(fits).min_by_key(|template| template.matches('{').count())?;
        Some((best, &paths[best]))
    }

    fn parameters(&self, item: &Value, operation: &Value, place: &str) -> Vec<(String, bool)> {
        [item, operation]
            .into_iter()
            .filter_map(|holder| holder.get("parameters")?.as_array())
            .flatten()
            .map(|parameter| self.resolve(parameter))
            .filter(|parameter| parameter["in"] == place)
            .map(|parameter| (parameter["name"].as_str().unwrap().to_owned(), parameter["required"] == true))
            .collect()
    }

    /// Known and required properties of a JSON body; `None` where the body is open.
    fn body(&self, operation: &Value) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
        let body = self.resolve(operation.get("requestBody")?);
        let media = body["content"].as_object()?.values().next()?;
        let (mut known, mut required) = (BTreeSet::new(), BTreeSet::new());
        self.properties(media.get("schema")?, &mut known, &mut required);
        (!known.is_empty()).then_some((known, required))
    }

    fn properties(&self, schema: &Value, known: &mut BTreeSet<String>, required: &mut BTreeSet<String>) {
        let schema = self.resolve(schema);
        for inner in schema["allOf"].as_array().into_iter().flatten() {
            self.properties(inner, known, required);
        }
        // Of alternatives every property is known, and none is required by all.
        for inner in ["oneOf", "anyOf"].iter().filter_map(|part| schema[*part].as_array()).flatten() {
            self.properties(inner, known, &mut BTreeSet::new());
        }
        known.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        required.extend(
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
        );
    }
}

/// Everything in which a request differs from its description.
fn differences(description: &Description, preview: &Preview, success: &[u16], prefix: &str) -> Vec<String> {
    let url: url::Url = preview.url.parse().unwrap();
    let path = url.path().strip_prefix(prefix).unwrap_or(url.path());
    let Some((template, item)) = description.path(path) else {
        return vec![format!("no path {path}")];
    };
    let Some(operation) = item.get(preview.method.to_lowercase()) else {
        return vec![format!("{template} has no {}", preview.method)];
    };
    let mut found = Vec::new();
    let known = description.parameters(item, operation, "query");
    let sent: BTreeSet<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    for name in sent.iter().filter(|name| !known.iter().any(|(known, _)| known == *name)) {
        found.push(format!("{template} knows no query parameter {name}"));
    }
    for (name, _) in known.iter().filter(|(name, required)| *required && !sent.contains(name)) {
        found.push(format!("{template} needs the query parameter {name}"));
    }
    let body: Value = serde_json::from_str(&preview.body).unwrap_or_default();
    match (description.body(operation), body.as_object()) {
        (Some((known, required)), Some(sent)) => {
            let unknown = sent.keys().filter(|name| !known.contains(*name));
            found.extend(unknown.map(|name| format!("{template} knows no property {name}")));
            let missing = required.iter().filter(|name| !sent.contains_key(*name));
            found.extend(missing.map(|name| format!("{template} needs the property {name}")));
        }
        (Some((_, required)), None) if !required.is_empty() => found.push(format!("{template} needs a body")),
        (None, Some(_)) if operation.get("requestBody").is_none() => {
            found.push(format!("{template} takes no body"));
        }
        _ => {}
    }
    let documented = operation["responses"].as_object().unwrap();
    for status in success.iter().filter(|status| !documented.contains_key(&status.to_string())) {
        found.push(format!("{template} never answers {status}"));
    }
    found
}

/// Every action of a platform that makes a request of its own.
fn previews(integrations: &Integrations, platform: &str) -> Vec<(ActionInfo, Preview)> {
    integrations
        .actions(platform)
        .into_iter()
        .filter(|action| !action.manual)
        .map(|action| {
            let input = support::sample(action);
            let preview = integrations.preview(platform, &action.name, None, &input);
            (action.clone(), preview.unwrap_or_else(|why| panic!("{platform}.{}: {why}", action.name)))
        })
        .collect()
}

fn check(platform: &str, description: &Description, prefix: &str) {
    let integrations = support::everything(support::nowhere(), None);
    let mut problems = Vec::new();
    let all = previews(&integrations, platform);
    for (action, preview) in &all {
        let success = integrations.catalog().platform(platform).unwrap().success(&action.name).unwrap();
        for difference in differences(description, preview, success, prefix) {
            problems.push(format!("{}: {difference}", action.name));
        }
    }
    println!("{platform}: {} actions compared", all.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn github_requests_are_as_described() {
    let Some(folder) = specs() else { return };
    let root = serde_json::from_slice(&std::fs::read(folder.join("github.json")).unwrap()).unwrap();
    check("github", &Description { root }, "");
}

#[test]
fn okta_requests_are_as_described() {
    let Some(folder) = specs() else { return };
    let root = yaml(&std::fs::read_to_string(folder.join("okta.yaml")).unwrap());
    check("okta", &Description { root }, "");
}

#[test]
fn okta_makes_tokens_where_we_ask_for_them() {
    let Some(folder) = specs() else { return };
    let root = yaml(&std::fs::read_to_string(folder.join("okta-oauth.yaml")).unwrap());
    assert!(root["paths"]["/oauth2/v1/token"]["post"].is_object());
}

#[test]
fn slack_requests_are_as_described() {
    let Some(folder) = specs() else { return };
    let methods: Value =
        serde_json::from_slice(&std::fs::read(folder.join("slack-methods.json")).unwrap()).unwrap();
    let integrations = support::everything(support::nowhere(), None);
    let all = previews(&integrations, "slack");
    let mut problems = Vec::new();
    for (action, preview) in &all {
        let url: url::Url = preview.url.parse().unwrap();
        let method = url.path().trim_start_matches("/api/");
        let Some(arguments) = methods[method]["args"].as_object() else {
            problems.push(format!("{}: no method {method}", action.name));
            continue;
        };
        let sent: BTreeSet<String> =
            url::form_urlencoded::parse(preview.body.as_bytes()).map(|(name, _)| name.into_owned()).collect();
        for name in sent.iter().filter(|name| !arguments.contains_key(*name)) {
            problems.push(format!("{}: {method} knows no {name}", action.name));
        }
        for (name, _) in
            arguments.iter().filter(|(name, spec)| spec["required"] == true && !sent.contains(*name))
        {
            problems.push(format!("{}: {method} needs {name}", action.name));
        }
        let known = methods[method]["scopes"].as_object().into_iter().flat_map(|kinds| kinds.values());
        let known: BTreeSet<&str> = known
            .flat_map(|scopes| scopes.as_array().into_iter().flatten())
            .filter_map(|s| s["name"].as_str())
            .collect();
        let read_by = action.scopes.iter().any(|scope| known.contains(scope.as_str()));
        if !known.is_empty() && !read_by {
            problems.push(format!("{}: {method} needs one of {known:?}", action.name));
        }
    }
    println!("slack: {} actions compared", all.len());
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Scopes that Okta itself names for an operation hold for every action.
#[test]
fn okta_scopes_are_as_described() {
    let Some(folder) = specs() else { return };
    let description = Description { root: yaml(&std::fs::read_to_string(folder.join("okta.yaml")).unwrap()) };
    let integrations = support::everything(support::nowhere(), None);
    for (action, preview) in previews(&integrations, "okta") {
        let url: url::Url = preview.url.parse().unwrap();
        let (_, item) = description.path(url.path()).unwrap();
        let wanted = item[preview.method.to_lowercase()]["security"].as_array().unwrap().iter();
        let wanted: Vec<&str> =
            wanted.filter_map(|one| one["oauth2"].as_array()).flatten().filter_map(Value::as_str).collect();
        let missing: Vec<_> =
            wanted.iter().filter(|scope| !action.scopes.iter().any(|own| own == **scope)).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", action.name);
    }
}

/// A large description: beyond the budgets that hand-written files have.
fn yaml(source: &str) -> Value {
    let mut options = serde_yaml::Options::default();
    options.budget = None;
    serde_yaml::from_str_with_options(source, options).unwrap()
}
