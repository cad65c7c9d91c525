//! The heartbeat: a sign of life that somebody else waits for. It says more than that the process runs: nothing is sent while
//! the journal takes nothing or nobody would be told.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stanch_engine::Engine;
use stanch_integrations::{Call, Outcome};
use stanch_journal::Journal;
use stanch_model::{
    api::HeartbeatState,
    catalog::{ActionIndex as _, ActionInfo},
    config::Current,
};
use stanch_response::tell::Pulse;
use tokio::sync::watch;

use crate::{ledger::Ledger, metrics::Metrics};

/// One sign of life may take this long.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The kind of the entry that says that signs of life arrive, or do not any more; in the stream `tell`.
const TURNED: &str = "tell.heartbeat";

/// What has become of the signs of life.
pub(crate) type Pulses = Arc<Mutex<Option<HeartbeatState>>>;

/// `tell.heartbeat`: from now on they arrive, or do not.
#[derive(Serialize, Deserialize)]
struct Turned {
    to: String,
    arrives: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    why: String,
    at: String,
}

/// What signs of life need.
pub(crate) struct Heart {
    engine: Engine,
    journal: Arc<dyn Journal>,
    metrics: Arc<Metrics>,
    pulses: Pulses,
    to: String,
    every: Duration,
    integration: String,
    info: ActionInfo,
    input: Value,
}

impl Heart {
    /// The heart of a server whose configuration names somebody who listens.
    pub(crate) fn of(
        engine: &Engine,
        journal: &Arc<dyn Journal>,
        config: &Current,
        metrics: &Arc<Metrics>,
    ) -> (Option<Self>, Pulses) {
        let pulses = Pulses::default();
        let Some(beat) = &config.heartbeat else { return (None, pulses) };
        let found = Pulse::parse(&beat.to, config).map_err(|why| why.to_string()).and_then(|pulse| {
            let mut verbs = engine.integrations().verb(pulse.verb).into_iter();
            let own = verbs.find(|(name, _)| *name == pulse.integration);
            own.map(|(name, info)| (name, info.clone()))
                .ok_or_else(|| format!("`{}` cannot send a sign of life", pulse.integration))
        });
        *pulses.lock() = Some(HeartbeatState { to: beat.to.clone(), last: None, failing: None });
        match found {
            Ok((integration, info)) => {
                let mut input = info.message("", "", "stanch is alive");
                if info.inputs.contains_key("type") {
                    input["type"] = json!("stanch.heartbeat");
                }
                let (engine, journal, metrics) = (engine.clone(), journal.clone(), metrics.clone());
                let (to, every) = (beat.to.clone(), beat.every());
                let pulses_kept = pulses.clone();
                let heart = Self {
                    engine,
                    journal,
                    metrics,
                    pulses: pulses_kept,
                    to,
                    every,
                    integration,
                    info,
                    input,
                };
                (Some(heart), pulses)
            }
            Err(why) => {
                tracing::error!(why, "no sign of life will be sent");
                if let Some(state) = pulses.lock().as_mut() {
                    state.failing = Some(why);
                }
                (None, pulses)
            }
        }
    }

    /// Beats until the server stops. A stop in good order is no sign of life either: who stops it tells those who watch.
    pub(crate) async fn work(self, mut stopping: watch::Receiver<bool>) {
        let mut pace = tokio::time::interval(self.every);
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stop| *stop) => return,
                _ = pace.tick() => {}
            }
            let came = match self.sick() {
                Some(why) => Err(why.to_owned()),
                None => self.send().await,
            };
            self.note(came).await;
        }
    }

    /// Why this server is not well, if so.
    fn sick(&self) -> Option<&'static str> {
        if self.journal.stats().full {
            return Some("the disk of the journal is full");
        }
        self.metrics.is_mute().then_some("nobody is told any more")
    }

    async fn send(&self) -> Result<(), String> {
        let call = Call {
            integration: self.integration.clone(),
            action: self.info.name.clone(),
            input: self.input.clone(),
            target: None,
            key: ulid::Ulid::generate().to_string(),
            attempt: 1,
            deadline: ATTEMPT,
            permit: None,
        };
        match self.engine.integrations().call(call).await {
            Outcome::Done { .. } => Ok(()),
            Outcome::Refused { message: why, .. }
            | Outcome::NotSent { why }
            | Outcome::InDoubt { why }
            | Outcome::Limited { why, .. } => Err(why),
        }
    }

    /// Keeps what became of it, and journals when it turned.
    async fn note(&self, came: Result<(), String>) {
        let now = jiff::Timestamp::now().to_string();
        let why = came.as_ref().err().cloned();
        let turned = {
            let mut pulses = self.pulses.lock();
            let Some(state) = pulses.as_mut() else { return };
            let turned = state.failing.is_some() != why.is_some() || (state.last.is_none() && why.is_none());
            if why.is_none() {
                state.last = Some(now.clone());
            }
            state.failing.clone_from(&why);
            turned
        };
        if !turned {
            return;
        }
        if let Some(why) = &why {
            tracing::error!(why, to = self.to, "the sign of life does not arrive");
        }
        let turned =
            Turned { to: self.to.clone(), arrives: why.is_none(), why: why.unwrap_or_default(), at: now };
        if let Err(error) = Ledger::new(self.journal.clone(), "tell").append(TURNED, &turned).await {
            tracing::warn!(%error, "what became of a sign of life is not journaled");
        }
    }
}
