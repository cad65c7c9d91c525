//! What was told, in the stream `tell`: intents before, outcomes after, and the place that was read up to.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use stanch_journal::{Cursor, Journal, JournalError};
use stanch_model::Hash;

use super::{
    alarm::{Alarms, Clock},
    post::End,
    told::Told,
};
use crate::{ledger::Ledger, link::Offer};

/// A message that is about to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    /// The need's key.
    pub(crate) key: String,
    /// As in `tell:`.
    pub(crate) way: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) subject: String,
    pub(crate) text: String,
    /// What can be said to it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) offer: Option<Offer>,
    /// The one person it is for: it carries a link by which they answer, which is made when the message leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<String>,
    /// When it was meant, by the engine's clock.
    pub(crate) at: jiff::Timestamp,
}

impl Intent {
    /// The key under which platforms know the message: the same however often it is tried.
    pub(crate) fn idempotency(&self) -> String {
        message_key(&self.key, &self.way)
    }
}

/// The key of the message about this need through this way: a mail's Message-ID begins with it.
pub(crate) fn message_key(key: &str, way: &str) -> String {
    Hash::of(format!("tell\n{key}\n{way}").as_bytes()).to_string()
}

const INTENT: &str = "tell.intent";
const OUTCOME: &str = "tell.outcome";
const CLOCK: &str = "tell.clock";
const PLACE: &str = "tell.place";
pub(crate) const RETURNED: &str = "tell.returned";

/// An entry with the place that was read up to when it was written.
#[derive(Serialize, Deserialize)]
struct Placed<T> {
    place: String,
    #[serde(flatten)]
    what: T,
}

#[derive(Serialize, Deserialize)]
struct Nothing {}

#[derive(Serialize, Deserialize)]
struct Ended {
    key: String,
    way: String,
    #[serde(flatten)]
    end: End,
}

/// What was told.
pub(super) struct Book {
    ledger: Ledger,
    place: Cursor,
    known: HashSet<(String, String)>,
    unfinished: BTreeMap<(String, String), Intent>,
    told: Arc<Told>,
}

/// Writes outcomes, from any task.
#[derive(Clone)]
pub(super) struct Outcomes(Ledger, Arc<Told>);

impl Book {
    /// Reads the stream.
    pub(super) fn open(journal: Arc<dyn Journal>, told: Arc<Told>) -> Result<(Self, Alarms), JournalError> {
        let ledger = Ledger::new(journal, "tell").on_a_full_disk_too();
        let entries = ledger.read()?;
        let mut book =
            Self { ledger, place: Cursor::START, known: HashSet::new(), unfinished: BTreeMap::new(), told };
        let mut clocks = Vec::new();
        for entry in entries {
            match entry.header.kind.as_str() {
                INTENT => entry.decode().into_iter().for_each(|placed| book.fold_intent(placed)),
                OUTCOME => entry.decode().into_iter().for_each(|Ended { key, way, end }| {
                    let intent = book.unfinished.remove(&(key, way));
                    intent.iter().for_each(|intent| book.told.ended(intent, &end));
                }),
                RETURNED => entry.decode().into_iter().for_each(|back| book.told.returned(back)),
                CLOCK => entry.decode().into_iter().for_each(|placed: Placed<Clock>| {
                    book.at(&placed.place);
                    clocks.push(placed.what);
                }),
                PLACE => {
                    entry.decode().into_iter().for_each(|placed: Placed<Nothing>| book.at(&placed.place))
                }
                _ => {}
            }
        }
        let mut alarms = Alarms::default();
        clocks.into_iter().for_each(|clock| alarms.add(clock));
        Ok((book, alarms))
    }

    fn fold_intent(&mut self, placed: Placed<Intent>) {
        self.at(&placed.place);
        let name = (placed.what.key.clone(), placed.what.way.clone());
        self.known.insert(name.clone());
        self.told.intended(&placed.what);
        self.unfinished.insert(name, placed.what);
    }

    fn at(&mut self, place: &str) {
        self.place = place.parse().unwrap_or(self.place).max(self.place);
    }

    /// Where to go on reading.
    pub(super) fn place(&self) -> Cursor {
        self.place
    }

    /// True if this need was told, or was about to be, through this way.
    pub(super) fn knows(&self, key: &str, way: &str) -> bool {
        self.known.contains(&(key.to_owned(), way.to_owned()))
    }

    /// What was about to be sent when the server stopped.
    pub(super) fn unfinished(&mut self) -> Vec<Intent> {
        std::mem::take(&mut self.unfinished).into_values().collect()
    }

    /// Notes what is about to be sent. Durable when this returns: only then may it be sent.
    pub(super) async fn intend(&mut self, intents: &[Intent], place: Cursor) -> Result<(), JournalError> {
        let placed = |what| (INTENT, serde_json::json!(Placed { place: place.to_string(), what }));
        self.ledger.append_all(intents.iter().map(placed)).await?;
        self.place = place;
        intents.iter().for_each(|intent| self.told.intended(intent));
        self.known.extend(intents.iter().map(|intent| (intent.key.clone(), intent.way.clone())));
        Ok(())
    }

    /// Notes a clock: after a restart its start lies before the place.
    pub(super) async fn clock(&mut self, clock: &Clock, place: Cursor) -> Result<(), JournalError> {
        self.ledger.append(CLOCK, &Placed { place: place.to_string(), what: clock }).await?;
        self.place = place;
        Ok(())
    }

    /// Notes the place alone.
    pub(super) async fn mark(&mut self, place: Cursor) -> Result<(), JournalError> {
        self.ledger.append(PLACE, &Placed { place: place.to_string(), what: Nothing {} }).await?;
        self.place = place;
        Ok(())
    }

    /// For the tasks that send.
    pub(super) fn outcomes(&self) -> Outcomes {
        Outcomes(self.ledger.clone(), self.told.clone())
    }
}

impl Outcomes {
    /// Notes what became of a message.
    pub(super) async fn ended(&self, intent: &Intent, end: &End) -> Result<(), JournalError> {
        let ended = Ended { key: intent.key.clone(), way: intent.way.clone(), end: end.clone() };
        self.0.append(OUTCOME, &ended).await?;
        self.1.ended(intent, end);
        Ok(())
    }
}
