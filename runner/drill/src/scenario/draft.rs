//! Scenarios that are begun by the program and ended by a person: an empty one for a playbook, and one made of a past run.
//!
//! Both pass the check as they are; what only a person knows stands in them as a question.

use std::collections::{BTreeMap, BTreeSet};

use stanch_integrations::Catalog;
use stanch_model::{
    Target, duration,
    run::{RunView, WaitKind},
};
use stanch_playbooks::Playbook;

use super::Measure;

/// Why no scenario can be made of a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDraft {
    /// It cut no app's grants.
    #[error("the run cut no grants of an app: nothing of it can be played on simulated platforms")]
    NoApp,
    /// No simulated platform is of the kind that it cut on.
    #[error("nothing that the run cut lies on a platform that can be simulated")]
    NoPlatform,
}

/// What a draft is filled in with.
struct Draft {
    slug: String,
    title: String,
    playbook: String,
    based_on: String,
    starts: String,
    people: u32,
    app: String,
    grants: BTreeMap<String, u32>,
    kind: String,
    severity: String,
    /// Whoever is asked, what they say, after how long.
    answers: Vec<(String, String, String)>,
    length: String,
    by: String,
}

/// An empty scenario for this playbook: one app, two platforms, ten minutes.
pub fn scaffold(slug: &str, playbook: &Playbook) -> String {
    let answers = playbook.manifest.approvals.keys();
    Draft {
        slug: slug.to_owned(),
        title: format!("A rehearsal of {}", playbook.slug),
        playbook: playbook.slug.clone(),
        based_on: String::new(),
        starts: "2026-03-10T09:00:00Z".to_owned(),
        people: 60,
        app: "polly".to_owned(),
        grants: BTreeMap::from([("okta".to_owned(), 9)]),
        kind: kind_of(playbook),
        severity: "high".to_owned(),
        answers: answers.map(|name| (name.clone(), "approve".to_owned(), "90s".to_owned())).collect(),
        length: "20m".to_owned(),
        by: "12m".to_owned(),
    }
    .text()
}

/// The kind of alert that starts it: the first that its triggers name.
fn kind_of(playbook: &Playbook) -> String {
    let named = |when: &str| {
        let rest = when.split_once("alert.kind ==")?.1.trim_start();
        Some(rest.strip_prefix('"')?.split_once('"')?.0.to_owned())
    };
    let mut kinds = playbook.manifest.start.iter().filter_map(|start| named(&start.when));
    kinds.next().unwrap_or_else(|| "app.token_misuse".to_owned())
}

/// A scenario of what a run met: the same app with as many grants, the same answers after the same time, its times to beat.
///
/// # Errors
/// When it is about nothing that can be simulated.
pub fn from_run(slug: &str, run: &RunView, catalog: &Catalog) -> Result<String, NoDraft> {
    let app = app_of(run).ok_or(NoDraft::NoApp)?;
    let cut = run.targets.values().map(|view| &view.target);
    let mut grants: BTreeMap<String, u32> = BTreeMap::new();
    for target in cut.clone().filter(|target| target.kind == "grant") {
        if let Some(platform) = platform_of(target, catalog) {
            *grants.entry(platform).or_default() += 1;
        }
    }
    if grants.is_empty() {
        return Err(if cut.clone().any(|target| target.kind == "grant") {
            NoDraft::NoPlatform
        } else {
            NoDraft::NoApp
        });
    }
    let users: BTreeSet<&str> = cut.filter(|target| target.kind == "user").map(Target::name).collect();
    let most = grants.values().copied().max().unwrap_or(0);
    let people = most.max(u32::try_from(users.len()).unwrap_or(most)).saturating_mul(3).max(20);
    let started = ms_of(&run.started);
    let took_s = (ms_of(&run.since) - started).max(60_000) / 1000;
    let text = |name: &str, other: &str| run.alert[name].as_str().unwrap_or(other).to_owned();
    let draft = Draft {
        slug: slug.to_owned(),
        title: format!("Again: {}", run.title),
        playbook: run.playbook.clone(),
        based_on: based_on(run, started),
        starts: jiff::Timestamp::from_millisecond(started / 60_000 * 60_000).unwrap_or_default().to_string(),
        people,
        app,
        grants,
        kind: text("kind", "app.token_misuse"),
        severity: text("severity", "high"),
        answers: answers(run),
        length: minutes(took_s * 2 + 600),
        by: minutes(took_s + 300),
    };
    Ok(draft.text())
}

/// The app that the run is about, as a slug.
pub(crate) fn app_of(run: &RunView) -> Option<String> {
    let named = run.input["app"].as_str().or_else(|| run.alert["app"].as_str());
    let cut = || run.targets.values().find(|view| view.target.kind == "app").map(|view| view.target.name());
    let slug = slug_of(named.or_else(cut)?);
    (!slug.is_empty()).then_some(slug)
}

fn slug_of(name: &str) -> String {
    let letters = name.to_lowercase();
    let words = letters.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// The name under which the platform is simulated: that of the platform itself, of which `okta_emea` is one tenant.
fn platform_of(target: &Target, catalog: &Catalog) -> Option<String> {
    let mut name = target.integration.as_str();
    loop {
        if catalog.platform(&name.replace('_', "-")).is_some() {
            return Some(name.to_owned());
        }
        name = name.rsplit_once('_')?.0;
    }
}

/// The answers that were given: of each card the first, with how long it took.
fn answers(run: &RunView) -> Vec<(String, String, String)> {
    let mut seen = BTreeSet::new();
    let asked = run
        .waits
        .iter()
        .filter(|wait| matches!(wait.kind, WaitKind::Approval | WaitKind::Manual | WaitKind::Question));
    let mut answers = Vec::new();
    for wait in asked {
        let Some(said) = wait.decisions.first().filter(|_| seen.insert(wait.name.clone())) else { continue };
        let after_s = (said.at_ms - ms_of(&wait.since)).max(1_000) / 1000;
        let after = duration::format(std::time::Duration::from_secs(after_s.unsigned_abs()));
        answers.push((wait.name.clone(), said.say.clone(), after));
    }
    answers
}

/// The run's own times: those to beat.
fn based_on(run: &RunView, started: i64) -> String {
    let day = run.started.split('T').next().unwrap_or_default();
    let id = run.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let first = run.targets.values().filter_map(|view| view.accepted_ms).min();
    let acknowledged = run.waits.iter().flat_map(|wait| &wait.decisions).map(|said| said.at_ms).min();
    let ended = run.ended.map(|_| ms_of(&run.since));
    let moments =
        [(Measure::Acknowledged, acknowledged), (Measure::FirstCut, first), (Measure::Contained, ended)];
    let word = |measure: Measure| serde_json::to_value(measure).ok()?.as_str().map(str::to_owned);
    let took = moments.into_iter().filter_map(|(what, at)| {
        let seconds = ((at? - started).max(1_000) / 1000).unsigned_abs();
        Some(format!("{}: {}", word(what)?, duration::format(std::time::Duration::from_secs(seconds))))
    });
    let took: Vec<String> = took.collect();
    format!("based_on:\n  incident: \"our run {id}, {day}\"\n  took: {{ {} }}\n", took.join(", "))
}

fn minutes(seconds: i64) -> String {
    format!("{}m", (seconds.max(60) + 59) / 60)
}

fn ms_of(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}

/// In quotation marks, as YAML reads it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Draft {
    fn text(&self) -> String {
        let Self { slug, title, playbook, based_on, starts, people, app, kind, severity, length, by, .. } =
            self;
        let title = quoted(title);
        let grants: Vec<String> = self.grants.iter().map(|(on, count)| format!("{on}: {count}")).collect();
        let grants = grants.join(", ");
        let first = self.answers.first().map_or("cut-app", |(name, ..)| name);
        let asked = format!("asked(\"{first}\")");
        let mut stand_in = String::new();
        for (name, say, after) in &self.answers {
            stand_in.push_str(&format!("  {name}: {{ say: {say}, after: {after} }}\n"));
        }
        if !self.answers.iter().any(|(name, ..)| name == "revoke-by-hand") {
            stand_in.push_str("  revoke-by-hand: { say: done, after: 2m }\n");
        }
        format!(
            "drill: {slug}
title: {title}
teaches: [what one knows after it that one did not know before]
{based_on}length: {length}
clock: {{ starts: {starts}, seed: 1 }}
seats: [responder, approver]                # an empty seat is played by `stand_in`

briefing: |
  What everybody reads before it begins: the day and the hour, who uses the app, what it may reach, who is on call.

goals:                                      # the objectives of the report, each in a sentence
  contain: The app cannot reach our data any more, and that is proven.
  decide:  A person decided, and not whoever started it.

world:                                      # what the simulated platforms hold at the start
  people: {people}
  apps:
    - {{ id: {app}, vendor: {app}, grants: {{ {grants} }} }}
    - {{ id: bystander, vendor: bystander, grants: {{ {grants} }} }}

plot:                                       # `stanch drill words` lists what conditions may say
  - at: 0m
    alert: {{ kind: {kind}, app: {app}, severity: {severity} }}
  - once: {asked}
    chat: {{ from: a colleague, text: \"Is it safe to say yes to this?\" }}
  - by_hand: press-asks
    press: {{ from: newsdesk@daily.example, text: \"Is it true that your data was read?\" }}

expect:
  - {{ goal: contain, points: 50, by: {by}, that: 'verified(\"{app}\")', say: every grant is dead and proven so }}
  - {{ goal: contain, points: 20, that: 'untouched(\"bystander\")', say: nothing else was touched }}
  - {{ goal: decide,  points: 30, that: 'approver(\"{first}\") != started_by', say: somebody else than the starter said yes }}

stand_in:
{stand_in}
end: {{ once: all_met && ended, at: {length}, pass: 70 }}

talk:                                       # the debrief, each with the answer to hope for
  - ask: What would have gone wrong if this had happened in the night?
    hope: Write down the answer that you hope for.

facilitator: |
  Rehearses {playbook}. What the players must not know before the end, and what to watch for.
"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Known, check, read};

    fn mistakes(text: &str) -> Vec<String> {
        let (catalog, library) = (Catalog::embedded(), stanch_playbooks::Library::embedded());
        let scenario = read("our-drill.yaml", text).unwrap_or_else(|why| panic!("{why:?}\n{text}"));
        let known = Known::of(&scenario, &catalog, &library);
        check("our-drill.yaml", text, &scenario, &known).iter().map(|one| format!("{one:?}")).collect()
    }

    #[test]
    fn a_new_scenario_passes_the_check_as_it_is() {
        let library = stanch_playbooks::Library::embedded();
        let playbook = library.get("oauth-app-compromise").unwrap();
        assert_eq!(mistakes(&scaffold("our-drill", &playbook)), Vec::<String>::new());
    }

    #[test]
    fn a_run_about_no_app_makes_no_scenario() {
        let catalog = Catalog::embedded();
        assert_eq!(from_run("x", &RunView::default(), &catalog), Err(NoDraft::NoApp));
    }

    #[test]
    fn names_become_slugs() {
        assert_eq!(
            (slug_of("Drift"), slug_of("Acme's  Chat (EU)")),
            ("drift".to_owned(), "acme-s-chat-eu".to_owned())
        );
    }
}
