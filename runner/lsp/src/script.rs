//! Playbook scripts in the protocol's words.

use stanch_playbooks::assist::{self, Around, Suggestion, SuggestionKind, Symbol, SymbolKind, Then};

use crate::{
    protocol::{CompletionItem, DocumentSymbol, Edit, Markdown},
    text::span,
};

/// What may stand at a byte.
pub(crate) fn complete(source: &str, at: usize, around: &Around<'_>, snippets: bool) -> Vec<CompletionItem> {
    let mut found = assist::complete(source, at, around);
    found.sort_by_key(|one| one.rank);
    found.into_iter().enumerate().map(|(nth, one)| item(source, nth, one, snippets)).collect()
}

fn item(source: &str, nth: usize, one: Suggestion, snippets: bool) -> CompletionItem {
    let label = &one.label;
    let (written, plain) = match one.then {
        Then::Nothing => (label.clone(), label.clone()),
        Then::Call => (format!("{label}()$0"), format!("{label}()")),
        Then::Arguments => (format!("{label}($0)"), label.clone()),
        Then::Map => (format!("{label}(#{{ $0 }})"), label.clone()),
        Then::Colon => (format!("{label}: $0"), format!("{label}: ")),
    };
    let is_snippet = snippets && one.then != Then::Nothing;
    CompletionItem {
        kind: kind(one.kind),
        detail: one.detail,
        documentation: (!one.docs.is_empty()).then(|| Markdown::new(one.docs)),
        sort_text: format!("{}{nth:05}", one.rank),
        insert_text_format: if is_snippet { 2 } else { 1 },
        text_edit: Edit {
            range: span(source, &one.replace),
            new_text: if is_snippet { written } else { plain },
        },
        label: one.label,
    }
}

/// The protocol's numbers.
fn kind(kind: SuggestionKind) -> u8 {
    match kind {
        SuggestionKind::Verb | SuggestionKind::Action => 2,
        SuggestionKind::Call | SuggestionKind::Function => 3,
        SuggestionKind::Field => 5,
        SuggestionKind::Variable => 6,
        SuggestionKind::Integration => 9,
        SuggestionKind::Argument => 10,
        SuggestionKind::Value => 12,
        SuggestionKind::Keyword => 14,
        SuggestionKind::Constant => 21,
    }
}

/// The outline.
pub(crate) fn outline(source: &str) -> Vec<DocumentSymbol> {
    assist::symbols(source).iter().map(|symbol| part(source, symbol)).collect()
}

fn part(source: &str, symbol: &Symbol) -> DocumentSymbol {
    DocumentSymbol {
        name: symbol.name.clone(),
        kind: match symbol.kind {
            SymbolKind::Phase => 3,
            SymbolKind::Step => 24,
            SymbolKind::Function => 12,
        },
        range: span(source, &symbol.span),
        selection_range: span(source, &symbol.word),
        children: symbol.inside.iter().map(|inner| part(source, inner)).collect(),
    }
}
