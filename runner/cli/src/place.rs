//! Where things lie: the configuration, the data folder, the vault's key.

use std::path::{Path, PathBuf};

use crate::{exit::Exit, said::Said};

/// Which configuration and which data folder a command means.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct PlaceArgs {
    /// The configuration; stanch.yaml in this folder unless given
    #[arg(long, value_name = "FILE", env = "STANCH_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The data folder; `data` beside the configuration unless given
    #[arg(long, value_name = "DIR", env = "STANCH_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// The file with the vault's key, outside the data folder; `vault.key` beside the configuration unless given
    #[arg(long, value_name = "FILE", env = "STANCH_VAULT_KEY")]
    pub(crate) vault_key: Option<PathBuf>,
}

/// The same, decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) config: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) vault_key: PathBuf,
}

impl PlaceArgs {
    /// Decides.
    ///
    /// # Errors
    /// When the vault's key would lie inside the data folder.
    pub(crate) fn place(&self) -> anyhow::Result<Place> {
        let config = self.config.clone().unwrap_or_else(|| PathBuf::from("stanch.yaml"));
        let folder = beside(&config);
        let data = self.data.clone().unwrap_or_else(|| folder.join("data"));
        let vault_key = self.vault_key.clone().unwrap_or_else(|| folder.join("vault.key"));
        if absolute(&vault_key).starts_with(absolute(&data)) {
            let said = Said::new(format!(
                "the vault's key {} would lie in the data folder {}: a copy of the folder would open its own secrets",
                vault_key.display(),
                data.display()
            ));
            return Err(said.help("name another file with --vault-key").exit(Exit::Usage).into());
        }
        Ok(Place { config, data, vault_key })
    }

    /// The data folder alone.
    pub(crate) fn data(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| {
            let config = self.config.clone().unwrap_or_else(|| PathBuf::from("stanch.yaml"));
            beside(&config).join("data")
        })
    }
}

/// The folder that a file lies in.
pub(crate) fn beside(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// As an absolute path, symbolic links followed as far as it exists.
fn absolute(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut at = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    loop {
        if let Ok(real) = at.canonicalize() {
            return rest.iter().rev().fold(real, |path, name| path.join(name));
        }
        let (Some(name), Some(parent)) = (at.file_name().map(ToOwned::to_owned), at.parent()) else {
            return path.to_owned();
        };
        let parent = parent.to_owned();
        rest.push(name);
        at = parent;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_beside_the_configuration_unless_named() {
        let args = PlaceArgs { config: Some("/etc/stanch/stanch.yaml".into()), ..PlaceArgs::default() };
        let place = args.place().unwrap();
        assert_eq!(place.data, Path::new("/etc/stanch/data"));
        assert_eq!(place.vault_key, Path::new("/etc/stanch/vault.key"));
        assert_eq!(PlaceArgs::default().data(), Path::new("./data"));
    }

    #[test]
    fn the_key_never_lies_in_the_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let args = PlaceArgs {
            config: None,
            data: Some(folder.path().to_owned()),
            vault_key: Some(folder.path().join("not/there/vault.key")),
        };
        assert!(args.place().unwrap_err().to_string().contains("would lie in the data folder"));
    }
}
