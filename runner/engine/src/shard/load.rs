//! Reading a run: its history into memory, its script into a fiber, and either against another version of the playbook.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use rhai::{AST, Dynamic, Scope};
use serde_json::Value;
use stanch_journal::JournalError;
use stanch_model::{
    Address, RunId, StreamId,
    run::{
        RunState, StepError,
        body::{self, Created, kind},
    },
};
use stanch_playbooks::Playbook;

use super::{Finish, Shard, life::last_words};
use crate::{
    current::{Current, during, peek},
    fiber::{Fiber, Ran, Wake},
    live::{Frame, Leave, Live, row},
    pins,
};

type Shared = Rc<RefCell<Live>>;

fn unreadable(error: serde_json::Error) -> JournalError {
    JournalError::Invalid(error.to_string())
}

impl Shard {
    pub(super) fn load(&mut self, run: &RunId) -> Result<Option<Live>, String> {
        self.load_with(run, None)
    }

    pub(super) fn load_with(
        &mut self,
        run: &RunId,
        other: Option<&Arc<Playbook>>,
    ) -> Result<Option<Live>, String> {
        let stream = StreamId::run(run);
        self.env.make_durable(&stream)?;
        let mut live: Option<Live> = None;
        let journal = Arc::clone(&self.env.journal);
        let folded = journal.visit(&stream, 1, &mut |entry| {
            if live.is_none() {
                let created: Created = entry.decode().map_err(unreadable)?;
                let playbook = match other {
                    Some(other) => Arc::clone(other),
                    None => self.playbook(&created).map_err(JournalError::Invalid)?,
                };
                live = Some(Live::new(created, playbook));
            }
            live.as_mut().map_or(Ok(()), |live| live.replay(entry))
        });
        folded.map_err(|error| error.to_string())?;
        if let Some(live) = &mut live {
            // A repin moved the run to other sources.
            if other.is_none() && live.created.pins.playbook != Some(live.playbook.hash) {
                live.playbook = self.playbook(&live.created)?;
            }
        }
        Ok(live)
    }

    pub(super) fn playbook(&self, created: &Created) -> Result<Arc<Playbook>, String> {
        let hash = created.pins.playbook.ok_or("its first entry pins no playbook")?;
        pins::playbook(&self.env, &created.playbook, &hash)
    }

    /// Pins a diverged run to what is there now, if its history replays against that.
    pub(super) fn repin(&mut self, live: &Shared, body: &Value) {
        let now = self.env.now_ms();
        let (run, slug, state) = {
            let live = live.borrow();
            (live.id.clone(), live.created.playbook.clone(), live.view.state)
        };
        if state != RunState::Diverged {
            return;
        }
        let verdict = match self.env.playbook(&slug) {
            Some(playbook) => self.rehearse(&run, Some(&playbook)).map(|_| playbook),
            None => Err(format!("there is no playbook {slug} any more")),
        };
        let mut live = live.borrow_mut();
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let (who, channel) = (text("who"), text("channel"));
        let stands = |state, why: String| body::StateEntry {
            who: who.clone(),
            channel: channel.clone(),
            ..body::StateEntry::of(state, why)
        };
        match verdict {
            Ok(playbook) => {
                let mut appends = pins::keep(&self.env, &playbook).into_iter().collect::<Vec<_>>();
                if !appends.is_empty() {
                    let kept = self
                        .env
                        .journal
                        .append(std::mem::take(&mut appends), stanch_journal::With::default());
                    if let Err(error) = kept {
                        tracing::error!(%run, %error, "the sources of a new pin were not taken");
                        return;
                    }
                }
                let pins = self.env.pins_of(&playbook);
                live.playbook = playbook;
                let repinned = body::Repinned { pins, who: who.clone(), channel: channel.clone() };
                live.record(kind::REPINNED, repinned, now);
                live.record(kind::STATE, stands(RunState::Running, String::new()), now);
                live.set_row(row(RunState::Running, None, None));
            }
            Err(why) => {
                let why = format!("it cannot be pinned to what is there now: {why}");
                live.record(kind::STATE, stands(RunState::Diverged, why), now);
            }
        }
    }

    /// Replays a run's history against a playbook without acting.
    pub(super) fn rehearse(&mut self, run: &RunId, playbook: Option<&Arc<Playbook>>) -> Result<u64, String> {
        let mut live = self.load_with(run, playbook)?.ok_or("it has no entries")?;
        live.rehearsing = true;
        let live = Rc::new(RefCell::new(live));
        let mut fiber = self.fiber(&live)?;
        let current = Current { live: Rc::clone(&live), env: Arc::clone(&self.env) };
        while let Ran::Paused(_, next) = during(current.clone(), || fiber.resume(Wake::Go)) {
            fiber = next;
        }
        let leaving = live.borrow().leaving.clone();
        match leaving {
            Some(Leave::Diverged(why)) => Err(why),
            _ => Ok(live.borrow().steps.len() as u64),
        }
    }

    pub(super) fn ast(&mut self, playbook: &Playbook) -> Result<Arc<AST>, String> {
        if let Some(ast) = self.asts.get(&playbook.hash) {
            return Ok(Arc::clone(ast));
        }
        let watched = self.env.coverage.as_ref().and_then(|coverage| coverage.watch(playbook));
        let script = watched.as_ref().map_or(playbook.script.as_str(), |watched| &watched.text);
        let ast = stanch_playbooks::dialect::compile(script).map_err(|mistakes| {
            mistakes.iter().map(stanch_model::Diagnostic::one_line).collect::<Vec<_>>().join("; ")
        })?;
        let ast = Arc::new(ast);
        self.asts.insert(playbook.hash, Arc::clone(&ast));
        Ok(ast)
    }

    pub(super) fn fiber(&mut self, live: &Shared) -> Result<Fiber<Finish>, String> {
        let playbook = Arc::clone(&live.borrow().playbook);
        let ast = self.ast(&playbook)?;
        let host = Arc::clone(&self.host);
        {
            let mut live = live.borrow_mut();
            live.frames = vec![Frame { address: Address::root(), ordinal: 0 }];
            live.leaving = None;
        }
        Fiber::new(move || {
            let result = host.eval_ast_with_scope::<Dynamic>(&mut Scope::new(), &ast);
            match peek() {
                Some(here) => last_words(&here, result),
                None => Err(StepError::new("script", "the script ended outside its run")),
            }
        })
        .map_err(|error| format!("no stack for the script: {error}"))
    }
}
