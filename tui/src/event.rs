//! What can happen to the screen, in one order: keys, time, news of the server, answers to what was asked.
//!
//! Everything that the application ever learns is one of these, with the moment at which it came: a list of them is a
//! recording, and the same list gives the same screens.

use crossterm::event::{Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use serde::{Deserialize, Serialize};
use stanch_model::api::{DrillDone, EntryView};

use crate::ask::{Ask, Begun, Recorded, Told, Trouble};

/// An event and when it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// By this machine's clock, Unix ms: the only clock that the application knows.
    pub at_ms: i64,
    /// What came.
    pub event: Event,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A key was pressed.
    Key(Key),
    /// The terminal has this many columns and rows.
    Size(u16, u16),
    /// Time passes.
    Tick,
    /// How the line to the server is.
    Link(Link),
    /// An entry became durable.
    Entry(Box<EntryView>),
    /// The answer to a question.
    Told(Box<Told>),
    /// A question without an answer.
    Untold(Ask, Trouble),
    /// The answer to an order.
    Done(u64, Result<Recorded, Trouble>),
    /// The answer to an order that begins a run.
    Begun(u64, Result<Begun, Trouble>),
    /// The answer to a seat's order.
    Ordered(Result<DrillDone, Trouble>),
}

/// How the line to the server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// It holds (again).
    Online,
    /// A sign of life.
    Beat,
    /// It broke and is tried again.
    Lost(String),
    /// It cannot be had: no right, another version. Nothing is tried again.
    Refused(String),
}

/// A key by its name: `a`, `A`, `?`, `space`, `enter`, `esc`, `tab`, `backtab`, `up`, `ctrl-c`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key(pub String);

impl Key {
    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The character to be written, if it is one.
    pub fn character(&self) -> Option<char> {
        let mut all = self.0.chars();
        match (self.0.as_str(), all.next(), all.next()) {
            ("space", ..) => Some(' '),
            (_, Some(one), None) => Some(one),
            _ => None,
        }
    }

    fn of(key: KeyEvent) -> Option<Self> {
        let name = match key.code {
            KeyCode::Char(' ') => "space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "enter".to_owned(),
            KeyCode::Esc => "esc".to_owned(),
            KeyCode::Tab => "tab".to_owned(),
            KeyCode::BackTab => "backtab".to_owned(),
            KeyCode::Backspace => "backspace".to_owned(),
            KeyCode::Up => "up".to_owned(),
            KeyCode::Down => "down".to_owned(),
            KeyCode::Left => "left".to_owned(),
            KeyCode::Right => "right".to_owned(),
            KeyCode::Home => "home".to_owned(),
            KeyCode::End => "end".to_owned(),
            KeyCode::PageUp => "pageup".to_owned(),
            KeyCode::PageDown => "pagedown".to_owned(),
            _ => return None,
        };
        let held = key.modifiers.contains(KeyModifiers::CONTROL);
        Some(Self(if held { format!("ctrl-{name}") } else { name }))
    }
}

impl Event {
    /// What the terminal reports, as far as it means something here.
    pub fn of_terminal(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Key(key) if key.kind != KeyEventKind::Release => Key::of(*key).map(Event::Key),
            Raw::Resize(width, height) => Some(Event::Size(*width, *height)),
            _ => None,
        }
    }
}
