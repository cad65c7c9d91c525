//! The journal as it grows: every line, or those with certain words. The newest is at the foot.

use std::sync::Arc;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::api::EntryView;

use crate::{
    app::{App, Screen},
    widgets::{self, cut, pad},
    words::{self, entry, time},
    world::millis,
};

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let entries = shown(app);
    let search = app.at().search.as_str();
    let title = if search.is_empty() { "JOURNAL".to_owned() } else { format!("JOURNAL with {search}") };
    let heading = widgets::heading(&title, &aside(app, entries.len()), width, look);
    widgets::lines(&[heading], area, buf);
    let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if entries.is_empty() {
        let text = "No line has come since this terminal joined.";
        return widgets::lines(&[Line::styled(text, look.faint())], list, buf);
    }
    let chosen = index(app, &entries);
    widgets::list(entries.len(), chosen, list, look, buf, |index| {
        row(entries[index], index == chosen, app, width)
    });
}

/// How many lines there are, and how fast they come.
fn aside(app: &App, shown: usize) -> String {
    let world = app.world();
    let recent = world.lately(app.server_ms());
    let sealed = world
        .sealed_ms
        .map_or_else(String::new, |at| format!(", chain sealed {} ago", time::about(app.server_ms() - at)));
    format!("{}, {}.{} a second{sealed}", words::count(shown, "line"), recent / 10, recent % 10)
}

/// The lines that are listed, oldest first.
fn shown(app: &App) -> Vec<&Arc<EntryView>> {
    let wanted = app.places.get(&Screen::Journal).map_or("", |at| at.search.as_str()).to_lowercase();
    let all = app.world().journal.iter();
    if wanted.is_empty() {
        return all.collect();
    }
    all.filter(|line| holds(line, &wanted)).collect()
}

fn holds(line: &EntryView, wanted: &str) -> bool {
    let said = entry::always(line);
    let words = format!("{} {} {} {} {}", line.stream, line.kind, said.mark, said.text, said.at);
    words.to_lowercase().contains(wanted)
}

/// A line's id: its stream and its place in it.
fn id(line: &EntryView) -> String {
    format!("{} {}", line.stream, line.version)
}

/// Where the choice stands: at the foot unless chosen.
fn index(app: &App, entries: &[&Arc<EntryView>]) -> usize {
    let last = entries.len().saturating_sub(1);
    let Some(chosen) = &app.at().chosen else { return last };
    let Some((stream, version)) = chosen.rsplit_once(' ') else { return last };
    let version: u64 = version.parse().unwrap_or(0);
    entries.iter().rposition(|line| line.version == version && line.stream == stream).unwrap_or(last)
}

/// The line that is chosen.
pub(crate) fn chosen(app: &App) -> Option<Arc<EntryView>> {
    let entries = shown(app);
    entries.get(index(app, &entries)).map(|line| Arc::clone(line))
}

/// Moves the choice; at the foot it follows.
pub(crate) fn step(app: &mut App, by: isize) {
    let entries = shown(app);
    let Some(last) = entries.len().checked_sub(1) else { return };
    let to = index(app, &entries).saturating_add_signed(by).min(last);
    let chosen = (to != last).then(|| id(entries[to]));
    app.at_mut().chosen = chosen;
}

fn row(line: &EntryView, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let said = entry::always(line);
    let room = width.saturating_sub(2 + 9 + 9 + 21);
    let text = if said.at.is_empty() { said.text } else { format!("{} {}", said.at, said.text) };
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::styled(format!("{} ", app.zone().clock(millis(&line.time))), look.faint()),
        widgets::word(format!("{:<9}", said.mark), said.bad, look),
        Span::raw(pad(&text, room, look)),
        Span::styled(format!(" {:>20}", cut(&entry::place(line), 20, look)), look.faint()),
    ])
}
