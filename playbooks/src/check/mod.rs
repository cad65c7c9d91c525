//! Finds every mistake in a playbook at once, against the configured integrations and what else is known.
//!
//! One file per family of rules; each looks at a `Case` and adds what it finds. Checking never runs a script and never
//! reaches a platform.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use stanch_model::{Diagnostic, Level, catalog::ActionIndex, yaml};

use crate::{
    Playbook, clash, dialect, files,
    manifest::{InputSpec, InputType},
    playbook::{MANIFEST, SCRIPT, missing},
    survey::{Lost, Survey, Ty, World},
    syntax::Script,
};

mod actions;
mod alerts;
mod approvals;
mod branches;
mod calls;
mod case;
mod context;
mod flow;
mod limits;
mod loops;
mod mend;
mod names;
mod people;
mod questions;
mod severity;
mod types;
mod uses;
mod world;

pub use alerts::kinds as alert_kinds;
use case::Case;
pub use context::{AlertKinds, CheckContext};

/// The families, in no order that matters.
const RULES: &[fn(&mut Case<'_>)] = &[
    names::check,
    calls::check,
    actions::check,
    uses::check,
    approvals::check,
    questions::check,
    alerts::check,
    people::check,
    limits::check,
    world::check,
    severity::check,
    types::check,
    branches::check,
    loops::check,
    flow::check,
];

/// Every mistake in script and manifest, in the order of files and lines. Empty: nothing wrong is known.
pub fn check(playbook: &Playbook, index: &dyn ActionIndex, context: &CheckContext) -> Vec<Diagnostic> {
    sorted(rules(playbook, index, context, &[]))
}

/// Like [`check`], for files that may not even load: what stops a script or a manifest from being read is reported beside
/// the mistakes in the rest.
pub fn check_sources(
    slug: &str,
    sources: &BTreeMap<String, String>,
    index: &dyn ActionIndex,
    context: &CheckContext,
) -> Vec<Diagnostic> {
    let mut problems = match Playbook::from_sources(slug, sources.clone()) {
        Ok(playbook) => return check(&playbook, index, context),
        Err(problems) => problems,
    };
    problems.extend(rules(&Playbook::readable(slug, sources), index, context, &problems));
    sorted(problems)
}

/// Like [`check_sources`], for a folder.
pub fn check_dir(path: impl AsRef<Path>, index: &dyn ActionIndex, context: &CheckContext) -> Vec<Diagnostic> {
    let files = files::read(path.as_ref());
    if files.texts.is_empty() && !files.problems.is_empty() {
        return files.problems;
    }
    let unread: Vec<&str> = files.unread.iter().map(String::as_str).collect();
    let found = check_sources(&files::slug(path.as_ref()), &files.texts, index, context).into_iter();
    // Of a file that is there and cannot be read it is not said that it is missing.
    let is_there = |one: &Diagnostic, file: &str| {
        one.message == missing(file) || Some(&one.message) == world::no_notice_of(file).as_ref()
    };
    let found = found.filter(|one| !unread.iter().any(|file| is_there(one, file)));
    sorted(files.problems.into_iter().chain(found).collect())
}

/// `known`: what was found before, while the files were read.
fn rules(
    playbook: &Playbook,
    index: &dyn ActionIndex,
    context: &CheckContext,
    known: &[Diagnostic],
) -> Vec<Diagnostic> {
    let Ok(ast) = dialect::engine().compile(&playbook.script) else { return Vec::new() };
    let script = Script::of(&ast, &playbook.script);
    let original = playbook.sources.get(SCRIPT).map_or(playbook.script.as_str(), String::as_str);
    let yaml = playbook.sources.get(MANIFEST).map(String::as_str).unwrap_or_default();
    let tree = yaml::node(MANIFEST, yaml, "PB0001").ok().filter(|tree| tree.entries().is_some());
    let broken = case::broken(tree.as_ref(), known);
    let world = World {
        index,
        integrations: index.integrations().into_iter().map(|(name, _)| name).collect(),
        verbs: index.verbs(),
        inputs: inputs(playbook),
        lost: match playbook.sources.contains_key(SCRIPT) {
            true => case::lost(original, &playbook.script),
            false => Lost { all: true, ..Lost::default() },
        },
    };
    let mut case = Case {
        playbook,
        context,
        survey: Survey::of(&script, &world),
        clashes: clash::clashes(&script),
        functions: script.functions.keys().map(String::as_str).collect(),
        tree,
        yaml,
        broken,
        world: &world,
        problems: Vec::new(),
        said: BTreeSet::new(),
    };
    RULES.iter().for_each(|rule| rule(&mut case));
    case.problems
}

/// What a script finds in `input`. One that may be absent may be anything.
fn inputs(playbook: &Playbook) -> BTreeMap<String, Ty> {
    let ty = |spec: &InputSpec| match spec.kind {
        _ if !spec.required && spec.default.is_none() => Ty::Any,
        InputType::Integer => Ty::Number,
        InputType::Bool => Ty::Bool,
        InputType::List => Ty::list(Ty::Any),
        InputType::Secret => Ty::Any,
        _ => Ty::Text,
    };
    playbook.manifest.input.iter().map(|(name, spec)| (name.clone(), ty(spec))).collect()
}

/// By file and place, errors first where they share one; each once.
fn sorted(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by(|a, b| key(a).cmp(&key(b)));
    problems.dedup_by(|a, b| a == b);
    problems
}

fn key(problem: &Diagnostic) -> (&str, usize, bool, &str) {
    let place = problem.labels.first().map_or(("", 0), |label| (label.file.as_str(), label.offset));
    (place.0, place.1, problem.level == Level::Warning, problem.code.as_str())
}

#[cfg(test)]
pub(crate) mod tests;
