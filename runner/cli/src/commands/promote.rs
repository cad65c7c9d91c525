//! `stanch playbooks review`, `promote`, `withdraw`, and the signed files that stand for a review.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;
use stanch_model::api::{JudgeBody, Recorded};
use stanch_playbooks::{Bundle, BundleError, Library, Playbook, bundle};

use crate::{
    exit::Exit,
    out::Out,
    place::PlaceArgs,
    reach::{ReachArgs, answer},
    said::Said,
    setup,
};

/// Which way a judgement goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judge {
    Review,
    Withdraw,
}

#[derive(Debug, clap::Args)]
pub(crate) struct JudgeArgs {
    /// The playbook
    playbook: String,
    /// The version that is meant, or its first 8 digits; the one that the server has unless given
    #[arg(long = "version", value_name = "HASH")]
    version: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Whoever promotes is not who reviewed: two people, or one person and a signature of a key under `promote: keys:`.\nExit code: 0 recorded, 3 refused"
)]
pub(crate) struct PromoteArgs {
    #[command(flatten)]
    judge: JudgeArgs,
    /// Promote without a second person: why; goes into the record
    #[arg(long, value_name = "REASON")]
    alone: Option<String>,
    /// A signed file of this version: its signature stands for the review
    #[arg(long, value_name = "FILE", conflicts_with = "alone")]
    bundle: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct KeyArgs {
    /// The file to be made; nobody else may read it
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SignArgs {
    /// A folder, or a playbook of the library
    playbook: String,
    /// The private key, as `stanch playbooks key` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The signed file; PLAYBOOK.bundle.json here unless given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "The key that signed it must stand under `promote: keys:` of stanch.yaml")]
pub(crate) struct InstallArgs {
    /// The signed file
    bundle: PathBuf,
    /// The folder of playbooks that gets it, as under `playbooks:` of stanch.yaml
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Reviews or withdraws.
///
/// # Errors
/// When the server refuses.
pub(crate) async fn judge(args: &JudgeArgs, judge: Judge, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let body = JudgeBody { version: args.version.clone(), ..JudgeBody::default() };
    let (said, done) = match judge {
        Judge::Review => (client.review(&args.playbook, &body).await, "reviewed"),
        Judge::Withdraw => (client.withdraw(&args.playbook, &body).await, "a draft again"),
    };
    recorded(&args.playbook, done, &said.map_err(answer)?, out)
}

/// Promotes.
///
/// # Errors
/// When the bundle cannot be read or is of another playbook, or the server refuses.
pub(crate) async fn promote(args: &PromoteArgs, out: Out) -> anyhow::Result<Exit> {
    let mut body =
        JudgeBody { version: args.judge.version.clone(), alone: args.alone.clone(), ..JudgeBody::default() };
    if let Some(path) = &args.bundle {
        let (bundle, _) = Bundle::read(&read(path)?).map_err(|why| of_file(path, &why))?;
        if bundle.playbook != args.judge.playbook {
            let message =
                format!("{} is of {}, not of {}", path.display(), bundle.playbook, args.judge.playbook);
            return Err(Said::new(message).exit(Exit::No).into());
        }
        body.version = Some(bundle.version);
        body.signature = Some(bundle.signature);
    }
    let client = args.judge.reach.client()?;
    let said = client.promote(&args.judge.playbook, &body).await.map_err(answer)?;
    recorded(&args.judge.playbook, "promoted: alerts start this version in mode live", &said, out)
}

fn recorded(playbook: &str, done: &str, said: &Recorded, out: Out) -> anyhow::Result<Exit> {
    let known = if said.new { "" } else { ", as you have said before" };
    out.text(&format!("{playbook} is {done}, by {}{known}", said.by));
    out.line(&json!({ "playbook": playbook, "new": said.new, "by": said.by, "position": said.position }));
    Ok(Exit::Yes)
}

/// Makes a key.
///
/// # Errors
/// When the file is there already or cannot be written.
pub(crate) fn key(args: &KeyArgs, out: Out) -> anyhow::Result<Exit> {
    let private = bundle::new_key()?;
    let public = bundle::public_key(&private)?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.file);
    let written = made.and_then(|mut file| {
        writeln!(file, "{private}")?;
        file.sync_all()
    });
    written.map_err(|error| {
        Said::new(format!("cannot make {}: {error}", args.file.display()))
            .help("a key is never written over another one: name a file that is not there")
    })?;
    out.text(&format!(
        "{} is the private key: keep it where playbooks are released, never beside the server.\nIn stanch.yaml:\n\npromote:\n  keys:\n    release: {public}",
        args.file.display()
    ));
    out.line(&json!({ "file": args.file, "public": public }));
    Ok(Exit::Yes)
}

/// Signs a playbook.
///
/// # Errors
/// When it has mistakes, or the key is none.
pub(crate) fn sign(args: &SignArgs, out: Out) -> anyhow::Result<Exit> {
    let playbook = find(args, out)?;
    let private = read(&args.key)?;
    let bundle = Bundle::sign(&playbook, &private).map_err(|why| of_file(&args.key, &why))?;
    let file = args.out.clone().unwrap_or_else(|| PathBuf::from(format!("{}.bundle.json", bundle.playbook)));
    let text = serde_json::to_string_pretty(&bundle)? + "\n";
    std::fs::write(&file, text)
        .map_err(|error| Said::new(format!("cannot write {}: {error}", file.display())))?;
    out.text(&format!("{} holds {} {}, signed", file.display(), bundle.playbook, &bundle.version[..8]));
    out.line(&json!({ "file": file, "playbook": bundle.playbook, "version": bundle.version, "key": bundle.signature.key }));
    Ok(Exit::Yes)
}

/// A folder, else a playbook of the library and of the configured folders.
fn find(args: &SignArgs, out: Out) -> anyhow::Result<Playbook> {
    let path = Path::new(&args.playbook);
    if path.join("playbook.yaml").exists() {
        return Playbook::load_dir(path).map_err(|found| {
            let lines: Vec<String> = found.iter().map(stanch_model::Diagnostic::one_line).collect();
            Said::new(format!("{} has mistakes, so nothing is signed", path.display()))
                .help(lines.join("\n"))
                .exit(Exit::No)
                .into()
        });
    }
    let config = args.place.place()?.config;
    let library = if config.exists() {
        setup::load_or_refuse(&config, out)?.library
    } else {
        Arc::new(Library::embedded())
    };
    let found = library.get(&args.playbook).map(|found| (*found).clone());
    found.ok_or_else(|| {
        Said::new(format!(
            "{} is neither a folder with a playbook.yaml nor a playbook of the library",
            args.playbook
        ))
        .help("`stanch playbooks list` shows those that there are")
        .exit(Exit::No)
        .into()
    })
}

/// Installs a signed playbook.
///
/// # Errors
/// When no trusted key signed it, or the folder cannot be written.
pub(crate) fn install(args: &InstallArgs, out: Out) -> anyhow::Result<Exit> {
    let (bundle, playbook) = Bundle::read(&read(&args.bundle)?).map_err(|why| of_file(&args.bundle, &why))?;
    let setup = setup::load_or_refuse(&args.place.place()?.config, out)?;
    let keys = setup.config.promote.keys.iter().map(|(name, key)| (name.as_str(), key.as_str()));
    let key = bundle::verify(&bundle.playbook, &bundle.version, &bundle.signature, keys)
        .map_err(|why| of_file(&args.bundle, &why))?
        .to_owned();
    if !args.to.is_dir() {
        let said = Said::new(format!("there is no folder {}", args.to.display()));
        return Err(said.help("make it, and name it under `playbooks:` of stanch.yaml").into());
    }
    let folder = args.to.join(&bundle.playbook);
    put(&playbook, &args.to, &folder)
        .map_err(|error| Said::new(format!("cannot write {}: {error}", folder.display())))?;
    out.text(&format!(
        "{} holds {} {}, signed by {key}; the server takes it at its next start",
        folder.display(),
        bundle.playbook,
        &bundle.version[..8]
    ));
    out.line(
        &json!({ "folder": folder, "playbook": bundle.playbook, "version": bundle.version, "key": key }),
    );
    Ok(Exit::Yes)
}

/// Whole or not at all: written beside it, then put in its place; what was there is kept under another name.
fn put(playbook: &Playbook, into: &Path, folder: &Path) -> std::io::Result<()> {
    let beside = into.join(format!(".{}.new", playbook.slug));
    if beside.exists() {
        std::fs::remove_dir_all(&beside)?;
    }
    for (path, text) in Bundle::files_of(playbook) {
        let path = beside.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    let old = into.join(format!(".{}.old", playbook.slug));
    let replaces = folder.exists();
    if replaces {
        if old.exists() {
            std::fs::remove_dir_all(&old)?;
        }
        std::fs::rename(folder, &old)?;
    }
    std::fs::rename(beside, folder)?;
    // No part of a version, and no part of a bundle.
    for kept in ["cases", "drills"] {
        if replaces && old.join(kept).is_dir() && !folder.join(kept).exists() {
            std::fs::rename(old.join(kept), folder.join(kept))?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Said::new(format!("cannot read {}: {error}", path.display())).into())
}

fn of_file(path: &Path, why: &BundleError) -> anyhow::Error {
    let said = Said::new(format!("{}: {why}", path.display())).exit(Exit::No);
    match why {
        BundleError::Stranger { .. } => {
            said.help("add the key under `promote: keys:` of stanch.yaml if you trust who holds it").into()
        }
        _ => said.into(),
    }
}
