//! The playbooks that can be started.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::api::PlaybookSummary;

use crate::{
    app::App,
    widgets::{self, cut, pad},
    words,
};

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let playbooks = &app.world().playbooks;
    let heading = widgets::heading("PLAYBOOKS", &words::count(playbooks.len(), "playbook"), width, look);
    widgets::lines(&[heading], area, buf);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if playbooks.is_empty() {
        return widgets::lines(&[Line::styled("There is none.", look.faint())], rest, buf);
    }
    let ids: Vec<String> = playbooks.iter().map(|playbook| playbook.slug.clone()).collect();
    let chosen = app.index(&ids);
    let foot = rest.height.saturating_sub(6).min(7);
    let list = Rect { height: rest.height - foot, ..rest };
    widgets::list(ids.len(), chosen, list, look, buf, |index| row(&playbooks[index], index == chosen, app, width));
    let below = Rect { y: list.bottom(), height: foot, ..rest };
    widgets::lines(&detail(&playbooks[chosen], app, width), below, buf);
}

fn row(playbook: &PlaybookSummary, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let held = app.world().status.as_ref().is_some_and(|status| {
        status.paused.iter().any(|scope| *scope == format!("playbook:{}", playbook.slug) || scope == "all")
    });
    let runs = app.world().runs.iter().filter(|run| run.playbook == playbook.slug).count();
    let state = if held { "held back".to_owned() } else { words::count(runs, "run") };
    let room = width.saturating_sub(2 + 28 + 11);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::raw(pad(&playbook.slug, 27, look)),
        Span::styled(format!(" {}", pad(&playbook.title, room, look)), look.faint()),
        Span::raw(format!("{state:>11}")),
    ])
}

fn detail(playbook: &PlaybookSummary, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let version = playbook.version.chars().take(12).collect::<String>();
    let kept = format!("kept by {}, reviewed {}, version {version}", playbook.owner, playbook.reviewed);
    let mut lines = vec![
        Line::default(),
        Line::styled(cut(&playbook.title, width, look), look.strong()),
        Line::styled(cut(&kept, width, look), look.faint()),
    ];
    for when in playbook.starts_when.iter().take(3) {
        lines.push(Line::raw(cut(&format!("starts when {when}"), width, look)));
    }
    if playbook.starts_when.is_empty() {
        lines.push(Line::raw("starts by hand only"));
    }
    lines
}
