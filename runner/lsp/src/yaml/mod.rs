//! Our YAML in an editor: completion by schema and by what is known around the file, hovers, definitions, the outline.

mod known;
mod scan;

use std::ops::Range;

use serde_json::Value;
use stanch_playbooks::assist;

pub(crate) use known::Known;
pub(crate) use scan::{Entry, Role, Spot, Step, entries, look};

use crate::{
    files::FileKind,
    schema::{self, Schema},
};

/// Something that may be written here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) label: String,
    pub(crate) detail: String,
    pub(crate) docs: String,
    pub(crate) replace: Range<usize>,
    /// A key gets a colon.
    pub(crate) key: bool,
    pub(crate) rank: u8,
}

/// What may stand at this byte.
pub(crate) fn complete(source: &str, at: usize, schema: &Schema, known: &Known<'_>) -> Vec<Offer> {
    let Some(spot) = look(source, at) else { return Vec::new() };
    let mut offers = Vec::new();
    if spot.role != Role::Value {
        keys(schema.value(), &spot, known, &mut offers);
    }
    if spot.role != Role::Key {
        values(schema.value(), &spot, known, &mut offers);
    }
    offers
}

fn keys(schema: &Value, spot: &Spot, known: &Known<'_>, offers: &mut Vec<Offer>) {
    for field in
        schema::fields(schema, &spot.path).into_iter().filter(|field| !spot.given.contains(&field.name))
    {
        let must = if field.required { "required" } else { "" };
        let detail =
            [field.kind, must].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(", ");
        offers.push(Offer {
            label: field.name,
            detail,
            docs: field.docs,
            replace: spot.word.clone(),
            key: !spot.closed,
            rank: u8::from(!field.required),
        });
    }
    for name in known.keys(&spot.path).into_iter().filter(|name| !spot.given.contains(&name.text)) {
        offers.push(Offer {
            label: name.text,
            detail: name.what,
            docs: name.docs,
            replace: spot.word.clone(),
            key: !spot.closed,
            rank: 1,
        });
    }
}

fn values(schema: &Value, spot: &Spot, known: &Known<'_>, offers: &mut Vec<Offer>) {
    let offer = |label: String, detail: String, docs: String, rank: u8| Offer {
        label,
        detail,
        docs,
        replace: spot.word.clone(),
        key: false,
        rank,
    };
    for word in schema::words(schema, &spot.path) {
        offers.push(offer(word.text, String::new(), word.docs, 0));
    }
    for name in known.values(&spot.path) {
        offers.push(offer(name.text, name.what, name.docs, 0));
    }
}

/// What the key or the name at this byte means.
pub(crate) fn describe(
    source: &str,
    at: usize,
    schema: &Schema,
    known: &Known<'_>,
) -> Option<(String, Range<usize>)> {
    let spot = look(source, at)?;
    let word = source.get(spot.word.clone()).filter(|word| !word.is_empty())?;
    let text = match spot.role {
        Role::Key => {
            let mut path = spot.path.clone();
            path.push(Step::Key(word.to_owned()));
            let own =
                || known.keys(&spot.path).into_iter().find(|name| name.text == word).map(|name| name.what);
            schema::about(schema.value(), &path).or_else(own)?
        }
        Role::Value | Role::Either => {
            let words = schema::words(schema.value(), &spot.path);
            let word_docs = words.into_iter().find(|one| one.text == word).map(|one| one.docs);
            let named = || known.values(&spot.path).into_iter().find(|name| name.text == word);
            let page = || assist::name_page(known.index(), word).filter(|_| known.names_actions());
            word_docs
                .filter(|docs| !docs.is_empty())
                .or_else(|| named().map(|name| name.page()))
                .or_else(page)?
        }
    };
    Some((text, spot.word))
}

/// Where a key of a file stands: of one that can be read exactly, of any other by its layout.
pub(crate) fn key_at(source: &str, path: &[&str]) -> Option<Range<usize>> {
    if let Ok(tree) = stanch_model::yaml::node("", source, "")
        && let Some((last, above)) = path.split_last()
    {
        return Some(tree.at(above)?.get(last)?.0.span.clone());
    }
    let wanted: Vec<Step> = path.iter().map(|part| Step::Key((*part).to_owned())).collect();
    entries(source).into_iter().find(|entry| entry.path == wanted).map(|entry| entry.key)
}

/// Where the name at this byte is defined: a key of this file, or of the configuration.
pub(crate) fn define(source: &str, at: usize, kind: FileKind) -> Option<Defined> {
    let spot = look(source, at).filter(|spot| spot.role != Role::Key)?;
    let word = source.get(spot.word)?.to_owned();
    let step = |nth: usize| match spot.path.get(nth) {
        Some(Step::Key(key)) => key.as_str(),
        _ => "",
    };
    match (kind, step(0), step(2)) {
        (FileKind::Manifest, "approvals" | "questions", "ask" | "unanswered") => Some(Defined::Group(word)),
        (FileKind::Manifest, "start", "one_run_per") => Some(Defined::Here(vec!["input".to_owned(), word])),
        (FileKind::Config, "alerts", "integration") => {
            Some(Defined::Here(vec!["integrations".to_owned(), word]))
        }
        (FileKind::Scenario, "expect", "goal") => Some(Defined::Here(vec!["goals".to_owned(), word])),
        _ => None,
    }
}

/// Where a name is defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Defined {
    /// A key of the same file.
    Here(Vec<String>),
    /// A group of people in the configuration.
    Group(String),
}
