//! Reads `playbook.yaml` and reports every mistake in it at once.

use std::collections::BTreeMap;

use stanch_model::{
    Diagnostic, Effect, Limit, Limits,
    diagnostic::did_you_mean,
    yaml::{self, Node, Shape},
};

use super::{
    ApprovalSpec, Manifest, QuestionSpec, TriggerSpec,
    input::{from_path, inputs},
    reader::Reader,
};
use crate::dialect::{Var, expression};

/// The parts of a manifest.
pub(crate) const PARTS: &[&str] = &[
    "playbook",
    "title",
    "owner",
    "reviewed",
    "tags",
    "input",
    "start",
    "uses",
    "approvals",
    "questions",
    "limits",
];

/// Reads a manifest. `file` is the name that diagnostics show.
///
/// # Errors
/// Every mistake that can be seen without script and configuration.
pub fn read(file: &str, source: &str) -> Result<Manifest, Vec<Diagnostic>> {
    let root = yaml::node(file, source, "PB0001").map_err(|problem| vec![*problem])?;
    let mut reader = Reader::new(file, source);
    let manifest = manifest(&mut reader, &root);
    if reader.problems.is_empty() { Ok(manifest) } else { Err(reader.problems) }
}

/// What can be read of a manifest with mistakes; nothing of what is no YAML.
pub(crate) fn readable(source: &str) -> Manifest {
    let read = |root: Node| manifest(&mut Reader::new("", source), &root);
    yaml::node("", source, "PB0001").map(read).unwrap_or_default()
}

fn manifest(reader: &mut Reader<'_>, root: &Node) -> Manifest {
    let fields =
        reader.fields(root, "a manifest", PARTS, &["playbook", "title", "owner", "reviewed", "uses"]);
    let input = fields.get("input").map(|node| inputs(reader, node)).unwrap_or_default();
    let names: Vec<&str> = input.keys().map(String::as_str).collect();
    Manifest {
        playbook: slug(reader, fields.get("playbook")),
        title: reader.text(fields.get("title")).unwrap_or_default(),
        owner: reader.text(fields.get("owner")).unwrap_or_default(),
        reviewed: day(reader, fields.get("reviewed")),
        tags: reader.texts(fields.get("tags")),
        start: fields.get("start").map(|node| triggers(reader, node, &names)).unwrap_or_default(),
        uses: fields.get("uses").map(|node| uses(reader, node)).unwrap_or_default(),
        approvals: fields
            .get("approvals")
            .map(|node| named(reader, node, "approvals", approval))
            .unwrap_or_default(),
        questions: fields
            .get("questions")
            .map(|node| named(reader, node, "questions", question))
            .unwrap_or_default(),
        limits: fields.get("limits").map(|node| limits(reader, node)).unwrap_or_default(),
        input,
    }
}

fn slug(reader: &mut Reader<'_>, node: Option<&Node>) -> String {
    let slug = reader.text(node).unwrap_or_default();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(node) = node
        && (!slug.chars().all(fits) || slug.is_empty())
    {
        let message = format!("`{slug}` is no playbook name");
        reader.wrong(
            "PB0005",
            &node.span,
            message,
            "small letters, digits and dashes: `oauth-app-compromise`",
        );
    }
    slug
}

fn day(reader: &mut Reader<'_>, node: Option<&Node>) -> String {
    let day = reader.text(node).unwrap_or_default();
    if let Some(node) = node
        && day.parse::<jiff::civil::Date>().is_err()
    {
        reader.wrong(
            "PB0005",
            &node.span,
            format!("`{day}` is no day"),
            "write year-month-day, `2026-11-01`",
        );
    }
    day
}

fn triggers(reader: &mut Reader<'_>, node: &Node, inputs: &[&str]) -> Vec<TriggerSpec> {
    let Shape::List(items) = &node.shape else {
        reader.wrong(
            "PB0005",
            &node.span,
            "a list of triggers was expected".to_owned(),
            "begin each with `- when:`",
        );
        return Vec::new();
    };
    items.iter().map(|item| trigger(reader, item, inputs)).collect()
}

fn trigger(reader: &mut Reader<'_>, node: &Node, inputs: &[&str]) -> TriggerSpec {
    let fields = reader.fields(node, "a trigger", &["when", "one_run_per"], &["when"]);
    let one_run_per = reader.text(fields.get("one_run_per"));
    if let (Some(name), Some(node)) = (&one_run_per, fields.get("one_run_per"))
        && !inputs.contains(&name.as_str())
    {
        let help = did_you_mean(name, inputs.iter().copied());
        let help = help.map_or("name one of the inputs".to_owned(), |near| format!("did you mean `{near}`?"));
        reader.wrong("PB0007", &node.span, format!("`{name}` is no input"), &help);
    }
    TriggerSpec { when: condition(reader, fields.get("when"), Var::TRIGGER).unwrap_or_default(), one_run_per }
}

/// The text of a Rhai condition that compiles.
fn condition(reader: &mut Reader<'_>, node: Option<&Node>, vars: &[Var]) -> Option<String> {
    let text = match node?.shape {
        Shape::Bool(value) => value.to_string(),
        _ => reader.text(node)?,
    };
    let place = reader.inside(node?, &text);
    for problem in expression(&text, vars).err().unwrap_or_default() {
        let span = problem.labels.first().map_or(place.clone(), |label| {
            let start = place.start + label.offset;
            start..(start + label.length).min(place.end.max(start))
        });
        reader.wrong(&problem.code, &span, problem.message, problem.help.as_deref().unwrap_or_default());
    }
    Some(text)
}

fn uses(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<Effect, Vec<String>> {
    let known: Vec<&str> = Effect::ALL.iter().map(|effect| effect.as_str()).collect();
    let fields = reader.fields(node, "`uses`", &known, &[]);
    let mut uses = BTreeMap::new();
    for effect in Effect::ALL {
        let names = reader.texts(fields.get(effect.as_str()));
        if !names.is_empty() {
            uses.insert(*effect, names);
        }
    }
    uses
}

/// A map from names to one kind of thing.
fn named<T>(
    reader: &mut Reader<'_>,
    node: &Node,
    what: &str,
    read: fn(&mut Reader<'_>, &Node) -> T,
) -> BTreeMap<String, T> {
    reader.map(node, what).iter().map(|(key, value)| (key.text.clone(), read(reader, value))).collect()
}

fn approval(reader: &mut Reader<'_>, node: &Node) -> ApprovalSpec {
    let known = &["ask", "within", "unanswered", "pre_approved", "of"];
    let fields = reader.fields(node, "an approval", known, &["ask", "within", "unanswered"]);
    let unanswered = reader.texts(fields.get("unanswered"));
    if let (Some(node), Some(last)) = (fields.get("unanswered"), unanswered.last())
        && !["deny", "approve"].contains(&last.as_str())
    {
        let message = format!("the ladder ends with `{last}`, which is no decision");
        reader.wrong("PB0009", &node.span, message, "end it with `deny` or `approve`: what silence means");
    }
    ApprovalSpec {
        ask: reader.texts(fields.get("ask")),
        within: reader.duration(fields.get("within")).unwrap_or_default(),
        unanswered,
        pre_approved: condition(reader, fields.get("pre_approved"), Var::PRE_APPROVED),
        of: reader.count(fields.get("of")).unwrap_or(1),
    }
}

fn question(reader: &mut Reader<'_>, node: &Node) -> QuestionSpec {
    let fields = reader.fields(node, "a question", &["ask", "within", "unanswered"], &[]);
    let unanswered = reader.text(fields.get("unanswered"));
    if let (Some(_), None, Some(node)) = (&unanswered, fields.get("within"), fields.get("unanswered")) {
        let message = "`unanswered` never applies: the question has no `within`".to_owned();
        reader.wrong("PB0004", &node.span, message, "say how long it stands: `within: 2h`");
    }
    QuestionSpec {
        ask: reader.texts(fields.get("ask")),
        within: reader.duration(fields.get("within")),
        unanswered,
    }
}

fn limits(reader: &mut Reader<'_>, node: &Node) -> Limits {
    let fields = reader.fields(node, "`limits`", &["targets", "people"], &[]);
    Limits { targets: limit(reader, fields.get("targets")), people: limit(reader, fields.get("people")) }
}

fn limit(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<Limit> {
    let node = node?;
    let limit = match &node.shape {
        Shape::Integer(count) => u64::try_from(*count).ok().map(Limit::Count),
        Shape::Text(text) => Limit::parse(text),
        _ => None,
    };
    if limit.is_none() {
        reader.wrong(
            "PB0005",
            &node.span,
            "this is no limit".to_owned(),
            "write a count, `500`, or a share, `20%`",
        );
    }
    limit
}

/// Where a trigger finds an input, if it can.
pub(super) fn alert_path(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<String> {
    let path = reader.text(node)?;
    if let Err(help) = from_path(&path) {
        reader.wrong("PB0007", &node?.span, format!("`{path}` is no place in an alert"), &help);
    }
    Some(path)
}
