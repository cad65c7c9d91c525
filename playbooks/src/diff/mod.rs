//! What changed between two versions of a playbook: first in what it does, needs and asks, and only then in its text.
//!
//! Both are read against the same configuration. Nothing here says whether a change is good.

mod manifest;
mod steps;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stanch_model::{
    Effect,
    catalog::{ActionIndex, ActionInfo},
};

use crate::{Playbook, needs};

/// All that differs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Diff {
    /// In what it does, in the order in which a reviewer asks.
    pub changes: Vec<Change>,
    /// In the files, as unified diffs.
    pub files: Vec<FileDiff>,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// In what.
    pub about: About,
    /// How.
    pub how: How,
    /// Of what: a step, a scope, an approval's field.
    pub what: String,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<String>,
}

/// What a difference is about. The order of the variants is the order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// What the script calls.
    Steps,
    /// What credentials must be allowed.
    Scopes,
    /// Who says yes, by when, and what silence means.
    Approvals,
    /// Who answers questions.
    Questions,
    /// What the script may call.
    Uses,
    /// What starts it.
    Triggers,
    /// Where it stops.
    Limits,
    /// What takes its cuts back.
    Undo,
    /// What it takes.
    Input,
    /// What it sends.
    Notices,
    /// Title, owner, tags.
    Head,
}

impl About {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::Scopes => "scopes",
            Self::Approvals => "approvals",
            Self::Questions => "questions",
            Self::Uses => "uses",
            Self::Triggers => "triggers",
            Self::Limits => "limits",
            Self::Undo => "undo",
            Self::Input => "input",
            Self::Notices => "notices",
            Self::Head => "head",
        }
    }
}

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It stands elsewhere.
    Moved,
    /// It is another.
    Changed,
}

/// One file's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileDiff {
    /// Its path in the folder.
    pub file: String,
    /// The unified diff.
    pub diff: String,
}

impl Diff {
    /// Compares two versions.
    pub fn of(before: &Playbook, now: &Playbook, index: &dyn ActionIndex) -> Self {
        let mut list = List(Vec::new());
        steps::compare(before, now, index, &mut list);
        scopes(before, now, index, &mut list);
        manifest::compare(before, now, &mut list);
        undo(before, now, index, &mut list);
        list.0.sort_by_key(|change| change.about);
        Self { changes: list.0, files: text::compare(before, now) }
    }

    /// True if nothing differs.
    pub fn is_same(&self) -> bool {
        self.changes.is_empty() && self.files.is_empty()
    }
}

/// The differences so far.
struct List(Vec<Change>);

impl List {
    fn push(&mut self, about: About, how: How, what: &str, before: Option<String>, now: Option<String>) {
        self.0.push(Change { about, how, what: what.to_owned(), before, now });
    }

    /// A value that may be another, or missing on either side.
    fn value(&mut self, about: About, what: &str, before: Option<String>, now: Option<String>) {
        match (&before, &now) {
            (None, Some(_)) => self.push(about, How::Added, what, None, now),
            (Some(_), None) => self.push(about, How::Removed, what, before, None),
            (Some(a), Some(b)) if a != b => self.push(about, How::Changed, what, before, now),
            _ => {}
        }
    }

    /// Values by name.
    fn values(&mut self, about: About, before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) {
        let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        for name in names {
            self.value(about, name, before.get(name).cloned(), now.get(name).cloned());
        }
    }
}

fn scopes(before: &Playbook, now: &Playbook, index: &dyn ActionIndex, list: &mut List) {
    let flat = |playbook: &Playbook| -> BTreeMap<String, String> {
        let all = needs::scopes(index, &playbook.manifest).into_iter().flat_map(|(integration, scopes)| {
            let one = move |(scope, actions): (String, BTreeSet<String>)| {
                let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
                (format!("{integration} {scope}"), format!("for {actions}"))
            };
            scopes.into_iter().map(one).collect::<Vec<_>>()
        });
        all.collect()
    };
    let (before, now) = (flat(before), flat(now));
    // what else needs a scope that is needed anyway is no more and no less
    let only = |one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
        let kept = one.iter().filter(|(name, _)| !other.contains_key(*name));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect::<BTreeMap<_, _>>()
    };
    list.values(About::Scopes, &only(&before, &now), &only(&now, &before));
}

/// What takes back the cuts of each name in `uses`, here.
fn undo(before: &Playbook, now: &Playbook, index: &dyn ActionIndex, list: &mut List) {
    let ways = |playbook: &Playbook| -> BTreeMap<String, String> {
        let names = playbook.manifest.uses.values().flatten();
        let one = |name: &String| {
            let cuts =
                needs::becomes(index, name).into_iter().filter(|(_, info)| is_cut(info)).collect::<Vec<_>>();
            (!cuts.is_empty()).then(|| (name.clone(), way_back(&cuts)))
        };
        names.filter_map(one).collect()
    };
    list.values(About::Undo, &ways(before), &ways(now));
}

fn is_cut(info: &ActionInfo) -> bool {
    matches!(info.effect, Effect::Reversible | Effect::Permanent)
}

/// `by activate_app on okta; by nothing on box, github`.
fn way_back(cuts: &[(String, &ActionInfo)]) -> String {
    let mut ways: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for (integration, info) in cuts {
        let on = ways.entry(info.undo.as_deref()).or_default();
        if !on.contains(&integration.as_str()) {
            on.push(integration);
        }
    }
    let ways =
        ways.into_iter().map(|(undo, on)| format!("by {} on {}", undo.unwrap_or("nothing"), on.join(", ")));
    ways.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
