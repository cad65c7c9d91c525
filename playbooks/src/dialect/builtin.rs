//! The functions that Rhai itself brings: pure, and no part of ours.

use std::{collections::BTreeSet, sync::LazyLock};

use super::engine::engine;

/// Functions of Rhai that are refused: see [`super::engine`].
const REFUSED: &[&str] = &["sleep", "exit", "print", "debug"];

static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let signatures = engine().gen_fn_signatures(true);
    let names = signatures.iter().filter_map(|line| line.split('(').next());
    // Keywords that are called like functions are in no package.
    let keywords = ["call", "curry", "type_of", "is_shared", "Fn"];
    let ours = |name: &&str| name.chars().all(is_word) && !REFUSED.contains(name);
    names.chain(keywords).filter(ours).map(str::to_owned).collect()
});

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// True for `len`, `push`, `map` and all else that works on plain values.
pub fn is_builtin(name: &str) -> bool {
    NAMES.contains(name)
}

/// All of them, for suggestions.
pub fn builtins<'a>() -> impl Iterator<Item = &'a str> {
    NAMES.iter().map(String::as_str)
}
