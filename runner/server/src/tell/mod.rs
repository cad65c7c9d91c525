//! Telling people that they are needed: an approval or question waits, a run is stuck, a deadline nears.
//!
//! The teller follows the journal. What it is about to say is journaled before it is sent, and what became of it after;
//! the place that it has read up to is journaled with it. So a restart forgets nothing and says nothing twice: a message
//! of which nobody knows whether it went out is looked up at the platform, and where that tells nothing it is left alone
//! and counted.

mod alarm;
pub(crate) mod back;
pub(crate) mod book;
pub(crate) mod courier;
mod need;
mod overdue;
mod owner;
pub(crate) mod post;
mod told;

use std::{collections::HashSet, sync::Arc, time::Duration};

use stanch_engine::{Clock, Engine};
use stanch_journal::{Cursor, Journal, JournalError};
use stanch_model::{
    Entry, RunId, StreamId,
    config::Current,
    run::{Mode, RunState},
};
use stanch_response::{
    Register,
    incident::{self, Incident},
};
use tokio::sync::watch;

use self::{
    alarm::Alarms,
    book::{Book, Intent},
    courier::Courier,
    need::Need,
    overdue::Watch,
    post::{Delivery, Post},
};
use crate::{
    clock,
    desk::message,
    link::{Links, Offer},
    metrics::Metrics,
};

pub(crate) use told::Told;

/// Messages on their way at one time.
const AT_ONCE: usize = 8;

/// The place is journaled at least after so many entries that asked for nobody.
const MARK_EVERY: u64 = 20_000;

/// Looks at the alarms at least so often: a drill's clock may jump.
const LOOK: Duration = Duration::from_secs(1);

/// The same for runs that wait: each look reads those that changed.
const LOOK_MS: i64 = 1_000;

/// Unfinished runs that are looked at when the server starts.
const RUNS: usize = 100_000;

/// A message to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Letter {
    /// The same message has the same key.
    key: String,
    /// As in `tell:`.
    way: String,
    /// What it says.
    text: String,
    /// What can be said to it at once.
    offer: Option<Offer>,
    /// The one person it is for, who answers by the link in it.
    who: Option<String>,
}

/// Who tells.
pub(crate) struct Teller {
    engine: Engine,
    journal: Arc<dyn Journal>,
    config: Current,
    register: Register,
    clock: Arc<dyn Clock>,
    mode: Mode,
    metrics: Arc<Metrics>,
    book: Book,
    told: Arc<Told>,
    /// Mails that came back and were looked at in this life.
    looked_back: HashSet<(String, String)>,
    alarms: Alarms,
    /// Nothing in a drill, whose clock jumps over what would be too long.
    watch: Option<Watch>,
    looked_ms: i64,
    courier: Courier,
}

/// What a [`Teller`] is made of.
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) config: Current,
    pub(crate) register: Register,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mode: Mode,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) links: Arc<Links>,
    pub(crate) told: Arc<Told>,
}

impl Teller {
    /// Reads what was told before.
    pub(crate) fn new(parts: Parts) -> Result<Self, JournalError> {
        let post = Arc::new(post::Platforms::new(
            parts.engine.integrations().clone(),
            parts.config.clone(),
            Some(parts.links.clone()),
        ));
        Self::through(parts, post)
    }

    fn through(parts: Parts, post: Arc<dyn Post>) -> Result<Self, JournalError> {
        let (book, alarms) = Book::open(parts.journal.clone(), parts.told.clone())?;
        let courier = Courier::new(post, parts.clock.clone(), parts.metrics.clone(), AT_ONCE);
        let watch = (parts.mode != Mode::Drill).then(|| Watch::new(&parts.config.attention));
        Ok(Self {
            engine: parts.engine,
            journal: parts.journal,
            config: parts.config,
            register: parts.register,
            clock: parts.clock,
            mode: parts.mode,
            metrics: parts.metrics,
            book,
            told: parts.told,
            looked_back: HashSet::new(),
            alarms,
            watch,
            looked_ms: i64::MIN,
            courier,
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
            self.metrics.mute.store(true, std::sync::atomic::Ordering::Relaxed);
            tracing::error!(%error, "nobody is told any more");
        }
        self.courier.finish().await;
    }

    async fn follow(&mut self) -> Result<(), JournalError> {
        for intent in self.book.unfinished() {
            self.send(intent, Delivery::Doubtful);
        }
        self.watch_open_runs().await;
        let told = self.told.clone();
        let mut follower = self.journal.follow("run/", self.book.place());
        // Incidents have few entries, and what was told of their clocks is known by its key: they are read anew.
        let mut incidents = self.journal.follow("incident/", Cursor::START);
        loop {
            let entry = tokio::select! {
                entry = follower.next_async() => Some(entry?),
                entry = incidents.next_async() => {
                    let clock = alarm::said(&entry?, |id| self.incident(id).ok().flatten());
                    clock.into_iter().for_each(|clock| self.alarms.add(clock));
                    None
                }
                () = told.another() => None,
                () = tokio::time::sleep(LOOK) => None,
            };
            if let Some(entry) = entry {
                self.read(&entry, follower.cursor()).await?;
            }
            let letters = self.instead();
            self.write(letters, follower.cursor()).await?;
            for need in self.look_at_watched() {
                self.write(self.letters(&need), follower.cursor()).await?;
            }
            for (clock, need) in self.alarms.due(clock::now(&self.clock)) {
                if !self.is_settled(&clock)? {
                    self.write(self.letters(&need), follower.cursor()).await?;
                }
            }
        }
    }

    /// The runs that are there already: what they wait for may have lasted long, and what they hold may be about to end.
    async fn watch_open_runs(&mut self) {
        let Some(watch) = &mut self.watch else { return };
        let engine = self.engine.clone();
        let runs = tokio::task::spawn_blocking(move || open_runs(&engine)).await.unwrap_or_default();
        runs.into_iter().for_each(|run| watch.touch(run));
    }

    /// What is to be said of runs that wait too long or hold what is about to end.
    fn look_at_watched(&mut self) -> Vec<Need> {
        let Some(watch) = &mut self.watch else { return Vec::new() };
        let now_ms = clock::now(&self.clock).as_millisecond();
        if self.looked_ms.saturating_add(LOOK_MS) > now_ms && self.looked_ms <= now_ms {
            return Vec::new();
        }
        self.looked_ms = now_ms;
        for run in watch.take_touched() {
            if let Ok(view) = self.engine.view(&run) {
                watch.look(run, &view, now_ms);
            }
        }
        watch.due(now_ms)
    }

    /// Takes one entry of a run's stream.
    async fn read(&mut self, entry: &Entry, place: Cursor) -> Result<(), JournalError> {
        if let Some(watch) = &mut self.watch {
            watch.read(entry);
        }
        if let Some(clock) = alarm::started(entry) {
            self.book.clock(&clock, place).await?;
            self.alarms.add(clock);
        }
        let letters = self.letters_of(entry);
        if !letters.is_empty() {
            self.write(letters, place).await?;
        } else if place.position().saturating_sub(self.book.place().position()) > MARK_EVERY {
            self.book.mark(place).await?;
        }
        Ok(())
    }

    /// Whether people said of this clock that its notice was sent, that none is owed, or that it counts from another moment.
    fn is_settled(&self, clock: &alarm::Clock) -> Result<bool, JournalError> {
        let of_run = || self.engine.view(&RunId(clock.run.clone())).ok()?.incident;
        let Some(id) = clock.incident.clone().or_else(of_run) else { return Ok(false) };
        let Some(incident) = self.incident(&id)? else { return Ok(false) };
        let deadline = incident::deadline_id(&clock.started);
        let moved = incident.moved.iter().rev().find(|moved| moved.deadline == deadline);
        let elsewhere = moved.is_some_and(|moved| moved.due != clock.started.due);
        Ok(elsewhere || incident.settled(&deadline).is_some())
    }

    fn incident(&self, id: &str) -> Result<Option<Incident>, JournalError> {
        Ok(Incident::of(&self.journal.read(&StreamId::incident(id), 1, 10_000)?))
    }

    /// What this entry asks of people, if it still does: on the way through old entries most of it is long settled. All of
    /// it is written down at once, so that a restart forgets none.
    fn letters_of(&self, entry: &Entry) -> Vec<Letter> {
        let Some(view) = need::may_ask(entry).and_then(|run| self.engine.view(&run).ok()) else {
            return Vec::new();
        };
        let mut letters = need::of(entry, &view).map_or_else(Vec::new, |need| self.letters(&need));
        letters.extend(owner::letters(entry, &view, &self.register, &self.config, &letters));
        letters
    }

    /// Through what this is told. Who broke the glass is told of to those who were asked too, whoever else is named for it.
    fn ways(&self, need: &Need) -> Vec<String> {
        let of = |event: &str| self.config.tell.get(event).cloned().unwrap_or_default();
        let mut ways = of(need.event);
        if ways.is_empty() || need.event == "break_glass" {
            ways.extend(of(need.instead));
        }
        if ways.is_empty() {
            ways = of("approval");
        }
        let mut seen = std::collections::BTreeSet::new();
        ways.retain(|way| seen.insert(way.clone()));
        ways
    }

    /// What is said to others because a mail came back: through the ways of what is stuck, or any other that is left. A way
    /// whose mail came back is none.
    fn instead(&mut self) -> Vec<Letter> {
        let news = self.told.news(clock::now(&self.clock));
        let dead: Vec<&str> = news.iter().map(|(back, _)| back.way.as_str()).collect();
        let mut letters = Vec::new();
        for (back, sent) in &news {
            if !self.looked_back.insert((back.key.clone(), back.way.clone())) {
                continue;
            }
            let waits =
                sent.as_ref().and_then(|sent| sent.card.as_deref()).and_then(|card| self.waiting(card));
            let need = need::came_back(back, sent.as_ref(), waits);
            let usual = self.ways(&need);
            let any = self.config.tell.values().flatten().cloned();
            let left = |way: &String| !dead.contains(&way.as_str());
            let mut ways: Vec<String> = usual.into_iter().filter(left).collect();
            if ways.is_empty() {
                ways = any.filter(left).take(1).collect();
            }
            if ways.is_empty() {
                tracing::error!(
                    way = back.way,
                    said = back.said,
                    "a mail came back, and nobody else can be told"
                );
            }
            letters.extend(ways.into_iter().map(|way| Letter {
                key: need.key.clone(),
                way,
                text: need.text.clone(),
                offer: need.offer.clone(),
                who: None,
            }));
        }
        letters
    }

    /// What a card asks, if it still does.
    fn waiting(&self, card: &str) -> Option<Need> {
        let (run, wait) = card.split_once(':')?;
        need::open(wait, &self.engine.view(&RunId(run.to_owned())).ok()?)
    }

    async fn write(&mut self, letters: Vec<Letter>, place: Cursor) -> Result<(), JournalError> {
        let at = clock::now(&self.clock);
        let new =
            letters.into_iter().filter(|letter| !self.book.knows(&letter.key, &letter.way)).map(|letter| {
                let message = message(&letter.way, &letter.text, self.mode, &self.config);
                Intent {
                    key: letter.key,
                    way: letter.way,
                    subject: message.subject,
                    text: message.text,
                    offer: letter.offer,
                    who: letter.who,
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

    /// The messages of a need: to whoever the event concerns, and to each of those asked who has a way of their own.
    fn letters(&self, need: &Need) -> Vec<Letter> {
        let letter = |key: String, way: String, who: Option<String>| Letter {
            key,
            way,
            text: need.text.clone(),
            offer: need.offer.clone(),
            who,
        };
        let all = self.ways(need).into_iter().map(|way| letter(need.key.clone(), way, None));
        let asked = if need.offer.is_some() { self.config.people.named(&need.ask) } else { Vec::new() };
        let own = asked.into_iter().flat_map(|name| {
            let ways = self.config.people.known.get(&name).map_or(&[][..], |person| &person.tell);
            let own =
                |way: &String| letter(format!("{}/for/{name}", need.key), way.clone(), Some(name.clone()));
            ways.iter().map(own).collect::<Vec<_>>()
        });
        let letters: Vec<Letter> = all.chain(own).collect();
        if letters.is_empty() {
            tracing::warn!(
                event = need.event,
                text = need.text,
                "a person is needed, and `tell:` names nobody"
            );
        }
        letters
    }

    fn send(&mut self, intent: Intent, delivery: Delivery) {
        let book = self.book.outcomes();
        self.courier.send(
            intent,
            delivery,
            move |intent, end| async move { book.ended(&intent, &end).await },
        );
    }
}

/// Runs that wait, and those above them: an ended run holds what a child run gives back.
fn open_runs(engine: &Engine) -> Vec<RunId> {
    let rows = engine.runs(true, RUNS).unwrap_or_default();
    let waits = rows.into_iter().filter(|row| row.state != RunState::Running);
    let with_parent = |run: RunId| {
        let parent = engine.view(&run).ok().and_then(|view| view.parent);
        parent.into_iter().chain([run])
    };
    waits.flat_map(|row| with_parent(row.id)).collect()
}

/// The run that an entry belongs to.
fn run_of(entry: &Entry) -> Option<RunId> {
    entry.header.stream.as_run()
}

#[cfg(test)]
mod tests;
