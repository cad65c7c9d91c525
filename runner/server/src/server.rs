//! Starting and stopping.

use std::{collections::BTreeMap, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use stanch_engine::{Clock, Engine};
use stanch_integrations::{Integrations, source::Source};
use stanch_journal::{Journal, JournalError};
use stanch_model::{api::Reloaded, config::Current, run::Mode};
use stanch_response::{
    Register,
    credential::{Reference, Secret},
};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    Files, Tokens,
    app::{App, Parts, Shared},
    heart::Heart,
    house,
    link::Links,
    listen::{self, Serving},
    login::Logins,
    metrics::Metrics,
    notices::{self, Keeper, Notices},
    poll,
    reload::{self, NotReloaded},
    retention, routes, siem,
    tell::{self, Teller},
    tls::Tls,
};

/// What a server is made of.
pub struct ServerOptions {
    /// Where to listen for HTTP; `None` for the socket alone. Port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// The data folder: tokens and the socket lie there. `None` keeps the socket closed.
    pub data: Option<PathBuf>,
    /// Takes alerts and answers.
    pub engine: Engine,
    /// Read and followed.
    pub journal: Arc<dyn Journal>,
    /// Alert sources, limits, `tell:`.
    pub config: Current,
    /// The secrets of alert sources that are known already; all others are found by their references.
    pub secrets: BTreeMap<String, Secret>,
    /// The vendor register, to be shown.
    pub register: Register,
    /// Whose tokens are taken.
    pub tokens: Arc<Tokens>,
    /// The engine's clock.
    pub clock: Arc<dyn Clock>,
    /// The engine's mode.
    pub mode: Mode,
    /// What the configuration was read from: the status says which of it has changed since.
    pub files: Files,
}

/// Why a server did not start, or did not stop cleanly.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// An address or the socket could not be had.
    #[error("cannot listen on {at}: {source}")]
    Listen {
        /// Where.
        at: String,
        /// Why.
        source: io::Error,
    },
    /// Alert sources that could never accept anything.
    #[error("{}", .0.join("\n"))]
    Sources(Vec<String>),
    /// The listener's certificate could not be had.
    #[error("`server.tls`: {0}")]
    Tls(String),
    /// The key of links could not be had.
    #[error("{0}")]
    Links(String),
    /// The login provider of the configuration cannot be one.
    #[error("{0}")]
    Logins(String),
    /// The signing secret of Slack could not be had.
    #[error("the signing secret of `server.slack` could not be read: {0}")]
    Slack(String),
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// The server.
pub struct Server;

/// A server at work.
pub struct Running {
    /// The address it listens on, with the port it was given.
    pub addr: Option<SocketAddr>,
    /// `https` where that address speaks TLS, or else `http`.
    pub scheme: &'static str,
    /// The socket it listens on.
    pub socket: Option<PathBuf>,
    engine: Engine,
    app: Shared,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Starts serving. Needs a multi-threaded tokio runtime around it.
    ///
    /// # Errors
    /// When an address cannot be had, or an alert source could never accept anything.
    pub async fn start(mut options: ServerOptions) -> Result<Running, ServerError> {
        house::note(&options.config, options.journal.clone(), crate::clock::now(&options.clock)).await;
        let secrets = std::mem::take(&mut options.secrets);
        let sources = sources(&options.config, options.engine.integrations(), secrets).await?;
        let (stop, stopping) = watch::channel(false);
        let table = routes::all();
        let metrics = Arc::new(Metrics::default());
        let (heart, pulses) = Heart::of(&options.engine, &options.journal, &options.config, &metrics);
        let links = Links::open(options.data.as_deref(), options.config.server.public.as_deref());
        let links = Arc::new(links.map_err(ServerError::Links)?);
        let logins = Logins::of(&options.config, options.mode).map_err(ServerError::Logins)?;
        let notices = Notices::open(&options.journal, crate::clock::now(&options.clock)).await?;
        let told = Arc::new(tell::Told::default());
        let keeper = keeper(&options, &metrics, &notices);
        let copiers =
            siem::copiers(&options.config, &options.journal, options.engine.integrations(), options.mode)?;
        let app = Arc::new(App::new(Parts {
            engine: options.engine.clone(),
            journal: options.journal.clone(),
            config: options.config.clone(),
            register: options.register.clone(),
            notices,
            told: told.clone(),
            sources,
            tokens: options.tokens.clone(),
            clock: options.clock.clone(),
            mode: options.mode,
            files: options.files.clone(),
            data: options.data.clone(),
            stopping: stopping.clone(),
            metrics: metrics.clone(),
            pulses,
            links: links.clone(),
            logins,
            slack: slack(&options.config).await?,
            copies: copiers.iter().map(siem::Copier::figures).collect(),
            description: routes::describe(&table),
        }));
        let mut tasks = JoinSet::new();
        for (app, log) in poll::logs(&app) {
            tasks.spawn(poll::work(app, log));
        }
        for copier in copiers {
            tasks.spawn(copier.work(stopping.clone()));
        }
        if options.mode == Mode::Live {
            tasks.spawn(retention::work(options.journal.clone(), options.config.clone(), stopping.clone()));
        }
        let shared = app.clone();
        let serving = Serving::new(routes::router(table, &app), app, stopping.clone());
        let Doors { addr, scheme, socket } = doors(&options, serving, &mut tasks).await?;
        let teller = Teller::new(tell::Parts {
            engine: options.engine.clone(),
            journal: options.journal,
            config: options.config,
            register: options.register,
            clock: options.clock,
            mode: options.mode,
            metrics,
            links,
            told,
        })?;
        if let Some(heart) = heart {
            tasks.spawn(heart.work(stopping.clone()));
        }
        tasks.spawn(keeper.work(stopping.clone()));
        tasks.spawn(write_uses(options.tokens, stopping.clone()));
        tasks.spawn(teller.work(stopping));
        Ok(Running { addr, scheme, socket, engine: options.engine, app: shared, stop, tasks })
    }
}

/// Writes down now and then, and at the end, when tokens were last used.
async fn write_uses(tokens: Arc<Tokens>, mut stopping: watch::Receiver<bool>) {
    let mut over = false;
    while !over {
        over = tokio::time::timeout(USES, stopping.wait_for(|stop| *stop)).await.is_ok();
        let tokens = tokens.clone();
        let written = tokio::task::spawn_blocking(move || tokens.write_uses()).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "when tokens were last used is not written down");
        }
    }
}

/// Where the server can be reached.
struct Doors {
    addr: Option<SocketAddr>,
    scheme: &'static str,
    socket: Option<PathBuf>,
}

/// Opens the listener and the socket.
async fn doors(
    options: &ServerOptions,
    serving: Serving,
    tasks: &mut JoinSet<()>,
) -> Result<Doors, ServerError> {
    let tls = match options.config.server.tls.clone() {
        Some(tls) => Some(Tls::open(tls).await.map_err(ServerError::Tls)?),
        None => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut doors = Doors { addr: None, scheme, socket: None };
    if let Some(listen) = options.listen {
        let failed = |source| ServerError::Listen { at: listen.to_string(), source };
        let listener = listen::bind(listen).await.map_err(failed)?;
        doors.addr = Some(listener.local_addr().map_err(failed)?);
        tasks.spawn(serving.clone().net(listener, tls));
    }
    if let Some(data) = &options.data {
        let failed =
            |source| ServerError::Listen { at: data.join(listen::SOCKET).display().to_string(), source };
        let (listener, path) = listen::bind_socket(data).map_err(failed)?;
        tasks.spawn(serving.local(listener));
        doors.socket = Some(path);
    }
    Ok(doors)
}

fn keeper(options: &ServerOptions, metrics: &Arc<Metrics>, notices: &Arc<Notices>) -> Keeper {
    Keeper::new(notices::Parts {
        engine: options.engine.clone(),
        journal: options.journal.clone(),
        config: options.config.clone(),
        register: options.register.clone(),
        clock: options.clock.clone(),
        mode: options.mode,
        metrics: metrics.clone(),
        notices: notices.clone(),
    })
}

/// How often it is written when tokens were last used.
const USES: Duration = Duration::from_secs(60);

/// How long connections may take to end what they are at.
const PATIENCE: Duration = Duration::from_secs(20);

impl Running {
    /// Reads the configuration anew.
    ///
    /// # Errors
    /// When it has mistakes: the old one stays in force.
    pub async fn reload(&self, by: &str) -> Result<Reloaded, NotReloaded> {
        reload::reload(&self.app, by).await
    }

    /// Takes nothing new, lets what is in flight end, and returns when all is durable.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let ending = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, ending).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        self.engine.drain().await;
        if let Some(socket) = &self.socket {
            let _ = std::fs::remove_file(socket);
        }
    }

    /// Serves until SIGTERM or SIGINT, then drains.
    ///
    /// # Errors
    /// When signals cannot be listened for.
    pub async fn until_signal(self) -> io::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
        tracing::info!("draining");
        self.shutdown().await;
        Ok(())
    }
}

/// Binds every configured source to its secret. Commands may run for it, so it has a thread of its own.
async fn sources(
    config: &Current,
    integrations: &Integrations,
    known: BTreeMap<String, Secret>,
) -> Result<BTreeMap<String, Source>, ServerError> {
    let (config, integrations) = (config.clone(), integrations.clone());
    let bound = tokio::task::spawn_blocking(move || {
        let mut bound = BTreeMap::new();
        let mut mistakes = Vec::new();
        for (name, source) in &config.alerts {
            let secret = match (known.get(name), &source.secret) {
                (Some(secret), _) => Ok(Some(secret.clone())),
                (None, Some(reference)) => find(reference).map(Some),
                (None, None) => Ok(None),
            };
            let source = secret.and_then(|secret| {
                let secret = secret.as_ref().map(Secret::expose);
                integrations.catalog().source(name, source.clone(), secret).map_err(|why| why.to_string())
            });
            match source {
                Ok(source) => drop(bound.insert(name.clone(), source)),
                Err(why) => mistakes.push(format!("the alert source `{name}` can accept nothing: {why}")),
            }
        }
        if mistakes.is_empty() { Ok(bound) } else { Err(mistakes) }
    });
    match bound.await {
        Ok(bound) => bound.map_err(ServerError::Sources),
        Err(_) => {
            Err(ServerError::Sources(vec!["the secrets of alert sources could not be read".to_owned()]))
        }
    }
}

/// What Slack signs presses with. A command may run for it, so it has a thread of its own.
async fn slack(config: &Current) -> Result<Option<Secret>, ServerError> {
    let Some(slack) = config.server.slack.clone() else { return Ok(None) };
    let found = tokio::task::spawn_blocking(move || find(&slack.secret)).await;
    found
        .unwrap_or_else(|_| Err("it could not be looked up".to_owned()))
        .map(Some)
        .map_err(ServerError::Slack)
}

fn find(reference: &str) -> Result<Secret, String> {
    let reference: Reference =
        reference.parse().map_err(|why: stanch_response::credential::NotAReference| why.to_string())?;
    reference.resolve().map_err(|why| why.to_string())
}
