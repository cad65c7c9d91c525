//! An action as the rest of the program knows it.

use std::time::Duration;

use stanch_model::{
    InDoubt,
    catalog::{ActionInfo, InputInfo, InputKind, VerifyInfo},
};

use crate::{
    bind::FORCE,
    spec::{ActionSpec, PlatformSpec},
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
        manual: action.manual.is_some(),
        scopes: action.scopes.clone(),
        docs: action.docs.clone(),
        hash: super::pinned(spec, action),
    }
}
