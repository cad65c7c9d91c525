//! Before another version of this program takes over a data folder: what it would do with the runs that are parked there.

use std::{collections::BTreeMap, path::Path};

use serde_json::json;
use stanch_journal::JournalError;
use stanch_model::{
    RunId,
    run::body::{Created, Pins, Repinned, kind},
    shortened::short,
};

use super::{Doctor, Found};

/// Ids that are named before it is only told how many there are.
const NAMED: usize = 10;

/// Says whether this program reads the journal, and which unfinished runs it would leave standing.
pub(super) fn check(data: &Path, doctor: &mut Doctor) {
    let (rhai, host_api) = stanch_engine::program();
    let runs = match unfinished(data) {
        Ok(runs) => runs,
        Err(error) => {
            doctor.say(Found::Wrong, "upgrade", format!("this program cannot read the journal: {error}"));
            return;
        }
    };
    doctor.say(Found::Fine, "upgrade", format!("journal format 1, rhai {rhai}, host calls {host_api}"));
    let fits = |pins: &Pins| pins.rhai == rhai && pins.host_api == host_api;
    let others: Vec<(&RunId, &Pins)> = runs.iter().filter(|(_, pins)| !fits(pins)).collect();
    doctor.out.line(&json!({
        "upgrade": { "rhai": rhai, "host_api": host_api, "unfinished": runs.len(),
            "stand": others.iter().map(|(run, _)| run.0.as_str()).collect::<Vec<_>>() },
    }));
    if others.is_empty() {
        let words = format!("{} unfinished runs, all of them go on under this program", runs.len());
        return doctor.say(Found::Fine, "upgrade", words);
    }
    let named: Vec<&str> = others.iter().take(NAMED).map(|(run, _)| short(&run.0)).collect();
    let more = others.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let (_, pins) = others[0];
    let words = format!(
        "{} of {} unfinished runs began under rhai {} and host calls {}: under this program they stand as diverged, and nothing of them is lost: {}{more}",
        others.len(),
        runs.len(),
        pins.rhai,
        pins.host_api,
        named.join(", ")
    );
    doctor.say(Found::Wrong, "upgrade", words);
    doctor.help("let them end under the old program first; or start this one and `stanch repin RUN`, which replays the history before it goes on");
}

/// Runs without an end, with what they are pinned to.
fn unfinished(data: &Path) -> Result<BTreeMap<RunId, Pins>, JournalError> {
    let mut runs: BTreeMap<RunId, Pins> = BTreeMap::new();
    stanch_journal::walk(
        data,
        |stream| stream.as_run().is_some(),
        |entry| {
            let Some(run) = entry.header.stream.as_run() else { return Ok(()) };
            match entry.header.kind.as_str() {
                kind::CREATED => {
                    if let Ok(created) = entry.decode::<Created>() {
                        runs.insert(run, created.pins);
                    }
                }
                kind::REPINNED => {
                    if let Ok(repinned) = entry.decode::<Repinned>() {
                        runs.insert(run, repinned.pins);
                    }
                }
                kind::ENDED => drop(runs.remove(&run)),
                _ => {}
            }
            Ok(())
        },
    )?;
    Ok(runs)
}
