//! The host: one loopback listener for every platform's twin, one for mail.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{
    ActiveFault, Change, EffectRecord, Fault, RequestRecord, Summary, TwinClock, WallClock, World, catalog,
    http, mail, platform::Platform, seed, shared::Shared, state, summarise, traffic::Traffic, trail::Trail,
};

/// What to simulate.
#[derive(Clone)]
pub struct TwinOptions {
    /// Loopback only; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The mail server's address; loopback only.
    pub mail_listen: SocketAddr,
    /// Configured name to platform: `okta_emea` to `okta`.
    pub integrations: BTreeMap<String, String>,
    /// What the platforms hold at the start.
    pub world: World,
    /// Ids and tokens follow from it: the same seed and world give the same ids.
    pub seed: u64,
    /// The clock of the simulated platforms.
    pub clock: Arc<dyn TwinClock>,
    /// Rate limits per configured name; none where absent.
    pub rates: BTreeMap<String, Rate>,
    /// No list of any platform gives more rows at once: a small world has many pages then.
    pub page: Option<u32>,
    /// Where the state is kept between lives, if anywhere.
    pub state_file: Option<PathBuf>,
    /// Scripts by platform that replace the catalogue's `twin.rhai`.
    pub scripts: BTreeMap<String, String>,
}

impl Default for TwinOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            mail_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            integrations: BTreeMap::new(),
            world: World::default(),
            seed: 1,
            clock: Arc::new(WallClock::default()),
            rates: BTreeMap::new(),
            page: None,
            state_file: None,
            scripts: BTreeMap::new(),
        }
    }
}

/// Called for every request once it is in the ledger, with its body or a mail's whole text: its effect has happened, its
/// answer has not left. The platform waits for it, so it must be short and must not ask the twins anything.
pub type RequestHook = Arc<dyn Fn(&RequestRecord, &[u8]) + Send + Sync>;

/// A rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests per second in the long run.
    pub per_second: f64,
    /// Requests at once.
    pub burst: f64,
}

/// A mail that the simulated server keeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// Its Message-ID without brackets; empty where it has none.
    pub message_id: String,
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The subject line as sent.
    pub subject: String,
    /// Header and body as sent.
    pub text: String,
    /// When it came.
    pub at: Timestamp,
    /// How often a mail with this Message-ID came.
    pub copies: u64,
}

impl Mail {
    /// The same delivery, whatever came after it.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.message_id, &self.to, self.at, &self.text)
            == (&other.message_id, &other.to, other.at, &other.text)
    }
}

/// Why twins cannot run.
#[derive(Debug, thiserror::Error)]
pub enum TwinError {
    /// Twins listen on loopback and nowhere else.
    #[error("twins listen on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The address is taken, or may not be used.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The catalogue has no `twin.rhai` for it.
    #[error("platform `{platform}` of `{integration}` has no twin; there are {known}")]
    NoTwin {
        /// The configured name.
        integration: String,
        /// What was asked for.
        platform: String,
        /// What there is.
        known: String,
    },
    /// A twin's script is wrong.
    #[error("{platform}/twin.rhai: {message}")]
    Script {
        /// Whose script.
        platform: String,
        /// What, with line and column.
        message: String,
    },
    /// There is no such integration, app, table or row to change.
    #[error("{0}")]
    Change(String),
    /// The state file cannot be read or written.
    #[error("{0}: {1}")]
    State(PathBuf, String),
}

/// Running twins. Dropping it stops them too, without waiting and without writing the state file.
pub struct TwinHost {
    addr: SocketAddr,
    mail_addr: SocketAddr,
    shared: Arc<Shared>,
    state_file: Option<PathBuf>,
    tasks: Vec<JoinHandle<()>>,
}

impl TwinHost {
    /// Seeds the platforms (or takes them from the state file) and starts to listen.
    ///
    /// # Errors
    /// An address that is not loopback or is taken, a platform without a twin, a mistake in a script, an unreadable state file.
    pub async fn start(options: TwinOptions) -> Result<Self, TwinError> {
        let listener = listen(options.listen).await?;
        let mail_listener = listen(options.mail_listen).await?;
        let addr = listener.local_addr().map_err(|error| TwinError::Listen(options.listen, error))?;
        let mail_addr =
            mail_listener.local_addr().map_err(|error| TwinError::Listen(options.mail_listen, error))?;
        let state_file = options.state_file.clone();
        let shared = Arc::new(build(options)?);
        if let Some(file) = &state_file {
            state::restore(file, &shared)?;
        }
        let mut tasks = vec![tokio::spawn(keep(http::serve(listener, shared.clone())))];
        tasks.push(tokio::spawn(keep(mail::serve(mail_listener, shared.clone()))));
        if let Some(file) = state_file.clone() {
            tasks.push(tokio::spawn(keep(state::keep(file, shared.clone()))));
        }
        Ok(Self { addr, mail_addr, shared, state_file, tasks })
    }

    /// Where the platforms listen: one address for all.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where the mail server listens.
    pub fn mail_addr(&self) -> SocketAddr {
        self.mail_addr
    }

    /// Every write that a platform executed, in order.
    pub fn effects(&self) -> Vec<EffectRecord> {
        self.shared.ledger.lock().effects().to_vec()
    }

    /// Every request, in order.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.ledger.lock().requests().to_vec()
    }

    /// Adds a hook.
    pub fn on_request(&self, hook: RequestHook) {
        self.shared.hooks.write().push(hook);
    }

    /// What was done twice.
    pub fn summary(&self) -> Summary {
        summarise(self.shared.ledger.lock().requests())
    }

    /// The faults that are on.
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.shared.faults.lock().list()
    }

    /// Switches a fault on. Gives its number.
    pub fn add_fault(&self, fault: Fault) -> u64 {
        self.shared.touched();
        self.shared.faults.lock().add(fault, self.shared.clock.now())
    }

    /// The same, unless what has this name was on before.
    pub fn add_fault_once(&self, name: &str, fault: Fault) {
        self.shared.touched();
        self.shared.faults.lock().add_once(name, fault, self.shared.clock.now());
    }

    /// Switches one fault off, or all (`None`). Gives how many were on.
    pub fn remove_fault(&self, id: Option<u64>) -> usize {
        self.shared.touched();
        self.shared.faults.lock().remove(id)
    }

    /// Changes the world from outside.
    ///
    /// # Errors
    /// When there is no such integration, app, table or row.
    pub fn change(&self, change: &Change) -> Result<(), TwinError> {
        self.shared.change(change)
    }

    /// The same before the next request is served: what a hook may ask for while a platform waits for it.
    pub fn change_soon(&self, change: Change) {
        self.change_soon_once("", change);
    }

    /// The same, unless what has this name was changed before: in this life, or in one whose state we began with.
    pub fn change_soon_once(&self, name: &str, change: Change) {
        self.shared.soon.lock().push((name.to_owned(), change));
    }

    /// Changes the world from outside, unless what has this name was changed before. False where it was.
    ///
    /// # Errors
    /// As `change`.
    pub fn change_once(&self, name: &str, change: &Change) -> Result<bool, TwinError> {
        self.shared.change_once(name, change)
    }

    /// Whether something of an app that was taken away works on for a while. Nothing for a hook, as `given`.
    pub fn lingers(&self, integration: &str, app: &str) -> bool {
        let Some(platform) = self.shared.platforms.get(integration) else { return false };
        let platform = platform.lock();
        let mut tenant = platform.db.lock();
        tenant.at(self.shared.clock.now());
        tenant.store.lingers("twin_app", app)
    }

    /// Makes the changes that are to come before the next request.
    pub fn settle(&self) {
        self.shared.settle();
    }

    /// How many grants an app was given on a platform until now. Nothing for a hook: it waits for the platform.
    pub fn given(&self, integration: &str, app: &str) -> u32 {
        self.shared.given(integration, app)
    }

    /// Writes the state file now, if there is one and something happened that the trail beside it does not tell.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self) -> Result<(), TwinError> {
        match &self.state_file {
            Some(file) if self.shared.untold.load(Ordering::Relaxed) => state::write(file, &self.shared),
            _ => Ok(()),
        }
    }

    /// Sets or lifts a rate limit.
    ///
    /// # Errors
    /// When there is no such integration.
    pub fn set_rate(&self, integration: &str, rate: Option<Rate>) -> Result<(), TwinError> {
        self.shared.set_rate(integration, rate)
    }

    /// The tables of one platform, as `GET /_twin/state/NAME` shows them.
    ///
    /// # Errors
    /// When there is no such integration.
    pub fn state(&self, integration: &str) -> Result<serde_json::Value, TwinError> {
        Ok(self.shared.platform(integration)?.lock().dump())
    }

    /// Every mail that was delivered, in order.
    pub fn mails(&self) -> Vec<Mail> {
        self.shared.mails.lock().clone()
    }

    /// Resolves when nobody is connected any more: whatever a client that died had under way has happened, or never will.
    /// Whoever waits for an answer that a fault withholds is not waited for.
    ///
    /// # Errors
    /// When the twins do not listen any more.
    pub async fn quiet(&self) -> Result<(), TwinError> {
        let ended = self.shared.traffic.ends(self.addr, self.mail_addr).await;
        ended.map_err(|error| TwinError::Listen(self.addr, error))
    }

    /// Stops listening, ends open connections, writes the state file.
    ///
    /// # Errors
    /// When the state file cannot be written; the twins are stopped all the same.
    pub async fn stop(mut self) -> Result<(), TwinError> {
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            // it ends by being aborted
            let _aborted = task.await;
        }
        match &self.state_file {
            Some(file) => state::write(file, &self.shared),
            None => Ok(()),
        }
    }
}

impl Drop for TwinHost {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn keep(task: impl Future<Output = Infallible>) {
    match task.await {}
}

async fn listen(addr: SocketAddr) -> Result<TcpListener, TwinError> {
    if !addr.ip().is_loopback() {
        return Err(TwinError::NotLoopback(addr));
    }
    TcpListener::bind(addr).await.map_err(|error| TwinError::Listen(addr, error))
}

/// Compiles and seeds every platform.
fn build(options: TwinOptions) -> Result<Shared, TwinError> {
    let mut platforms = BTreeMap::new();
    let now = options.clock.now();
    for (integration, slug) in &options.integrations {
        let source = options.scripts.get(slug).map(String::as_str).or_else(|| catalog::script(slug));
        let source = source.ok_or_else(|| TwinError::NoTwin {
            integration: integration.clone(),
            platform: slug.clone(),
            known: catalog::platforms().join(", "),
        })?;
        let wrong = |message| TwinError::Script { platform: slug.clone(), message };
        let mut platform = Platform::new(integration, slug, source, options.seed, now).map_err(wrong)?;
        platform.db.lock().page = options.page;
        seed::fill(&platform, &options.world).map_err(wrong)?;
        platform.script.bound();
        platform.set_rate(options.rates.get(integration).copied(), options.clock.monotonic());
        platforms.insert(integration.clone(), Mutex::new(platform));
    }
    let mail_name =
        options.integrations.iter().find(|(_, slug)| *slug == "smtp").map(|(name, _)| name.clone());
    Ok(Shared {
        clock: options.clock,
        world: options.world,
        faults: Mutex::default(),
        ledger: Mutex::default(),
        platforms,
        mails: Mutex::default(),
        mail_name: mail_name.unwrap_or_else(|| "smtp".to_owned()),
        dirty: AtomicBool::new(false),
        untold: AtomicBool::new(false),
        drawn: AtomicU64::new(0),
        traffic: Traffic::default(),
        writing: Mutex::default(),
        soon: Mutex::default(),
        hooks: RwLock::default(),
        trail: options.state_file.as_deref().map(Trail::beside),
    })
}
