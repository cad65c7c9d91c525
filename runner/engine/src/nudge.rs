//! Reminding those who are asked, and asking somebody else without waiting for silence.
//!
//! Who may say yes stands in the manifest: an approval can be brought before those of its own ladder and nobody else. A
//! question or a manual step may be given to anybody of the company.

use serde::{Deserialize, Serialize};
use stanch_model::{
    RunId, Target,
    run::{RunView, WaitKind, WaitView, body::Reminded},
};

use crate::{
    env::Env,
    guard::{Protection, foresee},
    handle::Engine,
    terms::{AnswerError, By, Receipt},
};

/// People are not reminded twice within this time, ms.
const QUIET_MS: i64 = 60_000;

/// What is posted to a run whose card is brought before somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AskSomeone {
    pub(crate) wait: String,
    pub(crate) name: String,
    pub(crate) who: String,
    #[serde(default)]
    pub(crate) channel: String,
}

/// Whom a card is brought before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// These are asked now, and these are left of the ladder; it has the time of a new rung.
    Rung(Vec<String>, Vec<String>),
    /// These are asked now.
    Asked(Vec<String>),
    /// Everybody may answer: this one is told.
    Told,
}

impl Engine {
    /// What `protect:` says of targets before anything is read: for whoever decides over them.
    pub fn protected(&self, targets: &[Target]) -> Protection {
        foresee(&self.env, targets)
    }

    /// Tells those who are asked once more; durable when it returns.
    ///
    /// # Errors
    /// When the wait is not open, or they were reminded a moment ago. Nothing was written then.
    pub async fn remind(
        &self,
        run: &RunId,
        wait: &str,
        by: impl Into<By<'_>>,
    ) -> Result<Receipt, AnswerError> {
        let view = self.view(run)?;
        let wait = open(&view, wait)?;
        let at_ms = self.env.now_ms();
        let last = wait.reminded.last().map(|reminder| at_ms.saturating_sub(reminder.at_ms));
        if let Some(ago_ms) = last.filter(|ago| (0..QUIET_MS).contains(ago)) {
            let why = format!("they were reminded {} s ago", ago_ms / 1000);
            return Err(AnswerError::NotNow { wait: wait.id.clone(), why });
        }
        let key = format!("remind {} {}", wait.id, wait.reminded.len());
        let By { who, channel } = by.into();
        let (who, channel) = (who.to_owned(), channel.to_owned());
        let reminded = Reminded { wait: wait.id.clone(), who, channel, to: String::new(), at_ms };
        let body = serde_json::to_value(reminded).unwrap_or_default();
        Ok(self.post(run, key, "remind", body).await?)
    }

    /// Asks somebody now, without waiting for silence; those who were asked stay asked. Durable when it returns.
    ///
    /// # Errors
    /// When the wait is not open, or this person or group is not to be asked. Nothing was written then.
    pub async fn ask_someone(
        &self,
        run: &RunId,
        wait: &str,
        name: &str,
        by: impl Into<By<'_>>,
    ) -> Result<Receipt, AnswerError> {
        let view = self.view(run)?;
        let wait = open(&view, wait)?;
        before(&self.env, &view, wait, name)?;
        let key = format!("ask {} {name} {}", wait.id, wait.reminded.len());
        let By { who, channel } = by.into();
        let (wait, name) = (wait.id.clone(), name.to_owned());
        let asks = AskSomeone { wait, name, who: who.to_owned(), channel: channel.to_owned() };
        let body = serde_json::to_value(asks).unwrap_or_default();
        Ok(self.post(run, key, "ask", body).await?)
    }
}

/// A wait of this run that a person can answer.
fn open<'a>(view: &'a RunView, wait: &str) -> Result<&'a WaitView, AnswerError> {
    let run = view.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let missing = AnswerError::NoWait { run, wait: wait.to_owned() };
    let found = view.waits.iter().find(|known| known.id == wait && known.kind.needs_person());
    let found = found.ok_or(missing)?;
    match &found.closed {
        None => Ok(found),
        Some(closed) => {
            let who = if closed.who.is_empty() { closed.by.clone() } else { closed.who.clone() };
            Err(AnswerError::Closed { wait: found.id.clone(), say: closed.say.clone(), who })
        }
    }
}

/// Who is asked when this wait is brought before a person or group of this name.
pub(crate) fn before(env: &Env, view: &RunView, wait: &WaitView, name: &str) -> Result<Before, AnswerError> {
    let not = |why: String| AnswerError::NotThem { name: name.to_owned(), wait: wait.id.clone(), why };
    if !wait.ask.is_empty() && (wait.ask.iter().any(|asked| asked == name) || env.is_asked(name, &wait.ask)) {
        return Err(not("is asked already: remind them".to_owned()));
    }
    match wait.kind {
        WaitKind::Approval if view.excludes(name).is_some() => {
            Err(not(view.excludes(name).unwrap_or_default().to_owned()))
        }
        WaitKind::Approval => {
            let rungs = wait.rungs();
            let meant = |rung: &&String| env.is_asked(name, std::slice::from_ref(*rung));
            let Some(rung) = rungs.iter().find(meant) else {
                let known = if rungs.is_empty() { "nobody".to_owned() } else { rungs.join(", ") };
                return Err(not(format!("who may say yes stands in the manifest, and next is {known}")));
            };
            let ask = wait.ask.iter().chain([rung]).cloned().collect();
            Ok(Before::Rung(ask, wait.ladder.iter().filter(|left| *left != rung).cloned().collect()))
        }
        WaitKind::Guard => Err(not("a guard is released by those whom it asks".to_owned())),
        _ if !env.is_known(name) => {
            Err(not("`people:` of the configuration knows nobody of this name".to_owned()))
        }
        _ if wait.ask.is_empty() => Ok(Before::Told),
        _ => Ok(Before::Asked(wait.ask.iter().cloned().chain([name.to_owned()]).collect())),
    }
}
