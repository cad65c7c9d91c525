//! `stanch journal retain`: dropping the bodies of what ended long ago, through the server or beside none.

use std::sync::Arc;

use jiff::Timestamp;
use stanch_journal::{Journal, KeySource, LocalJournal, Options};
use stanch_model::{
    api::{RetainBody, Retained},
    duration,
};
use stanch_server::Really;

use super::broken;
use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "An incident goes as a whole, with its runs, alerts, evidence and secrets, once all of it has ended so long ago; what a legal hold covers stays. Headers and hashes stay: the chain verifies. Backups and copies in a SIEM keep what they have.\n`retention: { bodies: 400d }` in stanch.yaml does this once a day."
)]
pub(super) struct Args {
    /// What ended longer ago than this: 400d
    #[arg(long, value_name = "TIME", value_parser = readable)]
    older_than: String,
    /// Only tell what would be dropped
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

fn readable(text: &str) -> Result<String, String> {
    duration::parse(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Does it.
///
/// # Errors
/// When the server refuses, or the journal cannot be opened or written.
pub(super) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let has_server = args.reach.url.is_some() || args.reach.place.data().join("api.sock").exists();
    let retained = if has_server {
        let body = RetainBody { older_than: args.older_than.clone(), dry_run: args.dry_run };
        args.reach.client()?.retain(&body).await.map_err(answer)?
    } else {
        tokio::task::spawn_blocking(move || alone(&args)).await??
    };
    show(&retained, out);
    Ok(Exit::Yes)
}

fn alone(args: &Args) -> anyhow::Result<Retained> {
    let place = args.reach.place.place()?;
    if !place.data.join("journal").is_dir() {
        return Err(Said::new(format!("{} holds no journal", place.data.display())).into());
    }
    let options = Options::new(KeySource::File(place.vault_key));
    let journal: Arc<dyn Journal> = Arc::new(LocalJournal::open(&place.data, options).map_err(broken)?);
    let before = Timestamp::now().checked_sub(duration::parse(&args.older_than)?)?;
    let really = if args.dry_run { Really::Look } else { Really::Drop };
    let by = std::env::var("USER").unwrap_or_else(|_| "somebody on this machine".to_owned());
    stanch_server::retain(&journal, before, &by, really).map_err(broken)
}

fn show(retained: &Retained, out: Out) {
    let Retained { bodies, incidents, runs, alerts, payloads, secrets, held, holding } = retained;
    let what = format!(
        "{} incidents, {} runs, {alerts} alerts, {payloads} pieces of evidence, {secrets} secrets",
        incidents.len(),
        runs.len()
    );
    out.text(
        &match (bodies, runs.len() + incidents.len() + usize::try_from(*alerts).unwrap_or(usize::MAX)) {
            (0, 0) => "nothing is old enough to be dropped".to_owned(),
            (0, _) => format!("would be dropped: {what}"),
            (bodies, _) => format!("{bodies} bodies dropped: {what}"),
        },
    );
    if !held.is_empty() {
        out.text(&format!("  kept under a legal hold: {}", held.join(", ")));
    }
    if !holding.is_empty() {
        out.text(&format!(
            "  still held what they cut, and cannot be undone any more: {}",
            holding.join(", ")
        ));
    }
    out.line(retained);
}
