//! The platforms that are known: read, checked, and indexed. Nothing here is configured, and nothing leaves the machine.

pub(crate) mod check;
mod figures;
mod info;
mod own;
mod page;
mod page_of_sources;
mod shelf;
mod sources;
mod values;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, OnceLock},
};

use stanch_model::{Diagnostic, catalog::ActionInfo, ids::Hash};

pub use self::figures::Figures;
pub use self::values::{Gives, Takes};
use self::{shelf::Shelf, sources::Sources};
use crate::{
    conform::Address,
    spec::{ActionAuth, ActionSpec, Evidence, PeopleBy, PlatformSpec},
};

/// What a platform can do.
const INTEGRATION: &str = "integration.yaml";
/// What it tells us by itself.
const ALERTS: &str = "alerts.yaml";
/// The files that say something, in the order in which they are read.
const FILES: [&str; 2] = [INTEGRATION, ALERTS];

/// Every platform that is known, by slug, and every alert source.
#[derive(Clone, Debug)]
pub struct Catalog {
    platforms: Shelf,
    /// Those that are part of the program, until somebody asks for one.
    sources: OnceLock<Sources>,
}

impl Default for Catalog {
    /// Nothing is known.
    fn default() -> Self {
        Self { platforms: Shelf::default(), sources: OnceLock::from(Sources::default()) }
    }
}

impl Catalog {
    /// The platforms and alert sources that are part of the program.
    pub fn embedded() -> Self {
        Self { platforms: Shelf::shipped(), sources: OnceLock::new() }
    }

    /// Every mistake in the files that are part of the program. There is none, or its tests would not pass.
    pub fn mistakes_of_the_embedded() -> Vec<Diagnostic> {
        shelf::mistakes()
    }

    /// Adds the platforms and alert sources of a folder (`<slug>/integration.yaml`, `<slug>/alerts.yaml`); what exists under
    /// a name is replaced.
    ///
    /// # Errors
    /// Every mistake in the folder's files.
    pub fn with_folder(mut self, folder: &Path) -> Result<Self, Vec<Diagnostic>> {
        let unreadable = |path: &Path, error: &std::io::Error| {
            vec![Diagnostic::error("IN0019", format!("cannot read {}: {error}", path.display()))]
        };
        let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
        let mut slugs: Vec<_> =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        slugs.sort();
        let mut mistakes = Vec::new();
        for path in slugs {
            let slug = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            for name in FILES {
                let file = path.join(name);
                if !file.exists() {
                    continue;
                }
                match std::fs::read_to_string(&file) {
                    Ok(source) => {
                        mistakes.extend(self.add(&slug, name, &file.display().to_string(), &source))
                    }
                    Err(error) => mistakes.extend(unreadable(&file, &error)),
                }
            }
        }
        if mistakes.is_empty() { Ok(self) } else { Err(mistakes) }
    }

    /// Every mistake of one file of a platform's folder (`<slug>/integration.yaml`, `<slug>/alerts.yaml`), as it stands in an
    /// editor.
    pub fn check_text(&self, path: &Path, source: &str) -> Vec<Diagnostic> {
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let (slug, name) = (part(path.parent().and_then(Path::file_name)), part(path.file_name()));
        self.clone().add(&slug, &name, &path.display().to_string(), source)
    }

    /// Adds one file, or says everything that is wrong with it.
    fn add(&mut self, slug: &str, name: &str, file: &str, source: &str) -> Vec<Diagnostic> {
        if name == ALERTS {
            let mut sources = self.sources.take().unwrap_or_else(Sources::shipped);
            let mistakes =
                sources.add(slug, file, source, self.platform(slug).map(|platform| &platform.spec));
            self.sources = OnceLock::from(sources);
            return mistakes;
        }
        match shelf::read_own(slug, file, source) {
            Ok(platform) => {
                self.platforms.put(slug, platform);
                Vec::new()
            }
            Err(mistakes) => mistakes,
        }
    }

    /// One platform.
    pub fn platform(&self, slug: &str) -> Option<&Platform> {
        self.platforms.get(slug).map(Arc::as_ref)
    }

    /// Their slugs: to know them no file must be read.
    pub fn slugs(&self) -> impl Iterator<Item = &str> {
        self.platforms.slugs()
    }

    /// All of them, by slug.
    pub fn platforms(&self) -> impl Iterator<Item = &Platform> {
        self.slugs().filter_map(|slug| self.platform(slug))
    }

    /// Every verb that some platform has.
    pub(crate) fn every_verb(&self) -> BTreeSet<String> {
        self.platforms.verbs()
    }

    pub(crate) fn shared(&self, slug: &str) -> Option<Arc<Platform>> {
        self.platforms.get(slug).cloned()
    }

    fn known_sources(&self) -> &Sources {
        self.sources.get_or_init(Sources::shipped)
    }
}

/// One platform of the catalogue.
#[derive(Clone, Debug)]
pub struct Platform {
    pub(crate) spec: PlatformSpec,
    infos: BTreeMap<String, ActionInfo>,
    /// It is in the program, not in a folder of somebody's own.
    shipped: bool,
    /// Of its file.
    lines: usize,
}

impl Platform {
    fn new(mut spec: PlatformSpec) -> Self {
        let kinds: Vec<_> = spec.own.iter().flat_map(|own| own.is.keys().cloned()).collect();
        for action in spec.actions.values_mut() {
            let kind = action.target.as_ref().map(|target| &target.kind);
            action.guarded = action.is_cut() && kind.is_some_and(|kind| kinds.contains(kind));
        }
        let infos =
            spec.actions.iter().map(|(name, action)| (name.clone(), info::of(&spec, name, action))).collect();
        Self { spec, infos, shipped: false, lines: 0 }
    }

    /// Its name in files: `google-workspace`.
    pub fn slug(&self) -> &str {
        &self.spec.platform
    }

    /// Its name for people.
    pub fn title(&self) -> &str {
        &self.spec.title
    }

    /// The vendor's API reference.
    pub fn docs(&self) -> &str {
        &self.spec.docs
    }

    /// What to create on the other side, for people.
    pub fn setup(&self) -> &str {
        &self.spec.setup
    }

    /// Its settings in `stanch.yaml`: name, help, default, and whether it may be left out.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str, Option<&str>, bool)> {
        self.spec.settings.iter().map(|(name, setting)| {
            (name.as_str(), setting.help.as_str(), setting.default.as_deref(), setting.optional)
        })
    }

    /// True when every tenant has an address of its own: `url` in `stanch.yaml`.
    pub fn wants_address(&self) -> bool {
        self.spec.url.variables().any(|variable| variable == "url")
    }

    /// Where its API begins below its own fixed address, `/client/v4`: whoever moves that address says so too. Empty where it
    /// begins at the root, and where every tenant has an address of its own.
    pub fn begins_at(&self) -> &str {
        let address = self.spec.url.source().split_once("://").map_or("", |(_, address)| address);
        let below = address.find('/').filter(|_| !self.wants_address()).map(|at| &address[at..]);
        below.unwrap_or_default().trim_end_matches('/')
    }

    /// The names of its ways to authenticate; the first is the default.
    pub fn auth_schemes(&self) -> impl Iterator<Item = &str> {
        self.spec.auth.iter().map(|auth| auth.name.as_str())
    }

    /// What it can do, by name.
    pub fn actions(&self) -> impl Iterator<Item = &ActionInfo> {
        self.infos.values()
    }

    /// One action.
    pub fn action(&self, name: &str) -> Option<&ActionInfo> {
        self.infos.get(name)
    }

    /// What an action's correctness rests on.
    pub fn evidence(&self, action: &str) -> Option<Evidence> {
        self.spec.actions.get(action).map(|action| action.evidence)
    }

    /// What people should know before they use an action.
    pub fn note(&self, action: &str) -> Option<&str> {
        self.spec.actions.get(action)?.note.as_deref()
    }

    /// Why an action has no verify, if it has none.
    pub fn unproven(&self, action: &str) -> Option<&str> {
        self.spec.actions.get(action)?.verify.as_ref()?.none.as_deref()
    }

    /// Whether it can count all that it has of this kind.
    pub fn counts(&self, kind: &str) -> bool {
        self.spec.population.contains_key(kind)
    }

    /// Whether it knows people by login or name alone: a mail address names nobody there.
    pub fn by_login_alone(&self) -> bool {
        self.spec.people_by == PeopleBy::Login
    }

    /// Whether it can tell who is in a group.
    pub fn knows_groups(&self) -> bool {
        self.spec.membership.is_some()
    }

    /// Whether it can tell who holds a role.
    pub fn knows_roles(&self) -> bool {
        self.spec.roles.is_some()
    }

    /// What a configuration must have for an action to be there: settings, parts of the credential, a way to authenticate.
    pub fn needs(&self, action: &str) -> &[String] {
        self.spec.actions.get(action).map_or(&[], |action| action.needs.as_slice())
    }

    /// What follows when this list's witness does not hold, if it has one: then the list may be shorter than what there is.
    pub fn lacks(&self, action: &str) -> Option<&str> {
        let name = self.spec.actions.get(action)?.witness.as_ref()?;
        self.spec.witnesses.get(name).map(|witness| witness.lacks.as_str())
    }

    /// The statuses that mean yes.
    pub fn success(&self, action: &str) -> Option<&[u16]> {
        self.spec.actions.get(action).map(|action| action.success.status.as_slice())
    }

    /// Method and path template of an action, as written; `None` for mail and manual actions.
    pub fn request_line(&self, action: &str) -> Option<(&str, &str)> {
        let request = self.spec.actions.get(action)?.request.as_ref()?;
        Some((request.method?.as_str(), request.path.as_ref().map_or("", |path| path.source())))
    }

    /// Where each action's request goes.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&str, Address)> {
        self.spec.actions.iter().filter_map(|(name, action)| {
            let request = action.request.as_ref().filter(|request| request.path.is_some())?;
            Some((name.as_str(), Address::of(&self.spec, action, request)?))
        })
    }

    /// Whether one of the ways to authenticate makes its tokens at this path.
    pub(crate) fn makes_tokens_at(&self, path: &str) -> bool {
        let own = self.spec.actions.values().filter_map(|action| match &action.auth {
            Some(ActionAuth::Own(own)) => Some(&**own),
            _ => None,
        });
        let urls = self.spec.auth.iter().chain(own).filter_map(|auth| auth.token_url.as_ref());
        let shape = |text: &str| {
            let after = text.split_once("://").map_or(text, |(_, rest)| rest);
            let path = after.split_once('/').map_or("", |(_, path)| path);
            path.split('/')
                .map(|part| if part.contains('{') { "{}" } else { part }.to_owned())
                .collect::<Vec<_>>()
        };
        let here = shape(&format!("x{path}"));
        urls.map(|url| shape(url.source())).any(|made| made == here)
    }

    pub(crate) fn action_spec(&self, name: &str) -> Option<&ActionSpec> {
        self.spec.actions.get(name)
    }
}

/// The hash that a run pins: of everything that shapes an action on the wire.
fn pinned(spec: &PlatformSpec, action: &ActionSpec) -> Hash {
    let witness = action.witness.as_ref().and_then(|name| spec.witnesses.get(name));
    let all = serde_json::json!({
        "action": action,
        "witness": witness,
        "platform": {
            "url": spec.url, "auth": spec.auth, "headers": spec.headers, "paging": spec.paging,
            "errors": spec.errors, "refused": spec.limits.refused, "codes": spec.limits.codes, "reply": spec.reply,
        },
    });
    stanch_model::value::hash_of(&all)
}
