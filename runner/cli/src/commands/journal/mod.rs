//! `stanch journal`: the log of a data folder, read beside the server that owns it.

pub(super) mod copies;
mod retain;
mod verify;

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use serde_json::{Value, json};
use stanch_journal::{JournalError, Verified};
use stanch_model::Entry;

use crate::{exit::Exit, out::Out, place::PlaceArgs, said::Said};

/// How often `tail` looks for news: the log is a file, and a person reads what comes.
const LOOK: Duration = Duration::from_millis(100);

/// Look through the journal: verify, tail, export, backup, restore, retain
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Prove that every line is what was written; names the first that is not (exit code 5)
    Verify(verify::Args),
    /// Make the key that signs checkpoints, and print its public half
    Key(verify::KeyArgs),
    /// Show the last entries, and those that come
    Tail {
        /// How many of the last entries
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
        last: usize,
        /// Stop at the end instead of waiting for more
        #[arg(long)]
        no_follow: bool,
        /// Only streams whose names begin with this: run/, incident/, alert/, system
        #[arg(long, value_name = "PREFIX", default_value = "")]
        stream: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Write entries to a file that verifies by itself
    Export {
        /// Where to; `-` for standard output
        #[arg(default_value = "-")]
        file: PathBuf,
        /// Only streams whose names begin with this
        #[arg(long, value_name = "PREFIX", default_value = "")]
        stream: String,
        /// The stream `system` too, whose checkpoints (and their signatures) hold the others
        #[arg(long)]
        checkpoints: bool,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Drop the bodies of what ended long ago; the chain still verifies
    Retain(retain::Args),
    /// Copy the data folder with its ledger of drills, also while a server uses it; the vault's key is not copied
    Backup {
        /// A new or empty folder
        to: PathBuf,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Put a backup into a new or empty data folder
    Restore {
        /// The backup
        from: PathBuf,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// Does it.
///
/// # Errors
/// Exit code 5 when the log is not what was written.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        What::Verify(args) => verify::run(&args, out),
        What::Retain(args) => Box::pin(retain::run(args, out)).await,
        What::Key(args) => verify::key(&args, out),
        What::Tail { last, no_follow, stream, place } => {
            tail(&place.data(), last, !no_follow, &stream, out).await
        }
        What::Export { file, stream, checkpoints, place } => export(
            &place.data(),
            &file,
            |name| name.starts_with(&stream) || (checkpoints && name == "system"),
            out,
        ),
        What::Backup { to, place } => copies::backup(&place.data(), &to, out),
        What::Restore { from, place } => copies::restore(&from, &place.data(), out),
    }
}

fn said(found: &Verified, what: &str, drills: Option<&Verified>, out: Out) {
    let torn = found.torn.as_ref().map(|(file, line)| format!("{}:{line}", file.display()));
    let secrets = found.secrets.map_or_else(String::new, |count| format!(", {count} secrets open"));
    out.text(&format!("{what}: {} entries of {} streams{secrets}", found.entries, found.streams));
    if let Some(signed) = &found.signed {
        out.text(&verify::words(signed));
    }
    if let Some(drills) = drills {
        out.text(&format!("  and the ledger of drills: {} entries", drills.entries));
    }
    if let Some(torn) = &torn {
        out.text(&format!("  a last batch is not whole at {torn}: it is being written, or a crash tore it before anyone was told"));
    }
    out.line(&json!({
        "ok": true, "entries": found.entries, "streams": found.streams, "segments": found.segments,
        "batches": found.batches, "dropped": found.dropped, "checkpointed": found.checkpointed,
        "secrets": found.secrets, "torn": torn, "drills": drills.map(|drills| drills.entries),
        "signed": found.signed.as_ref().map(verify::signed),
    }));
}

async fn tail(data: &Path, last: usize, follow: bool, stream: &str, out: Out) -> anyhow::Result<Exit> {
    let mut tail = stanch_journal::tail(data, last).map_err(broken)?;
    let mut shown = 0u64;
    loop {
        while let Some(entry) = tail.poll().map_err(broken)? {
            if entry.header.stream.as_str().starts_with(stream) {
                show(&entry, out);
                shown += 1;
            }
        }
        if !follow {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    out.line(&json!({ "shown": shown }));
    Ok(Exit::Yes)
}

fn show(entry: &Entry, out: Out) {
    let header = &entry.header;
    let body: Value = entry.decode().unwrap_or(Value::Null);
    out.text(&format!(
        "{:>6} {} {} {} {} {body}",
        entry.position,
        crate::when::at(&header.time),
        header.stream,
        header.version,
        header.kind
    ));
    out.line(&json!({
        "position": entry.position, "time": header.time, "stream": header.stream, "version": header.version,
        "kind": header.kind, "hash": entry.hash, "body": body,
    }));
}

fn export(data: &Path, file: &Path, wanted: impl Fn(&str) -> bool, out: Out) -> anyhow::Result<Exit> {
    let wanted = |id: &stanch_model::StreamId| wanted(id.as_str());
    if file == Path::new("-") {
        stanch_journal::export(data, wanted, &mut std::io::stdout().lock()).map_err(broken)?;
        return Ok(Exit::Yes);
    }
    let writing = || format!("writing {}", file.display());
    let mut writer = BufWriter::new(File::create(file).with_context(writing)?);
    let done = stanch_journal::export(data, wanted, &mut writer).map_err(broken)?;
    writer.flush().with_context(writing)?;
    writer.get_ref().sync_all().with_context(writing)?;
    out.text(&format!("{} entries of {} streams in {}", done.entries, done.streams, file.display()));
    out.line(&json!({ "entries": done.entries, "streams": done.streams, "file": file }));
    Ok(Exit::Yes)
}

/// Why the journal refused, with the way out and the exit code.
pub(crate) fn broken(error: JournalError) -> anyhow::Error {
    let said = |text: String| Said::new(text);
    match &error {
        JournalError::Corrupt { file, line, why } => said(format!("{}:{line}: {why}", file.display()))
            .help(
                "nothing was changed; restore a backup, or keep this folder as evidence and start a new one",
            )
            .exit(Exit::Broken)
            .into(),
        JournalError::Locked { pid, .. } => said(error.to_string())
            .help(format!(
                "stop process {pid}, or speak to it: most commands do when STANCH_DATA names its folder"
            ))
            .into(),
        JournalError::Full => said(error.to_string()).help("free space on the disk").into(),
        JournalError::Fatal(_) => said(error.to_string()).exit(Exit::Broken).into(),
        JournalError::Io { .. } => said(error.to_string())
            .help("is that a folder, and may the user of this process read and write it?")
            .into(),
        _ => anyhow::Error::new(error),
    }
}
