//! Somebody edits the journal under a parked run: nothing goes on from what was not written by us.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use stanch_engine::{Answer, AnswerError, Engine, EngineError, EngineOptions, StartRun};
use stanch_integrations::{Integrations, Transport, TwinTransport};
use stanch_journal::{Journal, JournalError, KeySource, LocalJournal, Options, Verify, verify};
use stanch_model::{
    RunId,
    run::{Mode, RunState},
};

use crate::common::{NoSecrets, Setup, TestClock, TestDesk, catalog, library};

const ASKS: &str = r#"
    note("first");
    let colour = ask("colour", "Which colour?", ["red", "blue"]);
    note(colour);
"#;

fn life(folder: &Path, setup: &Setup) -> Result<Engine, JournalError> {
    // Small segments, so that what was written lies in sealed ones at the next start.
    let options = Options { segment_bytes: 4 << 10, ..Options::new(KeySource::Bytes([7; 32])) };
    let journal = loop {
        match LocalJournal::open(folder, options.clone()) {
            // The threads of the life before are on their way out.
            Err(JournalError::Locked { .. }) => std::thread::yield_now(),
            opened => break opened?,
        }
    };
    let nowhere = TwinTransport::new("127.0.0.1:9".parse().unwrap(), None).unwrap();
    let integrations =
        Integrations::new(catalog(), &BTreeMap::new(), Transport::Twin(nowhere), Arc::new(NoSecrets))
            .unwrap();
    let engine = Engine::start(EngineOptions {
        journal: Arc::new(journal) as Arc<dyn Journal>,
        integrations,
        library: Arc::new(library(setup)),
        config: setup.config.clone().into(),
        desk: Arc::new(TestDesk),
        clock: Arc::new(TestClock::default()),
        mode: Mode::Drill,
        paused: false,
        shards: 1,
        patience: setup.patience,
        in_process: None,
    });
    Ok(engine.unwrap())
}

async fn parked(engine: &Engine) -> RunId {
    let start = StartRun {
        playbook: "test".to_owned(),
        input: BTreeMap::new(),
        alert: None,
        incident: None,
        started_by: "ana".to_owned(),
        channel: String::new(),
    };
    let (run, _) = engine.run(start).await.unwrap();
    while engine.view(&run).unwrap().state != RunState::Waiting {
        tokio::task::yield_now().await;
    }
    run
}

/// Changes one letter of the question that this run asked: the file, and the line in it.
fn edit(folder: &Path, run: &RunId) -> (PathBuf, u64) {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder.join("journal")).unwrap().flatten().map(|f| f.path()).collect();
    files.sort();
    for file in files.into_iter().filter(|file| file.extension().is_some_and(|end| end == "jsonl")) {
        let text = fs::read_to_string(&file).unwrap();
        let of_run = |line: &str| line.contains(&format!("run/{run}")) && line.contains("Which colour?");
        if let Some(nth) = text.lines().position(of_run) {
            let edited = text.lines().enumerate().map(|(n, line)| match n == nth {
                true => line.replace("Which colour?", "Whose colour?") + "\n",
                false => line.to_owned() + "\n",
            });
            fs::write(&file, edited.collect::<String>()).unwrap();
            return (file, nth as u64 + 1);
        }
    }
    panic!("the question is in no segment");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_journal_under_a_parked_run_is_refused_and_its_first_bad_entry_named() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::new(ASKS);
    let engine = life(folder.path(), &setup).unwrap();
    let run = parked(&engine).await;
    let mut others = Vec::new();
    for _ in 0..8 {
        others.push(parked(&engine).await);
    }
    engine.drain().await;
    drop(engine);
    let (file, line) = edit(folder.path(), &run);

    let bad = |error: JournalError| match error {
        JournalError::Corrupt { file, line, .. } => (file, line),
        other => panic!("{other}"),
    };
    assert_eq!(bad(verify(folder.path(), &Verify::default()).unwrap_err()), (file.clone(), line));
    let engine = life(folder.path(), &setup).unwrap();
    let Err(EngineError::Journal(refused)) = engine.view(&run) else { panic!("an edited run was shown") };
    assert_eq!(bad(refused), (file.clone(), line));
    let said = |wait: &str| Answer {
        wait: wait.to_owned(),
        say: "red".to_owned(),
        who: "ben".to_owned(),
        channel: "test".to_owned(),
        reason: String::new(),
    };
    let Err(AnswerError::Journal(refused)) = engine.answer(&run, said("Q1")).await else {
        panic!("an answer to an edited question was taken")
    };
    assert_eq!(bad(refused), (file.clone(), line));
    let Err(EngineError::State { why, .. }) = engine.replay(std::slice::from_ref(&run)) else {
        panic!("an edited run was replayed")
    };
    assert!(
        why.contains(&format!("{}", line)) && why.contains(file.file_name().unwrap().to_str().unwrap()),
        "{why}"
    );
    // The others go on.
    engine.answer(&others[7], said("Q1")).await.unwrap();
    while engine.view(&others[7]).unwrap().ended.is_none() {
        tokio::task::yield_now().await;
    }
}
