//! One reading of a script in the order in which it would run: every call, name and field, with what is known of the
//! values. The rules of [`crate::check`] look at this and at nothing else of the script.
//!
//! Reading is approximate where a script is dynamic: an unknown value is [`Ty::Any`], and nothing is said about it.

mod calls;
mod exits;
mod kinds;
mod methods;
mod reader;

use std::collections::BTreeSet;

use stanch_model::{Effect, catalog::ActionIndex};

pub(crate) use kinds::Ty;

use crate::{
    dialect::HostCall,
    syntax::{Expr, Script},
};

/// Everything that was seen, in running order. Functions are read where they are called, each place once.
pub(crate) struct Survey<'a> {
    pub(crate) seen: Vec<Seen<'a>>,
}

/// One thing that was seen.
pub(crate) struct Seen<'a> {
    /// First byte.
    pub(crate) at: usize,
    pub(crate) what: What<'a>,
    pub(crate) place: Place,
}

pub(crate) enum What<'a> {
    /// A host call.
    Host { call: &'static HostCall, args: &'a [Expr], types: Vec<Ty> },
    /// A method of a target: the verbs that it may be. Empty when no platform of the catalogue has one.
    Verb { method: &'a str, kind: Option<String>, verbs: Vec<String>, args: &'a [Expr] },
    /// An action by name.
    Action { integration: String, action: &'a str, args: &'a [Expr] },
    /// A call of anything else that is not known.
    Call { name: &'a str },
    /// A method that nothing has.
    Method { name: &'a str, on: Ty },
    /// A name that nothing declares.
    Name { name: &'a str },
    /// A name that is declared although the language or the configuration owns it.
    Declared { name: &'a str },
    /// A field of a value with known fields.
    Field { on: Ty, name: &'a str },
    /// An assignment inside a branch to a name from outside.
    Captured { name: &'a str },
    /// A comparison.
    Compare { types: [Ty; 2], operands: &'a [Expr] },
    /// A loop that tests nothing; true if something in it leaves it.
    Endless { left: bool, steps: bool },
    /// A whole number beyond 64 bits.
    TooLarge,
    /// A statement that is never reached.
    Unreachable,
}

/// Where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// False where a statement drops the value.
    pub(crate) used: bool,
    /// How many branches (`each`, `together`, `attempt`) are around it.
    pub(crate) branches: usize,
    /// Rhai's own function whose closure this is in, `map`.
    pub(crate) native: Option<String>,
}

/// What the script may know of the world.
pub(crate) struct World<'a> {
    pub(crate) index: &'a dyn ActionIndex,
    /// Names of configured integrations.
    pub(crate) integrations: BTreeSet<String>,
    /// Every verb of the catalogue.
    pub(crate) verbs: Vec<String>,
    /// Names declared by statements that could not be read.
    pub(crate) lost: BTreeSet<String>,
}

impl<'a> World<'a> {
    /// The world of a script that loads.
    pub(crate) fn around(index: &'a dyn ActionIndex) -> Self {
        let integrations = index.integrations().into_iter().map(|(name, _)| name).collect();
        Self { index, integrations, verbs: index.verbs(), lost: BTreeSet::new() }
    }

    /// The effects of all that this verb can become here, the least harmful first.
    pub(crate) fn effects_of_verb(&self, verb: &str) -> BTreeSet<Effect> {
        self.index.verb(verb).iter().map(|(_, action)| action.effect).collect()
    }
}

impl<'a> Survey<'a> {
    /// Reads a script.
    pub(crate) fn of(script: &'a Script, world: &'a World<'a>) -> Self {
        reader::read(script, world)
    }

    /// True for everything that changes the world by a cut.
    pub(crate) fn effects(seen: &What<'_>, world: &World<'_>) -> BTreeSet<Effect> {
        match seen {
            What::Host { call, .. } => call.effect().into_iter().collect(),
            What::Verb { verbs, .. } => verbs.iter().flat_map(|verb| world.effects_of_verb(verb)).collect(),
            What::Action { integration, action, .. } => {
                world.index.action(integration, action).map(|info| info.effect).into_iter().collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// True for everything that is journaled as a step.
    pub(crate) fn is_step(seen: &What<'_>) -> bool {
        match seen {
            What::Host { call, .. } => call.is_step(),
            What::Verb { .. } | What::Action { .. } => true,
            _ => false,
        }
    }
}
