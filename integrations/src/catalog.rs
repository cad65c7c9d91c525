//! The platforms that are known.

use std::{collections::BTreeMap, path::Path};

use stanch_model::Diagnostic;

/// Every platform that is known, by slug.
#[derive(Debug, Default)]
pub struct Catalog {
    platforms: BTreeMap<String, Platform>,
}

impl Catalog {
    /// The platforms shipped in the binary.
    ///
    /// # Errors
    /// Every mistake in the shipped files; a test keeps this from happening.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        Ok(Self::default())
    }

    /// Adds the platforms of a folder (`<slug>/integration.yaml`); a slug that exists is replaced.
    ///
    /// # Errors
    /// Every mistake in the folder's files.
    pub fn with_folder(self, _folder: &Path) -> Result<Self, Vec<Diagnostic>> {
        Ok(self)
    }

    /// One platform.
    pub fn platform(&self, slug: &str) -> Option<&Platform> {
        self.platforms.get(slug)
    }

    /// All of them, by slug.
    pub fn platforms(&self) -> impl Iterator<Item = &Platform> {
        self.platforms.values()
    }
}

/// One platform of the catalogue.
#[derive(Debug)]
pub struct Platform {
    slug: String,
    title: String,
}

impl Platform {
    /// Its name in files: `google-workspace`.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Its name for people.
    pub fn title(&self) -> &str {
        &self.title
    }
}
