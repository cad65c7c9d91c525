//! A line that a person writes: a reason, a note, words to look for.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{Wish, write};
use crate::{app::App, ask::Order, command::Command, event::Key, widgets};

/// What the line is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A note on this incident.
    Note(String),
    /// The notice of this clock was sent.
    Sent(String, String),
    /// This clock owes nobody anything.
    Waive(String, String),
    /// End this run.
    Cancel(String),
    /// Take back what it cut.
    Undo(String),
    /// Narrow the list.
    Search,
}

/// A line that is being written.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What it is about.
    pub title: String,
    /// What is asked for.
    pub label: &'static str,
    /// What is written so far.
    pub text: String,
    /// What for.
    pub purpose: Purpose,
}

impl Prompt {
    pub(super) fn key(&mut self, key: &Key) -> Wish {
        match key.name() {
            "ctrl-c" => Wish::Do(Command::Quit),
            "esc" => Wish::Close,
            "enter" => self.enter(),
            _ => {
                write(&mut self.text, key);
                Wish::Nothing
            }
        }
    }

    fn enter(&self) -> Wish {
        let text = self.text.trim().to_owned();
        let order = match &self.purpose {
            Purpose::Search => return Wish::Search(text),
            _ if text.is_empty() => return Wish::Nothing,
            Purpose::Note(incident) => Order::Note(incident.clone(), text),
            Purpose::Sent(incident, deadline) => Order::Sent(incident.clone(), deadline.clone(), text),
            Purpose::Waive(incident, deadline) => Order::Waive(incident.clone(), deadline.clone(), text),
            Purpose::Cancel(run) => Order::Cancel(run.clone(), text),
            Purpose::Undo(run) => Order::Undo(run.clone(), text),
        };
        Wish::CloseAndOrder(order)
    }

    pub(super) fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let look = app.look();
        let room = usize::from(area.width.min(84)).saturating_sub(8);
        let shown: String = {
            let chars: Vec<char> = self.text.chars().collect();
            chars[chars.len().saturating_sub(room)..].iter().collect()
        };
        let lines = vec![
            Line::default(),
            Line::styled(format!("  {}", self.label), look.faint()),
            Line::raw(format!("  {shown}_")),
            Line::default(),
            Line::styled("  Enter send   Esc leave it", look.faint()),
        ];
        widgets::dialog(&self.title, "", lines, area, app, buf);
    }
}
