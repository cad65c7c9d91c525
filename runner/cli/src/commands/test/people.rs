//! The people of a case: they say what it tells them to say, when it tells them to.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::RwLock;
use stanch_drill::{
    case::{Case, EXPIRE, Ground, LOOKING_MS, Replies, SignalSpec, Spoken, by_hand, looked},
    facts::Facts,
};
use stanch_engine::{Answer, AnswerError};
use stanch_integrations::twin::{TwinHost, World};
use stanch_model::{
    RunId,
    run::{RunView, WaitKind, WaitView},
};

use super::life::Life;

/// In doubt: somebody looks at the platform, and says what is so there.
const LOOK: &str = "look";

/// See the module.
pub(super) struct People {
    answers: BTreeMap<String, Replies>,
    signals: Vec<SignalSpec>,
    sent: BTreeSet<usize>,
    ground: Ground,
    world: World,
    start_ms: i64,
    /// When each question was first seen, and as which of its name.
    seen: BTreeMap<(RunId, String), (i64, usize)>,
    asked: BTreeMap<String, usize>,
}

impl People {
    pub(super) fn of(case: &Case, ground: &Ground) -> Self {
        Self {
            answers: case.answers.clone(),
            signals: case.signals.clone(),
            sent: BTreeSet::new(),
            ground: ground.clone(),
            world: case.world.clone(),
            start_ms: case.starts().as_millisecond(),
            seen: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Says what is due. True when anything was said.
    ///
    /// # Errors
    /// When an answer is refused: the case says something that cannot be said.
    pub(super) async fn speak(
        &mut self,
        life: &Life,
        facts: &RwLock<Facts>,
        twins: &TwinHost,
        now: i64,
    ) -> anyhow::Result<bool> {
        let mut spoke = self.signal(life, facts, now).await?;
        let due: Vec<(RunId, WaitView, Spoken, String)> = {
            let facts = facts.read();
            self.note(&facts, now);
            facts.runs.values().flat_map(|run| self.due(run, now)).collect()
        };
        for (run, wait, spoken, who) in due {
            let (mut say, mut why) = (spoken.say.clone(), spoken.why.clone());
            if wait.kind == WaitKind::InDoubt && say == LOOK {
                let call = facts.read().call(&run.to_string(), &wait.address);
                let (verdict, found) = looked(call.as_ref(), twins);
                (say, why) = (verdict.as_str().to_owned(), found);
            }
            if wait.kind == WaitKind::Manual && say == "done" {
                by_hand(&self.world, &wait, facts, twins);
            }
            let answer = Answer { wait: wait.id, say, who, channel: "case".to_owned(), reason: why };
            match life.engine.answer(&run, answer).await {
                // Silence, or another, was first.
                Ok(_) | Err(AnswerError::Closed { .. }) => spoke = true,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(spoke)
    }

    async fn signal(&mut self, life: &Life, facts: &RwLock<Facts>, now: i64) -> anyhow::Result<bool> {
        let Some(run) = facts.read().runs.keys().next().cloned() else { return Ok(false) };
        let mut sent = false;
        for (nth, signal) in self.signals.iter().enumerate() {
            if self.start_ms.saturating_add(signal.after.ms()) <= now && self.sent.insert(nth) {
                life.engine.signal(&run, &format!("case {nth}"), &signal.name, signal.data.clone()).await?;
                sent = true;
            }
        }
        Ok(sent)
    }

    /// Notes since when each question stands.
    fn note(&mut self, facts: &Facts, now: i64) {
        for (id, run) in &facts.runs {
            for wait in run.open_waits().filter(|wait| wait.kind.needs_person()) {
                let asked = &mut self.asked;
                self.seen.entry((id.clone(), wait.id.clone())).or_insert_with(|| {
                    let nth = asked.entry(wait.name.clone()).or_default();
                    *nth += 1;
                    (now, *nth - 1)
                });
            }
        }
    }

    /// What is said to a question, and when.
    fn reply(&self, run: &RunId, wait: &WaitView) -> Option<(Spoken, i64)> {
        let any = match wait.kind {
            WaitKind::Guard => "guard",
            WaitKind::InDoubt => "in_doubt",
            _ => "",
        };
        let replies = self.answers.get(&wait.name).or_else(|| self.answers.get(any))?;
        let (since, nth) = self.seen.get(&(run.clone(), wait.id.clone()))?;
        let spoken = replies.nth(*nth)?;
        let after = spoken.after.map_or(LOOKING_MS, |after| after.ms());
        let is_silent = spoken.say == EXPIRE;
        (!is_silent).then(|| (spoken, since.saturating_add(after)))
    }

    fn due(&self, run: &RunView, now: i64) -> Vec<(RunId, WaitView, Spoken, String)> {
        let Some(id) = &run.id else { return Vec::new() };
        let mut due = Vec::new();
        for wait in run.open_waits().filter(|wait| wait.kind.needs_person()) {
            let Some((spoken, _)) = self.reply(id, wait).filter(|(_, due_ms)| *due_ms <= now) else {
                continue;
            };
            for who in self.speakers(run, wait, &spoken) {
                due.push((id.clone(), wait.clone(), spoken.clone(), who));
            }
        }
        due
    }

    /// As many as must speak and have not, never whoever started the run; the one that the case names, if it does.
    fn speakers(&self, run: &RunView, wait: &WaitView, spoken: &Spoken) -> Vec<String> {
        let has_spoken = |who: &String| wait.decisions.iter().any(|said| said.who == *who);
        if let Some(by) = &spoken.by {
            return Some(by.clone()).filter(|by| !has_spoken(by)).into_iter().collect();
        }
        let asked = self.ground.asked(&wait.ask).into_iter();
        let is_approval = wait.kind == WaitKind::Approval;
        let free = asked.filter(|who| !(has_spoken(who) || is_approval && run.started_by == *who));
        free.take(if is_approval && spoken.say == "approve" { wait.of.max(1) as usize } else { 1 }).collect()
    }

    /// When somebody speaks next.
    pub(super) fn next_ms(&self, facts: &Facts, now: i64) -> Option<i64> {
        let waits = facts.runs.iter().flat_map(|(id, run)| run.open_waits().map(move |wait| (id, wait)));
        let replies = waits.filter_map(|(id, wait)| Some(self.reply(id, wait)?.1));
        let signals = self.signals.iter().map(|signal| self.start_ms.saturating_add(signal.after.ms()));
        replies.chain(signals).filter(|due| *due > now).min()
    }
}
