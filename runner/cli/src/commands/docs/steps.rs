//! The steps in the order of the script, under their phases.

use stanch_playbooks::course::{Part, Step};
use stanch_response::page::{Block, Cell, Inline, Table, code, faint, text};

use super::{
    book::{Book, is_action},
    tree, words,
};

/// A row of the table.
type Row = Vec<Cell>;

pub(super) fn steps(book: &Book<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut parts = book.course.parts.as_slice();
    while !parts.is_empty() {
        let end = 1 + parts[1..].iter().position(tree::is_phase).unwrap_or(parts.len() - 1);
        let (phase, rest) = parts.split_at(end);
        let inner = match phase {
            [Part::Step(step), inner @ ..] if step.called.is("phase") => {
                blocks.push(Block::Heading(text(words::does(step))));
                inner
            }
            all => all,
        };
        let mut rows = Vec::new();
        table(inner, &[], &mut rows);
        if rows.is_empty() {
            blocks.push(Block::Text(text("Nothing is called here.")));
        } else {
            let head = &["Line", "Step", "When", "Becomes", "Effect"];
            blocks.push(Block::Table(Table { head, rows }));
        }
        parts = rest;
    }
    if blocks.is_empty() {
        blocks.push(Block::Text(text("The script calls nothing.")));
    }
    blocks
}

fn table(parts: &[Part<'_>], when: &[String], rows: &mut Vec<Row>) {
    let deeper = |more: String| when.iter().cloned().chain([more]).collect::<Vec<_>>();
    for part in parts {
        match part {
            Part::Step(step) => rows.push(row(step, when)),
            Part::Fan(around) => table(&around.body, &deeper(tree::at_once(&around.over)), rows),
            Part::Repeat(around) => table(&around.body, &deeper(tree::in_turn(&around.over)), rows),
            Part::Choice { ways, .. } => {
                for way in ways {
                    let when = way.when.as_ref().map_or("otherwise".to_owned(), |when| format!("if {when}"));
                    table(&way.body, &deeper(when), rows);
                }
            }
            Part::End { line } => {
                let cells =
                    [text(line.to_string()), text("The run ends here"), self::when(when), text(""), text("")];
                rows.push(cells.into());
            }
        }
    }
}

fn row(step: &Step<'_>, when: &[String]) -> Row {
    let mut what = match is_action(step) {
        true => code(step.called.name()),
        false => text(words::does(step)),
    };
    if let Some(says) = &step.says {
        what.push(faint(format!(": {says}")));
    }
    if step.tolerated {
        what.push(faint(" (an error does not end the run)"));
    }
    vec![text(step.line.to_string()), what, self::when(when), becomes(step), text(words::effects(step))]
}

fn when(when: &[String]) -> Cell {
    if when.is_empty() { text("always") } else { text(when.join(", ")) }
}

fn becomes(step: &Step<'_>) -> Cell {
    let mut cell = Cell::new();
    for (integration, info) in &step.actions {
        if !cell.is_empty() {
            cell.push(Inline::Text(", ".to_owned()));
        }
        cell.push(Inline::Code(format!("{integration}.{}", info.name)));
    }
    match (cell.is_empty(), is_action(step)) {
        (true, true) => text("nothing here: no configured integration has it"),
        (true, false) => text("stays inside stanch"),
        (false, _) => cell,
    }
}
