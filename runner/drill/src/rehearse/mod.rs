//! Playing a scenario: twins up, server up as our child, and then turn by turn: what is due happens, empty seats speak, the
//! clock goes on.
//!
//! With `auto` the clock stands while anything is at work, and jumps to the next moment at which something can happen.

mod people;
mod set;
mod turn;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use serde::Serialize;
use stanch_client::Client;
use stanch_integrations::Catalog;
use stanch_model::{api::SeatKind, run::RunView};
use stanch_playbooks::Library;
use tokio::sync::watch;

use self::set::Set;
pub use self::set::load;
use crate::{
    DrillError, Folders,
    child::{Program, Rest, Server, Started},
    company::{self, Person},
    control::{Codes, Door, Floor, KeptSeats, Offer, Parts},
    record::{Line, Record},
    scenario::{Found, Known},
    score::Score,
};

/// Nothing on this machine takes longer, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a clock that runs is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// What to play.
pub struct Rehearsal<'a> {
    /// The scenario's file.
    pub found: Found,
    /// Where.
    pub folders: Folders,
    /// The program `stanch`, which is the server too.
    pub exe: PathBuf,
    /// Makes a token for one of the company's people.
    pub token: &'a (dyn Fn(&Person) -> Result<String, String> + Sync),
    /// The playbooks.
    pub library: &'a Library,
    /// The platforms.
    pub catalog: &'a Catalog,
    /// Nobody plays: the clock jumps, stand-ins speak for every seat.
    pub auto: bool,
    /// Seconds of the scenario for one of the wall, where people play.
    pub speed: f64,
    /// The seat that whoever started it keeps for themselves: nobody stands in there, from the start.
    pub seat: Option<SeatKind>,
    /// Improvements that are open about the playbook: every seat reads them in its briefing, and what tests them comes first.
    pub open: Vec<Improvement>,
    /// Turns true when whoever started it leaves; nothing where nobody sits at this terminal.
    pub leave: Option<watch::Receiver<bool>>,
}

/// An improvement that is still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Improvement {
    /// In a line.
    pub text: String,
    /// The condition that was not met, and tests it.
    pub that: String,
}

/// What an audience hears of it, one thing at a time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "beat", rename_all = "snake_case")]
pub enum News {
    /// Seats can be taken.
    Doors {
        /// Every seat and how to sit down there.
        seats: Vec<Offer>,
        /// The seat that whoever started it keeps.
        #[serde(skip)]
        host: Option<Offer>,
    },
    /// The server takes alerts.
    Serving {
        /// 1, or more after a kill.
        life: u32,
        /// Where.
        url: String,
    },
    /// How a run came out: the same on every play of the same scenario with the same seed.
    Run {
        /// Its playbook.
        playbook: String,
        /// Its second word.
        containment: Option<stanch_model::Containment>,
        /// Every cut target with its state.
        targets: BTreeMap<String, stanch_model::TargetState>,
        /// Every step by its address: `ok`, or the kind of its error.
        steps: BTreeMap<String, String>,
    },
    /// Something stands in the drill's record now.
    Record {
        /// Seconds since the start, on the scenario's clock.
        at_s: i64,
        /// In a line.
        text: String,
        /// What.
        line: Line,
    },
}

/// How it came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// The scenario.
    pub drill: String,
    /// See [`Score`].
    #[serde(flatten)]
    pub score: Score,
    /// Why it ended: `met`, `time`, `nothing left`, `stopped`.
    pub why: String,
    /// How long it took on the scenario's clock, seconds.
    pub took_s: i64,
    /// The incidents of it.
    pub incidents: Vec<String>,
    /// The server's data folder.
    pub data: String,
}

/// Plays; everything is told as it happens.
///
/// # Errors
/// When it cannot be played to its end. The server is stopped in any case.
pub async fn rehearse(
    rehearsal: Rehearsal<'_>,
    tell: &mut (dyn FnMut(News) + Send),
) -> Result<Outcome, DrillError> {
    let set = Set::build(&rehearsal).await?;
    let folder = Record::folder(&rehearsal.folders.data);
    let kept = KeptSeats::read(&folder);
    let program = Program {
        exe: rehearsal.exe.clone(),
        folders: rehearsal.folders.clone(),
        twins: set.twins.addr(),
        mail: set.twins.mail_addr(),
        clock: Some(set.clock.clone()),
        listen: kept.free_server(),
    };
    let door = if rehearsal.auto { None } else { Some(Door::find(kept.door).await?) };
    let (floor, tokens) = floor(&rehearsal, &set, door.as_ref(), &kept)?;
    let seats = KeptSeats { door: door.as_ref().map(|door| door.at), codes: floor.kept_codes(), ..kept };
    seats.write(&folder)?;
    let open = door.map(|door| {
        tell(News::Doors { seats: floor.offers(), host: floor.host() });
        door.open(floor.clone())
    });
    let mut play = Play {
        floor,
        leave: rehearsal.leave.clone(),
        log: None,
        data: rehearsal.folders.data.clone(),
        auto: rehearsal.auto,
        tokens,
        program,
        set,
        tell,
        told: 0,
        life: 0,
        last_due: None,
        seats,
    };
    play.told = play.set.stage.record.lines().len();
    let outcome = play.lives().await;
    drop(open);
    let Play { set, floor, .. } = play;
    drop(floor);
    set.close().await?;
    outcome
}

/// The floor on which seats and play meet, and a token for each of the company's people.
fn floor(
    rehearsal: &Rehearsal<'_>,
    set: &Set,
    door: Option<&Door>,
    kept: &KeptSeats,
) -> Result<(Arc<Floor>, BTreeMap<String, String>), DrillError> {
    let scenario = &set.stage.scenario;
    let token = |person: Person| {
        let name = person.name.to_owned();
        let made = (rehearsal.token)(&person);
        made.map(|token| (name.clone(), token)).map_err(|why| DrillError::Token { name, why })
    };
    let tokens: BTreeMap<String, String> =
        company::people(scenario).into_iter().map(token).collect::<Result<_, _>>()?;
    let at = door.map_or_else(String::new, |door| door.at.to_string());
    let host = rehearsal.leave.as_ref().and(rehearsal.seat);
    let floor = Arc::new(Floor::new(Parts {
        stage: set.stage.clone(),
        twins: set.twins.clone(),
        clock: set.clock.clone(),
        known: Known::of(scenario, rehearsal.catalog, rehearsal.library),
        codes: Codes::new(&company::seats(scenario), host, at, &kept.codes)?,
        tokens: tokens.clone(),
        data: rehearsal.folders.data.display().to_string(),
        rate: rehearsal.speed,
    }));
    if let Some(seat) = rehearsal.seat {
        floor.sits(seat, company::player(seat));
    }
    Ok((floor, tokens))
}

/// Everything that lives longer than one life of the server.
struct Play<'b> {
    set: Set,
    program: Program,
    floor: Arc<Floor>,
    leave: Option<watch::Receiver<bool>>,
    tokens: BTreeMap<String, String>,
    tell: &'b mut (dyn FnMut(News) + Send),
    data: PathBuf,
    auto: bool,
    /// The server's journal, read from beside it.
    log: Option<stanch_journal::Tail>,
    /// Lines of the record that the audience has heard.
    told: usize,
    life: u32,
    last_due: Option<i64>,
    /// What a later supervisor lets people in with.
    seats: KeptSeats,
}

/// One life of the server.
struct Life {
    server: Server,
    clients: BTreeMap<String, Client>,
    /// The change of the clock that the server knows.
    clock: u64,
}

impl Play<'_> {
    /// Lives after lives, until it is over.
    async fn lives(&mut self) -> Result<Outcome, DrillError> {
        loop {
            self.life += 1;
            let stage = self.set.stage.clone();
            let started = self.program.start(None, |pid| stage.lives(pid)).await?;
            let Started::Ready(server) = started else { continue };
            (self.tell)(News::Serving { life: self.life, url: server.url.clone() });
            self.program.listen = server.addr();
            self.keep_seats(server.addr())?;
            let clients = self.clients(&server.url)?;
            self.floor.serving(&server.url);
            let mut life = Life { server: *server, clients, clock: 0 };
            let over = loop {
                match self.turn(&mut life).await? {
                    Turn::Over(why) => break Some(why),
                    Turn::Dead => break None,
                    Turn::Left => return self.leaves(life).await,
                    Turn::Again => {}
                }
            };
            self.listen().await?;
            match over {
                Some(why) => {
                    let mut outcome = self.outcome(&why).await?;
                    self.linger(life, &why).await?;
                    self.listen().await?;
                    outcome.score = self.floor.last_score().unwrap_or(outcome.score);
                    return Ok(outcome);
                }
                None => self.mourn(life).await?,
            }
        }
    }

    /// Screens that lose us look for the server where it was.
    fn keep_seats(&mut self, server: Option<std::net::SocketAddr>) -> Result<(), DrillError> {
        if self.seats.server == server {
            return Ok(());
        }
        self.seats.server = server;
        self.seats.write(&Record::folder(&self.data))
    }

    /// The server is gone: by our hand, or something is wrong.
    async fn mourn(&mut self, mut life: Life) -> Result<(), DrillError> {
        let status = tokio::time::timeout(PATIENCE, life.server.gone()).await;
        let status = status.map_err(|_| self.stuck("the server to end"))??;
        if !crate::child::was_killed(status) {
            return Err(self.program.died(&status.to_string()));
        }
        // What the dead had under way has happened, or never will.
        self.set.twins.quiet().await?;
        Ok(())
    }

    fn clients(&self, url: &str) -> Result<BTreeMap<String, Client>, DrillError> {
        let mut clients = BTreeMap::new();
        for (name, token) in &self.tokens {
            let location = stanch_client::Location::Url { url: url.to_owned(), token: Some(token.clone()) };
            let client =
                Client::connect(location).map_err(|source| refused("the server's address", source))?;
            clients.insert(name.clone(), client);
        }
        Ok(clients)
    }

    fn stuck(&self, what: &str) -> DrillError {
        let words = self.program.folders.last_words();
        DrillError::Stuck { what: what.to_owned(), patience: PATIENCE, words }
    }

    /// Tells what came into the record since. What is told is durable: a drill that goes on after a kill does not tell it again.
    async fn listen(&mut self) -> Result<(), DrillError> {
        let lines = self.set.stage.record.lines();
        if lines.len() > self.told {
            self.set.stage.record.settle().await?;
        }
        let start = self.set.stage.board.lock().start_ms();
        for line in lines.iter().skip(self.told) {
            let Some(text) = self.set.stage.words(line) else { continue };
            let at_s = (line.at_ms().unwrap_or(start) - start) / 1000;
            (self.tell)(News::Record { at_s, text, line: line.clone() });
        }
        self.told = lines.len();
        Ok(())
    }

    async fn outcome(&mut self, why: &str) -> Result<Outcome, DrillError> {
        let stage = self.set.stage.clone();
        let at_ms = self.set.clock.now_ms();
        let score = stage.score();
        stage.record.write(Line::Ended { at_ms, why: why.to_owned(), score: Box::new(score.clone()) });
        self.floor.over(score.clone(), why);
        self.listen().await?;
        let facts = stage.facts.read();
        // Ids of runs differ from play to play, and those of children say nothing of when they began.
        let mut runs: Vec<&RunView> = facts.runs.values().collect();
        runs.sort_by_cached_key(|run| (run.started.clone(), run.playbook.clone(), run.input.to_string()));
        runs.into_iter().for_each(|run| (self.tell)(run_of(run)));
        let mut incidents: Vec<String> = facts.runs.values().filter_map(|run| run.incident.clone()).collect();
        incidents.sort();
        incidents.dedup();
        Ok(Outcome {
            drill: stage.scenario.drill.clone(),
            score,
            why: why.to_owned(),
            took_s: (at_ms - facts.start_ms) / 1000,
            incidents,
            data: self.data.display().to_string(),
        })
    }
}

fn run_of(run: &RunView) -> News {
    let steps = run.steps.values().filter(|step| step.done).map(|step| {
        let word = step.error.as_ref().map_or("ok", |error| error.kind.as_str());
        (step.address.to_string(), word.to_owned())
    });
    News::Run {
        playbook: run.playbook.clone(),
        containment: run.containment,
        targets: run.targets.iter().map(|(key, view)| (key.clone(), view.state)).collect(),
        steps: steps.collect(),
    }
}

/// What a turn came to.
enum Turn {
    /// Something happened, or time went on.
    Again,
    /// The server is dead.
    Dead,
    /// Whoever played is gone.
    Left,
    /// It is over, for this reason.
    Over(String),
}

fn refused(what: &str, source: stanch_client::ClientError) -> DrillError {
    DrillError::Refused { what: what.to_owned(), source }
}

/// A server that rests or not within our patience.
async fn rest(server: &mut Server) -> Option<Rest> {
    tokio::time::timeout(PATIENCE, server.rests()).await.ok()
}
