//! The playbooks that can be started.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::{
    Level,
    api::{Drilled, PlaybookSummary, Stage, Standing},
};

use crate::{
    app::App,
    source,
    widgets::{self, cut, pad},
    words,
};

/// From this width on a row says how many runs there were.
const ROOMY: usize = 90;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let playbooks = &app.world().playbooks;
    let heading = widgets::heading("PLAYBOOKS", &words::count(playbooks.len(), "playbook"), width, look);
    widgets::lines(&[heading], area, buf);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if playbooks.is_empty() {
        return widgets::lines(
            &[Line::styled(
                "There is none: `stanch new NAME` begins one, `playbooks:` names its folder.",
                look.faint(),
            )],
            rest,
            buf,
        );
    }
    let ids: Vec<String> = playbooks.iter().map(|playbook| playbook.slug.clone()).collect();
    let chosen = app.index(&ids);
    let foot = if super::is_beside(app) { 0 } else { rest.height.saturating_sub(6).min(8) };
    let list = Rect { height: rest.height - foot, ..rest };
    widgets::list(ids.len(), chosen, list, look, buf, |index| {
        row(&playbooks[index], index == chosen, app, width)
    });
    let below = Rect { y: list.bottom(), height: foot, ..rest };
    widgets::lines(&detail(&playbooks[chosen], app, width), below, buf);
}

/// The playbook that is open as it is written: what is wrong with it first, then its files.
pub(super) fn text(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    source_of(app, app.at().opened.as_deref()?, width)
}

/// What it is, and below how it is written.
pub(super) fn page(app: &App, slug: &str, width: usize) -> Option<Vec<Line<'static>>> {
    let playbook = app.world().playbooks.iter().find(|playbook| playbook.slug == slug)?;
    let mut lines = detail(playbook, app, width);
    lines.drain(..1);
    lines.push(Line::default());
    lines.extend(source_of(app, slug, width)?);
    Some(lines)
}

fn source_of(app: &App, slug: &str, width: usize) -> Option<Vec<Line<'static>>> {
    let look = app.look();
    let Some(book) = app.world().books.get(slug) else {
        return Some(super::unread(app, "the playbook", width));
    };
    let wrong = match book.mistakes.len() {
        0 => "nothing found wrong".to_owned(),
        count if book.mistakes.iter().all(|one| one.level == Level::Warning) => words::count(count, "note"),
        count => words::count(count, "mistake"),
    };
    let mut lines = vec![widgets::heading(slug, &wrong, width, look)];
    for mistake in &book.mistakes {
        let text = mistake.one_line();
        let rows = widgets::wrap(&text, width.saturating_sub(2)).into_iter();
        lines.extend(rows.map(|row| Line::raw(format!("  {row}"))));
        lines.extend(
            mistake
                .help
                .iter()
                .map(|help| Line::styled(cut(&format!("  {help}"), width, look), look.faint())),
        );
    }
    let order = |path: &&String| match path.as_str() {
        "main.rhai" => 0,
        "playbook.yaml" => 1,
        _ => 2,
    };
    let mut paths: Vec<&String> = book.files.keys().collect();
    paths.sort_by_key(order);
    for path in paths {
        lines.extend([Line::default(), Line::styled(path.clone(), look.strong())]);
        lines.extend(source::lines(&book.files[path], source::Language::of(path), None, width, look));
    }
    Some(lines)
}

fn row(playbook: &PlaybookSummary, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let held = app.world().status.as_ref().is_some_and(|status| {
        status.paused.iter().any(|scope| *scope == format!("playbook:{}", playbook.slug) || scope == "all")
    });
    let runs = app.world().runs.iter().filter(|run| run.playbook == playbook.slug).count();
    let state = if held { "held back".to_owned() } else { words::count(runs, "run") };
    let (drilled, stale) = drilled_in_short(playbook.drilled.as_ref());
    // where there is little room the title matters more than how often it ran
    let state = if width >= ROOMY { format!("{state:>11}") } else { String::new() };
    let last = if width >= ROOMY { 20 } else { 19 };
    let room = width.saturating_sub(2 + 28 + last + 1 + state.len());
    let slug = pad(&playbook.slug, 27, look);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        if held { widgets::word(slug, true, look) } else { Span::raw(slug) },
        Span::styled(format!(" {}", pad(&playbook.title, room, look)), look.faint()),
        widgets::word(format!(" {:<last$}", if held { "HELD BACK" } else { &drilled }), stale || held, look),
        Span::raw(state),
    ])
}

/// The same in a word or two, and whether it must not be missed.
fn drilled_in_short(last: Option<&Drilled>) -> (String, bool) {
    let Some(last) = last else { return ("never drilled".to_owned(), false) };
    let day = last.at.get(5..10).unwrap_or(&last.at);
    match (last.passed, last.stale.is_empty()) {
        (true, true) => (format!("passed {day}"), false),
        (false, true) => (format!("NOT PASSED {day}"), true),
        (_, false) => (format!("STALE, drilled {day}"), true),
    }
}

/// When it was last drilled, and whether that still says anything.
fn drilled(last: Option<&Drilled>) -> String {
    let Some(last) = last else { return "never drilled, as far as this server knows".to_owned() };
    let day = last.at.get(..10).unwrap_or(&last.at);
    let passed = if last.passed { "passed" } else { "not passed" };
    let stale =
        if last.stale.is_empty() { String::new() } else { format!(", STALE: {}", last.stale.join(", ")) };
    let open = if last.open == 0 { String::new() } else { format!(", {} to improve", last.open) };
    format!("last drilled {day} by {}: {passed}, {} of {}{stale}{open}", last.drill, last.score, last.of)
}

/// What people made of this version, and what alerts may do with it.
fn stands(standing: &Standing) -> String {
    let promoted = standing.promoted_by.as_deref().unwrap_or_default();
    let reviewed = standing.reviewed_by.join(", ");
    match standing.stage {
        Stage::Draft => "a draft: runs that alerts open wait for a person".to_owned(),
        Stage::Reviewed => format!("reviewed by {reviewed}, not promoted: such runs wait"),
        Stage::Promoted if !standing.alone.is_empty() => {
            format!("promoted by {promoted} ALONE: {}", standing.alone)
        }
        Stage::Promoted => {
            format!("promoted by {promoted}, reviewed by {reviewed}")
        }
    }
}

fn detail(playbook: &PlaybookSummary, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let version = playbook.version.chars().take(12).collect::<String>();
    let kept = format!("kept by {}, reviewed {}, version {version}", playbook.owner, playbook.reviewed);
    let mut lines = vec![
        Line::default(),
        Line::styled(cut(&playbook.title, width, look), look.strong()),
        Line::styled(cut(&kept, width, look), look.faint()),
        Line::raw(cut(&drilled(playbook.drilled.as_ref()), width, look)),
    ];
    if let Some(standing) = &playbook.standing {
        lines.push(Line::raw(cut(&stands(standing), width, look)));
    }
    if !playbook.input.is_empty() {
        let names: Vec<&str> = playbook.input.iter().map(|one| one.name.as_str()).collect();
        lines.push(Line::raw(cut(&format!("given {}; s starts it by hand", names.join(", ")), width, look)));
    }
    for when in playbook.starts_when.iter().take(3) {
        lines.push(Line::raw(cut(&format!("starts when {when}"), width, look)));
    }
    if playbook.starts_when.is_empty() {
        lines.push(Line::raw("starts by hand only"));
    }
    lines
}
