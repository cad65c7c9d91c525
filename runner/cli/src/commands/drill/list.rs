//! The scenarios that there are.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::json;
use stanch_drill::scenario::{self, Found};

use crate::{exit::Exit, out::Out, setup, table::Table};

/// The scenarios in these folders, by name.
pub(super) fn own(folders: &[PathBuf]) -> BTreeMap<String, Found> {
    let playbooks = folders.iter().flat_map(|folder| setup::playbook_folders(folder));
    playbooks.flat_map(|playbook| scenario::in_folder(&playbook)).collect()
}

/// Lists them.
///
/// # Errors
/// Never: one that cannot be read is listed with its mistake.
pub(super) fn run(folders: &[PathBuf], out: Out) -> anyhow::Result<Exit> {
    let mut all = scenario::embedded();
    all.extend(own(folders));
    let mut table = Table::new(&["drill", "length", "seats", "rehearses", "title"]);
    for found in all.values() {
        match scenario::read(&found.file, &found.text) {
            Ok(read) => {
                let seats: Vec<&str> = read.seats.iter().map(|seat| seat.as_str()).collect();
                let length = read.length.to_string();
                table.row([found.name.as_str(), &length, &seats.join(", "), &found.playbook, &read.title]);
                out.line(&json!({
                    "drill": found.name, "title": read.title, "playbook": found.playbook, "length": length,
                    "seats": seats, "teaches": read.teaches,
                }));
            }
            Err(mistake) => {
                table.row([found.name.as_str(), "", "", &found.playbook, &mistake.one_line()]);
                out.line(&json!({ "drill": found.name, "playbook": found.playbook, "mistake": mistake }));
            }
        }
    }
    out.text(&table.render(out.columns()));
    out.text("\nstanch drill NAME            plays one on screens; others join by the codes that it prints\nstanch drill NAME --auto     plays one without a person, and exits by its score");
    out.line(&json!({ "drills": all.len() }));
    Ok(Exit::Yes)
}
