//! What the simulated platforms hold at the start, and how it may change while they run.
//!
//! The same shape stands under `world:` in scenarios and cases. It holds no behaviour: every platform's script turns its
//! share of the world into rows of its own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The start of a simulated company: its people, the apps they let in, and what each platform has of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct World {
    /// How many people every tenant has. The same people on every platform, with the same mail addresses.
    pub people: u32,
    /// The third-party applications.
    pub apps: Vec<WorldApp>,
    /// Grants that nobody sees yet; revealed by [`Change::Reveal`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<HiddenGrants>,
    /// Seed values per integration name (a leaked credential, a page size); what they mean stands in `twin.rhai`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Value>,
}

impl Default for World {
    fn default() -> Self {
        Self { people: 20, apps: Vec::new(), hidden: Vec::new(), extra: BTreeMap::new() }
    }
}

/// One third-party application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorldApp {
    /// A slug, unique in the world: `drift`.
    pub id: String,
    /// The name on screens; the id with a capital where it is empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its supplier's id in the vendor register.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// What it is for, as the vendor register says: what stops working when it is cut.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub purpose: String,
    /// What its vendor holds of ours, as the register says: `support cases`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// Secrets that we gave its vendor, by name, as the register says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Integration name to number of grants. An integration that is absent does not know the app.
    pub grants: BTreeMap<String, u32>,
    /// How many people hold the grants; as many as there are grants (at most everybody) where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<u32>,
}

impl WorldApp {
    /// The name for people: given, or made from the id.
    pub fn title(&self) -> String {
        if !self.name.is_empty() {
            return self.name.clone();
        }
        let mut letters = self.id.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }
}

/// Grants that come to light later. `once` and `why` belong to the scenario: the twins only wait to be told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HiddenGrants {
    /// The app's id.
    pub app: String,
    /// Integration name to number of grants.
    pub grants: BTreeMap<String, u32>,
    /// The scenario's predicate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
    /// For the facilitator.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// A change from outside: `POST /_twin/world`. Never counted as an effect of the program under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// New grants of an app (a re-consent). A blocked app gets none.
    Grant {
        /// Where.
        integration: String,
        /// The app's id in the world.
        app: String,
        /// How many.
        #[serde(default = "one")]
        count: u32,
    },
    /// A person blocks an app in the platform's own screens.
    Block {
        /// Where.
        integration: String,
        /// The app's id in the world.
        app: String,
    },
    /// The reverse of `Block`.
    Unblock {
        /// Where.
        integration: String,
        /// The app's id in the world.
        app: String,
    },
    /// Reveals one entry of [`World::hidden`], counted from 0.
    Reveal(usize),
    /// Limits a token to scopes; `null` lifts the limit.
    Scopes {
        /// Where.
        integration: String,
        /// The token; where absent `twin-<integration>` and all that is issued for it.
        #[serde(default)]
        token: Option<String>,
        /// What it may do.
        scopes: Option<Vec<String>>,
    },
    /// Every token that the platform's token endpoint issued expires now.
    ExpireTokens {
        /// Where.
        integration: String,
    },
    /// Somebody revokes `twin-<integration>`: neither it nor what was issued for it is accepted any more.
    Disown {
        /// Where.
        integration: String,
    },
    /// Somebody else removes a row.
    Remove {
        /// Where.
        integration: String,
        /// Its table, as in `GET /_twin/state/NAME`.
        table: String,
        /// Its id.
        id: String,
    },
    /// Somebody else changes fields of a row, or adds the row.
    Set {
        /// Where.
        integration: String,
        /// Its table.
        table: String,
        /// Its id.
        id: String,
        /// The fields that change.
        fields: serde_json::Map<String, Value>,
    },
}

fn one() -> u32 {
    1
}
