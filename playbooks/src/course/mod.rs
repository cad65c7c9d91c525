//! The course of a script: its calls in the order and the shape in which they would run, each with the actions that it can
//! become. What pages, pictures and comparisons of playbooks are made of.
//!
//! Read, never run: a course says what may happen, not what will.

mod walk;
mod words;

use std::collections::{BTreeMap, btree_map::Entry};

use stanch_model::{
    Effect,
    catalog::{ActionIndex, ActionInfo},
};

use crate::{
    Playbook,
    dialect::{self, CallClass, HostCall, ParamKind},
    needs,
    survey::{Survey, What, World},
    syntax::{Script, Text},
};

/// What a script does.
#[derive(Clone, Debug)]
pub struct Course<'a> {
    /// From top to bottom; functions stand where they are called.
    pub parts: Vec<Part<'a>>,
}

/// A piece of it.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// One call.
    Step(Step<'a>),
    /// All at once.
    Fan(Around<'a>),
    /// One after the other.
    Repeat(Around<'a>),
    /// One way of several.
    Choice {
        /// Where it stands.
        line: usize,
        /// The ways in their order; the last may be for all else.
        ways: Vec<Way<'a>>,
    },
    /// The script ends here.
    End {
        /// Where it stands.
        line: usize,
    },
}

/// What is done for many.
#[derive(Clone, Debug)]
pub struct Around<'a> {
    /// Where it stands.
    pub line: usize,
    /// For what, as written: `grants`.
    pub over: String,
    /// What is done.
    pub body: Vec<Part<'a>>,
}

/// One way of a choice.
#[derive(Clone, Debug)]
pub struct Way<'a> {
    /// When it is taken, as written; none for all else.
    pub when: Option<String>,
    /// What is done.
    pub body: Vec<Part<'a>>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is called.
    pub called: Called,
    /// The actions that it can become, by integration: over what is configured and what `uses` lists.
    pub actions: Vec<(String, &'a ActionInfo)>,
    /// The name that it is given: of a phase, an approval, a notice, a channel, a length of time.
    pub name: Option<String>,
    /// What it says to people, with `${…}` where a value comes in.
    pub says: Option<String>,
    /// On what a verb is called, as written.
    pub on: Option<String>,
    /// True where an error does not end the run.
    pub tolerated: bool,
}

/// What is called.
#[derive(Clone, Debug, PartialEq)]
pub enum Called {
    /// A host call.
    Host(&'static HostCall),
    /// A method of targets: the verbs that it may be.
    Verb(Vec<String>),
    /// An action by name.
    Action {
        /// The integration.
        integration: String,
        /// The action there.
        action: String,
    },
}

impl Called {
    /// As it is listed in `uses`.
    pub fn name(&self) -> String {
        match self {
            Self::Host(call) => call.name.to_owned(),
            Self::Verb(verbs) => verbs.join(" or "),
            Self::Action { integration, action } => format!("{integration}.{action}"),
        }
    }

    /// True for this host call.
    pub fn is(&self, name: &str) -> bool {
        matches!(self, Self::Host(call) if call.name == name)
    }
}

impl Step<'_> {
    /// The effects that it can have, the least harmful first.
    pub fn effects(&self) -> Vec<Effect> {
        let own = match &self.called {
            Called::Host(call) => call.effect(),
            _ => None,
        };
        let mut effects: Vec<Effect> =
            self.actions.iter().map(|(_, action)| action.effect).chain(own).collect();
        effects.sort_unstable();
        effects.dedup();
        effects
    }
}

impl<'a> Course<'a> {
    /// Reads the script of a playbook against what is configured.
    pub fn of(playbook: &Playbook, index: &'a dyn ActionIndex) -> Self {
        let Ok(ast) = dialect::engine().compile(&playbook.script) else { return Self { parts: Vec::new() } };
        let script = Script::of(&ast, &playbook.script);
        let world = World::around(index);
        let mut calls: BTreeMap<usize, Called> = BTreeMap::new();
        for seen in Survey::of(&script, &world).seen {
            let called = match seen.what {
                What::Host { call, .. } => Called::Host(call),
                What::Verb { method, verbs, .. } => Called::Verb(narrowed(playbook, index, method, verbs)),
                What::Action { integration, action, .. } => {
                    Called::Action { integration, action: action.to_owned() }
                }
                _ => continue,
            };
            match calls.entry(seen.at) {
                Entry::Vacant(free) => {
                    free.insert(called);
                }
                // a function that is called twice may stand for several verbs
                Entry::Occupied(mut known) => {
                    if let (Called::Verb(known), Called::Verb(more)) = (known.get_mut(), called) {
                        more.into_iter().for_each(|verb| {
                            if !known.contains(&verb) {
                                known.push(verb);
                            }
                        });
                    }
                }
            }
        }
        let text = Text::new(&playbook.script);
        let reading = walk::Reading { playbook, index, script: &script, text: &text, calls: &calls };
        Self { parts: reading.course() }
    }

    /// Every call, from top to bottom.
    pub fn steps(&self) -> Vec<&Step<'a>> {
        let mut steps = Vec::new();
        collect(&self.parts, &mut steps);
        steps
    }
}

fn collect<'s, 'a>(parts: &'s [Part<'a>], steps: &mut Vec<&'s Step<'a>>) {
    for part in parts {
        match part {
            Part::Step(step) => steps.push(step),
            Part::Fan(around) | Part::Repeat(around) => collect(&around.body, steps),
            Part::Choice { ways, .. } => ways.iter().for_each(|way| collect(&way.body, steps)),
            Part::End { .. } => {}
        }
    }
}

/// The verbs that a method may be: those that `uses` lists, if it lists any. A method that no verb is called like keeps its
/// own name.
fn narrowed(playbook: &Playbook, index: &dyn ActionIndex, method: &str, verbs: Vec<String>) -> Vec<String> {
    let manifest = &playbook.manifest;
    if verbs.is_empty() {
        let named = manifest
            .uses
            .values()
            .flatten()
            .filter(|name| name.split_once('.').is_some_and(|(_, verb)| verb == method));
        let named: Vec<String> = named.cloned().collect();
        return if named.is_empty() { vec![method.to_owned()] } else { named };
    }
    let listed =
        |verb: &&String| manifest.listed(verb).is_some() || !needs::of_verb(manifest, index, verb).is_empty();
    let allowed: Vec<String> = verbs.iter().filter(listed).cloned().collect();
    if allowed.is_empty() { verbs } else { allowed }
}

/// The parameter that names a step.
fn names(kind: ParamKind) -> bool {
    use ParamKind::{Approval, Channel, Deadline, Duration, Name, Playbook, Question, Template};
    matches!(kind, Name | Approval | Question | Template | Channel | Deadline | Playbook | Duration)
}

/// True for calls that neither touch nor tell anything: a reader of the course need not know them.
pub fn is_quiet(call: &HostCall) -> bool {
    matches!(call.name, "now" | "uuid" | "incident") || call.class == CallClass::Helper
}

#[cfg(test)]
mod tests;
