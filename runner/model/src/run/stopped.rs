//! How far a step was when a guard stopped it: what was done, what waits, what was not done. Said of the run's own entries
//! alone.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    view::RunView,
    wait::{WaitKind, WaitView},
};
use crate::{ids::Address, target::TargetState};

/// Names told before it is said how many more there are.
const NAMED: usize = 5;

/// The targets of the step that a guard stopped, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stopped {
    /// Cut, or on its way.
    pub done: Vec<String>,
    /// Stopped by this card: nothing was sent.
    pub waits: Vec<String>,
    /// Refused, left out, or in doubt.
    pub not_done: Vec<String>,
}

impl RunView {
    /// How far the step was that this guard stopped; nothing for other waits.
    pub fn stopped(&self, wait: &WaitView) -> Option<Stopped> {
        if wait.kind != WaitKind::Guard {
            return None;
        }
        let step = main_step(&wait.address);
        let mut stopped = Stopped {
            waits: wait.targets.iter().map(|target| target.name().to_owned()).collect(),
            ..Stopped::default()
        };
        for view in self.targets.values().filter(|view| main_step(&view.address) == step) {
            if wait.targets.contains(&view.target) {
                continue;
            }
            let name = view.target.name().to_owned();
            match view.state {
                TargetState::Failed | TargetState::Skipped | TargetState::InDoubt => {
                    stopped.not_done.push(name)
                }
                _ => stopped.done.push(name),
            }
        }
        Some(stopped)
    }
}

/// The step on the main line in which this place lies.
fn main_step(address: &Address) -> &str {
    address.as_str().split('.').next().unwrap_or_default()
}

impl fmt::Display for Stopped {
    /// `done in this step: 2 (ana, ben); stopped: 3 (caro, dora, eve); not done: none`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts =
            [("done in this step", &self.done), ("stopped", &self.waits), ("not done", &self.not_done)];
        for (nth, (what, names)) in parts.into_iter().enumerate() {
            let comma = if nth == 0 { "" } else { "; " };
            write!(f, "{comma}{what}: ")?;
            if names.is_empty() {
                f.write_str("none")?;
                continue;
            }
            write!(
                f,
                "{} ({}",
                names.len(),
                names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ")
            )?;
            match names.len().saturating_sub(NAMED) {
                0 => f.write_str(")")?,
                more => write!(f, " and {more} more)")?,
            }
        }
        Ok(())
    }
}
