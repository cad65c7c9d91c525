//! `stanch journal verify` and the key that signs checkpoints.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use stanch_journal::{KeySource, PublicKey, SignedUpTo, Signer, Verify};
use stanch_model::Hash;

use super::{broken, said};
use crate::{exit::Exit, out::Out, place::PlaceArgs, said::Said};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --key and --checkpoint this proves that nobody changed a line by accident or by hand; who owns the folder can write all of it anew, with hashes that hold.\nExit code: 0 everything holds, 5 it does not"
)]
pub(super) struct Args {
    /// An exported file instead of the data folder
    file: Option<PathBuf>,
    /// The public key that signs checkpoints (`ed25519:…`, or a file that holds it): from the first signed one on, every one must be. Several, where keys changed
    #[arg(long, value_name = "PUB")]
    key: Vec<String>,
    /// Open every secret of the vault, with the key that --vault-key names, too
    #[arg(long, conflicts_with = "file")]
    secrets: bool,
    /// The hash of a checkpoint that you kept elsewhere: it must be in the log
    #[arg(long, value_name = "HASH")]
    checkpoint: Option<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, clap::Args)]
pub(super) struct KeyArgs {
    /// The file to be made; nobody else may read it
    file: PathBuf,
}

pub(super) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let checkpoint = args.checkpoint.as_deref().map(|text| {
        let bad = || Said::new("a checkpoint is 64 hex digits").exit(Exit::Usage);
        Hash::parse(text.trim()).ok_or_else(bad)
    });
    let vault_key = if args.secrets { Some(KeySource::File(args.place.place()?.vault_key)) } else { None };
    let signers = args.key.iter().map(|key| public(key)).collect::<anyhow::Result<_>>()?;
    let how = Verify { vault_key, checkpoint: checkpoint.transpose()?, signers };
    let path = args.file.clone().unwrap_or_else(|| args.place.data());
    let found = stanch_journal::verify(path, &how).map_err(broken)?;
    said(&found, "every hash and every chain holds", None, out);
    Ok(Exit::Yes)
}

/// The key itself, or a file that holds it.
fn public(text: &str) -> anyhow::Result<PublicKey> {
    if let Ok(key) = PublicKey::read(text) {
        return Ok(key);
    }
    let read = std::fs::read_to_string(text);
    let key = read.map_err(|error| format!("no public key, and no file of one: {error}"));
    let key = key.and_then(|held| PublicKey::read(&held).map_err(|error| error.to_string()));
    key.map_err(|why| {
        Said::new(format!("--key {text}: {why}"))
            .help("`stanch journal key` printed it when the key was made; it begins with `ed25519:`")
            .exit(Exit::Usage)
            .into()
    })
}

/// What the signatures cover, in words.
pub(super) fn words(signed: &SignedUpTo) -> String {
    let SignedUpTo { checkpoints, time, after, .. } = signed;
    let at = crate::when::at(time);
    match after {
        0 => format!("  {checkpoints} signed checkpoints hold, the last of {at}: it covers every entry"),
        after => format!(
            "  {checkpoints} signed checkpoints hold, the last of {at}; {after} entries came after it, and no signature covers them yet"
        ),
    }
}

pub(super) fn signed(signed: &SignedUpTo) -> Value {
    json!({
        "checkpoints": signed.checkpoints, "time": signed.time, "hash": signed.hash, "after": signed.after,
    })
}

/// Makes a key.
pub(super) fn key(args: &KeyArgs, out: Out) -> anyhow::Result<Exit> {
    let private = Signer::generate()?;
    let public = Signer::read(&private)?.public().to_owned();
    write(&args.file, &private).map_err(|error| {
        Said::new(format!("cannot make {}: {error}", args.file.display()))
            .help("a key is never written over another one: name a file that is not there")
    })?;
    let shown = std::path::absolute(&args.file).unwrap_or_else(|_| args.file.clone());
    out.text(&format!(
        "{} is the private key; it belongs outside the data folder. In stanch.yaml:\n\njournal:\n  sign: file:{}\n\nKeep the public key where this server's owner cannot write, and verify with it:\n\n  stanch journal verify --key {public}",
        args.file.display(),
        shown.display(),
    ));
    out.line(&json!({ "file": args.file, "public": public }));
    Ok(Exit::Yes)
}

fn write(file: &Path, private: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    writeln!(file, "{private}")?;
    file.sync_all()
}
