//! Where runs wait to come into memory while too many others are there.
//!
//! It holds names only: every run in it is whole on disk. It must never hold back a run that is in memory already.

use std::collections::{HashSet, VecDeque};

use stanch_model::RunId;

use super::Shard;

/// First come, first served; nobody stands in it twice.
#[derive(Default)]
pub(super) struct Lobby {
    line: VecDeque<RunId>,
    names: HashSet<RunId>,
}

impl Shard {
    /// Says whether this run may come in now; else it stands in line.
    pub(super) fn comes_in(&mut self, run: &RunId) -> bool {
        if self.lobby.line.is_empty() && self.has_room() {
            return true;
        }
        if self.lobby.names.insert(run.clone()) {
            self.lobby.line.push_back(run.clone());
        }
        false
    }

    /// Lets in as many as have left.
    pub(super) fn let_in(&mut self) {
        while self.has_room()
            && let Some(run) = self.lobby.line.pop_front()
        {
            self.lobby.names.remove(&run);
            if !self.slots.contains_key(&run) {
                self.come_in(&run);
            }
        }
    }

    fn has_room(&self) -> bool {
        self.slots.len() < self.env.patience.held
    }
}
