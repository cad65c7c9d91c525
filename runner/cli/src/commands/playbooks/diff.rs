//! `stanch playbooks diff`: what another version does, needs and asks, before how its text differs.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde_json::json;
use stanch_model::{Diagnostic, Hash};
use stanch_playbooks::{
    Library, Playbook,
    diff::{Change, Diff, How},
};

use crate::{
    commands::{journal::broken, named},
    exit::Exit,
    out::Out,
    place::{Place, PlaceArgs},
    said::Said,
    setup::{self, Setup},
    table::line,
};

/// Compare two versions of a playbook: steps, scopes, approvals and the rest, and then the text
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A version is a name, NAME@HASH (the first letters of a version that the journal here keeps, that is\n\
                  configured, or that ships), or a folder. Beside a folder, a name means the version that ships.\n\
                  Exit code 0: they are the same; 3: they differ."
)]
pub(crate) struct Args {
    /// The one
    #[arg(value_name = "A")]
    before: String,
    /// The other; without it the version that is configured here, beside the one that ships
    #[arg(value_name = "B")]
    now: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Compares, and answers yes (the same) or no.
///
/// # Errors
/// When there is no such version, or a file has a mistake.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let place = args.place.place()?;
    let setup = setup::load_or_refuse(&place.config, out)?;
    let index = setup.index().map_err(|found| {
        let lines: Vec<String> = found.iter().map(Diagnostic::one_line).collect();
        Said::new(lines.join("\n")).exit(Exit::No)
    })?;
    let find = Find { setup: &setup, place: &place, out };
    let (before, now) = match &args.now {
        None => (find.shipped(&args.before)?, find.version(&args.before)?),
        Some(now) if named::is_folder(now) => (find.shipped(&args.before)?, find.version(now)?),
        Some(now) if named::is_folder(&args.before) => (find.version(&args.before)?, find.shipped(now)?),
        Some(now) => (find.version(&args.before)?, find.version(now)?),
    };
    let diff = Diff::of(&before, &now, &index);
    show(&before, &now, &diff, out);
    Ok(if diff.is_same() { Exit::Yes } else { Exit::No })
}

/// Finds versions.
struct Find<'a> {
    setup: &'a Setup,
    place: &'a Place,
    out: Out,
}

impl Find<'_> {
    fn version(&self, name: &str) -> anyhow::Result<Arc<Playbook>> {
        match name.rsplit_once('@').filter(|_| !Path::new(name).exists()) {
            Some((slug, hash)) => self.older(slug, hash),
            None => named::playbook(self.setup, name, self.out),
        }
    }

    /// The version that ships, of a plain name; whatever else it says, of any other.
    fn shipped(&self, name: &str) -> anyhow::Result<Arc<Playbook>> {
        Library::embedded().get(name).map_or_else(|| self.version(name), Ok)
    }

    /// The version whose hash begins so.
    fn older(&self, slug: &str, hash: &str) -> anyhow::Result<Arc<Playbook>> {
        let mut known: BTreeMap<String, Arc<Playbook>> = BTreeMap::new();
        let here = [Library::embedded().get(slug), self.setup.library.get(slug)].into_iter().flatten();
        let kept = kept(&self.place.data, slug)?.into_iter().map(Arc::new);
        known.extend(here.chain(kept).map(|one| (one.hash.to_string(), one)));
        let fits: Vec<&Arc<Playbook>> =
            known.iter().filter(|(full, _)| full.starts_with(hash)).map(|(_, one)| one).collect();
        match fits.as_slice() {
            [one] if !hash.is_empty() => Ok(Arc::clone(one)),
            [] if known.is_empty() => Err(named::unknown(self.setup, slug).into()),
            [] => {
                let message = format!("no version of `{slug}` here begins with `{hash}`");
                Err(Said::new(message).help(versions(&known)).exit(Exit::No).into())
            }
            _ => {
                let message = format!("`{hash}` begins more than one version of `{slug}`");
                Err(Said::new(message).help(versions(&known)).exit(Exit::Usage).into())
            }
        }
    }
}

fn versions(known: &BTreeMap<String, Arc<Playbook>>) -> String {
    let short: Vec<String> = known.keys().map(|hash| hash.chars().take(12).collect()).collect();
    format!("known here: {}", short.join(", "))
}

/// The versions of a playbook that runs have pinned: read from the journal without its lock.
fn kept(data: &Path, slug: &str) -> anyhow::Result<Vec<Playbook>> {
    if !data.join("journal").exists() {
        return Ok(Vec::new());
    }
    let entries = stanch_journal::tail(data, usize::MAX).and_then(|mut log| log.rest()).map_err(broken)?;
    let mut found: BTreeMap<Hash, Playbook> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.header.stream.to_string().starts_with("playbook/")) {
        let Ok(files) = entry.decode::<BTreeMap<String, String>>() else { continue };
        // what this build cannot read it cannot compare
        let Ok(playbook) = Playbook::from_sources(slug, files) else { continue };
        if playbook.manifest.playbook == slug {
            found.insert(playbook.hash, playbook);
        }
    }
    Ok(found.into_values().collect())
}

fn show(before: &Playbook, now: &Playbook, diff: &Diff, out: Out) {
    let name = |playbook: &Playbook| {
        format!("{}@{}", playbook.slug, playbook.hash.to_string().chars().take(8).collect::<String>())
    };
    diff.changes.iter().for_each(|change| out.line(change));
    diff.files.iter().for_each(|file| out.line(file));
    out.line(&json!({
        "same": diff.is_same(), "before": name(before), "now": name(now),
        "changes": diff.changes.len(), "files": diff.files.len(),
    }));
    if diff.is_same() {
        out.text(&format!("{} and {} are the same", name(before), name(now)));
        return;
    }
    out.text(&format!("{} -> {}", name(before), name(now)));
    let mut about = None;
    for change in &diff.changes {
        if about != Some(change.about) {
            out.text(&format!("\n{}", change.about.as_str()));
            about = Some(change.about);
        }
        out.text(&words(change));
    }
    if diff.changes.is_empty() {
        out.text("\nnothing but the text");
    }
    for file in &diff.files {
        out.text(&format!("\n{}", shown(&file.diff)));
    }
}

/// `+` is new, `-` is gone, `>` stands elsewhere, `~` is another.
fn words(change: &Change) -> String {
    let part = |part: &Option<String>| match part.as_deref() {
        None | Some("") => "nothing".to_owned(),
        Some(text) => line(text),
    };
    let what = line(&change.what);
    match change.how {
        How::Added => format!("  + {what}  {}", part(&change.now)),
        How::Removed => format!("  - {what}  {}", part(&change.before)),
        How::Moved => format!("  > {what}  {} -> {}", part(&change.before), part(&change.now)),
        How::Changed => {
            format!("  ~ {what}\n      was  {}\n      is   {}", part(&change.before), part(&change.now))
        }
    }
}

/// Lines that steer no terminal.
fn shown(diff: &str) -> String {
    diff.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}
