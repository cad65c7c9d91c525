//! Where in a script the cursor stands: in which call, at which argument, in a text, after a dot. Read from tokens, so that
//! it is known while a statement is half-typed.

use std::ops::Range;

use super::tokens::{Token, TokenKind, is_word, tokens};

/// Words that are followed by a parenthesis and call nothing.
const KEYWORDS: &[&str] = &["if", "while", "for", "in", "switch", "return", "throw", "catch", "until"];

/// What may stand at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Spot {
    /// Nothing of ours: a comment, a number.
    Nothing,
    /// A name, in an argument or not.
    Name { word: Range<usize>, place: Option<Argument> },
    /// A field or method after the dot.
    Member { word: Range<usize> },
    /// A key of a map that is an argument. `given` are the keys that stand there already.
    Key { word: Range<usize>, place: Argument, given: Vec<String> },
    /// Inside a text without its quotes: `word` is all of it.
    Text { word: Range<usize>, place: Argument },
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Argument {
    /// The callee's name.
    pub(super) callee: Range<usize>,
    /// True for `x.callee(…)`.
    pub(super) method: bool,
    /// Counted from 0.
    pub(super) nth: usize,
    /// In a map that is the argument: at the value of this key; empty at a key.
    pub(super) key: Option<String>,
}

/// An open bracket before the cursor.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    sign: &'static str,
    callee: Option<(Range<usize>, bool)>,
    commas: usize,
    keys: Vec<String>,
    /// The key whose value is being written.
    key: Option<String>,
}

impl Frame {
    /// What closes it.
    pub(super) fn closer(&self) -> &'static str {
        match self.sign {
            "(" => ")",
            "[" => "]",
            "${" => "}`",
            _ => "}",
        }
    }
}

/// The cursor, and what is open before it.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub(super) spot: Spot,
    pub(super) open: Vec<Frame>,
}

/// Looks at this byte of a script.
pub(super) fn look(source: &str, at: usize) -> Here {
    let all = tokens(source);
    let before = all
        .iter()
        .take_while(|token| token.span.end < at || (token.span.end == at && !touches(token, source)));
    let before: Vec<&Token> = before.filter(|token| token.counts()).collect();
    let open = frames(source, &before);
    let under =
        all.iter().find(|token| token.span.start < at && at <= token.span.end && touches(token, source));
    let spot = match under.map(|token| (token.kind, token)) {
        Some((TokenKind::Comment | TokenKind::Number, _)) => Spot::Nothing,
        Some((TokenKind::Text | TokenKind::OpenText, token)) => {
            let closed = token.kind == TokenKind::Text;
            if closed && at == token.span.end { Spot::Nothing } else { text(source, token, &open) }
        }
        _ => named(source, at, &before, &open),
    };
    Here { spot, open }
}

/// True for a token that goes on when one types at its end.
fn touches(token: &Token, source: &str) -> bool {
    match token.kind {
        TokenKind::Sign => false,
        TokenKind::Comment => !token.text(source).ends_with("*/"),
        _ => true,
    }
}

fn text(source: &str, token: &Token, open: &[Frame]) -> Spot {
    let written = token.text(source);
    let quote = written.chars().next().unwrap_or('"');
    let Some(place) = argument(open).filter(|_| quote == '"') else { return Spot::Nothing };
    let closed = token.kind == TokenKind::Text;
    let word = token.span.start + 1..token.span.end - usize::from(closed);
    Spot::Text { word, place }
}

fn named(source: &str, at: usize, before: &[&Token], open: &[Frame]) -> Spot {
    let start =
        at - source[..at].chars().rev().take_while(|c| is_word(*c)).map(char::len_utf8).sum::<usize>();
    let end = at + source[at..].find(|c| !is_word(c)).unwrap_or(source.len() - at);
    let word = start..end;
    let left = before.iter().rev().find(|token| token.span.end <= start);
    let sign = left.map_or("", |token| token.text(source));
    if sign == "." {
        return Spot::Member { word };
    }
    match open.last() {
        Some(frame) if frame.sign == "#{" && frame.key.is_none() => match argument(open) {
            Some(place) => Spot::Key { word, place, given: frame.keys.clone() },
            None => Spot::Nothing,
        },
        _ => Spot::Name { word, place: argument(open) },
    }
}

/// The argument that is being written: directly, or as a map that is one.
fn argument(open: &[Frame]) -> Option<Argument> {
    let (call, key) = match open {
        [.., call, map] if map.sign == "#{" && call.sign == "(" => {
            (call, Some(map.key.clone().unwrap_or_default()))
        }
        [.., call] if call.sign == "(" => (call, None),
        [.., call, list] if list.sign == "[" && call.sign == "(" => (call, None),
        _ => return None,
    };
    let (callee, method) = call.callee.clone()?;
    Some(Argument { callee, method, nth: call.commas, key })
}

/// The brackets that are open after these tokens. A line that begins at the margin begins a statement: brackets left open
/// before it are a mistake of that other statement.
fn frames(source: &str, before: &[&Token]) -> Vec<Frame> {
    let mut open: Vec<Frame> = Vec::new();
    for (n, token) in before.iter().enumerate() {
        let written = token.text(source);
        let in_hole = open.iter().any(|frame| frame.sign == "${");
        if !in_hole && token.kind == TokenKind::Word && at_margin(source, token.span.start) {
            open.clear();
        }
        match (token.kind, written) {
            (TokenKind::Sign, "(") => {
                let frame = Frame { callee: callee(source, &before[..n]), ..frame("(") };
                open.push(frame);
            }
            (TokenKind::Sign, "[") => open.push(frame("[")),
            (TokenKind::Sign, "{") => open.push(frame("{")),
            (TokenKind::Sign, "#{") => open.push(frame("#{")),
            (TokenKind::Sign, "${") => open.push(frame("${")),
            (TokenKind::Sign, ")" | "]" | "}") => drop(open.pop()),
            (TokenKind::Sign, ",") => {
                if let Some(last) = open.last_mut() {
                    last.commas += 1;
                    last.keys.extend(last.key.take());
                }
            }
            (TokenKind::Sign, ":") => {
                let key = n.checked_sub(1).map(|n| before[n].text(source).trim_matches('"').to_owned());
                if let Some(last) = open.last_mut().filter(|last| last.sign == "#{" && last.key.is_none()) {
                    last.key = key;
                }
            }
            _ => {}
        }
    }
    open
}

fn frame(sign: &'static str) -> Frame {
    Frame { sign, callee: None, commas: 0, keys: Vec::new(), key: None }
}

fn callee(source: &str, before: &[&Token]) -> Option<(Range<usize>, bool)> {
    let (name, left) = before.split_last()?;
    let is_call = name.kind == TokenKind::Word && !KEYWORDS.contains(&name.text(source));
    is_call.then(|| (name.span.clone(), left.last().is_some_and(|token| token.text(source) == ".")))
}

pub(super) fn at_margin(source: &str, at: usize) -> bool {
    at == 0 || source.as_bytes().get(at - 1) == Some(&b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spot at `█`.
    fn spot(marked: &str) -> String {
        let at = marked.find('█').unwrap();
        let source = marked.replace('█', "");
        let word = |range: &Range<usize>| source[range.clone()].to_owned();
        let place = |place: &Argument| {
            let dot = if place.method { "." } else { "" };
            let key = place.key.as_ref().map(|key| format!("[{key}]")).unwrap_or_default();
            format!("{dot}{}#{}{key}", word(&place.callee), place.nth)
        };
        match look(&source, at).spot {
            Spot::Nothing => "nothing".to_owned(),
            Spot::Name { word: range, place: argument } => {
                format!("name {} {}", word(&range), argument.as_ref().map(place).unwrap_or_default())
            }
            Spot::Member { word: range } => format!("member {}", word(&range)),
            Spot::Key { word: range, place: argument, given } => {
                format!("key {} {} {given:?}", word(&range), place(&argument))
            }
            Spot::Text { word: range, place: argument } => {
                format!("text {} {}", word(&range), place(&argument))
            }
        }
    }

    #[test]
    fn the_cursor_stands_in_a_call_at_an_argument() {
        assert_eq!(spot("let x = fi█"), "name fi ");
        assert_eq!(spot("approve(\"cut█-app\", \"x\", [])"), "text cut-app approve#0");
        assert_eq!(spot("notify(vendor, \"█"), "text  notify#1");
        assert_eq!(spot("each(grants, |grant| grant.re█"), "member re");
        assert_eq!(spot("okta.suspend_user(#{ user: id, h█"), "key h .suspend_user#0[] [\"user\"]");
        assert_eq!(spot("okta.suspend_user(#{ how: \"█\" })"), "text  .suspend_user#0[how]");
        assert_eq!(spot("wait_for(\"x\", #{ from: v█ })"), "name v wait_for#1[from]");
        assert_eq!(spot("approve(\"x\", `Cut ${gr█ants.len()}`, [a])"), "name grants ");
    }

    #[test]
    fn what_is_left_open_in_another_statement_does_not_matter() {
        assert_eq!(spot("each(xs, |x| x.cut(\nlet y = fi█\n"), "name fi ");
        assert_eq!(spot("note(\"open\nfind_app(█)"), "name  find_app#0");
        assert_eq!(spot("note(1); // an █ app"), "nothing");
        assert_eq!(spot("note(\"done\"█)"), "nothing");
    }
}
