//! How long a run has grown: its entries, counted for the main line and for every branch of a fan-out that is open.

use std::collections::HashMap;

use serde::Deserialize;
use stanch_model::{
    Address,
    run::{RunView, body::kind},
};

/// Entries by line.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    main: u64,
    branches: HashMap<String, u64>,
    /// How often a person let the run go on after it was limited.
    pub(super) allowances: u64,
}

/// An entry that says where it lies.
#[derive(Deserialize)]
struct Placed {
    address: Address,
}

/// An entry about a wait, which says where it lies.
#[derive(Deserialize)]
struct OfWait {
    wait: String,
}

impl Lines {
    /// Entries on the line of this place.
    pub(crate) fn at(&self, address: &Address) -> u64 {
        match address.line() {
            "" => self.main,
            line => self.branches.get(line).copied().unwrap_or(0),
        }
    }

    /// Entries on the main line.
    pub(crate) fn main(&self) -> u64 {
        self.main
    }

    /// How many a line may have, if one stretch has so many.
    pub(crate) fn most(&self, stretch: u64) -> u64 {
        stretch.saturating_mul(self.allowances + 1)
    }

    /// One more entry there.
    pub(super) fn add(&mut self, address: &str) {
        match Address::line_of(address) {
            "" => self.main += 1,
            line => match self.branches.get_mut(line) {
                Some(count) => *count += 1,
                None => _ = self.branches.insert(line.to_owned(), 1),
            },
        }
    }

    /// One more entry of a kind that is rare: where it lies is read from its body.
    pub(super) fn add_other(&mut self, kind: &str, body: &str, view: &RunView) {
        let address = match kind {
            kind::TARGET | kind::HOLD | kind::WAIT => {
                serde_json::from_str::<Placed>(body).ok().map(|placed| placed.address)
            }
            kind::DECISION | kind::CLOSED | kind::ESCALATED | kind::REMINDED => {
                let id = serde_json::from_str::<OfWait>(body).ok();
                let wait = id.and_then(|id| view.waits.iter().rev().find(|wait| wait.id == id.wait));
                wait.map(|wait| wait.address.clone())
            }
            _ => None,
        };
        self.add(address.unwrap_or_default().as_str());
    }

    /// The branch is over and is not entered again.
    pub(super) fn close(&mut self, branch: &Address) {
        self.branches.remove(branch.as_str());
    }
}
