//! Names that a script declares, and where they are seen. Read from tokens: it holds in half-typed scripts too.

use std::ops::Range;

use super::{
    spot::at_margin,
    tokens::{Token, TokenKind, tokens},
};

/// How a name came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declared {
    /// `let`, `const`, `for`, `catch`.
    Variable,
    /// Of a closure or a function.
    Parameter,
    /// `fn`.
    Function,
}

/// A declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Range<usize>,
    pub(super) how: Declared,
}

/// The names that are seen at this byte, the innermost last; functions are seen everywhere.
pub(super) fn seen_at(source: &str, at: usize) -> Vec<Name> {
    let all = tokens(source);
    let all: Vec<&Token> = all.iter().filter(|token| token.counts()).collect();
    let mut names = functions(source, &all);
    let mut walk = Walk { source, levels: vec![Level::default()] };
    for n in 0..all.len() {
        if all[n].span.start >= at {
            break;
        }
        walk.token(&all, n, at);
    }
    let wall = walk.levels.iter().rposition(|level| level.wall).unwrap_or(0);
    names.extend(walk.levels.drain(wall..).flat_map(|level| level.names));
    names
}

/// The function of this name.
pub(super) fn functions(source: &str, all: &[&Token]) -> Vec<Name> {
    let pairs = all.windows(2).filter(|pair| pair[0].text(source) == "fn" && pair[1].kind == TokenKind::Word);
    pairs.map(|pair| name(source, pair[1], Declared::Function)).collect()
}

fn name(source: &str, token: &Token, how: Declared) -> Name {
    Name { text: token.text(source).to_owned(), span: token.span.clone(), how }
}

/// The names of one bracket, or of a closure that ends with it.
#[derive(Debug, Default)]
struct Level {
    names: Vec<Name>,
    /// Names for the block that opens next: of `for`, `catch`, `fn`.
    next: Vec<Name>,
    /// How many of `names` stood before the closure in it: the closure ends at the next comma.
    closure: Option<usize>,
    /// A function's body: nothing from around it is seen.
    wall: bool,
    /// The next block is a function's.
    function: bool,
}

struct Walk<'a> {
    source: &'a str,
    levels: Vec<Level>,
}

impl Walk<'_> {
    fn last(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    /// A statement at the margin: what is open before it is another's mistake.
    fn begin(&mut self) {
        self.levels.truncate(1);
        let last = self.last();
        last.next.clear();
        last.function = false;
        if let Some(kept) = last.closure.take() {
            last.names.truncate(kept);
        }
    }

    fn token(&mut self, all: &[&Token], n: usize, at: usize) {
        let token = all[n];
        let before = n.checked_sub(1).map_or("", |n| all[n].text(self.source));
        match (token.kind, token.text(self.source)) {
            (TokenKind::Word, word) => {
                if at_margin(self.source, token.span.start) {
                    self.begin();
                }
                self.word(all, n, word, before, at);
            }
            (TokenKind::Sign, "(" | "[" | "#{" | "${") => self.levels.push(Level::default()),
            (TokenKind::Sign, "{") => {
                let names = std::mem::take(&mut self.last().next);
                let wall = std::mem::take(&mut self.last().function);
                self.levels.push(Level { names, wall, ..Level::default() });
            }
            (TokenKind::Sign, ")" | "]" | "}") if self.levels.len() > 1 => drop(self.levels.pop()),
            (TokenKind::Sign, "," | ";") => {
                if let Some(kept) = self.last().closure.take() {
                    self.last().names.truncate(kept);
                }
            }
            (TokenKind::Sign, "|") if !ends_value(all, n, self.source) => self.closure(all, n),
            _ => {}
        }
    }

    fn word(&mut self, all: &[&Token], n: usize, word: &str, before: &str, at: usize) {
        let declares = |how| name(self.source, all[n], how);
        match before {
            "let" | "const" if ended(all, n, self.source).is_some_and(|end| end <= at) => {
                let declared = declares(Declared::Variable);
                self.last().names.push(declared);
            }
            "for" => {
                let declared = declares(Declared::Variable);
                self.last().next.push(declared);
            }
            "fn" => {
                self.last().function = true;
                let params = listed(all, n + 2, self.source);
                let params = params.into_iter().map(|token| name(self.source, token, Declared::Parameter));
                let params: Vec<Name> = params.collect();
                self.last().next.extend(params);
            }
            _ => {}
        }
        if matches!(word, "for" | "catch")
            && all.get(n + 1).is_some_and(|token| token.text(self.source) == "(")
        {
            let names = listed(all, n + 2, self.source);
            let names: Vec<Name> =
                names.into_iter().map(|token| name(self.source, token, Declared::Variable)).collect();
            self.last().next.extend(names);
        }
    }

    /// `|a, b|` at this token: its names are seen up to the next comma of the bracket that it stands in, or its end.
    fn closure(&mut self, all: &[&Token], n: usize) {
        let params = listed(all, n + 1, self.source);
        let params: Vec<Name> =
            params.into_iter().map(|token| name(self.source, token, Declared::Parameter)).collect();
        let last = self.last();
        last.closure.get_or_insert(last.names.len());
        last.names.extend(params);
    }
}

/// The words from here on, with commas between.
fn listed<'a>(all: &[&'a Token], from: usize, source: &str) -> Vec<&'a Token> {
    let rest = all.iter().skip(from).copied();
    let inside = rest.take_while(|token| token.kind == TokenKind::Word || token.text(source) == ",");
    inside.filter(|token| token.kind == TokenKind::Word).collect()
}

/// Where the statement that declares the name here ends: a name is not seen in its own value.
fn ended(all: &[&Token], n: usize, source: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for token in all.iter().skip(n) {
        match (token.kind, token.text(source)) {
            (TokenKind::Sign, "(" | "[" | "{" | "#{" | "${") => depth += 1,
            (TokenKind::Sign, ")" | "]" | "}") if depth == 0 => return Some(token.span.start),
            (TokenKind::Sign, ")" | "]" | "}") => depth -= 1,
            (TokenKind::Sign, ";") if depth == 0 => return Some(token.span.end),
            (TokenKind::Word, _) if at_margin(source, token.span.start) => return Some(token.span.start),
            _ => {}
        }
    }
    None
}

/// True where a `|` is the operator: after a value.
fn ends_value(all: &[&Token], n: usize, source: &str) -> bool {
    let Some(before) = n.checked_sub(1).map(|n| all[n]) else { return false };
    match before.kind {
        TokenKind::Sign => {
            matches!(before.text(source), ")" | "]" | "}") || closes_parameters(all, n, source)
        }
        TokenKind::Word => {
            !matches!(before.text(source), "return" | "in" | "throw") || closes_parameters(all, n, source)
        }
        _ => true,
    }
}

/// True for the second `|` of `|a, b|`.
fn closes_parameters(all: &[&Token], n: usize, source: &str) -> bool {
    let inside = |token: &&&Token| token.kind == TokenKind::Word || token.text(source) == ",";
    let before = all[..n].iter().rev().find(|token| !inside(token));
    before.is_some_and(|token| token.text(source) == "|")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names seen at `█`.
    fn seen(marked: &str) -> String {
        let at = marked.find('█').unwrap();
        let found = seen_at(&marked.replace('█', ""), at);
        found.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_name_is_seen_from_its_declaration_to_the_end_of_its_block() {
        assert_eq!(seen("let a = 1; if a > 0 { let b = 2; } let c = 3; █"), "a c");
        assert_eq!(seen("let a = 1; if a > 0 { let b = █"), "a");
        assert_eq!(seen("for x in xs { █ }"), "x");
        assert_eq!(seen("for (x, i) in xs { } █"), "");
        assert_eq!(seen("try { f(); } catch (e) { █ }"), "e");
    }

    #[test]
    fn the_parameters_of_a_closure_are_seen_in_it_alone() {
        assert_eq!(seen("let a = 1;\nlet l = each(a, |x| x.█);"), "a x");
        assert_eq!(seen("let l = each(xs, |x| x.cut()); █"), "l");
        assert_eq!(seen("wait_until(|| 1, |found| found█, #{ every: a })"), "found");
        assert_eq!(seen("wait_until(|| 1, |found| found, #{ every: █ })"), "");
        assert_eq!(seen("each(xs, |x| each(x.of(), |y| █"), "x y");
    }

    #[test]
    fn a_function_is_seen_everywhere_and_sees_nothing() {
        assert_eq!(seen("let a = 1;\n█\nfn worst(of) { of }"), "worst a");
        assert_eq!(seen("let a = 1;\nfn worst(of, n) { █ }"), "worst of n");
    }
}
