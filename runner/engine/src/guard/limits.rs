//! Limits: of the manifest for its runs, of the configuration for a step, a run and an hour of the whole house.

use stanch_model::{
    Limit, Limits, Target,
    run::{Found, Reading},
};

use super::{
    Finding, Objection,
    family::Above,
    tally::{self, PERSON, Tally, main_step},
};
use crate::{act::Spec, env::Env, live::Live};

/// Over what a limit counts.
#[derive(Clone, Copy)]
enum Span<'a> {
    Run,
    CapOfRun,
    /// A run above this one, with all its children.
    Above(&'a Above),
    Step,
    Hour,
}

/// What the limits say of this target.
pub(super) fn judge(env: &Env, live: &mut Live, spec: &Spec, target: &Target) -> Vec<Finding> {
    let (own, caps) = (live.playbook.manifest.limits, env.config.caps);
    let above = env.families.above(live);
    let house =
        [(Span::Run, own), (Span::CapOfRun, caps.run), (Span::Step, caps.step), (Span::Hour, caps.hour)];
    let of_above =
        above.iter().flat_map(|run| [(Span::Above(run), run.limits), (Span::Above(run), caps.run)]);
    let spans: Vec<(Span<'_>, Limits)> = house.into_iter().chain(of_above).collect();
    let mut found = Vec::new();
    for (span, Limits { targets, people }) in spans {
        let people = people.filter(|_| target.kind == PERSON);
        for (limit, of_people) in [(targets, false), (people, true)] {
            if let Some(limit) = limit {
                found.push(one(env, live, spec, target, span, limit, of_people));
            }
        }
    }
    found
}

fn one(
    env: &Env,
    live: &mut Live,
    spec: &Spec,
    target: &Target,
    span: Span<'_>,
    limit: Limit,
    of_people: bool,
) -> Finding {
    let place = main_step(&spec.address);
    let (known, done) = match span {
        Span::Hour => match env.hour.look(env.now_ms(), |tally| standing(tally, target, limit, of_people)) {
            // What a plan has planned itself would be among them.
            Ok((known, done)) if live.is_plan() => {
                let (own, planned) = standing(&tally::of(live).run, target, limit, of_people);
                (known || own, done + planned)
            }
            Ok(standing) => standing,
            Err(again_ms) => return Finding::Later(again_ms),
        },
        Span::Step => {
            let none = Tally::default();
            standing(tally::of(live).steps.get(place).unwrap_or(&none), target, limit, of_people)
        }
        Span::Run | Span::CapOfRun => {
            let whole = env.families.look(&live.id, |tally| standing(tally, target, limit, of_people));
            whole.unwrap_or_else(|| standing(&tally::of(live).run, target, limit, of_people))
        }
        Span::Above(run) => {
            let whole = env.families.look(&run.run, |tally| standing(tally, target, limit, of_people));
            // A run that is over limits nothing any more.
            whole.unwrap_or((true, 0))
        }
    };
    if known {
        return Finding::Fine(Vec::new());
    }
    let (population, entry) = match limit {
        Limit::Count(_) => (None, None),
        Limit::Percent(_) => match population(env, live, target, limit) {
            Ok((count, entry)) => (Some(count), Some(entry)),
            Err(finding) => return *finding,
        },
    };
    let most = limit.of(population.unwrap_or(0));
    if done < most {
        return Finding::Fine(entry.into_iter().collect());
    }
    let what = what(target, limit, of_people);
    let who = match span {
        Span::Run | Span::CapOfRun => "this run has".to_owned(),
        Span::Above(run) => format!("run {} ({}) has, with its children,", run.run, run.playbook),
        Span::Step => format!("step {place} has"),
        Span::Hour => "all runs together have, within an hour,".to_owned(),
    };
    let share = population.map_or_else(String::new, |of| format!(" ({limit} of {of})"));
    let why = format!("{who} cut {done} {what}, and may cut {most}{share}");
    Finding::Minds(Objection::limit(name(span, place, limit, &what), why))
}

/// Whether the target counts already, and how many do.
fn standing(tally: &Tally, target: &Target, limit: Limit, of_people: bool) -> (bool, u64) {
    let done = match (limit, of_people) {
        (Limit::Percent(_), _) => tally.of(&target.integration, &target.kind),
        (Limit::Count(_), true) => tally.people(),
        (Limit::Count(_), false) => tally.targets(),
    };
    (tally.has(target), done)
}

/// How many there are of the target's kind where it lives, and the entry that says so.
fn population(env: &Env, live: &Live, target: &Target, limit: Limit) -> Result<(u64, u64), Box<Finding>> {
    let (integration, kind) = (target.integration.clone(), target.kind.clone());
    let reading = Reading::Population { integration, kind };
    let unread = |why: &str| {
        let what = what(target, limit, target.kind == PERSON);
        let guard = format!("limit of {limit} of the {what}");
        let why = format!(
            "how many {what} there are could not be read ({why}), so that {limit} of them cannot be told"
        );
        Box::new(Finding::Minds(Objection::unread(&guard, why)))
    };
    match live.known.of(env, live, &reading) {
        None => Err(Box::new(Finding::Reads(reading))),
        Some((entry, Found::Count(count))) => Ok((*count, entry)),
        Some((_, Found::Unread(why))) => Err(unread(why)),
        Some((_, Found::Members(_))) => Err(unread("the entry names people instead")),
    }
}

/// `targets`, `people`, `people in okta`, `grants in okta`.
fn what(target: &Target, limit: Limit, of_people: bool) -> String {
    match (limit, of_people || target.kind == PERSON) {
        (Limit::Count(_), _) if of_people => "people".to_owned(),
        (Limit::Count(_), _) => "targets".to_owned(),
        (Limit::Percent(_), true) => format!("people in {}", target.integration),
        (Limit::Percent(_), false) => format!("{}s in {}", target.kind, target.integration),
    }
}

/// The same whenever this limit is met.
fn name(span: Span<'_>, place: &str, limit: Limit, what: &str) -> String {
    let of = match limit {
        Limit::Count(_) => format!("{limit} {what}"),
        Limit::Percent(_) => format!("{limit} of the {what}"),
    };
    match span {
        Span::Run => format!("limit of {of}"),
        Span::CapOfRun => format!("cap of {of} a run"),
        Span::Above(run) => format!("limit of {of} of {}", run.playbook),
        Span::Step => format!("cap of {of} a step, in step {place}"),
        Span::Hour => format!("cap of {of} an hour"),
    }
}
