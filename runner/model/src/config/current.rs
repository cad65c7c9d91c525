//! The configuration in force, which may be read anew while everybody uses it.

use std::{
    fmt,
    ops::Deref,
    sync::{Arc, PoisonError, RwLock},
};

use super::Config;

/// A handle on the configuration in force; clones of it follow the same one. Each look sees one whole configuration, the
/// old one or the new one.
///
/// A configuration that was replaced is never freed: whoever looks holds no lock. It is a few kilobytes for every time that
/// somebody changes the file.
#[derive(Clone)]
pub struct Current(Arc<RwLock<&'static Config>>);

impl Current {
    /// From now on this one is in force.
    pub fn adopt(&self, config: Config) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Box::leak(Box::new(config));
    }
}

impl From<Config> for Current {
    fn from(config: Config) -> Self {
        Self(Arc::new(RwLock::new(Box::leak(Box::new(config)))))
    }
}

impl From<Arc<Config>> for Current {
    fn from(config: Arc<Config>) -> Self {
        Self::from((*config).clone())
    }
}

impl Default for Current {
    fn default() -> Self {
        Self::from(Config::default())
    }
}

impl Deref for Current {
    type Target = Config;

    fn deref(&self) -> &Config {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
