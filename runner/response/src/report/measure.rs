//! What the journal measures of a response: when it was noticed, cut, told and proven, and what was open meanwhile.

use std::collections::BTreeMap;

use stanch_model::{
    Effect, Entry, TargetState,
    run::{body, kind},
};

use super::{
    clock::{Zero, ms},
    live::Run,
    shape::{Level, Measure, TargetGroup, Tone},
};

/// So many different reasons of targets that stand alike are shown.
const REASONS: usize = 4;

/// When things first happened, Unix ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) acknowledged: Option<i64>,
    pub(super) first_cut: Option<i64>,
    pub(super) told: Option<i64>,
    pub(super) contained: Option<i64>,
}

impl Times {
    pub(super) fn of(runs: &[Run<'_>]) -> Self {
        let cuts = cuts(runs);
        let decisions = runs.iter().flat_map(|run| &run.view.waits).flat_map(|wait| &wait.decisions);
        let whole = !cuts.is_empty()
            && runs.iter().all(|run| run.view.containment.is_some_and(stanch_model::Containment::is_whole));
        Self {
            acknowledged: decisions.map(|said| said.at_ms).min(),
            first_cut: cuts.values().filter_map(|cut| cut.accepted).min(),
            told: runs.iter().filter_map(|run| first_told(run.entries)).min(),
            contained: cuts.values().map(|cut| cut.proven).max().flatten().filter(|_| whole),
        }
    }

    /// In the order in which they should happen.
    pub(super) fn measures(self, from_ms: i64) -> Vec<Measure> {
        let line = |what: &str, at: Option<i64>| Measure {
            what: what.to_owned(),
            here_s: at.map(|at| (at - from_ms).max(0) / 1000),
            then_s: None,
        };
        vec![
            line("acknowledged", self.acknowledged),
            line("first cut", self.first_cut),
            line("first message out", self.told),
            line("proven contained", self.contained),
        ]
    }
}

fn first_told(entries: &[Entry]) -> Option<i64> {
    let mut under_way = std::collections::HashSet::new();
    entries.iter().find_map(|entry| match entry.header.kind.as_str() {
        kind::INTENT => {
            let intent: body::Intent = entry.decode().ok()?;
            let tells = intent.call.is_some_and(|call| call.effect == Effect::Tell);
            tells.then(|| under_way.insert(intent.address));
            None
        }
        kind::OUTCOME => {
            let outcome: body::Outcome = entry.decode().ok()?;
            let told = outcome.error.is_none() && under_way.contains(&outcome.address);
            told.then(|| ms(&entry.header.time)).flatten()
        }
        _ => None,
    })
}

#[derive(Clone, Copy, Debug, Default)]
struct Cut {
    accepted: Option<i64>,
    proven: Option<i64>,
}

/// What became of each target, when. A target that failed after it was accepted is open again.
fn cuts(runs: &[Run<'_>]) -> BTreeMap<String, Cut> {
    let mut cuts: BTreeMap<String, Cut> = BTreeMap::new();
    for entry in runs.iter().flat_map(|run| run.entries).filter(|entry| entry.header.kind == kind::TARGET) {
        let Ok(target) = entry.decode::<body::TargetEntry>() else { continue };
        let Some(at) = ms(&entry.header.time) else { continue };
        let cut = cuts.entry(format!("{} {}", target.target.key(), target.verb)).or_default();
        match target.state {
            TargetState::Accepted => _ = cut.accepted.get_or_insert(at),
            TargetState::Verified | TargetState::Residual | TargetState::Attested => {
                cut.accepted.get_or_insert(at);
                cut.proven.get_or_insert(at);
            }
            TargetState::Failed | TargetState::InDoubt => *cut = Cut::default(),
            TargetState::Requested | TargetState::Skipped => {}
        }
    }
    cuts
}

/// How many targets were open, and how many unproven, over time.
pub(super) fn exposure(runs: &[Run<'_>], zero: Zero) -> Vec<Level> {
    let cuts = cuts(runs);
    let total = cuts.len() as u64;
    if total == 0 {
        return Vec::new();
    }
    let mut changes: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    for cut in cuts.values() {
        if let Some(at) = cut.accepted {
            changes.entry(zero.s(at)).or_default().0 += 1;
        }
        if let Some(at) = cut.proven {
            changes.entry(zero.s(at)).or_default().1 += 1;
        }
    }
    let mut level = Level { at_s: 0, open: total, unproven: total };
    let mut levels = vec![level];
    for (at_s, (accepted, proven)) in changes {
        level = Level { at_s, open: level.open - accepted, unproven: level.unproven - proven };
        levels.push(level);
    }
    levels
}

/// Open targets, summed over the minutes until `end_s`.
pub(super) fn open_minutes(levels: &[Level], end_s: i64) -> i64 {
    let ends = levels.iter().skip(1).map(|level| level.at_s).chain([end_s]);
    let spans = levels.iter().zip(ends);
    let seconds = spans.map(|(level, end)| {
        i64::try_from(level.open).unwrap_or(i64::MAX).saturating_mul((end - level.at_s).max(0))
    });
    seconds.sum::<i64>() / 60
}

/// The targets of these runs as they stand.
pub(super) fn groups(runs: &[Run<'_>]) -> Vec<TargetGroup> {
    let mut groups: BTreeMap<(String, String, u8, &'static str), TargetGroup> = BTreeMap::new();
    for target in runs.iter().flat_map(|run| run.view.targets.values()) {
        let word = target.word();
        let (order, tone) = standing(target.state, target.released.is_some());
        let key = (target.target.integration.clone(), target.verb.clone(), order, word);
        let group = groups.entry(key).or_insert_with(|| TargetGroup {
            integration: target.target.integration.clone(),
            verb: target.verb.clone(),
            state: word.to_owned(),
            count: 0,
            tone,
            until: None,
            why: Vec::new(),
        });
        group.count += 1;
        let until =
            target.until_ms.filter(|_| target.state == TargetState::Residual).map(super::clock::rfc3339);
        group.until = group.until.take().max(until);
        if !target.why.is_empty() && group.why.len() < REASONS && !group.why.contains(&target.why) {
            group.why.push(target.why.clone());
        }
    }
    groups.into_values().collect()
}

fn standing(state: TargetState, released: bool) -> (u8, Tone) {
    match state {
        _ if released => (8, Tone::Plain),
        TargetState::Verified => (0, Tone::Good),
        TargetState::Residual => (1, Tone::Warn),
        TargetState::Attested => (2, Tone::Warn),
        TargetState::Accepted => (3, Tone::Warn),
        TargetState::Requested => (4, Tone::Warn),
        TargetState::Skipped => (5, Tone::Warn),
        TargetState::InDoubt => (6, Tone::Bad),
        TargetState::Failed => (7, Tone::Bad),
    }
}
