//! The JSON Schema of `playbook.yaml`, for editors: written by hand, because the file allows forms that the types do not show
//! (one name or a list of them). What is wrong with a manifest is said by [`super::read`], never by this.

/// The schema as text.
pub(super) const TEXT: &str = include_str!("schema.json");

/// The JSON Schema of `playbook.yaml`.
pub fn schema() -> serde_json::Value {
    // A test reads it, so a broken schema cannot ship.
    serde_json::from_str(TEXT).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;
    use stanch_model::Effect;

    use super::*;
    use crate::manifest::{InputType, read};

    fn keys(schema: &Value, at: &str) -> BTreeSet<String> {
        schema
            .pointer(at)
            .and_then(Value::as_object)
            .unwrap_or_else(|| panic!("{at}"))
            .keys()
            .cloned()
            .collect()
    }

    fn texts<'a>(items: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        items.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn the_words_are_those_of_the_types() {
        let schema = schema();
        assert_eq!(
            keys(&schema, "/properties/uses/properties"),
            texts(Effect::ALL.iter().map(|effect| effect.as_str()))
        );
        let types = schema.pointer("/$defs/input/properties/type/oneOf").unwrap().as_array().unwrap();
        let types: BTreeSet<String> =
            types.iter().map(|one| one["const"].as_str().unwrap().to_owned()).collect();
        assert_eq!(types, texts(InputType::ALL.iter().map(|(_, word)| *word)));
    }

    /// The reader says which fields it knows when it meets one that it does not.
    #[test]
    fn the_fields_are_those_of_the_reader() {
        let manifest = "\
playbook: x
title: x
owner: x
reviewed: 2026-11-01
no-such-field-at-all: 1
input: { a: { type: app, no-such-field-at-all: 1 } }
start: [{ when: true, no-such-field-at-all: 1 }]
uses: { no-such-field-at-all: 1 }
approvals: { a: { ask: x, within: 1m, unanswered: deny, no-such-field-at-all: 1 } }
questions: { a: { no-such-field-at-all: 1 } }
limits: { no-such-field-at-all: 1 }
";
        let found = read("playbook.yaml", manifest).unwrap_err();
        let mut said = found.iter().filter(|one| one.code == "PB0003").map(|one| {
            let help = one.help.as_deref().unwrap_or_default();
            texts(help.strip_prefix("known are ").unwrap_or_else(|| panic!("{help}")).split(", "))
        });
        let schema = schema();
        for at in [
            "/properties",
            "/$defs/input/properties",
            "/$defs/trigger/properties",
            "/properties/uses/properties",
            "/$defs/approval/properties",
            "/$defs/question/properties",
            "/properties/limits/properties",
        ] {
            assert_eq!(said.next(), Some(keys(&schema, at)), "{at}");
        }
        assert_eq!(said.next(), None);
    }
}
