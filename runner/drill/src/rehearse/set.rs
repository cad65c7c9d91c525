//! The set of a drill: twins, clock, record, files, and the stage on which the director works.

use std::{path::Path, sync::Arc};

use parking_lot::{Mutex, RwLock};
use stanch_integrations::{
    Catalog, ScenarioClock,
    twin::{TwinHost, TwinOptions},
};
use stanch_model::clock::ClockAt;

use super::{Improvement, LOOK, Rehearsal};
use crate::{
    DrillError,
    board::Board,
    company,
    facts::{AppFacts, Facts, Sorts},
    record::{Line, Record},
    scenario::{self, Found, Known, Scenario},
    send::fresh_secret,
    stagehand::Stage,
};

/// How often the lock of an earlier server is tried.
const DRAINS: usize = 400;

/// See the module.
pub(super) struct Set {
    pub(super) twins: Arc<TwinHost>,
    pub(super) clock: Arc<ScenarioClock>,
    pub(super) stage: Arc<Stage>,
    pub(super) secret: String,
}

impl Set {
    /// Builds it, or takes it up where an earlier supervisor left it.
    pub(super) async fn build(rehearsal: &Rehearsal<'_>) -> Result<Self, DrillError> {
        let folders = &rehearsal.folders;
        let folder = Record::folder(&folders.data);
        let kept =
            if folder.join("journal").exists() { Some(Record::open(&folder, None)?.kept()) } else { None };
        let kept = kept.unwrap_or_default();
        if kept.ended {
            let why = "this drill is over; begin another in a new folder".to_owned();
            return Err(DrillError::NotThisDrill { path: folders.data.clone(), why });
        }
        free(&folders.data).await?;
        let found = resumed(&rehearsal.found, kept.began.as_ref(), &folders.data)?;
        let mut scenario = load(&found, rehearsal.catalog, rehearsal.library)?;
        brief(&mut scenario, &rehearsal.open);
        let known = Known::of(&scenario, rehearsal.catalog, rehearsal.library);
        let starts = scenario.clock.starts;
        let rate = if rehearsal.auto { 0.0 } else { rehearsal.speed };
        let standing = ScenarioClock::standing_at(starts);
        if kept.last_ms > 0 {
            standing.jump(kept.last_ms);
        }
        let at = ClockAt { rate, change: kept.clock.map_or(0, |at| at.change) + 1, ..standing.at() };
        let clock = Arc::new(ScenarioClock::new(at));
        let record = Record::open(&folder, Some(clock.clone()))?;
        let secret = secret(&folders.config)?;
        write_files(rehearsal, &scenario, &secret)?;
        let twins = TwinHost::start(TwinOptions {
            integrations: company::integrations(&scenario),
            world: scenario.world.clone(),
            seed: scenario.clock.seed,
            clock: clock.clone(),
            state_file: Some(folder.join("twins.json")),
            ..TwinOptions::default()
        });
        let twins = Arc::new(twins.await?);
        let facts = Arc::new(RwLock::new(facts(&scenario, rehearsal.catalog)));
        let mut board = Board::new(&scenario, known.names(), &facts);
        board.restore(&kept.fates, &kept.revealed, &kept.firsts);
        if kept.began.is_none() {
            let version = rehearsal.library.get(&found.playbook).map(|playbook| playbook.hash.to_string());
            let (drill, playbook) = (scenario.drill.clone(), found.playbook.clone());
            let (version, scenario) = (version.unwrap_or_default(), found.text.clone());
            record.write(Line::Began { drill, playbook, version, scenario });
        }
        record.write(Line::Clock { at, by: String::new() });
        let tested = rehearsal.open.iter().map(|one| one.that.clone()).collect();
        let stage = Stage::new(scenario, facts, Mutex::new(board), record, tested, clock.clone());
        let stage = Arc::new(stage);
        stage.take_up(&kept, &twins);
        stage.watch(&twins);
        Ok(Self { twins, clock, stage, secret })
    }

    /// Everything down; what the twins hold is kept.
    pub(super) async fn close(self) -> Result<(), DrillError> {
        self.twins.save()?;
        if let Some(twins) = Arc::into_inner(self.twins) {
            twins.stop().await?;
        }
        Ok(())
    }
}

/// The server of an interrupted drill drains for a while after its supervisor is gone.
async fn free(data: &Path) -> Result<(), DrillError> {
    let path = data.join("lock");
    for _ in 0..DRAINS {
        let Ok(file) = std::fs::File::open(&path) else { return Ok(()) };
        let lock = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
        if lock.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    let why = "another process plays it still".to_owned();
    Err(DrillError::NotThisDrill { path: data.to_owned(), why })
}

/// The file that a drill goes on with: the one that it began with.
fn resumed(asked: &Found, began: Option<&Line>, data: &Path) -> Result<Found, DrillError> {
    let Some(Line::Began { drill, playbook, scenario, .. }) = began else { return Ok(asked.clone()) };
    if *drill != asked.name {
        let why = format!("the drill `{drill}` was begun here, not `{}`", asked.name);
        return Err(DrillError::NotThisDrill { path: data.to_owned(), why });
    }
    Ok(Found { playbook: playbook.clone(), text: scenario.clone(), ..asked.clone() })
}

/// Reads a scenario and refuses to go on with mistakes.
///
/// # Errors
/// All that is wrong with it.
pub fn load(
    found: &Found,
    catalog: &Catalog,
    library: &stanch_playbooks::Library,
) -> Result<Scenario, DrillError> {
    let read = scenario::read(&found.file, &found.text).map_err(|one| DrillError::Scenario(vec![*one]))?;
    let known = Known::of(&read, catalog, library);
    let mistakes = scenario::check(&found.file, &found.text, &read, &known);
    if mistakes.is_empty() { Ok(read) } else { Err(DrillError::Scenario(mistakes)) }
}

/// What is open about the playbook stands first in the briefing: nobody has to read on to it.
fn brief(scenario: &mut Scenario, open: &[Improvement]) {
    if !open.is_empty() {
        let open: Vec<&str> = open.iter().map(|one| one.text.as_str()).collect();
        let open = open.join("\n\n");
        scenario.briefing = format!(
            "Tested first, because it is still open:\n\n{open}\n\n{}",
            scenario.briefing.trim_start()
        );
    }
}

fn facts(scenario: &Scenario, catalog: &Catalog) -> Facts {
    let apps = scenario.world.apps.iter().map(|app| AppFacts {
        id: app.id.clone(),
        vendor: app.vendor.clone(),
        given: app.grants.clone(),
    });
    let sorts = Sorts::of(catalog, &company::integrations(scenario));
    Facts::starting(scenario.clock.starts.as_millisecond(), apps.collect()).knowing(sorts)
}

/// The secret of the alert source: the one that is there, so that a drill that goes on is believed.
fn secret(config: &Path) -> Result<String, DrillError> {
    let path = config.join("alerts.secret");
    match std::fs::read_to_string(&path) {
        Ok(kept) => Ok(kept),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(fresh_secret()),
        Err(source) => Err(DrillError::Folder { path, source }),
    }
}

fn write_files(rehearsal: &Rehearsal<'_>, scenario: &Scenario, secret: &str) -> Result<(), DrillError> {
    let folders = &rehearsal.folders;
    // Handles of secrets are ids of targets, and the same seed gives the same ids: this vault holds nothing that is real.
    let key = stanch_model::Hash::of(format!("{} {}", scenario.drill, scenario.clock.seed).as_bytes());
    folders.write("vault.key", &key.to_string())?;
    folders.write("alerts.secret", secret)?;
    let file = folders.config.join("alerts.secret");
    let file = std::path::absolute(&file).unwrap_or(file);
    let own = own_playbook(&rehearsal.found.file).map(|folder| folder.display().to_string());
    let mut configuration = company::configuration(scenario, rehearsal.catalog, &file.display().to_string());
    configuration.push_str(&own.map(|own| format!("\nplaybooks: [{own:?}]\n")).unwrap_or_default());
    folders.write("stanch.yaml", &configuration)?;
    folders.write("vendors.yaml", &company::vendors(&scenario.world, &scenario.contacts))
}

/// The folder of the playbook beside which the scenario's file lies, where it is one of the author's own.
fn own_playbook(file: &str) -> Option<std::path::PathBuf> {
    let folder = Path::new(file).parent()?.parent()?;
    folder.join("playbook.yaml").is_file().then(|| std::path::absolute(folder).ok())?
}
