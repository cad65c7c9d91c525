//! Steps: which are new, gone, elsewhere, or do something else.

use similar::{Algorithm, DiffOp, capture_diff_slices};
use stanch_model::catalog::ActionIndex;

use super::{About, How, List};
use crate::{
    Course, Playbook,
    course::{Part, Step},
};

/// A step as it is compared.
struct Line {
    /// What it is: `approve cut-app`, `grant.revoke`. Equal ones are the same step.
    what: String,
    /// Where it stands: line and phase.
    place: String,
    /// What must be said of it, by name: a difference in one of these is a change.
    facts: [(&'static str, String); 5],
}

pub(super) fn compare(before: &Playbook, now: &Playbook, index: &dyn ActionIndex, list: &mut List) {
    let (old, new) = (lines(before, index), lines(now, index));
    let names = |lines: &[Line]| lines.iter().map(|line| line.what.clone()).collect::<Vec<_>>();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for op in capture_diff_slices(Algorithm::Myers, &names(&old), &names(&new)) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            (0..len).for_each(|n| changed(&old[old_index + n], &new[new_index + n], list));
        } else {
            gone.extend(op.old_range());
            come.extend(op.new_range());
        }
    }
    for at in gone {
        let line = &old[at];
        match come.iter().position(|new_at| new[*new_at].what == line.what) {
            Some(found) => {
                let to = &new[come.remove(found)];
                list.push(
                    About::Steps,
                    How::Moved,
                    &line.what,
                    Some(line.place.clone()),
                    Some(to.place.clone()),
                );
                changed(line, to, list);
            }
            None => list.push(About::Steps, How::Removed, &line.what, Some(line.words()), None),
        }
    }
    for at in come {
        list.push(About::Steps, How::Added, &new[at].what, None, Some(new[at].words()));
    }
}

fn changed(before: &Line, now: &Line, list: &mut List) {
    for ((name, a), (_, b)) in before.facts.iter().zip(&now.facts) {
        if a != b {
            let what = format!("{} ({}): {name}", now.what, now.place);
            list.push(About::Steps, How::Changed, &what, Some(a.clone()), Some(b.clone()));
        }
    }
}

impl Line {
    fn words(&self) -> String {
        let [_, (_, effect), (_, when), ..] = &self.facts;
        let effect = if effect.is_empty() { String::new() } else { format!(", {effect}") };
        let when = if when.is_empty() { String::new() } else { format!(", {when}") };
        format!("{}{effect}{when}", self.place)
    }
}

fn lines(playbook: &Playbook, index: &dyn ActionIndex) -> Vec<Line> {
    let course = Course::of(playbook, index);
    let (mut lines, mut phase) = (Vec::new(), String::new());
    walk(&course.parts, "", &mut phase, &mut lines);
    lines
}

fn walk(parts: &[Part<'_>], when: &str, phase: &mut String, lines: &mut Vec<Line>) {
    let inside = |more: String| if when.is_empty() { more } else { format!("{when}, {more}") };
    for part in parts {
        match part {
            Part::Step(step) => {
                if step.called.is("phase") {
                    *phase = step.name.clone().unwrap_or_default();
                }
                lines.push(line(step, when, phase));
            }
            Part::Fan(around) => {
                walk(&around.body, &inside(format!("each of {}", around.over)), phase, lines)
            }
            Part::Repeat(around) => {
                walk(&around.body, &inside(format!("in turn {}", around.over)), phase, lines)
            }
            Part::Choice { ways, .. } => {
                for way in ways {
                    let when = way.when.as_ref().map_or("otherwise".to_owned(), |when| format!("if {when}"));
                    walk(&way.body, &inside(when), phase, lines);
                }
            }
            Part::End { line } => lines.push(Line {
                what: "end".to_owned(),
                place: place(*line, phase),
                facts: [
                    ("does", String::new()),
                    ("effect", String::new()),
                    ("when", when.to_owned()),
                    ("on error", String::new()),
                    ("says", String::new()),
                ],
            }),
        }
    }
}

fn place(line: usize, phase: &str) -> String {
    if phase.is_empty() { format!("line {line}") } else { format!("line {line}, phase {phase}") }
}

fn line(step: &Step<'_>, when: &str, phase: &str) -> Line {
    let name = step.name.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
    let effects = step.effects().iter().map(|effect| effect.as_str()).collect::<Vec<_>>().join(" or ");
    let mut does: Vec<String> = step.actions.iter().map(|(on, info)| format!("{on}.{}", info.name)).collect();
    does.sort_unstable();
    does.dedup();
    let on_error = if step.tolerated { "goes on" } else { "ends the run" };
    Line {
        what: format!("{}{name}", step.called.name()),
        place: place(step.line, phase),
        facts: [
            ("does", does.join(", ")),
            ("effect", effects),
            ("when", when.to_owned()),
            ("on error", on_error.to_owned()),
            ("says", step.says.clone().unwrap_or_default()),
        ],
    }
}
