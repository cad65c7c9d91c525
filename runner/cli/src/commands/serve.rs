//! `stanch serve`: journal, engine and HTTP server in one process, until a signal drains it.

mod leash;
mod log;

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::json;
use stanch_engine::{Clock, Engine, EngineOptions, Patience, WallClock};
use stanch_integrations::{Integrations, ScenarioClock, Transport};
use stanch_journal::{Journal, KeySource, LocalJournal, Options, Signer};
use stanch_model::{Level, api::Stage, config::Current, run::Mode};
use stanch_response::credential::Reference;
use stanch_server::{Files, ResponseDesk, Running, Server, ServerOptions, Tokens};

use self::{leash::Leash, log::LogArgs};
use super::journal::copies::{self, Restored};
use crate::{
    diagnose,
    exit::Exit,
    ground::GroundArgs,
    out::Out,
    place::{Place, PlaceArgs},
    said::Said,
    setup::{self, Setup},
};

/// Take alerts, run playbooks, keep the journal
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: PlaceArgs,
    /// The address to listen on; `server.listen` of the configuration unless given
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Come up without acting: every run stands until `stanch resume --all`
    #[arg(long)]
    paused: bool,
    #[command(flatten)]
    ground: GroundArgs,
    #[command(flatten)]
    log: LogArgs,
    /// Stop when standard input ends: a server that must not outlive whoever started it
    #[arg(long, hide = true)]
    leash: bool,
    /// Live by a scenario's clock, which whoever holds the leash tells by lines on standard input
    #[arg(long, hide = true, requires_all = ["leash", "twins"])]
    clock: bool,
    /// Die by SIGKILL as soon as so many entries of the whole journal are durable: for drills and tests
    #[arg(long, value_name = "N", env = "STANCH_KILL_AT_ENTRY", hide = true)]
    kill_at_entry: Option<u64>,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// When a file has a mistake, the data folder cannot be had, or the address is taken.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    args.log.begin()?;
    // From now on a hangup ends nothing, whenever it comes.
    let hangups = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    let place = args.place.place()?;
    let setup = setup::load_or_refuse(&place.config, out)?;
    let mode = if args.ground.is_simulated() { Mode::Drill } else { Mode::Live };
    let mut leash = Leash::hold(args.leash, args.clock).await?;
    let transport = args.ground.transport(leash.clock())?;
    let mistakes = setup.review(&place.config, &transport);
    mistakes.show(out);
    if mistakes.refuse() {
        let said = Said::new(format!("{}: {}", place.config.display(), diagnose::count(&mistakes.found)));
        return Err(said
            .help("mend the file; `stanch explain CODE` says more about each")
            .exit(Exit::No)
            .into());
    }
    warn_of_own(&setup, &place, out);
    warn_of_unheard(&setup, out);
    let journal = Arc::new(open(&place, &setup, leash.clock())?);
    if let Some(entry) = args.kill_at_entry {
        die_at(entry, journal.as_ref());
    }
    let restored = copies::restored(&place.data);
    let paused = args.paused || restored.is_some();
    let (engine, clock) = engine(paused, transport, &setup, &journal, mode, leash.clock())?;
    if let Some(restored) = &restored {
        stand(&engine, &place, restored, out).await?;
    }
    leash.lead(&engine);
    warn_of_unpromoted(&engine, mode, out);
    let running = serve(&args, &place, &setup, engine, journal.clone(), clock, mode).await?;
    announce(&running, &place, mode, paused, out);
    tokio::select! {
        stopped = super::twins::stopped() => stopped?,
        () = leash.let_go() => {}
        () = reloading(&running, hangups, out) => {}
    }
    out.aside("draining: requests that are out come back and are journaled");
    running.shutdown().await;
    drop(journal);
    out.line(&json!({ "stopped": true }));
    Ok(Exit::Yes)
}

/// Reads the configuration anew whenever SIGHUP comes.
async fn reloading(running: &Running, mut hangups: tokio::signal::unix::Signal, out: Out) {
    while hangups.recv().await.is_some() {
        match running.reload("SIGHUP").await {
            Ok(reloaded) => out.aside(&super::config::words(&reloaded)),
            Err(why) => {
                out.aside(&format!("the configuration is not reloaded, the old one is in force: {why}"))
            }
        }
    }
}

/// Reads the configuration with all its checks; what is wrong with it as lines.
fn reader(config: std::path::PathBuf) -> stanch_server::Reader {
    Arc::new(move || {
        let (setup, mistakes) = setup::load(&config);
        let setup = setup.ok_or_else(|| mistakes.lines())?;
        signer(&setup).map_err(|why| vec![why.to_string()])?;
        Ok((*setup.config).clone())
    })
}

/// A server that does not come up contains nothing, so this refuses nothing; but nobody shall learn it in the night.
fn warn_of_own(setup: &Setup, place: &Place, out: Out) {
    let own = setup.own(&place.config);
    if !own.found.is_empty() {
        own.show(out);
        let count = diagnose::count(&own.found);
        out.aside(&format!("WARNING: {count} in your playbooks: a run that comes to one fails there"));
    }
}

/// As above.
fn warn_of_unheard(setup: &Setup, out: Out) {
    let mut places = BTreeMap::<String, usize>::new();
    for one in setup.unheard(Level::Warning).found {
        *places.entry(one.message).or_default() += 1;
    }
    for (what, places) in places {
        let times = if places == 1 { "once".to_owned() } else { format!("in {places} places") };
        out.aside(&format!(
            "WARNING: {what}, and playbooks that alerts start page it {times}: add it to `tell:` (`stanch check` shows where)"
        ));
    }
}

/// An alert opens their runs, and these stand.
fn warn_of_unpromoted(engine: &Engine, mode: Mode, out: Out) {
    let library = engine.library();
    let may_start = library.all().filter(|playbook| !playbook.manifest.start.is_empty());
    let drafts = may_start.filter(|playbook| engine.standing(playbook).stage != Stage::Promoted);
    let drafts: Vec<&str> = drafts.map(|playbook| playbook.slug.as_str()).collect();
    if mode == Mode::Live && !drafts.is_empty() {
        out.aside(&format!(
            "WARNING: alerts open runs of {}, but these wait for a person: nobody has promoted the versions that are here (`stanch playbooks promote`)",
            drafts.join(", ")
        ));
    }
}

fn open(place: &Place, setup: &Setup, clock: Option<&Arc<ScenarioClock>>) -> anyhow::Result<LocalJournal> {
    let mut options = Options::new(KeySource::File(place.vault_key.clone()));
    options.signer = signer(setup)?.map(Arc::new);
    if let Some(clock) = clock.cloned() {
        options.time =
            Arc::new(move || Duration::from_millis(u64::try_from(clock.now_ms()).unwrap_or_default()));
    }
    LocalJournal::open(&place.data, options).map_err(super::journal::broken)
}

/// The key that signs checkpoints: a server that shall sign and cannot does not come up.
pub(super) fn signer(setup: &Setup) -> anyhow::Result<Option<Signer>> {
    let Some(reference) = &setup.config.journal.sign else { return Ok(None) };
    let found = reference.parse::<Reference>().map_err(|why| why.to_string());
    let found = found.and_then(|reference| reference.resolve().map_err(|why| why.to_string()));
    let signer = found.and_then(|secret| Signer::read(secret.expose()).map_err(|why| why.to_string()));
    signer.map(Some).map_err(|why| {
        Said::new(format!("journal.sign: {why}"))
            .help("`stanch journal key FILE` makes a key; `journal: sign: file:FILE` names it")
            .into()
    })
}

/// A folder that was restored knows less than the platforms: nothing of it goes on before a person has looked.
async fn stand(engine: &Engine, place: &Place, restored: &Restored, out: Out) -> anyhow::Result<()> {
    engine.pause_scope("all", true, "restore").await?;
    copies::is_known(&place.data)?;
    out.aside(&format!(
        "WARNING: this data folder was restored from {} and knows nothing of what happened after {}: the platforms may be ahead of it. Everything is paused; look at `stanch runs --open` and at the platforms, then `stanch resume --all`",
        restored.from,
        crate::when::at(&restored.until)
    ));
    Ok(())
}

/// Exactly at the entry: the hook runs on the thread that has just synced it, before anybody is told.
fn die_at(entry: u64, journal: &LocalJournal) {
    let die = move |durable: u64| {
        if durable >= entry {
            let own = rustix::process::getpid();
            let _never = rustix::process::kill_process(own, rustix::process::Signal::KILL);
        }
    };
    journal.on_durable(Arc::new(die));
    die(journal.durable());
}

fn engine(
    paused: bool,
    transport: Transport,
    setup: &Setup,
    journal: &Arc<LocalJournal>,
    mode: Mode,
    scenario: Option<&Arc<ScenarioClock>>,
) -> anyhow::Result<(Engine, Arc<dyn Clock>)> {
    let configured = &setup.config.integrations;
    let integrations = Integrations::new(setup.catalog.clone(), configured, transport, journal.vault())
        .map_err(|found| {
            let shown = diagnose::render(&found, &diagnose::Sources::new(), Out::colour_on_stderr());
            Said::new(format!("the integrations cannot be used\n{shown}")).exit(Exit::No)
        })?;
    let current = Current::from(setup.config.clone());
    let desk = ResponseDesk {
        register: setup.register.clone(),
        deadlines: setup.deadlines.clone(),
        config: current.clone(),
    };
    let clock: Arc<dyn Clock> = match scenario {
        Some(clock) => Arc::new(clock.clone()),
        None => Arc::new(WallClock),
    };
    let engine = Engine::start(EngineOptions {
        journal: journal.clone(),
        integrations,
        library: setup.library.clone(),
        config: current,
        desk: Arc::new(desk),
        clock: clock.clone(),
        mode,
        paused,
        // What is rehearsed goes in the same order every time, and so from one thread.
        shards: match scenario {
            Some(_) => 1,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        },
        patience: if scenario.is_some() { rehearsed() } else { Patience::default() },
        in_process: None,
    })?;
    Ok((engine, clock))
}

async fn serve(
    args: &Args,
    place: &Place,
    setup: &Setup,
    engine: Engine,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    mode: Mode,
) -> anyhow::Result<Running> {
    let listen = match args.listen {
        Some(listen) => listen,
        None => setup.config.server.listen.parse().map_err(|_| {
            Said::new(format!("`{}` is no address", setup.config.server.listen)).help("write 127.0.0.1:7300")
        })?,
    };
    let options = ServerOptions {
        listen: Some(listen),
        data: Some(place.data.clone()),
        config: engine.config().clone(),
        engine,
        journal,
        secrets: std::collections::BTreeMap::new(),
        register: setup.register.clone(),
        tokens: Arc::new(Tokens::open(&place.data)?),
        clock,
        mode,
        files: Files::seen(setup::files(&place.config, &setup.config)).read_by(reader(place.config.clone())),
    };
    let running = Server::start(options).await;
    running.map_err(|error| {
        let help = "another program may have the address: name a free one with --listen, or mend `alerts:`";
        anyhow::Error::new(error).context(Said::new("the server does not start").help(help))
    })
}

fn announce(running: &Running, place: &Place, mode: Mode, paused: bool, out: Out) {
    let url = running.addr.map(|addr| format!("{}://{addr}", running.scheme));
    out.line(&json!({
        "serving": url, "socket": running.socket, "data": place.data, "pid": std::process::id(), "paused": paused,
    }));
    let what = match mode {
        Mode::Live => "LIVE: actions are real",
        _ => "DRILL: simulated platforms, nothing leaves this machine",
    };
    out.text(&format!("stanch serves at {}, data in {}", url.unwrap_or_default(), place.data.display()));
    out.text(what);
    if paused {
        out.text("paused: nothing acts until `stanch resume --all`");
    }
}

/// On a scenario's clock. Nothing leaves memory: a run that waits for an hour may be due in a moment. What has no answer
/// by then never gets one from a platform on this machine.
fn rehearsed() -> Patience {
    let day = Duration::from_secs(86_400);
    Patience { park: day, call: Duration::from_secs(8), ..Patience::default() }
}
