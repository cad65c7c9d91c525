//! Looks at what an effect left behind: one read, one predicate, and a strict view of what counts as evidence.

use std::time::Duration;

use serde_json::{Value, json};
use stanch_model::Target;

use crate::{
    Call, ErrorKind, Integrations, Look, Outcome, Read, Seen, bind::Bound, configured::arguments,
    member::proves_by_input, scope::Vars, spec::ActionSpec, witness::Sight,
};

/// How long one look at a target may take, pages and pace included.
pub(crate) const LOOK: Duration = Duration::from_secs(120);

impl Integrations {
    /// Like [`look`](Self::look) where neither the moment nor the key of the effect is known. Proofs that need them (a log,
    /// a marker in a message) cannot tell then.
    pub async fn verify(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: &Value,
    ) -> Seen {
        self.look(Look { integration, action, target, input, since: None, key: None }).await
    }

    /// Makes the read that proves an action and asks its predicate, once.
    pub async fn look(&self, look: Look<'_>) -> Seen {
        let cannot = |why: String| Seen::CannotTell { why, again_ms: None };
        let (member, bound, spec) = match self.bound(look.integration, look.action, look.target, look.input) {
            Ok(found) => found,
            Err(why) => return cannot(why),
        };
        let info = member.infos.get(look.action);
        let verify = spec.verify.as_ref().filter(|_| info.is_some_and(|info| info.verify.is_some()));
        let Some((verify, read)) = verify.and_then(|verify| Some((verify, verify.action.as_deref()?))) else {
            let why = spec.verify.as_ref().and_then(|verify| verify.none.clone());
            return cannot(why.unwrap_or_else(|| format!("no read proves `{}` here", look.action)));
        };
        let since = look.since.map(|since| since.to_string()).unwrap_or_default();
        let vars = Vars { since: &since, ..member.vars(&bound, look.key.unwrap_or_default()) };
        let input = match arguments(&verify.with, &vars) {
            Ok(input) => input,
            Err(error) => return cannot(error.to_string()),
        };
        let read = Read { integration: look.integration.to_owned(), action: read.to_owned(), input };
        let own_proof = member.action(&read.action).is_some_and(proves_by_input);
        let (status, out) = match evidence(self.read(read).await, own_proof) {
            Ok(seen) => seen,
            Err(cannot) => return cannot,
        };
        if !holds(spec, &bound, status, &out) {
            return Seen::HoldsNot { out };
        }
        match info.and_then(|info| info.residual) {
            Some(lasts) => Seen::Residual { lasts },
            None => Seen::Holds,
        }
    }

    /// What this integration's credential sees: every witness of its platform, and for one that does not hold what follows.
    pub async fn sight(&self, integration: &str) -> Vec<(String, Result<(), String>)> {
        let Some(member) = self.member(integration) else { return Vec::new() };
        let mut seen = Vec::new();
        for witness in member.platform.spec.witnesses.keys() {
            let lists = member.platform.spec.actions.iter();
            let list = lists.filter(|(_, action)| action.witness.as_ref() == Some(witness));
            let Some((name, _)) = list.into_iter().find(|(name, _)| member.action(name).is_some()) else {
                continue;
            };
            let held = match self.testimony(member, name, witness).await {
                Ok(Sight::Whole) => Ok(()),
                Ok(Sight::Partial(why)) => Err(why),
                Err(outcome) => Err(not_now(*outcome)),
            };
            seen.push((witness.clone(), held));
        }
        seen
    }

    async fn read(&self, read: Read) -> Outcome {
        let Read { integration, action, input } = read;
        let (key, target, permit) = (String::new(), None, None);
        let call = Call { integration, action, input, target, key, attempt: 1, deadline: LOOK, permit };
        self.call_unlabelled(call).await
    }
}

fn not_now(outcome: Outcome) -> String {
    match outcome {
        Outcome::Refused { message, .. } => message,
        Outcome::NotSent { why } | Outcome::InDoubt { why } => why,
        Outcome::Limited { .. } | Outcome::Done { .. } => "the platform asks to wait".to_owned(),
    }
}

/// What a read gave as evidence: status and output. 401 and 403 are none, unless the read's proof is the thing that was
/// cut: then "this token is not accepted" is exactly what was asked.
fn evidence(outcome: Outcome, own_proof: bool) -> Result<(u16, Value), Seen> {
    let cannot = |why: String, again_ms| Err(Seen::CannotTell { why, again_ms });
    match outcome {
        Outcome::Done { more, .. } if more.incomplete.is_some() => {
            cannot(more.incomplete.unwrap_or_default(), None)
        }
        Outcome::Done { value, status, .. } => Ok((status, value)),
        Outcome::Refused { kind: ErrorKind::NotFound, status: Some(status), .. } => Ok((status, Value::Null)),
        Outcome::Refused { kind: ErrorKind::Auth, status: Some(status), .. } if own_proof => {
            Ok((status, Value::Null))
        }
        Outcome::Refused { message, .. } => cannot(message, None),
        Outcome::Limited { until_ms, why } => cannot(why, Some(until_ms)),
        Outcome::NotSent { why } | Outcome::InDoubt { why } => cannot(why, None),
    }
}

/// Whether an action's predicate holds over what a read gave.
pub(crate) fn holds(spec: &ActionSpec, bound: &Bound, status: u16, out: &Value) -> bool {
    let Some(until) = spec.verify.as_ref().and_then(|verify| verify.until.as_ref()) else { return false };
    let target = bound.target.as_ref().map_or(Value::Null, stanch_model::value::of_target);
    let (status, input) = (json!(status), Value::Object(bound.inputs.clone()));
    until.holds(&[("status", &status), ("out", out), ("target", &target), ("input", &input)])
}
