//! Power loss at every moment: whatever subset of unsynced pages and folder entries survives, what was acknowledged is
//! there, what is there verifies, and the journal goes on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod powerloss;

use std::{path::Path, sync::Arc};

use powerloss::{Loss, Recorder};
use stanch_journal::{
    IndexPlace, Journal, JournalError, KeySource, LocalJournal, Options, StreamAppend, Verify, With,
    faults::FaultDisk, verify,
};
use stanch_model::{NewEntry, StreamId, secret::SecretBox};

fn options() -> Options {
    let mut options = Options::new(KeySource::Bytes([7; 32]));
    options.segment_bytes = 48 << 10;
    options.reserve_bytes = 0;
    options.checkpoint_every = None;
    options.index = IndexPlace::Memory;
    options
}

fn id(name: &str) -> StreamId {
    StreamId::from_stored(name)
}

fn entries(from: u64, count: u64, bytes: usize) -> Vec<NewEntry> {
    let body = |n| serde_json::json!({ "n": n, "fill": "x".repeat(bytes) });
    (from..from + count).map(|n| NewEntry::new("test", &body(n))).collect()
}

/// Where syncs cost nothing, if there is such a place: the states are many.
fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Something that was acknowledged, and after how many operations of the disk.
struct Acknowledged {
    at: usize,
    stream: StreamId,
    version: u64,
}

/// Checks a folder as a power loss left it.
fn holds(folder: &Path, acknowledged: &[&Acknowledged], what: &str) {
    let journal = LocalJournal::open(folder, options()).unwrap_or_else(|error| panic!("{what}: {error}"));
    for one in acknowledged {
        let version = journal.stream(&one.stream).unwrap().map_or(0, |info| info.version);
        assert!(version >= one.version, "{what}: {} is at {version}, not {}", one.stream, one.version);
    }
    for stream in ["run/a", "run/b", "alert/big"] {
        let read = journal.read(&id(stream), 1, usize::MAX).unwrap();
        for (nth, entry) in read.iter().enumerate() {
            assert_eq!(entry.decode::<serde_json::Value>().unwrap()["n"], nth as u64, "{what}");
        }
    }
    let append = StreamAppend::new(id("run/after"), journal.epoch(), entries(0, 1, 1));
    let ticket = journal.append(vec![append], With::default()).unwrap();
    journal.wait(&ticket).unwrap();
    drop(journal);
    let verified = verify(folder, &Verify::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(verified.torn, None, "{what}: the torn end is gone after an opening");
}

/// A short life with several batches, a new segment, a payload and a secret.
fn live(folder: &Path, recorder: &Recorder) -> Vec<Acknowledged> {
    let mut options = options();
    options.disk = Arc::new(recorder.clone());
    let journal = LocalJournal::open(folder, options).unwrap();
    let mut acknowledged = Vec::new();
    let mut put = |stream: &str, new: Vec<NewEntry>| {
        let append = StreamAppend::new(id(stream), journal.epoch(), new);
        let ticket = journal.append(vec![append], With::default()).unwrap();
        journal.wait(&ticket).unwrap();
        acknowledged.push(Acknowledged {
            at: recorder.count(),
            stream: id(stream),
            version: ticket.versions[0],
        });
    };
    put("run/a", entries(0, 1, 10));
    put("run/b", entries(0, 6, 5_000));
    put("run/a", entries(1, 2, 700));
    put("alert/big", entries(0, 1, 70_000));
    put("run/b", entries(6, 5, 5_000));
    put("run/a", entries(3, 1, 10));
    journal.vault().seal("a secret").unwrap();
    put("run/b", entries(11, 1, 10));
    journal.crash();
    acknowledged
}

#[test]
fn every_loss_of_unsynced_writes_keeps_what_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::new(folder.path());
    let acknowledged = live(folder.path(), &recorder);
    let operations = recorder.operations();
    let (mut tried, mut most_pages) = (0, 0);
    for end in 0..=operations.len() {
        let kept: Vec<&Acknowledged> = acknowledged.iter().filter(|one| one.at <= end).collect();
        let loss = Loss::after(&operations[..end]);
        most_pages = most_pages.max(loss.pages());
        for choice in loss.choices() {
            let rebuilt = quick_folder();
            loss.rebuild(rebuilt.path(), &choice);
            holds(rebuilt.path(), &kept, &format!("after operation {end}, choice {choice:?}"));
            tried += 1;
        }
    }
    assert!(most_pages >= 9, "the largest unsynced tail had only {most_pages} pages");
    assert!(tried > 600, "only {tried} states");
}

#[test]
fn a_restart_after_a_power_loss_can_lose_power_too() {
    let folder = tempfile::tempdir().unwrap();
    let first = Recorder::new(folder.path());
    let acknowledged = live(folder.path(), &first);
    // Torn in the middle of the last batch that had several pages, then power fails at every moment of the reopening.
    let end = acknowledged[4].at - 1;
    let loss = Loss::after(&first.operations()[..end]);
    let torn = loss.choices().nth(5).unwrap();
    let kept: Vec<&Acknowledged> = acknowledged.iter().filter(|one| one.at <= end).collect();
    let base = tempfile::tempdir().unwrap();
    loss.rebuild(base.path(), &torn);
    let second = Recorder::new(base.path());
    let mut options = options();
    options.disk = Arc::new(second.clone());
    LocalJournal::open(base.path(), options).unwrap().crash();
    let operations = second.operations();
    assert!(operations.len() > second.base() + 5);
    for end in second.base()..=operations.len() {
        let loss = Loss::after(&operations[..end]);
        for choice in loss.choices() {
            let rebuilt = quick_folder();
            loss.rebuild(rebuilt.path(), &choice);
            holds(rebuilt.path(), &kept, &format!("reopening, operation {end}, choice {choice:?}"));
        }
    }
}

#[test]
fn a_failed_sync_stops_everything_and_a_restart_trusts_only_what_was_synced() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultDisk::default();
    let mut options = options();
    options.disk = Arc::new(disk.clone());
    let lost = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = lost.clone();
    options.on_lost = Arc::new(move |why| seen.lock().unwrap().push(why.to_owned()));
    let journal = LocalJournal::open(folder.path(), options).unwrap();
    let put = |n| {
        let append = StreamAppend::new(id("run/a"), journal.epoch(), entries(n, 1, 10));
        journal.append(vec![append], With::default()).and_then(|ticket| journal.wait(&ticket))
    };
    put(0).unwrap();
    disk.fail_sync(1);
    assert!(matches!(put(1), Err(JournalError::Unknown(_))), "nobody knows whether it is on disk");
    assert!(matches!(put(2), Err(JournalError::Fatal(_))));
    assert!(matches!(journal.post(&id("run/a"), "k", "k", "{}".into()), Err(JournalError::Fatal(_))));
    assert_eq!(lost.lock().unwrap().len(), 1, "the process would have ended here");
    assert_eq!(journal.read(&id("run/a"), 1, 9).unwrap().len(), 1, "what was never synced is never shown");
    drop(journal);
    let journal = LocalJournal::open(folder.path(), self::options()).unwrap();
    let version = journal.stream(&id("run/a")).unwrap().unwrap().version;
    assert!((1..=2).contains(&version), "the unknown entry is there or not, and the rest is");
}
