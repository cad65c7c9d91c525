//! Where scenarios lie: beside the playbook that they rehearse, in its folder `drills/`.

use std::{collections::BTreeMap, fs, path::Path};

use include_dir::{Dir, include_dir};

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../playbooks/library");

/// A scenario's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The playbook in whose folder it lies.
    pub playbook: String,
    /// Its name: the file's.
    pub name: String,
    /// The file, for what is said about it.
    pub file: String,
    /// What it says.
    pub text: String,
}

/// Those that ship with the program, by name.
pub fn embedded() -> BTreeMap<String, Found> {
    let mut found = BTreeMap::new();
    for folder in EMBEDDED.dirs() {
        let playbook = folder.path().to_string_lossy().into_owned();
        let drills = folder.get_dir(folder.path().join("drills"));
        for file in drills.into_iter().flat_map(Dir::files) {
            let (Some(name), Some(text)) = (scenario_name(file.path()), file.contents_utf8()) else {
                continue;
            };
            let (file, text) = (file.path().display().to_string(), text.to_owned());
            found.insert(name.clone(), Found { playbook: playbook.clone(), name, file, text });
        }
    }
    found
}

/// Those in a playbook's folder on disk, by name.
pub fn in_folder(playbook: &Path) -> BTreeMap<String, Found> {
    let slug = playbook.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let files = fs::read_dir(playbook.join("drills")).into_iter().flatten().flatten();
    let found = files.filter_map(|entry| {
        let (path, playbook) = (entry.path(), slug.clone());
        let (name, text) = (scenario_name(&path)?, fs::read_to_string(&path).ok()?);
        Some((name.clone(), Found { playbook, name, file: path.display().to_string(), text }))
    });
    found.collect()
}

/// The one of this name, or in this file.
pub fn find(name: &str, own: &BTreeMap<String, Found>) -> Option<Found> {
    if let Some(found) = own.get(name) {
        return Some(found.clone());
    }
    if let Some(found) = embedded().remove(name) {
        return Some(found);
    }
    let path = Path::new(name);
    let (stem, text) = (scenario_name(path)?, fs::read_to_string(path).ok()?);
    let folder = path.parent().and_then(Path::parent).and_then(Path::file_name);
    let playbook = folder.map(|folder| folder.to_string_lossy().into_owned()).unwrap_or_default();
    Some(Found { playbook, name: stem, file: name.to_owned(), text })
}

fn scenario_name(path: &Path) -> Option<String> {
    let is_yaml = path.extension().is_some_and(|end| end == "yaml");
    is_yaml.then(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))?
}
