//! `stanch.yaml`: people, integrations, alert sources, who hears what, what is protected.

mod current;
mod keep;
mod login;

use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{limit::Limits, target::Effect};

pub use current::Current;
pub use keep::{BeforePermanent, EvidenceConfig, JournalConfig, Retention, SiemConfig, SiemShape, SiemWay};
pub use login::{EVERYBODY, OidcConfig};

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
    /// A run that reaches one of these stops and waits, whatever its manifest allows.
    pub caps: Caps,
    /// What has one of these effects needs the yes of two different people, whatever a manifest says.
    pub two_person: Vec<Effect>,
    /// When somebody may let a card go alone.
    pub break_glass: BreakGlassConfig,
    /// When a wait is said to be too long.
    pub attention: Attention,
    /// Who hears regularly that the server is alive: their alarm goes off when it is not.
    pub heartbeat: Option<Heartbeat>,
    /// The HTTP listener.
    pub server: ServerConfig,
    /// How the journal is kept.
    pub journal: JournalConfig,
    /// What must be kept before something is done that cannot be undone.
    pub evidence: EvidenceConfig,
    /// How long bodies of entries are kept.
    pub retention: Retention,
    /// Where copies of the journal go, as OCSF events; the key is a name for the metrics.
    pub siem: BTreeMap<String, SiemConfig>,
    /// Folders with playbooks of one's own; they override the library by slug.
    pub playbooks: Vec<String>,
    /// Who may sign playbooks.
    pub promote: Promote,
    /// Folders with integrations of one's own (`<platform>/integration.yaml`); they override the catalogue by platform.
    pub catalog: Vec<String>,
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
    /// Person to how they are reached, and who they are elsewhere.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, Person>,
}

/// One person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    /// Ways to this person alone, as in `tell:` (`mail:ben@acme.example`): they carry a link by which this person answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tell: Vec<String>,
    /// The person's user id in Slack, `U012AB3CD`: whose press of a button counts as theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack: Option<String>,
    /// Who they are where people log in (`server: oidc:`): the value of its claim `person`, `ben@acme.example`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
}

impl People {
    /// The people behind groups, in order, each once; a name that is no group is a person.
    pub fn named(&self, asked: &[String]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in asked {
            let group = self.groups.get(name).cloned().unwrap_or_else(|| vec![name.clone()]);
            for name in group {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }
}

/// What stands for a review of a playbook beside a person's word.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Promote {
    /// Public keys by name, `release: ed25519:…`: a bundle that one of them signed counts as reviewed.
    pub keys: BTreeMap<String, String>,
}

/// One configured integration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrationConfig {
    /// The platform's slug in the catalogue.
    pub platform: String,
    /// Base URL of the tenant; platforms with one fixed address need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `env:NAME`, `file:PATH` or `exec:COMMAND`; never the value itself. A map of them where there are several parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialConfig>,
    /// One of the platform's auth schemes by name, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// The platform's own settings (org, sender, api_version, client_id, …).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// Overrides the platform's rate limit, requests per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// A certificate authority of one's own, a client certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsConfig>,
    /// Actions may touch the very identity that stanch itself uses here. Each of them refuses that otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acts_on_itself: bool,
}

/// Where a credential is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a reference such as env:NAME, or a map of parts to references")]
pub enum CredentialConfig {
    /// One text.
    Whole(String),
    /// Several, by the names that the platform's page tells: `{ api_key: env:…, app_key: env:… }`.
    Parts(BTreeMap<String, String>),
}

impl CredentialConfig {
    /// Every reference, with the name of its part; the name of a whole credential is empty.
    pub fn references(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Whole(reference) => vec![("", reference)],
            Self::Parts(parts) => {
                parts.iter().map(|(part, reference)| (part.as_str(), reference.as_str())).collect()
            }
        }
    }
}

/// What a connection trusts and how it proves itself below HTTP. Each is a reference to PEM text, read at the first call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// Certificate authorities to trust instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// Our certificate, with the chain that leads to its authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The private key of that certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// One way in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertSourceConfig {
    /// A format of the catalogue: `okta-event-hook`, `github`, `hmac`, …
    pub format: String,
    /// Reference to the shared secret; formats that prove themselves by public keys have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The integration that it speaks of, if any; the one that is asked, where alerts are fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// The format's own settings (topic, audience, issuer, …).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
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

impl AlertSourceConfig {
    /// All settings by name: those with a key of their own too.
    pub fn all_settings(&self) -> BTreeMap<String, String> {
        let own = [
            ("header", self.header.clone()),
            ("prefix", self.prefix.clone()),
            ("encoding", self.encoding.map(|encoding| encoding.as_str().to_owned())),
        ];
        let own = own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        self.settings.clone().into_iter().chain(own).collect()
    }
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

impl SignatureEncoding {
    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }
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
    /// Whoever holds this role there: `integration/Role`.
    pub role: Option<String>,
    /// Whatever carries this tag: on its platform, or for an app in the vendor register.
    pub tag: Option<String>,
}

/// How much the whole house lets be cut before a person is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Caps {
    /// In one step of a script: one call, or all branches of one fan-out.
    pub step: Limits,
    /// In one run.
    pub run: Limits,
    /// In sixty minutes, by all runs.
    pub hour: Limits,
}

/// When somebody may let a card go alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakGlassConfig {
    /// How long those who are asked have before it; `5m` unless set.
    pub after: String,
}

impl Default for BreakGlassConfig {
    fn default() -> Self {
        Self { after: "5m".to_owned() }
    }
}

impl BreakGlassConfig {
    /// The same as a length of time.
    pub fn after(&self) -> Duration {
        length(&self.after, 300)
    }
}

/// When a wait is said to be too long, and when a cut that ends by itself is announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Attention {
    /// A run that waits for a person, or stands, this long says so; `30m` unless set.
    pub too_long: String,
    /// It says so again after this long; `1h` unless set.
    pub again: String,
    /// People hear so long before a cut ends by itself; `15m` unless set.
    pub before_end: String,
}

impl Default for Attention {
    fn default() -> Self {
        let text = str::to_owned;
        Self { too_long: text("30m"), again: text("1h"), before_end: text("15m") }
    }
}

impl Attention {
    /// `too_long` as a length of time.
    pub fn too_long(&self) -> Duration {
        length(&self.too_long, 1800)
    }

    /// `again` as a length of time.
    pub fn again(&self) -> Duration {
        length(&self.again, 3600)
    }

    /// `before_end` as a length of time.
    pub fn before_end(&self) -> Duration {
        length(&self.before_end, 900)
    }
}

/// A sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// `webhook:NAME`, or `healthchecks:NAME`: an integration of that name.
    pub to: String,
    /// How often; `1m` unless set.
    #[serde(default = "minute")]
    pub every: String,
}

impl Heartbeat {
    /// `every` as a length of time.
    pub fn every(&self) -> Duration {
        length(&self.every, 60)
    }
}

fn minute() -> String {
    "1m".to_owned()
}

/// A length of time that was checked when the file was read.
fn length(text: &str, seconds: u64) -> Duration {
    crate::duration::parse(text).unwrap_or(Duration::from_secs(seconds))
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
    /// Where people reach this server, `https://stanch.acme.example`: links in messages lead there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
    /// The listener speaks TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServerTls>,
    /// People may answer by buttons in Slack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slack: Option<SlackAnswers>,
    /// People may log in at a provider of OpenID Connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OidcConfig>,
}

/// TLS at the listener. Each is a reference to PEM text, read again every minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerTls {
    /// Our certificate, with the chain that leads to its authority.
    pub certificate: String,
    /// The private key of that certificate.
    pub key: String,
    /// The authorities of clients: whoever shows no certificate of theirs does not come in. A token is needed all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clients: Option<String>,
}

/// Buttons in Slack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlackAnswers {
    /// The integration that posts the messages.
    pub integration: String,
    /// Reference to the signing secret of the Slack app.
    pub secret: String,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:7300".to_owned(),
            max_alert_bytes: 1024 * 1024,
            fold_minutes: 60,
            rate: 50,
            alert_rate: 20_000,
            public: None,
            tls: None,
            slack: None,
            oidc: None,
        }
    }
}
