//! What is on the screens while they are measured: a large run, a card that covers much, a drill with more than fits.

use serde_json::{Value, json};
use stanch_model::api::{IncidentSummary, RunSummary, Status};

use super::RUN;
use crate::ask::Told;

pub(super) fn created() -> Value {
    json!({
        "run": RUN, "playbook": "bench", "title": "A run of many steps", "mode": "drill", "input": {},
        "started_by": "bench", "pins": { "actions": {}, "integrations": {}, "rhai": "", "host_api": 1 },
    })
}

pub(super) fn step(number: usize) -> (Value, Value) {
    let address = (number / 2 + 1).to_string();
    let intent = json!({
        "address": address, "op": "call", "name": "okta.revoke_grant", "args": "0".repeat(64), "at": [18, 5],
        "attempt": 1, "call": {
            "integration": "okta", "action": "revoke_grant", "effect": "permanent", "input": { "grant": "oag1" },
            "target": { "integration": "okta", "kind": "grant", "id": format!("oag{number}") },
            "key": "k", "in_doubt": "probe", "deadline_ms": 0,
        },
    });
    (intent, json!({ "address": address, "attempt": 1, "value": { "ok": true }, "by": "us" }))
}

pub(super) fn status(now_ms: i64) -> Told {
    Told::Status(Status {
        version: concat!("stanch ", env!("CARGO_PKG_VERSION")).to_owned(),
        mode: "drill".to_owned(),
        paused: Vec::new(),
        runs: [("running".to_owned(), 1)].into(),
        cards: 0,
        incidents: 1,
        cursor: String::new(),
        now: jiff::Timestamp::from_millisecond(now_ms).unwrap_or_default().to_string(),
        changed: Vec::new(),
        heartbeat: None,
        returned: Vec::new(),
    })
}

pub(super) fn runs() -> Told {
    Told::Runs(vec![RunSummary {
        id: RUN.to_owned(),
        playbook: "bench".to_owned(),
        title: "A run of many steps".to_owned(),
        mode: "drill".to_owned(),
        state: "running".to_owned(),
        containment: None,
        since: String::new(),
        waits: Vec::new(),
        incident: Some("I".to_owned()),
        started_by: "bench".to_owned(),
        started: String::new(),
        phase: "contain".to_owned(),
        targets: [("verified".to_owned(), 500)].into(),
    }])
}

pub(super) fn incidents() -> Told {
    Told::Incidents(vec![IncidentSummary {
        id: "I".to_owned(),
        title: "Many steps".to_owned(),
        severity: stanch_model::Severity::High,
        opened: String::new(),
        closed: None,
        runs: vec![RUN.to_owned()],
        mode: "drill".to_owned(),
    }])
}

/// Targets that the card covers.
const COVERED: usize = 500;

/// An approval over many targets.
///
/// # Errors
/// Never: the card is written here.
pub(super) fn card() -> serde_json::Result<Told> {
    let target = |nth: usize| json!({ "integration": "okta", "kind": "grant", "id": format!("oag{nth}") });
    let targets: Vec<Value> = (0..COVERED).map(target).collect();
    let card = json!({
        "id": format!("{RUN}:A1"), "run": RUN, "playbook": "bench", "title": "A run of many steps", "mode": "drill",
        "asked": ["ben", "caro"],
        "may": [{
            "integration": "okta", "verb": "grant.revoke", "effect": "permanent", "kind": "grant", "count": COVERED,
        }],
        "wait": {
            "id": "A1", "kind": "approval", "address": "9", "name": "cut", "text": "Revoke them", "targets": targets,
            "of": 1, "within_ms": 900_000, "due_ms": null, "since": "", "card": false, "options": [], "ask": ["leads"],
            "ladder": ["deny"], "decisions": [], "closed": null,
        },
    });
    Ok(Told::Approvals(vec![serde_json::from_value(card)?]))
}

/// The facilitator's view of a drill with a long plot and many hopes.
///
/// # Errors
/// Never: the view is written here.
pub(super) fn drill(now_ms: i64) -> serde_json::Result<Told> {
    let entry = |nth: usize| {
        let state = if nth < 20 { "fired" } else { "waits" };
        json!({
            "entry": nth, "what": format!("mail from person {nth}"), "when": "at 20m", "due_s": 1200, "state": state,
            "at_s": if nth < 20 { json!(nth * 30) } else { Value::Null },
        })
    };
    let hope = |nth: usize| json!({ "goal": "contain", "say": format!("hope {nth}"), "came": "missed", "points": 0, "of": 5 });
    let view = json!({
        "drill": "bench", "title": "A long drill", "briefing": "", "seat": "facilitator", "name": "fay",
        "start_ms": now_ms, "length_s": 2700, "seats": [], "inbox": [], "hints": [], "token_minutes": 412, "remarks": [],
        "clock": { "change": 1, "wall_ms": now_ms, "scenario_ms": now_ms, "rate": 1.0 },
        "behind": {
            "plot": (0..60).map(entry).collect::<Vec<_>>(), "faults": [], "truth": ["Drift: 500 grants stand"], "page": "",
        },
        "hoped": (0..40).map(hope).collect::<Vec<_>>(),
    });
    Ok(Told::Drill(Box::new(serde_json::from_value(view)?)))
}
