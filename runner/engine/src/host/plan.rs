//! Host calls in a plan: nobody is asked and nothing is waited for; what is taken instead is marked.

use serde_json::{Value, json};
use stanch_model::{
    Address, Hash,
    run::{
        Surety,
        body::{WaitClosed, kind},
        plan::Start,
    },
};

use crate::current::{Current, Hosted};

/// Who has answered, where a plan takes an answer for given.
pub(crate) const ASSUMED: &str = "assumed";

impl Current {
    /// True when this run only looks.
    pub(super) fn is_plan(&self) -> bool {
        self.live(|live| live.is_plan())
    }

    /// Journals what the step at this place was given instead, and why.
    pub(super) fn mark(
        &self,
        place: (&Address, (u32, u32)),
        (op, name): (&str, &str),
        surety: Surety,
        why: impl Into<String>,
    ) {
        let now = self.env.now_ms();
        self.live(|live| live.mark(place, (op, name), surety, why, now));
    }

    /// Ends a wait that was opened a moment ago.
    pub(super) fn close_at_once(&self, wait: &str, say: &str, by: &str) {
        let at_ms = self.env.now_ms();
        let (wait, say, by) = (wait.to_owned(), say.to_owned(), by.to_owned());
        let closed = WaitClosed { wait, say, by, who: String::new(), value: Value::Null, at_ms };
        self.live(|live| live.record(kind::CLOSED, closed, at_ms));
    }

    /// The answer to a question that nobody is asked: the one that the plan is for, else the one that silence would give, else
    /// the first.
    pub(super) fn assume_answer(
        &self,
        place: (&Address, (u32, u32)),
        name: &str,
        silence: Option<&String>,
        choices: &[String],
    ) -> Hosted<String> {
        let given = self.live(|live| {
            let answers = &live.created.answers;
            answers.get(place.0.as_str()).or_else(|| answers.get(name)).cloned()
        });
        if let Some(say) = given {
            if !choices.is_empty() && !choices.contains(&say) {
                let known = choices.join(", ");
                return self.fatal("misuse", format!("`{say}` is no answer to {name}: it takes {known}"));
            }
            self.mark(
                place,
                ("ask", name),
                Surety::Assumed,
                format!("this plan is for the answer {}", json!(say)),
            );
            return Ok(say);
        }
        let (say, what) = match (silence, choices.first()) {
            (Some(say), _) => (say.clone(), "the answer that silence gives"),
            (None, Some(first)) => (first.clone(), "the first answer"),
            (None, None) => {
                (String::new(), "nobody's answer: the question has neither choices nor `unanswered`")
            }
        };
        let why = match say.is_empty() {
            true => format!("the plan goes on with {what}"),
            false => format!("the plan goes on with {}, {what}", json!(say)),
        };
        self.mark(place, ("ask", name), Surety::NotKnown, why);
        Ok(say)
    }

    /// Why a run that is held to a plan may not start this run below it, if it may not.
    pub(super) fn starts_off_plan(&self, playbook: &str, input: Hash) -> Option<String> {
        let hash = self.live(|live| live.created.plan.filter(|_| !live.is_plan()))?;
        let kept = self.env.kept_plan(&hash).ok()?;
        // Plans of earlier programs do not say.
        let starts = kept.starts.as_ref()?;
        let is_planned = starts.contains(&Start { playbook: playbook.to_owned(), input });
        let other = starts.iter().any(|start| start.playbook == playbook);
        (!is_planned).then(|| match other {
            true => format!("the plan starts {playbook} with other inputs"),
            false => format!("the plan does not start {playbook}"),
        })
    }
}
