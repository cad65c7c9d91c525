//! `stanch plan`: what a playbook would do here and now, without doing it.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use stanch_client::{Client, News};
use stanch_model::{
    Ended,
    api::PlanBody,
    run::{Plan, RunState, RunView, plan::ActLine},
    shortened::short,
};

use super::origin::{Origin, OriginArgs};
use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
};

pub(super) use words::words;

/// Say what a playbook would do
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads are real, or the simulated platforms' where the server speaks to those. Nothing is written, nobody is asked or told:
approvals are taken as given and listed with who would be asked. Steps that rest on changes not made go on by what the
proofs of those changes claim and are marked `assumed`; what nobody can know before (an answer, a signal, what turns up
later) is marked `not known`, and the plan says what it went on with.
Exit code: 0 here is the plan, 3 the run would fail, 4 the plan waits (something is paused)")]
pub(crate) struct Args {
    #[command(flatten)]
    origin: OriginArgs,
    /// The answer that the plan is for, `scope=yes`: by the question's name, or its address in the plan; can be given several
    /// times. Without it a plan goes on as silence would
    #[arg(long = "answer", value_name = "QUESTION=CHOICE", value_parser = answered)]
    answers: Vec<(String, String)>,
    /// Every target by name
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Plans, and shows the plan.
///
/// # Errors
/// When there is no such playbook, an input or the alert is wrong, or the server refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let origin = args.origin.read(out)?;
    let client = args.reach.client()?;
    let answers = args.answers.into_iter().collect();
    let plan = make(&client, &args.origin, origin, How { again: None, answers }, out).await?;
    Ok(tell(&plan, args.all, out))
}

fn answered(text: &str) -> Result<(String, String), String> {
    let (question, choice) = text.split_once('=').ok_or("write QUESTION=CHOICE")?;
    Ok((question.trim().to_owned(), choice.trim().to_owned()))
}

/// What a plan is made by besides its origin.
#[derive(Default)]
pub(super) struct How<'a> {
    /// The plan that is made anew.
    pub(super) again: Option<&'a str>,
    /// The answers that it is for.
    pub(super) answers: BTreeMap<String, String>,
}

/// Shows a plan, and says what it comes to.
pub(super) fn tell(plan: &Plan, all: bool, out: Out) -> Exit {
    out.text(&words(plan, all, out.columns()));
    plan.acts.iter().for_each(|act| out.line(&json!({ "act": act })));
    plan.waits.iter().for_each(|wait| out.line(&json!({ "wait": wait })));
    plan.left_out.iter().for_each(|left| out.line(&json!({ "left_out": left })));
    plan.deadlines.iter().for_each(|clock| out.line(&json!({ "deadline": clock })));
    plan.marks.iter().for_each(|mark| out.line(&json!({ "mark": mark })));
    out.line(&words::summary(plan));
    match (plan.state, plan.ended) {
        (RunState::Ended, Some(Ended::Finished)) => Exit::Yes,
        (RunState::Ended, _) => Exit::No,
        (RunState::Diverged | RunState::Suspect, _) => Exit::Broken,
        _ => Exit::Waiting,
    }
}

/// Has a plan made and waits for it, over restarts of the server. With `again` it is that plan, made anew.
///
/// # Errors
/// When the server refuses.
pub(super) async fn make(
    client: &Client,
    args: &OriginArgs,
    origin: Origin,
    how: How<'_>,
    out: Out,
) -> anyhow::Result<Plan> {
    let Origin { input, alert, delivery } = origin;
    let (playbook, again) = (args.playbook.clone(), how.again.map(str::to_owned));
    let body = PlanBody { playbook, input, alert, delivery, again, answers: how.answers };
    let started = match client.plan(&body).await {
        Ok(started) => started,
        Err(error) => return Err(args.refused(client, error).await),
    };
    over(client, &started.run, out).await?;
    client.planned(&started.run).await.map_err(answer)
}

/// Waits until the plan is whole, or stands.
async fn over(client: &Client, run: &str, out: Out) -> anyhow::Result<()> {
    let mut events = client.run_events(run, None);
    let mut view = RunView::default();
    loop {
        let news = tokio::select! {
            news = events.next() => news.map_err(answer)?,
            _ = tokio::signal::ctrl_c() => {
                let said = Said::new("interrupted: the plan goes on without you");
                return Err(said.help(format!("`stanch show {0}`, or `stanch cancel {0}`", short(run))).into());
            }
        };
        match news {
            News::Entry(event) if event.entry.version > view.version => view.apply(&event.entry.to_entry()),
            News::Lost { why, again_in } => {
                out.aside(&format!("lost the server ({why}), again in {} ms", again_in.as_millis()));
            }
            News::Entry(_) | News::Online | News::Beat => {}
        }
        if !matches!(view.state, RunState::Running | RunState::Waiting) {
            return Ok(());
        }
    }
}

/// What one plan has and the other has not, in words.
pub(super) fn changes(before: &Plan, now: &Plan) -> String {
    let (old, new) = (before.lines(), now.lines());
    let more = named(new.difference(&old).collect(), "new");
    let fewer = named(old.difference(&new).collect(), "gone");
    let changes: Vec<String> = [more, fewer].into_iter().flatten().collect();
    match (changes.is_empty(), &now.error) {
        (false, _) => changes.join("; "),
        (true, Some(error)) => format!("the run would fail: {error}"),
        (true, None) if now.hash.is_none() => format!("it is {} ({})", now.state.as_str(), now.why),
        (true, None) => "what it depends on has changed".to_owned(),
    }
}

/// Lines that are named before the rest is counted.
const NAMED: usize = 5;

fn named(lines: BTreeSet<&ActLine>, what: &str) -> Option<String> {
    let first: Vec<String> = lines.iter().take(NAMED).map(ToString::to_string).collect();
    let more = match lines.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!first.is_empty()).then(|| format!("{} {what}: {}{more}", lines.len(), first.join(", ")))
}
