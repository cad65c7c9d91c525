//! `stanch check`: every mistake at once, with file, line, excerpt and the way out. Nothing is run or reached, and nothing
//! is changed but by `--fix`.

mod beside;
pub(super) mod fix;
mod report;
mod sarif;
mod watch;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use stanch_integrations::Integrations;
use stanch_model::{Diagnostic, Level};
use stanch_playbooks::{CheckContext, Library, Playbook};

use self::{fix::Change, report::Report};
use crate::{
    exit::Exit,
    ground::GroundArgs,
    out::Out,
    place::PlaceArgs,
    said::Said,
    setup::{self, Setup},
};

/// Find every mistake in playbooks, their cases and scenarios, and in the configuration
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Playbooks, folders of playbooks or stanch.yaml; all that is configured unless given, and without a stanch.yaml the
    /// playbooks of this folder
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Count warnings as mistakes
    #[arg(long)]
    strict: bool,
    /// First make the changes that are certain: what `uses` lacks, lists in vain or files under the wrong effect
    #[arg(long)]
    fix: bool,
    /// Check again whenever a file changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["fix", "sarif"])]
    watch: bool,
    /// One SARIF 2.1.0 document, for code hosts and editors
    #[arg(long)]
    sarif: bool,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    ground: GroundArgs,
}

/// Checks, and answers yes (0) or no (3).
///
/// # Errors
/// When a path is neither a playbook nor a configuration.
pub(crate) async fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    if args.watch {
        return watch::run(args, out).await;
    }
    let report = look(args)?;
    if args.sarif {
        report.changes.iter().for_each(|change| out.aside(&change.text()));
        out.document(&sarif::document(&report));
    } else {
        report.show(out);
    }
    Ok(report.exit())
}

/// Checks once.
fn look(args: &Args) -> anyhow::Result<Report> {
    let config = match args.paths.iter().find(|path| is_config(path)) {
        Some(named) => named.clone(),
        None => args.place.place()?.config,
    };
    let (setup, mistakes) = setup::load_to_check(&config);
    let mut report = Report { mistakes, strict: args.strict, ..Report::default() };
    report.watched.push(config.clone());
    if config.exists() {
        report.checked.push(config.display().to_string());
    }
    if let Some(setup) = &setup {
        report.watched.extend(setup::files(&config, &setup.config));
        report.mistakes.merge(setup.review(&config, &args.ground.transport(None)?));
        report.mistakes.merge(setup.own_integrations(&config));
        match setup.index() {
            Ok(index) => Books { args, setup, index }.check(&config, &mut report)?,
            Err(found) => report.mistakes.found.extend(found),
        }
    }
    Ok(report)
}

/// True for a configuration; the files of a playbook stand for their folder.
fn is_config(path: &Path) -> bool {
    let yaml = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    yaml && !path.is_dir() && !is_part(path)
}

/// True for a file that only a playbook has.
fn is_part(path: &Path) -> bool {
    path.is_file() && path.file_name().is_some_and(|name| name == "playbook.yaml" || name == "main.rhai")
}

/// Playbooks while they are checked.
struct Books<'a> {
    args: &'a Args,
    setup: &'a Setup,
    index: Integrations,
}

impl Books<'_> {
    fn check(&self, config: &Path, report: &mut Report) -> anyhow::Result<()> {
        let paths = self.paths(config);
        report.watched.extend(paths.iter().cloned());
        let folders = folders(&paths)?;
        let mut context = self.setup.context();
        if let Some(known) = &mut context.playbooks {
            known.extend(
                folders.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())),
            );
        }
        for folder in folders {
            self.one(&folder, &context, report)?;
        }
        if self.args.paths.is_empty() && !self.setup.config.integrations.is_empty() {
            self.library(&context, report);
            report.mistakes.merge(self.setup.unheard(Level::Error));
        }
        Ok(())
    }

    /// What was asked for, or all that is configured, or what lies here.
    fn paths(&self, config: &Path) -> Vec<PathBuf> {
        let named = self.args.paths.iter().filter(|path| !is_config(path));
        let named: Vec<PathBuf> =
            named.map(|path| if is_part(path) { crate::place::beside(path) } else { path.clone() }).collect();
        if !named.is_empty() || !self.args.paths.is_empty() {
            return named;
        }
        let beside = crate::place::beside(config);
        if !config.exists() && !setup::playbook_folders(&beside).is_empty() {
            return vec![beside];
        }
        self.setup.config.playbooks.iter().map(|named| beside.join(named)).collect()
    }

    fn one(&self, folder: &Path, context: &CheckContext, report: &mut Report) -> anyhow::Result<()> {
        if self.args.fix
            && let Ok(fixed) = stanch_playbooks::fix_dir(folder, &self.index, context)
        {
            for (file, text) in &fixed.files {
                report.changes.push(Change::make(&folder.join(file), text, &fixed.done)?);
            }
        }
        let found = stanch_playbooks::check_dir(folder, &self.index, context);
        report.mistakes.of_folder(folder, found);
        report.mistakes.merge(beside::check(folder, self.setup)?);
        report.checked.push(setup::shown(folder));
        Ok(())
    }

    /// What the playbooks of the library lack here. No mistake: nobody has to use them.
    fn library(&self, context: &CheckContext, report: &mut Report) {
        let library = Library::embedded();
        let unchanged = |playbook: &&Arc<Playbook>| {
            library.get(&playbook.slug).is_some_and(|shipped| shipped.hash == playbook.hash)
        };
        for playbook in self.setup.library.all().filter(unchanged) {
            let found = stanch_playbooks::check(playbook, &self.index, context);
            report.lacks.extend(lacks(&found).map(|lacks| (playbook.slug.clone(), lacks)));
        }
    }
}

/// What of a playbook does not work here, if anything.
fn lacks(found: &[Diagnostic]) -> Option<BTreeSet<String>> {
    // what the script never calls follows from what it cannot call; and what it lists as permanent for the sake of one
    // platform may well be taken back on those that are here
    let counts = |one: &&Diagnostic| !["PB0034", "PB0032"].contains(&one.code.as_str());
    let lacks: BTreeSet<String> = found.iter().filter(counts).map(|one| one.message.clone()).collect();
    (!lacks.is_empty()).then_some(lacks)
}

/// The playbooks at or right below these paths. A folder with half a playbook is one: what it lacks is said.
fn folders(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for path in paths {
        let mut found = setup::playbook_folders(path);
        if found.is_empty() && ["main.rhai", "playbook.yml"].iter().any(|file| path.join(file).exists()) {
            found.push(path.clone());
        }
        if found.is_empty() {
            let why = match std::fs::metadata(path) {
                Err(error) => format!("{} holds no playbook: {error}", path.display()),
                Ok(_) => format!("{} holds no playbook", path.display()),
            };
            let help = "a playbook is a folder with playbook.yaml and main.rhai";
            return Err(Said::new(why).help(help).into());
        }
        folders.extend(found);
    }
    Ok(folders)
}
