//! Text to AST, with diagnostics instead of interpreter errors.

use rhai::AST;
use stanch_model::Diagnostic;

use super::engine::engine;

/// Compiles a script. Diagnostics name the file `main.rhai`.
///
/// # Errors
/// The first syntax error, in the words of a playbook author.
pub fn compile(script: &str) -> Result<AST, Vec<Diagnostic>> {
    engine().compile(script).map_err(|error| vec![Diagnostic::error("PB0003", error.to_string())])
}
