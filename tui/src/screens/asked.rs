//! Approvals and questions: what waits for a person, oldest first.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::{api::Card, run::WaitKind, shortened::short};

use crate::{
    app::App,
    overlays::card_facts,
    widgets::{self, cut, pad},
    words::{self, time},
    world::millis,
};

/// Rows of what is asked that are shown below the list.
const TEXT: usize = 3;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let cards: Vec<&Card> = app.world().cards().collect();
    let heading = widgets::heading("WAITS FOR A PERSON", &words::count(cards.len(), "card"), width, look);
    widgets::lines(&[heading], area, buf);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if cards.is_empty() {
        return widgets::lines(&[Line::styled("Nobody is asked anything.", look.faint())], rest, buf);
    }
    let ids: Vec<String> = cards.iter().map(|card| card.id.clone()).collect();
    let chosen = app.index(&ids);
    let foot = if super::is_beside(app) { 0 } else { rest.height.saturating_sub(6).min(8) };
    let list = Rect { height: rest.height - foot, ..rest };
    widgets::list(cards.len(), chosen, list, look, buf, |index| {
        row(cards[index], index == chosen, app, width)
    });
    let below = Rect { y: list.bottom(), height: foot, ..rest };
    widgets::lines(&detail(cards[chosen], app, width), below, buf);
}

fn row(card: &Card, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let (look, wait) = (app.look(), &card.wait);
    let kind = match wait.kind {
        WaitKind::Approval => "yes or no",
        WaitKind::Manual => "by hand",
        WaitKind::InDoubt => "in doubt",
        WaitKind::Guard => "guard",
        _ => "question",
    };
    let left = wait.due_ms.map_or_else(String::new, |due| match due - app.server_ms() {
        left if left > 0 => format!("{} left", time::about(left)),
        _ => "time is up".to_owned(),
    });
    let text = if wait.text.is_empty() { &wait.name } else { &wait.text };
    let end = if left.is_empty() { String::new() } else { format!("{left:>12}") };
    let room = width.saturating_sub(2 + 4 + 10 + end.len());
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::styled(format!("{:<4}", wait.id), look.strong()),
        Span::styled(format!("{kind:<10}"), look.faint()),
        Span::raw(pad(text, room, look)),
        Span::styled(end, look.faint()),
    ])
}

/// What is asked, in as many rows as there are, and who may answer.
fn detail(card: &Card, app: &App, width: usize) -> Vec<Line<'static>> {
    let (look, wait) = (app.look(), &card.wait);
    let asked = if card.asked.is_empty() { &wait.ask } else { &card.asked };
    let since = time::about(app.server_ms() - millis(&wait.since));
    let of = format!("{}, run {}, asked {since} ago", card.title, short(&card.run));
    let text = if wait.text.is_empty() { &wait.name } else { &wait.text };
    let mut lines = vec![Line::default()];
    let rows = widgets::wrap(text, width);
    let cuts = rows.len() > TEXT;
    lines.extend(rows.into_iter().take(TEXT).map(|row| Line::styled(row, look.strong())));
    if cuts {
        lines.push(Line::styled("Enter reads the rest", look.faint()));
    }
    lines.push(Line::styled(cut(&of, width, look), look.faint()));
    if !asked.is_empty() {
        lines.push(Line::raw(cut(&format!("{} may answer", words::list(asked, "or", 5)), width, look)));
    }
    if !wait.targets.is_empty() {
        let names: Vec<String> = wait.targets.iter().map(|target| target.name().to_owned()).collect();
        lines.push(Line::raw(cut(&format!("about {}", words::list(&names, "and", 4)), width, look)));
    }
    lines
}

/// Everything that is known of a card, for beside the list; it is answered on the card itself.
pub(super) fn page(app: &App, id: &str, width: usize) -> Option<Vec<Line<'static>>> {
    let card = app.world().card(id)?;
    let (look, wait) = (app.look(), &card.wait);
    let text = if wait.text.is_empty() { &wait.name } else { &wait.text };
    let word = match (wait.kind, card.is_permanent()) {
        (WaitKind::Approval, true) => "PERMANENT",
        (WaitKind::Approval, false) => "reversible",
        _ => "",
    };
    let rows = widgets::wrap(text, width.saturating_sub(word.len() + 2));
    let mut rows = rows.into_iter();
    let first = widgets::pad(&rows.next().unwrap_or_default(), width.saturating_sub(word.len()), look);
    let mut lines = vec![Line::styled(format!("{first}{word}"), look.strong())];
    lines.extend(rows.map(|row| Line::styled(row, look.strong())));
    lines.push(Line::default());
    for (label, text) in card_facts::of_card(card, app) {
        lines.extend(super::labelled(label, &text, 11, width, look));
    }
    if !wait.targets.is_empty() {
        lines.extend([Line::default(), Line::styled("Targets", look.faint())]);
    }
    for target in &wait.targets {
        let what = format!("{} {}", target.integration, target.kind);
        let text = format!("  {} {}", pad(&what, 22, look), target.name());
        lines.push(Line::raw(cut(&text, width, look)));
    }
    Some(lines)
}
