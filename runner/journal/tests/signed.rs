//! Signed checkpoints: what they hold, and what is found when somebody rewrites a log.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{fs, path::Path, sync::Arc, time::Duration};

use stanch_journal::{
    Cursor, Journal, JournalError, KeySource, LocalJournal, Options, PublicKey, Signer, StreamAppend, Verify,
    With, export, verify,
};
use stanch_model::{Entry, Hash, NewEntry, StreamId};

fn open(folder: &Path, signer: Option<&Arc<Signer>>) -> LocalJournal {
    let mut options = Options::new(KeySource::Bytes([7; 32]));
    options.reserve_bytes = 0;
    options.checkpoint_every = Some(Duration::from_millis(1));
    options.signer = signer.cloned();
    LocalJournal::open(folder, options).unwrap()
}

fn signer() -> Arc<Signer> {
    Arc::new(Signer::read(&Signer::generate().unwrap()).unwrap())
}

/// Appends one entry and waits for the checkpoint that lists it.
fn put(journal: &LocalJournal, after: &mut Cursor) -> Entry {
    let entry = NewEntry::new("test", &serde_json::json!({ "n": 1 }));
    let append = StreamAppend::new(StreamId::from_stored("run/0"), journal.epoch(), vec![entry]);
    let ticket = journal.append(vec![append], With::default()).unwrap();
    journal.wait(&ticket).unwrap();
    let mut follower = journal.follow("system", *after);
    loop {
        let entry = follower.next(Duration::from_secs(120)).unwrap().expect("no checkpoint came");
        *after = follower.cursor();
        if entry.header.kind == "journal.checkpoint" {
            return entry;
        }
    }
}

fn with(signers: &[&Signer]) -> Verify {
    let signers = signers.iter().map(|signer| PublicKey::read(signer.public()).unwrap()).collect();
    Verify { signers, ..Verify::default() }
}

fn exported(folder: &Path) -> String {
    let mut out = Vec::new();
    export(folder, |_| true, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_journal_that_was_kept_without_a_key_goes_on_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (signer(), signer());
    let mut at = Cursor::START;
    put(&open(folder.path(), None), &mut at);
    let unsigned = verify(folder.path(), &with(&[&first])).unwrap_err();
    assert!(unsigned.to_string().contains("no checkpoint in this log is signed"), "{unsigned}");

    let last = put(&open(folder.path(), Some(&first)), &mut at);
    let found = verify(folder.path(), &with(&[&first])).unwrap().signed.unwrap();
    assert_eq!((found.checkpoints, found.hash), (1, Some(last.hash)));
    assert!(found.time.ends_with('Z') && found.after == 0, "{found:?}");
    assert_eq!(verify(folder.path(), &Verify::default()).unwrap().signed, None, "nobody asked");

    // a key changes: both are given
    put(&open(folder.path(), Some(&second)), &mut at);
    let both = verify(folder.path(), &with(&[&first, &second])).unwrap().signed.unwrap();
    assert_eq!(both.checkpoints, 2);
    let refused = verify(folder.path(), &with(&[&first])).unwrap_err();
    assert!(
        matches!(&refused, JournalError::Corrupt { why, .. } if why.contains(second.public())),
        "{refused}"
    );
}

#[test]
fn the_first_checkpoint_without_its_signature_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let key = signer();
    let mut at = Cursor::START;
    put(&open(folder.path(), Some(&key)), &mut at);
    let without = put(&open(folder.path(), None), &mut at);
    put(&open(folder.path(), Some(&key)), &mut at);
    let refused = verify(folder.path(), &with(&[&key])).unwrap_err().to_string();
    let named = format!("system version {}: this checkpoint has no signature", without.header.version);
    assert!(refused.contains(&named), "{refused}");
}

/// Somebody who owns the folder writes everything anew, with hashes that hold. Without the key the signatures give it away.
#[test]
fn a_log_that_was_rewritten_whole_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let key = signer();
    let mut at = Cursor::START;
    {
        let journal = open(folder.path(), Some(&key));
        (0..3).for_each(|_| drop(put(&journal, &mut at)));
    }
    let file = folder.path().join("export.jsonl");
    fs::write(&file, exported(folder.path())).unwrap();
    let held = verify(&file, &with(&[&key])).unwrap();
    assert!(held.signed.unwrap().checkpoints >= 3, "the export carries the signatures");

    fs::write(&file, rewritten(&exported(folder.path()))).unwrap();
    let plain = verify(&file, &Verify::default()).unwrap();
    assert!(plain.checkpointed >= 3, "every hash, every chain and every checkpoint holds");
    let refused = verify(&file, &with(&[&key])).unwrap_err().to_string();
    assert!(refused.contains("none of the given keys made the signature"), "{refused}");
}

/// Another body in the first entry of `run/0`; all hashes made anew, the heads in checkpoints too.
fn rewritten(log: &str) -> String {
    let mut renamed: Vec<(String, String)> = Vec::new();
    let mut out = String::new();
    for line in log.lines() {
        let mut line = line.to_owned();
        for (was, is) in &renamed {
            line = line.replace(was, is);
        }
        let (header, rest) = line.strip_prefix("{\"header\":").unwrap().split_once(",\"hash\":\"").unwrap();
        let (hash, body) = rest.split_once("\",\"body\":").unwrap();
        let body = body.strip_suffix('}').unwrap().replace("{\"n\":1}", "{\"n\":2}");
        let begin = header.find("\"body_hash\":\"").unwrap() + 13;
        let header = format!("{}{}{}", &header[..begin], Hash::of(body.as_bytes()), &header[begin + 64..]);
        let new = Hash::of(header.as_bytes()).to_string();
        renamed.push((hash.to_owned(), new.clone()));
        out.push_str(&format!("{{\"header\":{header},\"hash\":\"{new}\",\"body\":{body}}}\n"));
    }
    out
}
