//! Random operations on the local journal and on the one in memory: they always say the same, over openings and crashes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use proptest::prelude::*;
use stanch_journal::{
    Cursor, Filter, Journal, JournalError, KeySource, LocalJournal, MemoryJournal, Options, Row,
    StreamAppend, With,
};
use stanch_model::{NewEntry, StreamId};

#[derive(Clone, Debug)]
enum Operation {
    Append(Vec<One>, Option<u8>),
    Commit,
    Post(u8, u8),
    Reopen,
    Crash,
    DropIndex,
}

#[derive(Clone, Debug)]
struct One {
    stream: u8,
    entries: u8,
    create: bool,
    expect: Option<u8>,
    row: Option<(u8, Option<u8>)>,
    folds: Vec<u8>,
    folds_all: bool,
}

fn one() -> impl Strategy<Value = One> {
    let row = prop::option::of((0..3u8, prop::option::of(0..9u8)));
    let folds = prop::collection::vec(0..4u8, 0..3);
    (
        0..4u8,
        1..5u8,
        prop::bool::weighted(0.1),
        prop::option::weighted(0.2, 0..6u8),
        row,
        folds,
        prop::bool::weighted(0.2),
    )
        .prop_map(|(stream, entries, create, expect, row, folds, folds_all)| One {
            stream,
            entries,
            create,
            expect,
            row,
            folds,
            folds_all,
        })
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => (prop::collection::vec(one(), 1..4), prop::option::weighted(0.3, 0..6u8))
            .prop_map(|(group, unique)| Operation::Append(group, unique)),
        4 => Just(Operation::Commit),
        3 => (0..4u8, 0..4u8).prop_map(|(stream, key)| Operation::Post(stream, key)),
        1 => Just(Operation::Reopen),
        1 => Just(Operation::Crash),
        1 => Just(Operation::DropIndex),
    ]
}

struct Pair {
    local: Option<LocalJournal>,
    memory: MemoryJournal,
    folder: tempfile::TempDir,
}

fn open(folder: &std::path::Path) -> LocalJournal {
    let mut options = Options::new(KeySource::Bytes([7; 32]));
    options.segment_bytes = 4 << 10;
    options.reserve_bytes = 0;
    options.checkpoint_every = None;
    options.on_lost = std::sync::Arc::new(|why| panic!("lost: {why}"));
    LocalJournal::open(folder, options).unwrap()
}

impl Pair {
    fn local(&self) -> &LocalJournal {
        self.local.as_ref().unwrap()
    }

    fn step(&mut self, operation: &Operation) {
        match operation {
            Operation::Append(group, unique) => {
                let with = || With {
                    unique: unique.iter().map(|key| format!("key-{key}")).collect(),
                    ..With::default()
                };
                let (local, memory): (&dyn Journal, &dyn Journal) = (self.local(), &self.memory);
                let said = [local, memory].map(|journal| {
                    let group = group.iter().map(|one| one.on(journal)).collect();
                    journal.append(group, with()).map(|ticket| ticket.versions).map_err(|error| short(&error))
                });
                assert_eq!(said[0], said[1]);
            }
            Operation::Commit => {
                self.local().commit_here();
                self.memory.commit_here();
            }
            Operation::Post(stream, key) => {
                let (local, memory): (&dyn Journal, &dyn Journal) = (self.local(), &self.memory);
                let said = [local, memory].map(|journal| {
                    journal
                        .post(&id(*stream), &format!("post-{key}"), "post", format!("{{\"key\":{key}}}"))
                        .unwrap()
                });
                assert_eq!(said[0], said[1]);
            }
            Operation::Reopen | Operation::DropIndex => {
                drop(self.local.take());
                self.memory.commit_here();
                if matches!(operation, Operation::DropIndex) {
                    std::fs::remove_dir_all(self.folder.path().join("index")).unwrap();
                }
                self.local = Some(open(self.folder.path()));
                self.memory = self.memory.crash();
            }
            Operation::Crash => {
                self.local.take().unwrap().crash();
                self.local = Some(open(self.folder.path()));
                self.memory = self.memory.crash();
            }
        }
    }
}

impl One {
    fn on(&self, journal: &dyn Journal) -> StreamAppend {
        let entries = (0..self.entries)
            .map(|n| {
                NewEntry::new("test", &serde_json::json!({ "n": n, "fill": "x".repeat(usize::from(n) * 99) }))
            })
            .collect();
        StreamAppend {
            create: self.create,
            expect: self.expect.map(u64::from),
            row: self.row.map(|(state, due)| Row {
                state: format!("state-{state}"),
                wait: due.map(|due| format!("wait-{due}")),
                due_ms: due.map(i64::from),
            }),
            folds: self.folds.iter().map(|key| format!("post-{key}")).collect(),
            folds_all: self.folds_all,
            ..StreamAppend::new(id(self.stream), journal.epoch(), entries)
        }
    }
}

fn id(stream: u8) -> StreamId {
    StreamId::from_stored(format!("run/{stream}"))
}

fn short(error: &JournalError) -> String {
    match error {
        JournalError::Duplicate { key, stream, .. } => format!("{key} {stream}"),
        other => other.to_string(),
    }
}

/// All that can be asked, without what differs by nature (times, hashes, the `system` stream and so positions).
fn seen(journal: &dyn Journal) -> Vec<String> {
    let filter = |states: &[&str], wait: Option<&str>, limit| Filter {
        prefix: "run/".into(),
        states: states.iter().map(|state| (*state).to_owned()).collect(),
        wait: wait.map(str::to_owned),
        after: None,
        limit,
    };
    let query = |filter: Filter| {
        let page = journal.query(&filter, Cursor::START).unwrap();
        let rows: Vec<_> = page.streams.iter().map(|(id, info)| (id, info.version, &info.row)).collect();
        format!("{rows:?} {:?}", page.next)
    };
    let mut seen = vec![
        query(filter(&[], None, 0)),
        query(filter(&["state-0", "state-2"], None, 2)),
        query(filter(&[], Some("wait-3"), 0)),
        format!("{:?}", journal.due(6, 3).unwrap()),
    ];
    for stream in 0..4 {
        let entries = journal.read(&id(stream), 2, 5).unwrap();
        let bodies: Vec<_> = entries.iter().map(|entry| (entry.header.version, &entry.body)).collect();
        let posts = journal.inbox(&id(stream)).unwrap();
        let posts: Vec<_> = posts.iter().map(|post| (&post.key, &post.body, post.version)).collect();
        let version = journal.stream(&id(stream)).unwrap().map(|info| (info.version, info.row));
        seen.push(format!("{bodies:?} {posts:?} {version:?}"));
    }
    seen.extend((0..6).map(|key| format!("{:?}", journal.unique(&format!("key-{key}")).unwrap())));
    let mut follower = journal.follow("run/", Cursor::START);
    while let Some(entry) = follower.next(Duration::ZERO).unwrap() {
        seen.push(format!("{} {}", entry.header.stream, entry.header.version));
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_local_journal_is_as_the_one_in_memory(operations in prop::collection::vec(operation(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let mut pair = Pair { local: Some(open(folder.path())), folder, memory: MemoryJournal::new() };
        for operation in &operations {
            pair.step(operation);
            prop_assert_eq!(seen(pair.local()), seen(&pair.memory), "after {:?}", operation);
        }
    }
}
