//! Where cases lie: beside their playbook, in its folder `cases/`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A case's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The folder of its playbook.
    pub playbook: PathBuf,
    /// The file.
    pub file: PathBuf,
    /// What it says.
    pub text: String,
}

impl Found {
    /// The file, for what is said about it.
    pub fn name(&self) -> String {
        self.file.display().to_string()
    }
}

/// The cases in a playbook's folder, in order.
///
/// # Errors
/// The file that cannot be read, and why.
pub fn in_folder(playbook: &Path) -> Result<Vec<Found>, (PathBuf, io::Error)> {
    let entries = fs::read_dir(playbook.join("cases")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_case(path)).collect();
    files.sort();
    files.into_iter().map(|file| found(playbook.to_owned(), file)).collect()
}

/// The case in this file; its playbook's folder is the one above `cases/`.
///
/// # Errors
/// When the file cannot be read, or does not lie beside a playbook.
pub fn of_file(file: &Path) -> Result<Found, (PathBuf, io::Error)> {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder =
        absolute.parent().and_then(Path::parent).filter(|folder| folder.join("playbook.yaml").is_file());
    match folder {
        Some(folder) => found(folder.to_owned(), file.to_owned()),
        None => {
            let why = io::Error::other("it lies in no folder `cases/` beside a playbook.yaml");
            Err((file.to_owned(), why))
        }
    }
}

/// Whether a file is one by its name.
fn is_case(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

fn found(playbook: PathBuf, file: PathBuf) -> Result<Found, (PathBuf, io::Error)> {
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Found { playbook, file, text }),
        Err(why) => Err((file, why)),
    }
}
