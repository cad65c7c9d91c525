//! What is wrong with a scenario's values: names, conditions, things that can never happen. All of it at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use stanch_integrations::{Catalog, twin::World};
use stanch_model::{
    Diagnostic,
    yaml::{self, Node},
};
use stanch_playbooks::Library;

use super::{Deed, Move, PlotEntry, Ploy, Scenario, StartSpec};
use crate::words::{self, Condition, Names};

/// What conditions and stand-ins may name.
#[derive(Clone, Debug, Default)]
pub struct Known {
    names: words::Known,
    pub(super) platforms: Vec<String>,
    /// What is called at those that take part: `okta.revoke_app_token`.
    pub(super) actions: BTreeSet<String>,
    /// Playbooks, each with the names of its inputs.
    pub(super) playbooks: BTreeMap<String, Vec<String>>,
}

impl Known {
    /// What this scenario's world, this library and this catalogue know.
    pub fn of(scenario: &Scenario, catalog: &Catalog, library: &Library) -> Self {
        let used = scenario.platforms().into_iter().map(|name| (name.clone(), name.replace('_', "-")));
        let mut known = Self::over(&scenario.world, used.collect(), catalog, library);
        let runs = scenario.plot.iter().filter_map(|entry| entry.run.as_ref());
        let addresses = runs.flat_map(StartSpec::addresses);
        known.names.entry(Names::Somebody.what()).or_default().extend(addresses);
        known
    }

    /// The same of a world on these integrations, name to platform.
    pub fn over(world: &World, used: BTreeMap<String, String>, catalog: &Catalog, library: &Library) -> Self {
        let platforms: Vec<String> = catalog.slugs().map(|slug| slug.replace('-', "_")).collect();
        let apps: BTreeSet<String> = world.apps.iter().map(|app| app.id.clone()).collect();
        let mut steps: BTreeSet<String> =
            words_of_scripts(library, &["phase(\"", "evidence(\"", "note(\""]).into_iter().collect();
        steps.extend(
            ["evidence", "approve", "ask", "manual", "settle", "notify", "page", "deadline"]
                .map(str::to_owned),
        );
        let mut cards: BTreeSet<String> =
            words_of_scripts(library, &["approve(\"", "ask(\"", "manual(\""]).into_iter().collect();
        // A name may reach a script's call through a variable, and `undo` is asked for by no script.
        for manifest in library.all().map(|playbook| &playbook.manifest) {
            cards.extend(manifest.approvals.keys().chain(manifest.questions.keys()).cloned());
        }
        let mut actions = BTreeSet::new();
        for platform in catalog.platforms() {
            let names: Vec<&String> =
                used.iter().filter(|(_, slug)| *slug == platform.slug()).map(|(name, _)| name).collect();
            for action in platform.actions() {
                // a verb that a platform has no API for is a person's
                cards.extend(action.verb.clone());
                steps.extend(names.iter().map(|name| format!("{name}.{}", action.name)));
                steps.extend(action.verb.clone().filter(|_| !names.is_empty()));
                actions.extend(names.iter().map(|name| format!("{name}.{}", action.name)));
            }
        }
        steps.extend(cards.iter().cloned());
        let somebody = world.apps.iter().map(|app| app.vendor.clone()).chain(apps.iter().cloned());
        let somebody: BTreeSet<String> = somebody
            .chain(["team", "incidents", "vendors"].map(str::to_owned))
            .filter(|name| !name.is_empty())
            .collect();
        let playbooks: BTreeMap<String, Vec<String>> = library
            .all()
            .map(|one| (one.slug.clone(), one.manifest.input.keys().cloned().collect()))
            .collect();
        let rules = stanch_response::DeadlineTable::built_in();
        let rules = rules.map(|table| table.rules().keys().cloned().collect()).unwrap_or_default();
        let names = [
            (Names::Playbook, playbooks.keys().cloned().collect()),
            (Names::Deadline, rules),
            (Names::App, apps),
            (Names::Platform, used.into_keys().collect()),
            (Names::Somebody, somebody),
            (Names::Step, steps),
            (Names::Card, cards),
        ];
        let names = names.into_iter().map(|(what, names)| (what.what(), names.into_iter().collect()));
        Self { names: names.collect(), platforms, actions, playbooks }
    }

    /// For conditions.
    pub fn names(&self) -> &words::Known {
        &self.names
    }
}

/// The first texts of these calls in all scripts.
fn words_of_scripts(library: &Library, calls: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for playbook in library.all() {
        for call in calls {
            let texts = playbook.script.split(call).skip(1);
            found.extend(texts.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
        }
    }
    found
}

impl Scenario {
    /// The platforms that take part: where apps have grants, what the world seeds, and where people are told.
    pub fn platforms(&self) -> BTreeSet<String> {
        let apps = self.world.apps.iter().flat_map(|app| app.grants.keys());
        let hidden = self.world.hidden.iter().flat_map(|hidden| hidden.grants.keys());
        let again = self.plot.iter().filter_map(|entry| entry.consent.as_ref());
        let again = again.flat_map(|consent| consent.grants.keys());
        let moves = self.adversary.iter().filter_map(Move::ploy).filter_map(Ploy::grants);
        let moves = moves.flat_map(|grants| grants.keys());
        let named = apps.chain(hidden).chain(again).chain(moves).chain(self.world.extra.keys()).cloned();
        named.chain(["slack", "smtp"].map(str::to_owned)).collect()
    }
}

/// Everything that is wrong with it. `text` is the file, for places.
pub fn check(file: &str, text: &str, scenario: &Scenario, known: &Known) -> Vec<Diagnostic> {
    let Ok(tree) = yaml::node(file, text, "DR0001") else { return Vec::new() };
    let mut case = Case { file, text, tree: &tree, scenario, known, found: Vec::new() };
    case.name();
    case.world();
    case.contacts();
    case.plot();
    case.adversary();
    case.goals();
    case.expectations();
    case.stand_ins();
    case.end();
    case.never();
    case.found
}

/// A scenario under the eyes of the check.
pub(super) struct Case<'a> {
    file: &'a str,
    text: &'a str,
    tree: &'a Node,
    pub(super) scenario: &'a Scenario,
    pub(super) known: &'a Known,
    found: Vec<Diagnostic>,
}

impl Case<'_> {
    pub(super) fn wrong(&mut self, code: &str, path: &[&str], message: String, help: String) {
        let span = self.tree.at(path).map_or(0..0, |node| node.span.clone());
        self.found.push(Diagnostic::error(code, message).at(self.file, self.text, span, "").help(help));
    }

    /// The same at the key that ends this path.
    pub(super) fn wrong_key(&mut self, code: &str, path: &[&str], message: String, help: String) {
        let Some((key, map)) = path.split_last() else { return };
        let entry = self.tree.at(map).and_then(|map| map.get(key));
        let span = entry.map_or(0..0, |(key, _)| key.span.clone());
        self.found.push(Diagnostic::error(code, message).at(self.file, self.text, span, "").help(help));
    }

    pub(super) fn unknown<'k>(
        &mut self,
        path: &[&str],
        what: &str,
        name: &str,
        known: impl Iterator<Item = &'k str>,
    ) {
        let known: Vec<&str> = known.collect();
        let help = words::near(name, &known);
        self.wrong("DR0005", path, format!("there is no {what} `{name}`"), help);
    }

    fn name(&mut self) {
        let (own, file) = (&self.scenario.drill, Path::new(self.file));
        let stem = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
        if *own != stem {
            let help = format!("write `drill: {stem}`, or call the file `{own}.yaml`");
            self.wrong("DR0002", &["drill"], format!("the file is called `{stem}`"), help);
        }
    }

    pub(super) fn condition(&mut self, condition: &str, path: &[&str]) {
        let Err(mistakes) = Condition::compile(condition, self.known.names()) else { return };
        let span = self.tree.at(path).map_or(0..0, |node| node.span.clone());
        // quotes and block marks stand before the text itself
        let written = &self.text[span.clone()];
        let start = span.start + written.find(condition).unwrap_or(0);
        for mistake in mistakes {
            let at = start + mistake.at.start..start + mistake.at.end;
            let diagnostic = Diagnostic::error(mistake.code, mistake.message);
            self.found.push(diagnostic.at(self.file, self.text, at, "").help(mistake.help));
        }
    }

    fn plot(&mut self) {
        let scenario = self.scenario;
        if !scenario.plot.iter().any(|entry| entry.alert.is_some() || entry.run.is_some()) {
            let help = "give it an `alert:`, or a `run:`".to_owned();
            self.wrong("DR0006", &["plot"], "nothing starts a response".to_owned(), help);
        }
        for (nth, entry) in scenario.plot.iter().enumerate() {
            let nth = nth.to_string();
            self.shape(entry, &nth);
            if let Some(once) = &entry.once {
                self.condition(once, &["plot", &nth, "once"]);
            }
            if let Some(unless) = &entry.unless {
                self.condition(unless, &["plot", &nth, "unless"]);
            }
            self.deed(entry, &nth);
        }
    }

    fn shape(&mut self, entry: &PlotEntry, nth: &str) {
        let reasons =
            [entry.at.is_some(), entry.once.is_some(), entry.unless.is_some(), entry.by_hand.is_some()];
        if reasons.iter().filter(|given| **given).count() != 1 {
            let message = "an entry of the plot has exactly one reason".to_owned();
            let help = "write `at:`, `once:`, `unless:` with `by:`, or `by_hand:`".to_owned();
            self.wrong("DR0006", &["plot", nth], message, help);
        }
        if entry.unless.is_some() != entry.by.is_some() {
            let message = "`unless` and `by` go together".to_owned();
            let help = "unless: told(\"drift\"), by: 30m".to_owned();
            self.wrong("DR0006", &["plot", nth], message, help);
        }
        if entry.deeds().len() != 1 {
            let message =
                format!("an entry of the plot does exactly one thing, this one {}", entry.deeds().len());
            let help =
                "alert, mail, chat, phone, press, regulator, executive, fault, consent, pull, run".to_owned();
            self.wrong("DR0006", &["plot", nth], message, help);
        }
        let late = entry.at.or(entry.by).filter(|at| *at > self.scenario.end.at);
        if let Some(late) = late {
            let path = ["plot", nth, if entry.at.is_some() { "at" } else { "by" }];
            let message = format!("{late} comes after the end");
            self.wrong("DR0008", &path, message, format!("the drill ends at {}", self.scenario.end.at));
        }
    }

    fn deed(&mut self, entry: &PlotEntry, nth: &str) {
        let scenario = self.scenario;
        let apps = || scenario.world.apps.iter().map(|app| app.id.as_str());
        match entry.deed() {
            Some(Deed::Alert(alert)) => {
                for needed in ["kind", "severity"].iter().filter(|name| !alert.contains_key(**name)) {
                    let help = "alert: { kind: app.token_misuse, app: drift, severity: high }".to_owned();
                    self.wrong(
                        "DR0006",
                        &["plot", nth, "alert"],
                        format!("the alert lacks `{needed}`"),
                        help,
                    );
                }
                if let Some(app) = alert.get("app").and_then(|app| app.as_str())
                    && !apps().any(|known| known == app)
                {
                    self.unknown(&["plot", nth, "alert", "app"], "app", app, apps());
                }
            }
            Some(Deed::Consent(consent)) => {
                if !apps().any(|known| known == consent.app) {
                    self.unknown(&["plot", nth, "consent", "app"], "app", &consent.app, apps());
                }
                self.grants(&["plot", nth, "consent"], &consent.grants);
            }
            Some(Deed::Fault(fault)) => self.fault(fault, nth),
            Some(Deed::Pull(pull)) => self.pull(pull, nth),
            Some(Deed::Run(start)) => self.start(start, nth),
            _ => {}
        }
    }

    fn goals(&mut self) {
        let scenario = self.scenario;
        for goal in scenario.goals.keys() {
            if !scenario.expect.iter().any(|one| one.goal == *goal) {
                let help = "write an expectation for it, or leave it out".to_owned();
                self.wrong(
                    "DR0007",
                    &["goals", goal],
                    format!("nothing shows whether `{goal}` was reached"),
                    help,
                );
            }
        }
    }

    fn expectations(&mut self) {
        let scenario = self.scenario;
        if scenario.expect.iter().all(|one| one.points == 0) {
            let help = "give an expectation points".to_owned();
            self.wrong("DR0007", &["expect"], "nothing is worth anything".to_owned(), help);
        }
        for (nth, one) in scenario.expect.iter().enumerate() {
            let nth = nth.to_string();
            if !scenario.goals.contains_key(&one.goal) {
                let goals = scenario.goals.keys().map(String::as_str);
                self.unknown(&["expect", &nth, "goal"], "goal", &one.goal, goals);
            }
            self.condition(&one.that, &["expect", &nth, "that"]);
            if let Some(late) = one.by.filter(|by| *by > scenario.end.at) {
                let help = format!("the drill ends at {}", scenario.end.at);
                self.wrong("DR0008", &["expect", &nth, "by"], format!("{late} comes after the end"), help);
            }
            if let Some(until) = one.until.filter(|until| one.by.is_some_and(|by| by > *until)) {
                let help = "let `until` come after `by`".to_owned();
                let message = format!("it needs to hold until {until} only, and may come later");
                self.wrong("DR0008", &["expect", &nth, "until"], message, help);
            }
            self.possible(&one.that, &nth);
        }
    }

    /// What can never be true: more revoked than there is, words that say nothing about the world.
    fn possible(&mut self, that: &str, nth: &str) {
        let Ok(condition) = Condition::compile(that, self.known.names()) else { return };
        let calls = condition.calls();
        if calls.is_empty() && !words::VARIABLES.iter().any(|(name, _)| that.contains(name)) {
            let help = "say something about the drill: verified(\"drift\")".to_owned();
            let message = "this is decided before the drill begins".to_owned();
            return self.wrong("DR0008", &["expect", nth, "that"], message, help);
        }
        let [(word, platform)] = calls.as_slice() else { return };
        let wanted: Option<u32> = that.rsplit([' ', '=', '>']).next().and_then(|number| number.parse().ok());
        let (true, Some(wanted)) =
            (word == "revoked" && (that.contains(">=") || that.contains("==")), wanted)
        else {
            return;
        };
        let most = self.most(platform);
        if wanted > most {
            let message = format!("{platform} never has more than {most} grants in this world");
            self.wrong(
                "DR0008",
                &["expect", nth, "that"],
                message,
                "give the app more, or expect less".to_owned(),
            );
        }
    }

    /// All grants that a platform may ever have. A fault that brings more has no number.
    fn most(&self, platform: &str) -> u32 {
        let scenario = self.scenario;
        let brings = |entry: &PlotEntry| entry.fault.as_ref().is_some_and(|fault| fault.grants.is_some());
        if scenario.plot.iter().any(brings) || scenario.world.extra.contains_key(platform) {
            return u32::MAX;
        }
        let apps = scenario.world.apps.iter().filter_map(|app| app.grants.get(platform));
        let hidden = scenario.world.hidden.iter().filter_map(|hidden| hidden.grants.get(platform));
        let again = scenario.plot.iter().filter_map(|entry| entry.consent.as_ref()?.grants.get(platform));
        let moves = scenario.adversary.iter().filter_map(Move::ploy).filter_map(Ploy::grants);
        let moves = moves.filter_map(|grants| grants.get(platform));
        apps.chain(hidden).chain(again).chain(moves).sum()
    }

    fn stand_ins(&mut self) {
        let known = self.known;
        let Some(cards) = known.names.get(Names::Card.what()) else { return };
        let rules = known.names.get(Names::Deadline.what()).map(Vec::as_slice).unwrap_or_default();
        for (name, says) in &self.scenario.stand_in {
            if rules.contains(name) {
                self.of_a_clock(name, says);
            } else if !cards.contains(name) {
                let names = cards.iter().chain(rules).map(String::as_str);
                self.unknown(&["stand_in", name], "approval, question or deadline", name, names);
            }
        }
    }

    fn end(&mut self) {
        let scenario = self.scenario;
        self.condition(&scenario.end.once, &["end", "once"]);
        if !(1..=100).contains(&scenario.end.pass) {
            let help = "`pass` is a part of all points in percent, from 1 to 100".to_owned();
            self.wrong(
                "DR0008",
                &["end", "pass"],
                format!("{} percent cannot be reached, or is nothing", scenario.end.pass),
                help,
            );
        }
    }
}
