//! One action by itself: its request, its variables, its promises.

use serde_json::Value;
use stanch_model::{Effect, InDoubt, catalog::InputKind};

use super::{Report, platform};
use crate::{
    expr::{Expr, OF_ANSWER, OF_ROW},
    response,
    spec::{ActionAuth, ActionSpec, CursorPaging, Match, Paging, PartitionPaging, PlatformSpec, RequestSpec},
    template::{Part, Shape, Template},
};

/// Names that templates give a meaning of their own.
pub(super) const RESERVED: [&str; 10] =
    ["target", "settings", "before", "item", "body", "url", "credential", "read", "out", crate::bind::FORCE];

pub(super) fn check(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    let at = |rest: &[&'static str]| [&["actions", name], rest].concat();
    match (&action.request, &action.manual) {
        (Some(request), None) => shape_of(name, request, report),
        (None, Some(_)) => {}
        _ => {
            let message = format!("`{name}` needs either a `request` or a `manual` text");
            report.at_key(&at(&[]), "IN0008", message, None);
        }
    }
    for input in action.input.keys().filter(|input| RESERVED.contains(&input.as_str())) {
        let message = format!("an input cannot be called `{input}`: templates mean something else by it");
        report.at_key(&["actions", name, "input", input], "IN0015", message, None);
    }
    for need in &action.needs {
        let (known, what) = match need.split_once('.') {
            Some(("auth", name)) => (spec.auth.iter().any(|auth| auth.name == name), "way to authenticate"),
            Some(("credential", part)) => (!part.is_empty(), "part of the credential"),
            _ => (spec.settings.contains_key(need), "setting"),
        };
        if !known {
            report.at_key(&at(&["needs"]), "IN0017", format!("there is no {what} `{need}`"), None);
        }
    }
    let permanent = action.permanent_if.as_ref();
    if let Some(setting) = permanent.filter(|setting| !spec.settings.contains_key(*setting)) {
        report.at_value(&at(&["permanent_if"]), "IN0017", format!("there is no setting `{setting}`"), None);
    }
    if permanent.is_some() && action.effect != Effect::Reversible {
        let message = format!("`{name}` is {} in any case", action.effect);
        report.at_key(&at(&["permanent_if"]), "IN0013", message, None);
    }
    residual(spec, name, action, report);
    promises(name, action, report);
    targets(spec, name, action, report);
    request(spec, name, action, report);
    answers(spec, name, action, report);
}

/// A setting that decides how long access lives on exists, and says a length of time unless it is set.
fn residual(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    let Some(setting) = action.residual.as_ref().and_then(|residual| residual.setting()) else { return };
    let place = ["actions", name, "residual"];
    let Some(known) = spec.settings.get(setting) else {
        let help = super::suggest(setting, spec.settings.keys().map(String::as_str));
        return report.at_value(&place, "IN0017", format!("there is no setting `{setting}`"), help);
    };
    if known.default.as_deref().is_none_or(|text| stanch_model::duration::parse(text).is_err()) {
        let help = Some("`default: 1h`".to_owned());
        let message = format!("`{setting}` says no length of time unless it is set");
        report.at_value(&place, "IN0017", message, help);
    }
}

fn shape_of(name: &str, request: &RequestSpec, report: &mut Report<'_>) {
    let place = ["actions", name, "request"];
    let bodies =
        [request.json.is_some(), request.form.is_some(), request.text.is_some(), request.mail.is_some()];
    if bodies.iter().filter(|given| **given).count() > 1 {
        let message = "a request has one body: `json`, `form`, `text` or `mail`".to_owned();
        report.at_key(&place, "IN0008", message, None);
    }
    if request.content_type.is_some() && request.json.is_none() && request.text.is_none() {
        let message = "`content_type` is of a `json` or `text` body".to_owned();
        report.at_key(&[&place[..], &["content_type"]].concat(), "IN0008", message, None);
    }
    for (part, pairs) in [("query", Some(&request.query)), ("form", request.form.as_ref())] {
        let empty = pairs.into_iter().flatten().filter(|(_, value)| **value == Shape::Plain(Value::Null));
        for (key, _) in empty {
            let help = "a value with a comma inside `{ … }` needs quotes";
            let message = format!("`{key}` has no value");
            report.at_key(&["actions", name, "request", part, key], "IN0008", message, Some(help.to_owned()));
        }
    }
    let http = request.method.is_some() && request.path.is_some();
    if request.mail.is_none() && !http {
        report.at_key(&place, "IN0008", "a request needs `method` and `path`".to_owned(), None);
    }
}

/// Effect, verify, undo and in-doubt policy fit each other.
fn promises(name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    let key = ["actions", name];
    let cut = matches!(action.effect, Effect::Reversible | Effect::Permanent | Effect::Restore);
    if cut && action.verify.is_none() && action.manual.is_none() {
        let help = "name the read that proves it, or say why there is none: `verify: { none: \"…\" }`";
        report.at_key(&key, "IN0005", format!("nothing proves `{name}`"), Some(help.to_owned()));
    }
    if action.effect == Effect::Reversible && action.undo.is_none() && action.manual.is_none() {
        let message = format!("`{name}` is reversible, but nothing takes it back");
        let help = "add `undo`, or call its effect `permanent`";
        report.at_key(&key, "IN0013", message, Some(help.to_owned()));
    }
    if action.effect != Effect::Read && action.request.is_some() && action.in_doubt.is_none() {
        let help = "`repeat` if the platform makes it safe, `probe` if verify can tell, else `ask`";
        let message = format!("`{name}` does not say who settles a lost answer");
        report.at_key(&key, "IN0016", message, Some(help.to_owned()));
    }
    if action.in_doubt == Some(InDoubt::Repeat) && action.idempotency.is_none() {
        let help = "name what makes it safe: `idempotency: { header: …, memory: … }`";
        let message = format!("`{name}` is repeated, but nothing makes a second request harmless");
        report.at_value(&["actions", name, "in_doubt"], "IN0016", message, Some(help.to_owned()));
    }
    let provable = action.verify.as_ref().is_some_and(|verify| verify.action.is_some());
    if action.in_doubt == Some(InDoubt::Probe) && !provable {
        let message = format!("`{name}` cannot be probed: it has no verify");
        report.at_value(&["actions", name, "in_doubt"], "IN0016", message, None);
    }
    if action.request.as_ref().is_some_and(|request| request.mail.is_some())
        && action.in_doubt == Some(InDoubt::Repeat)
    {
        let message = "mail is never repeated: nobody can take the second one back".to_owned();
        report.at_value(&["actions", name, "in_doubt"], "IN0016", message, None);
    }
    if action.effect == Effect::Read {
        for (field, given) in [("undo", action.undo.is_some()), ("verify", action.verify.is_some())] {
            if given {
                let message = format!("a read has no `{field}`");
                report.at_key(&["actions", name, field], "IN0013", message, None);
            }
        }
    }
}

/// The target can be told from the inputs, and the inputs from the target.
fn targets(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    let finder = action.verb.as_deref().is_some_and(|verb| verb.starts_with("find_"));
    if let Some(verb) = &action.verb
        && action.target.is_none()
        && !finder
        && action.effect != Effect::Tell
    {
        let message = format!("`{verb}` is called on a target, but `{name}` has none");
        report.at_value(&["actions", name, "verb"], "IN0015", message, None);
    }
    if let (Some(verb), Some(target)) = (&action.verb, &action.target)
        && verb.split('.').next() != Some(target.kind.as_str())
    {
        let message = format!("nothing calls `{verb}` on a {}, which is what `{name}` is for", target.kind);
        let help = verb.split_once('.').map(|(_, word)| format!("`{}.{word}`", target.kind));
        report.at_value(&["actions", name, "verb"], "IN0015", message, help);
    }
    let same = |other: &&String| spec.actions[*other].verb == action.verb;
    let earlier = spec.actions.keys().take_while(|other| *other != name).find(same);
    if let (Some(verb), Some(earlier)) = (action.verb.as_deref().filter(|_| !finder), earlier) {
        let message = format!("`{verb}` is `{earlier}` already: one of the two would never be called");
        report.at_value(&["actions", name, "verb"], "IN0015", message, None);
    }
    if finder && action.input.values().filter(|input| !input.optional && input.default.is_none()).count() != 1
    {
        let message = format!("a finder has exactly one required input, `{name}` has not");
        report.at_key(&["actions", name], "IN0015", message, None);
    }
    let Some(target) = &action.target else { return };
    let known = inputs(action);
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let attrs = target.attrs.iter().map(|(attr, template)| (attr.as_str(), template));
    for (part, template) in [("id", &target.id)].into_iter().chain(attrs) {
        let path: &[&str] = if part == "id" {
            &["actions", name, "target", "id"]
        } else {
            &["actions", name, "target", "attrs", part]
        };
        platform::variables(spec, template, path, &known, report);
        let filtered =
            template.parts().iter().any(|part| matches!(part, Part::Variable { filter: Some(_), .. }));
        if filtered {
            let message = "a filter cannot be read backwards: targets give inputs too".to_owned();
            report.at_value(path, "IN0015", message, None);
        }
    }
}

fn inputs(action: &ActionSpec) -> Vec<String> {
    action.input.keys().cloned().collect()
}

/// Every variable of the request is given, and stands where it may.
fn request(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    let mut used = Vec::new();
    let mut look = |template: &Template, part: &str, report: &mut Report<'_>| {
        used.extend(template.variables().map(str::to_owned));
        let path = ["actions", name, "request", part];
        request_variables(spec, action, template, &path, report);
    };
    if let Some(request) = &action.request {
        let texts = [("url", &request.url), ("path", &request.path)];
        for (part, template) in texts {
            template.iter().for_each(|template| {
                look(template, part, report);
                no_secret(name, action, template, part, report);
            });
        }
        for template in request.query.values().flat_map(|shape| shape.templates()) {
            look(template, "query", report);
            no_secret(name, action, template, "query", report);
            quoted(name, template, "query", report);
        }
        request.headers.values().for_each(|template| look(template, "headers", report));
        let form = request.form.iter().flat_map(|form| form.values()).flat_map(|shape| shape.templates());
        form.for_each(|template| look(template, "form", report));
        let json = request.json.iter().flat_map(|shape| shape.templates());
        json.for_each(|template| look(template, "json", report));
        request.text.iter().for_each(|template| look(template, "text", report));
        if let Some(mail) = &request.mail {
            [&mail.from, &mail.subject, &mail.text].into_iter().for_each(|text| look(text, "mail", report));
            mail.to.templates().into_iter().for_each(|text| look(text, "mail", report));
        }
    }
    if let Some(manual) = &action.manual {
        used.extend(manual.variables().map(str::to_owned));
        request_variables(spec, action, manual, &["actions", name, "manual"], report);
    }
    let calls = [&action.capture, &action.undo].into_iter().flatten().map(|call| &call.with);
    let calls = calls.chain(action.each.iter().map(|each| &each.with));
    let others = calls
        .chain(action.verify.iter().map(|verify| &verify.with))
        .chain(action.read.iter().map(|read| &read.with))
        .chain(action.poll.iter().map(|poll| &poll.with));
    used.extend(others.flat_map(|with| with.values()).flat_map(Shape::variables).map(str::to_owned));
    let own = match &action.auth {
        Some(ActionAuth::Own(own)) => own.templates().map(|(_, template)| template).collect(),
        _ => Vec::new(),
    };
    let rest = own.into_iter().chain(action.target.iter().map(|target| &target.id));
    used.extend(rest.flat_map(|template| template.variables()).map(str::to_owned));
    let only = action.yields.iter().filter_map(|yields| yields.only.as_ref());
    let already = action.read.iter().filter_map(|read| read.already.as_ref());
    let asked: Vec<_> = only.chain(already).chain(action.made.values()).collect();
    let read = |input: &str| asked.iter().any(|asked| asked.source().contains(&format!("input.{input}")));
    for input in action.input.keys().filter(|input| !used.contains(input) && !read(input)) {
        let message = format!("`{name}` takes `{input}` and does nothing with it");
        report.at_key(&["actions", name, "input", input], "IN0009", message, None);
    }
}

fn request_variables(
    spec: &PlatformSpec,
    action: &ActionSpec,
    template: &Template,
    path: &[&str],
    report: &mut Report<'_>,
) {
    let known = inputs(action);
    for variable in template.variables() {
        let of_target = variable.starts_with("target.") && action.target.is_some();
        let of_item = variable.starts_with("item.") && action.each.is_some();
        let root = variable.split('.').next().unwrap_or_default();
        let of_read = root == "read" && action.read.is_some();
        let made = action.made.contains_key(root);
        // Only where nobody reads along: the request's other parts are checked by `no_secret`.
        let ours = crate::request::is_of_credential(variable);
        let given = known.iter().any(|input| input == variable) || of_target || of_item || variable == "key";
        if !given && !of_read && !made && !ours && !platform::setting(spec, variable) {
            let known: Vec<_> = known.iter().map(String::as_str).chain(["key"]).collect();
            platform::unknown(spec, variable, path, &known, report);
        }
    }
}

/// URLs end up in logs of proxies: no secret goes into one.
fn no_secret(name: &str, action: &ActionSpec, template: &Template, part: &str, report: &mut Report<'_>) {
    for variable in template.variables() {
        let secret = action.input.get(variable).is_some_and(|input| input.kind == InputKind::Secret);
        if secret || crate::request::is_of_credential(variable) {
            let message = format!("`{{{variable}}}` is a secret and must not stand in a URL");
            report.at_value(&["actions", name, "request", part], "IN0012", message, None);
        }
    }
}

/// A value between quotes could end them: it needs the filter of its language.
fn quoted(name: &str, template: &Template, part: &str, report: &mut Report<'_>) {
    let mut before = String::new();
    for piece in template.parts() {
        match piece {
            Part::Text(text) => before = text.clone(),
            Part::Variable { path, filter } => {
                let fits = match before.chars().last() {
                    Some(quote @ ('\'' | '"')) => filter.is_some_and(|filter| filter.escapes(quote)),
                    _ => true,
                };
                if !fits && !path.starts_with("settings.") {
                    let message = format!("`{{{path}}}` stands between quotes and could end them");
                    let help = format!(
                        "write `{{{path}|soql}}` (or odata, sql) inside '…' and `{{{path}|quoted}}` inside \"…\""
                    );
                    report.at_value(&["actions", name, "request", part], "IN0011", message, Some(help));
                }
            }
        }
    }
}

/// Predicates know their names, lists say what they list.
fn answers(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    let matches =
        [("success", std::slice::from_ref(&action.success)), ("already", action.already.as_slice())];
    for (part, matches) in matches {
        for Match { when, .. } in matches {
            when.iter().for_each(|when| names(when, OF_ANSWER, &["actions", name, part], report));
        }
    }
    let inputs_known = inputs(action);
    let inputs_known: Vec<_> = inputs_known.iter().map(String::as_str).collect();
    if let Some(paging) = &action.paging {
        self::paging(spec, paging, &inputs_known, &["actions", name, "paging"], report);
    }
    let Some(yields) = &action.yields else { return };
    let place = ["actions", name, "yields"];
    yields.only.iter().for_each(|only| names(only, OF_ROW, &place, report));
    if yields.kind.is_some() && yields.id.is_none() {
        report.at_key(&place, "IN0018", format!("`{name}` lists targets without an `id`"), None);
    }
    yields
        .none
        .iter()
        .filter_map(|none| none.when.as_ref())
        .for_each(|when| names(when, OF_ANSWER, &place, report));
    let rest = yields.id.iter().chain(yields.attrs.values()).map(|shape| (shape, false));
    for (shape, is_label) in rest.chain(yields.label.iter().map(|label| (label, true))) {
        of_row(spec, name, action, shape, is_label, report);
    }
}

/// What is kept of a row is made of the row and of the call; its label of its targets too.
fn of_row(
    spec: &PlatformSpec,
    name: &str,
    action: &ActionSpec,
    shape: &Shape,
    is_label: bool,
    report: &mut Report<'_>,
) {
    let mut known = inputs(action);
    if let Some(yields) = action.yields.as_ref().filter(|_| is_label) {
        known.extend(response::inner_names(yields).map(str::to_owned));
    }
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    for variable in shape.variables() {
        let of_target = variable.starts_with("target.") && action.target.is_some();
        let given = known.contains(&variable) || variable.starts_with("item.") || of_target;
        if !given && !platform::setting(spec, variable) {
            platform::unknown(spec, variable, &["actions", name, "yields"], &known, report);
        }
    }
}

/// Where a list goes on.
pub(super) fn paging(
    spec: &PlatformSpec,
    paging: &Paging,
    known: &[&str],
    path: &[&str],
    report: &mut Report<'_>,
) {
    let (Paging::Cursor(CursorPaging { path: Some(template), .. })
    | Paging::Partitions(PartitionPaging { path: template, .. })) = paging
    else {
        return;
    };
    for variable in template.variables().filter(|variable| !variable.starts_with("body.")) {
        if !known.contains(&variable) && !platform::setting(spec, variable) {
            platform::unknown(spec, variable, path, known, report);
        }
    }
}

/// An expression uses only the names that it will be given.
pub(super) fn names(expr: &Expr, known: &[&str], path: &[&str], report: &mut Report<'_>) {
    if let Some(name) = expr.unknown_name(known) {
        let help = super::suggest(&name, known.iter().copied());
        report.at_value(path, "IN0010", format!("nothing is called `{name}` here"), help);
    }
}
