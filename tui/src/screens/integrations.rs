//! The integrations: how each has been since the server started, how fast it may be asked, what is left of its budget.
//!
//! ```text
//!  > okta         okta         142 calls   2 failed   ▁▂▁▃▁▁▂  41ms   20/s   budget 480/600
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::api::IntegrationSummary;

use crate::{
    app::App,
    widgets::{self, cut, pad},
    words::{self, time},
};

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let all = &app.world().integrations;
    let heading = widgets::heading("INTEGRATIONS", &words::count(all.len(), "integration"), width, look);
    widgets::lines(&[heading], area, buf);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if all.is_empty() {
        let text = "none: add them to stanch.yaml";
        return widgets::lines(&[Line::styled(text, look.faint())], rest, buf);
    }
    let ids: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
    let chosen = app.index(&ids);
    let foot = rest.height.saturating_sub(6).min(7);
    let list = Rect { height: rest.height - foot, ..rest };
    widgets::list(ids.len(), chosen, list, look, buf, |index| row(&all[index], index == chosen, app, width));
    let below = Rect { y: list.bottom(), height: foot, ..rest };
    widgets::lines(&detail(&all[chosen], app, width), below, buf);
}

/// How it is, in words.
fn state(one: &IntegrationSummary, app: &App) -> (String, bool) {
    let now = app.server_ms();
    let health = &one.health;
    match (&health.pause_until_ms, &health.trouble) {
        _ if one.paused => ("held back".to_owned(), false),
        (Some(until), _) if *until > now => (format!("asks to wait {}", time::about(until - now)), false),
        (_, Some((at, _))) if now - at < 60_000 => (format!("trouble {} ago", time::about(now - at)), true),
        _ if health.calls == 0 => ("not asked yet".to_owned(), false),
        _ => ("well".to_owned(), false),
    }
}

fn row(one: &IntegrationSummary, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let (look, health) = (app.look(), &one.health);
    let (state, bad) = state(one, app);
    let columns = if width >= 100 { 40 } else { 12 };
    let recent: Vec<usize> =
        health.latency_ms.iter().rev().take(columns).rev().map(|ms| *ms as usize + 1).collect();
    let last = health.latency_ms.last().map_or_else(String::new, |ms| format!("{ms}ms"));
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::raw(pad(&one.name, 18, look)),
        widgets::word(pad(&state, 18, look), bad, look),
        Span::raw(format!("{:>12}  ", words::count(usize::try_from(health.calls).unwrap_or(0), "call"))),
        Span::raw(format!("{:>columns$}", look.spark(&recent))),
        Span::styled(format!(" {last:>7}"), look.faint()),
    ])
}

fn detail(one: &IntegrationSummary, app: &App, width: usize) -> Vec<Line<'static>> {
    let (look, health) = (app.look(), &one.health);
    let mut lines = vec![
        Line::default(),
        Line::styled(format!("{}, {}", one.platform, words::count(one.actions, "action")), look.faint()),
    ];
    let rate = health
        .rate
        .map_or_else(|| "as fast as it answers".to_owned(), |rate| format!("{rate:.1} requests a second"));
    let (out, most) = health.in_flight;
    lines.push(Line::raw(cut(&format!("pace       {rate}, {out} of {most} calls out"), width, look)));
    if let Some((left, of)) = health.budget {
        let gauge = look.gauge(usize::try_from(left).unwrap_or(0), usize::try_from(of).unwrap_or(0), 10);
        let looks = app.world().budgets.get(&one.name).into_iter().flatten();
        let looks: Vec<usize> = looks.map(|left| usize::try_from(*left).unwrap_or(0)).collect();
        let spark = if looks.len() > 1 { format!("  {}", look.spark(&looks)) } else { String::new() };
        lines.push(Line::raw(cut(
            &format!("budget     {gauge} {left} of {of} requests left{spark}"),
            width,
            look,
        )));
    }
    let mut sorted = health.latency_ms.clone();
    sorted.sort_unstable();
    if let (Some(middle), Some(longest)) = (sorted.get(sorted.len() / 2), sorted.last()) {
        let text =
            format!("latency    {middle}ms in the middle, {longest}ms at most, of the last {}", sorted.len());
        lines.push(Line::raw(cut(&text, width, look)));
    }
    if let Some((at, why)) = &health.trouble {
        let text = format!(
            "trouble    {} of {} calls; at {}: {why}",
            health.failed,
            health.calls,
            app.zone().clock(*at)
        );
        lines.push(Line::raw(cut(&text, width, look)));
    }
    lines
}
