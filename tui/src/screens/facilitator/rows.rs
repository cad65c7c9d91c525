//! The rows of both halves: each a line and the id of what it stands for; headings have none.

use ratatui::text::{Line, Span};
use stanch_model::api::{Behind, DrillView, FaultView, Hoped, MoveState, MoveView, PlotState, PlotView};

use super::Chosen;
use crate::{
    app::{App, to_come},
    widgets::{self, cut, pad},
    words::{self, time},
};

/// The columns that the mark of the chosen row takes.
const MARK: usize = 2;

/// The width of the column of times.
const TIME: usize = 12;

/// From this width on a row says in full what a move of the adversary waits for, as far as this.
const ROOMY: usize = 90;
const WHEN: usize = 32;

/// A row.
pub(super) struct Row {
    /// What it stands for; nothing for a heading.
    pub(super) id: Option<String>,
    /// As it is drawn, without its mark.
    pub(super) line: Line<'static>,
}

fn heading(text: &str, aside: &str, app: &App, width: usize) -> Row {
    Row { id: None, line: widgets::heading(text, aside, width, app.look()) }
}

/// What is to come, what fails, what happened.
pub(super) fn plot(app: &App, drill: &DrillView, behind: &Behind, width: usize) -> Vec<Row> {
    let waiting = to_come(drill);
    let past = past(behind);
    let happened = past.iter().filter(|one| one.state == PlotState::Fired).count();
    let aside = format!("{} to come, {happened} happened", waiting.len());
    let mut rows = vec![heading("PLOT", &aside, app, width)];
    let room = width.saturating_sub(MARK);
    rows.extend(waiting.into_iter().map(|one| {
        let (id, line) = (Some(format!("entry {}", one.entry)), entry(one, app, room));
        Row { id, line }
    }));
    rows.extend(behind.faults.iter().map(|one| {
        let (id, line) = (Some(format!("fault {}", one.id)), fault(one, app, room));
        Row { id, line }
    }));
    rows.extend(past.into_iter().map(|one| {
        let (id, line) = (Some(format!("past {}", one.entry)), gone(one, app, room));
        Row { id, line }
    }));
    rows
}

/// What happened or was called off, the latest first.
pub(super) fn past(behind: &Behind) -> Vec<&PlotView> {
    let mut past: Vec<&PlotView> = behind.plot.iter().filter(|one| one.at_s.is_some()).collect();
    past.sort_by_key(|one| std::cmp::Reverse(one.at_s));
    past
}

fn entry(one: &PlotView, app: &App, width: usize) -> Line<'static> {
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
    // its first word stands at the left already
    let when = if due == "once" { when.strip_prefix("once ").unwrap_or(when) } else { when };
    let mark = if one.edited_by.is_some() { "edited, " } else { "" };
    let room = width.saturating_sub(TIME) * 3 / 5;
    Line::from(vec![
        Span::styled(format!("{due:<TIME$}"), look.strong()),
        Span::raw(pad(&one.what, room, look)),
        Span::styled(cut(&format!(" {mark}{when}"), width.saturating_sub(TIME + room), look), look.faint()),
    ])
}

fn fault(one: &FaultView, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let left = one.until_s.map(|until| (until - app.drill_s()).max(0));
    let left =
        left.map_or_else(|| "until x".to_owned(), |left| format!("{} left", time::length(left * 1000)));
    let room = width.saturating_sub(TIME) * 3 / 5;
    let text = format!(" {left}, {} failed", words::count(usize::try_from(one.fired).unwrap_or(0), "call"));
    Line::from(vec![
        widgets::word(format!("{:<TIME$}", "FAILS"), true, look),
        Span::raw(pad(&one.what, room, look)),
        Span::styled(cut(&text, width.saturating_sub(TIME + room), look), look.faint()),
    ])
}

fn gone(one: &PlotView, app: &App, width: usize) -> Line<'static> {
    let word = if one.state == PlotState::Off { "called off: " } else { "" };
    let at = time::since_start(one.at_s.unwrap_or(0));
    Line::styled(cut(&format!("{at:<TIME$}{word}{}", one.what), width, app.look()), app.look().faint())
}

/// What is so, what is hoped for, what was written down.
pub(super) fn known(app: &App, drill: &DrillView, behind: &Behind, width: usize) -> Vec<Row> {
    let look = app.look();
    let room = width.saturating_sub(MARK);
    let hoped = drill.hoped.as_deref().unwrap_or_default();
    let count = |came: &str| hoped.iter().filter(|one| one.came == came).count();
    let aside =
        format!("{} met, {} late, {} open", count("met"), count("late"), count("missed") + count("lost"));
    let open = usize::try_from(drill.token_minutes).unwrap_or(0);
    let mut rows = vec![heading("TRULY", &words::count(open, "open token-minute"), app, width)];
    rows.extend(
        behind.truth.iter().enumerate().map(|(nth, line)| Row {
            id: Some(format!("truth {nth}")),
            line: Line::raw(cut(line, room, look)),
        }),
    );
    if !behind.adversary.is_empty() {
        rows.push(heading("THE ADVERSARY", "", app, width));
    }
    let longest = behind.adversary.iter().map(|one| moved(one).chars().count() + 1).max().unwrap_or(0);
    let column = if room >= ROOMY { longest.clamp(TIME, WHEN) } else { TIME };
    rows.extend(
        behind.adversary.iter().enumerate().map(|(nth, one)| Row {
            id: Some(format!("move {nth}")),
            line: adversary(one, column, app, room),
        }),
    );
    rows.push(heading("HOPED FOR", &aside, app, width));
    rows.extend(
        hoped
            .iter()
            .enumerate()
            .map(|(nth, one)| Row { id: Some(format!("hope {nth}")), line: hope(one, app, room) }),
    );
    if !drill.remarks.is_empty() {
        rows.push(heading("WRITTEN DOWN", &drill.remarks.len().to_string(), app, width));
    }
    rows.extend(drill.remarks.iter().enumerate().rev().map(|(nth, one)| {
        let text = format!("{} {} by {}: {}", time::since_start(one.at_s), one.sort, one.who, one.text);
        Row { id: Some(format!("remark {nth}")), line: Line::raw(cut(&text, room, look)) }
    }));
    rows
}

/// When a move was made, or what it waits for.
fn moved(one: &MoveView) -> String {
    one.at_s.map_or_else(|| one.when.clone(), time::since_start)
}

/// What the adversary does, and whether it still can.
fn adversary(one: &MoveView, time: usize, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let at = moved(one);
    let got = if one.got == 0 {
        String::new()
    } else {
        format!(", {} so far", words::count(one.got as usize, "time"))
    };
    let why = if one.why.is_empty() { String::new() } else { format!(": {}", one.why) };
    Line::from(vec![
        // what works for the adversary is bad for us
        widgets::word(format!("{:<8}", one.state.as_str()), one.state == MoveState::Works, look),
        Span::styled(format!("{} ", pad(&at, time - 1, look)), look.faint()),
        Span::raw(cut(&format!("{}{got}{why}", one.what), width.saturating_sub(8 + time), look)),
    ])
}

/// One expectation: how it stands, and until when it may still come.
pub(in crate::screens) fn hope(one: &Hoped, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let (word, bad) = standing(one, app);
    let at = match (one.first_s, one.by_s) {
        (Some(first), _) => time::since_start(first),
        (None, Some(by)) => format!("by {}", time::since_start(by).trim_start_matches("T+")),
        (None, None) => "at the end".to_owned(),
    };
    let points = format!("{:>3}/{}", one.points, one.of);
    let room = width.saturating_sub(8 + TIME + points.len() + 1);
    let mut say = one.say.clone();
    if one.tested_first {
        say = format!("still open: {say}");
    }
    if let Some(graded) = &one.graded {
        say = format!("({} as computed; {}: {}) {say}", graded.came, graded.by, graded.why);
    }
    Line::from(vec![
        widgets::word(format!("{word:<8}"), bad, look),
        Span::styled(format!("{at:<TIME$}"), look.faint()),
        Span::raw(pad(&say, room, look)),
        Span::styled(format!(" {points}"), look.faint()),
    ])
}

/// How it stands in a word, and whether that is bad.
fn standing(one: &Hoped, app: &App) -> (&'static str, bool) {
    let is_over = app.drill().is_some_and(|drill| drill.debrief.is_some());
    match (one.came.as_str(), one.by_s) {
        ("met", _) => ("met", false),
        ("late", _) => ("LATE", true),
        ("lost", _) => ("LOST", true),
        (_, Some(by)) if app.drill_s() > by => ("MISSED", true),
        _ if is_over || one.graded.is_some() => ("MISSED", true),
        _ => ("open", false),
    }
}

/// What is chosen, in full: what it is, and everything that is known of it.
pub(super) fn whole(chosen: Chosen, drill: &DrillView, behind: &Behind) -> Option<(&'static str, String)> {
    let at = time::since_start;
    Some(match chosen {
        Chosen::Entry(nth) | Chosen::Past(nth) => {
            let one = behind.plot.iter().find(|one| one.entry == nth)?;
            let mut text = format!("{}\n\nWhen: {}", words::sentence(&one.what), one.when);
            one.at_s.iter().for_each(|then| text += &format!("\nAt: {}, {}", at(*then), one.state));
            one.edited_by.iter().for_each(|by| text += &format!("\nEdited by: {by}"));
            one.from.iter().for_each(|from| text += &format!("\n\nFrom: {from}"));
            one.text.iter().for_each(|said| text += &format!("\n\n{said}"));
            ("Plot", text)
        }
        Chosen::Fault(id) => {
            let one = behind.faults.iter().find(|one| one.id == id)?;
            let until =
                one.until_s.map_or_else(|| "until x".to_owned(), |until| format!("until {}", at(until)));
            ("Fault", format!("{}\n\n{until}, {} calls failed so far", one.what, one.fired))
        }
        Chosen::Truth(nth) => ("Truly", behind.truth.get(nth)?.clone()),
        Chosen::Move(nth) => {
            let one = behind.adversary.get(nth)?;
            let last = one.at_s.map_or_else(String::new, |then| format!(", tried last at {}", at(then)));
            let mut text = format!(
                "{}\n\nWhen: {}\n{}{last}; ",
                words::sentence(&one.what),
                one.when,
                words::sentence(one.state.as_str())
            );
            text += &format!("it worked {}", words::count(one.got as usize, "time"));
            if !one.why.is_empty() {
                text += &format!("\n\n{}", words::sentence(&one.why));
            }
            ("The adversary", text)
        }
        Chosen::Hope(nth) => ("Hoped for", of_hope(drill.hoped.as_ref()?.get(nth)?, drill)),
        Chosen::Remark(nth) => {
            let one = drill.remarks.get(nth)?;
            let goal = one.goal.as_ref().map_or_else(String::new, |goal| format!(", about {goal}"));
            ("Written down", format!("{} {} by {}{goal}\n\n{}", at(one.at_s), one.sort, one.who, one.text))
        }
    })
}

fn of_hope(one: &Hoped, drill: &DrillView) -> String {
    let at = time::since_start;
    let goal = drill.goals.get(&one.goal).map_or_else(String::new, |text| format!(": {text}"));
    let mut text = format!("{}\n\nGoal {}{goal}\n", words::sentence(&one.say), one.goal);
    let came = one.first_s.map_or_else(|| one.came.clone(), |first| format!("{}, {}", one.came, at(first)));
    let by = one.by_s.map_or_else(String::new, |by| format!(", to come by {}", at(by)));
    text += &format!("Counts as {came}: {} of {} points{by}", one.points, one.of);
    if one.tested_first {
        text += "\nAn improvement is still open about it: it is tested first";
    }
    if let Some(graded) = &one.graded {
        text += &format!(
            "\n\n{} as computed; {} changed that at {}: {}",
            words::sentence(&graded.came),
            graded.by,
            at(graded.at_s),
            graded.why
        );
    }
    text
}
