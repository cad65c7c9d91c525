//! The two stories that the demo tells: what the simulated company holds, how it is configured, and which alert arrives.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stanch_integrations::twin::{Change, World, WorldApp};

use crate::send::{Delivery, Proof};

/// A story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plot {
    /// An app's OAuth token is used from an unknown network: the shape of the Salesloft Drift case of August 2025.
    OauthApp,
    /// GitHub finds a key of ours where others can read it.
    LeakedCredential,
}

/// Whether a message that went out can be found again by the mark that it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markers {
    /// Mail by its Message-ID, Slack messages by their metadata.
    Readable,
    /// There is no archive of sent mail, and the token for Slack reads nothing: only a person can look.
    Lost,
}

/// Grants of the app at stake: twelve in Okta, twenty-eight in Salesforce.
const OKTA_GRANTS: u32 = 12;
const SALESFORCE_GRANTS: u32 = 28;

/// Enough people that those who are touched stay below the playbook's cap of 20 percent.
const PEOPLE: u32 = 150;

/// How many of them use the app.
const HOLDERS: u32 = 14;

const OKTA: &str = "okta";
const SALESFORCE: &str = "salesforce";
const GITHUB: &str = "github";
const SLACK: &str = "slack";
const MAIL: &str = "smtp";

impl Plot {
    /// What is cut, for people.
    pub fn subject(self) -> &'static str {
        match self {
            Self::OauthApp => "Drift",
            Self::LeakedCredential => "a GitHub token in acme/web",
        }
    }

    /// The app's id in the simulated world.
    pub(crate) fn app(self) -> &'static str {
        "drift"
    }

    /// The kind of target whose cutting is the heart of the story: in its middle the server is killed.
    pub(crate) fn heart(self) -> &'static str {
        match self {
            Self::OauthApp => "grant",
            Self::LeakedCredential => "credential",
        }
    }

    /// Configured names and their platforms: they are the same here.
    pub fn integrations(self) -> BTreeMap<String, String> {
        [OKTA, SALESFORCE, GITHUB, SLACK, MAIL]
            .into_iter()
            .map(|name| (name.to_owned(), name.to_owned()))
            .collect()
    }

    /// How many grants are at stake.
    pub(crate) fn grants(self) -> u64 {
        match self {
            Self::OauthApp => u64::from(OKTA_GRANTS + SALESFORCE_GRANTS),
            Self::LeakedCredential => 0,
        }
    }

    pub(crate) fn world(self) -> World {
        let grants = |counts: &[(&str, u32)]| counts.iter().map(|(on, n)| ((*on).to_owned(), *n)).collect();
        let drift = WorldApp {
            id: self.app().to_owned(),
            name: "Drift".to_owned(),
            vendor: "drift".to_owned(),
            grants: grants(&[(OKTA, OKTA_GRANTS), (SALESFORCE, SALESFORCE_GRANTS)]),
            held_by: Some(HOLDERS),
            ..WorldApp::default()
        };
        // Somebody else's grants, which nobody may touch.
        let zendesk =
            WorldApp { id: "zendesk".to_owned(), grants: grants(&[(OKTA, 20)]), ..WorldApp::default() };
        let secrets = json!({ "secrets": [{ "repo": "web", "number": 42, "publicly_leaked": false }] });
        World {
            people: PEOPLE,
            apps: vec![drift, zendesk],
            hidden: Vec::new(),
            extra: BTreeMap::from([(GITHUB.to_owned(), secrets)]),
        }
    }

    /// What the platforms show less of than they could.
    pub(crate) fn limits(self, markers: Markers) -> Option<Change> {
        let scopes = Some(vec!["chat:write".to_owned()]);
        let limit = Change::Scopes { integration: SLACK.to_owned(), token: None, scopes };
        (markers == Markers::Lost).then_some(limit)
    }

    /// `stanch.yaml`, with `pace` requests a second to each platform that is cut.
    pub(crate) fn configuration(self, pace: Option<f64>, markers: Markers, secret_file: &str) -> String {
        let archive = match markers {
            Markers::Readable => "",
            Markers::Lost => ", archive: \"\"",
        };
        let rate = pace.map_or_else(String::new, |pace| format!(", rate: {pace}"));
        format!(
            r##"# The company of the demo. All of it is simulated: nothing here can reach a real platform.

people:
  groups:
    incident-lead:    [ben]
    security-manager: [dora]

integrations:                         # the key is the name in scripts, screens and journal
  okta:       {{ platform: okta, url: "https://acme.okta.com"{rate} }}
  salesforce: {{ platform: salesforce, url: "https://acme.my.salesforce.com"{rate} }}
  github:     {{ platform: github, settings: {{ org: acme }} }}
  slack:      {{ platform: slack }}
  smtp:       {{ platform: smtp, url: "smtps://mail.acme.example", settings: {{ sender: stanch@acme.example{archive} }} }}

alerts:                               # the key is the path: POST /v1/alerts/casb
  casb:       {{ format: hmac, secret: "file:{secret_file}" }}
  github:     {{ format: github, secret: "file:{secret_file}", integration: github }}

tell:                                 # who hears that a person is needed
  approval:    ["slack:#incidents"]
  stuck:       ["slack:#incidents"]
  deadline:    ["slack:#incidents"]
  team:        ["slack:#incidents"]
  vendor-desk: ["slack:#vendors"]
"##
        )
    }

    /// `vendors.yaml`.
    pub(crate) fn vendors() -> &'static str {
        r#"# Whom to call about an app, and what the contract says.

drift:
  name: Drift
  apps: [drift]
  contacts:
    - { name: Security, mail: security@drift.example, phone: "+1 555 0100", within: 4h }
  breach: { notify_within: 24h, clause: "DPA 7.2" }
  purpose: chat on the website
  data: [contacts, support cases]
  owner: Sales Operations
  tier: 1

zendesk:
  name: Zendesk
  apps: [zendesk]
  contacts: [{ name: Security, mail: security@zendesk.example }]
"#
    }

    /// The alert, as its source sends it. The same `id` gives the same delivery.
    pub(crate) fn alert(self, id: &str, now: jiff::Timestamp) -> Delivery {
        match self {
            Self::OauthApp => Delivery {
                source: "casb",
                title: "Drift: OAuth token used from an unknown network".to_owned(),
                headers: vec![("content-type", "application/json".to_owned())],
                proof: Proof { header: "x-signature-256" },
                body: token_misuse(id, now).to_string(),
            },
            Self::LeakedCredential => Delivery {
                source: "github",
                title: "secret_scanning_alert: a token in acme/web".to_owned(),
                headers: vec![
                    ("content-type", "application/json".to_owned()),
                    ("user-agent", "GitHub-Hookshot/5f0a9b1".to_owned()),
                    ("x-github-event", "secret_scanning_alert".to_owned()),
                    ("x-github-delivery", id.to_owned()),
                    ("x-github-hook-id", "498316077".to_owned()),
                    ("x-github-hook-installation-target-type", "organization".to_owned()),
                    ("x-github-hook-installation-target-id", "1".to_owned()),
                ],
                proof: Proof { header: "x-hub-signature-256" },
                body: secret_scanning_alert(now).to_string(),
            },
        }
    }
}

/// What a cloud access broker says of a token that is used from where it never was.
fn token_misuse(id: &str, now: jiff::Timestamp) -> Value {
    json!({
        "id": id,
        "kind": "app.token_misuse",
        "severity": "high",
        "time": now.to_string(),
        "title": "Drift: OAuth token used from an unknown network",
        "app": "drift",
        "ip": "198.51.100.23",
        "detail": {
            "network": "AS64500", "country": "unknown", "agent": "python-requests/2.32", "first_seen": now.to_string(),
            "calls": ["/services/data/v62.0/query"], "usual_networks": ["AS64496", "AS64497"],
        },
    })
}

/// In the shape of <https://docs.github.com/en/webhooks/webhook-events-and-payloads#secret_scanning_alert>.
fn secret_scanning_alert(now: jiff::Timestamp) -> Value {
    let api = "https://api.github.com/repos/acme/web";
    let account = |login: &str, id: u32, kind: &str| {
        json!({
            "login": login, "id": id, "node_id": format!("{kind}_{id}"), "type": kind, "site_admin": false,
            "url": format!("https://api.github.com/users/{login}"), "html_url": format!("https://github.com/{login}"),
        })
    };
    json!({
        "action": "created",
        "alert": {
            "number": 42,
            "created_at": now.to_string(),
            "updated_at": null,
            "url": format!("{api}/secret-scanning/alerts/42"),
            "html_url": "https://github.com/acme/web/security/secret-scanning/42",
            "locations_url": format!("{api}/secret-scanning/alerts/42/locations"),
            "secret_type": "github_personal_access_token",
            "secret_type_display_name": "GitHub Personal Access Token",
            "validity": "unknown",
            "resolution": null, "resolved_at": null, "resolved_by": null, "resolution_comment": null,
            "push_protection_bypassed": false,
            "push_protection_bypassed_at": null, "push_protection_bypassed_by": null,
            "publicly_leaked": false,
            "multi_repo": false,
        },
        "repository": {
            "id": 4001, "node_id": "R_4001", "name": "web", "full_name": "acme/web", "private": false,
            "owner": account("acme", 1, "Organization"),
            "url": api, "html_url": "https://github.com/acme/web", "default_branch": "main",
        },
        "organization": { "login": "acme", "id": 1, "node_id": "O_1", "url": "https://api.github.com/orgs/acme" },
        "sender": account("github", 9919, "Organization"),
    })
}
