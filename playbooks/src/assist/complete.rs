//! What may stand at the cursor.

use std::{collections::BTreeSet, ops::Range};

use stanch_model::catalog::{ActionInfo, InputInfo};

use super::{
    Around, Suggestion, SuggestionKind, Then, pages, probe, scope,
    scope::Declared,
    spot::{Argument, Frame, Spot, look},
    tokens::{TokenKind, tokens},
};
use crate::{
    Template,
    dialect::{HOST_CALLS, HostCall, Param, ParamKind, SEVERITIES, builtins, host_call, kind_words},
    manifest::InputSpec,
    survey::Ty,
};

/// The fields of every target.
const TARGET_FIELDS: &[&str] = &["integration", "kind", "id", "label", "name", "state"];

/// Statements, and the values that are words.
const KEYWORDS: &[&str] = &[
    "let", "const", "if", "else", "for", "in", "while", "loop", "switch", "fn", "return", "throw", "try",
    "catch", "break", "continue", "true", "false",
];

/// Everything that may stand at this byte, in no order: see [`Suggestion::rank`].
pub fn complete(source: &str, at: usize, around: &Around<'_>) -> Vec<Suggestion> {
    let Some(at) = source.get(..at).map(str::len) else { return Vec::new() };
    let here = look(source, at);
    let mut found = Found { source, around, open: &here.open, replace: 0..0, all: Vec::new() };
    match &here.spot {
        Spot::Nothing => {}
        Spot::Member { word } => found.members(word),
        Spot::Name { word, place } => found.names(word, place.as_ref()),
        Spot::Key { word, place, given } => found.keys(word, place, given),
        Spot::Text { word, place } => found.texts(word, place),
    }
    found.all
}

/// A key that a map may have.
struct Key {
    rank: u8,
    name: String,
    detail: String,
    docs: String,
}

impl Key {
    fn new(rank: u8, name: &str, detail: &str, docs: &str) -> Self {
        Self { rank, name: name.to_owned(), detail: detail.to_owned(), docs: docs.to_owned() }
    }
}

struct Found<'a> {
    source: &'a str,
    around: &'a Around<'a>,
    open: &'a [Frame],
    replace: Range<usize>,
    all: Vec<Suggestion>,
}

impl Found<'_> {
    fn add(&mut self, rank: u8, kind: SuggestionKind, label: &str, detail: &str, docs: String, then: Then) {
        // What is called already keeps its parentheses, a key its colon.
        let rest = self.source.get(self.replace.end..).unwrap_or_default();
        let there = match then {
            Then::Nothing => true,
            Then::Colon => rest.trim_start().starts_with(':'),
            Then::Call | Then::Arguments | Then::Map => rest.starts_with('('),
        };
        self.all.push(Suggestion {
            label: label.to_owned(),
            kind,
            detail: detail.to_owned(),
            docs,
            replace: self.replace.clone(),
            then: if there { Then::Nothing } else { then },
            rank,
        });
    }

    fn members(&mut self, word: &Range<usize>) {
        self.replace = word.clone();
        let ty = probe::receiver(self.source, word, self.open, self.around.index).unwrap_or(Ty::Any);
        match &ty {
            Ty::Integration(name) => self.actions(name),
            Ty::Target(kind) => {
                self.verbs(kind.as_deref());
                self.fields(TARGET_FIELDS, "of a target");
            }
            Ty::Input => {
                let manifest = self.around.under("input");
                self.fields(&manifest.iter().map(String::as_str).collect::<Vec<_>>(), "an input");
            }
            Ty::Any => {
                self.verbs(None);
                self.builtins(3);
            }
            ty => {
                self.fields(&ty.fields().unwrap_or_default(), &pages::type_words(ty));
                if !matches!(ty, Ty::Record(..) | Ty::Alert | Ty::Error) {
                    self.builtins(1);
                }
            }
        }
    }

    fn fields(&mut self, names: &[&str], what: &str) {
        for name in names {
            self.add(1, SuggestionKind::Field, name, what, String::new(), Then::Nothing);
        }
    }

    fn builtins(&mut self, rank: u8) {
        for name in builtins().filter(|name| name.starts_with(char::is_alphabetic)) {
            self.add(rank, SuggestionKind::Function, name, "of Rhai", String::new(), Then::Arguments);
        }
    }

    fn actions(&mut self, integration: &str) {
        let all = self.around.index.integrations();
        let platform = all.into_iter().find(|(name, _)| name == integration).map(|(_, platform)| platform);
        for info in self.around.index.actions(&platform.unwrap_or_default()) {
            let detail = format!("{} {}", info.effect, pages::takes(info));
            let then = if info.inputs.is_empty() { Then::Call } else { Then::Map };
            let docs = pages::action(integration, info);
            self.add(1, SuggestionKind::Action, &info.name, detail.trim_end(), docs, then);
        }
    }

    /// The verbs of a kind; of every kind where it is not known.
    fn verbs(&mut self, kind: Option<&str>) {
        let index = self.around.index;
        for verb in index.verbs() {
            let Some((on, name)) = verb.split_once('.').filter(|(on, _)| kind.is_none_or(|kind| kind == *on))
            else {
                continue;
            };
            let here = index.verb(&verb);
            // Those that do nothing here come last.
            let rank = if here.is_empty() { 4 } else { 0 };
            let detail = format!("{} {on}: {}", pages::effects(index, &verb), pages::on(index, &verb));
            self.add(
                rank,
                SuggestionKind::Verb,
                name,
                detail.trim_start(),
                pages::verb(index, &verb),
                Then::Call,
            );
        }
    }

    fn names(&mut self, word: &Range<usize>, place: Option<&Argument>) {
        self.replace = word.clone();
        if self.source[..word.start].trim_end().ends_with("fn") {
            return;
        }
        if let Some(ParamKind::Severity) = place.and_then(|place| self.param(place)).map(|param| param.kind) {
            self.constants(0);
        } else {
            self.constants(3);
        }
        let mut own = BTreeSet::new();
        for name in scope::seen_at(self.source, word.start).into_iter().rev() {
            if !own.insert(name.text.clone()) {
                continue;
            }
            let (kind, detail, then) = match name.how {
                Declared::Variable => (SuggestionKind::Variable, "of this script", Then::Nothing),
                Declared::Parameter => (SuggestionKind::Variable, "a parameter", Then::Nothing),
                Declared::Function => (SuggestionKind::Function, "of this script", Then::Arguments),
            };
            self.add(0, kind, &name.text, detail, String::new(), then);
        }
        for (name, what) in
            [("input", "the manifest's inputs"), ("alert", "the alert that started the run, or ()")]
        {
            self.add(1, SuggestionKind::Variable, name, what, String::new(), Then::Nothing);
        }
        for call in HOST_CALLS {
            let then = if call.arity().1 == 0 { Then::Call } else { Then::Arguments };
            self.add(1, SuggestionKind::Call, call.name, &pages::heading(call), pages::host(call), then);
        }
        for (name, platform) in self.around.index.integrations() {
            self.add(2, SuggestionKind::Integration, &name, &platform, String::new(), Then::Nothing);
        }
        for keyword in KEYWORDS {
            self.add(4, SuggestionKind::Keyword, keyword, "", String::new(), Then::Nothing);
        }
    }

    fn constants(&mut self, rank: u8) {
        for name in SEVERITIES {
            self.add(rank, SuggestionKind::Constant, name, "a severity", String::new(), Then::Nothing);
        }
    }

    /// The host call that an argument belongs to.
    fn call(&self, place: &Argument) -> Option<&'static HostCall> {
        let name = self.source.get(place.callee.clone())?;
        host_call(name).filter(|_| !place.method)
    }

    /// What a host call takes at an argument; of an option its own.
    fn param(&self, place: &Argument) -> Option<&'static Param> {
        let call = self.call(place)?;
        match &place.key {
            Some(key) => call.options.iter().find(|option| option.name == key),
            None => call.params.get(place.nth),
        }
    }

    /// The arguments of an action or a verb, by the actions that it can become.
    fn inputs(&self, place: &Argument) -> Vec<(String, InputInfo)> {
        let mut found: Vec<(String, InputInfo)> = Vec::new();
        for info in self.called(place) {
            for (name, input) in pages::ordered(info) {
                if !found.iter().any(|(known, _)| known == name) {
                    found.push((name.clone(), input.clone()));
                }
            }
        }
        found
    }

    /// The actions that the method at this argument can become.
    fn called(&self, place: &Argument) -> Vec<&ActionInfo> {
        let index = self.around.index;
        let (Some(name), true) = (self.source.get(place.callee.clone()), place.method && place.nth == 0)
        else {
            return Vec::new();
        };
        // The brackets that are open before the callee are all but its own, and the map in it.
        let outer = &self.open[..self.open.len().saturating_sub(2)];
        match probe::receiver(self.source, &place.callee, outer, index) {
            Some(Ty::Integration(integration)) => index.action(&integration, name).into_iter().collect(),
            Some(Ty::Target(Some(kind))) => {
                index.verb(&format!("{kind}.{name}")).into_iter().map(|(_, info)| info).collect()
            }
            _ => {
                let verbs = index.verbs().into_iter().filter(|verb| verb.ends_with(&format!(".{name}")));
                verbs.flat_map(|verb| index.verb(&verb)).map(|(_, info)| info).collect()
            }
        }
    }

    fn keys(&mut self, word: &Range<usize>, place: &Argument, given: &[String]) {
        self.replace = word.clone();
        let keys = match self.call(place) {
            Some(call) => self.options(call, place),
            None => self.arguments(place),
        };
        for key in keys.into_iter().filter(|key| !given.contains(&key.name)) {
            self.add(key.rank, SuggestionKind::Argument, &key.name, &key.detail, key.docs, Then::Colon);
        }
    }

    fn options(&self, call: &'static HostCall, place: &Argument) -> Vec<Key> {
        let options = call.options.iter().map(|option| Key {
            rank: 1,
            name: option.name.to_owned(),
            detail: kind_words(option.kind).to_owned(),
            docs: pages::host(call),
        });
        options.chain(self.data(call, place)).collect()
    }

    fn arguments(&self, place: &Argument) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for (name, input) in self.inputs(place) {
            let left_out = if input.required { "" } else { ", may be left out" };
            keys.push(Key {
                rank: u8::from(!input.required),
                name,
                detail: format!("{}{left_out}", pages::kind(input.kind)),
                docs: pages::argument(&input),
            });
        }
        if self.called(place).iter().any(|info| info.undo.is_some()) {
            keys.push(Key {
                rank: 2,
                name: "expires_in".to_owned(),
                detail: kind_words(ParamKind::Duration).to_owned(),
                docs: "When this time is over it is taken back by itself: `\"4h\"`.".to_owned(),
            });
        }
        keys
    }

    /// The keys of what `notify` fills a notice from, and of what `run_playbook` hands over.
    fn data(&self, call: &HostCall, place: &Argument) -> Vec<Key> {
        let Some(name) = self.argument_before(place) else { return Vec::new() };
        match (call.name, place.nth) {
            ("notify", 2) => {
                let template = self.around.templates().find(|(known, _)| *known == name);
                let template = template.and_then(|(_, text)| Template::parse(text).ok());
                let paths = template.iter().flat_map(Template::placeholders);
                let names: BTreeSet<&str> = paths.filter_map(|path| path.split('.').next()).collect();
                let key = |name: &str| Key::new(0, name, "a placeholder of the notice", "");
                names.into_iter().map(key).collect()
            }
            ("run_playbook", 1) => {
                let playbook = self.around.library.get(&name);
                let inputs = playbook.iter().flat_map(|playbook| &playbook.manifest.input);
                let key = |(name, input): (&String, &InputSpec)| {
                    Key::new(u8::from(!input.required), name, "an input of that playbook", &input.help)
                };
                inputs.map(key).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The literal text that is the argument before this one.
    fn argument_before(&self, place: &Argument) -> Option<String> {
        let from = self.source.get(place.callee.end..)?;
        let (mut depth, mut commas) = (0_usize, 0);
        for token in tokens(from) {
            match (token.kind, token.text(from)) {
                (TokenKind::Sign, "(" | "[" | "{" | "#{" | "${") => depth += 1,
                (TokenKind::Sign, ")" | "]" | "}") => depth = depth.checked_sub(1)?,
                (TokenKind::Sign, ",") if depth == 1 => commas += 1,
                (TokenKind::Text, text) if depth == 1 && commas + 1 == place.nth => {
                    return Some(text.trim_matches('"').to_owned());
                }
                _ => {}
            }
        }
        None
    }

    fn texts(&mut self, word: &Range<usize>, place: &Argument) {
        self.replace = word.clone();
        if place.key.as_deref() == Some("") {
            return;
        }
        if let Some(call) =
            self.call(place).filter(|call| ["vendor_of", "find_app", "notify"].contains(&call.name))
            && place.nth == 0
        {
            let vendors = self.around.context.vendors.iter().flatten().cloned().collect();
            self.values(vendors, &format!("a vendor of the register, for `{}`", call.name));
        } else if let Some(param) = self.param(place) {
            self.known(param.kind);
        } else if let Some(key) = &place.key {
            let input = self.inputs(place).into_iter().find(|(name, _)| name == key);
            let words = input.map(|(_, input)| input.one_of).unwrap_or_default();
            self.values(words, "allowed here");
        }
    }

    /// The names that a text of this kind may be.
    fn known(&mut self, kind: ParamKind) {
        let context = self.around.context;
        let set = |names: &Option<BTreeSet<String>>| names.iter().flatten().cloned().collect::<Vec<_>>();
        match kind {
            ParamKind::Approval => self.values(self.around.under("approvals"), "under `approvals:`"),
            ParamKind::Question => self.values(self.around.under("questions"), "under `questions:`"),
            ParamKind::Channel => {
                self.values(set(&context.tell), "under `tell:` or `people:` in stanch.yaml")
            }
            ParamKind::Deadline => self.values(set(&context.deadlines), "a deadline of the table"),
            ParamKind::Template => {
                let names: Vec<String> = self.around.templates().map(|(name, _)| name.to_owned()).collect();
                self.values(names, "a notice in templates/");
            }
            ParamKind::Playbook => {
                for playbook in self.around.library.all() {
                    let (title, docs) = (&playbook.manifest.title, playbook.readme.clone());
                    self.add(0, SuggestionKind::Value, &playbook.slug, title, docs, Then::Nothing);
                }
            }
            _ => {}
        }
    }

    fn values(&mut self, names: Vec<String>, what: &str) {
        for name in names {
            self.add(0, SuggestionKind::Value, &name, what, String::new(), Then::Nothing);
        }
    }
}
