//! The alarm clock for parked runs: asks the journal's index who is due, and wakes them at a rate that others survive.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use crate::{env::Env, shard::Message};

/// How often the index is asked. A run in memory has alarms of its own; this is for parked ones.
const TICK: Duration = Duration::from_millis(100);

/// At most so many parked runs are woken per tick: after a long outage thousands are due at once.
const WAKE_PER_TICK: usize = 256;

pub(crate) fn start(env: &Arc<Env>) {
    let weak: Weak<Env> = Arc::downgrade(env);
    env.runtime.spawn(async move {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let Some(env) = weak.upgrade() else { return };
            if env.is_draining() {
                return;
            }
            env.wake_due();
        }
    });
}

impl Env {
    /// Wakes the parked runs whose time has come.
    pub(crate) fn wake_due(&self) {
        match self.journal.due(self.now_ms(), WAKE_PER_TICK) {
            Ok(due) => due.iter().filter_map(|(stream, _)| stream.as_run()).for_each(|run| {
                self.shard_of(&run, Message::Wake(run.clone()));
            }),
            Err(error) => tracing::error!(%error, "the index cannot say who is due"),
        }
    }
}
