//! Loading `stanch.yaml`: the types come from the model, the checks of values stand here, each with its place.

mod alerts;
mod check;
mod guards;
mod keep;
mod login;
mod marker;
pub mod names;

use stanch_model::{Diagnostic, Level, catalog::SourceInfo, config::Config, yaml};

pub(crate) use marker::Marker;

/// What the rest of the program knows and the file may refer to.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The platforms of the catalogue.
    pub platforms: &'a [&'a str],
    /// Whether this one can tell who is in a group: asked for platforms that rules name, for the answer takes reading them.
    pub groups: &'a dyn Fn(&str) -> bool,
    /// Whether it can tell who holds a role.
    pub roles: &'a dyn Fn(&str) -> bool,
    /// The alert sources of the catalogue.
    pub formats: &'a [SourceInfo],
}

/// A configuration that may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The file, checked.
    pub config: Config,
    /// What is worth knowing but refuses nothing.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and checks a configuration. `file` is only for messages.
///
/// # Errors
/// Every mistake at once; a file that is not readable YAML of this shape gives its first mistake only.
pub fn load(file: &str, source: &str, known: Known<'_>) -> Result<Loaded, Vec<Diagnostic>> {
    let config: Config = read_or_empty(file, source)?;
    let mut found = check::all(&config, known, &Marker::of(file, source));
    found.sort_by_key(|diagnostic| diagnostic.labels.first().map_or(0, |label| label.offset));
    if found.iter().any(|diagnostic| diagnostic.level == Level::Error) {
        return Err(found);
    }
    Ok(Loaded { config, warnings: found })
}

/// Puts a mistake that was found elsewhere at its key in the file, `["integrations", "okta"]`.
#[must_use]
pub fn at_key(mistake: Diagnostic, file: &str, source: &str, path: &[&str]) -> Diagnostic {
    let placed = Marker::of(file, source).key(&mistake.code, path, &mistake.message);
    Diagnostic { labels: placed.labels, ..mistake }
}

/// A file of nothing but comments is an empty configuration.
fn read_or_empty(file: &str, source: &str) -> Result<Config, Vec<Diagnostic>> {
    let blank = source.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    if blank {
        return Ok(Config::default());
    }
    yaml::read(file, source, "CF0001").map_err(|diagnostic| vec![*diagnostic])
}

/// Refuses nothing, says it all the same.
pub(crate) fn only_warn(diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic { level: Level::Warning, ..diagnostic }
}

#[cfg(test)]
pub(crate) mod tests;
