//! Credentials by reference: read when they are needed, kept in memory for a while, never shown.

use std::{collections::BTreeMap, fmt, path::Path, process::Stdio, time::Duration};

use stanch_model::config::CredentialConfig;

/// How long a command may take to print a credential.
const COMMAND_TIME: Duration = Duration::from_secs(20);
/// A credential is one short text; a file that is larger is the wrong file.
const LARGEST: u64 = 64 * 1024;
/// The part that is meant where a way to authenticate speaks of the whole credential.
const MAIN: &str = "main";

/// Where a credential comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Env(String),
    File(String),
    Exec(String),
}

/// Where an integration's credential comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Whole(Reference),
    Parts(BTreeMap<String, Reference>),
}

/// A credential in memory.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A simulated platform's: the same text whatever part is asked for.
    Twin(String),
    /// One text. Where it is a JSON object (the key file of a service account), its fields are parts of it.
    Whole { text: String, fields: BTreeMap<String, String> },
    /// Several texts by name.
    Parts(BTreeMap<String, String>),
}

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

impl Source {
    /// Reads what the configuration says.
    pub(crate) fn parse(config: &CredentialConfig) -> Result<Self, CredentialError> {
        match config {
            CredentialConfig::Whole(text) => Reference::parse(text).map(Self::Whole),
            CredentialConfig::Parts(parts) => parts
                .iter()
                .map(|(name, text)| Ok((name.clone(), Reference::parse(text)?)))
                .collect::<Result<_, _>>()
                .map(Self::Parts),
        }
    }

    /// Reads the credential.
    pub(crate) async fn resolve(&self) -> Result<Credential, CredentialError> {
        match self {
            Self::Whole(reference) => reference.text().await.map(Credential::whole),
            Self::Parts(references) => {
                let mut parts = BTreeMap::new();
                for (name, reference) in references {
                    parts.insert(name.clone(), reference.text().await?);
                }
                Ok(Credential::Parts(parts))
            }
        }
    }
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

    /// Reads what stands there.
    pub(crate) async fn text(&self) -> Result<String, CredentialError> {
        let text = match self {
            Self::Env(name) => std::env::var(name).map_err(|_| CredentialError::NoVariable(name.clone()))?,
            Self::File(path) => read(path).await?,
            Self::Exec(command) => run(command).await?,
        };
        let text = text.trim();
        if text.is_empty() { Err(CredentialError::Empty) } else { Ok(text.to_owned()) }
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
        Self::Twin(format!("twin-{integration}"))
    }

    /// What stands in the place of a credential where people look.
    pub(crate) fn closed(word: &str) -> Self {
        Self::Twin(word.to_owned())
    }

    /// One text, which may be a JSON object.
    fn whole(text: String) -> Self {
        let object: Option<serde_json::Map<String, serde_json::Value>> = serde_json::from_str(&text).ok();
        let fields = object.into_iter().flatten().filter_map(|(name, value)| match value {
            serde_json::Value::String(value) => Some((name, value)),
            serde_json::Value::Number(value) => Some((name, value.to_string())),
            _ => None,
        });
        Self::Whole { fields: fields.collect(), text }
    }

    /// A part by its name; for an empty one the whole text, and of several parts the one that is called `main`.
    pub(crate) fn part(&self, name: &str) -> Option<&str> {
        match self {
            Self::Twin(text) => Some(text),
            Self::Whole { text, .. } if name.is_empty() => Some(text),
            Self::Parts(parts) if name.is_empty() => parts.get(MAIN).map(String::as_str),
            Self::Whole { fields: parts, .. } | Self::Parts(parts) => parts.get(name).map(String::as_str),
        }
    }

    /// The whole text, for ways to authenticate that know no parts.
    pub(crate) fn expose(&self) -> &str {
        self.part("").unwrap_or_default()
    }

    /// Everything in it that nobody may see. What is only found in a key file (an address, a project) is not.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        match self {
            Self::Twin(text) | Self::Whole { text, .. } => vec![text],
            Self::Parts(parts) => parts.values().map(String::as_str).collect(),
        }
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
        assert_eq!(file.text().await.unwrap(), "hunter2");
        let exec = Reference::parse(&format!("exec:cat {}", path.display())).unwrap();
        assert_eq!(exec.text().await.unwrap(), "hunter2");
    }

    #[tokio::test]
    async fn a_key_file_has_its_fields_as_parts_and_a_map_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.json");
        std::fs::write(&path, r#"{"client_email":"a@b.example","private_key":"PEM","n":7}"#).unwrap();
        let reference = format!("file:{}", path.display());
        let whole = Source::parse(&CredentialConfig::Whole(reference.clone())).unwrap();
        let whole = whole.resolve().await.unwrap();
        assert_eq!((whole.part("client_email"), whole.part("n")), (Some("a@b.example"), Some("7")));
        assert!(whole.expose().starts_with('{') && whole.part("gone").is_none());
        let parts = CredentialConfig::Parts(BTreeMap::from([("api_key".to_owned(), reference)]));
        let parts = Source::parse(&parts).unwrap().resolve().await.unwrap();
        assert!(parts.part("api_key").is_some() && parts.part("").is_none() && parts.secrets().len() == 1);
        let several = ["main", "client_secret"].map(|name| (name.to_owned(), name.to_uppercase()));
        let several = Credential::Parts(BTreeMap::from(several));
        assert_eq!((several.part(""), several.part("client_secret")), (Some("MAIN"), Some("CLIENT_SECRET")));
    }

    #[tokio::test]
    async fn what_is_missing_is_named_and_a_value_is_never_repeated() {
        let error = Reference::parse("sk_live_hunter2").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        let missing = Reference::parse("env:STANCH_NO_SUCH_VARIABLE").unwrap().text().await.unwrap_err();
        assert!(missing.to_string().contains("STANCH_NO_SUCH_VARIABLE"), "{missing}");
        let failing = Reference::parse("exec:false").unwrap().text().await.unwrap_err();
        assert!(failing.to_string().contains("ended with"), "{failing}");
    }

    #[test]
    fn a_credential_is_not_in_debug_output() {
        assert_eq!(format!("{:?}", Credential::whole("hunter2".to_owned())), "[credential]");
    }
}
