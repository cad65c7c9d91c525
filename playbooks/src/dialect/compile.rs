//! Text to AST, with diagnostics in the words of a playbook author.

use rhai::{AST, Engine, LexError, ParseError, ParseErrorType};
use stanch_model::{Diagnostic, diagnostic::did_you_mean};

use super::{
    blank,
    engine::{LIMITS, engine},
};
use crate::syntax::{Text, token};

/// The name of a script's file in diagnostics.
pub(crate) const FILE: &str = "main.rhai";

/// How many syntax errors are looked for in one go.
const MOST_ERRORS: usize = 20;

/// Compiles a script. Diagnostics name the file `main.rhai`.
///
/// # Errors
/// Every syntax error that can be told apart: after one, the statement around it is left out and the rest is read.
pub fn compile(script: &str) -> Result<AST, Vec<Diagnostic>> {
    let rest = compile_rest(script);
    if rest.problems.is_empty() { Ok(rest.ast) } else { Err(rest.problems) }
}

/// What could be read of a script.
pub(crate) struct Rest {
    /// All but the statements with syntax errors.
    pub(crate) ast: AST,
    /// The script with spaces where those statements stood: same places. Empty if nothing of it can be read.
    pub(crate) text: String,
    pub(crate) problems: Vec<Diagnostic>,
}

pub(crate) fn compile_rest(script: &str) -> Rest {
    if let Some(problem) = too_large(script) {
        return Rest { ast: AST::empty(), text: String::new(), problems: vec![problem] };
    }
    let engine = engine();
    let mut rest = Rest { ast: AST::empty(), text: script.to_owned(), problems: Vec::new() };
    let mut end_seen = false;
    let mut read = false;
    while rest.problems.len() < MOST_ERRORS {
        match engine.compile(&rest.text) {
            Ok(ast) => {
                rest.ast = ast;
                read = true;
                break;
            }
            Err(error) => {
                let (problem, at) = explain(&error, &rest.text);
                // An open bracket is felt only at the end, again and again until its statement is gone: say it once.
                let end = problem.labels.first().map_or(at, |label| label.offset + label.length);
                let at_end = rest.text[end.min(rest.text.len())..].trim().is_empty();
                if !(at_end && std::mem::replace(&mut end_seen, at_end)) {
                    rest.problems.push(problem);
                }
                let goes_on = !is_bound(error.err_type())
                    && (blank::inner(&engine, &mut rest.text, at) || blank::whole(&mut rest.text, at));
                if !goes_on {
                    break;
                }
            }
        }
    }
    if !read {
        rest.text.clear();
    }
    rest
}

fn too_large(script: &str) -> Option<Diagnostic> {
    let longest = script.lines().map(|line| line.chars().count()).max().unwrap_or_default();
    let message = if script.len() > LIMITS.script_bytes {
        format!("the script has {} bytes; {} is the most", script.len(), LIMITS.script_bytes)
    } else if script.lines().count() >= usize::from(u16::MAX) || longest >= usize::from(u16::MAX) {
        "the script has a line, or lines, beyond 65,534".to_owned()
    } else {
        return None;
    };
    Some(Diagnostic::error("PB0014", message).at(FILE, script, 0..0, "").help(TOO_LARGE_HELP))
}

const TOO_LARGE_HELP: &str =
    "a playbook reads like a runbook: move parts into playbooks of their own and call `run_playbook`";

/// True for what is said of the script as a whole: without one statement it is as large as before.
fn is_bound(error: &ParseErrorType) -> bool {
    matches!(error, ParseErrorType::TooManyFunctions | ParseErrorType::LiteralTooLarge(..))
}

/// The diagnostic of a syntax error, and its byte.
fn explain(error: &ParseError, source: &str) -> (Diagnostic, usize) {
    let at = Text::new(source).offset(error.position());
    let mut span = token(source, at);
    let found = source.get(span.clone()).unwrap_or_default();
    let (code, message, help) = words(error, found, source, at);
    if message.contains("missing") && matches!(error.err_type(), ParseErrorType::MissingToken(..)) {
        // What is missing belongs after the word before, not before the word after.
        let before = source[..at.min(source.len())].trim_end();
        let last = before.chars().next_back().map_or(0, char::len_utf8);
        span = before.len() - last..before.len();
    }
    let start = span.start;
    let diagnostic = Diagnostic::error(code, message).at(FILE, source, span, "");
    (if help.is_empty() { diagnostic } else { diagnostic.help(help) }, start)
}

/// Names that Rhai keeps for itself and that an author is likely to want.
const KEPT: &[(&str, &str)] = &[
    ("until", "by"),
    ("with", "using"),
    ("default", "otherwise"),
    ("as", "like"),
    ("case", "matter"),
    ("match", "found"),
    ("for", "about"),
    ("go", "begin"),
    ("is", "equals"),
    ("new", "fresh"),
    ("use", "uses"),
    ("sync", "at_once"),
    ("async", "later"),
    ("null", "()"),
    ("nil", "()"),
    ("void", "()"),
    ("var", "let"),
    ("in", "within"),
    ("do", "act"),
    ("module", "part"),
    ("package", "bundle"),
    ("thread", "lane"),
    ("spawn", "begin"),
    ("await", "wait"),
    ("yield", "give"),
    ("protected", "guarded"),
    ("super", "above"),
    ("exit", "leave"),
    ("goto", "jump"),
    ("public", "open"),
    ("static", "fixed"),
    ("shared", "common"),
    ("each", "every"),
    ("then", "next"),
    ("this", "self_"),
    ("throw", "raise"),
    ("return", "give"),
    ("if", "when"),
];

fn words(error: &ParseError, found: &str, source: &str, at: usize) -> (&'static str, String, String) {
    let kept = |word: &str| {
        let other = KEPT.iter().find(|(kept, _)| *kept == word).map(|(_, other)| *other);
        let help = match other {
            Some("()") => format!("write `()` for {word}"),
            Some("let") => "write `let`".to_owned(),
            Some(other) => format!(
                "use another name, `{other}` for one; as a map key it may stand in quotes: `\"{word}\": …`"
            ),
            None => format!("use another name; as a map key it may stand in quotes: `\"{word}\": …`"),
        };
        ("PB0011", format!("`{word}` is a word that Rhai keeps for itself"), help)
    };
    if let Some(words) = beyond(error.err_type()) {
        return words;
    }
    let is_word = found.chars().all(|c| c.is_alphanumeric() || c == '_') && !found.is_empty();
    match error.err_type() {
        ParseErrorType::Reserved(word) if ["import", "export"].contains(&word.as_str()) => absent(word),
        ParseErrorType::Reserved(word) => kept(word),
        ParseErrorType::BadInput(LexError::ImproperSymbol(word, _))
            if DISABLED_HELP.iter().any(|(name, _)| name == word) =>
        {
            absent(word)
        }
        ParseErrorType::BadInput(LexError::UnexpectedInput(word)) if word == "try" => (
            "PB0012",
            "`try` is a statement and gives no value".to_owned(),
            "write `attempt(|| …)`: it gives `#{ ok, value, error }`".to_owned(),
        ),
        ParseErrorType::BadInput(LexError::UnterminatedString) => (
            "PB0010",
            "a text is opened and never closed".to_owned(),
            "close it on the same line; only backticks may span lines".to_owned(),
        ),
        ParseErrorType::MissingToken(token, _) if token == "}" && is_word && stands_as_key(source, at) => {
            kept(found)
        }
        ParseErrorType::MissingToken(token, why) => missing(token, why, found),
        ParseErrorType::UnknownOperator(op) if op == "?" => (
            "PB0010",
            "there is no `a ? b : c`".to_owned(),
            "write `if a { b } else { c }`, or `a ?? b` for a value that may be `()`".to_owned(),
        ),
        ParseErrorType::AssignmentToConstant(name) => {
            ("PB0010", format!("`{name}` is a constant"), "declare it with `let` if it changes".to_owned())
        }
        ParseErrorType::DuplicatedProperty(name) => {
            ("PB0010", format!("`{name}` stands twice in this map"), "keep one of them".to_owned())
        }
        ParseErrorType::VariableExpected if is_word => kept(found),
        other => {
            let text = other.to_string();
            let mut chars = text.chars();
            let lower =
                chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect());
            ("PB0010", lower.trim_end_matches('.').to_owned(), String::new())
        }
    }
}

/// What is said of a script, or a part of one, that is beyond the limits.
fn beyond(error: &ParseErrorType) -> Option<(&'static str, String, String)> {
    Some(match error {
        ParseErrorType::ExprTooDeep => (
            "PB0014",
            format!("nested deeper than {} levels", LIMITS.expr_depth),
            "give parts names with `let`, or make a function of the inner block".to_owned(),
        ),
        ParseErrorType::TooManyFunctions => (
            "PB0014",
            format!("more than {} functions and closures", LIMITS.functions),
            TOO_LARGE_HELP.to_owned(),
        ),
        ParseErrorType::LiteralTooLarge(what, most) => (
            "PB0014",
            format!("{} beyond {most}", what.to_lowercase()),
            "data stands in the input, not in the script".to_owned(),
        ),
        _ => return None,
    })
}

/// True for `{ word:` and `, word:`.
fn stands_as_key(source: &str, at: usize) -> bool {
    let after = source[at.min(source.len())..].trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    after.trim_start().starts_with(':')
}

fn missing(token: &str, why: &str, found: &str) -> (&'static str, String, String) {
    let known = [
        "else", "if", "while", "for", "loop", "switch", "return", "throw", "let", "const", "fn", "try",
        "catch",
    ];
    let help = match (token, found) {
        (";", "and") => "`and` is written `&&`".to_owned(),
        (";", "or") => "`or` is written `||`".to_owned(),
        (";" | ",", "=>") => "a closure is written `|x| …`".to_owned(),
        (";", ":") => "a variable has no type: `let x = …`; a map begins with `#{`".to_owned(),
        (";", word) => did_you_mean(word, known)
            .filter(|near| *near != word)
            .map_or_else(String::new, |near| format!("did you mean `{near}`?")),
        _ => String::new(),
    };
    ("PB0010", format!("a `{token}` is missing {why}"), help)
}

/// What is switched off, and what to write instead.
const DISABLED_HELP: &[(&str, &str)] = &[
    ("eval", "write the code itself: a replay must see the same script"),
    ("import", "call `run_playbook`, or copy the function: a playbook is pinned as a whole"),
    ("export", "a playbook gives nothing to others but its last value"),
    ("print", "write `note(text)`"),
    ("debug", "write `note(text)`"),
    ("is_def_var", "names are known before a script runs"),
    ("is_def_fn", "names are known before a script runs"),
];

fn absent(word: &str) -> (&'static str, String, String) {
    let help = DISABLED_HELP.iter().find(|(name, _)| *name == word).map_or("", |(_, help)| help);
    ("PB0013", format!("`{word}` is no part of the language"), help.to_owned())
}

/// Compiles one expression for conditions: see [`super::expression`].
pub(super) fn compile_expression(engine: &Engine, file: &str, text: &str) -> Result<AST, Vec<Diagnostic>> {
    engine.compile_expression(text).map_err(|error| {
        let (mut problem, _) = explain(&error, text);
        for label in &mut problem.labels {
            label.file = file.to_owned();
        }
        vec![problem]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(script: &str) -> String {
        let problems = compile(script).unwrap_err();
        problems
            .iter()
            .map(|p| format!("{}; {}", p.one_line(), p.help.as_deref().unwrap_or("no help")))
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn try_as_a_value() {
        insta::assert_snapshot!(mistakes("let x = try { f() } catch (e) { 1 };"), @"main.rhai:1:9: `try` is a statement and gives no value [PB0012]; write `attempt(|| …)`: it gives `#{ ok, value, error }`");
    }

    #[test]
    fn reserved_words_as_keys_and_names() {
        insta::assert_snapshot!(mistakes(
            "wait_until(a, b, #{ until: 1 });\nlet with = 1;\nlet y = x.default;\nlet z = #{ with: 2 };\nreturn null;"
        ), @r#"
        main.rhai:1:21: `until` is a word that Rhai keeps for itself [PB0011]; use another name, `by` for one; as a map key it may stand in quotes: `"until": …`
        main.rhai:2:5: `with` is a word that Rhai keeps for itself [PB0011]; use another name, `using` for one; as a map key it may stand in quotes: `"with": …`
        main.rhai:3:11: `default` is a word that Rhai keeps for itself [PB0011]; use another name, `otherwise` for one; as a map key it may stand in quotes: `"default": …`
        main.rhai:4:12: `with` is a word that Rhai keeps for itself [PB0011]; use another name, `using` for one; as a map key it may stand in quotes: `"with": …`
        main.rhai:5:8: `null` is a word that Rhai keeps for itself [PB0011]; write `()` for null
        "#);
    }

    #[test]
    fn words_that_are_switched_off() {
        insta::assert_snapshot!(mistakes("eval(\"1\");\nimport \"a\" as b;\nprint(1);"), @r"
        main.rhai:1:1: `eval` is no part of the language [PB0013]; write the code itself: a replay must see the same script
        main.rhai:2:1: `import` is no part of the language [PB0013]; call `run_playbook`, or copy the function: a playbook is pinned as a whole
        main.rhai:3:1: `print` is no part of the language [PB0013]; write `note(text)`
        ");
    }

    #[test]
    fn all_syntax_errors_at_once_and_the_rest_is_read() {
        let script = "phase(\"a\")\nlet y = 2;\nif x = 1 {\n  f();\n}\neach(xs, |x| x.cut();\nlet s = \"abc;\nlet c = a ? b : c;\nnote(\"fine\");\nlet d = x and y;\neach(xs, x => 1);\nelif x {}\n";
        insta::assert_snapshot!(mistakes(script), @r"
        main.rhai:1:10: a `;` is missing to terminate this statement [PB0010]; no help
        main.rhai:3:6: possibly a typo of '=='? [PB0010]; no help
        main.rhai:6:20: a `,` is missing to separate the arguments to function call 'each' [PB0010]; no help
        main.rhai:7:9: a text is opened and never closed [PB0010]; close it on the same line; only backticks may span lines
        main.rhai:8:11: there is no `a ? b : c` [PB0010]; write `if a { b } else { c }`, or `a ?? b` for a value that may be `()`
        main.rhai:10:9: a `;` is missing to terminate this statement [PB0010]; `and` is written `&&`
        main.rhai:11:10: a `,` is missing to separate the arguments to function call 'each' [PB0010]; a closure is written `|x| …`
        main.rhai:12:4: a `;` is missing to terminate this statement [PB0010]; no help
        ");
        let rest = compile_rest(script);
        assert_eq!(rest.text.len(), script.len());
        assert!(rest.text.contains("note(\"fine\");"));
        assert_eq!(rest.ast.statements().len(), 2);
    }

    #[test]
    fn an_open_block_is_said_once() {
        insta::assert_snapshot!(mistakes("phase(\"a\");\nfor x in xs {\n  x.cut();\n\nnote(\"b\");\n"), @"main.rhai:5:10: a `}` is missing to terminate this block [PB0010]; no help");
    }

    #[test]
    fn ten_megabytes() {
        let script = "note(\"x\");\n".repeat(1_000_000);
        insta::assert_snapshot!(mistakes(&script), @"main.rhai:1:1: the script has 11000000 bytes; 262144 is the most [PB0014]; a playbook reads like a runbook: move parts into playbooks of their own and call `run_playbook`");
    }

    #[test]
    fn columns_count_characters_and_places_count_bytes() {
        let problems = compile("note(\"éé\"); let with = 1;").unwrap_err();
        let label = &problems[0].labels[0];
        assert_eq!((label.column, label.offset, label.length), (17, 18, 4));
    }
}
