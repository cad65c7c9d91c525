//! A child process is killed with SIGKILL at random moments, openings included. Whatever it said was durable is there.
//!
//! The child is this test binary again: `child` does nothing unless it is told a folder.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use stanch_journal::{Journal, KeySource, LocalJournal, Options, Row, StreamAppend, Verify, With, verify};
use stanch_model::{NewEntry, StreamId, secret::SecretBox};

const FOLDER: &str = "STANCH_TEST_JOURNAL";

fn options() -> Options {
    let mut options = Options::new(KeySource::Bytes([7; 32]));
    options.segment_bytes = 64 << 10;
    options.reserve_bytes = 1 << 20;
    options.checkpoint_every = Some(Duration::from_millis(5));
    options
}

#[test]
fn child() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let journal = LocalJournal::open(&folder, options()).unwrap();
    let mut out = std::io::stdout().lock();
    writeln!(out, "opened {}", journal.epoch()).unwrap();
    for n in 0u64.. {
        let stream = StreamId::from_stored(format!("run/{}", n % 5));
        let entry =
            NewEntry::new("test", &serde_json::json!({ "n": n, "fill": "x".repeat((n % 900) as usize) }));
        let row = Row { state: "waiting".into(), wait: None, due_ms: Some(n as i64) };
        let append = StreamAppend {
            row: Some(row),
            ..StreamAppend::new(stream.clone(), journal.epoch(), vec![entry])
        };
        let with = With { unique: vec![format!("{}/{n}", journal.epoch())], ..With::default() };
        let ticket = journal.append(vec![append], with).unwrap();
        if n % 3 != 0 {
            journal.wait(&ticket).unwrap();
            writeln!(out, "durable {stream} {}", ticket.versions[0]).unwrap();
        }
        if n % 50 == 7 {
            let handle = journal.vault().seal(&format!("secret {n}")).unwrap();
            writeln!(out, "sealed {handle}").unwrap();
        }
        if n % 40 == 9 {
            let key = format!("{}-{n}", journal.epoch());
            journal.post(&stream, &key, "answer", "{}".into()).unwrap();
            writeln!(out, "posted {stream} {key}").unwrap();
        }
    }
}

/// What children said, over all their lives.
#[derive(Default)]
struct Said {
    epoch: u64,
    versions: BTreeMap<String, u64>,
    handles: Vec<String>,
    posts: Vec<(String, String)>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        // The test harness does not end its own line first.
        let words: Vec<&str> = line.trim_start_matches("test child ... ").split(' ').collect();
        match words[..] {
            ["opened", epoch] => {
                let epoch: u64 = epoch.parse().unwrap();
                assert!(epoch > self.epoch, "epoch {epoch} again");
                self.epoch = epoch;
            }
            ["durable", stream, version] => {
                self.versions.insert(stream.to_owned(), version.parse().unwrap());
            }
            ["sealed", handle] => self.handles.push(handle.to_owned()),
            ["posted", stream, key] => self.posts.push((stream.to_owned(), key.to_owned())),
            _ => {}
        }
    }

    fn is_there(&self, journal: &LocalJournal) {
        for (stream, version) in &self.versions {
            let id = StreamId::from_stored(stream.as_str());
            let now = journal.stream(&id).unwrap().map_or(0, |info| info.version);
            assert!(now >= *version, "{stream} is at {now}, but {version} was acknowledged");
            let read = journal.read(&id, 1, usize::MAX).unwrap();
            assert_eq!(read.len() as u64, now);
        }
        for handle in &self.handles {
            journal.vault().open(handle).unwrap();
        }
        for (stream, key) in &self.posts {
            let inbox = journal.inbox(&StreamId::from_stored(stream.as_str())).unwrap();
            assert!(inbox.iter().any(|post| post.key == *key), "{stream} lost the post {key}");
        }
    }
}

/// When a life ends.
enum End {
    /// So long after its start: often while it opens.
    After(Duration),
    /// When it has said so many things.
    Said(u32),
}

fn live(folder: &Path, end: &End, said: &mut Said) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    match end {
        End::After(delay) => std::thread::sleep(*delay),
        End::Said(count) => {
            let mut heard = 0;
            while heard < *count {
                let mut line = String::new();
                assert!(lines.read_line(&mut line).unwrap() > 0, "the child died by itself");
                heard += u32::from(line.contains("opened") || line.contains("durable"));
                said.hear(line.trim_end());
            }
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines.lines().map_while(Result::ok) {
        said.hear(&line);
    }
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut said = Said::default();
    let mut seed = std::process::id() | 1;
    println!("seed {seed}");
    for life in 0..30 {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        let end = match life % 3 {
            0 => End::Said(seed % 150 + 1),
            1 => End::After(Duration::from_micros(u64::from(seed % 100_000))),
            _ => End::Said(1),
        };
        if life % 10 == 9 {
            std::fs::remove_dir_all(folder.path().join("index")).unwrap();
        }
        live(folder.path(), &end, &mut said);
        if life % 6 == 5 {
            said.is_there(&LocalJournal::open(folder.path(), options()).unwrap());
        }
    }
    said.is_there(&LocalJournal::open(folder.path(), options()).unwrap());
    verify(folder.path(), &Verify::default()).unwrap();
    assert!(said.versions.len() == 5 && said.epoch > 5, "the lives were too short to mean anything");
}
