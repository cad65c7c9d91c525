//! Break-glass: nobody of those who are asked answers, and somebody lets it go alone, with a reason that everybody hears.
//!
//! It stands in for the people that a card wants, never for a no: what was denied stays denied, and what was not asked for
//! is not let go.

use stanch_model::{
    RunId,
    run::{WaitKind, WaitView, body::Decision},
};

use crate::{
    handle::Engine,
    terms::{AnswerError, Receipt},
};

/// A reason has at least so many characters: the report quotes it.
const SHORTEST: usize = 10;

/// Who wants to let a card go alone.
#[derive(Clone, Debug)]
pub struct BreakGlass {
    /// The wait, `A1`.
    pub wait: String,
    /// Who.
    pub who: String,
    /// What they are here.
    pub standing: Standing,
    /// Through what.
    pub channel: String,
    /// Why, in their own words.
    pub reason: String,
}

/// What somebody is who breaks the glass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May do it for every card.
    Admin,
    /// May do it where they could have said yes, had they not begun the run or were it their turn.
    Approver,
}

impl Engine {
    /// Lets an approval or a guard go alone; durable when it returns.
    ///
    /// # Errors
    /// When the wait is not open or is of another kind, the reason is too short, those who are asked have not had their time
    /// yet, or this person may not. Nothing was written then.
    pub async fn break_glass(&self, run: &RunId, glass: BreakGlass) -> Result<Receipt, AnswerError> {
        let view = self.view(run)?;
        let missing = || AnswerError::NoWait { run: run.to_string(), wait: glass.wait.clone() };
        let wait = view.waits.iter().find(|wait| wait.id == glass.wait).ok_or_else(missing)?;
        let say = self.may_break(wait, &glass)?;
        let decision = Decision {
            wait: glass.wait.clone(),
            who: glass.who.clone(),
            say: say.to_owned(),
            channel: glass.channel,
            reason: glass.reason.trim().to_owned(),
            at_ms: self.env.now_ms(),
            break_glass: true,
            early: false,
        };
        let key = format!("{} {} {say} alone", glass.wait, glass.who);
        let body = serde_json::to_value(&decision).unwrap_or_default();
        Ok(self.post(run, key, "decision", body).await?)
    }

    fn may_break(&self, wait: &WaitView, glass: &BreakGlass) -> Result<&'static str, AnswerError> {
        let not_you =
            |why: String| AnswerError::NotYou { who: glass.who.clone(), wait: wait.id.clone(), why };
        if let Some(closed) = &wait.closed {
            let who = if closed.who.is_empty() { closed.by.clone() } else { closed.who.clone() };
            return Err(AnswerError::Closed { wait: wait.id.clone(), say: closed.say.clone(), who });
        }
        let say = match wait.kind {
            WaitKind::Approval => "approve",
            WaitKind::Guard => "go_on",
            _ => return Err(not_you("break-glass is for approvals and guards".to_owned())),
        };
        let meant = || {
            let all: Vec<String> = wait.ask.iter().chain(wait.rungs()).cloned().collect();
            all.is_empty() || self.env.is_asked(&glass.who, &all)
        };
        if glass.standing == Standing::Approver && !meant() {
            let asked = wait.ask.join(", ");
            return Err(not_you(format!(
                "{asked} is asked, and whoever is not asked must be an admin to go on alone"
            )));
        }
        if glass.reason.trim().chars().count() < SHORTEST {
            let why = format!(
                "a reason of at least {SHORTEST} characters is needed: everybody is told, and the report quotes it"
            );
            return Err(AnswerError::NotNow { wait: wait.id.clone(), why });
        }
        self.had_their_time(wait)?;
        Ok(say)
    }

    /// Those who are asked have had the time that the configuration gives them, or their own if that was shorter.
    fn had_their_time(&self, wait: &WaitView) -> Result<(), AnswerError> {
        let given = i64::try_from(self.env.config.break_glass.after().as_millis()).unwrap_or(i64::MAX);
        let since = wait.since.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond);
        let left = since.saturating_add(given).saturating_sub(self.env.now_ms());
        if left <= 0 {
            return Ok(());
        }
        let asked = if wait.ask.is_empty() { "others".to_owned() } else { wait.ask.join(", ") };
        let why = format!("{asked} can still answer; break-glass is there in {} s", left / 1000 + 1);
        Err(AnswerError::NotNow { wait: wait.id.clone(), why })
    }
}
