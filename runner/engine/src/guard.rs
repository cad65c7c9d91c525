//! Guards at the intent: protected targets and caps. They stop; they never warn and go on.

use stanch_model::{
    Target,
    config::ProtectRule,
    run::{
        WaitKind,
        body::{WaitOpened, kind},
    },
};
use stanch_playbooks::manifest::Limit;

use crate::{act::Spec, env::Env, live::Live};

/// The wait that holds this cut, opening one if a guard is met for the first time; `None` lets it pass.
pub(crate) fn stop(env: &Env, live: &mut Live, spec: &Spec) -> Option<Option<String>> {
    let target = spec.target.as_ref()?;
    let why = env
        .config
        .protect
        .iter()
        .find_map(|rule| protects(rule, target))
        .or_else(|| over_limit(live, target))?;
    let known = live
        .view
        .waits
        .iter()
        .rev()
        .find(|wait| wait.kind == WaitKind::Guard && wait.name == why && covers(wait, target));
    match known.map(|wait| (wait.id.clone(), wait.closed.as_ref().map(|closed| closed.say.clone()))) {
        Some((_, Some(say))) if say == "go_on" => None,
        Some((id, _)) => Some(Some(id)),
        None => Some(Some(open(env, live, spec, target, &why))),
    }
}

fn covers(wait: &stanch_model::run::WaitView, target: &Target) -> bool {
    wait.targets.is_empty() || wait.targets.contains(target)
}

fn open(env: &Env, live: &mut Live, spec: &Spec, target: &Target, why: &str) -> String {
    let id = live.next_wait(WaitKind::Guard);
    let of_one = why.starts_with("protected");
    let wait = WaitOpened {
        wait: id.clone(),
        wait_kind: WaitKind::Guard,
        address: spec.address.clone(),
        name: why.to_owned(),
        text: format!("{} on {} ({}): {why}", spec.info.title, target.name(), target.key()),
        options: vec!["go_on".to_owned(), "skip".to_owned()],
        targets: if of_one { vec![crate::host::bare(target)] } else { Vec::new() },
        ask: Vec::new(),
        ladder: Vec::new(),
        of: 1,
        within_ms: 0,
        due_ms: None,
        card: true,
    };
    live.record(kind::WAIT, wait, env.now_ms());
    id
}

/// Why this rule protects this target, if it does.
fn protects(rule: &ProtectRule, target: &Target) -> Option<String> {
    let same = |name: &str| name.eq_ignore_ascii_case(&target.id) || name.eq_ignore_ascii_case(&target.label);
    let login = target.attrs.get("login").and_then(serde_json::Value::as_str).unwrap_or_default();
    if let Some(user) = rule.user.as_deref()
        && target.kind == "user"
        && (same(user) || user.eq_ignore_ascii_case(login))
    {
        return Some(format!("protected user {user}"));
    }
    if let Some(app) = rule.app.as_deref()
        && target.kind == "app"
        && same(app)
    {
        return Some(format!("protected app {app}"));
    }
    None
}

/// Counts of distinct targets that this run cuts already. Percentages need a population read and are not decided here.
fn over_limit(live: &Live, target: &Target) -> Option<String> {
    let limits = &live.playbook.manifest.limits;
    let known = |wanted: &dyn Fn(&Target) -> bool| {
        let mut keys: Vec<String> = live
            .view
            .targets
            .values()
            .map(|view| &view.target)
            .filter(|t| wanted(t))
            .map(Target::key)
            .collect();
        keys.sort();
        keys.dedup();
        (keys.contains(&target.key()), keys.len() as u64)
    };
    let over = |limit: Option<Limit>, wanted: &dyn Fn(&Target) -> bool, what: &str| match limit {
        Some(Limit::Count(most)) => {
            let (already, count) = known(wanted);
            (!already && count >= most).then(|| format!("limit of {most} {what} reached"))
        }
        _ => None,
    };
    over(limits.targets, &|_| true, "targets").or_else(|| match target.kind.as_str() {
        "user" => over(limits.people, &|target| target.kind == "user", "people"),
        _ => None,
    })
}
