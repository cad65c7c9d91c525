//! Labels: read for ids that a list gives alone, by a read that gives the same kind with a label.

use super::{Report, calls, platform};
use crate::{
    response::is_bare,
    spec::{CallSpec, LabelSpec, PlatformSpec},
    template::Shape,
};

const CODE: &str = "IN0031";

pub(super) fn check(spec: &PlatformSpec, report: &mut Report<'_>) {
    for (kind, labels) in &spec.labels {
        let place = ["labels", kind];
        let call = CallSpec { action: labels.action.clone(), with: labels.with.clone() };
        calls::read(spec, &call, &place, report);
        ids(spec, kind, labels, report);
        read(spec, kind, labels, report);
        let lists = spec.actions.values().filter_map(|action| action.yields.as_ref());
        if !lists.into_iter().any(|yields| is_bare(yields, kind)) {
            let message = format!("every list here gives a {kind} with a label");
            report.at_key(&place, CODE, message, Some("leave it out".to_owned()));
        }
    }
}

/// The read is told which ids, and nothing that a list does not have.
fn ids(spec: &PlatformSpec, kind: &str, labels: &LabelSpec, report: &mut Report<'_>) {
    let place = ["labels", kind, "with"];
    let mut asks = false;
    for (argument, shape) in &labels.with {
        for variable in shape.variables() {
            let of_ids = variable == "ids" || variable.starts_with("ids.");
            asks |= of_ids;
            if !of_ids && !platform::setting(spec, variable) {
                platform::unknown(spec, variable, &["labels", kind, "with", argument], &["ids"], report);
            }
        }
    }
    if !asks {
        let help = "give it the ids: `with: { users: \"{ids}\" }`";
        let message = format!("`{}` is not told which ids", labels.action);
        report.at_key(&place, CODE, message, Some(help.to_owned()));
    }
    let one = labels.with.values().flat_map(Shape::variables).any(|variable| variable.starts_with("ids."));
    if labels.at_once == 0 || (one && labels.at_once > 1) {
        let message = match labels.at_once {
            0 => "no id goes into a request".to_owned(),
            many => format!("only one of {many} ids would be asked about"),
        };
        report.at_value(&["labels", kind, "at_once"], CODE, message, None);
    }
}

/// The read gives labels of this kind, and needs neither a witness nor labels itself.
fn read(spec: &PlatformSpec, kind: &str, labels: &LabelSpec, report: &mut Report<'_>) {
    let place = ["labels", kind, "action"];
    let Some(action) = spec.actions.get(&labels.action) else { return };
    let yields = action.yields.as_ref();
    if !yields.is_some_and(|yields| yields.kind.as_deref() == Some(kind) && yields.label.is_some()) {
        let help = format!("`yields: {{ kind: {kind}, id: …, label: … }}`");
        let message = format!("`{}` gives no {kind} with a label", labels.action);
        report.at_value(&place, CODE, message, Some(help));
    }
    if action.witness.is_some() {
        let message =
            format!("`{}` has a witness, and whom it does not show keeps the id anyway", labels.action);
        report.at_value(&place, CODE, message, None);
    }
}
