//! What a person says to a card, and whether they may.
//!
//! Whoever stands on the ladder of an approval may say yes or no as soon as the card is open, also before their rung is asked:
//! the manifest names them as people who decide it, and anybody may bring the card before them at any moment. So an early
//! answer counts at once, like any other of one person: it lets nobody answer who started the run, and two are still two.
//! Nor does a rung fall silent once the next one is asked: whoever comes late is still heard.
//! Nothing can be said to a card that is not open yet: a yes covers the targets that stand on it.

use stanch_model::{
    RunId,
    run::{RunView, WaitKind, WaitView, body::Decision},
};

use crate::{
    handle::Engine,
    resolve::{is_order, run_of},
    terms::{Answer, AnswerError, Receipt},
};

/// When somebody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// They are asked.
    Asked,
    /// They stand on a rung of the ladder that is not asked yet.
    Early,
}

impl Engine {
    /// Takes a person's answer to an approval or question; durable when it returns.
    ///
    /// # Errors
    /// When the wait is not open, the person may not answer it, or the answer is none. Nothing was written then.
    pub async fn answer(&self, run: &RunId, answer: Answer) -> Result<Receipt, AnswerError> {
        let view = self.view(run)?;
        let missing = || AnswerError::NoWait { run: run.to_string(), wait: answer.wait.clone() };
        let wait = view.waits.iter().find(|wait| wait.id == answer.wait).ok_or_else(missing)?;
        let turn = self.may_answer(&view, wait, &answer)?;
        let decision = Decision {
            wait: answer.wait.clone(),
            who: answer.who.clone(),
            say: answer.say.clone(),
            channel: answer.channel,
            reason: answer.reason,
            at_ms: self.env.now_ms(),
            break_glass: false,
            early: turn == Turn::Early,
        };
        let key = format!("{} {} {}", answer.wait, answer.who, answer.say);
        let body = serde_json::to_value(&decision).unwrap_or_default();
        self.post(run, key, "decision", body).await.map_err(AnswerError::Journal)
    }

    fn may_answer(&self, view: &RunView, wait: &WaitView, answer: &Answer) -> Result<Turn, AnswerError> {
        let not_you =
            |why: String| AnswerError::NotYou { who: answer.who.clone(), wait: wait.id.clone(), why };
        if let Some(closed) = &wait.closed {
            let who = if closed.who.is_empty() { closed.by.clone() } else { closed.who.clone() };
            return Err(AnswerError::Closed { wait: wait.id.clone(), say: closed.say.clone(), who });
        }
        if !wait.kind.needs_person() {
            return Err(not_you("nobody can: it waits for something else".to_owned()));
        }
        if view.ended.is_some() && is_order(&answer.say) {
            return Err(AnswerError::Over { run: run_of(view), say: answer.say.clone() });
        }
        if !wait.options.is_empty() && !wait.options.contains(&answer.say) {
            let options = wait.options.join(", ");
            return Err(AnswerError::NotAnOption { wait: wait.id.clone(), say: answer.say.clone(), options });
        }
        // A guard that lets go is a yes too; to leave out what it stops is not.
        let is_yes =
            wait.kind == WaitKind::Approval || (wait.kind == WaitKind::Guard && answer.say == "go_on");
        if let Some(why) = view.excludes(&answer.who).filter(|_| is_yes) {
            return Err(not_you(why.to_owned()));
        }
        self.turn(wait, &answer.who).ok_or_else(|| {
            let next = match wait.rungs() {
                [] => String::new(),
                rungs => format!(", and then {}", rungs.join(", ")),
            };
            not_you(format!("{} is asked{next}", wait.ask.join(", ")))
        })
    }

    /// Whether this person may answer, and whether it is their turn already.
    fn turn(&self, wait: &WaitView, who: &str) -> Option<Turn> {
        let anybody = wait.kind == WaitKind::InDoubt || wait.ask.is_empty();
        if anybody || self.env.is_asked(who, &wait.ask) {
            return Some(Turn::Asked);
        }
        // only an approval has rungs of people
        self.env.is_asked(who, wait.rungs()).then_some(Turn::Early)
    }
}
