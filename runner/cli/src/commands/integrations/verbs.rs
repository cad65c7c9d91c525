//! `stanch integrations verbs`: what scripts can say to a target, whatever platform it is on.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;
use stanch_integrations::{Catalog, Gives, Takes};
use stanch_model::diagnostic::did_you_mean;

use crate::{exit::Exit, out::Out, said::Said, setup::Setup, table};

/// A verb over all platforms.
#[derive(Serialize)]
struct Verb {
    verb: String,
    /// Its effects, with the platforms where it has each.
    effects: BTreeMap<String, BTreeSet<String>>,
    /// The settings without which a platform does not have it.
    with: BTreeMap<String, String>,
    /// What a call may have to say beside the target.
    takes: BTreeMap<String, Takes>,
    /// What a script gets, with the platforms that give it so.
    gives: BTreeMap<String, BTreeSet<String>>,
    /// Platforms where a person does it.
    by_hand: BTreeSet<String>,
    /// The configured integrations that have it.
    here: BTreeSet<String>,
}

/// Prints all of them, or those of one kind, or one.
///
/// # Errors
/// When there is no such verb or kind.
pub(super) fn run(setup: &Setup, wanted: Option<&str>, out: Out) -> anyhow::Result<Exit> {
    let all = gather(&setup.catalog);
    let mut shown: Vec<Verb> = all.into_values().collect();
    if let Some(wanted) = wanted {
        let names: Vec<String> = shown.iter().map(|verb| verb.verb.clone()).collect();
        shown.retain(|verb| verb.verb == wanted || verb.verb.split('.').next() == Some(wanted));
        if shown.is_empty() {
            let kinds = names.iter().filter_map(|name| name.split('.').next());
            let help = did_you_mean(wanted, names.iter().map(String::as_str).chain(kinds)).map_or_else(
                || "`stanch integrations verbs` lists all of them".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            return Err(Said::new(format!("there is no verb or kind `{wanted}`"))
                .help(help)
                .exit(Exit::No)
                .into());
        }
    }
    for verb in &mut shown {
        let configured = setup.config.integrations.iter();
        let has = |platform: &String| verb.effects.values().any(|on| on.contains(platform));
        verb.here = configured.filter(|(_, one)| has(&one.platform)).map(|(name, _)| name.clone()).collect();
    }
    for verb in &shown {
        out.text(&verb.told(out.columns()));
        out.line(verb);
    }
    out.line(&json!({ "verbs": shown.len() }));
    Ok(Exit::Yes)
}

fn gather(catalog: &Catalog) -> BTreeMap<String, Verb> {
    let mut verbs: BTreeMap<String, Verb> = BTreeMap::new();
    for platform in catalog.platforms() {
        for action in platform.actions() {
            let Some(name) = &action.verb else { continue };
            let verb = verbs.entry(name.clone()).or_insert_with(|| Verb {
                verb: name.clone(),
                effects: BTreeMap::new(),
                with: BTreeMap::new(),
                takes: BTreeMap::new(),
                gives: BTreeMap::new(),
                by_hand: BTreeSet::new(),
                here: BTreeSet::new(),
            });
            let slug = platform.slug().to_owned();
            verb.effects.entry(action.effect.to_string()).or_default().insert(slug.clone());
            let needs = platform.needs(&action.name).join(", ");
            match verb.with.get(&slug) {
                // another action has it without
                Some(other) if other.is_empty() || needs.is_empty() => {
                    verb.with.insert(slug.clone(), String::new())
                }
                Some(_) => None,
                None => verb.with.insert(slug.clone(), needs),
            };
            if action.manual {
                verb.by_hand.insert(slug.clone());
            }
            verb.gives.entry(kept(&platform.gives(action))).or_default().insert(slug);
            for takes in platform.takes(action).into_iter().filter(|takes| !takes.from_target) {
                let known = verb.takes.entry(takes.name.clone()).or_insert_with(|| takes.clone());
                known.required &= takes.required;
            }
        }
    }
    verbs.values_mut().for_each(|verb| verb.with.retain(|_, needs| !needs.is_empty()));
    verbs
}

/// What is the same on all platforms: which fields a target has besides differs.
fn kept(gives: &Gives) -> String {
    match gives {
        Gives::Targets { kind, .. } => format!("[{kind}]"),
        Gives::Target { kind } => kind.clone(),
        Gives::Rows { .. } => "[map]".to_owned(),
        Gives::Map { .. } => "map".to_owned(),
        Gives::Answer => "answer".to_owned(),
    }
}

impl Verb {
    fn told(&self, width: Option<usize>) -> String {
        let indent = 9;
        let mut lines = vec![self.verb.clone()];
        let mut say = |what: &str, text: &str| {
            let line = format!("  {what:<7}{text}");
            lines.push(table::paragraph(&line, indent, width).trim_end().to_owned());
        };
        for (effect, on) in &self.effects {
            let with = |slug: &String| match self.with.get(slug) {
                Some(with) => format!("{slug} with `{with}`"),
                None => slug.clone(),
            };
            say("on", &format!("{} ({effect})", joined(&on.iter().map(with).collect())));
        }
        if !self.by_hand.is_empty() {
            say("hand", &format!("a person does it on {}", joined(&self.by_hand)));
        }
        if !self.here.is_empty() {
            say("here", &joined(&self.here));
        }
        let takes: Vec<String> = self.takes.values().map(ToString::to_string).collect();
        if !takes.is_empty() {
            say("takes", &takes.join("; "));
        }
        let gives: Vec<String> = match self.gives.len() {
            1 => self.gives.keys().cloned().collect(),
            _ => self.gives.iter().map(|(what, on)| format!("{what} ({})", joined(on))).collect(),
        };
        say("gives", &gives.join("; "));
        lines.join("\n")
    }
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
