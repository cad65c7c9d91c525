//! What only tests can count of the shipped platforms: `src/catalog/measured.json`. `STANCH_WRITE=1` writes it.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::{path::Path, sync::Mutex};

use serde_json::{Value, json};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Compares what was counted with the file, or writes it down.
pub(crate) fn keep(platform: &str, what: &str, count: usize) {
    let _turn = ONE_AT_A_TIME.lock().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/measured.json");
    let mut known: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    if std::env::var_os("STANCH_WRITE").is_some() {
        known[platform][what] = json!(count);
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&known).unwrap())).unwrap();
    }
    assert_eq!(
        known[platform][what],
        json!(count),
        "{}: {platform} {what}: write it with `STANCH_WRITE=1 cargo test -p stanch-integrations --test conform --test exercise`",
        path.display()
    );
}
