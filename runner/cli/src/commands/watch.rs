//! `stanch watch`: a run as it goes, one line an entry that people care about.

use stanch_client::{Client, News};
use stanch_model::{
    api::EntryView,
    run::{
        Found, GuardRead, Reading, RunState, RunView, kind,
        wait::{manner, through},
    },
};

use super::show;
use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs, answer},
    table, when,
};

/// Watch a run until it ends
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run: its id, a prefix or the last letters of it
    #[arg(value_parser = reach::id)]
    run: String,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Watches, and exits by how it ended.
///
/// # Errors
/// When there is no such run or the server refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    follow(&args.reach.client()?, &args.run, out).await
}

/// Follows a run to its end, over restarts of the server. An interrupt leaves it as it is.
///
/// # Errors
/// When there is no such run or the server refuses.
pub(crate) async fn follow(client: &Client, run: &str, out: Out) -> anyhow::Result<Exit> {
    let mut events = client.run_events(run, None);
    let mut view = RunView::default();
    loop {
        let news = tokio::select! {
            news = events.next() => news.map_err(answer)?,
            _ = tokio::signal::ctrl_c() => break,
        };
        let entry = match news {
            News::Entry(event) => event.entry,
            News::Lost { why, again_in } => {
                out.aside(&format!("lost the server ({why}), again in {} ms", again_in.as_millis()));
                continue;
            }
            News::Online | News::Beat => continue,
        };
        if entry.version <= view.version {
            continue;
        }
        view.apply(&entry.to_entry());
        out.line(&entry);
        if let Some(line) = line(&entry, &view) {
            out.text(&table::paragraph(&format!("{} {line}", when::clock(&entry.time)), 18, out.columns()));
        }
        if view.state == RunState::Ended {
            break;
        }
    }
    out.text("");
    out.text(&show::words(&view, show::now(client).await, false, out));
    out.line(&show::summary(&view));
    Ok(show::exit(&view))
}

/// What an entry means to people; nothing for those that only the engine needs.
fn line(entry: &EntryView, view: &RunView) -> Option<String> {
    let text = |path: &str| entry.body.pointer(path).and_then(serde_json::Value::as_str).unwrap_or_default();
    let line = match entry.kind.as_str() {
        kind::CREATED => format!("started by {}: {}", text("/started_by"), text("/title")),
        kind::LOCAL if text("/op") == "phase" => format!("== {}", text("/value")),
        kind::LOCAL if text("/op") == "note" => format!("note     {}", text("/value")),
        kind::TARGET => {
            let target = text("/target/label");
            let target = if target.is_empty() { text("/target/id") } else { target };
            format!("{:<8} {} {} {target}", plain(text("/state")), text("/target/integration"), text("/verb"))
        }
        kind::WAIT => format!("waits    {} {}", text("/wait"), text("/text")),
        kind::DECISION if entry.body["break_glass"] == true => {
            format!("GLASS    {} lets {} go alone: {}", text("/who"), text("/wait"), text("/reason"))
        }
        kind::DECISION => {
            let how = manner(text("/channel"), entry.body["early"] == true);
            format!("person   {} says {} to {}{how}", text("/who"), text("/say"), text("/wait"))
        }
        kind::CANCEL => format!("person   {} cancels it{}", text("/who"), through(text("/channel"))),
        kind::REPINNED => {
            format!("person   {} pins it to what is there now{}", text("/who"), through(text("/channel")))
        }
        kind::STATE if text("/state") == "running" && !text("/who").is_empty() => {
            format!("person   {} lets it go on{}", text("/who"), through(text("/channel")))
        }
        kind::DEFERRED => format!("later    {}", text("/why")),
        kind::DEADLINE => format!("clock    {}, due {}", text("/title"), when::at(text("/due"))),
        kind::GUARD => format!("guard    {}", guard(entry)?),
        kind::STATE => format!("{:<8} {}{}", text("/state"), text("/why"), through(text("/channel"))),
        kind::WARNED => {
            format!("long     {} entries; it stops at {}", number(entry, "entries"), number(entry, "most"))
        }
        kind::REVIVED => "back     the server had stopped uncleanly; nothing is done twice".to_owned(),
        kind::CONTAINED => format!("now      {}", show::stand(view)),
        kind::ENDED => format!("ended    {}", show::stand(view)),
        _ => return None,
    };
    Some(line)
}

fn number(entry: &EntryView, name: &str) -> u64 {
    entry.body[name].as_u64().unwrap_or_default()
}

/// What a guard read, in words.
fn guard(entry: &EntryView) -> Option<String> {
    let read: GuardRead = serde_json::from_value(entry.body.clone()).ok()?;
    let what = match &read.of {
        Reading::Population { integration, kind } => format!("{kind}s of {integration}"),
        Reading::Group { integration, group } => format!("members of {integration}/{group}"),
        Reading::Role { integration, role } => format!("holders of the role {integration}/{role}"),
        Reading::Person { integration, user } => format!("account {user} of {integration}"),
    };
    Some(match &read.found {
        Found::Count(count) => format!("{count} {what}"),
        Found::Members(members) => format!("{} {what}", members.len()),
        Found::Unread(why) => format!("{what} not read: {why}"),
    })
}

/// Engine words as people say them.
pub(crate) fn plain(state: &str) -> &str {
    match state {
        "verified" => "proven",
        "in_doubt" => "in doubt",
        "given_back" => "given back",
        other => other,
    }
}
