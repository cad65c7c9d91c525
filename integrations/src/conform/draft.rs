//! The first version of an integration, out of a platform's description. It passes the checks, and says less than is true:
//! every write is permanent and unproven until somebody who knows better says what it is.

use std::{collections::BTreeSet, fmt::Write as _};

use super::describe::{Body, Description, Details, Field, Operation};

/// The docs of what has none yet.
pub(crate) const NO_DOCS: &str = "https://example.com/docs";
/// The reason of what nobody has thought about yet.
pub(crate) const UNPROVEN_YET: &str = "nobody has said yet which read proves it";

/// The two files of an integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// `integration.yaml`.
    pub integration: String,
    /// `twin.rhai`.
    pub twin: String,
    /// Actions in them.
    pub actions: usize,
}

/// One action to be.
struct Planned<'a> {
    name: String,
    operation: &'a Operation,
    details: Details,
    /// Path parameters, as written and as an input's name.
    path: Vec<(String, String)>,
}

impl Draft {
    /// Writes down the operations whose `METHOD /path` holds one of the words; all of them where there are no words.
    pub fn of(slug: &str, descriptions: &[Description], words: &[String]) -> Self {
        let operations = descriptions.iter().flat_map(|one| &one.operations);
        let wanted = |operation: &&Operation| {
            let line = format!("{} {}", operation.method, operation.path).to_lowercase();
            words.is_empty() || words.iter().any(|word| line.contains(&word.to_lowercase()))
        };
        let mut names = BTreeSet::new();
        let planned: Vec<_> = operations.filter(wanted).map(|one| plan(one, &mut names)).collect();
        let fixed =
            planned.iter().find_map(|one| one.operation.hosts.iter().find(|host| !host.contains('{')));
        let url = fixed.map_or("{url}".to_owned(), |host| format!("https://{host}"));
        let mut integration = head(slug, &url);
        let mut twin = format!(
            "// Simulated {slug}. Every operation answers as its description says, over nothing: give it tables, and let the writes\n\
             // change them. `stanch integrations guide` tells the dialect.\n\naccepts([\"Bearer\"]);\n"
        );
        for one in &planned {
            integration.push_str(&action(one));
            twin.push_str(&route(one));
        }
        Self { integration, twin, actions: planned.len() }
    }
}

fn head(slug: &str, url: &str) -> String {
    format!(
        "# {slug}: drafted from its description. `stanch integrations guide` tells what to do next: effects, targets, verbs, verify and\n\
         # undo are yours to say, and `stanch integrations conform` keeps the requests true.\n\n\
         platform: {slug}\ntitle: {slug}\ndocs: {docs}\nsetup: |\n  An API token with the scopes that `stanch scopes` lists.\n\n\
         url: {url}\n\nauth: [{{ name: token, type: bearer }}]\nheaders: {{ Accept: application/json }}\n\nactions:\n",
        docs = quoted(NO_DOCS),
        url = quoted(url),
    )
}

fn plan<'a>(operation: &'a Operation, names: &mut BTreeSet<String>) -> Planned<'a> {
    let mut parts = vec![match operation.method.as_str() {
        "GET" => "get".to_owned(),
        "POST" => "post".to_owned(),
        "PUT" => "set".to_owned(),
        "PATCH" => "change".to_owned(),
        _ => "delete".to_owned(),
    }];
    let mut path = Vec::new();
    for segment in operation.path.trim_matches('/').split('/') {
        let inner: Vec<_> = segment.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        if inner.is_empty() {
            parts.push(word(segment));
        }
        path.extend(inner.into_iter().map(|name| (name.to_owned(), input_name(name))));
    }
    let name = operation.id.as_deref().map(named).filter(|name| !name.is_empty());
    let name = name.unwrap_or_else(|| parts.join("_"));
    let mut unique = name.clone();
    let mut number = 2;
    while !names.insert(unique.clone()) {
        unique = format!("{name}_{number}");
        number += 1;
    }
    Planned { name: unique, operation, details: operation.details(), path }
}

/// An operation's own name as a name of ours: `listUserRoles`, `admin.users.list` and `orgs/list-members` become
/// `list_user_roles`, `admin_users_list` and `orgs_list_members`.
fn named(id: &str) -> String {
    let mut name = String::new();
    let mut small = false;
    for c in id.chars() {
        if c.is_ascii_uppercase() && small {
            name.push('_');
        }
        small = c.is_ascii_lowercase() || c.is_ascii_digit();
        match c.is_ascii_alphanumeric() {
            true => name.push(c.to_ascii_lowercase()),
            false if name.ends_with('_') => {}
            false => name.push('_'),
        }
    }
    let name = name.trim_matches('_');
    if name.starts_with(|c: char| c.is_ascii_digit()) { String::new() } else { name.to_owned() }
}

/// Letters, digits and underscores.
fn word(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    text.chars().map(plain).collect::<String>().trim_matches('_').to_owned()
}

/// A name that templates give no meaning of their own.
fn input_name(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    let taken =
        ["target", "settings", "before", "item", "body", "url", "credential", "read", "out", "key", "force"];
    if taken.contains(&plain.as_str()) || plain.starts_with(|c: char| c.is_ascii_digit()) {
        format!("the_{plain}")
    } else {
        plain
    }
}

fn action(one: &Planned<'_>) -> String {
    let Planned { name, operation, details, path } = one;
    let read = operation.method == "GET";
    let mut inputs: Vec<(String, &'static str)> =
        path.iter().map(|(_, input)| (input.clone(), "string")).collect();
    let required =
        |fields: &[Field]| -> Vec<Field> { fields.iter().filter(|field| field.required).cloned().collect() };
    let query = required(details.query.as_deref().unwrap_or_default());
    let body = details.body.as_ref();
    let fields =
        required(body.and_then(|body| body.schema.as_ref()).map_or(&[][..], |schema| &schema.fields));
    let mut pairs = |fields: &[Field]| -> String {
        let mut pairs = Vec::new();
        for field in fields {
            let input = input_name(&field.name);
            if !inputs.iter().any(|(known, _)| *known == input) {
                inputs.push((input.clone(), kind(field)));
            }
            pairs.push(format!("{}: \"{{{input}}}\"", quoted(&field.name)));
        }
        pairs.join(", ")
    };
    let mut template = operation.path.clone();
    for (written, input) in path {
        template = template.replace(&format!("{{{written}}}"), &format!("{{{input}}}"));
    }
    let mut request = format!("{{ method: {}, path: {}", operation.method, quoted(&template));
    if !query.is_empty() {
        let _never = write!(request, ", query: {{ {} }}", pairs(&query));
    }
    if let Some(part) = body.and_then(|body| body_part(body, !fields.is_empty())) {
        let _never = write!(request, ", {part}: {{ {} }}", pairs(&fields));
    }
    request.push_str(" }");
    let inputs: Vec<_> = inputs.iter().map(|(name, kind)| format!("{name}: {{ type: {kind} }}")).collect();
    let mut text =
        format!("\n  {name}:\n    title: {}\n", quoted(&format!("{} {}", operation.method, operation.path)));
    let _never = writeln!(text, "    effect: {}", if read { "read" } else { "permanent" });
    if !inputs.is_empty() {
        let _never = writeln!(text, "    input: {{ {} }}", inputs.join(", "));
    }
    let _never = writeln!(text, "    request: {request}");
    let statuses: Vec<_> = details
        .statuses
        .iter()
        .filter(|status| status.starts_with('2') && status.parse::<u16>().is_ok())
        .collect();
    if !statuses.is_empty() {
        let statuses: Vec<_> = statuses.into_iter().map(String::as_str).collect();
        let _never = writeln!(text, "    success: {{ status: [{}] }}", statuses.join(", "));
    }
    if !read {
        let _never = writeln!(text, "    verify: {{ none: {} }}\n    in_doubt: ask", quoted(UNPROVEN_YET));
    }
    if let Some(scopes) = details.scopes.first() {
        let scopes: Vec<_> = scopes.iter().map(|scope| quoted(scope)).collect();
        let _never = writeln!(text, "    scopes: [{}]", scopes.join(", "));
    }
    let _never = writeln!(text, "    evidence: spec\n    docs: {NO_DOCS}");
    text
}

/// The kind of body, if one is to be sent.
fn body_part(body: &Body, has_fields: bool) -> Option<&'static str> {
    body.schema.as_ref().filter(|_| body.required || has_fields)?;
    let form = |media: &String| media.starts_with("application/x-www-form-urlencoded");
    Some(if !body.media.is_empty() && body.media.iter().all(form) { "form" } else { "json" })
}

fn kind(field: &Field) -> &'static str {
    match field.schema.kinds.first().map(String::as_str) {
        Some("integer") => "integer",
        Some("boolean") => "boolean",
        Some("array") => "list",
        Some("object") => "map",
        Some("string") => "string",
        _ => "any",
    }
}

fn route(one: &Planned<'_>) -> String {
    let Planned { name, operation, details, .. } = one;
    let status =
        details.statuses.iter().find_map(|status| status.parse::<u16>().ok().filter(|one| one / 100 == 2));
    let status = status.unwrap_or(200);
    let answer = if status == 204 { "empty(204)".to_owned() } else { format!("json({status}, #{{}})") };
    let sort = if operation.method == "GET" { "read" } else { "write" };
    format!("\n{sort}(\"{name}\", \"{} {}\", \"\", |req, db| {answer});\n", operation.method, operation.path)
}

/// A text as YAML and JSON both read it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
