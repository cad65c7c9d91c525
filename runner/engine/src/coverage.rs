//! Which approval covers which target, and who is asked when none does.
//!
//! A yes authorises the world that it was given in: one that was given long before the run was taken up again covers
//! nothing any more.

use stanch_model::{
    Effect, Target,
    run::{WaitKind, WaitView},
};
use stanch_playbooks::{
    dialect::{Expression, Var, expression},
    manifest::{ApprovalSpec, UNDO},
};

use crate::{border, current::Current, env::Env, live::Live, two_person};

/// The granted approval of this run that covers an effect on the target: its id.
pub(crate) fn covering(env: &Env, live: &mut Live, target: &Target, effect: Effect) -> Option<String> {
    let closed = live.view.waits.iter().filter(|wait| wait.closed.is_some()).count();
    if closed != live.covered_waits {
        live.covered_waits = closed;
        let fresh = granted(live).filter(|(_, given_ms)| !is_stale(env, live, *given_ms));
        let mut covered = foldhash::HashMap::default();
        for wait in fresh.map(|(wait, _)| wait) {
            let two = two_person::has_two(wait);
            for target in &wait.targets {
                let known = covered.entry(target.key()).or_insert_with(|| (wait.id.clone(), two));
                if two || !known.1 {
                    *known = (wait.id.clone(), two);
                }
            }
        }
        live.covered = covered;
    }
    let (approval, two) = live.covered.get(&target.key())?;
    (*two || !two_person::rules(env, effect)).then(|| approval.clone())
}

/// The last yes that covered this target before the run stood for too long: the wait, and when it was given, Unix ms.
pub(crate) fn lapsed<'a>(env: &Env, live: &'a Live, target: &Target) -> Option<(&'a WaitView, i64)> {
    let lapsed = granted(live).filter(|(_, given_ms)| is_stale(env, live, *given_ms));
    lapsed.filter(|(wait, _)| wait.targets.contains(target)).last()
}

fn granted(live: &Live) -> impl Iterator<Item = (&WaitView, i64)> {
    let approvals = live.view.waits.iter().filter(|wait| wait.kind == WaitKind::Approval);
    approvals.filter_map(|wait| Some((wait, wait.granted_ms()?)))
}

fn is_stale(env: &Env, live: &Live, given_ms: i64) -> bool {
    let lasts = i64::try_from(env.patience.stale.as_millis()).unwrap_or(i64::MAX);
    live.resumed_ms.is_some_and(|resumed| resumed.saturating_sub(given_ms) > lasts)
}

/// The policy of the run's latest approval; else the manifest's first.
pub(crate) fn latest_policy(live: &Live) -> Option<(String, ApprovalSpec)> {
    let approvals = &live.playbook.manifest.approvals;
    let latest = live
        .view
        .waits
        .iter()
        .rev()
        .find(|wait| wait.kind == WaitKind::Approval)
        .map(|wait| wait.name.clone());
    match latest.and_then(|name| approvals.get(&name).map(|policy| (name, policy.clone()))) {
        Some(found) => Some(found),
        None => approvals
            .iter()
            .find(|(name, _)| *name != UNDO)
            .map(|(name, policy)| (name.clone(), policy.clone())),
    }
}

/// Whether the manifest says yes by itself. A condition that fails to evaluate is a no: then people are asked.
pub(crate) fn pre_approved(here: &Current, policy: &ApprovalSpec, targets: &[Target]) -> bool {
    let Some(text) = &policy.pre_approved else { return false };
    let Ok(condition) = expression(text, Var::PRE_APPROVED) else { return false };
    let (alert, input) = here.live(|live| (live.created.alert.clone(), live.created.input.clone()));
    holds(&condition, &proven(alert), &input, targets)
}

/// The alert, if its source has proven it: what a person handed in must not stand for somebody else's yes.
fn proven(alert: serde_json::Value) -> serde_json::Value {
    if alert.get("by").is_some() { serde_json::Value::Null } else { alert }
}

fn holds(
    condition: &Expression,
    alert: &serde_json::Value,
    input: &serde_json::Value,
    targets: &[Target],
) -> bool {
    let mut scope = rhai::Scope::new();
    let alert = match serde_json::from_value::<stanch_model::Alert>(alert.clone()) {
        Ok(alert) => Expression::alert(&alert),
        Err(_) => border::to_dynamic(alert),
    };
    scope.push_dynamic("alert", alert);
    scope.push_dynamic("input", border::to_dynamic(input));
    let targets: rhai::Array = targets.iter().cloned().map(rhai::Dynamic::from).collect();
    scope.push_dynamic("targets", targets.into());
    condition.eval(&mut scope).unwrap_or(false)
}
