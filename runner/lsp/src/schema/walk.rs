//! Ways through a JSON Schema: which keys a map may have at a place, which words a value may be, what is said of a key.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::yaml::Step;

/// A key that a map may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// Of the schema, in markdown.
    pub(crate) docs: String,
    pub(crate) required: bool,
    /// `text`, `list`, …; empty where it may be several things.
    pub(crate) kind: &'static str,
}

/// A word that a value may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) docs: String,
}

/// References that lead to references lead somewhere soon, or nowhere.
const DEEPEST: usize = 12;

/// The keys of the map at the end of this path.
pub(crate) fn fields(root: &Value, path: &[Step]) -> Vec<Field> {
    let mut found: Vec<Field> = Vec::new();
    for node in at(root, path) {
        let required: BTreeSet<&str> =
            node["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, inner) in node["properties"].as_object().into_iter().flatten() {
            if found.iter().any(|known| known.name == *name) {
                continue;
            }
            let mut docs = described(root, inner);
            if docs.is_empty() && node["properties"].as_object().is_some_and(|all| all.len() == 1) {
                // Of a choice that is a map of one key, what is said of the choice is said of the key.
                docs = described(root, node);
            }
            let required = required.contains(name.as_str());
            found.push(Field { name: name.clone(), docs, required, kind: kind(root, inner) });
        }
    }
    found
}

/// The words that the value at the end of this path may be.
pub(crate) fn words(root: &Value, path: &[Step]) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let mut add = |text: String, docs: &Value| {
        if !found.iter().any(|known| known.text == text) {
            found.push(Word { text, docs: docs.as_str().unwrap_or_default().to_owned() });
        }
    };
    for node in at(root, path) {
        let enumerated = node["enum"].as_array().into_iter().flatten();
        for word in enumerated.filter_map(Value::as_str) {
            add(word.to_owned(), &Value::Null);
        }
        if let Some(word) = node["const"].as_str() {
            add(word.to_owned(), &node["description"]);
        }
        if types(node).contains(&"boolean") {
            add("true".to_owned(), &Value::Null);
            add("false".to_owned(), &Value::Null);
        }
    }
    found
}

/// What is said of the key at the end of this path.
pub(crate) fn about(root: &Value, path: &[Step]) -> Option<String> {
    let (last, above) = path.split_last()?;
    let Step::Key(name) = last else { return None };
    let field = fields(root, above).into_iter().find(|field| field.name == *name)?;
    (!field.docs.is_empty()).then_some(field.docs)
}

/// The schemas that describe the value at the end of this path, references followed and choices laid open.
fn at<'a>(root: &'a Value, path: &[Step]) -> Vec<&'a Value> {
    let mut nodes = open(root, root, 0);
    for step in path {
        let mut next: Vec<&Value> = Vec::new();
        for node in &nodes {
            next.extend(below(node, step).into_iter().flat_map(|inner| open(root, inner, 0)));
        }
        nodes = next;
    }
    nodes
}

fn below<'a>(node: &'a Value, step: &Step) -> Option<&'a Value> {
    let found = match step {
        Step::Key(key) => node["properties"].get(key).or_else(|| node.get("additionalProperties")),
        Step::Item(nth) => node["prefixItems"].get(nth).or_else(|| node.get("items")),
    };
    found.filter(|found| found.is_object())
}

/// A schema with all that it refers to and may be.
fn open<'a>(root: &'a Value, node: &'a Value, depth: usize) -> Vec<&'a Value> {
    let mut found = vec![node];
    if depth > DEEPEST {
        return found;
    }
    if let Some(target) = node["$ref"].as_str().and_then(|to| root.pointer(to.trim_start_matches('#'))) {
        found.extend(open(root, target, depth + 1));
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        let choices = node[choice].as_array().into_iter().flatten();
        found.extend(choices.flat_map(|inner| open(root, inner, depth + 1)));
    }
    found
}

/// The first thing that is said of it: by itself, else by what it refers to.
fn described(root: &Value, node: &Value) -> String {
    let open = open(root, node, 0);
    let said = open.iter().find_map(|node| node["description"].as_str());
    said.unwrap_or_default().to_owned()
}

fn types(node: &Value) -> Vec<&str> {
    match &node["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn kind(root: &Value, node: &Value) -> &'static str {
    let mut kinds: BTreeSet<&str> = open(root, node, 0).into_iter().flat_map(types).collect();
    kinds.remove("null");
    match kinds.into_iter().collect::<Vec<_>>().as_slice() {
        ["string"] => "text",
        ["array"] => "list",
        ["object"] => "map",
        ["boolean"] => "true or false",
        ["integer"] => "a whole number",
        ["number"] => "a number",
        ["array", "string"] => "one or a list of them",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::named;

    fn path(text: &str) -> Vec<Step> {
        let step = |part: &str| part.parse().map_or_else(|_| Step::Key(part.to_owned()), Step::Item);
        text.split('/').filter(|part| !part.is_empty()).map(step).collect()
    }

    #[test]
    fn keys_are_found_below_maps_lists_and_choices() {
        let playbook = named("playbook").unwrap().value();
        let names =
            |at: &str| fields(playbook, &path(at)).into_iter().map(|field| field.name).collect::<Vec<_>>();
        assert!(names("").contains(&"approvals".to_owned()));
        assert_eq!(names("approvals/cut-app"), ["ask", "of", "pre_approved", "unanswered", "within"]);
        assert_eq!(names("start/0"), ["one_run_per", "when"]);
        assert_eq!(names("title"), [""; 0]);
        let required = fields(playbook, &path("start/0")).into_iter().filter(|field| field.required);
        assert_eq!(required.map(|field| field.name).collect::<Vec<_>>(), ["when"]);
    }

    #[test]
    fn words_come_with_what_is_said_of_them() {
        let playbook = named("playbook").unwrap().value();
        let found = words(playbook, &path("input/app/type"));
        let time = found.iter().find(|word| word.text == "time").unwrap();
        assert_eq!(time.docs, "An instant, RFC 3339.");
        let of_flag: Vec<String> =
            words(playbook, &path("input/app/required")).into_iter().map(|word| word.text).collect();
        assert_eq!(of_flag, ["true", "false"]);
    }

    #[test]
    fn what_a_key_means_is_said_where_the_type_says_it() {
        let stanch = named("stanch").unwrap().value();
        assert_eq!(
            about(stanch, &path("integrations/okta/platform")).unwrap(),
            "The platform's slug in the catalogue."
        );
        assert_eq!(about(stanch, &path("integrations/okta")), None, "a name is the author's own");
    }
}
