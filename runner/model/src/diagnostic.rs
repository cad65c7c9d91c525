//! A mistake in a file, as data: rendered by the binary, printed as JSON for editors, drawn by the TUI.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Worth knowing; nothing is refused.
    Warning,
    /// The file is refused.
    Error,
}

/// What a diagnostic's code means, and the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePage {
    /// `CF0002`.
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// A few sentences.
    pub text: &'static str,
    /// What somebody writes, and what to write instead.
    pub example: Option<CodeExample>,
}

/// A mistake and the better way, as they stand in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeExample {
    /// For Markdown: `yaml`, `json`.
    pub language: &'static str,
    /// With the mistake.
    pub mistake: &'static str,
    /// Without it.
    pub better: &'static str,
}

impl CodePage {
    /// For tables of them.
    pub const fn new(code: &'static str, title: &'static str, text: &'static str) -> Self {
        Self { code, title, text, example: None }
    }

    /// With an example in YAML.
    #[must_use]
    pub const fn shows(self, mistake: &'static str, better: &'static str) -> Self {
        Self { example: Some(CodeExample { language: "yaml", mistake, better }), ..self }
    }

    /// In Markdown.
    pub fn markdown(&self) -> String {
        let page = format!("# {}: {}\n\n{}\n", self.code, self.title, self.text);
        let Some(CodeExample { language, mistake, better }) = self.example else { return page };
        let block = |text: &str| format!("```{language}\n{}\n```\n", text.trim_end());
        format!("{page}\nMistake:\n\n{}\nBetter:\n\n{}", block(mistake), block(better))
    }
}

/// A place in a file: bytes for tools, line and column (from 1, in characters) for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// As given by the user, or relative to the playbook folder.
    pub file: String,
    /// First byte.
    pub offset: usize,
    /// Length in bytes.
    pub length: usize,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What stands beside the mark.
    pub text: String,
}

/// A way out that is certain: an editor or `stanch check --fix` may take it without asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// What it does, for people: "add `app.grants` under `read:`".
    pub title: String,
    /// The file, named as in the labels.
    pub file: String,
    /// What changes, from the end of the file to its beginning, so that one change does not move the next.
    pub edits: Vec<Edit>,
}

/// Bytes that give way to others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// First byte that goes.
    pub offset: usize,
    /// How many bytes go.
    pub length: usize,
    /// What comes instead.
    pub text: String,
}

impl Fix {
    /// The change from one text of a file to another.
    pub fn between(title: String, file: &str, before: &str, after: &str) -> Self {
        let same = |a: &mut dyn Iterator<Item = char>, b: &mut dyn Iterator<Item = char>| -> usize {
            a.zip(b).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
        };
        let head = same(&mut before.chars(), &mut after.chars());
        let tail = same(&mut before[head..].chars().rev(), &mut after[head..].chars().rev());
        let length = before.len() - head - tail;
        let text = after[head..after.len() - tail].to_owned();
        Self { title, file: file.to_owned(), edits: vec![Edit { offset: head, length, text }] }
    }

    /// The text of the file afterwards. A fix for another text than this one gives none.
    pub fn apply(&self, source: &str) -> Option<String> {
        let mut text = source.to_owned();
        for edit in &self.edits {
            let range = edit.offset..edit.offset.checked_add(edit.length)?;
            text.get(range.clone())?;
            text.replace_range(range, &edit.text);
        }
        Some(text)
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// `PB0012`, `IN0003`, `CF0001`: has a page.
    pub code: String,
    /// How bad.
    pub level: Level,
    /// Lower case, one line, no full stop.
    pub message: String,
    /// Where; the first is the main one.
    pub labels: Vec<Label>,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The way out as a change of the file, where it is certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            level: Level::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// A warning without a place.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, message) }
    }

    /// Adds a place: a byte range of `source`.
    #[must_use]
    pub fn at(
        mut self,
        file: &str,
        source: &str,
        range: std::ops::Range<usize>,
        text: impl Into<String>,
    ) -> Self {
        let start = floor_char(source, range.start.min(source.len()));
        let before = &source[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let length = range.end.saturating_sub(start);
        self.labels.push(Label {
            file: file.to_owned(),
            offset: start,
            length,
            line,
            column,
            text: text.into(),
        });
        self
    }

    /// Adds the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a change of the file that is the way out.
    #[must_use]
    pub fn fixed_by(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// `file:line:column: message`, the shape that editors and grep understand.
    pub fn one_line(&self) -> String {
        match self.labels.first() {
            Some(l) => format!("{}:{}:{}: {} [{}]", l.file, l.line, l.column, self.message, self.code),
            None => format!("{} [{}]", self.message, self.code),
        }
    }
}

/// A diagnostic as plain text for a terminal without colour: message, place, the line of each label with a caret under
/// it, help. `source` is the text of the file that the labels name; labels in other files show their place only.
///
/// ```text
/// error[PB0012] unknown verb `grant.revok`
///   main.rhai:14:20
///    |
/// 14 | each(grants, |g| g.revok());
///    |                    ^^^^^ no platform has it
///   help: did you mean `grant.revoke`?
/// ```
pub fn render_plain(diagnostic: &Diagnostic, source: &str) -> String {
    let level = match diagnostic.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let mut out = format!("{level}[{}] {}\n", diagnostic.code, diagnostic.message);
    let main = diagnostic.labels.first().map(|label| label.file.clone());
    for label in &diagnostic.labels {
        out.push_str(&format!("  {}:{}:{}\n", label.file, label.line, label.column));
        if Some(&label.file) == main.as_ref() {
            excerpt(&mut out, label, source);
        } else if !label.text.is_empty() {
            out.push_str(&format!("   = {}\n", label.text));
        }
    }
    if let Some(help) = &diagnostic.help {
        out.push_str(&format!("  help: {help}\n"));
    }
    out
}

/// No terminal is wider than this, and no line that people write is longer.
const WIDEST: usize = 240;

/// The label's line and a caret under what it marks. Control characters become spaces so that the caret stays in place; of
/// a very long line the part around the mark is shown.
fn excerpt(out: &mut String, label: &Label, source: &str) {
    let Some(line) = source.lines().nth(label.line.saturating_sub(1)) else { return };
    let length = line.chars().count();
    let mut before = label.column.saturating_sub(1);
    let skipped = if length > WIDEST { before.saturating_sub(WIDEST / 2) } else { 0 };
    let visible = line.chars().skip(skipped).take(WIDEST);
    let mut shown: String = visible.map(|c| if c.is_control() { ' ' } else { c }).collect();
    before -= skipped;
    if skipped > 0 {
        shown.insert(0, '…');
        before += 1;
    }
    let number = label.line.to_string();
    let gutter = " ".repeat(number.len());
    let end = (label.offset + label.length).min(source.len());
    let marked = source.get(label.offset..end).unwrap_or_default();
    let width = marked.lines().next().unwrap_or_default().chars().count();
    let width = width.clamp(1, shown.chars().count().saturating_sub(before).max(1));
    if skipped + WIDEST < length {
        shown.push('…');
    }
    let caret = format!("{}{} {}", " ".repeat(before), "^".repeat(width), label.text);
    out.push_str(&format!("  {gutter} |\n  {number} | {shown}\n  {gutter} | {}\n", caret.trim_end()));
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The known word that was probably meant, if one is near: alike at the start, and at most two in five letters away.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &str| {
        let length = word.chars().count().max(candidate.chars().count());
        strsim::osa_distance(word, candidate) * 5 <= length * 2
    };
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(score, candidate)| *score > 0.8 && near(candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_suggested() {
        let known = ["okta.revoke_grant", "grant.revoke", "deny", "gdpr-33"];
        assert_eq!(did_you_mean("grnat.revoke", known), Some("grant.revoke"));
        assert_eq!(did_you_mean("gdpr33", known), Some("gdpr-33"));
        assert_eq!(did_you_mean("okta.lock", known), None);
        assert_eq!(did_you_mean("x", known), None);
    }

    #[test]
    fn a_caret_stands_under_the_word_beside_non_ascii_and_tabs() {
        let source = "é\tü wrong\n";
        let found = Diagnostic::error("XX0001", "m").at("f", source, 6..11, "this").help("h");
        let drawn = render_plain(&found, source);
        assert_eq!(
            drawn,
            "error[XX0001] m\n  f:1:5\n    |\n  1 | é ü wrong\n    |     ^^^^^ this\n  help: h\n"
        );
    }

    #[test]
    fn of_a_very_long_line_the_part_around_the_mark_is_drawn() {
        let source = format!("{}wrong{}", "x".repeat(70_000), "y".repeat(70_000));
        let found = Diagnostic::error("XX0001", "m").at("f", &source, 70_000..70_005, "");
        let drawn = render_plain(&found, &source);
        let mut lines = drawn.lines().skip(3);
        let (line, caret) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(line.chars().count() < 300, "{drawn}");
        let column = caret.find('^').unwrap();
        assert_eq!(line.chars().skip(column).take(5).collect::<String>(), "wrong");
        assert_eq!(caret.matches('^').count(), 5);
    }

    #[test]
    fn a_fix_for_another_text_changes_nothing() {
        let edits = vec![
            Edit { offset: 4, length: 1, text: "C".to_owned() },
            Edit { offset: 0, length: 1, text: "long".to_owned() },
        ];
        let fix = Fix { title: String::new(), file: "f".to_owned(), edits };
        assert_eq!(fix.apply("a b c").as_deref(), Some("long b C"));
        assert_eq!(fix.apply("a"), None);
    }

    #[test]
    fn a_place_beyond_the_text_is_drawn_without_a_panic() {
        let found = Diagnostic::warning("XX0001", "m").at("f", "ab", 9..20, "");
        assert!(render_plain(&found, "").starts_with("warning[XX0001] m"));
    }
}
