//! The platforms by slug. One that is part of the program is read when somebody asks for it: most programs need a few.
//! Must never hand out what `check` would refuse: a test reads everything that is shipped.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock, OnceLock},
};

use include_dir::{Dir, include_dir};
use stanch_model::{Diagnostic, yaml};

use super::{ALERTS, INTEGRATION, Platform, check};
use crate::spec::PlatformSpec;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/catalog");

/// Platforms, read or not yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    by_slug: BTreeMap<String, Entry>,
}

/// Clones share what was read.
#[derive(Clone, Debug)]
enum Entry {
    Shipped(Arc<OnceLock<Option<Arc<Platform>>>>),
    Own(Arc<Platform>),
}

impl Shelf {
    /// Everything that is part of the program. Whatever was read of it is read for the whole process: its text never changes.
    pub(super) fn shipped() -> Self {
        static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
            let slugs = files(INTEGRATION).map(|(slug, ..)| (slug, Entry::Shipped(Arc::default())));
            Shelf { by_slug: slugs.collect() }
        });
        SHELF.clone()
    }

    pub(super) fn get(&self, slug: &str) -> Option<&Arc<Platform>> {
        match self.by_slug.get(slug)? {
            Entry::Own(platform) => Some(platform),
            Entry::Shipped(read) => read.get_or_init(|| read_shipped(slug).map(Arc::new)).as_ref(),
        }
    }

    /// What stood under this name is replaced.
    pub(super) fn put(&mut self, slug: &str, platform: Platform) {
        self.by_slug.insert(slug.to_owned(), Entry::Own(Arc::new(platform)));
    }

    /// Every verb of every platform. What is part of the program is not read for it, which every start would wait for: there
    /// a verb has a line of its own.
    pub(super) fn verbs(&self) -> BTreeSet<String> {
        let shipped = files(INTEGRATION)
            .filter(|(slug, ..)| matches!(self.by_slug.get(slug), Some(Entry::Shipped(_))))
            .flat_map(|(.., source)| {
                source.lines().filter_map(|line| line.trim_start().strip_prefix("verb: "))
            })
            .map(|verb| verb.split('#').next().unwrap_or_default().trim().to_owned());
        let own = self.by_slug.values().filter_map(|entry| match entry {
            Entry::Own(platform) => Some(platform),
            Entry::Shipped(_) => None,
        });
        let own = own.flat_map(|platform| platform.actions()).filter_map(|info| info.verb.clone());
        shipped.chain(own).collect()
    }

    pub(super) fn slugs(&self) -> impl Iterator<Item = &str> {
        self.by_slug.keys().map(String::as_str)
    }
}

/// The shipped files of this name: slug, name for people, text.
pub(super) fn files(name: &str) -> impl Iterator<Item = (String, String, &'static str)> {
    SHIPPED.dirs().filter_map(move |folder| {
        let slug = folder.path().to_string_lossy().into_owned();
        let text = folder.get_file(folder.path().join(name))?.contents_utf8()?;
        let label = format!("catalog/{slug}/{name}");
        Some((slug, label, text))
    })
}

fn read_shipped(slug: &str) -> Option<Platform> {
    let (_, file, source) = files(INTEGRATION).find(|(found, ..)| found == slug)?;
    let spec = yaml::read::<PlatformSpec>(&file, source, "IN0001").ok()?;
    Some(Platform { shipped: true, lines: source.lines().count(), ..Platform::new(spec) })
}

/// Every mistake in the files that are part of the program.
pub(super) fn mistakes() -> Vec<Diagnostic> {
    let mut all = super::Catalog::default();
    let actions = files(INTEGRATION).map(|file| (INTEGRATION, file));
    let alerts = files(ALERTS).map(|file| (ALERTS, file));
    actions
        .chain(alerts)
        .flat_map(|(name, (slug, file, source))| all.add(&slug, name, &file, source))
        .collect()
}

/// One file of somebody's own, if nothing is wrong with it.
pub(super) fn read_own(slug: &str, file: &str, source: &str) -> Result<Platform, Vec<Diagnostic>> {
    let spec = yaml::read::<PlatformSpec>(file, source, "IN0001").map_err(|mistake| vec![*mistake])?;
    let mistakes = check::check(slug, file, source, &spec);
    if mistakes.is_empty() {
        Ok(Platform { lines: source.lines().count(), ..Platform::new(spec) })
    } else {
        Err(mistakes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verbs_that_the_lines_say_are_those_of_the_actions() {
        let shelf = Shelf::shipped();
        let read = shelf.slugs().flat_map(|slug| shelf.get(slug).unwrap().actions());
        let read: BTreeSet<String> = read.filter_map(|info| info.verb.clone()).collect();
        assert!(read.len() > 40, "{read:?}");
        assert_eq!(shelf.verbs(), read);
    }

    #[test]
    fn a_platform_of_ones_own_brings_its_verbs_and_takes_those_of_the_one_that_it_replaces() {
        let mut shelf = Shelf { by_slug: [("okta".to_owned(), Entry::Shipped(Arc::default()))].into() };
        let okta = shelf.verbs();
        assert!(okta.contains("user.suspend"), "{okta:?}");
        let slack = Arc::clone(Shelf::shipped().get("slack").unwrap());
        let of_slack: BTreeSet<String> = slack.actions().filter_map(|info| info.verb.clone()).collect();
        shelf.by_slug.insert("okta".to_owned(), Entry::Own(slack));
        assert_eq!(shelf.verbs(), of_slack);
    }
}
