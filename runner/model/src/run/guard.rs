//! What a guard learned of the world before it decided: how many there are, who is in a group, whom an id means.

use serde::{Deserialize, Serialize};

use crate::target::Target;

/// `guard.read`: read at the frontier, journaled, never pinned. The intents that it let pass cite it; the card that it
/// raised says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardRead {
    /// What was read.
    pub of: Reading,
    /// When, Unix ms on the run's clock.
    pub at_ms: i64,
    /// What it gave.
    pub found: Found,
}

/// What a guard may have to know.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// How many there are of a kind.
    Population {
        /// The integration.
        integration: String,
        /// The kind of target.
        kind: String,
    },
    /// Who is in a group.
    Group {
        /// The integration.
        integration: String,
        /// The group's name.
        group: String,
    },
    /// Who holds a role.
    Role {
        /// The integration.
        integration: String,
        /// The role, as the platform names it.
        role: String,
    },
    /// Whom the id of a person means.
    Person {
        /// The integration.
        integration: String,
        /// The person's id there.
        user: String,
    },
}

/// What a reading gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// So many.
    Count(u64),
    /// These.
    Members(Vec<Target>),
    /// Nothing that a guard may rely on; for people.
    Unread(String),
}

impl Reading {
    /// The integration that is asked.
    pub fn integration(&self) -> &str {
        match self {
            Self::Population { integration, .. }
            | Self::Group { integration, .. }
            | Self::Role { integration, .. }
            | Self::Person { integration, .. } => integration,
        }
    }
}
