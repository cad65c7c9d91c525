//! What `stanch.yaml` says about evidence: who signs the journal, who gets a copy of it, how long bodies are kept.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the journal is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JournalConfig {
    /// Reference to the private key that signs every checkpoint, as `stanch journal key FILE` makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<String>,
}

/// What must be kept of a target before something is done that cannot be undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvidenceConfig {
    /// Before a permanent effect.
    pub before_permanent: BeforePermanent,
}

/// Whether a permanent effect waits for evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BeforePermanent {
    /// It goes on without.
    #[default]
    Optional,
    /// A run that has kept none stops and waits for a person.
    Required,
}

/// How long bodies of entries are kept. Headers and hashes always are, so the chain verifies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Bodies of what ended longer ago than this are dropped, once a day: `400d`. For ever unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bodies: Option<String>,
}

/// Where a copy of the journal goes, as OCSF events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiemConfig {
    /// How.
    pub to: SiemWay,
    /// `https://…` for `http`; `tls://host:6514`, `tcp://host:514` or `udp://host:514` for `syslog`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// For `file`: an absolute path; one event a line is added to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// For `http`: reference to what the header `Authorization` says after its scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// For `http`: what stands before the token in the header, `Bearer` or `Splunk`.
    #[serde(default = "bearer")]
    pub scheme: String,
    /// For `http`: how events are put into a request.
    #[serde(default)]
    pub shape: SiemShape,
    /// Other headers by name, for `http`. Never a secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// For `syslog` over `tls`: reference to certificate authorities in PEM, instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

fn bearer() -> String {
    "Bearer".to_owned()
}

/// A way to a SIEM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SiemWay {
    /// `POST`.
    Http,
    /// RFC 5424.
    Syslog,
    /// Lines in a file that a collector reads.
    File,
}

/// The body of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SiemShape {
    /// One event a line.
    #[default]
    Lines,
    /// A JSON array of events.
    Array,
    /// Splunk's HTTP Event Collector: each event in an envelope with its time.
    Splunk,
}
