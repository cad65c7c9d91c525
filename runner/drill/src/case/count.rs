//! How many targets are in a state: a number, numbers by kind or platform, or texts that name them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stanch_model::Target;

/// How many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a number, a map of kinds or platforms to numbers, or a list of texts")]
pub enum Count {
    /// All of them.
    All(usize),
    /// By `grant`, `okta` or `okta.grant`; others may be as many as they like.
    By(BTreeMap<String, usize>),
    /// As many as are listed, each text found in the key or the name of one.
    Named(Vec<String>),
}

/// What is not as it should be: what was hoped for, what there is.
pub(super) type Difference = (String, String);

impl Count {
    /// What differs, key by key: the key is empty where it is about all of them.
    pub(super) fn differences(&self, targets: &[&Target]) -> Vec<(String, Difference)> {
        match self {
            Self::All(wanted) if *wanted == targets.len() => Vec::new(),
            Self::All(wanted) => vec![(String::new(), (wanted.to_string(), shown(targets)))],
            Self::By(wanted) => {
                wanted.iter().filter_map(|(what, wanted)| by(what, *wanted, targets)).collect()
            }
            Self::Named(wanted) => named(wanted, targets).into_iter().collect(),
        }
    }
}

fn by(what: &str, wanted: usize, targets: &[&Target]) -> Option<(String, Difference)> {
    let meant: Vec<&Target> = targets.iter().copied().filter(|target| is(target, what)).collect();
    (meant.len() != wanted).then(|| (what.to_owned(), (wanted.to_string(), shown(&meant))))
}

/// Whether it is of this kind, on this platform, or both.
fn is(target: &Target, what: &str) -> bool {
    match what.split_once('.') {
        Some((integration, kind)) => target.integration == integration && target.kind == kind,
        None => target.kind == what || target.integration == what,
    }
}

fn named(wanted: &[String], targets: &[&Target]) -> Option<(String, Difference)> {
    let mut left: Vec<&Target> = targets.to_vec();
    let mut missing = Vec::new();
    for text in wanted {
        match left.iter().position(|target| line(target).contains(text.as_str())) {
            Some(at) => drop(left.remove(at)),
            None => missing.push(text.clone()),
        }
    }
    if missing.is_empty() && left.is_empty() {
        return None;
    }
    let expected =
        if missing.is_empty() { format!("{} and no more", wanted.len()) } else { missing.join(", ") };
    Some((String::new(), (expected, shown(&left))))
}

/// A target in a line.
fn line(target: &Target) -> String {
    format!("{} {}", target.key(), target.name())
}

/// No list of targets is longer.
const SHOWN: usize = 6;

/// How many, and which.
fn shown(targets: &[&Target]) -> String {
    if targets.is_empty() {
        return "0".to_owned();
    }
    let names = targets.iter().take(SHOWN).map(|target| format!("{} {}", target.integration, target.name()));
    let names = names.collect::<Vec<_>>().join(", ");
    let more = targets.len().saturating_sub(SHOWN);
    if more == 0 {
        format!("{} ({names})", targets.len())
    } else {
        format!("{} ({names}, {more} more)", targets.len())
    }
}
