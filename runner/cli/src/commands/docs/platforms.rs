//! What the calls become on each platform: the actions, how they are proven and taken back, the scopes that they take.

use stanch_model::{Effect, catalog::ActionInfo, duration};
use stanch_response::page::{Block, Cell, Inline, Table, Tone, code, faint, text, word};

use super::book::Book;

pub(super) fn becomes(book: &Book<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    for one in book.uses() {
        let mut heading = code(one.name);
        heading.push(faint(format!(" {}", one.effect)));
        blocks.push(Block::Heading(heading));
        let rows: Vec<Vec<Cell>> = one
            .actions
            .iter()
            .map(|(integration, info)| {
                vec![
                    text(book.title(integration, info)),
                    action(info),
                    effect(info),
                    proven(book, info),
                    back(book, integration, info),
                ]
            })
            .collect();
        if rows.is_empty() {
            blocks.push(Block::Text(text("No configured integration has it: it does nothing here.")));
        } else {
            let head = &["On", "Action", "Effect", "Proven", "Taken back"];
            blocks.push(Block::Table(Table { head, rows }));
        }
    }
    blocks
}

/// Its title, and its name in the catalogue.
fn action(info: &ActionInfo) -> Cell {
    vec![Inline::Text(format!("{} ", info.title)), Inline::Code(info.name.clone())]
}

fn effect(info: &ActionInfo) -> Cell {
    let tone = if info.effect == Effect::Permanent { Tone::Warn } else { Tone::Plain };
    vec![word(tone, info.effect.as_str())]
}

/// How it is proven, or why it is not.
pub(super) fn proven(book: &Book<'_>, info: &ActionInfo) -> Cell {
    match (&info.verify, book.unproven(info), info.manual) {
        (Some(verify), ..) => vec![
            Inline::Code(verify.action.clone()),
            Inline::Text(" until ".to_owned()),
            Inline::Code(verify.until.clone()),
            faint(format!(", within {}", duration::format(verify.within))),
        ],
        (None, Some(why), _) => vec![word(Tone::Warn, "not: "), Inline::Text(why.trim().to_owned())],
        (None, None, true) => {
            vec![word(Tone::Warn, "a person's word"), Inline::Text(", never a read".to_owned())]
        }
        (None, None, false) if info.effect == Effect::Read => text("it is a read"),
        (None, None, false) if info.effect == Effect::Tell => text("by the platform's answer"),
        (None, None, false) => {
            vec![word(Tone::Warn, "not"), Inline::Text(": by the platform's answer alone".to_owned())]
        }
    }
}

fn back(book: &Book<'_>, integration: &str, info: &ActionInfo) -> Cell {
    match (&info.undo, info.effect) {
        (Some(undo), _) => {
            let title = book.action(integration, undo).map_or("", |undo| undo.title.as_str());
            vec![Inline::Code(undo.clone()), faint(format!(" {title}"))]
        }
        (None, Effect::Read | Effect::Tell) => text("changes nothing"),
        (None, Effect::Reversible) if info.manual => text("by a person, there"),
        (None, _) => vec![word(Tone::Warn, "nothing"), Inline::Text(" takes it back".to_owned())],
    }
}

pub(super) fn scopes(book: &Book<'_>) -> Vec<Block> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for (integration, scopes) in book.scopes() {
        for (scope, actions) in scopes {
            let mut calls: Vec<String> = Vec::new();
            for call in actions.iter().flat_map(|action| book.needed_by(&integration, action)) {
                if !calls.contains(&call) {
                    calls.push(call);
                }
            }
            let actions = actions.into_iter().collect::<Vec<_>>().join(", ");
            rows.push(vec![text(integration.clone()), code(scope), text(calls.join(", ")), code(actions)]);
        }
    }
    if rows.is_empty() {
        return vec![Block::Text(text("No action of it names a scope."))];
    }
    vec![
        Block::Text(text(
            "No credential needs more than this for this playbook, proofs and ways back included.",
        )),
        Block::Table(Table { head: &["On", "Scope", "Needed by", "Through"], rows }),
    ]
}

pub(super) fn undo(book: &Book<'_>) -> Vec<Block> {
    let cuts = book.cuts();
    let item = |(integration, info): &(String, &ActionInfo)| {
        vec![
            Inline::Text(format!("{}: {} ", book.title(integration, info), info.title)),
            Inline::Code(info.name.clone()),
        ]
    };
    let (can, cannot): (Vec<_>, Vec<_>) = cuts
        .iter()
        .partition(|(_, info)| info.undo.is_some() || (info.manual && info.effect == Effect::Reversible));
    let can: Vec<Cell> = can
        .into_iter()
        .map(|cut| {
            let mut item = item(cut);
            item.push(Inline::Text(" is taken back by ".to_owned()));
            item.extend(back(book, &cut.0, cut.1));
            item
        })
        .collect();
    let cannot: Vec<Cell> = cannot.into_iter().map(item).collect();
    let mut blocks = Vec::new();
    if cuts.is_empty() {
        blocks.push(Block::Text(text("It changes nothing on any platform.")));
    }
    if !can.is_empty() {
        blocks.push(Block::Text(vec![
            Inline::Code("stanch undo RUN".to_owned()),
            Inline::Text(" takes back, as far as nobody else holds it:".to_owned()),
        ]));
        blocks.push(Block::List(can));
    }
    if !cannot.is_empty() {
        blocks.push(Block::Text(text(
            "Nothing takes these back; who needs it again connects, consents or signs in anew:",
        )));
        blocks.push(Block::List(cannot));
    }
    blocks
}

pub(super) fn residual(book: &Book<'_>) -> Vec<Block> {
    let cuts = book.cuts();
    let lives: Vec<Vec<Cell>> = cuts
        .iter()
        .filter_map(|(integration, info)| {
            let lasts = duration::format(info.residual?);
            Some(vec![text(book.title(integration, info)), action(info), text(format!("up to {lasts}"))])
        })
        .collect();
    let unproven: Vec<Vec<Cell>> = cuts
        .iter()
        .filter(|(_, info)| info.verify.is_none())
        .map(|(integration, info)| {
            vec![text(book.title(integration, info)), action(info), proven(book, info)]
        })
        .collect();
    let mut blocks = Vec::new();
    if lives.is_empty() {
        blocks.push(Block::Text(text(
            "No platform says that access issued before lives on after one of these cuts.",
        )));
    } else {
        blocks.push(Block::Text(text(
            "Access that was issued before lives on; its end is read back, not assumed:",
        )));
        blocks.push(Block::Table(Table { head: &["On", "After", "Lives on"], rows: lives }));
    }
    if !unproven.is_empty() {
        blocks.push(Block::Text(text("No read proves these, so they never count as proven:")));
        blocks.push(Block::Table(Table { head: &["On", "Cut", "Proven"], rows: unproven }));
    }
    blocks
}
