//! A YAML file by its layout: which keys stand where, and where the cursor is among them. It holds for files that are half
//! typed, where no parser has an answer; it reads what people write by hand, not all of YAML.

use std::ops::Range;

/// One step of the way down to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Below this key.
    Key(String),
    /// In this item of a list, from 0.
    Item(usize),
}

/// A key at the start of a line, or behind the dash of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The way down to its value: ends with the key.
    pub(crate) path: Vec<Step>,
    /// The key's bytes.
    pub(crate) key: Range<usize>,
    /// All of it: up to the next key that is not below it.
    pub(crate) span: Range<usize>,
}

/// What the cursor is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A key, or the start of one.
    Key,
    /// A value.
    Value,
    /// At the start of a line: a key or a value.
    Either,
}

/// Where the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The way down: of a key to the map that it stands in, of a value to the value.
    pub(crate) path: Vec<Step>,
    pub(crate) role: Role,
    /// The word under the cursor.
    pub(crate) word: Range<usize>,
    /// Keys of the same map that stand before it.
    pub(crate) given: Vec<String>,
    /// True where a colon follows the word, or a value needs none.
    pub(crate) closed: bool,
}

/// Where the cursor is; none in a comment and in a text of several lines.
pub(crate) fn look(source: &str, at: usize) -> Option<Spot> {
    let mut scan = Scan::new(source, Some(at.min(source.len())));
    scan.run();
    scan.spot
}

/// The keys in their order.
pub(crate) fn entries(source: &str) -> Vec<Entry> {
    let mut scan = Scan::new(source, None);
    scan.run();
    let mut found = scan.entries;
    let depths: Vec<usize> = found.iter().map(|entry| entry.path.len()).collect();
    for n in 0..found.len() {
        let next = (n + 1..depths.len()).find(|next| depths[*next] <= depths[n]);
        let end = next.map_or(source.len(), |next| found[next].key.start);
        let written = source[found[n].key.start..end].trim_end().len();
        found[n].span.end = found[n].key.start + written;
    }
    found
}

/// What a line belongs to.
#[derive(Clone, Debug)]
struct Block {
    indent: usize,
    step: Step,
    /// Keys seen below it.
    given: Vec<String>,
    /// Items seen below it.
    items: usize,
}

/// An open `{` or `[`.
#[derive(Clone, Debug)]
struct Flow {
    map: bool,
    key: Option<String>,
    given: Vec<String>,
    nth: usize,
}

struct Scan<'a> {
    source: &'a str,
    cursor: Option<usize>,
    blocks: Vec<Block>,
    flows: Vec<Flow>,
    /// Of a text of several lines: the indent that it stands below.
    literal: Option<usize>,
    entries: Vec<Entry>,
    spot: Option<Spot>,
    /// Keys at the margin.
    given: Vec<String>,
    done: bool,
}

impl<'a> Scan<'a> {
    fn new(source: &'a str, cursor: Option<usize>) -> Self {
        Self {
            source,
            cursor,
            blocks: Vec::new(),
            flows: Vec::new(),
            literal: None,
            entries: Vec::new(),
            spot: None,
            given: Vec::new(),
            done: false,
        }
    }

    fn run(&mut self) {
        let mut start = 0;
        for line in self.source.split_inclusive('\n') {
            let end = start + line.trim_end_matches(['\n', '\r']).len();
            self.line(start, end);
            start += line.len();
            if self.done || self.cursor.is_some_and(|at| at < start) {
                return;
            }
        }
        // The cursor after the last line's end.
        self.line(start, start);
    }

    /// True where the cursor is in these bytes or at their end.
    fn in_reach(&self, range: &Range<usize>) -> bool {
        self.cursor.is_some_and(|at| range.start <= at && at <= range.end)
    }

    fn line(&mut self, start: usize, end: usize) {
        let text = &self.source[start..end];
        if !self.flows.is_empty() {
            self.flow(start, end);
            return;
        }
        let indent = text.len() - text.trim_start().len();
        if let Some(above) = self.literal {
            if text.trim().is_empty() || indent > above {
                return;
            }
            self.literal = None;
        }
        let content = text.trim_start();
        if content.is_empty() {
            if self.in_reach(&(start..end)) {
                let column = self.cursor.unwrap_or(end) - start;
                self.leave(column, false);
                self.meet(Role::Either, self.path(), end..end, end);
            }
            return;
        }
        if content.starts_with('#') || content == "---" {
            return;
        }
        self.leave(indent, content == "-" || content.starts_with("- "));
        let at = self.dashes(start + indent, end);
        self.entry(at, end);
    }

    /// Leaves the blocks that a line of this indent is not below. A list's items may stand at their key's own indent.
    fn leave(&mut self, indent: usize, item: bool) {
        while let Some(last) = self.blocks.last() {
            let below =
                last.indent < indent || (item && last.indent == indent && matches!(last.step, Step::Key(_)));
            if below {
                break;
            }
            self.blocks.pop();
        }
    }

    /// Takes the dashes at the start of a line; gives where the rest begins.
    fn dashes(&mut self, mut at: usize, end: usize) -> usize {
        loop {
            let rest = &self.source[at..end];
            if rest != "-" && !rest.starts_with("- ") {
                return at;
            }
            let nth = self.blocks.last_mut().map_or(0, |above| {
                above.items += 1;
                above.items - 1
            });
            let line = self.source[..at].rfind('\n').map_or(0, |at| at + 1);
            self.blocks.push(Block { indent: at - line, step: Step::Item(nth), given: Vec::new(), items: 0 });
            at += 1;
            at += self.source[at..end].len() - self.source[at..end].trim_start_matches(' ').len();
        }
    }

    /// What stands at the start of a line, dashes left out.
    fn entry(&mut self, at: usize, end: usize) {
        let rest = &self.source[at..end];
        let Some((key, colon)) = key(rest) else {
            if self.in_reach(&(at..end)) && !rest.starts_with(['{', '[', '"', '\'', '&', '*']) {
                let word = word(self.source, self.cursor.unwrap_or(at));
                let (path, role) = (self.path(), if word.start == at { Role::Either } else { Role::Value });
                self.meet(role, path, word, end);
            } else {
                self.value(at, end);
            }
            return;
        };
        let span = at..at + key.len();
        if self.in_reach(&span) {
            let path = self.path();
            self.meet(Role::Key, path, span.clone(), end);
        }
        let name = unquoted(key);
        let line = self.source[..at].rfind('\n').map_or(0, |at| at + 1);
        match self.blocks.last_mut() {
            Some(above) => above.given.push(name.clone()),
            None => self.given.push(name.clone()),
        }
        self.blocks.push(Block { indent: at - line, step: Step::Key(name), given: Vec::new(), items: 0 });
        self.entries.push(Entry { path: self.path(), key: span.clone(), span });
        self.value(at + colon + 1, end);
    }

    fn value(&mut self, at: usize, end: usize) {
        let rest = &self.source[at..end];
        let at = at + (rest.len() - rest.trim_start().len());
        let rest = &self.source[at..end];
        match rest.chars().next() {
            Some('{' | '[') => self.flow(at, end),
            Some('|' | '>') => self.literal = self.blocks.last().map(|block| block.indent),
            _ => {
                let comment = comment(rest).map_or(end, |hash| at + hash);
                let from = at.min(self.cursor.unwrap_or(at));
                if self.in_reach(&(from..comment)) && !self.done {
                    let word = word(self.source, self.cursor.unwrap_or(at));
                    self.meet(Role::Value, self.path(), word, end);
                }
            }
        }
    }

    /// Signs of a flow from here to the end of the line.
    fn flow(&mut self, start: usize, end: usize) {
        let mut at = start;
        while at < end {
            if self.cursor == Some(at) {
                self.meet_in_flow(at);
            }
            let rest = &self.source[at..end];
            let next = rest.chars().next().unwrap_or(' ');
            let mut length = next.len_utf8();
            match next {
                '{' | '[' => self.flows.push(Flow { map: next == '{', key: None, given: Vec::new(), nth: 0 }),
                '}' | ']' => {
                    self.flows.pop();
                    if self.flows.is_empty() {
                        return;
                    }
                }
                ',' => {
                    if let Some(last) = self.flows.last_mut() {
                        last.given.extend(last.key.take());
                        last.nth += 1;
                    }
                }
                '#' if at == start || self.source[..at].ends_with(' ') => return,
                ' ' => {}
                _ => length = self.scalar(at, end),
            }
            if let Some(cursor) = self.cursor.filter(|cursor| at < *cursor && *cursor < at + length) {
                self.meet_in_flow(cursor);
            }
            at += length;
        }
        if self.cursor == Some(end) {
            self.meet_in_flow(end);
        }
    }

    /// A key or a value of a flow; gives its length, a key's colon included.
    fn scalar(&mut self, at: usize, end: usize) -> usize {
        let rest = &self.source[at..end];
        let length = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest[1..].find(quote).map_or(rest.len(), |at| at + 2),
            _ => {
                let ends = |(at, c): &(usize, char)| {
                    matches!(c, ',' | '}' | ']')
                        || (*c == ':' && !rest[at + 1..].starts_with(|c: char| !c.is_whitespace()))
                };
                rest.char_indices().find(ends).map_or(rest.len(), |(at, _)| at).max(1)
            }
        };
        let after = &rest[length..];
        let is_key = after.trim_start().starts_with(':')
            && self.flows.last().is_some_and(|flow| flow.map && flow.key.is_none());
        if is_key {
            if self.in_reach(&(at..at + length)) {
                self.meet_in_flow(self.cursor.unwrap_or(at));
            }
            let name = unquoted(rest[..length].trim());
            if let Some(last) = self.flows.last_mut() {
                last.key = Some(name);
            }
            return length + (after.len() - after.trim_start().len()) + 1;
        }
        length
    }

    fn meet_in_flow(&mut self, at: usize) {
        let mut path = self.path();
        for flow in &self.flows {
            match (&flow.key, flow.map) {
                (Some(key), true) => path.push(Step::Key(key.clone())),
                (None, true) => {}
                (_, false) => path.push(Step::Item(flow.nth)),
            }
        }
        let word = word(self.source, at);
        let line = self.source[at..].find('\n').map_or(self.source.len(), |end| at + end);
        match self.flows.last() {
            Some(flow) if flow.map && flow.key.is_none() => {
                let given = flow.given.clone();
                self.meet(Role::Key, path, word, line);
                if let Some(spot) = &mut self.spot {
                    spot.given = given;
                }
            }
            Some(_) => self.meet(Role::Value, path, word, line),
            None => {}
        }
    }

    fn path(&self) -> Vec<Step> {
        self.blocks.iter().map(|block| block.step.clone()).collect()
    }

    /// The cursor is here; what is said of it first is what holds.
    fn meet(&mut self, role: Role, path: Vec<Step>, word: Range<usize>, end: usize) {
        if std::mem::replace(&mut self.done, true) {
            return;
        }
        let given = self.blocks.last().map_or(&self.given, |block| &block.given).clone();
        let rest = self.source[word.end..end.max(word.end)].trim_start();
        let closed = rest.starts_with(':');
        self.spot = Some(Spot { path, role, word, given, closed });
    }
}

/// The key that a line begins with, and where its colon is.
fn key(rest: &str) -> Option<(&str, usize)> {
    let colon = match rest.chars().next()? {
        quote @ ('"' | '\'') => {
            let end = rest[1..].find(quote)? + 2;
            let space = rest[end..].len() - rest[end..].trim_start().len();
            rest[end + space..].starts_with(':').then_some(end + space)?
        }
        '{' | '[' | '#' | '|' | '>' => return None,
        _ => {
            rest.char_indices()
                .find(|(at, c)| *c == ':' && rest[at + 1..].chars().next().is_none_or(char::is_whitespace))?
                .0
        }
    };
    if comment(rest).is_some_and(|hash| hash < colon) {
        return None;
    }
    Some((rest[..colon].trim_end(), colon))
}

/// Where a comment begins.
fn comment(rest: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() => return Some(at),
            (None, '"' | '\'') if at == 0 => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    None
}

fn unquoted(text: &str) -> String {
    text.trim_matches(['"', '\'']).to_owned()
}

/// The word around a byte: what YAML and we would call one name.
fn word(source: &str, at: usize) -> Range<usize> {
    let part = |c: char| {
        !c.is_whitespace() && !matches!(c, ',' | ':' | '{' | '}' | '[' | ']' | '"' | '\'' | '#' | '(' | ')')
    };
    let left: usize = source[..at].chars().rev().take_while(|c| part(*c)).map(char::len_utf8).sum();
    let right = source[at..].find(|c| !part(c)).unwrap_or(source.len() - at);
    at - left..at + right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &[Step]) -> String {
        let step = |step: &Step| match step {
            Step::Key(key) => key.clone(),
            Step::Item(nth) => nth.to_string(),
        };
        path.iter().map(step).collect::<Vec<_>>().join("/")
    }

    /// The spot at `█`.
    fn spot(marked: &str) -> String {
        let at = marked.find('█').unwrap();
        let source = marked.replace('█', "");
        look(&source, at).map_or("none".to_owned(), |spot| {
            format!("{:?} {} `{}` {:?}", spot.role, shown(&spot.path), &source[spot.word], spot.given)
        })
    }

    #[test]
    fn keys_and_values_of_lines() {
        assert_eq!(spot("play█: x\n"), "Key  `play` []");
        assert_eq!(spot("playbook: x\nti█\n"), "Either  `ti` [\"playbook\"]");
        assert_eq!(spot("playbook: cut-ap█p\n"), "Value playbook `cut-app` []");
        assert_eq!(spot("playbook: █\n"), "Value playbook `` []");
        assert_eq!(
            spot("approvals:\n  cut-app:\n    ask: lead\n    wi█\n"),
            "Either approvals/cut-app `wi` [\"ask\"]"
        );
        assert_eq!(spot("approvals:\n  cut-app:\n    ask: lead\n  █\n"), "Either approvals `` [\"cut-app\"]");
        assert_eq!(spot("approvals:\n  cut-app:\n    ask: lead\n█"), "Either  `` [\"approvals\"]");
        assert_eq!(spot("a: 1 # b█: c\n"), "none");
        assert_eq!(spot("a: |\n  b: █\nc: 1\n"), "none");
        assert_eq!(spot("a: |\n  b: 1\nc: █\n"), "Value c `` []");
    }

    #[test]
    fn items_of_lists() {
        assert_eq!(spot("start:\n  - when: x\n    one█\n"), "Either start/0 `one` [\"when\"]");
        assert_eq!(spot("start:\n- when: x\n- wh█: y\n"), "Key start/1 `wh` []");
        assert_eq!(spot("uses:\n  read:\n    - find_app\n    - gr█\n"), "Either uses/read/1 `gr` []");
        assert_eq!(spot("plot:\n  - at: 0m\n    alert: { ki█ }\n"), "Key plot/0/alert `ki` []");
    }

    #[test]
    fn flows_on_one_line_and_several() {
        assert_eq!(spot("uses: { read: [find_app, app.gr█] }\n"), "Value uses/read/1 `app.gr` []");
        assert_eq!(spot("input: { app: { from: alert.app, ty█ } }\n"), "Key input/app `ty` [\"from\"]");
        assert_eq!(spot("input: { app: { ty█pe: app } }\n"), "Key input/app `type` []");
        assert_eq!(spot("input: { app: { type: █ } }\n"), "Value input/app/type `` []");
        assert_eq!(spot("input: { app: { type: tim█e } }\n"), "Value input/app/type `time` []");
        assert_eq!(spot("okta:\n  { platform: okta,\n    cre█\n"), "Key okta `cre` [\"platform\"]");
        assert_eq!(spot("okta: { url: \"https://█\" }\n"), "Value okta/url `//` []");
        assert_eq!(spot("limits: { targets: 500 }   # rea█ched\n"), "none");
    }

    #[test]
    fn keys_know_all_that_is_below_them() {
        let source = "a: 1\nb:\n  c:\n    - d: 2\n      e: 3\n  f: 4\n\n# end\n";
        let found = entries(source);
        let lines: Vec<String> = found
            .iter()
            .map(|entry| {
                format!("{} {}", shown(&entry.path), source[entry.span.clone()].matches('\n').count())
            })
            .collect();
        assert_eq!(lines, ["a 0", "b 6", "b/c 2", "b/c/0/d 0", "b/c/0/e 0", "b/f 2"]);
    }

    #[test]
    fn no_file_is_too_odd() {
        for odd in [
            "", "-", "- - -", "{", "}{", "a:{", "\"", "'a", ": :", "\t", "a: [\n", "é: ", "a: \"é", "- é: {",
            "]]",
        ] {
            for at in 0..=odd.len() {
                if odd.is_char_boundary(at) {
                    let _any = look(odd, at);
                }
            }
            let _any = entries(odd);
        }
    }
}
