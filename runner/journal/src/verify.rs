//! Proving that a log is what was written: every hash, every chain, every checkpoint.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use stanch_model::{Hash, secret::SecretBox};

use crate::{
    error::JournalError,
    line::{self, BodyFound, Line},
    local::{KeySource, Layout, Shelf},
    scan,
    sign::{Place, PublicKey, Signed},
    vault::Vault,
};

/// What else to prove.
#[derive(Clone, Default)]
pub struct Verify {
    /// Open every secret of the vault with this key.
    pub vault_key: Option<KeySource>,
    /// The hash of a checkpoint entry that was kept elsewhere: it must be in the log.
    pub checkpoint: Option<Hash>,
    /// The keys that sign checkpoints: from the first that is signed on, every one must be, by one of these.
    pub signers: Vec<PublicKey>,
}

/// What was proven.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Segments read (0 for an exported file).
    pub segments: u64,
    /// Batches read (0 for an exported file).
    pub batches: u64,
    /// Entries whose hashes and chain hold.
    pub entries: u64,
    /// Streams they belong to.
    pub streams: u64,
    /// Entries whose body retention dropped.
    pub dropped: u64,
    /// Heads that checkpoints name and that are so.
    pub checkpointed: u64,
    /// Secrets that open, when a key was given.
    pub secrets: Option<u64>,
    /// What signatures cover, when keys were given.
    pub signed: Option<SignedUpTo>,
    /// File and line of a last batch that is not whole: a server is writing it, or a crash tore it before anyone was told.
    pub torn: Option<(PathBuf, u64)>,
}

/// What the signatures of checkpoints cover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignedUpTo {
    /// Signed checkpoints that hold.
    pub checkpoints: u64,
    /// What the last of them says of the time.
    pub time: String,
    /// Its hash.
    pub hash: Option<Hash>,
    /// Entries that came after it: no signature covers them yet.
    pub after: u64,
}

/// Verifies a data folder (also while it is served) or an exported file.
///
/// # Errors
/// `Corrupt` with file and line of the first entry that is not as it was written; `Fatal` when a kept checkpoint is not
/// in the log, keys were given and nothing is signed, or the vault does not open; `Io` when it cannot be read.
pub fn verify(path: impl AsRef<Path>, how: &Verify) -> Result<Verified, JournalError> {
    let path = path.as_ref();
    let mut chains = Chains {
        found: Verified::default(),
        heads: HashMap::new(),
        looking_for: how.checkpoint,
        signers: &how.signers,
    };
    chains.found.signed = (!how.signers.is_empty()).then(SignedUpTo::default);
    if path.is_file() {
        exported(path, &mut chains)?;
    } else {
        let layout = scan::layout(path)?;
        folder(&layout, &mut chains)?;
        if let Some(key) = &how.vault_key {
            chains.found.secrets = Some(secrets(&layout, key)?);
        }
    }
    if let Some(missing) = chains.looking_for {
        return Err(JournalError::Fatal(format!("checkpoint {missing} is not in this log")));
    }
    if chains.found.signed.as_ref().is_some_and(|signed| signed.checkpoints == 0) {
        return Err(JournalError::Fatal(
            "no checkpoint in this log is signed: the journal was kept without a key, or this is a part of it without the stream `system`".to_owned(),
        ));
    }
    chains.found.streams = chains.heads.len() as u64;
    Ok(chains.found)
}

fn folder(layout: &Layout, chains: &mut Chains<'_>) -> Result<(), JournalError> {
    let end = scan::batches(layout, |number, bytes, batch| {
        for (offset, _, text) in batch.entries() {
            let spilled = |line: &Line<'_>| Shelf::spilled(layout, &line.body_hash);
            chains.take(text, spilled).map_err(|why| {
                let line = bytes[..offset].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
                JournalError::Corrupt { file: layout.segment(number), line, why }
            })?;
        }
        Ok(())
    })?;
    (chains.found.segments, chains.found.batches, chains.found.torn) = (end.segments, end.batches, end.torn);
    Ok(())
}

fn exported(path: &Path, chains: &mut Chains<'_>) -> Result<(), JournalError> {
    let bytes = fs::read(path).map_err(JournalError::io(format!("reading {}", path.display())))?;
    for (nth, text) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if text.is_empty() || text.starts_with(b"{\"segment\":") || text.starts_with(b"{\"batch\":") {
            continue;
        }
        chains.take(text, |_| Ok(None)).map_err(|why| JournalError::Corrupt {
            file: path.to_owned(),
            line: nth as u64 + 1,
            why,
        })?;
    }
    Ok(())
}

fn secrets(layout: &Layout, key: &KeySource) -> Result<u64, JournalError> {
    let failed = |error: stanch_model::secret::SecretError| JournalError::Fatal(error.to_string());
    let vault = Vault::open(layout.vault(), key).map_err(failed)?;
    let handles = vault.handles().map_err(failed)?;
    handles.iter().try_for_each(|handle| vault.open(handle).map(drop)).map_err(failed)?;
    Ok(handles.len() as u64)
}

/// Where every stream stands.
struct Chains<'k> {
    found: Verified,
    heads: HashMap<String, (u64, Hash)>,
    looking_for: Option<Hash>,
    signers: &'k [PublicKey],
}

impl Chains<'_> {
    fn take(
        &mut self,
        text: &[u8],
        spilled: impl FnOnce(&Line<'_>) -> Result<Option<Box<str>>, JournalError>,
    ) -> Result<(), String> {
        let line = line::parse(text).ok_or("this is not an entry")?;
        if let Some(why) = line.flaw() {
            return Err(line.wrong(why));
        }
        let is_dropped = match line.body {
            BodyFound::Line(_) => false,
            BodyFound::Dropped => true,
            BodyFound::Blob => spilled(&line).map_err(|error| error.to_string())?.is_none(),
        };
        let (version, head) = self.heads.get(line.stream.as_ref()).copied().unwrap_or((0, Hash::ZERO));
        if line.version != version + 1 {
            let expected = version + 1;
            return Err(format!("{} has version {} where {expected} belongs", line.stream, line.version));
        }
        if line.prev != head {
            return Err(line.wrong("it does not follow on the entry before it in its stream"));
        }
        if let Some(signed) = &mut self.found.signed {
            signed.after += 1;
        }
        if line.kind == CHECKPOINT && line.stream == "system" {
            self.checkpoint(&line)?;
        }
        match self.heads.get_mut(line.stream.as_ref()) {
            Some(known) => *known = (line.version, line.hash),
            None => drop(self.heads.insert(line.stream.clone().into_owned(), (line.version, line.hash))),
        }
        self.found.entries += 1;
        self.found.dropped += u64::from(is_dropped);
        Ok(())
    }

    fn checkpoint(&mut self, line: &Line<'_>) -> Result<(), String> {
        self.looking_for = self.looking_for.filter(|wanted| *wanted != line.hash);
        let BodyFound::Line(body) = line.body else {
            return if self.is_signed_by_now() { Err(line.wrong(UNSIGNED)) } else { Ok(()) };
        };
        let body: Checkpoint = serde_json::from_str(body).map_err(|error| error.to_string())?;
        self.signature(line, &body)?;
        for (stream, version, head) in body.streams {
            // An export may leave streams out.
            let Some(known) = self.heads.get(&stream) else { continue };
            if *known != (version, head) {
                return Err(format!("this checkpoint knows another version {version} of {stream}"));
            }
            self.found.checkpointed += 1;
        }
        Ok(())
    }

    fn is_signed_by_now(&self) -> bool {
        self.found.signed.as_ref().is_some_and(|signed| signed.checkpoints > 0)
    }

    /// The signature of a checkpoint, where keys were given. Those before the first signed one are covered by it.
    fn signature(&mut self, line: &Line<'_>, body: &Checkpoint) -> Result<(), String> {
        let is_due = self.is_signed_by_now();
        let Some(so_far) = &mut self.found.signed else { return Ok(()) };
        let Some(signed) = &body.signed else {
            return if is_due { Err(line.wrong(UNSIGNED)) } else { Ok(()) };
        };
        let place =
            Place { version: line.version, prev: line.prev, previous: body.previous, streams: &body.streams };
        if !self.signers.iter().any(|key| key.holds(&place, signed)) {
            let why =
                format!("none of the given keys made the signature of this checkpoint ({})", signed.key);
            return Err(line.wrong(&why));
        }
        so_far.checkpoints += 1;
        so_far.time.clone_from(&signed.time);
        (so_far.hash, so_far.after) = (Some(line.hash), 0);
        Ok(())
    }
}

const UNSIGNED: &str = "this checkpoint has no signature, and one before it has";

/// The kind of checkpoint entries in `system`.
pub(crate) const CHECKPOINT: &str = "journal.checkpoint";

/// The body of a checkpoint: where each stream stands that grew since the one before.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Checkpoint {
    /// Hash of the checkpoint entry before this one, if one is near.
    pub(crate) previous: Option<Hash>,
    /// Stream, version, hash of that entry.
    pub(crate) streams: Vec<(String, u64, Hash)>,
    /// Where a key is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<Signed>,
}
