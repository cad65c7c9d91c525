//! What is wrong with a case's values: names, counts, things that can never be. All of it at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parking_lot::RwLock;
use stanch_integrations::twin::Answer;
use stanch_model::{
    Diagnostic,
    diagnostic::did_you_mean,
    yaml::{self, Node},
};
use stanch_playbooks::dialect::HOST_CALLS;

use super::{Asked, Case, CaseFault, Count, Ground, Hearers};
use crate::{
    company,
    scenario::{self, Known},
    words::{self, Condition, Judge, Names},
};

/// Everything that is wrong with it. `text` is the file, for places.
pub fn check(file: &str, text: &str, case: &Case, ground: &Ground) -> Vec<Diagnostic> {
    let Ok(tree) = yaml::node(file, text, "TC0001") else { return Vec::new() };
    let known = ground.known(case);
    let mut reader = Reader { file, text, tree: &tree, case, ground, known: &known, found: Vec::new() };
    reader.start();
    reader.world();
    for (nth, fault) in case.fault.iter().enumerate() {
        reader.fault(fault, &nth.to_string());
    }
    reader.answers();
    reader.expectations();
    reader.found
}

/// `?` among what is expected is there to fail, and to show what there is instead.
fn is_question(path: &[&str], name: &str) -> bool {
    name == "?" && path.first() == Some(&"expect")
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    tree: &'a Node,
    case: &'a Case,
    ground: &'a Ground,
    known: &'a Known,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn wrong(&mut self, code: &str, path: &[&str], message: impl Into<String>, help: impl Into<String>) {
        let span = self.tree.at(path).map_or(0..0, |node| node.span.clone());
        self.found.push(Diagnostic::error(code, message).at(self.file, self.text, span, "").help(help));
    }

    /// The same at a key of a map.
    fn wrong_key(&mut self, code: &str, path: &[&str], key: &str, message: String, help: String) {
        let entry = self.tree.at(path).and_then(|map| map.get(key));
        let span = entry.map_or(0..0, |(key, _)| key.span.clone());
        self.found.push(Diagnostic::error(code, message).at(self.file, self.text, span, "").help(help));
    }

    fn unknown(&mut self, path: &[&str], what: &str, name: &str, known: &[String]) {
        if is_question(path, name) {
            return;
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        self.wrong("TC0002", path, format!("there is no {what} `{name}`"), words::near(name, &known));
    }

    fn unknown_key(&mut self, path: &[&str], what: &str, name: &str, known: &[String]) {
        if is_question(path, name) {
            return;
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let help = words::near(name, &known);
        self.wrong_key("TC0002", path, name, format!("there is no {what} `{name}`"), help);
    }

    /// The same, with the playbook's own names before all others.
    fn unasked(&mut self, path: &[&str], name: &str, cards: &[String]) {
        if is_question(path, name) {
            return;
        }
        let (manifest, script) = (&self.ground.playbook.manifest, &self.ground.playbook.script);
        let asked =
            ["approve(\"", "ask(\"", "manual(\""].into_iter().flat_map(|call| script.split(call).skip(1));
        let asked = asked.filter_map(|rest| rest.split_once('"')).map(|(name, _)| name);
        let named = manifest.approvals.keys().chain(manifest.questions.keys()).map(String::as_str);
        let own: BTreeSet<&str> = named.chain(asked).collect();
        let own: Vec<&str> = own.into_iter().collect();
        let known: Vec<&str> = cards.iter().map(String::as_str).collect();
        let near = did_you_mean(name, own.iter().copied().filter(|own| *own != name))
            .or_else(|| did_you_mean(name, known.iter().copied()));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if own.is_empty() => {
                "this playbook asks for nothing by name; else a verb or an action, `guard` or `in_doubt`"
                    .to_owned()
            }
            None => format!(
                "this playbook asks for {}; else a verb or an action, `guard` or `in_doubt`",
                own.join(", ")
            ),
        };
        let message = format!("there is no approval or question `{name}`");
        match path {
            ["answers"] => self.wrong_key("TC0002", path, name, message, help),
            _ => {
                let end = if help.ends_with('?') { "" } else { "." };
                let help = format!("{help}{end} `asked: [\"?\"]` shows what a run asks");
                self.wrong("TC0002", path, message, help);
            }
        }
    }

    fn names(&self, what: Names) -> Vec<String> {
        self.known.names().get(what.what()).cloned().unwrap_or_default()
    }

    fn platforms(&self) -> Vec<String> {
        self.ground.names().into_keys().collect()
    }

    fn start(&mut self) {
        let case = self.case;
        if case.input.is_some() && case.alert.is_some() {
            let help =
                "keep `input:` for a run that is started by hand, `alert:` for one that an alert starts";
            self.wrong("TC0004", &["alert"], "a case starts by hand or by an alert, not by both", help);
        }
        if case.alert.is_some() {
            return;
        }
        let inputs = &self.ground.playbook.manifest.input;
        let given = case.input.clone().unwrap_or_default();
        let names: Vec<String> = inputs.keys().cloned().collect();
        for name in given.keys().filter(|name| !inputs.contains_key(*name)) {
            self.unknown_key(&["input"], "input", name, &names);
        }
        let lacking = inputs.iter().filter(|(name, spec)| spec.required && !given.contains_key(*name));
        for (name, spec) in lacking {
            let help = if spec.help.is_empty() { "the manifest requires it" } else { &spec.help };
            self.wrong("TC0004", &["input"], format!("the input `{name}` is missing"), help);
        }
    }

    fn world(&mut self) {
        let world = &self.case.world;
        let platforms = self.platforms();
        for (nth, app) in world.apps.iter().enumerate() {
            for name in app.grants.keys().filter(|name| !platforms.contains(name)) {
                let nth = nth.to_string();
                self.unknown_key(&["world", "apps", &nth, "grants"], "platform", name, &platforms);
            }
        }
        for (path, message, help) in scenario::impossible(world) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            self.wrong("TC0003", &path, message, help);
        }
        self.hidden(&platforms);
        for name in self.case.world.extra.keys().filter(|name| !platforms.contains(name)) {
            self.unknown_key(&["world", "extra"], "platform", name, &platforms);
        }
        for (mut path, unknown) in scenario::unknown_extras(world, &self.ground.names()) {
            let key = path.pop().unwrap_or_default();
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let message = format!("the simulated platform knows no `{key}`");
            self.wrong_key("TC0002", &path, &key, message, unknown.help());
        }
        for (nth, name) in self.case.integrations.iter().enumerate() {
            if !platforms.contains(name) {
                self.unknown(&["integrations", &nth.to_string()], "platform", name, &platforms);
            }
        }
        if self.case.pages_of == Some(0) {
            self.wrong("TC0003", &["pages_of"], "a page without rows never ends", "write 1 or more");
        }
    }

    fn hidden(&mut self, platforms: &[String]) {
        let apps = self.names(Names::App);
        for (nth, hidden) in self.case.world.hidden.iter().enumerate() {
            let nth = nth.to_string();
            if !apps.contains(&hidden.app) {
                let message = format!("the world has no app `{}`", hidden.app);
                let help = words::near(&hidden.app, &apps.iter().map(String::as_str).collect::<Vec<_>>());
                self.wrong("TC0003", &["world", "hidden", &nth, "app"], message, help);
            }
            for name in hidden.grants.keys().filter(|name| !platforms.contains(name)) {
                self.unknown_key(&["world", "hidden", &nth, "grants"], "platform", name, platforms);
            }
            match &hidden.once {
                Some(once) => self.condition(once, &["world", "hidden", &nth, "once"]),
                None => {
                    let help = "give them `once:`, a condition";
                    let message = "nothing brings these grants to light";
                    self.wrong("TC0003", &["world", "hidden", &nth], message, help);
                }
            }
        }
    }

    fn condition(&mut self, condition: &str, path: &[&str]) {
        let mistakes = match Condition::compile(condition, self.known.names()) {
            Err(mistakes) => mistakes,
            Ok(compiled) => return self.decides(&compiled, path),
        };
        let span = self.tree.at(path).map_or(0..0, |node| node.span.clone());
        // quotes and block marks stand before the text itself
        let start = span.start + self.text[span].find(condition).unwrap_or(0);
        for mistake in mistakes {
            let code = if mistake.code == "DR0005" { "TC0002" } else { "TC0006" };
            let at = start + mistake.at.start..start + mistake.at.end;
            let diagnostic = Diagnostic::error(code, mistake.message);
            self.found.push(diagnostic.at(self.file, self.text, at, "").help(mistake.help));
        }
    }

    fn decides(&mut self, condition: &Condition, path: &[&str]) {
        let fresh = Arc::new(RwLock::new(self.ground.facts(self.case)));
        if let Some(what) = Judge::of(&fresh).undecided(condition) {
            let help = "compare it: done(\"grant.revoke\") >= 1";
            self.wrong("TC0006", path, format!("this is {what}, neither true nor false"), help);
        }
    }

    fn fault(&mut self, fault: &CaseFault, nth: &str) {
        let path = ["fault", nth];
        if fault.kill_runner == fault.answer.is_some() {
            let help = "{ action: okta.revoke_app_token, call: 2, answer: 503 }, or { kill_runner: true, entry: 40 }";
            self.wrong("TC0005", &path, "a fault has an `answer`, or kills the runner", help);
        }
        if fault.answer == Some(Answer::VendorSilent) {
            let help = "leave it out: `told` says what was written, and only in a drill somebody answers it";
            self.wrong("TC0005", &path, "in a case no vendor answers anyway", help);
        }
        let when = [fault.entry.is_some(), fault.action.is_some(), fault.once.is_some()];
        if fault.kill_runner && when.iter().filter(|given| **given).count() != 1 {
            let help =
                "give it `entry: 40`, `action: okta.revoke_app_token` with `call: 2`, or `once:` a condition";
            self.wrong("TC0005", &path, "it is not said at which one moment the runner dies", help);
        }
        if fault.entry.is_some() && !fault.kill_runner {
            self.wrong("TC0005", &["fault", nth, "entry"], "only a kill waits for an entry", "write `call:`");
        }
        for (key, number) in [("call", fault.call), ("entry", fault.entry), ("count", fault.count)] {
            if number == Some(0) {
                let message = format!("there is no {key} 0");
                self.wrong("TC0005", &["fault", nth, key], message, "the first one is 1");
            }
        }
        let platforms = self.platforms();
        if let Some(name) = fault.platform.as_ref().filter(|name| !platforms.contains(name)) {
            self.unknown(&["fault", nth, "platform"], "platform", name, &platforms);
        }
        if let Some(action) = &fault.action {
            self.action(action, &["fault", nth, "action"]);
        }
        if let Some(once) = &fault.once {
            self.condition(once, &["fault", nth, "once"]);
        }
    }

    fn action(&mut self, action: &str, path: &[&str]) {
        let actions = self.ground.actions(self.case);
        if actions.contains_key(action) {
            return;
        }
        let platforms = self.platforms();
        let known: Vec<String> = match action.split_once('.') {
            Some((name, _)) if platforms.iter().any(|known| known == name) => {
                let of_it = format!("{name}.");
                actions.into_keys().filter(|known| known.starts_with(&of_it)).collect()
            }
            _ => actions.into_keys().collect(),
        };
        self.unknown(path, "action", action, &known);
    }

    fn answers(&mut self) {
        let mut cards = self.names(Names::Card);
        cards.extend(self.ground.actions(self.case).into_keys());
        cards.extend(["guard", "in_doubt"].map(str::to_owned));
        let policies = &self.ground.playbook.manifest.approvals;
        let people: Vec<String> = self.ground.people().into_iter().collect();
        for (name, replies) in &self.case.answers {
            if !self.may_be_asked(name, &cards) {
                self.unasked(&["answers"], name, &cards);
            }
            for spoken in replies.all() {
                let words = ["approve", "deny", super::EXPIRE, "go_on", "skip", "look_again"];
                if policies.contains_key(name) && !words.contains(&spoken.say.as_str()) {
                    let message = format!("an approval is not answered with `{}`", spoken.say);
                    self.wrong("TC0002", &["answers", name], message, "say approve, deny or expire");
                }
                if let Some(by) = spoken.by.as_ref().filter(|by| !people.contains(by)) {
                    self.unknown(&["answers", name], "person", by, &people);
                }
            }
        }
    }

    /// A guard's card goes by the guard's own words, which are not all known here.
    fn may_be_asked(&self, name: &str, cards: &[String]) -> bool {
        cards.iter().any(|card| card == name) || name.contains(' ')
    }

    fn expectations(&mut self) {
        let (case, expect) = (self.case, &self.case.expect);
        if *expect == super::Expect::default() {
            let help = "say how it is contained: `containment: contained`, or how it ends: `ended: failed`";
            self.wrong("TC0007", &["expect"], "nothing is expected, so this case cannot fail", help);
        }
        if !expect.waits.is_empty() && (expect.ended.is_some() || expect.containment.is_some()) {
            let message = "a run that waits has not ended";
            self.wrong(
                "TC0008",
                &["expect", "waits"],
                message,
                "leave out `waits`, or `ended` and `containment`",
            );
        }
        if expect.error.is_some() && expect.ended == Some(stanch_model::target::Ended::Finished) {
            self.wrong(
                "TC0008",
                &["expect", "error"],
                "a run that finishes has no error",
                "write `ended: failed`",
            );
        }
        for (state, count) in expect.counts() {
            if let Count::By(by) = count {
                self.kinds(state, by);
            }
        }
        let verbs: BTreeSet<String> = self.ground.actions(case).into_values().flatten().collect();
        for action in expect.writes.iter().flat_map(BTreeMap::keys).filter(|name| !verbs.contains(*name)) {
            self.written(action);
        }
        self.names_of_people();
        self.steps();
        let that = expect.that().to_vec();
        let is_list = matches!(expect.that, Some(super::Texts::Many(_)));
        for (nth, condition) in that.iter().enumerate() {
            let nth = nth.to_string();
            let path: &[&str] = if is_list { &["expect", "that", &nth] } else { &["expect", "that"] };
            self.condition(condition, path);
        }
    }

    fn written(&mut self, action: &str) {
        let actions = self.ground.actions(self.case);
        if actions.contains_key(action) {
            return;
        }
        let verbs = actions.values().flatten().cloned();
        let known: Vec<String> = actions.keys().cloned().chain(verbs).collect();
        self.unknown_key(&["expect", "writes"], "action or verb", action, &known);
    }

    fn kinds(&mut self, state: &str, by: &BTreeMap<String, usize>) {
        let platforms = self.platforms();
        let verbs = self.ground.actions(self.case).into_values().flatten();
        let kinds: BTreeSet<String> =
            verbs.filter_map(|verb| Some(verb.split_once('.')?.0.to_owned())).collect();
        let known: Vec<String> = kinds.iter().chain(&platforms).cloned().collect();
        for what in by.keys() {
            let first = what.split_once('.').map_or(what.as_str(), |(integration, _)| integration);
            if !known.iter().any(|known| known == first) {
                self.unknown_key(&["expect", state], "kind or platform", what, &known);
            }
        }
    }

    fn names_of_people(&mut self) {
        let mut known = self.names(Names::Somebody);
        known.extend(company::TELL.iter().map(|(event, _)| (*event).to_owned()));
        let is_known =
            |who: &str| known.iter().any(|known| known == who) || who.contains(['@', '#', '/', '.']);
        let unknown: Vec<(String, String)> = match &self.case.expect.told {
            None => Vec::new(),
            Some(Hearers::Names(names)) => {
                names.iter().enumerate().map(|(nth, name)| (nth.to_string(), name.clone())).collect()
            }
            Some(Hearers::Texts(texts)) => texts.keys().map(|name| (name.clone(), name.clone())).collect(),
        };
        let unknown: Vec<_> = unknown.into_iter().filter(|(_, who)| !is_known(who)).collect();
        for (key, who) in unknown {
            self.unknown(&["expect", "told", &key], "vendor or channel", &who, &known);
        }
        for (nth, who) in self.case.expect.not_told.iter().enumerate() {
            if !is_known(who) {
                self.unknown(&["expect", "not_told", &nth.to_string()], "vendor or channel", who, &known);
            }
        }
    }

    fn steps(&mut self) {
        let mut known = self.names(Names::Step);
        known.extend(HOST_CALLS.iter().map(|call| call.name.to_owned()));
        known.extend(["find".to_owned()]);
        for (nth, step) in self.case.expect.steps.iter().enumerate() {
            if !known.contains(step) {
                self.unknown(&["expect", "steps", &nth.to_string()], "step", step, &known);
            }
        }
        let cards = self.names(Names::Card);
        let asked: Vec<(Vec<&str>, String)> = match &self.case.expect.asked {
            None => Vec::new(),
            Some(Asked::Names(names)) => {
                names.iter().map(|name| (vec!["expect", "asked"], name.clone())).collect()
            }
            Some(Asked::Times(times)) => {
                times.keys().map(|name| (vec!["expect", "asked"], name.clone())).collect()
            }
        };
        let actions = self.ground.actions(self.case);
        for (path, name) in asked {
            if !self.may_be_asked(&name, &cards) && !actions.contains_key(&name) {
                self.unasked(&path, &name, &cards);
            }
        }
    }
}
