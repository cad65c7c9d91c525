//! The alert sources that are known, by format.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use stanch_model::{Diagnostic, catalog::SourceInfo, config::AlertSourceConfig, yaml};

use super::{ALERTS, Catalog, shelf};
use crate::{
    source::{
        self, BadSource, Source, check,
        spec::{AlertsSpec, SourceSpec},
    },
    spec::PlatformSpec,
};

/// Every source that is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    by_format: BTreeMap<String, Known>,
    /// Titles of the platforms that send alerts.
    titles: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
struct Known {
    spec: Arc<SourceSpec>,
    info: SourceInfo,
}

impl Sources {
    /// Those that are part of the program, read once in a process; a test checks their files.
    pub(super) fn shipped() -> Self {
        static SHIPPED: LazyLock<Sources> = LazyLock::new(|| {
            let mut all = Sources::default();
            for (slug, file, source) in shelf::files(ALERTS) {
                if let Ok(spec) = yaml::read::<AlertsSpec>(&file, source, "IN0001") {
                    all.put(&slug, &spec);
                }
            }
            all
        });
        SHIPPED.clone()
    }

    /// Adds one `alerts.yaml`, or says everything that is wrong with it.
    pub(super) fn add(
        &mut self,
        slug: &str,
        file: &str,
        source: &str,
        platform: Option<&PlatformSpec>,
    ) -> Vec<Diagnostic> {
        let spec = match yaml::read::<AlertsSpec>(file, source, "IN0001") {
            Ok(spec) => spec,
            Err(mistake) => return vec![*mistake],
        };
        let others = self.by_format.iter().filter(|(_, known)| known.info.platform != slug);
        let taken: Vec<&str> = others.map(|(format, _)| format.as_str()).collect();
        let mistakes = check::check(slug, file, source, &spec, &taken, platform);
        if mistakes.is_empty() {
            self.put(slug, &spec);
        }
        mistakes
    }

    /// What that platform sent until now is replaced.
    fn put(&mut self, slug: &str, spec: &AlertsSpec) {
        self.titles.insert(slug.to_owned(), spec.title.clone());
        self.by_format.retain(|_, known| known.info.platform != slug);
        for (format, source) in spec.resolved() {
            let info = source::info(slug, &format, &source);
            self.by_format.insert(format, Known { spec: Arc::new(source), info });
        }
    }
}

impl Catalog {
    /// Every alert source, by format.
    pub fn sources(&self) -> impl Iterator<Item = &SourceInfo> {
        self.known_sources().by_format.values().map(|known| &known.info)
    }

    /// The alert sources of one platform.
    pub fn sources_of(&self, platform: &str) -> impl Iterator<Item = &SourceInfo> {
        self.sources().filter(move |info| info.platform == platform)
    }

    /// Every platform that has actions or sends alerts, with its title, by slug.
    pub fn everything(&self) -> BTreeMap<&str, &str> {
        let senders = self.known_sources().titles.iter().map(|(slug, title)| (slug.as_str(), title.as_str()));
        senders.chain(self.platforms().map(|platform| (platform.slug(), platform.title()))).collect()
    }

    /// Binds a configured source to its secret.
    ///
    /// # Errors
    /// When the format is unknown, a setting is missing, or the secret is not what it needs.
    pub fn source(
        &self,
        name: &str,
        config: AlertSourceConfig,
        secret: Option<&str>,
    ) -> Result<Source, BadSource> {
        let known = self.known_sources().by_format.get(&config.format);
        let known = known.ok_or_else(|| BadSource::Format(config.format.clone()))?;
        Source::bind(name, config, known.spec.clone(), secret)
    }
}
