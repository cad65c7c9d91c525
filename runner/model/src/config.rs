//! `stanch.yaml`: people, integrations, alert sources, who hears what, what is protected.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole file. Every part has a default, so an empty file is a valid configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Who is who.
    pub people: People,
    /// The platforms that we talk to; the key is the name in scripts, screens and journal.
    pub integrations: BTreeMap<String, IntegrationConfig>,
    /// Where alerts come from; the key is the path: `POST /v1/alerts/<key>`.
    pub alerts: BTreeMap<String, AlertSourceConfig>,
    /// Who hears that a person is needed, and through what: `slack:#incidents`, `mail:soc@acme.example`, `webhook:soc`.
    pub tell: BTreeMap<String, Vec<String>>,
    /// A run that meets one of these stops and waits.
    pub protect: Vec<ProtectRule>,
    /// The HTTP listener.
    pub server: ServerConfig,
    /// Folders with playbooks of one's own; they override the library by slug.
    pub playbooks: Vec<String>,
    /// The vendor register; `vendors.yaml` beside this file unless named.
    pub vendors: Option<String>,
    /// The notification clocks; the built-in table unless named.
    pub deadlines: Option<String>,
}

/// People and groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct People {
    /// Group name to people.
    pub groups: BTreeMap<String, Vec<String>>,
}

/// One configured integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationConfig {
    /// The platform's slug in the catalogue.
    pub platform: String,
    /// Base URL of the tenant; platforms with one fixed address need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `env:NAME`, `file:PATH` or `exec:COMMAND`; never the value itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// One of the platform's auth schemes by name, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// The platform's own settings (org, sender, api_version, client_id, …).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Overrides the platform's rate limit, requests per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

/// One way in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertSourceConfig {
    /// `okta-event-hook`, `github`, `hmac`, `standard-webhooks`, …
    pub format: String,
    /// Reference to the shared secret.
    pub secret: String,
    /// The integration that it speaks of, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// For generic formats: where the fields of an alert stand in the body (`app: data.client.name`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// The header that carries the signature (`hmac`) or the secret (`okta-event-hook`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// For `hmac`: what stands before the signature in the header, `sha256=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// For `hmac`: how the signature is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<SignatureEncoding>,
    /// For generic formats: the kind of an alert that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// How a signature is written in its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignatureEncoding {
    /// Hex digits, either case.
    Hex,
    /// Standard base64 with padding.
    Base64,
}

/// A target that no run may touch without a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProtectRule {
    /// A user by id or login.
    pub user: Option<String>,
    /// `integration/Group name`.
    pub group: Option<String>,
    /// An app by id or name.
    pub app: Option<String>,
}

/// The listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address and port; loopback unless set.
    pub listen: String,
    /// Largest alert accepted, in bytes.
    pub max_alert_bytes: usize,
    /// How long alerts about one thing may join one run, in minutes.
    pub fold_minutes: u32,
    /// Requests a second that one token may make, in bursts of ten times that.
    pub rate: u32,
    /// Alerts a second that one source may send, in bursts of the same number.
    pub alert_rate: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:7300".to_owned(),
            max_alert_bytes: 1024 * 1024,
            fold_minutes: 60,
            rate: 50,
            alert_rate: 20_000,
        }
    }
}
