//! Credentials by reference: read when they are needed, kept in memory for a while, never shown.

use std::{fmt, path::Path, process::Stdio, time::Duration};

/// How long a command may take to print a credential.
const COMMAND_TIME: Duration = Duration::from_secs(20);
/// A credential is one short text; a file that is larger is the wrong file.
const LARGEST: u64 = 64 * 1024;

/// Where a credential comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Env(String),
    File(String),
    Exec(String),
}

/// A credential in memory.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credential(String);

/// Why there is none. Never holds the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CredentialError {
    #[error("`{0}` is no reference: write env:NAME, file:PATH or exec:COMMAND, never the value itself")]
    NoReference(&'static str),
    #[error("the environment has no {0}")]
    NoVariable(String),
    #[error("cannot read {0}: {1}")]
    File(String, String),
    #[error("the credential command {0}")]
    Command(String),
    #[error("the credential is empty")]
    Empty,
}

impl Reference {
    /// Reads a reference. What is not one might be a secret, so it is not repeated.
    pub(crate) fn parse(text: &str) -> Result<Self, CredentialError> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.to_owned())),
            Some(("exec", command)) if !command.is_empty() => Ok(Self::Exec(command.to_owned())),
            _ => Err(CredentialError::NoReference("credential")),
        }
    }

    /// Reads the credential.
    pub(crate) async fn resolve(&self) -> Result<Credential, CredentialError> {
        let text = match self {
            Self::Env(name) => std::env::var(name).map_err(|_| CredentialError::NoVariable(name.clone()))?,
            Self::File(path) => read(path).await?,
            Self::Exec(command) => run(command).await?,
        };
        let text = text.trim();
        if text.is_empty() { Err(CredentialError::Empty) } else { Ok(Credential(text.to_owned())) }
    }
}

async fn read(path: &str) -> Result<String, CredentialError> {
    let failed = |error: std::io::Error| CredentialError::File(path.to_owned(), error.to_string());
    let size = tokio::fs::metadata(Path::new(path)).await.map_err(failed)?.len();
    if size > LARGEST {
        return Err(CredentialError::File(path.to_owned(), format!("{size} bytes are no credential")));
    }
    tokio::fs::read_to_string(path).await.map_err(failed)
}

async fn run(command: &str) -> Result<String, CredentialError> {
    let mut words = command.split_whitespace();
    let program = words.next().ok_or(CredentialError::Empty)?;
    let running = tokio::process::Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(COMMAND_TIME, running)
        .await
        .map_err(|_| CredentialError::Command("did not end in time".to_owned()))?
        .map_err(|error| CredentialError::Command(format!("did not start: {error}")))?;
    if !output.status.success() {
        return Err(CredentialError::Command(format!("ended with {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| CredentialError::Command("did not print text".to_owned()))
}

impl Credential {
    /// The fixed token of a simulated platform.
    pub(crate) fn of_twin(integration: &str) -> Self {
        Self(format!("twin-{integration}"))
    }

    /// The value, for the request builder.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[credential]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_and_commands_are_read_and_trimmed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "hunter2\n").unwrap();
        let file = Reference::parse(&format!("file:{}", path.display())).unwrap();
        assert_eq!(file.resolve().await.unwrap().expose(), "hunter2");
        let exec = Reference::parse(&format!("exec:cat {}", path.display())).unwrap();
        assert_eq!(exec.resolve().await.unwrap().expose(), "hunter2");
    }

    #[tokio::test]
    async fn what_is_missing_is_named_and_a_value_is_never_repeated() {
        let error = Reference::parse("sk_live_hunter2").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let missing = Reference::parse("env:STANCH_NO_SUCH_VARIABLE").unwrap().resolve().await.unwrap_err();
        assert!(missing.to_string().contains("STANCH_NO_SUCH_VARIABLE"), "{missing}");
        let failing = Reference::parse("exec:false").unwrap().resolve().await.unwrap_err();
        assert!(failing.to_string().contains("ended with"), "{failing}");
    }

    #[test]
    fn a_credential_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", Credential("hunter2".to_owned())), "[credential]");
    }
}
