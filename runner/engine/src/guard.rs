//! Guards at the intent: protected targets and caps. They stop; they never warn and go on.

use std::collections::HashSet;

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

/// What the guards say to a cut.
pub(crate) enum Verdict {
    /// None of them minds.
    Pass,
    /// One minds, and a person is asked: the wait.
    Held(String),
    /// One minds, and a person agreed with it.
    Refused,
}

/// Asks the guards about a cut, and a person if one of them minds for the first time.
pub(crate) fn ask(env: &Env, live: &mut Live, spec: &Spec) -> Verdict {
    let Some(target) = spec.target.as_ref() else { return Verdict::Pass };
    let rules = &env.config.protect;
    let why = rules.iter().find_map(|rule| protects(rule, target)).or_else(|| over_limit(live, target));
    let Some(why) = why else { return passed(live, target) };
    let known = live
        .view
        .waits
        .iter()
        .rev()
        .find(|wait| wait.kind == WaitKind::Guard && wait.name == why && covers(wait, target));
    match known.map(|wait| (wait.id.clone(), wait.closed.as_ref().map(|closed| closed.say.clone()))) {
        Some((_, Some(say))) if say == "go_on" => passed(live, target),
        Some((_, Some(_))) => Verdict::Refused,
        Some((id, None)) => Verdict::Held(id),
        None => Verdict::Held(open(env, live, spec, target, &why)),
    }
}

fn passed(live: &mut Live, target: &Target) -> Verdict {
    if let Some(counted) = &mut live.guarded {
        counted.add(target);
    }
    Verdict::Pass
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
fn over_limit(live: &mut Live, target: &Target) -> Option<String> {
    let limits = live.playbook.manifest.limits.clone();
    let (key, is_person) = (target.key(), target.kind == "user");
    let counted = live.guarded.get_or_insert_with(|| {
        let mut counted = Counted::default();
        live.view.targets.values().for_each(|view| counted.add(&view.target));
        counted
    });
    let over = |limit: Option<Limit>, known: &HashSet<String>, what: &str| match limit {
        Some(Limit::Count(most)) if !known.contains(&key) && known.len() as u64 >= most => {
            Some(format!("limit of {most} {what} reached"))
        }
        _ => None,
    };
    let people = if is_person { over(limits.people, &counted.people, "people") } else { None };
    over(limits.targets, &counted.targets, "targets").or(people)
}

/// The targets that a run cuts, with those whose requests have not gone out yet.
#[derive(Default)]
pub(crate) struct Counted {
    targets: HashSet<String>,
    people: HashSet<String>,
}

impl Counted {
    /// One more target.
    pub(crate) fn add(&mut self, target: &Target) {
        if target.kind == "user" {
            self.people.insert(target.key());
        }
        self.targets.insert(target.key());
    }
}
