//! What a person says of a step that may have happened; and, once a run has ended, of everything that it left open.

use stanch_model::{
    RunId, TargetState,
    run::{RunView, TargetView, WaitKind, WaitView, body::Decision, end::Settle},
};

use crate::{
    handle::Engine,
    terms::{Answer, AnswerError, Receipt, Resolve},
};

impl Engine {
    /// Settles a step that may have happened, named by its address or its card. After the end of the run also a target by
    /// its key: one that is residual or attested, that failed or was skipped. Nothing is sent then: `retry` and `abort`
    /// are refused, and what is said to be done is read back where the platform lets us.
    ///
    /// # Errors
    /// When there is nothing of this name to settle.
    pub async fn resolve(
        &self,
        run: &RunId,
        step: &str,
        how: Resolve,
        who: &str,
        channel: &str,
        reason: &str,
    ) -> Result<Receipt, AnswerError> {
        let view = self.view(run)?;
        let named = |wait: &&WaitView| {
            wait.kind == WaitKind::InDoubt
                && (wait.address.as_str() == step || wait.id.eq_ignore_ascii_case(step))
        };
        let answer = Answer {
            wait: step.to_owned(),
            say: how.as_str().to_owned(),
            who: who.to_owned(),
            channel: channel.to_owned(),
            reason: reason.to_owned(),
        };
        if let Some(wait) = view.open_waits().find(named) {
            return self.answer(run, Answer { wait: wait.id.clone(), ..answer }).await;
        }
        match view.ended {
            Some(_) => self.settle(run, &view, answer).await,
            None => Err(AnswerError::NoWait { run: run.to_string(), wait: step.to_owned() }),
        }
    }

    async fn settle(&self, run: &RunId, view: &RunView, answer: Answer) -> Result<Receipt, AnswerError> {
        let at_stake: Vec<(&String, &TargetView)> = view
            .targets
            .iter()
            .filter(|(_, target)| {
                target.address.as_str() == answer.wait || target.target.key() == answer.wait
            })
            .collect();
        if at_stake.is_empty() {
            return Err(AnswerError::NoWait { run: run.to_string(), wait: answer.wait });
        }
        if is_order(&answer.say) {
            return Err(AnswerError::Over { run: run.to_string(), say: answer.say });
        }
        let open = at_stake.iter().filter(|(_, target)| target.state != TargetState::Verified);
        let open: Vec<(&String, &TargetView)> = open.copied().collect();
        let Some(since) = open.iter().map(|(_, target)| target.since.as_str()).max() else {
            let (wait, say, who) = (answer.wait, TargetState::Verified.to_string(), "read back".to_owned());
            return Err(AnswerError::Closed { wait, say, who });
        };
        let key = format!("settle {} {} {} {since}", answer.wait, answer.who, answer.say);
        let decision = Decision {
            wait: answer.wait,
            who: answer.who,
            say: answer.say,
            channel: answer.channel,
            reason: answer.reason,
            at_ms: self.env.now_ms(),
            break_glass: false,
            early: false,
        };
        let targets = open.iter().map(|(key, _)| (*key).clone()).collect();
        let body = serde_json::to_value(Settle { targets, decision }).unwrap_or_default();
        self.post(run, key, "settle", body).await.map_err(AnswerError::Journal)
    }
}

/// What only a run that is on its way can do.
pub(crate) fn is_order(say: &str) -> bool {
    [Resolve::Retry, Resolve::Abort].iter().any(|how| how.as_str() == say)
}

pub(crate) fn run_of(view: &RunView) -> String {
    view.id.as_ref().map(ToString::to_string).unwrap_or_default()
}
