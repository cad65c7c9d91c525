//! Takes values out of a YAML tree and collects what is wrong with them, so that one look shows every mistake.

use std::{ops::Range, time::Duration};

use stanch_model::{
    Diagnostic,
    diagnostic::did_you_mean,
    duration,
    yaml::{Key, Node, Shape},
};

/// Words of other tools, and ours.
const MEANT: &[(&str, &str)] = &[
    ("on", "start"),
    ("trigger", "start"),
    ("triggers", "start"),
    ("when", "start"),
    ("name", "playbook"),
    ("id", "playbook"),
    ("description", "title"),
    ("permissions", "uses"),
    ("scopes", "uses"),
    ("parameters", "input"),
    ("timeout", "within"),
    ("approvers", "ask"),
];

/// A file while it is read.
pub(super) struct Reader<'a> {
    file: &'a str,
    source: &'a str,
    pub(super) problems: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, source: &'a str) -> Self {
        Self { file, source, problems: Vec::new() }
    }

    /// Notes a mistake at these bytes.
    pub(super) fn wrong(&mut self, code: &str, span: &Range<usize>, message: String, help: &str) {
        let label = Diagnostic::error(code, message).at(self.file, self.source, span.clone(), "");
        self.problems.push(if help.is_empty() { label } else { label.help(help) });
    }

    fn wrong_value(&mut self, node: &Node, wanted: &str) {
        self.wrong("PB0005", &node.span, format!("{wanted} was expected, here is {}", node.word()), "");
    }

    /// The entries of a map. `what` names it in messages.
    pub(super) fn map<'n>(&mut self, node: &'n Node, what: &str) -> &'n [(Key, Node)] {
        node.entries().unwrap_or_else(|| {
            if node.shape != Shape::Null {
                self.wrong_value(node, &format!("a map of {what}"));
            }
            &[]
        })
    }

    /// A map with fixed keys: unknown ones are mistakes, and so are missing ones among `needed`.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
        needed: &[&str],
    ) -> Fields<'n> {
        let Some(entries) = node.entries() else {
            self.wrong_value(node, &format!("{what} with the keys {}", known.join(", ")));
            return Fields { entries: &[] };
        };
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.text.as_str())) {
            let meant = MEANT.iter().find(|(word, ours)| *word == key.text && known.contains(ours));
            let near =
                meant.map(|(_, ours)| *ours).or_else(|| did_you_mean(&key.text, known.iter().copied()));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}", known.join(", ")),
            };
            self.wrong("PB0003", &key.span, format!("{what} has no field `{}`", key.text), &help);
        }
        for name in needed.iter().filter(|name| node.get(name).is_none()) {
            self.wrong("PB0004", &node.span, format!("{what} lacks `{name}`"), "");
        }
        Fields { entries }
    }

    /// Text. Numbers and the like are mistakes, because YAML would change how they are written.
    pub(super) fn text(&mut self, node: Option<&Node>) -> Option<String> {
        let node = node?;
        let text = node.text().map(str::to_owned);
        if text.is_none() {
            self.wrong_value(node, "text");
        }
        text
    }

    /// One text or a list of texts.
    pub(super) fn texts(&mut self, node: Option<&Node>) -> Vec<String> {
        let Some(node) = node else { return Vec::new() };
        match &node.shape {
            Shape::Text(text) => vec![text.clone()],
            Shape::List(items) => items.iter().filter_map(|item| self.text(Some(item))).collect(),
            _ => {
                self.wrong_value(node, "a text or a list of texts");
                Vec::new()
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, node: Option<&Node>) -> Option<bool> {
        match node?.shape {
            Shape::Bool(value) => Some(value),
            _ => {
                self.wrong_value(node?, "true or false");
                None
            }
        }
    }

    /// A whole number from 1.
    pub(super) fn count(&mut self, node: Option<&Node>) -> Option<u32> {
        let node = node?;
        let count = match node.shape {
            Shape::Integer(value) if value > 0 => u32::try_from(value).ok(),
            _ => None,
        };
        if count.is_none() {
            self.wrong_value(node, "a whole number from 1");
        }
        count
    }

    /// A length of time.
    pub(super) fn duration(&mut self, node: Option<&Node>) -> Option<Duration> {
        let node = node?;
        let text = node.text().map(str::to_owned).unwrap_or_else(|| node.to_json().to_string());
        let read = duration::parse(&text);
        if let Err(error) = &read {
            self.wrong("PB0005", &node.span, error.to_string(), "");
        }
        read.ok()
    }

    /// Where `text` stands inside a scalar: its quotes are no part of it.
    pub(super) fn inside(&self, node: &Node, text: &str) -> Range<usize> {
        let written = &self.source[node.span.clone()];
        written.find(text).map_or(node.span.clone(), |at| {
            let start = node.span.start + at;
            start..start + text.len()
        })
    }
}

/// The entries of a map with fixed keys.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n> {
    entries: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    /// The value of this key; null is the same as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        let (_, value) = self.entries.iter().find(|(k, _)| k.text == key)?;
        (value.shape != Shape::Null).then_some(value)
    }
}
