//! The files of this checkout, and what must not stand in any of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files longer than this hide what they are about.
const LINES: usize = 500;

/// Where the checkout is.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// Every file of the checkout by its path from the root, without what is built and what git keeps for itself.
pub(crate) fn files() -> Vec<String> {
    let mut found = Vec::new();
    walk(&root(), &root(), &mut found);
    found.sort();
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | ".git" | ".stanch") {
                walk(root, &path, found);
            }
        } else if name != ".git" && !name.ends_with(".snap.new") {
            found.push(path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
        }
    }
}

/// What of a Rust file is not a test: all before its inline test module.
pub(crate) fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod ").next().unwrap_or(text)
}

fn sources() -> impl Iterator<Item = (String, String)> {
    files().into_iter().filter(|path| path.ends_with(".rs")).map(|path| {
        let text = read(&path);
        (path, text)
    })
}

#[test]
fn no_source_file_is_too_long() {
    let long: Vec<String> = sources()
        .filter(|(path, _)| {
            !path.contains("/tests/") && !path.starts_with("tests/") && !path.ends_with("/tests.rs")
        })
        .map(|(path, text)| (without_tests(&text).lines().count(), path))
        .filter(|(lines, _)| *lines > LINES)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "split these:\n{}", long.join("\n"));
}

#[test]
fn nothing_is_left_to_be_written() {
    // Put together here so that this file does not find itself.
    let words =
        [["to", "do!("], ["unimple", "mented!("], ["TO", "DO:"], ["FIX", "ME"]].map(|parts| parts.concat());
    let left: Vec<String> = sources()
        .filter_map(|(path, text)| {
            let word = words.iter().find(|word| text.contains(word.as_str()))?;
            Some(format!("{path}: {word}"))
        })
        .collect();
    assert!(left.is_empty(), "{}", left.join("\n"));
}

/// A path of the machine that something was written on says nothing on any other.
#[test]
fn no_file_names_a_place_on_the_machine_it_was_written_on() {
    let mut words = [["/wo", "rk/"], ["/ro", "ot/"], ["/Us", "ers/"]].map(|parts| parts.concat()).to_vec();
    words.push(root().to_string_lossy().into_owned());
    let mut found = Vec::new();
    for path in files() {
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        // a name follows; `/Users/{user}` is an address of SCIM
        let goes_on = |rest: &str| !rest.starts_with('{');
        let names = |line: &str, word: &str| {
            line.match_indices(word).any(|(at, _)| goes_on(&line[at + word.len()..]))
        };
        let named = |line: &str| words.iter().any(|word| names(line, word));
        found.extend(text.lines().filter(|line| named(line)).map(|line| format!("{path}: {}", line.trim())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
