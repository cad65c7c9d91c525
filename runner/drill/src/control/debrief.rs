//! How it came out, as everybody may see it once it is over.

use stanch_model::api::{Debrief, GoalView, Got, Happened};

use super::Floor;
use crate::score::Score;

impl Floor {
    /// The debrief of a drill that ended so.
    pub(crate) fn came_out(&self, score: &Score, why: &str) -> Debrief {
        let goals = score.objectives.iter().map(|one| GoalView {
            goal: one.goal.clone(),
            text: one.text.clone(),
            rating: format!("{:?}", one.rating),
            means: one.rating.words().to_owned(),
            points: one.points,
            of: one.of,
            shown_by: one.expectations.iter().map(|shown| self.hope(&one.goal, shown)).collect(),
        });
        let measured = &score.measured;
        let talk = self.stage.scenario.talk.iter().map(|talk| (talk.ask.clone(), talk.hope.clone()));
        Debrief {
            score: score.score,
            of: score.of,
            passed: score.passed,
            why: why.to_owned(),
            took_s: self.at_s(),
            goals: goals.collect(),
            took: measured.took_s.iter().map(|(what, took)| (what.as_str().to_owned(), *took)).collect(),
            hints: measured.hints,
            kills: measured.kills,
            doubled: measured.doubled,
            collateral: measured.collateral.keys().cloned().collect(),
            adversary: measured.adversary.map(|got| Got {
                reads: got.reads,
                after_first_cut: got.after_first_cut,
                made: got.made,
                failed: got.failed,
            }),
            timeline: self.timeline(),
            talk: talk.collect(),
            data: self.data.clone(),
        }
    }

    /// The drill's own journal and what people decided, oldest first.
    fn timeline(&self) -> Vec<Happened> {
        let stage = &self.stage;
        let lines = stage.record.lines();
        let own = lines.iter().filter_map(|line| Some((line.at_ms()?, stage.words(line)?)));
        let facts = stage.facts.read();
        let waits = facts.runs.values().flat_map(|run| run.waits.iter());
        let said = waits.flat_map(|wait| {
            wait.decisions
                .iter()
                .map(|said| (said.at_ms, format!("{} says {} to {}", said.who, said.say, wait.name)))
        });
        let stood_in: Vec<String> = own.clone().map(|(_, text)| text).collect();
        let said = said.filter(|(_, text)| !stood_in.contains(text));
        let mut all: Vec<(i64, String)> = own.chain(said).collect();
        all.sort_by_key(|(at_ms, _)| *at_ms);
        all.into_iter().map(|(at_ms, text)| Happened { at_s: stage.seconds(at_ms), text }).collect()
    }
}
