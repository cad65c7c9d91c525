//! How a drill came out: the score, each goal with what shows it, our times beside the real incident's, what happened.
//!
//! ```text
//!  PASSED  95 of 100 points in 31:20, all that was hoped for came true
//!  P  contain    45/45  Drift cannot reach our data any more
//!       met     T+18:40     every grant of Drift is dead and proven so        35/35
//!  BESIDE                                        Salesloft Drift, August 2025
//!  first cut   ours  4m 10s   ▇▇▇▇▇▇▇
//!              then  12d      ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
//! ```

use ratatui::text::{Line, Span};
use stanch_model::api::{Debrief, DrillView, GoalView, Remark};

use super::facilitator::hope;
use crate::{
    app::App,
    widgets::{self, cut, pad},
    words::{self, time},
};

/// Eyes lose the row of a line that is longer.
const LINE: usize = 110;

/// What is measured, in the order in which it comes.
const MEASURES: [(&str, &str); 4] = [
    ("acknowledged", "acknowledged"),
    ("first_cut", "first cut"),
    ("told", "vendor told"),
    ("contained", "contained"),
];

/// All of it.
pub(super) fn text(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    let drill = app.drill()?;
    Some(all(app, drill, drill.debrief.as_ref()?, width.min(LINE)))
}

fn all(app: &App, drill: &DrillView, debrief: &Debrief, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let mut lines = vec![verdict(app, debrief, width), Line::default()];
    for goal in &debrief.goals {
        lines.extend(of_goal(goal, app, width));
        lines.extend(goal.shown_by.iter().map(|one| {
            let mut line = hope(one, app, width.saturating_sub(2));
            line.spans.insert(0, Span::raw("  "));
            line
        }));
    }
    lines.push(Line::default());
    lines.extend(beside(app, drill, debrief, width));
    lines.push(Line::default());
    lines.push(Line::styled(cut(&besides(drill, debrief), width, look), look.faint()));
    lines.extend(debrief.adversary.as_ref().map(|got| {
        let text = format!(
            "the adversary read {}, {} of them after the first cut; made {}; was shut out {}",
            words::count(got.reads as usize, "time"),
            got.after_first_cut,
            words::count(got.made as usize, "grant"),
            words::count(got.failed as usize, "time"),
        );
        Line::styled(cut(&text, width, look), look.faint())
    }));
    lines.extend(written(app, drill, width));
    lines.push(Line::default());
    lines.push(widgets::heading("TIMELINE", &words::count(debrief.timeline.len(), "line"), width, look));
    lines.extend(debrief.timeline.iter().map(|one| {
        let at = Span::styled(format!("  {:<10}", time::since_start(one.at_s)), look.faint());
        Line::from(vec![at, Span::raw(cut(&one.text, width.saturating_sub(12), look))])
    }));
    lines.extend(talk(app, debrief, width));
    lines
}

fn verdict(app: &App, debrief: &Debrief, width: usize) -> Line<'static> {
    let look = app.look();
    let word = if debrief.passed { "PASSED" } else { "NOT PASSED" };
    let why = match debrief.why.as_str() {
        "met" => "all that was hoped for came true",
        "time" => "the time was up",
        "stopped" => "STOPPED for something real",
        _ => "nothing was left to come",
    };
    let took = time::since_start(debrief.took_s);
    let text =
        format!("  {} of {} points in {}, {why}", debrief.score, debrief.of, took.trim_start_matches("T+"));
    Line::from(vec![
        widgets::word(word, !debrief.passed, look).patch_style(look.strong()),
        Span::raw(cut(&text, width.saturating_sub(word.len()), look)),
    ])
}

fn of_goal(goal: &GoalView, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let points = format!("{:>3}/{:<3}", goal.points, goal.of);
    let used = 3 + 11 + points.len() + 1;
    let mut rows = widgets::wrap(&goal.text, width.saturating_sub(used)).into_iter();
    let first = Line::from(vec![
        widgets::word(format!("{}  ", goal.rating), goal.rating == "U", look).patch_style(look.strong()),
        Span::styled(pad(&goal.goal, 11, look), look.strong()),
        Span::raw(format!("{points} ")),
        Span::raw(rows.next().unwrap_or_default()),
    ]);
    let more = rows.map(|row| Line::raw(format!("{:used$}{row}", "")));
    [first].into_iter().chain(more).collect()
}

/// Our times and theirs, on a scale of magnitudes: days and seconds fit one row.
fn beside(app: &App, drill: &DrillView, debrief: &Debrief, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let real = drill.based_on.as_ref();
    let aside = real.map_or("", |real| real.incident.as_str());
    let mut lines = vec![widgets::heading("SINCE THE FIRST ALERT, by magnitude", aside, width, look)];
    let theirs = |what: &str| real.and_then(|real| real.took_s.get(what)).copied();
    let all = MEASURES.iter().flat_map(|(what, _)| [debrief.took.get(*what).copied(), theirs(what)]);
    let longest = all.flatten().max().unwrap_or(0);
    let room = width.saturating_sub(16 + 6 + 10);
    let mut row = |label: &str, whose: &str, took: i64| {
        let bar = bar(took, longest, room);
        lines.push(Line::from(vec![
            Span::styled(format!("  {label:<14}"), look.strong()),
            Span::styled(format!("{whose:<6}"), look.faint()),
            Span::raw(format!("{:<10}", time::length(took * 1000))),
            Span::styled(
                look.glyph("▇", "#").repeat(bar),
                if whose == "then" { look.faint() } else { look.strong() },
            ),
        ]));
    };
    for (what, label) in MEASURES {
        let (ours, then) = (debrief.took.get(what).copied(), theirs(what));
        if let Some(ours) = ours {
            row(label, "ours", ours);
        }
        if let Some(then) = then {
            row(if ours.is_some() { "" } else { label }, "then", then);
        }
    }
    lines
}

/// How long a bar is.
fn bar(took: i64, longest: i64, room: usize) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a screen's width"
    )]
    let of = |seconds: i64| ((seconds.max(1) as f64).ln_1p() * 1000.0) as usize;
    (of(took) * room).checked_div(of(longest)).unwrap_or(0).clamp(1, room.max(1))
}

fn besides(drill: &DrillView, debrief: &Debrief) -> String {
    let mut said = vec![words::count(usize::try_from(drill.token_minutes).unwrap_or(0), "open token-minute")];
    said.push(format!("done twice: {}", debrief.doubled));
    if debrief.kills > 0 {
        said.push(format!("the runner was killed {}", words::count(debrief.kills as usize, "time")));
    }
    if debrief.hints > 0 {
        said.push(format!("hints cost {} points", debrief.hints));
    }
    if !debrief.collateral.is_empty() {
        said.push(format!("touched and not at stake: {}", debrief.collateral.join(", ")));
    }
    said.join("; ")
}

fn written(app: &App, drill: &DrillView, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let mut lines = Vec::new();
    for (sort, heading) in [(Remark::Strength, "STRENGTHS"), (Remark::Gap, "GAPS")] {
        let own: Vec<_> = drill.remarks.iter().filter(|one| one.sort == sort).collect();
        if own.is_empty() {
            continue;
        }
        lines.push(Line::default());
        lines.push(Line::styled(heading, look.strong()));
        lines.extend(own.into_iter().map(|one| {
            Line::raw(cut(
                &format!("  {} {}: {}", time::since_start(one.at_s), one.who, one.text),
                width,
                look,
            ))
        }));
    }
    lines
}

fn talk(app: &App, debrief: &Debrief, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let mut lines = vec![Line::default(), Line::styled("TO TALK ABOUT", look.strong())];
    for (ask, hope) in &debrief.talk {
        lines.extend(
            widgets::wrap(ask, width.saturating_sub(2)).into_iter().map(|row| Line::raw(format!("  {row}"))),
        );
        lines.extend(
            widgets::wrap(hope, width.saturating_sub(4))
                .into_iter()
                .map(|row| Line::styled(format!("    {row}"), look.faint())),
        );
    }
    lines.push(Line::default());
    lines.push(Line::styled("q leaves, and prints how to get the report", look.faint()));
    lines
}
