//! The files that this server was started with: which of them read differently by now, and how they are read anew.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use parking_lot::RwLock;
use stanch_model::{Hash, config::Config};

/// Folders inside folders are looked into so deep.
const DEEPEST: usize = 8;

/// Reads the configuration with all its checks, or says what is wrong with it. May block.
pub type Reader = Arc<dyn Fn() -> Result<Config, Vec<String>> + Send + Sync>;

/// Files and folders as they were when they were read.
#[derive(Clone, Default)]
pub struct Files {
    named: Vec<PathBuf>,
    known: Arc<RwLock<BTreeMap<PathBuf, Seen>>>,
    reader: Option<Reader>,
}

/// One file at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    length: u64,
    written: Option<SystemTime>,
    text: Option<Hash>,
}

impl Files {
    /// Remembers these files, and every file below these folders. One that is not there may come later.
    pub fn seen(named: impl IntoIterator<Item = PathBuf>) -> Self {
        let named: Vec<_> = named.into_iter().collect();
        let known = below(&named).into_iter().filter_map(|path| Some((path.clone(), look(&path, None)?)));
        let known = Arc::new(RwLock::new(known.collect()));
        Self { named, known, reader: None }
    }

    /// The same, with a way to read them anew.
    #[must_use]
    pub fn read_by(self, reader: Reader) -> Self {
        Self { reader: Some(reader), ..self }
    }

    pub(crate) fn reader(&self) -> Option<Reader> {
        self.reader.clone()
    }

    /// The first of them, which is the configuration itself, was read anew and is in force.
    pub(crate) fn read_anew(&self) {
        if let Some(seen) = self.named.first().and_then(|path| Some((path.clone(), look(path, None)?))) {
            self.known.write().insert(seen.0, seen.1);
        }
    }

    /// The files that are new, gone, or say something else than at the start, by path.
    pub fn changed(&self) -> Vec<PathBuf> {
        let now = below(&self.named);
        let known = self.known.read();
        let gone = known.keys().filter(|path| !now.contains(path)).cloned();
        let other = now.iter().filter(|path| {
            let before = known.get(*path);
            look(path, before).is_none_or(|now| before.is_none_or(|before| before.text != now.text))
        });
        let mut changed: Vec<_> = gone.chain(other.cloned()).collect();
        changed.sort();
        changed
    }
}

/// Reads a file, unless its length and time are those of before.
fn look(path: &Path, before: Option<&Seen>) -> Option<Seen> {
    let about = fs::metadata(path).ok()?;
    let (length, written) = (about.len(), about.modified().ok());
    let same = |before: &&Seen| before.length == length && written.is_some() && before.written == written;
    if let Some(before) = before.filter(same) {
        return Some(before.clone());
    }
    Some(Seen { length, written, text: fs::read(path).ok().map(|bytes| Hash::of(&bytes)) })
}

fn below(named: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    named.iter().for_each(|path| walk(path, DEEPEST, &mut found));
    found.sort();
    found.dedup();
    found
}

fn walk(path: &Path, deeper: usize, found: &mut Vec<PathBuf>) {
    // What an editor leaves beside a file is no part of anything.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') && name.len() > 1 || name.ends_with('~') {
        return;
    }
    if path.is_file() {
        found.push(path.to_owned());
    } else if let (Some(deeper), Ok(entries)) = (deeper.checked_sub(1), fs::read_dir(path)) {
        entries.flatten().for_each(|entry| walk(&entry.path(), deeper, found));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_reads_differently_is_named_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("playbooks/cut")).unwrap();
        for name in ["stanch.yaml", "playbooks/cut/main.rhai", "playbooks/cut/old.rhai"] {
            fs::write(at(name), "one").unwrap();
        }
        let files = Files::seen([at("stanch.yaml"), at("vendors.yaml"), at("playbooks")]);
        assert_eq!(files.changed(), Vec::<PathBuf>::new());
        fs::write(at("stanch.yaml"), "one").unwrap();
        fs::write(at("playbooks/cut/main.rhai~"), "an editor's").unwrap();
        assert_eq!(files.changed(), Vec::<PathBuf>::new(), "written anew with the same text");
        fs::write(at("vendors.yaml"), "new").unwrap();
        fs::write(at("playbooks/cut/main.rhai"), "other text").unwrap();
        fs::remove_file(at("playbooks/cut/old.rhai")).unwrap();
        let changed = [at("playbooks/cut/main.rhai"), at("playbooks/cut/old.rhai"), at("vendors.yaml")];
        assert_eq!(files.changed(), changed);
        fs::write(at("playbooks/cut/main.rhai"), "one").unwrap();
        fs::write(at("playbooks/cut/old.rhai"), "one").unwrap();
        fs::remove_file(at("vendors.yaml")).unwrap();
        assert_eq!(files.changed(), Vec::<PathBuf>::new(), "taken back");
    }
}
