//! The scenarios that there are.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::json;
use stanch_drill::scenario::{self, Found};

use crate::{exit::Exit, out::Out, setup, table::Table};

/// Where there are fewer columns the title alone stands beside the name.
const WIDE: usize = 120;

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
    let is_wide = out.columns().is_none_or(|columns| columns >= WIDE);
    let head = ["drill", "length", "title", "seats", "rehearses"];
    let mut table = Table::new(if is_wide { &head } else { &head[..3] });
    let mut row = |cells: [&str; 5]| table.row(cells.into_iter().take(if is_wide { 5 } else { 3 }));
    for found in all.values() {
        match scenario::read(&found.file, &found.text) {
            Ok(read) => {
                let seats: Vec<&str> = read.seats.iter().map(|seat| seat.as_str()).collect();
                let length = read.length.to_string();
                row([&found.name, &length, &read.title, &seats.join(", "), &found.playbook]);
                out.line(&json!({
                    "drill": found.name, "title": read.title, "playbook": found.playbook, "length": length,
                    "seats": seats, "teaches": read.teaches,
                }));
            }
            Err(mistake) => {
                row([&found.name, "", &mistake.one_line(), "", &found.playbook]);
                out.line(&json!({ "drill": found.name, "playbook": found.playbook, "mistake": mistake }));
            }
        }
    }
    out.text(&table.render(out.columns()));
    out.text("\nstanch drill NAME           plays it on screens; others join by its codes\nstanch drill NAME --auto    plays it without a person, and exits by its score");
    out.line(&json!({ "drills": all.len() }));
    Ok(Exit::Yes)
}
