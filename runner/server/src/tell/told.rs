//! Who was told of a card, through what and when: what the teller did, for whoever reads the card. It sends nothing itself.

use std::collections::HashMap;

use parking_lot::Mutex;
use stanch_model::api::{CardTold, ToldHow};

use super::{
    book::Intent,
    post::{End, How},
};

/// The messages about each card, by `<run>:<wait>`.
#[derive(Default)]
pub(crate) struct Told(Mutex<HashMap<String, Vec<(String, CardTold)>>>);

impl Told {
    /// The messages about a card, oldest first.
    pub(crate) fn of(&self, card: &str) -> Vec<CardTold> {
        let told = self.0.lock();
        told.get(card).into_iter().flatten().map(|(_, one)| one.clone()).collect()
    }

    /// The messages about every card of a run.
    pub(crate) fn of_run(&self, run: &str) -> Vec<CardTold> {
        let told = self.0.lock();
        let of_it = told.iter().filter(|(card, _)| card.split_once(':').is_some_and(|(of, _)| of == run));
        of_it.flat_map(|(_, all)| all.iter().map(|(_, one)| one.clone())).collect()
    }

    /// A message is about to leave.
    pub(super) fn intended(&self, intent: &Intent) {
        let Some(card) = card(intent) else { return };
        let one = CardTold {
            way: intent.way.clone(),
            who: intent.who.clone(),
            at: intent.at.to_string(),
            how: ToldHow::Sending,
            why: String::new(),
        };
        self.0.lock().entry(card).or_default().push((intent.key.clone(), one));
    }

    /// It is known what became of it.
    pub(super) fn ended(&self, intent: &Intent, end: &End) {
        let Some(card) = card(intent) else { return };
        let mut told = self.0.lock();
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

/// The card that a message is about: that which it offers to answer, or that of its key, `wait/RUN/A1/…`.
fn card(intent: &Intent) -> Option<String> {
    if let Some(offer) = &intent.offer {
        return Some(offer.card.clone());
    }
    let mut parts = intent.key.strip_prefix("wait/")?.split('/');
    Some(format!("{}:{}", parts.next()?, parts.next()?))
}
