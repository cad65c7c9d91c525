//! Who is asked: approvals with their ladders, and questions.

use stanch_model::duration;
use stanch_playbooks::{course::Step, manifest::ApprovalSpec};
use stanch_response::page::{Block, Cell, Inline, Table, code, faint, text};

use super::{book::Book, words};

pub(super) fn approvals(book: &Book<'_>) -> Vec<Block> {
    let approvals = &book.playbook.manifest.approvals;
    if approvals.is_empty() {
        return vec![Block::Text(text(
            "It asks for no yes. A cut for good is refused without one; what it does can be taken back, or tells and reads.",
        ))];
    }
    let mut blocks = Vec::new();
    for (name, spec) in approvals {
        blocks.push(Block::Heading(code(name.clone())));
        blocks.push(Block::Facts(facts(book, name, spec)));
    }
    let rules = "Nobody approves a run that they started. A yes covers exactly the targets on the card and no others. \
                 A no ends the run, unless the script goes on without it; a no to a card that came up later leaves its targets as they are.";
    blocks.push(Block::Text(text(rules)));
    blocks
}

fn facts(book: &Book<'_>, name: &str, spec: &ApprovalSpec) -> Vec<(String, Cell)> {
    let within = duration::format(spec.within);
    let many = if spec.of == 1 {
        "one yes".to_owned()
    } else {
        format!("{} different people must say yes", spec.of)
    };
    let ladder = match spec.ladder() {
        [] => "nobody else is asked".to_owned(),
        next => {
            let rungs =
                next.iter().map(|group| format!("{}, {within}", book.people(std::slice::from_ref(group))));
            rungs.collect::<Vec<_>>().join("; then ")
        }
    };
    let asked = book.calls("approve").into_iter().filter(|step| step.name.as_deref() == Some(name));
    let asked: Vec<String> = asked.map(asks).collect();
    let asked = if asked.is_empty() { "nowhere in the script".to_owned() } else { asked.join("; ") };
    let pre = spec.pre_approved.as_ref().map_or_else(
        || text("never: a person is asked every time"),
        |when| vec![Inline::Text("nobody is asked if ".to_owned()), Inline::Code(when.clone())],
    );
    let facts = vec![
        ("Asked for", text(asked)),
        ("Who says yes", text(format!("{}: {many}", book.people(&spec.ask)))),
        ("Within", text(within)),
        ("If they are silent", text(ladder)),
        ("After the last", text(format!("silence means {}", words::silence(spec)))),
        ("Pre-approved", pre),
    ];
    facts.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect()
}

fn asks(step: &Step<'_>) -> String {
    format!("line {}: {}", step.line, step.says.as_deref().unwrap_or(""))
}

pub(super) fn questions(book: &Book<'_>) -> Vec<Block> {
    let asked = book.steps().into_iter().filter(|step| step.called.is("ask") || step.called.is("manual"));
    let rows: Vec<Vec<Cell>> = asked.map(|step| question(book, step)).collect();
    if rows.is_empty() {
        return vec![Block::Text(text("It asks no question of its own."))];
    }
    let head = &["Line", "Question", "Who answers", "Within", "Silence"];
    vec![Block::Table(Table { head, rows })]
}

fn question(book: &Book<'_>, step: &Step<'_>) -> Vec<Cell> {
    let name = step.name.clone().unwrap_or_default();
    let spec = book.playbook.manifest.questions.get(&name);
    let by_hand = step.called.is("manual");
    let says = step.says.clone().unwrap_or_else(|| {
        if by_hand {
            "do on the platform what failed; the answer counts as attested".to_owned()
        } else {
            String::new()
        }
    });
    let who = spec.map(|spec| book.people(&spec.ask)).filter(|who| !who.is_empty());
    let within = spec.and_then(|spec| spec.within).map_or("as long as it takes".to_owned(), duration::format);
    let silence = match spec {
        Some(spec) => spec.unanswered.clone().unwrap_or_else(|| {
            let none = if spec.within.is_some() { "an error, `unanswered`" } else { "it waits" };
            none.replace('`', "")
        }),
        None => "it waits".to_owned(),
    };
    let mut what = code(name);
    what.push(faint(format!(" {says}")));
    let who = text(who.unwrap_or_else(|| "any responder".to_owned()));
    vec![text(step.line.to_string()), what, who, text(within), text(silence)]
}
