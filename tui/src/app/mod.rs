//! The application as data: what is known, what is shown, where one stands. Moments go in, intents come out.
//!
//! It never draws, never asks anybody anything itself and never reads a clock: the same moments give the same screens.

mod act;
mod cards;
mod drill;
mod incidents;
mod keys;
mod may;
mod place;
mod sheets;
mod vendors;
mod want;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::tz::TimeZone;
use stanch_model::api::{DrillView, IncidentSummary};

pub(crate) use drill::to_come;
pub use place::{At, Pane, RunPlace, Scrub, Side};

use crate::{
    ask::{Ask, Intent, Told},
    command::Context,
    event::{Event, Moment},
    look::Look,
    overlays::Overlay,
    words::time::Zone,
    world::World,
};

/// The screens, in the order of their tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Screen {
    /// What is it, what do I do next.
    Now,
    /// The runs.
    Runs,
    /// Approvals and questions.
    Approvals,
    /// The alerts.
    Alerts,
    /// The incidents.
    Incidents,
    /// Vendors and clocks.
    Vendors,
    /// The journal.
    Journal,
    /// The playbooks.
    Playbooks,
    /// The integrations.
    Integrations,
    /// What reaches the players of a drill.
    Inbox,
    /// What only the facilitator of a drill sees.
    Facilitator,
    /// How a drill came out.
    Debrief,
}

impl Screen {
    /// Those that every server has.
    pub const ALWAYS: [Screen; 9] = [
        Screen::Now,
        Screen::Runs,
        Screen::Approvals,
        Screen::Alerts,
        Screen::Incidents,
        Screen::Vendors,
        Screen::Journal,
        Screen::Playbooks,
        Screen::Integrations,
    ];

    /// As on its tab.
    pub fn word(self) -> &'static str {
        match self {
            Screen::Now => "Now",
            Screen::Runs => "Runs",
            Screen::Approvals => "Approvals",
            Screen::Alerts => "Alerts",
            Screen::Incidents => "Incidents",
            Screen::Vendors => "Vendors",
            Screen::Journal => "Journal",
            Screen::Playbooks => "Playbooks",
            Screen::Integrations => "Integrations",
            Screen::Inbox => "Inbox",
            Screen::Facilitator => "Facilitator",
            Screen::Debrief => "Debrief",
        }
    }
}

/// What never changes while it runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the terminal can show.
    pub look: Look,
    /// Where the server is, for people.
    pub place: String,
    /// This place's clock.
    pub zone: TimeZone,
    /// Set while a recording is shown: what it is called.
    pub recording: Option<String>,
    /// True in a seat of a drill.
    pub drill: bool,
}

/// A remark that goes away by itself, unless it is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What.
    pub text: String,
    /// True for what went wrong.
    pub bad: bool,
    /// Until when, Unix ms.
    pub until_ms: i64,
}

/// What happened while nobody was at the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Away {
    /// Since when, Unix ms.
    pub since_ms: i64,
    /// In words.
    pub words: String,
}

/// The application.
#[derive(Debug)]
pub struct App {
    /// What never changes.
    pub options: Options,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The moment of the last event, Unix ms.
    pub now_ms: i64,
    /// What the server told.
    pub live: World,
    /// What is shown instead while the picture is frozen, and since when.
    pub frozen: Option<(Box<World>, i64)>,
    /// The screen.
    pub screen: Screen,
    /// Where one stands on each.
    pub places: BTreeMap<Screen, At>,
    /// Where one stands in each run.
    pub runs: BTreeMap<String, RunPlace>,
    /// What lies over the screen, the last on top.
    pub overlays: Vec<Overlay>,
    /// Names and ids are hidden.
    pub privacy: bool,
    /// The clock of this place instead of UTC.
    pub local: bool,
    /// Which of the open incidents Now shows; the foremost unless chosen.
    pub incident: Option<String>,
    /// A remark.
    pub toast: Option<Toast>,
    /// What happened while one was away.
    pub away: Option<Away>,
    /// Letters of the drill that were seen.
    pub letters: usize,
    /// True once the person leaves.
    pub quit: bool,
    heard_at_key: u64,
    key_ms: i64,
    orders: u64,
    stale: BTreeSet<Ask>,
    asked: BTreeMap<Ask, i64>,
    flying: BTreeSet<Ask>,
    refused: BTreeSet<Ask>,
}

impl App {
    /// An application that knows nothing yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            size: (80, 24),
            now_ms: 0,
            live: World::default(),
            frozen: None,
            screen: Screen::Now,
            places: BTreeMap::new(),
            runs: BTreeMap::new(),
            overlays: Vec::new(),
            privacy: false,
            local: false,
            incident: None,
            toast: None,
            away: None,
            letters: 0,
            quit: false,
            heard_at_key: 0,
            key_ms: 0,
            orders: 0,
            stale: BTreeSet::new(),
            asked: BTreeMap::new(),
            flying: BTreeSet::new(),
            refused: BTreeSet::new(),
        }
    }

    /// Takes an event.
    pub fn on(&mut self, moment: Moment) -> Vec<Intent> {
        self.now_ms = moment.at_ms;
        let mut intents = Vec::new();
        match moment.event {
            Event::Key(key) => intents.extend(self.key(&key)),
            Event::Size(width, height) => self.size = (width, height),
            Event::Tick => {}
            Event::Link(link) => self.linked(link),
            Event::Entry(entry) => {
                self.stales(&entry);
                self.live.heard(*entry, moment.at_ms);
            }
            Event::Told(told) => {
                self.flying.remove(&told.ask());
                let before = self.live.drill.clone();
                let joined = self.live.status.is_none();
                if let Told::UndoPlan(plan) = *told {
                    self.undo_planned(&plan);
                    self.settle();
                    return self.wants();
                }
                let is_of_cards = matches!(*told, Told::Approvals(_) | Told::Questions(_));
                self.live.told(*told, moment.at_ms);
                self.turns(before.as_deref());
                if joined {
                    self.compares();
                }
                if is_of_cards {
                    self.refresh_card();
                }
            }
            Event::Untold(ask @ Ask::UndoPlan(_), trouble) => self.undo_untold(&ask, trouble),
            Event::Untold(ask, trouble) => {
                self.flying.remove(&ask);
                if trouble.refused {
                    self.say(trouble.why, true);
                    self.refused.insert(ask);
                }
            }
            Event::Done(number, done) => self.done(number, done),
            Event::Begun(number, begun) => self.begun(number, begun),
            Event::Ordered(done) => self.ordered(done),
        }
        self.settle();
        intents.extend(self.wants());
        intents
    }

    /// True while something is expected soon: time should pass in small steps.
    pub fn is_busy(&self) -> bool {
        !self.flying.is_empty() || !self.stale.is_empty()
    }

    /// What is shown: frozen or not.
    pub fn world(&self) -> &World {
        self.frozen.as_ref().map_or(&self.live, |(world, _)| world)
    }

    /// The server's clock, Unix ms.
    pub fn server_ms(&self) -> i64 {
        let now = self.frozen.as_ref().map_or(self.now_ms, |(_, since)| *since);
        match &self.world().drill {
            Some(drill) => drill.clock.shows(now),
            None => now + self.world().ahead_ms,
        }
    }

    /// The drill, if one sits in one.
    pub fn drill(&self) -> Option<&DrillView> {
        self.world().drill.as_deref()
    }

    /// Seconds since the drill began.
    pub fn drill_s(&self) -> i64 {
        self.drill().map_or(0, |drill| (self.server_ms() - drill.start_ms) / 1000)
    }

    /// The screens that there are now, in the order of their tabs.
    pub fn screens(&self) -> Vec<Screen> {
        let mut screens = Screen::ALWAYS.to_vec();
        if let Some(drill) = self.drill() {
            let own = [
                (Screen::Debrief, drill.debrief.is_some()),
                (Screen::Facilitator, drill.behind.is_some()),
                (Screen::Inbox, true),
            ];
            let there = own.into_iter().filter(|(_, there)| *there);
            screens.splice(1..1, there.map(|(screen, _)| screen));
        }
        screens
    }

    /// The clock that people read.
    pub fn zone(&self) -> Zone {
        if self.local { Zone::local(self.options.zone.clone()) } else { Zone::utc() }
    }

    /// What the terminal can show.
    pub fn look(&self) -> Look {
        self.options.look
    }

    /// Where one stands on the screen.
    pub fn at(&self) -> &At {
        const NOWHERE: &At = &At::NOWHERE;
        self.places.get(&self.screen).unwrap_or(NOWHERE)
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self) -> &mut At {
        self.places.entry(self.screen).or_default()
    }

    /// The run that is open on the screen of runs.
    pub fn opened_run(&self) -> Option<&str> {
        self.places.get(&Screen::Runs).and_then(|at| at.opened.as_deref())
    }

    /// The run that Now tells of.
    pub fn foremost_run(&self) -> Option<&str> {
        let world = self.world();
        let incident = self.foremost()?;
        world.foremost_run(incident).map(|run| run.id.as_str())
    }

    /// The incident that Now tells of.
    pub fn foremost(&self) -> Option<&IncidentSummary> {
        let world = self.world();
        let chosen = self.incident.as_deref();
        // one that was closed since is chosen no more
        let is_it = |id, one: &&IncidentSummary| one.id == id && one.closed.is_none();
        let chosen = chosen.and_then(|id| world.incidents.iter().find(|one| is_it(id, one)));
        chosen.or_else(|| world.foremost())
    }

    /// Where the keys go.
    pub fn context(&self) -> Context {
        // the page of keys is of what lies below it
        let below = self.overlays.iter().rev().find(|overlay| !matches!(overlay, Overlay::Help(_)));
        match below {
            Some(Overlay::Card(_)) => Context::Card,
            _ if self.at().opened.is_some() => Context::Opened(self.screen),
            _ => Context::Screen(self.screen),
        }
    }

    /// The card that waits first in the run that Now tells of, or else anywhere.
    pub fn next_card(&self) -> Option<&stanch_model::api::Card> {
        let world = self.world();
        let run = self.foremost_run();
        let of_run = world.cards().find(|card| Some(card.run.as_str()) == run);
        of_run.or_else(|| world.cards().next())
    }

    /// The incidents that are open.
    pub fn open_incidents(&self) -> impl Iterator<Item = &IncidentSummary> {
        self.world().incidents.iter().filter(|incident| incident.closed.is_none())
    }

    /// True while everything is held back.
    pub fn all_held(&self) -> bool {
        self.world().status.as_ref().is_some_and(|status| status.paused.iter().any(|scope| scope == "all"))
    }

    /// The scope that is chosen on the screens of playbooks and integrations, and whether it is held back.
    pub fn scope(&self) -> Option<(String, bool)> {
        let chosen = self.chosen()?;
        let scope = match self.screen {
            Screen::Playbooks => format!("playbook:{chosen}"),
            Screen::Integrations => format!("integration:{chosen}"),
            _ => return None,
        };
        let paused = self.world().status.as_ref().map_or(&[][..], |status| &status.paused);
        let held = paused.contains(&scope);
        Some((scope, held))
    }

    /// Says something at the foot of the screen.
    pub fn say(&mut self, text: impl Into<String>, bad: bool) {
        let stays = if bad { i64::MAX } else { self.now_ms + 6_000 };
        self.toast = Some(Toast { text: text.into(), bad, until_ms: stays });
    }

    /// Says once that server and screens are of different versions: what only one of them knows is not to be seen.
    fn compares(&mut self) {
        let ours = concat!("stanch ", env!("CARGO_PKG_VERSION"));
        let theirs = self.live.status.as_ref().map(|status| status.version.clone());
        if let Some(theirs) = theirs.filter(|theirs| theirs != ours) {
            self.say(
                format!("The server is {theirs}, these screens are {ours}: some of it may not show"),
                false,
            );
        }
    }

    /// What has run its time goes.
    fn settle(&mut self) {
        let now = self.now_ms;
        self.toast.take_if(|toast| toast.until_ms < now);
        if self.screen == Screen::Inbox {
            self.letters = self.drill().map_or(0, |drill| drill.inbox.len());
        }
        if let Some(run) = self.opened_run().map(str::to_owned) {
            self.runs.entry(run).or_default();
        }
    }

    /// Stops the picture, or lets it go on.
    pub(crate) fn freeze(&mut self) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some((Box::new(self.live.clone()), self.now_ms)),
        };
    }

    /// The run as it is shown: now, or at an earlier entry.
    pub fn shown_run(&self, id: &str) -> Option<Arc<crate::world::Followed>> {
        let scrub = self.runs.get(id).and_then(|place| place.scrub.as_ref());
        match scrub {
            Some(scrub) => Some(scrub.then.clone()),
            None => self.world().followed.get(id).cloned(),
        }
    }
}
