//! What came of a drill: the run's words, every target, and what the twins' own log says of things done twice.

use serde::Serialize;
use stanch_integrations::twin::Summary;
use stanch_model::{
    Containment, Ended, TargetState,
    run::{RunView, TargetView, body::DeadlineStarted},
};

/// The end of a drill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The first word.
    pub ended: Option<Ended>,
    /// The second word.
    pub containment: Option<Containment>,
    /// Why it is not better, for people.
    pub because: Vec<String>,
    /// Every cut target.
    pub targets: Vec<EndedTarget>,
    /// Entries of all streams of the journal.
    pub entries: Option<u64>,
    /// How often the server was started again.
    pub restarts: u32,
    /// State transitions per (action, target) beyond the first, creates per message beyond the first: from the twins'
    /// raw request log, idempotency keys ignored.
    pub duplicate_effects: u64,
    /// Requests that came again and changed nothing: allowed.
    pub repeated_requests: u64,
    /// Every request that the twins received.
    pub requests: u64,
    /// Every write that changed something, by integration and action.
    pub writes: std::collections::BTreeMap<String, u64>,
    /// When and where the server was killed.
    pub killed_at: Option<KilledAt>,
    /// The clocks that began to run.
    pub deadlines: Vec<DeadlineStarted>,
    /// Times that a person was asked.
    pub asked: usize,
    /// The incident.
    pub incident: Option<String>,
    /// The run.
    pub run: Option<String>,
    /// The server's data folder.
    pub data: String,
}

/// A target at the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndedTarget {
    /// Its integration.
    pub integration: String,
    /// Its kind.
    pub kind: String,
    /// Its immutable id.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// By which verb it was cut.
    pub verb: String,
    /// What is known of it.
    pub state: TargetState,
    /// For `residual`: until when, Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// Reason, proof or person.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// When and where the server was killed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KilledAt {
    /// Milliseconds since its start.
    pub after_ms: u64,
    /// Entries of all streams that were durable then.
    pub entries: Option<u64>,
    /// The phase of the run, empty before it began.
    pub phase: String,
    /// How many targets were cut until then.
    pub cut: usize,
}

impl Verdict {
    pub(crate) fn of(run: &RunView, twins: &Summary) -> Self {
        Self {
            ended: run.ended,
            containment: run.containment,
            because: run.because.clone(),
            targets: run.targets.values().map(EndedTarget::of).collect(),
            entries: None,
            restarts: 0,
            duplicate_effects: twins.duplicate_effects,
            repeated_requests: twins.repeated_requests,
            requests: twins.requests,
            writes: twins.writes.clone(),
            killed_at: None,
            deadlines: run.deadlines.clone(),
            asked: run.waits.iter().filter(|wait| wait.kind.needs_person()).count(),
            incident: run.incident.clone(),
            run: run.id.as_ref().map(ToString::to_string),
            data: String::new(),
        }
    }

    /// True when the run ended contained, with or without residual.
    pub fn is_contained(&self) -> bool {
        matches!(self.containment, Some(Containment::Contained | Containment::ContainedWithResidual))
    }
}

impl EndedTarget {
    fn of(view: &TargetView) -> Self {
        Self {
            integration: view.target.integration.clone(),
            kind: view.target.kind.clone(),
            id: view.target.id.clone(),
            label: view.target.name().to_owned(),
            verb: view.verb.clone(),
            state: view.state,
            until_ms: view.until_ms,
            why: view.why.clone(),
        }
    }
}
