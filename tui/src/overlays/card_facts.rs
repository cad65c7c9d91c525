//! What a person must know of a card before saying anything to it: the same on the card and beside the list of cards.

use stanch_model::{
    Effect,
    api::{Card, CardProtected, CardTold, OwnerTold, ToldHow},
    run::WaitKind,
    shortened::short,
};

use crate::{app::App, words, world::millis};

/// What becomes of it when nobody answers.
pub(crate) const SILENT: &str = "If silent";

/// What stops working.
const BREAKS: &str = "Will break";

/// What a person must know before saying yes.
pub(crate) fn of_card(card: &Card, app: &App) -> Vec<(&'static str, String)> {
    let (wait, now) = (&card.wait, app.server_ms());
    let run = app.world().run(&card.run).filter(|run| run.view.id.is_some());
    let line = run.and_then(|run| run.view.steps.get(&wait.address)).map(|step| step.at.0);
    let line = line.map_or_else(String::new, |line| format!(", line {line}"));
    let started = run.map_or_else(String::new, |run| match run.view.started_by.strip_prefix("alert:") {
        Some(source) => format!("; an alert of {source} started the run"),
        None => format!("; {} started the run", run.view.started_by),
    });
    let zone = app.zone();
    let since = zone.clock(millis(&wait.since));
    let mut facts = vec![("Asked by", format!("{}{line}{started}", card.playbook))];
    facts.push(("Since", format!("{since}, run {}", short(&card.run))));
    if wait.card {
        facts.push(("Why", "these targets were covered by no earlier yes".to_owned()));
    }
    facts.extend(effects(card, app));
    if !wait.targets.is_empty() && wait.kind == WaitKind::Approval {
        let count = wait.targets.len();
        facts.push((
            "Covers",
            format!("exactly {}; any other is asked for anew", words::count(count, "target")),
        ));
    } else if !wait.targets.is_empty() {
        facts.push(("About", about(card)));
    }
    let asked = if card.asked.is_empty() { &wait.ask } else { &card.asked };
    // whoever started the run is not told to answer for it
    let starter = run.map_or("", |run| run.view.started_by.as_str());
    let own = |who: &&String| wait.kind != WaitKind::Approval || who.as_str() != starter;
    let asked: Vec<String> = asked.iter().filter(own).cloned().collect();
    if !asked.is_empty() {
        let many = if wait.of > 1 { format!("{} of ", wait.of) } else { String::new() };
        facts.push(("May answer", format!("{many}{}", words::list(&asked, "or", 4))));
    }
    facts.extend(told(card, app));
    if let Some(last) = wait.reminded.last() {
        facts.push(("Reminded", format!("by {} at {}", last.who, zone.clock(last.at_ms))));
    }
    for decision in &wait.decisions {
        if decision.break_glass {
            facts.push(("Said", words::entry::alone(decision, &zone)));
            continue;
        }
        let at = zone.clock(decision.at_ms);
        let how = decision.manner();
        facts.push(("Said", format!("{} {} at {at}{how}", decision.who, decision.say)));
    }
    if let Some(due) = wait.due_ms {
        facts.push((SILENT, silence(&wait.ladder, &zone.near(due, now))));
    }
    facts
}

/// Who heard of it, through what and when: those of whom that is not sure first.
fn told(card: &Card, app: &App) -> Option<(&'static str, String)> {
    let mut told: Vec<&CardTold> = card.told.iter().collect();
    told.sort_by_key(|one| one.how == ToldHow::Sent);
    let one = |one: &&CardTold| {
        let at = app.zone().clock(millis(&one.at));
        let who = one.who.as_ref().map_or_else(|| one.way.clone(), |who| format!("{who} by {}", one.way));
        match one.how {
            ToldHow::Sent => format!("{who} {at}"),
            ToldHow::Sending => format!("{who} {at}, on its way"),
            ToldHow::Failed => format!("{who} NOT TOLD: {}", one.why),
            ToldHow::InDoubt => format!("{who} {at}, perhaps"),
        }
    };
    let words: Vec<String> = told.iter().map(one).collect();
    (!words.is_empty()).then(|| ("Told", words::list(&words, "and", 3)))
}

/// Whether who answers for it knows.
fn knows(told: &OwnerTold, app: &App) -> String {
    match told {
        OwnerTold::Unknown => String::new(),
        OwnerTold::NotYet => ", not told yet".to_owned(),
        OwnerTold::At(at) => format!(", told at {}", app.zone().near(millis(at), app.server_ms())),
    }
}

fn effects(card: &Card, app: &App) -> Vec<(&'static str, String)> {
    let may = &card.may;
    let mut facts = Vec::new();
    let mut label = "May do";
    for act in may {
        let by_hand = if act.manual { ", by hand" } else { "" };
        facts.push((
            label,
            format!(
                "{:<12} {:<18} {}{by_hand}",
                act.integration,
                act.verb,
                words::count(act.count, &act.kind)
            ),
        ));
        label = "";
    }
    for one in &card.breaks {
        let what = if one.what.is_empty() { &one.vendor } else { &one.what };
        let owner = one.owner.as_ref();
        let owner =
            owner.map_or_else(String::new, |owner| format!("; owner {owner}{}", knows(&one.told, app)));
        facts.push((
            if facts.iter().any(|(label, _)| *label == BREAKS) { "" } else { BREAKS },
            format!("{what}{owner}"),
        ));
    }
    if card.wait.kind == WaitKind::Approval {
        let permanent = may.iter().filter(|act| act.effect == Effect::Permanent).count();
        facts.push((
            "Undo",
            match permanent {
                _ if may.is_empty() => "not known: taken for permanent".to_owned(),
                0 => "stanch undo, as long as nobody else holds it".to_owned(),
                _ if permanent == may.len() => "none: it must be granted again by hand".to_owned(),
                _ => "only of what can be taken back; the rest stays cut".to_owned(),
            },
        ));
    }
    let is_approval = card.wait.kind == WaitKind::Approval;
    if let Some(protected) = card.protected.as_ref().filter(|one| is_approval || !one.met.is_empty()) {
        facts.push(("Protected", on_the_list(protected)));
    }
    facts
}

/// `none of the 14 is on the protected list`, or who is.
fn on_the_list(protected: &CardProtected) -> String {
    let CardProtected { of, met, unread } = protected;
    let met: Vec<String> = met.iter().map(|one| format!("{} ({})", one.target, one.rule)).collect();
    match (met.len(), unread.len()) {
        (0, 0) if *of == 1 => "it is not on the protected list".to_owned(),
        (0, 0) => format!("none of the {of} is on the protected list"),
        (0, _) => format!("none by name; {} is read before each cut", words::list(unread, "and", 2)),
        (count, 0) => format!("{count} of the {of}: {}", words::list(&met, "and", 2)),
        (count, _) => {
            let (met, unread) = (words::list(&met, "and", 2), words::list(unread, "and", 1));
            format!("{count} of the {of}: {met}; {unread} is read before each cut")
        }
    }
}

fn about(card: &Card) -> String {
    let names: Vec<String> = card.wait.targets.iter().map(|target| target.name().to_owned()).collect();
    words::list(&names, "and", 3)
}

fn silence(ladder: &[String], due: &str) -> String {
    match ladder {
        [] => format!("the time ends at {due}"),
        [last] => format!("at {due} the answer is {}", answer(last)),
        [next, rest @ ..] => {
            let last = rest.last().map_or("", String::as_str);
            format!("{next} is asked at {due}; in the end the answer is {}", answer(last))
        }
    }
}

fn answer(word: &str) -> &str {
    match word {
        "deny" => "no",
        "approve" => "yes",
        other => other,
    }
}
