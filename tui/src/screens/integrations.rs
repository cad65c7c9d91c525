//! The integrations: how many actions, whether they are held back.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::api::IntegrationSummary;

use crate::{
    app::App,
    widgets::{self, pad},
    words,
};

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let all = &app.world().integrations;
    let heading = widgets::heading("INTEGRATIONS", &words::count(all.len(), "integration"), width, look);
    widgets::lines(&[heading], area, buf);
    let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if all.is_empty() {
        let text = "none: add them to stanch.yaml";
        return widgets::lines(&[Line::styled(text, look.faint())], list, buf);
    }
    let ids: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
    let chosen = app.index(&ids);
    widgets::list(ids.len(), chosen, list, look, buf, |index| row(&all[index], index == chosen, app));
}

fn row(one: &IntegrationSummary, chosen: bool, app: &App) -> Line<'static> {
    let look = app.look();
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::raw(pad(&one.name, 22, look)),
        Span::styled(pad(&one.platform, 20, look), look.faint()),
        Span::raw(format!("{:<12}", words::count(one.actions, "action"))),
        Span::raw(if one.paused { "held back" } else { "" }),
    ])
}
