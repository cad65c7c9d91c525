//! The mistakes of the open files, found by the checks that `stanch check` makes, at the places that the editor counts in.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Value, json};
use stanch_drill::{case, scenario};
use stanch_integrations::Platform;
use stanch_model::{Diagnostic, Label, Level, catalog::ActionIndex};
use stanch_playbooks::Playbook;
use stanch_response::{DeadlineTable, Register, config};

use crate::{
    desk::{Desk, LARGEST_FILE},
    files::{FileKind, playbook_of},
    ground::Ground,
    protocol::{CodeAction, ERROR, Edit, Mistake, Span, WARNING, WorkspaceEdit, tell},
    text,
};

/// The method by which an editor hears of mistakes.
const PUBLISH: &str = "textDocument/publishDiagnostics";

impl Desk<'_> {
    /// What the editor is to be told after the changes since it was told last.
    pub(crate) fn news(&mut self) -> Vec<Value> {
        let mut news = Vec::new();
        // One look at a folder tells the mistakes of all its files.
        let mut looked: BTreeSet<PathBuf> = BTreeSet::new();
        for uri in std::mem::take(&mut self.changed) {
            let Some(file) = self.open.get(&uri) else { continue };
            let folder = playbook_of(&file.path).filter(|_| file.kind.is_of_playbook()).map(Path::to_owned);
            let key = folder.clone().unwrap_or_else(|| file.path.clone());
            if looked.insert(key.clone()) {
                let found = self.found(&uri, folder.as_deref());
                self.publish(&key, found, &mut news);
            }
        }
        news
    }

    /// The mistakes by file. A file without any is in it too.
    fn found(&mut self, uri: &str, folder: Option<&Path>) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
        let Some(file) = self.open.get(uri) else { return BTreeMap::new() };
        let (path, kind, text) = (file.path.clone(), file.kind, file.text.as_str().to_owned());
        if text.len() > LARGEST_FILE && kind != FileKind::Other {
            let message = format!("the file has {} bytes; {LARGEST_FILE} is the most", text.len());
            return BTreeMap::from([(path, vec![Diagnostic::error("PB0002", message)])]);
        }
        let Some(ground) = self.ground(&path) else { return BTreeMap::new() };
        match folder {
            Some(folder) => self.of_folder(folder, &ground),
            None if kind == FileKind::Case => {
                BTreeMap::from([(path.clone(), self.of_case(&path, &text, &ground))])
            }
            None => BTreeMap::from([(path.clone(), of_file(&path, kind, &text, &ground))]),
        }
    }

    /// A case is looked at with its playbook as it stands in the editor; beside one that cannot be read, by itself.
    fn of_case(&self, path: &Path, text: &str, ground: &Ground) -> Vec<Diagnostic> {
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let read = match case::read(&file, text) {
            Ok(read) => read,
            Err(mistake) => return vec![*mistake],
        };
        let Some(folder) = playbook_of(path) else { return Vec::new() };
        let slug = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let Ok(playbook) = Playbook::from_sources(&slug, self.sources(folder)) else { return Vec::new() };
        let mut library = (*ground.library).clone();
        library.insert(playbook.clone());
        let around = case::Ground {
            playbook: Arc::new(playbook),
            library: Arc::new(library),
            catalog: ground.catalog.clone(),
            configured: ground.index.integrations().into_iter().collect(),
        };
        case::check(&file, text, &read, &around)
    }

    fn of_folder(&self, folder: &Path, ground: &Ground) -> BTreeMap<PathBuf, Vec<Diagnostic>> {
        let sources = self.sources(folder);
        let slug = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        // `templates/` is a name that others use too.
        if !sources.contains_key("main.rhai") && !sources.contains_key("playbook.yaml") {
            return BTreeMap::new();
        }
        let main = if sources.contains_key("main.rhai") { "main.rhai" } else { "playbook.yaml" };
        let mut found: BTreeMap<PathBuf, Vec<Diagnostic>> =
            sources.keys().map(|name| (folder.join(name), Vec::new())).collect();
        for one in stanch_playbooks::check_sources(&slug, &sources, &ground.index, &ground.context) {
            let file = one.labels.first().map_or(main, |label| label.file.as_str());
            found.entry(folder.join(file)).or_default().push(one);
        }
        found
    }

    /// Tells what was found, and of files about which there is nothing to say any more that they are well.
    fn publish(&mut self, key: &Path, found: BTreeMap<PathBuf, Vec<Diagnostic>>, news: &mut Vec<Value>) {
        let key = key.display().to_string();
        let mut before = self.told.remove(&key).unwrap_or_default();
        let mut now = BTreeSet::new();
        for (path, mistakes) in found {
            let Some(uri) = self.uri_of(&path) else { continue };
            let is_open = self.open.contains_key(&uri);
            let was_told = before.remove(&uri);
            if mistakes.is_empty() && !is_open && !was_told {
                continue;
            }
            let text = self.text_of(&path).unwrap_or_default();
            let shown: Vec<Mistake> = mistakes.iter().map(|one| mistake(one, &text)).collect();
            let version = self.open.get(&uri).and_then(|file| file.version);
            news.push(published(&uri, version, &shown));
            if is_open || !shown.is_empty() {
                now.insert(uri);
            }
        }
        news.extend(before.into_iter().map(|uri| published(&uri, None, &[])));
        self.told.insert(key, now);
    }

    /// An open file is gone from the screen: what was said of it by itself is taken back.
    pub(crate) fn forget_told(&mut self, uri: &str) -> Option<Value> {
        let path = crate::files::path(uri)?;
        let alone = !FileKind::of(&path).is_of_playbook();
        let told = alone.then(|| self.told.remove(&path.display().to_string())).flatten()?;
        told.contains(uri).then(|| published(uri, None, &[]))
    }
}

fn published(uri: &str, version: Option<i64>, mistakes: &[Mistake]) -> Value {
    let mut params = json!({ "uri": uri, "diagnostics": mistakes });
    if let Some(version) = version {
        params["version"] = version.into();
    }
    tell(PUBLISH, &params)
}

/// The mistakes of a file that stands for itself.
fn of_file(path: &Path, kind: FileKind, text: &str, ground: &Ground) -> Vec<Diagnostic> {
    let file = path.display().to_string();
    match kind {
        FileKind::Scenario => of_scenario(path, text, ground),
        FileKind::Config => of_config(&file, text, ground),
        FileKind::Vendors => Register::load(&file, text).err().unwrap_or_default(),
        FileKind::Deadlines => DeadlineTable::load(&file, text).err().unwrap_or_default(),
        FileKind::Catalog => ground.catalog.check_text(path, text),
        _ => Vec::new(),
    }
}

fn of_scenario(path: &Path, text: &str, ground: &Ground) -> Vec<Diagnostic> {
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match scenario::read(&file, text) {
        Ok(read) => {
            let known = scenario::Known::of(&read, &ground.catalog, &ground.library);
            scenario::check(&file, text, &read, &known)
        }
        Err(mistake) => vec![*mistake],
    }
}

fn of_config(file: &str, text: &str, ground: &Ground) -> Vec<Diagnostic> {
    let platforms: Vec<&str> = ground.catalog.slugs().collect();
    let groups = |slug: &str| ground.catalog.platform(slug).is_some_and(Platform::knows_groups);
    let roles = |slug: &str| ground.catalog.platform(slug).is_some_and(Platform::knows_roles);
    let formats: Vec<_> = ground.catalog.sources().cloned().collect();
    let known = config::Known { platforms: &platforms, groups: &groups, roles: &roles, formats: &formats };
    match config::load(file, text, known) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    }
}

/// A mistake in the protocol's words: the message, what stands beside other marks, the way out.
fn mistake(one: &Diagnostic, text: &str) -> Mistake {
    let place = |label: &Label| text::span(text, &(label.offset..label.offset + label.length));
    let mut message = one.message.clone();
    for label in one.labels.iter().skip(1) {
        message.push_str(&format!("\n{}:{}:{}: {}", label.file, label.line, label.column, label.text));
    }
    if let Some(help) = &one.help {
        message.push_str(&format!("\n{help}"));
    }
    Mistake {
        range: one.labels.first().map_or(Span::default(), place),
        severity: if one.level == Level::Error { ERROR } else { WARNING },
        code: one.code.clone(),
        source: "stanch",
        message,
    }
}

/// The mistakes at a byte of an open file: what a hover says more of.
pub(crate) fn codes_at(found: &[Diagnostic], at: usize) -> BTreeSet<String> {
    let touches = |label: &Label| label.offset <= at && at <= label.offset + label.length;
    found.iter().filter(|one| one.labels.first().is_some_and(touches)).map(|one| one.code.clone()).collect()
}

impl Desk<'_> {
    /// The mistakes of one open file.
    pub(crate) fn of(&mut self, uri: &str) -> Vec<Diagnostic> {
        let Some(file) = self.open.get(uri) else { return Vec::new() };
        let path = file.path.clone();
        let folder = playbook_of(&path).filter(|_| file.kind.is_of_playbook()).map(Path::to_owned);
        self.found(uri, folder.as_deref()).remove(&path).unwrap_or_default()
    }

    /// The certain ways out of the mistakes that a part of a file has.
    pub(crate) fn mend(&mut self, uri: &str, range: Span) -> Vec<CodeAction> {
        let found = self.of(uri);
        let Some(file) = self.open.get(uri) else { return Vec::new() };
        let Some(folder) = playbook_of(&file.path).map(Path::to_owned) else { return Vec::new() };
        let text = file.text.as_str();
        let mut actions = Vec::new();
        for one in found {
            let shown = mistake(&one, text);
            let apart = shown.range.end < range.start || range.end < shown.range.start;
            let Some(fix) = one.fix.filter(|_| !apart) else { continue };
            let path = folder.join(&fix.file);
            let (Some(uri), Some(text)) = (self.uri_of(&path), self.text_of(&path)) else { continue };
            let edits = fix.edits.iter().map(|edit| Edit {
                range: text::span(&text, &(edit.offset..edit.offset + edit.length)),
                new_text: edit.text.clone(),
            });
            let edit = WorkspaceEdit { changes: BTreeMap::from([(uri, edits.collect())]) };
            let diagnostics = vec![shown];
            actions.push(CodeAction {
                title: fix.title,
                kind: "quickfix",
                is_preferred: true,
                diagnostics,
                edit,
            });
        }
        actions
    }
}
