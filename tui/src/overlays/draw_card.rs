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
use stanch_model::{
    Effect,
    api::{CardProtected, CardTold, ToldHow},
    run::WaitKind,
    shortened::short,
};

use super::{CardBox, Does, Stage};
use crate::{
    app::App,
    look::Look,
    widgets,
    words::{self, time},
    world::millis,
};

/// What stops working.
const BREAKS: &str = "Will break";

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
        let facts = facts(card, app).into_iter();
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
    let left = card.card.wait.due_ms.map_or_else(String::new, |due| {
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

/// What a person must know before saying yes.
fn facts(card: &CardBox, app: &App) -> Vec<(&'static str, String)> {
    let (wait, now) = (&card.card.wait, app.server_ms());
    let run = app.world().run(&card.card.run).filter(|run| run.view.id.is_some());
    let line = run.and_then(|run| run.view.steps.get(&wait.address)).map(|step| step.at.0);
    let line = line.map_or_else(String::new, |line| format!(", line {line}"));
    let started = run.map_or_else(String::new, |run| match run.view.started_by.strip_prefix("alert:") {
        Some(source) => format!("; an alert of {source} started the run"),
        None => format!("; {} started the run", run.view.started_by),
    });
    let zone = app.zone();
    let since = zone.clock(millis(&wait.since));
    let mut facts = vec![("Asked by", format!("{}{line}{started}", card.card.playbook))];
    facts.push(("Since", format!("{since}, run {}", short(&card.card.run))));
    if wait.card {
        facts.push(("Why", "these targets were covered by no earlier yes".to_owned()));
    }
    facts.extend(effects(card));
    if !wait.targets.is_empty() && wait.kind == WaitKind::Approval {
        let count = wait.targets.len();
        facts.push((
            "Covers",
            format!("exactly {}; any other is asked for anew", words::count(count, "target")),
        ));
    } else if !wait.targets.is_empty() {
        facts.push(("About", about(card)));
    }
    let asked = if card.card.asked.is_empty() { &wait.ask } else { &card.card.asked };
    if !asked.is_empty() {
        let many = if wait.of > 1 { format!("{} of ", wait.of) } else { String::new() };
        facts.push(("May answer", format!("{many}{}", words::list(asked, "or", 4))));
    }
    facts.extend(told(card, app));
    if let Some(last) = wait.reminded.last() {
        facts.push(("Reminded", format!("by {} at {}", last.who, zone.clock(last.at_ms))));
    }
    for decision in &wait.decisions {
        if decision.break_glass {
            facts.push(("Said", words::entry::alone(decision, &zone)));
            continue;
        }
        let at = zone.clock(decision.at_ms);
        facts.push(("Said", format!("{} {} at {at}", decision.who, decision.say)));
    }
    if let Some(due) = wait.due_ms {
        facts.push(("If silent", silence(&wait.ladder, &zone.near(due, now))));
    }
    facts
}

/// Who heard of it, through what and when: those of whom that is not sure first.
fn told(card: &CardBox, app: &App) -> Option<(&'static str, String)> {
    let mut told: Vec<&CardTold> = card.card.told.iter().collect();
    told.sort_by_key(|one| one.how == ToldHow::Sent);
    let one = |one: &&CardTold| {
        let at = app.zone().clock(millis(&one.at));
        let who = one.who.as_ref().map_or_else(|| one.way.clone(), |who| format!("{who} by {}", one.way));
        match one.how {
            ToldHow::Sent => format!("{who} {at}"),
            ToldHow::Sending => format!("{who} {at}, on its way"),
            ToldHow::Failed => format!("{who} NOT TOLD: {}", one.why),
            ToldHow::InDoubt => format!("{who} {at}, perhaps"),
        }
    };
    let words: Vec<String> = told.iter().map(one).collect();
    (!words.is_empty()).then(|| ("Told", words::list(&words, "and", 3)))
}

fn effects(card: &CardBox) -> Vec<(&'static str, String)> {
    let may = &card.card.may;
    let mut facts = Vec::new();
    let mut label = "May do";
    for act in may {
        let by_hand = if act.manual { ", by hand" } else { "" };
        facts.push((
            label,
            format!(
                "{:<12} {:<18} {}{by_hand}",
                act.integration,
                act.verb,
                words::count(act.count, &act.kind)
            ),
        ));
        label = "";
    }
    for one in &card.card.breaks {
        let what = if one.what.is_empty() { &one.vendor } else { &one.what };
        let owner = one.owner.as_ref().map_or_else(String::new, |owner| format!("; owner {owner}"));
        facts.push((
            if facts.iter().any(|(label, _)| *label == BREAKS) { "" } else { BREAKS },
            format!("{what}{owner}"),
        ));
    }
    if card.card.wait.kind == WaitKind::Approval {
        let permanent = may.iter().filter(|act| act.effect == Effect::Permanent).count();
        facts.push((
            "Undo",
            match permanent {
                _ if may.is_empty() => "not known: taken for permanent".to_owned(),
                0 => "stanch undo, as long as nobody else holds it".to_owned(),
                _ if permanent == may.len() => "none: it must be granted again by hand".to_owned(),
                _ => "only of what can be taken back; the rest stays cut".to_owned(),
            },
        ));
    }
    let is_approval = card.card.wait.kind == WaitKind::Approval;
    if let Some(protected) = card.card.protected.as_ref().filter(|one| is_approval || !one.met.is_empty()) {
        facts.push(("Protected", on_the_list(protected)));
    }
    facts
}

/// `none of the 14 is on the protected list`, or who is.
fn on_the_list(protected: &CardProtected) -> String {
    let CardProtected { of, met, unread } = protected;
    let met: Vec<String> = met.iter().map(|one| format!("{} ({})", one.target, one.rule)).collect();
    match (met.len(), unread.len()) {
        (0, 0) if *of == 1 => "it is not on the protected list".to_owned(),
        (0, 0) => format!("none of the {of} is on the protected list"),
        (0, _) => format!("none by name; {} is read before each cut", words::list(unread, "and", 2)),
        (count, 0) => format!("{count} of the {of}: {}", words::list(&met, "and", 2)),
        (count, _) => {
            let (met, unread) = (words::list(&met, "and", 2), words::list(unread, "and", 1));
            format!("{count} of the {of}: {met}; {unread} is read before each cut")
        }
    }
}

fn about(card: &CardBox) -> String {
    let names: Vec<String> = card.card.wait.targets.iter().map(|target| target.name().to_owned()).collect();
    words::list(&names, "and", 3)
}

fn silence(ladder: &[String], due: &str) -> String {
    match ladder {
        [] => format!("the time ends at {due}"),
        [last] => format!("at {due} the answer is {}", answer(last)),
        [next, rest @ ..] => {
            let last = rest.last().map_or("", String::as_str);
            format!("{next} is asked at {due}; in the end the answer is {}", answer(last))
        }
    }
}

fn answer(word: &str) -> &str {
    match word {
        "deny" => "no",
        "approve" => "yes",
        other => other,
    }
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
