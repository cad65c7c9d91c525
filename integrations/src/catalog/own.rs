//! A folder of one's own looked over: what is no mistake to refuse, and still not finished. Only `check` asks for it.

use std::path::Path;

use stanch_model::{Diagnostic, Level, diagnostic::did_you_mean};

use super::{Catalog, INTEGRATION, Platform, check::Report};
use crate::{
    conform::{NO_DOCS, UNPROVEN_YET},
    twin,
};

/// The twin's script in an integration's folder.
const TWIN: &str = "twin.rhai";

impl Catalog {
    /// What is worth knowing of the integrations in a folder that is in this catalogue already: what a draft left open, verbs
    /// that are nearly one of ours, and twins that do not compile or do not fit.
    pub fn look_over(&self, folder: &Path) -> Vec<Diagnostic> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut slugs: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        slugs.sort();
        slugs
            .iter()
            .filter_map(|slug| self.platform(slug))
            .flat_map(|one| self.of_folder(one, folder))
            .collect()
    }

    fn of_folder(&self, platform: &Platform, folder: &Path) -> Vec<Diagnostic> {
        let read = |name: &str| {
            let path = folder.join(platform.slug()).join(name);
            Some((path.display().to_string(), std::fs::read_to_string(&path).ok()?))
        };
        let mut found = Vec::new();
        if let Some((file, source)) = read(INTEGRATION) {
            let mut report = Report::new(&file, &source);
            unfinished(platform, &mut report);
            self.verbs(platform, &mut report);
            let warning = |mistake: Diagnostic| Diagnostic { level: Level::Warning, ..mistake };
            found.extend(report.into_found().into_iter().map(warning));
        }
        if let Some((file, source)) = read(TWIN) {
            found.extend(twin::review(platform, &file, &source));
        }
        found
    }

    /// Verbs that no other platform has, and that are nearly one that others have.
    fn verbs(&self, platform: &Platform, report: &mut Report<'_>) {
        let others = self.platforms().filter(|other| other.slug() != platform.slug());
        let known: Vec<&str> =
            others.flat_map(|other| other.actions().filter_map(|action| action.verb.as_deref())).collect();
        for action in platform.actions() {
            let Some(verb) = action.verb.as_deref().filter(|verb| !known.contains(verb)) else { continue };
            let Some(near) = nearly(verb, &known) else { continue };
            let message = format!(
                "no other platform has the verb `{verb}`: a playbook that says `{near}` passes this one by"
            );
            let help = format!("did you mean `{near}`?");
            report.at_value(&["actions", &action.name, "verb"], "IN0035", message, Some(help));
        }
    }
}

/// The verb that this one was perhaps meant to be: on the same kind, or on a kind that nobody else has.
fn nearly<'a>(verb: &str, known: &[&'a str]) -> Option<&'a str> {
    let (kind, word) = verb.split_once('.').unwrap_or(("", verb));
    let of_kind = |other: &&&str| other.split_once('.').is_some_and(|(other, _)| other == kind);
    let same: Vec<&str> = known.iter().filter(of_kind).copied().collect();
    if same.is_empty() {
        return did_you_mean(verb, known.iter().copied());
    }
    let words = same.iter().filter_map(|other| other.split_once('.').map(|(_, word)| word));
    let near = did_you_mean(word, words)?;
    same.into_iter().find(|other| other.split_once('.').is_some_and(|(_, word)| word == near))
}

/// What `integrations new` could not know, and nobody has said since.
fn unfinished(platform: &Platform, report: &mut Report<'_>) {
    if platform.docs() == NO_DOCS {
        let message = "the draft knew no page of the API's reference".to_owned();
        report.at_value(&["docs"], "IN0036", message, None);
    }
    for action in platform.actions() {
        let name = action.name.as_str();
        let mut open = |field: &str, message: &str, help: &str| {
            report.at_value(&["actions", name, field], "IN0036", message.to_owned(), Some(help.to_owned()));
        };
        if action.docs == NO_DOCS {
            open("docs", "the draft knew no page of this action", "write the address of the vendor's page");
        }
        if platform.unproven(name) == Some(UNPROVEN_YET) {
            let help = "name the read that proves it, or the reason why there is none";
            open("verify", "nobody has said yet what proves this action", help);
        }
        let line = platform.request_line(name).map(|(method, _)| format!("{method} /"));
        if line.is_some_and(|line| action.title.starts_with(&line)) {
            open("title", "the title is the draft's own", "say for people what it does, in the imperative");
        }
    }
}
