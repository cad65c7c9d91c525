//! The plot of a drill beside what came of it: planned and actual.

use std::collections::BTreeMap;

use stanch_response::report::{self, Lane, Moment, Place, Tone, after};

use super::Written;
use crate::{
    adversary,
    board::Fate,
    record::Line,
    scenario::{Deed, PlotEntry, Scenario},
    stagehand::words,
};

/// A line of a timeline holds so much of what somebody said.
const WORDS: usize = 160;

/// What a fault says that kills the runner.
const DIES: &str = "the runner is killed";

/// Every entry of the plot, and what the drill's own journal says beside it.
pub(super) fn of(scenario: &Scenario, lines: &[Written]) -> Vec<Moment> {
    let start = scenario.clock.starts.as_millisecond();
    let fates = fates(lines);
    let plot = scenario.plot.iter().enumerate();
    let plot = plot.map(|(nth, entry)| planned(entry, &came_as(lines, nth, entry), fates.get(&nth), start));
    let beside = lines.iter().filter_map(|line| beside(scenario, lines, line, start));
    plot.chain(beside).collect()
}

/// In the order of time. On a clock that stands while anything is at work much happens at one moment: what the plot begins
/// with comes before what it brings about, and a death of the runner before its return.
pub(super) fn order(timeline: &mut Vec<Moment>) {
    let rank = |moment: &Moment| if moment.mark == "alert" { 0 } else { 1 };
    timeline.sort_by_key(rank);
    report::sort(timeline);
    let is_back = |moment: &Moment| moment.mark == "back";
    let dies = |moment: &Moment| moment.lane == Lane::Outside && moment.text.starts_with(DIES);
    let mut from = 0;
    while let Some(back) = timeline.iter().skip(from).position(is_back).map(|after| from + after) {
        let death = timeline.iter().skip(back).position(dies).map(|after| back + after);
        from = back + 1;
        if let Some(death) = death.filter(|death| timeline[*death].at_s == timeline[back].at_s) {
            let moment = timeline.remove(death);
            timeline.insert(back, moment);
            from += 1;
        }
    }
}

fn fates(lines: &[Written]) -> BTreeMap<usize, (Fate, Place, String)> {
    let mut fates = BTreeMap::new();
    for written in lines {
        match &written.line {
            Line::Fired { entry, at_ms, by } => {
                fates.insert(*entry, (Fate::Fired(*at_ms), written.place(), by.clone()));
            }
            Line::Off { entry, at_ms, by } => {
                fates.insert(*entry, (Fate::Off(*at_ms), written.place(), by.clone()));
            }
            _ => {}
        }
    }
    fates
}

/// What an entry says as it came, and who had changed it.
fn came_as(lines: &[Written], nth: usize, entry: &PlotEntry) -> String {
    let (mut entry, mut changed) = (entry.clone(), String::new());
    for written in lines {
        if let Line::Edited { entry: edited, edit, by, .. } = &written.line
            && *edited == nth
        {
            edit.apply(&mut entry);
            changed = match edit.at {
                Some(at) => format!(" (changed by {by}, to come at {})", after(at.ms() / 1000)),
                None => format!(" (changed by {by})"),
            };
        }
    }
    format!("{}{changed}", said(&entry))
}

/// Planned as in the file; `text` says it as it came.
fn planned(entry: &PlotEntry, text: &str, fate: Option<&(Fate, Place, String)>, start: i64) -> Moment {
    let (planned, planned_s) = when(entry);
    let (at_s, by) = match fate {
        Some((Fate::Fired(at), _, by)) => (Some((at - start) / 1000), by.as_str()),
        _ => (None, ""),
    };
    let mut text = text.to_owned();
    match fate {
        Some((Fate::Off(at), _, who)) => {
            let who = if who.is_empty() { String::new() } else { format!(" by {who}") };
            text = format!("{text} (called off{who} at {})", after((at - start) / 1000));
        }
        Some(_) if !by.is_empty() => text = format!("{text} (fired by {by})"),
        _ => {}
    }
    Moment {
        planned,
        planned_s,
        at_s,
        until_s: None,
        lane: Lane::Outside,
        mark: mark(entry).to_owned(),
        text,
        tone: if matches!(entry.deed(), Some(Deed::Fault(_))) { Tone::Warn } else { Tone::Plain },
        places: fate.map(|(_, place, _)| place.clone()).into_iter().collect(),
    }
}

/// When it was to happen, in words and, where it is a time, in seconds.
fn when(entry: &PlotEntry) -> (String, Option<i64>) {
    match (entry.at, &entry.once, &entry.unless, &entry.by_hand) {
        (Some(at), ..) => (after(at.ms() / 1000), Some(at.ms() / 1000)),
        (_, Some(once), ..) => (format!("once {once}"), None),
        (_, _, Some(unless), _) => {
            let by = entry.by.map(|by| by.ms() / 1000);
            let words = by.map_or_else(String::new, |by| format!(" by {}", after(by)));
            (format!("unless {unless}{words}"), by)
        }
        (.., Some(name)) => (format!("by hand: {name}"), None),
        _ => (String::new(), None),
    }
}

fn mark(entry: &PlotEntry) -> &'static str {
    match entry.deed() {
        Some(Deed::Alert(_)) => "alert",
        Some(Deed::Letter(channel, _)) => channel.as_str(),
        Some(Deed::Fault(_)) => "fault",
        Some(Deed::Consent(_)) => "consent",
        Some(Deed::Pull(_)) => "pull",
        Some(Deed::Run(_)) => "run",
        None => "plot",
    }
}

/// Without the word that stands before it.
fn said(entry: &PlotEntry) -> String {
    match entry.deed() {
        Some(Deed::Letter(_, letter)) => format!("{}: \u{201c}{}\u{201d}", letter.from, short(&letter.text)),
        Some(Deed::Alert(_)) => entry.words().trim_start_matches("alert ").to_owned(),
        _ => entry.words(),
    }
}

fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}\u{2026}", &line[..end]),
        None => line,
    }
}

/// Whether the plot killed the runner then.
fn fired_then(scenario: &Scenario, lines: &[Written], then_ms: i64) -> bool {
    lines.iter().any(|written| match &written.line {
        Line::Fired { entry, at_ms, .. } => {
            let deed = scenario.plot.get(*entry).and_then(PlotEntry::deed);
            *at_ms == then_ms && matches!(deed, Some(Deed::Fault(fault)) if fault.kill_runner)
        }
        _ => false,
    })
}

/// Until when a move that begins here went on to work.
fn reads_until(lines: &[Written], first: &Line) -> Option<i64> {
    let Line::Moved { number, times: 1, .. } = first else { return None };
    lines.iter().rev().find_map(|written| match &written.line {
        Line::Moved { number: known, failed, at_ms, times, .. }
            if known == number && failed.is_empty() && *times > 1 =>
        {
            Some(*at_ms)
        }
        _ => None,
    })
}

/// What the server's journal cannot know.
fn beside(scenario: &Scenario, lines: &[Written], written: &Written, start: i64) -> Option<Moment> {
    let said = |line: &Line| words(scenario, &scenario.plot, line);
    let (lane, mark, text, tone) = match &written.line {
        Line::Revealed { hidden, .. } => {
            let hidden = scenario.world.hidden.get(*hidden)?;
            let text = match hidden.grants.values().sum::<u32>() {
                0 => format!("{}, which nobody knew: {}", hidden.app, hidden.why),
                count => format!("{count} grants of {} that nobody knew: {}", hidden.app, hidden.why),
            };
            (Lane::Outside, "revealed", text, Tone::Warn)
        }
        Line::Moved { number, times, failed, .. } => {
            let text = adversary::words(scenario, *number, *times, failed)?;
            let text = text.trim_start_matches("the adversary ").to_owned();
            (Lane::Outside, "adversary", text, if failed.is_empty() { Tone::Bad } else { Tone::Good })
        }
        // by the plot's own entry, which stands there
        Line::Killed { at_ms } if fired_then(scenario, lines, *at_ms) => return None,
        Line::Killed { .. } => (Lane::Outside, "killed", DIES.to_owned(), Tone::Bad),
        Line::Observed { who, sort, text, .. } => {
            let tone = if sort == "strength" { Tone::Good } else { Tone::Warn };
            (
                Lane::People,
                if sort == "strength" { "strength" } else { "gap" },
                format!("{who}: {text}"),
                tone,
            )
        }
        Line::Hinted { hint, who, .. } => {
            let price = scenario.hints.get(*hint).map_or(0, |hint| hint.price);
            (Lane::People, "hint", format!("{who} takes hint {} for {price} points", hint + 1), Tone::Warn)
        }
        line @ Line::Graded { .. } => (Lane::People, "grade", said(line)?, Tone::Plain),
        line @ (Line::Sat { .. } | Line::ByHand { .. }) => (Lane::People, "seat", said(line)?, Tone::Plain),
        line @ (Line::Faulted { .. } | Line::Mended { .. }) => {
            (Lane::Outside, "fault", said(line)?, Tone::Warn)
        }
        line @ Line::Stopped { .. } => (Lane::People, "stop", said(line)?, Tone::Bad),
        Line::Ended { why, .. } => (Lane::Outside, "over", format!("the drill is over: {why}"), Tone::Plain),
        _ => return None,
    };
    let last = reads_until(lines, &written.line);
    Some(Moment {
        planned: String::new(),
        planned_s: None,
        at_s: written.line.at_ms().map(|at| (at - start) / 1000),
        until_s: last.map(|at| (at - start) / 1000),
        lane,
        mark: mark.to_owned(),
        text,
        tone,
        places: vec![written.place()],
    })
}
