//! What is known of targets, in words, and like ones together.

use std::collections::BTreeMap;

use stanch_model::{
    TargetState,
    run::{RunView, TargetView},
};

use super::time::Zone;

/// Targets that stand alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub count: usize,
    /// `okta grants`.
    pub what: String,
    /// How they stand.
    pub state: TargetState,
    /// The same in words, with the time where there is one.
    pub words: String,
}

/// The state in a word or two.
pub fn word(state: TargetState) -> &'static str {
    match state {
        TargetState::Requested => "being cut",
        TargetState::Accepted => "cut, not proven",
        TargetState::Verified => "proven",
        TargetState::Residual => "dies later",
        TargetState::Attested => "a person says so",
        TargetState::Failed => "FAILED",
        TargetState::InDoubt => "may have happened",
        TargetState::Skipped => "left",
    }
}

/// True when a person would call it open: it is neither proven nor left on purpose.
pub fn is_open(state: TargetState) -> bool {
    !matches!(state, TargetState::Verified | TargetState::Attested)
}

/// The order in which people should see them: what needs them first.
pub fn rank(state: TargetState) -> u8 {
    match state {
        TargetState::Failed => 0,
        TargetState::InDoubt => 1,
        TargetState::Requested => 2,
        TargetState::Accepted => 3,
        TargetState::Residual => 4,
        TargetState::Skipped => 5,
        TargetState::Attested => 6,
        TargetState::Verified => 7,
    }
}

/// What is still open in a run, the worst first. Runs have thousands of targets and a picture is drawn often: words are only
/// made of the groups.
pub fn open(view: &RunView, zone: &Zone, now_ms: i64) -> Vec<Group> {
    let mut groups: BTreeMap<(u8, &str, &str, i64), (usize, &TargetView)> = BTreeMap::new();
    let held = |target: &&TargetView| target.released.is_none() && is_open(target.state);
    for target in view.targets.values().filter(held) {
        // what dies within one minute dies together
        let until = target.until_ms.map_or(0, |until| until / 60_000);
        let key =
            (rank(target.state), target.target.integration.as_str(), target.target.kind.as_str(), until);
        groups.entry(key).or_insert((0, target)).0 += 1;
    }
    let group =
        |((_, integration, kind, _), (count, target)): ((u8, &str, &str, i64), (usize, &TargetView))| {
            let words = words(target, zone, now_ms);
            let (plural, words) = match count {
                1 => ("", words.replacen("die by", "dies by", 1)),
                _ => ("s", words),
            };
            Group { count, what: format!("{integration} {kind}{plural}"), state: target.state, words }
        };
    groups.into_iter().map(group).collect()
}

/// How a target stands, with the time where there is one; or what became of it once its run released it.
pub fn words(target: &TargetView, zone: &Zone, now_ms: i64) -> String {
    if target.released.is_some() {
        return target.word().replace('_', " ");
    }
    match (target.state, target.until_ms) {
        (TargetState::Residual, Some(until)) if until > now_ms => {
            format!("die by {}", zone.near(until, now_ms))
        }
        (TargetState::Residual, Some(_)) => "being read back".to_owned(),
        (state, _) => word(state).to_owned(),
    }
}

/// `31 of 54 proven`, with what else there is.
pub fn proven(view: &RunView) -> (usize, usize) {
    let is_proven = |target: &&TargetView| target.released.is_none() && target.state == TargetState::Verified;
    (view.targets.values().filter(is_proven).count(), view.targets.len())
}

#[cfg(test)]
mod tests {
    use stanch_model::{
        Address, Target,
        run::{Became, Release},
    };

    use super::*;

    #[test]
    fn what_was_given_back_is_neither_proven_nor_open() {
        let target = Target {
            integration: "okta".to_owned(),
            kind: "user".to_owned(),
            id: "1".to_owned(),
            label: "Ana".to_owned(),
            attrs: BTreeMap::new(),
        };
        let released =
            Release { became: Became::GivenBack, at: "2026-11-26T00:00:00Z".to_owned(), why: String::new() };
        let target = TargetView {
            target,
            verb: "user.suspend".to_owned(),
            state: TargetState::Verified,
            until_ms: None,
            accepted_ms: None,
            why: String::new(),
            address: Address::from_stored("1"),
            since: String::new(),
            released: Some(released),
        };
        assert_eq!(words(&target, &Zone::utc(), 0), "given back");
        let mut view = RunView::default();
        view.targets.insert("a".to_owned(), TargetView { released: None, ..target.clone() });
        view.targets.insert("b".to_owned(), TargetView { state: TargetState::Residual, ..target });
        assert_eq!((proven(&view), open(&view, &Zone::utc(), 0).len()), ((1, 2), 0));
    }
}
