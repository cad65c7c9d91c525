//! Evidence first: where the configuration asks for it, nothing permanent is done by a run that has kept no evidence.

use stanch_model::{Effect, config::BeforePermanent};

use super::{Finding, Objection};
use crate::{act::Spec, env::Env, live::Live};

/// What this guard says of a call.
pub(super) fn judge(env: &Env, live: &Live, spec: &Spec) -> Option<Finding> {
    let asked = env.config.evidence.before_permanent == BeforePermanent::Required;
    if !asked || spec.info.effect != Effect::Permanent || live.known.evidence {
        return None;
    }
    let why = "this run has kept no evidence yet, and what it would do now cannot be undone".to_owned();
    Some(Finding::Minds(Objection::listed("evidence before what is permanent".to_owned(), why)))
}
