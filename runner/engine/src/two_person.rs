//! The rule of two people: effects that the configuration lists need the yes of two different people, whatever a manifest
//! says. Nothing here decides who they are.

use stanch_model::{
    Target,
    catalog::ActionIndex as _,
    run::{WaitView, wait},
    target::Effect,
};
use stanch_playbooks::manifest::ApprovalSpec;

use crate::{env::Env, host::ASSUMED, live::Live};

/// Whether this effect is under the rule.
pub(crate) fn rules(env: &Env, effect: Effect) -> bool {
    env.config.two_person.contains(&effect)
}

/// Whether a yes over these targets lets something happen that is under the rule: what the manifest may do to such targets
/// counts, as it does on the card.
pub(crate) fn covers(env: &Env, live: &Live, targets: &[Target]) -> bool {
    let uses = &live.playbook.manifest.uses;
    let ruled = env.config.two_person.iter().filter_map(|effect| uses.get(effect)).flatten();
    ruled.into_iter().any(|name| {
        let verbs = env.integrations.verb(name);
        let action = name
            .split_once('.')
            .and_then(|(on, action)| Some((on.to_owned(), env.integrations.action(on, action)?)));
        verbs.into_iter().chain(action).any(|(on, info)| {
            let touches = |target: &Target| {
                target.integration == on && info.target_kind.as_deref() == Some(target.kind.as_str())
            };
            targets.iter().any(touches)
        })
    })
}

/// The policy as it is under the rule: no condition stands for a person, and neither does silence.
pub(crate) fn policy(mut policy: ApprovalSpec) -> ApprovalSpec {
    policy.of = policy.of.max(2);
    policy.pre_approved = None;
    if let Some(last) = policy.unanswered.last_mut() {
        "deny".clone_into(last);
    }
    policy
}

/// Whether this granted approval has the yes of two. Who broke the glass answers for both; a plan assumes them.
pub(crate) fn has_two(approval: &WaitView) -> bool {
    let by = approval.closed.as_ref().map_or("", |closed| closed.by.as_str());
    [wait::BREAK_GLASS, ASSUMED].contains(&by) || approval.said("approve").len() >= 2
}
