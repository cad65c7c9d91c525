//! What only the facilitator sees: what comes next and when, what fails, what is hoped for, what is really so.
//!
//! ```text
//!  PLOT                                                    3 to come, 2 happened
//!  > in 1m 40s   mail from security@drift.example                          at 6m
//!    once        salesforce: 429                     once revoked("salesforce") >= 10
//!    by hand     press from newsdesk@daily.example                    press-asks
//!  TRULY
//!    Drift: 23 grants stand, at stake
//!  HOPED FOR                                                  2 met, 0 late, 5 open
//!    met  T+0:12  evidence comes before the first cut
//! ```
//!
//! Two halves, beside each other where there is room. Every row can be chosen; what does not fit is counted at the foot of
//! its half, and the half in which one stands has the room.

mod rows;

use ratatui::{buffer::Buffer, layout::Rect, text::Line, text::Span};
use stanch_model::api::{Hoped, PlotView};

use self::rows::Row;
pub(super) use self::rows::hope;
use crate::{
    app::{App, to_come},
    look::Look,
    widgets,
};

/// Wide enough for two columns.
const WIDE: u16 = 116;

/// Rows that a half keeps while one stands in the other.
const LEAST: usize = 5;

/// What the keys act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// An entry of the plot that is to come.
    Entry(usize),
    /// A fault that is on.
    Fault(u64),
    /// An entry that happened, or was called off.
    Past(usize),
    /// A line of what is really so.
    Truth(usize),
    /// A move of the adversary, by its place in the list.
    Move(usize),
    /// An expectation, by its place in the list.
    Hope(usize),
    /// What somebody wrote down, by its place in the list.
    Remark(usize),
}

impl Chosen {
    fn of(id: &str) -> Option<Self> {
        let (what, number) = id.split_once(' ')?;
        let at = || number.parse().ok();
        match what {
            "entry" => at().map(Self::Entry),
            "fault" => number.parse().ok().map(Self::Fault),
            "past" => at().map(Self::Past),
            "truth" => at().map(Self::Truth),
            "move" => at().map(Self::Move),
            "hope" => at().map(Self::Hope),
            _ => at().map(Self::Remark),
        }
    }

    /// The part of the screen that it stands in.
    fn part(self) -> u8 {
        match self {
            Self::Entry(_) | Self::Fault(_) => 0,
            Self::Past(_) => 1,
            Self::Truth(_) | Self::Move(_) => 2,
            Self::Hope(_) => 3,
            Self::Remark(_) => 4,
        }
    }
}

/// What is chosen.
pub(crate) fn chosen(app: &App) -> Option<Chosen> {
    Chosen::of(&app.chosen()?)
}

/// The entry of the plot that is chosen, if it is to come.
pub(crate) fn entry(app: &App) -> Option<&PlotView> {
    let Some(Chosen::Entry(nth)) = chosen(app) else { return None };
    to_come(app.drill()?).into_iter().find(|one| one.entry == nth)
}

/// The expectation that is chosen.
pub(crate) fn hoped(app: &App) -> Option<&Hoped> {
    let Some(Chosen::Hope(nth)) = chosen(app) else { return None };
    app.drill()?.hoped.as_ref()?.get(nth)
}

/// What is chosen, in full.
pub(crate) fn whole(app: &App) -> Option<(&'static str, String)> {
    let (chosen, drill) = (chosen(app)?, app.drill()?);
    rows::whole(chosen, drill, drill.behind.as_ref()?)
}

/// Everything that can be chosen, in the order of the screen.
pub(super) fn ids(app: &App) -> Vec<String> {
    let Some(drill) = app.drill() else { return Vec::new() };
    let Some(behind) = &drill.behind else { return Vec::new() };
    let entries = to_come(drill).into_iter().map(|one| format!("entry {}", one.entry));
    let faults = behind.faults.iter().map(|fault| format!("fault {}", fault.id));
    let past = rows::past(behind).into_iter().map(|one| format!("past {}", one.entry));
    let truth = (0..behind.truth.len()).map(|nth| format!("truth {nth}"));
    let moves = (0..behind.adversary.len()).map(|nth| format!("move {nth}"));
    let hopes = (0..drill.hoped.as_ref().map_or(0, Vec::len)).map(|nth| format!("hope {nth}"));
    let remarks = (0..drill.remarks.len()).rev().map(|nth| format!("remark {nth}"));
    entries.chain(faults).chain(past).chain(truth).chain(moves).chain(hopes).chain(remarks).collect()
}

/// The first row of the next part, or of the one before; round and round.
pub(crate) fn part(app: &App, by: isize) -> Option<String> {
    let ids = ids(app);
    let part = |id: &String| Chosen::of(id).map(Chosen::part);
    let mut parts: Vec<u8> = ids.iter().filter_map(part).collect();
    parts.dedup();
    let here = chosen(app).map(Chosen::part)?;
    let at = parts.iter().position(|part| *part == here)? as isize;
    let to = parts[(at + by).rem_euclid(parts.len() as isize) as usize];
    ids.into_iter().find(|id| part(id) == Some(to))
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let Some(drill) = app.drill() else { return };
    let Some(behind) = &drill.behind else { return };
    let chosen = app.chosen();
    let (left, right) = if area.width >= WIDE { widgets::halves(area, 3) } else { (area, area) };
    let plot = rows::plot(app, drill, behind, usize::from(left.width));
    let known = rows::known(app, drill, behind, usize::from(right.width));
    let (left, right) = if area.width >= WIDE {
        (left, right)
    } else {
        let stands = |rows: &[Row]| rows.iter().any(|row| row.id.is_some() && row.id == chosen);
        let height = share(plot.len(), known.len(), usize::from(area.height), stands(&known));
        let height = u16::try_from(height).unwrap_or(area.height);
        (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
    };
    half(&plot, chosen.as_deref(), left, app.look(), buf);
    half(&known, chosen.as_deref(), right, app.look(), buf);
}

/// The rows of the upper half: where both do not fit, the half in which one stands has what the other can spare.
fn share(upper: usize, lower: usize, height: usize, is_lower: bool) -> usize {
    if upper + lower <= height {
        return upper;
    }
    let spared = |wanted: usize| wanted.min((height * 2 / 5).max(LEAST));
    let upper = if is_lower { spared(upper) } else { upper.min(height - spared(lower).min(height)) };
    upper.min(height)
}

/// One half: all of it, or the rows around the chosen one under the heading that they belong to.
fn half(rows: &[Row], chosen: Option<&str>, area: Rect, look: Look, buf: &mut Buffer) {
    let height = usize::from(area.height);
    let at = chosen.and_then(|id| rows.iter().position(|row| row.id.as_deref() == Some(id)));
    let mut put = |y: usize, index: usize| {
        let place = Rect { y: area.y + u16::try_from(y).unwrap_or(u16::MAX), height: 1, ..area };
        row(&rows[index], Some(index) == at, place, look, buf);
    };
    if rows.len() <= height {
        return (0..rows.len()).for_each(|index| put(index, index));
    }
    let Some(room) = height.checked_sub(1).filter(|room| *room > 0) else { return };
    let range = widgets::window(rows.len(), at.unwrap_or(0), room);
    range.clone().enumerate().for_each(|(y, index)| put(y, index));
    let heading = rows[..range.start].iter().rposition(|row| row.id.is_none());
    let heading = heading.filter(|_| rows[range.start].id.is_some() && at != Some(range.start));
    if let Some(heading) = heading {
        put(0, heading);
    }
    // the heading stands where a row would
    let range = range.start + usize::from(heading.is_some())..range.end;
    let hidden = |rows: &[Row]| rows.iter().filter(|row| row.id.is_some()).count();
    let text = match (hidden(&rows[..range.start]), hidden(&rows[range.end..])) {
        (0, below) => format!("  and {below} more below"),
        (above, 0) => format!("  and {above} more above"),
        (above, below) => format!("  and {above} more above, {below} below"),
    };
    let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
    widgets::lines(&[Line::styled(text, look.faint())], foot, buf);
}

fn row(row: &Row, is_chosen: bool, place: Rect, look: Look, buf: &mut Buffer) {
    if row.id.is_none() {
        return widgets::lines(std::slice::from_ref(&row.line), place, buf);
    }
    let mut spans = vec![Span::raw(if is_chosen { "> " } else { "  " })];
    spans.extend(row.line.spans.iter().cloned());
    if is_chosen {
        buf.set_style(place, look.chosen());
        let plain: String = spans.iter().map(|span| span.content.as_ref()).collect();
        return widgets::lines(&[Line::styled(plain, look.chosen())], place, buf);
    }
    widgets::lines(&[Line::from(spans)], place, buf);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_half_in_which_one_stands_has_the_room_and_the_other_is_never_gone() {
        assert_eq!(share(6, 9, 19, false), 6, "where both fit each has what it needs");
        assert_eq!(share(20, 30, 19, false), 12);
        assert_eq!(share(20, 30, 19, true), 7);
        assert_eq!(share(3, 30, 19, true), 3, "what is short gives away what it does not need");
        assert_eq!(share(30, 4, 19, false), 15);
        assert_eq!(share(30, 30, 5, true), 5.min(LEAST));
    }
}
