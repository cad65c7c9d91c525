//! One reading of a script in the order in which it would run: every call, name and field, with what is known of the
//! values. The rules of [`crate::check`] look at this and at nothing else of the script.
//!
//! Reading is approximate where a script is dynamic: an unknown value is [`Ty::Any`], and nothing is said about it.

mod calls;
mod exits;
mod kinds;
mod loops;
mod methods;
mod operators;
mod reader;
mod scope;

use std::collections::{BTreeMap, BTreeSet};

use stanch_model::{
    Effect,
    catalog::{ActionIndex, ActionInfo},
};

pub(crate) use kinds::{Entry, Literal, Ty};
pub(crate) use operators::Unfit;

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
    /// A host call; true if a cut stands in its closures.
    Host { call: &'static HostCall, args: &'a [Expr], types: Vec<Ty>, cuts: bool },
    /// A method of a target: the verbs that it may be. Empty when no platform of the catalogue has one.
    Verb { method: &'a str, kind: Option<String>, verbs: Vec<String>, args: &'a [Expr], types: Vec<Ty> },
    /// A method of the language on a value of unknown type, which would be one of these verbs on a target (`get`).
    Perhaps { verbs: Vec<String> },
    /// An action by name.
    Action { integration: String, action: &'a str, args: &'a [Expr], types: Vec<Ty> },
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
    /// A comparison of a severity with a text.
    Compare { types: [Ty; 2], operands: &'a [Expr] },
    /// A loop that nothing is known to end; true if something in it, or its condition, may leave it.
    Endless { left: bool, steps: bool },
    /// A whole number beyond 64 bits.
    TooLarge,
    /// A statement that is never reached.
    Unreachable,
    /// A value of a kind that cannot stand here.
    Unfit(Unfit),
    /// A `switch` over a severity whose arms name values.
    SeverityArms,
    /// A function that nothing calls.
    Uncalled { name: &'a str },
    /// A result under a name that nobody looks at.
    Unused { name: &'a str },
    /// The value of an attempt, and nobody asks whether it worked.
    Blind,
    /// A `try` whose `catch` gives a value to nobody.
    TryValue,
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
    /// True where somebody is prepared for nothing: before `??`, beside `== ()`.
    pub(crate) guarded: bool,
    /// True inside a closure or function.
    pub(crate) closure: bool,
    /// True in an arm of `if` or `switch`.
    pub(crate) perhaps: bool,
    /// True where the script has asked a target for its kind: what it is here says nothing of what it may be elsewhere.
    pub(crate) by_kind: bool,
    /// True inside what `wait_until` reads again and again.
    pub(crate) reading: bool,
}

impl Place {
    /// An expression whose value is used, or dropped.
    fn now(&mut self, used: bool) {
        self.used = used;
        self.guarded = false;
    }
}

/// Host calls whose only point is what they give.
pub(crate) fn for_its_result(name: &str) -> bool {
    ["attempt", "ask", "find_app", "find_user", "now", "uuid", "vendor_of", "flat", "holders"].contains(&name)
}

/// What stood in statements that could not be read: nothing is said about these words.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Nothing could be read.
    pub(crate) all: bool,
    pub(crate) words: BTreeSet<String>,
}

impl Lost {
    /// True if the statements that are lost may have declared, called or used this.
    pub(crate) fn may_hold(&self, word: &str) -> bool {
        self.all || self.words.contains(word)
    }

    /// True if everything could be read.
    pub(crate) fn is_empty(&self) -> bool {
        !self.all && self.words.is_empty()
    }
}

/// What the script may know of the world.
pub(crate) struct World<'a> {
    pub(crate) index: &'a dyn ActionIndex,
    /// Names of configured integrations.
    pub(crate) integrations: BTreeSet<String>,
    /// Every verb of the catalogue.
    pub(crate) verbs: Vec<String>,
    /// The types of the manifest's inputs.
    pub(crate) inputs: BTreeMap<String, Ty>,
    /// What could not be read.
    pub(crate) lost: Lost,
}

impl<'a> World<'a> {
    /// The world of a script that loads.
    pub(crate) fn around(index: &'a dyn ActionIndex) -> Self {
        let integrations = index.integrations().into_iter().map(|(name, _)| name).collect();
        Self { index, integrations, verbs: index.verbs(), inputs: BTreeMap::new(), lost: Lost::default() }
    }

    /// The effects of all that this verb can become here, the least harmful first.
    pub(crate) fn effects_of_verb(&self, verb: &str) -> BTreeSet<Effect> {
        self.index.verb(verb).iter().map(|(_, action)| action.effect).collect()
    }
}

impl World<'_> {
    /// The effects that this verb has on any platform of the catalogue.
    pub(crate) fn effects_anywhere(&self, verb: &str) -> BTreeSet<Effect> {
        self.owners(verb).into_iter().map(|(_, info)| info.effect).collect()
    }

    /// The platforms of the catalogue that have this verb, with their actions for it.
    pub(crate) fn owners(&self, verb: &str) -> Vec<(String, &ActionInfo)> {
        let all = self.index.platforms().into_iter().flat_map(|platform| {
            let actions = self.index.actions(&platform);
            actions.into_iter().map(move |info| (platform.clone(), info))
        });
        all.filter(|(_, info)| info.verb.as_deref() == Some(verb)).collect()
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
