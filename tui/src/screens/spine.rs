//! The spine of time under a run: how much happened when, and where people were waited for.
//!
//! ```text
//! 02:40:11 ▁▂▂▆▇▃▁        ▂▂▆█▂  02:56:02
//!          .......AAAAAAAAA.............
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::run::{RunState, WaitKind};

use crate::{
    app::App,
    widgets,
    world::{Followed, millis},
};

/// Columns that the times at both ends take.
const ENDS: usize = 20;

/// Draws it: `whole` is the run as it is now, `count` the entries that are shown of it.
pub(super) fn draw(whole: &Followed, count: usize, app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let width = usize::from(area.width).saturating_sub(ENDS);
    let (Some(first), Some(last)) = (whole.times.first(), whole.times.last()) else { return };
    if width < 10 {
        return;
    }
    let over = whole.view.state == RunState::Ended;
    let end = if over { *last } else { app.server_ms().max(*last) };
    let long = (end - first).max(1);
    let column = |at: i64| {
        let at = (at - first).clamp(0, long);
        usize::try_from(at * (width as i64 - 1) / long).unwrap_or(0)
    };
    let mut heights = vec![0_usize; width];
    whole.times.iter().for_each(|at| heights[column(*at)] += 1);
    let mut waits = vec![' '; width];
    for wait in whole.view.waits.iter().filter(|wait| wait.kind != WaitKind::Child) {
        let closed = wait.closed.as_ref().map_or(end, |closed| closed.at_ms.min(end));
        let (from, to) = (column(millis(&wait.since)), column(closed));
        waits[from..=to.max(from)].fill(if wait.kind.needs_person() { wait.kind.letter() } else { '.' });
    }
    let here = whole.times.get(count.saturating_sub(1)).map_or(width - 1, |at| column(*at));
    if count < whole.entries.len() {
        waits[here] = '^';
    }
    let zone = app.zone();
    let lines = [
        Line::from(vec![
            Span::styled(format!("{} ", zone.clock(*first)), look.faint()),
            Span::raw(look.spark(&heights)),
            Span::styled(format!(" {}", zone.clock(end)), look.faint()),
        ]),
        Line::styled(format!("         {}", waits.iter().collect::<String>()), look.faint()),
    ];
    widgets::lines(&lines, area, buf);
}
