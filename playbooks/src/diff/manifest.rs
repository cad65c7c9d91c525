//! Manifests field by field.

use std::collections::BTreeMap;

use stanch_model::{Hash, Limit, duration};

use super::{About, List};
use crate::{
    Playbook, Template,
    manifest::{ApprovalSpec, InputSpec, Manifest, QuestionSpec, TriggerSpec},
};

/// Fields by name, in words.
type Fields = BTreeMap<String, String>;

pub(super) fn compare(before: &Playbook, now: &Playbook, list: &mut List) {
    let (old, new) = (&before.manifest, &now.manifest);
    list.values(About::Approvals, &named(&old.approvals, approval), &named(&new.approvals, approval));
    list.values(About::Questions, &named(&old.questions, question), &named(&new.questions, question));
    list.values(About::Uses, &uses(old), &uses(new));
    list.values(About::Triggers, &triggers(old), &triggers(new));
    list.values(About::Limits, &limits(old), &limits(new));
    list.values(About::Input, &named(&old.input, input), &named(&new.input, input));
    list.values(About::Notices, &notices(before), &notices(now));
    list.values(About::Head, &head(old), &head(new));
}

/// `cut-app: asks` for every field of every entry.
fn named<T>(entries: &BTreeMap<String, T>, fields: fn(&T) -> Vec<(&'static str, String)>) -> Fields {
    let all = entries.iter().flat_map(|(name, entry)| {
        fields(entry).into_iter().map(move |(field, value)| (format!("{name}: {field}"), value))
    });
    all.filter(|(_, value)| !value.is_empty()).collect()
}

fn approval(spec: &ApprovalSpec) -> Vec<(&'static str, String)> {
    let silence = if spec.silence_approves() { "yes" } else { "no" };
    vec![
        ("asks", spec.ask.join(", ")),
        ("yes of", spec.of.to_string()),
        ("within", duration::format(spec.within)),
        ("then asks", spec.ladder().join(", ")),
        ("silence means", silence.to_owned()),
        ("pre-approved if", spec.pre_approved.clone().unwrap_or_default()),
    ]
}

fn question(spec: &QuestionSpec) -> Vec<(&'static str, String)> {
    vec![
        ("asks", if spec.ask.is_empty() { "any responder".to_owned() } else { spec.ask.join(", ") }),
        ("within", spec.within.map(duration::format).unwrap_or_default()),
        ("silence means", spec.unanswered.clone().unwrap_or_default()),
    ]
}

fn input(spec: &InputSpec) -> Vec<(&'static str, String)> {
    let kind = serde_json::to_value(spec.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
    vec![
        ("type", kind.unwrap_or_default()),
        ("from", spec.from.clone().unwrap_or_default()),
        ("default", spec.default.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("needed", if spec.required { "yes".to_owned() } else { "no".to_owned() }),
        ("help", spec.help.clone()),
    ]
}

fn uses(manifest: &Manifest) -> Fields {
    let all = manifest
        .uses
        .iter()
        .flat_map(|(effect, names)| names.iter().map(|name| (name.clone(), effect.to_string())));
    all.collect()
}

fn triggers(manifest: &Manifest) -> Fields {
    let one = |trigger: &TriggerSpec| {
        let per = trigger
            .one_run_per
            .as_ref()
            .map_or("a run for each alert".to_owned(), |per| format!("one run per {per}"));
        (format!("when {}", trigger.when), per)
    };
    manifest.start.iter().map(one).collect()
}

fn limits(manifest: &Manifest) -> Fields {
    let one = |(name, limit): (&str, Option<Limit>)| Some((name.to_owned(), limit?.to_string()));
    let limits = &manifest.limits;
    [("targets", limits.targets), ("people", limits.people)].into_iter().filter_map(one).collect()
}

/// Of a notice its subject and a sign of the rest: its text stands in the files.
fn notices(playbook: &Playbook) -> Fields {
    let one = |(name, notice): (&String, &Template)| {
        let sign = Hash::of(notice.body.as_bytes()).to_string();
        (name.clone(), format!("{} (text {})", notice.subject, sign.get(..8).unwrap_or_default()))
    };
    playbook.templates.iter().map(one).collect()
}

fn head(manifest: &Manifest) -> Fields {
    let fields = [
        ("title", manifest.title.clone()),
        ("owner", manifest.owner.clone()),
        ("reviewed", manifest.reviewed.clone()),
        ("tags", manifest.tags.join(", ")),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
