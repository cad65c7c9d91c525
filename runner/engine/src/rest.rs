//! Whether the engine has anything to do, and when it will have: what a clock that jumps must know before it does.

use std::time::Duration;

use stanch_integrations::ScenarioClock;
use stanch_model::StreamId;

use crate::{
    Beside, Engine,
    shard::{Message, Resting},
};

/// A parked run is looked for no further ahead than this.
const FAR_MS: i64 = i64::MAX / 4;

/// Those who are out need a moment to be counted after they were let go.
const MOMENT: Duration = Duration::from_millis(1);

impl Engine {
    /// The clock was changed from outside: who sleeps by it looks again.
    pub fn clock_changed(&self) {
        self.env.wake_due();
        self.env.shards.read().iter().for_each(|shard| shard.send(Message::Look));
    }

    /// Resolves when there is nothing to do before somebody speaks or the clock shows another time: at once or never
    /// (`None`), or the time, Unix ms. All that was decided until then is durable.
    pub async fn rests(&self, clock: &ScenarioClock) -> Option<i64> {
        let mut woken = Vec::new();
        loop {
            let first = self.ask_shards().await;
            // Twice alike, with nothing under way between: nothing was under way at all.
            let quiet = clock.is_quiet();
            tokio::time::sleep(MOMENT).await;
            let second = self.ask_shards().await;
            let heard = |shards: &[Resting]| shards.iter().map(|shard| shard.heard).sum::<u64>();
            let beside = self.beside(clock.now_ms());
            if quiet && clock.is_quiet() && heard(&first) == heard(&second) && beside != Some(0) {
                // A run that parked when its time had come is not left to the next tick of the alarm clock.
                let late = self.late(clock.now_ms());
                if late.is_empty() || late == woken {
                    return self.next_due(&second, clock).into_iter().chain(beside).min();
                }
                self.env.wake_due();
                woken = late;
            }
        }
    }

    /// From now on a clock that jumps waits for them, too.
    pub fn go_beside(&self, beside: Beside) {
        self.env.beside.write().push(beside);
    }

    /// When the first of those beside us acts: 0 where one is at work.
    fn beside(&self, now_ms: i64) -> Option<i64> {
        let due = self.env.beside.read().iter().filter_map(|beside| beside(now_ms)).min();
        due.map(|due| if due > now_ms { due } else { 0 })
    }

    /// Parked runs whose time has come. One that stays among them though it was woken waits for something else.
    fn late(&self, now_ms: i64) -> Vec<(StreamId, Option<i64>)> {
        let rows = self.env.journal.due(now_ms, usize::MAX).unwrap_or_default();
        rows.into_iter().map(|(stream, row)| (stream, row.due_ms)).collect()
    }

    fn next_due(&self, shards: &[Resting], clock: &ScenarioClock) -> Option<i64> {
        let parked = self.env.journal.due(FAR_MS, usize::MAX).unwrap_or_default();
        let parked = parked.into_iter().filter_map(|(_, row)| row.due_ms).min();
        let alarms = shards.iter().filter_map(|shard| shard.due_ms);
        // What is due already is on its way.
        let now = clock.now_ms();
        alarms.chain(parked).chain(clock.next_ms()).filter(|due| *due > now).min()
    }

    async fn ask_shards(&self) -> Vec<Resting> {
        let (asking, answers) = crossbeam_channel::unbounded();
        let shards = self.env.shards.read().clone();
        let count = shards.len();
        shards.iter().for_each(|shard| shard.send(Message::Rest(asking.clone())));
        drop(asking);
        let heard = tokio::task::spawn_blocking(move || answers.iter().take(count).collect());
        heard.await.unwrap_or_default()
    }
}
