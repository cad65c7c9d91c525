//! The files that are open in the editor, and the folders around them as the editor sees them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    files::{self, FileKind, playbook_of},
    ground::{Ground, Grounds},
    protocol::{Change, OpenedFile},
    text::Text,
};

/// No file of ours is larger; of a larger one nothing is shown but that it is too large.
pub(crate) const LARGEST_FILE: usize = 1024 * 1024;

/// A file that is open.
pub(crate) struct Open {
    pub(crate) path: PathBuf,
    pub(crate) kind: FileKind,
    pub(crate) text: Text,
    pub(crate) version: Option<i64>,
}

/// Everything that is open, and who knows what is configured.
pub(crate) struct Desk<'g> {
    pub(crate) grounds: &'g mut dyn Grounds,
    pub(crate) open: BTreeMap<String, Open>,
    /// Open files whose mistakes are to be looked for.
    pub(crate) changed: BTreeSet<String>,
    /// The files about which the editor was told something, by the open file that it was looked for with.
    pub(crate) told: BTreeMap<String, BTreeSet<String>>,
    /// The editor takes `$0` for where the cursor goes.
    pub(crate) snippets: bool,
}

impl<'g> Desk<'g> {
    pub(crate) fn new(grounds: &'g mut dyn Grounds) -> Self {
        let (open, changed, told) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        Self { grounds, open, changed, told, snippets: false }
    }

    /// A file is opened. What has no path is none of ours: a name decides what a file is.
    pub(crate) fn open(&mut self, file: OpenedFile) {
        let Some(path) = files::path(&file.uri) else { return };
        let kind = FileKind::of(&path);
        let open = Open { path, kind, text: Text::new(file.text), version: file.version };
        self.open.insert(file.uri.clone(), open);
        self.touch(&file.uri);
    }

    pub(crate) fn change(&mut self, uri: &str, version: Option<i64>, changes: Vec<Change>) {
        let Some(file) = self.open.get_mut(uri) else { return };
        file.version = version;
        changes.into_iter().for_each(|change| file.text.change(change));
        self.touch(uri);
    }

    /// Its mistakes are to be looked for, and those of all that depends on it.
    fn touch(&mut self, uri: &str) {
        self.changed.insert(uri.to_owned());
        let Some(folder) = self.open.get(uri).and_then(|file| playbook_of(&file.path)).map(Path::to_owned)
        else {
            return;
        };
        let same = self.open.iter().filter(|(_, other)| playbook_of(&other.path) == Some(folder.as_path()));
        let same: Vec<String> = same.map(|(uri, _)| uri.clone()).collect();
        self.changed.extend(same);
    }

    pub(crate) fn close(&mut self, uri: &str) {
        self.touch(uri);
        self.open.remove(uri);
        self.changed.remove(uri);
    }

    /// Files were saved, here or elsewhere. Those that say what is configured are read again.
    pub(crate) fn saved(&mut self, uris: &[String]) {
        let configures = |uri: &String| {
            let kind = files::path(uri).map_or(FileKind::Other, |path| FileKind::of(&path));
            matches!(
                kind,
                FileKind::Config
                    | FileKind::Vendors
                    | FileKind::Deadlines
                    | FileKind::Catalog
                    | FileKind::Manifest
            )
        };
        if uris.iter().any(configures) {
            self.grounds.forget();
        }
        self.changed.extend(self.open.keys().cloned());
    }

    pub(crate) fn ground(&mut self, path: &Path) -> Option<Arc<Ground>> {
        self.grounds.of(path.parent()?)
    }

    /// A file's text: as it is open, else as it is on disk.
    pub(crate) fn text_of(&self, path: &Path) -> Option<String> {
        let open = self.open.values().find(|file| file.path == path);
        open.map(|file| file.text.as_str().to_owned()).or_else(|| on_disk(path))
    }

    /// The address under which the editor knows a file.
    pub(crate) fn uri_of(&self, path: &Path) -> Option<String> {
        let open = self.open.iter().find(|(_, file)| file.path == path);
        open.map(|(uri, _)| uri.clone()).or_else(|| files::uri(path))
    }

    /// The files of a playbook's folder that mean something, by path within it.
    pub(crate) fn sources(&self, folder: &Path) -> BTreeMap<String, String> {
        let mut paths: BTreeSet<PathBuf> =
            ["playbook.yaml", "main.rhai"].map(|name| folder.join(name)).into();
        let notices = fs::read_dir(folder.join("templates")).into_iter().flatten().flatten();
        paths.extend(notices.map(|entry| entry.path()));
        paths
            .extend(self.open.values().map(|file| file.path.clone()).filter(|path| path.starts_with(folder)));
        let wanted = paths.into_iter().filter(|path| FileKind::of(path).is_of_playbook());
        wanted
            .filter_map(|path| {
                let name = path.strip_prefix(folder).ok()?.to_str()?.replace('\\', "/");
                Some((name, self.text_of(&path)?))
            })
            .collect()
    }
}

/// A file's text, if it is one of a size that we read.
fn on_disk(path: &Path) -> Option<String> {
    let mut text = String::new();
    let file = fs::File::open(path).ok().filter(|_| path.is_file())?;
    let read = file.take(LARGEST_FILE as u64 + 1).read_to_string(&mut text).ok()?;
    (read <= LARGEST_FILE).then_some(text)
}
