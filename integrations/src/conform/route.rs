//! Which operation an action means: host, path, method.

use std::collections::BTreeMap;

use stanch_model::diagnostic::did_you_mean;

use super::describe::Operation;
use crate::{
    spec::{ActionSpec, PlatformSpec, RequestSpec},
    template::{Part, Template},
};

/// What stands for a value that only a call or a configuration knows.
const ANY: &str = "\u{1}";

/// Where an action's request goes.
pub(crate) struct Address {
    /// `None`: the configuration says.
    host: Option<String>,
    /// Segments; one that holds a call's value has [`ANY`] in it.
    pub(crate) segments: Vec<String>,
    pub(crate) method: String,
    /// Fields of the body with fixed values.
    fixed: BTreeMap<String, String>,
}

/// What of the files fits an address.
pub(super) enum Fit<'a> {
    /// The files do not speak of this part of the API.
    NotCovered,
    /// They do, and know no such path; the nearest one that they know.
    NoPath(Option<String>),
    /// The path is known with other methods.
    OtherMethods(Vec<&'a str>),
    Operation(&'a Operation),
}

impl Address {
    pub(crate) fn of(spec: &PlatformSpec, action: &ActionSpec, request: &RequestSpec) -> Option<Self> {
        let base = text(spec, action, request.url.as_ref().unwrap_or(&spec.url));
        let path = request.path.as_ref().map(|path| text(spec, action, path)).unwrap_or_default();
        let after = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
        let (host, below) = after.split_once('/').unwrap_or((after, ""));
        let whole = format!("{}/{}", below.trim_end_matches('/'), path.trim_start_matches('/'));
        let fixed = request.form.iter().flatten().filter_map(|(name, shape)| match shape {
            crate::template::Shape::Text(text) if text.variables().next().is_none() => {
                Some((name.clone(), text.source().to_owned()))
            }
            _ => None,
        });
        Some(Self {
            host: (host != ANY && !host.is_empty()).then(|| host.to_owned()),
            segments: segments(&whole),
            method: request.method?.as_str().to_owned(),
            fixed: fixed.collect(),
        })
    }

    /// The operation, or why there is none.
    pub(super) fn find<'a>(&self, operations: &[&'a Operation]) -> Fit<'a> {
        let here = operations.iter().copied().filter(|operation| self.is_at(operation)).collect::<Vec<_>>();
        let first = self.segments.len().min(3);
        let begins = |operation: &&Operation| {
            let theirs = segments(&operation.path);
            theirs.len() >= first && fits(&theirs[..first], &self.segments[..first])
        };
        if !here.iter().any(begins) {
            return Fit::NotCovered;
        }
        let mut same: Vec<_> = here
            .iter()
            .copied()
            .filter(|operation| {
                let theirs = segments(&operation.path);
                theirs.len() == self.segments.len() && fits(&theirs, &self.segments)
            })
            .filter(|operation| {
                operation.only.as_ref().is_none_or(|(name, value)| self.fixed.get(name) == Some(value))
            })
            .collect();
        if same.is_empty() {
            return Fit::NoPath(self.nearest(&here));
        }
        same.sort_by_key(|operation| operation.path.matches('{').count());
        match same.iter().find(|operation| operation.method == self.method) {
            Some(operation) => Fit::Operation(operation),
            None => Fit::OtherMethods(same.iter().map(|operation| operation.method.as_str()).collect()),
        }
    }

    /// The path that this one was perhaps meant to be.
    fn nearest(&self, here: &[&Operation]) -> Option<String> {
        let plain = |path: &str| marked(path).replace(ANY, "*");
        let known: Vec<_> = here.iter().map(|operation| (plain(&operation.path), &operation.path)).collect();
        let ours = format!("/{}", self.segments.join("/")).replace(ANY, "*");
        let near = did_you_mean(&ours, known.iter().map(|(plain, _)| plain.as_str()))?;
        known.iter().find(|(plain, _)| plain == near).map(|(_, path)| (*path).clone())
    }

    fn is_at(&self, operation: &Operation) -> bool {
        let Some(ours) = &self.host else { return true };
        operation.hosts.is_empty()
            || operation.hosts.iter().any(|theirs| glob(&marked(theirs), ours) || glob(ours, &marked(theirs)))
    }
}

fn segments(path: &str) -> Vec<String> {
    path.split('?').next().unwrap_or_default().trim_matches('/').split('/').map(str::to_owned).collect()
}

fn fits(theirs: &[String], ours: &[String]) -> bool {
    theirs.iter().zip(ours).all(|(theirs, ours)| {
        let theirs = marked(theirs);
        theirs == *ours || glob(&theirs, ours) && (theirs.contains(ANY) || ours == &theirs)
    })
}

/// Whether a segment of an [`Address`] can be this word.
pub(crate) fn is_of_form(segment: &str, word: &str) -> bool {
    glob(segment, word)
}

/// `{name}` as [`ANY`].
fn marked(text: &str) -> String {
    let mut marked = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, after)) = after.split_once('}') else { break };
        marked.push_str(before);
        marked.push_str(ANY);
        rest = after;
    }
    marked + rest
}

/// Whether `text` is of the pattern's form, in which [`ANY`] stands for one character or more.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once(ANY) {
        None => pattern == text,
        Some((before, after)) => {
            let Some(rest) = text.strip_prefix(before) else { return false };
            let mut ends = rest.char_indices().map(|(at, c)| at + c.len_utf8());
            ends.any(|end| glob(after, &rest[end..]))
        }
    }
}

/// A template with what is known: settings by their defaults, arguments by their only value.
fn text(spec: &PlatformSpec, action: &ActionSpec, template: &Template) -> String {
    let mut text = String::new();
    for part in template.parts() {
        match part {
            Part::Text(literal) => text.push_str(literal),
            Part::Variable { path, .. } => {
                let setting = path.strip_prefix("settings.").and_then(|name| spec.settings.get(name));
                let input = action.input.get(path).and_then(|input| input.default.as_ref()?.as_str());
                let known = setting.and_then(|setting| setting.default.as_deref()).or(input);
                text.push_str(known.unwrap_or(ANY));
            }
        }
    }
    text
}
