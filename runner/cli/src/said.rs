//! Errors as people read them: what is wrong, why, the way out.

use std::fmt;

use serde_json::json;

use crate::{exit::Exit, out::Out};

/// One sentence about what is wrong, with the way out. Used as an error or as the context of one.
#[derive(Debug)]
pub(crate) struct Said {
    message: String,
    help: Option<String>,
    exit: Exit,
}

impl Said {
    /// What is wrong.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, exit: Exit::Other }
    }

    /// The way out.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The exit code; 1 unless given.
    #[must_use]
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Said {}

/// Shows an error on standard error (and, with `--json`, as the last line of standard output) and says how to exit.
pub(crate) fn show(error: &anyhow::Error, out: Out) -> Exit {
    let said = error.downcast_ref::<Said>();
    let exit = said.map_or(Exit::Other, |said| said.exit);
    let help = said.and_then(|said| said.help.as_deref());
    let causes = causes(error);
    out.aside(&format!("error: {error}"));
    for cause in &causes {
        out.aside(&format!("  because: {cause}"));
    }
    if let Some(help) = help {
        out.aside(&format!("  help: {help}"));
    }
    out.line(&json!({
        "error": { "message": error.to_string(), "because": causes, "help": help, "exit": exit.code() }
    }));
    exit
}

/// The chain below the first sentence, without repetitions: many errors print their source themselves.
fn causes(error: &anyhow::Error) -> Vec<String> {
    let mut shown = error.to_string();
    let mut causes = Vec::new();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        if !shown.contains(&text) {
            causes.push(text.clone());
        }
        shown = text;
    }
    causes
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let inner = anyhow::anyhow!("disk on fire");
        let error = inner.context("writing x: disk on fire").context(Said::new("no backup"));
        assert_eq!(causes(&error), ["writing x: disk on fire"]);
        assert_eq!(error.to_string(), "no backup");
    }

    #[test]
    fn the_way_out_survives_as_context() {
        let failed: Result<(), std::io::Error> = Err(std::io::Error::other("gone"));
        let error = failed.context(Said::new("no").help("look").exit(Exit::Broken)).unwrap_err();
        let said = error.downcast_ref::<Said>().unwrap();
        assert_eq!((said.help.as_deref(), said.exit), (Some("look"), Exit::Broken));
    }
}
