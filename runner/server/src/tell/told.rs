//! Who was told of a card, through what and when: what the teller did, for whoever reads the card. It sends nothing itself.

use std::collections::HashMap;

use jiff::Timestamp;
use parking_lot::Mutex;
use stanch_model::api::{CardTold, MailBack, ToldHow};
use stanch_response::returned::Returned;
use tokio::sync::Notify;

use super::{
    back::{Back, Mails, Sent, Spoken},
    book::Intent,
    post::{End, How},
};

/// The messages about each card, by `<run>:<wait>`; and the mails, of which some come back.
#[derive(Default)]
pub(crate) struct Told {
    cards: Mutex<HashMap<String, Vec<(String, CardTold)>>>,
    mails: Mutex<Mails>,
    came_back: Notify,
}

impl Told {
    /// The messages about a card, oldest first.
    pub(crate) fn of(&self, card: &str) -> Vec<CardTold> {
        let told = self.cards.lock();
        told.get(card).into_iter().flatten().map(|(_, one)| one.clone()).collect()
    }

    /// The messages about every card of a run.
    pub(crate) fn of_run(&self, run: &str) -> Vec<CardTold> {
        let told = self.cards.lock();
        let of_it = told.iter().filter(|(card, _)| card.split_once(':').is_some_and(|(of, _)| of == run));
        of_it.flat_map(|(_, all)| all.iter().map(|(_, one)| one.clone())).collect()
    }

    /// A message is about to leave.
    pub(super) fn intended(&self, intent: &Intent) {
        let card = card(intent);
        self.mails.lock().intended(intent, card.clone());
        let Some(card) = card else { return };
        let one = CardTold {
            way: intent.way.clone(),
            who: intent.who.clone(),
            at: intent.at.to_string(),
            how: ToldHow::Sending,
            why: String::new(),
        };
        self.cards.lock().entry(card).or_default().push((intent.key.clone(), one));
    }

    /// It is known what became of it.
    pub(super) fn ended(&self, intent: &Intent, end: &End) {
        let Some(card) = card(intent) else { return };
        let mut told = self.cards.lock();
        let mut all = told.get_mut(&card).into_iter().flatten();
        let is_it = |one: &&mut (String, CardTold)| one.0 == intent.key && one.1.way == intent.way;
        if let Some((_, one)) = all.find(is_it) {
            one.how = match end.how {
                How::Sent => ToldHow::Sent,
                How::Failed => ToldHow::Failed,
                How::InDoubt => ToldHow::InDoubt,
            };
            one.why.clone_from(&end.why);
        }
    }
}

/// What came back.
impl Told {
    /// The mail to our own people that a report speaks of.
    pub(crate) fn spoken_of(
        &self,
        report: &Returned,
        other: impl FnOnce() -> Option<Sent>,
    ) -> Option<Spoken> {
        self.mails.lock().spoken_of(report, other)
    }

    /// A mail came back: whoever reads the card sees that its person did not hear, and the teller goes on.
    pub(crate) fn returned(&self, back: Back) {
        for (key, one) in self.cards.lock().values_mut().flatten() {
            if *key == back.key && one.way == back.way {
                one.how = ToldHow::Failed;
                one.why = format!("it came back: {}", back.said);
            }
        }
        self.mails.lock().returned(back);
        self.came_back.notify_one();
    }

    /// Whether it is known that this mail came back.
    pub(crate) fn is_back(&self, key: &str, way: &str) -> bool {
        self.mails.lock().is_back(key, way)
    }

    /// What came back within the last day, for people.
    pub(crate) fn came_back(&self, now: Timestamp) -> Vec<MailBack> {
        self.mails.lock().shown(now)
    }

    /// The same for the teller.
    pub(super) fn news(&self, now: Timestamp) -> Vec<(Back, Option<Sent>)> {
        self.mails.lock().news(now)
    }

    /// Until another mail came back.
    pub(super) async fn another(&self) {
        self.came_back.notified().await;
    }
}

/// The card that a message is about: that which it offers to answer, or that of its key, `wait/RUN/A1/…`.
fn card(intent: &Intent) -> Option<String> {
    if let Some(offer) = &intent.offer {
        return Some(offer.card.clone());
    }
    let mut parts = intent.key.strip_prefix("wait/")?.split('/');
    Some(format!("{}:{}", parts.next()?, parts.next()?))
}
