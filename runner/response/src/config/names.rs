//! Which names may stand in a script.

use crate::config::names::Refused::{Reserved, Shape};

/// Why a name cannot be a variable of a playbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Not letters, digits and underscores, or it begins with a digit.
    Shape,
    /// A word of the language or of stanch.
    Reserved,
}

/// Words that Rhai keeps for itself, used or only reserved.
const LANGUAGE: &[&str] = &[
    "Fn",
    "as",
    "async",
    "await",
    "break",
    "call",
    "case",
    "catch",
    "const",
    "continue",
    "curry",
    "debug",
    "default",
    "do",
    "else",
    "eval",
    "exit",
    "export",
    "false",
    "fn",
    "for",
    "global",
    "go",
    "goto",
    "if",
    "import",
    "in",
    "is",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "let",
    "loop",
    "match",
    "module",
    "new",
    "nil",
    "null",
    "package",
    "print",
    "private",
    "protected",
    "public",
    "return",
    "shared",
    "spawn",
    "static",
    "super",
    "switch",
    "sync",
    "this",
    "thread",
    "throw",
    "true",
    "try",
    "type_of",
    "until",
    "use",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Words that stanch gives to every playbook.
const OURS: &[&str] = &[
    "alert",
    "approve",
    "ask",
    "attempt",
    "deadline",
    "each",
    "evidence",
    "fail",
    "find_app",
    "find_user",
    "flat",
    "holders",
    "incident",
    "input",
    "manual",
    "note",
    "notify",
    "now",
    "page",
    "phase",
    "run_playbook",
    "settle",
    "targets",
    "together",
    "uuid",
    "vendor_of",
    "wait",
    "wait_for",
    "wait_until",
    "INFO",
    "LOW",
    "MEDIUM",
    "HIGH",
    "CRITICAL",
];

/// Checks that a name can be a variable of a playbook.
///
/// # Errors
/// Why it cannot.
pub fn variable(name: &str) -> Result<(), Refused> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') || name.chars().all(|c| c == '_') {
        return Err(Shape);
    }
    if LANGUAGE.contains(&name) || OURS.contains(&name) { Err(Reserved) } else { Ok(()) }
}

/// The nearest name that would do: `okta_emea` for `okta-emea`.
pub fn repaired(name: &str) -> String {
    let mut text: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if variable(&text).is_err() {
        text.insert_str(0, "my_");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rhai_would_refuse_are_refused_and_repaired() {
        assert_eq!(variable("okta_emea"), Ok(()));
        assert_eq!(variable("okta-emea"), Err(Shape));
        assert_eq!(variable("1password"), Err(Shape));
        assert_eq!(variable("until"), Err(Reserved));
        assert_eq!(variable("page"), Err(Reserved));
        for bad in ["okta-emea", "1password", "until", "", "__"] {
            assert_eq!(variable(&repaired(bad)), Ok(()), "{bad}");
        }
    }
}
