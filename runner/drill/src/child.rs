//! The server as a child process: started, killed, started again on the same data folder.

use std::{
    fs::OpenOptions,
    net::SocketAddr,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use serde_json::json;
use stanch_integrations::ScenarioClock;
use stanch_model::clock::ClockAt;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use crate::{DrillError, Folders};

/// How long a server may take from its start until it takes alerts.
const START: Duration = Duration::from_secs(60);

/// How long it may take to drain.
const STOP: Duration = Duration::from_secs(40);

/// How a server is started.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// The program `stanch`.
    pub(crate) exe: PathBuf,
    pub(crate) folders: Folders,
    pub(crate) twins: SocketAddr,
    pub(crate) mail: SocketAddr,
    /// The scenario's clock that it lives by, unless it lives by the wall's.
    pub(crate) clock: Option<Arc<ScenarioClock>>,
    /// Where it listens; a free port unless given. A later life takes the earlier one's: who watches finds it again.
    pub(crate) listen: Option<SocketAddr>,
}

/// A server that takes alerts.
pub(crate) struct Server {
    child: Child,
    /// The server stops when this closes, so that it never outlives its supervisor.
    leash: Option<ChildStdin>,
    pub(crate) pid: u32,
    pub(crate) url: String,
    /// What it says, one value a line.
    lines: Option<Lines<BufReader<ChildStdout>>>,
    asked: u64,
}

/// What `stanch serve --json` says first.
#[derive(Deserialize)]
struct Hello {
    serving: String,
}

/// How a start went.
pub(crate) enum Started {
    /// It takes alerts.
    Ready(Box<Server>),
    /// It was killed before it came so far.
    Killed,
}

impl Program {
    /// Starts a server, and waits until it takes alerts. `kill_at` is the entry whose durability is its end; `born` hears
    /// its process id at once.
    pub(crate) async fn start(
        &self,
        kill_at: Option<u64>,
        born: impl FnOnce(u32),
    ) -> Result<Started, DrillError> {
        let log = self.folders.log();
        let open = OpenOptions::new().append(true).create(true).open(&log);
        let log = open.map_err(|source| DrillError::Folder { path: log, source })?;
        let mut command = Command::new(&self.exe);
        let listen = self.listen.map_or_else(|| "127.0.0.1:0".to_owned(), |listen| listen.to_string());
        command.args(["serve", "--json", "--leash", "--listen", &listen, "--config"]);
        command.arg(self.folders.config_file()).arg("--data").arg(&self.folders.data);
        command.args(["--twins", &self.twins.to_string(), "--twins-mail", &self.mail.to_string()]);
        // Nothing of the caller's own setting may reach the drill.
        for name in ["STANCH_CONFIG", "STANCH_DATA", "STANCH_VAULT_KEY", "STANCH_URL", "STANCH_TOKEN"] {
            command.env_remove(name);
        }
        if self.clock.is_some() {
            command.arg("--clock");
        }
        match kill_at {
            Some(entry) => command.env("STANCH_KILL_AT_ENTRY", entry.to_string()),
            None => command.env_remove("STANCH_KILL_AT_ENTRY"),
        };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().map_err(DrillError::Spawn)?;
        let pid = child.id().unwrap_or(0);
        born(pid);
        let mut leash = child.stdin.take();
        if let (Some(clock), Some(leash)) = (&self.clock, &mut leash) {
            // One that dies of it at once is found dead below.
            let _dead = say(leash, &json!({ "clock": clock.at() })).await;
        }
        let mut lines = child.stdout.take().map(|out| BufReader::new(out).lines());
        let hello = async {
            match &mut lines {
                Some(lines) => lines.next_line().await.ok().flatten(),
                None => None,
            }
        };
        match tokio::time::timeout(START, hello).await {
            Ok(Some(line)) => match serde_json::from_str::<Hello>(&line) {
                Ok(hello) => {
                    let (url, asked) = (hello.serving, 0);
                    Ok(Started::Ready(Box::new(Server { child, leash, pid, url, lines, asked })))
                }
                // It said why not, and what it said stands in its log too.
                Err(_) => Err(self.died("it did not start")),
            },
            Ok(None) => {
                let status = child.wait().await.map_err(DrillError::Spawn)?;
                if was_killed(status) { Ok(Started::Killed) } else { Err(self.died(&status.to_string())) }
            }
            Err(_) => Err(DrillError::Stuck {
                what: "the server to start".to_owned(),
                patience: START,
                words: self.folders.last_words(),
            }),
        }
    }

    pub(crate) fn died(&self, how: &str) -> DrillError {
        DrillError::Died { how: how.to_owned(), words: self.folders.last_words() }
    }
}

/// One line on the leash.
async fn say(leash: &mut ChildStdin, words: &serde_json::Value) -> std::io::Result<()> {
    leash.write_all(format!("{words}\n").as_bytes()).await?;
    leash.flush().await
}

/// What a server says when it rests.
#[derive(Deserialize)]
struct Rests {
    resting: u64,
    due_ms: Option<i64>,
}

/// A server has nothing to do, or is gone.
pub(crate) enum Rest {
    /// Before this time, Unix ms, unless somebody speaks.
    Until(Option<i64>),
    /// It does not answer any more.
    Gone,
}

impl Server {
    /// Where it listens.
    pub(crate) fn addr(&self) -> Option<SocketAddr> {
        self.url.trim_start_matches("http://").parse().ok()
    }

    /// Tells what the clock goes by now.
    pub(crate) async fn tell(&mut self, at: ClockAt) {
        if let Some(leash) = &mut self.leash {
            // One that is gone is found gone by whoever asks next.
            let _gone = say(leash, &json!({ "clock": at })).await;
        }
    }

    /// Resolves when it rests.
    pub(crate) async fn rests(&mut self) -> Rest {
        self.asked += 1;
        let (Some(leash), Some(lines)) = (&mut self.leash, &mut self.lines) else { return Rest::Gone };
        if say(leash, &json!({ "when_resting": self.asked })).await.is_err() {
            return Rest::Gone;
        }
        while let Ok(Some(line)) = lines.next_line().await {
            if let Ok(rests) = serde_json::from_str::<Rests>(&line)
                && rests.resting == self.asked
            {
                return Rest::Until(rests.due_ms);
            }
        }
        Rest::Gone
    }

    /// Resolves when the process is gone. Cancelling loses nothing.
    pub(crate) async fn gone(&mut self) -> Result<ExitStatus, DrillError> {
        self.child.wait().await.map_err(DrillError::Spawn)
    }

    /// Whether the process is gone already.
    pub(crate) fn is_gone(&mut self) -> bool {
        self.child.try_wait().is_ok_and(|status| status.is_some())
    }

    /// SIGKILL, now.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself a moment ago: then there is nothing to kill.
        let _gone = self.child.start_kill();
    }

    /// SIGTERM, and waits until it has drained.
    pub(crate) async fn stop(mut self) -> Result<(), DrillError> {
        signal(self.pid, rustix::process::Signal::TERM);
        let done = tokio::time::timeout(STOP, self.child.wait()).await;
        drop(self.leash.take());
        match done {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(DrillError::Spawn(error)),
            Err(_) => {
                self.kill();
                Ok(())
            }
        }
    }
}

/// One signal to one process that we started.
pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        let _gone = rustix::process::kill_process(pid, signal);
    }
}

/// True when it died of SIGKILL.
pub(crate) fn was_killed(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    status.signal() == Some(rustix::process::Signal::KILL.as_raw())
}
