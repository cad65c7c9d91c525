//! What was found as one SARIF 2.1.0 document (OASIS standard, sarif-schema-2.1.0).

use serde_json::{Value, json};
use stanch_model::{Diagnostic, Level};

use super::report::{Place, Report};
use crate::commands::explain;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The document: one run with every rule that it speaks of.
pub(super) fn document(report: &Report) -> Value {
    let found = &report.mistakes.found;
    let mut codes: Vec<&str> = found.iter().map(|one| one.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code, found)).collect();
    let results: Vec<Value> = found.iter().map(|one| result(report, one, &codes)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "stanch",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "invocations": [{ "executionSuccessful": true }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

/// A code with its page: the title, the sentences below it, and all of it for editors that show Markdown.
fn rule(code: &str, found: &[Diagnostic]) -> Value {
    let page = explain::page(code).unwrap_or_else(|| format!("# {code}: no page\n"));
    let (head, rest) = page.split_once('\n').unwrap_or((&page, ""));
    let title = head.trim_start_matches('#').trim();
    let title = title.strip_prefix(code).map_or(title, |title| title.trim_start_matches(':').trim());
    let text = rest.trim().split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let text = if text.is_empty() { title.to_owned() } else { text };
    let worst = found.iter().filter(|one| one.code == code).map(|one| one.level).max();
    json!({
        "id": code,
        "shortDescription": { "text": title },
        "fullDescription": { "text": text },
        "help": { "text": page.trim_end(), "markdown": page.trim_end() },
        "defaultConfiguration": { "level": level(worst.unwrap_or(Level::Warning)) },
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

fn result(report: &Report, found: &Diagnostic, codes: &[&str]) -> Value {
    let text = match &found.help {
        Some(help) => format!("{}: {help}", found.message),
        None => found.message.clone(),
    };
    let mut result = json!({
        "ruleId": found.code,
        "ruleIndex": codes.binary_search(&found.code.as_str()).unwrap_or_default(),
        "level": level(found.level),
        "message": { "text": text },
        "locations": [],
    });
    if let (Some(label), Some(end)) = (found.labels.first(), report.end(found)) {
        let start = Place { line: label.line, column: label.column };
        result["locations"] = json!([{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&label.file) },
            "region": region(start, end),
        } }]);
    }
    if let Some(fix) = &found.fix {
        let replacement = |edit| {
            let (start, end) = report.range(&fix.file, edit)?;
            Some(json!({ "deletedRegion": region(start, end), "insertedContent": { "text": edit.text } }))
        };
        let replacements: Option<Vec<Value>> = fix.edits.iter().map(replacement).collect();
        if let Some(replacements) = replacements {
            result["fixes"] = json!([{
                "description": { "text": fix.title },
                "artifactChanges": [{
                    "artifactLocation": { "uri": uri(&fix.file) },
                    "replacements": replacements,
                }],
            }]);
        }
    }
    result
}

fn region(start: Place, end: Place) -> Value {
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A path as a URI reference (RFC 3986): relative ones stay so, for whoever knows where the sources lie.
fn uri(path: &str) -> String {
    let encoded: String = path
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    if path.starts_with('/') { format!("file://{encoded}") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("cut/main.rhai"), "cut/main.rhai");
        assert_eq!(uri("my book/é.rhai"), "my%20book/%C3%A9.rhai");
        assert_eq!(uri("/srv/a:b"), "file:///srv/a%3Ab");
    }
}
