//! The flow as lines of text: where no picture can be shown.

use stanch_playbooks::{
    Playbook,
    course::{Course, Part, Step},
};

use super::words;

/// Draws it.
pub(super) fn draw(playbook: &Playbook, course: &Course<'_>) -> String {
    let mut lines = vec![start(playbook)];
    let mut parts = course.parts.as_slice();
    while !parts.is_empty() {
        let end = 1 + parts[1..].iter().position(is_phase).unwrap_or(parts.len() - 1);
        let (phase, rest) = parts.split_at(end);
        match phase {
            [Part::Step(step), inner @ ..] if step.called.is("phase") => {
                lines.push(format!("\n{}", words::does(step)));
                branch(playbook, inner, "", &mut lines);
            }
            all => branch(playbook, all, "", &mut lines),
        }
        parts = rest;
    }
    lines.join("\n")
}

/// What begins it, in a line.
pub(super) fn start(playbook: &Playbook) -> String {
    match playbook.manifest.start.as_slice() {
        [] => "A person starts it".to_owned(),
        _ => "An alert fits, or a person starts it".to_owned(),
    }
}

/// True for the heading of a phase.
pub(super) fn is_phase(part: &Part<'_>) -> bool {
    matches!(part, Part::Step(step) if step.called.is("phase"))
}

fn branch(playbook: &Playbook, parts: &[Part<'_>], before: &str, lines: &mut Vec<String>) {
    for (nth, part) in parts.iter().enumerate() {
        let last = nth + 1 == parts.len();
        let (turn, on) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let mut say = |text: String| lines.push(format!("{before}{turn}{text}"));
        let inner = format!("{before}{on}");
        match part {
            Part::Step(step) => step_lines(playbook, step).into_iter().enumerate().for_each(|(n, text)| {
                lines.push(if n == 0 { format!("{before}{turn}{text}") } else { format!("{inner}  {text}") });
            }),
            Part::Fan(around) => {
                say(at_once(&around.over));
                branch(playbook, &around.body, &inner, lines);
            }
            Part::Repeat(around) => {
                say(in_turn(&around.over));
                branch(playbook, &around.body, &inner, lines);
            }
            Part::Choice { ways, .. } => {
                for (nth, way) in ways.iter().enumerate() {
                    let end = last && nth + 1 == ways.len();
                    let (turn, on) = if end { ("└─ ", "   ") } else { ("├─ ", "│  ") };
                    let when = way.when.as_ref().map_or("otherwise".to_owned(), |when| format!("if {when}"));
                    lines.push(format!("{before}{turn}<{when}>"));
                    branch(playbook, &way.body, &format!("{before}{on}"), lines);
                    if way.body.is_empty() {
                        lines.push(format!("{before}{on}└─ go on"));
                    }
                }
            }
            Part::End { .. } => say("ends here".to_owned()),
        }
    }
}

/// What a fan-out says of itself.
pub(super) fn at_once(over: &str) -> String {
    if over.is_empty() { "all at once".to_owned() } else { format!("for each of {over}, all at once") }
}

/// What a loop says of itself.
pub(super) fn in_turn(over: &str) -> String {
    if over.starts_with("while ") || over.starts_with("until ") {
        over.to_owned()
    } else {
        format!("for each of {over}, one after the other")
    }
}

fn step_lines(playbook: &Playbook, step: &Step<'_>) -> Vec<String> {
    let effects = words::effects(step);
    let about = if effects.is_empty() { String::new() } else { format!(" ({effects})") };
    let head = format!("{}{about}", words::does(step));
    let approval = step.name.as_ref().filter(|_| step.called.is("approve"));
    match approval.and_then(|name| playbook.manifest.approvals.get(name)) {
        Some(spec) => vec![format!("== {head} =="), words::ladder(spec)],
        None => vec![head],
    }
}
