//! What lies beside a playbook: its cases and its scenarios. They are read and never played.

use std::path::{Path, PathBuf};

use stanch_drill::{case, scenario};
use stanch_integrations::Catalog;
use stanch_playbooks::{Library, Playbook};

use crate::{
    commands::{drill, test},
    setup::{Mistakes, Setup, shown},
};

/// Every mistake in them. Of a playbook that cannot be read its own mistakes come first: nothing is said of the rest.
///
/// # Errors
/// When a case cannot be read.
pub(super) fn check(folder: &Path, setup: &Setup) -> anyhow::Result<Mistakes> {
    let mut mistakes = Mistakes::default();
    let Ok(playbook) = Playbook::load_dir(folder) else { return Ok(mistakes) };
    let scenarios = scenario::in_folder(folder);
    if !scenarios.is_empty() {
        // a drill has every platform that has a twin in the program, and the playbooks that ship or are configured
        let (catalog, mut library) = (Catalog::embedded(), Library::clone(&setup.library));
        library.insert(playbook.clone());
        for mut found in scenarios.into_values() {
            found.file = shown(Path::new(&found.file));
            mistakes.found.extend(drill::mistakes(&found, &catalog, &library));
            mistakes.sources.insert(found.file, found.text);
        }
    }
    let cases = case::in_folder(folder).map_err(test::unreadable)?;
    if !cases.is_empty() {
        let ground = test::ground(playbook, setup);
        for mut found in cases {
            found.file = PathBuf::from(shown(&found.file));
            mistakes.found.extend(test::read(&found, &ground).1);
            mistakes.sources.insert(found.name(), found.text);
        }
    }
    Ok(mistakes)
}
