//! What a script consists of: its phases with their steps, and its functions.

use std::ops::Range;

use super::{
    scope::functions,
    tokens::{Token, tokens},
};
use crate::{
    dialect::compile_rest,
    outline::{OutlineStep, outline},
    syntax::token,
};
use stanch_model::yaml::offset_of;

/// A part of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// `contain`, `approve cut-app`, `.revoke`.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// All of it.
    pub span: Range<usize>,
    /// Its name.
    pub word: Range<usize>,
    /// The steps of a phase.
    pub inside: Vec<Symbol>,
}

/// What a part of a script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// What follows `phase("…")`.
    Phase,
    /// A call that is journaled.
    Step,
    /// `fn`.
    Function,
}

/// The parts in their order. Statements that cannot be read are left out.
pub fn symbols(source: &str) -> Vec<Symbol> {
    let rest = compile_rest(source);
    let all = tokens(source);
    let all: Vec<&Token> = all.iter().filter(|token| token.counts()).collect();
    let mut found = named(source, &all);
    for one in outline(&rest.ast, &rest.text) {
        let symbol = step(source, &one);
        if let Some(function) = found
            .iter_mut()
            .find(|other| other.kind == SymbolKind::Function && other.span.contains(&symbol.word.start))
        {
            function.inside.push(symbol);
            continue;
        }
        let phase = found.iter_mut().rev().find(|other| other.kind == SymbolKind::Phase);
        match phase {
            Some(phase) if symbol.kind == SymbolKind::Step => {
                phase.span.end = phase.span.end.max(symbol.span.end);
                phase.inside.push(symbol);
            }
            _ => found.push(symbol),
        }
    }
    found.sort_by_key(|symbol| symbol.span.start);
    found
}

fn step(source: &str, one: &OutlineStep) -> Symbol {
    let start = offset_of(source, one.line, one.column);
    let word = token(source, start);
    let end = source[word.end..].find('\n').map_or(source.len(), |at| word.end + at);
    let is_phase = one.call == "phase" && one.label.is_some();
    let name = match &one.label {
        Some(label) if is_phase => label.clone(),
        Some(label) => format!("{} {label}", one.call),
        None => one.call.clone(),
    };
    let kind = if is_phase { SymbolKind::Phase } else { SymbolKind::Step };
    Symbol { name, kind, span: word.start..end, word, inside: Vec::new() }
}

/// The functions, each with its body.
fn named(source: &str, all: &[&Token]) -> Vec<Symbol> {
    let body = |word: &Range<usize>| {
        let mut depth = 0_usize;
        for token in all.iter().filter(|token| token.span.start >= word.end) {
            match token.text(source) {
                "{" | "#{" => depth += 1,
                "}" if depth <= 1 => return token.span.end,
                "}" => depth -= 1,
                _ => {}
            }
        }
        source.len()
    };
    let symbol = |name: super::scope::Name| Symbol {
        span: name.span.start..body(&name.span),
        name: name.text,
        kind: SymbolKind::Function,
        word: name.span,
        inside: Vec::new(),
    };
    functions(source, all).into_iter().map(symbol).collect()
}
