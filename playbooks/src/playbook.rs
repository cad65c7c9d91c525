//! A playbook: the folder as data. Loading parses and compiles; it looks at no configuration.

use std::{collections::BTreeMap, path::Path};

use stanch_model::{Diagnostic, Hash};

use crate::{
    Manifest, dialect, files, manifest,
    template::{Template, TemplateError},
};

/// The manifest's file name.
pub(crate) const MANIFEST: &str = "playbook.yaml";
/// The script's file name.
pub(crate) const SCRIPT: &str = "main.rhai";
/// The operator's page.
pub(crate) const README: &str = "README.md";
/// The folder of notices.
pub(crate) const TEMPLATES: &str = "templates/";

/// One version of one playbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Playbook {
    /// The folder's name, and the name in `playbook:`.
    pub slug: String,
    /// `playbook.yaml`.
    pub manifest: Manifest,
    /// `main.rhai`.
    pub script: String,
    /// `README.md`: for the operator, no part of what runs.
    pub readme: String,
    /// Every file that a replay depends on, by path: manifest, script, templates. What a run pins.
    pub sources: BTreeMap<String, String>,
    /// The notices by name: `templates/<name>.md`.
    pub templates: BTreeMap<String, Template>,
    /// Over `sources`, sorted by path. Equal hashes, equal behaviour.
    pub hash: Hash,
}

impl Playbook {
    /// Loads a folder; its name is the slug.
    ///
    /// # Errors
    /// Every mistake that can be seen without configuration: unreadable files, manifest, syntax, templates.
    pub fn load_dir(path: impl AsRef<Path>) -> Result<Self, Vec<Diagnostic>> {
        Self::from_sources(&files::slug(path.as_ref()), files::read(path.as_ref()).whole()?)
    }

    /// What can be read of files that do not load: the script without the statements that do not parse, the manifest
    /// without the parts that have mistakes.
    pub(crate) fn readable(slug: &str, sources: &BTreeMap<String, String>) -> Self {
        let text = |path: &str| sources.get(path).map(String::as_str).unwrap_or_default();
        let templates = sources
            .iter()
            .filter_map(|(path, text)| Some((template_name(path)?.to_owned(), Template::parse(text).ok()?)));
        Self {
            slug: slug.to_owned(),
            manifest: manifest::readable(text(MANIFEST)),
            script: dialect::compile_rest(text(SCRIPT)).text,
            readme: String::new(),
            sources: sources.clone(),
            templates: templates.collect(),
            hash: Hash::ZERO,
        }
    }

    /// Makes a playbook from its files by path: how a pinned run is compiled again. A `README.md` among them is kept
    /// aside; files that nothing reads are left out.
    ///
    /// # Errors
    /// Like [`Playbook::load_dir`].
    pub fn from_sources(slug: &str, mut sources: BTreeMap<String, String>) -> Result<Self, Vec<Diagnostic>> {
        let readme = sources.remove(README).unwrap_or_default();
        sources.retain(|path, _| path == MANIFEST || path == SCRIPT || template_name(path).is_some());
        let mut problems = Vec::new();
        let mut keep =
            |result: Result<_, Vec<Diagnostic>>| result.map_err(|found| problems.extend(found)).ok();
        let manifest = keep(required(&sources, MANIFEST).and_then(|text| manifest::read(MANIFEST, text)));
        let script = sources.get(SCRIPT).cloned();
        let compiled = required(&sources, SCRIPT).and_then(|text| dialect::compile(text).map(|_| ()));
        problems.extend(compiled.err().unwrap_or_default());
        let mut templates = BTreeMap::new();
        for (path, text) in &sources {
            let Some(name) = template_name(path) else { continue };
            match template(path, text) {
                Ok(template) => drop(templates.insert(name.to_owned(), template)),
                Err(found) => problems.extend(found),
            }
        }
        match (manifest, script) {
            (Some(manifest), Some(script)) if problems.is_empty() => {
                let hash = hash(&sources);
                Ok(Self { slug: slug.to_owned(), manifest, script, readme, sources, templates, hash })
            }
            _ => Err(problems),
        }
    }
}

fn required<'a>(sources: &'a BTreeMap<String, String>, path: &str) -> Result<&'a str, Vec<Diagnostic>> {
    sources.get(path).map(String::as_str).ok_or_else(|| {
        vec![
            Diagnostic::error("PB0002", missing(path))
                .at(path, "", 0..0, "")
                .help("a playbook is a folder with playbook.yaml and main.rhai; `stanch new` makes one"),
        ]
    })
}

/// What is said of a playbook without this file.
pub(crate) fn missing(path: &str) -> String {
    format!("the playbook has no {path}")
}

/// The notice that this file is.
pub(crate) fn template_name(path: &str) -> Option<&str> {
    path.strip_prefix(TEMPLATES)?.strip_suffix(".md")
}

/// The file of a notice.
pub(crate) fn template_path(name: &str) -> String {
    format!("{TEMPLATES}{name}.md")
}

/// The diagnostics of one template.
fn template(path: &str, text: &str) -> Result<Template, Vec<Diagnostic>> {
    Template::parse(text).map_err(|errors| {
        let place = |error: &TemplateError| match error {
            TemplateError::BadPlaceholder { span, .. } => span.clone(),
            TemplateError::NoSubject => 0..0,
        };
        let help = "begin with `---`, `subject: …`, `---`; a placeholder is `{name}` or `{name.part}`, `{{` is a brace";
        errors
            .iter()
            .map(|e| Diagnostic::error("PB0015", e.to_string()).at(path, text, place(e), "").help(help))
            .collect()
    })
}

/// Path and text of every file, each preceded by its length, so that no two folders share bytes.
fn hash(sources: &BTreeMap<String, String>) -> Hash {
    let mut bytes = Vec::new();
    for (path, text) in sources {
        for part in [path, text] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    Hash::of(&bytes)
}
