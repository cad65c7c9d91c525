//! What was found, for people and line by line for programs.

use std::{collections::BTreeSet, path::PathBuf};

use serde::Serialize;
use serde_json::json;
use stanch_model::{Diagnostic, Edit, Level};

use super::fix::Change;
use crate::{diagnose, exit::Exit, out::Out, setup::Mistakes};

/// One look at everything.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) mistakes: Mistakes,
    /// The configuration and the playbooks that were looked at.
    pub(super) checked: Vec<String>,
    /// What playbooks of the library cannot do here, by slug.
    pub(super) lacks: Vec<(String, BTreeSet<String>)>,
    /// What was changed before.
    pub(super) changes: Vec<Change>,
    /// The files and folders that the answer depends on.
    pub(super) watched: Vec<PathBuf>,
    pub(super) strict: bool,
}

/// A place: line and column from 1, in characters; the end is where the next character stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    /// Where this byte of the text stands.
    pub(super) fn of(text: &str, byte: usize) -> Self {
        let before = text.get(..byte.min(text.len())).unwrap_or(text);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self { line: before.matches('\n').count() + 1, column }
    }
}

impl Report {
    /// Yes, or no.
    pub(super) fn exit(&self) -> Exit {
        if self.is_wrong() { Exit::No } else { Exit::Yes }
    }

    fn is_wrong(&self) -> bool {
        self.mistakes.refuse() || (self.strict && !self.mistakes.found.is_empty())
    }

    /// Where a diagnostic ends. Of a file that cannot be shown, as far as its length tells.
    pub(super) fn end(&self, found: &Diagnostic) -> Option<Place> {
        let label = found.labels.first()?;
        Some(match self.mistakes.sources.get(&label.file) {
            Some(text) if label.offset + label.length <= text.len() => {
                Place::of(text, label.offset + label.length)
            }
            _ => Place { line: label.line, column: label.column + label.length },
        })
    }

    /// Where an edit of this file begins and ends.
    pub(super) fn range(&self, file: &str, edit: &Edit) -> Option<(Place, Place)> {
        let text = self.mistakes.sources.get(file)?;
        Some((Place::of(text, edit.offset), Place::of(text, edit.offset + edit.length)))
    }

    /// On standard output.
    pub(super) fn show(&self, out: Out) {
        if out.is_json() {
            self.lines().iter().for_each(|line| out.line(line));
        } else {
            out.text(&self.text(Out::colour_on_stdout()));
        }
    }

    /// For people.
    pub(super) fn text(&self, colour: bool) -> String {
        let mut parts: Vec<String> = self.changes.iter().map(Change::text).collect();
        for (slug, lacks) in &self.lacks {
            let words = lacks.iter().map(String::as_str).collect::<Vec<_>>().join("; ");
            parts.push(format!("note: not all of the library's {slug} works here: {words}"));
        }
        if !self.mistakes.found.is_empty() {
            let drawn = diagnose::render(&self.mistakes.found, &self.mistakes.sources, colour);
            parts.push(format!("{drawn}\n"));
        }
        let what = match self.checked.is_empty() {
            true => "nothing to check".to_owned(),
            false => self.checked.join(", "),
        };
        parts.push(match diagnose::count(&self.mistakes.found) {
            none if none.is_empty() => format!("{what}: nothing wrong"),
            count => format!("{what}: {count}"),
        });
        parts.join("\n")
    }

    /// One value each, the last one the summary.
    pub(super) fn lines(&self) -> Vec<serde_json::Value> {
        let changes = self.changes.iter().map(|change| json!({ "fixed": change.file, "done": change.done }));
        let lacks = self.lacks.iter().map(|(slug, lacks)| json!({ "playbook": slug, "lacks": lacks }));
        let found = self.mistakes.found.iter().map(|found| self.line(found));
        let errors = self.mistakes.found.iter().filter(|one| one.level == Level::Error).count();
        let summary = json!({
            "ok": !self.is_wrong(),
            "checked": self.checked,
            "mistakes": errors,
            "warnings": self.mistakes.found.len() - errors,
            "fixed": self.changes.iter().map(|change| change.done.len()).sum::<usize>(),
        });
        changes.chain(lacks).chain(found).chain([summary]).collect()
    }

    fn line(&self, found: &Diagnostic) -> serde_json::Value {
        let mut line = serde_json::Map::new();
        if let (Some(label), Some(end)) = (found.labels.first(), self.end(found)) {
            line.insert("file".to_owned(), json!(label.file));
            line.insert("line".to_owned(), json!(label.line));
            line.insert("column".to_owned(), json!(label.column));
            line.insert("end".to_owned(), json!(end));
        }
        line.insert("code".to_owned(), json!(found.code));
        line.insert("level".to_owned(), json!(found.level));
        line.insert("message".to_owned(), json!(found.message));
        if let Some(help) = &found.help {
            line.insert("help".to_owned(), json!(help));
        }
        if let Some(fix) = &found.fix {
            let edit = |edit: &Edit| {
                let (start, end) = self.range(&fix.file, edit)?;
                Some(json!({ "line": start.line, "column": start.column, "end": end, "text": edit.text }))
            };
            let edits: Option<Vec<_>> = fix.edits.iter().map(edit).collect();
            if let Some(edits) = edits {
                line.insert(
                    "fix".to_owned(),
                    json!({ "title": fix.title, "file": fix.file, "edits": edits }),
                );
            }
        }
        line.into()
    }
}
