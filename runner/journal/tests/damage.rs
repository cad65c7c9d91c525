//! Damage on disk: what cannot be an unsynced end is refused by file and line; the index is only ever rebuilt.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use stanch_journal::{
    Cursor, Filter, Journal, JournalError, KeySource, LocalJournal, Options, Row, StreamAppend, Verify, With,
    faults::FaultDisk, verify,
};
use stanch_model::{NewEntry, StreamId};

fn options() -> Options {
    let mut options = Options::new(KeySource::Bytes([7; 32]));
    options.segment_bytes = 16 << 10;
    options.reserve_bytes = 0;
    options.checkpoint_every = None;
    options
}

fn open(folder: &Path) -> Result<LocalJournal, JournalError> {
    LocalJournal::open(folder, options())
}

fn id(name: &str) -> StreamId {
    StreamId::from_stored(name)
}

fn put(journal: &LocalJournal, stream: &str, n: u64) -> Result<(), JournalError> {
    let entry = NewEntry::new("test", &serde_json::json!({ "n": n }));
    let row = Row { state: "waiting".into(), wait: Some(format!("w-{stream}")), due_ms: Some(n as i64) };
    let append =
        StreamAppend { row: Some(row), ..StreamAppend::new(id(stream), journal.epoch(), vec![entry]) };
    let with = With { unique: vec![format!("{stream}/{n}")], ..With::default() };
    journal.append(vec![append], with).and_then(|ticket| journal.wait(&ticket))
}

/// A folder with a few segments, closed.
fn filled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).unwrap();
    for n in 0..80 {
        put(&journal, &format!("run/{}", n % 4), n / 4).unwrap();
    }
    journal.post(&id("run/1"), "answer", "answer", "{}".into()).unwrap();
    folder
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder.join("journal")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    files
}

/// Everything that a reader can ask.
fn state(journal: &LocalJournal) -> String {
    let filter = Filter { prefix: "run/".into(), ..Filter::default() };
    let rows = journal.query(&filter, Cursor::START).unwrap().streams;
    let read: Vec<_> = (0..4).map(|n| journal.read(&id(&format!("run/{n}")), 1, 99).unwrap()).collect();
    let waiting = Filter { wait: Some("w-run/2".into()), ..Filter::default() };
    format!(
        "{rows:?} {:?} {:?} {:?} {:?} {read:?}",
        journal.due(99, 99).unwrap(),
        journal.inbox(&id("run/1")).unwrap(),
        journal.unique("run/3/7").unwrap(),
        journal.query(&waiting, Cursor::START).unwrap().streams,
    )
}

#[test]
fn the_index_may_be_deleted_or_damaged_at_any_time() {
    let folder = filled();
    let before = state(&open(folder.path()).unwrap());
    let index = folder.path().join("index");
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 6] = [
        ("deleted", |index| fs::remove_dir_all(index).unwrap()),
        ("a file in its place", |index| {
            fs::remove_dir_all(index).unwrap();
            fs::write(index, b"not a folder").unwrap();
        }),
        ("garbage", |index| each_file(index, |bytes| bytes.iter_mut().for_each(|byte| *byte ^= 0x5a))),
        ("half", |index| each_file(index, |bytes| bytes.truncate(bytes.len() / 2))),
        ("zeros in the middle", |index| {
            each_file(index, |bytes| {
                let third = bytes.len() / 3;
                bytes[third..2 * third].fill(0);
            });
        }),
        ("empty", |index| each_file(index, Vec::clear)),
    ];
    for (what, damage) in damages {
        damage(&index);
        let journal = open(folder.path()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(state(&journal), before, "{what}");
    }
    each_file(&folder.path().join("journal"), |_| {});
    for file in fs::read_dir(folder.path().join("journal")).unwrap().flatten() {
        if file.path().extension().is_some_and(|e| e == "table") {
            fs::write(file.path(), b"garbage").unwrap();
        }
    }
    assert_eq!(state(&open(folder.path()).unwrap()), before, "tables are rebuilt");
}

fn each_file(folder: &Path, change: impl Fn(&mut Vec<u8>)) {
    for file in fs::read_dir(folder).unwrap().flatten() {
        if file.path().is_file() {
            let mut bytes = fs::read(file.path()).unwrap();
            change(&mut bytes);
            fs::write(file.path(), bytes).unwrap();
        } else {
            fs::remove_dir_all(file.path()).unwrap();
        }
    }
}

#[test]
fn a_flipped_byte_in_the_middle_is_refused_by_file_and_line() {
    let folder = filled();
    let files = segments(folder.path());
    assert!(files.len() > 2);
    let last = files.last().unwrap();
    let whole = fs::read(last).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let mut offset = 0;
    for (nth, line) in lines.iter().enumerate().take(lines.len() - 3) {
        for at in [0, line.len() / 2, line.len() - 3] {
            let mut bent = whole.clone();
            bent[offset + at] ^= 1;
            fs::write(last, &bent).unwrap();
            fs::remove_dir_all(folder.path().join("index")).unwrap();
            let Err(refused) = open(folder.path()) else { panic!("line {} at {at} was not seen", nth + 1) };
            let JournalError::Corrupt { file, line, why } = refused else { panic!("{refused}") };
            assert_eq!((&file, line), (last, nth as u64 + 1), "at {at}: {why}");
            let Err(JournalError::Corrupt { line, .. }) = verify(folder.path(), &Verify::default()) else {
                panic!("verify did not see line {}", nth + 1)
            };
            assert_eq!(line, nth as u64 + 1);
            fs::write(last, &whole).unwrap();
            drop(open(folder.path()).unwrap());
            let restored = fs::read(last).unwrap();
            assert!(restored.len() > whole.len(), "an opening adds one entry");
            fs::write(last, &whole).unwrap();
            fs::remove_dir_all(folder.path().join("index")).unwrap();
            drop(open(folder.path()).unwrap());
            fs::write(last, &whole).unwrap();
        }
        offset += line.len();
        if nth > 6 {
            break;
        }
    }
}

#[test]
fn damage_in_a_sealed_segment_is_found_by_reading_and_by_verify() {
    let folder = filled();
    let sealed = &segments(folder.path())[1];
    let mut bytes = fs::read(sealed).unwrap();
    let line = 1 + bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let entry = line + bytes[line..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let body = entry + bytes[entry..].windows(5).position(|at| at == b"{\"n\":").unwrap() + 5;
    bytes[body] ^= 1;
    fs::write(sealed, &bytes).unwrap();
    let Err(JournalError::Corrupt { file, line, why }) = verify(folder.path(), &Verify::default()) else {
        panic!("an edited body was not seen")
    };
    assert_eq!((&file, line), (sealed, 3));
    assert!(why.contains("body"), "{why}");
    let journal = open(folder.path()).unwrap();
    let read: Vec<_> = (0..4).map(|n| journal.read(&id(&format!("run/{n}")), 1, 99)).collect();
    let refused: Vec<_> = read.iter().filter_map(|read| read.as_ref().err()).collect();
    assert!(matches!(refused[..], [JournalError::Corrupt { line: 3, .. }]), "{refused:?}");
}

#[test]
fn a_torn_last_line_is_cut_and_said() {
    let folder = filled();
    let last = segments(folder.path()).pop().unwrap();
    let before = fs::read(&last).unwrap();
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let mut torn = before.clone();
    torn.extend_from_slice(
        b"{\"batch\":99,\"position\":1,\"entries\":1,\"bytes\":900,\"crc32\":\"00000000\"}\n{\"head",
    );
    fs::write(&last, &torn).unwrap();
    assert!(verify(folder.path(), &Verify::default()).unwrap().torn.is_some());
    let journal = open(folder.path()).unwrap();
    let version = journal.stream(&StreamId::system()).unwrap().unwrap().version;
    let opened = journal.read(&StreamId::system(), version, 1).unwrap().remove(0);
    assert!(opened.body.unwrap().contains("\"cut\":{\"bytes\":"), "the cut is written down");
    drop(journal);
    assert!(fs::read(&last).unwrap().starts_with(&before));
    assert_eq!(verify(folder.path(), &Verify::default()).unwrap().torn, None);
}

#[test]
fn a_log_that_lost_acknowledged_entries_is_refused() {
    let folder = filled();
    let last = segments(folder.path()).pop().unwrap();
    let bytes = fs::read(&last).unwrap();
    fs::write(&last, &bytes[..bytes.len() - 10]).unwrap();
    let Err(JournalError::Corrupt { why, .. }) = open(folder.path()) else { panic!("nobody noticed") };
    assert!(why.contains("acknowledged entries are missing"), "{why}");
}

#[test]
fn a_missing_or_foreign_segment_is_refused() {
    let folder = filled();
    let files = segments(folder.path());
    let aside = folder.path().join("aside");
    fs::rename(&files[1], &aside).unwrap();
    assert!(matches!(open(folder.path()), Err(JournalError::Corrupt { .. })));
    assert!(matches!(verify(folder.path(), &Verify::default()), Err(JournalError::Corrupt { .. })));
    let other = filled();
    fs::copy(&segments(other.path())[1], &files[1]).unwrap();
    assert!(matches!(open(folder.path()), Err(JournalError::Corrupt { .. })));
    fs::rename(&aside, &files[1]).unwrap();
    open(folder.path()).unwrap();
}

#[test]
fn two_openings_and_an_unwritable_folder_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).unwrap();
    let Err(JournalError::Locked { pid, .. }) = open(folder.path()) else { panic!("two owners") };
    assert_eq!(pid, std::process::id());
    drop(journal);
    open(folder.path()).unwrap();
    let file = folder.path().join("a-file");
    fs::write(&file, b"").unwrap();
    let Err(refused) = open(&file.join("data")) else { panic!("opened below a file") };
    assert!(
        matches!(&refused, JournalError::Io { .. }) && refused.to_string().contains("a-file"),
        "{refused}"
    );
    let Err(refused) = open(Path::new("/proc/no-such-place")) else { panic!("opened in /proc") };
    assert!(matches!(refused, JournalError::Io { .. }), "{refused}");
}

#[test]
fn a_full_disk_refuses_all_but_what_may_use_the_reserve() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultDisk::default();
    let mut options = options();
    options.disk = Arc::new(disk.clone());
    options.reserve_bytes = 64 << 10;
    let journal = LocalJournal::open(folder.path(), options).unwrap();
    disk.set_room(0);
    let mut n = 0;
    let refused = loop {
        n += 1;
        if let Err(refused) = put(&journal, "run/a", n) {
            break refused;
        }
        assert!(n < 500, "the disk never became full");
    };
    assert!(matches!(refused, JournalError::Full), "{refused}");
    assert!(journal.stats().full);
    let with = || With { reserve: true, ..With::default() };
    let ending = || {
        let entry = NewEntry::new("ended", &serde_json::json!({}));
        vec![StreamAppend::new(id("run/a"), journal.epoch(), vec![entry])]
    };
    for _ in 0..20 {
        let ticket = journal.append(ending(), with()).unwrap();
        journal.wait(&ticket).unwrap();
    }
    assert!(
        journal.post(&id("run/a"), "yes", "answer", "{}".into()).unwrap().new,
        "people still get through"
    );
    disk.set_room(10 << 20);
    let end = Instant::now() + Duration::from_secs(120);
    while journal.stats().full {
        assert!(Instant::now() < end, "room came back and nobody noticed");
        std::thread::sleep(Duration::from_millis(20));
    }
    put(&journal, "run/a", n).unwrap();
    drop(journal);
    let version = open(folder.path()).unwrap().stream(&id("run/a")).unwrap().unwrap().version;
    assert_eq!(version, n + 20);
    verify(folder.path(), &Verify::default()).unwrap();
}
