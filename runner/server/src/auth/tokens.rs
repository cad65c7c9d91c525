//! Bearer tokens, `tokens.json` in the data folder: 0600, replaced whole, and holding hashes only.
//!
//! A token is 256 random bits, so a plain SHA-256 is enough: there is nothing to guess.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{Timestamp, ToSpan};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use stanch_model::{
    Hash,
    api::{LoginWay, MadeToken, NewToken, Role, TokenInfo},
};

use super::used::Used;
use crate::random;

/// What every token begins with, so that scanners find leaked ones.
const PREFIX: &str = "stanch_";

/// The tokens of one data folder.
#[derive(Debug)]
pub struct Tokens {
    path: PathBuf,
    kept: RwLock<Vec<Kept>>,
    used: Used,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    info: TokenInfo,
    hash: Hash,
}

impl Kept {
    fn lives_at(&self, now: Timestamp) -> bool {
        let end = self.info.expires.as_deref().map(str::parse::<Timestamp>);
        end.is_none_or(|end| end.is_ok_and(|end| now < end))
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Stored {
    tokens: Vec<Kept>,
}

/// Why tokens could not be read, made or revoked. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The disk refused.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what we wrote.
    #[error("{path} is not a list of tokens: {why}", path = path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Where and why.
        why: String,
    },
    /// A token is somebody's.
    #[error("a token needs a name of 1 to 64 letters, digits, `.`, `_`, `-` or `@`")]
    Name,
    /// No such token.
    #[error("there is no token {0}")]
    Unknown(String),
    /// No randomness, or no calendar.
    #[error("no token could be made: {0}")]
    Make(&'static str),
}

impl Tokens {
    /// Reads the tokens of a data folder; a folder without any has none.
    ///
    /// # Errors
    /// When the file cannot be read or is not what we wrote.
    pub fn open(data: &Path) -> Result<Self, TokenError> {
        let path = data.join("tokens.json");
        let kept = match std::fs::read_to_string(&path) {
            Ok(text) => {
                let stored: Stored = serde_json::from_str(&text)
                    .map_err(|error| TokenError::Broken { path: path.clone(), why: error.to_string() })?;
                stored.tokens
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(TokenError::Io { path, source }),
        };
        Ok(Self { path, kept: RwLock::new(kept), used: Used::default() })
    }

    /// Whose token this is, unless it expired.
    pub fn find(&self, token: &str) -> Option<TokenInfo> {
        let id = token.strip_prefix(PREFIX)?.split('_').next()?;
        let hash = Hash::of(token.as_bytes());
        let kept = self.kept.read();
        let found = kept.iter().find(|kept| kept.info.id == id && kept.hash == hash)?;
        let now = Timestamp::now();
        found.lives_at(now).then(|| {
            self.used.note(id, now);
            found.info.clone()
        })
    }

    /// All of them, oldest first.
    pub fn list(&self) -> Vec<TokenInfo> {
        let with_use = |kept: &Kept| {
            let used = self.used.of(&kept.info.id).or_else(|| kept.info.used.clone());
            TokenInfo { used, ..kept.info.clone() }
        };
        self.kept.read().iter().map(with_use).collect()
    }

    /// Writes down when tokens were last used, if any was.
    ///
    /// # Errors
    /// When the disk refuses: it is written the next time that they are used.
    pub(crate) fn write_uses(&self) -> Result<(), TokenError> {
        let uses = self.used.take();
        if uses.is_empty() {
            return Ok(());
        }
        self.change(|all| {
            for kept in all {
                if let Some(at) = uses.get(&kept.info.id) {
                    kept.info.used = Some(at.to_string());
                }
            }
        })
    }

    /// Makes one. It is durable when this returns, and shown this once.
    ///
    /// # Errors
    /// When the name is none, or the disk refuses.
    pub fn make(&self, new: &NewToken) -> Result<MadeToken, TokenError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        if !(1..=64).contains(&new.name.len()) || !new.name.chars().all(fits) {
            return Err(TokenError::Name);
        }
        let now = Timestamp::now();
        let expires = match new.days {
            Some(days) => {
                let hours = (i64::from(days) * 24).hours();
                Some(now.checked_add(hours).map_err(|_| TokenError::Make("that many days are too many"))?)
            }
            None => None,
        };
        self.add(&new.name, new.role, expires, None)
    }

    /// Makes one for a person who logged in at the provider. Logins whose time is over are forgotten at last.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn make_for_login(
        &self,
        name: &str,
        role: Role,
        expires: Timestamp,
        way: LoginWay,
    ) -> Result<MadeToken, TokenError> {
        self.add(name, role, Some(expires), Some(way))
    }

    fn add(
        &self,
        name: &str,
        role: Role,
        expires: Option<Timestamp>,
        login: Option<LoginWay>,
    ) -> Result<MadeToken, TokenError> {
        let bytes = random::bytes::<36>().map_err(TokenError::Make)?;
        let (id, secret) = bytes.split_at(4);
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let token = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
        let now = Timestamp::now();
        let info = TokenInfo {
            id,
            name: name.to_owned(),
            role,
            created: now.to_string(),
            expires: expires.map(|end| end.to_string()),
            used: None,
            login,
        };
        let kept = Kept { info: info.clone(), hash: Hash::of(token.as_bytes()) };
        self.change(|all| {
            all.retain(|old| old.info.login.is_none() || old.lives_at(now));
            all.push(kept);
        })?;
        Ok(MadeToken { info, token })
    }

    /// Revokes one. It no longer works when this returns.
    ///
    /// # Errors
    /// When there is none of this id, or the disk refuses.
    pub fn revoke(&self, id: &str) -> Result<TokenInfo, TokenError> {
        let info = self.list().into_iter().find(|info| info.id == id);
        let info = info.ok_or_else(|| TokenError::Unknown(id.to_owned()))?;
        self.change(|all| all.retain(|kept| kept.info.id != id))?;
        Ok(info)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Kept>)) -> Result<(), TokenError> {
        let mut kept = self.kept.write();
        let mut next = kept.clone();
        change(&mut next);
        let stored = Stored { tokens: next };
        self.write(&stored).map_err(|source| TokenError::Io { path: self.path.clone(), source })?;
        *kept = stored.tokens;
        Ok(())
    }

    /// The new file replaces the old one in one step, and both the file and its name are on disk before this returns.
    fn write(&self, stored: &Stored) -> std::io::Result<()> {
        let next = self.path.with_extension("json.new");
        let _ = std::fs::remove_file(&next);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
        file.write_all(&serde_json::to_vec_pretty(stored)?)?;
        file.sync_all()?;
        std::fs::rename(&next, &self.path)?;
        match self.path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use stanch_model::api::Role;

    use super::*;

    fn new(name: &str, days: Option<u32>) -> NewToken {
        NewToken { name: name.to_owned(), role: Role::Approver, days }
    }

    #[test]
    fn a_token_outlives_the_server_and_its_text_is_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let made = Tokens::open(folder.path()).unwrap().make(&new("ben", None)).unwrap();
        let path = folder.path().join("tokens.json");
        let secret = made.token.splitn(3, '_').nth(2).unwrap();
        assert!(secret.len() > 20, "all of it: a part may stand anywhere");
        assert!(!std::fs::read_to_string(&path).unwrap().contains(secret));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = Tokens::open(folder.path()).unwrap();
        assert_eq!(again.find(&made.token), Some(made.info));
    }

    #[test]
    fn what_is_not_exactly_the_token_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path()).unwrap();
        let made = tokens.make(&new("ben", None)).unwrap();
        let shorter = &made.token[..made.token.len() - 1];
        let bare = made.token.trim_start_matches("stanch_");
        for wrong in [shorter, bare, "", "stanch_", "stanch__", &format!("{}x", made.token)] {
            assert_eq!(tokens.find(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_revoked_or_expired_token_is_nobodys() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path()).unwrap();
        let (kept, gone) = (tokens.make(&new("a", None)).unwrap(), tokens.make(&new("b", None)).unwrap());
        let over = tokens.make(&new("c", Some(0))).unwrap();
        tokens.revoke(&gone.info.id).unwrap();
        assert!(matches!(tokens.revoke(&gone.info.id), Err(TokenError::Unknown(_))));
        assert_eq!(tokens.find(&gone.token), None);
        assert_eq!(tokens.find(&over.token), None);
        assert!(tokens.find(&kept.token).is_some());
        assert!(Tokens::open(folder.path()).unwrap().find(&gone.token).is_none());
    }

    #[test]
    fn when_a_token_was_last_used_is_known_at_once_and_outlives_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path()).unwrap();
        let made = tokens.make(&new("ben", None)).unwrap();
        tokens.make(&new("caro", None)).unwrap();
        let used = |tokens: &Tokens| tokens.list().into_iter().map(|info| info.used).collect::<Vec<_>>();
        assert_eq!(used(&tokens), [None, None]);
        tokens.find(&made.token).unwrap();
        let now = used(&tokens);
        assert!(now[0].as_deref().is_some_and(|at| at.ends_with(":00Z")) && now[1].is_none(), "{now:?}");
        assert_eq!(used(&Tokens::open(folder.path()).unwrap()), [None, None]);
        tokens.write_uses().unwrap();
        assert_eq!((used(&tokens), used(&Tokens::open(folder.path()).unwrap())), (now.clone(), now));
    }

    #[test]
    fn a_login_that_is_over_is_forgotten_with_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path()).unwrap();
        let (now, later) = (Timestamp::now(), Timestamp::now() + jiff::SignedDuration::from_hours(1));
        let own = tokens.make(&new("ana", Some(0))).unwrap().info.id;
        let over = tokens.make_for_login("ben", Role::Viewer, now, LoginWay::Web).unwrap();
        assert_eq!(tokens.find(&over.token), None);
        let next = tokens.make_for_login("ben", Role::Viewer, later, LoginWay::Device).unwrap();
        assert_eq!(tokens.find(&next.token).unwrap().login, Some(LoginWay::Device));
        let ids: Vec<String> = tokens.list().into_iter().map(|info| info.id).collect();
        assert_eq!(ids, [own, next.info.id], "what somebody made stays, to be seen");
    }

    #[test]
    fn a_token_without_a_proper_name_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path()).unwrap();
        for name in ["", "a b", "a\nb", &"x".repeat(65)] {
            assert!(matches!(tokens.make(&new(name, None)), Err(TokenError::Name)), "{name:?}");
        }
        assert!(tokens.list().is_empty());
    }

    #[test]
    fn a_broken_file_is_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tokens.json"), "{").unwrap();
        let error = Tokens::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("tokens.json is not a list of tokens"), "{error}");
    }
}
