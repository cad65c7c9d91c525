//! A plan as people read it: what would be done in one table, then who is asked, what stays, what is only assumed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stanch_model::{
    Effect,
    run::{
        Plan, RunState, Surety, WaitKind,
        plan::{PlannedAct, PlannedWait},
    },
    shortened::short,
};

use crate::{
    table::{Table, paragraph},
    when,
};

/// Names in a list before the rest is counted.
const NAMED: usize = 12;

/// Digits of the hash in the command that executes the plan.
const DIGITS: usize = 16;

/// The whole of it.
pub(in crate::commands) fn words(plan: &Plan, all: bool, width: Option<usize>) -> String {
    let mut page = Page { lines: Vec::new(), width };
    page.line(&format!("{} ({})", plan.title, plan.playbook));
    page.line(&in_short(plan));
    answers(plan).iter().for_each(|line| page.line(line));
    if let Some(table) = table(plan) {
        page.lines.extend([String::new(), table.render(None)]);
    }
    page.list("Targets", targets(plan, all));
    page.list("Asked first", plan.waits.iter().filter(|wait| is_asked(wait)).map(asked).collect());
    page.list("Done by hand", waits(plan, WaitKind::Manual));
    page.list("Stops and waits for a person", waits(plan, WaitKind::Guard));
    page.list("Left as it is", left_out(plan));
    page.list("Cannot be undone", undone(plan));
    page.list("Stays alive", stays(plan));
    page.list("Clocks that start", clocks(plan));
    page.list("Assumed", marks(plan, Surety::Assumed));
    page.list("Not known", marks(plan, Surety::NotKnown));
    page.list("Nobody to tell", plan.untold.clone());
    page.list("Not read", plan.unread.clone());
    page.list("Scopes", scopes(plan));
    page.lines.extend([String::new(), end(plan)]);
    page.lines.join("\n")
}

/// The answers that the plan is for, and whether anything asks for them.
fn answers(plan: &Plan) -> Vec<String> {
    let comes_up = |question: &str| {
        plan.waits.iter().any(|wait| wait.wait.name == question || wait.wait.address.as_str() == question)
    };
    let lines = plan.answers.iter().map(|(question, say)| match comes_up(question) {
        true => format!("This is the plan for the answer `{say}` to {question}."),
        false => format!("Nothing asks {question}: the answer `{say}` changes nothing."),
    });
    lines.collect()
}

/// Lines, cut where the terminal ends.
struct Page {
    lines: Vec<String>,
    width: Option<usize>,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.lines.push(paragraph(text, 2, self.width));
    }

    /// A heading over lines; nothing without any.
    fn list(&mut self, head: &str, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        self.lines.extend([String::new(), head.to_owned()]);
        lines.iter().for_each(|line| self.lines.push(paragraph(&format!("  {line}"), 6, self.width)));
    }
}

/// `Nothing was written. It would cut 13 targets, 12 of them for good, send 2 messages, ask 1 approval.`
fn in_short(plan: &Plan) -> String {
    let cuts: BTreeSet<String> =
        plan.acts.iter().filter(|act| act.is_cut()).map(|act| act.line().target).collect();
    let last: BTreeSet<String> =
        plan.acts.iter().filter(|act| act.effect == Effect::Permanent).map(|act| act.line().target).collect();
    let tells = plan.acts.iter().filter(|act| act.effect == Effect::Tell).count();
    let asks = plan.waits.iter().filter(|wait| is_asked(wait)).count();
    let for_good = match last.len() {
        0 => String::new(),
        some => format!(", {some} of them for good"),
    };
    let mut parts = vec![format!("cut {}{for_good}", many(cuts.len(), "target"))];
    if tells > 0 {
        parts.push(format!("send {}", many(tells, "message")));
    }
    if asks > 0 {
        parts.push(format!("ask {}", many(asks, "time")));
    }
    let reads: u64 = plan.reads.values().sum();
    let fails =
        plan.error.as_ref().map_or_else(String::new, |error| format!(" Then it would fail: {error}."));
    format!("Nothing was written; {reads} reads were made. It would {}.{fails}", parts.join(", "))
}

fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The acts that stand alike, in the order of the first of each.
fn groups(plan: &Plan) -> Vec<Vec<&PlannedAct>> {
    let mut groups: Vec<Vec<&PlannedAct>> = Vec::new();
    let mut known = BTreeMap::new();
    for act in &plan.acts {
        let alike =
            (&act.phase, &act.integration, &act.action, act.by_hand, back(act), act.follows.is_empty());
        let at = *known.entry(alike).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[at].push(act);
    }
    groups
}

fn table(plan: &Plan) -> Option<Table> {
    let mut table = Table::new(&["phase", "what", "where", "count", "effect", "taken back by", "then"]);
    for group in groups(plan) {
        let Some(act) = group.first() else { continue };
        let count = format!("{:>5}", group.len());
        let effect = act.effect.as_str();
        table.row([
            act.phase.as_str(),
            &act.action,
            &act.integration,
            &count,
            effect,
            &back(act),
            &then(&group),
        ]);
    }
    (!table.is_empty()).then_some(table)
}

/// What takes it back.
fn back(act: &PlannedAct) -> String {
    let undo = act.undo.as_ref().and_then(|undo| undo["action"].as_str());
    match (undo, act.is_cut()) {
        (Some(undo), _) => undo.to_owned(),
        (None, true) if act.by_hand => "a person".to_owned(),
        (None, true) => "nothing".to_owned(),
        (None, false) => String::new(),
    }
}

/// What comes of it: a proof, something that lives on, somebody's hands.
fn then(group: &[&PlannedAct]) -> String {
    let mut words = Vec::new();
    if group.iter().any(|act| act.by_hand) {
        words.push("by hand".to_owned());
    }
    if group.iter().any(|act| act.is_cut()) {
        words.push(if group.iter().all(|act| act.proven) { "read back" } else { "not read back" }.to_owned());
    }
    if group.iter().any(|act| act.residual_ms.is_some()) {
        words.push("access lives on".to_owned());
    }
    match group.iter().filter(|act| act.already).count() {
        0 => {}
        all if all == group.len() => words.push("is so already".to_owned()),
        some => words.push(format!("{some} are so already")),
    }
    if let Some(follows) = group.iter().find(|act| !act.follows.is_empty()) {
        words.push(format!("follows from {}", follows.follows.join(", ")));
    }
    words.join(", ")
}

/// By action and integration, each target by name.
fn targets(plan: &Plan, all: bool) -> Vec<String> {
    let of = |act: &&PlannedAct| -> String {
        act.target.as_ref().map_or_else(|| act.to.clone(), |target| target.name().to_owned())
    };
    let lines = groups(plan).into_iter().filter_map(|group| {
        let first = group.first()?;
        let kind = first.target.as_ref().map_or("to", |target| target.kind.as_str());
        let names: Vec<String> = group.iter().map(of).filter(|name| !name.is_empty()).collect();
        let shown = if all { names.len() } else { NAMED };
        let more = match names.len().saturating_sub(shown) {
            0 => String::new(),
            more => format!(", and {more} more (--all)"),
        };
        let names: Vec<&str> = names.iter().take(shown).map(String::as_str).collect();
        (!names.is_empty())
            .then(|| format!("{}.{} {kind}: {}{more}", first.integration, first.action, names.join(", ")))
    });
    lines.collect()
}

fn is_asked(wait: &PlannedWait) -> bool {
    matches!(wait.wait.kind, WaitKind::Approval | WaitKind::Question)
        && wait.wait.closed.as_ref().is_none_or(|closed| closed.by != "nothing_to_cover")
}

/// `in contain, cut-app: Cut drift off (23 targets): ben or caro (incident-lead) within 15m; then dora; then deny`
fn asked(wait: &PlannedWait) -> String {
    let PlannedWait { asked, wait, phase, .. } = wait;
    let targets = match wait.targets.len() {
        0 => String::new(),
        some => format!(" ({})", many(some, "target")),
    };
    let text = if wait.text.starts_with(&wait.name) {
        wait.text.clone()
    } else {
        format!("{}: {}", wait.name, wait.text)
    };
    let text = if phase.is_empty() { text } else { format!("in {phase}, {text}") };
    if wait.closed.as_ref().is_some_and(|closed| closed.by == "pre_approved") {
        return format!("{text}{targets}: pre-approved by the manifest, nobody is asked");
    }
    let people = match (asked.is_empty(), wait.ask.is_empty()) {
        (true, true) => "anybody who may answer".to_owned(),
        (true, false) => wait.ask.join(", "),
        (false, _) if *asked == wait.ask => asked.join(" or "),
        (false, _) => format!("{} ({})", asked.join(" or "), wait.ask.join(", ")),
    };
    let of = if wait.of > 1 { format!("{} of ", wait.of) } else { String::new() };
    let within = match u64::try_from(wait.within_ms / 1000) {
        Ok(0) | Err(_) => String::new(),
        Ok(seconds) => format!(" within {}", when::length(seconds)),
    };
    let then = wait.ladder.iter().map(|rung| format!("; then {rung}")).collect::<String>();
    let choices = match wait.kind {
        WaitKind::Question if !wait.options.is_empty() => format!(" [{}]", wait.options.join(" | ")),
        _ => String::new(),
    };
    format!("{text}{targets}{choices}: {of}{people}{within}{then}")
}

fn waits(plan: &Plan, kind: WaitKind) -> Vec<String> {
    let waits = plan.waits.iter().map(|wait| &wait.wait).filter(|wait| wait.kind == kind);
    waits.map(|wait| if wait.text.is_empty() { wait.name.clone() } else { wait.text.clone() }).collect()
}

fn left_out(plan: &Plan) -> Vec<String> {
    let left = plan.left_out.iter();
    left.map(|left| format!("{} {} ({}): {}", left.verb, left.target.name(), left.target.key(), left.why))
        .collect()
}

fn undone(plan: &Plan) -> Vec<String> {
    let last = groups(plan)
        .into_iter()
        .filter(|group| group.first().is_some_and(|act| act.is_cut() && act.undo.is_none() && !act.by_hand));
    let line = |group: Vec<&PlannedAct>| {
        let first = group.first()?;
        let title = if first.title.is_empty() { first.action.clone() } else { first.title.clone() };
        Some(format!("{title} ({}): {}", first.integration, group.len()))
    };
    last.filter_map(line).collect()
}

fn stays(plan: &Plan) -> Vec<String> {
    let mut lives: BTreeMap<(&str, &str, u64), usize> = BTreeMap::new();
    for act in plan.acts.iter().filter(|act| act.is_cut()) {
        if let Some(lasts) = act.residual_ms {
            *lives.entry((&act.integration, &act.action, lasts)).or_insert(0) += 1;
        }
    }
    let line = |((integration, action, lasts), count): ((&str, &str, u64), usize)| {
        format!(
            "{integration}.{action}, {count}: access issued before lives on for up to {}",
            when::length(lasts / 1000)
        )
    };
    lives.into_iter().map(line).collect()
}

fn clocks(plan: &Plan) -> Vec<String> {
    plan.deadlines.iter().map(|clock| format!("{}: due {}", clock.title, when::at(&clock.due))).collect()
}

/// Each said once, with the places in the script where it is so.
fn marks(plan: &Plan, surety: Surety) -> Vec<String> {
    let mut said: Vec<(String, String, usize)> = Vec::new();
    for mark in plan.marks.iter().filter(|mark| mark.surety == surety) {
        let name = if mark.name.is_empty() { &mark.op } else { &mark.name };
        let place = format!("line {} {name}", mark.at.0);
        match said.iter_mut().find(|(known, why, _)| (known, why) == (&place, &mark.why)) {
            Some((_, _, count)) => *count += 1,
            None => said.push((place, mark.why.clone(), 1)),
        }
    }
    let times = |count| if count > 1 { format!(" ({count} times)") } else { String::new() };
    said.into_iter().map(|(place, why, count)| format!("{place}{}: {why}", times(count))).collect()
}

fn scopes(plan: &Plan) -> Vec<String> {
    let line = |(integration, of): (&String, &BTreeMap<String, BTreeSet<String>>)| {
        format!("{integration}: {}", of.keys().cloned().collect::<Vec<_>>().join(", "))
    };
    plan.scopes.iter().map(line).collect()
}

/// How to go on from here.
fn end(plan: &Plan) -> String {
    match command(plan) {
        Some(command) => format!("{command}\n  does this and nothing else"),
        None if plan.state == RunState::Ended => {
            "this plan has no hash, so that nothing can execute it".to_owned()
        }
        None => {
            let why = if plan.why.is_empty() { String::new() } else { format!(": {}", plan.why) };
            format!(
                "the plan is {}{why}; this is what is known. `stanch show {}`",
                plan.state.as_str(),
                short(&plan.run)
            )
        }
    }
}

fn command(plan: &Plan) -> Option<String> {
    let hash: String = plan.hash?.to_string().chars().take(DIGITS).collect();
    Some(format!("stanch run {} --plan {hash}", plan.playbook))
}

/// The last line of `--json`.
pub(super) fn summary(plan: &Plan) -> Value {
    let mut acts: BTreeMap<String, usize> = BTreeMap::new();
    for act in &plan.acts {
        *acts.entry(format!("{}.{}", act.integration, act.action)).or_insert(0) += 1;
    }
    json!({
        "plan": plan.hash, "run": plan.run, "playbook": plan.playbook, "state": plan.state, "ended": plan.ended,
        "error": plan.error, "acts": acts, "scopes": plan.scopes, "reads": plan.reads, "unread": plan.unread,
        "untold": plan.untold,
        "answers": plan.answers,
        "command": command(plan),
    })
}
