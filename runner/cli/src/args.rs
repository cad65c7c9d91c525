//! The command line as a tree: one variant per verb, whose arguments stand with the verb.

use clap::{Parser, Subcommand};

use crate::commands;

/// Stops a breach that runs through a SaaS integration, and proves that it is stopped
#[derive(Debug, Parser)]
#[command(
    name = "stanch",
    version,
    about,
    after_help = crate::exit::HELP,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// One JSON value per line, the last one the summary
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch an app being cut off on simulated platforms, and the server being killed over it
    Demo(commands::demo::Args),
    /// Take alerts, run playbooks, keep the journal
    Serve(commands::serve::Args),
    /// Look through the journal: verify, tail, export, backup, restore
    Journal(commands::journal::Args),
    /// Find every mistake in playbooks and configuration
    Check(commands::check::Args),
    /// The platforms that are known, and what they can do
    Integrations(commands::integrations::Args),
    /// The playbooks that can be started
    Playbooks(commands::playbooks::Args),
    /// Run the simulated platforms alone
    Twins(commands::twins::Args),
    /// Measure this machine
    Bench(commands::bench::Args),
    /// Say what a diagnostic code means
    Explain(commands::explain::Args),
    /// Print a completion script for a shell
    Completions(commands::completions::Args),
}
