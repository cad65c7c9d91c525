//! What it is, what starts it, what it takes, where it stops.

use stanch_playbooks::manifest::{InputSpec, InputType};
use stanch_response::page::{Block, Cell, Inline, Table, Tone, code, text};

use super::{book::Book, words};

/// The first letters of the hash, as lists show it.
pub(super) fn version(book: &Book<'_>) -> String {
    book.playbook.hash.to_string().chars().take(8).collect()
}

pub(super) fn figures(book: &Book<'_>) -> Vec<(String, String, Tone)> {
    let figure = |name: &str, count: usize| (name.to_owned(), count.to_string(), Tone::Plain);
    let manifest = &book.playbook.manifest;
    vec![
        figure("steps", book.steps().iter().filter(|step| !step.called.is("phase")).count()),
        figure("integrations that can take part", book.reach().len()),
        figure("approvals", manifest.approvals.len()),
        figure("scopes", book.scopes().values().map(std::collections::BTreeMap::len).sum()),
    ]
}

pub(super) fn short(book: &Book<'_>) -> Vec<Block> {
    let manifest = &book.playbook.manifest;
    let effects: Vec<&str> = manifest.uses.keys().map(|effect| effect.as_str()).collect();
    let against = if book.is_unconfigured() {
        "every platform of the catalogue, each under its own name".to_owned()
    } else {
        book.config().integrations.keys().cloned().collect::<Vec<_>>().join(", ")
    };
    let tags = if manifest.tags.is_empty() { "none".to_owned() } else { manifest.tags.join(", ") };
    let facts: Vec<(&str, Cell)> = vec![
        ("Owner", text(manifest.owner.clone())),
        ("Reviewed", text(manifest.reviewed.clone())),
        ("Version", code(book.playbook.hash.to_string())),
        ("May do", text(effects.join(", "))),
        ("Tags", text(tags)),
        ("Read against", text(against)),
    ];
    vec![Block::Facts(facts.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect())]
}

pub(super) fn starts(book: &Book<'_>) -> Vec<Block> {
    let manifest = &book.playbook.manifest;
    let mut items: Vec<Cell> = Vec::new();
    for trigger in &manifest.start {
        let mut item =
            vec![Inline::Text("An alert for which ".to_owned()), Inline::Code(trigger.when.clone())];
        if let Some(input) = &trigger.one_run_per {
            let rest = format!("; a further alert about the same `{input}` joins the run that is open");
            item.push(Inline::Text(rest.replace('`', "")));
        }
        items.push(item);
    }
    let given = manifest.input.iter().filter(|(_, spec)| spec.required);
    let given: String = given.map(|(name, _)| format!(" --input {name}=…")).collect();
    items.push(vec![
        Inline::Text("A person: ".to_owned()),
        Inline::Code(format!("stanch run {}{given}", book.playbook.slug)),
    ]);
    let callers = callers(book);
    if !callers.is_empty() {
        items.push(text(format!("Other playbooks that run it: {}", callers.join(", "))));
    }
    vec![Block::List(items)]
}

/// The playbooks here that run this one by name.
fn callers(book: &Book<'_>) -> Vec<String> {
    let slug = format!("\"{}\"", book.playbook.slug);
    let calls = |script: &str| {
        script
            .match_indices("run_playbook(")
            .any(|(at, found)| script[at + found.len()..].trim_start().starts_with(&slug))
    };
    book.setup.library.all().filter(|other| calls(&other.script)).map(|other| other.slug.clone()).collect()
}

pub(super) fn input(book: &Book<'_>) -> Vec<Block> {
    let inputs = &book.playbook.manifest.input;
    if inputs.is_empty() {
        return vec![Block::Text(text("It takes no input."))];
    }
    let rows = inputs.iter().map(|(name, spec)| {
        let from = spec.from.as_ref().map_or_else(|| text("by hand only"), |from| code(from.clone()));
        vec![code(name.clone()), text(kind(spec)), from, absent(spec), text(spec.help.clone())]
    });
    let head = &["Name", "Type", "From", "Unless given", "What"];
    vec![Block::Table(Table { head, rows: rows.collect() })]
}

fn kind(spec: &InputSpec) -> &'static str {
    InputType::ALL.iter().find(|(kind, _)| *kind == spec.kind).map_or("", |(_, word)| word)
}

fn absent(spec: &InputSpec) -> Cell {
    match &spec.default {
        Some(serde_json::Value::String(empty)) if empty.is_empty() => text("empty"),
        Some(serde_json::Value::String(value)) => code(value.clone()),
        Some(value) => code(value.to_string()),
        None if spec.required => text("the run is refused"),
        None => text("nothing"),
    }
}

pub(super) fn limits(book: &Book<'_>) -> Vec<Block> {
    let limits = &book.playbook.manifest.limits;
    let caps = &book.config().caps;
    let mut items: Vec<Cell> = Vec::new();
    let mut say =
        |most: String| items.push(text(format!("{most}: reached, the run stops and waits for a person")));
    if let Some(targets) = limits.targets {
        say(format!("at most {targets} targets a run"));
    }
    if let Some(people) = limits.people {
        say(format!("at most {people} people a run, counted on each integration"));
    }
    if items.is_empty() {
        items.push(text("The manifest sets no limit of its own"));
    }
    for (of, caps) in [("a step", caps.step), ("a run", caps.run), ("an hour", caps.hour)] {
        let most = [(caps.targets, "targets"), (caps.people, "people")];
        for (most, what) in most.into_iter().filter_map(|(most, what)| Some((most?, what))) {
            items.push(text(format!("stanch.yaml: at most {most} {what} {of}, whatever a manifest allows")));
        }
    }
    if !book.config().protect.is_empty() {
        let count = words::count(book.config().protect.len(), "rule");
        items.push(text(format!("Protected targets ({count} in stanch.yaml) stop it too")));
    }
    items.push(text(
        "What is cut for good needs a yes that covers it, every time; what is found later asks anew",
    ));
    vec![Block::List(items)]
}
