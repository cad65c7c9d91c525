//! Clocks that it starts, notices that it sends, people that it tells.

use stanch_response::deadline::Within;
use stanch_response::page::{Block, Cell, Inline, Table, code, text};

use super::book::Book;

pub(super) fn messages(book: &Book<'_>) -> Vec<Block> {
    let mut blocks = clocks(book);
    let told: Vec<Vec<Cell>> = book
        .calls("page")
        .into_iter()
        .map(|step| {
            let channel = step.name.clone().unwrap_or_default();
            let ways = book.config().tell.get(&channel).filter(|ways| !ways.is_empty());
            let through =
                ways.map_or("not configured here: tell in stanch.yaml".to_owned(), |ways| ways.join(", "));
            let says = step.says.clone().unwrap_or_default();
            vec![text(step.line.to_string()), code(channel), text(through), text(says)]
        })
        .collect();
    if !told.is_empty() {
        blocks.push(Block::Text(text("Who is told, and what:")));
        blocks.push(Block::Table(Table { head: &["Line", "Channel", "Through", "Says"], rows: told }));
    }
    for (name, template) in &book.playbook.templates {
        let sent =
            book.calls("notify").into_iter().filter(|step| step.name.as_deref() == Some(name.as_str()));
        let lines: Vec<String> = sent.map(|step| step.line.to_string()).collect();
        let at = if lines.is_empty() {
            "sent nowhere by name".to_owned()
        } else {
            format!("line {}", lines.join(", "))
        };
        blocks.push(Block::Heading(vec![
            Inline::Text("Notice ".to_owned()),
            Inline::Code(name.clone()),
            Inline::Faint(format!(" {at}")),
        ]));
        blocks.push(Block::Lines(format!("Subject: {}\n\n{}", template.subject, template.body.trim_end())));
    }
    if blocks.is_empty() {
        blocks.push(Block::Text(text("It starts no clock and tells nobody.")));
    }
    blocks
}

fn clocks(book: &Book<'_>) -> Vec<Block> {
    let rows: Vec<Vec<Cell>> = book
        .calls("deadline")
        .into_iter()
        .map(|step| {
            let kind = step.name.clone().unwrap_or_default();
            vec![text(step.line.to_string()), code(kind.clone()), text(clock(book, &kind))]
        })
        .collect();
    match rows.is_empty() {
        true => Vec::new(),
        false => vec![
            Block::Text(text("Notification clocks that it starts:")),
            Block::Table(Table { head: &["Line", "Clock", "Which"], rows }),
        ],
    }
}

/// What the table of deadlines says of one.
pub(super) fn clock(book: &Book<'_>, kind: &str) -> String {
    let Some(rule) = book.setup.deadlines.rules().get(kind) else {
        return "not in the table of deadlines here".to_owned();
    };
    let within = match rule.within {
        Within::Fixed(span) => format!("{span:#}"),
        Within::Contract => "as long as the contract says".to_owned(),
        Within::TheirContract => "as long as the contract gives the vendor".to_owned(),
    };
    let source = if rule.source.is_empty() { String::new() } else { format!(" ({})", rule.source) };
    format!("{}: {within}, from `{}` on{source}", rule.title, rule.from).replace('`', "")
}
