//! Playing a drill: twins up, server up, alert in, people answering, the server killed and started again, until the run
//! has ended and the server has drained.

mod narrate;
mod timer;
mod victim;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use stanch_client::ClientError;
use stanch_integrations::twin::{TwinHost, TwinOptions};
use stanch_model::{
    TargetState,
    run::{RunState, WaitView},
};

use self::{timer::Timer, victim::Victim};
use crate::{
    At, Beat, DrillError, Folders, KilledAt, Markers, Plot, Seats, Verdict,
    child::{Program, Server, Started, was_killed},
    follow::{Ear, Heard},
    seats::Seated,
    send::{Delivery, fresh_secret},
};

/// Nothing in a demo takes longer than this, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// The same world for everybody.
const SEED: u64 = 7;

/// When the server is killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kill {
    /// Once half of what the story is about has been cut.
    InTheMiddle,
    /// So many milliseconds after its first start.
    AfterMs(u64),
    /// Once so many entries of the whole journal are durable.
    AtEntry(u64),
    /// Once a simulated platform has done this for the run, before it can say so.
    AtCall(Call),
    /// Not at all.
    Never,
}

/// What a run asks of a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `smtp.send`.
    pub action: String,
    /// True when the request holds its idempotency key: that of a message does, so that it can be found again.
    pub carries_key: bool,
}

/// What to play.
pub struct Play<'a> {
    /// The story.
    pub plot: Plot,
    /// Where.
    pub folders: Folders,
    /// The program `stanch`, which is the server too.
    pub exe: PathBuf,
    /// Who plays.
    pub seats: Seats,
    /// When the server is killed.
    pub kill: Kill,
    /// Whether what was sent can be found again.
    pub markers: Markers,
    /// Requests a second to each platform that is cut; as fast as it goes when absent.
    pub pace: Option<f64>,
    /// Counts the durable entries of a data folder that no server owns.
    pub count: &'a (dyn Fn(&Path) -> Option<u64> + Send + Sync),
    /// The keys under which runs of this data folder, which a server may own, have noted that they are about to do this.
    pub intends: fn(&Path, &str) -> Vec<String>,
}

/// Plays; every beat is told as it happens.
///
/// # Errors
/// When it cannot be played to its end. The server is stopped in any case.
pub async fn play(play: Play<'_>, tell: &mut (dyn FnMut(At) + Send)) -> Result<Verdict, DrillError> {
    let began = Instant::now();
    let secret = fresh_secret();
    let secret_file = play.folders.config.join("alerts.secret");
    play.folders.write("alerts.secret", &secret)?;
    let secret_path = std::path::absolute(&secret_file).unwrap_or(secret_file);
    let configuration = play.plot.configuration(play.pace, play.markers, &secret_path.display().to_string());
    play.folders.write("stanch.yaml", &configuration)?;
    play.folders.write("vendors.yaml", Plot::vendors())?;
    let options = TwinOptions {
        integrations: play.plot.integrations(),
        world: play.plot.world(),
        seed: SEED,
        ..TwinOptions::default()
    };
    let twins = TwinHost::start(options).await?;
    play.plot.limits(play.markers).iter().try_for_each(|change| twins.change(change))?;
    let victim = Victim::of(&play, &twins);
    let program = Program {
        exe: play.exe.clone(),
        folders: play.folders.clone(),
        twins: twins.addr(),
        mail: twins.mail_addr(),
        clock: None,
        listen: None,
    };
    let alert = play.plot.alert(&ulid::Ulid::generate().to_string(), jiff::Timestamp::now());
    let mut stage = Stage {
        play,
        began,
        tell,
        twins,
        program,
        alert,
        secret,
        heard: Heard::default(),
        run: None,
        cursor: None,
        sent: false,
        told: HashSet::new(),
        answered: HashSet::new(),
        killed: None,
        lives: 0,
        first_start: began,
        victim,
    };
    let verdict = stage.perform().await;
    let stopped = stage.twins.stop().await;
    let verdict = verdict?;
    stopped?;
    Ok(verdict)
}

/// Everything that lives longer than one life of the server.
struct Stage<'a, 'b> {
    play: Play<'a>,
    began: Instant,
    tell: &'b mut (dyn FnMut(At) + Send),
    twins: TwinHost,
    program: Program,
    alert: Delivery,
    secret: String,
    heard: Heard,
    /// The run that the server said the alert started.
    run: Option<String>,
    cursor: Option<String>,
    /// The alert was sent at least once.
    sent: bool,
    /// Waits of which the audience has heard.
    told: HashSet<String>,
    /// Waits whose answers the server has.
    answered: HashSet<String>,
    killed: Option<KilledAt>,
    lives: u32,
    first_start: Instant,
    victim: Victim,
}

/// How a life of the server ended.
enum Life {
    /// The run is over.
    Ended(Box<Server>),
    /// SIGKILL.
    Killed,
}

impl Stage<'_, '_> {
    async fn perform(&mut self) -> Result<Verdict, DrillError> {
        self.say(Beat::Twins {
            platforms: self.play.plot.integrations().into_keys().collect(),
            addr: self.twins.addr().to_string(),
            app: self.play.plot.subject().to_owned(),
            grants: self.play.plot.grants(),
        });
        let server = loop {
            self.lives += 1;
            match self.live().await? {
                Life::Ended(server) => break server,
                Life::Killed => self.mourn(),
            }
        };
        server.stop().await?;
        self.say(Beat::Stopped);
        if self.killed.is_none() && self.play.kill != Kill::Never {
            let why = "the run was over before that moment came".to_owned();
            self.say(Beat::NotKilled { why });
        }
        let data = &self.play.folders.data;
        Ok(Verdict {
            entries: (self.play.count)(data),
            restarts: self.lives - 1,
            killed_at: self.killed.clone(),
            data: data.display().to_string(),
            ..Verdict::of(&self.heard.run, &self.twins.summary())
        })
    }

    /// One life of the server, from its start to its end or the run's.
    async fn live(&mut self) -> Result<Life, DrillError> {
        let first = self.lives == 1;
        let (kill, start) = (self.play.kill.clone(), Instant::now());
        if first {
            self.first_start = start;
        }
        let entry = match kill {
            Kill::AtEntry(entry) if first => Some(entry),
            _ => None,
        };
        let mut timer = None;
        let born = |pid: u32| {
            self.victim.is(pid);
            if let (Kill::AfterMs(ms), true) = (kill, first) {
                timer = Some(Timer::start(pid, Duration::from_millis(ms)));
            }
        };
        let Started::Ready(mut server) = self.program.start(entry, born).await? else {
            return Ok(Life::Killed);
        };
        self.say(Beat::Serving { life: self.lives, url: server.url.clone(), pid: server.pid });
        let life = self.watch(&mut server).await?;
        // From here on the server may only end by itself.
        drop(timer);
        Ok(match life {
            true => Life::Ended(server),
            false => Life::Killed,
        })
    }

    /// Watches a server until the run is over (true) or it is dead (false).
    async fn watch(&mut self, server: &mut Server) -> Result<bool, DrillError> {
        let seated = Seated::at(&server.url, &self.play.seats, self.play.plot);
        let seated = seated.map_err(|source| refused("the server's address", source))?;
        if self.run.is_none() && !self.deliver(&seated).await? {
            return self.dead(server).await.map(|()| false);
        }
        let Some(run) = self.run.clone() else { return Ok(false) };
        let mut ear = Ear::new(seated.client(), &run, self.cursor.take());
        // The life before may have died over an answer: what waits then makes no entry any more.
        self.answer(&seated).await?;
        loop {
            let entry = tokio::select! {
                biased;
                entry = ear.next() => entry,
                status = server.gone() => {
                    self.cursor = ear.cursor();
                    let status = status?;
                    return if was_killed(status) { Ok(false) } else { Err(self.program.died(&status.to_string())) };
                }
                () = tokio::time::sleep(PATIENCE) => return Err(self.stuck()),
            };
            let entry = entry.map_err(|source| refused("following the run", source))?;
            if !self.heard.take(&entry) {
                continue;
            }
            self.narrate(&entry);
            self.stands()?;
            if self.heard.run.state == RunState::Ended {
                return Ok(true);
            }
            if self.is_the_middle() {
                self.cursor = ear.cursor();
                server.kill();
                return self.dead(server).await.map(|()| false);
            }
            self.answer(&seated).await?;
        }
    }

    /// Sends the alert; false when the server died over it.
    async fn deliver(&mut self, seated: &Seated) -> Result<bool, DrillError> {
        let (source, title) = (self.alert.source.to_owned(), self.alert.title.clone());
        self.say(Beat::Alert { source, title, again: self.sent });
        self.sent = true;
        let receipt = match self.alert.send(seated.client(), &self.secret).await {
            Ok(receipt) => receipt,
            Err(ClientError::Unreachable { .. }) => return Ok(false),
            Err(source) => return Err(refused("the alert", source)),
        };
        let taken = receipt.alerts.iter().find(|alert| !alert.runs.is_empty());
        let Some((alert, run)) = taken.and_then(|alert| Some((alert, alert.runs.first()?))) else {
            return Err(DrillError::NoRun(receipt.ignored.unwrap_or_else(|| "no trigger fired".to_owned())));
        };
        self.say(Beat::Acknowledged {
            duplicate: receipt.duplicate,
            incident: alert.incident.clone(),
            run: run.clone(),
        });
        self.run = Some(run.clone());
        Ok(true)
    }

    /// Answers what waits for a person. What was recorded is durable: no later life needs to hear it again.
    async fn answer(&mut self, seated: &Seated) -> Result<(), DrillError> {
        let open = |wait: &&WaitView| wait.kind.needs_person() && !self.answered.contains(&wait.id);
        let waits: Vec<WaitView> = self.heard.run.open_waits().filter(open).cloned().collect();
        for wait in waits {
            let deed = seated.answer(&wait, &self.heard, &self.twins).await;
            let deed = deed.map_err(|source| refused(&format!("the answer to {}", wait.id), source))?;
            if deed.recorded {
                self.answered.insert(wait.id);
            }
            deed.beats.into_iter().for_each(|beat| self.say(beat));
        }
        Ok(())
    }

    /// True once, when half of what the story is about has been cut.
    fn is_the_middle(&self) -> bool {
        if self.play.kill != Kill::InTheMiddle || self.killed.is_some() || self.lives > 1 {
            return false;
        }
        let heart = self.play.plot.heart();
        let total: usize = self
            .heard
            .run
            .waits
            .iter()
            .filter(|wait| wait.name != "revoke-by-hand")
            .map(|wait| wait.targets.iter().filter(|target| target.kind == heart).count())
            .max()
            .unwrap_or(0);
        let cut = self.cut(Some(heart));
        total > 0 && cut >= (total / 2).max(1)
    }

    /// How many targets (of this kind) the platforms said yes to.
    fn cut(&self, kind: Option<&str>) -> usize {
        let done =
            [TargetState::Accepted, TargetState::Verified, TargetState::Residual, TargetState::Attested];
        let targets = self.heard.run.targets.values();
        targets
            .filter(|view| done.contains(&view.state) && kind.is_none_or(|kind| view.target.kind == kind))
            .count()
    }

    /// A server that is dying or was killed: waits for its end.
    async fn dead(&self, server: &mut Server) -> Result<(), DrillError> {
        let status = match tokio::time::timeout(PATIENCE, server.gone()).await {
            Ok(status) => status?,
            Err(_) => return Err(self.stuck()),
        };
        if was_killed(status) { Ok(()) } else { Err(self.program.died(&status.to_string())) }
    }

    /// Writes down when and where it died.
    fn mourn(&mut self) {
        let killed = KilledAt {
            after_ms: ms(self.first_start.elapsed()),
            entries: (self.play.count)(&self.play.folders.data),
            phase: self.heard.run.phase.clone(),
            cut: self.cut(None),
        };
        self.killed.get_or_insert_with(|| killed.clone());
        self.say(Beat::Killed(killed));
    }

    /// A run that no seat can help ends the drill.
    fn stands(&self) -> Result<(), DrillError> {
        let run = &self.heard.run;
        match run.state {
            RunState::Diverged | RunState::Suspect | RunState::Limited => {
                Err(DrillError::Stands { state: run.state.as_str().to_owned(), why: run.why.clone() })
            }
            _ => Ok(()),
        }
    }

    fn stuck(&self) -> DrillError {
        let run = &self.heard.run;
        let what = if run.why.is_empty() {
            format!("the run, which is {}", run.state.as_str())
        } else {
            run.why.clone()
        };
        DrillError::Stuck { what, patience: PATIENCE, words: self.play.folders.last_words() }
    }

    fn say(&mut self, beat: Beat) {
        (self.tell)(At { at_ms: ms(self.began.elapsed()), beat });
    }
}

fn refused(what: &str, source: ClientError) -> DrillError {
    DrillError::Refused { what: what.to_owned(), source }
}

fn ms(passed: Duration) -> u64 {
    u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
}
