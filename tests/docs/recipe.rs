//! The README's recipe for verifying an export, run as it stands there.

use std::{fs, path::Path, process::Command};

use stanch_journal::{Journal, KeySource, LocalJournal, Options, StreamAppend, With, export};
use stanch_model::{Hash, NewEntry, StreamId};

use crate::{shell::blocks, tree::read};

fn recipe() -> String {
    let blocks = blocks(&read("README.md"));
    let mut python = blocks.into_iter().filter(|block| block.language == "python");
    let recipe = python.next().expect("README.md has a recipe in Python").text;
    assert!(python.next().is_none(), "and no other Python");
    assert!(recipe.lines().count() <= 15, "a dozen lines");
    recipe
}

/// Three streams, also bodies with everything that JSON escapes and one that lies in a file of its own.
fn exported(folder: &Path) -> std::path::PathBuf {
    let options = Options::new(KeySource::Bytes([7; 32]));
    let journal = LocalJournal::open(folder.join("data"), options).unwrap();
    for n in 0..30 {
        let said = if n == 9 { "x".repeat(100_000) } else { "\",\"hash\":\"\\ \u{1}\n\u{e9}}".repeat(n) };
        let entry = NewEntry::new("note", &serde_json::json!({ "said": said }));
        let stream = StreamId::from_stored(format!("run/{}", n % 3));
        let ticket = journal
            .append(vec![StreamAppend::new(stream, journal.epoch(), vec![entry])], With::default())
            .unwrap();
        journal.wait(&ticket).unwrap();
    }
    let file = folder.join("export.jsonl");
    export(
        folder.join("data"),
        |stream| stream.as_str().starts_with("run/"),
        &mut fs::File::create(&file).unwrap(),
    )
    .unwrap();
    file
}

/// The line with another body, and every hash in it computed anew.
fn forged(line: &str) -> String {
    let parts = line.trim_end().strip_prefix("{\"header\":").unwrap();
    let (header, rest) = parts.split_once(",\"hash\":\"").unwrap();
    let body = rest.split_once(",\"body\":").unwrap().1;
    let body = &body[..body.len() - 1];
    let other = "{\"said\":\"something else\"}";
    let [was, is] = [body, other].map(|body| Hash::of(body.as_bytes()).to_string());
    let header = header.replace(&was, &is);
    assert!(header.contains(&is), "the header names its body");
    format!("{{\"header\":{header},\"hash\":\"{}\",\"body\":{other}}}\n", Hash::of(header.as_bytes()))
}

#[test]
fn the_recipe_accepts_what_was_written_and_names_what_was_changed() {
    let recipe = recipe();
    let found = Command::new("python3").arg("--version").output();
    if !found.is_ok_and(|out| out.status.success()) {
        println!("skipped: no python3 here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = exported(folder.path());
    let run = |bytes: &[u8]| {
        let changed = folder.path().join("changed.jsonl");
        fs::write(&changed, bytes).unwrap();
        let out = Command::new("python3").args(["-c", &recipe]).arg(&changed).output().unwrap();
        (
            out.status.success(),
            [out.stdout, out.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat(),
        )
    };
    let good = fs::read(&file).unwrap();
    assert_eq!(run(&good), (true, "30 entries of 3 streams hold\n".to_owned()));

    let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
    let without_fifth = [&lines[..4], &lines[5..]].concat().concat();
    let (held, said) = run(&without_fifth);
    assert!(!held && said.contains("line 7: chain"), "{said}");

    // A line that is whole in itself, but not the one that was there: the next of its stream knows.
    let forged = forged(std::str::from_utf8(lines[3]).unwrap());
    let (held, said) = run(&[lines[..3].concat(), forged.into_bytes(), lines[4..].concat()].concat());
    assert!(!held && said.contains("line 7: chain"), "{said}");

    // Every part of a line that holds something: none can change unseen.
    let line = String::from_utf8(lines[4].to_vec()).unwrap();
    let begin = lines[..4].concat().len();
    let (hash, body) = (line.find(",\"hash\":\"").unwrap() + 9, line.find(",\"body\":").unwrap() + 8);
    for at in (10..hash - 9).step_by(41).chain([hash, hash + 63, body, body + 40, line.len() - 3]) {
        let mut bent = good.clone();
        bent[begin + at] ^= 1;
        let (held, said) = run(&bent);
        assert!(!held, "byte {at} of line 5 changed, and the recipe says {said}");
    }
}
