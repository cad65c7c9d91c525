//! The JSON Schemas of everything that people write in YAML: for editors, for `stanch schema`, and for our own completion.
//!
//! Each is made from the types that read the file, or beside them; nothing is described here a second time.

mod walk;

use std::{path::Path, sync::OnceLock};

use serde_json::Value;

pub(crate) use walk::{about, fields, words};

/// One kind of file.
#[derive(Debug)]
pub struct Schema {
    /// Its name: `stanch schema NAME`.
    pub name: &'static str,
    /// Which files it describes, as editors match them.
    pub files: &'static [&'static str],
    /// One line for people.
    pub about: &'static str,
    make: fn() -> Value,
    made: OnceLock<Value>,
}

impl Schema {
    const fn new(
        name: &'static str,
        files: &'static [&'static str],
        about: &'static str,
        make: fn() -> Value,
    ) -> Self {
        Self { name, files, about, make, made: OnceLock::new() }
    }

    /// The schema.
    pub fn value(&self) -> &Value {
        self.made.get_or_init(self.make)
    }

    /// The name of its file: `playbook.schema.json`.
    pub fn file(&self) -> String {
        format!("{}.schema.json", self.name)
    }
}

/// All of them, in the order in which one meets the files.
pub static SCHEMAS: [Schema; 8] = [
    Schema::new(
        "playbook",
        &["**/playbook.yaml"],
        "what a playbook is and may do",
        stanch_playbooks::manifest::schema,
    ),
    Schema::new("drill", &["**/drills/*.yaml"], "a scenario", stanch_drill::scenario::schema),
    Schema::new("case", &["**/cases/*.yaml"], "a test of a playbook", stanch_drill::case::schema),
    Schema::new("stanch", &["**/stanch.yaml"], "the configuration", config),
    Schema::new("vendors", &["**/vendors.yaml"], "the vendor register", stanch_response::vendor::schema),
    Schema::new(
        "deadlines",
        &["**/deadlines.yaml"],
        "the notification clocks",
        stanch_response::deadline::schema,
    ),
    Schema::new(
        "integration",
        &["**/integration.yaml"],
        "a platform: how it is reached, what it can do",
        stanch_integrations::schema,
    ),
    Schema::new(
        "alerts",
        &["**/alerts.yaml"],
        "a platform's alert sources",
        stanch_integrations::alerts_schema,
    ),
];

/// The schema of this name.
pub fn named(name: &str) -> Option<&'static Schema> {
    SCHEMAS.iter().find(|schema| schema.name == name)
}

/// The schema of the file at this path, if it is one of ours.
pub fn of(path: &Path) -> Option<&'static Schema> {
    SCHEMAS.iter().find(|schema| schema.files.iter().any(|pattern| fits(pattern, path)))
}

/// `**/name` and `**/folder/*.yaml`: the two forms that our patterns have.
fn fits(pattern: &str, path: &Path) -> bool {
    let mut parts = path.iter().rev();
    pattern.trim_start_matches("**/").rsplit('/').all(|wanted| {
        let part = parts.next().map(|part| part.to_string_lossy()).unwrap_or_default();
        match wanted.strip_prefix('*') {
            Some(end) => part.len() > end.len() && part.ends_with(end),
            None => part == wanted,
        }
    })
}

fn config() -> Value {
    schemars::schema_for!(stanch_model::config::Config).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name_or_its_folder() {
        let name = |path: &str| of(Path::new(path)).map(|schema| schema.name);
        assert_eq!(name("/x/cut/playbook.yaml"), Some("playbook"));
        assert_eq!(name("drills/one.yaml"), Some("drill"));
        assert_eq!(name("/x/stanch.yaml"), Some("stanch"));
        assert_eq!(name("/x/drills/one.md"), None);
        assert_eq!(name("/x/.yaml"), None);
    }
}
