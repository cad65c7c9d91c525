//! The score: points by expectation, a rating by goal, and what was measured, beside the real incident.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
pub use stanch_response::report::{Came, Rating};

use crate::{
    board::Standing,
    facts::Facts,
    scenario::{Expectation, Measure, Scenario},
};

/// One expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// For people.
    pub say: String,
    /// The condition.
    pub that: String,
    /// How it came out.
    pub came: Came,
    /// When it first came true: seconds since the start.
    pub first_s: Option<i64>,
    /// By when it had to: seconds since the start.
    pub by_s: Option<i64>,
    /// What it brought.
    pub points: u32,
    /// What it could.
    pub of: u32,
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
    /// By goal, in the order of their names.
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
            .map(|(one, standing)| (one, judge(one, *standing, start)))
            .collect();
        let objectives: Vec<Objective> =
            scenario.goals.iter().map(|(goal, text)| objective(goal, text, &judged)).collect();
        let of = objectives.iter().map(|objective| objective.of).sum();
        let points: u32 = objectives.iter().map(|objective| objective.points).sum();
        let score = points.saturating_sub(hints);
        Self {
            score,
            of,
            passed: score * 100 >= of * scenario.end.pass,
            objectives,
            measured: measured(scenario, facts, hints),
        }
    }
}

fn judge(one: &Expectation, standing: Standing, start_ms: i64) -> Judged {
    let by_ms = one.by.map(|by| start_ms + by.ms());
    let came = match (standing.first_ms, standing.holds, by_ms) {
        (None, ..) => Came::Missed,
        (Some(_), false, _) => Came::Lost,
        (Some(first), true, Some(by)) if first > by => Came::Late,
        _ => Came::Met,
    };
    let points = match came {
        Came::Met => one.points,
        Came::Late => one.points / 2,
        Came::Lost | Came::Missed | Came::Open => 0,
    };
    Judged {
        say: one.words().to_owned(),
        that: one.that.clone(),
        came,
        first_s: standing.first_ms.map(|first| (first - start_ms) / 1000),
        by_s: one.by.map(|by| by.ms() / 1000),
        points,
        of: one.points,
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
    }
}
