//! Where the word at the cursor is defined.

use std::ops::Range;

use super::{
    Around,
    scope::{Declared, seen_at},
    spot::{Spot, look},
    tokens::tokens,
};
use crate::dialect::{ParamKind, host_call};

/// Where something is defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Definition {
    /// These bytes of the script.
    Here(Range<usize>),
    /// An entry of the manifest: a part, `approvals`, and a name under it.
    Manifest(&'static str, String),
    /// A notice of this name.
    Template(String),
    /// A playbook of this slug.
    Playbook(String),
    /// An entry of the configuration: a part, `tell`, and a name under it.
    Config(&'static str, String),
}

/// Where the word at this byte is defined; none where it is nobody's but the language's.
pub fn define(source: &str, at: usize, around: &Around<'_>) -> Option<Definition> {
    let here = look(source, source.get(..at)?.len());
    match here.spot {
        Spot::Name { word, .. } => name(source, &word, around),
        Spot::Member { word } => {
            let before = source.get(..word.start)?.trim_end().strip_suffix('.')?;
            let named = source.get(word)?.to_owned();
            let is_input = before.ends_with("input") && around.under("input").contains(&named);
            is_input.then_some(Definition::Manifest("input", named))
        }
        Spot::Text { word, place } => {
            let call = host_call(source.get(place.callee.clone())?)
                .filter(|_| !place.method && place.key.is_none())?;
            let text = source.get(word)?.to_owned();
            match call.params.get(place.nth)?.kind {
                ParamKind::Approval => Some(Definition::Manifest("approvals", text)),
                ParamKind::Question => Some(Definition::Manifest("questions", text)),
                ParamKind::Template => Some(Definition::Template(text)),
                ParamKind::Playbook => Some(Definition::Playbook(text)),
                ParamKind::Channel => Some(Definition::Config("tell", text)),
                _ => None,
            }
        }
        Spot::Nothing | Spot::Key { .. } => None,
    }
}

fn name(source: &str, word: &Range<usize>, around: &Around<'_>) -> Option<Definition> {
    let named = source.get(word.clone())?;
    let mut seen = seen_at(source, word.end).into_iter().rev();
    // The declaration itself is where one stands when one asks about it.
    let declared = tokens(source).into_iter().find(|token| token.span == *word)?;
    let is_call = source[word.end..].starts_with('(');
    let fits = |how: Declared| !is_call || how == Declared::Function || host_call(named).is_none();
    if let Some(found) = seen.find(|name| name.text == named && fits(name.how)) {
        return Some(Definition::Here(found.span));
    }
    if around.index.integrations().iter().any(|(integration, _)| integration == named) {
        return Some(Definition::Config("integrations", named.to_owned()));
    }
    let before = source[..declared.span.start].trim_end();
    ["let", "const", "fn"]
        .iter()
        .any(|word| before.ends_with(word))
        .then_some(Definition::Here(declared.span))
}
