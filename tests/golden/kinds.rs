//! No kind of entry is without a journal: whoever adds one adds a story.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::{house::here, kept};

/// Kinds that no story can hold, and why.
const NOT_KEPT: [(&str, &str); 2] = [
    ("run.warned", "it takes ten thousand entries to be warned"),
    ("journal.claimed", "written where several servers share a journal; a folder has one owner"),
];

/// The kinds that the program's sources name: the constants of modules `kind`, and what is written by a literal.
fn named() -> BTreeMap<String, String> {
    let runner = here().join("../../runner");
    let mut kinds = BTreeMap::new();
    for folder in ["model", "journal", "engine", "response", "server", "drill"] {
        collect(&runner.join(folder).join("src"), &mut kinds);
    }
    kinds
}

fn collect(folder: &Path, kinds: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, kinds);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for kind in kinds_in(text) {
                kinds.entry(kind).or_insert_with(|| path.display().to_string());
            }
        }
    }
}

fn kinds_in(text: &str) -> Vec<String> {
    let consts =
        text.split("pub mod kind {").nth(1).and_then(|rest| rest.split("\n}").next()).unwrap_or_default();
    let lines = consts.lines().chain(text.lines().filter(|line| line.contains("NewEntry::new(\"")));
    let quoted = lines.filter_map(|line| Some(line.split_once('"')?.1.split_once('"')?.0.to_owned()));
    quoted.filter(|kind| kind.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '.' | '_'))).collect()
}

fn in_journals() -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for folder in kept() {
        for journal in [folder.clone(), folder.join("data.drill"), folder.join("data/drills")] {
            let log = stanch_journal::tail(&journal, usize::MAX).and_then(|mut log| log.rest());
            kinds.extend(log.into_iter().flatten().map(|entry| entry.header.kind));
        }
    }
    kinds
}

#[test]
fn every_kind_of_entry_stands_in_some_journal() {
    let (named, kept) = (named(), in_journals());
    assert!(named.len() > 40, "the sources name only {named:?}");
    let excused = |kind: &str| NOT_KEPT.iter().any(|(not, _)| *not == kind);
    let missing: Vec<String> = named
        .iter()
        .filter(|(kind, _)| !kept.contains(*kind) && !excused(kind))
        .map(|(kind, place)| format!("{kind} ({place})"))
        .collect();
    assert!(missing.is_empty(), "no journal holds these: add a story, see README.md\n{}", missing.join("\n"));
}
