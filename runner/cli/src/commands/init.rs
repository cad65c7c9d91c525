//! `stanch init`: a place to begin: a commented configuration, a vendor register, the first token.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde_json::json;
use stanch_model::api::{NewToken, Role};
use stanch_server::Tokens;

use super::{
    reads::{self, Answered},
    tokens,
};
use crate::{exit::Exit, ground::GroundArgs, out::Out, place::Place, said::Said, setup};

const CONFIGURATION: &str = include_str!("init/stanch.yaml");
const VENDORS: &str = include_str!("init/vendors.yaml");

/// Begin: a commented stanch.yaml, a vendor register, the first token
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What is there already is kept. Once integrations stand in stanch.yaml, run it again: it makes one read-only call to each."
)]
pub(crate) struct Args {
    /// Where; this folder unless given
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    ground: GroundArgs,
}

/// Writes what is not there yet, and asks every configured integration one harmless question.
///
/// # Errors
/// When the folder cannot be written, or a file in it has a mistake.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let (dir, data) = (&args.dir, args.dir.join("data"));
    for folder in [dir, &data] {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| Said::new(format!("cannot make {}: {error}", folder.display())))?;
    }
    for (name, text) in [("stanch.yaml", CONFIGURATION), ("vendors.yaml", VENDORS)] {
        let path = dir.join(name);
        let word = if write(&path, text)? { "wrote" } else { "kept " };
        out.aside(&format!("{word} {}", path.display()));
    }
    let place =
        Place { config: dir.join("stanch.yaml"), data: data.clone(), vault_key: dir.join("vault.key") };
    let setup = setup::load_or_refuse(&place.config, out)?;
    first_token(&data, out)?;
    let mut wrong = 0;
    if setup.config.integrations.is_empty() {
        out.aside(
            "next: add your platforms to stanch.yaml, and run this again: it asks each one harmless question",
        );
    } else {
        let integrations = reads::open(&setup, &place, &args.ground, out)?;
        for name in setup.config.integrations.keys() {
            wrong += usize::from(!ask(&integrations, name, out).await);
        }
    }
    let there = if dir == Path::new(".") { String::new() } else { format!("cd {} && ", dir.display()) };
    out.aside(&format!("then: {there}stanch check && stanch serve"));
    out.line(&json!({ "dir": dir, "integrations": setup.config.integrations.len(), "unreachable": wrong }));
    Ok(if wrong == 0 { Exit::Yes } else { Exit::No })
}

async fn ask(integrations: &stanch_integrations::Integrations, name: &str, out: Out) -> bool {
    match reads::ask(integrations, name).await {
        Answered::Yes(asked) => out.text(&format!("{asked} answered: address and credential work")),
        Answered::No { asked, why, help } => {
            out.text(&format!("{asked} did not: {why}\n  help: {help}"));
            return false;
        }
        Answered::NothingToAsk => {
            out.text(&format!("{name}: nothing can be asked there without knowing more"))
        }
    }
    true
}

/// False when the file is there already: it is never overwritten.
fn write(path: &Path, text: &str) -> anyhow::Result<bool> {
    let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match written.and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes())) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Said::new(format!("cannot write {}: {error}", path.display())).into()),
    }
}

/// Made once; a folder that has tokens gets no other.
fn first_token(data: &Path, out: Out) -> anyhow::Result<()> {
    if data.join("api.sock").exists() {
        out.aside("a server owns the data folder: `stanch tokens new` makes more tokens");
        return Ok(());
    }
    let known = Tokens::open(data)?;
    if !known.list().is_empty() {
        return Ok(());
    }
    let name =
        std::env::var("USER").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "admin".to_owned());
    tokens::show(&known.make(&NewToken { name, role: Role::Admin, days: None })?, out);
    Ok(())
}
