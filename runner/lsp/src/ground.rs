//! What is configured around a file: given by the program, which alone reads configurations.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use stanch_integrations::{Catalog, Integrations};
use stanch_playbooks::{CheckContext, Library};

/// What is configured.
pub struct Ground {
    /// The configured integrations; where none is, every platform of the catalogue under its own name.
    pub index: Integrations,
    /// What else a playbook may name.
    pub context: CheckContext,
    /// The playbooks that can be run.
    pub library: Arc<Library>,
    /// The platforms that are known.
    pub catalog: Arc<Catalog>,
    /// The configuration's file, where there is one.
    pub config: Option<PathBuf>,
    /// The folders of the company's own playbooks by slug.
    pub folders: BTreeMap<String, PathBuf>,
}

/// Whoever knows what is configured.
pub trait Grounds {
    /// What is configured for the files of this folder; none where not even the catalogue can be read.
    fn of(&mut self, folder: &Path) -> Option<Arc<Ground>>;

    /// Files changed: read them again when they are next asked for.
    fn forget(&mut self);

    /// The page of a diagnostic code, in Markdown.
    fn explain(&self, code: &str) -> Option<String>;
}
