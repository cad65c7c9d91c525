//! `catalog/<platform>/examples/actions.yaml`: with which world and arguments each action runs on the platform's twin.
//!
//! ```yaml
//! config: { url: "https://acme.okta.com" }               # as in stanch.yaml
//! world: { people: 12, apps: [{ id: drift, grants: { okta: 5 } }] }
//!
//! targets:                                               # the first target that a read gives, by kind
//!   app: { action: find_app, with: { app: drift } }
//!   grant: { action: list_app_tokens, on: app }
//!
//! on:                                                    # called on a target, without further arguments
//!   app: [get_app, deactivate_app]
//!   grant: [revoke_app_token]
//!
//! calls:                                                 # called otherwise
//!   remove_group_member: { on: user, with: { group: "{group.id}" } }
//!   delete_message: { after: post_message, with: { channel: "#incidents", ts: "{after.ts}" } }
//!
//! also:                                                  # what is there only with another configuration
//!   config: { url: "https://acme.okta.com", auth: oauth }
//!   calls: { list_client_roles: {} }
//!
//! says:                                                  # words of the platform's own errors
//!   stranger: Invalid token provided
//! ```
//!
//! The reads under `targets` and what undoes another action are examples too. A name in braces is a target of that kind,
//! `{after.…}` what the action before it gave.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use stanch_integrations::{Catalog, Platform, twin::World};
use stanch_model::{catalog::ActionInfo, config::IntegrationConfig};

/// The examples of one platform.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Examples {
    config: Map<String, Value>,
    pub(crate) world: World,
    pub(crate) targets: BTreeMap<String, Example>,
    on: BTreeMap<String, Vec<String>>,
    calls: BTreeMap<String, Example>,
    pub(crate) says: Says,
    /// What is there only with another configuration.
    pub(crate) also: Option<Also>,
}

/// Calls with another configuration than the rest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Also {
    config: Map<String, Value>,
    /// The same world unless it says another.
    world: Option<World>,
    targets: BTreeMap<String, Example>,
    calls: BTreeMap<String, Example>,
    says: Says,
}

/// One call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Example {
    /// Under `targets`: the read.
    pub(crate) action: String,
    /// Under `targets`: the one with this label, if not the first.
    pub(crate) label: Option<String>,
    /// The kind of target that it is called on.
    pub(crate) on: Option<String>,
    /// Its arguments.
    pub(crate) with: Map<String, Value>,
    /// What is done before it.
    pub(crate) after: Option<String>,
    /// Like `after`, but this is what takes that back.
    #[serde(skip)]
    pub(crate) undoes: Option<String>,
}

/// Words that the platform's answers must hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Says {
    /// To a wrong credential.
    pub(crate) stranger: String,
    /// To one that lacks a permission.
    pub(crate) forbidden: String,
    /// To an id that nobody has.
    pub(crate) unknown: String,
}

impl Examples {
    /// The examples of a platform, if it has any.
    pub(crate) fn of(platform: &str) -> Result<Self, String> {
        let file = folder(platform).join("examples/actions.yaml");
        let name = format!("catalog/{platform}/examples/actions.yaml");
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
        stanch_model::yaml::read(&name, &text, "TEST").map_err(|mistake| format!("{mistake:?}"))
    }

    /// The examples for the other configuration, if there is one: nothing but its own calls.
    pub(crate) fn elsewhere(self) -> Option<Self> {
        let Also { config, world, targets, calls, says } = self.also?;
        let world = world.unwrap_or(self.world);
        Some(Self { config, world, targets, calls, says, ..Self::default() })
    }

    /// The configuration that they are made for.
    pub(crate) fn config(&self, platform: &str) -> IntegrationConfig {
        let mut config = self.config.clone();
        config.insert("platform".to_owned(), platform.into());
        serde_json::from_value(Value::Object(config)).unwrap()
    }

    /// The examples, one for an action.
    pub(crate) fn calls(&self, platform: &Platform) -> BTreeMap<String, Example> {
        let mut all: BTreeMap<String, Example> = BTreeMap::new();
        for source in self.targets.values() {
            all.entry(source.action.clone()).or_insert_with(|| source.clone());
        }
        for (kind, names) in &self.on {
            let example = Example { on: Some(kind.clone()), ..Example::default() };
            all.extend(names.iter().map(|name| (name.clone(), example.clone())));
        }
        all.extend(self.calls.iter().map(|(name, example)| (name.clone(), example.clone())));
        let undone: Vec<_> = platform.actions().filter_map(|action| pair(action, &all)).collect();
        for (undo, action) in undone {
            let example = Example { undoes: Some(action), ..Example::default() };
            all.entry(undo).or_insert(example);
        }
        all
    }
}

/// What takes an action back, and the action, if it has an example.
fn pair(action: &ActionInfo, all: &BTreeMap<String, Example>) -> Option<(String, String)> {
    all.contains_key(&action.name).then(|| Some((action.undo.clone()?, action.name.clone())))?
}

/// A platform's name in configurations and scripts.
pub(crate) fn name_of(platform: &str) -> String {
    platform.replace('-', "_")
}

fn folder(platform: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("catalog").join(platform)
}

/// A platform's file as it is written.
pub(crate) fn file(platform: &str) -> Value {
    let text = std::fs::read_to_string(folder(platform).join("integration.yaml")).unwrap();
    stanch_model::yaml::read(platform, &text, "TEST").unwrap()
}

/// Every platform of the catalogue as its examples configure it.
pub(crate) fn everything(catalog: &Catalog) -> BTreeMap<String, IntegrationConfig> {
    let configured = catalog.platforms().map(|platform| {
        let slug = platform.slug();
        (name_of(slug), Examples::of(slug).unwrap().config(slug))
    });
    configured.collect()
}

/// A text with `{kind.…}` filled in; one that is nothing else stands for the value itself.
pub(crate) fn filled(shape: &Value, known: &Map<String, Value>) -> Result<Value, String> {
    match shape {
        Value::String(text) => {
            let whole = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            match whole.filter(|inner| !inner.contains('{')) {
                Some(path) => at(path, known),
                None => text_filled(text, known).map(Value::String),
            }
        }
        Value::Array(items) => items.iter().map(|item| filled(item, known)).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| Ok((key.clone(), filled(value, known)?))).collect()
        }
        plain => Ok(plain.clone()),
    }
}

fn text_filled(text: &str, known: &Map<String, Value>) -> Result<String, String> {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, hole)) = rest.split_once('{') {
        let (path, after) = hole.split_once('}').ok_or_else(|| format!("`{text}` has an open brace"))?;
        let value = at(path, known)?;
        done.push_str(before);
        done.push_str(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        rest = after;
    }
    Ok(done + rest)
}

fn at(path: &str, known: &Map<String, Value>) -> Result<Value, String> {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let root = known.get(name).ok_or_else(|| format!("nothing gives `{{{path}}}`"))?;
    let pointer: String =
        rest.split('.').filter(|part| !part.is_empty()).map(|part| format!("/{part}")).collect();
    root.pointer(&pointer).cloned().ok_or_else(|| format!("`{{{path}}}` leads nowhere in {}", json!(root)))
}
