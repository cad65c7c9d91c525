//! What a file says must hold together: every variable given, every action that is named there, every cut provable.

mod action;
mod calls;
mod platform;

use std::ops::Range;

use stanch_model::{Diagnostic, diagnostic::did_you_mean, places::Places};

use crate::spec::PlatformSpec;

/// Everything that is wrong with a file that could be read.
pub(super) fn check(slug: &str, file: &str, source: &str, spec: &PlatformSpec) -> Vec<Diagnostic> {
    let mut report = Report { file, source, places: Places::of(source), found: Vec::new() };
    platform::check(slug, spec, &mut report);
    for (name, action) in &spec.actions {
        action::check(spec, name, action, &mut report);
        calls::check(spec, name, action, &mut report);
    }
    report.found
}

/// Adds "did you mean" to serde's "unknown field `x`, expected one of …".
pub(super) fn with_suggestion(mistake: Diagnostic) -> Diagnostic {
    let words: Vec<&str> = mistake.message.split('`').skip(1).step_by(2).collect();
    let [wrong, known @ ..] = words.as_slice() else { return mistake };
    if !mistake.message.contains("unknown") {
        return mistake;
    }
    let listed = mistake.message.split("expected one of").nth(1).unwrap_or_default();
    let listed = listed.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
    let help = did_you_mean(wrong, known.iter().copied().chain(listed))
        .map(|near| format!("did you mean `{near}`?"));
    match help {
        Some(help) => mistake.help(help),
        None => mistake,
    }
}

/// The mistakes of one file so far.
struct Report<'a> {
    file: &'a str,
    source: &'a str,
    places: Places,
    found: Vec<Diagnostic>,
}

impl Report<'_> {
    /// At a value (or the nearest place above it).
    fn at_value(&mut self, path: &[&str], code: &str, message: String, help: Option<String>) {
        let range = self.places.value(path);
        self.push(range, code, message, help);
    }

    /// At a key.
    fn at_key(&mut self, path: &[&str], code: &str, message: String, help: Option<String>) {
        let range = self.places.key(path);
        self.push(range, code, message, help);
    }

    fn push(&mut self, range: Range<usize>, code: &str, message: String, help: Option<String>) {
        let mistake = Diagnostic::error(code, message).at(self.file, self.source, range, "here");
        self.found.push(match help {
            Some(help) => mistake.help(help),
            None => mistake,
        });
    }
}

/// "did you mean `x`?", or the list of what there is.
fn suggest<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    match did_you_mean(word, known.clone()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => {
            let known: Vec<_> = known.take(12).collect();
            (!known.is_empty()).then(|| format!("there are: {}", known.join(", ")))
        }
    }
}
