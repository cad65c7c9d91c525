//! A script as words and signs, whatever state it is in: half-typed text has tokens where it has no tree.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name or a keyword.
    Word,
    Number,
    /// A text with its quotes. Of a text with `${…}`, each piece between the holes.
    Text,
    /// A text that nothing closes.
    OpenText,
    Comment,
    /// Anything else, one character; `#{`, `${` and `||` are one sign.
    Sign,
}

/// One token with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Range<usize>,
}

impl Token {
    pub(super) fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.span.clone()).unwrap_or_default()
    }

    /// True for a token that a script's meaning depends on.
    pub(super) fn counts(&self) -> bool {
        self.kind != TokenKind::Comment
    }
}

/// All tokens in order.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { source, at: 0, holes: Vec::new(), found: Vec::new() };
    while let Some(next) = lexer.peek() {
        lexer.token(next);
    }
    lexer.found
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// The open braces in each `${` that is open.
    holes: Vec<usize>,
    found: Vec<Token>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        self.found.push(Token { kind, span: self.at..self.at + length });
        self.at += length;
    }

    fn token(&mut self, next: char) {
        let rest = self.rest();
        match next {
            _ if next.is_whitespace() => self.at += next.len_utf8(),
            '/' if rest.starts_with("//") => {
                self.push(TokenKind::Comment, rest.find('\n').unwrap_or(rest.len()));
            }
            '/' if rest.starts_with("/*") => self.push(TokenKind::Comment, block_comment(rest)),
            '"' | '\'' => {
                let (kind, length) = quoted(rest, next);
                self.push(kind, length);
            }
            '`' => self.piece(1),
            '#' if rest.starts_with("#{") => self.open(2),
            '{' => self.open(1),
            '}' if self.holes.last() == Some(&0) => {
                self.holes.pop();
                self.push(TokenKind::Sign, 1);
                self.piece(0);
            }
            '}' => {
                if let Some(braces) = self.holes.last_mut() {
                    *braces -= 1;
                }
                self.push(TokenKind::Sign, 1);
            }
            '|' if rest.starts_with("||") => self.push(TokenKind::Sign, 2),
            _ if next.is_ascii_digit() => self.push(TokenKind::Number, number(rest)),
            _ if is_word(next) => {
                self.push(TokenKind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
            }
            _ => self.push(TokenKind::Sign, next.len_utf8()),
        }
    }

    fn open(&mut self, length: usize) {
        if let Some(braces) = self.holes.last_mut() {
            *braces += 1;
        }
        self.push(TokenKind::Sign, length);
    }

    /// A piece of a text in backticks, after `skip` bytes, up to its end or to the hole in it.
    fn piece(&mut self, skip: usize) {
        let rest = self.rest();
        let mut escaped = false;
        let mut end = None;
        for (at, c) in rest.char_indices().skip_while(|(at, _)| *at < skip) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '`' => {
                    end = Some((at + 1, false));
                    break;
                }
                '$' if rest[at..].starts_with("${") => {
                    end = Some((at, true));
                    break;
                }
                _ => {}
            }
        }
        match end {
            Some((length, false)) => self.push(TokenKind::Text, length),
            Some((length, true)) => {
                self.push(TokenKind::Text, length);
                self.push(TokenKind::Sign, 2);
                self.holes.push(0);
            }
            None => self.push(TokenKind::OpenText, rest.len()),
        }
    }
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A text in quotes ends on its line.
fn quoted(rest: &str, quote: char) -> (TokenKind, usize) {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' if !escaped => return (TokenKind::OpenText, at),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return (TokenKind::Text, at + 1),
            _ => {}
        }
    }
    (TokenKind::OpenText, rest.len())
}

/// Comments in blocks may stand in each other.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// `1_000`, `0xff`, `1.5`; the dot of `1..3` and of `1.len()` is none of it.
fn number(rest: &str) -> usize {
    let whole = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let fraction = rest[whole..].strip_prefix('.').unwrap_or_default();
    let digits = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
    if digits == 0 { whole } else { whole + 1 + digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> String {
        let found = tokens(source);
        found.iter().map(|token| token.text(source)).collect::<Vec<_>>().join("⋅")
    }

    #[test]
    fn a_script_is_cut_into_words_and_signs() {
        assert_eq!(
            shown("let x=a.b(\"c\\\"d\", #{ e: 1.5 }); // f"),
            "let⋅x⋅=⋅a⋅.⋅b⋅(⋅\"c\\\"d\"⋅,⋅#{⋅e⋅:⋅1.5⋅}⋅)⋅;⋅// f"
        );
        assert_eq!(shown("0..xs.len() /* a /* b */ c */ 'é'"), "0⋅.⋅.⋅xs⋅.⋅len⋅(⋅)⋅/* a /* b */ c */⋅'é'");
    }

    #[test]
    fn what_stands_in_the_holes_of_a_text_is_code() {
        assert_eq!(
            shown("`a ${b.map(|x| #{ y: x })} c ${d}`"),
            "`a ⋅${⋅b⋅.⋅map⋅(⋅|⋅x⋅|⋅#{⋅y⋅:⋅x⋅}⋅)⋅}⋅ c ⋅${⋅d⋅}⋅`"
        );
    }

    #[test]
    fn what_is_never_closed_ends_somewhere() {
        assert_eq!(shown("note(\"a\nnote(1)"), "note⋅(⋅\"a⋅note⋅(⋅1⋅)");
        assert_eq!(tokens("`a ${").last().map(|token| token.span.clone()), Some(3..5));
        for odd in ["`", "\"", "/*", "/**", "}", "${", "#", "'", "\\", "`${`${", "é|", "\u{0}"] {
            let _ends = tokens(odd);
        }
    }
}
