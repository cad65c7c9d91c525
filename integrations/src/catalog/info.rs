//! An action as the rest of the program knows it.

use std::time::Duration;

use stanch_model::{
    InDoubt,
    catalog::{ActionInfo, InputInfo, InputKind, VerifyInfo},
};

use crate::{
    bind::FORCE,
    spec::{ActionSpec, Method, PlatformSpec, RequestSpec},
};

/// What a platform may take until a write shows, when the catalogue does not say.
const GRACE: Duration = Duration::from_secs(30);

pub(super) fn of(spec: &PlatformSpec, name: &str, action: &ActionSpec) -> ActionInfo {
    let force = action.guarded.then(|| {
        let help = "acts even on the identity that stanch itself uses there".to_owned();
        (FORCE.to_owned(), InputInfo { kind: InputKind::Boolean, required: false, help, one_of: Vec::new() })
    });
    ActionInfo {
        platform: spec.platform.clone(),
        name: name.to_owned(),
        title: action.title.clone(),
        effect: action.effect,
        verb: action.verb.clone(),
        target_kind: action.target.as_ref().map(|target| target.kind.clone()),
        yields: action.yields.as_ref().and_then(|yields| yields.kind.clone()),
        inputs: action
            .input
            .iter()
            .map(|(name, input)| {
                let info = InputInfo {
                    kind: input.kind,
                    required: !input.optional && input.default.is_none(),
                    help: input.help.clone(),
                    one_of: input.one_of.clone(),
                };
                (name.clone(), info)
            })
            .chain(force)
            .collect(),
        undo: action.undo.as_ref().map(|undo| undo.action.clone()),
        verify: action.verify.as_ref().and_then(|verify| {
            Some(VerifyInfo {
                action: verify.action.clone()?,
                until: verify.until.as_ref()?.source().to_owned(),
                within: verify.within.map_or(GRACE, |within| within.0),
            })
        }),
        residual: action
            .residual
            .as_ref()
            .and_then(|residual| residual.lasts(|setting| spec.settings.get(setting)?.default.as_deref())),
        in_doubt: action.in_doubt.unwrap_or(InDoubt::Ask),
        memory: action.idempotency.as_ref().map(|key| key.memory.0),
        request: action.request.as_ref().map(sent).unwrap_or_default(),
        manual: action.manual.is_some(),
        scopes: scopes(spec, action),
        docs: action.docs.clone(),
        hash: super::pinned(spec, action),
    }
}

/// Where a request goes, as the catalogue writes it.
fn sent(request: &RequestSpec) -> String {
    let place = request.url.as_ref().or(request.path.as_ref());
    let method = request.method.map(Method::as_str);
    method.zip(place).map_or_else(String::new, |(method, place)| format!("{method} {}", place.source()))
}

/// What the action needs, and what it takes to see that its target is not ourselves.
fn scopes(spec: &PlatformSpec, action: &ActionSpec) -> Vec<String> {
    let own = spec.own.as_ref().filter(|_| action.guarded).and_then(|own| own.action.as_deref());
    let more = own.and_then(|own| spec.actions.get(own)).map(|own| own.scopes.as_slice()).unwrap_or_default();
    let more = more.iter().filter(|scope| !action.scopes.contains(scope));
    action.scopes.iter().chain(more).cloned().collect()
}
