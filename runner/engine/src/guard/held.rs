//! The guard of a run that executes a plan: it stops the run at the first effect that the plan has not.

use stanch_model::{Target, run::WaitView};

use super::{Objection, Verdict, objection::Said};
use crate::{act::Spec, env::Env, host::bare, live::Live, plan::line_of};

/// A call that comes while the card about another one is not raised yet asks again after this long.
const SOON_MS: i64 = 200;

/// What the names of its cards begin with.
const NAME: &str = "plan ";

/// What the plan says to an effect. From the first deviation on nothing passes, until a person has spoken.
pub(crate) fn ask_plan(env: &Env, live: &mut Live, spec: &Spec) -> Verdict {
    let Some(hash) = live.created.plan else { return Verdict::Pass(Vec::new()) };
    let line = line_of(spec);
    let objection = match env.kept_plan(&hash) {
        Ok(kept) if kept.acts.contains(&line) => None,
        Ok(_) => Some(format!("{line} is not in the plan {}", hash.short())),
        Err(error) => Some(format!("{line}: the plan {} cannot be read ({error})", hash.short())),
    };
    if let Some(why) = objection {
        let objection = Objection::listed(format!("{NAME}{}: {}", hash.short(), spec.name), why);
        match objection.said(live, &subject(spec)) {
            Said::Yes => {}
            Said::No => return Verdict::Refused,
            Said::Open(card) => return Verdict::Held(card),
            Said::Nothing => {
                live.off_plan = true;
                return Verdict::Barred(objection);
            }
        }
    }
    if let Some(card) = live.view.open_waits().find(|wait| is_of_plan(wait)) {
        return Verdict::Held(card.id.clone());
    }
    match live.off_plan {
        true => Verdict::Later(env.now_ms() + SOON_MS),
        false => Verdict::Pass(Vec::new()),
    }
}

/// Whether this card was raised for something that a plan has not.
pub(crate) fn is_of_plan(wait: &WaitView) -> bool {
    wait.kind == stanch_model::run::WaitKind::Guard && wait.name.starts_with(NAME)
}

/// What a card about this call lists: its target, or whom it tells.
pub(crate) fn subject(spec: &Spec) -> Target {
    spec.target.as_ref().map_or_else(|| line_of(spec).as_target(), bare)
}
