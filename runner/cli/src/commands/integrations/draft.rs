//! `stanch integrations new`: the first version of an integration, out of a platform's description.

use std::path::PathBuf;

use serde_json::json;
use stanch_integrations::conform::Draft;

use super::conform;
use crate::{exit::Exit, out::Out, said::Said};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The new platform's name: small letters, digits and dashes
    platform: String,
    /// The platform's description: OpenAPI 2 or 3 in JSON or YAML, or a Google discovery document
    #[arg(long, value_name = "FILE", required = true)]
    openapi: Vec<PathBuf>,
    /// Only operations whose METHOD /path holds this word; several may be given
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// The folder to write PLATFORM/ into
    #[arg(long, value_name = "FOLDER", default_value = "integrations")]
    folder: PathBuf,
}

/// Writes two files and reads them back through the checks.
///
/// # Errors
/// A name that is none, a file that is no description, a folder that exists or cannot be written, a draft that the checks refuse.
pub(super) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let slug = args.platform.as_str();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !slug.starts_with(|c: char| c.is_ascii_lowercase()) || !slug.chars().all(plain) {
        let help = "use small letters, digits and dashes: acme-id";
        return Err(Said::new(format!("`{slug}` is no name for a platform"))
            .help(help)
            .exit(Exit::Usage)
            .into());
    }
    let descriptions = args.openapi.iter().map(|path| conform::read(path)).collect::<Result<Vec<_>, _>>()?;
    let draft = Draft::of(slug, &descriptions, &args.only);
    if draft.actions == 0 {
        let help = "`--only` takes a part of METHOD /path, such as `DELETE` or `/tokens`";
        return Err(Said::new("the description has no such operation").help(help).exit(Exit::No).into());
    }
    let folder = args.folder.join(slug);
    let failed = |error: std::io::Error| Said::new(format!("cannot write {}: {error}", folder.display()));
    std::fs::create_dir_all(&args.folder).map_err(failed)?;
    std::fs::create_dir(&folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Said::new(format!("{} exists already", folder.display())).help("take another name or --folder")
        }
        _ => failed(error),
    })?;
    std::fs::write(folder.join("integration.yaml"), &draft.integration).map_err(failed)?;
    std::fs::write(folder.join("twin.rhai"), &draft.twin).map_err(failed)?;
    conform::catalog(Some(&args.folder))?;
    out.text(&format!(
        "{}: {} actions drafted. Say what they do (`stanch integrations guide`), then compare:\n  \
         stanch integrations conform {slug} --folder {} --openapi {}",
        folder.display(),
        draft.actions,
        args.folder.display(),
        args.openapi.first().map(|path| path.display().to_string()).unwrap_or_default()
    ));
    out.line(&json!({ "platform": slug, "folder": folder.display().to_string(), "actions": draft.actions }));
    Ok(Exit::Yes)
}
