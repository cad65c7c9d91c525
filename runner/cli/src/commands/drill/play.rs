//! Playing a scenario.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use serde_json::json;
use stanch_drill::{
    DrillError, Folders, News, Outcome, Rehearsal, company,
    record::Record,
    scenario::{self, Found, Measure},
    score::Came,
};
use stanch_model::{api::NewToken, diagnostic::did_you_mean};
use stanch_server::Tokens;

use super::{PlayArgs, check, list};
use crate::{
    diagnose::{self, Sources},
    exit::Exit,
    out::Out,
    said::Said,
    when,
};

/// Plays it; the exit code says whether it was passed.
///
/// # Errors
/// When there is no such scenario, it has mistakes, or it cannot be played to its end.
pub(super) async fn run(args: PlayArgs, out: Out) -> anyhow::Result<Exit> {
    let found = find(&args)?;
    let (catalog, library) = check::ground(&args.playbooks)?;
    let folders = match &args.data {
        Some(data) if Record::folder(data).join("journal").exists() => Folders::again(data)?,
        Some(data) => Folders::at(data)?,
        None => Folders::temporary()?,
    };
    let rehearsal = Rehearsal {
        found: found.clone(),
        tokens: tokens(&folders.data)?,
        exe: std::env::current_exe().context("finding this program")?,
        folders,
        library: &library,
        catalog: &catalog,
        auto: args.auto,
    };
    let outcome = watched(rehearsal, out).await.map_err(|error| said(error, &found))?;
    finale(&outcome, out);
    Ok(if outcome.score.passed { Exit::Yes } else { Exit::No })
}

fn find(args: &PlayArgs) -> anyhow::Result<Found> {
    let name = args.scenario.clone().unwrap_or_default();
    let own = list::own(&args.playbooks);
    if let Some(found) = scenario::find(&name, &own) {
        return Ok(found);
    }
    let mut names: Vec<String> = scenario::embedded().into_keys().collect();
    names.extend(own.into_keys());
    let help = match did_you_mean(&name, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`stanch drill` lists those that there are".to_owned(),
    };
    Err(Said::new(format!("there is no drill `{name}`")).help(help).exit(Exit::Usage).into())
}

/// A token for each of the company's people.
fn tokens(data: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let tokens = Tokens::open(data)?;
    let token = |person: &company::Person| -> anyhow::Result<(String, String)> {
        let new = NewToken { name: person.name.to_owned(), role: person.role, days: Some(1) };
        Ok((person.name.to_owned(), tokens.make(&new)?.token))
    };
    company::PEOPLE.iter().map(token).collect()
}

/// An interrupt ends it, and with it the server: it hangs on us by its standard input. It can be taken up again.
async fn watched(rehearsal: Rehearsal<'_>, out: Out) -> Result<Outcome, DrillError> {
    let mut tell = move |news: News| show(&news, out);
    stanch_drill::rehearse(rehearsal, &mut tell).await
}

fn show(news: &News, out: Out) {
    out.line(news);
    match news {
        News::Serving { life: 1, url } => {
            out.text(&format!("DRILL  simulated, nothing leaves this machine   {url}"))
        }
        News::Serving { .. } => out.text("          the server is back, on the same journal"),
        News::Run { .. } => {}
        News::Record { at_s, text, .. } => out.text(&format!("T+{:>6}  {text}", clock(*at_s))),
    }
}

/// `14:20`.
fn clock(seconds: i64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

fn said(error: DrillError, found: &Found) -> anyhow::Error {
    match error {
        DrillError::Scenario(mistakes) => {
            let sources = Sources::from([(found.file.clone(), found.text.clone())]);
            let shown = diagnose::render(&mistakes, &sources, Out::colour_on_stderr());
            Said::new(format!("the scenario has mistakes\n{shown}"))
                .help("`stanch explain CODE` says more about each")
                .exit(Exit::No)
                .into()
        }
        other => other.into(),
    }
}

fn finale(outcome: &Outcome, out: Out) {
    let score = &outcome.score;
    let verdict = if score.passed { "PASSED" } else { "NOT PASSED" };
    let mut text = format!(
        "\n{}  {verdict}  {} of {} points, after {} on the scenario's clock\n",
        outcome.drill,
        score.score,
        score.of,
        clock(outcome.took_s)
    );
    for objective in &score.objectives {
        text.push_str(&format!(
            "\n {:?}  {:<10} {:>3}/{:<3} {}\n",
            objective.rating, objective.goal, objective.points, objective.of, objective.text
        ));
        for one in &objective.expectations {
            let came = match one.came {
                Came::Met => "met   ",
                Came::Late => "late  ",
                Came::Lost => "lost  ",
                Came::Missed => "missed",
            };
            let at = one.first_s.map_or_else(|| "     -".to_owned(), |at| format!("{:>6}", clock(at)));
            text.push_str(&format!("      {came} {at}  {}\n", one.say));
        }
    }
    let measured = &score.measured;
    text.push('\n');
    for what in [Measure::Acknowledged, Measure::FirstCut, Measure::Told, Measure::Contained] {
        let Some(took) = measured.took_s.get(&what) else { continue };
        let real = measured
            .really_took_s
            .get(&what)
            .map(|real| format!("   (then: {})", when::length(real.unsigned_abs())));
        text.push_str(&format!("  {:<18} {}{}\n", what.words(), clock(*took), real.unwrap_or_default()));
    }
    text.push_str(&format!("  {:<18} {}\n", "open token-minutes", measured.token_minutes));
    text.push_str(&format!("\nstanch journal verify --data {}\n", outcome.data));
    out.text(&text);
    out.line(&json!({
        "drill": outcome.drill, "score": score.score, "of": score.of, "passed": score.passed,
        "objectives": score.objectives, "measured": measured, "why": outcome.why, "took_s": outcome.took_s,
        "incidents": outcome.incidents, "data": outcome.data,
    }));
}
