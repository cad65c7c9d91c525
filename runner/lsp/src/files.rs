//! What a file is to us, and its address as editors write it.

use std::path::{Path, PathBuf};

use url::Url;

use crate::schema;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A playbook's `main.rhai`.
    Script,
    /// `playbook.yaml`.
    Manifest,
    /// `templates/*.md` of a playbook.
    Notice,
    /// `drills/*.yaml`.
    Scenario,
    /// `cases/*.yaml`.
    Case,
    /// `stanch.yaml`.
    Config,
    /// `vendors.yaml`.
    Vendors,
    /// `deadlines.yaml`.
    Deadlines,
    /// `integration.yaml` or `alerts.yaml` of a platform.
    Catalog,
    /// Nothing of ours.
    Other,
}

impl FileKind {
    pub(crate) fn of(path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let folder =
            path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy()).unwrap_or_default();
        match schema::of(path).map(|schema| schema.name) {
            Some("playbook") => Self::Manifest,
            Some("drill") => Self::Scenario,
            Some("case") => Self::Case,
            Some("stanch") => Self::Config,
            Some("vendors") => Self::Vendors,
            Some("deadlines") => Self::Deadlines,
            Some(_) => Self::Catalog,
            None if name == "main.rhai" => Self::Script,
            None if folder == "templates" && name.ends_with(".md") => Self::Notice,
            None => Self::Other,
        }
    }

    /// True where the mistakes of a file are those of its playbook's folder.
    pub(crate) fn is_of_playbook(self) -> bool {
        matches!(self, Self::Script | Self::Manifest | Self::Notice)
    }
}

/// The folder of the playbook that a file belongs to, if it is in one by its place.
pub(crate) fn playbook_of(path: &Path) -> Option<&Path> {
    match FileKind::of(path) {
        FileKind::Script | FileKind::Manifest => path.parent(),
        FileKind::Notice | FileKind::Scenario | FileKind::Case => path.parent()?.parent(),
        _ => None,
    }
}

/// The path of an address; none of what is no file.
pub(crate) fn path(uri: &str) -> Option<PathBuf> {
    Url::parse(uri).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok()
}

/// The address of a path.
pub(crate) fn uri(path: &Path) -> Option<String> {
    Url::from_file_path(path).ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_and_folder_say() {
        let kind = |path: &str| FileKind::of(Path::new(path));
        assert_eq!(kind("/p/cut/main.rhai"), FileKind::Script);
        assert_eq!(kind("/p/cut/playbook.yaml"), FileKind::Manifest);
        assert_eq!(kind("/p/cut/templates/told.md"), FileKind::Notice);
        assert_eq!(kind("/p/cut/drills/one.yaml"), FileKind::Scenario);
        assert_eq!(kind("/c/okta/twin.rhai"), FileKind::Other, "a twin is no playbook");
        assert_eq!(playbook_of(Path::new("/p/cut/drills/one.yaml")), Some(Path::new("/p/cut")));
        assert_eq!(playbook_of(Path::new("/p/stanch.yaml")), None);
    }

    #[test]
    fn addresses_and_paths_lead_to_each_other() {
        let odd = Path::new("/tmp/a b/é#.rhai");
        assert_eq!(path(&uri(odd).unwrap()).as_deref(), Some(odd));
        assert_eq!(path("untitled:Untitled-1"), None);
        assert_eq!(path("no address"), None);
    }
}
