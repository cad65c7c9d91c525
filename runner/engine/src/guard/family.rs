//! Runs and their children: what a child does counts for every run above it, while all of them are at work.
//!
//! A run is here as soon as it has started a child, until it ends. Runs above may live on other threads.

use std::collections::HashMap;

use parking_lot::Mutex;
use stanch_model::{Limits, RunId, Target};

use super::tally::{self, Tally};
use crate::live::Live;

/// The runs of this process that have children.
#[derive(Default)]
pub(crate) struct Families(Mutex<HashMap<RunId, Family>>);

/// A run and everything below it.
struct Family {
    above: Option<RunId>,
    playbook: String,
    limits: Limits,
    cut: Tally,
    /// Entries on the main lines.
    grown: u64,
}

/// A run above another one.
pub(super) struct Above {
    pub(super) run: RunId,
    pub(super) playbook: String,
    pub(super) limits: Limits,
}

impl Families {
    pub(crate) fn is_open(&self, run: &RunId) -> bool {
        self.0.lock().contains_key(run)
    }

    /// From now on what its children do counts for this run, too.
    pub(crate) fn open(&self, live: &mut Live) {
        if self.is_open(&live.id) {
            return;
        }
        let family = Family {
            above: live.created.parent.as_ref().map(|(run, _)| run.clone()),
            playbook: live.created.playbook.clone(),
            limits: live.playbook.manifest.limits,
            cut: tally::of(live).run.clone(),
            grown: live.lines.main(),
        };
        self.0.lock().insert(live.id.clone(), family);
    }

    /// What a child, as its history tells it, has done already.
    pub(crate) fn join(&self, above: &RunId, child: &mut Live) {
        let mut families = self.0.lock();
        let Some(family) = families.get_mut(above) else { return };
        family.grown += child.lines.main();
        family.cut.add_all(&tally::of(child).run);
    }

    /// The run is over.
    pub(crate) fn close(&self, run: &RunId) {
        self.0.lock().remove(run);
    }

    pub(super) fn add(&self, live: &Live, target: &Target) {
        if live.is_in_family() {
            self.each(live, |family| family.cut.add(target));
        }
    }

    pub(super) fn remove(&self, live: &Live, target: &Target) {
        if live.is_in_family() {
            self.each(live, |family| family.cut.remove(target));
        }
    }

    /// Counts what was written since the last time, and gives the run's own entries with those of its children; or what has
    /// grown too long above it.
    pub(crate) fn grow(&self, live: &mut Live, most: u64) -> Result<u64, String> {
        let own = live.lines.main();
        let new = own.saturating_sub(std::mem::replace(&mut live.told, own));
        self.each(live, |family| family.grown += new);
        let families = self.0.lock();
        let full = line(&families, live).skip_while(|(run, _)| **run == live.id);
        if let Some((run, family)) = full.into_iter().find(|(_, family)| family.grown >= most) {
            return Err(format!(
                "{} entries of run {run} ({}) and its children",
                family.grown, family.playbook
            ));
        }
        Ok(families.get(&live.id).map_or(own, |family| family.grown))
    }

    /// What this run and everything below it has cut, if it has children.
    pub(super) fn look<T>(&self, run: &RunId, look: impl FnOnce(&Tally) -> T) -> Option<T> {
        self.0.lock().get(run).map(|family| look(&family.cut))
    }

    /// The runs above this one, the nearest first.
    pub(super) fn above(&self, live: &Live) -> Vec<Above> {
        let families = self.0.lock();
        let above = line(&families, live).filter(|(run, _)| **run != live.id);
        above
            .map(|(run, family)| Above {
                run: run.clone(),
                playbook: family.playbook.clone(),
                limits: family.limits,
            })
            .collect()
    }

    fn each(&self, live: &Live, change: impl Fn(&mut Family)) {
        let mut families = self.0.lock();
        let line: Vec<RunId> = line(&families, live).map(|(run, _)| run.clone()).collect();
        for run in line {
            families.get_mut(&run).into_iter().for_each(&change);
        }
    }
}

/// The run itself, if it has children, and those above it, the nearest first.
fn line<'a>(
    families: &'a HashMap<RunId, Family>,
    live: &'a Live,
) -> impl Iterator<Item = (&'a RunId, &'a Family)> {
    let own = families.get_key_value(&live.id);
    let parent = live.created.parent.as_ref().and_then(|(run, _)| families.get_key_value(run));
    let above = std::iter::successors(parent, |(_, family)| families.get_key_value(family.above.as_ref()?));
    own.into_iter().chain(above)
}
