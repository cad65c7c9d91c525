//! The targets of a run as a table: what needs a look stands by itself, the rest in groups.

use std::collections::BTreeMap;

use stanch_model::{
    TargetState,
    run::{RunView, TargetView},
};

use super::watch::plain;
use crate::{table::Table, when};

/// So many that stand alike still have a line each.
const FEW: usize = 3;

/// `82 targets: 81 proven, 1 attested`.
pub(super) fn tally(view: &RunView) -> String {
    let words = view.stand().into_iter();
    let states: Vec<String> = words.map(|(word, count)| format!("{count} {}", plain(word))).collect();
    let count = view.targets.len();
    let targets = if count == 1 { "1 target".to_owned() } else { format!("{count} targets") };
    format!("{targets}: {}", states.join(", "))
}

/// The table; none without targets. `all` gives each a line.
pub(super) fn table(view: &RunView, all: bool) -> Option<Table> {
    let mut groups: BTreeMap<(&str, &str, TargetState, &str, &str), Vec<&TargetView>> = BTreeMap::new();
    for target in view.targets.values() {
        let why = target.released.as_ref().map_or(&target.why, |release| &release.why);
        let (integration, verb) = (target.target.integration.as_str(), target.verb.as_str());
        groups.entry((integration, verb, target.state, target.word(), why)).or_default().push(target);
    }
    let mut table = Table::new(&["state", "integration", "verb", "target", "why"]);
    for ((integration, verb, state, word, why), targets) in groups {
        let stands = until(word, &targets);
        let mut row = |name: String| table.row([&stands, integration, verb, &name, why]);
        let released = targets.iter().any(|target| target.released.is_some());
        if all || targets.len() <= FEW || released || needs_a_look(state) {
            for target in targets {
                row(format!("{} {}", target.target.kind, target.target.name()));
            }
        } else {
            let kind = targets.first().map_or("target", |target| target.target.kind.as_str());
            row(format!("{} {kind}s", targets.len()));
        }
    }
    (!table.is_empty()).then_some(table)
}

/// How they stand, and for what lives on the moment when the last of these ends.
fn until(word: &str, targets: &[&TargetView]) -> String {
    let lives_on = targets.iter().filter(|target| target.released.is_none());
    let last = lives_on.filter_map(|target| target.until_ms).max();
    match last.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()) {
        Some(last) => format!("{} until {}", plain(word), when::near(last, jiff::Timestamp::now())),
        None => plain(word).to_owned(),
    }
}

/// One of these is never lost among others.
fn needs_a_look(state: TargetState) -> bool {
    use TargetState::{Attested, Failed, InDoubt, Skipped};
    matches!(state, Failed | InDoubt | Skipped | Attested)
}
