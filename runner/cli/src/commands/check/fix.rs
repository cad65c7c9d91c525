//! Changes that are certain, written to disk and shown.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::Context;
use stanch_model::Fix;

use crate::{said::Said, setup};

/// One file that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) file: String,
    /// What was done, in order.
    pub(super) done: Vec<String>,
    before: String,
    after: String,
}

impl Change {
    /// Writes the file anew: whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written; then it is as it was.
    pub(super) fn make(path: &Path, after: &str, fixes: &[Fix]) -> anyhow::Result<Self> {
        let shown = setup::shown(path);
        let said = || Said::new(format!("cannot change {shown}")).help("nothing in it was changed");
        let before = fs::read_to_string(path).with_context(said)?;
        replace(path, after).with_context(said)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let done = fixes.iter().filter(|fix| fix.file == name).map(|fix| fix.title.clone()).collect();
        Ok(Self { file: shown, done, before, after: after.to_owned() })
    }

    /// What was done, and the lines before and after.
    pub(super) fn text(&self) -> String {
        let mut text = format!("fixed {}: {}\n", self.file, self.done.join(", "));
        for (sign, line) in difference(&self.before, &self.after) {
            text.push_str(&format!("  {sign} {line}\n"));
        }
        text
    }
}

/// A file beside it takes its place, with its permissions. A link stays a link.
pub(in crate::commands) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize()?;
    let mut name = path.file_name().map(ToOwned::to_owned).unwrap_or_default();
    name.push(format!(".{}.new", std::process::id()));
    let beside: PathBuf = path.with_file_name(name);
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::File::open(&beside)?.sync_all())
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        let _gone = fs::remove_file(&beside);
    }
    written
}

/// The lines that went and the lines that came, where they stand.
fn difference<'a>(before: &'a str, after: &'a str) -> Vec<(char, &'a str)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // The longest run of lines that both have, from each pair of places on.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = match old[i] == new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut shown) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            shown.push(('-', old[i]));
            i += 1;
        } else {
            shown.push(('+', new[j]));
            j += 1;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_changed_are_shown() {
        let shown = difference("a\nb\nc\nd\n", "a\nB\nc\nd\ne\n");
        assert_eq!(shown, [('-', "b"), ('+', "B"), ('+', "e")]);
        assert!(difference("a\n", "a\n").is_empty());
    }

    #[test]
    fn a_file_is_replaced_through_a_link_and_keeps_its_permissions() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let home = tempfile::tempdir().unwrap();
        let (file, link) = (home.path().join("real.yaml"), home.path().join("playbook.yaml"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real.yaml", &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2, "nothing is left beside it");
        assert!(replace(&home.path().join("nowhere"), "x").is_err());
    }
}
