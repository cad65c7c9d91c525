//! Guards at the intent: protected targets, limits, evidence first. They stop; they never warn and go on.
//!
//! A guard that must know the world (who is in a group, whom an id means, how many people there are) has it read first; one that cannot
//! learn it stops the call and says so. Several calls that one guard stops share a card, which is raised when the run can
//! go no further without it; what a person says of it stands for the run.

mod evidence;
mod family;
mod held;
mod hour;
mod known;
mod limits;
mod objection;
mod protect;
pub(crate) mod read;
mod tally;

use stanch_model::{Address, Target, run::Reading};

pub(crate) use family::Families;
pub(crate) use held::{ask_plan, is_of_plan, subject};
pub(crate) use hour::Hour;
pub(crate) use known::Known;
pub(crate) use objection::{Lifts, Objection, card};
pub use protect::Protection;
pub(crate) use protect::foresee;
pub(crate) use tally::Counted;

use self::objection::Said;
use crate::{act::Spec, env::Env, live::Live};

/// What the guards say to a cut.
pub(crate) enum Verdict {
    /// None of them minds; these `guard.read` entries say why.
    Pass(Vec<u64>),
    /// Something must be read before they can tell.
    Reads(Vec<Reading>),
    /// Something in this process is not ready: ask again at this time.
    Later(i64),
    /// One minds, and no card says so yet.
    Barred(Objection),
    /// One minds, and this card asks a person.
    Held(String),
    /// One minds, and a person agreed with it.
    Refused,
}

/// What one guard says of one target.
pub(crate) enum Finding {
    /// Nothing, by what these entries hold where something had to be read.
    Fine(Vec<u64>),
    /// It must know this first.
    Reads(Reading),
    /// It can tell then.
    Later(i64),
    /// No.
    Minds(Objection),
}

/// Asks the guards about a cut. What passes is to be [`count`]ed.
pub(crate) fn ask(env: &Env, live: &mut Live, spec: &Spec) -> Verdict {
    let Some(target) = spec.target.as_ref() else { return Verdict::Pass(Vec::new()) };
    match objection::said_of(live, target) {
        Said::Open(card) => return Verdict::Held(card),
        Said::No => return Verdict::Refused,
        Said::Yes | Said::Nothing => {}
    }
    let (mut cited, mut reads, mut later, mut barred) = (Vec::new(), Vec::new(), None, None);
    let mut found: Vec<Finding> =
        env.config.protect.iter().map(|rule| protect::judge(env, live, rule, target)).collect();
    found.extend(limits::judge(env, live, spec, target));
    found.extend(evidence::judge(env, live, spec));
    for finding in found {
        match finding {
            Finding::Fine(entries) => cited.extend(entries),
            Finding::Reads(reading) => reads.push(reading),
            Finding::Later(at_ms) => later = Some(at_ms),
            Finding::Minds(objection) => match objection.said(live, target) {
                Said::Yes => {}
                Said::No => return Verdict::Refused,
                Said::Open(card) => return Verdict::Held(card),
                Said::Nothing => barred = barred.or(Some(objection)),
            },
        }
    }
    if !reads.is_empty() {
        return Verdict::Reads(sorted(reads));
    }
    match (later, barred) {
        (Some(at_ms), _) => Verdict::Later(at_ms),
        (None, Some(objection)) => Verdict::Barred(objection),
        (None, None) => Verdict::Pass(sorted(cited)),
    }
}

/// A call goes on its way, or a person does it: from now on it counts.
pub(crate) fn count(env: &Env, live: &mut Live, target: &Target, address: &Address) {
    tally::of(live).add(target, address);
    env.families.add(live, target);
    // What is only planned takes nothing from what may be cut.
    if !live.is_plan() {
        env.hour.add(env.now_ms(), target);
    }
}

/// What an ended child has cut, it has counted itself for everybody but its parent's own history.
pub(crate) fn count_of_child(live: &mut Live, target: &Target, address: &Address) {
    tally::of(live).add(target, address);
}

/// It was taken back before it went out.
pub(crate) fn uncount(env: &Env, live: &mut Live, target: &Target, address: &Address) {
    env.families.remove(live, target);
    tally::of(live).remove(target, address);
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items.dedup();
    items
}
