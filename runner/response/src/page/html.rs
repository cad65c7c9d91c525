//! A page as one HTML file: its style within it, no script, nothing fetched. What platforms and people wrote is
//! escaped at the only place where text becomes HTML.

use std::fmt::Write;

use stanch_model::text::clean;

use super::{Band, Block, Cell, Check, Document, Inline, Table, Tone};

const STYLE: &str = include_str!("style.css");

/// Nothing can be fetched or run, even if something got past the escaping.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Writes it.
pub(super) fn write(document: &Document) -> String {
    let title = escape(&document.title);
    let band = match document.band {
        Some(Band::Exercise) => {
            "<div class=\"band drill\">EXERCISE \u{2014} this was a drill: nothing of it happened</div>\n"
        }
        Some(Band::Live) => "<div class=\"band live\">LIVE</div>\n",
        None => "",
    };
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{band}<main>\n<header>\n\
         <p class=\"kind\">{}</p>\n<h1>{title}</h1>\n",
        escape(&document.kind),
    );
    if let Some((of, verdict)) = &document.verdict {
        let _ = writeln!(text, "<p class=\"verdict {}\">{}</p>", tone(*of), escape(verdict));
    }
    if !document.heads.is_empty() {
        text.push_str("<ul class=\"figures\">\n");
        for (name, value, of) in &document.heads {
            let (name, value) = (escape(name), escape(value));
            let _ = writeln!(text, "<li class=\"{}\"><b>{value}</b> <span>{name}</span></li>", tone(*of));
        }
        text.push_str("</ul>\n");
    }
    text.push_str("</header>\n");
    for section in &document.sections {
        let apart = if section.apart { " class=\"apart\"" } else { "" };
        let _ = writeln!(text, "<section{apart}>\n<h2>{}</h2>", section.title);
        section.blocks.iter().for_each(|block| self::block(&mut text, block));
        text.push_str("</section>\n");
    }
    text.push_str("</main>\n</body>\n</html>\n");
    text
}

fn block(text: &mut String, block: &Block) {
    match block {
        Block::Text(cell) => _ = writeln!(text, "<p>{}</p>", self::cell(cell)),
        Block::Heading(cell) => _ = writeln!(text, "<h3>{}</h3>", self::cell(cell)),
        Block::List(items) => {
            text.push_str("<ul class=\"points\">\n");
            items.iter().for_each(|item| _ = writeln!(text, "<li>{}</li>", self::cell(item)));
            text.push_str("</ul>\n");
        }
        Block::Facts(facts) => {
            text.push_str("<dl>\n");
            for (name, value) in facts {
                let _ = writeln!(text, "<dt>{}</dt><dd>{}</dd>", escape(name), self::cell(value));
            }
            text.push_str("</dl>\n");
        }
        Block::Table(table) => self::table(text, table),
        Block::Lines(lines) => _ = writeln!(text, "<pre>{}</pre>", escape(lines)),
        Block::Checks(checks) => {
            text.push_str("<ol class=\"checks\">\n");
            checks.iter().for_each(|check| self::check(text, check));
            text.push_str("</ol>\n");
        }
        Block::Picture(picture) => _ = writeln!(text, "<figure>\n{}</figure>", picture.svg),
    }
}

/// A box to tick, what to do, and two lines to write on.
fn check(text: &mut String, check: &Check) {
    let _ = writeln!(text, "<li><span class=\"box\"></span><p class=\"do\">{}</p>", cell(&check.what));
    if let Some(lines) = &check.lines {
        let _ = writeln!(text, "<pre>{}</pre>", escape(lines));
    }
    check.notes.iter().for_each(|note| _ = writeln!(text, "<p class=\"note\">{}</p>", cell(note)));
    text.push_str("<p class=\"by\"><span>who</span><span>when</span></p></li>\n");
}

fn table(text: &mut String, table: &Table) {
    text.push_str("<table>\n<thead><tr>");
    for head in table.head {
        let _ = write!(text, "<th scope=\"col\" class=\"{}\">{head}</th>", column(head));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        text.push_str("<tr>");
        for (head, cell) in table.head.iter().zip(row) {
            let _ = write!(text, "<td class=\"{}\">{}</td>", column(head), self::cell(cell));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody>\n</table>\n");
}

/// The class of a column.
fn column(head: &str) -> String {
    head.to_lowercase().replace([' ', ',', '.'], "-")
}

fn cell(cell: &Cell) -> String {
    let parts = cell.iter().map(|part| match part {
        Inline::Text(text) => escape(text),
        Inline::Faint(text) => format!("<span class=\"faint\">{}</span>", escape(text)),
        Inline::Code(text) => format!("<code>{}</code>", escape(text)),
        Inline::Link(address) => link(address),
        Inline::Word(of, text) => format!("<span class=\"word {}\">{}</span>", tone(*of), escape(text)),
    });
    parts.collect()
}

/// An address that can be followed and read on paper; anything but a web address stays text.
fn link(address: &str) -> String {
    let shown = escape(address);
    if address.starts_with("https://") || address.starts_with("http://") {
        format!("<a href=\"{shown}\" rel=\"noreferrer\">{shown}</a>")
    } else {
        shown
    }
}

/// The class of a tone.
pub fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "plain",
        Tone::Good => "good",
        Tone::Warn => "warn",
        Tone::Bad => "bad",
    }
}

/// Text as HTML, also within an attribute.
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            c => shown.push(c),
        }
    }
    shown
}
