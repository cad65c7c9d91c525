//! What a record says of a drill that was interrupted: a fold over its lines.

use std::collections::BTreeMap;

use stanch_model::clock::ClockAt;

use super::{Did, Line};
use crate::{
    board::Fate,
    scenario::{Edit, FaultSpec},
};

/// What a record says of a drill that was interrupted.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// See [`Line::Began`].
    pub began: Option<Line>,
    /// What the clock went by last.
    pub clock: Option<ClockAt>,
    /// When the last line was written, Unix ms on the scenario's clock.
    pub last_ms: i64,
    /// What became of entries.
    pub fates: BTreeMap<usize, Fate>,
    /// What was changed of entries, oldest first.
    pub edits: Vec<(usize, Edit)>,
    /// Which hidden grants are known.
    pub revealed: Vec<usize>,
    /// When expectations first came true.
    pub firsts: BTreeMap<usize, i64>,
    /// Faults that the facilitator switched on, oldest first.
    pub faults: Vec<FaultSpec>,
    /// Kills of the runner.
    pub kills: u32,
    /// What was done by hand, and what platforms took away.
    pub did: Vec<Did>,
    /// Entries of the plot by which platforms took apps away.
    pub pulled: Vec<usize>,
    /// Whether it is over.
    pub ended: bool,
}

impl Kept {
    pub(super) fn take(&mut self, line: &Line) {
        match line {
            Line::Began { .. } => self.began = Some(line.clone()),
            Line::Clock { at, .. } => {
                (self.clock, self.last_ms) = (Some(*at), self.last_ms.max(at.scenario_ms))
            }
            Line::Fired { entry, at_ms, .. } => {
                self.fates.insert(*entry, Fate::Fired(*at_ms));
            }
            Line::Off { entry, at_ms, .. } => {
                self.fates.insert(*entry, Fate::Off(*at_ms));
            }
            Line::Edited { entry, edit, .. } => self.edits.push((*entry, edit.clone())),
            Line::Revealed { hidden, .. } => self.revealed.push(*hidden),
            Line::Faulted { fault, .. } => self.faults.push(fault.clone()),
            Line::Killed { .. } => self.kills += 1,
            Line::Met { expectation, at_ms } => {
                self.firsts.insert(*expectation, *at_ms);
            }
            Line::ByHand { did, .. } => self.did.extend(did.iter().cloned()),
            Line::Pulled { entry, did, .. } => {
                self.pulled.push(*entry);
                self.did.extend(did.iter().cloned());
            }
            Line::Stopped { .. } | Line::Ended { .. } => self.ended = true,
            Line::Sat { .. }
            | Line::Mended { .. }
            | Line::StoodIn { .. }
            | Line::Replied { .. }
            | Line::Observed { .. }
            | Line::Graded { .. }
            | Line::Moved { .. }
            | Line::Hinted { .. } => {}
        }
        self.last_ms = self.last_ms.max(line.at_ms().unwrap_or(0));
    }
}
