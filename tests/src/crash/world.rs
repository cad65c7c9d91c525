//! The company that is attacked, as the twins play it and as the child is configured for it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stanch_integrations::twin::World;
use stanch_model::{
    Alert,
    alert::Severity,
    config::{Config, IntegrationConfig},
};

/// How many grants the app holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// In Okta.
    pub okta: u32,
    /// In Salesforce.
    pub salesforce: u32,
}

impl Size {
    /// Every point of it can be tried.
    pub const SMALL: Self = Self { okta: 2, salesforce: 2 };
    /// As the demo has it.
    pub const LARGE: Self = Self { okta: 12, salesforce: 28 };
}

/// Whether what was sent can be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// Mail by its Message-ID, messages by their mark.
    Readable,
    /// There is no archive of sent mail: only a person can look.
    Lost,
}

/// The platforms.
pub(crate) const PLATFORMS: [&str; 4] = ["okta", "salesforce", "slack", "smtp"];

/// What the twins hold at the start.
pub(crate) fn world(size: Size) -> World {
    let grants = BTreeMap::from([("okta", size.okta), ("salesforce", size.salesforce)]);
    // Enough that those who are touched stay below the playbook's cap of 20 percent.
    let people = size.okta.max(size.salesforce) * 5 + 2;
    let world = json!({ "people": people, "apps": [{ "id": "drift", "vendor": "drift", "grants": grants }] });
    serde_json::from_value(world).expect("a world")
}

/// The vendor register.
pub(crate) const REGISTER: &str = "drift:\n  name: Drift\n  apps: [drift]\n  contacts:\n    - { name: Security, mail: security@drift.example }\n  breach: { notify_within: 24h }\n";

/// The configuration.
pub(crate) fn config(marker: Marker) -> Config {
    let groups = json!({ "groups": { "incident-lead": ["ben"], "security-manager": ["dora"] } });
    Config {
        people: serde_json::from_value(groups).expect("people"),
        integrations: PLATFORMS.map(|name| (name.to_owned(), integration(name, marker))).into(),
        tell: BTreeMap::from([("team".to_owned(), vec!["slack:#incidents".to_owned()])]),
        ..Config::default()
    }
}

fn integration(platform: &str, marker: Marker) -> IntegrationConfig {
    let mut value = json!({ "platform": platform });
    match platform {
        "okta" => value["url"] = json!("https://acme.okta.com"),
        "salesforce" => value["url"] = json!("https://acme.my.salesforce.com"),
        "smtp" => {
            value["url"] = json!("smtp://mail.acme.example:587");
            value["settings"] = json!({ "sender": "stanch@acme.example" });
            if marker == Marker::Lost {
                // No address at all: every look fails, and a look that fails tells nothing.
                value["settings"]["archive"] = json!("nowhere");
            }
        }
        _ => {}
    }
    serde_json::from_value(value).expect("an integration")
}

/// The alert, with the same delivery id every time: as a vendor's queue repeats it until somebody says thanks.
pub(crate) fn alert() -> Alert {
    Alert {
        id: "finding-1".to_owned(),
        source: "siem".to_owned(),
        kind: "app.token_misuse".to_owned(),
        title: "Drift's token is used from an unknown network".to_owned(),
        severity: Severity::High,
        time: "2026-03-13T02:40:00Z".to_owned(),
        user: None,
        app: Some("drift".to_owned()),
        ip: Some("203.0.113.7".to_owned()),
        delivery: "delivery-1".to_owned(),
        fold: None,
        by: None,
        raw: Value::Null,
    }
}
