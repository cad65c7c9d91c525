//! Mistakes in files on the screen: drawn by miette on a terminal with colours, as plain text everywhere else.

use std::collections::BTreeMap;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Severity};
use stanch_model::{Diagnostic, Level, diagnostic::render_plain};

/// The texts of files, by the names that diagnostics give them.
pub(crate) type Sources = BTreeMap<String, String>;

/// All of them, with an empty line between.
pub(crate) fn render(found: &[Diagnostic], sources: &Sources, colour: bool) -> String {
    let one = |diagnostic: &Diagnostic| {
        let source = diagnostic.labels.first().and_then(|label| sources.get(&label.file));
        match (colour, source) {
            (true, Some(source)) => drawn(diagnostic, source),
            (_, source) => render_plain(diagnostic, source.map_or("", String::as_str)),
        }
    };
    found.iter().map(one).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn drawn(diagnostic: &Diagnostic, source: &str) -> String {
    let file = diagnostic.labels.first().map_or("", |label| label.file.as_str());
    let inside = |label: &&stanch_model::Label| label.file == file && label.offset <= source.len();
    let labels = diagnostic.labels.iter().filter(inside).map(|label| {
        let length = label.length.min(source.len() - label.offset);
        LabeledSpan::new((!label.text.is_empty()).then(|| label.text.clone()), label.offset, length)
    });
    let mut report = MietteDiagnostic::new(&diagnostic.message)
        .with_code(&diagnostic.code)
        .with_severity(match diagnostic.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
        })
        .with_labels(labels);
    if let Some(help) = &diagnostic.help {
        report = report.with_help(help);
    }
    let report = miette::Report::new(report).with_source_code(NamedSource::new(file, source.to_owned()));
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode());
    match handler.render_report(&mut text, report.as_ref()) {
        Ok(()) => text,
        Err(_) => render_plain(diagnostic, source),
    }
}

/// `1 mistake, 2 warnings`, or nothing.
pub(crate) fn count(found: &[Diagnostic]) -> String {
    let errors = found.iter().filter(|one| one.level == Level::Error).count();
    let warnings = found.len() - errors;
    let parts = [plural(errors, "mistake"), plural(warnings, "warning")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn plural(count: usize, word: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_show_place_excerpt_and_way_out() {
        let source = "a: 1\nb: oops\n";
        let found =
            [Diagnostic::error("CF0001", "not a number").at("x.yaml", source, 8..12, "this").help("write 2")];
        let sources = Sources::from([("x.yaml".to_owned(), source.to_owned())]);
        for colour in [false, true] {
            let text = render(&found, &sources, colour);
            for part in ["CF0001", "not a number", "x.yaml", "oops", "this", "write 2"] {
                assert!(text.contains(part), "{part} is missing in\n{text}");
            }
        }
        assert_eq!(count(&found), "1 mistake");
    }
}
