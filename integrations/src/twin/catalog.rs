//! The twins' scripts that come with the program: `catalog/<platform>/twin.rhai`.

use include_dir::{Dir, include_dir};

static CATALOG: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/catalog");

/// The script of a platform, if it has a twin.
pub fn script(platform: &str) -> Option<&'static str> {
    CATALOG.get_file(format!("{platform}/twin.rhai"))?.contents_utf8()
}

/// Every platform that has a twin, by name.
pub fn platforms() -> Vec<String> {
    let folders = CATALOG.dirs().filter_map(|dir| dir.path().to_str());
    let mut names: Vec<String> = folders.filter(|name| script(name).is_some()).map(str::to_owned).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;
    use crate::twin::{script::Script, tenant::Tenant};

    #[test]
    fn every_script_compiles_and_names_its_operations() {
        for platform in platforms() {
            let db = Arc::new(Mutex::new(Tenant::new(&platform, 1, jiff::Timestamp::UNIX_EPOCH)));
            let script = Script::compile(script(&platform).expect("listed"), &db);
            let script = script.unwrap_or_else(|error| panic!("{platform}: {error}"));
            assert!(script.plan().routes.iter().all(|route| !route.action.is_empty()));
        }
    }
}
