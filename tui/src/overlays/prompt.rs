//! A line that a person writes: a reason, a note, words to look for.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};
use stanch_model::{
    api::{DrillOrder, Grade, Remark},
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
    /// Narrow the list.
    Search,
    /// Drill: something is written down.
    Observe(Observation),
    /// Facilitator: this expectation counts as that, or as computed.
    Grade(usize, Option<Grade>),
    /// Drill: the next hint.
    Hint,
    /// Drill: the stop word.
    Stop,
    /// Drill: the clock goes ahead.
    Jump,
    /// Drill: something fails.
    Fault,
}

/// What is written down: what kind, and about which goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What kind.
    pub sort: Remark,
    /// The goals of the drill: name and sentence.
    pub goals: Vec<(String, String)>,
    /// The one that it is about, by its place among them.
    pub goal: Option<usize>,
}

impl Observation {
    /// A strength becomes a gap, and back.
    fn turn(&mut self) {
        self.sort = match self.sort {
            Remark::Strength => Remark::Gap,
            Remark::Gap => Remark::Strength,
            Remark::Note => Remark::Note,
        };
    }

    /// About the next goal or the one before; beyond the last about none.
    fn about(&mut self, by: isize) {
        let places = self.goals.len() as isize + 1;
        let at = self.goal.map_or(0, |goal| goal as isize + 1);
        self.goal = usize::try_from((at + by).rem_euclid(places)).ok().and_then(|at| at.checked_sub(1));
    }

    fn name(&self) -> Option<&str> {
        self.goal.and_then(|goal| self.goals.get(goal)).map(|(name, _)| name.as_str())
    }

    fn title(&self) -> &'static str {
        match self.sort {
            Remark::Strength => "Write down a strength",
            Remark::Gap => "Write down a gap",
            Remark::Note => "Write down a note",
        }
    }

    fn label(&self) -> &'static str {
        match self.sort {
            Remark::Strength => "what you saw; Tab makes it a gap",
            Remark::Gap => "what you saw; Tab makes it a strength",
            Remark::Note => "what",
        }
    }

    /// `about contain: Drift cannot reach our data any more   Up Down another goal`.
    fn goal_line(&self) -> String {
        match self.goal.and_then(|goal| self.goals.get(goal)) {
            Some((name, text)) => format!("about {name}: {text}"),
            None => "about no goal; Down names one".to_owned(),
        }
    }
}

/// What an expectation may count as, in the order of Tab.
const GRADES: [Option<Grade>; 4] = [Some(Grade::Met), Some(Grade::Late), Some(Grade::Missed), None];

fn graded(came: Option<Grade>) -> &'static str {
    match came {
        Some(Grade::Met) => "counts as MET: all of its points",
        Some(Grade::Late) => "counts as LATE: half of its points",
        Some(Grade::Missed) => "counts as MISSED: none of its points",
        None => "counts as it was computed",
    }
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
            "down" | "up" => {
                if let Purpose::Observe(observation) = &mut self.purpose {
                    observation.about(if key.name() == "down" { 1 } else { -1 });
                }
                Wish::Nothing
            }
            _ => {
                write(&mut self.text, key);
                Wish::Nothing
            }
        }
    }

    /// To the next of what it can be.
    fn turn(&mut self) {
        match &mut self.purpose {
            Purpose::Observe(observation) => observation.turn(),
            Purpose::Grade(_, came) => {
                let at = GRADES.iter().position(|one| one == came).unwrap_or(0);
                *came = GRADES[(at + 1) % GRADES.len()];
            }
            _ => {}
        }
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
            Purpose::Observe(what) => {
                let goal = what.name().map(str::to_owned);
                Order::Drill(DrillOrder::Remark { sort: what.sort, text, goal })
            }
            Purpose::Grade(expectation, came) => {
                Order::Drill(DrillOrder::Grade { expectation: *expectation, came: *came, why: text })
            }
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
        let (title, label) = match &self.purpose {
            Purpose::Observe(what) => (what.title(), what.label()),
            Purpose::Grade(..) => {
                (self.title.as_str(), "why; it stands in the report beside what was computed")
            }
            _ => (self.title.as_str(), self.label),
        };
        let mut lines = vec![
            Line::default(),
            Line::styled(format!("  {label}"), look.faint()),
            Line::raw(format!("  {shown}_")),
            Line::default(),
        ];
        let mut keys = "  Enter send   Esc leave it".to_owned();
        match &self.purpose {
            Purpose::Observe(what) if !what.goals.is_empty() => {
                lines.push(Line::raw(widgets::cut(&format!("  {}", what.goal_line()), room + 2, look)));
                keys += "   Up Down goal";
            }
            Purpose::Grade(_, came) => {
                lines.push(Line::styled(format!("  {}", graded(*came)), look.strong()));
                keys += "   Tab another grade";
            }
            _ => {}
        }
        lines.push(Line::styled(keys, look.faint()));
        widgets::dialog(title, "", lines, area, app, buf);
    }
}
