//! What the word at the cursor means.

use super::{
    Around, Description, pages, probe,
    spot::{Argument, Spot, look},
};
use crate::{
    dialect::{ParamKind, host_call, severity},
    playbook::TEMPLATES,
    survey::Ty,
};

/// What the word at this byte means; none where nothing is known of it.
pub fn describe(source: &str, at: usize, around: &Around<'_>) -> Option<Description> {
    let here = look(source, source.get(..at)?.len());
    let index = around.index;
    let (text, span) = match here.spot {
        Spot::Nothing => return None,
        Spot::Member { word } => {
            let name = source.get(word.clone())?;
            let ty = probe::receiver(source, &word, &here.open, index)?;
            (member(&ty, name, around)?, word)
        }
        Spot::Name { word, .. } => {
            let name = source.get(word.clone())?;
            let known = || plain(name, around);
            let value = || probe::value(source, &word, &here.open, index);
            let is_call = source[word.end..].starts_with('(');
            let text = if is_call { host_call(name).map(pages::host) } else { None };
            let typed = || {
                value().filter(|ty| *ty != Ty::Any).map(|ty| format!("`{name}`: {}", pages::type_words(&ty)))
            };
            (text.or_else(known).or_else(typed)?, word)
        }
        Spot::Key { word, place, .. } => (argument(source, &place, &word, &here.open, around)?, word),
        Spot::Text { word, place } => (literal(source, &place, source.get(word.clone())?, around)?, word),
    };
    Some(Description { text, span })
}

/// What stands after a dot.
fn member(ty: &Ty, name: &str, around: &Around<'_>) -> Option<String> {
    match ty {
        Ty::Integration(integration) => {
            Some(pages::action(integration, around.index.action(integration, name)?))
        }
        Ty::Target(Some(kind)) => {
            let verb = format!("{kind}.{name}");
            around.index.verbs().contains(&verb).then(|| pages::verb(around.index, &verb))
        }
        Ty::Any | Ty::Target(None) => {
            let verbs = around.index.verbs().into_iter().filter(|verb| verb.ends_with(&format!(".{name}")));
            let pages: Vec<String> = verbs.map(|verb| pages::verb(around.index, &verb)).collect();
            (!pages.is_empty()).then(|| pages.join("\n\n"))
        }
        Ty::Record(call, _) if call.fields.contains(&name) => {
            Some(format!("`{name}` of what `{}` gives: `{}`\n\n{}", call.name, call.returns, call.docs))
        }
        Ty::Input => around.entry("input", name).map(|entry| format!("the input `{name}`: `{entry}`")),
        _ => None,
    }
}

/// A name that the language or the configuration owns.
fn plain(name: &str, around: &Around<'_>) -> Option<String> {
    if severity(name).is_some() {
        return Some("a severity: `INFO < LOW < MEDIUM < HIGH < CRITICAL`".to_owned());
    }
    let all = around.index.integrations();
    if let Some((_, platform)) = all.iter().find(|(integration, _)| integration == name) {
        let count = around.index.actions(platform).len();
        return Some(format!("the integration **{name}** on the platform {platform}: {count} actions"));
    }
    match name {
        "input" => Some(format!("the manifest's inputs: {}", around.under("input").join(", "))),
        "alert" => Some("the alert that started the run, or `()`".to_owned()),
        _ => None,
    }
}

/// A key of a map that is an argument.
fn argument(
    source: &str,
    place: &Argument,
    word: &std::ops::Range<usize>,
    open: &[super::spot::Frame],
    around: &Around<'_>,
) -> Option<String> {
    let (key, callee) = (source.get(word.clone())?, source.get(place.callee.clone())?);
    if let Some(call) = host_call(callee).filter(|_| !place.method) {
        return call.options.iter().any(|option| option.name == key).then(|| pages::host(call));
    }
    let outer = &open[..open.len().saturating_sub(2)];
    let found = match probe::receiver(source, &place.callee, outer, around.index)? {
        Ty::Integration(integration) => around.index.action(&integration, callee).into_iter().collect(),
        Ty::Target(Some(kind)) => {
            around.index.verb(&format!("{kind}.{callee}")).into_iter().map(|(_, info)| info).collect()
        }
        _ => Vec::new(),
    };
    let input = found.into_iter().find_map(|info| info.inputs.get(key))?;
    Some(format!("`{key}`: {}", pages::argument(input)))
}

/// A text that names something elsewhere.
fn literal(source: &str, place: &Argument, text: &str, around: &Around<'_>) -> Option<String> {
    let call =
        host_call(source.get(place.callee.clone())?).filter(|_| !place.method && place.key.is_none())?;
    match call.params.get(place.nth)?.kind {
        ParamKind::Approval => {
            around.entry("approvals", text).map(|entry| format!("the approval `{text}`: `{entry}`"))
        }
        ParamKind::Question => {
            around.entry("questions", text).map(|entry| format!("the question `{text}`: `{entry}`"))
        }
        ParamKind::Playbook => {
            let playbook = around.library.get(text)?;
            Some(format!("**{}**: {}\n\n{}", playbook.slug, playbook.manifest.title, playbook.readme))
        }
        ParamKind::Template => {
            let (_, template) = around.templates().find(|(name, _)| *name == text)?;
            Some(format!("`{TEMPLATES}{text}.md`\n\n```text\n{template}\n```"))
        }
        _ => None,
    }
}
