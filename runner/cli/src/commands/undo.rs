//! `stanch undo`: what it would come to, then the order. `stanch extend`: a cut that ends by itself lasts longer.

use std::io::{IsTerminal, Write};

use stanch_model::{
    api::{ExtendBody, UndoHow, UndoItem, UndoPlan},
    shortened::short,
};

use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs, answer},
    said::Said,
};

/// Take back what a run cut, as far as nobody else holds it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It says first what becomes of each cut, and asks in a terminal. A run of its own then does it: it waits for a yes where the\nconfiguration or the manifest (`approvals: undo:`) asks for one, and ends when every hold is released, naming what is left."
)]
pub(crate) struct UndoArgs {
    /// The run
    #[arg(value_parser = reach::id)]
    run: String,
    /// Only say what it would come to
    #[arg(long)]
    dry_run: bool,
    /// Ask nothing here
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Why; goes into the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Let a cut that ends by itself last longer
#[derive(Debug, clap::Args)]
pub(crate) struct ExtendArgs {
    /// The run that cut it
    #[arg(value_parser = reach::id)]
    run: String,
    /// What: its key or name as `stanch show` has it, or `all`
    #[arg(value_parser = reach::id)]
    target: String,
    /// How much longer: `30m`, `2h`
    by: String,
    /// Why; goes into the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Takes back what a run cut.
///
/// # Errors
/// When there is no such run, it holds nothing, or the server refuses.
pub(crate) async fn undo(args: UndoArgs, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let plan = client.undo_plan(&args.run).await.map_err(answer)?;
    for line in words(&plan) {
        out.text(&line);
    }
    out.line(&plan);
    if let Some(why) = &plan.refused {
        return Err(Said::new(format!("run {} cannot be undone: {why}", short(&plan.run)))
            .exit(Exit::No)
            .into());
    }
    if args.dry_run {
        return Ok(Exit::Yes);
    }
    if !args.yes && std::io::stdin().is_terminal() && !confirmed(out)? {
        out.text("nothing is taken back");
        return Ok(Exit::No);
    }
    let undoing = client.begin_undo(&args.run, args.reason.as_deref()).await.map_err(answer)?;
    let by = short(&undoing.run);
    out.text(&format!(
        "what {} holds is given back by run {by}, as far as no other run holds it, recorded as {}",
        args.run, undoing.by
    ));
    out.aside(&format!("stanch watch {by} says how far it is, stanch show {by} what is left"));
    out.line(&undoing);
    Ok(Exit::Yes)
}

fn confirmed(out: Out) -> anyhow::Result<bool> {
    out.aside("Take this back? y, or anything else for no");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(["y", "yes"].contains(&line.trim().to_ascii_lowercase().as_str()))
}

/// What becomes of each cut, and whose yes it needs.
fn words(plan: &UndoPlan) -> Vec<String> {
    let mut lines: Vec<String> = plan.items.iter().map(item).collect();
    if let Some(needs) = &plan.needs {
        let people = match needs.of {
            1 => "one".to_owned(),
            of => format!("{of} different people"),
        };
        let asked = needs.ask.join(", ");
        lines.push(format!("asks {people} of {asked} first (`{}`): {}", needs.approval, needs.why));
    }
    lines
}

fn item(item: &UndoItem) -> String {
    let what = format!("{} {} ({})", item.property, item.label, item.target);
    let by = if item.by.is_empty() { String::new() } else { format!(" by {}", item.by) };
    match item.how {
        UndoHow::GivesBack => format!("gives back   {what}{by}"),
        UndoHow::ByHand => format!("by hand      {what}: what was asked: {}", item.why),
        UndoHow::Asks => format!("asks first   {what}{by}: {}", item.why),
        UndoHow::Stays => format!("stays cut    {what}: {}", item.why),
        UndoHow::WasSo => format!("was so       {what}: {}", item.why),
        UndoHow::NoWay => format!("no way       {what}: {}", item.why),
    }
}

/// Lets a cut last longer.
///
/// # Errors
/// When there is no such run, or no such cut that ends by itself.
pub(crate) async fn extend(args: ExtendArgs, out: Out) -> anyhow::Result<Exit> {
    let body = ExtendBody { target: args.target.clone(), by: args.by.clone(), reason: args.reason };
    let recorded = args.reach.client()?.extend(&args.run, &body).await.map_err(answer)?;
    out.text(&format!(
        "{} of {} lasts {} longer, recorded as {}",
        args.target, args.run, args.by, recorded.by
    ));
    out.line(&recorded);
    Ok(Exit::Yes)
}
