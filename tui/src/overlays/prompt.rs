//! A line that a person writes: a reason, a note, words to look for.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};
use stanch_model::{
    api::{DrillOrder, Remark},
    duration,
};

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
    /// Drill: something is written down.
    Observe(Remark),
    /// Drill: the next hint.
    Hint,
    /// Drill: the stop word.
    Stop,
    /// Drill: the clock goes ahead.
    Jump,
    /// Drill: something fails.
    Fault,
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
            "tab" => {
                self.turn();
                Wish::Nothing
            }
            _ => {
                write(&mut self.text, key);
                Wish::Nothing
            }
        }
    }

    /// A strength becomes a gap, and back.
    fn turn(&mut self) {
        let other = match self.purpose {
            Purpose::Observe(Remark::Strength) => Remark::Gap,
            Purpose::Observe(Remark::Gap) => Remark::Strength,
            _ => return,
        };
        (self.title, self.label) = match other {
            Remark::Gap => ("Write down a gap".to_owned(), "what you saw; Tab makes it a strength"),
            _ => ("Write down a strength".to_owned(), "what you saw; Tab makes it a gap"),
        };
        self.purpose = Purpose::Observe(other);
    }

    fn enter(&mut self) -> Wish {
        let text = self.text.trim().to_owned();
        let order = match &self.purpose {
            Purpose::Search => return Wish::Search(text),
            Purpose::Hint => Order::Drill(DrillOrder::Hint),
            _ if text.is_empty() => return Wish::Nothing,
            Purpose::Note(incident) => Order::Note(incident.clone(), text),
            Purpose::Sent(incident, deadline) => Order::Sent(incident.clone(), deadline.clone(), text),
            Purpose::Waive(incident, deadline) => Order::Waive(incident.clone(), deadline.clone(), text),
            Purpose::Cancel(run) => Order::Cancel(run.clone(), text),
            Purpose::Undo(run) => Order::Undo(run.clone(), text),
            Purpose::Observe(sort) => Order::Drill(DrillOrder::Remark { sort: *sort, text, goal: None }),
            Purpose::Stop => Order::Drill(DrillOrder::Stop { why: text }),
            Purpose::Jump => {
                let by = duration::parse(&text).ok().and_then(|by| i64::try_from(by.as_secs()).ok());
                let Some(by_s) = by else {
                    self.label = "write 10m or 1h30m";
                    return Wish::Nothing;
                };
                Order::Drill(DrillOrder::Jump { by_s })
            }
            Purpose::Fault => match DrillOrder::fault(&text) {
                Some(order) => Order::Drill(order),
                None => {
                    self.label = "write a platform or an action, then what it answers: okta 429 5m";
                    return Wish::Nothing;
                }
            },
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
