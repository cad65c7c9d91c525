//! What the value before a dot is, while what stands after it is still being typed: a name of our own is put there, what is
//! open is closed, and the script is read as `check` reads it.

use std::{collections::BTreeMap, ops::Range};

use stanch_model::catalog::ActionIndex;

use super::spot::{Frame, at_margin};
use crate::{
    dialect::compile_rest,
    survey::{Lost, Survey, Ty, What, World},
    syntax::Script,
};

/// No script has this name.
const PROBE: &str = "probe__here";

/// What the value is whose field or method stands at `word`. None where the script around it cannot be read.
pub(super) fn receiver(
    source: &str,
    word: &Range<usize>,
    open: &[Frame],
    index: &dyn ActionIndex,
) -> Option<Ty> {
    let (head, tail) = (source.get(..word.start)?, source.get(word.end..)?);
    read_any(head, PROBE, tail, open, index)
}

/// What the name at `word` is.
pub(super) fn value(
    source: &str,
    word: &Range<usize>,
    open: &[Frame],
    index: &dyn ActionIndex,
) -> Option<Ty> {
    let (head, tail) = (source.get(..word.end)?, source.get(word.end..)?);
    read_any(head, &format!(".{PROBE}"), tail, open, index)
}

/// The first way to make a script of it in which the probe is met. What is typed stands as it is where that reads; else its
/// statement ends at the cursor, and what follows on the line, or up to the next statement at the margin, is left out.
fn read_any(head: &str, probe: &str, tail: &str, open: &[Frame], index: &dyn ActionIndex) -> Option<Ty> {
    let closers: String = open.iter().rev().map(Frame::closer).collect();
    let line = tail.find('\n').unwrap_or(tail.len());
    let begins = |at: &usize| at_margin(tail, *at) && *at > 0;
    let words = tail.match_indices(|c: char| c.is_alphanumeric() || c == '_').map(|(at, _)| at);
    let next = words.into_iter().find(begins).unwrap_or(tail.len());
    let ways = [
        format!("{head}{probe}{tail}"),
        format!("{head}{probe};{tail}"),
        format!("{head}{probe}{closers};{}", &tail[line..]),
        format!("{head}{probe}{closers};\n{}", &tail[next..]),
    ];
    ways.iter().find_map(|way| read(way, index))
}

fn read(source: &str, index: &dyn ActionIndex) -> Option<Ty> {
    let rest = compile_rest(source);
    let script = Script::of(&rest.ast, &rest.text);
    let world = World {
        index,
        integrations: index.integrations().into_iter().map(|(name, _)| name).collect(),
        verbs: index.verbs(),
        inputs: BTreeMap::new(),
        lost: Lost::default(),
    };
    let survey = Survey::of(&script, &world);
    survey.seen.into_iter().find_map(|seen| match seen.what {
        What::Field { on, name } | What::Method { on, name } if name == PROBE => Some(on),
        What::Verb { method, kind, .. } if method == PROBE => Some(Ty::Target(kind)),
        What::Action { integration, action, .. } if action == PROBE => Some(Ty::Integration(integration)),
        _ => None,
    })
}
