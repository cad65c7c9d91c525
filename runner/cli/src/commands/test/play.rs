//! One case, played: the simulated platforms and the real engine in this process, on a clock that jumps.
//!
//! While anything is at work the clock stands; when the engine rests, people speak, and then the clock shows the next moment
//! at which something can happen. Nothing here depends on how fast the machine is.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Context;
use parking_lot::RwLock;
use stanch_drill::case::{Case, Ground, Miss, STARTER, Seen, Told, judge};
use stanch_engine::{Accepted, Engine, EngineOptions, Patience, StartRun};
use stanch_integrations::{
    Integrations, ScenarioClock, Transport, TwinTransport,
    twin::{TwinHost, TwinOptions},
};
use stanch_journal::{Cursor, Follower, Journal, MemoryJournal};
use stanch_model::{
    RunId,
    config::{Config, Current, IntegrationConfig},
    run::{Mode, RunState, RunView},
    yaml,
};
use stanch_playbooks::coverage::Coverage;
use stanch_response::{DeadlineTable, Register};
use stanch_server::ResponseDesk;

use super::{
    life::{Life, Reaper},
    people::People,
    stage::{Idle, Stage},
    vault::CaseVault,
};
use crate::said::Said;

/// Nothing on this machine takes longer, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// A case that goes on for so many turns goes on for ever.
const TURNS: usize = 5_000;

/// A run that is at work is looked at again so often, after so long.
const LINGERS: u32 = 200;
const MOMENT: Duration = Duration::from_millis(5);

/// What is the same for every case of a playbook.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) ground: Ground,
    /// Integrations as the company has configured them, by name.
    pub(super) configured: BTreeMap<String, IntegrationConfig>,
    /// Scripts of twins that are the company's own, by platform.
    pub(super) scripts: BTreeMap<String, String>,
    /// What the ids of the simulated platforms follow from, whatever the case says.
    pub(super) seed: Option<u64>,
    /// Which places of the scripts the cases reach.
    pub(super) coverage: Arc<Coverage>,
}

/// How a case came out.
pub(super) struct Played {
    /// What is not as the case says.
    pub(super) misses: Vec<Miss>,
    /// Its faults that never happened.
    pub(super) idle: Vec<Idle>,
    /// The run that it started, as it stands.
    pub(super) run: Option<RunView>,
    /// Entries of its journal.
    pub(super) entries: u64,
    /// How long it took on its own clock, milliseconds.
    pub(super) took_ms: i64,
}

/// Plays a case to its end.
///
/// # Errors
/// When it cannot be played: nothing of it says anything about the playbook then.
pub(super) async fn play(case: &Case, scene: &Scene) -> anyhow::Result<Played> {
    let mut play = Play::set(case, scene).await?;
    let played = play.play_out().await;
    play.reaper.end();
    played
}

struct Play<'a> {
    case: &'a Case,
    scene: &'a Scene,
    config: Current,
    clock: Arc<ScenarioClock>,
    twins: Arc<TwinHost>,
    stage: Arc<Stage>,
    reaper: Arc<Reaper>,
    vault: Arc<CaseVault>,
    people: People,
    told: Told,
    heard: Cursor,
    start_ms: i64,
    /// How often in a row nothing was due although a run was at work.
    lingered: u32,
}

impl<'a> Play<'a> {
    async fn set(case: &'a Case, scene: &'a Scene) -> anyhow::Result<Self> {
        let ground = &scene.ground;
        let seed = scene.seed.or(case.seed).unwrap_or(stanch_drill::case::SEED);
        let clock = Arc::new(ScenarioClock::standing_at(case.starts()));
        let twins = TwinHost::start(TwinOptions {
            integrations: ground.integrations(case),
            world: case.world.clone(),
            seed,
            clock: clock.clone(),
            page: case.pages_of,
            scripts: scene.scripts.clone(),
            ..TwinOptions::default()
        });
        let twins = Arc::new(twins.await?);
        let facts = Arc::new(RwLock::new(ground.facts(case)));
        let reaper = Reaper::new();
        let stage = Stage::set(case, facts, reaper.clone(), &twins);
        stage.watch(&twins);
        let start_ms = clock.now_ms();
        Ok(Self {
            case,
            scene,
            config: config(case, scene)?.into(),
            clock,
            twins,
            stage,
            reaper,
            vault: Arc::new(CaseVault::new(seed)),
            people: People::of(case, ground),
            told: Told::default(),
            heard: Cursor::START,
            start_ms,
            lingered: 0,
        })
    }

    async fn play_out(&mut self) -> anyhow::Result<Played> {
        let time = self.clock.clone();
        let journal =
            MemoryJournal::at(Arc::new(move || Duration::from_millis(time.now_ms().unsigned_abs())));
        let mut life = self.live(journal)?;
        let mut run = None;
        for _ in 0..TURNS {
            if self.reaper.is_dead() {
                life = self.again(life).await?;
            }
            if run.is_none() {
                run = self.start(&life).await?;
                if run.is_none() && !self.reaper.is_dead() {
                    break;
                }
            }
            if !self.turn(&life).await? {
                return self.finish(&life, run).await;
            }
        }
        self.finish(&life, run).await
    }

    /// One turn. False when nothing more can happen.
    async fn turn(&mut self, life: &Life) -> anyhow::Result<bool> {
        let resting = tokio::time::timeout(PATIENCE, life.engine.rests(&self.clock));
        let due = tokio::select! {
            due = resting => due.map_err(|_| Said::new("the engine does not come to rest"))?,
            () = self.reaper.killed() => return Ok(true),
        };
        self.listen(&life.journal)?;
        self.twins.settle();
        self.stage.look(&self.twins);
        if self.reaper.is_dead() {
            return Ok(true);
        }
        let now = self.clock.now_ms();
        let spoke = self.people.speak(life, &self.stage.facts, &self.twins, now).await?;
        if spoke || self.reaper.is_dead() {
            return Ok(true);
        }
        if self.stage.facts.read().all_ended() {
            return Ok(false);
        }
        let next = self.people.next_ms(&self.stage.facts.read(), now).into_iter().chain(due);
        let Some(next) = next.filter(|due| *due > now).min() else { return self.lingers(life).await };
        self.lingered = 0;
        self.clock.jump(next);
        life.engine.clock_changed();
        Ok(true)
    }

    /// Nothing is due and nobody speaks. A run that is at work all the same has only not said yet what it waits for: a machine
    /// with much to do takes a while. False when nothing comes of that.
    async fn lingers(&mut self, life: &Life) -> anyhow::Result<bool> {
        let at_work = life.engine.runs(true, 1_000)?.iter().any(|run| run.state == RunState::Running);
        self.lingered += 1;
        if !at_work || self.lingered > LINGERS {
            return Ok(false);
        }
        tokio::time::sleep(MOMENT).await;
        Ok(true)
    }

    fn live(&self, journal: MemoryJournal) -> anyhow::Result<Life> {
        let kills = self.case.fault.iter().filter(|fault| fault.kill_runner);
        let deaths: Vec<u64> = kills.filter_map(|fault| fault.entry).collect();
        self.reaper.begin(journal, &deaths, |journal| self.engine(journal))
    }

    /// The next life after a kill.
    async fn again(&mut self, life: Life) -> anyhow::Result<Life> {
        drop(life);
        // What the dead had under way has happened, or never will.
        self.twins.quiet().await?;
        let left = self.reaper.left().context("a kill left nothing")?;
        self.live(left)
    }

    fn engine(&self, journal: Arc<MemoryJournal>) -> anyhow::Result<Engine> {
        let ground = &self.scene.ground;
        let transport = TwinTransport::new(self.twins.addr(), Some(self.twins.mail_addr()))?;
        let transport = Transport::Twin(transport.on_clock(self.clock.clone()));
        let integrations = Integrations::new(
            ground.catalog.clone(),
            &self.config.integrations,
            transport,
            self.vault.clone(),
        );
        let integrations = integrations.map_err(|found| {
            let lines: Vec<String> = found.iter().map(stanch_model::Diagnostic::one_line).collect();
            Said::new(format!("the integrations cannot be used: {}", lines.join("; ")))
        })?;
        let desk = ResponseDesk {
            register: self.register()?,
            deadlines: DeadlineTable::built_in()
                .map_err(|_| Said::new("the table of deadlines is broken"))?,
            config: self.config.clone(),
        };
        let day = Duration::from_secs(86_400);
        let options = EngineOptions {
            journal,
            integrations,
            library: ground.library.clone(),
            config: self.config.clone(),
            desk: Arc::new(desk),
            clock: Arc::new(self.clock.clone()),
            mode: Mode::Drill,
            paused: false,
            shards: 1,
            patience: Patience { park: day, call: Duration::from_secs(10), ..Patience::default() },
            in_process: None,
        };
        Ok(Engine::start_watching(options, self.scene.coverage.clone())?)
    }

    fn register(&self) -> anyhow::Result<Register> {
        let text = self.scene.ground.vendors(self.case);
        Register::load("vendors.yaml", &text).map_err(|found| {
            let lines: Vec<String> = found.iter().map(stanch_model::Diagnostic::one_line).collect();
            Said::new(format!("the case's vendors make no register: {}", lines.join("; "))).into()
        })
    }

    /// Starts the run, unless it is there already. Nothing where the alert starts none.
    async fn start(&self, life: &Life) -> anyhow::Result<Option<RunId>> {
        let slug = &self.scene.ground.playbook.slug;
        let Some(alert) = &self.case.alert else {
            if let Some(there) = life.engine.runs(false, 1)?.first() {
                return Ok(Some(there.id.clone()));
            }
            let input = self.case.input.clone().unwrap_or_default().into_iter().collect();
            let start = StartRun {
                playbook: slug.clone(),
                input,
                alert: None,
                incident: None,
                started_by: STARTER.to_owned(),
                channel: String::new(),
            };
            let started = life.engine.run(start).await;
            return if self.reaper.is_dead() { Ok(None) } else { Ok(Some(started?.0)) };
        };
        let mut alert = alert.clone().by("", &self.case.starts().to_string());
        (alert.by, alert.delivery) = (None, "1".to_owned());
        for (field, other) in [(&mut alert.id, "1"), (&mut alert.source, "case")] {
            if field.is_empty() || field == "by hand" {
                other.clone_into(field);
            }
        }
        let taken = life.engine.alert(alert).await;
        if self.reaper.is_dead() {
            return Ok(None);
        }
        let Accepted { verdicts, .. } = taken?;
        Ok(verdicts.into_iter().find(|verdict| verdict.playbook == *slug).map(|verdict| verdict.run))
    }

    /// What the journal says since.
    fn listen(&mut self, journal: &MemoryJournal) -> anyhow::Result<()> {
        let now = self.clock.now_ms();
        let mut follower: Follower = journal.follow("run/", self.heard);
        let mut facts = self.stage.facts.write();
        while let Some(entry) = follower.next(Duration::ZERO)? {
            facts.heard(&entry, now);
            self.told.heard(&entry);
        }
        self.heard = follower.cursor();
        facts.now_ms = facts.now_ms.max(now);
        drop(facts);
        for app in &self.case.world.apps {
            for integration in self.config.integrations.keys() {
                let given = self.twins.given(integration, &app.id);
                if given > 0 {
                    self.stage.facts.write().given(&app.id, integration, given);
                }
            }
        }
        Ok(())
    }

    async fn finish(&mut self, life: &Life, run: Option<RunId>) -> anyhow::Result<Played> {
        self.listen(&life.journal)?;
        let took_ms = self.clock.now_ms() - self.start_ms;
        let view = run.as_ref().map(|run| life.engine.view(run)).transpose()?;
        let ids: Vec<RunId> = self.stage.facts.read().runs.keys().cloned().collect();
        let others = ids.iter().filter(|id| Some(*id) != run.as_ref());
        let others = others.map(|id| life.engine.view(id)).collect::<Result<Vec<_>, _>>()?;
        let seen = Seen {
            run: view.as_ref(),
            others: &others,
            told: &self.told,
            summary: self.twins.summary(),
            facts: &self.stage.facts,
            took_ms,
        };
        let mut misses = judge(self.case, &self.scene.ground, &seen);
        misses.extend(self.replayed(life).await?);
        let entries = life.journal.durable();
        let idle = self.stage.idle(self.case, &self.twins, entries);
        Ok(Played { misses, idle, run: view, entries, took_ms })
    }

    /// A run that has ended ends the same when it is replayed, and asks the platforms nothing.
    async fn replayed(&self, life: &Life) -> anyhow::Result<Option<Miss>> {
        if !self.stage.facts.read().all_ended() {
            return Ok(None);
        }
        let runs: Vec<RunId> = self.stage.facts.read().runs.keys().cloned().collect();
        let (engine, before) = (life.engine.clone(), self.twins.requests().len());
        let replayed = tokio::task::spawn_blocking(move || engine.replay(&runs)).await?;
        let requests = self.twins.requests();
        let asked: Vec<String> =
            requests.iter().skip(before).map(|one| format!("{}.{}", one.integration, one.action)).collect();
        let got = match replayed {
            Err(why) => why.to_string(),
            Ok(_) if !asked.is_empty() => format!("it asked the platforms: {}", asked.join(", ")),
            Ok(_) => return Ok(None),
        };
        let expected = "the run replays from its journal, without effects".to_owned();
        Ok(Some(Miss { at: vec!["expect".to_owned()], expected, got }))
    }
}

/// The configuration of the case's company, with what the real one says of integrations that the case names.
fn config(case: &Case, scene: &Scene) -> anyhow::Result<Config> {
    let text = scene.ground.configuration(case);
    let mut config: Config = yaml::read("stanch.yaml", &text, "CF0001")
        .map_err(|why| Said::new(format!("the case's company has no configuration: {}", why.one_line())))?;
    for (name, integration) in &mut config.integrations {
        if let Some(own) = scene.configured.get(name) {
            *integration = IntegrationConfig { credential: None, tls: None, ..own.clone() };
        }
    }
    Ok(config)
}
