//! Where things stand: each is drawn below the one before, and tells where it ends.

use std::fmt::Write;

use stanch_model::Effect;
use stanch_playbooks::{
    Playbook,
    course::{Around, Part, Step, Way},
};
use stanch_response::page::escape;

use crate::commands::docs::{tree, words};

/// Of the whole picture.
pub(super) const WIDTH: u32 = 760;
/// Between two things: room for an arrow.
const GAP: u32 = 18;
/// Of a line of text.
const LINE: u32 = 15;
/// Around the text of a box.
const PAD: u32 = 8;
/// The widest box.
const BOX: u32 = 500;

/// A column to draw in.
#[derive(Clone, Copy)]
struct Column {
    x: u32,
    width: u32,
}

impl Column {
    fn middle(self) -> u32 {
        self.x + self.width / 2
    }

    fn inner(self, by: u32) -> Self {
        Self { x: self.x + by, width: self.width.saturating_sub(2 * by) }
    }

    /// As many characters of this size fit beside the padding.
    fn fits(self, size: f64) -> usize {
        (f64::from(self.width.saturating_sub(2 * PAD + 8)) / size) as usize
    }
}

/// What a box looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    /// A yes must come first.
    Gate,
    /// A person answers or does it.
    Person,
    /// Time passes.
    Wait,
    /// Somebody is told.
    Letter,
    /// The script begins or ends.
    Round,
}

/// What is drawn so far.
pub(super) struct Canvas<'a> {
    playbook: &'a Playbook,
    out: String,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(playbook: &'a Playbook) -> Self {
        Self { playbook, out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// A phase: its name, what is done, and what stands before and after it. Gives its height.
    pub(super) fn band(&mut self, title: &str, lead: Option<&str>, parts: &[Part<'_>], last: bool) -> u32 {
        let mut inner = Self::new(self.playbook);
        let column = Column { x: 20, width: WIDTH - 40 };
        let mut y = 8;
        if let Some(lead) = lead {
            y = inner.boxed(column, y, Shape::Round, "", &[lead.to_owned()], &[]);
            inner.arrow(column.middle(), y, y + GAP);
            y += GAP;
        }
        let top = y;
        y += 28;
        y = inner.parts(parts, column.inner(16), y);
        let bottom = y + 10;
        let _ = writeln!(
            self.out,
            "<rect class=\"band\" x=\"4\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"8\"/>",
            WIDTH - 8,
            bottom - top
        );
        self.out.push_str(&inner.out);
        self.text("phase-name", 18, top + 19, "start", title);
        self.arrow(column.middle(), bottom, bottom + GAP);
        if last {
            let end = ["It ends: whatever was cut is read back first".to_owned()];
            return self.boxed(column, bottom + GAP, Shape::Round, "", &end, &[]) + 8;
        }
        bottom + GAP
    }

    fn parts(&mut self, parts: &[Part<'_>], column: Column, mut y: u32) -> u32 {
        for (nth, part) in parts.iter().enumerate() {
            if nth > 0 {
                self.arrow(column.middle(), y, y + GAP);
                y += GAP;
            }
            y = match part {
                Part::Step(step) => self.step(step, column, y),
                Part::Fan(around) => self.fan(around, column, y),
                Part::Repeat(around) => self.turns(around, column, y),
                Part::Choice { ways, .. } => self.choice(ways, column, y),
                Part::End { .. } => {
                    let width = 110.min(column.width);
                    let small = Column { x: column.middle() - width / 2, width };
                    self.boxed(small, y, Shape::Round, "permanent", &["ends here".to_owned()], &[])
                }
            };
        }
        y
    }

    fn step(&mut self, step: &Step<'_>, column: Column, y: u32) -> u32 {
        let worst = words::worst(step);
        let class = match worst {
            Some(Effect::Permanent) => "permanent",
            Some(Effect::Reversible) => "reversible",
            _ => "",
        };
        let called = |names: &[&str]| names.iter().any(|name| step.called.is(name));
        let shape = if called(&["approve"]) {
            Shape::Gate
        } else if called(&["ask", "manual"]) {
            Shape::Person
        } else if called(&["wait", "wait_for", "wait_until", "settle"]) {
            Shape::Wait
        } else if worst == Some(Effect::Tell) {
            Shape::Letter
        } else {
            Shape::Plain
        };
        let width = column.width.min(BOX);
        let small = Column { x: column.middle() - width / 2, width };
        let (head, more) = (small.fits(7.0), small.fits(6.0));
        let mut lines: Vec<String> = step.says.iter().flat_map(|says| words::wrap(says, more)).collect();
        if !step.actions.is_empty() {
            let effects = words::effects(step);
            lines.extend(words::wrap(&format!("{effects}: {}", words::reach(step)), more));
        }
        let approval = step.name.as_ref().filter(|_| shape == Shape::Gate);
        if let Some(spec) = approval.and_then(|name| self.playbook.manifest.approvals.get(name)) {
            lines.extend(words::wrap(&words::ladder(spec), more));
            let pre = spec.pre_approved.as_ref().map(|when| format!("nobody is asked if {when}"));
            lines.extend(pre.iter().flat_map(|pre| words::wrap(pre, more)));
        }
        self.boxed(small, y, shape, class, &words::wrap(&words::does(step), head), &lines)
    }

    /// A box with its text; gives where it ends.
    fn boxed(
        &mut self,
        column: Column,
        y: u32,
        shape: Shape,
        class: &str,
        head: &[String],
        more: &[String],
    ) -> u32 {
        let lines = u32::try_from(head.len() + more.len()).unwrap_or(1);
        let height = lines * LINE + 2 * PAD;
        self.outline(column, y, height, shape, class);
        let mut at = y + PAD + 11;
        for (class, line) in
            head.iter().map(|line| ("head", line)).chain(more.iter().map(|line| ("more", line)))
        {
            self.text(class, column.middle(), at, "middle", line);
            at += LINE;
        }
        y + height
    }

    fn outline(&mut self, column: Column, y: u32, height: u32, shape: Shape, class: &str) {
        let Column { x, width } = column;
        let (right, bottom, half) = (x + width, y + height, y + height / 2);
        let rect = |rx: u32, class: &str| {
            format!(
                "<rect class=\"box {class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{rx}\"/>\n"
            )
        };
        match shape {
            Shape::Plain => self.out.push_str(&rect(3, class)),
            Shape::Wait => self.out.push_str(&rect(height / 2, "wait")),
            Shape::Round => self.out.push_str(&rect(height / 2, class)),
            Shape::Gate => {
                let _ = writeln!(
                    self.out,
                    "<polygon class=\"gate\" points=\"{x},{half} {0},{y} {1},{y} {right},{half} {1},{bottom} {0},{bottom}\"/>",
                    x + 14,
                    right - 14
                );
            }
            Shape::Person => {
                self.out.push_str(&rect(3, class));
                for line in [x + 6, right - 6] {
                    let _ = writeln!(self.out, "<path class=\"arrow\" d=\"M{line} {y}V{bottom}\"/>");
                }
            }
            Shape::Letter => {
                self.out.push_str(&rect(3, class));
                let _ = writeln!(
                    self.out,
                    "<path class=\"arrow\" d=\"M{0} {y}L{1} {2}L{right} {y}\"/>",
                    right - 26,
                    right - 13,
                    y + 9
                );
            }
        }
    }

    /// All at once: a stack of sheets.
    fn fan(&mut self, around: &Around<'_>, column: Column, y: u32) -> u32 {
        let mut inner = Self::new(self.playbook);
        let head = words::wrap(&tree::at_once(&around.over), column.fits(7.0));
        let bottom = inner.inside(&head, &around.body, column, y);
        let Column { x, width } = column;
        for by in [8, 4] {
            let _ = writeln!(
                self.out,
                "<rect class=\"behind\" x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{}\" rx=\"4\"/>",
                x + by,
                y + by,
                bottom - y
            );
        }
        let _ = writeln!(
            self.out,
            "<rect class=\"inside\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" rx=\"4\"/>",
            bottom - y
        );
        self.out.push_str(&inner.out);
        bottom + 8
    }

    /// One after the other: a dotted frame.
    fn turns(&mut self, around: &Around<'_>, column: Column, y: u32) -> u32 {
        let head = words::wrap(&tree::in_turn(&around.over), column.fits(7.0));
        let bottom = self.inside(&head, &around.body, column, y);
        self.frame("turn", column, y, bottom);
        bottom
    }

    /// A frame for each way, beside each other where there is room for two.
    fn choice(&mut self, ways: &[Way<'_>], column: Column, y: u32) -> u32 {
        const BETWEEN: u32 = 12;
        let beside = ways.len() == 2 && column.width >= 560;
        let width = if beside { (column.width - BETWEEN) / 2 } else { column.width };
        let (mut top, mut bottom) = (y, y);
        for (nth, way) in (0u32..).zip(ways) {
            let x = if beside { column.x + nth * (width + BETWEEN) } else { column.x };
            let own = Column { x, width };
            let when = way.when.as_ref().map_or("otherwise".to_owned(), |when| format!("if {when}"));
            let mut head = words::wrap(&when, own.fits(7.0).saturating_sub(6));
            if way.body.is_empty() {
                head.push("go on".to_owned());
            }
            let end = self.inside(&head, &way.body, own, top);
            self.frame("", own, top, end);
            let (left, middle) = (own.x + 6, top + 15);
            let _ = writeln!(
                self.out,
                "<polygon class=\"box\" points=\"{left},{middle} {0},{1} {2},{middle} {0},{3}\"/>",
                left + 8,
                middle - 7,
                left + 16,
                middle + 7
            );
            bottom = bottom.max(end);
            if !beside {
                top = end + 6;
            }
        }
        bottom
    }

    /// A head and what is done below it; gives where the frame around it ends.
    fn inside(&mut self, head: &[String], body: &[Part<'_>], column: Column, y: u32) -> u32 {
        let mut at = y + 19;
        for line in head {
            self.text("head", column.middle(), at, "middle", line);
            at += LINE;
        }
        if body.is_empty() { at - 4 } else { self.parts(body, column.inner(14), at - 5) + 12 }
    }

    fn frame(&mut self, class: &str, column: Column, y: u32, bottom: u32) {
        let _ = writeln!(
            self.out,
            "<rect class=\"frame {class}\" x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"4\"/>",
            column.x,
            column.width,
            bottom - y
        );
    }

    fn arrow(&mut self, x: u32, from: u32, to: u32) {
        let _ = writeln!(
            self.out,
            "<path class=\"arrow\" d=\"M{x} {from}V{0}\"/><path class=\"tip\" d=\"M{1} {0}L{2} {0}L{x} {to}Z\"/>",
            to - 6,
            x - 4,
            x + 4
        );
    }

    fn text(&mut self, class: &str, x: u32, y: u32, anchor: &str, text: &str) {
        let text = escape(text);
        let _ = writeln!(
            self.out,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>"
        );
    }
}
