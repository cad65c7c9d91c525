//! The twins' scripts that come with the program: `catalog/<platform>/twin.rhai`.

use include_dir::{Dir, include_dir};

static CATALOG: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/catalog");

/// The script of a platform, if it has a twin.
pub(crate) fn script(platform: &str) -> Option<&'static str> {
    CATALOG.get_file(format!("{platform}/twin.rhai"))?.contents_utf8()
}

/// Every platform that has a twin, by name.
pub fn platforms() -> Vec<String> {
    let folders = CATALOG.dirs().filter_map(|dir| dir.path().to_str());
    let mut names: Vec<String> = folders.filter(|name| script(name).is_some()).map(str::to_owned).collect();
    names.sort();
    names
}
