//! What the run knows of one step.

use std::rc::Rc;

use stanch_model::{
    Effect, Hash,
    run::{
        StepError,
        body::{CallIntent, Intent},
    },
};

use crate::border::Json;

/// How a step ended: what the script gets.
pub(crate) type Done = Result<Json, StepError>;

/// What replay knows of one step.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) op: Rc<str>,
    pub(crate) name: Rc<str>,
    pub(crate) args: Hash,
    pub(crate) at: (u32, u32),
    /// The last attempt.
    pub(crate) attempt: u32,
    /// For steps that reach out.
    pub(crate) reach: Option<Reach>,
    pub(crate) deferred: Option<Box<(i64, String)>>,
    pub(crate) result: Option<Done>,
    /// For a list: why it may not have shown everything; empty when it did.
    pub(crate) incomplete: Box<str>,
    /// Version of its outcome's entry: tells what came after what.
    pub(crate) version: u64,
    /// Version of its last intent.
    pub(crate) intended: u64,
}

/// The call of a step.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) effect: Effect,
    pub(crate) has_target: bool,
    /// When its first request was surely dead, by the run's clock.
    pub(crate) begun_ms: i64,
    /// The last intent's body, read only by those few who ask for more than the above.
    pub(crate) body: Option<Box<str>>,
}

impl Step {
    /// What its call does, if it is one.
    pub(crate) fn effect(&self) -> Option<Effect> {
        self.reach.as_ref().map(|reach| reach.effect)
    }

    /// Its call as journaled. Words to people are forgotten once they are said.
    pub(crate) fn call(&self) -> Option<CallIntent> {
        let body = self.reach.as_ref()?.body.as_deref()?;
        serde_json::from_str::<Intent>(body).ok()?.call
    }
}

impl Reach {
    /// Whether anybody can ask for the whole call after it ended.
    pub(super) fn is_looked_at_later(&self) -> bool {
        self.has_target || self.effect != Effect::Tell
    }
}

/// The words of a run's steps, each kept once: there are few, and many steps.
#[derive(Debug, Default)]
pub(super) struct Words {
    known: Vec<Rc<str>>,
    last: usize,
}

/// More words than this are not looked for.
const WORDS: usize = 64;

impl Words {
    pub(super) fn get(&mut self, word: &str) -> Rc<str> {
        let Self { known, last } = self;
        if known.get(*last).is_some_and(|known| **known == *word) {
            return Rc::clone(&known[*last]);
        }
        if let Some(at) = known.iter().position(|known| **known == *word) {
            *last = at;
            return Rc::clone(&known[at]);
        }
        let word: Rc<str> = word.into();
        if known.len() < WORDS {
            known.push(Rc::clone(&word));
        }
        word
    }
}
