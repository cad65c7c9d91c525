//! The logins of this person: one token for each server, in a file that is theirs alone.
//!
//! It is `stanch/logins.json` in the folder of the person's own configuration. A token of `--token` or `STANCH_TOKEN` goes
//! first; by the socket of this machine one needs none.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stanch_model::api::{MadeToken, Role};
use url::Url;

use crate::said::Said;

/// One login.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// When it ends, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
    pub(crate) token: String,
}

/// The file.
pub(crate) struct Logins {
    path: PathBuf,
    all: BTreeMap<String, Kept>,
}

impl Kept {
    pub(crate) fn of(made: &MadeToken) -> Self {
        let info = &made.info;
        Self {
            name: info.name.clone(),
            role: info.role,
            until: info.expires.clone(),
            token: made.token.clone(),
        }
    }

    /// True once it is worth nothing.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        let until = self.until.as_deref().and_then(|until| until.parse::<Timestamp>().ok());
        until.is_some_and(|until| until <= now)
    }
}

impl Logins {
    /// Reads what is there.
    ///
    /// # Errors
    /// When there is no place for it, it is not ours alone, or it cannot be read.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let path = place().ok_or_else(|| {
            Said::new("logins have no place here: neither XDG_CONFIG_HOME nor HOME is set")
                .help("set one of them, or give the token with STANCH_TOKEN")
        })?;
        Self::at(path)
    }

    fn at(path: PathBuf) -> anyhow::Result<Self> {
        let failed = |why: String| Said::new(format!("{}: {why}", path.display()));
        let found = match fs::metadata(&path) {
            Ok(found) => found,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { path, all: BTreeMap::new() });
            }
            Err(why) => return Err(failed(why.to_string()).into()),
        };
        let mode = found.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let why = format!("others may read it (mode {mode:03o}), and it holds tokens");
            let help = format!(
                "run `chmod 600 {}`; if somebody may have read it, log out and in again",
                path.display()
            );
            return Err(failed(why).help(help).into());
        }
        let text = fs::read_to_string(&path).map_err(|why| failed(why.to_string()))?;
        let all = serde_json::from_str(&text).map_err(|why| {
            failed(format!("it is no list of logins: {why}")).help("remove it and log in again")
        })?;
        Ok(Self { path, all })
    }

    /// The login at this server.
    pub(crate) fn of(&self, url: &str) -> Option<&Kept> {
        self.all.get(&key(url))
    }

    /// Keeps a login; what was kept for the same server before is gone.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn keep(&mut self, url: &str, login: Kept) -> anyhow::Result<&Path> {
        self.all.insert(key(url), login);
        self.write()?;
        Ok(&self.path)
    }

    /// Forgets a login.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn forget(&mut self, url: &str) -> anyhow::Result<Option<Kept>> {
        let gone = self.all.remove(&key(url));
        if gone.is_some() {
            self.write()?;
        }
        Ok(gone)
    }

    /// In one step, and never open to others, not even for a moment.
    fn write(&self) -> anyhow::Result<()> {
        let written = || -> io::Result<()> {
            if let Some(folder) = self.path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let next = self.path.with_extension(format!("new.{}", std::process::id()));
            let _ = fs::remove_file(&next);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&next)?;
            file.write_all(&serde_json::to_vec_pretty(&self.all)?)?;
            file.sync_all()?;
            fs::rename(&next, &self.path)
        };
        written().map_err(|why| Said::new(format!("{}: {why}", self.path.display())).into())
    }
}

/// The token for this server, where a login left one.
///
/// # Errors
/// When that login is over, or the file is not ours alone.
pub(crate) fn token(url: &str) -> anyhow::Result<Option<String>> {
    // who has no place for logins has none
    let Some(path) = place() else { return Ok(None) };
    let mut logins = Logins::at(path)?;
    let Some(kept) = logins.all.remove(&key(url)) else { return Ok(None) };
    if kept.is_over(Timestamp::now()) {
        let at = crate::when::at(kept.until.as_deref().unwrap_or_default());
        let said = Said::new(format!("your login as {} ended at {at}", kept.name));
        return Err(said.help(format!("type: stanch login --url {url}")).into());
    }
    Ok(Some(kept.token))
}

fn place() -> Option<PathBuf> {
    folder(|name| std::env::var_os(name).map(PathBuf::from)).map(|folder| folder.join("logins.json"))
}

fn folder(env: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let own = env("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let home = || env("HOME").filter(|path| path.is_absolute()).map(|home| home.join(".config"));
    own.or_else(home).map(|config| config.join("stanch"))
}

/// Servers are told apart by scheme, host, port and path; a slash at the end makes no other server.
fn key(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.as_str().trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(token: &str) -> Kept {
        Kept { name: "ben".to_owned(), role: Role::Approver, until: None, token: token.to_owned() }
    }

    #[test]
    fn a_login_is_kept_for_its_server_alone_in_a_file_of_its_person_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config/stanch/logins.json");
        let mut logins = Logins::at(path.clone()).unwrap();
        logins.keep("https://one.example/", login("a")).unwrap();
        logins.keep("https://two.example:8443/x", login("b")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        let mut again = Logins::at(path.clone()).unwrap();
        assert_eq!(again.of("HTTPS://one.example:443").unwrap().token, "a");
        assert!(again.of("http://one.example").is_none(), "in the clear is another server");
        assert!(again.forget("https://one.example").unwrap().is_some());
        let left = Logins::at(path).unwrap();
        assert!(left.of("https://one.example").is_none() && left.of("https://two.example:8443/x/").is_some());
        let around: Vec<_> = fs::read_dir(home.path().join("config/stanch")).unwrap().collect();
        assert_eq!(around.len(), 1, "nothing half written stays");
    }

    #[test]
    fn a_file_that_others_may_read_is_not_used() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("logins.json");
        fs::write(&path, "{}").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let why = Logins::at(path).err().unwrap().to_string();
        assert!(why.contains("others may read it (mode 644)"), "{why}");
    }

    #[test]
    fn it_lies_in_the_persons_own_configuration() {
        let with = |set: &[(&str, &str)]| {
            folder(|name| set.iter().find(|(key, _)| *key == name).map(|(_, path)| path.into()))
        };
        assert_eq!(with(&[("HOME", "/home/ben")]), Some("/home/ben/.config/stanch".into()));
        assert_eq!(with(&[("HOME", "/home/ben"), ("XDG_CONFIG_HOME", "/x")]), Some("/x/stanch".into()));
        assert_eq!(with(&[("XDG_CONFIG_HOME", "relative")]), None);
    }

    #[test]
    fn a_login_is_over_when_its_time_is() {
        let now = Timestamp::now();
        let until = |until: Timestamp| Kept { until: Some(until.to_string()), ..login("a") };
        assert!(until(now).is_over(now));
        assert!(!until(now + jiff::SignedDuration::from_secs(1)).is_over(now));
        assert!(!login("a").is_over(now));
    }
}
