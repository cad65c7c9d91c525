//! Secret values, sealed one file each under a key that lies outside the data folder.
//!
//! A handle is HMAC(vault key, value): equal secrets have equal handles, and nobody without the key can guess one.
//! The vault must never write a value in the clear, log one, or put one into an error.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use stanch_model::secret::{SecretBox, SecretError};

use crate::{
    disk::{self, Disk, RealDisk},
    local::KeySource,
};

/// Proves that a key is this vault's, without sealing anything.
const CHECK: &str = "key-check";

/// The vault of one data folder.
pub struct Vault {
    folder: PathBuf,
    handles: hmac::Key,
    seal: LessSafeKey,
    random: SystemRandom,
    disk: Arc<dyn Disk>,
}

impl Vault {
    /// Opens or creates the vault in `folder`. A missing key file is generated (mode 0600), but only for a new vault.
    ///
    /// # Errors
    /// `Key` when the key is missing, malformed or another vault's, `Io` when the disk refuses.
    pub fn open(folder: impl Into<PathBuf>, key: &KeySource) -> Result<Self, SecretError> {
        Self::open_on(folder.into(), key, Arc::new(RealDisk))
    }

    pub(crate) fn open_on(
        folder: PathBuf,
        key: &KeySource,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, SecretError> {
        let is_new = !folder.join(CHECK).exists();
        let master = match key {
            KeySource::Bytes(bytes) => *bytes,
            KeySource::File(path) => key_file(&*disk, path, is_new)?,
        };
        let vault = Self::with_master(folder, &master, disk)?;
        vault.check_key(is_new)?;
        Ok(vault)
    }

    fn with_master(folder: PathBuf, master: &[u8; 32], disk: Arc<dyn Disk>) -> Result<Self, SecretError> {
        let master = hmac::Key::new(hmac::HMAC_SHA256, master);
        let derive = |purpose: &str| hmac::sign(&master, purpose.as_bytes());
        let seal = UnboundKey::new(&CHACHA20_POLY1305, derive("stanch vault seal").as_ref())
            .map_err(|_| SecretError::Key("it has the wrong length".to_owned()))?;
        Ok(Self {
            folder,
            handles: hmac::Key::new(hmac::HMAC_SHA256, derive("stanch vault handle").as_ref()),
            seal: LessSafeKey::new(seal),
            random: SystemRandom::new(),
            disk,
        })
    }

    fn check_key(&self, is_new: bool) -> Result<(), SecretError> {
        let path = self.folder.join(CHECK);
        let mine = hex(hmac::sign(&self.handles, b"stanch vault check").as_ref());
        if is_new {
            disk::create_dir_synced(&self.folder).map_err(refused(&self.folder))?;
            return disk::write_synced(&*self.disk, &path, mine.as_bytes()).map_err(refused(&path));
        }
        let found = fs::read_to_string(&path).map_err(refused(&path))?;
        if found == mine {
            return Ok(());
        }
        Err(SecretError::Key(format!("{} was made with another key", self.folder.display())))
    }

    /// The handle that this value has or would have.
    pub fn handle(&self, value: &str) -> String {
        hex(hmac::sign(&self.handles, value.as_bytes()).as_ref())
    }

    /// Forgets a value for good. Without effect if it is not here.
    ///
    /// # Errors
    /// When the disk refuses: the value may still be there.
    pub fn shred(&self, handle: &str) -> Result<(), SecretError> {
        let path = self.path(handle)?;
        let length = match fs::metadata(&path) {
            Ok(found) => usize::try_from(found.len()).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(refused(&path)(error)),
        };
        overwrite(&path, length).map_err(refused(&path))?;
        self.disk.remove(&path).map_err(refused(&path))?;
        self.disk.sync_dir(&self.folder).map_err(refused(&self.folder))
    }

    /// Every handle in the vault, in no order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn handles(&self) -> Result<Vec<String>, SecretError> {
        let listed = fs::read_dir(&self.folder).map_err(refused(&self.folder))?;
        let names = listed.filter_map(|file| file.ok()?.file_name().into_string().ok());
        Ok(names.filter(|name| is_handle(name)).collect())
    }

    fn path(&self, handle: &str) -> Result<PathBuf, SecretError> {
        // A handle from a journal is data: it must not become a path of somebody's choice.
        if is_handle(handle) {
            Ok(self.folder.join(handle))
        } else {
            Err(SecretError::Unknown(handle.to_owned()))
        }
    }
}

impl SecretBox for Vault {
    fn seal(&self, value: &str) -> Result<String, SecretError> {
        let handle = self.handle(value);
        let path = self.path(&handle)?;
        if path.exists() && self.open(&handle).is_ok() {
            return Ok(handle);
        }
        let mut nonce = [0u8; NONCE_LEN];
        self.random.fill(&mut nonce).map_err(|_| SecretError::Io("no random bytes".to_owned()))?;
        let mut sealed = value.as_bytes().to_vec();
        self.seal
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(handle.as_bytes()),
                &mut sealed,
            )
            .map_err(|_| SecretError::Io("sealing failed".to_owned()))?;
        sealed.splice(0..0, nonce);
        disk::write_synced(&*self.disk, &path, &sealed).map_err(refused(&path))?;
        Ok(handle)
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        let path = self.path(handle)?;
        let mut sealed = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SecretError::Unknown(handle.to_owned()),
            _ => refused(&path)(error),
        })?;
        let wrong = || SecretError::Key(format!("{handle} does not open: another key, or a damaged file"));
        let nonce = sealed.get(..NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let value = self
            .seal
            .open_within(nonce, Aad::from(handle.as_bytes()), &mut sealed, NONCE_LEN..)
            .map_err(|_| wrong())?;
        String::from_utf8(value.to_vec()).map_err(|_| wrong())
    }
}

fn key_file(disk: &dyn Disk, path: &Path, may_create: bool) -> Result<[u8; 32], SecretError> {
    match fs::read_to_string(path) {
        Ok(text) => unhex(text.trim())
            .ok_or_else(|| SecretError::Key(format!("{} does not hold 64 hex digits", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => generate(disk, path),
        Err(error) => Err(SecretError::Key(format!("{}: {error}", path.display()))),
    }
}

fn generate(disk: &dyn Disk, path: &Path) -> Result<[u8; 32], SecretError> {
    let mut key = [0u8; 32];
    SystemRandom::new().fill(&mut key).map_err(|_| SecretError::Io("no random bytes".to_owned()))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    disk::create_dir_synced(parent).map_err(refused(parent))?;
    disk::write_synced(disk, path, format!("{}\n", hex(&key)).as_bytes()).map_err(refused(path))?;
    Ok(key)
}

/// Best effort on a disk that writes in place; copy-on-write and flash may keep the old blocks, which are sealed.
fn overwrite(path: &Path, length: usize) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    file.write_all(&vec![0; length])?;
    file.sync_all()
}

fn refused(path: &Path) -> impl FnOnce(io::Error) -> SecretError {
    move |error| SecretError::Io(format!("{}: {error}", path.display()))
}

fn is_handle(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    stanch_model::Hash::parse(text).map(|hash| hash.0)
}
