//! `stanch demo`: the main job, self-contained, on simulated platforms. The server is killed in the middle of it.

mod screen;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::json;
use stanch_drill::{Call, Folders, Kill, Markers, Play, Plot, Seats, Verdict};
use stanch_integrations::{Catalog, Platform};
use stanch_model::{
    api::{NewToken, Role},
    diagnostic::did_you_mean,
    run::{body::Intent, kind},
    target::Effect,
};
use stanch_server::Tokens;

use self::screen::Screen;
use crate::{exit::Exit, out::Out, said::Said};

/// Watch an app being cut off, and the server being killed over it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What happens
    #[arg(value_enum, default_value_t = Story::OauthApp)]
    story: Story,
    /// The server's data folder: new or empty; a new one among the temporary folders unless given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Kill the server so many milliseconds after its start
    #[arg(long, value_name = "N", group = "kill")]
    kill_after_ms: Option<u64>,
    /// Kill the server once so many entries of the whole journal are durable
    #[arg(long, value_name = "N", group = "kill")]
    kill_at_entry: Option<u64>,
    /// Kill the server when a simulated platform has done this and not yet said so: `smtp.send`
    #[arg(long, value_name = "ACTION", group = "kill")]
    kill_at_call: Option<String>,
    /// Do not kill the server
    #[arg(long, group = "kill")]
    no_kill: bool,
    /// Let nobody but the operator find a message again: no archive of sent mail, no reading in Slack
    #[arg(long)]
    lost_markers: bool,
    /// Requests a second to each platform that is cut, so that it can be watched; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 10.0)]
    pace: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Story {
    /// An app's OAuth token is used from an unknown network
    OauthApp,
    /// GitHub finds a leaked key
    LeakedCredential,
}

/// Plays it.
///
/// # Errors
/// When it cannot be played to its end.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let plot = match args.story {
        Story::OauthApp => Plot::OauthApp,
        Story::LeakedCredential => Plot::LeakedCredential,
    };
    let kill = kill(&args, plot)?;
    let folders = match &args.data {
        Some(data) => Folders::at(data)?,
        None => Folders::temporary("demo")?,
    };
    let mut screen = Screen::open(plot, out);
    let play = Play {
        plot,
        seats: seats(&folders.data)?,
        exe: std::env::current_exe().context("finding this program")?,
        folders: folders.clone(),
        kill,
        markers: if args.lost_markers { Markers::Lost } else { Markers::Readable },
        pace: Some(args.pace).filter(|pace| *pace > 0.0),
        count: &count,
        intends,
    };
    let played = watched(play, &mut screen).await;
    screen.curtain();
    let verdict = played?;
    let verified = stanch_journal::verify(&folders.data, &stanch_journal::Verify::default());
    let verified = verified.map_err(super::journal::broken)?;
    finale(&verdict, plot, &folders, verified.streams, out);
    Ok(if verdict.is_contained() { Exit::Yes } else { Exit::No })
}

fn kill(args: &Args, plot: Plot) -> anyhow::Result<Kill> {
    Ok(match (args.kill_after_ms, args.kill_at_entry, &args.kill_at_call) {
        (Some(ms), ..) => Kill::AfterMs(ms),
        (_, Some(entry), _) => Kill::AtEntry(entry),
        (.., Some(action)) => Kill::AtCall(known(action, plot)?),
        _ if args.no_kill => Kill::Never,
        _ => Kill::InTheMiddle,
    })
}

/// An action of a platform that takes part.
fn known(action: &str, plot: Plot) -> anyhow::Result<Call> {
    let catalog = Catalog::embedded();
    let mut actions = BTreeMap::new();
    for (name, slug) in plot.integrations() {
        let infos = catalog.platform(&slug).into_iter().flat_map(Platform::actions);
        actions.extend(infos.map(|info| (format!("{name}.{}", info.name), info.effect)));
    }
    if let Some(effect) = actions.get(action) {
        return Ok(Call { action: action.to_owned(), carries_key: *effect == Effect::Tell });
    }
    let help = match did_you_mean(action, actions.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`stanch integrations show okta` lists the actions of a platform".to_owned(),
    };
    Err(Said::new(format!("no platform of the demo has an action `{action}`"))
        .help(help)
        .exit(Exit::Usage)
        .into())
}

/// An interrupt ends the play, and with it the server: it hangs on us by its standard input.
async fn watched(play: Play<'_>, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let mut send = move |beat| drop(tell.send(beat));
    let playing = stanch_drill::play(play, &mut send);
    tokio::pin!(playing);
    let mut frame = tokio::time::interval(std::time::Duration::from_millis(100));
    let verdict = loop {
        tokio::select! {
            Some(beat) = told.recv() => screen.show(&beat),
            verdict = &mut playing => break verdict,
            _ = frame.tick() => screen.tick(),
            _ = tokio::signal::ctrl_c() => {
                return Err(Said::new("interrupted; what was done until then is in the journal").into());
            }
        }
    };
    while let Ok(beat) = told.try_recv() {
        screen.show(&beat);
    }
    Ok(verdict?)
}

/// A second identity for the approval, and one for everything else.
fn seats(data: &Path) -> anyhow::Result<Seats> {
    let tokens = Tokens::open(data)?;
    let seat = |name: &str, role| -> anyhow::Result<stanch_drill::Seat> {
        let made = tokens.make(&NewToken { name: name.to_owned(), role, days: Some(1) })?;
        Ok(stanch_drill::Seat { name: name.to_owned(), token: made.token })
    };
    Ok(Seats { approver: seat("ben", Role::Approver)?, operator: seat("olga", Role::Responder)? })
}

/// Entries of all streams, from the log itself.
fn count(data: &Path) -> Option<u64> {
    stanch_journal::verify(data, &stanch_journal::Verify::default()).ok().map(|found| found.entries)
}

/// The keys of all intents to do this that stand in the log.
fn intends(data: &Path, action: &str) -> Vec<String> {
    let Ok(mut log) = stanch_journal::tail(data, usize::MAX) else { return Vec::new() };
    let entries = std::iter::from_fn(|| log.poll().ok().flatten());
    let intents =
        entries.filter(|entry| entry.header.kind == kind::INTENT).filter_map(|entry| entry.decode().ok());
    let calls = intents.filter_map(|intent: Intent| intent.call);
    let meant = calls.filter(|call| format!("{}.{}", call.integration, call.action) == action);
    meant.map(|call| call.key.as_str().to_owned()).collect()
}

fn finale(verdict: &Verdict, plot: Plot, folders: &Folders, streams: u64, out: Out) {
    out.text(&screen::ending(verdict, plot, streams, out.columns()));
    let data = folders.data.display();
    let another = match plot {
        Plot::OauthApp => "stanch demo leaked-credential",
        Plot::LeakedCredential => "stanch demo oauth-app --kill-at-entry 40",
    };
    out.text(&format!(
        "\nNext\n  stanch journal verify --data {data}\n  {another}\n  stanch init my-company     (your own platforms)"
    ));
    let mut last = json!(verdict);
    if let Some(last) = last.as_object_mut() {
        last.insert("streams".to_owned(), streams.into());
    }
    out.line(&last);
}
