//! The playbooks that ship with the program, and those of the company that override them.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, LazyLock},
};

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
    /// The playbooks that ship with the program, read once in a process.
    pub fn embedded() -> Self {
        static SHIPPED: LazyLock<Library> = LazyLock::new(|| {
            let mut library = Library::default();
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
        });
        SHIPPED.clone()
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
            let folder = folder.as_ref();
            if !folder.is_dir() {
                problems
                    .push(Diagnostic::error("PB0002", format!("there is no folder {}", folder.display())));
            }
            for path in playbook_folders(folder) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_playbook_loads_under_its_own_name() {
        let library = Library::embedded();
        let folders: Vec<_> = EMBEDDED.dirs().map(|dir| dir.path().to_string_lossy().into_owned()).collect();
        for slug in &folders {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("library").join(slug);
            let lines = |found: Vec<Diagnostic>| found.iter().map(Diagnostic::one_line).collect::<Vec<_>>();
            let loaded = Playbook::load_dir(folder).map_err(lines).unwrap();
            assert_eq!(library.get(slug).as_deref(), Some(&loaded), "embedded and on disk");
            assert_eq!(loaded.manifest.playbook, *slug);
            assert!(!loaded.readme.is_empty(), "{slug} has no README.md");
            assert_eq!(library.by_hash(&loaded.hash).map(|p| p.slug.clone()), Some(slug.clone()));
        }
        assert_eq!(library.all().count(), folders.len());
    }

    #[test]
    fn a_folder_of_ones_own_overrides_by_slug_and_pins_another_hash() {
        let embedded = Library::embedded().get("oauth-app-compromise").unwrap();
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("oauth-app-compromise");
        std::fs::create_dir_all(folder.join("templates")).unwrap();
        for (path, text) in &embedded.sources {
            std::fs::write(folder.join(path), text).unwrap();
        }
        let same = Library::embedded().with_folders([home.path()]).unwrap();
        assert_eq!(same.get("oauth-app-compromise").unwrap().hash, embedded.hash);
        std::fs::write(folder.join("main.rhai"), "settle();\n").unwrap();
        let changed = Library::embedded().with_folders([&folder]).unwrap();
        let own = changed.get("oauth-app-compromise").unwrap();
        assert_eq!(own.script, "settle();\n");
        assert_ne!(own.hash, embedded.hash);
        assert_eq!(Playbook::from_sources(&own.slug, own.sources.clone()).unwrap().hash, own.hash);
    }

    #[test]
    fn a_folder_that_is_not_there_is_said() {
        let found = Library::embedded().with_folders(["/nowhere/at/all"]).unwrap_err();
        assert_eq!(found[0].one_line(), "there is no folder /nowhere/at/all [PB0002]");
    }

    #[test]
    fn a_folder_with_mistakes_reports_all_of_them() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("playbook.yaml"), "playbook: Bad Name\n").unwrap();
        std::fs::write(home.path().join("main.rhai"), b"note(\"\xff\");").unwrap();
        let found = Library::embedded().with_folders([home.path()]).unwrap_err();
        assert!(found.iter().any(|p| p.message.contains("byte 7 is not UTF-8")), "{found:?}");
    }
}
