//! What reached the players of a drill, the newest last, and the hints that were taken.
//!
//! ```text
//!  INBOX                                                                2 letters
//!  T+6:00   mail       security@drift.example
//!           We see nothing unusual on our side.
//! ```

use ratatui::text::{Line, Span};
use stanch_model::api::{DrillView, Letter};

use crate::{
    app::App,
    widgets::{self, cut},
    words::{self, time},
};

/// Eyes lose the row of a line that is longer.
const LINE: usize = 100;

/// The width of the column of times.
const AT: usize = 9;

/// All of it: the newest stands at the foot.
pub(super) fn text(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    let drill = app.drill()?;
    let count = words::count(drill.inbox.len(), "letter");
    let mut lines = vec![widgets::heading("INBOX", &count, width, app.look())];
    lines.extend(all(drill, app, width.min(LINE)));
    Some(lines)
}

fn all(drill: &DrillView, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    if drill.inbox.is_empty() && drill.hints.is_empty() {
        return vec![Line::styled("Nobody has written or called yet.", look.faint())];
    }
    let mut lines = Vec::new();
    for one in &drill.inbox {
        lines.push(head(one, app, width));
        lines.extend(rows(&one.text, width));
        lines.push(Line::default());
    }
    for (nth, hint) in drill.hints.iter().enumerate() {
        lines.push(Line::styled(format!("{:<AT$}hint {}", "", nth + 1), look.strong()));
        lines.extend(rows(hint, width));
        lines.push(Line::default());
    }
    lines.pop();
    lines
}

/// When, how, from whom.
fn head(one: &Letter, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    Line::from(vec![
        Span::styled(format!("{:<AT$}", time::since_start(one.at_s)), look.faint()),
        Span::styled(format!("{:<11}", one.channel), look.strong()),
        Span::raw(cut(&one.from, width.saturating_sub(AT + 11), look)),
    ])
}

fn rows(text: &str, width: usize) -> Vec<Line<'static>> {
    let rows = widgets::wrap(text, width.saturating_sub(AT));
    rows.into_iter().map(|row| Line::raw(format!("{:<AT$}{row}", ""))).collect()
}
