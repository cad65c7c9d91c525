//! What the rest of the program may know of an action: enough to check a script and to decide over an effect.
//!
//! `integrations` implements [`ActionIndex`]; `playbooks` checks against it and `engine` decides by it.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    ids::Hash,
    target::{Effect, InDoubt},
};

/// One action of one platform; of its request only where it goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionInfo {
    /// The platform's slug in the catalogue, `google-workspace`.
    pub platform: String,
    /// The action's name, `revoke_app_token`.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it does to the world.
    pub effect: Effect,
    /// `grant.revoke`; reads have verbs too (`app.grants`), and so have the two finders (`find_app`, `find_user`).
    pub verb: Option<String>,
    /// The kind of target it touches, or for a read the kind that its verb stands on.
    pub target_kind: Option<String>,
    /// For a read that lists targets: their kind.
    pub yields: Option<String>,
    /// Its arguments by name.
    pub inputs: BTreeMap<String, InputInfo>,
    /// The action that takes it back, if any.
    pub undo: Option<String>,
    /// The read that proves it, if the platform allows one.
    pub verify: Option<VerifyInfo>,
    /// How long issued access may live on after success.
    pub residual: Option<Duration>,
    /// Who settles an unknown outcome.
    pub in_doubt: InDoubt,
    /// How long the platform recognises a repeated request, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Duration>,
    /// For people: what is sent where, `DELETE /api/v1/users/{user}/grants/{grant}`, with its arguments by name. Empty for mail
    /// and for what a person does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request: String,
    /// True when the platform has no API for it and a person does it (a `manual` question on the target).
    pub manual: bool,
    /// Scopes or permissions, least first.
    pub scopes: Vec<String>,
    /// The vendor's own page.
    pub docs: String,
    /// Hash of the whole definition: pinned by a run.
    pub hash: Hash,
}

impl ActionInfo {
    /// A message in this action's own arguments: what a platform calls its parts differs, and some carry fewer of them.
    pub fn message(&self, to: &str, subject: &str, text: &str) -> Value {
        const SUMMARY: usize = 1_000;
        let first = text.lines().next().unwrap_or_default();
        let summary: String = first.chars().take(SUMMARY).collect();
        let parts = [
            ("to", json!(to)),
            ("channel", json!(to)),
            ("subject", json!(subject)),
            ("text", json!(text)),
            ("summary", json!(summary)),
            ("details", json!({ "text": text, "for": to })),
        ];
        let takes = |(name, value): &(&str, Value)| {
            self.inputs.contains_key(*name) && value.as_str().is_none_or(|text| !text.is_empty())
        };
        parts.into_iter().filter(takes).map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// How an action is proven.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VerifyInfo {
    /// The read that is made.
    pub action: String,
    /// A Rhai predicate over `out`, `status`, `target`, `input`.
    pub until: String,
    /// How long the platform may take until it shows.
    pub within: Duration,
}

/// One argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputInfo {
    /// Its type.
    pub kind: InputKind,
    /// Must be given.
    pub required: bool,
    /// For people.
    pub help: String,
    /// Allowed values, if it is an enumeration.
    pub one_of: Vec<String>,
}

/// The types of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// true or false.
    Boolean,
    /// A list.
    List,
    /// A map.
    Map,
    /// A secret handle.
    Secret,
    /// Anything.
    Any,
}

/// One way in for alerts, as far as a configuration and people are concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceInfo {
    /// The platform's slug in the catalogue.
    pub platform: String,
    /// What `format:` says in `stanch.yaml`.
    pub format: String,
    /// For people.
    pub title: String,
    /// The sender's own page.
    pub docs: String,
    /// What to do on the other side.
    pub setup: String,
    /// A body to paste there, where the sender lets its users write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// How a delivery proves itself, for people; for a fetched source, how often it is asked.
    pub proof: String,
    /// True when alerts are fetched from a configured integration instead of sent to us.
    pub fetched: bool,
    /// True when it needs a shared secret.
    pub secret: bool,
    /// True when `map` and `kind` may say how to read it.
    pub generic: bool,
    /// Its settings, in the order of their names.
    pub settings: Vec<SettingInfo>,
    /// What its rules detect, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detections: Vec<String>,
    /// The kinds of alerts that it gives, each once; `*` stands for what the sender decides, and alone for any kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
}

/// One setting in `stanch.yaml`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettingInfo {
    /// Its key.
    pub name: String,
    /// For people.
    pub help: String,
    /// Used when the configuration says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Must be given.
    pub required: bool,
}

/// What is configured, as far as scripts are concerned.
pub trait ActionIndex {
    /// The names of the configured integrations with their platforms, in order.
    fn integrations(&self) -> Vec<(String, String)>;
    /// The actions of a platform, by name.
    fn actions(&self, platform: &str) -> Vec<&ActionInfo>;
    /// One action of a configured integration.
    fn action(&self, integration: &str, action: &str) -> Option<&ActionInfo>;
    /// The actions that a verb can become over the configured integrations: (integration name, action).
    fn verb(&self, verb: &str) -> Vec<(String, &ActionInfo)>;
    /// True when this integration can count all that it has of this kind: what a share of them needs.
    fn counts(&self, integration: &str, kind: &str) -> bool;
    /// Every verb that any platform of the catalogue knows: for suggestions.
    fn verbs(&self) -> Vec<String>;
    /// Every platform of the catalogue, configured or not: for suggestions.
    fn platforms(&self) -> Vec<String>;
    /// True for a platform that knows people by login or name alone: there a mail address names nobody.
    fn by_login_alone(&self, platform: &str) -> bool {
        let _ = platform;
        false
    }
}
