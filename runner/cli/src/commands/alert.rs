//! `stanch alert`: hands an alert to the server as a person. Nothing is proven; who handed it in is known.

use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};

use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
    table::short,
};

/// Hand an alert to the server
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The source, as under `alerts:`
    source: String,
    /// The alert as its source sends it; `-` for standard input
    file: PathBuf,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Hands it in.
///
/// # Errors
/// When the file cannot be read, or the server refuses it.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let body = read(&args.file)?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let receipt =
        args.reach.client()?.hand_in_alert(&args.source, headers, body.into()).await.map_err(answer)?;
    for alert in &receipt.alerts {
        let runs: Vec<String> = alert.runs.iter().map(|run| short(run)).collect();
        let started = if runs.is_empty() { "no run".to_owned() } else { format!("run {}", runs.join(", ")) };
        let known = if alert.duplicate { "known already" } else { "taken" };
        out.text(&format!("{} {known}: {started}", short(&alert.id)));
    }
    if let Some(why) = &receipt.ignored {
        out.text(&format!("nothing taken: {why}"));
    }
    out.line(&receipt);
    Ok(if receipt.ignored.is_some() { Exit::No } else { Exit::Yes })
}

/// A file, or standard input.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match path == Path::new("-") {
        true => std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(drop),
        false => std::fs::read(path).map(|found| bytes = found),
    };
    read.map_err(|error| Said::new(format!("cannot read {}: {error}", path.display())))?;
    Ok(bytes)
}
