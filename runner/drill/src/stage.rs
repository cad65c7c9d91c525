//! The folders and files of a drill: the server's data folder, and beside it its configuration, its log, its vault key.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::DrillError;

/// Where a drill lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// The server's own data folder.
    pub data: PathBuf,
    /// Configuration, vault key and log: never inside the data folder.
    pub config: PathBuf,
}

impl Folders {
    /// In this data folder, which must be empty or new; the configuration goes to `<data>.config`.
    ///
    /// # Errors
    /// When something is in it, or it cannot be made.
    pub fn at(data: &Path) -> Result<Self, DrillError> {
        let mut name = data.file_name().unwrap_or_default().to_owned();
        name.push(".config");
        let folders = Self { data: data.to_owned(), config: data.with_file_name(name) };
        let mut inside = match fs::read_dir(data) {
            Ok(inside) => inside,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return folders.made(),
            Err(source) => return Err(DrillError::Folder { path: data.to_owned(), source }),
        };
        if inside.next().is_some() {
            let source =
                io::Error::other("a drill begins with an empty journal, and this folder is not empty");
            return Err(DrillError::Folder { path: data.to_owned(), source });
        }
        folders.made()
    }

    /// In this data folder, whatever is in it: for a drill that goes on.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn again(data: &Path) -> Result<Self, DrillError> {
        let mut name = data.file_name().unwrap_or_default().to_owned();
        name.push(".config");
        Self { data: data.to_owned(), config: data.with_file_name(name) }.made()
    }

    /// In a new folder among the system's temporary ones. It stays: what is in it is the point of a drill.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn temporary(of: &str) -> Result<Self, DrillError> {
        let folder = std::env::temp_dir().join(format!("stanch-{of}-{}", ulid::Ulid::generate()));
        Self { data: folder.join("data"), config: folder }.made()
    }

    fn made(self) -> Result<Self, DrillError> {
        for path in [&self.config, &self.data] {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.map_err(|source| DrillError::Folder { path: path.clone(), source })?;
        }
        Ok(self)
    }

    /// `stanch.yaml`.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("stanch.yaml")
    }

    /// What the server says beside its answers.
    pub fn log(&self) -> PathBuf {
        self.config.join("server.log")
    }

    /// Writes a file that only we may read.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), DrillError> {
        let path = self.config.join(name);
        let written = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let written = written.and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()));
        written.map_err(|source| DrillError::Folder { path, source })
    }

    /// The last words of the server.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(8)..].join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_is_refused_and_the_configuration_lies_beside_it() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("d");
        let folders = Folders::at(&data).unwrap();
        assert_eq!(folders.config, home.path().join("d.config"));
        folders.write("stanch.yaml", "x").unwrap();
        assert_eq!(Folders::at(&data).unwrap(), folders);
        fs::write(data.join("journal"), "").unwrap();
        assert!(Folders::at(&data).unwrap_err().to_string().contains("not empty"));
    }
}
