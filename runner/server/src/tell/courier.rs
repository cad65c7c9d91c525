//! Messages on their way: so many at one time, each until it is known what became of it and that is journaled. Whose they are
//! and what they say is decided before they come here.

use std::{sync::Arc, time::Duration};

use stanch_engine::Clock;
use stanch_integrations::aside;
use stanch_journal::JournalError;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    book::Intent,
    post::{self, Delivery, End, Post},
};
use crate::metrics::{Metrics, count};

/// How long a server that stops waits for them; what is cut off then is taken up again from the journal.
const PATIENCE: Duration = Duration::from_secs(5);

/// Carries messages.
pub(crate) struct Courier {
    post: Arc<dyn Post>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    under_way: JoinSet<()>,
    turns: Arc<Semaphore>,
}

impl Courier {
    /// With so many under way at one time.
    pub(crate) fn new(
        post: Arc<dyn Post>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        at_once: usize,
    ) -> Self {
        Self { post, clock, metrics, under_way: JoinSet::new(), turns: Arc::new(Semaphore::new(at_once)) }
    }

    /// Sends one; `ended` journals what became of it.
    pub(crate) fn send<F>(
        &mut self,
        intent: Intent,
        delivery: Delivery,
        ended: impl FnOnce(Intent, End) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), JournalError>> + Send + 'static,
    {
        while self.under_way.try_join_next().is_some() {}
        let (post, turns) = (self.post.clone(), self.turns.clone());
        let (clock, metrics, works) = (self.clock.clone(), self.metrics.clone(), self.clock.work());
        self.under_way.spawn(works.during(async move {
            let _turn = aside(turns.acquire_owned()).await;
            let end = post::deliver(&*post, &*clock, &intent, delivery).await;
            count(if end.sent() { &metrics.told } else { &metrics.not_told });
            let way = intent.way.clone();
            if let Err(error) = ended(intent, end).await {
                tracing::error!(%error, way, "what became of a message is not journaled");
            }
        }));
    }

    /// Waits for what is on its way, but not for long.
    pub(crate) async fn finish(mut self) {
        let _late =
            tokio::time::timeout(PATIENCE, async { while self.under_way.join_next().await.is_some() {} })
                .await;
    }
}
