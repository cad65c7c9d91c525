//! The verbs, one file each; verbs that are one idea share a file.

pub(crate) mod alert;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod control;
pub(crate) mod deadlines;
pub(crate) mod demo;
pub(crate) mod docs;
pub(crate) mod doctor;
pub(crate) mod drill;
pub(crate) mod explain;
pub(crate) mod improvements;
pub(crate) mod incident;
pub(crate) mod init;
pub(crate) mod integrations;
pub(crate) mod journal;
pub(crate) mod legal_hold;
pub(crate) mod lists;
pub(crate) mod login;
pub(crate) mod lsp;
pub(crate) mod man;
mod named;
pub(crate) mod new;
mod origin;
pub(crate) mod people;
pub(crate) mod plan;
pub(crate) mod playbooks;
mod promote;
mod reads;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod scopes;
pub(crate) mod serve;
pub(crate) mod show;
mod targets;
pub(crate) mod test;
pub(crate) mod tokens;
pub(crate) mod tui;
pub(crate) mod twins;
pub(crate) mod undo;
pub(crate) mod vendors;
pub(crate) mod watch;

use stanch_model::api::Say;

use self::control::Hold;
use crate::{args::Command, exit::Exit, out::Out};

/// Does what was asked. Futures are boxed: the largest would otherwise be the size of all.
///
/// # Errors
/// Whatever stops a command; shown by the caller.
pub(crate) async fn run(command: Command, out: Out) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(args) => Box::pin(demo::run(args, out)).await,
        Command::Drill(args) => Box::pin(drill::run(args, out)).await,
        Command::Init(args) => Box::pin(init::run(args, out)).await,
        Command::Doctor(args) => Box::pin(doctor::run(args, out)).await,
        Command::Serve(args) => Box::pin(serve::run(args, out)).await,
        Command::Run(args) => Box::pin(run::run(args, out)).await,
        Command::Plan(args) => Box::pin(plan::run(args, out)).await,
        Command::Alert(args) => Box::pin(alert::run(args, out)).await,
        Command::Alerts(args) => Box::pin(lists::alerts(args, out)).await,
        Command::Status(args) => Box::pin(lists::status(args, out)).await,
        Command::Incidents(args) => Box::pin(lists::incidents(args, out)).await,
        Command::Runs(args) => Box::pin(lists::runs(args, out)).await,
        Command::Show(args) => Box::pin(show::run(args, out)).await,
        Command::Watch(args) => Box::pin(watch::run(args, out)).await,
        Command::Tui(args) => Box::pin(tui::run(args)).await,
        Command::Note(args) => Box::pin(incident::note(args, out)).await,
        Command::Report(args) => Box::pin(report::run(args, out)).await,
        Command::Improvements(args) => Box::pin(improvements::run(args, out)).await,
        Command::Deadlines(args) => Box::pin(deadlines::run(args, out)).await,
        Command::Vendors(args) => Box::pin(vendors::run(args, out)).await,
        Command::Approve(args) => Box::pin(people::decide(args, Say::Approve, out)).await,
        Command::Deny(args) => Box::pin(people::decide(args, Say::Deny, out)).await,
        Command::Answer(args) => Box::pin(people::answer_card(args, out)).await,
        Command::Remind(args) => people::remind(args, out).await,
        Command::AskSomeone(args) => people::ask_someone(args, out).await,
        Command::BreakGlass(args) => people::break_glass(args, out).await,
        Command::Link(args) => people::link(args, out).await,
        Command::Resolve(args) => Box::pin(people::resolve(args, out)).await,
        Command::Pause(args) => Box::pin(control::hold(args, Hold::Pause, out)).await,
        Command::Resume(args) => Box::pin(control::hold(args, Hold::Resume, out)).await,
        Command::Cancel(args) => Box::pin(control::cancel(args, out)).await,
        Command::Undo(args) => Box::pin(undo::undo(args, out)).await,
        Command::Extend(args) => undo::extend(args, out).await,
        Command::Repin(args) => Box::pin(control::repin(args, out)).await,
        Command::Check(args) => Box::pin(check::run(&args, out)).await,
        Command::New(args) => new::run(&args, out),
        Command::Test(args) => Box::pin(test::run(args, out)).await,
        Command::Playbooks(args) => playbooks::run(args, out).await,
        Command::Scopes(args) => scopes::run(&args, out),
        Command::Docs(args) => docs::run(&args, out),
        Command::Integrations(args) => integrations::run(args, out).await,
        Command::Journal(args) => Box::pin(journal::run(args, out)).await,
        Command::LegalHold(args) => Box::pin(legal_hold::run(args, out)).await,
        Command::Config(args) => Box::pin(config::run(args, out)).await,
        Command::Login(args) => Box::pin(login::login(args, out)).await,
        Command::Logout(args) => Box::pin(login::logout(args, out)).await,
        Command::Whoami(args) => login::whoami(args, out).await,
        Command::Tokens(args) => Box::pin(tokens::run(args, out)).await,
        Command::Twins(args) => Box::pin(twins::run(args, out)).await,
        Command::Bench(args) => Box::pin(bench::run(args, out)).await,
        Command::Explain(args) => explain::run(&args, out),
        Command::Schema(args) => schema::run(&args, out),
        Command::Lsp(args) => lsp::run(args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args, out),
    }
}
