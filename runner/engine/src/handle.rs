//! What the rest of the program may ask of the engine.

use std::sync::{Arc, atomic::Ordering};

use serde_json::Value;
use stanch_integrations::Integrations;
use stanch_journal::{Cursor, Filter, Journal, JournalError, With};
use stanch_model::{
    Alert, StreamId,
    ids::RunId,
    run::{RunState, RunView},
    shortened,
};
use stanch_playbooks::{Library, coverage::Coverage};

use crate::{
    env::Env,
    intake::{self, Origin, Trigger},
    shard::{Inbox, Message, Shard},
    terms::{Accepted, By, EngineError, EngineOptions, Purpose, Receipt, RunRow, StartRun},
};

/// The engine: cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) env: Arc<Env>,
    triggers: Arc<Vec<Trigger>>,
    _threads: Arc<Threads>,
}

/// The shards' threads end when the last handle is gone; what was not durable then never happened.
struct Threads(Arc<Env>);

impl Drop for Threads {
    fn drop(&mut self) {
        self.0.draining.store(true, Ordering::Relaxed);
        self.0.shards.read().iter().for_each(|shard| shard.send(Message::Stop));
    }
}

/// A shard that panics must not leave a server that takes alerts and does nothing: the process ends, and the next one goes
/// on from the journal.
fn run_or_abort(env: Arc<Env>, own: Inbox, inbox: crossbeam_channel::Receiver<Message>) {
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| Shard::run(env, own, inbox)));
    if ran.is_err() {
        tracing::error!("a script thread panicked: stopping at once; every run goes on at the next start");
        std::process::abort();
    }
}

impl Engine {
    /// Opens: takes up this data folder's unfinished runs and goes on with them. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// When the journal's index fails.
    pub fn start(options: EngineOptions) -> Result<Self, EngineError> {
        Self::open(options, None)
    }

    /// The same, for tests: it notes which places of the scripts are reached.
    ///
    /// # Errors
    /// When the journal's index fails.
    pub fn start_watching(options: EngineOptions, coverage: Arc<Coverage>) -> Result<Self, EngineError> {
        Self::open(options, Some(coverage))
    }

    fn open(options: EngineOptions, coverage: Option<Arc<Coverage>>) -> Result<Self, EngineError> {
        let shards = options.shards.max(1);
        let paused = options.paused;
        let triggers = Arc::new(intake::triggers(&options.library));
        let env = Arc::new(Env::new(options, coverage));
        let threads = Arc::new(Threads(Arc::clone(&env)));
        let engine = Self { env, triggers, _threads: threads };
        engine.recall_pauses(paused)?;
        engine.recall_standings()?;
        engine.start_shards(shards)?;
        engine.take_up()?;
        Ok(engine)
    }

    fn start_shards(&self, shards: usize) -> Result<(), EngineError> {
        let inboxes: Vec<_> = (0..shards).map(|_| Inbox::new()).collect();
        *self.env.shards.write() = inboxes.iter().map(|(inbox, _)| inbox.clone()).collect();
        for (n, (inbox, receiver)) in inboxes.into_iter().enumerate() {
            let env = Arc::clone(&self.env);
            let named = std::thread::Builder::new().name(format!("shard-{n}"));
            named
                .spawn(move || run_or_abort(env, inbox, receiver))
                .map_err(|error| EngineError::Thread(error.to_string()))?;
        }
        let listening = Arc::downgrade(&self.env);
        self.env.journal.on_durable(Arc::new(move |position| {
            if let Some(env) = listening.upgrade() {
                env.shards.read().iter().for_each(|shard| shard.durable(position));
            }
        }));
        let listening = Arc::downgrade(&self.env);
        self.env.journal.on_post(Arc::new(move |stream| {
            if let (Some(env), Some(run)) = (listening.upgrade(), stream.as_run()) {
                env.shard_of(&run, Message::Wake(run.clone()));
            }
        }));
        crate::alarm::start(&self.env);
        Ok(())
    }

    /// Unfinished runs go on: those that were running, and those with unread posts.
    fn take_up(&self) -> Result<(), EngineError> {
        let filter =
            Filter { prefix: "run/".to_owned(), states: vec!["running".to_owned()], ..Filter::default() };
        let running = self.env.journal.query(&filter, Cursor::START)?;
        let runs: Vec<RunId> = running.streams.iter().filter_map(|(stream, _)| stream.as_run()).collect();
        for run in &runs {
            match self.env.revive(run)? {
                true => self.env.shard_of(run, Message::Wake(run.clone())),
                false => {
                    tracing::error!(%run, "was running at two unclean stops and got nowhere between: it stands as suspect")
                }
            }
        }
        self.env.journal.kick();
        // An answer that somebody was thanked for, and that the last life did not come to: its run may be parked for long.
        for run in self.env.journal.posted()?.iter().filter_map(StreamId::as_run) {
            self.env.shard_of(&run, Message::Wake(run.clone()));
        }
        let env = Arc::clone(&self.env);
        let triggers = Arc::clone(&self.triggers);
        self.env.runtime.spawn_blocking(move || {
            let filter = Filter {
                prefix: "run/".to_owned(),
                states: vec!["running".to_owned(), "waiting".to_owned(), "paused".to_owned()],
                ..Filter::default()
            };
            if let Ok(page) = env.journal.query(&filter, Cursor::START) {
                let runs: Vec<RunId> =
                    page.streams.iter().filter_map(|(stream, _)| stream.as_run()).collect();
                env.remember_unfinished(&triggers, &runs);
            }
            env.recalled.send_replace(true);
            if let Err(error) = env.recall_hour() {
                tracing::error!(%error, "what was cut in the last hour cannot be read: nothing passes the cap of an hour");
            }
        });
        Ok(())
    }

    /// Takes an authenticated, normalised alert: journals it, the trigger verdicts and the runs they create in one
    /// append; durable when it returns.
    ///
    /// # Errors
    /// When a fired playbook cannot be started with this alert, or the journal refuses. Nothing was written then.
    pub async fn alert(&self, alert: Alert) -> Result<Accepted, EngineError> {
        // Else the first alerts after a start would open runs beside those that they belong to.
        if !*self.env.recalled.borrow() {
            let _ = self.env.recalled.subscribe().wait_for(|recalled| *recalled).await;
        }
        let (accepted, position) = self.env.take_alert(&self.triggers, alert)?;
        self.env.journal.durable_at(position).await?;
        if !accepted.duplicate {
            return Ok(accepted);
        }
        let entries = self.env.journal.read(&StreamId::alert(&accepted.alert), 2, 1)?;
        let first = entries.first().and_then(|entry| entry.decode::<Accepted>().ok());
        Ok(Accepted { duplicate: true, ..first.unwrap_or(accepted) })
    }

    /// Starts a run; durable when it returns. Gives the run and its incident.
    ///
    /// # Errors
    /// When there is no such playbook, an input is wrong, or the journal refuses.
    pub async fn run(&self, start: StartRun) -> Result<(RunId, String), EngineError> {
        self.begin(start, Purpose::Act).await
    }

    /// Starts a run that does what this plan says and stops at anything else: the plan's hash, or the first digits of it.
    /// Inputs that are not given, and the alert, are the plan's.
    ///
    /// # Errors
    /// As [`Engine::run`]; when no plan has this hash, or the playbook or what it depends on has changed since.
    pub async fn execute(&self, start: StartRun, plan: &str) -> Result<(RunId, String), EngineError> {
        self.begin(start, Purpose::Only(plan)).await
    }

    async fn begin(&self, mut start: StartRun, purpose: Purpose<'_>) -> Result<(RunId, String), EngineError> {
        let opened = start.incident.is_none();
        let incident = start.incident.get_or_insert_with(|| ulid::Ulid::generate().to_string()).clone();
        let title = match &start.alert {
            Some(alert) => alert.title.clone(),
            None => format!("{} by {}", start.playbook, start.started_by),
        };
        let severity =
            start.alert.as_ref().map_or(serde_json::json!("high"), |alert| serde_json::json!(alert.severity));
        let mut birth = self.env.birth(start, purpose, Origin::Hand)?;
        if opened {
            birth.appends.push(self.env.incident_opened(&incident, &title, severity, None, &[&birth.run]));
        } else {
            birth.appends.push(self.env.incident_joined(&incident, &birth.run));
        }
        let ticket = self.env.journal.append(birth.appends.clone(), With::default())?;
        let run = birth.run.clone();
        self.env.announce(birth);
        self.env.journal.durable_at(ticket.position).await?;
        Ok((run, incident))
    }

    /// A signal for `wait_for`; the same key counts once.
    ///
    /// # Errors
    /// When there is no such run or the journal refuses.
    pub async fn signal(
        &self,
        run: &RunId,
        key: &str,
        name: &str,
        data: Value,
    ) -> Result<Receipt, EngineError> {
        self.known(run)?;
        let body = serde_json::json!({ "name": name, "data": data });
        Ok(self.post(run, format!("signal {key}"), "signal", body).await?)
    }

    /// Cancels: sticky.
    ///
    /// # Errors
    /// When there is no such run, it has ended, or the journal refuses.
    pub async fn cancel(
        &self,
        run: &RunId,
        by: impl Into<By<'_>>,
        reason: &str,
    ) -> Result<Receipt, EngineError> {
        self.unfinished(run)?;
        let By { who, channel } = by.into();
        let body = serde_json::json!({ "who": who, "channel": channel, "reason": reason });
        Ok(self.post(run, "cancel".to_owned(), "cancel", body).await?)
    }

    /// Pauses or resumes one run.
    ///
    /// # Errors
    /// When there is no such run, it has ended, or the journal refuses.
    pub async fn pause(
        &self,
        run: &RunId,
        paused: bool,
        by: impl Into<By<'_>>,
    ) -> Result<Receipt, EngineError> {
        self.unfinished(run)?;
        let kind = if paused { "pause" } else { "resume" };
        let By { who, channel } = by.into();
        let body = serde_json::json!({ "who": who, "channel": channel });
        let key = format!("{kind} {}", ulid::Ulid::generate());
        Ok(self.post(run, key, kind, body).await?)
    }

    /// Pins a diverged run to what is there now; its history is replayed against it before anything acts.
    ///
    /// # Errors
    /// When the run is not diverged, or its playbook is gone.
    pub async fn repin(&self, run: &RunId, by: impl Into<By<'_>>) -> Result<Receipt, EngineError> {
        let view = self.view(run)?;
        if view.state != RunState::Diverged {
            let why = "only a diverged run can be pinned anew".to_owned();
            return Err(EngineError::State {
                run: run.to_string(),
                state: view.state.as_str().to_owned(),
                why,
            });
        }
        let By { who, channel } = by.into();
        let body = serde_json::json!({ "who": who, "channel": channel });
        Ok(self.post(run, format!("repin {}", view.version), "repin", body).await?)
    }

    /// The runs that a run's own steps have started, or are about to.
    pub fn children(&self, view: &RunView) -> Vec<RunId> {
        let Some(run) = &view.id else { return Vec::new() };
        let steps = view.steps.values().filter(|step| step.op == "run_playbook");
        steps.map(|step| crate::host::child_id(run, &step.address)).collect()
    }

    /// The view of a run, from committed entries.
    ///
    /// # Errors
    /// When there is no such run or its entries cannot be read.
    pub fn view(&self, run: &RunId) -> Result<RunView, EngineError> {
        self.env.view(run)
    }

    /// The run that this id, unique prefix or unique ending names.
    ///
    /// # Errors
    /// When none or several do.
    pub fn find(&self, text: &str) -> Result<RunId, EngineError> {
        let wanted = text.trim().to_ascii_uppercase();
        let exact = RunId(wanted);
        if self.env.journal.stream(&StreamId::run(&exact))?.is_some() {
            return Ok(exact);
        }
        let page = self
            .env
            .journal
            .query(&Filter { prefix: "run/".to_owned(), ..Filter::default() }, Cursor::START)?;
        let runs = page.streams.into_iter().filter_map(|(stream, _)| Some(stream.as_run()?.0));
        Ok(RunId(shortened::the_one("run", text, runs)?))
    }

    /// Replays runs on the caller's own thread: their histories are read with the chain verified, and their scripts run
    /// over them once more, every step compared and nothing acted. Gives the number of steps of all of them.
    ///
    /// # Errors
    /// When a run cannot be read, or its script differs from its history.
    pub fn replay(&self, runs: &[RunId]) -> Result<u64, EngineError> {
        Shard::replay(&self.env, runs).map_err(|(run, why)| EngineError::State {
            run: run.to_string(),
            state: "not replayable".to_owned(),
            why,
        })
    }

    /// Runs, newest first; `open` leaves out those that ended.
    ///
    /// # Errors
    /// When the journal's index fails.
    pub fn runs(&self, open: bool, limit: usize) -> Result<Vec<RunRow>, EngineError> {
        let page = self
            .env
            .journal
            .query(&Filter { prefix: "run/".to_owned(), ..Filter::default() }, Cursor::START)?;
        let rows = page.streams.into_iter().rev().filter_map(|(stream, info)| {
            let row = info.row?;
            let state = RunState::parse(&row.state).unwrap_or_default();
            Some(RunRow {
                id: stream.as_run()?,
                state,
                wait: row.wait,
                due_ms: row.due_ms,
                version: info.version,
            })
        });
        Ok(rows.filter(|row| !open || row.state != RunState::Ended).take(limit).collect())
    }

    /// Stops taking up work and waits until every request that is out has come back and is journaled.
    pub async fn drain(&self) {
        self.env.draining.store(true, Ordering::Relaxed);
        let shards = self.env.shards.read().clone();
        let waiting = tokio::task::spawn_blocking(move || {
            for shard in shards {
                let (done, answer) = crossbeam_channel::bounded(1);
                shard.send(Message::Drain(done));
                let _ = answer.recv_timeout(std::time::Duration::from_secs(20));
                shard.send(Message::Stop);
            }
        });
        let _ = waiting.await;
        self.env.close_cleanly();
    }

    /// The playbooks.
    pub fn library(&self) -> &Arc<Library> {
        &self.env.library
    }

    /// The desk that it asks.
    pub fn desk(&self) -> &dyn crate::Desk {
        &*self.env.desk
    }

    /// The integrations.
    pub fn integrations(&self) -> &Integrations {
        &self.env.integrations
    }

    /// The journal.
    pub fn journal(&self) -> &Arc<dyn Journal> {
        &self.env.journal
    }

    pub(crate) async fn post(
        &self,
        run: &RunId,
        key: String,
        kind: &'static str,
        body: Value,
    ) -> Result<Receipt, JournalError> {
        let (journal, stream) = (Arc::clone(&self.env.journal), StreamId::run(run));
        let posted = tokio::task::spawn_blocking(move || {
            let posted = journal.post(&stream, &key, kind, body.to_string())?;
            Ok::<_, JournalError>(Receipt { position: journal.durable(), new: posted.new })
        });
        posted.await.map_err(|error| JournalError::Unknown(error.to_string()))?
    }

    pub(crate) fn known(&self, run: &RunId) -> Result<(), EngineError> {
        match self.env.journal.stream(&StreamId::run(run))? {
            Some(_) => Ok(()),
            None => Err(EngineError::NoRun(run.to_string())),
        }
    }

    fn unfinished(&self, run: &RunId) -> Result<(), EngineError> {
        let info = self
            .env
            .journal
            .stream(&StreamId::run(run))?
            .ok_or_else(|| EngineError::NoRun(run.to_string()))?;
        match info.row {
            Some(row) if row.state == "ended" => Err(EngineError::State {
                run: run.to_string(),
                state: row.state,
                why: "it is over".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}
