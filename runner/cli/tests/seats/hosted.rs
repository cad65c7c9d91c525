//! A drill that somebody else hosts, without a terminal: its codes come as the first line of its JSON.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Lines},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use serde_json::Value;
use stanch_client::{Client, Location, Seat};
use stanch_model::api::{Card, DrillView, SeatKind};

/// The program, with none of the machine's own settings.
pub(crate) fn stanch(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TMPDIR", home);
    command.args(args).current_dir(home);
    command
}

/// A drill at work.
pub(crate) struct Hosted {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) data: PathBuf,
    codes: BTreeMap<String, String>,
}

/// Somebody who sits there.
pub(crate) struct Sitting {
    pub(crate) seat: Seat,
    pub(crate) client: Client,
}

impl Hosted {
    pub(crate) fn start(home: &Path, drill: &str, more: &[&str]) -> Self {
        let data = home.join("data");
        let mut command = stanch(home, &["drill", drill, "--json"]);
        command.args(more).arg("--data").arg(&data).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut hosted = Self { child, lines, data, codes: BTreeMap::new() };
        let doors = hosted.until("doors");
        for seat in doors["seats"].as_array().unwrap() {
            let text = |name: &str| seat[name].as_str().unwrap().to_owned();
            hosted.codes.insert(text("seat"), text("code"));
        }
        hosted
    }

    /// Reads on to the next line of this beat.
    pub(crate) fn until(&mut self, beat: &str) -> Value {
        loop {
            let line = self.lines.next().unwrap_or_else(|| panic!("no {beat} comes")).unwrap();
            let said: Value = serde_json::from_str(&line).unwrap();
            if said["beat"] == beat {
                return said;
            }
        }
    }

    pub(crate) fn code(&self, seat: SeatKind) -> &str {
        &self.codes[seat.as_str()]
    }

    pub(crate) async fn sit(&self, seat: SeatKind) -> Sitting {
        let seat = Seat::at(self.code(seat)).unwrap();
        for _ in 0..600 {
            match seat.sit().await {
                Ok(ticket) => {
                    let location = Location::Url { url: ticket.server, token: Some(ticket.token) };
                    return Sitting { seat, client: Client::connect(location).unwrap() };
                }
                Err(error) if error.status() == Some(503) => tokio::time::sleep(LOOK).await,
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the server never came up");
    }

    /// Its end, and the last line.
    pub(crate) fn end(mut self) -> (ExitStatus, Value) {
        let last = self.lines.by_ref().map_while(Result::ok).last().unwrap();
        (self.child.wait().unwrap(), serde_json::from_str(&last).unwrap())
    }

    /// Kills supervisor and all.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

const LOOK: Duration = Duration::from_millis(100);

impl Sitting {
    pub(crate) async fn view(&self) -> DrillView {
        self.seat.view().await.unwrap()
    }

    /// Looks until the drill is so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&DrillView) -> bool) -> DrillView {
        for _ in 0..900 {
            let view = self.view().await;
            if so(&view) {
                return view;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("never {what}: {:?}", self.view().await);
    }

    /// Looks until a card of this name waits.
    pub(crate) async fn card(&self, name: &str) -> Card {
        for _ in 0..900 {
            // a server that is being killed answers nothing, and comes back
            let approvals = self.client.approvals().await.map(|page| page.items).unwrap_or_default();
            let questions = self.client.questions().await.map(|page| page.items).unwrap_or_default();
            if let Some(card) = approvals.into_iter().chain(questions).find(|card| card.wait.name == name) {
                return card;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("nobody asks for {name}");
    }
}
