//! The README's commands: each is understood by the program as it is, or by cargo as the workspace is.

use std::{os::unix::fs::PermissionsExt, process::Command};

use stanch_response::config::{Known, load};

use crate::{
    architecture::packages,
    shell::{blocks, commands},
    tree::{read, root},
};

fn typed() -> Vec<Vec<String>> {
    let found = commands(&read("README.md"));
    assert!(found.len() > 20, "the README's commands are not found: {found:?}");
    found
}

/// The arguments of `stanch` in a command, also when cargo runs it.
pub(crate) fn arguments(words: &[String]) -> Option<&[String]> {
    match words[0].as_str() {
        "stanch" => Some(&words[1..]),
        "cargo" if words[1] == "run" => {
            let at = words.iter().position(|word| word == "--")?;
            Some(&words[at + 1..])
        }
        _ => None,
    }
}

#[test]
fn the_program_understands_every_command() {
    let mut verbs = std::collections::BTreeSet::new();
    for words in typed() {
        let Some(arguments) = arguments(&words) else { continue };
        let line = std::iter::once("stanch").chain(arguments.iter().map(String::as_str));
        let understood = stanch_cli::command().try_get_matches_from(line);
        let why = understood.as_ref().err().map(ToString::to_string).unwrap_or_default();
        assert!(understood.is_ok(), "{}\n{why}", words.join(" "));
        verbs.extend(arguments.first().cloned());
    }
    for verb in ["demo", "init", "serve", "check", "alert", "approve", "show", "journal", "twins"] {
        assert!(verbs.contains(verb), "the README does not show `stanch {verb}`");
    }
}

#[test]
fn cargo_understands_every_command() {
    for words in typed().iter().filter(|words| words[0] == "cargo") {
        assert!(["run", "test", "install", "build", "bench"].contains(&words[1].as_str()), "{words:?}");
        for pair in words.windows(2) {
            match pair[0].as_str() {
                "--path" => assert!(root().join(&pair[1]).join("Cargo.toml").exists(), "{words:?}"),
                "-p" | "--package" => assert!(packages().contains_key(&pair[1]), "{words:?}"),
                "--test" => {
                    let known = packages().values().any(|package| package.tests.contains(&pair[1]));
                    assert!(known, "there is no test program {}: {words:?}", pair[1]);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn the_two_commands_stand_first_and_the_script_runs_the_same_tests() {
    let blocks = blocks(&read("README.md"));
    let sh: Vec<&str> =
        blocks.iter().filter(|block| block.language == "sh").map(|block| block.text.as_str()).collect();
    assert_eq!(sh[0], "cargo run --release -- demo\ncargo test --workspace --locked\n");
    let script = root().join(".ci/run");
    assert!(script.metadata().unwrap().permissions().mode() & 0o111 != 0, ".ci/run can be started");
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());
}

/// A suite that runs by name only would be forgotten where nobody says its name.
#[test]
fn what_runs_by_name_only_is_named() {
    let words: Vec<Vec<String>> = typed().into_iter().filter(|words| words[0] == "cargo").collect();
    let named = |suite: &str| {
        words.iter().any(|words| words.windows(2).any(|pair| pair[0] == "--test" && pair[1] == suite))
    };
    let suites: Vec<&String> = packages().values().flat_map(|package| &package.by_name).collect();
    assert!(suites.len() > 1, "{suites:?}");
    suites.iter().for_each(|suite| assert!(named(suite), "README.md does not say how `{suite}` is run"));
}

#[test]
fn the_transcript_says_that_it_is_shortened() {
    let text = read("README.md");
    let console =
        blocks(&text).into_iter().find(|block| block.language == "console").expect("a transcript").text;
    assert!(console.starts_with("$ stanch demo\n"));
    assert!(console.lines().any(|line| line.trim() == "…") && text.contains("shortened"));
}

#[test]
fn the_configuration_is_one() {
    let catalog = stanch_integrations::Catalog::embedded();
    let platforms: Vec<&str> = catalog.slugs().collect();
    let formats: Vec<_> = catalog.sources().cloned().collect();
    let known = Known {
        platforms: &platforms,
        groups: &|slug| slug == "okta",
        roles: &|slug| slug == "okta",
        formats: &formats,
    };
    let mut seen = 0;
    for block in blocks(&read("README.md")).iter().filter(|block| block.language == "yaml") {
        let loaded = load("README.md", &block.text, known).unwrap_or_else(|found| panic!("{found:#?}"));
        assert!(loaded.warnings.is_empty(), "{:#?}", loaded.warnings);
        seen += 1;
    }
    assert_eq!(seen, 1);
}
