//! `stanch test`: the cases of playbooks, each on simulated platforms of its own, and what of the scripts they reach.

mod cases;
mod life;
mod people;
mod play;
mod record;
mod show;
mod stage;
mod vault;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Instant};

use serde_json::json;
use stanch_drill::case::Case;
use tokio::{sync::Semaphore, task::JoinSet};

pub(super) use self::cases::{ground, read, unreadable};
use self::{
    cases::{Ready, Suite},
    play::{Played, Scene, play},
};
use crate::{exit::Exit, out::Out, place::PlaceArgs, reach, setup};

/// Play the cases of playbooks on simulated platforms
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A case is a file in the playbook's folder `cases/`. Nothing real is reached: no credential is read, no platform asked."
)]
pub(crate) struct Args {
    /// Playbooks, folders of playbooks or single cases; all that is configured, else this folder, unless given
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What the ids of the simulated platforms follow from; the case's own, else 7, unless given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Show the places of the scripts that no case reaches
    #[arg(long)]
    coverage: bool,
    /// Fail where the cases of a playbook reach less of its script than this
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    at_least: Option<u8>,
    /// Instead of playing: make a case of this run of a journal, in the playbook's folder PATH
    #[arg(long, value_name = "RUN", value_parser = reach::id, conflicts_with_all = ["seed", "coverage", "at_least"])]
    record: Option<String>,
    /// The new case's name; `run-` and the end of the run's id unless given
    #[arg(long, value_name = "NAME", requires = "record")]
    name: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Plays them, and answers yes (0) or no (3).
///
/// # Errors
/// When a path holds no case, or a configuration has mistakes.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    if let Some(run) = &args.record {
        return record::run(&args, run, out);
    }
    let began = Instant::now();
    let place = args.place.place()?;
    let setup = setup::load_or_refuse(&place.config, out)?;
    let suites = cases::gather(&args.paths, &setup, &place.config, args.seed, out)?;
    let played = all(&suites).await;
    let mut failed = 0;
    let mut reached = BTreeMap::new();
    for (suite, results) in suites.iter().zip(&played) {
        failed += show::suite(suite, results, out);
        let own = suite.reached();
        show::coverage(&suite.folder, &own, args.coverage, out);
        reached.insert(suite.scene.ground.playbook.slug.clone(), own);
    }
    let cases: usize = played.iter().map(Vec::len).sum();
    let least = usize::from(args.at_least.unwrap_or(0));
    let short: Vec<&String> =
        reached.iter().filter(|(_, own)| own.percent() < least).map(|(slug, _)| slug).collect();
    for slug in &short {
        out.text(&format!("FAIL {slug}: its cases reach less than {least} % of its script"));
    }
    let took = began.elapsed();
    show::summary(cases, failed, idle(&played), took, out);
    out.line(&json!({
        "cases": cases, "ok": cases - failed, "failed": failed, "idle": idle(&played), "took_ms": took.as_millis(),
        "coverage": reached.iter().map(|(slug, own)| (slug, show::measured(own))).collect::<BTreeMap<_, _>>(),
        "short_of": short,
    }));
    Ok(if failed == 0 && short.is_empty() { Exit::Yes } else { Exit::No })
}

/// What came of one case.
enum Outcome {
    /// The file has mistakes.
    Mistakes,
    /// It could not be played.
    Broken(anyhow::Error),
    /// It was played.
    Played(Box<Played>),
}

/// How many faults never happened.
fn idle(played: &[Vec<Outcome>]) -> usize {
    let played = played.iter().flatten();
    played.map(|outcome| if let Outcome::Played(played) = outcome { played.idle.len() } else { 0 }).sum()
}

impl Outcome {
    fn is_ok(&self) -> bool {
        matches!(self, Self::Played(played) if played.misses.is_empty())
    }
}

/// Plays all cases, several at a time; by suite, in the order of the files.
async fn all(suites: &[Suite]) -> Vec<Vec<Outcome>> {
    let at_once = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    let room = Arc::new(Semaphore::new(at_once));
    let mut outcomes: Vec<Vec<Outcome>> =
        suites.iter().map(|suite| suite.cases.iter().map(|_| Outcome::Mistakes).collect()).collect();
    let mut playing: JoinSet<(usize, usize, Outcome)> = JoinSet::new();
    for (nth, suite) in suites.iter().enumerate() {
        for (of, ready) in suite.cases.iter().enumerate() {
            let Ready { case: Some(case), .. } = ready else { continue };
            let (case, scene, room) = (case.clone(), suite.scene.clone(), room.clone());
            playing.spawn(async move { (nth, of, one(&case, &scene, &room).await) });
        }
    }
    while let Some(done) = playing.join_next().await {
        if let Ok((nth, of, outcome)) = done {
            outcomes[nth][of] = outcome;
        }
    }
    outcomes
}

async fn one(case: &Case, scene: &Scene, room: &Semaphore) -> Outcome {
    let Ok(_room) = room.acquire().await else { return Outcome::Mistakes };
    match play(case, scene).await {
        Ok(played) => Outcome::Played(Box::new(played)),
        Err(error) => Outcome::Broken(error),
    }
}
