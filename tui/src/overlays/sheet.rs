//! A sheet: what would happen, the fields that it needs, and a yes of its own before anything is sent.
//!
//! Nothing is sent by Enter alone. It stays until the server has answered, so that a no stands where it can be mended.

use serde_json::{Map, Value};

use super::{Field, Wish};
use crate::{
    app::App,
    ask::{Begin, Order, Trouble},
    command::Command,
    event::Key,
};

/// What it orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A run of this playbook.
    Start(String),
    /// This card goes, alone.
    BreakGlass(String),
    /// Somebody at the vendor answered this notice.
    Acknowledged(String),
    /// A mail of this notice came back.
    Bounced(String),
    /// What this run cut is taken back.
    Undo(String),
    /// Cuts of this run last longer.
    Extend(String),
    /// This incident is over.
    Close(String),
    /// It is not over after all.
    Reopen(String),
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// What would happen is not known yet.
    Reading,
    /// It cannot be, for this reason.
    Shut(String),
    /// The fields are written.
    Writing,
    /// All is written: only the yes is missing.
    Sure(Box<Order>),
    /// Sent, under this number; nothing came back yet.
    Sending(u64),
}

/// A sheet that is open.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// What it is.
    pub title: String,
    /// At its edge.
    pub aside: String,
    /// What must not be overlooked.
    pub loud: String,
    /// What would happen.
    pub facts: Vec<String>,
    /// What it needs.
    pub fields: Vec<Field>,
    /// What a yes does: `starts it LIVE`.
    pub yes: String,
    /// What it orders.
    pub deed: Deed,
    /// How far it is.
    pub progress: Progress,
    /// The field that is written in.
    pub focus: usize,
    /// Rows of facts that are scrolled away.
    pub scroll: usize,
    /// The server's no, where it names no field; with the way out.
    pub wrong: Option<(String, Option<String>)>,
}

impl Sheet {
    /// An empty one.
    pub fn new(deed: Deed, title: impl Into<String>, yes: &str) -> Self {
        Self {
            title: title.into(),
            aside: String::new(),
            loud: String::new(),
            facts: Vec::new(),
            fields: Vec::new(),
            yes: yes.to_owned(),
            deed,
            progress: Progress::Writing,
            focus: 0,
            scroll: 0,
            wrong: None,
        }
    }

    /// What its keys do.
    pub(super) fn keys(&self) -> &'static str {
        match (&self.progress, self.fields.len()) {
            (Progress::Reading | Progress::Shut(_) | Progress::Sending(_), _) => "Esc close",
            (Progress::Sure(_), _) => "y yes  any other key back",
            (Progress::Writing, 0 | 1) => "Enter go on  Esc leave it",
            (Progress::Writing, _) => "Tab next field  Enter go on  Esc leave it",
        }
    }

    pub(super) fn key(&mut self, key: &Key, app: &App) -> Wish {
        match (&self.progress, key.name()) {
            (_, "ctrl-c") => return Wish::Do(Command::Quit),
            (_, "pageup") => self.scroll = self.scroll.saturating_sub(4),
            (_, "pagedown") => self.scroll += 4,
            (Progress::Sure(order), "y") => return Wish::Order((**order).clone()),
            (Progress::Sure(_), _) => self.progress = Progress::Writing,
            (_, "esc") => return Wish::Close,
            (Progress::Writing, "enter") => self.enter(app),
            (Progress::Writing, "tab" | "down") => self.step(1),
            (Progress::Writing, "backtab" | "up") => self.step(-1),
            (Progress::Writing, _) => {
                self.wrong = None;
                if let Some(field) = self.fields.get_mut(self.focus) {
                    field.key(key);
                }
            }
            _ => {}
        }
        Wish::Nothing
    }

    fn step(&mut self, by: isize) {
        let count = self.fields.len().max(1) as isize;
        self.focus = (self.focus as isize + by).rem_euclid(count) as usize;
    }

    /// Reads every field: the first that is wrong is gone to.
    fn enter(&mut self, app: &App) {
        let mut values = Map::new();
        let mut first = None;
        for (nth, field) in self.fields.iter_mut().enumerate() {
            match field.read(app.server_ms()) {
                Ok(value) => _ = value.map(|value| values.insert(field.name.clone(), value)),
                Err(why) => {
                    field.wrong = Some(why);
                    first = first.or(Some(nth));
                }
            }
        }
        match first {
            Some(nth) => self.focus = nth,
            None => self.progress = Progress::Sure(Box::new(self.order(values))),
        }
    }

    fn order(&self, mut values: Map<String, Value>) -> Order {
        let mut take = |name: &str| values.remove(name).and_then(|value| value.as_str().map(str::to_owned));
        match &self.deed {
            Deed::Start(playbook) => {
                let incident = take(INCIDENT);
                Order::Begin(Begin::Start { playbook: playbook.clone(), input: values, incident })
            }
            Deed::BreakGlass(card) => Order::BreakGlass(card.clone(), take(WHY).unwrap_or_default()),
            Deed::Acknowledged(notice) => Order::Acknowledged(notice.clone(), take(WHY).unwrap_or_default()),
            Deed::Bounced(notice) => {
                let to = take(TO);
                Order::Bounced(notice.clone(), to, take(WHY).unwrap_or_default())
            }
            Deed::Close(incident) => Order::Close(incident.clone(), take(WHY).unwrap_or_default()),
            Deed::Reopen(incident) => Order::Reopen(incident.clone(), take(WHY).unwrap_or_default()),
            Deed::Undo(run) => Order::Begin(Begin::Undo(run.clone(), take(WHY).unwrap_or_default())),
            Deed::Extend(run) => Order::Extend {
                run: run.clone(),
                target: take(TARGET).unwrap_or_default(),
                by: take(LONGER).unwrap_or_default(),
                why: take(WHY),
            },
        }
    }

    /// The server said no: at the field that it names, or else at the foot.
    pub(crate) fn refused(&mut self, trouble: Trouble) {
        self.progress = Progress::Writing;
        let named = trouble.field.as_deref();
        let at = named.and_then(|name| self.fields.iter().position(|field| field.name == name));
        match at {
            Some(nth) => {
                self.focus = nth;
                self.fields[nth].wrong = Some(trouble.why);
            }
            None => self.wrong = Some((trouble.why, trouble.help)),
        }
    }

    /// What was written as the reason.
    pub(crate) fn reason(&self) -> String {
        let why = self.fields.iter().find(|field| field.name == WHY);
        let why = why.and_then(|field| field.read(0).ok().flatten());
        why.and_then(|why| why.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// The incident that a run belongs to. No input of a playbook is called so: it is two words.
pub(crate) const INCIDENT: &str = "of incident";
/// The reason.
pub(crate) const WHY: &str = "why";
/// An address.
pub(crate) const TO: &str = "to";
/// A target.
pub(crate) const TARGET: &str = "target";
/// How much longer.
pub(crate) const LONGER: &str = "longer by";
