//! A page as Markdown. What platforms and people wrote can neither break a table nor become HTML or a link.

use std::fmt::Write;

use stanch_model::text::clean;

use super::{Band, Block, Cell, Check, Document, Inline, Instead, Table};

/// Writes it.
pub(super) fn write(document: &Document) -> String {
    let mut text = format!("# {}\n\n{}\n", plain(&document.title), plain(&document.kind));
    if document.band == Some(Band::Exercise) {
        text.push_str("\n**EXERCISE. This was a drill: nothing of it happened.**\n");
    }
    if let Some((_, verdict)) = &document.verdict {
        let _ = writeln!(text, "\n**{}**", plain(verdict));
    }
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
        Block::Lines(lines) => _ = writeln!(text, "\n{}", fenced(lines, "")),
        Block::Checks(checks) => {
            text.push('\n');
            checks.iter().for_each(|check| self::check(text, check));
        }
        Block::Picture(picture) => match &picture.instead {
            Instead::Nothing => {}
            Instead::Lines(lines) => _ = writeln!(text, "\n{}", fenced(lines, "")),
            Instead::File(file) => {
                let _ = writeln!(text, "\n![{}](<{}>)", plain(&picture.shows), file.replace(['<', '>'], ""));
            }
        },
    }
}

fn check(text: &mut String, check: &Check) {
    let _ = writeln!(text, "- [ ] {}", cell(&check.what));
    if let Some(lines) = &check.lines {
        let _ = writeln!(text, "\n{}\n", fenced(lines, "  "));
    }
    check.notes.iter().for_each(|note| _ = writeln!(text, "  {}<br>", cell(note)));
    let _ = writeln!(text, "  who: ................ when: ................");
}

/// Lines as they are, behind this indent; the fence is longer than any in them.
fn fenced(lines: &str, indent: &str) -> String {
    let lines = clean(lines);
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let all = std::iter::once(fence.as_str()).chain(lines.trim_end().lines()).chain([fence.as_str()]);
    all.map(|line| format!("{indent}{line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
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
        Inline::Link(address) => plain(address),
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
