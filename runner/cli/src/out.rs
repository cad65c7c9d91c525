//! Standard output for data, standard error for everything else.

use std::io::{IsTerminal, Write};

use serde::Serialize;

/// A terminal that says it is narrower does not know how wide it is.
const NARROWEST: u16 = 40;

/// Where answers go, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Out {
    json: bool,
}

impl Out {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// True when every line of data is JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// One value on a line of its own; nothing unless `--json`.
    pub(crate) fn line(self, value: &impl Serialize) {
        if self.json
            && let Ok(text) = serde_json::to_string(value)
        {
            put(&text);
        }
    }

    /// One document, with line breaks; whatever the form of everything else.
    pub(crate) fn document(self, value: &impl Serialize) {
        if let Ok(text) = serde_json::to_string_pretty(value) {
            put(&text);
        }
    }

    /// Text for people; nothing with `--json`.
    pub(crate) fn text(self, text: &str) {
        if !self.json {
            put(text);
        }
    }

    /// A remark beside the data.
    pub(crate) fn aside(self, text: &str) {
        let _gone = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// True when standard error may be coloured.
    pub(crate) fn colour_on_stderr() -> bool {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        !plain && std::io::stderr().is_terminal()
    }

    /// How wide the terminal on standard output is; nothing when it is none.
    pub(crate) fn columns(self) -> Option<usize> {
        self.window().map(|(columns, _)| columns)
    }

    /// Columns and rows of the terminal on standard output; nothing when it is none.
    pub(crate) fn window(self) -> Option<(usize, usize)> {
        let stdout = std::io::stdout();
        let size = stdout.is_terminal().then(|| rustix::termios::tcgetwinsize(&stdout).ok())??;
        (size.ws_col >= NARROWEST).then(|| (usize::from(size.ws_col), usize::from(size.ws_row)))
    }

    /// True when standard output may be coloured.
    pub(crate) fn colour_on_stdout() -> bool {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        !plain && std::io::stdout().is_terminal()
    }
}

/// A reader that went away (`| head`) has read what it wanted.
fn put(text: &str) {
    if writeln!(std::io::stdout().lock(), "{text}").is_err() {
        std::process::exit(0);
    }
}
