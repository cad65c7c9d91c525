//! Which cases are meant, read and checked: playbook by playbook.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use stanch_drill::case::{self, Case, Found, Ground};
use stanch_model::{Diagnostic, Level};
use stanch_playbooks::{Library, Playbook, coverage::Reached};

use super::play::Scene;
use crate::{
    diagnose::{self, Sources},
    exit::Exit,
    out::Out,
    place::beside,
    said::Said,
    setup::{self, Mistakes, Setup},
};

/// The cases of one playbook.
pub(super) struct Suite {
    /// The playbook's folder.
    pub(super) folder: PathBuf,
    pub(super) scene: Scene,
    pub(super) cases: Vec<Ready>,
}

/// A case that was read.
pub(super) struct Ready {
    pub(super) found: Found,
    /// Nothing where the file has mistakes.
    pub(super) case: Option<Case>,
    pub(super) mistakes: Vec<Diagnostic>,
}

/// Finds, reads and checks them. Mistakes of playbooks are shown, and refuse.
///
/// # Errors
/// When a path holds no playbook and is no case, a playbook has mistakes, or there is no case at all.
pub(super) fn gather(
    paths: &[PathBuf],
    setup: &Setup,
    config: &Path,
    seed: Option<u64>,
    out: Out,
) -> anyhow::Result<Vec<Suite>> {
    let mut mistakes = Mistakes::default();
    let mut suites = Vec::new();
    for (folder, cases) in folders(paths, setup, config)? {
        let playbook = match Playbook::load_dir(&folder) {
            Ok(playbook) => playbook,
            Err(found) => {
                mistakes.of_folder(&folder, found);
                continue;
            }
        };
        if cases.is_empty() {
            out.aside(&format!(
                "note: {} has no cases: write one into {}",
                playbook.slug,
                folder.join("cases").display()
            ));
            continue;
        }
        let scene = scene(playbook, setup, config, seed);
        let cases = cases.into_iter().map(|found| ready(found, &scene.ground)).collect();
        suites.push(Suite { folder, scene, cases });
    }
    if mistakes.refuse() {
        mistakes.show(out);
        let said = Said::new(format!(
            "{} in playbooks: their cases were not played",
            diagnose::count(&mistakes.found)
        ));
        return Err(said.help("`stanch check` finds every mistake").exit(Exit::No).into());
    }
    if suites.is_empty() {
        let help =
            "a case is a YAML file in the folder `cases/` of a playbook; `stanch new SLUG` begins with some";
        return Err(Said::new("there are no cases here").help(help).exit(Exit::No).into());
    }
    Ok(suites)
}

type Wanted = Vec<(PathBuf, Vec<Found>)>;

fn folders(paths: &[PathBuf], setup: &Setup, config: &Path) -> anyhow::Result<Wanted> {
    let configured = setup.config.playbooks.iter().map(|named| beside(config).join(named));
    let paths: Vec<PathBuf> = match (paths.is_empty(), setup.config.playbooks.is_empty()) {
        (false, _) => paths.to_vec(),
        (true, false) => configured.collect(),
        (true, true) => vec![PathBuf::from(".")],
    };
    let mut wanted: Wanted = Vec::new();
    for path in paths {
        if path.is_file() {
            let found = case::of_file(&path).map_err(unreadable)?;
            match wanted.iter_mut().find(|(folder, _)| *folder == found.playbook) {
                Some((_, cases)) => cases.push(found),
                None => wanted.push((found.playbook.clone(), vec![found])),
            }
            continue;
        }
        let folders = setup::playbook_folders(&path);
        if folders.is_empty() {
            let help =
                "name a playbook's folder (it has a playbook.yaml), a folder of playbooks, or a case's file";
            let said = Said::new(format!("{} holds no playbook", path.display()));
            return Err(said.help(help).exit(Exit::Usage).into());
        }
        for folder in folders {
            let cases = case::in_folder(&folder).map_err(unreadable)?;
            wanted.push((folder, cases));
        }
    }
    Ok(wanted)
}

pub(in crate::commands) fn unreadable((path, why): (PathBuf, std::io::Error)) -> anyhow::Error {
    let help = "a case lies in the folder `cases/` of its playbook";
    Said::new(format!("cannot read {}: {why}", path.display())).help(help).exit(Exit::Usage).into()
}

fn scene(playbook: Playbook, setup: &Setup, config: &Path, seed: Option<u64>) -> Scene {
    Scene {
        ground: ground(playbook, setup),
        configured: setup.config.integrations.clone(),
        scripts: setup::own_twins(&setup::own_catalogs(config, &beside(config))),
        seed,
        coverage: Arc::default(),
    }
}

/// What cases of this playbook may speak of.
pub(in crate::commands) fn ground(playbook: Playbook, setup: &Setup) -> Ground {
    let slug = playbook.slug.clone();
    let mut library = Library::default();
    // An alert of a case starts nothing but the playbook that is under test.
    for other in setup.library.all().filter(|other| other.slug != slug) {
        let mut quiet = Playbook::clone(other);
        quiet.manifest.start.clear();
        library.insert(quiet);
    }
    library.insert(playbook.clone());
    let configured = setup.config.integrations.iter();
    Ground {
        playbook: playbook.into(),
        library: library.into(),
        catalog: setup.catalog.clone(),
        configured: configured.map(|(name, one)| (name.clone(), one.platform.clone())).collect(),
    }
}

/// The case in a file, where it can be read, and every mistake in it.
pub(in crate::commands) fn read(found: &Found, ground: &Ground) -> (Option<Case>, Vec<Diagnostic>) {
    let file = found.name();
    match case::read(&file, &found.text) {
        Err(mistake) => (None, vec![*mistake]),
        Ok(read) => {
            let mistakes = case::check(&file, &found.text, &read, ground);
            (Some(read), mistakes)
        }
    }
}

fn ready(found: Found, ground: &Ground) -> Ready {
    let (case, mistakes) = read(&found, ground);
    let wrong = mistakes.iter().any(|one| one.level == Level::Error);
    Ready { found, case: case.filter(|_| !wrong), mistakes }
}

impl Suite {
    /// What of the script its cases reached.
    pub(super) fn reached(&self) -> Reached {
        let watched = self.scene.coverage.watch(&self.scene.ground.playbook);
        watched.map_or_else(Reached::default, |watched| watched.so_far())
    }
}

impl Ready {
    /// The mistakes of the file, as people read them.
    pub(super) fn told(&self) -> String {
        let sources = Sources::from([(self.found.name(), self.found.text.clone())]);
        diagnose::render(&self.mistakes, &sources, Out::colour_on_stdout())
    }

    /// What it shows.
    pub(super) fn title(&self) -> &str {
        self.case.as_ref().map_or("", |case| case.case.as_str())
    }
}
