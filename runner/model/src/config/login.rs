//! What `stanch.yaml` says about people who log in at a provider of OpenID Connect.

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::length;
use crate::api::Role;

/// What stands in `roles` for everybody who is known.
pub const EVERYBODY: &str = "*";

/// Where people log in, and what they may do then. Who they are stands under `people: known: NAME: login`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider's address, exactly as it calls itself: `https://acme.okta.com`.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// Reference to our secret there; a public client has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// What is asked for; `openid` is among it.
    #[serde(default = "scopes")]
    pub scopes: Vec<String>,
    /// The claim that says who it is, as `people: known: NAME: login` writes it; `email` unless set.
    #[serde(default = "email")]
    pub person: String,
    /// The claim that lists the groups that `roles` names; `groups` unless set.
    #[serde(default = "groups")]
    pub groups: String,
    /// Group at the provider to what its people may do here; the highest counts. `*` stands for everybody who is known.
    pub roles: BTreeMap<String, Role>,
    /// How long a login lasts, in a browser and on a command line; `12h` unless set.
    #[serde(default = "lasts")]
    pub lasts: String,
    /// Reference to certificate authorities in PEM, instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

fn scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).into()
}

fn email() -> String {
    "email".to_owned()
}

fn groups() -> String {
    "groups".to_owned()
}

fn lasts() -> String {
    "12h".to_owned()
}

impl OidcConfig {
    /// `lasts` as a length of time.
    pub fn lasts(&self) -> Duration {
        length(&self.lasts, 12 * 3600)
    }

    /// The highest role of somebody in these groups.
    pub fn role_of<'a>(&self, groups: impl IntoIterator<Item = &'a str>) -> Option<Role> {
        let of_groups = groups.into_iter().filter_map(|group| self.roles.get(group));
        of_groups.chain(self.roles.get(EVERYBODY)).copied().max()
    }
}
