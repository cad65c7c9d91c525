//! Deeds of the plot that are neither word nor fault: a platform pulls an app, a colleague starts a playbook.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A platform takes an app away from all its customers: every grant goes, and nobody can connect it any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pull {
    /// The app's id in the world.
    pub app: String,
    /// The platform, by its name in the world.
    pub platform: String,
}

/// A playbook that is started by hand. It belongs to the incident that is open; nothing is started a second time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartSpec {
    /// Its name.
    pub playbook: String,
    /// Its input.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub input: serde_json::Map<String, serde_json::Value>,
}

impl StartSpec {
    /// What it is about: an app or vendor, where it says so.
    pub fn about(&self) -> Option<&str> {
        ["app", "vendor"].iter().find_map(|name| self.input.get(*name)?.as_str())
    }

    /// The mail addresses in its input: whom it may write to.
    pub fn addresses(&self) -> Vec<String> {
        let values = self.input.values().flat_map(|value| match value.as_array() {
            Some(list) => list.iter().collect(),
            None => vec![value],
        });
        let texts = values.filter_map(|value| value.as_str());
        texts.filter(|text| text.contains('@') && !text.contains(' ')).map(str::to_owned).collect()
    }
}
