//! What the README says about where things are: the codemap, links, and the tests behind each promise.

use std::collections::BTreeSet;

use crate::{
    architecture::packages,
    shell::blocks,
    tree::{files, read, root},
};

fn readme() -> String {
    read("README.md")
}

/// The part of the README under a heading.
fn part(heading: &str) -> String {
    let text = readme();
    let begin =
        text.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("README.md has no `{heading}`"));
    let part = &text[begin + 4..];
    part[..part.find("\n## ").unwrap_or(part.len())].to_owned()
}

/// The first words of the codemap's lines.
fn mapped() -> BTreeSet<String> {
    let map = blocks(&part("Codemap")).into_iter().next().expect("the codemap is a block").text;
    map.lines().map(|line| line.split_whitespace().next().unwrap().trim_end_matches('/').to_owned()).collect()
}

#[test]
fn the_codemap_names_what_is_there() {
    for place in mapped() {
        assert!(root().join(&place).is_dir(), "the codemap names {place}, which is no folder");
    }
}

#[test]
fn what_is_there_is_in_the_codemap() {
    let mapped = mapped();
    let top = files().into_iter().filter_map(|path| Some(path.split_once('/')?.0.to_owned()));
    let packages = packages().values().map(|package| package.folder.clone());
    for place in top.filter(|name| name != ".github" && name != ".config").chain(packages) {
        let inside = format!("{place}/");
        let named = mapped.iter().any(|name| *name == place || name.starts_with(&inside));
        assert!(named, "the codemap does not name {place}");
    }
}

#[test]
fn links_lead_to_files() {
    let text = readme();
    let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
    let local: Vec<&str> = links.filter(|link| !link.contains("://") && !link.starts_with('#')).collect();
    assert!(local.contains(&"playbooks/LANGUAGE.md"), "{local:?}");
    for link in local {
        assert!(root().join(link.split('#').next().unwrap()).exists(), "{link} leads nowhere");
    }
}

/// Each promise names the tests that fail when it breaks: `path`, `test`, `test`, `path`, `test`, …
#[test]
fn every_promise_names_tests_that_exist() {
    let part = part("What it promises");
    let rows: Vec<&str> =
        part.lines().filter(|line| line.starts_with("| ") && !line.contains("---")).skip(1).collect();
    assert_eq!(rows.len(), 7, "the invariants are seven");
    for row in rows {
        is_held(row);
    }
}

/// Panics unless the last cell of this row names files that are there, and tests in them.
pub(crate) fn is_held(row: &str) {
    let tests = row.trim_end_matches('|').rsplit(" | ").next().unwrap();
    let (mut file, mut named) = (String::new(), 0);
    for word in tests.split('`').skip(1).step_by(2) {
        if word.contains('/') {
            let at = root().join(word);
            assert!(at.exists(), "{word}, named in {row}");
            let inside = files().into_iter().filter(|path| path.starts_with(word) && path.ends_with(".rs"));
            file = inside.map(|path| read(&path)).collect();
        } else {
            assert!(file.contains(&format!("fn {word}(")), "there is no test {word}, named in {row}");
            named += 1;
        }
    }
    assert!(named > 0, "no test holds {row}");
}
