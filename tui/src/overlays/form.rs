//! An entry of a drill's plot as it will come: what is said, by whom, when. Only what was changed is sent.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};
use stanch_model::{
    api::{DrillOrder, PlotView},
    duration,
};

use super::{Wish, written::Written};
use crate::{app::App, ask::Order, command::Command, event::Key, widgets, words::time};

/// Rows of a long text that are in sight.
const ROWS: usize = 8;

/// What a field is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Text,
    From,
    At,
}

impl Part {
    fn label(self) -> &'static str {
        match self {
            Self::Text => "what they say",
            Self::From => "who says it",
            Self::At => "when, since the start: 8m, 1h30m",
        }
    }
}

/// A field, and what it was before.
#[derive(Clone, Debug)]
struct Field {
    part: Part,
    was: String,
    written: Written,
}

impl Field {
    fn new(part: Part, was: String) -> Self {
        Self { part, written: Written::new(&was), was }
    }

    fn changed(&self) -> Option<String> {
        Some(self.written.now()).filter(|now| now != self.was.trim())
    }
}

/// An entry that is being changed.
#[derive(Clone, Debug)]
pub struct Form {
    title: String,
    entry: usize,
    fields: Vec<Field>,
    focus: usize,
    wrong: Option<&'static str>,
}

impl Form {
    /// The entry as it stands.
    pub fn of_entry(one: &PlotView) -> Self {
        let clock = |due: i64| {
            let due = std::time::Duration::from_secs(u64::try_from(due).unwrap_or(0));
            Field::new(Part::At, duration::format(due))
        };
        let said = one.text.iter().map(|text| Field::new(Part::Text, text.trim_end().to_owned()));
        let from = one.from.iter().map(|from| Field::new(Part::From, from.clone()));
        let fields = said.chain(from).chain(one.due_s.map(clock)).collect();
        Self { title: one.what.clone(), entry: one.entry, fields, focus: 0, wrong: None }
    }

    pub(super) fn key(&mut self, key: &Key) -> Wish {
        match key.name() {
            "ctrl-c" => return Wish::Do(Command::Quit),
            "esc" => return Wish::Close,
            "enter" => return self.send(),
            "tab" | "down" => self.step(1),
            "backtab" | "up" => self.step(-1),
            _ => {
                self.wrong = None;
                if let Some(field) = self.fields.get_mut(self.focus) {
                    field.written.key(key);
                }
            }
        }
        Wish::Nothing
    }

    fn step(&mut self, by: isize) {
        let count = self.fields.len().max(1) as isize;
        self.focus = (self.focus as isize + by).rem_euclid(count) as usize;
    }

    fn send(&mut self) -> Wish {
        let changed =
            |part: Part| self.fields.iter().find(|field| field.part == part).and_then(Field::changed);
        let (text, from, at) = (changed(Part::Text), changed(Part::From), changed(Part::At));
        if [&text, &from].into_iter().flatten().any(String::is_empty) {
            self.wrong = Some("somebody says something; x calls the entry off");
            return Wish::Nothing;
        }
        let at_s = match at.map(|at| duration::parse(&at)) {
            None => None,
            Some(Ok(at)) => i64::try_from(at.as_secs()).ok(),
            Some(Err(_)) => {
                self.wrong = Some("write when as 8m or 1h30m");
                return Wish::Nothing;
            }
        };
        if text.is_none() && from.is_none() && at_s.is_none() {
            return Wish::Close;
        }
        Wish::CloseAndOrder(Order::Drill(DrillOrder::Edit {
            entry: self.entry.to_string(),
            text,
            from,
            at_s,
        }))
    }

    pub(super) fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let look = app.look();
        let width = usize::from(area.width.min(84)).saturating_sub(8);
        let most = usize::from(area.height).saturating_sub(10).clamp(1, ROWS);
        let mut lines = Vec::new();
        for (nth, field) in self.fields.iter().enumerate() {
            let is_here = nth == self.focus;
            let mark = if is_here { ">" } else { " " };
            lines.push(Line::styled(format!("{mark} {}", field.part.label()), look.faint()));
            let rows = field.written.rows(width, is_here, most);
            lines.extend(rows.into_iter().map(|row| {
                let row = format!("    {row}");
                if is_here { Line::styled(row, look.strong()) } else { Line::raw(row) }
            }));
        }
        lines.push(match self.wrong {
            Some(wrong) => Line::styled(format!("  {wrong}"), look.bad()),
            None => Line::default(),
        });
        lines.push(Line::styled("  Enter send   Tab next field   Esc leave it as it is", look.faint()));
        let due = self.fields.iter().find(|field| field.part == Part::At);
        let aside = due
            .and_then(|_| app.drill())
            .map_or_else(String::new, |_| format!("it is {}", time::since_start(app.drill_s())));
        widgets::dialog(&self.title, &aside, lines, area, app, buf);
    }
}
