//! What each command does.

use std::sync::Arc;

use super::{App, Pane, Screen, Scrub, Side};
use crate::{
    ask::{Intent, Order},
    command::Command,
    overlays::{Overlay, Palette, Prompt, Purpose, TextBox, Wish},
    screens,
    world::Place,
};

/// Lines of a page.
const PAGE: isize = 12;

impl App {
    /// Does it.
    pub(super) fn act(&mut self, command: Command) -> Option<Intent> {
        match command {
            Command::Go(screen) => self.go(screen),
            Command::NextScreen => self.turn(1),
            Command::PrevScreen => self.turn(-1),
            Command::Open => return self.open(),
            Command::Back => self.back(),
            Command::Up => self.step(-1),
            Command::Down => self.step(1),
            Command::PageUp => self.step(-PAGE),
            Command::PageDown => self.step(PAGE),
            Command::First => self.step(isize::MIN / 2),
            Command::Last => self.step(isize::MAX / 2),
            Command::NextField => self.field(1),
            Command::PrevField => self.field(-1),
            Command::CardTargets => {
                if let Some(Overlay::Card(card)) = self.overlays.last_mut() {
                    card.listed = !card.listed;
                    card.scroll = 0;
                }
            }
            Command::CardRequests | Command::CardScript | Command::Remind | Command::AskNext => {
                return self.of_card(command);
            }
            Command::NextPart => self.part(1),
            Command::PrevPart => self.part(-1),
            Command::Freeze => self.freeze(),
            Command::Privacy => self.privacy = !self.privacy,
            Command::Clock => self.local = !self.local,
            Command::Palette => self.overlays.push(Overlay::Palette(Palette::default())),
            Command::Help => self.overlays.push(Overlay::Help(0)),
            Command::Quit => self.quit = true,
            Command::Search => self.write("Look for", "words, empty for everything", Purpose::Search),
            Command::NextIncident => self.next_incident(),
            Command::Targets | Command::JournalOf | Command::RunOf => self.visit(command),
            Command::Script | Command::Follow => self.look_at(command),
            Command::Earlier => self.scrub(-1),
            Command::Later => self.scrub(1),
            Command::FarEarlier => self.scrub(-self.tenth()),
            Command::FarLater => self.scrub(self.tenth()),
            _ if command.is_of_drill() => return self.at_seat(command),
            _ => return self.rule(command),
        }
        None
    }

    /// Orders.
    fn rule(&mut self, command: Command) -> Option<Intent> {
        let run = || self.opened_run().map(str::to_owned);
        let order = match command {
            Command::PauseRun => Order::PauseRun(run()?),
            Command::ResumeRun => Order::ResumeRun(run()?),
            Command::RepinRun => Order::Repin(run()?),
            Command::PauseScope => Order::Pause(self.scope()?.0),
            Command::ResumeScope => Order::Resume(self.scope()?.0),
            Command::PauseAll => Order::Pause("all".to_owned()),
            Command::ResumeAll => Order::Resume("all".to_owned()),
            Command::CancelRun => {
                let purpose = Purpose::Cancel(run()?);
                self.write("End the run for good", "why; what is cut stays cut", purpose);
                return None;
            }
            Command::Note => {
                let incident = self.chosen_incident()?;
                self.write("Note on the incident", "what", Purpose::Note(incident));
                return None;
            }
            Command::Sent | Command::Waive => {
                let deadline = self.meant_clock()?;
                let (incident, id, title) =
                    (deadline.incident.clone(), deadline.id.clone(), deadline.title.clone());
                let (label, purpose) = match command {
                    Command::Sent => ("what was sent, and where its proof lies", Purpose::Sent(incident, id)),
                    _ => ("why nothing is owed", Purpose::Waive(incident, id)),
                };
                self.write(&title, label, purpose);
                return None;
            }
            _ => return self.asks_first(command),
        };
        Some(self.order(order))
    }

    pub(super) fn write(&mut self, title: &str, label: &'static str, purpose: Purpose) {
        let (title, text) = (title.to_owned(), String::new());
        self.overlays.push(Overlay::Prompt(Prompt { title, label, text, purpose }));
    }

    fn go(&mut self, screen: Screen) {
        self.screen = screen;
    }

    fn turn(&mut self, by: isize) {
        let screens = self.screens();
        let count = screens.len() as isize;
        let at = screens.iter().position(|screen| *screen == self.screen).unwrap_or(0) as isize;
        self.screen = screens[(at + by).rem_euclid(count) as usize];
    }

    fn field(&mut self, by: isize) {
        if let Some(Overlay::Card(card)) = self.overlays.last_mut() {
            let _nothing = card.step(by);
        }
    }

    /// To the first row of another part of the screen.
    fn part(&mut self, by: isize) {
        if let Some(id) = screens::facilitator::part(self, by) {
            let index = screens::ids(self).iter().position(|one| *one == id).unwrap_or(0);
            let at = self.at_mut();
            at.chosen = Some(id);
            at.index = index;
        }
    }

    fn back(&mut self) {
        if self.overlays.pop().is_some() {
            return;
        }
        let at = self.at_mut();
        at.opened = None;
        at.scroll = 0;
    }

    /// Opens what is chosen.
    fn open(&mut self) -> Option<Intent> {
        if let Some(Overlay::Card(card)) = self.overlays.last_mut() {
            return match card.press() {
                Wish::Close => {
                    self.overlays.pop();
                    None
                }
                Wish::Order(order) => Some(self.order(order)),
                _ => None,
            };
        }
        match (self.screen, self.at().opened.is_some()) {
            (Screen::Now, _) => {
                let card = self.next_card().map(|card| card.id.clone());
                card.into_iter().for_each(|card| self.open_card(&card));
            }
            (Screen::Approvals, _) => {
                let card = self.chosen();
                card.into_iter().for_each(|card| self.open_card(&card));
            }
            (Screen::Runs, true) => self.unfold(),
            (Screen::Journal, _) => self.open_entry(),
            (_, true) => {}
            (_, false) => {
                let chosen = self.chosen();
                let at = self.at_mut();
                at.opened = chosen;
                at.scroll = 0;
            }
        }
        None
    }

    fn open_entry(&mut self) {
        let Some(entry) = screens::journal::chosen(self) else { return };
        let text = serde_json::to_string_pretty(&*entry).unwrap_or_default();
        let title = crate::words::entry::place(&entry);
        let lines = text.lines().flat_map(|line| split(line, 70)).collect();
        self.overlays.push(Overlay::Text(TextBox { title, lines, scroll: 0 }));
    }

    fn next_incident(&mut self) {
        let now = self.foremost().map(|incident| incident.id.clone());
        let open: Vec<String> = self.open_incidents().map(|incident| incident.id.clone()).collect();
        let at = open.iter().position(|id| Some(id) == now.as_ref()).map_or(0, |at| at + 1);
        self.incident = open.get(at % open.len().max(1)).cloned();
    }

    pub(super) fn chosen_incident(&self) -> Option<String> {
        match self.screen {
            Screen::Now => self.foremost().map(|incident| incident.id.clone()),
            _ => self.at().opened.clone().or_else(|| self.chosen()),
        }
    }

    /// From where one is to the run that it is about.
    fn visit(&mut self, command: Command) {
        let run = match self.screen {
            Screen::Now => self.foremost_run().map(str::to_owned),
            Screen::Approvals => {
                let chosen = self.chosen();
                chosen.and_then(|id| self.world().card(&id).map(|card| card.run.clone()))
            }
            Screen::Incidents => {
                let incident = self.at().opened.clone();
                let world = self.world();
                let found = incident.and_then(|id| world.incidents.iter().find(|one| one.id == id));
                found.and_then(|one| world.foremost_run(one)).map(|run| run.id.clone())
            }
            _ => self.opened_run().map(str::to_owned),
        };
        let Some(run) = run else { return };
        if command == Command::JournalOf {
            self.screen = Screen::Journal;
            self.at_mut().search = stanch_model::shortened::short(&run).to_lowercase();
            return;
        }
        let here = self.screen == Screen::Runs;
        self.open_run(run.clone());
        let place = self.runs.entry(run).or_default();
        place.pane = match (command, here, place.pane) {
            (Command::Targets, true, Pane::Targets) => Pane::Steps,
            (Command::Targets, ..) => Pane::Targets,
            _ => Pane::Steps,
        };
        place.chosen = None;
    }

    /// Goes to a run.
    pub(super) fn open_run(&mut self, run: String) {
        self.screen = Screen::Runs;
        let at = self.at_mut();
        at.chosen = Some(run.clone());
        at.opened = Some(run);
    }

    fn look_at(&mut self, command: Command) {
        let Some(run) = self.opened_run().map(str::to_owned) else { return };
        let place = self.runs.entry(run).or_default();
        match command {
            Command::Script => {
                place.side = if place.side == Side::Script { Side::Detail } else { Side::Script };
            }
            _ => {
                place.follow = true;
                place.scrub = None;
                place.chosen = None;
            }
        }
    }

    /// Unfolds the chosen fan-out, or folds it.
    fn unfold(&mut self) {
        let Some(run) = self.opened_run().map(str::to_owned) else { return };
        let Some(chosen) = screens::run::chosen(self) else { return };
        let Some(followed) = self.shown_run(&run) else { return };
        let step = match &chosen {
            Place::Step(address) => address.as_str(),
            Place::Branch(_) => return,
        };
        if followed.tree.branches(step) == 0 {
            return;
        }
        let (step, place) = (step.to_owned(), self.runs.entry(run).or_default());
        place.chosen = Some(step.clone());
        place.follow = false;
        if !place.unfolded.remove(&step) {
            place.unfolded.insert(step);
        }
    }

    fn tenth(&self) -> isize {
        let entries =
            self.opened_run().and_then(|id| self.world().run(id)).map_or(0, |run| run.entries.len());
        isize::try_from(entries / 10).unwrap_or(isize::MAX).max(1)
    }

    /// Shows the run as it was so many entries earlier or later.
    fn scrub(&mut self, by: isize) {
        let Some(id) = self.opened_run().map(str::to_owned) else { return };
        let Some(run) = self.world().followed.get(&id).cloned() else { return };
        let all = run.entries.len();
        let place = self.runs.entry(id).or_default();
        let count = place.scrub.as_ref().map_or(all, |scrub| scrub.count);
        let wanted = count.saturating_add_signed(by).max(1);
        place.scrub = match &place.scrub {
            _ if wanted >= all => None,
            Some(scrub) if wanted > scrub.count => {
                let mut then = (*scrub.then).clone();
                run.entries[scrub.count..wanted].iter().for_each(|entry| then.take(entry));
                Some(Scrub { count: wanted, then: Arc::new(then) })
            }
            _ => Some(Scrub { count: wanted, then: Arc::new(run.at(wanted)) }),
        };
        place.chosen = None;
        place.follow = true;
    }

    /// Moves the choice, or the text of what is open.
    fn step(&mut self, by: isize) {
        if self.screen == Screen::Runs && self.at().opened.is_some() {
            return screens::run::step(self, by);
        }
        if self.screen == Screen::Journal {
            return screens::journal::step(self, by);
        }
        if let Some(farthest) = screens::farthest(self) {
            // the newest letter stands at the foot: up is back from there
            let by = if self.screen == Screen::Inbox { by.saturating_neg() } else { by };
            let at = self.at_mut();
            at.scroll = at.scroll.min(farthest).saturating_add_signed(by).min(farthest);
            return;
        }
        let ids = screens::ids(self);
        let Some(last) = ids.len().checked_sub(1) else { return };
        let index = self.index(&ids).saturating_add_signed(by).min(last);
        let at = self.at_mut();
        at.chosen = Some(ids[index].clone());
        at.index = index;
    }

    /// Where the choice stands in a list; where it stood, when it is gone.
    pub fn index(&self, ids: &[String]) -> usize {
        let at = self.at();
        let found = at.chosen.as_ref().and_then(|chosen| ids.iter().position(|id| id == chosen));
        found.unwrap_or(at.index).min(ids.len().saturating_sub(1))
    }

    /// What is chosen on this screen.
    pub fn chosen(&self) -> Option<String> {
        let ids = screens::ids(self);
        let index = self.index(&ids);
        ids.into_iter().nth(index)
    }
}

/// A long line in pieces.
fn split(line: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    if chars.is_empty() {
        return vec![String::new()];
    }
    chars.chunks(width).map(|piece| piece.iter().collect()).collect()
}
