//! The playbooks that ship with the program, and those of the company that override them.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use include_dir::{Dir, include_dir};
use stanch_model::{Diagnostic, Hash};

use crate::Playbook;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/library");

/// Playbooks by slug.
#[derive(Clone, Debug, Default)]
pub struct Library {
    playbooks: BTreeMap<String, Arc<Playbook>>,
}

impl Library {
    /// The playbooks that ship with the program.
    pub fn embedded() -> Self {
        let mut library = Self::default();
        for folder in EMBEDDED.dirs() {
            let slug = folder.path().to_string_lossy().into_owned();
            let mut files = BTreeMap::new();
            collect(folder, &slug, &mut files);
            // A test loads every one of them, so a broken playbook cannot ship.
            if let Ok(playbook) = Playbook::from_sources(&slug, files) {
                library.insert(playbook);
            }
        }
        library
    }

    /// Adds the playbooks in these folders. A folder is a playbook, or holds playbooks; later ones override earlier ones
    /// and the embedded ones by slug.
    ///
    /// # Errors
    /// Every mistake of every playbook that cannot be loaded.
    pub fn with_folders<P: AsRef<Path>>(
        mut self,
        folders: impl IntoIterator<Item = P>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut problems = Vec::new();
        for folder in folders {
            for path in playbook_folders(folder.as_ref()) {
                match Playbook::load_dir(&path) {
                    Ok(playbook) => self.insert(playbook),
                    Err(found) => problems.extend(found),
                }
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }

    /// Adds or replaces one.
    pub fn insert(&mut self, playbook: Playbook) {
        self.playbooks.insert(playbook.slug.clone(), Arc::new(playbook));
    }

    /// The playbook of this slug.
    pub fn get(&self, slug: &str) -> Option<Arc<Playbook>> {
        self.playbooks.get(slug).cloned()
    }

    /// The playbook with exactly these sources.
    pub fn by_hash(&self, hash: &Hash) -> Option<Arc<Playbook>> {
        self.playbooks.values().find(|playbook| playbook.hash == *hash).cloned()
    }

    /// All of them, by slug.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Playbook>> {
        self.playbooks.values()
    }
}

fn collect(folder: &Dir<'static>, slug: &str, files: &mut BTreeMap<String, String>) {
    for file in folder.files() {
        if let (Ok(name), Some(text)) = (file.path().strip_prefix(slug), file.contents_utf8()) {
            files.insert(name.to_string_lossy().into_owned(), text.to_owned());
        }
    }
    for inner in folder.dirs() {
        collect(inner, slug, files);
    }
}

/// The playbook folders at or right below `folder`, in order.
fn playbook_folders(folder: &Path) -> Vec<std::path::PathBuf> {
    if folder.join("playbook.yaml").exists() {
        return vec![folder.to_owned()];
    }
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("playbook.yaml").exists())
        .collect();
    found.sort();
    found
}
