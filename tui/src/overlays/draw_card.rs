//! ```text
//! +- Approval A2 ------------------------------------------- 13m 02s left -+
//! |  Revoke 14 more grants of Drift                            PERMANENT   |
//! |  Asked by   oauth-app-compromise, line 18; an alert started the run    |
//! |  …                                                                     |
//! |  > [ Not now ]    [ No, because ... ]    [ Yes ]                       |
//! |    Yes needs the app's name:  drift  ______                            |
//! +------------------------------------------------------------------------+
//! ```

use std::collections::BTreeMap;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::run::WaitKind;

use super::{CardBox, Does, Stage, card_facts};
use crate::{
    app::App,
    look::Look,
    widgets,
    words::{self, time},
};

/// The width of the column of labels.
const LABEL: usize = 11;

pub(super) fn draw(card: &CardBox, app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let width = usize::from(if area.width < 84 { area.width } else { area.width.min(92) }).saturating_sub(6);
    let mut body = head(card, width, look);
    let foot = foot(card, app, width);
    let middle: Vec<Line<'static>> = if card.listed {
        targets(card, look, width, usize::from(area.height).saturating_sub(14).max(3))
    } else {
        let is_answered = matches!(card.stage, Stage::Recorded { .. });
        let facts = card_facts::of_card(&card.card, app).into_iter();
        let facts = facts.filter(|(label, _)| !is_answered || *label != card_facts::SILENT);
        facts.flat_map(|(label, text)| fact(label, &text, width, look)).collect()
    };
    // the buttons are always there
    let room = usize::from(area.height).saturating_sub(2 + foot.len());
    let is_tight = body.len() + middle.len() + 1 > room;
    if is_tight {
        body.retain(|line| line.width() > 0);
    }
    body.truncate(room.saturating_sub(1));
    let most = room.saturating_sub(body.len() + usize::from(!is_tight));
    body.extend(fitting(middle, card.scroll, most, look));
    body.extend((!is_tight).then(Line::default));
    body.extend(foot);
    let kind = match card.card.wait.kind {
        WaitKind::Approval => "Approval",
        WaitKind::Manual => "By hand",
        WaitKind::InDoubt => "In doubt",
        WaitKind::Guard => "Guard",
        _ => "Question",
    };
    // once it is answered no time runs out any more
    let runs_out = card.card.wait.due_ms.filter(|_| !matches!(card.stage, Stage::Recorded { .. }));
    let left = runs_out.map_or_else(String::new, |due| {
        let left = due - app.server_ms();
        if left > 0 { format!("{} left", time::length(left)) } else { "time is up".to_owned() }
    });
    let title = format!("{kind} {}", card.card.wait.id);
    let height = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let inside = widgets::frame(&title, &left, height, area, app, buf);
    widgets::lines(&body, Rect { x: inside.x + 2, width: inside.width.saturating_sub(3), ..inside }, buf);
}

/// As many lines as there is room for, from where one scrolled to; what is hidden is counted.
fn fitting(lines: Vec<Line<'static>>, scroll: usize, most: usize, look: Look) -> Vec<Line<'static>> {
    if lines.len() <= most {
        return lines;
    }
    let Some(room) = most.checked_sub(1) else { return Vec::new() };
    let from = scroll.min(lines.len() - room);
    let below = lines.len() - room - from;
    let text = match (from, below) {
        (0, below) => format!("and {below} more: Down"),
        (above, 0) => format!("and {above} above: Up"),
        (above, below) => format!("and {above} above, {below} more: Up, Down"),
    };
    let mut shown: Vec<Line<'static>> = lines.into_iter().skip(from).take(room).collect();
    shown.push(Line::styled(text, look.faint()));
    shown
}

fn head(card: &CardBox, width: usize, look: Look) -> Vec<Line<'static>> {
    let wait = &card.card.wait;
    let word = match wait.kind {
        WaitKind::Approval if card.card.is_permanent() => "PERMANENT",
        WaitKind::Approval => "reversible",
        _ => "",
    };
    let text = if wait.text.is_empty() { &wait.name } else { &wait.text };
    let room = width.saturating_sub(word.len() + 2);
    let mut lines = vec![Line::default()];
    // what is to be done by hand must be read to its end
    let most = if wait.kind == WaitKind::Approval { 3 } else { 9 };
    for (index, row) in widgets::wrap(text, room).into_iter().take(most).enumerate() {
        let mark = if index == 0 { word } else { "" };
        lines.push(Line::from(vec![
            Span::styled(widgets::pad(&row, room + 2, look), look.strong()),
            Span::styled(mark, look.strong()),
        ]));
    }
    lines.push(Line::default());
    lines
}

fn fact(label: &'static str, text: &str, width: usize, look: Look) -> Vec<Line<'static>> {
    let room = width.saturating_sub(LABEL);
    // what fits keeps its columns
    let fits = text.chars().count() <= room;
    let rows = if fits { vec![text.to_owned()] } else { widgets::wrap(text, room) };
    let line = |(index, row): (usize, String)| {
        let label = if index == 0 { label } else { "" };
        Line::from(vec![Span::styled(format!("{label:<LABEL$}"), look.faint()), Span::raw(row)])
    };
    rows.into_iter().take(3).enumerate().map(line).collect()
}

fn targets(card: &CardBox, look: Look, width: usize, room: usize) -> Vec<Line<'static>> {
    let all = &card.card.wait.targets;
    let scroll = card.scroll.min(all.len().saturating_sub(room));
    let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    all.iter().for_each(|target| *kinds.entry((&target.integration, &target.kind)).or_default() += 1);
    let kinds =
        kinds.iter().map(|((integration, kind), n)| format!("{integration} {}", words::count(*n, kind)));
    let kinds: Vec<String> = kinds.collect();
    let mut lines = vec![Line::styled(widgets::cut(&kinds.join(", "), width, look), look.faint())];
    for target in all.iter().skip(scroll).take(room) {
        let what = format!("{} {}", target.integration, target.kind);
        let text = format!("{} {}", widgets::pad(&what, 20, look), target.name());
        lines.push(Line::raw(widgets::cut(&text, width, look)));
    }
    let left = all.len().saturating_sub(scroll + room);
    if left > 0 {
        lines.push(Line::styled(format!("and {left} more: Down"), look.faint()));
    }
    lines
}

fn foot(card: &CardBox, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    match &card.stage {
        Stage::Sending(_) => vec![Line::styled("sending", look.strong()), Line::default()],
        Stage::Recorded { at_ms, recorded, glass: Some(why) } => {
            let at = app.zone().clock(*at_ms);
            let text = format!(
                "BREAK-GLASS recorded {at}, position {}, as {}: {why}",
                recorded.position, recorded.by
            );
            let mut lines: Vec<Line<'static>> =
                widgets::wrap(&text, width).into_iter().map(|row| Line::styled(row, look.bad())).collect();
            lines.push(Line::styled("everybody is told; it stands in the report   Esc close", look.faint()));
            lines
        }
        Stage::Recorded { at_ms, recorded, glass: None } => {
            let again = if recorded.new { "" } else { "; you had said so before" };
            let at = app.zone().clock(*at_ms);
            let text = format!("recorded {at}, position {}, as {}{again}", recorded.position, recorded.by);
            vec![Line::styled(text, look.strong()), Line::styled("Esc close", look.faint())]
        }
        Stage::Refused(trouble) => {
            let mut lines: Vec<Line<'static>> =
                widgets::wrap(&format!("not recorded: {}", trouble.why), width)
                    .into_iter()
                    .map(|row| Line::styled(row, look.bad()))
                    .collect();
            if let Some(help) = &trouble.help {
                lines.extend(widgets::wrap(help, width).into_iter().map(Line::raw));
            }
            lines.push(Line::styled("Enter choose again   Esc close", look.faint()));
            lines
        }
        Stage::Choosing | Stage::Writing => buttons(card, look, width),
    }
}

fn buttons(card: &CardBox, look: Look, width: usize) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    let mut spans: Vec<Span<'static>> = Vec::new();
    for (index, button) in card.buttons.iter().enumerate() {
        let chosen = index == card.focus;
        let text = format!("{}[ {} ]  ", if chosen { "> " } else { "  " }, button.label);
        if spans.iter().map(Span::width).sum::<usize>() + text.len() > width && !spans.is_empty() {
            rows.push(Line::from(std::mem::take(&mut spans)));
        }
        spans.push(Span::styled(text, if chosen { look.strong() } else { ratatui::style::Style::new() }));
    }
    rows.push(Line::from(spans));
    rows.push(field(card, look));
    rows
}

/// The line under the buttons: what is to be typed, or what is needed.
fn field(card: &CardBox, look: Look) -> Line<'static> {
    let writing = card.stage == Stage::Writing;
    let label = match card.chosen() {
        Does::Approve(Some(name)) => format!("  Yes needs the name typed:  {name}  "),
        Does::Deny => "  Why:  ".to_owned(),
        Does::Write => "  Answer:  ".to_owned(),
        _ => match card.needs() {
            Some(name) => {
                return Line::styled(format!("  Yes needs the name typed:  {name}  ______"), look.faint());
            }
            None => return Line::default(),
        },
    };
    let ready = if writing && card.is_written() { "   Enter send" } else { "" };
    let typed = if writing { format!("{}_", card.typed) } else { "______".to_owned() };
    let style = if writing { look.strong() } else { look.faint() };
    Line::from(vec![
        Span::styled(label, look.faint()),
        Span::styled(typed, style),
        Span::styled(ready, look.faint()),
    ])
}
