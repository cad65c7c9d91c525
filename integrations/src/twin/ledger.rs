//! What the twins saw and did: the raw request log, the effects, and the count of duplicates drawn from both.
//!
//! Written at the moment of the effect, before any answer, so that an answer that never arrives is in it too.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One write that a platform executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffectRecord {
    /// The number of its request, from 1 over all platforms.
    pub seq: u64,
    /// The configured name.
    pub integration: String,
    /// The catalogue's name of the operation, `revoke_app_token`.
    pub action: String,
    /// What it touched; for a create the logical message (a marker, a Message-ID).
    pub target: String,
    /// The idempotency key of the request, if it had one.
    pub key: Option<String>,
    /// When, on the twins' clock.
    pub at: Timestamp,
    /// True when the platform's state really changed.
    pub transition: bool,
    /// As in the platform's own request-id header.
    pub request_id: String,
}

/// One request as it came in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestRecord {
    /// From 1, over all platforms.
    pub seq: u64,
    /// The configured name.
    pub integration: String,
    /// `DELETE`, `MAIL`, …
    pub method: String,
    /// Path without query: a query may hold secrets.
    pub path: String,
    /// The operation, empty where no route matches.
    pub action: String,
    /// The operation whose faults it meets, where that is another one: several may have one address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meets: Option<String>,
    /// What it touched, as far as known.
    pub target: String,
    /// The status that was, or would have been, answered.
    pub status: u16,
    /// The idempotency key, if there was one.
    pub key: Option<String>,
    /// When it came.
    pub at: Timestamp,
    /// Whether it reads or writes.
    pub sort: Sort,
    /// How far it got.
    pub fate: Fate,
    /// As in the platform's own request-id header.
    pub request_id: String,
    /// The fault that it met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The apps of the world whose rows it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<String>,
}

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// To know.
    Read,
    /// To change.
    Write,
}

/// How far a request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Stopped before the operation: rate limit, wrong token, fault.
    Stopped,
    /// The operation ran and changed nothing.
    Unchanged,
    /// The operation ran and the state changed.
    Changed,
}

/// Counts per operation and target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// Where.
    pub integration: String,
    /// Which operation.
    pub action: String,
    /// On what.
    pub target: String,
    /// How often the state changed.
    pub transitions: u64,
    /// Write requests beyond the first that reached the operation and changed nothing.
    pub repeats: u64,
}

/// What the raw log says about doing things twice. Idempotency keys are ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Every request.
    pub requests: u64,
    /// Every write executed that changed something.
    pub effects: u64,
    /// Changes per (operation, target) beyond the first, creates per logical message beyond the first.
    pub duplicate_effects: u64,
    /// Requests that reached an operation again without changing anything: allowed.
    pub repeated_requests: u64,
    /// Per (operation, target), those with any change or repeat.
    pub rows: Vec<SummaryRow>,
    /// Changes per integration and operation, `okta.revoke_app_token`.
    pub writes: BTreeMap<String, u64>,
}

/// Counts what was done twice from the raw request log.
pub fn summarise(requests: &[RequestRecord]) -> Summary {
    let mut counts: BTreeMap<(&str, &str, &str), (u64, u64)> = BTreeMap::new();
    for request in
        requests.iter().filter(|request| request.sort == Sort::Write && request.fate != Fate::Stopped)
    {
        let (changed, unchanged) =
            counts.entry((&request.integration, &request.action, &request.target)).or_default();
        match request.fate {
            Fate::Changed => *changed += 1,
            _ => *unchanged += 1,
        }
    }
    let mut summary = Summary { requests: requests.len() as u64, ..Summary::default() };
    for ((integration, action, target), (changed, unchanged)) in counts {
        let repeats = if changed == 0 { unchanged.saturating_sub(1) } else { unchanged };
        summary.effects += changed;
        summary.duplicate_effects += changed.saturating_sub(1);
        summary.repeated_requests += repeats;
        if changed > 0 {
            *summary.writes.entry(format!("{integration}.{action}")).or_default() += changed;
        }
        summary.rows.push(SummaryRow {
            integration: integration.to_owned(),
            action: action.to_owned(),
            target: target.to_owned(),
            transitions: changed,
            repeats,
        });
    }
    summary
}

/// The two lists. One lock for all platforms: appending is all that happens under it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    requests: Vec<RequestRecord>,
    effects: Vec<EffectRecord>,
}

impl Ledger {
    /// Takes a request in, gives it its number, and notes its effect if it had one.
    pub(crate) fn note(&mut self, mut request: RequestRecord, executed: bool) -> u64 {
        request.seq = self.requests.len() as u64 + 1;
        if request.sort == Sort::Write && executed {
            self.effects.push(EffectRecord {
                seq: request.seq,
                integration: request.integration.clone(),
                action: request.action.clone(),
                target: request.target.clone(),
                key: request.key.clone(),
                at: request.at,
                transition: request.fate == Fate::Changed,
                request_id: request.request_id.clone(),
            });
        }
        let seq = request.seq;
        self.requests.push(request);
        seq
    }

    pub(crate) fn requests(&self) -> &[RequestRecord] {
        &self.requests
    }

    pub(crate) fn effects(&self) -> &[EffectRecord] {
        &self.effects
    }

    /// What a resumed host starts from.
    pub(crate) fn restore(requests: Vec<RequestRecord>, effects: Vec<EffectRecord>) -> Self {
        Self { requests, effects }
    }
}
