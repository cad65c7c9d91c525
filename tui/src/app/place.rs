//! Where one stands: on a screen, in a run. Kept by id, so that nothing jumps when the world moves.

use std::{collections::HashSet, sync::Arc};

use crate::world::Followed;

/// Where one stands on a screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// What is chosen; the first, or in the journal the newest, unless chosen.
    pub chosen: Option<String>,
    /// Where it stood, for when it is gone.
    pub index: usize,
    /// What is open.
    pub opened: Option<String>,
    /// Lines that are scrolled away in what is open.
    pub scroll: usize,
    /// What is looked for.
    pub search: String,
}

impl At {
    /// At the start.
    pub const NOWHERE: At = At { chosen: None, index: 0, opened: None, scroll: 0, search: String::new() };
}

/// What of a run is shown as the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// Its steps.
    #[default]
    Steps,
    /// Its targets.
    Targets,
}

/// What is shown beside the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// What is chosen, in detail.
    #[default]
    Detail,
    /// The script, with the place in it.
    Script,
}

/// A run as it was.
#[derive(Clone, Debug)]
pub struct Scrub {
    /// After so many entries.
    pub count: usize,
    /// The run then.
    pub then: Arc<Followed>,
}

/// Where one stands in a run.
#[derive(Clone, Debug)]
pub struct RunPlace {
    /// What is unfolded.
    pub unfolded: HashSet<String>,
    /// The step or target that is chosen.
    pub chosen: Option<String>,
    /// Keep at the newest step.
    pub follow: bool,
    /// An earlier moment.
    pub scrub: Option<Scrub>,
    /// The list.
    pub pane: Pane,
    /// Beside it.
    pub side: Side,
}

impl Default for RunPlace {
    fn default() -> Self {
        Self {
            unfolded: HashSet::new(),
            chosen: None,
            follow: true,
            scrub: None,
            pane: Pane::Steps,
            side: Side::Detail,
        }
    }
}
