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
            let now = clock.now_ms();
            let beside = self.beside(now);
            let is_free = beside.is_none_or(|due| due > now);
            if quiet && clock.is_quiet() && heard(&first) == heard(&second) && is_free {
                let (late, parked) = self.parked(now);
                if late.is_empty() || late == woken {
                    let alarms = second.iter().filter_map(|shard| shard.due_ms);
                    let all = alarms.chain(parked).chain(clock.next_ms()).chain(beside);
                    return all.filter(|due| *due > now).min();
                }
                // A run that parked when its time had come is not left to the next tick of the alarm clock.
                self.env.wake_due();
                woken = late;
            }
        }
    }

    /// From now on a clock that jumps waits for them, too.
    pub fn go_beside(&self, beside: Beside) {
        self.env.beside.write().push(beside);
    }

    /// When the first of those beside us acts; one is at work where that is not ahead.
    fn beside(&self, now_ms: i64) -> Option<i64> {
        self.env.beside.read().iter().filter_map(|beside| beside(now_ms)).min()
    }

    /// Parked runs whose time has come, and when that of the next one comes. A run that stays among the first though it was
    /// woken waits for something else.
    fn parked(&self, now_ms: i64) -> (Vec<(StreamId, i64)>, Option<i64>) {
        let rows = self.env.journal.due(FAR_MS, usize::MAX).unwrap_or_default();
        let rows = rows.into_iter().filter_map(|(stream, row)| Some((stream, row.due_ms?)));
        let (late, ahead): (Vec<_>, Vec<_>) = rows.partition(|(_, due)| *due <= now_ms);
        (late, ahead.into_iter().map(|(_, due)| due).min())
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
