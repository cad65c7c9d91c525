//! Stone, the language in which Dropbox describes its API: routes, the structs that they take and give, their scopes.
//! Read as far as requests and answers are compared; what another file of Dropbox's defines is open.

use std::collections::BTreeMap;

use stanch_integrations::conform::{Body, Description, Details, Field, Operation, Schema};

/// Deeper than this nothing is compared.
const DEEPEST: usize = 6;

/// A struct or union.
#[derive(Default)]
struct Shape<'a> {
    extends: Option<&'a str>,
    is_union: bool,
    /// Name, and type; a union's tag may have none.
    members: Vec<(&'a str, &'a str)>,
}

struct Files<'a> {
    shapes: BTreeMap<&'a str, Shape<'a>>,
    routes: Vec<Route<'a>>,
}

struct Route<'a> {
    name: &'a str,
    takes: &'a str,
    gives: &'a str,
    scope: Option<&'a str>,
}

/// The operations of one namespace. `texts` are its own file first, then those that it names.
pub(crate) fn read(namespace: &str, texts: &[&str]) -> Description {
    let mut files = Files { shapes: BTreeMap::new(), routes: Vec::new() };
    for (at, text) in texts.iter().enumerate() {
        files.take(text, at == 0);
    }
    let operation = |route: &Route<'_>| {
        let path = match route.name.split_once(':') {
            Some((name, version)) => format!("/2/{namespace}/{name}_v{version}"),
            None => format!("/2/{namespace}/{}", route.name),
        };
        let body = files.schema(route.takes, DEEPEST);
        let details = Details {
            query: Some(Vec::new()),
            body: Some(Body { media: Vec::new(), required: body.is_some(), schema: body }),
            statuses: vec!["200".to_owned()],
            scopes: route.scope.iter().map(|scope| vec![(*scope).to_owned()]).collect(),
            answer: files.schema(route.gives, DEEPEST),
        };
        Operation::given(vec!["api.dropboxapi.com".to_owned()], "POST", &path, details)
    };
    Description { operations: files.routes.iter().map(operation).collect() }
}

impl<'a> Files<'a> {
    fn take(&mut self, text: &'a str, own: bool) {
        let (mut name, mut in_words) = ("", false);
        for line in text.lines() {
            let (depth, words) = (line.len() - line.trim_start().len(), line.trim());
            if in_words || words.starts_with('"') {
                let begins = usize::from(!in_words);
                in_words = !(words.len() > begins && words.ends_with('"'));
                continue;
            }
            match (depth, words.split_once(' ')) {
                (0, Some(("route", rest))) if own => {
                    self.routes.extend(route(rest));
                    name = "";
                }
                (0, Some((kind, rest))) => {
                    let mut parts = rest.split(' ');
                    name = parts.next().unwrap_or_default();
                    let extends = parts.next().filter(|word| *word == "extends").and(parts.next());
                    if ["struct", "union", "union_closed"].contains(&kind) {
                        let shape = Shape { extends, is_union: kind != "struct", members: Vec::new() };
                        self.shapes.insert(name, shape);
                    }
                }
                (4, Some(("example", _))) => {}
                (4, member) if !words.is_empty() => {
                    let member = member.unwrap_or((words, ""));
                    self.shapes.entry(name).or_default().members.push(member);
                }
                (8, Some(("scope", value))) if own && name.is_empty() => {
                    let scope = value.trim_start_matches("= ").trim_matches('"');
                    if let Some(route) = self.routes.last_mut() {
                        route.scope = Some(scope);
                    }
                }
                _ => {}
            }
        }
    }

    /// `None` for `Void`.
    fn schema(&self, kind: &str, deeper: usize) -> Option<Schema> {
        let kind = kind.trim_end_matches('?');
        if kind == "Void" {
            return None;
        }
        if let Some(inner) = kind.strip_prefix("List(") {
            let inner = inner.split([',', ')']).next().unwrap_or_default();
            let items = deeper.checked_sub(1).and_then(|deeper| self.schema(inner, deeper)).map(Box::new);
            return Some(Schema { kinds: vec!["array".to_owned()], items, ..Schema::default() });
        }
        let bare = kind.split('(').next().unwrap_or_default();
        let kinds: &[&str] = match bare {
            "String" | "Timestamp" => &["string"],
            "Boolean" => &["boolean"],
            "UInt32" | "UInt64" | "Int32" | "Int64" => &["integer"],
            _ => return Some(self.shaped(bare.rsplit('.').next().unwrap_or_default(), deeper)),
        };
        Some(Schema { kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(), ..Schema::default() })
    }

    fn shaped(&self, name: &str, deeper: usize) -> Schema {
        let known = self.shapes.contains_key(name).then(|| deeper.checked_sub(1)).flatten();
        let Some(deeper) = known else { return Schema { open: true, ..Schema::default() } };
        let mut schema = Schema::default();
        let mut next = Some(name);
        while let Some(shape) = next.and_then(|name| self.shapes.get(name)) {
            for (name, kind) in &shape.members {
                let (kind, default) = kind.split_once(" = ").map_or((*kind, false), |(kind, _)| (kind, true));
                let inner = if kind.is_empty() { None } else { self.schema(kind, deeper) };
                if shape.is_union {
                    let inner = inner.unwrap_or_default();
                    // What a tag's struct holds stands beside the tag.
                    schema
                        .fields
                        .extend(inner.fields.iter().map(|field| Field { required: false, ..field.clone() }));
                    schema.open |= inner.open;
                    if inner.fields.is_empty() {
                        schema.fields.push(Field {
                            name: (*name).to_owned(),
                            required: false,
                            schema: inner,
                        });
                    }
                } else {
                    let required = !default && !kind.ends_with('?');
                    schema.fields.push(Field {
                        name: (*name).to_owned(),
                        required,
                        schema: inner.unwrap_or_default(),
                    });
                }
            }
            if shape.is_union && !schema.fields.iter().any(|field| field.name == ".tag") {
                schema.fields.push(Field {
                    name: ".tag".to_owned(),
                    required: false,
                    schema: Schema::default(),
                });
            }
            next = shape.extends;
        }
        schema
    }
}

/// `members/list:2 (MembersListArg, MembersListV2Result, MembersListError)`
fn route(line: &str) -> Option<Route<'_>> {
    let (name, rest) = line.split_once(" (")?;
    let mut types = rest.split_once(')').map_or(rest, |_| rest.trim_end_matches(" deprecated"));
    types = types.trim_end_matches(')');
    let mut types = types.split(", ");
    Some(Route { name, takes: types.next()?, gives: types.next()?, scope: None })
}
