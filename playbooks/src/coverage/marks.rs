//! From a script to the copy of it that is watched.

use std::{collections::HashMap, sync::atomic::AtomicBool};

use super::{
    MARK, Place, PlaceKind, Watched,
    places::{Put, puts},
};
use crate::{dialect, syntax::Text};

/// The copy; its marks are counted from `first`. Nothing where the script does not compile, with marks or without.
pub(super) fn watched(script: &str, first: usize) -> Option<Watched> {
    let engine = dialect::engine();
    let ast = engine.compile(script).ok()?;
    let text = Text::new(script);
    let mut puts = puts(&ast, script, &text);
    puts.sort_by_key(|put| put.at);
    let mut watched = Watched {
        text: String::with_capacity(script.len() * 2),
        places: Vec::with_capacity(puts.len()),
        reached: Vec::with_capacity(puts.len()),
        shifts: HashMap::new(),
    };
    let mut copied = 0;
    for Put { at, of, kind, form } in puts {
        let words = form.words(&format!("{MARK}({})", first + watched.places.len()));
        watched.text.push_str(&script[copied..at]);
        watched.text.push_str(&words);
        copied = at;
        let (line, column) = text.line_column(at);
        watched.shifts.entry(line).or_default().push((column, words.chars().count()));
        let (line, column) = text.line_column(of);
        watched.places.push(Place { line, column, kind });
        watched.reached.push(AtomicBool::new(false));
    }
    watched.text.push_str(&script[copied..]);
    engine.compile(&watched.text).ok()?;
    Some(watched)
}

/// How a mark stands among the words of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A statement before a statement.
    Before,
    /// Around an expression: a mark gives nothing, so that what stands after it is the value.
    Around,
    /// The branch of an `if` that has none.
    Else,
}

impl Form {
    fn words(self, mark: &str) -> String {
        match self {
            Self::Before => format!("{mark}; "),
            Self::Around => format!("{mark} ?? "),
            Self::Else => format!(" else {{ {mark}; }}"),
        }
    }
}

/// True where the kind is a branch that begins with a brace.
pub(super) fn is_brace(script: &str, at: usize) -> bool {
    script.get(at..).is_some_and(|rest| rest.starts_with('{'))
}

impl Put {
    /// Before a statement, or around an expression.
    pub(super) fn new(at: usize, kind: PlaceKind, form: Form) -> Self {
        Self { at, of: at, kind, form }
    }
}
