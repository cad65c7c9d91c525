//! One run: its steps as a tree, or its targets; beside it what is chosen; below it the spine of time.
//!
//! ```text
//!  Cut a compromised app off                       waiting for A1 · 31 of 54 proven
//!    1  find_app         drift                | okta.revoke_grant
//!  > 2  each             ━━━━━── 31/54        | 1 attempt, 0.4s, line 18
//!      ...                                    | ...
//!  02:40:11 ▁▂▂▆▇▃▁        ▂▂▆█▂  02:56:02
//! ```

use std::sync::Arc;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::{
    TargetState,
    run::{RunState, StepView, TargetView},
    shortened::short,
};

use super::spine;
use crate::{
    app::{App, Pane, RunPlace, Side},
    source,
    widgets::{self, cut, pad},
    words::{self, entry, target, time},
    world::{Followed, Place, key, millis},
};

/// From this width on there are two columns.
const WIDE: u16 = 110;

pub(super) fn draw(id: &str, app: &App, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let usual = RunPlace::default();
    let place = app.runs.get(id).unwrap_or(&usual);
    let (Some(run), Some(whole)) = (app.shown_run(id), app.world().followed.get(id)) else {
        return widgets::lines(&super::unread(app, "the run", usize::from(area.width)), area, buf);
    };
    let head = head(id, &run, whole, place, app, usize::from(area.width));
    let used = u16::try_from(head.len()).unwrap_or(2);
    widgets::lines(&head, area, buf);
    let spine = if area.height >= 14 { 2 } else { 0 };
    let body = Rect { y: area.y + used, height: area.height.saturating_sub(used + spine), ..area };
    let (list, side) = if area.width >= WIDE {
        widgets::halves(body, 2)
    } else {
        let below = (body.height / 3).clamp(0, 9);
        let list = Rect { height: body.height - below, ..body };
        (list, Rect { y: list.bottom(), height: below, ..body })
    };
    let rows = rows(&run, place);
    let chosen = index(place, &rows);
    match place.pane {
        Pane::Steps => widgets::list(rows.len(), chosen, list, app.look(), buf, |index| {
            step_row(&run, &rows[index], index == chosen, app, usize::from(list.width))
        }),
        Pane::Targets => {
            let width = usize::from(list.width);
            let targets = targets(&run);
            widgets::list(
                targets.len(),
                chosen.min(targets.len().saturating_sub(1)),
                list,
                app.look(),
                buf,
                |index| target_row(targets[index], index == chosen, app, width),
            );
        }
    }
    let shown = Shown { id, run: &run, row: rows.get(chosen), place };
    beside(&shown, app, side, buf);
    if spine > 0 {
        let count = place.scrub.as_ref().map_or(whole.entries.len(), |scrub| scrub.count);
        spine::draw(whole, count, app, Rect { y: area.bottom() - spine, height: spine, ..area }, buf);
    }
}

/// A row of the list: a step, a branch, or a target by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    depth: usize,
    place: Place,
}

/// What the list holds.
fn rows(run: &Followed, place: &RunPlace) -> Vec<Row> {
    match place.pane {
        Pane::Steps => {
            run.tree.rows(&place.unfolded).into_iter().map(|(depth, place)| Row { depth, place }).collect()
        }
        Pane::Targets => targets(run)
            .into_iter()
            .map(|target| Row { depth: 0, place: Place::Branch(target_key(target)) })
            .collect(),
    }
}

fn target_key(target: &TargetView) -> String {
    format!("{} {}", target.target.key(), target.verb)
}

/// The targets, what needs a person first.
fn targets(run: &Followed) -> Vec<&TargetView> {
    let mut targets: Vec<&TargetView> = run.view.targets.values().collect();
    targets.sort_by_key(|target| target::rank(target.state));
    targets
}

fn index(place: &RunPlace, rows: &[Row]) -> usize {
    let last = rows.len().saturating_sub(1);
    let found = place.chosen.as_ref().and_then(|id| rows.iter().position(|row| row.place.as_str() == id));
    match (found, place.pane) {
        (Some(index), _) => index,
        (None, Pane::Steps) => last,
        (None, Pane::Targets) => 0,
    }
}

/// What is chosen in the run that is open.
pub(crate) fn chosen(app: &App) -> Option<Place> {
    let id = app.opened_run()?;
    let run = app.shown_run(id)?;
    let place = app.runs.get(id)?;
    let rows = rows(&run, place);
    rows.get(index(place, &rows)).map(|row| row.place.clone())
}

/// Moves the choice.
pub(crate) fn step(app: &mut App, by: isize) {
    let Some(id) = app.opened_run().map(str::to_owned) else { return };
    let Some(run) = app.shown_run(&id) else { return };
    let place = app.runs.entry(id).or_default();
    let rows = rows(&run, place);
    let Some(last) = rows.len().checked_sub(1) else { return };
    let to = index(place, &rows).saturating_add_signed(by).min(last);
    place.follow = to == last && place.pane == Pane::Steps;
    place.chosen = (!place.follow).then(|| rows[to].place.as_str().to_owned());
}

fn head(
    id: &str,
    run: &Followed,
    whole: &Arc<Followed>,
    place: &RunPlace,
    app: &App,
    width: usize,
) -> Vec<Line<'static>> {
    let (look, view) = (app.look(), &run.view);
    let (proven, all) = target::proven(view);
    let state = match (view.ended, view.containment) {
        (Some(ended), Some(word)) => format!("{ended}, {}", entry::containment(word.as_str())),
        _ if view.state == RunState::Running => "at work".to_owned(),
        _ => view.state.as_str().to_owned(),
    };
    let aside = if all == 0 { state } else { format!("{state}, {proven} of {all} proven") };
    let title = cut(&view.title, width.saturating_sub(aside.len() + 2), look);
    let mut lines = vec![widgets::heading(&title, &aside, width, look)];
    let mut second = format!("run {}", short(id));
    if let Some(scrub) = &place.scrub {
        let at = run.times.last().map_or_else(String::new, |at| app.zone().clock(*at));
        second =
            format!("AS IT WAS at {at}: entry {} of {}; f back to now", scrub.count, whole.entries.len());
    } else if !whole.is_whole {
        second = format!("reading, {} so far", words::count(whole.entries.len(), "line"));
    } else if let Some(waiting) = view.waiting().first() {
        second = super::runs::waits(waiting, &waiting.what, app);
    }
    lines.push(Line::styled(cut(&second, width, look), look.faint()));
    lines
}

fn step_row(run: &Followed, row: &Row, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let mark = if chosen { "> " } else { "  " };
    let indent = "  ".repeat(row.depth);
    match &row.place {
        Place::Branch(branch) => {
            let text = cut(&format!("{mark}{indent}{}", key(branch)), width, look);
            Line::styled(text, look.faint())
        }
        Place::Step(address) => {
            let Some(step) = run.view.steps.get(address) else { return Line::raw(mark) };
            let number = address.as_str().rsplit('.').next().unwrap_or_default().to_owned();
            let (glyph, bad) = sign(step, look.glyphs);
            let end = ending(step, app);
            let name = named(step);
            let room = width
                .saturating_sub(mark.len() + indent.len() + number.len().max(3) + 4 + end.chars().count());
            Line::from(vec![
                Span::raw(format!("{mark}{indent}")),
                Span::styled(format!("{number:>3} "), look.faint()),
                widgets::word(format!("{glyph} "), bad, look),
                Span::raw(pad(&name, room, look)),
                widgets::word(format!(" {end}"), bad, look),
            ])
        }
    }
}

/// How a step stands, in one character, and whether that is bad.
fn sign(step: &StepView, glyphs: bool) -> (&'static str, bool) {
    match (step.done, step.error.is_some(), step.deferred.is_some()) {
        (true, true, _) => (if glyphs { "✗" } else { "x" }, true),
        (true, false, _) => (if glyphs { "✓" } else { "+" }, false),
        (false, _, true) => (if glyphs { "◔" } else { "~" }, false),
        (false, ..) => (if glyphs { "•" } else { "*" }, false),
    }
}

fn named(step: &StepView) -> String {
    let name = match (step.op.as_str(), plain(&step.name)) {
        ("call", name) => name,
        (op, name) if name.is_empty() || name == op => op.to_owned(),
        (op, name) => format!("{op} {name}"),
    };
    match &step.target {
        Some(target) => format!("{name}  {}", target.name()),
        None => name,
    }
}

/// What a local step was given, where it is no plain text: the words of a list, the name in a map.
fn plain(name: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(name) {
        Ok(serde_json::Value::Array(words)) => {
            words.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(" ")
        }
        Ok(serde_json::Value::Object(map)) => {
            map.get("name").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
        }
        Ok(serde_json::Value::Null) => String::new(),
        _ => name.to_owned(),
    }
}

/// What stands at the end of a step's row: a gauge, a wait, how long it took.
fn ending(step: &StepView, app: &App) -> String {
    if step.branches > 0 && !step.done {
        let gauge = app.look().gauge(step.branches_done, step.branches, 10);
        return format!("{gauge} {}/{}", step.branches_done, step.branches);
    }
    if step.branches > 0 {
        return words::count(step.branches, "branch");
    }
    if let Some((until, _)) = &step.deferred {
        return format!("again in {}", time::about((*until - app.server_ms()).max(0)));
    }
    if let Some(error) = &step.error {
        return error.kind.clone();
    }
    let took = millis(&step.until) - millis(&step.since);
    match (step.done, took) {
        (true, 0..100) => String::new(),
        (true, 100..10_000) => format!("{}.{}s", took / 1000, took % 1000 / 100),
        (true, _) => time::about(took),
        (false, _) => format!("since {}", time::about(app.server_ms() - millis(&step.since))),
    }
}

fn target_row(target: &TargetView, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let state = target::words(target, &app.zone(), app.server_ms());
    let what = format!("{} {}", target.target.integration, target.target.kind);
    let room = width.saturating_sub(2 + 18 + 19);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        widgets::word(pad(&state, 18, look), target.state == TargetState::Failed, look),
        Span::styled(pad(&what, 18, look), look.faint()),
        Span::raw(format!(" {}", cut(target.target.name(), room, look))),
    ])
}

/// What is shown of a run.
struct Shown<'a> {
    id: &'a str,
    run: &'a Followed,
    row: Option<&'a Row>,
    place: &'a RunPlace,
}

/// The details, the script, or where there is room both.
fn beside(shown: &Shown<'_>, app: &App, area: Rect, buf: &mut Buffer) {
    let script = app.world().scripts.get(shown.id).and_then(|source| source.files.get("main.rhai"));
    let step = match shown.row.map(|row| &row.place) {
        Some(Place::Step(address)) => shown.run.view.steps.get(address),
        _ => None,
    };
    let here = step.map(|step| step.at.0 as usize).filter(|_| shown.place.pane == Pane::Steps);
    let (details, below) = match (script, here) {
        (Some(_), Some(_)) if shown.place.side == Side::Script => (Rect { height: 0, ..area }, area),
        (Some(_), Some(_)) if area.height >= 16 => {
            let half = area.height / 2;
            (Rect { height: half, ..area }, Rect { y: area.y + half, height: area.height - half, ..area })
        }
        _ => (area, Rect { height: 0, ..area }),
    };
    widgets::lines(&aside(shown, app, details), details, buf);
    if let (Some(script), Some(here)) = (script, here) {
        let size = (usize::from(below.width), usize::from(below.height).saturating_sub(1));
        let mut lines = vec![Line::styled(app.look().glyph("─", "-").repeat(size.0), app.look().faint())];
        lines.extend(source::around(script, source::Language::Rhai, here, size, app.look()));
        widgets::lines(&lines, below, buf);
    }
}

fn aside(shown: &Shown<'_>, app: &App, area: Rect) -> Vec<Line<'static>> {
    let Shown { run, row, place, .. } = shown;
    let (look, width) = (app.look(), usize::from(area.width));
    let Some(row) = row else { return vec![Line::styled("no step yet", look.faint())] };
    let rule = Line::styled(look.glyph("─", "-").repeat(width), look.faint());
    let mut lines = if area.width + 2 >= app.size.0.saturating_sub(2) { vec![rule] } else { Vec::new() };
    match (place.pane, &row.place) {
        (Pane::Targets, place) => {
            if let Some(target) = run.view.targets.get(place.as_str()) {
                lines.extend(of_target(target, app, width));
            }
        }
        (Pane::Steps, Place::Branch(branch)) => lines.push(Line::raw(cut(&key(branch), width, look))),
        (Pane::Steps, Place::Step(address)) => {
            if let Some(step) = run.view.steps.get(address) {
                lines.extend(of_step(run, step, app, width));
            }
        }
    }
    lines
}

fn of_step(run: &Followed, step: &StepView, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let effect = step.effect.map_or_else(String::new, |effect| format!(", {effect}"));
    let facts =
        format!("line {}, {}{effect}", step.at.0, words::count(step.attempts.max(1) as usize, "attempt"));
    let mut lines = vec![
        Line::styled(cut(&named(step), width, look), look.strong()),
        Line::styled(cut(&format!("{facts}, address {}", step.address), width, look), look.faint()),
    ];
    if step.branches > 0 {
        let text = format!("{}, {} of them done", words::count(step.branches, "branch"), step.branches_done);
        lines.push(Line::raw(text));
    }
    if let Some(error) = &step.error {
        let rows = widgets::wrap(&format!("{}: {}", error.kind, error.message), width);
        lines.extend(rows.into_iter().map(|row| Line::styled(row, look.bad())));
    }
    if !step.incomplete.is_empty() {
        lines.push(Line::raw(cut(&format!("perhaps not whole: {}", step.incomplete), width, look)));
    }
    for line in run.entries_of(step.address.as_str()) {
        let at = app.zone().clock(millis(&line.time));
        lines.push(Line::styled(
            cut(&format!("{at} entry {} {}", line.version, line.kind), width, look),
            look.faint(),
        ));
        for (label, value) in [("in", &line.body["call"]["input"]), ("out", &line.body["value"])] {
            if !value.is_null() {
                lines.extend(shown(label, value, width, look));
            }
        }
        if let Some(why) = line.body["why"].as_str().filter(|why| !why.is_empty()) {
            lines.push(Line::raw(cut(&format!("{:<4}{why}", "why"), width, look)));
        }
    }
    lines
}

/// A value in a few rows.
fn shown(
    label: &str,
    value: &serde_json::Value,
    width: usize,
    look: crate::look::Look,
) -> Vec<Line<'static>> {
    let text = value.to_string();
    let room = width.saturating_sub(4);
    let rows = widgets::wrap(&text.replace(',', ", "), room);
    let line = |(index, row): (usize, String)| {
        let label = if index == 0 { label } else { "" };
        Line::from(vec![Span::styled(format!("{label:<4}"), look.faint()), Span::raw(row)])
    };
    rows.into_iter().take(8).enumerate().map(line).collect()
}

fn of_target(target: &TargetView, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let since = app.zone().clock(millis(&target.since));
    let state = target::words(target, &app.zone(), app.server_ms());
    let mut lines = vec![
        Line::styled(cut(target.target.name(), width, look), look.strong()),
        Line::styled(cut(&target.target.key(), width, look), look.faint()),
        Line::from(vec![
            Span::raw(format!("{} ", target.verb)),
            widgets::word(state, target.state == TargetState::Failed, look),
            Span::raw(format!(" since {since}, step {}", target.address)),
        ]),
    ];
    lines.extend(widgets::wrap(&target.why, width).into_iter().map(Line::raw));
    lines
}
