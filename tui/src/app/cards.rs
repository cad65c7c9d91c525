//! Cards: opening one, reading what lies behind it, asking those who are asked once more.

use stanch_model::api::Card;

use super::App;
use crate::{
    ask::{Intent, Order, Trouble},
    command::Command,
    overlays::{CardBox, Overlay, Stage, TextBox},
    widgets, words,
};

/// Texts are read in lines of this width.
const PAGE: usize = 70;

impl App {
    /// Opens a card; it must be known.
    pub fn open_card(&mut self, id: &str) {
        let Some(card) = self.world().card(id).cloned() else { return };
        let name = self.name_of(&card);
        self.overlays.push(Overlay::Card(Box::new(CardBox::open(card, &name))));
    }

    /// What must be typed for a yes: the app's name, or else the playbook's.
    fn name_of(&self, card: &Card) -> String {
        let run = self.world().run(&card.run);
        card.name_to_type(run.map_or(&serde_json::Value::Null, |run| &run.view.input))
    }

    /// The card that is open is what the server knows of it by now; one that is answered meanwhile says by whom.
    pub(super) fn refresh_card(&mut self) {
        let Some(open) = self.card().map(|open| (open.card.id.clone(), open.card.clone())) else { return };
        let known = self.live.card(&open.0).cloned().ok_or_else(|| self.answered(&open.1));
        for overlay in &mut self.overlays {
            if let Overlay::Card(card) = overlay {
                return card.now(known);
            }
        }
    }

    /// How a card ended that does not wait any more.
    fn answered(&self, card: &Card) -> Trouble {
        let run = self.live.run(&card.run).map(|run| &run.view);
        let wait = run.and_then(|view| view.waits.iter().find(|wait| wait.id == card.wait.id));
        let closed = wait.and_then(|wait| wait.closed.as_ref());
        let why = match closed {
            Some(_) if wait.is_some_and(|wait| wait.broken().is_some()) => {
                let said = wait.and_then(|wait| wait.broken());
                said.map_or_else(String::new, |said| words::entry::alone(said, &self.zone()))
            }
            Some(closed) if !closed.who.is_empty() => {
                format!("{} said {} at {}", closed.who, closed.say, self.zone().clock(closed.at_ms))
            }
            Some(closed) => format!("it ended at {}: {}", self.zone().clock(closed.at_ms), closed.say),
            None => "it waits no more".to_owned(),
        };
        Trouble { why, refused: true, ..Trouble::default() }
    }

    /// The card that is open.
    pub(crate) fn card(&self) -> Option<&CardBox> {
        self.overlays.iter().find_map(|overlay| match overlay {
            Overlay::Card(card) => Some(&**card),
            _ => None,
        })
    }

    /// True once the answer to the open card is durable: there is nothing more to choose on it.
    pub(super) fn is_answered(&self) -> bool {
        self.card().is_some_and(|card| matches!(card.stage, Stage::Recorded { .. }))
    }

    /// The card that the keys mean: the open one, the chosen one, the next one. As the server knows it now.
    pub(crate) fn meant_card(&self) -> Option<&Card> {
        if let Some(open) = self.card() {
            return self.world().card(&open.card.id);
        }
        match self.screen {
            super::Screen::Approvals => self.chosen().and_then(|id| self.world().card(&id)),
            _ => self.next_card(),
        }
    }

    /// True where somebody else than us is asked, and could hear of it once more.
    pub(super) fn may_remind(&self) -> bool {
        let me = self.world().me.as_ref().map_or("", |me| me.name.as_str());
        self.meant_card().is_some_and(|card| card.asked.iter().any(|name| name != me))
    }

    /// Whoever is asked next, if anybody is.
    pub(crate) fn asked_next(&self) -> Option<&str> {
        self.meant_card()?.next.first().map(String::as_str)
    }

    /// Asks once more, or the next one; shows what a yes would send, or the script.
    pub(super) fn of_card(&mut self, command: Command) -> Option<Intent> {
        let card = self.meant_card()?.clone();
        match command {
            Command::Remind => return Some(self.order(Order::Remind(card.id))),
            Command::AskNext => {
                let name = card.next.first()?.clone();
                return Some(self.order(Order::AskSomeone(card.id, name)));
            }
            Command::CardRequests => self.read("What a yes would send", &requests(&card)),
            _ => self.script_of(&card),
        }
        None
    }

    /// The script of the card's run, at the place where it asks.
    fn script_of(&mut self, card: &Card) {
        let here = self.world().run(&card.run).and_then(|run| run.view.steps.get(&card.wait.address));
        let here = here.map_or(0, |step| step.at.0 as usize);
        let source = self.world().scripts.get(&card.run);
        let Some(text) = source.and_then(|source| source.files.get("main.rhai")) else {
            return self.say("the script is being read; again in a moment", false);
        };
        let line = |(index, row): (usize, &str)| {
            let mark = if index + 1 == here { ">" } else { " " };
            format!("{mark}{:>4} {row}", index + 1)
        };
        let lines = text.lines().enumerate().map(line).collect();
        let title = format!("{}, main.rhai", card.playbook);
        self.overlays.push(Overlay::Text(TextBox { title, lines, scroll: here.saturating_sub(6) }));
    }

    /// Opens a text.
    pub(super) fn read(&mut self, title: &str, text: &str) {
        let lines = widgets::wrap(text.trim_end(), PAGE);
        self.overlays.push(Overlay::Text(TextBox { title: title.to_owned(), lines, scroll: 0 }));
    }
}

/// Everything that a yes lets the playbook send, as far as its manifest tells.
fn requests(card: &Card) -> String {
    if card.may.is_empty() {
        return "Not known: the playbook's manifest names nothing that touches these targets.".to_owned();
    }
    let mut text = String::new();
    for act in &card.may {
        let how = match (act.manual, act.request.is_empty()) {
            (true, _) => "a person does it: the platform has no API for it",
            (_, true) => "the server does not say which",
            _ => act.request.as_str(),
        };
        let times = words::count(act.count, &act.kind);
        let name = if act.action.is_empty() { &act.verb } else { &act.action };
        text += &format!("{}.{name}, {}, for {times}\n{how}\n\n", act.integration, act.effect);
    }
    text += "Each is sent once for each of its targets, and read back. The script decides which of them it sends; \
             nothing else is covered by this yes.";
    text
}
