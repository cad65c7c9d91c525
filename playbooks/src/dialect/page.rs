//! `playbooks/LANGUAGE.md`: the introduction, every host call, every kind of error, the limits.

use std::fmt::Write;

use super::{CallClass, ERROR_KINDS, HOST_CALLS, HostCall, LIMITS, Param, ParamKind};

/// The whole page, in markdown.
pub fn language_page() -> String {
    let mut page = include_str!("language.md").to_owned();
    for (title, classes) in PARTS {
        let _ = write!(page, "\n## {title}\n");
        for call in HOST_CALLS.iter().filter(|call| classes.contains(&call.class)) {
            entry(&mut page, call);
        }
    }
    errors(&mut page);
    limits(&mut page);
    page
}

const PARTS: &[(&str, &[CallClass])] = &[
    ("Calls that write to the record", &[CallClass::Local]),
    ("Calls that look on every platform", &[CallClass::Find]),
    ("Calls that do many things at once", &[CallClass::Branch]),
    ("Calls that wait", &[CallClass::Wait]),
    ("Calls that speak to people outside the run", &[CallClass::Tell]),
    ("Calls that start another run or end this one", &[CallClass::Child, CallClass::End]),
    ("Helpers, never steps", &[CallClass::Helper]),
];

fn entry(page: &mut String, call: &HostCall) {
    let _ = write!(page, "\n### `{}({})` gives {}\n\n", call.name, signature(call), gives(call));
    page.push_str(&call_page(call));
}

/// What a host call promises and takes, and an example.
pub(crate) fn call_page(call: &HostCall) -> String {
    let mut page = format!("{}\n\n", filled(call.docs));
    let params: Vec<String> = call.params.iter().map(described).collect();
    let options: Vec<String> = call.options.iter().map(described).collect();
    let listed = call.effect().map(|effect| format!("Listed in `uses` under `{effect}`."));
    let lines = [
        (!params.is_empty()).then(|| format!("Takes {}.", params.join("; "))),
        (!options.is_empty()).then(|| format!("Options: {}.", options.join("; "))),
        (!call.throws.is_empty()).then(|| {
            format!("Throws {}.", call.throws.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", "))
        }),
        listed,
    ];
    let lines: Vec<String> = lines.into_iter().flatten().map(|line| filled(&line)).collect();
    if !lines.is_empty() {
        let _ = write!(page, "{}\n\n", lines.join("\n"));
    }
    let _ = writeln!(page, "```rhai\n{}\n```", call.example);
    page
}

/// What stands between the parentheses, `name, text?, #{ within? }`.
pub fn signature(call: &HostCall) -> String {
    let mark = |param: &Param| format!("{}{}", param.name, if param.optional { "?" } else { "" });
    let mut parts: Vec<String> = call.params.iter().map(mark).collect();
    if !call.options.is_empty() {
        parts.push(format!("#{{ {} }}", call.options.iter().map(mark).collect::<Vec<_>>().join(", ")));
    }
    parts.join(", ")
}

fn gives(call: &HostCall) -> String {
    match call.returns {
        "()" => "nothing".to_owned(),
        "never" => "nothing: it throws".to_owned(),
        other => format!("`{other}`"),
    }
}

fn described(param: &Param) -> String {
    format!("`{}`: {}", param.name, kind_words(param.kind))
}

/// What a parameter takes, in words.
pub(crate) fn kind_words(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Text => "a text",
        ParamKind::Name => "a name",
        ParamKind::Approval => "a name under `approvals:`",
        ParamKind::Question => "a name, which may stand under `questions:`",
        ParamKind::Template => "a file of `templates/`, without `.md`",
        ParamKind::Channel => "a key of `tell:` in `stanch.yaml`, or a person or group with ways of its own",
        ParamKind::Deadline => "a deadline of the table, or `contract`",
        ParamKind::Playbook => "a playbook's name",
        ParamKind::Duration => "a length of time",
        ParamKind::Time => "an instant",
        ParamKind::Severity => "a severity",
        ParamKind::Integer => "a whole number",
        ParamKind::Target => "a target",
        ParamKind::Targets => "targets, in lists as nested as you like",
        ParamKind::Texts => "a list of texts",
        ParamKind::List => "a list",
        ParamKind::Map => "a map",
        ParamKind::Closure(0) => "a closure `|| …`",
        ParamKind::Closure(_) => "a closure `|x| …`",
        ParamKind::Closures => "a list or a map of closures `|| …`",
        ParamKind::Any => "anything that crosses the border",
    }
}

fn errors(page: &mut String) {
    page.push_str("\n## Errors\n\nA caught error is `#{ kind, message, status, target, errors }`: `status` and `target` are `()` where there is none;\n`errors` holds the errors of a fan-out by key.\n\n| `e.kind` | |\n|---|---|\n");
    for (kind, meaning) in ERROR_KINDS {
        let _ = writeln!(page, "| `{kind}` | {meaning} |");
    }
}

fn limits(page: &mut String) {
    let rows: [(&str, u64); 8] = [
        ("bytes of a script", LIMITS.script_bytes as u64),
        ("operations of one evaluation", LIMITS.operations),
        ("operations of one condition in a manifest", LIMITS.expression_operations),
        ("nested calls of functions", LIMITS.call_levels as u64),
        ("functions and closures of a script", LIMITS.functions as u64),
        ("bytes of a text", LIMITS.string_bytes as u64),
        ("items of a list", LIMITS.array_items as u64),
        ("keys of a map", LIMITS.map_keys as u64),
    ];
    page.push_str("\n## Limits\n\n| At most | |\n|---|---|\n");
    for (what, most) in rows {
        let _ = writeln!(page, "| {what} | {most} |");
    }
}

/// Words in lines of at most 120 characters.
fn filled(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().map(|line| line.chars().count()).unwrap_or_default();
        if last > 0 && last + 1 + word.chars().count() > 120 {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::dialect::{compile, is_builtin};

    /// `STANCH_WRITE=1 cargo test -p stanch-playbooks` writes the page anew.
    #[test]
    fn the_page_says_what_the_list_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("LANGUAGE.md");
        if std::env::var_os("STANCH_WRITE").is_some() {
            fs::write(&path, language_page()).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(written == language_page(), "LANGUAGE.md is out of date: run this test with STANCH_WRITE=1");
    }

    #[test]
    fn every_call_is_described_and_its_example_compiles() {
        for call in HOST_CALLS {
            assert!(call.docs.len() > 40, "{} has no description", call.name);
            assert!(call.example.contains(&format!("{}(", call.name)), "{}: {}", call.name, call.example);
            let compiled = compile(call.example).map(|_| ()).map_err(|p| p[0].one_line());
            assert_eq!(compiled, Ok(()), "{}", call.name);
            assert!(!is_builtin(call.name), "{} hides a function of Rhai", call.name);
        }
    }

    #[test]
    fn every_error_that_a_call_throws_is_explained() {
        for call in HOST_CALLS {
            for kind in call.throws {
                assert!(ERROR_KINDS.iter().any(|(known, _)| known == kind), "{} throws {kind}", call.name);
            }
        }
    }

    #[test]
    fn optional_parameters_stand_last_and_every_call_has_a_part_of_the_page() {
        for call in HOST_CALLS {
            let first = call.params.iter().position(|p| p.optional).unwrap_or(call.params.len());
            assert!(call.params[first..].iter().all(|p| p.optional), "{}", call.name);
            assert!(PARTS.iter().any(|(_, classes)| classes.contains(&call.class)), "{}", call.name);
        }
    }
}
