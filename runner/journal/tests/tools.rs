//! What is done with a data folder from outside: verify, tail, export, backup, restore, retention, the vault.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use stanch_journal::{
    Cursor, Journal, JournalError, KeySource, LocalJournal, Options, RECIPE, StreamAppend, Vault, Verify,
    With, backup, export, measure, restore, tail, verify,
};
use stanch_model::{
    NewEntry, StreamId,
    secret::{SecretBox, SecretError},
};

fn options() -> Options {
    let mut options = Options::new(KeySource::Bytes([7; 32]));
    options.segment_bytes = 16 << 10;
    options.reserve_bytes = 0;
    options.checkpoint_every = None;
    options
}

fn open(folder: &Path) -> LocalJournal {
    LocalJournal::open(folder, options()).unwrap()
}

fn id(name: &str) -> StreamId {
    StreamId::from_stored(name)
}

fn put(journal: &LocalJournal, stream: &str, bytes: usize) {
    let entry = NewEntry::new("test", &serde_json::json!({ "personal": "x".repeat(bytes) }));
    let append = StreamAppend::new(id(stream), journal.epoch(), vec![entry]);
    let ticket = journal.append(vec![append], With::default()).unwrap();
    journal.wait(&ticket).unwrap();
}

fn fill(journal: &LocalJournal) {
    for n in 0..60 {
        put(journal, &format!("run/{}", n % 3), n * 7);
    }
    put(journal, "run/1", 100_000);
}

#[test]
fn an_export_verifies_by_itself_and_with_the_recipe() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    fill(&journal);
    let file = folder.path().join("export.jsonl");
    let mut out = fs::File::create(&file).unwrap();
    let exported = export(folder.path(), |stream| stream.as_str() != "run/2", &mut out).unwrap();
    assert_eq!((exported.entries, exported.streams), (42, 3));
    let verified = verify(&file, &Verify::default()).unwrap();
    assert_eq!((verified.entries, verified.streams, verified.dropped), (42, 3, 0));

    let bytes = fs::read(&file).unwrap();
    let bent = folder.path().join("bent.jsonl");
    let mut wrong = bytes;
    let at = wrong.windows(5).rposition(|at| at == b"xxxxx").unwrap();
    wrong[at] = b'y';
    fs::write(&bent, wrong).unwrap();
    assert!(matches!(verify(&bent, &Verify::default()), Err(JournalError::Corrupt { line: 42, .. })));
    let Ok(version) = Command::new("python3").arg("--version").output() else {
        eprintln!("skipped: no python3 here");
        return;
    };
    assert!(version.status.success());
    let run = |path: &Path| Command::new("python3").args(["-c", RECIPE]).arg(path).output().unwrap();
    let good = run(&file);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert_eq!(String::from_utf8_lossy(&good.stdout), "42 entries of 3 streams hold\n");
    let bad = run(&bent);
    assert!(String::from_utf8_lossy(&bad.stderr).contains("line 42: body"));
}

#[test]
fn a_dropped_body_leaves_a_chain_that_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    fill(&journal);
    let mut follower = journal.follow("run/1", Cursor::START);
    follower.next(Duration::ZERO).unwrap().unwrap();
    assert_eq!(journal.drop_bodies(|stream| stream.as_str() == "run/1").unwrap(), 21);
    assert_eq!(journal.drop_bodies(|stream| stream.as_str() == "run/1").unwrap(), 0);
    put(&journal, "run/1", 5);
    let read = journal.read(&id("run/1"), 1, 99).unwrap();
    assert!(read[..21].iter().all(|entry| entry.body.is_none()) && read[21].body.is_some());
    assert!(journal.read(&id("run/2"), 1, 99).unwrap().iter().all(|entry| entry.body.is_some()));
    let mut followed = 1;
    while follower.next(Duration::ZERO).unwrap().is_some() {
        followed += 1;
    }
    assert_eq!(followed, 22, "a follower goes on over a replaced segment");
    let log: Vec<u8> = fs::read_dir(folder.path().join("journal"))
        .unwrap()
        .flat_map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect();
    assert_eq!(fs::read_dir(folder.path().join("blobs")).unwrap().count(), 0);
    drop(journal);
    fs::remove_dir_all(folder.path().join("index")).unwrap();
    let journal = open(folder.path());
    assert_eq!(journal.read(&id("run/1"), 1, 99).unwrap(), read);
    let verified = verify(folder.path(), &Verify::default()).unwrap();
    assert_eq!((verified.dropped, verified.torn), (21, None));
    assert!(!log.is_empty());
}

#[test]
fn a_backup_is_taken_while_writing_and_restores() {
    let folder = tempfile::tempdir().unwrap();
    let (copy, back) = (folder.path().join("copy"), folder.path().join("back"));
    let data = folder.path().join("data");
    let journal = open(&data);
    fill(&journal);
    let handle = journal.vault().seal("delete-token").unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                put(&journal, "run/0", 300);
            }
        });
        for n in 0..5 {
            let verified = backup(&data, copy.join(n.to_string())).unwrap();
            assert!(verified.entries >= 62);
        }
        stop.store(true, Ordering::Relaxed);
    });
    let refused = backup(&data, &data).unwrap_err();
    assert!(refused.to_string().contains("not empty"), "{refused}");
    restore(copy.join("4"), &back).unwrap();
    let restored = open(&back);
    assert_eq!(restored.vault().open(&handle).unwrap(), "delete-token");
    let version = restored.stream(&id("run/0")).unwrap().unwrap().version;
    assert_eq!(restored.read(&id("run/0"), 1, 9999).unwrap().len() as u64, version);
    let first: Vec<_> = restored.read(&id("run/1"), 1, 99).unwrap();
    assert_eq!(first, journal.read(&id("run/1"), 1, 99).unwrap());
}

#[test]
fn tail_shows_the_end_and_goes_on_over_segments_and_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    fill(&journal);
    let mut tail = tail(folder.path(), 3).unwrap();
    let mut next = || {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            if let Some(entry) = tail.poll().unwrap() {
                break entry;
            }
            assert!(Instant::now() < end, "tail shows nothing");
        }
    };
    assert_eq!([next().position, next().position], [60, 61]);
    assert_eq!(next().body.unwrap().len(), 100_000 + 15);
    let mut position = 62;
    for round in 0..40 {
        put(&journal, "run/0", 700);
        position += 1;
        assert_eq!(next().position, position, "round {round}");
    }
    drop(journal);
    let journal = open(folder.path());
    assert_eq!(next().header.kind, "journal.opened");
    put(&journal, "run/0", 1);
    assert_eq!(next().header.stream, id("run/0"));
}

#[test]
fn checkpoints_prove_what_was_before_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = options();
    options.checkpoint_every = Some(Duration::from_millis(1));
    let journal = LocalJournal::open(folder.path(), options).unwrap();
    let mut follower = journal.follow("system", Cursor::START);
    let mut checkpoint = || loop {
        let entry = follower.next(Duration::from_secs(120)).unwrap().expect("no checkpoint came");
        if entry.header.kind == "journal.checkpoint" {
            break entry;
        }
    };
    put(&journal, "run/0", 9);
    let first = checkpoint();
    assert!(first.body.as_deref().unwrap().starts_with("{\"previous\":null,\"streams\":[[\"run/0\",1,\""));
    put(&journal, "run/0", 9);
    let second = checkpoint();
    assert!(second.body.unwrap().contains(&format!("\"previous\":\"{}\"", first.hash)));
    let kept = |hash| Verify { checkpoint: Some(hash), ..Verify::default() };
    assert!(verify(folder.path(), &kept(first.hash)).unwrap().checkpointed >= 2);
    let unknown = verify(folder.path(), &kept(stanch_model::Hash::of(b"another log"))).unwrap_err();
    assert!(unknown.to_string().contains("is not in this log"), "{unknown}");
}

#[test]
fn the_vault_keeps_secrets_and_forgets_them() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeySource::File(folder.path().join("etc/vault.key"));
    let data = folder.path().join("vault");
    let vault = Vault::open(&data, &key).unwrap();
    let handle = vault.seal("a very secret token").unwrap();
    assert_eq!(vault.seal("a very secret token").unwrap(), handle, "equal secrets have equal handles");
    assert_ne!(vault.seal("another").unwrap(), handle);
    let mode = fs::metadata(folder.path().join("etc/vault.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let vault = Vault::open(&data, &key).unwrap();
    assert_eq!(vault.open(&handle).unwrap(), "a very secret token");
    for file in fs::read_dir(&data).unwrap().flatten() {
        let bytes = fs::read(file.path()).unwrap();
        assert!(!bytes.windows(6).any(|at| at == b"secret"), "{:?} holds a secret in the clear", file.path());
    }
    assert!(matches!(Vault::open(&data, &KeySource::Bytes([1; 32])), Err(SecretError::Key(_))));
    let missing = KeySource::File(folder.path().join("elsewhere"));
    assert!(matches!(Vault::open(&data, &missing), Err(SecretError::Key(_))), "no new key for an old vault");
    assert!(!folder.path().join("elsewhere").exists());
    let mut file = fs::OpenOptions::new().append(true).open(data.join(&handle)).unwrap();
    file.write_all(b"!").unwrap();
    assert!(matches!(vault.open(&handle), Err(SecretError::Key(_))));
    assert_eq!(vault.seal("a very secret token").unwrap(), handle, "a damaged seal is made anew");
    assert_eq!(vault.open(&handle).unwrap(), "a very secret token");
    vault.shred(&handle).unwrap();
    vault.shred(&handle).unwrap();
    assert_eq!(vault.open(&handle), Err(SecretError::Unknown(handle)));
    assert!(matches!(vault.open("../etc/vault.key"), Err(SecretError::Unknown(_))));
    assert_eq!(vault.handles().unwrap().len(), 1);
}

#[test]
fn verify_opens_every_secret_when_given_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    journal.vault().seal("one").unwrap();
    journal.vault().seal("two").unwrap();
    let with = |bytes| Verify { vault_key: Some(KeySource::Bytes(bytes)), ..Verify::default() };
    assert_eq!(verify(folder.path(), &with([7; 32])).unwrap().secrets, Some(2));
    assert!(verify(folder.path(), &with([8; 32])).is_err());
}

#[test]
fn a_person_can_read_it_with_tools() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    put(&journal, "run/0", 3);
    drop(journal);
    let text = fs::read_to_string(folder.path().join("journal/00000001.jsonl")).unwrap();
    let kinds: Vec<String> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|line| Some(line["header"]["kind"].as_str()?.to_owned()))
        .collect();
    assert_eq!(kinds, ["journal.opened", "test"], "closed segments end with their last line");
}

#[test]
fn a_folder_that_vanishes_under_a_closing_journal_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path());
    let entries = vec![NewEntry::new("test", &"x".repeat(9_000)); 9];
    for n in 0..3 {
        let append = StreamAppend::new(id(&format!("run/{n}")), journal.epoch(), entries.clone());
        journal.append(vec![append], With::default()).unwrap();
    }
    folder.close().unwrap();
    drop(journal);
}

#[test]
fn the_disk_can_be_measured() {
    let folder = tempfile::tempdir().unwrap();
    let found = measure::device_sync(folder.path(), 900, 20).unwrap();
    assert!(found.samples == 20 && found.p50_us <= found.p99_us);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
