//! `stanch lsp`: the language server on standard input and output, for editors.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use stanch_lsp::{End, Ground, Grounds};
use stanch_playbooks::CheckContext;

use super::explain;
use crate::{
    exit::Exit,
    place::beside,
    setup::{self, Setup},
};

/// The configuration's name, beside a file or in a folder above it.
const CONFIG: &str = "stanch.yaml";

/// Speak with an editor: mistakes as you type, completion, hovers, definitions
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The configuration; unless given, the nearest stanch.yaml beside or above each file
    #[arg(long, value_name = "FILE", env = "STANCH_CONFIG")]
    config: Option<PathBuf>,
}

/// Speaks until the editor leaves. An editor that leaves without `shutdown` makes it end with 1, as the protocol wants.
///
/// # Errors
/// When nothing can be written any more.
pub(crate) fn run(args: Args) -> anyhow::Result<Exit> {
    let named = args.config.map(std::path::absolute).transpose()?;
    let mut configured = Configured { named, grounds: BTreeMap::new() };
    let end = stanch_lsp::serve(std::io::stdin(), &mut std::io::stdout().lock(), &mut configured)?;
    Ok(match end {
        End::Orderly => Exit::Yes,
        End::Abrupt => Exit::Other,
    })
}

/// What is configured, by configuration. None of them: every platform under its own name.
struct Configured {
    named: Option<PathBuf>,
    grounds: BTreeMap<Option<PathBuf>, Option<Arc<Ground>>>,
}

impl Grounds for Configured {
    fn of(&mut self, folder: &Path) -> Option<Arc<Ground>> {
        let config = self.named.clone().or_else(|| nearest(folder));
        let read = || ground(config.as_deref()).or_else(|| ground(None)).map(Arc::new);
        self.grounds.entry(config.clone()).or_insert_with(read).clone()
    }

    fn forget(&mut self) {
        self.grounds.clear();
    }

    fn explain(&self, code: &str) -> Option<String> {
        explain::page(code)
    }
}

fn nearest(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join(CONFIG)).find(|path| path.is_file())
}

/// None where the configuration cannot be read: its own mistakes are shown when it is opened.
fn ground(config: Option<&Path>) -> Option<Ground> {
    let (setup, _mistakes) = setup::load(config.unwrap_or(Path::new("")));
    let setup = setup?;
    let index = setup.index().ok()?;
    let context = match config {
        Some(_) => setup.context(),
        // Nothing is known of people, channels, vendors and playbooks: nothing is said about them.
        None => CheckContext { deadlines: setup.context().deadlines, ..CheckContext::default() },
    };
    Some(Ground {
        index,
        context,
        folders: config.map(|config| folders(&setup, config)).unwrap_or_default(),
        library: setup.library,
        catalog: setup.catalog,
        config: config.map(Path::to_owned),
    })
}

/// The company's own playbooks by slug.
fn folders(setup: &Setup, config: &Path) -> BTreeMap<String, PathBuf> {
    let named = setup.config.playbooks.iter().map(|named| beside(config).join(named));
    let folders = named.flat_map(|path| setup::playbook_folders(&path));
    folders.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path))).collect()
}
