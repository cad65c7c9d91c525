//! Names that a file may use and that stand elsewhere: verbs and actions, groups, platforms, formats, inputs.

use stanch_integrations::twin::Answer;
use stanch_model::{Effect, catalog::ActionIndex};
use stanch_playbooks::{
    assist::{action_page, name_page, verb_page},
    dialect::{HOST_CALLS, Var},
};

use super::{Step, scan::entries};
use crate::{files::FileKind, ground::Ground};

/// A name with what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) what: String,
    /// Markdown; empty where nothing more is known.
    pub(crate) docs: String,
}

impl Name {
    fn new(text: impl Into<String>, what: impl Into<String>) -> Self {
        Self { text: text.into(), what: what.into(), docs: String::new() }
    }

    /// All that is known of it.
    pub(crate) fn page(self) -> String {
        if self.docs.is_empty() { format!("`{}`: {}", self.text, self.what) } else { self.docs }
    }
}

/// What a file may name.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) kind: FileKind,
    pub(crate) ground: &'a Ground,
    /// The file itself.
    pub(crate) source: &'a str,
    /// The manifest of the playbook that the file belongs to.
    pub(crate) manifest: &'a str,
}

impl Known<'_> {
    pub(crate) fn index(&self) -> &dyn ActionIndex {
        &self.ground.index
    }

    /// True for files in which a value may be a verb or an action.
    pub(crate) fn names_actions(&self) -> bool {
        matches!(self.kind, FileKind::Manifest | FileKind::Scenario | FileKind::Case)
    }

    /// The names that a key of the map at this path may be.
    pub(crate) fn keys(&self, path: &[Step]) -> Vec<Name> {
        let steps: Vec<&str> = path.iter().map(text).collect();
        match (self.kind, steps.as_slice()) {
            (
                FileKind::Scenario | FileKind::Case,
                ["world", "apps" | "hidden", _, "grants"] | ["world", "extra"],
            ) => self.integrations(),
            (FileKind::Scenario, ["stand_in"]) | (FileKind::Case, ["answers"]) => self.cards(),
            (FileKind::Case, ["expect", "writes"]) => self.actions(None),
            (FileKind::Config, ["integrations", name, "settings"]) => self.settings(name),
            (FileKind::Config, ["tell"]) => {
                ["approval", "stuck", "deadline", "team"].map(|name| Name::new(name, "who hears it")).into()
            }
            _ => Vec::new(),
        }
    }

    /// The names that the value at this path may be.
    pub(crate) fn values(&self, path: &[Step]) -> Vec<Name> {
        let steps: Vec<&str> = path.iter().map(text).collect();
        match (self.kind, steps.as_slice()) {
            (FileKind::Manifest, ["uses", effect, ..]) => self.uses(effect),
            (FileKind::Manifest, ["approvals", _, "unanswered", ..]) => {
                let decisions =
                    ["deny", "approve"].map(|word| Name::new(word, "what silence means; stands last"));
                self.groups().into_iter().chain(decisions).collect()
            }
            (FileKind::Manifest, ["approvals" | "questions", _, "ask", ..]) => self.groups(),
            (FileKind::Manifest, ["start", _, "one_run_per"]) => self.inputs(),
            (FileKind::Manifest, ["input", _, "from"]) => {
                let fields = Var::ALERT.fields.unwrap_or_default();
                fields.iter().map(|field| Name::new(format!("alert.{field}"), "of the alert")).collect()
            }
            (FileKind::Config, ["integrations", _, "platform"]) => self.platforms(),
            (FileKind::Config, ["alerts", _, "format"]) => {
                self.ground.catalog.sources().map(|source| Name::new(&source.format, &source.title)).collect()
            }
            (FileKind::Config, ["alerts", _, "integration"]) => {
                self.keys_of(self.source, "integrations", "an integration")
            }
            (FileKind::Scenario, ["expect", _, "goal"]) => {
                self.keys_of(self.source, "goals", "a goal of this scenario")
            }
            (FileKind::Scenario, ["plot", _, "fault", field]) | (FileKind::Case, ["fault", _, field]) => {
                self.fault(field)
            }
            (FileKind::Scenario, ["stand_in", _, "say"]) | (FileKind::Case, ["answers", ..]) => {
                ["approve", "deny", "done", "failed"].map(|word| Name::new(word, "an answer")).into()
            }
            (FileKind::Case, ["integrations", ..]) => self.integrations(),
            (FileKind::Case, ["expect", "steps" | "asked" | "waits", ..]) => {
                self.cards().into_iter().chain(self.actions(None)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What may stand in `uses` under this effect.
    fn uses(&self, effect: &str) -> Vec<Name> {
        let Some(effect) = Effect::ALL.iter().find(|known| known.as_str() == effect) else {
            return Vec::new();
        };
        let calls = HOST_CALLS.iter().filter(|call| call.effect() == Some(*effect)).map(|call| Name {
            docs: name_page(self.index(), call.name).unwrap_or_default(),
            ..Name::new(call.name, "on every platform")
        });
        calls.chain(self.actions(Some(*effect))).collect()
    }

    /// Verbs and actions, of one effect or of all.
    fn actions(&self, effect: Option<Effect>) -> Vec<Name> {
        let index = self.index();
        let fits = |found: Effect| effect.is_none_or(|wanted| wanted == found);
        let mut names = Vec::new();
        for verb in index.verbs().into_iter().filter(|verb| verb.contains('.')) {
            let found = index.verb(&verb);
            if found.iter().any(|(_, info)| fits(info.effect)) {
                let on: Vec<&str> = found.iter().map(|(integration, _)| integration.as_str()).collect();
                names.push(Name {
                    docs: verb_page(index, &verb),
                    ..Name::new(&verb, format!("a verb: {}", on.join(", ")))
                });
            }
        }
        for (integration, platform) in index.integrations() {
            for info in index.actions(&platform).into_iter().filter(|info| fits(info.effect)) {
                let name = format!("{integration}.{}", info.name);
                names.push(Name { docs: action_page(&integration, info), ..Name::new(&name, &info.title) });
            }
        }
        names
    }

    fn groups(&self) -> Vec<Name> {
        let groups = self.ground.context.groups.iter().flatten();
        groups.map(|group| Name::new(group, "a group in stanch.yaml")).collect()
    }

    fn inputs(&self) -> Vec<Name> {
        self.keys_of(self.manifest, "input", "an input of this playbook")
    }

    /// What the playbook asks people.
    fn cards(&self) -> Vec<Name> {
        let approvals = self.keys_of(self.manifest, "approvals", "an approval of the playbook");
        approvals
            .into_iter()
            .chain(self.keys_of(self.manifest, "questions", "a question of the playbook"))
            .collect()
    }

    fn integrations(&self) -> Vec<Name> {
        self.index().integrations().into_iter().map(|(name, platform)| Name::new(name, platform)).collect()
    }

    fn platforms(&self) -> Vec<Name> {
        let platforms = self.ground.catalog.platforms();
        platforms
            .map(|platform| Name {
                docs: platform.setup().to_owned(),
                ..Name::new(platform.slug(), platform.title())
            })
            .collect()
    }

    /// The settings of an integration's platform.
    fn settings(&self, integration: &str) -> Vec<Name> {
        let Ok(tree) = stanch_model::yaml::node("", self.source, "") else { return Vec::new() };
        let platform = tree.at(&["integrations", integration, "platform"]).and_then(|node| node.text());
        let platform = platform.and_then(|slug| self.ground.catalog.platform(slug));
        let settings = platform.into_iter().flat_map(|platform| platform.settings());
        settings.map(|(name, help, ..)| Name::new(name, help)).collect()
    }

    fn fault(&self, field: &str) -> Vec<Name> {
        match field {
            "platform" => self.integrations(),
            "action" => {
                self.actions(None).into_iter().filter(|name| !name.what.starts_with("a verb")).collect()
            }
            "vendor" => self.keys_of(self.source, "contacts", "a vendor that answers"),
            "answer" => Answer::WORDS.iter().map(|word| Name::new(*word, "what happens instead")).collect(),
            _ => Vec::new(),
        }
    }

    /// The keys below a key at the margin.
    fn keys_of(&self, source: &str, part: &str, what: &str) -> Vec<Name> {
        if let Ok(tree) = stanch_model::yaml::node("", source, "") {
            let found = tree.at(&[part]).and_then(|node| node.entries()).unwrap_or_default();
            return found.iter().map(|(key, _)| Name::new(&key.text, what)).collect();
        }
        let below = |path: &[Step]| matches!(path, [Step::Key(above), Step::Key(_)] if above == part);
        let found = entries(source).into_iter().filter(|entry| below(&entry.path));
        found.map(|entry| Name::new(&source[entry.key], what)).collect()
    }
}

fn text(step: &Step) -> &str {
    match step {
        Step::Key(key) => key,
        Step::Item(_) => "-",
    }
}
