//! What a response without a scenario is rated by: rules that hold for every one, over what its journal shows.

use stanch_model::{
    Effect, TargetState,
    api::DeadlineView,
    run::{RunState, WaitKind, WaitView, body, kind, wait::BREAK_GLASS},
};

use super::{
    came::Came,
    clock::{Zero, ms},
    live::Run,
    shape::{Expectation, Objective, Place, Point, Rating},
};

/// What one expectation is worth: what came late brings half.
const WORTH: u32 = 2;

/// So many errors are gaps of their own.
const ERRORS: usize = 5;

pub(super) struct Judged {
    pub(super) objectives: Vec<Objective>,
    pub(super) strengths: Vec<Point>,
    pub(super) gaps: Vec<Point>,
}

/// Rates what the journal shows.
pub(super) fn judge(runs: &[Run<'_>], deadlines: &[DeadlineView], zero: Zero) -> Judged {
    let objectives: Vec<Objective> = [
        ("preserve", "What was at stake was written down before anything was cut.", preserved(runs, zero)),
        ("decide", "What waited for a person was answered in time, and by a person.", decided(runs, zero)),
        ("contain", "What was cut is proven, or dies by a known time.", contained(runs, zero)),
        ("notify", "Those to whom a notice is owed get it in time.", notified(deadlines, zero)),
        ("endure", "The response survived the loss of its own machine.", endured(runs)),
    ]
    .into_iter()
    .filter(|(.., expectations)| !expectations.is_empty())
    .map(|(name, text, expectations)| objective(name, text, expectations))
    .collect();
    let (mut strengths, mut gaps) = points(&objectives);
    gaps.extend(runs.iter().flat_map(troubles));
    strengths.dedup();
    gaps.dedup();
    Judged { objectives, strengths, gaps }
}

/// An objective that is rated by those of its expectations of which something can be said.
pub fn objective(name: &str, text: &str, expectations: Vec<Expectation>) -> Objective {
    let said = || expectations.iter().filter(|one| one.came != Came::Open);
    let (got, all) = (said().map(|one| one.points).sum(), said().map(|one| one.of).sum());
    Objective {
        name: name.to_owned(),
        text: text.to_owned(),
        rating: (all > 0).then(|| Rating::of(got, all)),
        points: got,
        of: expectations.iter().map(|one| one.of).sum(),
        expectations,
    }
}

/// What was met in time is a strength, what was not a gap.
pub fn points(objectives: &[Objective]) -> (Vec<Point>, Vec<Point>) {
    let (mut strengths, mut gaps) = (Vec::new(), Vec::new());
    for objective in objectives {
        for one in &objective.expectations {
            let point = |text: String| Point {
                text,
                by: None,
                objective: Some(objective.name.clone()),
                places: one.evidence.clone(),
            };
            match one.came {
                Came::Met => strengths.push(point(one.say.clone())),
                came => gaps.push(point(format!("{}: {}", came.as_str(), one.say))),
            }
        }
    }
    (strengths, gaps)
}

fn expectation(
    say: String,
    came: Came,
    at_s: Option<i64>,
    by_s: Option<i64>,
    evidence: Vec<Place>,
) -> Expectation {
    let points = match came {
        Came::Met => WORTH,
        Came::Late => WORTH / 2,
        Came::Lost | Came::Missed | Came::Open => 0,
    };
    let that = String::new();
    Expectation { say, that, came, graded: None, at_s, by_s, points, of: WORTH, evidence }
}

fn preserved(runs: &[Run<'_>], zero: Zero) -> Vec<Expectation> {
    runs.iter().filter_map(|run| evidence_first(run, zero)).collect()
}

fn evidence_first(run: &Run<'_>, zero: Zero) -> Option<Expectation> {
    let changes = |intent: &body::Intent| {
        let effect = intent.call.as_ref().map(|call| call.effect);
        matches!(effect, Some(Effect::Permanent | Effect::Reversible))
    };
    let cut = run.entries.iter().find(|entry| {
        entry.header.kind == kind::INTENT
            && entry.decode::<body::Intent>().is_ok_and(|intent| changes(&intent))
    })?;
    let kept = run.entries.iter().find(|entry| {
        entry.header.kind == kind::LOCAL
            && entry.decode::<body::Local>().is_ok_and(|local| local.op == "evidence")
    });
    let came = match kept {
        Some(kept) if kept.header.version < cut.header.version => Came::Met,
        Some(_) => Came::Late,
        None => Came::Missed,
    };
    let at_s = kept.and_then(|kept| zero.at(&kept.header.time));
    let places = kept.into_iter().chain([cut]).map(Place::of).collect();
    let say = format!("{}: evidence is written down before the first cut", run.view.playbook);
    Some(expectation(say, came, at_s, zero.at(&cut.header.time), places))
}

fn decided(runs: &[Run<'_>], zero: Zero) -> Vec<Expectation> {
    let cards = runs.iter().flat_map(|run| run.view.waits.iter().map(move |wait| (run, wait)));
    cards.filter(|(_, wait)| wait.kind.needs_person()).map(|(run, wait)| answered(run, wait, zero)).collect()
}

fn answered(run: &Run<'_>, wait: &WaitView, zero: Zero) -> Expectation {
    let came = match &wait.closed {
        None => Came::Open,
        Some(closed) if closed.by == "expired" => Came::Missed,
        Some(_) => Came::Met,
    };
    let who = wait.closed.as_ref().map_or("nobody yet", |closed| match closed.by.as_str() {
        "person" | BREAK_GLASS => closed.who.as_str(),
        "pre_approved" => "the manifest, beforehand",
        _ => "nobody",
    });
    let what = match wait.kind {
        WaitKind::Approval => "is decided",
        WaitKind::Manual => "is done by hand",
        WaitKind::InDoubt => "is looked at",
        _ => "is answered",
    };
    let name = if wait.name.is_empty() { wait.kind.as_str() } else { &wait.name };
    let stream = run.entries.first().map(|entry| entry.header.stream.to_string()).unwrap_or_default();
    let place = wait.closed.as_ref().map(|closed| Place { stream, version: closed.version, through: None });
    let at_s = wait.closed.as_ref().map(|closed| zero.s(closed.at_ms));
    let by_s = wait.due_ms.map(|due| zero.s(due));
    expectation(
        format!("{} ({name}) {what} by {who}", wait.id),
        came,
        at_s,
        by_s,
        place.into_iter().collect(),
    )
}

fn contained(runs: &[Run<'_>], zero: Zero) -> Vec<Expectation> {
    runs.iter().flat_map(|run| proven(run, zero)).collect()
}

/// One for each integration.
fn proven(run: &Run<'_>, zero: Zero) -> Vec<Expectation> {
    let mut on: Vec<&str> = run.view.targets.values().map(|view| view.target.integration.as_str()).collect();
    on.sort_unstable();
    on.dedup();
    let is_over = run.view.state == RunState::Ended;
    let each = on.into_iter().map(|integration| {
        let of = || run.view.targets.values().filter(|view| view.target.integration == integration);
        let stands =
            |state| matches!(state, TargetState::Verified | TargetState::Residual | TargetState::Attested);
        let (all, open) = (of().count(), of().filter(|view| !stands(view.state)).count());
        let came = match (open, is_over) {
            (0, _) => Came::Met,
            (_, true) => Came::Missed,
            (_, false) => Came::Open,
        };
        let (at_s, places) = last_of(run, integration, zero);
        let say = match open {
            0 => format!(
                "all {all} targets on {integration} are proven, die by a known time, or a person says so"
            ),
            _ => format!("all {all} targets on {integration} are proven; {open} are not"),
        };
        expectation(say, came, at_s.filter(|_| open == 0), None, places)
    });
    each.collect()
}

/// When the last target on an integration changed, and the entries from the first to it.
fn last_of(run: &Run<'_>, integration: &str, zero: Zero) -> (Option<i64>, Vec<Place>) {
    let mut found = run.entries.iter().filter(|entry| {
        entry.header.kind == kind::TARGET
            && entry.decode::<body::TargetEntry>().is_ok_and(|body| body.target.integration == integration)
    });
    let Some(first) = found.next() else { return (None, Vec::new()) };
    let last = found.next_back().unwrap_or(first);
    let through = Some(last.header.version).filter(|version| *version != first.header.version);
    (zero.at(&last.header.time), vec![Place { through, ..Place::of(first) }])
}

fn notified(deadlines: &[DeadlineView], zero: Zero) -> Vec<Expectation> {
    let each = deadlines.iter().map(|clock| {
        let came = match clock.state.as_str() {
            "sent" | "waived" => Came::Met,
            "sent_late" => Came::Late,
            "late" => Came::Missed,
            _ => Came::Open,
        };
        let at = clock.settled.as_ref().and_then(|said| zero.at(&said.at));
        let say = format!("{}: the notice is sent in time, or none is owed", clock.title);
        expectation(say, came, at, ms(&clock.due).map(|due| zero.s(due)), Vec::new())
    });
    each.collect()
}

fn endured(runs: &[Run<'_>]) -> Vec<Expectation> {
    let hit = runs.iter().filter(|run| run.view.revived > 0);
    let each = hit.map(|run| {
        let came = match run.view.state {
            RunState::Ended => Came::Met,
            RunState::Suspect | RunState::Diverged => Came::Missed,
            _ => Came::Open,
        };
        let back = run.entries.iter().filter(|entry| entry.header.kind == kind::REVIVED).map(Place::of);
        let times = run.view.revived;
        let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
        let say = format!("{} came to its end, although its server died {times}", run.view.playbook);
        expectation(say, came, None, None, back.collect())
    });
    each.collect()
}

/// What went wrong that no objective is about.
fn troubles(run: &Run<'_>) -> Vec<Point> {
    let view = &run.view;
    let point = |text: String| Point { text, by: None, objective: None, places: Vec::new() };
    let glass = view.broken_glass().map(|(wait, said)| {
        let reason = &said.reason;
        point(format!("break-glass: {} let {} ({}) go alone: {reason}", said.who, wait.id, wait.name))
    });
    let because = view.because.iter().map(|why| point(format!("not better contained: {why}")));
    let error = view.error.iter().map(|error| point(format!("the run failed: {}", error.message)));
    let untold = view.untold.iter().map(|one| point(format!("not told: {}, {}", one.to, one.why)));
    let lists = view.steps.values().filter(|step| !step.incomplete.is_empty());
    let lists =
        lists.map(|step| point(format!("{} may not have shown everything: {}", step.name, step.incomplete)));
    let steps = view.steps.values().filter_map(|step| {
        let error = step.error.as_ref().filter(|error| error.target.is_none())?;
        Some(point(format!("{}: {}", step.name, error.message)))
    });
    glass.chain(because).chain(error).chain(untold).chain(lists).chain(steps.take(ERRORS)).collect()
}
