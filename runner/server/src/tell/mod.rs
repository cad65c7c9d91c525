//! Telling people that they are needed: an approval or question waits, a run is stuck, a deadline nears.
//!
//! The teller follows the journal. What it is about to say is journaled before it is sent, and what became of it after;
//! the place that it has read up to is journaled with it. So a restart forgets nothing and says nothing twice: a message
//! of which nobody knows whether it went out is looked up at the platform, and where that tells nothing it is left alone
//! and counted.

mod alarm;
mod book;
mod need;
mod post;

use std::{sync::Arc, time::Duration};

use stanch_engine::{Clock, Engine};
use stanch_journal::{Cursor, Journal, JournalError};
use stanch_model::{Entry, RunId, StreamId, config::Current, run::Mode};
use stanch_response::incident::{self, Incident};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
};

use self::{
    alarm::Alarms,
    book::{Book, Intent},
    need::Need,
    post::{Delivery, Post},
};
use crate::{clock, desk::message, metrics::Metrics};

/// Messages on their way at one time.
const AT_ONCE: usize = 8;

/// The place is journaled at least after so many entries that asked for nobody.
const MARK_EVERY: u64 = 20_000;

/// Looks at the alarms at least so often: a drill's clock may jump.
const LOOK: Duration = Duration::from_secs(1);

/// Who tells.
pub(crate) struct Teller {
    engine: Engine,
    journal: Arc<dyn Journal>,
    config: Current,
    clock: Arc<dyn Clock>,
    mode: Mode,
    metrics: Arc<Metrics>,
    post: Arc<dyn Post>,
    book: Book,
    alarms: Alarms,
    sending: JoinSet<()>,
    turns: Arc<Semaphore>,
}

/// What a [`Teller`] is made of.
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) config: Current,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mode: Mode,
    pub(crate) metrics: Arc<Metrics>,
}

impl Teller {
    /// Reads what was told before.
    pub(crate) fn new(parts: Parts) -> Result<Self, JournalError> {
        let post = Arc::new(post::Platforms::new(parts.engine.integrations().clone(), parts.config.clone()));
        Self::through(parts, post)
    }

    fn through(parts: Parts, post: Arc<dyn Post>) -> Result<Self, JournalError> {
        let (book, alarms) = Book::open(parts.journal.clone())?;
        Ok(Self {
            engine: parts.engine,
            journal: parts.journal,
            config: parts.config,
            clock: parts.clock,
            mode: parts.mode,
            metrics: parts.metrics,
            post,
            book,
            alarms,
            sending: JoinSet::new(),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Tells until the server stops; then waits for what is on its way.
    pub(crate) async fn work(mut self, mut stopping: watch::Receiver<bool>) {
        let ended = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => Ok(()),
            ended = self.follow() => ended,
        };
        if let Err(error) = ended {
            tracing::error!(%error, "nobody is told any more");
        }
        // what is cut off here is taken up again from the journal
        let _ = tokio::time::timeout(Duration::from_secs(5), async {
            while self.sending.join_next().await.is_some() {}
        })
        .await;
    }

    async fn follow(&mut self) -> Result<(), JournalError> {
        for intent in self.book.unfinished() {
            self.send(intent, Delivery::Doubtful);
        }
        let mut follower = self.journal.follow("run/", self.book.place());
        loop {
            while self.sending.try_join_next().is_some() {}
            let entry = tokio::select! {
                entry = follower.next_async() => Some(entry?),
                () = tokio::time::sleep(LOOK) => None,
            };
            if let Some(entry) = entry {
                self.read(&entry, follower.cursor()).await?;
            }
            for (clock, need) in self.alarms.due(clock::now(&self.clock)) {
                if !self.is_settled(&clock)? {
                    self.tell(need, follower.cursor()).await?;
                }
            }
        }
    }

    /// Takes one entry of a run's stream.
    async fn read(&mut self, entry: &Entry, place: Cursor) -> Result<(), JournalError> {
        if let Some(clock) = alarm::started(entry) {
            self.book.clock(&clock, place).await?;
            self.alarms.add(clock);
        }
        if let Some(need) = self.need(entry) {
            self.tell(need, place).await?;
        } else if place.position().saturating_sub(self.book.place().position()) > MARK_EVERY {
            self.book.mark(place).await?;
        }
        Ok(())
    }

    /// Whether people said of this clock that its notice was sent, or that none is owed.
    fn is_settled(&self, clock: &alarm::Clock) -> Result<bool, JournalError> {
        let Ok(view) = self.engine.view(&RunId(clock.run.clone())) else { return Ok(false) };
        let Some(incident) = view.incident else { return Ok(false) };
        let entries = self.journal.read(&StreamId::incident(&incident), 1, 10_000)?;
        let id = incident::deadline_id(&clock.started);
        Ok(Incident::of(&entries).is_some_and(|incident| incident.settled(&id).is_some()))
    }

    /// What this entry asks of people, if it still does: on the way through old entries most of it is long settled.
    fn need(&self, entry: &Entry) -> Option<Need> {
        let run = need::may_ask(entry)?;
        let view = self.engine.view(&run).ok()?;
        need::of(entry, &view)
    }

    async fn tell(&mut self, need: Need, place: Cursor) -> Result<(), JournalError> {
        let ways = self.config.tell.get(need.event).or_else(|| self.config.tell.get(need.instead));
        let Some(ways) = ways.filter(|ways| !ways.is_empty()) else {
            tracing::warn!(
                event = need.event,
                text = need.text,
                "a person is needed, and `tell:` names nobody"
            );
            return Ok(());
        };
        let at = clock::now(&self.clock);
        let new = ways.iter().filter(|way| !self.book.knows(&need.key, way)).map(|way| {
            let message = message(way, &need.text, self.mode, &self.config);
            Intent {
                key: need.key.clone(),
                way: way.clone(),
                subject: message.subject,
                text: message.text,
                at,
            }
        });
        let new: Vec<Intent> = new.collect();
        if new.is_empty() {
            return Ok(());
        }
        self.book.intend(&new, place).await?;
        for intent in new {
            self.send(intent, Delivery::Fresh);
        }
        Ok(())
    }

    fn send(&mut self, intent: Intent, delivery: Delivery) {
        let (post, turns) = (self.post.clone(), self.turns.clone());
        let (book, metrics) = (self.book.outcomes(), self.metrics.clone());
        let (clock, under_way) = (self.clock.clone(), self.clock.work());
        self.sending.spawn(async move {
            let _under_way = under_way;
            let _turn = turns.acquire_owned().await;
            let end = post::deliver(&*post, &*clock, &intent, delivery).await;
            let counter = if end.sent() { &metrics.told } else { &metrics.not_told };
            crate::metrics::count(counter);
            if let Err(error) = book.ended(&intent, &end).await {
                tracing::error!(%error, way = intent.way, "what became of a message is not journaled");
            }
        });
    }
}

/// The run that an entry belongs to.
fn run_of(entry: &Entry) -> Option<RunId> {
    entry.header.stream.as_run()
}

#[cfg(test)]
mod tests;
