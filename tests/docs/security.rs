//! What SECURITY.md and the page for operators say: the tests they name exist, their commands are understood, and the few
//! facts about the code are so.

use crate::{
    places::is_held,
    readme::arguments,
    shell::{blocks, commands},
    tree::{files, read, without_tests},
};

const OPERATIONS: &str = "runner/ops/README.md";

fn rows(heading: &str) -> Vec<String> {
    let page = read("SECURITY.md");
    let begin = page.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    let part = &page[begin + 4..];
    let part = &part[..part.find("\n## ").unwrap_or(part.len())];
    part.lines()
        .filter(|line| line.starts_with("| ") && !line.contains("---"))
        .skip(1)
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_promise_of_security_names_tests_that_exist() {
    let rows = rows("What is promised, and what holds it");
    assert!(rows.len() > 10, "{rows:?}");
    for row in rows {
        is_held(&row);
    }
}

#[test]
fn known_advisories_have_their_reason() {
    let rows = rows("Dependencies");
    let lock = read("Cargo.lock");
    for (name, advisory) in [("fxhash", "RUSTSEC-2025-0057"), ("instant", "RUSTSEC-2024-0384")] {
        let locked =
            lock.split("[[package]]").find(|package| package.contains(&format!("\nname = \"{name}\"\n")));
        let row = rows.iter().find(|row| row.contains(&format!("`{name}`")));
        match (locked, row) {
            (Some(locked), Some(row)) => {
                let version = locked.lines().find_map(|line| line.strip_prefix("version = ")).unwrap();
                assert!(row.contains(version.trim_matches('"')) && row.contains(advisory), "{row}");
            }
            (None, None) => {}
            (locked, row) => panic!("{name}: locked {}, told {row:?}", locked.is_some()),
        }
    }
}

/// Lines of the program that hold one of these words, without comments and tests.
fn holding(words: &[&str]) -> Vec<String> {
    let is_source = |path: &String| {
        path.ends_with(".rs")
            && path.contains("/src/")
            && !path.ends_with("/tests.rs")
            && !path.starts_with("tests/")
    };
    let mut found = Vec::new();
    for path in files().into_iter().filter(is_source) {
        let text = read(&path);
        let code = without_tests(&text).lines().filter(|line| !line.trim_start().starts_with("//"));
        if code.into_iter().any(|line| words.iter().any(|word| line.contains(word))) {
            found.push(path);
        }
    }
    found
}

#[test]
fn unsafe_code_stands_in_one_module() {
    assert_eq!(holding(&["unsafe {", "unsafe fn", "unsafe impl"]), ["runner/engine/src/fiber.rs"]);
    assert!(read("Cargo.toml").contains("unsafe_code = \"deny\""));
}

#[test]
fn connections_are_opened_in_a_few_files() {
    let opening = holding(&[
        "TcpStream::connect",
        "UdpSocket::bind",
        "UnixStream::connect",
        "reqwest::Client::builder",
    ]);
    let known = [
        // mail, platforms, copies of the journal
        "integrations/src/mail.rs",
        "integrations/src/transport/live.rs",
        "integrations/src/transport/outlet.rs",
        // the traffic of twins among themselves, on loopback
        "integrations/src/twin/traffic.rs",
        // figures of this machine; what `doctor` asks
        "runner/cli/src/commands/bench/alerts.rs",
        "runner/cli/src/commands/doctor/keep.rs",
        // our own server
        "runner/client/src/transport.rs",
    ];
    let strangers: Vec<&String> = opening.iter().filter(|path| !known.contains(&path.as_str())).collect();
    assert!(strangers.is_empty(), "they open connections too: {strangers:?}");
}

/// A command line of `stanch` is one that the program understands.
fn is_understood(words: &[String]) {
    let Some(arguments) = arguments(words) else { return };
    let line = std::iter::once("stanch").chain(arguments.iter().map(String::as_str));
    let understood = stanch_cli::command().try_get_matches_from(line);
    let why = understood.as_ref().err().map(ToString::to_string).unwrap_or_default();
    assert!(understood.is_ok(), "{}\n{why}", words.join(" "));
}

#[test]
fn the_program_understands_what_operators_are_told_to_type() {
    let told = commands(&read(OPERATIONS));
    assert!(told.iter().filter(|words| words[0] == "stanch").count() > 10, "{told:?}");
    told.iter().for_each(|words| is_understood(words));
    let unit = read("runner/ops/stanch.service");
    let lines = unit.lines().filter_map(|line| line.split_once("=/usr/local/bin/"));
    let lines: Vec<Vec<String>> =
        lines.map(|(_, line)| line.split_whitespace().map(str::to_owned).collect()).collect();
    assert_eq!(lines.len(), 2, "what the unit starts");
    lines.iter().for_each(|words| is_understood(words));
    let image = read("runner/ops/Containerfile");
    let entry = image.lines().find_map(|line| line.strip_prefix("ENTRYPOINT ")).expect("an entry point");
    is_understood(&serde_json::from_str::<Vec<String>>(entry).unwrap());
}

#[test]
fn the_configuration_of_operators_is_one() {
    let known = stanch_response::config::Known {
        platforms: &[],
        groups: &|_| false,
        roles: &|_| false,
        formats: &[],
    };
    let page = read(OPERATIONS);
    let blocks = blocks(&page);
    let yaml: Vec<_> = blocks.iter().filter(|block| block.language == "yaml").collect();
    assert!(yaml.len() > 1);
    for block in yaml {
        let loaded = stanch_response::config::load(OPERATIONS, &block.text, known);
        assert!(loaded.unwrap_or_else(|found| panic!("{found:#?}")).warnings.is_empty());
    }
}

#[test]
fn the_files_for_operators_are_all_on_their_page() {
    let page = read(OPERATIONS);
    for path in files().into_iter().filter(|path| path.starts_with("runner/ops/")) {
        let name = path.rsplit('/').next().unwrap();
        assert!(name == "README.md" || page.contains(&format!("]({name})")), "{path}");
    }
}
