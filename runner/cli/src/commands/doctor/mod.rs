//! `stanch doctor`: what is wrong here. Looks, reads, and changes nothing.

mod heartbeat;
mod keep;
mod login;
mod platforms;
mod upgrade;

use std::{os::unix::fs::PermissionsExt, path::Path};

use serde_json::json;
use stanch_client::{Client, Location};
use stanch_journal::{JournalError, Verify};

use crate::{
    diagnose,
    exit::Exit,
    ground::GroundArgs,
    out::Out,
    place::{Place, PlaceArgs},
    setup::{self, Setup},
    when,
};

/// Say what is wrong here
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ask no platform anything
    #[arg(long)]
    offline: bool,
    /// Say what this program would do with the data folder of another version: run it before the upgrade
    #[arg(long)]
    upgrade: bool,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    ground: GroundArgs,
}

/// Less than the reserve and a segment: alerts are refused soon.
const NO_ROOM: u64 = 128 << 20;
/// Less room than this is worth a warning.
const LITTLE_ROOM: u64 = 1 << 30;

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Fine,
    Note,
    Wrong,
}

struct Doctor {
    out: Out,
    wrong: usize,
}

impl Doctor {
    fn say(&mut self, found: Found, what: &str, words: impl Into<String>) {
        let words = words.into();
        let mark = match found {
            Found::Fine => "ok",
            Found::Note => "note",
            Found::Wrong => "WRONG",
        };
        self.wrong += usize::from(found == Found::Wrong);
        self.out.text(&format!("{mark:<6} {what:<14} {words}"));
        self.out.line(&json!({ "check": what, "found": mark, "words": words }));
    }

    /// The way out of what was just said.
    fn help(&self, help: &str) {
        self.out.text(&format!("{:<21} help: {help}", ""));
    }
}

/// Looks at everything; 3 when something is wrong.
///
/// # Errors
/// When the vault's key would lie in the data folder.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let place = args.place.place()?;
    let mut doctor = Doctor { out, wrong: 0 };
    let setup = configuration(&place, &mut doctor);
    if place.data.is_dir() {
        folder(&place, &mut doctor);
        journal(&place, &mut doctor);
        server(&place, &mut doctor).await;
        if args.upgrade && place.data.join("journal").exists() {
            upgrade::check(&place.data, &mut doctor);
        }
    } else {
        doctor.say(
            Found::Note,
            "data folder",
            format!("{} is not there; `stanch serve` makes it", place.data.display()),
        );
    }
    if let Some(setup) = &setup {
        heartbeat::look(&setup.config, &place, &mut doctor).await;
        keep::signing(setup, &mut doctor);
        platforms::credentials(setup, &args.ground, &mut doctor).await;
        if !args.offline {
            platforms::ask(setup, &place, &args.ground, &mut doctor).await;
            login::look(&setup.config, &args.ground, &mut doctor).await;
            if !args.ground.is_simulated() {
                keep::copies(setup, &mut doctor).await;
            }
        }
    }
    let wrong = doctor.wrong;
    out.text(&if wrong == 0 { "nothing wrong".to_owned() } else { format!("{wrong} wrong") });
    out.line(&json!({ "ok": wrong == 0, "wrong": wrong }));
    Ok(if wrong == 0 { Exit::Yes } else { Exit::No })
}

fn configuration(place: &Place, doctor: &mut Doctor) -> Option<Setup> {
    if !place.config.exists() {
        let words = format!("{} is not there; `stanch init` writes one", place.config.display());
        doctor.say(Found::Note, "configuration", words);
    }
    let (setup, mistakes) = setup::load(&place.config);
    mistakes.show(doctor.out);
    match (&setup, diagnose::count(&mistakes.found)) {
        // said already
        (Some(_), none) if none.is_empty() && !place.config.exists() => {}
        (Some(_), none) if none.is_empty() => {
            doctor.say(Found::Fine, "configuration", place.config.display().to_string());
        }
        (Some(_), count) => doctor.say(Found::Note, "configuration", count),
        (None, count) => doctor.say(Found::Wrong, "configuration", count),
    }
    setup
}

fn folder(place: &Place, doctor: &mut Doctor) {
    let data = &place.data;
    private(data, 0o077, "data folder", doctor);
    keep::writable(data, doctor);
    if place.vault_key.exists() {
        private(&place.vault_key, 0o077, "vault key", doctor);
    } else if data.join("vault").read_dir().is_ok_and(|mut inside| inside.next().is_some()) {
        let words = format!("{} is not there, and the vault holds secrets", place.vault_key.display());
        doctor.say(Found::Wrong, "vault key", words);
    }
    match rustix::fs::statvfs(data) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            let words = format!("{} MiB free", free >> 20);
            let found = match free {
                ..NO_ROOM => Found::Wrong,
                NO_ROOM..LITTLE_ROOM => Found::Note,
                LITTLE_ROOM.. => Found::Fine,
            };
            doctor.say(found, "disk", words);
        }
        Err(error) => doctor.say(Found::Wrong, "disk", error.to_string()),
    }
}

fn private(path: &Path, others: u32, what: &str, doctor: &mut Doctor) {
    match std::fs::metadata(path) {
        Ok(found) if found.permissions().mode() & others != 0 => {
            let mode = found.permissions().mode() & 0o777;
            let words =
                format!("{} may be read by others (mode {mode:03o}): run `chmod go= {0}`", path.display());
            doctor.say(Found::Note, what, words);
        }
        Ok(_) => doctor.say(Found::Fine, what, path.display().to_string()),
        Err(error) => doctor.say(Found::Wrong, what, format!("{}: {error}", path.display())),
    }
}

fn journal(place: &Place, doctor: &mut Doctor) {
    if !place.data.join("journal").exists() {
        return doctor.say(Found::Note, "journal", "none yet");
    }
    match stanch_journal::verify(&place.data, &Verify::default()) {
        Ok(found) => {
            let words =
                format!("{} entries of {} streams, every hash and chain holds", found.entries, found.streams);
            doctor.say(Found::Fine, "journal", words);
        }
        Err(JournalError::Corrupt { file, line, why }) => {
            doctor.say(Found::Wrong, "journal", format!("{}:{line}: {why}", file.display()));
        }
        Err(error) => doctor.say(Found::Wrong, "journal", error.to_string()),
    }
    let index =
        if place.data.join("index").exists() { "there" } else { "not there; it is made from the log" };
    doctor.say(Found::Fine, "index", index);
    clock(place, doctor);
    keep::backups(&place.data, doctor);
}

/// An entry from the future means that a clock was wrong, then or now.
fn clock(place: &Place, doctor: &mut Doctor) {
    let last = stanch_journal::tail(&place.data, 1).and_then(|mut tail| tail.poll());
    let Ok(Some(entry)) = last else { return };
    let now = jiff::Timestamp::now();
    match entry.header.time.parse::<jiff::Timestamp>() {
        Ok(time) if time > now => {
            let words = format!(
                "the last entry is of {}, which is still to come: deadlines count by this clock",
                when::at(&entry.header.time)
            );
            doctor.say(Found::Wrong, "clock", words);
        }
        _ => {
            doctor.say(Found::Fine, "clock", format!("{}, after the last entry", when::at(&now.to_string())))
        }
    }
}

async fn server(place: &Place, doctor: &mut Doctor) {
    let socket = place.data.join("api.sock");
    if !socket.exists() {
        return doctor.say(Found::Note, "server", "none runs on this data folder");
    }
    let status = match Client::connect(Location::Socket(socket)) {
        Ok(client) => client.status().await,
        Err(error) => Err(error),
    };
    match status {
        Ok(status) => {
            doctor.say(Found::Fine, "server", format!("{}, {}", status.version, status.mode));
            if !status.changed.is_empty() {
                let files = status.changed.join(", ");
                let words = format!("changed since the server started: {files}; restart it to use them");
                doctor.say(Found::Note, "server", words);
            }
        }
        Err(error) => doctor.say(Found::Note, "server", format!("does not answer: {error}")),
    }
}
