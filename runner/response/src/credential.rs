//! References to secrets, and the one place where they are followed. The value never enters an error or a log.

use std::{fmt, path::PathBuf, process::Stdio, str::FromStr};

/// Where a secret is. Never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// An environment variable of the server.
    Env(String),
    /// A file; its last line break is not part of the secret.
    File(PathBuf),
    /// What a command prints; its last line break is not part of the secret. Split at blanks, no shell.
    Exec(Vec<String>),
}

/// Why a text is not a reference. Never repeats the text: people paste secrets into the wrong place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAReference {
    /// No `env:`, `file:` or `exec:` in front.
    #[error(
        "this is not a reference to a secret; if it is the secret itself, move it out of the file and replace it"
    )]
    Shape,
    /// A variable's name has letters, digits and underscores.
    #[error("`env:` is not followed by the name of a variable")]
    Variable,
    /// A relative path would mean another file in another folder.
    #[error("`file:` is not followed by an absolute path")]
    Path,
    /// Nothing to run.
    #[error("`exec:` is not followed by the absolute path of a command")]
    Command,
}

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let (scheme, rest) = text.split_once(':').ok_or(NotAReference::Shape)?;
        match scheme {
            "env" => variable(rest).map(Self::Env),
            "file" if rest.starts_with('/') => Ok(Self::File(rest.into())),
            "file" => Err(NotAReference::Path),
            "exec" if rest.starts_with('/') => {
                Ok(Self::Exec(rest.split_whitespace().map(str::to_owned).collect()))
            }
            "exec" => Err(NotAReference::Command),
            _ => Err(NotAReference::Shape),
        }
    }
}

fn variable(name: &str) -> Result<String, NotAReference> {
    let good = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if good { Ok(name.to_owned()) } else { Err(NotAReference::Variable) }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Exec(words) => write!(f, "exec:{}", words.join(" ")),
        }
    }
}

/// A secret in memory. Its debug form shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a value that is already in memory: tests, and servers that make their own.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value. For computing with, never for showing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a reference leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Not set, or not text.
    #[error("the environment variable {0} is not set")]
    NotSet(String),
    /// The file cannot be read.
    #[error("{path} cannot be read: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others may read the file.
    #[error("{path} may be read by others (mode {mode:03o}): run `chmod 600 {path}`", path = path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The command failed, or could not be started.
    #[error("`{command}` gave no secret: {why}")]
    Command {
        /// The program, without its arguments.
        command: String,
        /// Why.
        why: String,
    },
    /// It led to nothing.
    #[error("{0} is empty")]
    Empty(String),
}

/// Larger files are not secrets: somebody named the wrong file.
const MAX_BYTES: u64 = 64 * 1024;

impl Reference {
    /// Follows the reference. Blocks while a command runs.
    ///
    /// # Errors
    /// Why it leads nowhere, in words that never hold the value.
    pub fn resolve(&self) -> Result<Secret, CredentialError> {
        let value = match self {
            Self::Env(name) => std::env::var(name).map_err(|_| CredentialError::NotSet(name.clone()))?,
            Self::File(path) => file(path)?,
            Self::Exec(words) => exec(words)?,
        };
        let value = value.trim_end_matches(['\n', '\r']);
        if value.is_empty() {
            return Err(CredentialError::Empty(self.to_string()));
        }
        Ok(Secret(value.to_owned()))
    }

    /// Follows a reference to what is no secret, such as a certificate: everybody may read that file. Blocks like `resolve`.
    ///
    /// # Errors
    /// Why it leads nowhere.
    pub fn read(&self) -> Result<String, CredentialError> {
        let Self::File(path) = self else { return self.resolve().map(|secret| secret.0) };
        let failed = |source| CredentialError::File { path: path.clone(), source };
        let text = std::fs::read_to_string(path).map_err(failed)?;
        if text.trim().is_empty() { Err(CredentialError::Empty(self.to_string())) } else { Ok(text) }
    }
}

fn file(path: &PathBuf) -> Result<String, CredentialError> {
    use std::{io::Read, os::unix::fs::PermissionsExt};
    let failed = |source| CredentialError::File { path: path.clone(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CredentialError::Open { path: path.clone(), mode });
    }
    let mut text = String::new();
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

fn exec(words: &[String]) -> Result<String, CredentialError> {
    let (program, arguments) = match words {
        [program, arguments @ ..] => (program.as_str(), arguments),
        [] => ("", &[][..]),
    };
    let failed = |why: String| CredentialError::Command { command: program.to_owned(), why };
    let output = std::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    String::from_utf8(output.stdout).map_err(|_| failed("what it printed is not text".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn written(mode: u32, text: &str) -> (tempfile::TempDir, Reference) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, Reference::File(path))
    }

    #[test]
    fn a_pasted_secret_is_refused_and_not_repeated() {
        for text in ["hunter2", "sk:hunter2", "env:hunter 2", "file:hunter2", "exec:hunter2"] {
            let error = text.parse::<Reference>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_reference_reads_back_as_it_was_written() {
        for text in ["env:OKTA_KEY", "file:/run/okta", "exec:/usr/bin/pass show okta"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let (_folder, open) = written(0o640, "hunter2\n");
        let error = open.resolve().unwrap_err();
        assert!(matches!(error, CredentialError::Open { mode: 0o640, .. }), "{error}");
        assert!(!error.to_string().contains("hunter2"));
        let (_folder, closed) = written(0o600, "hunter2\n");
        assert_eq!(closed.resolve().unwrap().expose(), "hunter2");
        let (_folder, certificate) = written(0o644, "-----BEGIN CERTIFICATE-----\n");
        assert!(certificate.read().is_ok(), "what is no secret may be read by all");
        let (_folder, nothing) = written(0o644, "\n");
        assert!(matches!(nothing.read(), Err(CredentialError::Empty(_))));
    }

    #[test]
    fn a_command_gives_what_it_prints_or_says_how_it_failed() {
        let run = |text: &str| text.parse::<Reference>().unwrap().resolve();
        assert_eq!(run("exec:/bin/echo hunter2").unwrap().expose(), "hunter2");
        assert!(run("exec:/bin/false").unwrap_err().to_string().contains("exit status: 1"));
        assert!(run("exec:/bin/true").unwrap_err().to_string().contains("empty"));
        assert_eq!(format!("{:?}", run("exec:/bin/echo hunter2").unwrap()), "Secret(…)");
    }
}
