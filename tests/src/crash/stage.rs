//! The stage: twins that outlive the child, a data folder, and the hand that kills.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    time::{Duration, Instant},
};

use stanch_integrations::twin::{Answer, Change, Fault, TwinHost, TwinOptions};
use tokio::{io::AsyncReadExt as _, process::Command};

use super::{Kill, Life, Marker, Orders, Size, clock::Ahead, world};

/// A child that lives longer is hung.
const PATIENCE: Duration = Duration::from_secs(180);

/// A world of its own, from the alert to the end.
pub struct Stage {
    /// The twins.
    pub twins: TwinHost,
    folder: tempfile::TempDir,
    program: PathBuf,
    marker: Marker,
    /// The child, while it lives: whom a request's hook kills. 0 for nobody.
    child: Arc<AtomicI32>,
    /// Whether a request that gets no answer kills.
    deadly: Arc<AtomicBool>,
    clock: Arc<Ahead>,
    alert: bool,
    said: BTreeSet<String>,
    chatty: bool,
    secrets: Vec<String>,
}

/// Which side of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The platform has the request and has done nothing.
    Before,
    /// The platform did it, and nobody was told.
    After,
}

impl Stage {
    /// Twins at the start of the story, an empty data folder.
    ///
    /// # Panics
    /// When this machine gives no loopback port or no folder.
    pub async fn new(program: &str, size: Size, marker: Marker) -> Self {
        let integrations =
            world::PLATFORMS.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
        let clock = Arc::new(Ahead::default());
        let (world, time) = (world::world(size), Arc::clone(&clock));
        let options = TwinOptions { integrations, world, clock: time, ..TwinOptions::default() };
        let twins = TwinHost::start(options).await.expect("twins");
        if marker == Marker::Lost {
            let scopes = Some(vec!["chat:write".to_owned()]);
            let change = Change::Scopes { integration: "slack".to_owned(), token: None, scopes };
            twins.change(&change).expect("slack is there");
        }
        let child = Arc::new(AtomicI32::new(0));
        let deadly = Arc::new(AtomicBool::new(false));
        let (victim, armed) = (Arc::clone(&child), Arc::clone(&deadly));
        twins.on_request(Arc::new(move |request, _| {
            let silent = request.fault.as_deref().is_some_and(|fault| fault.starts_with("timeout_"));
            if silent && armed.load(Ordering::SeqCst) {
                kill(&victim);
            }
        }));
        let secrets = delete_tokens(&twins);
        let folder = tempfile::tempdir().expect("a folder");
        // The same key in every world: handles of equal secrets are equal, so ends can be compared.
        std::fs::write(folder.path().join("vault.key"), "5a".repeat(32)).expect("the vault's key");
        Self {
            twins,
            secrets,
            folder,
            program: PathBuf::from(program),
            marker,
            child,
            deadly,
            clock,
            alert: true,
            said: BTreeSet::new(),
            chatty: false,
        }
    }

    /// From now on children log all that they can.
    pub fn make_chatty(&mut self) {
        self.chatty = true;
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The secrets that the platforms gave out at the start.
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// The number of the first request for this operation.
    ///
    /// # Panics
    /// When there was none.
    pub fn seq(&self, action: &str) -> u64 {
        let requests = self.twins.requests();
        let found = requests.iter().find(|request| request.action == action);
        found.unwrap_or_else(|| panic!("nobody asked for {action}")).seq
    }

    /// Deletes the index.
    pub fn forget_index(&self) {
        let _ = std::fs::remove_dir_all(self.data().join("index"));
    }

    /// One life, which ends by the kill or by the end of the run. What it was thanked for is not said again.
    ///
    /// # Panics
    /// When the child cannot be started.
    pub async fn live(&mut self, how: Option<Kill>) -> Life {
        let fault = how.and_then(deadly_fault).map(|fault| self.twins.add_fault(fault));
        self.deadly.store(fault.is_some(), Ordering::SeqCst);
        let started = Instant::now();
        let mut child = Command::new(&self.program)
            .args(self.orders(how).to_args())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the child starts");
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).unwrap_or(0);
        self.child.store(pid, Ordering::SeqCst);
        let (mut out, mut err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let reading = async {
            let _ = tokio::join!(out.read_to_end(&mut stdout), err.read_to_end(&mut stderr));
        };
        let waiting = async {
            let patience = match how {
                Some(Kill::AfterMs(ms)) => Duration::from_millis(ms),
                _ => PATIENCE,
            };
            if tokio::time::timeout(patience, child.wait()).await.is_err() {
                kill(&self.child);
            }
            child.wait().await.expect("it is ours")
        };
        let (status, ()) = tokio::join!(waiting, reading);
        let took = started.elapsed();
        self.child.store(0, Ordering::SeqCst);
        // What the dead had under way is done, or never will be.
        self.twins.quiet().await.expect("the twins listen");
        self.clock.leap();
        if fault.is_some() {
            self.twins.remove_fault(fault);
        }
        let stdout = String::from_utf8_lossy(&stdout).into_owned();
        let mut life = Life::read(&stdout);
        life.took = took;
        life.said = format!("{stdout}\n{}", String::from_utf8_lossy(&stderr));
        let killed = std::os::unix::process::ExitStatusExt::signal(&status) == Some(9);
        let hung = killed && life.took >= PATIENCE;
        if hung || !(killed || status.success()) {
            life.lost = Some(format!("{status}: {}", life.said));
        }
        self.remember(&life);
        life
    }

    fn orders(&self, how: Option<Kill>) -> Orders {
        Orders {
            data: self.data(),
            key: self.folder.path().join("vault.key"),
            twins: self.twins.addr(),
            mail: self.twins.mail_addr(),
            marker: self.marker,
            ahead_ms: self.clock.ms(),
            alert: self.alert,
            said: self.said.clone(),
            kill: match how {
                Some(Kill::Own(kill)) => Some(kill),
                _ => None,
            },
            chatty: self.chatty,
        }
    }

    /// Who was thanked does not come back: what was acknowledged must be there by itself.
    fn remember(&mut self, life: &Life) {
        self.alert &= life.acknowledged.is_none();
        self.said.extend(life.thanked.iter().map(|(wait, _)| wait.clone()));
    }

    /// The vendor's queue delivers the alert once more, although it was acknowledged.
    pub fn redeliver(&mut self) {
        self.alert = true;
    }
}

/// SIGKILL, once.
fn kill(child: &AtomicI32) {
    let pid = rustix::process::Pid::from_raw(child.swap(0, Ordering::SeqCst));
    if let Some(pid) = pid {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

fn deadly_fault(kill: Kill) -> Option<Fault> {
    let answer = |moment| match moment {
        Moment::Before => Answer::TimeoutBeforeEffect,
        Moment::After => Answer::TimeoutAfterEffect,
    };
    let fault = match kill {
        Kill::AtCall(call, moment) => Fault { call: Some(call), ..Fault::always(answer(moment)) },
        Kill::AtFirst(action, moment) => Fault::nth(action, 1, answer(moment)),
        Kill::Own(_) | Kill::AfterMs(_) => return None,
    };
    Some(Fault { delay: Some(Duration::from_secs(1)), ..fault })
}

/// What Salesforce's tokens are revoked by.
fn delete_tokens(twins: &TwinHost) -> Vec<String> {
    let state = twins.state("salesforce").unwrap_or_default();
    let mut tokens = Vec::new();
    collect(&state, "DeleteToken", &mut tokens);
    assert!(!tokens.is_empty(), "the simulated Salesforce has no tokens: {state}");
    tokens
}

fn collect(value: &serde_json::Value, field: &str, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, field, into)),
        serde_json::Value::Object(map) => {
            into.extend(map.get(field).and_then(|value| value.as_str()).map(str::to_owned));
            map.values().for_each(|item| collect(item, field, into));
        }
        _ => {}
    }
}
