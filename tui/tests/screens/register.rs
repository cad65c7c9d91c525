//! A live server with a register, clocks, notices and playbooks: what the screens of them are shown with.

use serde_json::{Value, json};
use stanch_model::api::{
    DeadlineView, Me, NoticeView, PlaybookSummary, Role, Status, VendorPage, VendorView,
};
use stanch_tui::{Look, ask::Told, event::Event};

use crate::stage::Stage;

/// The run that wrote the notices.
pub(crate) const RUN: &str = "01JD8Q2W3E4R5T6Y7U8I9O0P1A";

pub(crate) fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn tell(stage: &mut Stage, told: Told) {
    stage.event(Event::Told(Box::new(told)));
}

/// Drift as the register has it, whole.
pub(crate) fn drift() -> VendorView {
    read(json!({
        "slug": "drift", "name": "Drift", "apps": ["drift", "0oaDRIFT"],
        "contacts": [
            "Security, security@drift.example, +1 555 0100, answers within 4h",
            "Kim Novak, kim@drift.example, +1 555 0199, answers within 4h",
        ],
        "notify_within": "24h (DPA 7.2)", "purpose": "chat on the website, contact sync to HubSpot",
        "data": ["contacts", "support cases"], "owner": "Sales Operations", "tier": 1,
        "notes": "its support answers faster by phone",
        "look_at": [
            { "weight": "wrong", "about": "attestation", "words": "the SOC 2 report ended on 2025-06-30" },
            { "weight": "soon", "about": "review", "words": "the review is due on 2026-12-01" },
        ],
        "entry": {
            "name": "Drift", "legal_entity": "Drift.com, Inc.", "status": "active", "deputy": "ana@acme.example",
            "authority": "whoever is on call may have it cut", "kill_switch": "oauth-app-compromise",
            "dependants": ["lead routing", "website chat"], "volume": "40,000 contacts", "residency": ["us"],
            "retention": "30 days", "role": "processor", "sub_processors": ["Amazon Web Services", "Snowflake"],
            "contacts": [
                { "name": "Security", "mail": "security@drift.example", "phone": "+1 555 0100", "checked": "2026-10-01" },
                { "name": "Kim Novak", "mail": "kim@drift.example", "phone": "+1 555 0199" },
            ],
            "breach": {
                "notify_within": "24h", "clause": "DPA 7.2", "they_notify_within": "48h", "their_clause": "DPA 7.3"
            },
            "access": [{
                "integration": "salesforce", "app": "0H4drift", "auth": "oauth", "scopes": ["api", "refresh_token"],
                "grants": 40, "user": "integration.drift@acme.example", "egress": ["192.0.2.0/24"]
            }],
            "secrets_given": ["crm-webhook"], "secrets_taken": ["drift-api-key"],
            "attestations": {
                "caiq": "2026-02-10", "soc2": { "type": 2, "to": "2025-06-30", "exceptions": ["CC6.1 late removal"] },
                "iso27001": "2027-03-01", "pen_test": "2026-04-20"
            },
            "dpa": "2025-02-01", "review_due": "2026-12-01", "tags": ["sales"]
        }
    }))
}

fn vendors() -> Vec<VendorView> {
    let legacy = json!({
        "slug": "legacy-crm", "name": "Legacy CRM", "apps": ["legacy"], "contacts": [],
        "look_at": [{ "weight": "wrong", "about": "ended", "words": "it is over, and something of it still has access" }],
        "entry": { "name": "Legacy CRM", "status": "ended-token-live" }
    });
    let zendesk = json!({
        "slug": "zendesk", "name": "Zendesk", "apps": ["zendesk"], "notify_within": "72h",
        "contacts": ["Trust desk, security@zendesk.example"],
        "entry": { "contacts": [{ "name": "Trust desk", "mail": "security@zendesk.example", "checked": "2026-11-20" }] }
    });
    vec![drift(), read(legacy), read(zendesk)]
}

fn clocks() -> Vec<DeadlineView> {
    let clock = |rule: &str, to: &str, title: &str, due: &str, state: &str| -> DeadlineView {
        let id = if to.is_empty() { rule.to_owned() } else { format!("{rule}:{to}") };
        read(json!({
            "id": id, "incident": "01JD8Q2W3E4R5T6Y7U8I9O0INC", "rule": rule, "title": title,
            "anchor": "2026-11-26T02:40:00Z", "due": due, "state": state
        }))
    };
    let mut sent = clock("nis2-warning", "", "NIS2 early warning", "2026-11-26T12:00:00Z", "sent");
    sent.settled =
        Some(read(json!({ "at": "2026-11-26T11:20:00Z", "by": "ana", "text": "portal receipt 4711" })));
    vec![
        sent,
        clock("contract", "Drift", "Contract clause, Drift", "2026-11-27T02:40:00Z", "open"),
        clock("gdpr-33", "", "GDPR art. 33", "2026-11-29T02:40:00Z", "open"),
    ]
}

fn notices() -> Vec<NoticeView> {
    let rung = |name: &str, mail: &str, state: &str, at: Option<&str>| json!({ "name": name, "mail": mail, "state": state, "at": at });
    let drift = json!({
        "id": format!("{RUN}:N1"), "run": RUN, "incident": "01JD8Q2W3E4R5T6Y7U8I9O0INC", "vendor": "drift",
        "name": "Drift", "subject": "Your token was misused at Acme", "at": "2026-11-26T16:53:00Z",
        "state": "waiting", "next": "2026-11-26T20:53:00Z",
        "rungs": [
            rung("Security", "security@drift.example", "sent", Some("2026-11-26T16:53:00Z")),
            rung("Kim Novak", "kim@drift.example", "not_yet", None),
        ]
    });
    let zendesk = json!({
        "id": format!("{RUN}:N2"), "run": RUN, "vendor": "zendesk", "name": "Zendesk",
        "subject": "A session of yours", "at": "2026-11-26T15:00:00Z", "state": "acknowledged",
        "rungs": [rung("Trust desk", "security@zendesk.example", "sent", Some("2026-11-26T15:00:00Z"))],
        "acknowledged": { "at": "2026-11-26T15:30:00Z", "by": "ana", "text": "Lee by phone" }
    });
    vec![read(zendesk), read(drift)]
}

pub(crate) fn playbooks() -> Vec<PlaybookSummary> {
    let input = |name: &str, kind: &str, help: &str, default: Value| {
        let required = default.is_null();
        json!({ "name": name, "type": kind, "help": help, "required": required, "default": default })
    };
    let cut = json!({
        "slug": "oauth-app-compromise", "title": "Cut a compromised app off and prove it",
        "owner": "identity-response", "reviewed": "2026-11-01", "version": "ab12cd34ef56", "starts_when": [],
        "input": [
            input("app", "app", "a name, a client id or a vendor", Value::Null),
            input("batch", "integer", "how many at once, after the first five", json!(50)),
            input("lock", "bool", "true while the thief is at work", json!(false)),
            input("since", "time", "when it began, as far as known", json!("now")),
        ]
    });
    vec![read(cut)]
}

/// Joined as an approver, everything told.
pub(crate) fn joined(look: Look, mode: &str) -> Stage {
    let mut stage = Stage::with(look);
    let status: Status = read(json!({
        "version": concat!("stanch ", env!("CARGO_PKG_VERSION")), "mode": mode, "paused": [], "runs": {}, "cards": 0,
        "incidents": 1, "cursor": "", "now": "2026-11-26T17:26:40Z"
    }));
    let me = Me { name: "ben".to_owned(), role: Role::Approver, through: "socket".to_owned(), until: None };
    stage.online();
    tell(&mut stage, Told::Me(me));
    tell(&mut stage, Told::Status(status));
    tell(&mut stage, Told::Vendors(vendors()));
    tell(&mut stage, Told::Deadlines(clocks()));
    tell(&mut stage, Told::Notices(notices()));
    tell(&mut stage, Told::Playbooks(playbooks()));
    let page = VendorPage { vendor: drift(), incidents: Vec::new(), runs: Vec::new() };
    tell(&mut stage, Told::Vendor(Box::new(page)));
    stage.intents.clear();
    stage
}
