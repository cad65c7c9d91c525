//! Everything that files say, read and checked at once: configuration, vendors, deadlines, playbooks, catalogue.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use stanch_integrations::{Catalog, Integrations, Platform, Transport, TwinTransport};
use stanch_model::{
    Diagnostic, Level,
    config::{Config, IntegrationConfig},
    secret::{SecretBox, SecretError},
};
use stanch_playbooks::{AlertKinds, CheckContext, Library, Playbook};
use stanch_response::{DeadlineTable, Register, config};

use crate::{
    diagnose::{self, Sources},
    exit::Exit,
    out::Out,
    place::beside,
    said::Said,
};

/// What the files say.
pub(crate) struct Setup {
    pub(crate) config: Arc<Config>,
    /// Whether there is a configuration at all. Without one nothing is known of people, channels and vendors, and every
    /// platform of the catalogue stands under its own name.
    pub(crate) is_configured: bool,
    pub(crate) register: Register,
    pub(crate) deadlines: DeadlineTable,
    pub(crate) library: Arc<Library>,
    pub(crate) catalog: Arc<Catalog>,
}

/// What is wrong with them, and their texts for showing it.
#[derive(Debug, Default)]
pub(crate) struct Mistakes {
    pub(crate) found: Vec<Diagnostic>,
    pub(crate) sources: Sources,
}

impl Mistakes {
    fn keep<T>(&mut self, result: Result<T, Vec<Diagnostic>>) -> Option<T> {
        result.map_err(|found| self.found.extend(found)).ok()
    }

    fn read(&mut self, path: &Path) -> Option<String> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                self.sources.insert(path.display().to_string(), text.clone());
                Some(text)
            }
            Err(error) => {
                let message = format!("cannot read {}: {error}", path.display());
                self.found.push(Diagnostic::error("CF0001", message));
                None
            }
        }
    }

    /// Adds others.
    pub(crate) fn merge(&mut self, others: Self) {
        self.found.extend(others.found);
        self.sources.extend(others.sources);
    }

    /// Adds what was found in the files of a playbook's folder, under their full names.
    pub(crate) fn of_folder(&mut self, folder: &Path, found: Vec<Diagnostic>) {
        for mut diagnostic in found {
            for label in &mut diagnostic.labels {
                label.file = self.named(folder, &label.file);
            }
            if let Some(fix) = &mut diagnostic.fix {
                fix.file = self.named(folder, &fix.file);
            }
            self.found.push(diagnostic);
        }
    }

    /// The full name of a file in this folder, whose text is kept for showing it.
    fn named(&mut self, folder: &Path, file: &str) -> String {
        let path = folder.join(file);
        let name = shown(&path);
        if !self.sources.contains_key(&name)
            && let Some(text) = excerpt(&path)
        {
            self.sources.insert(name.clone(), text);
        }
        name
    }

    /// Each in one line, with its place.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.found.iter().filter(|one| one.level == Level::Error).map(Diagnostic::one_line).collect()
    }

    /// True when something must be mended first.
    pub(crate) fn refuse(&self) -> bool {
        self.found.iter().any(|one| one.level == Level::Error)
    }

    /// Shows all of them beside the data.
    pub(crate) fn show(&self, out: Out) {
        if !self.found.is_empty() {
            out.aside(&diagnose::render(&self.found, &self.sources, Out::colour_on_stderr()));
        }
    }
}

/// A path as people write it: `main.rhai`, not `./main.rhai`.
pub(crate) fn shown(path: &Path) -> String {
    match path.strip_prefix(".") {
        Ok(rest) if rest.as_os_str().is_empty() => path.display().to_string(),
        Ok(rest) => rest.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

/// No file that people write is larger, and none is drawn beyond this.
const DRAWN: u64 = 1024 * 1024;

/// The text of a file for showing lines of it, whatever is in it.
fn excerpt(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    // Opening anything else, a pipe for one, may wait for ever.
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    std::fs::File::open(path).ok()?.take(DRAWN).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads everything. A configuration that does not exist is an empty one.
pub(crate) fn load(path: &Path) -> (Option<Setup>, Mistakes) {
    let (setup, mut mistakes, playbooks) = read(path);
    mistakes.merge(playbooks);
    if mistakes.refuse() { (None, mistakes) } else { (setup, mistakes) }
}

/// Like [`load`], for whoever checks the playbooks afterwards: their mistakes are left to that, and so as not to keep them
/// from it, what of the configuration cannot be read is not known.
pub(crate) fn load_to_check(path: &Path) -> (Option<Setup>, Mistakes) {
    let (setup, mistakes, _) = read(path);
    let setup = setup.or_else(|| {
        Some(Setup {
            config: Arc::new(Config::default()),
            register: Register::default(),
            deadlines: DeadlineTable::built_in().ok()?,
            library: Arc::new(Library::embedded()),
            catalog: Arc::new(Catalog::embedded()),
            is_configured: false,
        })
    });
    (setup, mistakes)
}

/// Everything that can be read; the mistakes of the playbooks apart.
fn read(path: &Path) -> (Option<Setup>, Mistakes, Mistakes) {
    let mut mistakes = Mistakes::default();
    let mut playbooks = Mistakes::default();
    let folder = beside(path);
    let catalog = Arc::new(catalog(path, &folder, &mut mistakes));
    let Some(config) = configuration(path, &catalog, &mut mistakes) else {
        return (None, mistakes, playbooks);
    };
    let register = vendors(&config, &folder, &mut mistakes);
    let deadlines = deadlines(&config, &folder, &mut mistakes);
    let library = library(&config, &folder, &mut playbooks);
    let (Some(register), Some(deadlines)) = (register, deadlines) else {
        return (None, mistakes, playbooks);
    };
    let (config, library, is_configured) = (Arc::new(config), Arc::new(library), path.exists());
    (Some(Setup { config, register, deadlines, library, catalog, is_configured }), mistakes, playbooks)
}

/// Reads everything, and refuses to go on with mistakes.
///
/// # Errors
/// When a file has a mistake; all of them have been shown then.
pub(crate) fn load_or_refuse(path: &Path, out: Out) -> anyhow::Result<Setup> {
    let (setup, mistakes) = load(path);
    mistakes.show(out);
    setup.ok_or_else(|| {
        let said = Said::new(format!("{}: {}", path.display(), diagnose::count(&mistakes.found)));
        said.help("mend the files; `stanch explain CODE` says more about each").exit(Exit::No).into()
    })
}

/// The files and folders that a configuration is read from.
pub(crate) fn files(path: &Path, config: &Config) -> Vec<PathBuf> {
    let folder = beside(path);
    let vendors = config.vendors.as_deref().unwrap_or("vendors.yaml");
    let named = config.deadlines.iter().chain(&config.playbooks).chain(&config.catalog).map(String::as_str);
    [path.to_owned()]
        .into_iter()
        .chain([vendors].into_iter().chain(named).map(|name| folder.join(name)))
        .collect()
}

/// The catalogue under the folders that the configuration names. Read before the rest of it, which speaks of platforms.
fn catalog(path: &Path, folder: &Path, mistakes: &mut Mistakes) -> Catalog {
    let mut catalog = Catalog::embedded();
    for own in own_catalogs(path, folder) {
        match catalog.clone().with_folder(&own) {
            Ok(more) => catalog = more,
            Err(found) => mistakes.of_folder(Path::new(""), found),
        }
    }
    catalog
}

/// The folders with integrations of one's own. Whatever else is wrong with the file is said when it is read whole.
pub(crate) fn own_catalogs(path: &Path, folder: &Path) -> Vec<PathBuf> {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Named {
        catalog: Vec<String>,
    }
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let named: Named = stanch_model::yaml::read("", &text, "CF0001").unwrap_or_default();
    named.catalog.iter().map(|name| folder.join(name)).collect()
}

/// The scripts of the twins in such folders, by platform.
pub(crate) fn own_twins(folders: &[PathBuf]) -> BTreeMap<String, String> {
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let twin = |entry: std::fs::DirEntry| {
        let script = std::fs::read_to_string(entry.path().join("twin.rhai")).ok()?;
        Some((entry.file_name().to_string_lossy().into_owned(), script))
    };
    entries.filter_map(twin).collect()
}

fn configuration(path: &Path, catalog: &Catalog, mistakes: &mut Mistakes) -> Option<Config> {
    if !path.exists() {
        return Some(Config::default());
    }
    let text = mistakes.read(path)?;
    let platforms: Vec<&str> = catalog.slugs().collect();
    let groups = |slug: &str| catalog.platform(slug).is_some_and(Platform::knows_groups);
    let roles = |slug: &str| catalog.platform(slug).is_some_and(Platform::knows_roles);
    let formats: Vec<_> = catalog.sources().cloned().collect();
    let known = config::Known { platforms: &platforms, groups: &groups, roles: &roles, formats: &formats };
    let loaded = mistakes.keep(config::load(&path.display().to_string(), &text, known))?;
    mistakes.found.extend(loaded.warnings);
    Some(loaded.config)
}

fn vendors(config: &Config, folder: &Path, mistakes: &mut Mistakes) -> Option<Register> {
    let path = folder.join(config.vendors.as_deref().unwrap_or("vendors.yaml"));
    if config.vendors.is_none() && !path.exists() {
        return Some(Register::default());
    }
    let text = mistakes.read(&path)?;
    mistakes.keep(Register::load(&path.display().to_string(), &text))
}

fn deadlines(config: &Config, folder: &Path, mistakes: &mut Mistakes) -> Option<DeadlineTable> {
    let Some(named) = &config.deadlines else { return mistakes.keep(DeadlineTable::built_in()) };
    let path = folder.join(named);
    let text = mistakes.read(&path)?;
    mistakes.keep(DeadlineTable::load(&path.display().to_string(), &text))
}

fn library(config: &Config, folder: &Path, mistakes: &mut Mistakes) -> Library {
    let mut library = Library::embedded();
    for named in &config.playbooks {
        let path = folder.join(named);
        let found = playbook_folders(&path);
        if found.is_empty() {
            let message = format!("{} holds no playbook", path.display());
            mistakes.found.push(Diagnostic::error("PB0002", message).help(
                "it is named under `playbooks:`; a playbook is a folder with playbook.yaml and main.rhai",
            ));
        }
        for path in found {
            match Playbook::load_dir(&path) {
                Ok(playbook) => library.insert(playbook),
                Err(found) => mistakes.of_folder(&path, found),
            }
        }
    }
    library
}

/// The playbooks at or right below a folder, in order.
pub(crate) fn playbook_folders(folder: &Path) -> Vec<PathBuf> {
    if folder.join("playbook.yaml").exists() {
        return vec![folder.to_owned()];
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.join("playbook.yaml").exists()).collect();
    found.sort();
    found
}

/// The code of a page to a channel that nobody is under.
const NO_CHANNEL: &str = "PB0036";

impl Setup {
    /// True when an alert can start this playbook here.
    fn is_started_by_alerts(&self, playbook: &Playbook) -> bool {
        !self.config.alerts.is_empty() && !playbook.manifest.start.is_empty()
    }

    /// What is wrong with the company's own playbooks.
    pub(crate) fn own(&self, path: &Path) -> Mistakes {
        let mut mistakes = Mistakes::default();
        let Ok(index) = self.index() else { return mistakes };
        let context = self.context();
        let named = self.config.playbooks.iter().map(|named| beside(path).join(named));
        for folder in named.flat_map(|path| playbook_folders(&path)) {
            let found = stanch_playbooks::check_dir(&folder, &index, &context).into_iter();
            mistakes.of_folder(&folder, found.filter(|one| one.level == Level::Error).collect());
        }
        mistakes
    }

    /// What is worth knowing of the company's own integrations: what is not finished, and twins that do not fit.
    pub(crate) fn own_integrations(&self, path: &Path) -> Mistakes {
        let mut mistakes = Mistakes::default();
        for folder in own_catalogs(path, &beside(path)) {
            mistakes.of_folder(Path::new(""), self.catalog.look_over(&folder));
        }
        mistakes
    }

    /// Pages of the playbooks that alerts start for which `tell:` names nobody.
    pub(crate) fn unheard(&self, level: Level) -> Mistakes {
        let mut mistakes = Mistakes::default();
        let Ok(index) = self.index() else { return mistakes };
        let context = self.context();
        for playbook in self.library.all().filter(|playbook| self.is_started_by_alerts(playbook)) {
            let found = stanch_playbooks::check(playbook, &index, &context);
            for mut diagnostic in found.into_iter().filter(|one| one.code == NO_CHANNEL) {
                diagnostic.level = level;
                for label in &mut diagnostic.labels {
                    if let Some(text) = playbook.sources.get(&label.file) {
                        label.file = format!("{}/{}", playbook.slug, label.file);
                        mistakes.sources.entry(label.file.clone()).or_insert_with(|| text.clone());
                    }
                }
                mistakes.found.push(diagnostic);
            }
        }
        mistakes
    }

    /// What a playbook may name.
    pub(crate) fn context(&self) -> CheckContext {
        let vendors = self.register.vendors();
        CheckContext {
            vendors: (self.is_configured || !vendors.is_empty()).then(|| vendors.keys().cloned().collect()),
            deadlines: Some(self.deadlines.rules().keys().cloned().collect()),
            playbooks: Some(self.library.all().map(|playbook| playbook.slug.clone()).collect()),
            alerts: Some(self.alert_kinds()),
            ..if self.is_configured { CheckContext::of(&self.config) } else { CheckContext::default() }
        }
    }

    /// What alerts may say that they are: as the configured sources, the catalogue's and the triggers of the library know it.
    fn alert_kinds(&self) -> AlertKinds {
        let mut kinds = AlertKinds::default();
        for source in self.catalog.sources() {
            for kind in &source.kinds {
                kinds.known.entry(kind.clone()).or_default().insert(source.format.clone());
            }
        }
        let library = Library::embedded();
        for trigger in library.all().flat_map(|playbook| &playbook.manifest.start) {
            for kind in stanch_playbooks::alert_kinds(&trigger.when) {
                kinds.known.entry(kind).or_default();
            }
        }
        for configured in self.config.alerts.values() {
            let source = self.catalog.sources().find(|source| source.format == configured.format);
            kinds.sent.extend(source.into_iter().flat_map(|source| source.kinds.iter().cloned()));
            kinds.sent.extend(configured.kind.clone());
        }
        kinds
    }

    /// What is wrong with the configured integrations when they speak through this transport, each in its place.
    pub(crate) fn review(&self, path: &Path, transport: &Transport) -> Mistakes {
        let mut mistakes = Mistakes::default();
        let found = stanch_integrations::review(&self.catalog, &self.config.integrations, transport);
        let Some(text) = mistakes.read(path).filter(|_| !found.is_empty()) else {
            return Mistakes::default();
        };
        let file = path.display().to_string();
        mistakes.found = found
            .into_iter()
            .map(|(name, mistake)| config::at_key(mistake, &file, &text, &["integrations", &name]))
            .collect();
        mistakes
    }

    /// The configured integrations for looking things up; nothing can be called through them. Without any, every
    /// platform of the catalogue under its own name.
    pub(crate) fn index(&self) -> Result<Integrations, Vec<Diagnostic>> {
        let configured = match self.config.integrations.is_empty() {
            true => everything(&self.catalog),
            false => self.config.integrations.clone(),
        };
        let nowhere = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 1));
        let transport = TwinTransport::new(nowhere, None)
            .map_err(|error| vec![Diagnostic::error("IN0001", error.to_string())])?;
        Integrations::new(self.catalog.clone(), &configured, Transport::Twin(transport), Arc::new(NoVault))
    }
}

/// Every platform under its own name.
fn everything(catalog: &Catalog) -> BTreeMap<String, IntegrationConfig> {
    let one = |platform: &stanch_integrations::Platform| {
        // a setting may know a few words only, and its default is one of them
        let settings = platform
            .settings()
            .map(|(name, _, default, _)| (name.to_owned(), default.unwrap_or("example").to_owned()));
        let slug = platform.slug().to_owned();
        let config = IntegrationConfig {
            platform: slug.clone(),
            url: Some("https://example.invalid".to_owned()),
            settings: settings.collect(),
            ..IntegrationConfig::default()
        };
        (slug.replace('-', "_"), config)
    };
    catalog.platforms().map(one).collect()
}

/// Where there is nothing to seal.
pub(crate) struct NoVault;

impl SecretBox for NoVault {
    fn seal(&self, _value: &str) -> Result<String, SecretError> {
        Err(SecretError::Io("there is no vault here".to_owned()))
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        Err(SecretError::Unknown(handle.to_owned()))
    }
}
