//! `stanch show`: a run or an incident in full.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use stanch_client::Client;
use stanch_model::{
    Containment, Ended,
    run::{Became, Mode, RunState, RunView, WaitKind, WaitView, wait::through},
    shortened::short,
};

use super::{incident, plan, targets};
use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs},
    said::Said,
    table::paragraph,
    when,
};

/// The engine's own playbook that takes back what a run cut.
const UNDO_RUN: &str = "undo-run";

/// Show a run or an incident
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code of a run: 0 contained or still at work, 3 not contained, 4 waits for a person, 5 diverged or suspect"
)]
pub(crate) struct Args {
    /// A run or an incident: its id, a prefix or the last letters of it
    #[arg(value_parser = reach::id)]
    id: String,
    /// Each target on a line of its own, also those that stand alike
    #[arg(long)]
    all: bool,
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
        Ok(view) if view.mode == Some(Mode::Plan) => {
            let plan = client.planned(&args.id).await.map_err(reach::answer)?;
            Ok(plan::tell(&plan, args.all, out))
        }
        Ok(view) => {
            out.text(&words(&view, now(&client).await, args.all, out));
            out.line(&view);
            out.line(&summary(&view));
            Ok(exit(&view))
        }
        Err(error) if error.status() == Some(404) => match client.incident(&args.id).await {
            Ok(view) => incident::show(&client, &view, now(&client).await, out).await,
            Err(error) if error.status() == Some(404) => {
                let said = Said::new(format!("there is no run or incident {}", args.id));
                Err(said.help("`stanch runs` and `stanch incidents` list them").exit(Exit::No).into())
            }
            Err(error) => Err(reach::answer(error)),
        },
        Err(error) => Err(reach::answer(error)),
    }
}

/// The server's clock, which a drill may have moved.
pub(super) async fn now(client: &Client) -> Timestamp {
    let status = client.status().await.ok();
    status.and_then(|status| status.now.parse().ok()).unwrap_or_else(Timestamp::now)
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
        "because": view.because, "targets": tally(view), "untold": view.untold,
        "waits": view.open_waits().map(|wait| &wait.id).collect::<Vec<_>>(),
    })
}

fn tally(view: &RunView) -> Value {
    view.stand().into_iter().map(|(word, count)| (word.to_owned(), Value::from(count))).collect()
}

/// How a run stands or ended, in a few words.
pub(super) fn stand(view: &RunView) -> String {
    match (view.ended, view.containment) {
        (Some(ended), Some(containment)) => format!("{ended}, {}", containment.as_str().replace('_', " ")),
        _ => format!("{} since {}", view.state.as_str(), when::at(&view.since)),
    }
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

/// What ends by itself or has been given back: what is simply held says so by its state.
fn held(view: &RunView) -> Vec<String> {
    let run = short(view.id.as_ref().map_or("", |id| id.0.as_str()));
    let mut lines = Vec::new();
    for hold in &view.holds {
        let what = format!("held {} {} ({})", hold.property, hold.label, hold.target);
        match (&hold.given_back, &hold.back) {
            (Some((at, why)), _) => lines.push(format!("{what}: {why}, at {}", when::at(at))),
            (None, Some(back)) => {
                let at = Timestamp::from_millisecond(back.at_ms).map(|at| when::at(&at.to_string()));
                let (at, child) = (at.unwrap_or_default(), short(&back.run.0));
                let longer = hold
                    .extended
                    .last()
                    .map_or_else(String::new, |by| format!(", longer by {}{}", by.who, through(&by.channel)));
                lines.push(format!("{what}: comes back at {at} by run {child}{longer}"));
                lines.push(format!(
                    "      stanch extend {run} {} 2h, stanch undo {run} now, or stanch cancel {child} to let it stay",
                    hold.target
                ));
            }
            (None, None) if !hold.why.is_empty() => lines.push(format!("{what}: {}", hold.why)),
            (None, None) => {}
        }
    }
    lines
}

/// What was released after the end: the containment is older than that.
fn released(view: &RunView) -> Option<String> {
    let end = view.ended.and_then(|_| view.since.parse::<Timestamp>().ok())?;
    let since = view.targets.values().filter_map(|target| target.released.as_ref());
    let since = since.filter(|release| release.at.parse::<Timestamp>().is_ok_and(|at| at >= end));
    let back = since.filter(|release| release.became == Became::GivenBack).count();
    let containment = view.containment?.as_str().replace('_', " ");
    let of = view.targets.len();
    (back > 0).then(|| format!("{containment} was said at its end; given back since: {back} of {of} targets"))
}

/// Who took it back, and who ended it.
fn taken_back(view: &RunView) -> Vec<String> {
    let undone = view.undos.iter().map(|undo| {
        let how =
            undo.ended.map_or_else(|| "takes it back".to_owned(), |ended| format!("took it back: {ended}"));
        let by = if undo.who.is_empty() { String::new() } else { format!(", asked for by {}", undo.who) };
        format!("undo run {} {how}{by}{}", short(&undo.run.0), through(&undo.channel))
    });
    let cancelled = view.cancel.as_ref().map(|cancel| {
        let why = if cancel.reason.is_empty() { String::new() } else { format!(": {}", cancel.reason) };
        format!("cancelled by {}{}{why}", cancel.who, through(&cancel.channel))
    });
    undone.chain(cancelled).collect()
}

/// A run in words.
pub(crate) fn words(view: &RunView, now: Timestamp, all: bool, out: Out) -> String {
    let id = view.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut lines = vec![format!("{} (run {})", stand(view), short(&id))];
    let mut say = |text: String| lines.push(paragraph(&format!("  {text}"), 4, out.columns()));
    if let Some(released) = released(view) {
        say(released);
    }
    for because in &view.because {
        say(format!("because {because}"));
    }
    if let Some(error) = &view.error {
        say(format!("error {}: {}", error.kind, error.message));
    }
    say(format!("{} ({})", view.title, view.playbook));
    say(format!("started by {} at {}", view.started_by, when::at(&view.started)));
    if let Some(incident) = &view.incident {
        say(format!("incident {}", short(incident)));
    }
    if let Some(warned) = view.warned.filter(|_| view.ended.is_none()) {
        say(format!("long {} entries; it stops at {}", warned.entries, warned.most));
    }
    for waiting in view.waiting() {
        let wait = view.open_waits().find(|wait| Some(&wait.id) == waiting.wait.as_ref());
        let ask = wait.filter(|wait| !wait.ask.is_empty());
        let ask = ask.map_or_else(String::new, |wait| format!(" [{}]", wait.ask.join(", ")));
        say(format!("waits {waiting}{ask}"));
        for said in wait.into_iter().flat_map(|wait| &wait.decisions) {
            say(format!("      {} said {}{}", said.who, said.say, said.manner()));
        }
        if let Some(stopped) = wait.and_then(|wait| view.stopped(wait)) {
            say(format!("      {stopped}"));
        }
        if let Some(way) = way_on(view, wait) {
            say(format!("      {way}"));
        }
    }
    for (wait, said) in view.broken_glass() {
        let (who, reason) = (&said.who, &said.reason);
        say(format!("BREAK-GLASS {}: {who} alone, through {}: {reason}", wait.id, said.channel));
    }
    for line in taken_back(view) {
        say(line);
    }
    for (_, note) in view.notes.iter().filter(|_| view.playbook == UNDO_RUN) {
        say(format!("came to {note}"));
    }
    for (list, why) in shortened(view) {
        say(format!("perhaps not whole: {list}: {why}"));
    }
    for untold in &view.untold {
        say(format!("untold {}: {}, at {}", untold.to, untold.why, when::at(&untold.at)));
    }
    for deadline in &view.deadlines {
        say(format!("clock {}: due {}", deadline.title, when::due(&deadline.due, now)));
    }
    if !view.targets.is_empty() {
        say(targets::tally(view));
    }
    for line in held(view) {
        say(line);
    }
    if let Some(table) = targets::table(view, all) {
        lines.extend([String::new(), table.render(None)]);
    }
    lines.join("\n")
}
