//! The journal as evidence: its signatures, its export, what was dropped from it, as an operator sees it.

use std::{fs, path::Path, time::Duration};

use serde_json::Value;

use crate::support::{Served, client, empty, stanch, transcript};

fn json(folder: &Path, args: &[&str]) -> (Option<i32>, Value) {
    let output = stanch(folder, args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), serde_json::from_str(text.lines().last().unwrap_or("null")).unwrap_or(Value::Null))
}

/// A key, and a configuration that signs with it. Gives the public half.
fn with_a_key(folder: &Path) -> String {
    let (code, made) = json(folder, &["journal", "key", "sign.key", "--json"]);
    assert_eq!(code, Some(0));
    let config = format!("journal:\n  sign: file:{}/sign.key\n", folder.display());
    fs::write(folder.join("stanch.yaml"), config).unwrap();
    made["public"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_served_journal_is_signed_and_its_export_carries_the_signatures() {
    let home = empty();
    let public = with_a_key(home.path());
    let server = Served::start(home.path());
    // every few seconds while something grows
    let mut found = Value::Null;
    while found["signed"]["checkpoints"].as_u64().is_none_or(|count| count == 0) {
        let made = stanch(home.path(), &["tokens", "new", "ben", "--role", "viewer"]);
        assert!(made.status.success(), "{made:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        found = json(home.path(), &["journal", "verify", "--key", &public, "--json"]).1;
    }
    assert!(client(home.path()).status().await.is_ok());
    drop(server);
    let exported =
        stanch(home.path(), &["journal", "export", "part.jsonl", "--stream", "people", "--checkpoints"]);
    assert!(exported.status.success());
    let (code, found) = json(home.path(), &["journal", "verify", "part.jsonl", "--key", &public, "--json"]);
    assert_eq!(code, Some(0));
    assert!(found["signed"]["checkpoints"].as_u64().unwrap() > 0, "{found}");

    let (_, other) = json(home.path(), &["journal", "key", "other.key", "--json"]);
    let said = transcript(home.path(), &["journal", "verify", "--key", other["public"].as_str().unwrap()]);
    assert!(said.contains("none of the given keys made the signature of this checkpoint"), "{said}");
    assert!(said.ends_with("exit 5\n"), "{said}");
    let said = transcript(home.path(), &["journal", "verify", "--key", "vault.key"]);
    assert!(said.contains("it begins with `ed25519:`") && said.ends_with("exit 2\n"), "{said}");
}

#[test]
fn a_key_that_is_none_keeps_the_server_from_starting() {
    let home = empty();
    with_a_key(home.path());
    fs::write(home.path().join("sign.key"), "hunter2\n").unwrap();
    let said = transcript(home.path(), &["serve", "--listen", "127.0.0.1:0", "--twins", "127.0.0.1:9"]);
    assert!(said.contains("journal.sign") && said.contains("stanch journal key"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
