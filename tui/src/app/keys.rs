//! From a key to what it does: the top overlay first, then the command table.

use super::{App, Away};
use crate::{
    ask::{Intent, Order, Recorded, Trouble},
    command,
    event::Key,
    overlays::{Deed, Overlay, Progress, Stage, Wish},
    words::{entry, time},
};

/// Whoever touches no key for so long was away.
const AWAY_MS: i64 = 10 * 60 * 1000;

impl App {
    pub(super) fn key(&mut self, key: &Key) -> Option<Intent> {
        self.back_again();
        self.toast = None;
        let Some(mut top) = self.overlays.pop() else {
            return command::of(key.name(), self).and_then(|command| self.act(command));
        };
        let wish = top.key(key, self);
        if !matches!(wish, Wish::Close | Wish::Do(_) | Wish::CloseAndOrder(_) | Wish::Search(_)) {
            self.overlays.push(top);
        }
        self.grant(wish, key)
    }

    fn grant(&mut self, wish: Wish, key: &Key) -> Option<Intent> {
        match wish {
            Wish::Nothing | Wish::Close => None,
            Wish::Pass => command::of(key.name(), self).and_then(|command| self.act(command)),
            Wish::Do(command) => self.act(command),
            Wish::Order(Order::Drill(order)) | Wish::CloseAndOrder(Order::Drill(order)) => {
                Some(self.order_in_drill(order))
            }
            Wish::Order(order) | Wish::CloseAndOrder(order) => Some(self.order(order)),
            Wish::Search(text) => {
                let at = self.at_mut();
                at.search = text;
                at.chosen = None;
                None
            }
        }
    }

    /// Gives an order; of an answer the open card remembers that it is on its way.
    pub(super) fn order(&mut self, order: Order) -> Intent {
        let number = self.number();
        let answers = matches!(order, Order::Decide(..) | Order::Answer(..) | Order::Resolve(..));
        match self.overlays.last_mut() {
            Some(Overlay::Card(card)) if answers => card.stage = Stage::Sending(number),
            Some(Overlay::Sheet(sheet)) => sheet.progress = Progress::Sending(number),
            _ => self.say("sending", false),
        }
        Intent::Order(number, order)
    }

    /// An order's number.
    pub(super) fn number(&mut self) -> u64 {
        self.orders += 1;
        self.orders
    }

    /// The answer to an order goes to the card that gave it, or to the foot of the screen.
    pub(super) fn done(&mut self, number: u64, done: Result<Recorded, Trouble>) {
        let at_ms = self.now_ms + self.live.ahead_ms;
        let sheet = if done.is_ok() { self.sheet_done(number) } else { None };
        if let (Some(sheet), Some(Overlay::Card(card)), Ok(recorded)) =
            (&sheet, self.overlays.last_mut(), &done)
            && sheet.deed == Deed::BreakGlass(card.card.id.clone())
        {
            let (recorded, glass) = (recorded.clone(), Some(sheet.reason()));
            card.stage = Stage::Recorded { at_ms, recorded, glass };
            return;
        }
        let card = self.overlays.iter_mut().find_map(|overlay| match overlay {
            Overlay::Card(card) if card.stage == Stage::Sending(number) => Some(card),
            _ => None,
        });
        match (card, done) {
            (Some(card), Ok(recorded)) => card.stage = Stage::Recorded { at_ms, recorded, glass: None },
            (Some(card), Err(trouble)) => card.stage = Stage::Refused(trouble),
            (None, Ok(recorded)) => {
                let at = self.zone().clock(at_ms);
                self.say(format!("recorded {at}, position {}, as {}", recorded.position, recorded.by), false);
            }
            (None, Err(trouble)) => self.sheet_refused(number, trouble),
        }
    }

    /// Whoever comes back is told what happened meanwhile.
    fn back_again(&mut self) {
        let (since, before) = (self.key_ms, self.heard_at_key);
        self.key_ms = self.now_ms;
        self.heard_at_key = self.live.heard;
        if since == 0 || self.now_ms - since < AWAY_MS {
            return;
        }
        let new = usize::try_from(self.live.heard - before).unwrap_or(usize::MAX);
        let lines = self.live.journal.iter().rev().take(new);
        let mut tally: Vec<(&'static str, usize)> = Vec::new();
        for said in lines.filter_map(|entry| entry::said(entry)) {
            let word = match said.mark {
                "proven" | "FAILED" | "asks" | "person" | "ended" | "alert" | "residual" => said.mark,
                _ => continue,
            };
            match tally.iter_mut().find(|(known, _)| *known == word) {
                Some((_, count)) => *count += 1,
                None => tally.push((word, 1)),
            }
        }
        let words: Vec<String> = tally.iter().map(|(word, count)| format!("{count} {word}")).collect();
        let words = if words.is_empty() { "nothing happened".to_owned() } else { words.join(", ") };
        let long = time::about(self.now_ms - since);
        self.away = Some(Away { since_ms: since, words: format!("{words} in {long}") });
    }
}
