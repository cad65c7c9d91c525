//! `stanch show`: a run or an incident in full.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stanch_client::Client;
use stanch_model::{
    Containment, Ended,
    api::IncidentView,
    run::{RunState, RunView, WaitKind, WaitView},
};

use super::watch::plain;
use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    table::{Table, short},
};

/// Show a run or an incident
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code of a run: 0 contained or still at work, 3 not contained, 4 waits for a person, 5 diverged or suspect"
)]
pub(crate) struct Args {
    /// A run or an incident: its id, a prefix or the last letters of it
    id: String,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Shows it.
///
/// # Errors
/// When there is neither run nor incident of this id.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    match client.run(&args.id).await {
        Ok(view) => {
            out.text(&words(&view));
            out.line(&view);
            out.line(&summary(&view));
            Ok(exit(&view))
        }
        Err(error) if error.status() == Some(404) => incident(&client, &args.id, out).await,
        Err(error) => Err(answer(error)),
    }
}

async fn incident(client: &Client, id: &str, out: Out) -> anyhow::Result<Exit> {
    let view = client.incident(id).await.map_err(answer)?;
    out.text(&incident_words(&view));
    out.line(&view);
    Ok(Exit::Yes)
}

fn incident_words(view: &IncidentView) -> String {
    let summary = &view.summary;
    let mut text = format!("{} {}\n", summary.severity.to_string().to_uppercase(), summary.title);
    text.push_str(&format!("  incident {}, {}, since {}\n", summary.id, summary.mode, summary.opened));
    if let Some(lead) = &view.lead {
        text.push_str(&format!("  lead {lead}\n"));
    }
    for run in &summary.runs {
        text.push_str(&format!("  run {run}\n"));
    }
    for clock in &view.deadlines {
        text.push_str(&format!("  clock {}: due {}, {}\n", clock.title, clock.due, clock.state));
    }
    for note in &view.notes {
        text.push_str(&format!("  {} {}: {}\n", note.at, note.by, note.text));
    }
    text.trim_end().to_owned()
}

/// The end of a run as an exit code.
pub(crate) fn exit(view: &RunView) -> Exit {
    match view.state {
        RunState::Ended => match (view.ended, view.containment) {
            (Some(Ended::Finished), Some(Containment::NothingToContain)) => Exit::Yes,
            (_, Some(Containment::Contained | Containment::ContainedWithResidual)) => Exit::Yes,
            _ => Exit::No,
        },
        RunState::Diverged | RunState::Suspect => Exit::Broken,
        RunState::Limited => Exit::Waiting,
        _ if view.open_waits().any(|wait| wait.kind.needs_person()) => Exit::Waiting,
        _ => Exit::Yes,
    }
}

/// The last line of `--json`.
pub(crate) fn summary(view: &RunView) -> Value {
    json!({
        "run": view.id, "state": view.state, "ended": view.ended, "containment": view.containment,
        "because": view.because, "targets": tally(view),
        "waits": view.open_waits().map(|wait| &wait.id).collect::<Vec<_>>(),
    })
}

fn tally(view: &RunView) -> Value {
    view.tally().into_iter().map(|(state, count)| (state.to_string(), Value::from(count))).collect()
}

/// How a person gets the run going again.
fn way_on(view: &RunView, wait: Option<&WaitView>) -> Option<String> {
    let run = short(view.id.as_ref().map_or("", |id| id.0.as_str()));
    let Some(wait) = wait else {
        return match view.state {
            RunState::Paused | RunState::Limited | RunState::Suspect => {
                Some(format!("stanch resume {run}, or stanch cancel {run}"))
            }
            RunState::Diverged => Some(format!("stanch repin {run}, or stanch cancel {run}")),
            RunState::Running | RunState::Waiting | RunState::Ended => None,
        };
    };
    let card = format!("{run}:{}", wait.id);
    match wait.kind {
        WaitKind::Approval => Some(format!("stanch approve {card}, or stanch deny {card}")),
        WaitKind::InDoubt => {
            let words = if view.ended.is_some() { "done|skip" } else { "done|retry|skip|abort" };
            Some(format!("stanch resolve {run} {} {words}", wait.id))
        }
        WaitKind::Question | WaitKind::Manual | WaitKind::Guard => {
            let words = if wait.options.is_empty() { "…".to_owned() } else { wait.options.join("|") };
            Some(format!("stanch answer {card} {words}"))
        }
        WaitKind::Timer | WaitKind::Signal | WaitKind::Child => None,
    }
}

/// Lists that may not have shown everything, while the run is on its way; at its end they are among the reasons.
fn shortened(view: &RunView) -> BTreeSet<(&str, &str)> {
    let steps = view.steps.values().filter(|step| !step.incomplete.is_empty() && view.ended.is_none());
    steps.map(|step| (step.name.as_str(), step.incomplete.as_str())).collect()
}

/// A run in words.
pub(crate) fn words(view: &RunView) -> String {
    let id = view.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut text = match (view.ended, view.containment) {
        (Some(ended), Some(containment)) => {
            format!("{ended}, {} (run {})\n", containment.as_str().replace('_', " "), short(&id))
        }
        _ => format!("{} since {} (run {})\n", view.state.as_str(), view.since, short(&id)),
    };
    for because in &view.because {
        text.push_str(&format!("  because {because}\n"));
    }
    if let Some(error) = &view.error {
        text.push_str(&format!("  error {}: {}\n", error.kind, error.message));
    }
    text.push_str(&format!(
        "  {} ({}), started by {} at {}\n",
        view.title, view.playbook, view.started_by, view.started
    ));
    if let Some(warned) = view.warned.filter(|_| view.ended.is_none()) {
        text.push_str(&format!("  long {} entries; it stops at {}\n", warned.entries, warned.most));
    }
    for waiting in view.waiting() {
        let wait = view.open_waits().find(|wait| Some(&wait.id) == waiting.wait.as_ref());
        let ask = wait.filter(|wait| !wait.ask.is_empty());
        let ask = ask.map_or_else(String::new, |wait| format!(" [{}]", wait.ask.join(", ")));
        text.push_str(&format!("  waits {waiting}{ask}\n"));
        if let Some(way) = way_on(view, wait) {
            text.push_str(&format!("        {way}\n"));
        }
    }
    for (list, why) in shortened(view) {
        text.push_str(&format!("  perhaps not whole: {list}: {why}\n"));
    }
    for deadline in &view.deadlines {
        text.push_str(&format!("  clock {}: due {}\n", deadline.title, deadline.due));
    }
    let mut table = Table::new(&["state", "integration", "verb", "target", "why"]);
    for target in view.targets.values() {
        let target_name = format!("{} {}", target.target.kind, target.target.name());
        table.row([
            plain(target.state.as_str()),
            &target.target.integration,
            &target.verb,
            &target_name,
            &target.why,
        ]);
    }
    if !table.is_empty() {
        text.push('\n');
        text.push_str(&table.render());
    }
    text.trim_end().to_owned()
}
