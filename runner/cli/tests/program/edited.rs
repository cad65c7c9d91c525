//! A playbook that somebody edits under a running run: the run goes on with what it began with, the next one with what is
//! there now.

use stanch_model::{Ended, api::StartBody, run::RunView};

use crate::support::{Served, client, empty, playbook, stanch, view};

const MANIFEST: &str = "playbook: cut\ntitle: Cut\nowner: ir\nreviewed: 2026-11-01\nuses: {}\n";

const OLD: &str = "ask(\"go\", \"Shall we?\", [\"yes\", \"no\"]);\nnote(\"the old one\");\n";

async fn start(folder: &std::path::Path) -> String {
    let body = StartBody { playbook: "cut".to_owned(), ..StartBody::default() };
    client(folder).start(&body).await.unwrap().run
}

fn says(view: &RunView, text: &str) -> bool {
    view.notes.iter().any(|note| note.0 == text || note.1 == text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_with_the_script_that_it_began_with() {
    let home = empty();
    playbook(home.path(), MANIFEST, OLD);
    std::fs::write(home.path().join("stanch.yaml"), "playbooks: [cut]\n").unwrap();
    let server = Served::start(home.path());
    let run = start(home.path()).await;
    view(home.path(), &run, |view| view.open_waits().count() == 1).await;
    // Another text, other steps, and a manifest that allows less: all of it under the run, and the server starts anew.
    drop(server);
    playbook(home.path(), &MANIFEST.replace("title: Cut", "title: Other"), "note(\"the new one\");\n");
    let _server = Served::start(home.path());
    let answered = stanch(home.path(), &["answer", "Q1", "yes"]);
    assert!(answered.status.success(), "{answered:?}");
    let old = view(home.path(), &run, |view| view.ended.is_some()).await;
    assert_eq!(old.ended, Some(Ended::Finished), "{}", old.why);
    assert!(says(&old, "the old one") && !says(&old, "the new one"), "{:?}", old.notes);
    let next = start(home.path()).await;
    let new = view(home.path(), &next, |view| view.ended.is_some()).await;
    assert!(says(&new, "the new one") && !says(&new, "the old one"), "{:?}", new.notes);
}
