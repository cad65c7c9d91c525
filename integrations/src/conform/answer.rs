//! What an action reads out of an answer, compared with what the platform says it answers.

use stanch_model::diagnostic::did_you_mean;

use super::describe::Schema;
use crate::{
    spec::{ActionSpec, PlatformSpec, Reply, YieldSpec},
    template::{Shape, Template},
};

/// Every path of `output` and `yields` that leads nowhere: where, and what.
pub(super) fn differences(
    spec: &PlatformSpec,
    action: &ActionSpec,
    answer: &Schema,
) -> Vec<(String, String)> {
    // Of XML a description tells another shape than we read, and a job's last answer is another operation's.
    if action.reply.unwrap_or(spec.reply) != Reply::Json || action.poll.is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(output) = &action.output {
        shape(output, answer, "output", &mut found);
    }
    if let Some(yields) = &action.yields {
        rows(yields, answer, &mut found);
    }
    found
}

fn rows(yields: &YieldSpec, answer: &Schema, found: &mut Vec<(String, String)>) {
    let Some(list) = at(answer, &yields.each, "yields each", found) else { return };
    // In inner rows stands what the outer row holds too.
    if yields.columns.is_some() || yields.inner.is_some() {
        return;
    }
    let row = list.items.as_deref().unwrap_or(list);
    for (name, part) in [("id", &yields.id), ("label", &yields.label)] {
        if let Some(part) = part {
            shape(part, row, &format!("yields {name}"), found);
        }
    }
    for (name, attr) in &yields.attrs {
        let place = format!("yields {name}");
        match attr {
            // A target of its own: its kind is a word, not a path.
            Shape::Map(parts) if parts.iter().any(|(key, _)| key == "kind") => {
                parts
                    .iter()
                    .filter(|(key, _)| key != "kind")
                    .for_each(|(_, part)| shape(part, row, &place, found));
            }
            _ => shape(attr, row, &place, found),
        }
    }
}

fn shape(part: &Shape, root: &Schema, place: &str, found: &mut Vec<(String, String)>) {
    match part {
        Shape::Text(template) => text(template, root, place, found),
        Shape::Plain(_) => {}
        Shape::List(items) => items.iter().for_each(|item| shape(item, root, place, found)),
        Shape::Map(entries) => {
            entries.iter().for_each(|(key, inner)| shape(inner, root, &format!("{place} {key}"), found));
        }
    }
}

/// A text without variables is a path; in one with variables those of the row are.
fn text(template: &Template, root: &Schema, place: &str, found: &mut Vec<(String, String)>) {
    let mut variables = template.variables().peekable();
    if variables.peek().is_none() {
        let _there = at(root, template.source(), place, found);
    }
    for path in variables.filter_map(|variable| variable.strip_prefix("item.")) {
        let _there = at(root, path, place, found);
    }
}

/// What stands at a path; `None` where nobody knows, or where it leads nowhere, which is then said.
fn at<'a>(
    root: &'a Schema,
    path: &str,
    place: &str,
    found: &mut Vec<(String, String)>,
) -> Option<&'a Schema> {
    let (mut here, mut rest) = (root, path);
    while !rest.is_empty() {
        if let Some(field) = here.fields.iter().find(|field| field.name == rest) {
            return Some(&field.schema);
        }
        let (part, after) = rest.split_once('.').unwrap_or((rest, ""));
        let known = here.fields.iter().find(|field| field.name == part).map(|field| &field.schema);
        let item = here.items.as_deref().filter(|_| part.parse::<usize>().is_ok());
        here = match known.or(item) {
            Some(inner) => inner,
            None if here.open || here.fields.is_empty() => return None,
            None => {
                let names = here.fields.iter().map(|field| field.name.as_str());
                let near = did_you_mean(part, names).map(|near| format!("; did you mean `{near}`?"));
                let message = format!("the answer has no `{part}`{}", near.unwrap_or_default());
                if !found.iter().any(|(known, _)| known == place) {
                    found.push((place.to_owned(), message));
                }
                return None;
            }
        };
        rest = after;
    }
    Some(here)
}
