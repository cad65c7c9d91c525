//! The leash of a server that somebody else holds: it stops when standard input ends, and in a drill hears there what time
//! it is.
//!
//! Lines in: `{"clock":{…}}`, a change of the clock; `{"when_resting":7}`, a question. Lines out: `{"resting":7,…}` once there
//! is nothing to do before somebody speaks or the clock shows another time.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use stanch_engine::Engine;
use stanch_integrations::ScenarioClock;
use stanch_model::clock::ClockAt;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines, Stdin},
    sync::watch,
};

use crate::{exit::Exit, said::Said};

/// What its holder says.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Clock(ClockAt),
    WhenResting(u64),
}

/// What is held, if anything.
pub(super) struct Leash {
    lines: Option<Lines<BufReader<Stdin>>>,
    clock: Option<Arc<ScenarioClock>>,
    free: watch::Receiver<bool>,
    cut: watch::Sender<bool>,
}

impl Leash {
    /// Takes hold; with a clock it waits for its first line.
    ///
    /// # Errors
    /// When that line is no clock.
    pub(super) async fn hold(held: bool, clock: bool) -> anyhow::Result<Self> {
        let (cut, free) = watch::channel(false);
        let mut lines = held.then(|| BufReader::new(tokio::io::stdin()).lines());
        let mut at = None;
        if let Some(lines) = lines.as_mut().filter(|_| clock) {
            let first = lines.next_line().await?.unwrap_or_default();
            let Ok(Word::Clock(told)) = serde_json::from_str(&first) else {
                let help = "the first line on standard input says what time it is: {\"clock\":{…}}";
                return Err(Said::new("there is no clock to live by").help(help).exit(Exit::Usage).into());
            };
            at = Some(Arc::new(ScenarioClock::new(told)));
        }
        Ok(Self { lines, clock: at, free, cut })
    }

    /// The clock to live by.
    pub(super) fn clock(&self) -> Option<&Arc<ScenarioClock>> {
        self.clock.as_ref()
    }

    /// Hears what is said from now on.
    pub(super) fn lead(&mut self, engine: &Engine) {
        let Some(mut lines) = self.lines.take() else { return };
        let (engine, clock, cut) = (engine.clone(), self.clock.clone(), self.cut.clone());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                match (serde_json::from_str(&line), &clock) {
                    (Ok(Word::Clock(at)), Some(clock)) => {
                        clock.set(at);
                        engine.clock_changed();
                    }
                    (Ok(Word::WhenResting(question)), Some(clock)) => {
                        tokio::spawn(answer(question, engine.clone(), clock.clone()));
                    }
                    _ => tracing::warn!(line, "nobody understands what stands on the leash"),
                }
            }
            cut.send_replace(true);
        });
    }

    /// Resolves when its holder is gone; never where nobody holds it.
    pub(super) async fn let_go(&mut self) {
        // it cannot close: we hold the sender
        let _cut = self.free.wait_for(|cut| *cut).await;
    }
}

async fn answer(question: u64, engine: Engine, clock: Arc<ScenarioClock>) {
    let due_ms = engine.rests(&clock).await;
    println!("{}", json!({ "resting": question, "due_ms": due_ms, "change": clock.at().change }));
}
