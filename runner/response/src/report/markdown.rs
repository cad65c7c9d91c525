//! A document as Markdown. What platforms and people wrote can neither break a table nor become HTML or a link.

use std::fmt::Write;

use stanch_model::text::clean;

use super::document::{Block, Cell, Document, Inline, Table};

/// Writes it.
pub(super) fn write(document: &Document) -> String {
    let mut text = format!("# {}\n\n{}\n", plain(&document.title), plain(&document.kind));
    if document.exercise {
        text.push_str("\n**EXERCISE. This was a drill: nothing of it happened.**\n");
    }
    let _ = writeln!(text, "\n**{}**", plain(&document.verdict.1));
    if !document.heads.is_empty() {
        text.push('\n');
        for (name, value, _) in &document.heads {
            let _ = writeln!(text, "- {}: {}", plain(name), plain(value));
        }
    }
    for section in &document.sections {
        let _ = writeln!(text, "\n## {}", section.title);
        section.blocks.iter().for_each(|block| self::block(&mut text, block));
    }
    text
}

fn block(text: &mut String, block: &Block) {
    match block {
        Block::Text(cell) => _ = writeln!(text, "\n{}", self::cell(cell)),
        Block::Heading(cell) => _ = writeln!(text, "\n### {}", self::cell(cell)),
        Block::List(items) => {
            text.push('\n');
            items.iter().for_each(|item| _ = writeln!(text, "- {}", self::cell(item)));
        }
        Block::Facts(facts) => {
            text.push('\n');
            facts
                .iter()
                .for_each(|(name, value)| _ = writeln!(text, "- {}: {}", plain(name), self::cell(value)));
        }
        Block::Table(table) => self::table(text, table),
        // every figure of it stands in a table
        Block::Chart(_) => {}
    }
}

fn table(text: &mut String, table: &Table) {
    let _ = writeln!(text, "\n| {} |\n|{}", table.head.join(" | "), "---|".repeat(table.head.len()));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(self::cell).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
}

fn cell(cell: &Cell) -> String {
    let parts = cell.iter().map(|part| match part {
        Inline::Text(text) | Inline::Faint(text) => plain(text),
        Inline::Word(_, text) => format!("**{}**", plain(text)),
        Inline::Code(text) => code(text),
    });
    parts.collect()
}

/// On one line, with everything escaped that Markdown would take for its own.
fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '\n' | '\t' => shown.push(' '),
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' => shown.extend(['\\', c]),
            c => shown.push(c),
        }
    }
    shown
}

/// As code; what would end it or its cell is taken out.
fn code(text: &str) -> String {
    let text = clean(text).replace(['\n', '\t'], " ").replace('`', "'").replace('|', "\\|");
    format!("`{text}`")
}
