//! What a run that is not at work waits for, and since when: the one place that says so, for every list and screen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    view::{RunState, RunView},
    wait::{WaitView, through},
};

/// One thing that a run waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waiting {
    /// The wait, `A1`; none for what no card says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<String>,
    /// In plain words.
    pub what: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Until when, Unix ms on the run's clock, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// True when it goes on only if a person does something.
    pub person: bool,
}

impl Waiting {
    /// What this wait waits for.
    pub fn of(wait: &WaitView) -> Self {
        Self {
            wait: Some(wait.id.clone()),
            what: if wait.text.is_empty() { wait.name.clone() } else { wait.text.clone() },
            since: wait.since.clone(),
            until_ms: wait.due_ms,
            person: wait.kind.needs_person(),
        }
    }

    /// The same with the first sentence of its words, for a row in a list.
    pub fn in_short(&self) -> Self {
        let first = self.what.split_inclusive(". ").next().unwrap_or_default();
        Self { what: first.trim_end().to_owned(), ..self.clone() }
    }
}

impl std::fmt::Display for Waiting {
    /// `A1 Shall we go?, since 11-26 02:41, until 11-26 02:56 UTC`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(wait) = &self.wait {
            write!(f, "{wait} ")?;
        }
        let minute = |at: jiff::Timestamp| at.strftime("%m-%d %H:%M");
        f.write_str(self.what.trim_end_matches('.'))?;
        if let Ok(since) = self.since.parse() {
            write!(f, ", since {}", minute(since))?;
        }
        if let Some(until) = self.until_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()) {
            write!(f, ", until {}", minute(until))?;
        }
        f.write_str(" UTC")
    }
}

impl RunView {
    /// Everything that this run waits for: first why it stands, then its open waits, oldest first. Empty for a run that is
    /// at work and for one that has ended with nothing left to look at.
    pub fn waiting(&self) -> Vec<Waiting> {
        let waits: Vec<Waiting> = self.open_waits().map(Waiting::of).collect();
        self.standing(waits.is_empty()).into_iter().chain(waits).collect()
    }

    /// Why the run stands, where no wait says it.
    fn standing(&self, alone: bool) -> Option<Waiting> {
        let person = match self.state {
            RunState::Running | RunState::Ended => return None,
            RunState::Waiting if !alone => return None,
            RunState::Waiting => false,
            RunState::Paused | RunState::Limited | RunState::Diverged | RunState::Suspect => true,
        };
        let what = match (self.state, self.why.as_str()) {
            (RunState::Waiting, "") => "its next step".to_owned(),
            (RunState::Waiting, why) => why.to_owned(),
            (state, "") => state.as_str().to_owned(),
            (RunState::Paused, why) => format!("{why}{}", through(&self.channel)),
            (state, why) => format!("{}: {why}", state.as_str()),
        };
        Some(Waiting { wait: None, what, since: self.since.clone(), until_ms: self.due_ms, person })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(state: RunState, why: &str) -> RunView {
        let (why, since) = (why.to_owned(), "2026-11-26T02:41:00Z".to_owned());
        RunView { state, why, since, due_ms: Some(7), ..RunView::default() }
    }

    #[test]
    fn a_line_says_since_when_and_until_when() {
        let waiting =
            Waiting { wait: Some("A1".to_owned()), ..view(RunState::Waiting, "go?").waiting().remove(0) };
        assert_eq!(waiting.to_string(), "A1 go?, since 11-26 02:41, until 01-01 00:00 UTC");
        let waiting = Waiting { what: "Block it. In Setup, choose Block.".to_owned(), ..waiting };
        let rest = ", since 11-26 02:41, until 01-01 00:00 UTC";
        assert_eq!(waiting.to_string(), format!("A1 Block it. In Setup, choose Block{rest}"));
        assert_eq!(waiting.in_short().to_string(), format!("A1 Block it{rest}"));
    }

    #[test]
    fn every_run_that_is_not_at_work_says_why_and_since_when() {
        let states = [
            (RunState::Waiting, "the platform asks to wait", "the platform asks to wait", false),
            (RunState::Waiting, "", "its next step", false),
            (RunState::Paused, "paused by ana", "paused by ana", true),
            (RunState::Limited, "50000 entries", "limited: 50000 entries", true),
            (RunState::Diverged, "at step 3", "diverged: at step 3", true),
            (RunState::Suspect, "two unclean stops", "suspect: two unclean stops", true),
        ];
        for (state, why, what, person) in states {
            let waiting = view(state, why).waiting();
            assert_eq!(waiting.len(), 1, "{state:?}");
            let said = (waiting[0].what.as_str(), waiting[0].since.as_str(), waiting[0].person);
            assert_eq!(said, (what, "2026-11-26T02:41:00Z", person));
        }
        assert!(view(RunState::Running, "").waiting().is_empty());
        assert!(view(RunState::Ended, "").waiting().is_empty());
    }
}
