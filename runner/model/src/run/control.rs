//! How the targets of a run stand, who may say what of it, what somebody let go alone, and what is taken back of it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    body,
    view::RunView,
    wait::{DecisionView, WaitView},
};
use crate::target::TargetState;

impl RunView {
    /// How many cut targets are in each state.
    pub fn tally(&self) -> BTreeMap<TargetState, usize> {
        let mut tally = BTreeMap::new();
        for target in self.targets.values() {
            *tally.entry(target.state).or_insert(0) += 1;
        }
        tally
    }

    /// How many cut targets stand how, in the words of [`crate::run::TargetView::word`].
    pub fn stand(&self) -> Vec<(&'static str, usize)> {
        let mut counted = BTreeMap::new();
        for target in self.targets.values() {
            let became = target.released.as_ref().map(|release| release.became);
            let state = if became.is_none() { Some(target.state) } else { None };
            let (_, count) = counted.entry((became, state)).or_insert((target.word(), 0));
            *count += 1;
        }
        counted.into_values().collect()
    }

    /// Why this person says nothing that lets the run go on, if so: they began it, or handed in what it began from.
    pub fn excludes(&self, who: &str) -> Option<&'static str> {
        if self.started_by == who {
            Some("who started the run cannot approve what it does")
        } else if self.handed_by.iter().any(|by| by == who) {
            Some("who handed in its alert cannot approve what follows from it")
        } else {
            None
        }
    }

    /// What somebody let go alone, with their word.
    pub fn broken_glass(&self) -> impl Iterator<Item = (&WaitView, &DecisionView)> {
        self.waits.iter().filter_map(|wait| Some((wait, wait.broken()?)))
    }

    /// The run that is taking back what this one cut, if one is.
    pub fn being_undone(&self) -> Option<&body::Undo> {
        self.undos.iter().find(|undo| undo.ended.is_none())
    }

    pub(super) fn undo(&mut self, body: body::Undo) {
        match self.undos.iter_mut().find(|known| known.run == body.run) {
            Some(known) => known.ended = body.ended.or(known.ended),
            None => self.undos.push(body),
        }
    }

    pub(super) fn postponed(&mut self, body: &body::Postponed) {
        if let Some(wait) = self.wait_mut(&body.wait) {
            wait.due_ms = Some(body.due_ms);
        }
    }

    pub(super) fn hear(&mut self, body: &body::Signal) {
        if body.name == "alert.folded" {
            self.handed(&body.data);
        }
    }

    /// Who handed this alert in, if a person did.
    pub(super) fn handed(&mut self, alert: &Value) {
        if let Some(by) = alert["by"].as_str().filter(|by| !self.handed_by.iter().any(|known| known == by)) {
            self.handed_by.push(by.to_owned());
        }
    }
}
