//! `stanch completions`: a completion script for a shell.

use clap::CommandFactory;

use crate::{args::Cli, exit::Exit};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "bash: stanch completions bash > ~/.local/share/bash-completion/completions/stanch")]
pub(crate) struct Args {
    /// bash, zsh, fish, elvish or powershell
    shell: clap_complete::Shell,
}

/// Prints it.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "stanch", &mut script);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?;
    Ok(Exit::Yes)
}
