//! The targets of a run as a table: what needs a look stands by itself, the rest in groups.

use std::collections::BTreeMap;

use stanch_model::{
    TargetState,
    run::{RunView, TargetView},
};

use super::watch::plain;
use crate::table::Table;

/// So many that stand alike still have a line each.
const FEW: usize = 3;

/// `82 targets: 81 proven, 1 attested`.
pub(super) fn tally(view: &RunView) -> String {
    let states = view.tally();
    let states: Vec<String> =
        states.into_iter().map(|(state, count)| format!("{count} {}", plain(state.as_str()))).collect();
    let count = view.targets.len();
    let targets = if count == 1 { "1 target".to_owned() } else { format!("{count} targets") };
    format!("{targets}: {}", states.join(", "))
}

/// The table; none without targets. `all` gives each a line.
pub(super) fn table(view: &RunView, all: bool) -> Option<Table> {
    let mut groups: BTreeMap<(&str, &str, TargetState, &str), Vec<&TargetView>> = BTreeMap::new();
    for target in view.targets.values() {
        let key =
            (target.target.integration.as_str(), target.verb.as_str(), target.state, target.why.as_str());
        groups.entry(key).or_default().push(target);
    }
    let mut table = Table::new(&["state", "integration", "verb", "target", "why"]);
    for ((integration, verb, state, why), targets) in groups {
        let state_until = until(state, &targets);
        let mut row = |name: String| table.row([&state_until, integration, verb, &name, why]);
        if all || targets.len() <= FEW || needs_a_look(state) {
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

/// The state, and for what lives on the moment when the last of these ends.
fn until(state: TargetState, targets: &[&TargetView]) -> String {
    let last = targets.iter().filter_map(|target| target.until_ms).max();
    match last.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()) {
        Some(last) => format!("{} until {}", plain(state.as_str()), last.strftime("%H:%MZ")),
        None => plain(state.as_str()).to_owned(),
    }
}

/// One of these is never lost among others.
fn needs_a_look(state: TargetState) -> bool {
    use TargetState::{Attested, Failed, InDoubt, Skipped};
    matches!(state, Failed | InDoubt | Skipped | Attested)
}
