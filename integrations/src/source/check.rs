//! What an `alerts.yaml` says must hold together: every name known, every rule reachable, nothing believed unproven, no
//! secret kept.

mod poll;
mod proof;
mod rules;

use stanch_model::{
    Diagnostic,
    yaml::{self, Node},
};

use super::{
    scene,
    spec::{AlertShape, AlertsSpec, SourceSpec},
    take::{Take, Way},
};
use crate::{
    catalog::check::{Report, suggest},
    expr::Expr,
    spec::PlatformSpec,
    template::Template,
};

/// Everything that is wrong with a file that could be read. `taken` are the formats of other platforms, `platform` is what
/// this one can do.
pub(crate) fn check(
    slug: &str,
    file: &str,
    source: &str,
    spec: &AlertsSpec,
    taken: &[&str],
    platform: Option<&PlatformSpec>,
) -> Vec<Diagnostic> {
    let mut report = Report::new(file, source);
    if spec.platform != slug {
        let message = format!("the folder is called `{slug}` and the platform `{}`", spec.platform);
        report.at_value(&["platform"], "IN0002", message, Some("give both the same name".to_owned()));
    }
    for (format, source) in &spec.sources {
        if taken.contains(&format.as_str()) || !is_format(format) {
            let message = format!("`{format}` cannot be the name of a source");
            let help = "lower-case letters, digits and dashes, and no other platform's name".to_owned();
            report.at_key(&["sources", format], "IN0060", message, Some(help));
        }
        family(spec, format, source, &mut report);
        let mut at = At { spec: source, place: vec!["sources", format], report: &mut report };
        proof::check(&mut at);
        poll::check(&mut at, platform);
        fields(&source.alert, &mut at, "alert");
        at.below("type", |at| take(&source.kind_of_event, at));
        rules::check(&mut at);
        settings(source, &mut at);
    }
    report.into_found()
}

fn is_format(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Where in which source we look.
struct At<'a, 'r, 's> {
    spec: &'a SourceSpec,
    place: Vec<&'a str>,
    report: &'r mut Report<'s>,
}

impl<'a> At<'a, '_, '_> {
    fn below(&mut self, name: &'a str, look: impl FnOnce(&mut Self)) {
        self.place.push(name);
        look(self);
        self.place.pop();
    }

    fn mistake(&mut self, code: &str, message: impl Into<String>, help: impl Into<Option<String>>) {
        self.report.at_value(&self.place, code, message.into(), help.into());
    }
}

fn family(spec: &AlertsSpec, format: &str, source: &SourceSpec, report: &mut Report<'_>) {
    let Some(parent) = &source.events_of else { return };
    let at = ["sources", format, "events_of"];
    match spec.sources.get(parent) {
        None => {
            let help = suggest(parent, spec.sources.keys().map(String::as_str));
            report.at_value(&at, "IN0061", format!("this file has no source `{parent}`"), help);
        }
        Some(other) if other.events_of.is_some() || parent == format => {
            let message = format!("`{parent}` takes its events from another source itself");
            report.at_value(
                &at,
                "IN0061",
                message,
                Some("name the source that says what they mean".to_owned()),
            );
        }
        Some(_) => {}
    }
}

fn fields<'a>(shape: &'a AlertShape, at: &mut At<'a, '_, '_>, name: &'a str) {
    at.below(name, |at| {
        for (name, field) in shape.takes() {
            at.below(name, |at| take(field, at));
        }
    });
}

fn take(take: &Take, at: &mut At<'_, '_, '_>) {
    for way in take.ways() {
        match way {
            Way::Path(_) => {}
            Way::Text(text) => template(text, at),
            Way::When { when, is } => {
                predicate(when, at);
                template(is, at);
            }
        }
    }
}

/// A template over an event.
fn template(template: &Template, at: &mut At<'_, '_, '_>) {
    for variable in template.variables() {
        let (root, rest) = variable.split_once('.').unwrap_or((variable, ""));
        let known = scene::FOUND.contains(&variable)
            || (scene::ROOTS.contains(&root) && (root == "key") == rest.is_empty());
        if !known {
            let roots = scene::ROOTS.iter().chain(&scene::FOUND).copied();
            at.mistake("IN0062", format!("`{{{variable}}}` is nothing"), suggest(variable, roots));
        } else if root == "settings" && !at.spec.settings.contains_key(rest) {
            let help = suggest(rest, at.spec.settings.keys().map(String::as_str));
            at.mistake("IN0062", format!("there is no setting `{rest}`"), help);
        } else if root == "headers"
            && at.spec.proof.as_ref().is_some_and(|proof| super::proof::Proof::is_secret_header(proof, rest))
        {
            let message = format!("`{{{variable}}}` would keep what proves a delivery");
            at.mistake("IN0067", message, "read another header".to_owned());
        }
    }
}

fn predicate(expr: &Expr, at: &mut At<'_, '_, '_>) {
    for name in expr.names() {
        if scene::NAMES.contains(&name) || at.spec.facts.contains_key(name) {
            continue;
        }
        let known = scene::NAMES.iter().copied().chain(at.spec.facts.keys().map(String::as_str));
        at.mistake("IN0062", format!("a predicate knows no `{name}`"), suggest(name, known));
    }
    captures(expr, at);
}

/// What a closure takes from outside cannot be looked at while it is walked through.
fn captures(expr: &Expr, at: &mut At<'_, '_, '_>) {
    if let Some(name) = expr.captured(&scene::NAMES) {
        let message = format!("a closure cannot look at `{name}` while it is walked through");
        let help =
            "find the item first: `event.target.find(|item| item.type == \"User\").id == event.actor.id`";
        at.mistake("IN0069", message, help.to_owned());
    }
}

/// Every setting is used, and what is used is there.
fn settings(spec: &SourceSpec, at: &mut At<'_, '_, '_>) {
    if spec.settings.is_empty() {
        return;
    }
    let texts = at.report.node(&at.place).map(texts).unwrap_or_default();
    let used = |name: &&String| {
        let variable = format!("{{settings.{name}}}");
        texts.iter().any(|text| text.contains(&variable))
    };
    let unused: Vec<&String> = spec.settings.keys().filter(|name| !used(name)).collect();
    for name in unused {
        let mut place = at.place.clone();
        place.extend(["settings", name]);
        let message = format!("the setting `{name}` is never used");
        let help = format!("write `{{settings.{name}}}` where it belongs");
        at.report.at_key(&place, "IN0062", message, Some(help));
    }
}

/// Every text below a place.
fn texts(node: &Node) -> Vec<&str> {
    match &node.shape {
        yaml::Shape::Text(text) => vec![text],
        yaml::Shape::List(items) => items.iter().flat_map(texts).collect(),
        yaml::Shape::Map(entries) => entries.iter().flat_map(|(_, node)| texts(node)).collect(),
        _ => Vec::new(),
    }
}
