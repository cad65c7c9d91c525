//! What is known of targets, in words, and like ones together.

use std::collections::BTreeMap;

use stanch_model::{
    TargetState,
    run::{RunView, TargetView},
};

use super::time::{self, Zone};

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
    let mut groups: BTreeMap<(u8, &str, &str, i64), Alike<'_>> = BTreeMap::new();
    let held = |target: &&TargetView| target.released.is_none() && is_open(target.state);
    for target in view.targets.values().filter(held) {
        // what dies within one minute dies together, and what a platform put off comes again together
        let again = again(view, target, now_ms);
        let minute = target.until_ms.map_or(0, |until| until / 60_000);
        let apart = if again.is_some() { -1 } else { minute };
        let key =
            (rank(target.state), target.target.integration.as_str(), target.target.kind.as_str(), apart);
        let alike = groups.entry(key).or_insert(Alike { count: 0, one: target, again });
        alike.count += 1;
        alike.again = alike.again.min(again);
    }
    groups.into_values().map(|alike| alike.said(zone, now_ms)).collect()
}

/// Targets that stand alike, of which one is looked at.
struct Alike<'a> {
    count: usize,
    one: &'a TargetView,
    /// When the first of them is tried again.
    again: Option<i64>,
}

impl Alike<'_> {
    fn said(self, zone: &Zone, now_ms: i64) -> Group {
        let words = match self.again {
            Some(at) => format!("again in {}", time::about(at - now_ms + 999)),
            None => words(self.one, zone, now_ms),
        };
        let (plural, words) = match self.count {
            1 => ("", words),
            _ => ("s", words.replacen("dies by", "die by", 1)),
        };
        let target = &self.one.target;
        let what = format!("{} {}{plural}", target.integration, target.kind);
        Group { count: self.count, what, state: self.one.state, words }
    }
}

/// When the cut of a target is tried again that its platform put off.
fn again(view: &RunView, target: &TargetView, now_ms: i64) -> Option<i64> {
    if target.state != TargetState::Requested {
        return None;
    }
    let (at, _) = view.steps.get(&target.address)?.deferred.as_ref()?;
    Some(*at).filter(|at| *at > now_ms)
}

/// The platform that put the most cuts off, and when the first of them is tried again.
pub fn put_off(view: &RunView, now_ms: i64) -> Option<(&str, i64)> {
    let mut all: BTreeMap<&str, (usize, i64)> = BTreeMap::new();
    for target in view.targets.values() {
        let Some(at) = again(view, target, now_ms) else { continue };
        let (count, first) = all.entry(target.target.integration.as_str()).or_insert((0, at));
        *count += 1;
        *first = (*first).min(at);
    }
    let (platform, (_, first)) = all.into_iter().max_by_key(|(_, (count, _))| *count)?;
    Some((platform, first))
}

/// How many are cut, and read back, while access that was given out before lives on, and by when the last of it dies.
pub fn dying(view: &RunView) -> Option<(usize, i64)> {
    let lives = |target: &&TargetView| target.released.is_none() && target.state == TargetState::Residual;
    let until = view.targets.values().filter(lives).filter_map(|target| target.until_ms);
    until.fold(None, |all, until| match all {
        None => Some((1, until)),
        Some((count, last)) => Some((count + 1, i64::max(last, until))),
    })
}

/// How a target stands, with the time where there is one; or what became of it once its run released it.
pub fn words(target: &TargetView, zone: &Zone, now_ms: i64) -> String {
    if target.released.is_some() {
        return target.word().replace('_', " ");
    }
    match (target.state, target.until_ms) {
        (TargetState::Residual, Some(until)) if until > now_ms => {
            format!("dies by {}", zone.near(until, now_ms))
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
    fn what_a_platform_put_off_says_when_it_is_tried_again() {
        let entry = |version: u64, kind: &str, body: serde_json::Value| stanch_model::Entry {
            header: stanch_model::Header {
                stream: stanch_model::StreamId::from_stored("run/R"),
                version,
                epoch: 1,
                time: "2026-03-13T02:40:00Z".to_owned(),
                kind: kind.to_owned(),
                body_hash: stanch_model::Hash::ZERO,
                prev: stanch_model::Hash::ZERO,
            },
            hash: stanch_model::Hash::ZERO,
            body: Some(body.to_string().into()),
            position: version,
        };
        let mut view = RunView::default();
        let mut version = 0;
        for (nth, until) in [(1, 12_000), (2, 30_000), (3, 0)] {
            let address = format!("4.each[{nth}].1");
            let target =
                serde_json::json!({ "integration": "salesforce", "kind": "grant", "id": nth.to_string() });
            let intent = serde_json::json!({ "address": address, "attempt": 1, "op": "call", "name": "salesforce.revoke",
                "at": [24, 1], "args": stanch_model::Hash::ZERO });
            let state = serde_json::json!({ "address": address, "target": target, "verb": "grant.revoke",
                "state": "requested", "why": "" });
            let later =
                serde_json::json!({ "address": address, "attempt": 1, "until_ms": until, "why": "429" });
            for (kind, body) in [("step.intent", intent), ("target", state), ("step.deferred", later)] {
                version += 1;
                view.apply(&entry(version, kind, body));
            }
        }
        let groups: Vec<(usize, String)> =
            open(&view, &Zone::utc(), 2_000).into_iter().map(|group| (group.count, group.words)).collect();
        assert_eq!(groups, [(2, "again in 10s".to_owned()), (1, "being cut".to_owned())]);
        assert_eq!(put_off(&view, 2_000), Some(("salesforce", 12_000)));
        assert_eq!(put_off(&view, 40_000), None);
    }

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
