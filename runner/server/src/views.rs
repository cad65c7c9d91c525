//! From entries and folds to what the API shows.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use serde_json::Value;
use stanch_engine::{Engine, EngineError, RunRow};
use stanch_model::{
    Entry, RunId,
    api::{Card, EntryView, RunSummary},
    run::{Mode, RunState, RunView},
};

use crate::app::mode_word;

/// Summaries kept: a list of parked runs is read again and again.
const KEPT: usize = 20_000;

/// An entry for lists and streams.
pub(crate) fn entry(entry: &Entry) -> EntryView {
    let header = &entry.header;
    EntryView {
        stream: header.stream.to_string(),
        version: header.version,
        time: header.time.clone(),
        kind: header.kind.clone(),
        body: entry.decode().unwrap_or(Value::Null),
        hash: entry.hash.to_string(),
    }
}

/// A run's line in a list, with the cards that wait in it.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) summary: RunSummary,
    pub(crate) cards: Vec<Card>,
}

/// Lines by run, as long as the run has no newer entry.
#[derive(Debug, Default)]
pub(crate) struct Summaries {
    kept: Mutex<HashMap<RunId, (u64, Arc<Line>)>>,
}

impl Summaries {
    /// Nothing is known any more: what runs say has changed without an entry of theirs.
    pub(crate) fn forget(&self) {
        self.kept.lock().clear();
    }

    /// The line of this run.
    pub(crate) fn line(&self, engine: &Engine, row: &RunRow) -> Result<Arc<Line>, EngineError> {
        if let Some((version, line)) = self.kept.lock().get(&row.id)
            && *version == row.version
        {
            return Ok(line.clone());
        }
        let view = engine.view(&row.id)?;
        let line = Arc::new(Line { summary: summary(&view), cards: cards(&view) });
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(row.id.clone(), (view.version, line.clone()));
        Ok(line)
    }
}

/// A run's line in a list.
pub(crate) fn summary(view: &RunView) -> RunSummary {
    let state = match (view.state, view.ended) {
        (RunState::Ended, Some(ended)) => ended.as_str(),
        (state, _) => state.as_str(),
    };
    RunSummary {
        id: view.id.as_ref().map(ToString::to_string).unwrap_or_default(),
        playbook: view.playbook.clone(),
        title: view.title.clone(),
        mode: view.mode.map_or("live", mode_word).to_owned(),
        state: state.to_owned(),
        containment: view
            .containment
            .filter(|_| view.mode != Some(Mode::Plan))
            .map(|word| word.as_str().to_owned()),
        since: view.since.clone(),
        waits: view.waiting(),
        incident: view.incident.clone(),
        started_by: view.started_by.clone(),
        started: view.started.clone(),
        phase: view.phase.clone(),
        targets: view.stand().into_iter().map(|(word, n)| (word.to_owned(), n as u64)).collect(),
    }
}

/// The waits of a run that want a person, open ones only.
pub(crate) fn cards(view: &RunView) -> Vec<Card> {
    view.open_waits().filter(|wait| wait.kind.needs_person()).map(|wait| card(view, wait.clone())).collect()
}

/// One wait as a card.
pub(crate) fn card(view: &RunView, wait: stanch_model::run::WaitView) -> Card {
    let run = view.id.as_ref().map(ToString::to_string).unwrap_or_default();
    Card {
        id: format!("{run}:{}", wait.id),
        run,
        playbook: view.playbook.clone(),
        title: view.title.clone(),
        mode: view.mode.map_or("live", mode_word).to_owned(),
        incident: view.incident.clone(),
        asked: Vec::new(),
        may: Vec::new(),
        next: Vec::new(),
        breaks: Vec::new(),
        protected: None,
        told: Vec::new(),
        stopped: view.stopped(&wait),
        wait,
    }
}
