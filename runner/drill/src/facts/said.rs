//! What the runs of a drill say of themselves: who was asked and answered, which clocks run, how they stand.

use stanch_model::{
    Containment,
    run::{RunState, WaitKind, body::DeadlineStarted},
};
use stanch_response::incident::deadline_id;

use super::{Facts, ms_of};

impl Facts {
    /// Who said yes to this last.
    pub fn approver(&self, card: &str) -> Option<String> {
        let waits = self.runs.values().flat_map(|run| run.waits.iter()).filter(|wait| wait.name == card);
        let mut said =
            waits.filter(|wait| wait.kind == WaitKind::Approval).flat_map(|wait| wait.decisions.iter());
        said.rfind(|decision| decision.say == "approve").map(|decision| decision.who.clone())
    }

    /// What was answered.
    pub fn answer(&self, card: &str) -> Option<String> {
        let mut waits = self.runs.values().flat_map(|run| run.waits.iter()).filter(|wait| wait.name == card);
        waits.find_map(|wait| wait.closed.as_ref()).map(|closed| closed.say.clone())
    }

    /// Whether it was asked.
    pub fn asked(&self, card: &str) -> bool {
        self.runs.values().any(|run| run.waits.iter().any(|wait| wait.name == card))
    }

    /// Whether the clock runs.
    pub fn deadline_started(&self, rule: &str) -> bool {
        self.runs.values().any(|run| run.deadlines.iter().any(|deadline| deadline.deadline == rule))
    }

    /// Whether every clock of this rule that runs was stopped in time, because the notice was sent.
    pub fn sent(&self, rule: &str) -> bool {
        let mut clocks = self.clocks().filter(|(_, clock)| clock.deadline == rule).peekable();
        clocks.peek().is_some()
            && clocks.all(|(incident, clock)| {
                let settled = self.settled(&incident, clock);
                settled.is_some_and(|(at, waived)| !waived && ms_of(&clock.due).is_some_and(|due| at <= due))
            })
    }

    /// When a clock of an incident was stopped, and whether nothing was owed.
    pub fn settled(&self, incident: &str, clock: &DeadlineStarted) -> Option<(i64, bool)> {
        self.settled.get(&(incident.to_owned(), deadline_id(clock))).copied()
    }

    /// Every clock that a run started, with its incident. Two runs that started the same one give it twice.
    pub fn clocks(&self) -> impl Iterator<Item = (String, &DeadlineStarted)> {
        self.runs.values().flat_map(|run| {
            let incident = run.incident.clone().unwrap_or_default();
            run.deadlines.iter().map(move |clock| (incident.clone(), clock))
        })
    }

    /// Whether a run of this playbook was started.
    pub fn ran(&self, playbook: &str) -> bool {
        self.runs.values().any(|run| run.playbook == playbook)
    }

    /// Whether somebody started a run of this playbook at this time or later, Unix ms.
    pub fn was_started(&self, playbook: &str, by: &str, from_ms: i64) -> bool {
        let mut own = self.runs.values().filter(|run| run.playbook == playbook && run.started_by == by);
        own.any(|run| ms_of(&run.started).is_some_and(|at| at >= from_ms))
    }

    /// The incident of the first run.
    pub fn incident(&self) -> Option<String> {
        let first = self.runs.values().min_by(|a, b| a.started.cmp(&b.started));
        first.and_then(|run| run.incident.clone())
    }

    /// Who or what started the first run.
    pub fn started_by(&self) -> String {
        let first = self.runs.values().min_by(|a, b| a.started.cmp(&b.started));
        first.map(|run| run.started_by.clone()).unwrap_or_default()
    }

    /// The phase of the latest run.
    pub fn phase(&self) -> String {
        let latest = self.runs.values().max_by(|a, b| a.started.cmp(&b.started));
        latest.map(|run| run.phase.clone()).unwrap_or_default()
    }

    /// True when there are runs, and all are over.
    pub fn all_ended(&self) -> bool {
        !self.runs.is_empty() && self.runs.values().all(|run| run.state == RunState::Ended)
    }

    /// True when all that ended are contained, and one is.
    pub fn all_contained(&self) -> bool {
        let mut said = self.runs.values().filter_map(|run| run.containment).peekable();
        said.peek().is_some()
            && said.all(|said| {
                matches!(
                    said,
                    Containment::Contained
                        | Containment::ContainedWithResidual
                        | Containment::NothingToContain
                )
            })
    }

    /// When a person first answered something.
    pub fn acknowledged_ms(&self) -> Option<i64> {
        let waits = self.runs.values().flat_map(|run| run.waits.iter());
        waits.flat_map(|wait| wait.decisions.iter()).map(|decision| decision.at_ms).min()
    }
}
