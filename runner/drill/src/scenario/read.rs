//! Reading a scenario's file. What is wrong with its values is found by `check`.

use stanch_model::{Diagnostic, yaml};

use super::Scenario;

/// Reads it. `file` is its name in what is said about it.
///
/// # Errors
/// The first mistake: no YAML, an unknown or missing field, a value of the wrong type.
pub fn read(file: &str, text: &str) -> Result<Scenario, Box<Diagnostic>> {
    yaml::read(file, text, "DR0001")
}
