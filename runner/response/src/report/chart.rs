//! Charts as SVG, drawn with the classes of the report's own style. They show what the tables say, and nothing else.

mod axis;

use std::fmt::Write;

use self::axis::{Axis, LEFT, WIDTH};
use super::{
    clock::{after, length},
    shape::{Lane, Level, Measure, Moment, Tone},
};
use crate::page::{escape, tone};

/// What is drawn.
pub(super) enum Chart {
    /// Moments in lanes over time: what was planned hollow, what happened filled.
    Timeline { moments: Vec<Moment>, lanes: Vec<Lane> },
    /// Points of objectives: name, got, all, how good.
    Points(Vec<(String, u32, u32, Tone)>),
    /// What took how long, here and then.
    Beside(Vec<Measure>),
    /// What was open over time.
    Exposure { levels: Vec<Level>, end_s: i64 },
}

/// Draws it.
pub(super) fn svg(chart: &Chart) -> String {
    match chart {
        Chart::Timeline { moments, lanes } => timeline(moments, lanes),
        Chart::Points(bars) => points(bars),
        Chart::Beside(measures) => beside(measures),
        Chart::Exposure { levels, end_s } => exposure(levels, *end_s),
    }
}

fn frame(height: u32, title: &str, inside: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{0}\">\n<title>{0}</title>\n{inside}</svg>\n",
        escape(title)
    )
}

/// Height of a lane.
const LANE: u32 = 34;

fn timeline(moments: &[Moment], lanes: &[Lane]) -> String {
    let ends = moments.iter().flat_map(|moment| [moment.until_s, moment.at_s, moment.planned_s]);
    let axis = Axis::new(ends.flatten().max().unwrap_or(0));
    let bottom = 8 + LANE * u32::try_from(lanes.len()).unwrap_or(1);
    let mut inside = axis.draw(8, bottom);
    for (nth, lane) in (0u32..).zip(lanes) {
        let y = 8 + LANE * nth + LANE / 2;
        let _ = writeln!(inside, "<text class=\"name\" x=\"0\" y=\"{}\">{}</text>", y + 4, lane.as_str());
        let _ = writeln!(inside, "<line class=\"axis\" x1=\"{LEFT}\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\"/>");
        if *lane == Lane::Phases {
            inside.push_str(&phases(moments, &axis, y));
        }
        for moment in moments.iter().filter(|moment| moment.lane == *lane) {
            inside.push_str(&mark(moment, &axis, y));
        }
    }
    frame(bottom + 26, "What happened when, in lanes: outside, people, phases, response, targets", &inside)
}

/// The phases of the playbook as bars, with their names where there is room.
fn phases(moments: &[Moment], axis: &Axis, y: u32) -> String {
    let begins = |moment: &&Moment| moment.mark == "phase" && moment.at_s.is_some();
    let phases: Vec<&Moment> = moments.iter().filter(begins).collect();
    let over = moments.iter().filter(|moment| moment.mark == "ended").filter_map(|moment| moment.at_s).max();
    let mut text = String::new();
    for (nth, phase) in phases.iter().enumerate() {
        let from = axis.x(phase.at_s.unwrap_or(0));
        let until = phases.get(nth + 1).and_then(|next| next.at_s).or(over).unwrap_or(axis.end());
        let wide = (axis.x(until) - from).max(1.0);
        let odd = if nth % 2 == 1 { " odd" } else { "" };
        let _ = writeln!(
            text,
            "<rect class=\"phase{odd}\" x=\"{from:.1}\" y=\"{}\" width=\"{wide:.1}\" height=\"24\"><title>{} {}</title></rect>",
            y - 12,
            after(phase.at_s.unwrap_or(0)),
            escape(&phase.text)
        );
        let room = 6.6 * phase.text.chars().count() as f64 + 10.0;
        if wide >= room {
            let _ = writeln!(
                text,
                "<text class=\"label\" x=\"{:.1}\" y=\"{}\">{}</text>",
                from + 5.0,
                y + 4,
                escape(&phase.text)
            );
        }
    }
    text
}

fn mark(moment: &Moment, axis: &Axis, y: u32) -> String {
    if moment.mark == "phase" {
        return String::new();
    }
    let mut text = String::new();
    let title = |at: i64| format!("<title>{} {}</title>", after(at), escape(&moment.text));
    if let Some(planned) = moment.planned_s {
        let x = axis.x(planned);
        if let Some(at) = moment.at_s.filter(|at| *at != planned) {
            let _ = writeln!(
                text,
                "<line class=\"drift\" x1=\"{x:.1}\" y1=\"{y}\" x2=\"{:.1}\" y2=\"{y}\"/>",
                axis.x(at)
            );
        }
        let _ = writeln!(
            text,
            "<circle class=\"planned\" cx=\"{x:.1}\" cy=\"{y}\" r=\"5.5\">{}</circle>",
            title(planned)
        );
    }
    let Some(at) = moment.at_s else { return text };
    let (x, class) = (axis.x(at), tone(moment.tone));
    match moment.until_s.filter(|until| *until > at) {
        Some(until) => {
            let wide = (axis.x(until) - x).max(3.0);
            let _ = writeln!(
                text,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{}\" width=\"{wide:.1}\" height=\"6\" rx=\"3\" opacity=\".75\">{}</rect>",
                y - 3,
                title(at)
            );
        }
        None => {
            let _ = writeln!(
                text,
                "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y}\" r=\"4\">{}</circle>",
                title(at)
            );
        }
    }
    text
}

fn points(bars: &[(String, u32, u32, Tone)]) -> String {
    const ROW: u32 = 24;
    let most = bars.iter().map(|(_, _, of, _)| *of).max().unwrap_or(1).max(1);
    let unit = 640.0 / f64::from(most);
    let mut inside = String::new();
    for (nth, (name, got, of, how)) in (0u32..).zip(bars) {
        let y = ROW * nth;
        let (got_wide, of_wide) = (f64::from(*got) * unit, f64::from(*of) * unit);
        let _ = writeln!(
            inside,
            "<text class=\"name\" x=\"0\" y=\"{ty}\">{name}</text>\n\
             <rect class=\"rest\" x=\"{LEFT}\" y=\"{y}\" width=\"{of_wide:.1}\" height=\"16\"/>\n\
             <rect class=\"{class}\" x=\"{LEFT}\" y=\"{y}\" width=\"{got_wide:.1}\" height=\"16\"/>\n\
             <text class=\"label\" x=\"{tx:.1}\" y=\"{ty}\">{got} of {of}</text>",
            ty = y + 12,
            name = escape(name),
            class = tone(*how),
            tx = f64::from(LEFT) + of_wide + 8.0,
        );
    }
    frame(ROW * u32::try_from(bars.len()).unwrap_or(1), "Points of each objective", &inside)
}

/// On a logarithmic scale: minutes here stand beside days then.
fn beside(measures: &[Measure]) -> String {
    const ROW: u32 = 42;
    let longest = measures.iter().flat_map(|measure| [measure.here_s, measure.then_s]).flatten().max();
    let scale = |s: i64| (1.0 + s.max(0) as f64).ln();
    let most = scale(longest.unwrap_or(1)).max(1.0);
    let left = 150u32;
    let mut inside = String::new();
    let known = measures.iter().filter(|measure| measure.here_s.is_some() || measure.then_s.is_some());
    let mut rows = 0;
    for measure in known {
        let y = ROW * rows;
        rows += 1;
        let _ = writeln!(
            inside,
            "<text class=\"name\" x=\"0\" y=\"{}\">{}</text>",
            y + 20,
            escape(&measure.what)
        );
        for (nth, class, who, took) in
            [(0, "plain", "here", measure.here_s), (1, "then", "in the real incident", measure.then_s)]
        {
            let Some(took) = took else { continue };
            let (top, wide) = (y + 2 + nth * 16, (scale(took) / most * 560.0).max(2.0));
            let _ = writeln!(
                inside,
                "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{wide:.1}\" height=\"13\"/>\n\
                 <text class=\"label\" x=\"{:.1}\" y=\"{}\">{} {who}</text>",
                f64::from(left) + wide + 8.0,
                top + 11,
                length(took)
            );
        }
    }
    let title = "How long it took here and in the real incident, on a logarithmic scale";
    frame((ROW * rows).max(1), title, &inside)
}

fn exposure(levels: &[Level], end_s: i64) -> String {
    const HEIGHT: u32 = 130;
    let last = levels.last().map_or(0, |level| level.at_s);
    let axis = Axis::new(end_s.max(last));
    let most = levels.iter().map(|level| level.unproven).max().unwrap_or(1).max(1);
    let top = 22u32;
    let y = |count: u64| f64::from(top + HEIGHT) - count as f64 / most as f64 * f64::from(HEIGHT);
    let area = |count: &dyn Fn(&Level) -> u64| {
        let mut path = format!("M{:.1} {:.1}", axis.x(0), y(0));
        for (nth, level) in levels.iter().enumerate() {
            let from = axis.x(level.at_s);
            let until = axis.x(levels.get(nth + 1).map_or(axis.end(), |next| next.at_s));
            let _ = write!(path, " L{from:.1} {0:.1} L{until:.1} {0:.1}", y(count(level)));
        }
        let _ = write!(path, " L{:.1} {:.1} Z", axis.x(axis.end()), y(0));
        path
    };
    let mut inside = axis.draw(top, top + HEIGHT);
    let _ = writeln!(inside, "<path class=\"unproven\" d=\"{}\"/>", area(&|level| level.unproven));
    let _ = writeln!(inside, "<path class=\"open\" d=\"{}\"/>", area(&|level| level.open));
    let _ = writeln!(
        inside,
        "<text class=\"name\" x=\"0\" y=\"{}\">{most} targets</text>\n\
         <rect class=\"open\" x=\"{LEFT}\" y=\"2\" width=\"11\" height=\"11\"/>\n\
         <text class=\"label\" x=\"{}\" y=\"12\">open</text>\n\
         <rect class=\"unproven\" x=\"{}\" y=\"2\" width=\"11\" height=\"11\"/>\n\
         <text class=\"label\" x=\"{}\" y=\"12\">cut, and not proven yet</text>",
        top + 10,
        LEFT + 16,
        LEFT + 60,
        LEFT + 76,
    );
    frame(top + HEIGHT + 26, "Targets that were open, and those not proven yet, over time", &inside)
}
