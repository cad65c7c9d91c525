//! Reads a playbook's folder from disk: only the files that have a meaning there, within bounds.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::Path,
};

use stanch_model::Diagnostic;

use crate::playbook::{MANIFEST, README, SCRIPT, TEMPLATES};

/// No file of a playbook is larger; a larger one is a mistake (or an attack) and is not read.
const LARGEST_FILE: u64 = 1024 * 1024;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// By path within the folder. What is no UTF-8 stands here with its bad bytes replaced: for reading on, never for
    /// running.
    pub(crate) texts: BTreeMap<String, String>,
    /// Files that are there and could not be read.
    pub(crate) unread: Vec<String>,
    /// What is wrong with them.
    pub(crate) problems: Vec<Diagnostic>,
}

impl Files {
    /// The texts, if nothing is wrong.
    pub(crate) fn whole(self) -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
        if self.problems.is_empty() { Ok(self.texts) } else { Err(self.problems) }
    }

    fn read_file(&mut self, folder: &Path, path: String) {
        match text(&folder.join(&path)) {
            Ok(None) => {}
            Ok(Some(Text { text, bad })) => {
                if let Some(at) = bad {
                    let problem = Diagnostic::error("PB0002", format!("byte {} is not UTF-8", at + 1));
                    let problem =
                        problem.at(&path, &text, at..at + char::REPLACEMENT_CHARACTER.len_utf8(), "");
                    self.problems.push(problem.help("save the file as UTF-8"));
                }
                self.texts.insert(path, text);
            }
            Err(why) => {
                let code = if path == SCRIPT && why.is_size() { "PB0014" } else { "PB0002" };
                let problem = Diagnostic::error(code, format!("cannot read {path}: {why}"));
                self.problems.push(problem.at(&path, "", 0..0, "").help(why.help()));
                self.unread.push(path);
            }
        }
    }
}

/// The files of this folder. A missing file is missing from the map.
pub(crate) fn read(folder: &Path) -> Files {
    let mut files = Files::default();
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        found => {
            let why = found.err().map_or_else(|| "it is no folder".to_owned(), |error| error.to_string());
            let problem = Diagnostic::error("PB0002", format!("cannot read {}: {why}", folder.display()));
            files.problems.push(problem.help("a playbook is a folder with playbook.yaml and main.rhai"));
            return files;
        }
    }
    let mut paths: Vec<String> = [MANIFEST, SCRIPT, README].map(str::to_owned).into();
    let notices = fs::read_dir(folder.join(TEMPLATES)).into_iter().flatten().flatten();
    let names = notices.map(|entry| entry.file_name().to_string_lossy().into_owned());
    paths.extend(names.filter(|name| name.ends_with(".md")).map(|name| format!("{TEMPLATES}{name}")));
    paths.into_iter().for_each(|path| files.read_file(folder, path));
    files
}

/// The folder's name: the playbook's slug.
pub(crate) fn slug(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A file's text, and its first byte that is no UTF-8.
struct Text {
    text: String,
    bad: Option<usize>,
}

#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("it has more than {LARGEST_FILE} bytes")]
    Large,
    #[error("it is no plain file")]
    NoFile,
    #[error("it is a link that leads nowhere")]
    Dangling,
    #[error("{0}")]
    Io(io::Error),
}

impl Unread {
    fn is_size(&self) -> bool {
        matches!(self, Self::Large)
    }

    fn help(&self) -> &'static str {
        match self {
            Self::Large => "a playbook reads like a runbook: a page or two",
            Self::NoFile | Self::Dangling => "put the file itself here: a playbook is pinned as a whole",
            Self::Io(_) => "is it readable, and no link that leads back to itself?",
        }
    }
}

/// Reads at most what a file may have, whatever its length says.
fn text(path: &Path) -> Result<Option<Text>, Unread> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(Unread::NoFile),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return if fs::symlink_metadata(path).is_ok() { Err(Unread::Dangling) } else { Ok(None) };
        }
        Err(error) => return Err(Unread::Io(error)),
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(Unread::Io)?;
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(Unread::Io)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(Unread::Large);
    }
    Ok(Some(match String::from_utf8(bytes) {
        Ok(text) => Text { text, bad: None },
        Err(error) => Text {
            bad: Some(error.utf8_error().valid_up_to()),
            text: String::from_utf8_lossy(error.as_bytes()).into_owned(),
        },
    }))
}
