//! What is answered to each question about a file.

use std::path::Path;

use stanch_playbooks::assist::{self, Around, Definition};

use crate::{
    desk::{Desk, LARGEST_FILE},
    files::{FileKind, playbook_of},
    ground::Ground,
    mistakes::codes_at,
    protocol::{CompletionItem, DocumentSymbol, Edit, Hover, Location, Markdown, Position, Span},
    schema, script,
    text::{offset, span},
    yaml::{self, Defined, Entry, Known, Offer, Step},
};

/// An open file that is asked about.
struct Asked {
    path: std::path::PathBuf,
    kind: FileKind,
    source: String,
    at: usize,
}

impl Desk<'_> {
    fn asked(&self, uri: &str, position: Position) -> Option<Asked> {
        let file = self.open.get(uri).filter(|file| file.text.as_str().len() <= LARGEST_FILE)?;
        let source = file.text.as_str().to_owned();
        let at = offset(&source, position);
        Some(Asked { path: file.path.clone(), kind: file.kind, source, at })
    }

    pub(crate) fn complete(&mut self, uri: &str, position: Position) -> Vec<CompletionItem> {
        let Some((asked, ground)) = self.asked(uri, position).and_then(|asked| {
            let ground = self.ground(&asked.path)?;
            Some((asked, ground))
        }) else {
            return Vec::new();
        };
        let sources = playbook_of(&asked.path).map(|folder| self.sources(folder)).unwrap_or_default();
        if asked.kind == FileKind::Script {
            return script::complete(&asked.source, asked.at, &around(&ground, &sources), self.snippets);
        }
        let Some(schema) = schema::of(&asked.path) else { return Vec::new() };
        let manifest = sources.get("playbook.yaml").map(String::as_str).unwrap_or_default();
        let known = Known { kind: asked.kind, ground: &ground, source: &asked.source, manifest };
        let mut offers = yaml::complete(&asked.source, asked.at, schema, &known);
        offers.sort_by_key(|offer| offer.rank);
        offers.into_iter().enumerate().map(|(nth, offer)| item(&asked.source, nth, offer)).collect()
    }

    pub(crate) fn hover(&mut self, uri: &str, position: Position) -> Option<Hover> {
        let asked = self.asked(uri, position)?;
        let ground = self.ground(&asked.path)?;
        let sources = playbook_of(&asked.path).map(|folder| self.sources(folder)).unwrap_or_default();
        let found = match asked.kind {
            FileKind::Script => assist::describe(&asked.source, asked.at, &around(&ground, &sources))
                .map(|found| (found.text, found.span)),
            _ => schema::of(&asked.path).and_then(|schema| {
                let manifest = sources.get("playbook.yaml").map(String::as_str).unwrap_or_default();
                let known = Known { kind: asked.kind, ground: &ground, source: &asked.source, manifest };
                yaml::describe(&asked.source, asked.at, schema, &known)
            }),
        };
        let codes = codes_at(&self.of(uri), asked.at);
        let pages = codes.iter().filter_map(|code| self.grounds.explain(code));
        let pages: Vec<String> = found.iter().map(|(text, _)| text.clone()).chain(pages).collect();
        if pages.is_empty() {
            return None;
        }
        let place = found.map_or(asked.at..asked.at, |(_, place)| place);
        Some(Hover { contents: Markdown::new(pages.join("\n\n---\n\n")), range: span(&asked.source, &place) })
    }

    pub(crate) fn define(&mut self, uri: &str, position: Position) -> Option<Location> {
        let asked = self.asked(uri, position)?;
        let ground = self.ground(&asked.path)?;
        if asked.kind != FileKind::Script {
            return match yaml::define(&asked.source, asked.at, asked.kind)? {
                Defined::Here(path) => {
                    let path: Vec<&str> = path.iter().map(String::as_str).collect();
                    self.key_in(&asked.path, &path)
                }
                Defined::Group(name) => self.key_in(ground.config.as_deref()?, &["people", "groups", &name]),
            };
        }
        let folder = playbook_of(&asked.path)?.to_owned();
        let sources = self.sources(&folder);
        match assist::define(&asked.source, asked.at, &around(&ground, &sources))? {
            Definition::Here(place) => {
                Some(Location { uri: uri.to_owned(), range: span(&asked.source, &place) })
            }
            Definition::Manifest(part, name) => self.key_in(&folder.join("playbook.yaml"), &[part, &name]),
            Definition::Template(name) => self.file(&folder.join("templates").join(format!("{name}.md"))),
            Definition::Playbook(slug) => {
                let beside = || folder.parent().map(|parent| parent.join(&slug));
                let own = ground.folders.get(&slug).cloned().or_else(beside)?;
                self.file(&own.join("playbook.yaml"))
            }
            Definition::Config(part, name) => self.key_in(ground.config.as_deref()?, &[part, &name]),
        }
    }

    /// A key of a file.
    fn key_in(&self, path: &Path, key: &[&str]) -> Option<Location> {
        let text = self.text_of(path)?;
        let place = yaml::key_at(&text, key)?;
        Some(Location { uri: self.uri_of(path)?, range: span(&text, &place) })
    }

    /// The start of a file that is there.
    fn file(&self, path: &Path) -> Option<Location> {
        self.text_of(path)?;
        Some(Location { uri: self.uri_of(path)?, range: Span::default() })
    }

    pub(crate) fn outline(&self, uri: &str) -> Vec<DocumentSymbol> {
        let Some(asked) = self.asked(uri, Position::default()) else { return Vec::new() };
        match asked.kind {
            FileKind::Script => script::outline(&asked.source),
            FileKind::Notice | FileKind::Other => Vec::new(),
            _ => outline(&asked.source, &yaml::entries(&asked.source), 0),
        }
    }
}

fn around<'a>(ground: &'a Ground, sources: &'a std::collections::BTreeMap<String, String>) -> Around<'a> {
    Around { index: &ground.index, context: &ground.context, library: &ground.library, sources }
}

fn item(source: &str, nth: usize, offer: Offer) -> CompletionItem {
    let colon = if offer.key { ": " } else { "" };
    CompletionItem {
        kind: if offer.key { 10 } else { 12 },
        detail: offer.detail,
        documentation: (!offer.docs.is_empty()).then(|| Markdown::new(offer.docs)),
        sort_text: format!("{}{nth:05}", offer.rank),
        insert_text_format: 1,
        text_edit: Edit { range: span(source, &offer.replace), new_text: format!("{}{colon}", offer.label) },
        label: offer.label,
    }
}

/// Keys down to the second level of maps and lists: more is no overview.
const DEEPEST: usize = 4;

fn outline(source: &str, entries: &[Entry], depth: usize) -> Vec<DocumentSymbol> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(entry) = entries.get(at) {
        let inside = entries[at + 1..].iter().take_while(|other| other.path.len() > entry.path.len()).count();
        let below = &entries[at + 1..at + 1 + inside];
        let name = match entry.path.as_slice() {
            [.., Step::Item(nth), Step::Key(key)] => format!("{} {key}", nth + 1),
            [.., Step::Key(key)] => key.clone(),
            _ => String::new(),
        };
        parts.push(DocumentSymbol {
            name,
            kind: if below.is_empty() { 7 } else { 2 },
            range: span(source, &entry.span),
            selection_range: span(source, &entry.key),
            children: if depth + 1 < DEEPEST { outline(source, below, depth + 1) } else { Vec::new() },
        });
        at += 1 + inside;
    }
    parts
}
