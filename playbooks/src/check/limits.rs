//! Limits in percent: somebody must be able to count what they are a share of.

use std::collections::BTreeSet;

use stanch_model::{Effect, Limit, catalog::ActionInfo};

use super::case::{Case, listed};

/// The kind of target that is a person.
const PERSON: &str = "user";

pub(super) fn check(case: &mut Case<'_>) {
    let limits = case.playbook.manifest.limits;
    for (name, limit) in [("targets", limits.targets), ("people", limits.people)] {
        let Some(Limit::Percent(_)) = limit else { continue };
        let uncounted: Vec<String> = cut(case)
            .into_iter()
            .filter(|(_, kind)| name == "targets" || kind == PERSON)
            .filter(|(integration, kind)| !case.world.index.counts(integration, kind))
            .map(|(integration, kind)| format!("the {kind}s of {integration}"))
            .collect();
        if !uncounted.is_empty() {
            case.manifest_doubt(
                "PB0054",
                case.value_span(&["limits", name]),
                format!("nothing counts {}", listed(uncounted.iter().map(String::as_str))),
                "the run stops and asks before it cuts the first of these; a count, `500`, needs nobody to count",
            );
        }
    }
}

/// What the manifest lets the script cut: integrations and kinds.
fn cut(case: &Case<'_>) -> BTreeSet<(String, String)> {
    let uses = &case.playbook.manifest.uses;
    let names =
        [Effect::Reversible, Effect::Permanent].iter().filter_map(|effect| uses.get(effect)).flatten();
    let mut cut = BTreeSet::new();
    for name in names {
        let by_verb = case.world.index.verb(name);
        let by_name = case.world.index.integrations().into_iter().filter_map(|(integration, platform)| {
            let (owner, action) = name.split_once('.')?;
            let named = owner == integration || owner == platform;
            Some((integration.clone(), case.world.index.action(&integration, action).filter(|_| named)?))
        });
        let kind =
            |(integration, info): (String, &ActionInfo)| Some((integration, info.target_kind.clone()?));
        cut.extend(by_verb.into_iter().chain(by_name).filter_map(kind));
    }
    cut
}
