//! The program in a folder of its own, with none of the machine's own settings; simulated platforms beside it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};
use stanch_client::{Client, Location};
use stanch_integrations::twin::{TwinHost, TwinOptions};
use stanch_model::run::RunView;

/// The program, in this folder.
pub(crate) fn program(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    command.args(args).current_dir(folder);
    for name in [
        "STANCH_DATA",
        "STANCH_CONFIG",
        "STANCH_URL",
        "STANCH_TOKEN",
        "STANCH_VAULT_KEY",
        "STANCH_TWINS",
        "STANCH_TWINS_MAIL",
    ] {
        command.env_remove(name);
    }
    command.env("USER", "ana");
    command
}

pub(crate) fn stanch(folder: &Path, args: &[&str]) -> Output {
    program(folder, args).output().unwrap()
}

/// Exit code, standard output and standard error, as one text.
pub(crate) fn transcript(folder: &Path, args: &[&str]) -> String {
    told(args, &stanch(folder, args))
}

/// The same of what was said already.
pub(crate) fn told(args: &[&str], output: &Output) -> String {
    let part = |name: &str, bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.lines().map(|line| format!("{name} {}\n", line.trim_end()));
        lines.collect::<String>()
    };
    let head = format!("$ stanch {}\n", args.join(" "));
    let code = output.status.code().map_or_else(|| "killed".to_owned(), |code| code.to_string());
    format!("{head}{}{}exit {code}\n", part("1>", &output.stdout), part("2>", &output.stderr))
}

pub(crate) fn empty() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A playbook `cut` in this folder.
pub(crate) fn playbook(folder: &Path, manifest: &str, script: &str) {
    let book = folder.join("cut");
    std::fs::create_dir_all(&book).unwrap();
    std::fs::write(book.join("playbook.yaml"), manifest).unwrap();
    std::fs::write(book.join("main.rhai"), script).unwrap();
    std::fs::write(book.join("README.md"), "# Cut\n").unwrap();
}

/// A company with Okta and this playbook `cut`.
pub(crate) fn company(folder: &Path, manifest: &str, script: &str) {
    playbook(folder, manifest, script);
    let config =
        "integrations:\n  okta: { platform: okta, url: \"https://acme.okta.com\" }\nplaybooks: [cut]\n";
    std::fs::write(folder.join("stanch.yaml"), config).unwrap();
}

/// A playbook of this name, whose manifest says everything else.
pub(crate) fn book(folder: &Path, name: &str, manifest: &str, script: &str) {
    let book = folder.join(name);
    std::fs::create_dir_all(&book).unwrap();
    std::fs::write(book.join("playbook.yaml"), format!("playbook: {name}\n{manifest}")).unwrap();
    std::fs::write(book.join("main.rhai"), script).unwrap();
    std::fs::write(book.join("README.md"), "# A book\n").unwrap();
}

/// The manifest of a playbook that asks `leads` before it goes on, on these terms.
pub(crate) fn asking(terms: &str) -> String {
    format!(
        "title: Ask before it goes on
owner: me
reviewed: 2026-11-01
input:
  what: {{ type: list }}
uses: {{}}
approvals:
  go: {{ ask: leads, {terms}, unanswered: [deny] }}
"
    )
}

/// A simulated Okta with 20 people.
pub(crate) async fn okta() -> TwinHost {
    let integrations = [("okta".to_owned(), "okta".to_owned())].into();
    let world = serde_json::from_value(json!({ "people": 20, "apps": [] })).unwrap();
    TwinHost::start(TwinOptions { integrations, world, ..TwinOptions::default() }).await.unwrap()
}

/// A server, on a leash.
pub(crate) struct Served(Child, Value);

impl Served {
    /// On simulated platforms that nobody will ask.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::on(folder, "127.0.0.1:9")
    }

    /// On the simulated platforms at this address.
    pub(crate) fn on(folder: &Path, twins: &str) -> Self {
        Self::told(folder, &["--twins", twins])
    }

    /// On the simulated platforms and the simulated mail server at these addresses.
    pub(crate) fn with_mail(folder: &Path, twins: &str, mail: &str) -> Self {
        Self::told(folder, &["--twins", twins, "--twins-mail", mail])
    }

    /// On real platforms, of which the configuration names none.
    pub(crate) fn live(folder: &Path, more: &[&str]) -> Self {
        Self::told(folder, more)
    }

    /// As [`Served::with_mail`]; dies by SIGKILL as soon as its journal has so many entries.
    pub(crate) fn dies_at(folder: &Path, twins: &str, mail: &str, entries: &str) -> Self {
        Self::told(folder, &["--twins", twins, "--twins-mail", mail, "--kill-at-entry", entries])
    }

    /// As [`Served::with_mail`], by a clock that shows this, Unix ms, and runs as the wall's does.
    pub(crate) fn by_clock(folder: &Path, twins: &str, mail: &str, at_ms: i64) -> Self {
        Self::begun(folder, &["--twins", twins, "--twins-mail", mail, "--clock"], &clock(1, at_ms))
    }

    /// Its clock shows this from now on.
    pub(crate) fn jump(&mut self, change: u64, at_ms: i64) {
        self.0.stdin.as_mut().unwrap().write_all(clock(change, at_ms).as_bytes()).unwrap();
    }

    /// Waits until it is dead.
    pub(crate) fn killed(mut self) {
        let _leash = self.0.stdin.take();
        let status = self.0.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it ended otherwise");
        std::mem::forget(self);
    }

    fn told(folder: &Path, more: &[&str]) -> Self {
        Self::begun(folder, more, "")
    }

    fn begun(folder: &Path, more: &[&str], first: &str) -> Self {
        let anywhere: &[&str] = if more.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        let args = ["serve", "--json", "--leash"];
        let args: Vec<&str> = args.iter().chain(anywhere).chain(more).copied().collect();
        let mut child = program(folder, &args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.as_mut().unwrap().write_all(first.as_bytes()).unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        assert!(line.contains("\"serving\""), "{line}");
        child.stdout = Some(out.into_inner());
        Self(child, serde_json::from_str(&line).unwrap())
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        self.1["serving"].as_str().unwrap().to_owned()
    }

    /// SIGTERM, to nobody but it.
    pub(crate) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// SIGHUP.
    pub(crate) fn hang_up(&self) {
        self.signal(rustix::process::Signal::HUP);
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.0.id().try_into().unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Its exit code and its last line, once it is gone.
    pub(crate) fn gone(mut self) -> (Option<i32>, Value) {
        let mut rest = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
        let status = self.0.wait().unwrap();
        assert_eq!(status.signal(), None, "{rest}");
        (status.code(), serde_json::from_str(rest.lines().last().unwrap_or("null")).unwrap())
    }
}

impl Drop for Served {
    /// It stops by itself when its leash is let go.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }
}

/// What the holder of a leash says of the time.
fn clock(change: u64, at_ms: i64) -> String {
    let wall_ms = jiff::Timestamp::now().as_millisecond();
    let clock = json!({ "change": change, "wall_ms": wall_ms, "scenario_ms": at_ms, "rate": 1.0 });
    format!("{}\n", json!({ "clock": clock }))
}

/// Speaks to the server of this folder, as the user of the machine.
pub(crate) fn client(folder: &Path) -> Client {
    Client::connect(Location::Socket(folder.join("data/api.sock"))).unwrap()
}

/// So many people whom nobody has suspended yet.
pub(crate) fn people(twins: &TwinHost, count: usize) -> Vec<String> {
    let state = twins.state("okta").unwrap();
    let users = state["users"].as_array().cloned().unwrap_or_default().into_iter();
    let ids: Vec<String> =
        users.filter_map(|user| Some(user["id"].as_str()?.to_owned())).take(count).collect();
    assert_eq!(ids.len(), count, "{state:#}");
    ids
}

/// A view of the run once this is so.
pub(crate) async fn view(folder: &Path, run: &str, what: impl Fn(&RunView) -> bool) -> RunView {
    let client = client(folder);
    let mut events = client.run_events(run, None);
    loop {
        let view = client.run(run).await.unwrap();
        if what(&view) {
            return view;
        }
        let more = tokio::time::timeout(std::time::Duration::from_secs(120), events.next()).await;
        more.unwrap().unwrap();
    }
}
