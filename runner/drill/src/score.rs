//! The score: points by expectation, a rating by goal, and what was measured, beside the real incident.
//!
//! What is computed is kept where the facilitator lets an expectation count as something else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stanch_model::api::Grade;
pub use stanch_response::report::{Came, Rating};

use crate::{
    board::Standing,
    facts::Facts,
    scenario::{Expectation, Measure, Scenario},
};

/// What the facilitator lets an expectation count as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// As what.
    pub came: Grade,
    /// Who says so.
    pub by: String,
    /// Why.
    pub why: String,
    /// When, Unix ms.
    pub at_ms: i64,
}

/// Overrides by the expectation's place in the file.
pub type Grades = BTreeMap<usize, Override>;

/// An expectation counts as something else than was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graded {
    /// What was computed.
    pub computed: Came,
    /// Who says otherwise.
    pub by: String,
    /// Why.
    pub why: String,
    /// When, Unix ms.
    pub at_ms: i64,
}

/// One expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Its place in the file.
    #[serde(default)]
    pub expectation: usize,
    /// For people.
    pub say: String,
    /// The condition.
    pub that: String,
    /// What it counts as.
    pub came: Came,
    /// When it first came true: seconds since the start.
    pub first_s: Option<i64>,
    /// By when it had to: seconds since the start.
    pub by_s: Option<i64>,
    /// What it brought.
    pub points: u32,
    /// What it could.
    pub of: u32,
    /// Whether it tests an improvement that is still open: it comes before the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tested_first: bool,
    /// Who let it count as something else than was computed, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graded: Option<Graded>,
}

/// One goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// Its name in the file.
    pub goal: String,
    /// The goal in a sentence.
    pub text: String,
    /// How well.
    pub rating: Rating,
    /// What its expectations brought.
    pub points: u32,
    /// What they could.
    pub of: u32,
    /// What shows it.
    pub expectations: Vec<Judged>,
}

/// What was measured: seconds since the first alert; nothing where it did not happen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// By measure.
    pub took_s: BTreeMap<Measure, i64>,
    /// The same in the real incident.
    pub really_took_s: BTreeMap<Measure, i64>,
    /// Live grants of what was at stake, summed over the minutes.
    pub token_minutes: i64,
    /// Apps that were changed and were not at stake.
    pub collateral: BTreeMap<String, u64>,
    /// Effects that happened twice.
    pub doubled: i64,
    /// Kills of the runner.
    pub kills: u32,
    /// Points that hints cost.
    pub hints: u32,
    /// What the adversary got; nothing where the scenario has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adversary: Option<Got>,
}

/// What the adversary got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Got {
    /// All that it read.
    pub reads: u32,
    /// Reads after the first cut.
    pub after_first_cut: u32,
    /// Grants and tokens that it made.
    pub made: u32,
    /// Moves that failed because access was cut.
    pub failed: u32,
}

/// The score of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Points, hints taken off.
    pub score: u32,
    /// All that there are.
    pub of: u32,
    /// Whether it is enough.
    pub passed: bool,
    /// By goal: those that test open improvements first, then in the order of their names.
    pub objectives: Vec<Objective>,
    /// What was measured.
    pub measured: Measured,
}

impl Score {
    /// Of a drill that stands so now.
    pub fn of(scenario: &Scenario, facts: &Facts, standings: &[Standing], hints: u32) -> Self {
        let start = facts.start_ms;
        let judged: Vec<(&Expectation, Judged)> = scenario
            .expect
            .iter()
            .zip(standings)
            .enumerate()
            .map(|(nth, (one, standing))| (one, judge(nth, one, *standing, start)))
            .collect();
        let objectives: Vec<Objective> =
            scenario.goals.iter().map(|(goal, text)| objective(goal, text, &judged)).collect();
        let (score, of, passed) = (0, 0, false);
        let mut whole = Self { score, of, passed, objectives, measured: measured(scenario, facts, hints) };
        whole.sum(scenario.end.pass);
        whole
    }

    /// The same with these overrides, and with no others. `pass` is the percentage that is enough.
    pub fn graded(mut self, grades: &Grades, pass: u32) -> Self {
        for one in self.objectives.iter_mut().flat_map(|objective| &mut objective.expectations) {
            one.counts_as(grades.get(&one.expectation));
        }
        self.sum(pass);
        self
    }

    /// The same with these conditions before the others: open improvements are tested by them.
    pub fn testing_first(mut self, that: &BTreeSet<String>) -> Self {
        for objective in &mut self.objectives {
            for one in &mut objective.expectations {
                one.tested_first = that.contains(&one.that);
            }
            objective.expectations.sort_by_key(|one| !one.tested_first);
        }
        let tests = |objective: &Objective| objective.expectations.iter().any(|one| one.tested_first);
        self.objectives.sort_by_key(|objective| !tests(objective));
        self
    }

    /// What follows from the points of the expectations.
    fn sum(&mut self, pass: u32) {
        for objective in &mut self.objectives {
            objective.points = objective.expectations.iter().map(|one| one.points).sum();
            objective.rating = Rating::of(objective.points, objective.of);
        }
        self.of = self.objectives.iter().map(|objective| objective.of).sum();
        let points: u32 = self.objectives.iter().map(|objective| objective.points).sum();
        self.score = points.saturating_sub(self.measured.hints);
        self.passed = self.score * 100 >= self.of * pass;
    }
}

impl Judged {
    /// Lets it count as this, or as computed.
    pub(crate) fn counts_as(&mut self, grade: Option<&Override>) {
        let computed = self.graded.as_ref().map_or(self.came, |graded| graded.computed);
        self.graded = grade.map(|Override { by, why, at_ms, .. }| Graded {
            computed,
            by: by.clone(),
            why: why.clone(),
            at_ms: *at_ms,
        });
        self.came = match grade.map(|grade| grade.came) {
            Some(Grade::Met) => Came::Met,
            Some(Grade::Late) => Came::Late,
            Some(Grade::Missed) => Came::Missed,
            None => computed,
        };
        self.points = worth(self.came, self.of);
    }
}

/// What an expectation brings.
pub(crate) fn worth(came: Came, of: u32) -> u32 {
    match came {
        Came::Met => of,
        Came::Late => of / 2,
        Came::Lost | Came::Missed | Came::Open => 0,
    }
}

fn judge(expectation: usize, one: &Expectation, standing: Standing, start_ms: i64) -> Judged {
    let by_ms = one.by.map(|by| start_ms + by.ms());
    let came = match (standing.first_ms, standing.holds, by_ms) {
        (None, ..) => Came::Missed,
        (Some(_), false, _) => Came::Lost,
        (Some(first), true, Some(by)) if first > by => Came::Late,
        _ => Came::Met,
    };
    Judged {
        expectation,
        say: one.words().to_owned(),
        that: one.that.clone(),
        came,
        first_s: standing.first_ms.map(|first| (first - start_ms) / 1000),
        by_s: one.by.map(|by| by.ms() / 1000),
        points: worth(came, one.points),
        of: one.points,
        tested_first: false,
        graded: None,
    }
}

fn objective(goal: &str, text: &str, judged: &[(&Expectation, Judged)]) -> Objective {
    let own: Vec<Judged> =
        judged.iter().filter(|(one, _)| one.goal == goal).map(|(_, judged)| judged.clone()).collect();
    let (points, of) = (own.iter().map(|one| one.points).sum(), own.iter().map(|one| one.of).sum());
    Objective {
        goal: goal.to_owned(),
        text: text.to_owned(),
        rating: Rating::of(points, of),
        points,
        of,
        expectations: own,
    }
}

fn measured(scenario: &Scenario, facts: &Facts, hints: u32) -> Measured {
    let from = facts.alerted_ms.unwrap_or(facts.start_ms);
    let told = facts.at_stake().iter().filter_map(|app| facts.told_ms(app)).min();
    let contained = scenario.expect.iter().any(|one| one.that.contains("verified("));
    let contained = facts.contained_ms.filter(|_| contained);
    let moments = [
        (Measure::Acknowledged, facts.acknowledged_ms()),
        (Measure::FirstCut, facts.first_cut_ms()),
        (Measure::Told, told),
        (Measure::Contained, contained),
    ];
    let took_s = moments.into_iter().filter_map(|(what, at)| Some((what, (at? - from).max(0) / 1000)));
    let really = scenario.based_on.iter().flat_map(|real| &real.took);
    Measured {
        took_s: took_s.collect(),
        really_took_s: really.map(|(what, took)| (*what, took.ms() / 1000)).collect(),
        token_minutes: facts.token_minutes(),
        collateral: facts.collateral(),
        doubled: facts.doubled(),
        kills: facts.kills,
        hints,
        adversary: (!scenario.adversary.is_empty()).then_some(facts.got),
    }
}
