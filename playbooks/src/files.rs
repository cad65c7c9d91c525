//! Reads a playbook's folder from disk: only the files that have a meaning there, within bounds.

use std::{collections::BTreeMap, fs, path::Path};

use stanch_model::Diagnostic;

use crate::playbook::{MANIFEST, README, SCRIPT, TEMPLATES};

/// No file of a playbook is larger; a larger one is a mistake (or an attack) and is not read.
const LARGEST_FILE: u64 = 1024 * 1024;

/// The files by path within the folder. A missing file is missing from the map.
pub(crate) fn read(folder: &Path) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
    if !folder.is_dir() {
        return Err(vec![unreadable(folder, "it is no folder")]);
    }
    let mut paths: Vec<String> = [MANIFEST, SCRIPT, README].map(str::to_owned).into();
    let notices = fs::read_dir(folder.join(TEMPLATES)).into_iter().flatten().flatten();
    paths.extend(notices.map(|entry| format!("{TEMPLATES}{}", entry.file_name().to_string_lossy())));
    let mut files = BTreeMap::new();
    let mut problems = Vec::new();
    for path in paths.into_iter().filter(|path| folder.join(path).is_file()) {
        match read_file(&folder.join(&path)) {
            Ok(text) => drop(files.insert(path, text)),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}

/// The folder's name: the playbook's slug.
pub(crate) fn slug(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read_file(path: &Path) -> Result<String, Diagnostic> {
    let length = fs::metadata(path).map_err(|error| unreadable(path, &error.to_string()))?.len();
    if length > LARGEST_FILE {
        return Err(unreadable(path, &format!("it has {length} bytes; {LARGEST_FILE} is the most")));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(path, &format!("byte {} is not UTF-8", at + 1))
    })
}

fn unreadable(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::error("PB0002", format!("cannot read {}: {why}", path.display()))
}
