//! What only the facilitator sees: what comes next and when, what fails, what is hoped for, what is really so.
//!
//! ```text
//!  PLOT                                                    3 to come, 2 happened
//!  > in 1m 40s   mail from security@drift.example                          at 6m
//!    once        salesforce: 429                     once revoked("salesforce") >= 10
//!    by hand     press from newsdesk@daily.example                    press-asks
//!  TRULY
//!    Drift: 23 grants stand, at stake
//!  HOPED FOR                                                  2 met, 0 late, 5 open
//!    met  T+0:12  evidence comes before the first cut
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::api::{Behind, DrillView, FaultView, Hoped, PlotState, PlotView};

use crate::{
    app::{App, to_come},
    widgets::{self, cut, pad},
    words::time,
};

/// Wide enough for two columns.
const WIDE: u16 = 116;

/// What the keys act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// An entry of the plot.
    Entry(usize),
    /// A fault that is on.
    Fault(u64),
}

/// What is chosen.
pub(crate) fn chosen(app: &App) -> Option<Chosen> {
    let id = app.chosen()?;
    let number = |text: &str| text.parse().ok();
    match id.split_once(' ')? {
        ("entry", nth) => number(nth).and_then(|nth| usize::try_from(nth).ok()).map(Chosen::Entry),
        (_, id) => number(id).map(Chosen::Fault),
    }
}

/// What is to come, and then what fails.
pub(super) fn ids(app: &App) -> Vec<String> {
    let Some(drill) = app.drill() else { return Vec::new() };
    let entries = to_come(drill).into_iter().map(|one| format!("entry {}", one.entry));
    let faults = drill.behind.iter().flat_map(|behind| &behind.faults);
    entries.chain(faults.map(|fault| format!("fault {}", fault.id))).collect()
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let Some(drill) = app.drill() else { return };
    let Some(behind) = &drill.behind else { return };
    let (upper, lower) = if area.width >= WIDE {
        widgets::halves(area, 3)
    } else {
        let wanted = u16::try_from(ids(app).len() + 3).unwrap_or(u16::MAX);
        let height = wanted.clamp(4, (area.height * 3 / 5).max(4)).min(area.height);
        (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
    };
    plot(app, drill, behind, upper, buf);
    widgets::lines(&known(app, drill, behind, usize::from(lower.width)), lower, buf);
}

fn plot(app: &App, drill: &DrillView, behind: &Behind, area: Rect, buf: &mut Buffer) {
    let (look, width) = (app.look(), usize::from(area.width));
    let waiting = to_come(drill);
    let happened = behind.plot.iter().filter(|one| one.state == PlotState::Fired).count();
    let aside = format!("{} to come, {happened} happened", waiting.len());
    widgets::lines(&[widgets::heading("PLOT", &aside, width, look)], area, buf);
    let rows = waiting.len() + behind.faults.len();
    let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if rows == 0 {
        return widgets::lines(&[Line::styled("Nothing more comes.", look.faint())], list, buf);
    }
    let at = app.index(&ids(app));
    widgets::list(rows, at, list, look, buf, |index| match waiting.get(index) {
        Some(one) => entry(one, index == at, app, width),
        None => fault(&behind.faults[index - waiting.len()], index == at, app, width),
    });
    let used = u16::try_from(rows + 1).unwrap_or(u16::MAX).min(list.height);
    let past = Rect { y: list.y + used, height: list.height - used, ..list };
    widgets::lines(&gone(app, behind, width), past, buf);
}

/// What happened, the latest first.
fn gone(app: &App, behind: &Behind, width: usize) -> Vec<Line<'static>> {
    let mut past: Vec<&PlotView> = behind.plot.iter().filter(|one| one.at_s.is_some()).collect();
    past.sort_by_key(|one| std::cmp::Reverse(one.at_s));
    let line = |one: &&PlotView| {
        let word = if one.state == PlotState::Off { "off  " } else { "" };
        let at = time::since_start(one.at_s.unwrap_or(0));
        let text = format!("  {at:<10}  {word}{}", one.what);
        Line::styled(cut(&text, width, app.look()), app.look().faint())
    };
    past.iter().map(line).collect()
}

fn entry(one: &PlotView, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let due = match (one.due_s, &one.by_hand) {
        (Some(due), _) => match due - app.drill_s() {
            left if left > 0 => format!("in {}", time::length(left * 1000)),
            _ => "now".to_owned(),
        },
        (None, Some(_)) => "by hand".to_owned(),
        (None, None) => "once".to_owned(),
    };
    let when = one.by_hand.as_ref().unwrap_or(&one.when);
    let room = width.saturating_sub(14) * 3 / 5;
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::styled(format!("{due:<12}"), look.strong()),
        Span::raw(pad(&one.what, room, look)),
        Span::styled(cut(&format!(" {when}"), width.saturating_sub(14 + room), look), look.faint()),
    ])
}

fn fault(one: &FaultView, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let left = one.until_s.map(|until| (until - app.drill_s()).max(0));
    let left =
        left.map_or_else(|| "until x".to_owned(), |left| format!("{} left", time::length(left * 1000)));
    let room = width.saturating_sub(14) * 3 / 5;
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        widgets::word(format!("{:<12}", "FAILS"), true, look),
        Span::raw(pad(&one.what, room, look)),
        Span::styled(
            cut(&format!(" {left}, {} calls failed", one.fired), width.saturating_sub(14 + room), look),
            look.faint(),
        ),
    ])
}

/// What is so, what is hoped for, what was written down.
fn known(app: &App, drill: &DrillView, behind: &Behind, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let hoped = drill.hoped.as_deref().unwrap_or_default();
    let count = |came: &str| hoped.iter().filter(|one| one.came == came).count();
    let aside =
        format!("{} met, {} late, {} open", count("met"), count("late"), count("missed") + count("lost"));
    let mut lines =
        vec![widgets::heading("TRULY", &format!("{} open token-minutes", drill.token_minutes), width, look)];
    lines.extend(behind.truth.iter().map(|line| Line::raw(cut(&format!("  {line}"), width, look))));
    lines.push(widgets::heading("HOPED FOR", &aside, width, look));
    lines.extend(hoped.iter().map(|one| hope(one, app, width)));
    if !drill.remarks.is_empty() {
        lines.push(widgets::heading("WRITTEN DOWN", "", width, look));
    }
    lines.extend(drill.remarks.iter().rev().map(|one| {
        let text = format!("  {} {} by {}: {}", time::since_start(one.at_s), one.sort, one.who, one.text);
        Line::raw(cut(&text, width, look))
    }));
    lines
}

/// One expectation: how it stands, and until when it may still come.
pub(super) fn hope(one: &Hoped, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let now = app.drill_s();
    let is_over = app.drill().is_some_and(|drill| drill.debrief.is_some());
    let (word, bad) = match (one.came.as_str(), one.by_s) {
        ("met", _) => ("met", false),
        ("late", _) => ("LATE", true),
        ("lost", _) => ("LOST", true),
        (_, Some(by)) if now > by || is_over => ("MISSED", true),
        _ if is_over => ("MISSED", true),
        _ => ("open", false),
    };
    let at = match (one.first_s, one.by_s) {
        (Some(first), _) => time::since_start(first),
        (None, Some(by)) => format!("by {}", time::since_start(by).trim_start_matches("T+")),
        (None, None) => "at the end".to_owned(),
    };
    let points = format!("{:>3}/{}", one.points, one.of);
    let room = width.saturating_sub(2 + 8 + 12 + points.len() + 1);
    Line::from(vec![
        Span::raw("  "),
        widgets::word(format!("{word:<8}"), bad, look),
        Span::styled(format!("{at:<12}"), look.faint()),
        Span::raw(pad(&one.say, room, look)),
        Span::styled(format!(" {points}"), look.faint()),
    ])
}
