//! Which ledger of drills is meant: the company's whose configuration is here, or else this user's own.

use std::path::{Path, PathBuf};

use stanch_drill::ledger;

use crate::place::beside;

/// The configuration of this folder.
const CONFIG: &str = "stanch.yaml";

/// The ledger's folder: in the data folder that was named, or the one beside the configuration that was named or is here;
/// without any, where programs of this user keep what they know. Nothing on a machine without a home.
pub(crate) fn folder(config: Option<&Path>, data: Option<&Path>) -> Option<PathBuf> {
    let company = match (data, config) {
        (Some(data), _) => Some(data.to_owned()),
        (None, Some(config)) => Some(beside(config).join("data")),
        (None, None) => Path::new(CONFIG).exists().then(|| PathBuf::from("data")),
    };
    company.or_else(own).map(|data| ledger::folder(&data))
}

/// `$XDG_STATE_HOME/stanch`, or `~/.local/state/stanch`.
fn own() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    state.map(|state| state.join("stanch"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_named_comes_first() {
        let data = folder(Some(Path::new("/etc/stanch/stanch.yaml")), Some(Path::new("/var/stanch")));
        assert_eq!(data.as_deref(), Some(Path::new("/var/stanch/drills")));
        let beside = folder(Some(Path::new("/etc/stanch/stanch.yaml")), None);
        assert_eq!(beside.as_deref(), Some(Path::new("/etc/stanch/data/drills")));
    }
}
