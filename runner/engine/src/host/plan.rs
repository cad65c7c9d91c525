//! Host calls in a plan: nobody is asked and nothing is waited for; what is taken instead is marked.

use serde_json::{Value, json};
use stanch_model::{
    Address,
    run::{Surety, body::WaitClosed, body::kind},
};

use crate::current::Current;

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

    /// The answer to a question that nobody is asked: the one that silence would give, else the first.
    pub(super) fn assume_answer(
        &self,
        place: (&Address, (u32, u32)),
        name: &str,
        silence: Option<&String>,
        choices: &[String],
    ) -> String {
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
        say
    }
}
