//! The one way a YAML file is read: spans, budgets against bombs, duplicate keys and unknown fields refused.

use serde::de::DeserializeOwned;

use crate::diagnostic::Diagnostic;

/// A value that remembers where it stood.
pub use serde_yaml::Spanned;

/// Reads a file that people write. `code` is the diagnostic code for "this is not the file I expected".
///
/// # Errors
/// One diagnostic that names the place: the parser stops at the first mistake. Checks of values come after and report all.
pub fn read<T: DeserializeOwned>(file: &str, source: &str, code: &str) -> Result<T, Box<Diagnostic>> {
    serde_yaml::from_str(source).map_err(|error| {
        let message = error.without_snippet().to_string();
        let message = message.lines().next().unwrap_or("not readable").trim().to_owned();
        let diagnostic = Diagnostic::error(code, message);
        Box::new(match error.location() {
            Some(at) => {
                let start = offset_of(source, at.line() as usize, at.column() as usize);
                diagnostic.at(file, source, start..token_end(source, start), "here")
            }
            None => diagnostic.at(file, source, 0..0, "in this file"),
        })
    })
}

/// The byte at which this line and column (both from 1, columns in characters) stand.
pub fn offset_of(source: &str, line: usize, column: usize) -> usize {
    let start: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &source[start.min(source.len())..];
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
}

/// The end of the word that starts at `start`.
pub fn token_end(source: &str, start: usize) -> usize {
    let rest = &source[start.min(source.len())..];
    let length = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '}' | ']' | ')' | '('))
        .unwrap_or(rest.len());
    start + length.max(usize::from(!rest.is_empty()))
}
