//! What can never happen in a plot: entries that wait for each other, or for themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::{Deed, Move, PlotEntry, check::Case};
use crate::words::{self, Condition};

/// Words that are about a run: nothing of it happens before an alert.
const OF_A_RUN: &[&str] = &[
    "revoked",
    "verified",
    "blocked",
    "told",
    "first",
    "done",
    "approver",
    "answer",
    "asked",
    "started",
    "sent",
    "ran",
    "runs",
    "phase",
    "ended",
    "contained",
    "started_by",
];

impl Case<'_> {
    /// Triggers that wait for each other, or for themselves.
    pub(super) fn never(&mut self) {
        let scenario = self.scenario;
        let moves = scenario.adversary.iter().filter_map(Move::ploy).filter(|ploy| ploy.grants().is_some());
        let mut brought: BTreeSet<String> =
            moves.map(|ploy| format!("a consent to {}", ploy.app())).collect();
        let needs: BTreeMap<usize, BTreeSet<String>> =
            (0..scenario.plot.len()).map(|nth| (nth, self.needs(&scenario.plot[nth]))).collect();
        let mut fired: BTreeSet<usize> = BTreeSet::new();
        loop {
            let next: Vec<usize> = (0..scenario.plot.len())
                .filter(|nth| !fired.contains(nth) && needs[nth].is_subset(&brought))
                .collect();
            if next.is_empty() {
                break;
            }
            for nth in next {
                fired.insert(nth);
                brought.extend(brings(&scenario.plot[nth]));
            }
        }
        for nth in (0..scenario.plot.len()).filter(|nth| !fired.contains(nth)) {
            let lacking: Vec<&str> = needs[&nth].difference(&brought).map(String::as_str).collect();
            let message = format!(
                "this can never happen: it waits for {}, which only it or its like brings about",
                lacking.join(" and ")
            );
            let help = "let one of those that wait for each other come `at:` a time".to_owned();
            self.wrong("DR0009", &["plot", &nth.to_string(), "once"], message, help);
        }
    }

    /// What must have been brought about by another entry before this one can fire.
    fn needs(&self, entry: &PlotEntry) -> BTreeSet<String> {
        let Some(once) = &entry.once else { return BTreeSet::new() };
        let Ok(condition) = Condition::compile(once, self.known.names()) else { return BTreeSet::new() };
        let mut needs = BTreeSet::new();
        let words = condition.calls().into_iter().map(|(word, _)| word);
        let names =
            words::VARIABLES.iter().map(|(name, _)| (*name).to_owned()).filter(|name| mentions(once, name));
        for word in words.chain(names) {
            if OF_A_RUN.contains(&word.as_str()) {
                needs.insert("an alert".to_owned());
            }
            if word == "kills" {
                needs.insert("a kill of the runner".to_owned());
            }
        }
        for (word, app) in condition.calls() {
            let known = self.scenario.world.apps.iter().find(|known| known.id == app);
            if word == "live" && known.is_some_and(|known| known.grants.values().sum::<u32>() == 0) {
                needs.insert(format!("a consent to {app}"));
            }
        }
        needs
    }
}

fn brings(entry: &PlotEntry) -> Vec<String> {
    match entry.deed() {
        Some(Deed::Alert(_) | Deed::Run(_)) => vec!["an alert".to_owned()],
        Some(Deed::Fault(fault)) if fault.kill_runner => vec!["a kill of the runner".to_owned()],
        Some(Deed::Consent(consent)) => vec![format!("a consent to {}", consent.app)],
        _ => Vec::new(),
    }
}

/// As a word of its own.
fn mentions(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}
