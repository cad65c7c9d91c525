//! `stanch alert`: hands an alert to the server as a person. Nothing is proven; who handed it in is known.

use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use stanch_client::ClientError;
use stanch_model::{Diagnostic, api::AcceptedAlert, shortened::short};

use crate::{
    diagnose,
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
};

/// Hand an alert to the server, as its source would send it
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 taken, 3 refused, or nothing to take")]
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
/// When the file cannot be read or is no JSON, or the server refuses it.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let text = text(&args.file)?;
    read(&args.file, &text, stanch_response::alert::delivery, out)?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let sent = args.reach.client()?.hand_in_alert(&args.source, headers, text.into()).await;
    let receipt = sent.map_err(|error| of_file(&args.file, error))?;
    for alert in &receipt.alerts {
        out.text(&words(alert));
    }
    if let Some(why) = &receipt.ignored {
        out.text(&format!("nothing taken: {why}"));
    }
    out.line(&receipt);
    Ok(if receipt.ignored.is_some() { Exit::No } else { Exit::Yes })
}

fn words(alert: &AcceptedAlert) -> String {
    let runs: Vec<&str> = alert.runs.iter().map(|run| short(run)).collect();
    let known = if alert.duplicate { "known already" } else { "taken" };
    let incident = alert.incident.as_ref().map_or_else(String::new, |id| format!(" incident {},", short(id)));
    let runs =
        if runs.is_empty() { "no playbook starts".to_owned() } else { format!("run {}", runs.join(", ")) };
    format!("{known}:{incident} {runs}")
}

/// What the server said of a file's content, with the file's name.
pub(super) fn of_file(file: &Path, error: ClientError) -> anyhow::Error {
    match error {
        ClientError::Refused { status: status @ (400 | 413 | 422), mut problem } => {
            problem.message = format!("{}: {}", file.display(), problem.message);
            let said = answer(ClientError::Refused { status, problem });
            match said.downcast::<Said>() {
                Ok(said) => said.exit(Exit::No).into(),
                Err(said) => said,
            }
        }
        error => answer(error),
    }
}

/// A file of text, or standard input.
pub(super) fn text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(bytes(path)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let said = Said::new(format!("{} is not UTF-8 from byte {at} on", path.display()));
        said.help("save it as UTF-8").exit(Exit::No).into()
    })
}

/// A file as it is, or standard input.
pub(super) fn bytes(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match path == Path::new("-") {
        true => std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(drop),
        false => std::fs::read(path).map(|found| bytes = found),
    };
    let help = "name a file, or `-` for standard input";
    read.map_err(|error| Said::new(format!("cannot read {}: {error}", path.display())).help(help))?;
    Ok(bytes)
}

/// What a text says, or its mistake shown with its place.
pub(super) fn read<T>(
    path: &Path,
    text: &str,
    reader: fn(&str, &str) -> Result<T, Box<Diagnostic>>,
    out: Out,
) -> anyhow::Result<T> {
    let name = path.display().to_string();
    reader(&name, text).map_err(|mistake| {
        let sources = [(name.clone(), text.to_owned())].into();
        out.aside(&diagnose::render(&[*mistake], &sources, Out::colour_on_stderr()));
        Said::new(format!("{name} was not handed in")).exit(Exit::No).into()
    })
}
