//! The command line as a tree: one variant per verb, whose arguments stand with the verb.

use clap::{Parser, Subcommand};

use crate::commands;

/// Stops a breach that runs through a SaaS integration, and proves that it is stopped
#[derive(Debug, Parser)]
#[command(
    name = "stanch",
    version,
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
    /// Rehearse: the real playbooks on simulated platforms; without a scenario, list them
    Drill(commands::drill::Args),
    /// Begin: a commented stanch.yaml, a vendor register, the first token
    Init(commands::init::Args),
    /// Say what is wrong here
    Doctor(commands::doctor::Args),
    /// Take alerts, run playbooks, keep the journal
    Serve(commands::serve::Args),
    /// Start a playbook by hand
    Run(commands::run::Args),
    /// Say what a playbook would do: exact targets, approvals, undo; nothing is written
    Plan(commands::plan::Args),
    /// Hand an alert to the server
    Alert(commands::alert::Args),
    /// The alerts, newest first, and what became of each
    Alerts(commands::lists::AlertsArgs),
    /// How the server is, and what waits for a person
    Status(commands::lists::StatusArgs),
    /// The incidents, newest first; close one, or open it again
    Incidents(commands::lists::IncidentsArgs),
    /// The runs, newest first
    Runs(commands::lists::RunsArgs),
    /// Show a run or an incident
    Show(commands::show::Args),
    /// Watch a run until it ends
    Watch(commands::watch::Args),
    /// Watch and answer on screens
    Tui(commands::tui::Args),
    /// Write a note on an incident
    Note(commands::incident::NoteArgs),
    /// The after-action report of a run, an incident or a drill, as Markdown, HTML or JSON
    Report(commands::report::Args),
    /// What is to be improved about playbooks: who does it, by when
    Improvements(commands::improvements::Args),
    /// The notification clocks: what is due, what was sent, what is waived
    Deadlines(commands::deadlines::Args),
    /// The vendor register: whom to call, how soon
    Vendors(commands::vendors::Args),
    /// Say yes to an approval
    Approve(commands::people::DecideArgs),
    /// Say no to an approval
    Deny(commands::people::DecideArgs),
    /// Answer a question or a manual step
    Answer(commands::people::AnswerArgs),
    /// Tell those who are asked by an approval or question once more
    Remind(commands::people::RemindArgs),
    /// Ask somebody now, without waiting for silence
    AskSomeone(commands::people::AskSomeoneArgs),
    /// Let an approval or a guard go alone, when nobody answers: everybody is told
    BreakGlass(commands::people::BreakGlassArgs),
    /// Make a link by which one person answers a card from a phone
    Link(commands::people::LinkArgs),
    /// Say what became of a step of which nobody knows
    Resolve(commands::people::ResolveArgs),
    /// Hold back a run, a playbook, an integration or everything
    Pause(commands::control::HoldArgs),
    /// Let go on what was paused
    Resume(commands::control::HoldArgs),
    /// End a run at its next step, for good
    Cancel(commands::control::CancelArgs),
    /// Take back what a run cut, as far as nobody else holds it
    Undo(commands::undo::UndoArgs),
    /// Let a cut that ends by itself last longer
    Extend(commands::undo::ExtendArgs),
    /// Pin a diverged run to what is there now
    Repin(commands::control::RepinArgs),
    /// Begin a playbook: a folder that passes check and test
    New(commands::new::Args),
    /// Find every mistake in playbooks and configuration
    Check(commands::check::Args),
    /// Play the cases of playbooks on simulated platforms
    Test(commands::test::Args),
    /// The playbooks that can be started
    Playbooks(commands::playbooks::Args),
    /// The scopes that playbooks need of each platform
    Scopes(commands::scopes::Args),
    /// The page of a playbook, with what to do by hand when stanch is down
    Docs(commands::docs::Args),
    /// The platforms that are known, and what they can do
    Integrations(commands::integrations::Args),
    /// Look through the journal: verify, tail, export, backup, restore, retain
    Journal(commands::journal::Args),
    /// Keep everything of an incident, whatever its age
    LegalHold(commands::legal_hold::Args),
    /// Check the configuration, or have the server read it anew
    Config(commands::config::Args),
    /// Log in at the provider of a server, for the commands and screens here
    Login(commands::login::LoginArgs),
    /// End your login at a server, there and here
    Logout(commands::login::LogoutArgs),
    /// Say whom the server takes you for
    Whoami(commands::login::WhoamiArgs),
    /// Who may speak to the server
    Tokens(commands::tokens::Args),
    /// Run the simulated platforms alone
    Twins(commands::twins::Args),
    /// Measure this machine
    Bench(commands::bench::Args),
    /// Say what a diagnostic code means
    Explain(commands::explain::Args),
    /// Print the JSON Schemas of the files that people write, for editors
    Schema(commands::schema::Args),
    /// Speak with an editor: mistakes as you type, completion, hovers, definitions
    Lsp(commands::lsp::Args),
    /// Print a completion script for a shell
    Completions(commands::completions::Args),
    /// Write manual pages, one for every command
    Man(commands::man::Args),
}
