//! One question per block, in the order of the night: what is it, what do I do next, what is still open, what is due,
//! what just happened. Empty blocks vanish; `NEXT` never does.
//!
//! ```text
//!  HIGH   Drift: token used from an unknown network                   run 8I9O0P1A
//!         NOT CONTAINED YET. 31 of 54 targets proven.
//!
//!  NEXT   You must say yes or no: revoke 14 more grants        asked 2m ago, 13m left
//!         Enter read the card
//!
//!  STILL OPEN                               DEADLINES
//!  14  hubspot grants      being cut        Drift contract  23h 45m  not sent
//!
//!  LAST   02:54:11  proven   grant.revoke …                              salesforce
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::{
    Severity,
    api::{DeadlineView, DrillView, IncidentSummary, MailBack, RunSummary},
    run::RunView,
    shortened::short,
};

use super::{
    next,
    vendors::{clock, clocks},
};
use crate::{
    app::App,
    widgets::{self, cut, pad},
    words::{self, entry, target, time},
    world::{is_over, millis},
};

/// Eyes lose the row of a line that is longer.
const LINE: usize = 130;

/// The width of the column of block names.
pub(super) const LABEL: usize = 7;

/// Mails that came back are named up to so many.
const UNTOLD: usize = 3;

/// The width of the column of what is still open.
const WHAT: usize = 18;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let mut rest = area;
    let mut put = |lines: Vec<Line<'_>>, rest: &mut Rect| {
        if lines.is_empty() {
            return;
        }
        widgets::lines(&lines, *rest, buf);
        let used = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(1).min(rest.height);
        *rest = Rect { y: rest.y + used, height: rest.height - used, ..*rest };
    };
    let width = usize::from(area.width);
    let incident = app.foremost();
    let run = incident.and_then(|incident| app.world().foremost_run(incident));
    put(what(app, incident, run, width), &mut rest);
    if let Some(away) = &app.away {
        // a drill's clock is another than that by which one was away
        let since = match app.drill() {
            Some(_) => String::new(),
            None => format!(" (since {})", app.zone().minute(away.since_ms)),
        };
        let text = format!("{}{since}", away.words);
        put(vec![labelled("AWAY", cut(&text, width - LABEL, app.look()), app)], &mut rest);
    }
    put(untold(app, width), &mut rest);
    put(next::lines(app, run, width), &mut rest);
    let view = run.and_then(|run| app.world().run(&run.id)).map(|run| &run.view);
    let open = view.map_or_else(Vec::new, |view| open(app, view, usize::from(rest.height / 2).max(4)));
    let due = due(app, usize::from(rest.height / 2).max(4), (width / 2).saturating_sub(22).clamp(20, 40));
    if width >= 76 && !open.is_empty() && !due.is_empty() {
        put(beside(open, due, width), &mut rest);
    } else {
        put(open, &mut rest);
        put(due, &mut rest);
    }
    if let Some(drill) = app.drill() {
        // what just happened keeps a row where there is little room
        let letters = if rest.height >= 8 { 2 } else { 1 };
        put(inbox(app, drill, letters, width), &mut rest);
    }
    let last = last(app, run, usize::from(rest.height), width.min(LINE));
    put(last, &mut rest);
}

/// Whom of our own people a mail did not reach: they do not know what it said.
fn untold(app: &App, width: usize) -> Vec<Line<'static>> {
    let back = app.world().status.as_ref().map_or(&[][..], |status| &status.returned);
    let line = |(nth, one): (usize, &MailBack)| {
        let whom = one.who.as_ref().map_or_else(String::new, |who| format!("{who} by "));
        let at = app.zone().clock(millis(&one.at));
        let text = format!("{whom}{}: the mail came back at {at}: {}", one.way, one.said);
        labelled(
            if nth == 0 { "UNTOLD" } else { "" },
            cut(&text, width.saturating_sub(LABEL), app.look()),
            app,
        )
    };
    back.iter().take(UNTOLD).enumerate().map(line).collect()
}

pub(super) fn labelled(label: &str, text: String, app: &App) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{label:<LABEL$}"), app.look().strong()), Span::raw(text)])
}

/// A line whose end stands at the right edge.
pub(super) fn ends(start: Line<'static>, end: &str, width: usize, app: &App) -> Line<'static> {
    let used = start.width();
    let end = cut(end, width.saturating_sub(used + 1), app.look());
    let gap = width.saturating_sub(used + Span::raw(end.as_str()).width());
    let mut spans = start.spans;
    spans.push(Span::raw(" ".repeat(gap)));
    spans.push(Span::styled(end, app.look().faint()));
    Line::from(spans)
}

fn what(
    app: &App,
    incident: Option<&IncidentSummary>,
    run: Option<&RunSummary>,
    width: usize,
) -> Vec<Line<'static>> {
    let look = app.look();
    let Some(incident) = incident else {
        let text = if app.world().status.is_some() { "Nothing has happened yet." } else { "Joining ..." };
        return vec![labelled("QUIET", text.to_owned(), app)];
    };
    let severity = incident.severity.as_str().to_uppercase();
    let label = if incident.severity == Severity::Critical { "CRIT" } else { severity.as_str() };
    let end = run.map_or_else(|| "no run".to_owned(), |run| format!("run {}", short(&run.id)));
    let title = cut(&incident.title, width.saturating_sub(LABEL + end.len() + 2), look);
    let mut lines = vec![ends(labelled(label, title, app), &end, width, app)];
    let said = run.map_or_else(|| "No run is on it.".to_owned(), |run| stand(app, run));
    let said = if incident.closed.is_some() { format!("CLOSED. {said}") } else { said };
    let indent = " ".repeat(LABEL);
    for row in widgets::wrap(&said, width.saturating_sub(LABEL)).into_iter().take(2) {
        lines.push(Line::raw(format!("{indent}{row}")));
    }
    let others = app.open_incidents().filter(|other| other.id != incident.id).count();
    if others > 0 {
        let text = format!("{indent}and {} open: i shows the next", words::count(others, "other incident"));
        lines.push(Line::styled(text, look.faint()));
    }
    lines
}

/// `NOT CONTAINED YET. 31 of 54 targets proven.`
fn stand(app: &App, run: &RunSummary) -> String {
    let view = app.world().run(&run.id).map(|run| &run.view);
    let word = match (&run.containment, is_over(run)) {
        (Some(word), _) => entry::containment(word).to_uppercase(),
        (None, true) => run.state.to_uppercase(),
        (None, false) => "NOT CONTAINED YET".to_owned(),
    };
    let mut said = format!("{word}.");
    if let Some(view) = view {
        let (proven, all) = target::proven(view);
        let late = target::dying(view).filter(|_| is_over(run));
        if all > 0 {
            said.push_str(&format!(" {proven} of {} proven", words::count(all, "target")));
            said.push_str(&match late {
                None => ".".to_owned(),
                Some((1, by)) => format!(", 1 dies by {}.", app.zone().near(by, app.server_ms())),
                Some((count, by)) => format!(", {count} die by {}.", app.zone().near(by, app.server_ms())),
            });
        }
        let told = |because: &&String| is_over(run) && (late.is_none() || !because.ends_with("residual"));
        if let Some(because) = view.because.iter().find(told) {
            said.push_str(&format!(" Because {because}."));
        }
    }
    if !run.phase.is_empty() && !is_over(run) {
        said.push_str(&format!(" Phase {}.", run.phase));
    }
    said
}

fn open(app: &App, view: &RunView, most: usize) -> Vec<Line<'static>> {
    let groups = target::open(view, &app.zone(), app.server_ms());
    if groups.is_empty() {
        return Vec::new();
    }
    let look = app.look();
    let mut lines = vec![Line::styled("STILL OPEN", look.strong())];
    let over = groups.len().saturating_sub(most);
    for group in groups.iter().take(most) {
        let bad = group.state == stanch_model::TargetState::Failed;
        lines.push(Line::from(vec![
            Span::raw(format!("{:>4}  {} ", group.count, pad(&shorter(&group.what, WHAT, app), WHAT, look))),
            widgets::word(group.words.clone(), bad, look),
        ]));
    }
    if over > 0 {
        lines.push(Line::styled(format!("      and {over} more kinds: t"), look.faint()));
    }
    lines
}

/// What is too long loses the end of its platform's name, and never what it is.
fn shorter(what: &str, room: usize, app: &App) -> String {
    match what.rsplit_once(' ') {
        Some((platform, kind)) if what.len() > room => {
            format!("{} {kind}", cut(platform, room.saturating_sub(kind.len() + 1), app.look()))
        }
        _ => what.to_owned(),
    }
}

fn due(app: &App, most: usize, room: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let clocks: Vec<&DeadlineView> = clocks(app).into_iter().filter(|one| clock::is_open(one)).collect();
    if clocks.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::styled("DEADLINES", look.strong())];
    for clock in clocks.iter().take(most) {
        let (left, word) = clock::stands(clock, app.server_ms());
        lines.push(Line::from(vec![
            Span::raw(format!("{} {left:>8}  ", pad(&clock::title(clock, room), room, look))),
            widgets::word(word, word == "LATE", look),
        ]));
    }
    if clocks.len() > most {
        lines.push(Line::styled(format!("and {} more: 6", clocks.len() - most), look.faint()));
    }
    lines
}

fn beside(left: Vec<Line<'static>>, right: Vec<Line<'static>>, width: usize) -> Vec<Line<'static>> {
    let half = (width / 2).min(60);
    let rows = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let row = |_| {
        let (start, end) = (left.next().unwrap_or_default(), right.next().unwrap_or_default());
        let used = start.width();
        let mut spans = start.spans;
        if let Some(style) = (start.style != ratatui::style::Style::new()).then_some(start.style) {
            spans.iter_mut().for_each(|span| span.style = style);
        }
        spans.push(Span::raw(" ".repeat(half.saturating_sub(used).max(1))));
        let style = end.style;
        spans.extend(end.spans.into_iter().map(|span| span.patch_style(style)));
        Line::from(spans)
    };
    (0..rows).map(row).collect()
}

/// The latest that reached the players of a drill, and what the delay costs.
fn inbox(app: &App, drill: &DrillView, letters: usize, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let new = drill.inbox.len().saturating_sub(app.letters);
    let mut lines = Vec::new();
    let took = drill.based_on.as_ref().and_then(|real| real.took_s.get("first_cut"));
    if drill.token_minutes > 0 {
        let then = took.map_or_else(String::new, |took| {
            format!("   (the real incident: {} to first cut)", time::length(took * 1000))
        });
        let text = format!("{:>4} token-minutes open so far{then}", drill.token_minutes);
        lines.push(Line::styled(cut(&text, width, look), look.faint()));
    }
    let shown = drill.inbox.len().saturating_sub(letters);
    for (nth, letter) in drill.inbox.iter().enumerate().skip(shown) {
        let label = if nth == shown { "INBOX" } else { "" };
        let mark = if nth >= drill.inbox.len() - new { "new  " } else { "     " };
        let text = format!("{}  \"{}\"", letter.from, letter.text);
        let text = cut(&text, width.saturating_sub(LABEL + 5), look);
        lines.push(Line::from(vec![
            Span::styled(format!("{label:<LABEL$}"), look.strong()),
            Span::styled(mark, look.strong()),
            Span::raw(text),
        ]));
    }
    lines
}

/// So many lines of what was said, what was said several times in a row as one of them.
fn alike(told: impl Iterator<Item = (i64, entry::Said)>, most: usize) -> Vec<(i64, entry::Said)> {
    let mut lines: Vec<(i64, entry::Said, usize)> = Vec::new();
    for (at, said) in told {
        let full = lines.len() == most;
        match lines.last_mut() {
            Some((_, last, count)) if *last == said => *count += 1,
            _ if full => break,
            _ => lines.push((at, said, 1)),
        }
    }
    let line = |(at, mut said, count): (i64, entry::Said, usize)| {
        if count > 1 {
            said.text = format!("{count} times: {}", said.text);
        }
        (at, said)
    };
    lines.into_iter().map(line).collect()
}

/// The last lines of this run, the newest first.
fn last(app: &App, run: Option<&RunSummary>, most: usize, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let world = app.world();
    let entries: Box<dyn Iterator<Item = &std::sync::Arc<stanch_model::api::EntryView>>> =
        match run.and_then(|run| world.run(&run.id)) {
            Some(run) => Box::new(run.entries.iter().rev()),
            None => Box::new(world.journal.iter().rev()),
        };
    let told = entries.filter_map(|line| Some((millis(&line.time), entry::said(line)?)));
    let mut lines = Vec::new();
    for (at, said) in alike(told, most) {
        let label = if lines.is_empty() { "LAST" } else { "" };
        let end = if said.at.is_empty() { String::new() } else { format!("  {}", cut(&said.at, 12, look)) };
        let room = width.saturating_sub(LABEL + 10 + 9 + end.chars().count());
        lines.push(Line::from(vec![
            Span::styled(format!("{label:<LABEL$}"), look.strong()),
            Span::styled(format!("{}  ", app.zone().clock(at)), look.faint()),
            widgets::word(format!("{:<9}", said.mark), said.bad, look),
            Span::raw(pad(&said.text, room, look)),
            Span::styled(end, look.faint()),
        ]));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_several_times_in_a_row_is_said_once_with_its_number() {
        let said =
            |text: &str| entry::Said { mark: "later", text: text.to_owned(), ..entry::Said::default() };
        let told = [(9, "wait"), (8, "wait"), (7, "cut"), (6, "wait"), (5, "proven")];
        let lines = alike(told.into_iter().map(|(at, text)| (at, said(text))), 3);
        let lines: Vec<(i64, String)> = lines.into_iter().map(|(at, said)| (at, said.text)).collect();
        let wanted = [(9, "2 times: wait"), (7, "cut"), (6, "wait")];
        assert_eq!(lines, wanted.map(|(at, text)| (at, text.to_owned())));
    }
}
