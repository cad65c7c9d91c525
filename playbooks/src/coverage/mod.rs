//! Which places of a script its tests reached: lines and branches.
//!
//! A script that is watched is a copy with marks between its words, all on the lines on which they stood, so that a
//! [`Watched`] can say where a place of the copy is in the script itself: what a run journals does not change. Only tests
//! watch; a script that nobody watches has no marks and costs nothing.

mod marks;
mod places;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::Serialize;
use stanch_model::Hash;

use crate::Playbook;

/// What a mark calls. No script may define it or call it by itself.
pub const MARK: &str = "__reached";

/// A place that is reached or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What it is.
    pub kind: PlaceKind,
}

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A statement, or what a closure does.
    Statement,
    /// What happens if it is so.
    Then,
    /// What happens if it is not so, whether something stands there or not.
    Else,
    /// The body of a loop.
    Loop,
    /// One of the cases of a `switch`.
    Case,
    /// What catches.
    Catch,
    /// What stands after `??`.
    Otherwise,
}

impl PlaceKind {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Statement => "never came here",
            Self::Then => "the condition never held",
            Self::Else => "the condition always held",
            Self::Loop => "the loop never had anything to do",
            Self::Case => "this case never came",
            Self::Catch => "nothing was ever caught",
            Self::Otherwise => "the value before `??` was always there",
        }
    }
}

/// A script that is watched.
#[derive(Debug)]
pub struct Watched {
    /// The copy with its marks.
    pub text: String,
    places: Vec<Place>,
    reached: Vec<AtomicBool>,
    /// By line: column in the script and length of what was put there, both in characters, in order.
    shifts: HashMap<usize, Vec<(usize, usize)>>,
}

impl Watched {
    /// The column of the script that this column of the copy stands for; lines are the same.
    pub fn column(&self, line: usize, column: usize) -> usize {
        let mut column = column;
        for (at, length) in self.shifts.get(&line).into_iter().flatten() {
            if column >= at + length {
                column -= length;
            } else if column > *at {
                column = *at;
            }
        }
        column
    }

    /// What was reached so far.
    pub fn so_far(&self) -> Reached {
        let places = self.places.iter().zip(&self.reached);
        let (reached, missed): (Vec<_>, Vec<_>) =
            places.partition(|(_, reached)| reached.load(Ordering::Relaxed));
        Reached {
            reached: reached.into_iter().map(|(place, _)| place.clone()).collect(),
            missed: missed.into_iter().map(|(place, _)| place.clone()).collect(),
        }
    }
}

/// What of a script was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reached {
    /// These places were.
    pub reached: Vec<Place>,
    /// These were not.
    pub missed: Vec<Place>,
}

impl Reached {
    /// In percent, rounded down: 100 is everything. A script without places has nothing to miss.
    pub fn percent(&self) -> usize {
        let all = self.reached.len() + self.missed.len();
        (self.reached.len() * 100).checked_div(all).unwrap_or(100)
    }

    /// Lines with a statement on them: reached, all.
    pub fn lines(&self) -> (usize, usize) {
        let of = |places: &[Place]| -> std::collections::BTreeSet<usize> {
            places.iter().filter(|place| place.kind == PlaceKind::Statement).map(|place| place.line).collect()
        };
        let missed = of(&self.missed);
        let all: std::collections::BTreeSet<usize> = of(&self.reached).union(&missed).copied().collect();
        (all.len() - missed.len(), all.len())
    }

    /// Branches: reached, all.
    pub fn branches(&self) -> (usize, usize) {
        let of = |places: &[Place]| places.iter().filter(|place| place.kind != PlaceKind::Statement).count();
        (of(&self.reached), of(&self.reached) + of(&self.missed))
    }
}

/// The scripts that are watched, by the hash of their playbooks. Shared by every engine that plays them.
#[derive(Debug, Default)]
pub struct Coverage {
    watched: parking_lot::RwLock<Vec<(Hash, Arc<Watched>)>>,
}

/// No script has more marks.
const MOST: usize = 100_000;

impl Coverage {
    /// The script of this playbook, watched. Nothing where it cannot be: then it runs as it is.
    pub fn watch(&self, playbook: &Playbook) -> Option<Arc<Watched>> {
        if let Some(known) = self.of(&playbook.hash) {
            return Some(known);
        }
        let mut watched = self.watched.write();
        if let Some((_, known)) = watched.iter().find(|(hash, _)| *hash == playbook.hash) {
            return Some(known.clone());
        }
        let fresh = Arc::new(marks::watched(&playbook.script, watched.len() * MOST)?);
        watched.push((playbook.hash, fresh.clone()));
        Some(fresh)
    }

    /// The script of the playbook with this hash, if it is watched.
    pub fn of(&self, hash: &Hash) -> Option<Arc<Watched>> {
        self.watched.read().iter().find(|(known, _)| known == hash).map(|(_, watched)| watched.clone())
    }

    /// A mark was come to.
    pub fn reached(&self, mark: i64) {
        let Ok(mark) = usize::try_from(mark) else { return };
        let watched = self.watched.read();
        let place = watched.get(mark / MOST).and_then(|(_, watched)| watched.reached.get(mark % MOST));
        if let Some(place) = place {
            place.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
