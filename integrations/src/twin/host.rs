//! The host: one loopback listener for every platform's twin, one for mail.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{
    ActiveFault, Change, EffectRecord, Fault, RequestRecord, Summary, TwinClock, WallClock, World,
    fault::Faults,
    ledger::{Ledger, summarise},
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
            state_file: None,
            scripts: BTreeMap::new(),
        }
    }
}

/// A token bucket.
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

/// Running twins. Dropping it stops them too, without waiting.
pub struct TwinHost {
    addr: SocketAddr,
    mail_addr: SocketAddr,
    clock: Arc<dyn TwinClock>,
    ledger: Mutex<Ledger>,
    faults: Mutex<Faults>,
}

impl TwinHost {
    /// Seeds the platforms and starts to listen.
    ///
    /// # Errors
    /// An address that is not loopback or is taken, a platform without a twin, a mistake in a script, an unreadable state file.
    pub async fn start(options: TwinOptions) -> Result<Self, TwinError> {
        for addr in [options.listen, options.mail_listen] {
            if !addr.ip().is_loopback() {
                return Err(TwinError::NotLoopback(addr));
            }
        }
        Ok(Self {
            addr: options.listen,
            mail_addr: options.mail_listen,
            clock: options.clock,
            ledger: Mutex::default(),
            faults: Mutex::default(),
        })
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
        self.ledger.lock().effects().to_vec()
    }

    /// Every request, in order.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.ledger.lock().requests().to_vec()
    }

    /// What was done twice.
    pub fn summary(&self) -> Summary {
        summarise(self.ledger.lock().requests())
    }

    /// The faults that are on.
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.faults.lock().list()
    }

    /// Switches a fault on. Gives its number.
    pub fn add_fault(&self, fault: Fault) -> u64 {
        self.faults.lock().add(fault, self.clock.now())
    }

    /// Switches one fault off, or all (`None`). Gives how many were on.
    pub fn remove_fault(&self, id: Option<u64>) -> usize {
        self.faults.lock().remove(id)
    }

    /// Changes the world from outside.
    ///
    /// # Errors
    /// When there is no such integration, app, table or row.
    pub fn change(&self, change: &Change) -> Result<(), TwinError> {
        Err(TwinError::Change(format!("not there yet: {change:?}")))
    }

    /// Sets or lifts a rate limit.
    ///
    /// # Errors
    /// When there is no such integration.
    pub fn set_rate(&self, integration: &str, rate: Option<Rate>) -> Result<(), TwinError> {
        Err(TwinError::Change(format!("not there yet: {integration} {rate:?}")))
    }

    /// The tables of one platform, as `GET /_twin/state/NAME` shows them.
    ///
    /// # Errors
    /// When there is no such integration.
    pub fn state(&self, integration: &str) -> Result<serde_json::Value, TwinError> {
        Err(TwinError::Change(format!("not there yet: {integration}")))
    }

    /// Every mail that was delivered, in order.
    pub fn mails(&self) -> Vec<Mail> {
        Vec::new()
    }

    /// Stops listening, ends open connections, writes the state file.
    pub async fn stop(self) {}
}
