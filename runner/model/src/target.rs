//! What an action touches, what was proven of it, and the words a run ends with.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something on a platform: integration + kind + immutable id. Two targets are the same when these three are.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// The integration's name in the configuration.
    pub integration: String,
    /// app, grant, token, user, session, key, …
    pub kind: String,
    /// The platform's immutable id.
    pub id: String,
    /// For people; never compared.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// What the platform's list said of it (scopes, holder, secrets as handles); available to the requests of its verbs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attrs: BTreeMap<String, Value>,
}

impl Target {
    /// `integration/kind/id`: its identity as text, the key in `each`.
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.integration, self.kind, self.id)
    }

    /// The label, or the id where there is none.
    pub fn name(&self) -> &str {
        if self.label.is_empty() { &self.id } else { &self.label }
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.integration == other.integration && self.kind == other.kind && self.id == other.id
    }
}

impl Eq for Target {}

impl std::hash::Hash for Target {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.integration, &self.kind, &self.id).hash(state);
    }
}

impl PartialOrd for Target {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Target {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.integration, &self.kind, &self.id).cmp(&(&other.integration, &other.kind, &other.id))
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The word, as in files and on the API.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }
    };
}
pub(crate) use words;

words! {
    /// What an action does to the world.
    Effect {
        /// Changes nothing.
        Read = "read",
        /// Can be taken back.
        Reversible = "reversible",
        /// Cannot be taken back.
        Permanent = "permanent",
        /// Mail, chat, tickets: words to people.
        Tell = "tell",
        /// Gives back what was taken.
        Restore = "restore",
    }
}

words! {
    /// What settles an attempt of which nobody knows whether it happened.
    InDoubt {
        /// Safe by contract: the same request again, under the same idempotency key.
        Repeat = "repeat",
        /// Read back first; act only if it was not done.
        Probe = "probe",
        /// Park: a person looks and says.
        Ask = "ask",
    }
}

words! {
    /// What is known of a cut target, in the order in which it usually becomes so.
    TargetState {
        /// An intent is durable.
        Requested = "requested",
        /// The platform said yes; nobody has looked yet.
        Accepted = "accepted",
        /// Read back and found so.
        Verified = "verified",
        /// Cut, but something (an access token) lives on until a known time.
        Residual = "residual",
        /// A person says so. Never the same as verified.
        Attested = "attested",
        /// Refused, or not reachable within its deadline.
        Failed = "failed",
        /// May have happened.
        InDoubt = "in_doubt",
        /// A person said no.
        Skipped = "skipped",
    }
}

words! {
    /// The first word a run ends with.
    Ended { /// To its last line.
        Finished = "finished", /// By an error that the script did not catch.
        Failed = "failed", /// By a person.
        Cancelled = "cancelled" }
}

impl Containment {
    /// True when nothing that was to be cut is open.
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Contained | Self::ContainedWithResidual | Self::NothingToContain)
    }
}

words! {
    /// The second word a run ends with, computed from its targets and the completeness read.
    Containment {
        /// Every cut target verified, and a fresh read of the scope holds nothing that is not verified.
        Contained = "contained",
        /// The same, but some are residual or attested.
        ContainedWithResidual = "contained_with_residual",
        /// Some are proven, residual or attested; others not, or the scope was not read again.
        PartlyContained = "partly_contained",
        /// None is.
        NotContained = "not_contained",
        /// No cut target, and the read found none.
        NothingToContain = "nothing_to_contain",
    }
}
