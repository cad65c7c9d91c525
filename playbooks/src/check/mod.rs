//! Finds every mistake in a playbook at once, against the configured integrations and what else is known.
//!
//! One file per family of rules; each looks at a `Case` and adds what it finds. Checking never runs a script and never
//! reaches a platform.

use std::{collections::BTreeMap, path::Path};

use stanch_model::{Diagnostic, Level, catalog::ActionIndex, yaml};

use crate::{
    Playbook, dialect, files,
    playbook::{MANIFEST, SCRIPT},
    survey::{Survey, World},
    syntax::Script,
};

mod actions;
mod approvals;
mod branches;
mod calls;
mod case;
mod context;
mod flow;
mod limits;
mod loops;
mod names;
mod questions;
mod severity;
mod uses;
mod world;

use case::Case;
pub use context::CheckContext;

/// The families, in no order that matters.
const RULES: &[fn(&mut Case<'_>)] = &[
    names::check,
    calls::check,
    actions::check,
    uses::check,
    approvals::check,
    questions::check,
    limits::check,
    world::check,
    severity::check,
    branches::check,
    loops::check,
    flow::check,
];

/// Every mistake in script and manifest, in the order of files and lines. Empty: nothing wrong is known.
pub fn check(playbook: &Playbook, index: &dyn ActionIndex, context: &CheckContext) -> Vec<Diagnostic> {
    rules(playbook, index, context)
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
        Ok(playbook) => return rules(&playbook, index, context),
        Err(problems) => problems,
    };
    if let Some(rest) = Playbook::readable(slug, sources) {
        problems.extend(rules(&rest, index, context));
    }
    sorted(problems)
}

/// Like [`check_sources`], for a folder.
pub fn check_dir(path: impl AsRef<Path>, index: &dyn ActionIndex, context: &CheckContext) -> Vec<Diagnostic> {
    match files::read(path.as_ref()) {
        Ok(sources) => check_sources(&files::slug(path.as_ref()), &sources, index, context),
        Err(problems) => problems,
    }
}

fn rules(playbook: &Playbook, index: &dyn ActionIndex, context: &CheckContext) -> Vec<Diagnostic> {
    let Ok(ast) = dialect::engine().compile(&playbook.script) else { return Vec::new() };
    let script = Script::of(&ast, &playbook.script);
    let original = playbook.sources.get(SCRIPT).map_or(playbook.script.as_str(), String::as_str);
    let world = World {
        index,
        integrations: index.integrations().into_iter().map(|(name, _)| name).collect(),
        verbs: index.verbs(),
        lost: case::lost_names(original, &playbook.script),
    };
    let yaml = playbook.sources.get(MANIFEST).map(String::as_str).unwrap_or_default();
    let mut case = Case {
        playbook,
        context,
        survey: Survey::of(&script, &world),
        functions: script.functions.keys().map(String::as_str).collect(),
        tree: yaml::node(MANIFEST, yaml, "PB0001").ok(),
        yaml,
        world: &world,
        problems: Vec::new(),
    };
    RULES.iter().for_each(|rule| rule(&mut case));
    sorted(case.problems)
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
