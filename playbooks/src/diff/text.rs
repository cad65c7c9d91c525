//! Files line by line.

use std::collections::BTreeSet;

use similar::TextDiff;

use super::FileDiff;
use crate::{Playbook, playbook::README};

/// Lines around a difference.
const AROUND: usize = 3;

pub(super) fn compare(before: &Playbook, now: &Playbook) -> Vec<FileDiff> {
    let paths: BTreeSet<&str> =
        before.sources.keys().chain(now.sources.keys()).map(String::as_str).chain([README]).collect();
    let one = |path: &str| {
        let (a, b) = (text(before, path), text(now, path));
        (a != b).then(|| FileDiff { file: path.to_owned(), diff: unified(path, a, b) })
    };
    paths.into_iter().filter_map(one).collect()
}

fn text<'a>(playbook: &'a Playbook, path: &str) -> &'a str {
    match path {
        README => &playbook.readme,
        path => playbook.sources.get(path).map_or("", String::as_str),
    }
}

fn unified(path: &str, before: &str, now: &str) -> String {
    let side = |side: &str, text: &str| {
        if text.is_empty() { "/dev/null".to_owned() } else { format!("{side}/{path}") }
    };
    TextDiff::from_lines(before, now)
        .unified_diff()
        .context_radius(AROUND)
        .header(&side("a", before), &side("b", now))
        .to_string()
}
