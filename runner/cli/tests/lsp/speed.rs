//! How long answers take. A figure, not a promise: run by hand on a quiet machine, with `--release`.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Editor, SCRIPT, company, marked_place};

/// `cargo build --release`, and `STANCH_BIN=$PWD/target/release/stanch cargo test --workspace --test lsp -- --ignored --nocapture`:
/// the server is the one that people run.
#[test]
#[ignore = "measures this machine"]
fn ninety_nine_answers_in_a_hundred_are_quick() {
    let mut editor = company();
    let script = include_str!("../../../../playbooks/library/oauth-app-compromise/main.rhai");
    editor.open("cut/main.rhai", script);
    editor.mistakes("cut/main.rhai");
    let questions = [
        ("textDocument/completion", SCRIPT.replace("grant.revoke()", "grant.rev█")),
        ("textDocument/completion", SCRIPT.replace("settle();", "app█")),
        ("textDocument/completion", SCRIPT.replace("settle();", "okta.█")),
        ("textDocument/completion", SCRIPT.replace("settle();", "okta.suspend_user(#{ █ });")),
        ("textDocument/hover", SCRIPT.replace("grant.revoke()", "grant.rev█oke()")),
        ("textDocument/hover", SCRIPT.replace("settle();", "gr█nats.len();")),
        ("textDocument/definition", SCRIPT.replace("\"cut-app\"", "\"cut█-app\"")),
    ];
    let mut took = Vec::new();
    for _ in 0..100 {
        for (method, marked) in &questions {
            took.push(one(&mut editor, method, marked));
        }
    }
    took.sort();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    println!(
        "{} answers: median {:?}, p99 {:?}, longest {:?}",
        took.len(),
        at(50),
        at(99),
        took[took.len() - 1]
    );
    assert!(at(99) < Duration::from_millis(50), "p99 {:?}", at(99));
}

/// A change and a question about it, as when one types.
fn one(editor: &mut Editor, method: &str, marked: &str) -> Duration {
    let (text, position) = marked_place(marked);
    let uri = editor.uri("cut/main.rhai");
    let begun = Instant::now();
    editor.write("cut/main.rhai", 2, &text);
    editor.ask(method, json!({ "textDocument": { "uri": uri }, "position": position }));
    begun.elapsed()
}
