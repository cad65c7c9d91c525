//! Playbooks as a command line names them: by their name in the library or the configured folders, or by a folder.

use std::{path::Path, sync::Arc};

use stanch_model::diagnostic::did_you_mean;
use stanch_playbooks::Playbook;

use crate::{diagnose, exit::Exit, out::Out, said::Said, setup::Mistakes, setup::Setup};

/// The playbook of this name. A name that is a folder too is the name; `./NAME` is the folder.
///
/// # Errors
/// When there is none, or its folder has mistakes; all of them have been shown then.
pub(crate) fn playbook(setup: &Setup, name: &str, out: Out) -> anyhow::Result<Arc<Playbook>> {
    if let Some(found) = setup.library.get(name) {
        return Ok(found);
    }
    if is_folder(name) {
        return folder(Path::new(name), out).map(Arc::new);
    }
    Err(unknown(setup, name).into())
}

/// True for a name that is a playbook's folder, or is written like a path.
pub(crate) fn is_folder(name: &str) -> bool {
    name.contains(['/', '\\']) || name == "." || Path::new(name).join("playbook.yaml").exists()
}

/// The playbook in this folder.
///
/// # Errors
/// When it does not load; its mistakes have been shown then.
pub(crate) fn folder(path: &Path, out: Out) -> anyhow::Result<Playbook> {
    Playbook::load_dir(path).map_err(|found| {
        let count = diagnose::count(&found);
        let mut mistakes = Mistakes::default();
        mistakes.of_folder(path, found);
        mistakes.show(out);
        let help =
            "`stanch check` finds every mistake; a playbook is a folder with playbook.yaml and main.rhai";
        Said::new(format!("{}: {count}", path.display())).help(help).exit(Exit::No).into()
    })
}

/// That there is no playbook of this name.
pub(crate) fn unknown(setup: &Setup, name: &str) -> Said {
    let known: Vec<&str> = setup.library.all().map(|playbook| playbook.slug.as_str()).collect();
    let help = did_you_mean(name, known).map_or_else(
        || "`stanch playbooks list` shows all of them".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    Said::new(format!("there is no playbook `{name}`")).help(help).exit(Exit::No)
}
