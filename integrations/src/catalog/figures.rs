//! What can be counted of a platform. `measured.json` holds what only tests can count, and they keep it true.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};
use stanch_model::Effect;

use super::Platform;

/// Written by `STANCH_WRITE=1 cargo test -p stanch-integrations --test conform --test exercise`.
static MEASURED: LazyLock<BTreeMap<String, Measured>> =
    LazyLock::new(|| serde_json::from_str(include_str!("measured.json")).unwrap_or_default());

/// What tests found of a shipped platform.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
struct Measured {
    matched: Option<usize>,
    twin_tested: Option<usize>,
}

/// One platform in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// All actions.
    pub actions: usize,
    /// Those that change something.
    pub changes: usize,
    /// Of these, those that a read proves.
    pub verified: usize,
    /// Of these, those that an action takes back.
    pub undo: usize,
    /// Actions that are as the platform's own description says; `None` where none was compared.
    pub matched: Option<usize>,
    /// Actions that run on the twin in tests, twice and under every fault; `None` where nobody counted.
    pub twin_tested: Option<usize>,
    /// Lines of `integration.yaml` for each action, rounded.
    pub lines_per_action: usize,
}

impl Platform {
    /// Counts.
    pub fn figures(&self) -> Figures {
        let changes = || self.actions().filter(|action| action.effect != Effect::Read);
        let actions = self.actions().count();
        // Whatever replaces a shipped platform was measured by nobody.
        let measured = MEASURED.get(self.slug()).copied().filter(|_| self.shipped).unwrap_or_default();
        Figures {
            actions,
            changes: changes().count(),
            verified: changes().filter(|action| action.verify.is_some()).count(),
            undo: changes().filter(|action| action.undo.is_some()).count(),
            matched: measured.matched,
            twin_tested: measured.twin_tested,
            lines_per_action: (self.lines + actions / 2) / actions.max(1),
        }
    }
}
