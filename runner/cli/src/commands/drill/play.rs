//! Playing a scenario.

use anyhow::Context;
use serde_json::json;
use stanch_drill::{
    DrillError, Folders, News, Outcome, Rehearsal, company,
    record::Record,
    scenario::{self, Found, Measure},
};
use stanch_model::{
    api::{NewToken, SeatKind},
    diagnostic::did_you_mean,
};
use stanch_server::Tokens;

use tokio::sync::watch;

use super::{PlayArgs, check, host, kept::Kept, list, seat::clock};
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
        None => Folders::temporary("drill")?,
    };
    let look = stanch_tui::Look::of_stdout();
    let is_hosted = !args.auto && look.moves && !out.is_json();
    let tokens = Tokens::open(&folders.data)?;
    let token = |person: &company::Person| token(&tokens, person);
    let (leave, left) = watch::channel(false);
    let ledger = Kept::at(args.config.as_deref());
    let rehearsal = Rehearsal {
        open: ledger.brief(&found.playbook, out),
        seat: kept(&args, &found, is_hosted)?,
        found: found.clone(),
        token: &token,
        exe: std::env::current_exe().context("finding this program")?,
        folders,
        library: &library,
        catalog: &catalog,
        auto: args.auto,
        speed: f64::from(args.speed),
        leave: is_hosted.then_some(left),
    };
    let outcome = if is_hosted {
        let look = stanch_tui::Look { glyphs: look.glyphs && !args.ascii, ..look };
        match host::host(rehearsal, leave, look, args.record, out).await? {
            host::Ended::Over(outcome) => outcome,
            host::Ended::Broke(error) => return Err(said(error, &found)),
        }
    } else {
        watched(rehearsal, out).await.map_err(|error| said(error, &found))?
    };
    let way = ledger.keep(&outcome, &library, out).await;
    finale(&outcome, out);
    out.text(&way);
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

/// A token for one of the company's people.
fn token(tokens: &Tokens, person: &company::Person) -> Result<String, String> {
    let new = NewToken { name: person.name.to_owned(), role: person.role, days: Some(1) };
    tokens.make(&new).map(|made| made.token).map_err(|error| error.to_string())
}

/// The seat that whoever starts it plays; a scenario that cannot be read is told of by whoever plays it.
fn kept(args: &PlayArgs, found: &Found, is_hosted: bool) -> anyhow::Result<Option<SeatKind>> {
    let Ok(scenario) = scenario::read(&found.file, &found.text) else { return Ok(args.seat) };
    let open = company::seats(&scenario);
    match args.seat {
        Some(seat) if !open.contains(&seat) => {
            let known: Vec<&str> = open.iter().map(|seat| seat.as_str()).collect();
            let said = Said::new(format!("`{}` has no seat {seat}", found.name));
            Err(said.help(format!("there are {}", known.join(", "))).exit(Exit::Usage).into())
        }
        Some(seat) => Ok(Some(seat)),
        None if is_hosted => {
            let first = scenario.seats.first().copied();
            let responder = scenario.seats.iter().copied().find(|seat| *seat == SeatKind::Responder);
            Ok(responder.or(first))
        }
        None => Ok(None),
    }
}

/// An interrupt ends it, and with it the server: it hangs on us by its standard input. It can be taken up again.
async fn watched(rehearsal: Rehearsal<'_>, out: Out) -> Result<Outcome, DrillError> {
    let mut tell = move |news: News| show(&news, out);
    stanch_drill::rehearse(rehearsal, &mut tell).await
}

fn show(news: &News, out: Out) {
    out.line(news);
    match news {
        News::Doors { seats, host } => out.text(&host::offered(seats, host.as_ref())),
        News::Serving { life: 1, url } => {
            out.text(&format!("DRILL  simulated, nothing leaves this machine   {url}"))
        }
        News::Serving { .. } => out.text("          the server is back, on the same journal"),
        News::Run { .. } => {}
        News::Record { at_s, text, .. } => out.text(&format!("T+{:>6}  {text}", clock(*at_s))),
    }
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
        DrillError::Left { drill, at_s, data } => {
            let said = Said::new(format!("you left {drill} at T+{}", clock(at_s)));
            said.help(format!("it goes on with `stanch drill {drill} --data {}`", data.display()))
                .exit(Exit::Waiting)
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
            let at = one.first_s.map_or_else(|| "     -".to_owned(), |at| format!("{:>6}", clock(at)));
            text.push_str(&format!("      {:<6} {at}  {}\n", one.came.as_str(), one.say));
            if let Some(graded) = &one.graded {
                let (by, computed) = (&graded.by, graded.computed.as_str());
                text.push_str(&format!(
                    "                     {computed} as computed; {by}: {}\n",
                    graded.why
                ));
            }
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
    if let Some(got) = measured.adversary {
        let (reads, after, failed) = (got.reads, got.after_first_cut, got.failed);
        text.push_str(&format!(
            "  {:<18} read {reads} times, {after} after the first cut; {failed} moves failed because of it\n",
            "the adversary"
        ));
    }
    out.text(text.trim_end());
    out.line(&json!({
        "drill": outcome.drill, "score": score.score, "of": score.of, "passed": score.passed,
        "objectives": score.objectives, "measured": measured, "why": outcome.why, "took_s": outcome.took_s,
        "incidents": outcome.incidents, "data": outcome.data,
    }));
}
